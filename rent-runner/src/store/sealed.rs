//! What the store knows of a sealed value: its bytes, what it is, and how much longer sealing made it. The key
//! and the cipher are the vault's, which is above the store.

use std::fmt;

/// Bytes that only the vault can open.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sealed(pub(crate) Vec<u8>);

impl Sealed {
    /// How many bytes what is sealed is longer than what it was: a layout's byte, a nonce and a tag.
    pub(crate) const OVERHEAD: u64 = 1 + 24 + 16;
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// What is sealed, which is bound into it: a sealed password does not open as anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealPurpose<'a> {
    /// The password of an account, by its name.
    Password(&'a str),
    /// The session of an account, by its name.
    Session(&'a str),
    /// The applicant's data of a booking or of a template.
    Applicant,
    /// The keys and tokens of a channel of messages, by its name.
    Channel(&'a str),
    /// A page that was kept: it may repeat what was applied with.
    Page,
    /// The text that tells a wrong key.
    Check,
}

impl SealPurpose<'_> {
    /// What is bound into the sealed bytes.
    pub(crate) fn associated(self) -> Vec<u8> {
        let (kind, name) = match self {
            Self::Password(name) => ("password", name),
            Self::Session(name) => ("session", name),
            Self::Applicant => ("applicant", ""),
            Self::Channel(name) => ("channel", name),
            Self::Page => ("page", ""),
            Self::Check => ("check", ""),
        };
        [b"rent-runner/", kind.as_bytes(), b"/", name.as_bytes()].concat()
    }
}
