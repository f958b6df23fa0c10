//! The settings of the program: defaults, then the file, then the environment, then flags; and where each
//! came from.

use std::net::SocketAddr;
use std::path::PathBuf;

use namyangju_rent::{OnBlock, Route, TlsBackend};

use crate::notify::{Channel, Language};
use crate::vault::KeySource;

/// Everything that `serve`, `run-due` and the commands on the store go by.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// A path or `postgres://…`.
    pub(crate) database: String,
    pub(crate) key: KeySource,
    /// For accounts that are added: a built-in dialect's name or a path, and another address than its own.
    pub(crate) site: String,
    pub(crate) base_url: Option<String>,
    pub(crate) tls: Option<TlsBackend>,
    pub(crate) extra_ca: Option<PathBuf>,
    pub(crate) user_agent: Option<String>,
    /// The operator's own routes; none is the direct one.
    pub(crate) routes: Vec<Route>,
    pub(crate) on_block: OnBlock,
    /// The name of this runner in the store; the host's name by default.
    pub(crate) runner: String,
    /// The most bookings that one runner holds at a time.
    pub(crate) most_at_once: u32,
    /// Where `serve` listens for metrics and health checks; `None` is nowhere.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) language: Language,
    pub(crate) channels: Vec<Channel>,
}

impl Config {
    /// What a demo needs: a store and a key of its own, and no messages.
    pub(crate) fn of_a_demo(database: String, key: KeySource, network: &crate::cli::Network) -> Self {
        Self {
            database,
            key,
            site: String::new(),
            base_url: None,
            tls: network.tls(),
            extra_ca: network.extra_ca.clone(),
            user_agent: network.user_agent.clone(),
            routes: Vec::new(),
            on_block: OnBlock::default(),
            runner: "demo".to_owned(),
            most_at_once: 8,
            listen: None,
            language: Language::default(),
            channels: Vec::new(),
        }
    }

    /// A store and a key in a folder of the test's own.
    #[cfg(test)]
    pub(crate) fn of_a_test(folder: &std::path::Path) -> Self {
        let network = crate::cli::Network::default();
        let key = KeySource::File(folder.join("key"));
        Self {
            runner: "test".to_owned(),
            ..Self::of_a_demo(folder.join("rent.db").display().to_string(), key, &network)
        }
    }
}
