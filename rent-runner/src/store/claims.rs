//! Leases: who may run a booking, until when, and the guard before an application leaves.

use std::time::Duration;

use namyangju_rent::{Attempt, Happened, OpeningBracket, Receipt, SeoulTime, SlotState};
use serde_json::Value;

use super::{Booking, BookingId, EventRow, NewMessage, Result, State, Store};

/// The right to run a booking: whoever claims it later has a higher fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) booking: BookingId,
    pub(crate) fence: i64,
}

/// A booking that was claimed.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) booking: Booking,
    pub(crate) lease: Lease,
    /// What earlier claims of this round left, in order, the intents among them as `Event::Submitting`.
    pub(crate) events: Vec<EventRow>,
}

/// A lease that is still held, as `renew` finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) lease: Lease,
    pub(crate) cancel_asked: bool,
}

/// Why nothing may be sent any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The lease ran out, or another runner has a newer one.
    LeaseLost,
    /// A person asked to cancel.
    Cancelled,
}

/// A page that nobody has described yet.
#[derive(Clone, Debug)]
pub(crate) struct KeptPage {
    /// The attempt it ended, counted from 1.
    pub(crate) attempt: u32,
    pub(crate) address: String,
    pub(crate) body: Vec<u8>,
}

/// How a claimed booking ended.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) state: State,
    pub(crate) reason: Option<String>,
    pub(crate) wish: usize,
    pub(crate) receipt: Option<Receipt>,
    pub(crate) shown: Option<SlotState>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) pages: Vec<KeptPage>,
    /// Stored as an `OpeningRow` if it tells anything.
    pub(crate) opening: OpeningBracket,
    /// The report as JSON, but for its attempts.
    pub(crate) report: Value,
    /// Written in the same transaction.
    pub(crate) messages: Vec<NewMessage>,
}

/// A runner, as others see it.
#[derive(Clone, Debug)]
pub(crate) struct RunnerRow {
    pub(crate) name: String,
    pub(crate) started_at: SeoulTime,
    pub(crate) seen_at: SeoulTime,
    pub(crate) stopped_at: Option<SeoulTime>,
    pub(crate) holds: u32,
}

impl Store {
    /// Claims bookings that are not over, hold no living lease and whose opening is before `opens_before`,
    /// the earliest opening first.
    pub(crate) async fn claim(
        &self,
        runner: &str,
        opens_before: SeoulTime,
        most: u32,
        lease: Duration,
    ) -> Result<Vec<Claimed>> {
        todo!()
    }

    /// Renews all leases of a runner that are not over, and says that it lives.
    pub(crate) async fn renew(&self, runner: &str, lease: Duration) -> Result<Vec<Held>> {
        todo!()
    }

    /// The earliest opening among the bookings that nobody holds and are not over.
    pub(crate) async fn next_opening(&self) -> Result<Option<SeoulTime>> {
        todo!()
    }

    /// Keeps events; `false` if the lease is lost, and then nothing is kept.
    pub(crate) async fn record(&self, lease: Lease, runner: &str, events: &[Happened]) -> Result<bool> {
        todo!()
    }

    /// The guard before an application may leave, and the intent to send it, durable when this returns:
    /// checks fence, lease and cancellation, keeps `events`, notes the wish, sets `firing`, renews the
    /// lease; all in one transaction. Gives the time that is left of the lease.
    pub(crate) async fn permit(
        &self,
        lease: Lease,
        runner: &str,
        wish: usize,
        events: &[Happened],
        length: Duration,
    ) -> Result<std::result::Result<Duration, Denied>> {
        todo!()
    }

    /// Notes a state or the last alarm of a booking that goes on; `false` if the lease is lost.
    pub(crate) async fn note(&self, lease: Lease, state: State, reason: Option<&str>) -> Result<bool> {
        todo!()
    }

    /// Ends a booking and its lease; `false` if the lease is lost, and then nothing is written.
    pub(crate) async fn finish(
        &self,
        lease: Lease,
        runner: &str,
        events: &[Happened],
        ending: &Ending,
    ) -> Result<bool> {
        todo!()
    }

    /// Gives a lease back without an end: the booking can be claimed at once. One that is armed and has
    /// sent nothing is waiting again.
    pub(crate) async fn hand_back(&self, lease: Lease) -> Result<bool> {
        todo!()
    }

    /// A runner begins. Two with one name are told apart by the lease only, so names hold a random part.
    pub(crate) async fn begin_runner(&self, name: &str) -> Result<()> {
        todo!()
    }

    pub(crate) async fn end_runner(&self, name: &str) -> Result<()> {
        todo!()
    }

    /// Those seen in the last day.
    pub(crate) async fn runners(&self) -> Result<Vec<RunnerRow>> {
        todo!()
    }
}
