//! Passwords of the page: argon2id, one at a time.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use namyangju_rent::clock::{Clock as _, SystemClock};
use tokio::sync::Semaphore;

use crate::bad_input::BadInput;
use crate::say::say;

/// The shortest and the longest password, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=200;

/// How many may wait for their turn: more would keep a person waiting for minutes on a small machine.
const MAX_WAITING: usize = 20;

/// What is asked of the allocator for one hash. glibc keeps what was freed for the next time, up to 32 MiB a piece: more than that
/// goes back to the system at once. What lies beyond the hash's own blocks is never touched, so it takes no memory.
const RETURNED_BYTES: usize = 33 << 20;

/// How many wait, and the one whose turn it is.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// One that waits; dropped, it does not any more.
struct HashTurn;

impl HashTurn {
    fn wait() -> Option<Self> {
        let turn = Self;
        (WAITING.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(turn)
    }
}

impl Drop for HashTurn {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One hash takes 19 MiB: on a small machine a burst of sign-ins must not take all there is.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// Compared with where there is no such user, so that the time tells nothing.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

/// Checks a new password.
///
/// # Errors
/// Bad input if it is too short or too long; the text does not repeat it.
pub(in crate::web) fn check(password: &str) -> Result<(), BadInput> {
    if LENGTH.contains(&password.chars().count()) {
        return Ok(());
    }
    Err(BadInput(say!("web-password-length", least = LENGTH.start(), most = LENGTH.end())))
}

/// The hash of a password, as it is stored.
pub(in crate::web) async fn hash(password: String) -> anyhow::Result<String> {
    let _one = ONE_AT_A_TIME.acquire().await?;
    tokio::task::spawn_blocking(move || hash_now(&password)).await?
}

/// Whether a password fits a hash; without a hash it takes as long, and does not. `None` if too many wait already.
pub(in crate::web) async fn fits(password: String, hash: Option<String>) -> anyhow::Result<Option<bool>> {
    let Some(_turn) = HashTurn::wait() else { return Ok(None) };
    let _one = ONE_AT_A_TIME.acquire().await?;
    let fits = move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        known & fits_now(&password, &hash).unwrap_or(false)
    };
    Ok(Some(tokio::task::spawn_blocking(fits).await?))
}

/// How long one hash takes here.
pub(crate) async fn time_taken() -> anyhow::Result<Duration> {
    let began = SystemClock.monotonic();
    hash("how long does it take".to_owned()).await?;
    Ok(SystemClock.monotonic().saturating_sub(began))
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    // The default is argon2id with 19 MiB and two passes.
    let argon2 = Argon2::default();
    let salt = Salt::generate();
    let hash = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params()).map_err(unhashed)?,
        salt: Some(salt),
        hash: Some(output(&argon2, password, &salt, Params::DEFAULT_OUTPUT_LEN)?),
    };
    Ok(hash.to_string())
}

fn fits_now(password: &str, hash: &str) -> anyhow::Result<bool> {
    let hash = PasswordHash::new(hash).map_err(unhashed)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(unhashed)?;
    let version = hash.version.map(Version::try_from).transpose().map_err(unhashed)?.unwrap_or_default();
    let params = Params::try_from(&hash).map_err(unhashed)?;
    let argon2 = Argon2::new(algorithm, version, params);
    // Outputs are compared in constant time.
    Ok(output(&argon2, password, salt, expected.len())? == *expected)
}

/// The hash itself.
fn output(argon2: &Argon2<'_>, password: &str, salt: &Salt, length: usize) -> anyhow::Result<Output> {
    let blocks = argon2.params().block_count();
    let mut memory = Vec::with_capacity(blocks.max(RETURNED_BYTES / Block::SIZE));
    memory.resize(blocks, Block::new());
    let mut out = [0; Output::MAX_LENGTH];
    let out = out.get_mut(..length).ok_or_else(|| unhashed("too long"))?;
    let hashed = argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, memory.as_mut_slice());
    hashed.map_err(unhashed)?;
    Output::new(out).map_err(unhashed)
}

fn unhashed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("the password cannot be hashed: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_told_so_at_once() {
        let hash = hash("an invented password".to_owned()).await.unwrap();
        let given = |password: &str| fits(password.to_owned(), Some(hash.clone()));
        assert_eq!(given("an invented password").await.unwrap(), Some(true));
        assert_eq!(given("another").await.unwrap(), Some(false));
        assert_eq!(fits("nobody has this password".to_owned(), None).await.unwrap(), Some(false));
        // One is at it, and does not end.
        let _at_it = ONE_AT_A_TIME.acquire().await.unwrap();
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| HashTurn::wait().unwrap()).collect();
        let told = tokio::time::timeout(Duration::from_secs(20), given("an invented password")).await;
        assert_eq!(told.expect("it waits").unwrap(), None);
        drop(waiting);
        assert_eq!(WAITING.load(Ordering::Relaxed), 0);
    }
}
