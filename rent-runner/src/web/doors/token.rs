//! Tokens: 32 random bytes, shown once, of which only the hash is kept.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::store::TokenHash;
use crate::vault::{self, VaultError};

/// A new token, as it stands in a cookie or a link.
pub(in crate::web) fn new() -> Result<String, VaultError> {
    Ok(URL_SAFE_NO_PAD.encode(vault::random::<32>()?))
}

/// What is kept of a token.
pub(in crate::web) fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}

/// What the forms of a session carry: known only to who can read its pages.
pub(in crate::web) fn of_forms(session: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"forms of ");
    hash.update(session);
    hex(&hash.finalize())
}

/// The beginning of a hash, which names a session in a list.
pub(in crate::web) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
