//! A page into a tree.
//!
//! The tree is html5ever's work. So are the tokens of everything that is written in an unusual way; the plain
//! tags and texts that make up nearly all of these pages are cut here, which takes a tenth of the time, and told
//! to the same tree builder. Wherever it is not certain that html5ever's tokenizer would stand between two
//! tokens at the end of a piece, the rest of the page is left to it.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use ego_tree::NodeId;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, CommentToken, DoctypeToken, ParseError, Tag, TagKind, TagToken, Token,
    TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink as _};
use html5ever::{Attribute, LocalName, QualName, TokenizerResult, ns};
use scraper::{Html, HtmlTreeSink};

use crate::html::bounds::{comment_end, end_of_raw, is_raw, read_tag};

/// The same tree as [`Html::parse_document`] makes; errors are not noted, and runs of text may be in other pieces.
pub(crate) fn parse(page: &str) -> Html {
    if has_special(page) {
        return Html::parse_document(page);
    }
    let page = match page.as_bytes().contains(&b'\r') {
        true => Cow::Owned(page.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(page),
    };
    let reader = Reader::new(&page);
    match reader.read() {
        Some(()) => reader.finish(),
        None => Html::parse_document(&page),
    }
}

/// Whether a page has a zero, or a byte order mark, which html5ever leaves out in some places.
fn has_special(page: &str) -> bool {
    // Two plain searches through all bytes; a byte order mark begins with 0xef, as few characters do.
    page.as_bytes().contains(&0) || page.as_bytes().contains(&0xef) && page.contains('\u{feff}')
}

/// The tree builder, and what it was told last.
struct Builder {
    tree: TreeBuilder<NodeId, HtmlTreeSink>,
    input: Rc<BufferQueue>,
    /// Nothing of the input was left when the last token came, and after that token the tokenizer is where it
    /// was before.
    between: Cell<bool>,
}

impl TokenSink for Builder {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        let error = matches!(token, ParseError(_));
        let whole = matches!(token, TagToken(_) | CommentToken(_) | DoctypeToken(_));
        let result = self.tree.process_token(token, line);
        if !error {
            let raw = matches!(result, TokenSinkResult::RawData(_) | TokenSinkResult::Plaintext);
            self.between.set(whole && !raw && self.input.is_empty());
        }
        result
    }

    fn end(&self) {
        self.tree.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.tree.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// What stands at a `<` or `&`.
enum Piece {
    /// A token, and its length.
    Plain(Token, usize),
    /// So many bytes for the tokenizer, which may end between two tokens.
    Odd(usize),
    /// Nobody knows.
    Rest,
}

struct Reader<'p> {
    page: &'p str,
    /// The page once more; pieces of it share its memory.
    shared: StrTendril,
    input: Rc<BufferQueue>,
    tokenizer: Tokenizer<Builder>,
}

impl<'p> Reader<'p> {
    fn new(page: &'p str) -> Self {
        let input = Rc::new(BufferQueue::default());
        let sink = HtmlTreeSink::new(Html::new_document());
        let tree = TreeBuilder::new(sink, TreeBuilderOpts::default());
        let builder = Builder { tree, input: Rc::clone(&input), between: Cell::new(true) };
        let tokenizer = Tokenizer::new(builder, TokenizerOpts::default());
        Self { page, shared: StrTendril::from(page), input, tokenizer }
    }

    /// Reads the page; `None` if a token had an effect that only the tokenizer can have.
    fn read(&self) -> Option<()> {
        let bytes = self.page.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let rest = bytes.get(at..)?;
            let text = rest.iter().position(|b| matches!(b, b'<' | b'&')).unwrap_or(rest.len());
            if text > 0 {
                self.tell(CharacterTokens(self.piece(at, text)?))?;
                at += text;
                continue;
            }
            match self.next_piece(at) {
                Piece::Plain(token, length) => {
                    self.tell(token)?;
                    at += length;
                }
                Piece::Odd(length) => {
                    self.feed(self.piece(at, length)?);
                    at += length;
                    if !self.tokenizer.sink.between.get() {
                        self.feed(self.piece(at, bytes.len() - at)?);
                        return Some(());
                    }
                }
                Piece::Rest => {
                    self.feed(self.piece(at, bytes.len() - at)?);
                    return Some(());
                }
            }
        }
        Some(())
    }

    fn piece(&self, at: usize, length: usize) -> Option<StrTendril> {
        let (at, length) = (u32::try_from(at).ok()?, u32::try_from(length).ok()?);
        self.shared.try_subtendril(at, length).ok()
    }

    /// Tells the tree builder a token.
    fn tell(&self, token: Token) -> Option<()> {
        match self.tokenizer.sink.tree.process_token(token, 1) {
            TokenSinkResult::Continue | TokenSinkResult::EncodingIndicator(_) => Some(()),
            _ => None,
        }
    }

    /// Has the tokenizer read a piece.
    fn feed(&self, piece: StrTendril) {
        self.tokenizer.sink.between.set(false);
        self.input.push_back(piece);
        // It stops at scripts and at declared character sets, of which we make nothing.
        while !matches!(self.tokenizer.feed(&self.input), TokenizerResult::Done) {}
    }

    fn finish(self) -> Html {
        self.tokenizer.end();
        self.tokenizer.sink.tree.sink.finish()
    }

    fn next_piece(&self, at: usize) -> Piece {
        let Some(rest) = self.page.get(at..) else { return Piece::Rest };
        let bytes = rest.as_bytes();
        match bytes.get(1) {
            _ if bytes.first() == Some(&b'&') => character(rest).unwrap_or(Piece::Rest),
            Some(b'a'..=b'z') => self.start_tag(at, rest).unwrap_or_else(|| odd_tag(rest, 1)),
            Some(b'/') => end_tag(rest).unwrap_or_else(|| odd_tag(rest, 2)),
            Some(b'A'..=b'Z') => odd_tag(rest, 1),
            Some(b'!') if rest.starts_with("<!--") => {
                rest.get(2..).and_then(comment_end).map_or(Piece::Rest, |end| Piece::Odd(end + 2))
            }
            Some(b'!') => {
                bytes.iter().position(|b| *b == b'>').map_or(Piece::Rest, |end| Piece::Odd(end + 1))
            }
            _ => Piece::Rest,
        }
    }

    /// A start tag, if it and its attributes are written as most are.
    fn start_tag(&self, at: usize, rest: &str) -> Option<Piece> {
        let bytes = rest.as_bytes();
        let name = rest.get(1..1 + word(bytes.get(1..)?))?;
        if is_odd(name) {
            return None;
        }
        let mut tag = Tag {
            kind: TagKind::StartTag,
            name: LocalName::from(name),
            self_closing: false,
            attrs: Vec::new(),
            had_duplicate_attributes: false,
        };
        let mut here = 1 + name.len();
        loop {
            here += bytes.get(here..)?.iter().take_while(|b| is_blank(**b)).count();
            match bytes.get(here)? {
                b'>' => return Some(Piece::Plain(TagToken(tag), here + 1)),
                b'/' if bytes.get(here + 1) == Some(&b'>') => {
                    tag.self_closing = true;
                    return Some(Piece::Plain(TagToken(tag), here + 2));
                }
                b'a'..=b'z' => {}
                _ => return None,
            }
            let length = bytes.get(here..)?.iter().take_while(|b| is_of_name(**b)).count();
            let name = LocalName::from(rest.get(here..here + length)?);
            here += length;
            let mut value = StrTendril::new();
            if bytes.get(here) == Some(&b'=') {
                let quote = *bytes.get(here + 1).filter(|b| matches!(b, b'"' | b'\''))?;
                here += 2;
                let length = bytes.get(here..)?.iter().position(|b| *b == quote || *b == b'&')?;
                if bytes.get(here + length) != Some(&quote) {
                    return None;
                }
                value = self.piece(at + here, length)?;
                here += length + 1;
            }
            if !bytes.get(here).is_some_and(|b| is_blank(*b) || matches!(b, b'>' | b'/')) {
                return None;
            }
            if tag.attrs.iter().any(|known| known.name.local == name) {
                return None;
            }
            tag.attrs.push(Attribute { name: QualName::new(None, ns!(), name), value });
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t')
}

fn is_of_name(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')
}

/// The length of the name of a plain tag.
fn word(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9')).count()
}

/// Whether the inside of an element may be other than tags and text.
fn is_odd(name: &str) -> bool {
    is_raw(name) || name == "plaintext"
}

fn end_tag(rest: &str) -> Option<Piece> {
    let bytes = rest.as_bytes();
    let length = word(bytes.get(2..)?);
    if !bytes.get(2)?.is_ascii_lowercase() || bytes.get(2 + length) != Some(&b'>') {
        return None;
    }
    let tag = Tag {
        kind: TagKind::EndTag,
        name: LocalName::from(rest.get(2..2 + length)?),
        self_closing: false,
        attrs: Vec::new(),
        had_duplicate_attributes: false,
    };
    Some(Piece::Plain(TagToken(tag), length + 3))
}

/// A tag written in another way, up to where it seems to end; one with raw text up to where its end tag seems to.
fn odd_tag(rest: &str, name_at: usize) -> Piece {
    let seen = || {
        let (name, _, length) = read_tag(rest.as_bytes().get(name_at..)?)?;
        let name = rest.get(name_at..name_at + name)?.to_ascii_lowercase();
        let end = name_at + length;
        if name_at > 1 || !is_odd(&name) {
            return Some(end);
        }
        let close = end_of_raw(rest.as_bytes(), end, &name)?;
        Some(close + rest.get(close..)?.find('>')? + 1)
    };
    seen().map_or(Piece::Rest, Piece::Odd)
}

/// A character reference that pages use.
fn character(rest: &str) -> Option<Piece> {
    let (reference, text) =
        [("&nbsp;", "\u{a0}"), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\"")]
            .into_iter()
            .find(|(reference, _)| rest.starts_with(reference))?;
    Some(Piece::Plain(CharacterTokens(StrTendril::from(text)), reference.len()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// The page as its tree has it. Written out, pieces of text that stand beside each other are one.
    fn tree_of(document: &Html) -> String {
        let mut out = format!("{:?}", document.quirks_mode);
        for edge in document.tree.root().traverse() {
            match edge {
                ego_tree::iter::Edge::Open(node) => match node.value() {
                    scraper::Node::Text(text) => out.push_str(text),
                    other => out.push_str(&format!("({other:?}")),
                },
                ego_tree::iter::Edge::Close(node) if node.value().is_text() => {}
                ego_tree::iter::Edge::Close(_) => out.push(')'),
            }
        }
        out
    }

    fn check(page: &str) {
        assert_eq!(tree_of(&parse(page)), tree_of(&Html::parse_document(page)), "{page:?}");
    }

    #[test]
    fn pages_with_odd_parts_are_read_as_html5ever_reads_them() {
        for page in [
            "",
            "<",
            "&",
            "</",
            "<!",
            "<p",
            "x<p a",
            "x<p a=",
            "x<p a='",
            "<!doctype html><title>a<b></title><p>x",
            "<title>a",
            "<script>'<!--<script>'</script>x</script>y<p>z",
            "<style></b><a x='</style>' y>z",
            "<svg><style></STYLE ><a x='</style>'>z<p>w",
            "<svg><title><b>x</title></svg><p>y",
            "<svg><![CDATA[<p>]]></svg>x",
            "<svg/><math/><p/>x<br/>y<br / >z",
            "<select><title>a</title><option>b</select><textarea>\n\nx</textarea><pre>\n\ny</pre>",
            "<p a=1 a=2 b=\"x&amp;y\" c='&nbsp' d = 'e' f>x",
            "<p a='1' a='2'>x<p A='1'>y<P>z</P ></p/>",
            "<p a='1'b='2'>x<p a/b>y<p a/ b>z",
            "<!--a--!>b--><p><!-->c--><p><!--->d--><p><!-- e",
            "<?php x ?><p></ x><p></1><p><1><p>a < b & c &lt d &ltx; &notit; &#48; &#x;",
            "&nbsp;&nbsp&NBSP;&amp;amp;&quot;",
            "<table>a\nb<tr>c<td>d</table>e<table> <p>f</table>",
            "<plaintext>a</plaintext><p>",
            "a\r\nb\rc<p d='e\rf'>g<script>\r\n</script>\r\nh",
            "\u{feff}a<script></script>\u{feff}b",
            "a\0b<p c='\0'>",
            "<meta charset=euc-kr>x<meta charset='euc-kr'>y<template><p>z</template>",
            "<frameset><frame></frameset><noframes>x</noframes>y",
            "<noscript><p>x</noscript>y<iframe><p></iframe>z<xmp><p></xmp>",
        ] {
            check(page);
        }
    }

    #[test]
    fn every_fixture_is_read_as_html5ever_reads_it_also_when_cut() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")];
        let mut pages = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "html") {
                    pages += 1;
                    let text = encoding_rs::EUC_KR.decode(&std::fs::read(path).unwrap()).0.into_owned();
                    check(&text);
                    check(&text.replace('\n', "\r\n"));
                    let third = (text.len() / 3..).find(|at| text.is_char_boundary(*at)).unwrap();
                    check(text.get(..third).unwrap());
                }
            }
        }
        assert!(pages > 20, "{pages}");
    }

    proptest! {
        #[test]
        fn any_page_is_read_as_html5ever_reads_it(
            page in "(<(p|a|b|div|table|tr|td|select|option|svg|title|script|style|textarea|pre|form|input|li)( id='x'| class=\"y z\"| b| id=x|\n| /| c='&nbsp;'| =)*/?>|</(p|a|b|div|table|tr|td|select|svg|title|script|style|textarea|form)( |\n|)>|<!--|-->|<!|<|>|&(nbsp|amp|lt|copy|#49)?;?|\r|\n|\t|\x0c|\x1f|'|\"|[ -~가]){0,40}",
        ) {
            prop_assert_eq!(tree_of(&parse(&page)), tree_of(&Html::parse_document(&page)));
        }
    }
}
