//! The vault: what is secret is sealed with one key, which lives outside the database.

use std::fmt;
use std::path::PathBuf;

use crate::store::{Sealed, Store};

/// Where the key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// A file that only its owner can read; made on first use.
    File(PathBuf),
    /// The environment variable `RENT_KEY`: 32 bytes in base64. The value is read when the vault opens.
    Environment,
    /// What this command prints, as `secret-tool lookup service rent-runner` does: a keyring.
    Command(String),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("RENT_KEY"),
            Self::Command(_) => f.write_str("what the key command prints"),
        }
    }
}

/// What is sealed, which is bound into it: a sealed password does not open as anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose<'a> {
    /// The password of an account, by its name.
    Password(&'a str),
    /// The session of an account, by its name.
    Session(&'a str),
    /// The applicant's data of a booking or of a template.
    Applicant,
    /// The text that tells a wrong key.
    Check,
}

/// An open vault. `Debug` shows nothing of the key.
#[derive(Clone)]
pub(crate) struct Vault {}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

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
        todo!()
    }
}

impl std::error::Error for VaultError {}

impl Vault {
    /// Opens the vault of a store; a store without secrets gets a new key where the source is a file.
    pub(crate) async fn open(store: &Store, source: &KeySource) -> anyhow::Result<Self> {
        todo!()
    }

    /// Whether this call made the key.
    pub(crate) fn is_new(&self) -> bool {
        todo!()
    }

    pub(crate) fn seal(&self, purpose: Purpose<'_>, plain: &[u8]) -> Result<Sealed, VaultError> {
        todo!()
    }

    /// The plain bytes, wiped when dropped.
    pub(crate) fn unseal(
        &self,
        purpose: Purpose<'_>,
        sealed: &Sealed,
    ) -> Result<secrecy::SecretBox<Vec<u8>>, VaultError> {
        todo!()
    }

    /// Seals all of a store anew with a new key. A crash at any point leaves a store that one of the key
    /// files opens, and the next `open` finds out which.
    pub(crate) async fn rekey(store: &Store, source: &KeySource) -> anyhow::Result<u64> {
        todo!()
    }
}
