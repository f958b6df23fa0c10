//! Where the key is, how it is read, and how a key file is made and replaced.
//!
//! A key file appears whole or not at all, only its owner can read it, and one that is replaced is kept next to its
//! successor until the store is sealed anew: a crash at any point leaves a file that opens the store.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::Generate;
use namyangju_rent::clock::{Clock, SystemClock};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};

use super::error::VaultError;
use crate::system;

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
pub(super) type Key = SecretBox<[u8; KEY_LENGTH]>;

pub(super) const KEY_LENGTH: usize = 32;

/// The environment variable of the key, and of the one that follows it.
const KEY_VARIABLE: &str = "RENT_KEY";
pub(super) const NEW_KEY_VARIABLE: &str = "RENT_NEW_KEY";

/// How long a command for the key may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// How much is read of a key, in bytes: much more than one has.
const MAX_KEY_BYTES: u64 = 1024;

/// How long the last words of a key command are waited for after its end.
const STDERR_GRACE: Duration = Duration::from_millis(100);

/// How often a running key command is polled.
const COMMAND_GAP: Duration = Duration::from_millis(5);

/// How environment variables are read; tests have their own.
pub(super) type Environment<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

impl KeySource {
    /// For people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => format!("the key file {}", path.display()),
            Self::Environment => format!("the environment variable {KEY_VARIABLE}"),
            // The command line may hold a private value.
            Self::Command(_) => "the command for the key".to_owned(),
        }
    }

    pub(super) fn unusable(&self, why: impl fmt::Display) -> VaultError {
        VaultError::Unusable { source: self.name(), why: why.to_string() }
    }

    /// The key, if it is there.
    pub(super) async fn read(&self, environment: Environment<'_>) -> Result<Option<Key>, VaultError> {
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

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    <[u8; N]>::try_generate().map_err(|error| VaultError::Unusable {
        source: "the system's random numbers".to_owned(),
        why: error.to_string(),
    })
}

/// 32 bytes from base64; what is wrong, without quoting it.
pub(super) fn parse(text: &[u8]) -> Result<Key, String> {
    let wrong = || "it is not 32 bytes in base64 (44 characters)".to_owned();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let decoded = Zeroizing::new(BASE64.decode(line.trim_ascii()).map_err(|_| wrong())?);
    let bytes: Zeroizing<[u8; KEY_LENGTH]> =
        Zeroizing::new(decoded.as_slice().try_into().map_err(|_| wrong())?);
    Ok(SecretBox::new(Box::new(*bytes)))
}

/// The beginning of what a command prints. What it says on stderr goes to a terminal, where it may ask something; elsewhere
/// it becomes a line of our own, which is of the kind that all lines of the log are.
pub(super) fn run_command(command: &str, timeout: Duration) -> Result<Zeroizing<Vec<u8>>, String> {
    let began = SystemClock.monotonic();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::piped());
    if !io::stderr().is_terminal() {
        shell.stderr(Stdio::piped());
    }
    let mut child =
        system::own_group(&mut shell).spawn().map_err(|error| format!("`sh` cannot be started: {error}"))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = Zeroizing::new(Vec::new());
            let read = out.take(MAX_KEY_BYTES).read_to_end(&mut text).map(|_| text);
            // The receiver may have given up after its timeout.
            let _ = sender.send(read);
        });
    }
    let (said_sender, said) = mpsc::channel();
    if let Some(out) = child.stderr.take() {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = out.take(MAX_KEY_BYTES).read_to_end(&mut text);
            let words = String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = said_sender.send(words);
        });
    } else {
        drop(said_sender);
    }
    let text = receiver.recv_timeout(timeout);
    let status = loop {
        let status = child.try_wait();
        let late = text.is_err() || SystemClock.monotonic().saturating_sub(began) >= timeout;
        match status {
            Ok(None) if !late => std::thread::sleep(COMMAND_GAP),
            Ok(Some(status)) => break status,
            _ => {
                // The whole process group, with all that the command started.
                let group = format!("kill -KILL -{}", child.id());
                let _ = Command::new("sh").args(["-c", &group]).stderr(Stdio::null()).status();
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it did not end within {} s", timeout.as_secs_f32()));
            }
        }
    };
    // What it started may hold its stderr open for longer than it runs itself.
    let said = said.recv_timeout(STDERR_GRACE).unwrap_or_default();
    match text {
        Ok(Ok(text)) if status.success() => {
            if !said.is_empty() {
                tracing::warn!("the command for the key says: {said}");
            }
            Ok(text)
        }
        Ok(Err(error)) => Err(format!("its output cannot be read: {error}")),
        _ if said.is_empty() => Err(format!("it failed: {status}")),
        _ => Err(format!("it failed: {status}; it says: {said}")),
    }
}

/// The key of a file; `None` if there is no file.
pub(super) fn read_file(path: &Path) -> Result<Option<Key>, VaultError> {
    let unusable = |why: String| KeySource::File(path.to_owned()).unusable(why);
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| unusable(error.to_string()))?,
    };
    let about = file.metadata().map_err(|error| unusable(error.to_string()))?;
    if !about.is_file() {
        return Err(unusable("it is no plain file".to_owned()));
    }
    if system::is_open_to_others(&file, path) {
        let path = path.display();
        return Err(unusable(format!(
            "others than its owner can read it: run `chmod 600 {path}`, or let systemd hand it over (LoadCredential=)"
        )));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(64));
    file.take(MAX_KEY_BYTES).read_to_end(&mut text).map_err(|error| unusable(error.to_string()))?;
    // Windows editors put a byte order mark before the text.
    parse(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text)).map(Some).map_err(unusable)
}

/// Writes a key to a file that is not there yet.
fn write_file(path: &Path, key: &Key) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = system::owner_only(&mut options).open(path)?;
    let text = Zeroizing::new(BASE64.encode(key.expose_secret()));
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Makes a key and its file, or takes the one that another process has just made.
pub(super) fn make_file(path: &Path) -> Result<(Key, bool), VaultError> {
    let source = KeySource::File(path.to_owned());
    let key: Key = SecretBox::new(Box::new(random()?));
    match place_file(path, &key)? {
        true => Ok((key, true)),
        false => {
            let key = read_file(path)?.ok_or_else(|| source.unusable("it has just gone"))?;
            Ok((key, false))
        }
    }
}

/// Makes the file of a key that exists already.
pub(super) fn put_file(path: &Path, key: &Key) -> Result<(), VaultError> {
    match place_file(path, key)? {
        true => Ok(()),
        false => Err(KeySource::File(path.to_owned()).unusable("another process has just made it")),
    }
}

/// Makes a key's file, whole; `false` if there is one.
fn place_file(path: &Path, key: &Key) -> Result<bool, VaultError> {
    let source = KeySource::File(path.to_owned());
    if let Some(folder) = folder_of(path) {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        system::owner_only_folder(&mut builder)
            .create(folder)
            .map_err(|error| source.unusable(format!("{} cannot be made: {error}", folder.display())))?;
    }
    // Written under another name and linked: no process ever reads half of it.
    let name: [u8; 8] = random()?;
    let draft = with_suffix(path, &format!("draft-{:016x}", u64::from_be_bytes(name)));
    let place = || match fs::hard_link(&draft, path) {
        // A file system without links.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.exists() => {
            fs::rename(&draft, path)
        }
        placed => placed,
    };
    let made = write_file(&draft, key).and_then(|()| place());
    let _ = fs::remove_file(&draft);
    match made {
        Ok(()) => {
            sync_folder(path);
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(source.unusable(format!("it cannot be made: {error}"))),
    }
}

/// Writes the key that follows, over one that an interrupted change has left. The store is locked.
pub(super) fn write_successor(path: &Path, key: &Key) -> Result<(), VaultError> {
    let next = successor(path);
    let _ = fs::remove_file(&next);
    let written = write_file(&next, key);
    written.map_err(|error| KeySource::File(next).unusable(format!("it cannot be made: {error}")))?;
    sync_folder(path);
    Ok(())
}

/// Where the key waits that follows the one in a file.
pub(super) fn successor(path: &Path) -> PathBuf {
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
pub(super) fn sync_folder(path: &Path) {
    let folder = folder_of(path).unwrap_or(Path::new("."));
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}
