//! The screens, each as DESIGN.md has it.

pub(crate) mod accept;
pub(crate) mod cards;
pub(crate) mod claim;
pub(crate) mod conversation;
pub(crate) mod entries;
pub(crate) mod files;
pub(crate) mod gate;
pub(crate) mod home;
pub(crate) mod locked;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod restore;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod update;
