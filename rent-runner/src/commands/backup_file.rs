//! The file of a backup: lines of JSON, which any program can read and no other database is needed for.
//!
//! The first line says what the file is, the last one how many lines there are and what their digest is. A file that was
//! cut has no last line, and one that was changed another digest: both are found before a store is touched. The digest
//! is that of `head -n -1 FILE | sha256sum`; it finds damage, and is no proof of who wrote the file.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::bad_input::BadInput;
use crate::say::say;
use crate::store::Copied;
use crate::vault::SealedKey;

/// The version of the layout of these files.
const VERSION: u32 = 1;

/// The longest line that is read, in bytes: a kept page has a few megabytes.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BackupHead {
    /// The version of the file's layout; the name tells what the file is.
    rent_runner_backup: u32,
    /// The version of the store's layout.
    pub(super) layout: i64,
    /// The version of the program that wrote it.
    pub(super) program: String,
    /// When, in Asia/Seoul.
    pub(super) made_at: String,
    /// The key of the store, sealed by a passphrase, if it was asked for.
    pub(super) key: Option<SealedKey>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct BackupTail {
    lines: u64,
    sha256: String,
}

/// Writes a backup line by line.
pub(super) struct BackupWriter<W: Write> {
    to: BufWriter<W>,
    digest: Sha256,
    lines: u64,
}

impl<W: Write> BackupWriter<W> {
    pub(super) fn begin(to: W, layout: i64, made_at: String, key: Option<SealedKey>) -> io::Result<Self> {
        let mut writer = Self { to: BufWriter::new(to), digest: Sha256::new(), lines: 0 };
        let program = env!("CARGO_PKG_VERSION").to_owned();
        writer.line(&BackupHead { rent_runner_backup: VERSION, layout, program, made_at, key })?;
        Ok(writer)
    }

    pub(super) fn part(&mut self, part: &Copied) -> io::Result<()> {
        self.line(part)
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(value)?;
        text.push(b'\n');
        self.digest.update(&text);
        self.lines += 1;
        self.to.write_all(&text)
    }

    /// Writes the last line and gives the file back.
    pub(super) fn end(mut self) -> io::Result<W> {
        let tail = BackupTail { lines: self.lines, sha256: hex(&self.digest.finalize_reset()) };
        let mut text = serde_json::to_vec(&tail)?;
        text.push(b'\n');
        self.to.write_all(&text)?;
        self.to.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads a backup line by line.
pub(super) struct BackupReader {
    from: BufReader<File>,
    digest: Sha256,
    lines: u64,
    is_over: bool,
}

impl BackupReader {
    /// Opens a file and reads its head.
    ///
    /// # Errors
    /// Bad input if it cannot be read, is something else, or of a newer version.
    pub(super) fn open(path: &Path) -> Result<(Self, BackupHead), BadInput> {
        let named = |why: String| BadInput(format!("{}: {why}", path.display()));
        let file = File::open(path).map_err(|error| named(say!("backup-unreadable", error = error)))?;
        let mut reader = Self { from: BufReader::new(file), digest: Sha256::new(), lines: 0, is_over: false };
        let no_backup = || named(say!("backup-foreign"));
        let line = reader.line().map_err(|_| no_backup())?;
        let version: serde_json::Value = serde_json::from_slice(&line).map_err(|_| no_backup())?;
        match version.get("rent_runner_backup").and_then(serde_json::Value::as_u64) {
            Some(version) if version > u64::from(VERSION) => Err(named(say!("backup-newer"))),
            Some(1) => {
                let head = serde_json::from_slice(&line).map_err(|_| no_backup())?;
                reader.count(&line);
                Ok((reader, head))
            }
            _ => Err(no_backup()),
        }
    }

    /// The next part; `None` after a last line that fits.
    ///
    /// # Errors
    /// `InvalidData` or `UnexpectedEof` for a file that is damaged or cut.
    pub(super) fn next(&mut self) -> io::Result<Option<Copied>> {
        if self.is_over {
            return Ok(None);
        }
        let line = self.line()?;
        // A row is a list, and a list of two would be read as a last line.
        let tail = line.starts_with(b"{").then(|| serde_json::from_slice::<BackupTail>(&line).ok()).flatten();
        if let Some(tail) = tail {
            let whole = tail.lines == self.lines && tail.sha256 == hex(&self.digest.finalize_reset());
            let mut more = [0];
            if !whole || self.from.read(&mut more)? > 0 {
                return Err(damaged());
            }
            self.is_over = true;
            return Ok(None);
        }
        let part = serde_json::from_slice(&line).map_err(|_| damaged())?;
        self.count(&line);
        Ok(Some(part))
    }

    fn count(&mut self, line: &[u8]) {
        self.digest.update(line);
        self.lines += 1;
    }

    /// A line with its end.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.from).take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            let why = say!("backup-cut");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        Ok(line)
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, say!("backup-damaged"))
}
