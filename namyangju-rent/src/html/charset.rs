//! Bytes of pages into text, and form fields into the bytes a browser would send (protocol.md 6.2).
//!
//! The sites speak EUC-KR, which `reqwest` and `serde_urlencoded` do not write: they would send UTF-8, and the site
//! would store a broken name. This file is the only one that turns text into bytes of a form.

use std::borrow::Cow;
use std::str::FromStr;

use encoding_rs::{EUC_KR, Encoding, UTF_8};
use percent_encoding::percent_decode;
use serde::{Deserialize, Serialize};

use crate::value::place::shortened;

/// How far into a page a browser looks for `<meta charset>`.
const META_WINDOW: usize = 1024;

/// A character set by its web label. `EUC-KR` means what browsers mean by it: windows-949, with
/// all 11,172 syllables.
///
/// Labels that are common on Korean servers but unknown to the web standard (`MS949`, `CP949`,
/// `UHC`, `x-windows-949`) are taken as EUC-KR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Charset(&'static Encoding);

/// A label that names no character set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a character set: EUC-KR or UTF-8 are what these sites use")]
pub struct CharsetError(String);

impl Charset {
    /// EUC-KR as browsers understand it.
    pub const EUC_KR: Self = Self(EUC_KR);
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);

    /// The name a browser would show.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The text as bytes; what the set lacks becomes a decimal reference, `&#128512;`.
    pub fn encode(self, text: &str) -> Cow<'_, [u8]> {
        self.0.encode(text).0
    }

    /// The bytes as text; what is no text becomes U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        self.0.decode_without_bom_handling(bytes).0
    }

    /// The bytes as text, if it is not longer than `most` bytes.
    pub(crate) fn decode_within(self, bytes: &[u8], most: usize) -> Option<Cow<'_, str>> {
        // In these sets no character takes more bytes than in the text: what is too long need not be decoded.
        if bytes.len() > most && (self == Self::EUC_KR || self == Self::UTF_8) {
            return None;
        }
        Some(self.decode(bytes)).filter(|text| text.len() <= most)
    }

    fn from_label(label: &[u8]) -> Option<Self> {
        let label = label.trim_ascii();
        let korean: [&[u8]; 4] = [b"ms949", b"cp949", b"uhc", b"x-windows-949"];
        if korean.iter().any(|k| label.eq_ignore_ascii_case(k)) {
            return Some(Self::EUC_KR);
        }
        Encoding::for_label(label).map(Self)
    }

    /// The set a page is written in: header, byte order mark, `<meta>` in the first 1,024 bytes,
    /// else what the dialect says.
    pub(crate) fn of_page(bytes: &[u8], content_type: Option<&[u8]>, fallback: Self) -> Self {
        content_type
            .and_then(charset_parameter)
            .and_then(Self::from_label)
            .or_else(|| Encoding::for_bom(bytes).map(|(encoding, _)| Self(encoding)))
            .or_else(|| {
                let head = bytes.get(..META_WINDOW).unwrap_or(bytes).to_ascii_lowercase();
                let head = without_comments(&head);
                let meta = head.windows(5).position(|w| w == b"<meta")?;
                charset_parameter(head.get(meta..)?).and_then(Self::from_label)
            })
            .unwrap_or(fallback)
    }
}

impl FromStr for Charset {
    type Err = CharsetError;

    fn from_str(text: &str) -> Result<Self, CharsetError> {
        Self::from_label(text.as_bytes()).ok_or_else(|| CharsetError(shortened(text)))
    }
}

impl TryFrom<String> for Charset {
    type Error = CharsetError;

    fn try_from(text: String) -> Result<Self, CharsetError> {
        text.parse()
    }
}

impl From<Charset> for String {
    fn from(charset: Charset) -> String {
        charset.name().to_owned()
    }
}

/// The beginning of a page without its comments, as a browser scans it for a character set.
fn without_comments(mut head: &[u8]) -> Vec<u8> {
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|w| w == what);
    let mut out = Vec::with_capacity(head.len());
    while let Some(start) = find(head, b"<!--") {
        out.extend_from_slice(head.get(..start).unwrap_or_default());
        // `<!-->` is a whole comment.
        let inside = head.get(start + 2..).unwrap_or_default();
        head = find(inside, b"-->").and_then(|end| inside.get(end + 3..)).unwrap_or_default();
    }
    out.extend_from_slice(head);
    out
}

/// The value after the first `charset=`, without quotes.
fn charset_parameter(bytes: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b"charset";
    let start = bytes.windows(KEY.len()).position(|w| w.eq_ignore_ascii_case(KEY))? + KEY.len();
    let rest = bytes.get(start..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end =
        rest.iter().position(|b| matches!(b, b'"' | b'\'' | b';' | b'>' | b'/') || b.is_ascii_whitespace());
    Some(rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest))
}

/// The fields of a form in the order in which they are sent; a name may occur again.
///
/// ```
/// use namyangju_rent::form_fields::{Charset, FormFields};
///
/// let mut fields = FormFields::new();
/// fields.push("receipt_time[]", "1908");
/// fields.push("receipt_time[]", "1909");
/// fields.push("playname", "테니스");
/// let body = fields.encode(Charset::EUC_KR);
/// assert_eq!(body, "receipt_time%5B%5D=1908&receipt_time%5B%5D=1909&playname=%C5%D7%B4%CF%BD%BA");
/// assert_eq!(FormFields::decode(&body, Charset::EUC_KR), fields);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields of a value that serialises to a flat struct, a map or a sequence of pairs.
    /// Fields that are `None` are left out. Repeated names need a sequence of pairs.
    ///
    /// # Errors
    /// [`NotFlat`] for a value with a list or a struct inside, such as a struct with a `Vec` field.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, NotFlat> {
        let utf8 = serde_urlencoded::to_string(value).map_err(|error| NotFlat(error.to_string()))?;
        Ok(Self(form_urlencoded::parse(utf8.as_bytes()).into_owned().collect()))
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// All fields as names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values of one name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The first value of a name.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The body a browser would send for these fields from a page in this character set: each
    /// text encoded once, line breaks as CRLF, `[]` as `%5B%5D`, what the set lacks as `&#NNNN;`.
    pub fn encode(&self, charset: Charset) -> String {
        let to_bytes = for_any_text(|text| Cow::Owned(charset.encode(&with_crlf(text)).into_owned()));
        form_urlencoded::Serializer::new(String::new())
            .encoding_override(Some(&to_bytes))
            .extend_pairs(&self.0)
            .finish()
    }

    /// Reads a body back. Percent signs are undone to bytes first, then the bytes are decoded.
    pub fn decode(body: &str, charset: Charset) -> Self {
        let text = |part: &str| -> String {
            let plus: String = part.replace('+', " ");
            let bytes: Cow<'_, [u8]> = percent_decode(plus.as_bytes()).into();
            charset.decode(&bytes).into_owned()
        };
        let pairs = body.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (text(name), text(value))
        });
        Self(pairs.collect())
    }

    /// The characters of the values that the set lacks, in the order of the fields.
    ///
    /// The site receives them as decimal references and will most likely show those.
    pub fn lacking(&self, charset: Charset) -> Vec<LackingCharacter> {
        self.iter()
            .flat_map(|(name, value)| value.chars().map(move |c| (name, c)))
            .filter(|(_, c)| charset.0.encode(c.encode_utf8(&mut [0; 4])).2)
            .map(|(name, character)| LackingCharacter { field: name.to_owned(), character })
            .collect()
    }

    /// The syllables that lie outside the 2,350 of KS X 1001, in the order of the fields.
    ///
    /// A browser sends them like any other; a server with a strict EUC-KR conversion may cut the
    /// text there.
    pub fn outside_ks_x_1001(&self) -> Vec<LackingCharacter> {
        self.iter()
            .flat_map(|(name, value)| value.chars().map(move |c| (name, c)))
            .filter(|(_, c)| {
                let mut utf8 = [0; 4];
                let (bytes, _, lacking) = EUC_KR.encode(c.encode_utf8(&mut utf8));
                !lacking && bytes.len() == 2 && bytes.iter().any(|b| *b < 0xA1)
            })
            .map(|(name, character)| LackingCharacter { field: name.to_owned(), character })
            .collect()
    }
}

/// A value that cannot be written as form fields: it has another value inside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is not a flat list of fields: {0}")]
pub struct NotFlat(String);

/// A character of a field that a character set lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LackingCharacter {
    /// The field's wire name.
    pub field: String,
    /// The character.
    pub character: char,
}

impl std::fmt::Debug for FormFields {
    /// Names only: the values may be a password, a name or a phone number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for FormFields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Tells the compiler that the closure takes a text of any lifetime.
fn for_any_text<F: Fn(&str) -> Cow<'_, [u8]>>(closure: F) -> F {
    closure
}

/// Line breaks as a browser sends them: CR, LF and CRLF all become CRLF.
fn with_crlf(text: &str) -> Cow<'_, str> {
    if !text.contains(['\r', '\n']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(value: &str) -> String {
        FormFields::from_iter([("a", value)]).encode(Charset::EUC_KR).split_off(2)
    }

    #[test]
    fn texts_are_encoded_once_and_as_chromium_does() {
        // protocol.md 6.2; the mixed line is what Chromium 156 sent for the same values.
        assert_eq!(encoded("테니스"), "%C5%D7%B4%CF%BD%BA");
        assert_eq!(encoded("운동"), "%BF%EE%B5%BF");
        assert_eq!(encoded("다산 뷁😀"), "%B4%D9%BB%EA+%94%EE%26%23128512%3B");
        assert_eq!(encoded("a\nb~*-._'()"), "a%0D%0Ab%7E*-._%27%28%29");
        assert_eq!(encoded("a\r\nb\rc"), "a%0D%0Ab%0D%0Ac");
    }

    #[test]
    fn every_hangul_syllable_survives() {
        let all: String = ('가'..='힣').collect();
        assert_eq!(all.chars().count(), 11_172);
        let fields = FormFields::from_iter([("all", all.as_str())]);
        assert!(fields.lacking(Charset::EUC_KR).is_empty());
        assert_eq!(fields.outside_ks_x_1001().len(), 11_172 - 2_350);
        assert_eq!(FormFields::decode(&fields.encode(Charset::EUC_KR), Charset::EUC_KR), fields);
    }

    #[test]
    fn a_value_with_a_list_inside_is_refused_and_pairs_are_kept() {
        #[derive(Serialize)]
        struct Nested {
            slots: Vec<u32>,
        }
        #[derive(Serialize)]
        struct Flat<'a> {
            memid: &'a str,
            ret_url: Option<&'a str>,
        }
        assert!(FormFields::from_value(&Nested { slots: vec![1, 2] }).is_err());
        let flat = FormFields::from_value(&Flat { memid: "회원", ret_url: None }).unwrap();
        assert_eq!(flat.encode(Charset::EUC_KR), "memid=%C8%B8%BF%F8");
        let pairs = FormFields::from_value(&[("t[]", "1"), ("t[]", "2")]).unwrap();
        assert_eq!(pairs.all("t[]").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn labels_of_korean_servers_are_known() {
        for label in
            ["euc-kr", "EUC-KR", "ks_c_5601-1987", "windows-949", "MS949", "cp949", "UHC", "x-windows-949"]
        {
            assert_eq!(label.parse(), Ok(Charset::EUC_KR), "{label}");
        }
        assert!("korean-ish".parse::<Charset>().is_err());
    }

    #[test]
    fn a_page_is_read_by_header_then_mark_then_meta_then_dialect() {
        let of = |bytes: &[u8], header: Option<&str>| {
            Charset::of_page(bytes, header.map(str::as_bytes), Charset::EUC_KR)
        };
        let meta: &[u8] =
            b"<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">";
        assert_eq!(of(meta, Some("text/html; charset=MS949")), Charset::EUC_KR);
        assert_eq!(of(b"\xEF\xBB\xBF<html>", Some("text/html")), Charset::UTF_8);
        assert_eq!(of(meta, Some("text/html")), Charset::UTF_8);
        assert_eq!(of(b"<META charset='utf-8'>", None), Charset::UTF_8);
        assert_eq!(of(b"<p>charset=utf-8</p>", None), Charset::EUC_KR);
        assert_eq!(of(b"", None), Charset::EUC_KR);
        assert_eq!(of(b"<!-- <meta charset=utf-8> --><p>", None), Charset::EUC_KR);
        assert_eq!(of(b"<!--><!-- x --><meta charset=utf-8>", None), Charset::UTF_8);
        assert_eq!(of(b"<!-- <meta charset=utf-8>", None), Charset::EUC_KR);
        assert_eq!(of(&[b' '; 5000], Some("text/html; charset=")), Charset::EUC_KR);
    }

    #[test]
    fn text_that_is_too_long_is_not_decoded() {
        let euc_kr = Charset::EUC_KR.encode("가나").into_owned();
        assert_eq!(Charset::EUC_KR.decode_within(&euc_kr, 6).as_deref(), Some("가나"));
        // Four bytes, six as text.
        assert_eq!(Charset::EUC_KR.decode_within(&euc_kr, 5), None);
        assert_eq!(Charset::EUC_KR.decode_within(&euc_kr, 3), None);
        // Text may be shorter than its bytes.
        let utf_16: Charset = "utf-16le".parse().unwrap();
        assert_eq!(utf_16.decode_within(b"a\0b\0", 2).as_deref(), Some("ab"));
        assert_eq!(utf_16.decode_within(b"a\0b\0", 1), None);
    }

    #[test]
    fn debug_shows_names_only() {
        let fields = FormFields::from_iter([("mempw", "invented-secret")]);
        assert_eq!(format!("{fields:?}"), "[\"mempw\"]");
    }

    proptest! {
        #[test]
        fn what_the_set_holds_comes_back(pairs in prop::collection::vec(("[a-z_]{1,8}(\\[\\])?", "[ -~가-힣]{0,20}"), 0..8)) {
            let fields: FormFields = pairs.into_iter().collect();
            prop_assert_eq!(FormFields::decode(&fields.encode(Charset::EUC_KR), Charset::EUC_KR), fields);
        }

        #[test]
        fn any_text_encodes_to_a_plain_body(value in any::<String>()) {
            let body = FormFields::from_iter([("v", value)]).encode(Charset::EUC_KR);
            prop_assert!(body.bytes().all(|b| b.is_ascii_alphanumeric() || b"*-._%+=&".contains(&b)));
        }

        #[test]
        fn no_body_and_no_page_is_too_odd_to_decode(bytes in prop::collection::vec(any::<u8>(), 0..400), header in any::<Vec<u8>>()) {
            let charset = Charset::of_page(&bytes, Some(&header), Charset::EUC_KR);
            let text = charset.decode(&bytes);
            FormFields::decode(&text, charset);
        }
    }
}
