//! Tokens: 32 random bytes, shown once, of which only the hash is kept.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::bad_input::BadInput;
use crate::store::{NewToken, Store, TokenHash, TokenScope};
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

/// What a token of a program begins with, so that people and programs that look for secrets know it.
const OF_PROGRAM: &str = "rent_";

/// The longest name of a token, in characters.
const MAX_NAME: usize = 40;

/// Makes a token for a user's programs; gives its number, and the token itself, which is not kept.
///
/// # Errors
/// Bad input for a name or scopes that do not fit, and the store's.
pub(crate) async fn make(
    store: &Store,
    user: i64,
    name: &str,
    scopes: &[TokenScope],
    lasts: Option<Duration>,
) -> anyhow::Result<(i64, String)> {
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if !fits {
        return Err(BadInput(format!("a token's name has 1 to {MAX_NAME} characters on one line")).into());
    }
    if scopes.is_empty() {
        return Err(
            BadInput("a token without a scope is for nothing: give read, book or admin".to_owned()).into()
        );
    }
    let token = format!("{OF_PROGRAM}{}", new()?);
    let new = NewToken { user, token: hash(&token), name, scopes, lasts };
    Ok((store.add_token(&new).await?, token))
}
