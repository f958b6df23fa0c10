//! One entry of a HAR file: what was asked, and what came back, as far as the browser saved it.
//!
//! Each program fills in the format in its own way: bodies are text, Base64 or missing, forms are text or fields, cookies are
//! headers or a list. All of it is made one thing here, so that nobody else has to know which browser wrote a file.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use url::Url;

use crate::html::charset::{Charset, FormFields};
use crate::value::date::SeoulTime;

/// The most fields of a form that are read. The forms of these sites have some thirty.
const MAX_FIELDS: usize = 2_000;

/// One exchange of a HAR file.
///
/// Browsers leave out much: only the address and the method are always there. `Debug` shows neither headers nor bodies:
/// they hold passwords, cookies and names.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct HarEntry {
    /// Which entry of the file it is, from 1.
    pub nth: usize,
    /// When the request was begun.
    pub started: Option<SeoulTime>,
    /// How long the exchange took, in milliseconds.
    pub took_ms: Option<f64>,
    /// The method, in upper case.
    pub method: String,
    /// The address.
    pub url: Url,
    /// The headers of the request.
    pub request_headers: Vec<(String, String)>,
    /// What was sent as the body.
    pub sent: Option<SentBody>,
    /// The status; 0 where no answer came.
    pub status: u16,
    /// The headers of the answer. Several `Set-Cookie` lines that a program joined are several headers here.
    pub response_headers: Vec<(String, String)>,
    /// The body of the answer.
    pub body: SavedBody,
    /// `content.size`: the length of the body in bytes, unpacked, as the browser says.
    pub size: Option<u64>,
    /// The browser took it out of its cache and asked nobody.
    pub from_cache: bool,
    /// What could not be read of it, in sentences.
    pub problems: Vec<String>,
}

/// What a browser sent.
#[derive(Clone, PartialEq, Eq)]
pub struct SentBody {
    /// Its `Content-Type`.
    pub mime: String,
    /// The text as it went over the wire, or the fields that the program has in its place.
    pub content: SentContent,
}

/// The two ways in which HAR files hold what was sent.
#[derive(Clone, PartialEq, Eq)]
pub enum SentContent {
    /// The body itself.
    Text(String),
    /// The fields, by name and value. Whether they are percent-encoded depends on the browser.
    Params(Vec<(String, String)>),
}

/// The body of an answer as a HAR file has it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SavedBody {
    /// It was not saved.
    Missing,
    /// It was too long to be kept.
    TooLong,
    /// What stands in its place is not what `encoding` says.
    Unreadable,
    /// Text that the browser decoded: the bytes are not known, but can be made again.
    Text(String),
    /// The bytes.
    Bytes(Vec<u8>),
}

impl HarEntry {
    /// An exchange without headers and bodies.
    pub fn new(method: &str, url: Url, status: u16) -> Self {
        Self {
            nth: 1,
            started: None,
            took_ms: None,
            method: method.to_ascii_uppercase(),
            url,
            request_headers: Vec::new(),
            sent: None,
            status,
            response_headers: Vec::new(),
            body: SavedBody::Missing,
            size: None,
            from_cache: false,
            problems: Vec::new(),
        }
    }

    /// Reads an element of `log.entries`.
    ///
    /// # Errors
    /// What is wrong with it, if it has no address or no method. Everything else may be missing.
    pub fn from_json(nth: usize, json: &[u8]) -> Result<Self, String> {
        let entry: Value = serde_json::from_slice(json).map_err(|error| match error.classify() {
            serde_json::error::Category::Syntax if error.to_string().contains("recursion") => {
                "it is nested too deeply".to_owned()
            }
            _ => format!("it is no JSON ({error})"),
        })?;
        Self::from_value(nth, &entry)
    }

    /// The same from JSON that was read already.
    ///
    /// # Errors
    /// As [`HarEntry::from_json`].
    pub fn from_value(nth: usize, entry: &Value) -> Result<Self, String> {
        let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str);
        let number = |pointer: &str| entry.pointer(pointer).and_then(Value::as_f64).filter(|n| *n >= 0.0);
        let url = text("/request/url").ok_or("it has no `request.url`")?;
        // Chrome writes addresses such as `data:` and `blob:` as well: they are addresses of nobody.
        let url = Url::parse(url).map_err(|error| format!("its `request.url` is no address ({error})"))?;
        let method = text("/request/method").ok_or("it has no `request.method`")?;
        let mut this = Self::new(method, url, 0);
        this.nth = nth;
        this.started = text("/startedDateTime").and_then(|text| text.parse().ok());
        this.took_ms = number("/time");
        this.status = match number("/response/status") {
            Some(status) if status <= 999.0 => status as u16,
            Some(_) => {
                this.problems.push("its status is no HTTP status".to_owned());
                0
            }
            None => 0,
        };
        this.request_headers = headers(entry.pointer("/request/headers"));
        this.response_headers = headers(entry.pointer("/response/headers"));
        add_cookies(entry, &mut this);
        this.sent = sent(entry.pointer("/request/postData"), &this.request_headers);
        this.size = number("/response/content/size").map(|size| size as u64);
        this.body = body(entry.pointer("/response/content"));
        let cached = |key: &str| entry.get(key).is_some_and(|v| !v.is_null() && *v != Value::Bool(false));
        this.from_cache = cached("_fromCache") || cached("_fromDiskCache");
        if this.body == SavedBody::Unreadable {
            this.problems.push("its body is not the Base64 that `encoding` says it is".to_owned());
        }
        Ok(this)
    }

    /// The first header of the request with that name.
    pub fn request_header(&self, name: &str) -> Option<&str> {
        first(&self.request_headers, name)
    }

    /// The first header of the answer with that name.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        first(&self.response_headers, name)
    }

    /// The lines of all headers of the answer with that name.
    pub fn response_lines<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e str> {
        let named = self.response_headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// The character set of the answer: as its header or its page says, else `fallback`.
    pub fn charset(&self, fallback: Charset) -> Charset {
        let content_type = self.response_header("content-type").map(str::as_bytes);
        match &self.body {
            SavedBody::Text(text) => Charset::of_page(text.as_bytes(), content_type, fallback),
            SavedBody::Bytes(bytes) => Charset::of_page(bytes, content_type, fallback),
            _ => Charset::of_page(b"", content_type, fallback),
        }
    }

    /// The bytes of the body as the site sent them. Text is put back into the character set that the answer declares,
    /// or into `fallback`. `None` where the body was not saved.
    pub fn body_bytes(&self, fallback: Charset) -> Option<Vec<u8>> {
        match &self.body {
            SavedBody::Text(text) => Some(self.charset(fallback).encode(text).into_owned()),
            SavedBody::Bytes(bytes) => Some(bytes.clone()),
            SavedBody::Missing | SavedBody::TooLong | SavedBody::Unreadable => None,
        }
    }

    /// The body as text; `None` where it was not saved.
    pub fn body_text(&self, fallback: Charset) -> Option<String> {
        match &self.body {
            SavedBody::Text(text) => Some(text.clone()),
            SavedBody::Bytes(bytes) => Some(self.charset(fallback).decode(bytes).into_owned()),
            SavedBody::Missing | SavedBody::TooLong | SavedBody::Unreadable => None,
        }
    }

    /// The media type of the answer, without its parameters and in small letters.
    pub fn media_type(&self) -> Option<String> {
        let kind = self.response_header("content-type")?.split(';').next().unwrap_or_default();
        Some(kind.trim().to_ascii_lowercase())
    }

    /// The body that went over the wire, byte for byte as far as the file tells, as the text of a form.
    pub fn sent_text(&self) -> Option<String> {
        match &self.sent.as_ref()?.content {
            SentContent::Text(text) => Some(text.clone()),
            SentContent::Params(_) => None,
        }
    }

    /// The fields that were sent, read in a character set; `None` also for a body of more than 2,000 fields, which is no form
    /// of a person. Firefox decodes the fields of a form and other browsers leave
    /// them as they went: what is percent-encoded is decoded here, and the rest is taken as it stands.
    pub fn sent_fields(&self, charset: Charset) -> Option<FormFields> {
        let few = |count: usize| (count <= MAX_FIELDS).then_some(());
        match &self.sent.as_ref()?.content {
            SentContent::Text(text) => {
                few(text.bytes().filter(|b| *b == b'&').count())?;
                Some(FormFields::decode(text.trim_end_matches(['\r', '\n']), charset))
            }
            SentContent::Params(params) => {
                few(params.len())?;
                let encoded = params.iter().all(|(name, value)| is_encoded(name) && is_encoded(value));
                if !encoded {
                    return Some(params.iter().map(|(name, value)| (name, value)).collect());
                }
                let pairs = params.iter().map(|(name, value)| format!("{name}={value}"));
                Some(FormFields::decode(&pairs.collect::<Vec<_>>().join("&"), charset))
            }
        }
    }

    /// Where a redirect leads, whole.
    pub fn location(&self) -> Option<Url> {
        let leads = matches!(self.status, 301 | 302 | 303 | 307 | 308);
        self.response_header("location").filter(|_| leads).and_then(|to| self.url.join(to).ok())
    }
}

impl fmt::Debug for HarEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HarEntry({}: {} {}, status {})", self.nth, self.method, self.url.path(), self.status)
    }
}

impl fmt::Debug for SentBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SentBody({})", self.mime)
    }
}

impl fmt::Debug for SentContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Params(params) => write!(f, "Params({} fields)", params.len()),
        }
    }
}

impl fmt::Debug for SavedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("Missing"),
            Self::TooLong => f.write_str("TooLong"),
            Self::Unreadable => f.write_str("Unreadable"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
        }
    }
}

fn first<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Whether a text can stand in a form body as it is: nothing but what a percent encoder leaves.
fn is_encoded(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.*+%~!'()[]".contains(&b))
}

/// The headers of a list, each line by itself: some programs join `Set-Cookie` lines with a line end.
fn headers(list: Option<&Value>) -> Vec<(String, String)> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let pair = |header: &Value| {
        let text = |key| header.get(key).and_then(Value::as_str);
        Some((text("name")?.to_owned(), text("value")?.to_owned()))
    };
    let lines = |(name, value): (String, String)| {
        let values: Vec<String> = value.lines().map(str::to_owned).collect();
        let values = if values.is_empty() { vec![String::new()] } else { values };
        values.into_iter().map(move |value| (name.clone(), value))
    };
    list.iter().filter_map(pair).flat_map(lines).collect()
}

/// Some programs have the cookies in their own list only.
fn add_cookies(entry: &Value, this: &mut HarEntry) {
    let pairs = |pointer: &str| -> Vec<String> {
        let list = entry.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let pair = |cookie: &Value| {
            let text = |key| cookie.get(key).and_then(Value::as_str);
            Some(format!("{}={}", text("name")?, text("value")?))
        };
        list.iter().filter_map(pair).collect()
    };
    if this.request_header("cookie").is_none() {
        let sent = pairs("/request/cookies");
        if !sent.is_empty() {
            this.request_headers.push(("cookie".to_owned(), sent.join("; ")));
        }
    }
    if this.response_header("set-cookie").is_none() {
        let set = pairs("/response/cookies").into_iter().map(|pair| ("set-cookie".to_owned(), pair));
        this.response_headers.extend(set);
    }
}

fn sent(post: Option<&Value>, headers: &[(String, String)]) -> Option<SentBody> {
    let post = post?;
    let text = |key| post.get(key).and_then(Value::as_str);
    let mime = text("mimeType").or_else(|| first(headers, "content-type")).unwrap_or_default().to_owned();
    if let Some(body) = text("text").filter(|text| !text.is_empty()) {
        // mitmproxy writes bodies that are no text in Base64, and says so beside them.
        let packed = text("encoding").is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
        let body = match packed.then(|| from_base64(body)).flatten() {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => body.to_owned(),
        };
        return Some(SentBody { mime, content: SentContent::Text(body) });
    }
    let params = post.get("params").and_then(Value::as_array).filter(|params| !params.is_empty())?;
    let pair = |param: &Value| {
        let text = |key| param.get(key).and_then(Value::as_str);
        Some((text("name")?.to_owned(), text("value").unwrap_or_default().to_owned()))
    };
    Some(SentBody { mime, content: SentContent::Params(params.iter().filter_map(pair).collect()) })
}

fn body(content: Option<&Value>) -> SavedBody {
    let Some(content) = content else { return SavedBody::Missing };
    let text = match content.get("text") {
        Some(Value::String(text)) => text,
        // The reader of the file puts this in the place of a text that is too long.
        Some(Value::Null) => return SavedBody::TooLong,
        _ => return SavedBody::Missing,
    };
    let size = content.get("size").and_then(Value::as_f64).unwrap_or_default();
    match content.get("encoding") {
        // Firefox and Safari write an empty text for a body that they did not keep.
        None | Some(Value::Null) if text.is_empty() && size > 0.0 => SavedBody::Missing,
        None | Some(Value::Null) => SavedBody::Text(text.clone()),
        Some(Value::String(encoding)) if encoding.eq_ignore_ascii_case("base64") => {
            from_base64(text).map_or(SavedBody::Unreadable, SavedBody::Bytes)
        }
        Some(_) => SavedBody::Unreadable,
    }
}

/// The bytes of a Base64 text (RFC 4648). Line breaks, missing padding and stray bits in the last letter are
/// no fault: captures come from many programs.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let letters: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    LENIENT.decode(letters).ok()
}
