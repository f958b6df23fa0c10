//! What can go wrong with a store, said so that a person knows what to do.

use std::fmt;

/// Why the store could not do what was asked. Nothing stored is changed by a call that fails.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// It cannot be opened or made: a folder that is not there, an unwritable path, a wrong address.
    Open { store: String, why: String },
    /// It was made by a newer version of this program.
    Newer { store: String, found: i64, known: i64 },
    /// Another process held it for longer than was waited.
    Locked { store: String },
    /// There is no room left on the disk.
    Full { store: String },
    /// The file is no database of ours, or is damaged.
    Damaged { store: String, why: String },
    /// There is no such account, booking or applicant.
    NotFound(String),
    /// It would contradict what is stored: a duplicate, too many of one day, a state that forbids it.
    Conflict(String),
    /// The database failed in another way; no value of a query is in the text.
    Failed { store: String, why: String },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl std::error::Error for StoreError {}
