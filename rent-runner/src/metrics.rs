//! What a monitoring system asks: counters and histograms in Prometheus' text format, and a health check.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::{Happened, Report};
use tokio::sync::watch;

use crate::store::{State, Store};

/// The figures of one process. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {}

impl Metrics {
    pub(crate) fn new() -> Self {
        todo!()
    }

    /// One event of a booking: attempts, first-byte times, lateness of shots, clock error, alarms.
    pub(crate) fn hear(&self, happened: &Happened) {
        todo!()
    }

    /// A booking ended.
    pub(crate) fn ended(&self, state: State, report: Option<&Report>) {
        todo!()
    }

    /// One round of planning: how long it took, and how many bookings it claimed.
    pub(crate) fn planned(&self, took: Duration, claimed: usize) {
        todo!()
    }

    /// How many bookings this process runs.
    pub(crate) fn running(&self, many: usize) {
        todo!()
    }

    /// A lease was lost to another runner.
    pub(crate) fn lease_lost(&self) {
        todo!()
    }

    /// The machine slept, or its wall clock stepped, by so much (the sign is the direction).
    pub(crate) fn clock_jumped(&self, micros: i64) {
        todo!()
    }

    pub(crate) fn message(&self, channel: &str, sent: bool) {
        todo!()
    }

    /// Serves `/metrics` and `/healthz` until told to stop; gives the address it listens on, at once.
    pub(crate) async fn serve(
        &self,
        listen: SocketAddr,
        store: Store,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<SocketAddr> {
        todo!()
    }
}
