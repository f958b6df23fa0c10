//! The error of everything that reads what a person gave: arguments, settings, journals, files of bookings.

use std::fmt;

use crate::say::retold;

/// Input that cannot be used; nothing was sent.
#[derive(Debug)]
pub(crate) struct BadInput(pub(crate) String);

impl BadInput {
    /// For `map_err` on the library's own parse errors, which are told in the language in effect.
    pub(crate) fn from(error: impl fmt::Display) -> Self {
        Self(retold(&error.to_string()))
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}
