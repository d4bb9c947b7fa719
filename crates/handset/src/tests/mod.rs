//! Tests over histories that are written straight into the tables, since nobody could say so much in a test.

mod drafts;
mod history;
mod pages;
mod plans;
mod searches;
