//! The library against the stand-in site and against raw sockets, all on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

/// What goes wrong on the way: bad input, odd pages, broken connections.
mod bad_input;
/// Addresses that a site prints from another base, and sites that have moved.
mod bases;
/// Bookings from login to verdict, with every setting of the stand-in turned.
mod bookings;
/// Files that import each other.
mod circles;
/// Whether the evidence that the sources cite exists.
mod citations;
/// Which rooms of the library may import which.
mod directions;
/// What is seen before the opening of what would be refused at it.
mod foreseen;
/// The imports of a crate, read from its files.
mod imports;
/// Whose booking the day list shows: ours, perhaps ours, somebody else's.
mod in_our_name;
/// An opening that is later than announced.
mod late;
/// How often a password is sent.
mod logins;
/// Names that mean two things, and names for people that decide.
mod names;
/// The shot by the dates and by a clock that is kept.
mod own_clock;
/// The pitfalls of the crates underneath, one test each.
mod pitfalls;
/// The clock of a site that refuses `HEAD`.
mod probes;
/// The run around an opening instant: preparing, firing, losing answers, starting again.
mod runs;
/// Each kind of server in front of the site.
mod servers;
/// A stand-in, a clock that is moved by hand and a client for both.
mod stage;
/// A site in which nothing gets through for a while.
mod swamped;
/// TLS and whom it trusts.
mod tls;
/// The visits one by one.
mod visits;
/// Queues before a site.
mod waiting_rooms;
/// Bookings that somebody may stop, and that are started with what is known from earlier.
mod watched;
