//! Bookings that survive whatever happens to their runner: the built binary against the stand-in, killed.
//!
//! In short by default. In full, as `docs/operating.md` tells (with `FROM` other rounds than the first are run):
//!
//! ```text
//! ROUNDS=200 cargo test --release -p rent-runner --test survive crash -- --nocapture
//! FLEET=300 cargo test --release -p rent-runner --test survive fleet -- --nocapture
//! ```
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

/// One runner on a SQLite file, killed again and again, while the store is away, the disk is full, the clock is wrong or
/// is set, an answer is lost and the list is masked; every end is told.
mod crash;
/// Three runners on one PostgreSQL, two of them killed.
mod fleet;
/// A PostgreSQL of the tests' own.
#[path = "../cli/postgres.rs"]
mod postgres;
/// The tests that the promises of `docs/architecture.md` name are there.
mod promises;
/// A wall clock that is set while runners go by it.
mod step;
/// The channel that the ends are told to.
mod told;
/// The stand-in, what is to be booked on it, and the comparison at the end.
mod world;
