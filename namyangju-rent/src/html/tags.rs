//! The one walk over a page: it cuts the page into tags, texts and comments, as html5ever's tokenizer does.
//!
//! [`bounds`](super::bounds) checks each tag before anything is built of it, and [`tree`](super::tree) tells the same
//! pieces to html5ever's tree builder, so that a page is searched for tags once. What the walk cannot know
//! without a tree is whether the inside of an element such as `<style>` is text. Its user decides that, and
//! calls [`Tags::skip_raw`].

use std::borrow::Cow;
use std::ops::Range;

/// The most attributes of one tag: the parser compares each with all before it.
pub(crate) const MAX_ATTRIBUTES: usize = 256;

/// One piece of a page.
pub(crate) enum Piece<'p> {
    /// Text without `<` and `&`.
    Text(&'p str),
    /// One of the usual character references, and the character.
    Character(&'static str),
    Tag(Tag<'p>),
    /// A comment, a doctype, or what is read as a comment: `<?…>`, `</ …>`.
    Comment,
    /// A `<` or `&` that begins none of these.
    Sign,
}

/// A start tag or an end tag.
pub(crate) struct Tag<'p> {
    /// In lower case.
    pub(crate) name: Cow<'p, str>,
    /// As written, from the name to the `>`.
    pub(crate) whole: &'p str,
    /// Whether it is an end tag.
    pub(crate) closes: bool,
    pub(crate) self_closing: bool,
    /// Whether it is the start tag of an element whose inside is text up to its end tag, outside of `<svg>` and
    /// the like.
    pub(crate) raw: bool,
    /// Whether its names and values are written as they are meant: in lower case, without character references.
    /// A tag that is `raw`, or a `<plaintext>`, is not plain.
    pub(crate) plain: bool,
}

/// An attribute as written.
pub(crate) struct Attribute<'p> {
    pub(crate) name: &'p str,
    /// Where its value lies in the page, without quotes.
    pub(crate) value: Range<usize>,
}

/// An element whose inside is text.
pub(crate) struct Raw<'p> {
    pub(crate) inside: &'p str,
    /// `None` if the page ends within it.
    pub(crate) end_tag: Option<Tag<'p>>,
}

/// The pieces of a page, one after the other.
pub(crate) struct Tags<'p> {
    page: &'p str,
    /// Where the last piece lies.
    span: Range<usize>,
    attributes: Vec<Attribute<'p>>,
    /// The elements with raw text that are not closed any more.
    unclosed: Vec<String>,
}

impl<'p> Tags<'p> {
    pub(crate) fn new(page: &'p str) -> Self {
        Self { page, span: 0..0, attributes: Vec::new(), unclosed: Vec::new() }
    }

    /// Where the last piece lies in the page.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The attributes of the last tag, [`MAX_ATTRIBUTES`] and one at most.
    pub(crate) fn attributes(&self) -> &[Attribute<'p>] {
        &self.attributes
    }

    /// The next piece; `None` at the end, and at a tag or a comment that does not end.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Piece<'p>> {
        let start = self.span.end;
        let rest = self.page.get(start..)?;
        let bytes = rest.as_bytes();
        let text = bytes.iter().position(|b| matches!(b, b'<' | b'&')).unwrap_or(bytes.len());
        let (piece, length) = match (bytes.first()?, bytes.get(1)) {
            _ if text > 0 => (Piece::Text(rest.get(..text)?), text),
            (b'&', _) => {
                character(rest).map_or((Piece::Sign, 1), |(c, length)| (Piece::Character(c), length))
            }
            (_, Some(byte)) if byte.is_ascii_alphabetic() => return self.tag(start, false).map(Piece::Tag),
            (_, Some(b'/')) if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
                return self.tag(start, true).map(Piece::Tag);
            }
            (_, Some(b'!')) if rest.starts_with("<!--") => (Piece::Comment, 4 + comment_end(rest.get(4..)?)?),
            (_, Some(b'!' | b'?' | b'/')) => (Piece::Comment, rest.find('>')? + 1),
            _ => (Piece::Sign, 1),
        };
        self.span = start..start + length;
        Some(piece)
    }

    /// Adds the inside and the end tag of an element with raw text to the piece that is its start tag; `None`
    /// if there is no end tag.
    pub(crate) fn skip_raw(&mut self, name: &str) -> Option<Raw<'p>> {
        // Searched for only once, as the search goes over the whole page.
        if self.unclosed.iter().any(|known| known == name) {
            return None;
        }
        let Range { start, end: inside } = self.span;
        let Some(close) = end_of_raw(self.page.as_bytes(), inside, name) else {
            self.unclosed.push(name.to_owned());
            return None;
        };
        let end_tag = self.tag(close, true);
        if end_tag.is_none() {
            self.span.end = self.page.len();
        }
        self.span.start = start;
        Some(Raw { inside: self.page.get(inside..close)?, end_tag })
    }

    /// Reads the tag whose `<` is at `start`, and its attributes; `None` if it does not end.
    #[inline]
    fn tag(&mut self, start: usize, closes: bool) -> Option<Tag<'p>> {
        self.attributes.clear();
        let (page, bytes) = (self.page, self.page.as_bytes());
        let name_at = start + 1 + usize::from(closes);
        let (mut at, mut plain) = read_name(bytes, name_at, |b| matches!(b, b'>' | b'/'))?;
        let written = page.get(name_at..at)?;
        let name = if plain { Cow::Borrowed(written) } else { Cow::Owned(written.to_ascii_lowercase()) };
        let mut self_closing = false;
        loop {
            at = position(bytes, at, |b| !b.is_ascii_whitespace())?;
            match bytes.get(at)? {
                b'>' => break,
                b'/' => {
                    at += 1;
                    self_closing = bytes.get(at) == Some(&b'>');
                    continue;
                }
                _ => {}
            }
            // An equals sign begins a value only after a name; else it begins a name.
            let (end, plain_name) = read_name(bytes, at, |b| matches!(b, b'>' | b'/' | b'='))?;
            let name = page.get(at..end)?;
            at = position(bytes, end, |b| !b.is_ascii_whitespace())?;
            let mut value = end..end;
            let mut referring = false;
            if bytes.get(at) == Some(&b'=') {
                at = position(bytes, at + 1, |b| !b.is_ascii_whitespace())?;
                let quote = bytes.get(at).copied().filter(|b| matches!(b, b'"' | b'\''));
                (value, referring) = match quote {
                    Some(quote) => read_value(bytes, at + 1, |b| b == quote)?,
                    None => read_value(bytes, at, |b| b.is_ascii_whitespace() || b == b'>')?,
                };
                at = value.end + usize::from(quote.is_some());
            }
            plain &= plain_name && !referring;
            if self.attributes.len() <= MAX_ATTRIBUTES {
                self.attributes.push(Attribute { name, value });
            }
        }
        self.span = start..at + 1;
        let raw = !closes && is_raw(&name);
        let plain = plain && !raw && name != "plaintext";
        Some(Tag { name, whole: page.get(name_at..=at)?, closes, self_closing, raw, plain })
    }
}

/// Whether the inside of an element is text up to its end tag; its name is in lower case.
fn is_raw(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        b"script"
            | b"style"
            | b"textarea"
            | b"title"
            | b"xmp"
            | b"iframe"
            | b"noembed"
            | b"noframes"
            | b"noscript"
    )
}

/// Where the name ends that begins at `from`, with any byte, and whether it is written as most are.
fn read_name(bytes: &[u8], from: usize, ends: impl Fn(u8) -> bool) -> Option<(usize, bool)> {
    let is_plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    let ends = |b: u8| b.is_ascii_whitespace() || ends(b);
    let at = position(bytes, from, |b| !is_plain(b))?;
    if at > from && ends(*bytes.get(at)?) {
        return Some((at, true));
    }
    Some((position(bytes, at.max(from + 1), ends)?, false))
}

/// Where the value that begins at `from` lies, and whether it has an `&`.
fn read_value(bytes: &[u8], from: usize, ends: impl Fn(u8) -> bool) -> Option<(Range<usize>, bool)> {
    let at = position(bytes, from, |b| ends(b) || b == b'&')?;
    match bytes.get(at) {
        Some(b'&') => Some((from..position(bytes, at, ends)?, true)),
        _ => Some((from..at, false)),
    }
}

/// The character reference that a text begins with, if it is a usual one: the character and the reference's length.
fn character(text: &str) -> Option<(&'static str, usize)> {
    let (reference, character) =
        [("&nbsp;", "\u{a0}"), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\"")]
            .into_iter()
            .find(|(reference, _)| text.starts_with(reference))?;
    Some((character, reference.len()))
}

/// Where the end tag of an element with raw text begins, from `from` on.
fn end_of_raw(page: &[u8], mut from: usize, name: &str) -> Option<usize> {
    // In a comment in a script, the end tag of a script that begins there only ends that one.
    let (mut in_comment, mut in_nested) = (false, false);
    loop {
        let start = position(page, from, |b| b == b'<' || in_comment && b == b'>')?;
        from = start + 1;
        let tail = page.get(from..)?;
        if page.get(start) == Some(&b'>') {
            if page.get(..start)?.ends_with(b"--") {
                (in_comment, in_nested) = (false, false);
            }
        } else if let Some(tail) = tail.strip_prefix(b"/") {
            if is_named(tail, name) && !std::mem::take(&mut in_nested) {
                return Some(start);
            }
        } else if name == "script" {
            if in_comment {
                in_nested = in_nested || is_named(tail, name);
            } else if tail.starts_with(b"!--") {
                in_comment = true;
                // Its dashes may be those of its end.
                from += 3;
            }
        }
    }
}

/// Whether what follows the `<` or `</` of a tag is this name, and then the name's end.
fn is_named(tag: &[u8], name: &str) -> bool {
    let (word, after) = (tag.get(..name.len()), tag.get(name.len()));
    word.is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
        && after.is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
}

/// Where a comment ends, from behind its `<!--` on.
fn comment_end(comment: &str) -> Option<usize> {
    if let Some(short) = [">", "->"].into_iter().find(|end| comment.starts_with(end)) {
        return Some(short.len());
    }
    comment.match_indices('>').map(|(at, _)| at).find_map(|at| {
        let before = comment.get(..at)?;
        (before.ends_with("--") || before.ends_with("--!")).then_some(at + 1)
    })
}

/// Where the first such byte is, from `from` on.
fn position(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    Some(from + bytes.get(from..)?.iter().position(|b| wanted(*b))?)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use html5ever::TokenizerResult;
    use html5ever::tendril::StrTendril;
    use html5ever::tokenizer::states::{RawKind, Rawtext, Rcdata, ScriptData};
    use html5ever::tokenizer::{
        BufferQueue, TagKind, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
    };
    use proptest::prelude::*;

    use super::*;

    /// A tag's name, whether it is an end tag, whether it closes itself, and how many attributes it has.
    type Cut = (String, bool, bool, usize);

    /// Takes every element with raw text for one, as no tree says otherwise.
    #[derive(Default)]
    struct Sink(RefCell<Vec<Cut>>);

    impl TokenSink for Sink {
        type Handle = ();

        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            let TagToken(tag) = token else { return TokenSinkResult::Continue };
            let closes = tag.kind == TagKind::EndTag;
            self.0.borrow_mut().push((tag.name.to_string(), closes, tag.self_closing, tag.attrs.len()));
            let kind: RawKind = match tag.name.as_ref() {
                "script" => ScriptData,
                "title" | "textarea" => Rcdata,
                name if is_raw(name) => Rawtext,
                _ => return TokenSinkResult::Continue,
            };
            if closes { TokenSinkResult::Continue } else { TokenSinkResult::RawData(kind) }
        }
    }

    fn cut_by_html5ever(page: &str) -> Vec<Cut> {
        let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
        let input = BufferQueue::default();
        input.push_back(StrTendril::from(page));
        while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
        tokenizer.end();
        tokenizer.sink.0.take()
    }

    /// The same of the walk, in which attributes with equal names count once.
    fn cut(page: &str) -> Vec<Cut> {
        let mut tags = Tags::new(page);
        let mut cuts = Vec::new();
        let count = |tags: &Tags<'_>| {
            let names = tags.attributes().iter().map(|a| a.name.to_ascii_lowercase());
            names.collect::<std::collections::BTreeSet<_>>().len()
        };
        while let Some(piece) = tags.next() {
            let Piece::Tag(tag) = piece else { continue };
            cuts.push((tag.name.to_string(), tag.closes, tag.self_closing, count(&tags)));
            if !tag.raw {
                continue;
            }
            match tags.skip_raw(&tag.name) {
                Some(Raw { end_tag: Some(end), .. }) => {
                    cuts.push((end.name.to_string(), end.closes, end.self_closing, count(&tags)));
                }
                _ => break,
            }
        }
        cuts
    }

    proptest! {
        #[test]
        fn any_page_is_cut_as_html5ever_cuts_it(
            page in "(</?(p|P|a|svg|title|script|SCRIPT|style|textarea|plain-x|1)( |\n|/|=|>|a|a=|a=\"|a='|b|'|\"|A|<|&){0,4}>?|<!--|--|-->|--!>|!|<!|<\\?|<!\\[CDATA\\[|\\]\\]>|<|</|-|>|/|&amp;|x|가){0,30}",
        ) {
            prop_assert_eq!(cut(&page), cut_by_html5ever(&page));
        }
    }
}
