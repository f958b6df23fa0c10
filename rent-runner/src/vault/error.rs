//! Why a vault cannot be used.

use std::fmt;

/// Why a vault cannot be opened, or what is in it. No secret is in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VaultError {
    /// The store has secrets and the key is not there.
    Missing { source: String },
    /// The key is another one than the store's.
    Wrong { source: String },
    /// The key cannot be read, written or understood, or others can read its file.
    Unusable { source: String, why: String },
    /// What is sealed was changed, or is of another purpose.
    Broken,
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { source } => write!(
                f,
                "the key of the store is not there: {source}. Put it back from a backup. Without it nobody can \
                 read the stored passwords and applicants again: move the store away and enter them anew, with \
                 `rent-runner account add` and `rent-runner applicant set`"
            ),
            Self::Wrong { source } => write!(
                f,
                "{source} has another key than the one the store was sealed with: give the store's own key, or \
                 another store"
            ),
            Self::Unusable { source, why } => write!(f, "{source} gives no key: {why}"),
            Self::Broken => f.write_str(
                "a sealed value of the store was changed, or belongs to something else: enter it again",
            ),
        }
    }
}

impl std::error::Error for VaultError {}
