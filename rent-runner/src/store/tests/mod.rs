//! The store on SQLite and on a real PostgreSQL: each test of [`suite`] runs on both.

mod accounts;
mod api;
mod bookings;
mod channels;
mod claims;
mod copies;
mod endings;
mod menus;
mod opening;
mod planning;
#[path = "../../../tests/cli/postgres.rs"]
pub(crate) mod postgres;
mod rounds;
mod support;
