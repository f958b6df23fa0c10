//! A whole HAR file in memory, up to a limit, with what could not be read of it.
//!
//! The limits are there because a browser left open for a day saves hundreds of mebibytes of pictures, of which a booking
//! needs none.

use std::fmt;
use std::io::Read;
use std::ops::ControlFlow;

use serde_json::Value;

use super::entry::{HarEntry, SavedBody, SentContent};
use super::split::{HarEnd, HarPiece, MAX_ENTRY_BYTES, pieces};

/// The most bytes of pages that a [`HarFile`] holds. Those that come later are [`SavedBody::TooLong`].
pub const MAX_BODY_BYTES_HELD: usize = 64 << 20;

/// The most bytes of scripts, style sheets and the like that are held beside the pages: a browser left open saves more of
/// them than of pages, and they must not take the pages' place.
const MAX_FILE_BYTES_HELD: usize = 16 << 20;

/// The longest of them that is held.
const MAX_FILE_BYTES: usize = 256 << 10;

/// The most entries that a [`HarFile`] holds.
pub const MAX_ENTRIES_HELD: usize = 50_000;

/// The most bytes of addresses and headers that a [`HarFile`] holds.
const MAX_HEAD_BYTES_HELD: usize = 64 << 20;

/// The most notes about single entries.
const MAX_NOTES: usize = 20;

/// A HAR file, as much of it as could be read.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct HarFile {
    /// The version that it says it has; the one there is is `1.2`.
    pub version: Option<String>,
    /// The program that wrote it, with its version.
    pub creator: Option<String>,
    /// What somebody remarked on the file as a whole.
    pub comment: Option<String>,
    /// The exchanges, in the order of the file.
    pub entries: Vec<HarEntry>,
    /// What could not be read or held, in sentences for people. Empty for a file that is whole and as the format says.
    pub notes: Vec<String>,
}

/// Why a file is no HAR file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HarError {
    /// It has no list of entries.
    #[error("this is no HAR file: {0}")]
    NotHar(&'static str),
    /// It cannot be read.
    #[error("the HAR file cannot be read")]
    Io(#[source] std::io::Error),
}

impl HarFile {
    /// Reads a file. What can be read of a file that is cut, broken or odd is read.
    ///
    /// # Errors
    /// [`HarError`] if there is no list of entries at all, or the reader fails before it.
    pub fn read(reader: impl Read) -> Result<Self, HarError> {
        let mut this = Self::default();
        let mut held = HeldBytes::default();
        let end = pieces(reader, |piece| {
            match piece {
                HarPiece::Key { key, json } => this.key(&key, &json),
                HarPiece::Entry { nth, json, .. } => held.entry(&mut this, nth, &json),
            }
            ControlFlow::Continue(())
        });
        held.told(&mut this);
        match end {
            HarEnd::Whole | HarEnd::Stopped => {}
            HarEnd::NotHar { why } => return Err(HarError::NotHar(why)),
            HarEnd::Io(error) if held.seen == 0 => return Err(HarError::Io(error)),
            HarEnd::Io(error) => {
                this.notes.push(format!("the file cannot be read after entry {}: {error}", held.seen));
            }
            HarEnd::Cut { at } => this.notes.push(format!(
                "the file was cut: it ends after {at} bytes, before its list of entries does; {} entries are whole",
                held.seen
            )),
            HarEnd::Broken { at } => {
                this.notes.push(format!("from byte {at} on, after entry {}, the file is no JSON", held.seen));
            }
        }
        match this.version.as_deref() {
            Some("1.2" | "1.1") => {}
            Some(version) => {
                this.notes.push(format!("the file says that it is HAR {version}; 1.2 is what is known"))
            }
            None => this.notes.push("the file does not say which version of HAR it is".to_owned()),
        }
        Ok(this)
    }

    /// A file of these entries.
    pub fn of(version: &str, creator: &str, entries: Vec<HarEntry>) -> Self {
        let (version, creator) = (Some(version.to_owned()), Some(creator.to_owned()));
        Self { version, creator, comment: None, entries, notes: Vec::new() }
    }

    fn key(&mut self, key: &str, json: &[u8]) {
        let Ok(value) = serde_json::from_slice::<Value>(json) else { return };
        let short = |text: &str| text.chars().take(60).filter(|c| !c.is_control()).collect::<String>();
        match key {
            "version" => self.version = Some(value.as_str().map_or_else(|| short(&value.to_string()), short)),
            "creator" => {
                let text = |key| value.get(key).and_then(Value::as_str).map(short);
                let creator = [text("name"), text("version")];
                let creator = creator.into_iter().flatten().collect::<Vec<_>>().join(" ");
                self.creator = Some(creator).filter(|creator| !creator.is_empty());
            }
            "comment" => self.comment = value.as_str().map(str::to_owned),
            _ => {}
        }
    }

    /// The same file as a browser saves it by default: without `Cookie`, `Set-Cookie` and `Authorization`.
    #[must_use]
    pub fn without_cookies(mut self) -> Self {
        let secret = |name: &str| {
            ["cookie", "set-cookie", "set-cookie2", "authorization", "proxy-authorization"]
                .iter()
                .any(|secret| name.eq_ignore_ascii_case(secret))
        };
        for entry in &mut self.entries {
            entry.request_headers.retain(|(name, _)| !secret(name));
            entry.response_headers.retain(|(name, _)| !secret(name));
        }
        self
    }

    /// Whether the file holds any cookie of a site. Chrome leaves them out unless it is told otherwise.
    pub fn has_cookies(&self) -> bool {
        self.entries.iter().any(|entry| {
            entry.request_header("cookie").is_some() || entry.response_header("set-cookie").is_some()
        })
    }
}

impl fmt::Debug for HarFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HarFile")
            .field("version", &self.version)
            .field("creator", &self.creator)
            .field("entries", &self.entries.len())
            .field("notes", &self.notes)
            .finish()
    }
}

/// What was held and left out while a file was read.
#[derive(Default)]
struct HeldBytes {
    seen: usize,
    heads: usize,
    bodies: usize,
    files: usize,
    bodies_left_out: usize,
    entries_left_out: usize,
    entry_notes: usize,
}

impl HeldBytes {
    fn entry(&mut self, file: &mut HarFile, nth: usize, json: &[u8]) {
        self.seen = nth;
        if json.is_empty() {
            return self.note(
                file,
                format!("entry {nth} is longer than {} MiB and was left out", MAX_ENTRY_BYTES >> 20),
            );
        }
        let mut entry = match HarEntry::from_json(nth, json) {
            Ok(entry) => entry,
            Err(problem) => return self.note(file, format!("entry {nth} was left out: {problem}")),
        };
        for problem in &entry.problems {
            self.note(file, format!("entry {nth}: {problem}"));
        }
        let bytes = match &entry.body {
            SavedBody::Text(text) => text.len(),
            SavedBody::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        let is_page = entry.media_type().is_none_or(|kind| kind == "text/html");
        let fits = match is_page {
            true => self.bodies + bytes <= MAX_BODY_BYTES_HELD,
            false => bytes <= MAX_FILE_BYTES && self.files + bytes <= MAX_FILE_BYTES_HELD,
        };
        match (is_page, fits) {
            (true, true) => self.bodies += bytes,
            (false, true) => self.files += bytes,
            (_, false) => {
                self.bodies_left_out += usize::from(is_page);
                entry.body = SavedBody::TooLong;
            }
        }
        let of =
            |headers: &[(String, String)]| headers.iter().map(|(n, v)| n.len() + v.len() + 48).sum::<usize>();
        let sent = entry.sent.as_ref().map_or(0, |sent| match &sent.content {
            SentContent::Text(text) => text.len(),
            SentContent::Params(params) => of(params),
        });
        let head =
            512 + sent + entry.url.as_str().len() + of(&entry.request_headers) + of(&entry.response_headers);
        if file.entries.len() >= MAX_ENTRIES_HELD || self.heads + head > MAX_HEAD_BYTES_HELD {
            self.entries_left_out += 1;
            return;
        }
        self.heads += head;
        file.entries.push(entry);
    }

    fn note(&mut self, file: &mut HarFile, note: String) {
        self.entry_notes += 1;
        if self.entry_notes <= MAX_NOTES {
            file.notes.push(note);
        }
    }

    fn told(&self, file: &mut HarFile) {
        let more = self.entry_notes.saturating_sub(MAX_NOTES);
        for (count, what) in [
            (more, "more entries have something that cannot be read"),
            (self.bodies_left_out, "pages were left out, because the file is too large to be held whole"),
            (self.entries_left_out, "entries were left out, because the file is too large to be held whole"),
        ] {
            if count > 0 {
                file.notes.push(format!("{count} {what}"));
            }
        }
    }
}
