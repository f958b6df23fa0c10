//! The store on SQLite and on a real PostgreSQL: each test of [`suite`] runs on both.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accounts;
mod bookings;
mod claims;
mod endings;
mod opening;
#[path = "../../../tests/cli/postgres.rs"]
mod postgres;
mod support;
