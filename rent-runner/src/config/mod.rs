//! The settings of the program: defaults, then the file, then the environment, then flags; and where each
//! came from.

mod defaults;
mod door;
mod file;
mod keys;
mod layers;
mod masked;
mod source;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use namyangju_rent::network::{OnBlock, Route, Routes, TlsBackend};

use crate::notify::{self, Channel};
use crate::say::Language;
use crate::telemetry::logs::LogFormat;
use crate::vault::KeySource;

pub(crate) use defaults::settings_file;
pub(crate) use door::{BasePath, DoorFlags, DoorSettings, ProxyNetwork};
use layers::Layers;
pub(crate) use layers::{host, language, listen, most_at_once, on_block, runner_name};
pub(crate) use masked::{mask_database, rows};
pub(crate) use source::{Source, Sources};

/// A settings file with every key, commented out.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");

/// Everything that `serve`, `run-due` and the commands on the store go by. `Debug` shows no password.
#[derive(Clone)]
pub(crate) struct Config {
    /// A path or `postgres://…`; empty if none was given and this user has no home.
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
    /// How the page is reached from outside.
    pub(crate) door: DoorSettings,
    pub(crate) language: Language,
    /// `None` leaves it to what stderr is.
    pub(crate) log_format: Option<LogFormat>,
    pub(crate) channels: Vec<Channel>,
    /// The settings file that was read.
    pub(crate) file: Option<PathBuf>,
    /// What a person should hear: a file with secrets that others can read.
    pub(crate) warnings: Vec<String>,
    /// Where each setting came from.
    pub(crate) sources: Sources,
}

/// What the command line gives of the settings.
#[derive(Clone, Default)]
pub(crate) struct Flags {
    pub(crate) config: Option<PathBuf>,
    pub(crate) database: Option<String>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) site: Option<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) tls: Option<TlsBackend>,
    pub(crate) extra_ca: Option<PathBuf>,
    pub(crate) user_agent: Option<String>,
    pub(crate) routes: Option<Vec<Route>>,
    pub(crate) on_block: Option<OnBlock>,
    pub(crate) runner: Option<String>,
    pub(crate) most_at_once: Option<u32>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) door: DoorFlags,
    pub(crate) language: Option<Language>,
    pub(crate) log_format: Option<LogFormat>,
}

impl Config {
    /// The settings that hold, from the flags, the environment and the settings file.
    ///
    /// # Errors
    /// Bad input that names the flag, the variable, or the file with line and key; never its value.
    pub(crate) fn load(flags: &Flags) -> Result<Self> {
        Self::resolve(flags, &|name| std::env::var_os(name))
    }

    /// Only what the flags say: for a stand-in on this machine, which no setting of the operator concerns.
    pub(crate) fn of_flags(flags: &Flags) -> Result<Self> {
        Layers::new(flags, &|_| None, None).resolve()
    }

    fn resolve(flags: &Flags, environment: &dyn Fn(&str) -> Option<OsString>) -> Result<Self> {
        let file = match defaults::settings_file(flags.config.as_deref(), environment) {
            Some((path, must_exist)) => file::File::read(&path, must_exist)?,
            None => None,
        };
        Layers::new(flags, environment, file).resolve()
    }

    /// A store and a key in a folder of a test's own.
    #[cfg(test)]
    pub(crate) fn of_a_test(folder: &Path) -> Self {
        let flags = Flags {
            database: Some(folder.join("rent.db").display().to_string()),
            key_file: Some(folder.join("key")),
            runner: Some("test".to_owned()),
            ..Flags::default()
        };
        Self::of_flags(&flags).unwrap()
    }

    /// What messages go by.
    pub(crate) fn messages(&self) -> notify::NotifySettings {
        notify::NotifySettings {
            channels: self.channels.clone(),
            language: self.language,
            extra_ca: self.extra_ca.clone(),
        }
    }

    /// The operator's routes as a client takes them.
    pub(crate) fn routes(&self) -> Routes {
        if self.routes.is_empty() {
            return Routes::default().with_on_block(self.on_block);
        }
        Routes::new(self.routes.iter().cloned()).with_on_block(self.on_block)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("database", &mask_database(&self.database))
            .field("key", &self.key)
            .field("site", &self.site)
            .field("routes", &self.routes)
            .field("runner", &self.runner)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// A path as it is typed in a settings file: `~/` is the home, and what is not absolute lies beside the file.
fn beside(path: &str, file: &Path) -> PathBuf {
    if let Some(rest) = path.strip_prefix("~/")
        && let Some(home) = std::env::var_os("HOME").filter(|home| !home.is_empty())
    {
        return Path::new(&home).join(rest);
    }
    file.parent().map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
}

#[cfg(test)]
mod tests;
