//! What every request is answered from.

use std::fmt;

use tokio::sync::watch;

use super::doors::throttle::Throttle;
use super::practice::Practices;
use super::streams::Streams;
use crate::config::Config;
use crate::store::Store;
use crate::vault::Vault;

/// What these lines of the log are filed under.
pub(super) const TARGET: &str = "rent_runner::web";

/// The store, the key, the settings, and what is kept in memory.
pub(super) struct Web {
    pub(super) store: Store,
    pub(super) vault: Vault,
    pub(super) config: Config,
    /// Whether only this machine reaches the server.
    pub(super) is_local: bool,
    /// Wrong passwords.
    pub(super) throttle: Throttle,
    /// How many event streams are open, by user.
    pub(super) streams: Streams,
    /// The practices that are under way.
    pub(super) practices: Practices,
    pub(super) stopped: watch::Receiver<bool>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Web")
    }
}
