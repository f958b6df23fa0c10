//! The vault: what is secret is sealed with one key, which lives outside the database.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use namyangju_rent::{Clock, SystemClock};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};

use crate::store::{Purpose, Sealed, Store, VaultRow};

#[cfg(test)]
mod tests;

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

/// 32 bytes, wiped when dropped.
type Key = SecretBox<[u8; KEY_LENGTH]>;

const KEY_LENGTH: usize = 32;

/// The first byte of what is sealed: the layout of the rest, a nonce and what the cipher gives.
const LAYOUT: u8 = 1;

const NONCE_LENGTH: usize = 24;

/// What is sealed to tell a wrong key.
const CHECK: &[u8] = b"the key of this store";

/// The environment variable of the key, and of the one that follows it.
const KEY_VARIABLE: &str = "RENT_KEY";
const NEW_KEY_VARIABLE: &str = "RENT_NEW_KEY";

/// How long a command for the key may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// The most that is read of a key: much more than one has.
const MOST_OF_A_KEY: u64 = 1024;

/// Where a command is asked again whether it has ended.
const COMMAND_GAP: Duration = Duration::from_millis(5);

/// How environment variables are read; tests have their own.
type Environment<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

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

impl KeySource {
    /// For people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => format!("the key file {}", path.display()),
            Self::Environment => format!("the environment variable {KEY_VARIABLE}"),
            // The command itself may hold something that is nobody's business.
            Self::Command(_) => "the command for the key".to_owned(),
        }
    }

    fn unusable(&self, why: impl fmt::Display) -> VaultError {
        VaultError::Unusable { source: self.name(), why: why.to_string() }
    }

    /// The key, if it is there.
    async fn read(&self, environment: Environment<'_>) -> Result<Option<Key>, VaultError> {
        match self {
            Self::File(path) => read_file(path),
            Self::Environment => match environment(KEY_VARIABLE) {
                Some(text) => {
                    let text = Zeroizing::new(text);
                    parse(text.as_bytes()).map(Some).map_err(|why| self.unusable(why))
                }
                None => Ok(None),
            },
            Self::Command(command) => {
                let command = command.clone();
                let output = tokio::task::spawn_blocking(move || run_command(&command, COMMAND_TIMEOUT));
                let output = output.await.unwrap_or_else(|_| Err("it could not be started".to_owned()));
                output.and_then(|text| parse(&text)).map(Some).map_err(|why| self.unusable(why))
            }
        }
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
                let check = vault.seal(Purpose::Check, CHECK)?;
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

    fn opens(&self, check: &Sealed) -> bool {
        self.unseal(Purpose::Check, check).is_ok_and(|plain| plain.expose_secret() == CHECK)
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, VaultError> {
        XChaCha20Poly1305::new_from_slice(self.key.expose_secret()).map_err(|_| VaultError::Broken)
    }

    /// # Errors
    /// `Unusable` if the system has no random numbers.
    pub(crate) fn seal(&self, purpose: Purpose<'_>, plain: &[u8]) -> Result<Sealed, VaultError> {
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
        purpose: Purpose<'_>,
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

    /// `ready` is called once nobody else can reseal, and before anything is resealed.
    async fn reseal(
        &self,
        store: &Store,
        new: &Self,
        ready: impl FnOnce() -> Result<(), VaultError> + Send,
    ) -> crate::store::Result<u64> {
        let mut ready = Some(ready);
        let anew = |purpose: Purpose<'_>, sealed: &Sealed| -> Result<Sealed, VaultError> {
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
            // A file that a crash has cut is no key.
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

/// Random bytes of the system.
fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    <[u8; N]>::try_generate().map_err(|error| VaultError::Unusable {
        source: "the system's random numbers".to_owned(),
        why: error.to_string(),
    })
}

/// 32 bytes from base64; what is wrong, without quoting it.
fn parse(text: &[u8]) -> Result<Key, String> {
    let wrong = || "it is not 32 bytes in base64 (44 characters)".to_owned();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let decoded = Zeroizing::new(BASE64.decode(line.trim_ascii()).map_err(|_| wrong())?);
    let bytes: Zeroizing<[u8; KEY_LENGTH]> =
        Zeroizing::new(decoded.as_slice().try_into().map_err(|_| wrong())?);
    Ok(SecretBox::new(Box::new(*bytes)))
}

/// The first of what a command prints. Its errors go where ours go.
fn run_command(command: &str, timeout: Duration) -> Result<Zeroizing<Vec<u8>>, String> {
    let began = SystemClock.monotonic();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    let mut child = shell.spawn().map_err(|error| format!("`sh` cannot be started: {error}"))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = Zeroizing::new(Vec::new());
            let read = out.take(MOST_OF_A_KEY).read_to_end(&mut text).map(|_| text);
            // Nobody may be waiting any more.
            let _ = sender.send(read);
        });
    }
    let text = receiver.recv_timeout(timeout);
    let status = loop {
        let status = child.try_wait();
        let late = text.is_err() || SystemClock.monotonic().saturating_sub(began) >= timeout;
        match status {
            Ok(None) if !late => std::thread::sleep(COMMAND_GAP),
            Ok(Some(status)) => break status,
            _ => {
                // With all that it started.
                let group = format!("kill -KILL -{}", child.id());
                let _ = Command::new("sh").args(["-c", &group]).stderr(Stdio::null()).status();
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it did not end within {} s", timeout.as_secs_f32()));
            }
        }
    };
    match text {
        Ok(Ok(text)) if status.success() => Ok(text),
        Ok(Err(error)) => Err(format!("its output cannot be read: {error}")),
        _ => Err(format!("it failed: {status}")),
    }
}

/// The key of a file; `None` if there is no file.
fn read_file(path: &Path) -> Result<Option<Key>, VaultError> {
    let unusable = |why: String| KeySource::File(path.to_owned()).unusable(why);
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| unusable(error.to_string()))?,
    };
    let about = file.metadata().map_err(|error| unusable(error.to_string()))?;
    if !about.is_file() {
        return Err(unusable("it is no plain file".to_owned()));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 != 0 {
        let path = path.display();
        return Err(unusable(format!("others than its owner can read it: run `chmod 600 {path}`")));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(64));
    file.take(MOST_OF_A_KEY).read_to_end(&mut text).map_err(|error| unusable(error.to_string()))?;
    parse(&text).map(Some).map_err(unusable)
}

/// Writes a key to a file that is not there yet.
fn write_file(path: &Path, key: &Key) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let text = Zeroizing::new(BASE64.encode(key.expose_secret()));
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Makes a key and its file, or takes the one that another process has just made.
fn make_file(path: &Path) -> Result<(Key, bool), VaultError> {
    let source = KeySource::File(path.to_owned());
    if let Some(folder) = folder_of(path) {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(folder)
            .map_err(|error| source.unusable(format!("{} cannot be made: {error}", folder.display())))?;
    }
    let key: Key = SecretBox::new(Box::new(random()?));
    // Whole at once: nobody finds half of it, whatever happens here.
    let name: [u8; 8] = random()?;
    let draft = with_suffix(path, &format!("draft-{:016x}", u64::from_be_bytes(name)));
    let place = || match fs::hard_link(&draft, path) {
        // A file system without links.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.exists() => {
            fs::rename(&draft, path)
        }
        placed => placed,
    };
    let made = write_file(&draft, &key).and_then(|()| place());
    let _ = fs::remove_file(&draft);
    match made {
        Ok(()) => {
            sync_folder(path);
            Ok((key, true))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let key = read_file(path)?.ok_or_else(|| source.unusable("it has just gone"))?;
            Ok((key, false))
        }
        Err(error) => Err(source.unusable(format!("it cannot be made: {error}"))),
    }
}

/// Writes the key that follows, over one that an interrupted change has left. The store is locked.
fn write_successor(path: &Path, key: &Key) -> Result<(), VaultError> {
    let next = successor(path);
    let _ = fs::remove_file(&next);
    let written = write_file(&next, key);
    written.map_err(|error| KeySource::File(next).unusable(format!("it cannot be made: {error}")))?;
    sync_folder(path);
    Ok(())
}

/// Where the key waits that follows the one in a file.
fn successor(path: &Path) -> PathBuf {
    with_suffix(path, "new")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// Makes the names in a folder durable, where the system can do that.
fn sync_folder(path: &Path) {
    let folder = folder_of(path).unwrap_or(Path::new("."));
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}
