//! The rules of the machine, one test each, through `answer` alone.

mod clients;
mod connections;
mod files;
mod hostile;
mod line;
#[cfg(feature = "wiremock")]
mod mocked;
mod recorded;
mod replayed;
mod robot;
mod rules;
mod sessions;
mod sockets;
mod swamped;
mod web_server;

pub(super) use robot::{Robot, submission_of};
