//! The phone app in Chromium.

mod files;
mod languages;
mod lasting;
mod tabs;
mod texts;
