//! The rules of the machine, one test each, through `answer` alone.

mod clients;
mod hostile;
#[cfg(feature = "wiremock")]
mod mocked;
mod replayed;
mod robot;
mod rules;
mod sockets;

pub(super) use robot::{Robot, submission_of};
