//! From a page to a tree, in two thirds of the time that scraper takes.
//!
//! This file only buys speed. Deleting it and calling the parser directly is always correct: replace the call of
//! [`parse`] by `bounds::hold(page).then(|| Html::parse_document(page))`. On the fixtures, 2026-11-25, it takes
//! 0.67 of the instructions of `Html::parse_document` alone, the check of the bounds included, and about 0.62 of
//! its time: 0.24 ms instead of 0.39 for a day page, 0.6 ms instead of 1.0 for the list of a month.
//!
//! html5ever has two halves, a tokenizer and a tree builder, and the tree is always made by its tree builder. Nearly
//! all of a page is plain tags and texts. [`Tags`] cuts these, and they are told to the tree builder at once.
//! What is written in an unusual way goes to html5ever's tokenizer; if that is not between two tokens after
//! it, it gets the rest of the page as well. [`Bounds`] checks each tag in the same walk, before it is told.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use ego_tree::NodeId;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    self, BufferQueue, CharacterTokens, CommentToken, DoctypeToken, ParseError, TagKind, TagToken, Token,
    TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink as _};
use html5ever::{Attribute, LocalName, QualName, TokenizerResult, ns};
use scraper::{Html, HtmlTreeSink};

use crate::html::bounds::{self, Bounds};
use crate::html::tags::{Piece, Tag, Tags};

/// The same tree as [`Html::parse_document`] makes; errors are not noted, and runs of text may be in other
/// pieces. `None` if the page is out of [`bounds`]: no more of the tree was built than a page within them costs.
pub(crate) fn parse(page: &str) -> Option<Html> {
    if has_special(page) {
        return bounds::hold(page).then(|| Html::parse_document(page));
    }
    let page = match page.as_bytes().contains(&b'\r') {
        true => Cow::Owned(page.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(page),
    };
    let mut tags = Tags::new(&page);
    let mut bounds = Bounds::default();
    let reader = PageParser::new(&page);
    let end = reader.read(&mut tags, &mut bounds);
    // The parser gets what is left only if that is within the bounds too.
    bounds.hold_to_the_end(&mut tags).then(|| {
        let tree = end.and_then(|end| reader.finish(end));
        tree.unwrap_or_else(|| Html::parse_document(&page))
    })
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
    /// The last token used up the input and left the tokenizer in its data state.
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

/// Both halves of html5ever, at work on one page.
struct PageParser {
    /// The page once more; parts of it share its memory.
    shared: StrTendril,
    input: Rc<BufferQueue>,
    tokenizer: Tokenizer<Builder>,
}

impl PageParser {
    fn new(page: &str) -> Self {
        let input = Rc::new(BufferQueue::default());
        let sink = HtmlTreeSink::new(Html::new_document());
        let tree = TreeBuilder::new(sink, TreeBuilderOpts::default());
        let builder = Builder { tree, input: Rc::clone(&input), between: Cell::new(true) };
        let tokenizer = Tokenizer::new(builder, TokenizerOpts::default());
        Self { shared: StrTendril::from(page), input, tokenizer }
    }

    /// Reads the page piece by piece, and returns where it stopped: at the end, at a tag that is out of bounds, or
    /// where the tokenizer has to go on. `None` if a token had an effect that only the tokenizer can have.
    fn read<'p>(&self, tags: &mut Tags<'p>, bounds: &mut Bounds<'p>) -> Option<usize> {
        let mut end = 0;
        while let Some(piece) = tags.next() {
            if let Piece::Tag(tag) = &piece
                && !bounds.admit(tag, tags)
            {
                break;
            }
            let token = match piece {
                Piece::Text(_) => Some(CharacterTokens(self.part(tags.span())?)),
                Piece::Character(character) => Some(CharacterTokens(StrTendril::from(character))),
                Piece::Tag(tag) => self.token(&tag, tags),
                Piece::Comment => None,
                Piece::Sign => break,
            };
            end = tags.span().end;
            if let Some(token) = token {
                self.tell(token)?;
            } else {
                self.feed(self.part(tags.span())?);
                if !self.tokenizer.sink.between.get() {
                    break;
                }
            }
        }
        Some(end)
    }

    /// A part of the page.
    fn part(&self, span: Range<usize>) -> Option<StrTendril> {
        let (at, length) = (u32::try_from(span.start).ok()?, u32::try_from(span.len()).ok()?);
        self.shared.try_subtendril(at, length).ok()
    }

    /// Tells the tree builder a token.
    fn tell(&self, token: Token) -> Option<()> {
        match self.tokenizer.sink.tree.process_token(token, 1) {
            TokenSinkResult::Continue | TokenSinkResult::EncodingIndicator(_) => Some(()),
            _ => None,
        }
    }

    /// Has the tokenizer read a part.
    fn feed(&self, part: StrTendril) {
        self.tokenizer.sink.between.set(false);
        self.input.push_back(part);
        // It stops at scripts and at declared character sets, of which we make nothing.
        while !matches!(self.tokenizer.feed(&self.input), TokenizerResult::Done) {}
    }

    /// Has the tokenizer read the page from a byte on.
    fn finish(self, from: usize) -> Option<Html> {
        if from < self.shared.len() {
            self.feed(self.part(from..self.shared.len())?);
        }
        self.tokenizer.end();
        Some(self.tokenizer.sink.tree.sink.finish())
    }

    /// The token of a tag; `None` if the tokenizer has to make it.
    fn token(&self, tag: &Tag<'_>, tags: &Tags<'_>) -> Option<Token> {
        if !tag.plain {
            return None;
        }
        let mut attrs: Vec<Attribute> = Vec::with_capacity(tags.attributes().len());
        for attribute in tags.attributes() {
            let name = LocalName::from(attribute.name);
            if attrs.iter().any(|known| known.name.local == name) {
                return None;
            }
            let value = self.part(attribute.value.clone())?;
            attrs.push(Attribute { name: QualName::new(None, ns!(), name), value });
        }
        Some(TagToken(tokenizer::Tag {
            kind: if tag.closes { TagKind::EndTag } else { TagKind::StartTag },
            name: LocalName::from(tag.name.as_ref()),
            self_closing: tag.self_closing,
            attrs,
            had_duplicate_attributes: false,
        }))
    }
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
        let tree = parse(page).expect("a page within the bounds");
        assert_eq!(tree_of(&tree), tree_of(&Html::parse_document(page)), "{page:?}");
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
            let tree = parse(&page);
            prop_assert_eq!(tree.is_some(), bounds::hold(&page));
            if let Some(tree) = tree {
                prop_assert_eq!(tree_of(&tree), tree_of(&Html::parse_document(&page)));
            }
        }
    }
}
