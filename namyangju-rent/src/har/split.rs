//! Cuts a HAR file into its entries while it is read, so that a file of any size is held one entry at a time.
//!
//! A HAR file is JSON, and a JSON reader would do if people's files were whole. They are not: some begin with a byte order
//! mark or a script, some have comments, some were cut by a full disk, and one bad number in one entry must not lose the
//! other thousand. So this file looks only at what separates the entries (strings, brackets, commas), leaves comments out,
//! bounds what is kept, and gives each entry as plain JSON of its own. What an entry means is read in `entry.rs`.

use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;

/// The most bytes of one entry that are kept.
pub const MAX_ENTRY_BYTES: usize = 16 << 20;

/// The longest text in an entry that is kept, in bytes. A longer one (the body of a film) becomes `null`.
pub const MAX_TEXT_BYTES: usize = 4 << 20;

/// The most bytes before the first object: a script that the file is wrapped in.
const MAX_LEAD_BYTES: u64 = 1 << 20;

/// The longest number that is passed on. No number of a HAR file needs more.
const MAX_NUMBER_BYTES: usize = 40;

/// A part of a HAR file, as plain JSON without comments.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HarPiece {
    /// A key of `log` other than `entries`, with its value: `version`, `creator`, `browser`, `pages`, `comment`.
    Key {
        /// The key.
        key: String,
        /// Its value.
        json: Vec<u8>,
    },
    /// An element of `log.entries`.
    Entry {
        /// Which one it is, from 1.
        nth: usize,
        /// Where it begins in the file, in bytes.
        at: u64,
        /// The element; empty if it was longer than [`MAX_ENTRY_BYTES`].
        json: Vec<u8>,
        /// How many of its texts were longer than [`MAX_TEXT_BYTES`] and became `null`.
        dropped_texts: usize,
    },
}

/// How the reading of a HAR file ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum HarEnd {
    /// The list of entries came to its end.
    Whole,
    /// The file ends before its list of entries does: it was cut.
    Cut {
        /// Its length in bytes.
        at: u64,
    },
    /// From this byte on it is no JSON.
    Broken {
        /// Where.
        at: u64,
    },
    /// There is no `log` with `entries` in it.
    NotHar {
        /// What it is instead, as far as that can be told.
        why: &'static str,
    },
    /// It could not be read on.
    Io(std::io::Error),
    /// The caller had enough.
    Stopped,
}

/// Reads a HAR file and hands out its parts in the order of the file. At most one entry is held at a time.
///
/// A byte order mark, a script around the JSON, comments and commas too many are passed over.
pub fn pieces(reader: impl Read, mut each: impl FnMut(HarPiece) -> ControlFlow<()>) -> HarEnd {
    let mut splitter = Splitter { source: ReadBytes::new(reader), nth: 0, found: false };
    match splitter.file(&mut each) {
        Ok(()) if splitter.found => HarEnd::Whole,
        Ok(()) => HarEnd::NotHar { why: "it has no `log` with `entries`" },
        Err(Halted::Stopped) => HarEnd::Stopped,
        Err(Halted::Io(error)) => HarEnd::Io(error),
        Err(Halted::NotHar(why)) => HarEnd::NotHar { why },
        Err(Halted::Ended) if !splitter.found => HarEnd::NotHar { why: "it ends before its first entry" },
        Err(Halted::Ended) => HarEnd::Cut { at: splitter.source.at },
        Err(Halted::Broken) if !splitter.found => HarEnd::NotHar { why: "it is no JSON" },
        Err(Halted::Broken) => HarEnd::Broken { at: splitter.source.at },
    }
}

/// Why the reading stops.
enum Halted {
    Ended,
    Broken,
    Stopped,
    NotHar(&'static str),
    Io(std::io::Error),
}

/// Bytes with a position.
struct ReadBytes<R> {
    reader: BufReader<R>,
    at: u64,
}

impl<R: Read> ReadBytes<R> {
    fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, reader), at: 0 }
    }

    fn buffer(&mut self) -> Result<&[u8], Halted> {
        loop {
            match self.reader.fill_buf() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Halted::Io(error)),
                Ok(_) => break,
            }
        }
        // What was filled is handed out without another read.
        Ok(self.reader.buffer())
    }

    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.at = self.at.saturating_add(bytes as u64);
    }

    fn peek(&mut self) -> Result<u8, Halted> {
        self.buffer()?.first().copied().ok_or(Halted::Ended)
    }

    fn next(&mut self) -> Result<u8, Halted> {
        let byte = self.peek()?;
        self.consume(1);
        Ok(byte)
    }

    /// The next byte that is neither blank nor comment; it is not consumed.
    fn token(&mut self) -> Result<u8, Halted> {
        loop {
            match self.peek()? {
                byte if byte.is_ascii_whitespace() => self.consume(1),
                b'/' => {
                    self.consume(1);
                    self.comment()?;
                }
                byte => return Ok(byte),
            }
        }
    }

    /// The rest of a comment, after its first `/`.
    fn comment(&mut self) -> Result<(), Halted> {
        match self.next()? {
            b'/' => while !matches!(self.next()?, b'\n' | b'\r') {},
            b'*' => {
                let mut before = 0;
                loop {
                    let byte = self.next()?;
                    if before == b'*' && byte == b'/' {
                        break;
                    }
                    before = byte;
                }
            }
            _ => return Err(Halted::Broken),
        }
        Ok(())
    }

    /// The rest of a string, after its first quote, with the closing one.
    fn string(&mut self, out: &mut KeptJson) -> Result<(), Halted> {
        loop {
            let buffer = self.buffer()?;
            if buffer.is_empty() {
                return Err(Halted::Ended);
            }
            let plain = buffer.iter().position(|b| matches!(b, b'"' | b'\\')).unwrap_or(buffer.len());
            out.extend(buffer.get(..plain).unwrap_or_default());
            self.consume(plain);
            match self.peek() {
                Ok(b'"') => {
                    self.consume(1);
                    out.push(b'"');
                    return Ok(());
                }
                Ok(b'\\') => {
                    self.consume(1);
                    let escaped = self.next()?;
                    out.extend(&[b'\\', escaped]);
                }
                Ok(_) => {}
                Err(halt) => return Err(halt),
            }
        }
    }
}

/// What is kept of a value: up to a limit, and each text up to one of its own.
struct KeptJson {
    bytes: Vec<u8>,
    limit: usize,
    /// Where the text at hand begins.
    text: Option<usize>,
    over: bool,
    text_over: bool,
    dropped_texts: usize,
}

impl KeptJson {
    fn up_to(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, text: None, over: false, text_over: false, dropped_texts: 0 }
    }

    fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    fn extend(&mut self, more: &[u8]) {
        if self.over || self.text_over {
            return;
        }
        if self.text.is_some_and(|from| self.bytes.len() - from + more.len() > MAX_TEXT_BYTES) {
            self.text_over = true;
        } else if self.bytes.len() + more.len() > self.limit {
            self.over = true;
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(more);
        }
    }

    fn open_text(&mut self) {
        self.text = Some(self.bytes.len());
        self.push(b'"');
    }

    fn close_text(&mut self) {
        if let (Some(from), true) = (self.text.take(), self.text_over) {
            self.bytes.truncate(from);
            self.text_over = false;
            self.dropped_texts += 1;
            self.extend(b"null");
        }
    }

    /// A comma before a closing bracket is one too many.
    fn close(&mut self, bracket: u8) {
        if self.bytes.last() == Some(&b',') {
            self.bytes.pop();
        }
        self.push(bracket);
    }

    fn whole(self) -> Vec<u8> {
        if self.over { Vec::new() } else { self.bytes }
    }
}

struct Splitter<R> {
    source: ReadBytes<R>,
    nth: usize,
    /// Whether the list of entries was found.
    found: bool,
}

impl<R: Read> Splitter<R> {
    fn file(&mut self, each: &mut impl FnMut(HarPiece) -> ControlFlow<()>) -> Result<(), Halted> {
        self.lead()?;
        // `log` is the only key that counts; some programs leave that level out.
        self.object(&mut |splitter, key| match key {
            b"log" if splitter.source.token()? == b'{' => {
                splitter.source.consume(1);
                splitter.object(&mut |splitter, key| splitter.key_of_log(key, each))
            }
            b"entries" => splitter.key_of_log(key, each),
            _ => splitter.value(&mut KeptJson::up_to(0)),
        })
    }

    /// Goes to the first object: over a byte order mark and the beginning of a script.
    fn lead(&mut self) -> Result<(), Halted> {
        match self.source.buffer()? {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                return Err(Halted::NotHar("it is written in UTF-16: save it as UTF-8"));
            }
            [0x1F, 0x8B, ..] => return Err(Halted::NotHar("it is compressed: unpack it first (`gunzip`)")),
            [b'P', b'K', ..] => return Err(Halted::NotHar("it is a ZIP archive: unpack it first")),
            _ => {}
        }
        while self.source.at < MAX_LEAD_BYTES {
            match self.source.next() {
                Ok(b'{') if matches!(self.source.token()?, b'"' | b'}') => return Ok(()),
                Ok(b'/') => {
                    // A slash of a script is no comment of ours to be strict about.
                    if matches!(self.source.peek()?, b'/' | b'*') {
                        self.source.comment()?;
                    }
                }
                Ok(_) => {}
                Err(Halted::Ended) => return Err(Halted::NotHar("it is no JSON")),
                Err(halt) => return Err(halt),
            }
        }
        Err(Halted::NotHar("it is no JSON"))
    }

    /// The keys of an object, after its first bracket: `each` reads the value.
    fn object(
        &mut self,
        each: &mut impl FnMut(&mut Self, &[u8]) -> Result<(), Halted>,
    ) -> Result<(), Halted> {
        loop {
            match self.source.token()? {
                b'}' => {
                    self.source.consume(1);
                    return Ok(());
                }
                b',' => self.source.consume(1),
                b'"' => {
                    self.source.consume(1);
                    let mut key = KeptJson::up_to(256);
                    self.source.string(&mut key)?;
                    if self.source.token()? != b':' {
                        return Err(Halted::Broken);
                    }
                    self.source.consume(1);
                    let key = key.whole();
                    each(self, key.strip_suffix(b"\"").unwrap_or(&key))?;
                }
                _ => return Err(Halted::Broken),
            }
        }
    }

    fn key_of_log(
        &mut self,
        key: &[u8],
        each: &mut impl FnMut(HarPiece) -> ControlFlow<()>,
    ) -> Result<(), Halted> {
        if key == b"entries" && self.source.token()? == b'[' {
            self.source.consume(1);
            self.found = true;
            return self.entries(each);
        }
        let mut kept = KeptJson::up_to(MAX_ENTRY_BYTES);
        self.value(&mut kept)?;
        let key = String::from_utf8_lossy(key).into_owned();
        given(each(HarPiece::Key { key, json: kept.whole() }))
    }

    fn entries(&mut self, each: &mut impl FnMut(HarPiece) -> ControlFlow<()>) -> Result<(), Halted> {
        loop {
            match self.source.token()? {
                b']' => {
                    self.source.consume(1);
                    return Ok(());
                }
                b',' => self.source.consume(1),
                _ => {
                    let at = self.source.at;
                    let mut kept = KeptJson::up_to(MAX_ENTRY_BYTES);
                    self.value(&mut kept)?;
                    self.nth += 1;
                    let dropped_texts = kept.dropped_texts;
                    given(each(HarPiece::Entry { nth: self.nth, at, json: kept.whole(), dropped_texts }))?;
                }
            }
        }
    }

    /// Copies one value of any kind.
    fn value(&mut self, out: &mut KeptJson) -> Result<(), Halted> {
        let mut depth = 0_u64;
        loop {
            match self.source.token()? {
                open @ (b'{' | b'[') => {
                    self.source.consume(1);
                    out.push(open);
                    depth += 1;
                }
                close @ (b'}' | b']') => {
                    if depth == 0 {
                        return Err(Halted::Broken);
                    }
                    self.source.consume(1);
                    out.close(close);
                    depth -= 1;
                }
                b'"' => {
                    self.source.consume(1);
                    out.open_text();
                    self.source.string(out)?;
                    out.close_text();
                }
                between @ (b',' | b':') => {
                    if depth == 0 {
                        return Err(Halted::Broken);
                    }
                    self.source.consume(1);
                    out.push(between);
                    continue;
                }
                _ => self.word(out)?,
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// A number, `true`, `false` or `null`. A number that no program can hold becomes `null`.
    fn word(&mut self, out: &mut KeptJson) -> Result<(), Halted> {
        let mut word = Vec::new();
        let mut length = 0_usize;
        loop {
            let byte = match self.source.peek() {
                Ok(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_') => byte,
                Ok(_) | Err(Halted::Ended) => break,
                Err(halt) => return Err(halt),
            };
            self.source.consume(1);
            length = length.saturating_add(1);
            if word.len() < MAX_NUMBER_BYTES {
                word.push(byte);
            }
        }
        if length == 0 {
            return Err(Halted::Broken);
        }
        let is_word = matches!(word.as_slice(), b"true" | b"false" | b"null");
        let is_number =
            length <= MAX_NUMBER_BYTES && serde_json::from_slice::<serde_json::Number>(&word).is_ok();
        out.extend(if is_word || is_number { &word } else { b"null" });
        Ok(())
    }
}

fn given(flow: ControlFlow<()>) -> Result<(), Halted> {
    if flow.is_break() { Err(Halted::Stopped) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &[u8]) -> (Vec<String>, HarEnd) {
        let mut found = Vec::new();
        let end = pieces(text, |piece| {
            found.push(match piece {
                HarPiece::Key { key, json } => format!("{key}={}", String::from_utf8(json).unwrap()),
                HarPiece::Entry { nth, json, .. } => format!("{nth}:{}", String::from_utf8_lossy(&json)),
            });
            ControlFlow::Continue(())
        });
        (found, end)
    }

    #[test]
    fn entries_are_given_one_by_one_whatever_is_around_them() {
        let expected = ["version=\"1.2\"", "1:{\"a\":[1,\"x\\\"]\"]}", "2:{}"];
        for text in [
            r#"{"log":{"version":"1.2","entries":[{"a":[1,"x\"]"]},{}]}}"#,
            "\u{feff}{ \"log\" : { \"version\" : \"1.2\", \"entries\" : [ {\"a\": [1, \"x\\\"]\"] } , { } ] } }",
            r#"onInputData({"log":{"version":"1.2","entries":[{"a":[1,"x\"]"]},{}]}});"#,
            r#"<script>function f() { return 1 / 2 }</script><script>var har = {"log":{"version":"1.2","entries":[{"a":[1,"x\"]"]},{}]}};</script>"#,
            "// saved\n{/* a */\"log\":{\"version\":\"1.2\"// b\n,\"entries\":[{\"a\":[1,\"x\\\"]\",],},{},],},}",
            r#"{"x":{"entries":[1]},"log":{"version":"1.2","entries":[{"a":[1,"x\"]"]},{}]},"y":1}"#,
        ] {
            let (found, end) = split(text.as_bytes());
            assert_eq!(found, expected, "{text}");
            assert!(matches!(end, HarEnd::Whole), "{text}: {end:?}");
        }
        assert_eq!(split(br#"{"entries":[{"a":1}]}"#).0, ["1:{\"a\":1}"]);
    }

    #[test]
    fn what_is_no_har_says_what_it_is() {
        let why = |bytes: &[u8]| match split(bytes).1 {
            HarEnd::NotHar { why } => why,
            end => panic!("{end:?}"),
        };
        assert!(why(b"\xFF\xFE{\0").contains("UTF-16"));
        assert!(why(b"\x1F\x8B\x08").contains("gunzip"));
        assert!(why(b"PK\x03\x04").contains("ZIP"));
        assert!(why(b"").contains("no JSON"));
        assert!(why(b"<html></html>").contains("no JSON"));
        assert!(why(b"{\"log\":{\"version\":\"1.2\"}}").contains("`entries`"));
        assert!(why(b"{\"log\":{\"version\":\"1.2\",").contains("ends before"));
    }

    #[test]
    fn a_cut_file_gives_its_whole_entries_and_a_broken_one_those_before() {
        let whole = br#"{"log":{"entries":[{"a":1},{"b":"c"}]}}"#;
        for length in 19..whole.len() - 3 {
            let (found, end) = split(&whole[..length]);
            assert!(matches!(end, HarEnd::Cut { .. }), "{length}: {end:?}");
            assert_eq!(found.len(), usize::from(length >= 26) + usize::from(length >= 36), "{length}");
        }
        let (found, end) = split(br#"{"log":{"entries":[{"a":1},;{"b":2}]}}"#);
        assert!(matches!(end, HarEnd::Broken { at: 27 }), "{end:?}");
        assert_eq!(found, ["1:{\"a\":1}"]);
    }

    #[test]
    fn numbers_that_nobody_can_hold_and_texts_too_long_become_null() {
        let long = "9".repeat(100);
        let (found, _) =
            split(format!(r#"{{"entries":[{{"a":1e999,"b":-{long},"c":1.5e3,"d":NaN}}]}}"#).as_bytes());
        assert_eq!(found, [r#"1:{"a":null,"b":null,"c":1.5e3,"d":null}"#]);
        let text = "x".repeat(MAX_TEXT_BYTES + 1);
        let (found, _) =
            split(format!(r#"{{"entries":[{{"a":"{text}","b":"{}"}}]}}"#, &text[..9]).as_bytes());
        assert_eq!(found, [r#"1:{"a":null,"b":"xxxxxxxxx"}"#]);
    }

    /// The size of the largest captures of people. Unoptimised the same is shown with a sixth of it.
    const SIZE: u64 = if cfg!(debug_assertions) { 32 << 20 } else { 200 << 20 };

    /// A file that no disk holds: one entry, over and over.
    struct Endless {
        entry: Vec<u8>,
        at: usize,
        left: u64,
    }

    impl Read for Endless {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let rest = &self.entry[self.at..];
            let n = rest.len().min(out.len()).min(self.left as usize);
            out[..n].copy_from_slice(&rest[..n]);
            (self.at, self.left) = ((self.at + n) % self.entry.len(), self.left - n as u64);
            Ok(n)
        }
    }

    #[test]
    fn a_file_of_any_size_is_held_one_entry_at_a_time() {
        let entry = format!(r#"{{"response":{{"content":{{"text":"{}"}}}}}},"#, "x".repeat(1 << 20));
        let endless = Endless { entry: entry.into_bytes(), at: 0, left: SIZE };
        let (mut entries, mut longest) = (0_usize, 0_usize);
        let end = pieces(br#"{"log":{"entries":["#.chain(endless), |piece| {
            if let HarPiece::Entry { json, .. } = piece {
                (entries, longest) = (entries + 1, longest.max(json.capacity()));
            }
            ControlFlow::Continue(())
        });
        assert!(matches!(end, HarEnd::Cut { .. }), "{end:?}");
        assert!(
            entries as u64 > (SIZE >> 20) - 10 && longest < 4 << 20,
            "{entries} entries, the longest {longest}"
        );
        // One text as long as the whole file is not kept either.
        let text = Endless { entry: b"y".to_vec(), at: 0, left: SIZE };
        let end =
            pieces(br#"{"log":{"entries":[{"a":""#.chain(text).chain(br#""}]}}"#.as_slice()), |piece| {
                let HarPiece::Entry { json, dropped_texts, .. } = piece else { panic!() };
                assert_eq!((json.as_slice(), dropped_texts), (br#"{"a":null}"#.as_slice(), 1));
                assert!(json.capacity() <= 2 * MAX_TEXT_BYTES, "{}", json.capacity());
                ControlFlow::Continue(())
            });
        assert!(matches!(end, HarEnd::Whole), "{end:?}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in "([\\[\\]{}\",:/*\\\\]|entries|log|[0-9eE+-]|\\PC){0,120}") {
            let _ = split(bytes.as_bytes());
            let _ = split(format!("{{\"log\":{{\"entries\":[{bytes}").as_bytes());
        }

        /// What is JSON comes out as the same JSON.
        #[test]
        fn json_stays_what_it_was(texts in prop::collection::vec(".{0,20}", 0..4), number in any::<i32>()) {
            let entry = serde_json::json!({ "texts": texts, "n": number, "deep": [[{"x": null}], true] });
            let file = serde_json::to_vec_pretty(&serde_json::json!({ "log": { "entries": [entry, entry] } })).unwrap();
            let mut seen = 0;
            pieces(file.as_slice(), |piece| {
                let HarPiece::Entry { json, .. } = piece else { panic!() };
                assert_eq!(serde_json::from_slice::<serde_json::Value>(&json).unwrap(), entry);
                seen += 1;
                ControlFlow::Continue(())
            });
            prop_assert_eq!(seen, 2);
        }
    }
}
