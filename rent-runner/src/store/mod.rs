//! The store: accounts, bookings and all that happened to them, in a SQLite file or in PostgreSQL.
//!
//! Instants are UTC microseconds inside and `SeoulTime` outside. Secrets come in sealed
//! ([`Sealed`]) and go out sealed: the store never sees a key. Leases are judged by the database's clock.

mod accounts;
mod booking;
mod bookings;
mod claims;
mod engine;
mod error;
mod knowledge;
mod messages;
mod open;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use accounts::{Account, Applicant, NewAccount};
pub(crate) use booking::{
    AttemptRow, Booking, BookingId, Change, EventRow, Filter, NewBooking, Opens, Pace, State, Story,
};
pub(crate) use claims::{Claimed, Denied, Ending, KeptPage, Lease, RunnerRow};
pub(crate) use engine::{Store, VaultRow};
pub(crate) use error::StoreError;
pub(crate) use knowledge::{Learned, OpeningRow};
pub(crate) use messages::{Message, NewMessage};

/// Bytes that only the vault can open.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sealed(pub(crate) Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// What the functions of the store give.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;
