//! Finding a QR code among pixels.

/// A picture's sides, in pixels at most.
const SIDE: usize = 8192;
/// A code's text, in bytes at most: longer than any link of ours.
const LONGEST: usize = 4096;

/// The text of a code in a picture of RGBA pixels, so many in a row; none if there is none that can be read.
pub fn find(rgba: &[u8], width: u32) -> Option<String> {
    let width = usize::try_from(width).ok().filter(|width| (1..=SIDE).contains(width))?;
    let height = (rgba.len() / 4 / width).min(SIDE);
    if height == 0 {
        return None;
    }
    let luma = |x: usize, y: usize| {
        let at = (y * width + x) * 4;
        let pixel = rgba.get(at..at + 3).unwrap_or(&[255, 255, 255]);
        // Rec. 601, in whole numbers.
        let sum: u32 = pixel.iter().zip([77_u32, 150, 29]).map(|(part, weight)| u32::from(*part) * weight).sum();
        u8::try_from(sum >> 8).unwrap_or(u8::MAX)
    };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, luma);
    let found = picture.detect_grids().into_iter().find_map(|grid| grid.decode().ok());
    found.map(|(_, text)| text).filter(|text| text.len() <= LONGEST)
}

#[cfg(test)]
mod tests {
    use fast_qr::qr::QRBuilder;

    use super::*;

    /// A code of black and white squares, each of so many pixels, with the quiet zone around it.
    fn drawn(text: &str, pixels: usize) -> (Vec<u8>, u32) {
        let code = QRBuilder::new(text).build().unwrap();
        let side = (code.size + 8) * pixels;
        let is_dark = |x: usize, y: usize| {
            let at = |pixel: usize| (pixel / pixels).checked_sub(4).filter(|at| *at < code.size);
            at(x).zip(at(y)).is_some_and(|(x, y)| code[y][x].value())
        };
        let pixel = |n: usize| if is_dark(n % side, n / side) { [20, 24, 31, 255] } else { [250, 248, 240, 255] };
        ((0..side * side).flat_map(pixel).collect(), u32::try_from(side).unwrap())
    }

    #[test]
    fn a_card_is_read_from_its_code_and_nothing_from_an_empty_picture() {
        let card = "https://line.example.org/c#y_2EOPMlIMrKFWO-zzsLwQ.hLv5O_9Cdq802QPQUDE22TYrG3x9uRShzm8z9BNzGLo";
        let (pixels, width) = drawn(card, 4);
        assert_eq!(find(&pixels, width).as_deref(), Some(card));
        assert_eq!(find(&vec![255; pixels.len()], width), None);
        for width in [0, 1, u32::MAX] {
            assert_eq!(find(&pixels, width), None, "{width}");
        }
        assert_eq!(find(&[], 100), None);
    }
}
