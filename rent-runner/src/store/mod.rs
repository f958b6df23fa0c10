//! The store: accounts, bookings and all that happened to them, in a SQLite file or in PostgreSQL.
//!
//! Instants are UTC microseconds inside and `SeoulTime` outside. Secrets come in sealed
//! ([`Sealed`]) and go out sealed: the store never sees a key. Leases are judged by the database's clock.

mod accounts;
mod booking;
mod channels;
mod claims;
mod copy;
mod creations;
mod engine;
mod error;
mod knowledge;
mod menus;
mod messages;
mod open;
mod planning;
mod rounds;
mod sealed;
mod shares;
mod sql;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;
mod web;

pub(crate) use accounts::{Account, Applicant, NewAccount};
pub(crate) use booking::{
    AttemptRow, BookingHistory, BookingId, Change, EventRow, Filter, FoundBookings, ListFilter, ListPart,
    NewBooking, OpeningSource, RetryPace, State, StoredBooking, UnreadableBooking,
};
pub(crate) use channels::{ChannelTokens, StoredChannel};
pub(crate) use claims::{BookingEnd, Claimed, Claims, Denied, KeptPage, Lease, RunnerRow};
pub(crate) use copy::Copied;
pub(crate) use creations::{Creation, CreationKey, KeptCreation};
pub(crate) use engine::{Store, VaultRow};
pub(crate) use error::StoreError;
pub(crate) use knowledge::{Learned, OpeningRow};
pub(crate) use menus::{CourtNames, KeptCourt};
pub(crate) use messages::{Message, NewMessage};
pub(crate) use planning::{MonthLook, SeenSlot};
pub(crate) use sealed::{SealPurpose, Sealed};
pub(crate) use shares::RunnerPlaces;
pub(crate) use tokens::{NewToken, TokenRow, TokenScope};
pub(crate) use web::{LinkKind, MemberThings, Owned, TokenHash, WebUser};

/// What the functions of the store give.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;
