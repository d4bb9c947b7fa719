//! A text as a QR code, in one path.

use std::fmt::Write as _;

use fast_qr::ECL;
use fast_qr::qr::QRBuilder;
use leptos::html::div;
use leptos::prelude::*;
use leptos::svg;

/// The code; nothing if the text is too long for one. The light around it is the style sheet's.
pub(crate) fn code(text: &str, label: String) -> Option<impl IntoView + use<>> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let mut path = String::new();
    for y in 0..code.size {
        let row = &code[y];
        let mut x = 0;
        while x < code.size {
            let from = x;
            while x < code.size && row[x].value() {
                x += 1;
            }
            if x > from {
                let _ = write!(path, "M{from} {y}h{0}v1h-{0}z", x - from);
            }
            x += 1;
        }
    }
    let picture = svg::svg()
        .attr("viewBox", format!("0 0 {0} {0}", code.size))
        .attr("role", "img")
        .attr("aria-label", label)
        .attr("shape-rendering", "crispEdges")
        .child(svg::path().attr("d", path));
    Some(div().class("code").child(picture))
}
