//! HAR files: what a browser, a proxy or the stand-in recorded of a visit, read with bounded memory and written again.
//!
//! **A HAR file holds passwords, names and live sessions.** No type here shows a header or a body in `Debug`.
//!
//! People's files are seldom as the format says: [`HarFile`] takes what can be read and says in [`HarFile::notes`] what
//! could not. [`pieces`] gives the parts of a file one by one, for programs that write it again.
//!
//! ```
//! use namyangju_rent::har::HarFile;
//!
//! // Wrapped in a script, and cut in its second entry.
//! let file = br#"onInputData({"log":{"version":"1.2","entries":[
//!     {"request":{"method":"GET","url":"https://www.nyj.go.kr/rent/"},"response":{"status":200,"headers":[]}},
//!     {"request":{"method":"GE"#;
//! let file = HarFile::read(file.as_slice())?;
//! assert_eq!(file.entries.len(), 1);
//! assert!(file.notes[0].contains("was cut"));
//! # Ok::<(), namyangju_rent::har::HarError>(())
//! ```

mod entry;
mod file;
mod split;
mod write;

pub(crate) use entry::from_base64;
pub use entry::{HarEntry, SavedBody, SentBody, SentContent};
pub use file::{HarError, HarFile, MAX_BODY_BYTES_HELD, MAX_ENTRIES_HELD};
pub use split::{HarEnd, HarPiece, MAX_ENTRY_BYTES, MAX_TEXT_BYTES, pieces};

#[cfg(test)]
mod tests;
