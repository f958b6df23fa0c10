//! The log of connections: what a test asks about warm lines, time-outs and handshakes.

use std::net::IpAddr;

use crate::value::date::SeoulTime;

/// One connection that was accepted, on the clock of the machine's carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// Its number, counted from 1; [`Arrival::connection`](super::Arrival::connection) names it.
    pub number: u64,
    /// Where it came from.
    pub peer: IpAddr,
    /// When it was accepted.
    pub opened: SeoulTime,
    /// When it ended, and who ended it; `None` while it is open.
    pub closed: Option<(SeoulTime, ClosedBy)>,
    /// How many requests came on it so far.
    pub requests: u32,
}

/// Who ended a connection: the client, or the server for one of four reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClosedBy {
    /// The client closed it, asked for the end by `Connection: close`, or went away.
    Client,
    /// Nothing came for longer than the server keeps a silent connection.
    IdleTimeout,
    /// The last request that the server takes on one connection was answered.
    LastRequest,
    /// A fault that was asked for: a close or a reset instead of an answer, or a wrong length.
    Fault,
    /// The stand-in was stopped.
    Stop,
}

/// The connections of one stand-in, in the order they were opened.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Vec<Connection>,
    opened: u64,
}

impl Log {
    pub(super) fn entries(&self) -> &[Connection] {
        &self.entries
    }

    /// How many were opened, the forgotten ones too.
    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    /// Writes down a new connection; gives its number.
    pub(super) fn open(&mut self, peer: IpAddr, opened: SeoulTime) -> u64 {
        self.opened += 1;
        let number = self.opened;
        self.entries.push(Connection { number, peer, opened, closed: None, requests: 0 });
        number
    }

    /// Counts a request; says which one of its connection it is.
    pub(super) fn request(&mut self, number: u64) -> u32 {
        let Some(entry) = self.entry(number) else { return 1 };
        entry.requests = entry.requests.saturating_add(1);
        entry.requests
    }

    pub(super) fn close(&mut self, number: u64, at: SeoulTime, by: ClosedBy) {
        if let Some(entry) = self.entry(number) {
            entry.closed.get_or_insert((at, by));
        }
    }

    /// Forgets the connections that are closed.
    pub(super) fn forget_closed(&mut self) {
        self.entries.retain(|entry| entry.closed.is_none());
    }

    fn entry(&mut self, number: u64) -> Option<&mut Connection> {
        self.entries.iter_mut().rfind(|entry| entry.number == number)
    }
}
