//! Reading a QR code in a picture.

use js_sys::{Promise, Reflect, Uint8Array, Uint8ClampedArray};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, ImageBitmap, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use crate::clock::scope;
use crate::code::find;
use crate::disk::wait;
use crate::failure::{Failure, Result};

/// Pictures are made smaller than this first, in pixels a side: enough for any code that fills a good part of one.
const SIDE: u32 = 1600;
/// Reads a code; none if there is none that can be read. What is beside the question is a picture, or its pixels as RGBA
/// with so many in a row.
pub(crate) async fn read(beside: &JsValue, width: Option<u32>) -> Result<Option<String>> {
    match width {
        Some(width) => {
            let pixels = match beside.dyn_ref::<Uint8ClampedArray>() {
                Some(pixels) => pixels.to_vec(),
                None => beside.dyn_ref::<Uint8Array>().ok_or_else(no_picture)?.to_vec(),
            };
            Ok(find(&pixels, width))
        }
        None => {
            let (pixels, width) = pixels_of(beside).await?;
            Ok(find(&pixels, width))
        }
    }
}

async fn pixels_of(beside: &JsValue) -> Result<(Vec<u8>, u32)> {
    let picture: ImageBitmap = match beside.dyn_ref::<Blob>() {
        Some(blob) => {
            let decode = Reflect::get(&scope(), &"createImageBitmap".into())?;
            let decode: js_sys::Function = decode.dyn_into().map_err(|_| no_picture())?;
            let decoded: Promise = decode.call1(&scope(), blob)?.unchecked_into();
            wait(decoded).await.map_err(|_| no_picture())?
        }
        None => beside.dyn_ref::<ImageBitmap>().ok_or_else(no_picture)?.clone(),
    };
    let (width, height) = fitting(picture.width(), picture.height());
    let canvas = OffscreenCanvas::new(width, height)?;
    let context: OffscreenCanvasRenderingContext2d = canvas.get_context("2d")?.ok_or_else(no_picture)?.unchecked_into();
    context.draw_image_with_image_bitmap_and_dw_and_dh(&picture, 0.0, 0.0, width.into(), height.into())?;
    picture.close();
    let pixels = context.get_image_data(0.0, 0.0, width.into(), height.into())?;
    Ok((pixels.data().0, width))
}

/// A picture's sides, made smaller together if one is too long.
fn fitting(width: u32, height: u32) -> (u32, u32) {
    let longest = width.max(height).max(1);
    if longest <= SIDE {
        return (width.max(1), height.max(1));
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(SIDE) / u64::from(longest);
        u32::try_from(side).unwrap_or(SIDE).max(1)
    };
    (scaled(width), scaled(height))
}

fn no_picture() -> Failure {
    Failure::new("not-a-picture", "this is no picture that can be read: choose another one")
}
