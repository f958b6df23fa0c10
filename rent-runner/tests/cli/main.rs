//! The real binary against a stand-in on this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod backup;
mod bad_input;
mod book;
mod capture;
mod clock;
mod courts;
mod demo;
mod doctor;
mod dry_run;
mod earlier;
mod faults;
mod files;
mod hangul;
mod interruption;
mod journal;
mod json;
mod json_page;
mod korean;
#[cfg(unix)]
mod late;
mod layout;
mod lists;
mod logs;
mod notify;
mod opening;
mod packaging;
mod papers;
mod people;
mod postgres;
mod report;
mod secrets;
mod settings;
mod shared;
mod shop;
mod site;
mod stored;
mod story;
mod support;
mod typed;
mod unreadable;
