//! A key that travels with a backup, sealed by a passphrase. This is the one place that knows argon2.
//!
//! Whoever finds the backup can try passphrases at leisure, so that each try is made to cost memory and time. What it
//! costs stands beside the sealed key: a later version may ask for more and still read this.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};

use super::key::{KEY_LENGTH, random};
use super::{NONCE_LENGTH, Vault, VaultError};

/// What a try costs: twice the memory and passes that OWASP's password storage advice asks of a login, because this is
/// done once and may be tried for years.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// The most that a file may ask for.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 64;

const SALT_LENGTH: usize = 16;

/// What is bound into the sealed key.
const PURPOSE: &[u8] = b"rent-runner/backup-key/1";

/// The word for the function that turns a passphrase into a key.
const FUNCTION: &str = "argon2id";

/// A key that a passphrase opens. The salt and the sealed bytes are base64.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SealedKey {
    function: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    sealed: String,
}

impl Vault {
    /// The key of this vault, sealed by a passphrase. It takes a while.
    ///
    /// # Errors
    /// `Unusable` if the system has no random numbers, `Broken` if it has too little memory.
    pub(crate) fn seal_key(&self, passphrase: &str) -> Result<SealedKey, VaultError> {
        let salt: [u8; SALT_LENGTH] = random()?;
        let nonce: [u8; NONCE_LENGTH] = random()?;
        let cipher = cipher(passphrase, &salt, (MEMORY_KIB, PASSES, LANES))?;
        let payload = Payload { msg: self.key.expose_secret(), aad: PURPOSE };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::Broken)?;
        Ok(SealedKey {
            function: FUNCTION.to_owned(),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: BASE64.encode(salt),
            sealed: BASE64.encode([&nonce[..], &sealed].concat()),
        })
    }

    /// The vault whose key this is; `None` if the passphrase does not open it.
    ///
    /// # Errors
    /// `Broken` if it is no key that this version can open.
    pub(crate) fn of_sealed_key(key: &SealedKey, passphrase: &str) -> Result<Option<Self>, VaultError> {
        let modest = key.memory_kib <= MAX_MEMORY_KIB && key.passes <= MAX_PASSES && key.lanes <= 16;
        if key.function != FUNCTION || !modest {
            return Err(VaultError::Broken);
        }
        let bytes = |text: &str| BASE64.decode(text).map_err(|_| VaultError::Broken);
        let (salt, sealed) = (bytes(&key.salt)?, bytes(&key.sealed)?);
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or(VaultError::Broken)?;
        let cipher = cipher(passphrase, &salt, (key.memory_kib, key.passes, key.lanes))?;
        let payload = Payload { msg: sealed, aad: PURPOSE };
        let Ok(plain) = cipher.decrypt(&XNonce::from(*nonce), payload) else { return Ok(None) };
        let plain = Zeroizing::new(plain);
        let key: [u8; KEY_LENGTH] = plain.as_slice().try_into().map_err(|_| VaultError::Broken)?;
        Ok(Some(Self::of(SecretBox::new(Box::new(key)))))
    }
}

fn cipher(
    passphrase: &str,
    salt: &[u8],
    (memory, passes, lanes): (u32, u32, u32),
) -> Result<XChaCha20Poly1305, VaultError> {
    let params = Params::new(memory, passes, lanes, Some(KEY_LENGTH)).map_err(|_| VaultError::Broken)?;
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
        .map_err(|_| VaultError::Broken)?;
    XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|_| VaultError::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_passphrase_opens_the_key() {
        let vault = Vault::of(SecretBox::new(Box::new(random().unwrap())));
        let sealed = vault.seal_key("invented words for a test").unwrap();
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(!text.contains(&BASE64.encode(vault.key.expose_secret())) && !text.contains("invented"));
        let read: SealedKey = serde_json::from_str(&text).unwrap();
        let opened = Vault::of_sealed_key(&read, "invented words for a test").unwrap().unwrap();
        assert_eq!(opened.key.expose_secret(), vault.key.expose_secret());
        assert!(Vault::of_sealed_key(&read, "other words").unwrap().is_none());
        for wrong in [
            SealedKey { memory_kib: u32::MAX, ..sealed.clone() },
            SealedKey { passes: 1_000_000, ..sealed.clone() },
            SealedKey { lanes: 0, ..sealed.clone() },
            SealedKey { function: "none".to_owned(), ..sealed.clone() },
            SealedKey { salt: "*".to_owned(), ..sealed.clone() },
            SealedKey { sealed: String::new(), ..sealed.clone() },
        ] {
            assert_eq!(Vault::of_sealed_key(&wrong, "x").err(), Some(VaultError::Broken), "{wrong:?}");
        }
    }
}
