//! The page of the real program, with its real store, beside a stand-in site on this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod api;
mod api_doors;
mod api_papers;
mod axe;
mod browser;
mod club;
mod doors;
#[path = "../../../namyangju-rent/tests/browser/driver.rs"]
mod driver;
mod guessers;
mod onebook;
mod outside;
mod people;
mod planning;
#[path = "../cli/postgres.rs"]
mod postgres;
mod security;
mod story;
mod tour;
mod weight;
mod world;
