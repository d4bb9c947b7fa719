//! The phone app in Chromium.

mod texts;
