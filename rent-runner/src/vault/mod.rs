//! The vault: what is secret is sealed with one key, which lives outside the database.

mod error;
mod key;
mod passphrase;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};

pub(crate) use self::error::VaultError;
pub(crate) use self::key::KeySource;
use self::key::{
    Environment, Key, NEW_KEY_VARIABLE, make_file, parse, put_file, random, read_file, successor,
    sync_folder, write_successor,
};
pub(crate) use self::passphrase::SealedKey;
use crate::store::{SealPurpose, Sealed, Store, VaultRow};

/// The first byte of what is sealed: the layout of the rest, a nonce and what the cipher gives.
const LAYOUT: u8 = 1;

const NONCE_LENGTH: usize = 24;

/// What is sealed to tell a wrong key.
const CHECK: &[u8] = b"the key of this store";

/// An open vault. `Debug` shows nothing of the key.
#[derive(Clone)]
pub(crate) struct Vault {
    key: Arc<Key>,
    is_new: bool,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// Opens the vault of a store; a store without secrets gets a new key where the source is a file.
    ///
    /// # Errors
    /// A [`VaultError`], or the store's.
    pub(crate) async fn open(store: &Store, source: &KeySource) -> anyhow::Result<Self> {
        Self::open_with(store, source, &|name| std::env::var(name).ok()).await
    }

    async fn open_with(
        store: &Store,
        source: &KeySource,
        environment: Environment<'_>,
    ) -> anyhow::Result<Self> {
        let check = match store.vault().await? {
            Some(row) => row.check,
            None => {
                let vault = Self::first(source, environment).await?;
                let check = vault.seal(SealPurpose::Check, CHECK)?;
                if store.set_vault(&VaultRow { check }).await? {
                    return Ok(vault);
                }
                // Another process was faster, perhaps with another key.
                store.vault().await?.ok_or(VaultError::Broken)?.check
            }
        };
        let found = source.read(environment).await?.map(Self::of);
        if let Some(vault) = &found
            && vault.opens(&check)
        {
            return Ok(vault.clone());
        }
        if let KeySource::File(path) = source
            && successor(path).exists()
        {
            return Self::settle(store, path).await;
        }
        let source = source.name();
        Err(match found {
            Some(_) => VaultError::Wrong { source },
            None => VaultError::Missing { source },
        }
        .into())
    }

    /// Whether the key of a source opens what was sealed to tell a wrong one; `None` if the key is not there.
    ///
    /// # Errors
    /// `Unusable`.
    pub(crate) async fn is_key_of(source: &KeySource, check: &Sealed) -> Result<Option<bool>, VaultError> {
        let key = source.read(&|name| std::env::var(name).ok()).await?;
        Ok(key.map(|key| Self::of(key).opens(check)))
    }

    /// Puts the key of this vault where a source has it, and says whether it was not there before.
    ///
    /// # Errors
    /// `Unusable` if another key is there, or if it is no place that can be written to.
    pub(crate) async fn put_key(&self, source: &KeySource) -> Result<bool, VaultError> {
        match (source.read(&|name| std::env::var(name).ok()).await?, source) {
            (Some(key), _) if key.expose_secret() == self.key.expose_secret() => Ok(false),
            (Some(_), _) => Err(source.unusable(
                "another key is there: move it away, or name another place for this one with --key-file",
            )),
            (None, KeySource::File(path)) => put_file(path, &self.key).map(|()| true),
            (None, _) => Err(source.unusable("it cannot be written from here: name a file with --key-file")),
        }
    }

    /// The key for a store that has no secrets yet.
    async fn first(source: &KeySource, environment: Environment<'_>) -> Result<Self, VaultError> {
        if let Some(key) = source.read(environment).await? {
            return Ok(Self::of(key));
        }
        match source {
            KeySource::File(path) => {
                let (key, is_new) = make_file(path)?;
                Ok(Self { is_new, ..Self::of(key) })
            }
            _ => {
                let why =
                    "it is not set; make a key once with `head -c 32 /dev/urandom | base64`, and keep it";
                Err(source.unusable(why))
            }
        }
    }

    fn of(key: Key) -> Self {
        Self { key: Arc::new(key), is_new: false }
    }

    /// Whether this call made the key.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether this is the key that a store was sealed with.
    pub(crate) fn opens(&self, check: &Sealed) -> bool {
        self.unseal(SealPurpose::Check, check).is_ok_and(|plain| plain.expose_secret() == CHECK)
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, VaultError> {
        XChaCha20Poly1305::new_from_slice(self.key.expose_secret()).map_err(|_| VaultError::Broken)
    }

    /// # Errors
    /// `Unusable` if the system has no random numbers.
    pub(crate) fn seal(&self, purpose: SealPurpose<'_>, plain: &[u8]) -> Result<Sealed, VaultError> {
        let nonce: [u8; NONCE_LENGTH] = random()?;
        let payload = Payload { msg: plain, aad: &purpose.associated() };
        let sealed = self.cipher()?.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::Broken)?;
        Ok(Sealed([&[LAYOUT][..], &nonce, &sealed].concat()))
    }

    /// The plain bytes, wiped when dropped.
    ///
    /// # Errors
    /// `Broken`.
    pub(crate) fn unseal(
        &self,
        purpose: SealPurpose<'_>,
        sealed: &Sealed,
    ) -> Result<SecretBox<Vec<u8>>, VaultError> {
        let Some((&LAYOUT, rest)) = sealed.0.split_first() else { return Err(VaultError::Broken) };
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(VaultError::Broken)?;
        let payload = Payload { msg: rest, aad: &purpose.associated() };
        let plain = self.cipher()?.decrypt(&XNonce::from(*nonce), payload);
        plain.map(|plain| SecretBox::new(Box::new(plain))).map_err(|_| VaultError::Broken)
    }

    /// Seals all of a store anew with a new key, and gives how many secrets that were. A crash at any point
    /// leaves a store that one of the key files opens, and the next `open` finds out which. The new key of the
    /// other sources is the one of `RENT_NEW_KEY`; the operator puts it in the place of the old one afterwards.
    ///
    /// # Errors
    /// A [`VaultError`], or the store's; the old key is good then, unless the store was lost on the way.
    pub(crate) async fn rekey(store: &Store, source: &KeySource) -> anyhow::Result<u64> {
        Self::rekey_with(store, source, &|name| std::env::var(name).ok()).await
    }

    async fn rekey_with(
        store: &Store,
        source: &KeySource,
        environment: Environment<'_>,
    ) -> anyhow::Result<u64> {
        let old = Self::open_with(store, source, environment).await?;
        if let KeySource::File(path) = source {
            let new = Self::of(SecretBox::new(Box::new(random()?)));
            let sealed = old.reseal(store, &new, || write_successor(path, &new.key)).await?;
            Self::settle(store, path).await?;
            return Ok(sealed);
        }
        let unusable = |why: String| VaultError::Unusable {
            source: format!("the environment variable {NEW_KEY_VARIABLE}"),
            why,
        };
        let text = environment(NEW_KEY_VARIABLE).map(Zeroizing::new);
        let text = text.ok_or_else(|| {
            unusable("it is not set; make a new key with `head -c 32 /dev/urandom | base64`".to_owned())
        })?;
        let new = Self::of(parse(text.as_bytes()).map_err(unusable)?);
        if new.key.expose_secret() == old.key.expose_secret() {
            return Err(unusable("it is the key in use".to_owned()).into());
        }
        Ok(old.reseal(store, &new, || Ok(())).await?)
    }

    /// `ready` is called when no other process can reseal any more, and before anything is resealed.
    async fn reseal(
        &self,
        store: &Store,
        new: &Self,
        ready: impl FnOnce() -> Result<(), VaultError> + Send,
    ) -> crate::store::Result<u64> {
        let mut ready = Some(ready);
        let anew = |purpose: SealPurpose<'_>, sealed: &Sealed| -> Result<Sealed, VaultError> {
            let plain = self.unseal(purpose, sealed)?;
            if let Some(ready) = ready.take() {
                ready()?;
            }
            new.seal(purpose, plain.expose_secret())
        };
        let mut anew = anew;
        store.reseal(|purpose, sealed| anew(purpose, sealed).map_err(|error| error.to_string())).await
    }

    /// Makes the key file the one that opens the store, where a change of keys was interrupted. Nobody changes
    /// the key meanwhile: the store is locked.
    async fn settle(store: &Store, path: &Path) -> anyhow::Result<Self> {
        let settled = store.with_vault(|row| {
            let Some(VaultRow { check }) = row else { return Err(VaultError::Broken) };
            let source = KeySource::File(path.to_owned());
            let found = read_file(path)?.map(Self::of);
            if let Some(vault) = &found
                && vault.opens(&check)
            {
                return Ok(vault.clone());
            }
            let next = successor(path);
            // A crash can have cut the file: then it holds no key.
            let new = read_file(&next).ok().flatten().map(Self::of);
            match new.filter(|new| new.opens(&check)) {
                Some(new) => {
                    fs::rename(&next, path).map_err(|error| source.unusable(error))?;
                    sync_folder(path);
                    Ok(new)
                }
                None if found.is_some() => Err(VaultError::Wrong { source: source.name() }),
                None => Err(VaultError::Missing { source: source.name() }),
            }
        });
        Ok(settled.await??)
    }
}
