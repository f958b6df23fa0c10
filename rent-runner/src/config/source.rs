//! Where the value of each setting came from.

use std::fmt;
use std::path::PathBuf;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File { path: PathBuf, line: usize },
    Environment(&'static str),
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "file {}, line {line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// The sources of all settings, by their keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources(Vec<(&'static str, Source)>);

impl Sources {
    /// Where a setting came from, by its key.
    pub(crate) fn of(&self, key: &str) -> &Source {
        self.0.iter().find(|(name, _)| *name == key).map_or(&Source::Default, |(_, source)| source)
    }

    /// Forgets it: the setting has its default again.
    pub(super) fn forget(&mut self, key: &str) {
        self.0.retain(|(name, _)| *name != key);
    }

    pub(super) fn note(&mut self, key: &'static str, source: Source) {
        self.0.push((key, source));
    }
}
