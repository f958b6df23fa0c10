//! Whether a page can be parsed in bounded time, decided from its tags.
//!
//! The parser's work grows with the square of a page's depth, of the attributes of one tag and of the formatting
//! tags left open. The pages of these sites have a few thousand tags, thirty deep; a page with far more is
//! hostile or broken, and is refused before it can keep the program busy. The depth is followed on a copy of
//! the parser's stack of open elements, as far as that takes no parser.

use std::borrow::Cow;

use crate::html::tags::{MAX_ATTRIBUTES, Piece, Tag, Tags};

/// The largest page among the fixtures, a month of eight rounds a day, has 3,000 tags. A page as dense as that
/// one and as long as an answer may be has 80,000.
const MAX_TAGS: usize = 100_000;

/// Browsers stop nesting at 512. The worst page of [`MAX_TAGS`] tags that was made for this depth took 1.8 s,
/// optimised.
const MAX_DEPTH: usize = 100;

/// Formatting tags left open: the parser opens all of them again in each paragraph that follows.
const MAX_FORMATS: usize = 16;

/// The parser keeps this many equal formatting tags.
const MAX_EQUAL_FORMATS: usize = 3;

/// Whether a page is within the bounds.
pub(crate) fn hold(page: &str) -> bool {
    Bounds::default().hold_to_the_end(&mut Tags::new(page))
}

/// What the tags of a page so far have added up to.
#[derive(Default)]
pub(crate) struct Bounds<'p> {
    tags: usize,
    open: OpenElements<'p>,
    exceeded: bool,
}

impl<'p> Bounds<'p> {
    /// Whether the page is still within the bounds with the tag that was read last. If it begins an element such as
    /// `<script>`, this also skips the element's inside, which is text.
    pub(crate) fn admit(&mut self, tag: &Tag<'p>, tags: &mut Tags<'p>) -> bool {
        self.exceeded = self.exceeded || !self.count(tag, tags);
        !self.exceeded
    }

    fn count(&mut self, tag: &Tag<'p>, tags: &mut Tags<'p>) -> bool {
        self.tags += 1;
        if self.tags > MAX_TAGS || tags.attributes().len() > MAX_ATTRIBUTES {
            return false;
        }
        let name = Name::of(tag.name.clone());
        if tag.closes {
            self.open.close(&name);
            return true;
        }
        // Within these elements the parser does not switch to raw text.
        let literal = || !self.open.names.iter().any(|n| n.is(FOREIGN | SELECT));
        if tag.raw && literal() && tags.skip_raw(&tag.name).is_some() {
            // Now those of the end tag.
            return tags.attributes().len() <= MAX_ATTRIBUTES;
        }
        self.open.open(name, tag.whole);
        self.open.names.len() <= MAX_DEPTH && self.open.formats_since_mark() <= MAX_FORMATS
    }

    /// Whether the page stays within the bounds to its end.
    pub(crate) fn hold_to_the_end(&mut self, tags: &mut Tags<'p>) -> bool {
        while !self.exceeded
            && let Some(piece) = tags.next()
        {
            if let Piece::Tag(tag) = piece {
                self.admit(&tag, tags);
            }
        }
        // The page may end within a tag.
        !self.exceeded && tags.attributes().len() <= MAX_ATTRIBUTES
    }
}

/// Whether the beginning of a page shows a visitor text for certain. `false` only means that it takes a parser
/// to tell.
pub(crate) fn surely_show_text(page: &str) -> bool {
    let mut tags = Tags::new(page);
    // Only text directly after a tag counts: what follows a comment or a reference may be part of it.
    let mut after_tag = true;
    while let Some(piece) = tags.next() {
        let tag = match piece {
            Piece::Text(text) if after_tag && text.chars().any(char::is_alphanumeric) => return true,
            Piece::Text(_) => continue,
            Piece::Tag(tag) => tag,
            Piece::Character(_) | Piece::Comment | Piece::Sign => {
                after_tag = false;
                continue;
            }
        };
        after_tag = true;
        if !tag.closes && matches!(tag.name.as_ref(), "script" | "style" | "title") {
            let Some(raw) = tags.skip_raw(&tag.name) else { return false };
            // A script within a comment within a script does not end where it seems to.
            let nested = raw.inside.contains("<!--") && raw.inside.to_ascii_lowercase().contains("<script");
            let plain_end = raw.end_tag.is_some_and(|end| tags.attributes().is_empty() && !end.self_closing);
            if nested || !plain_end {
                return false;
            }
            continue;
        }
        let empty = matches!(tag.name.as_ref(), "meta" | "link" | "base" | "img" | "br");
        let plain = matches!(
            tag.name.as_ref(),
            "html"
                | "head"
                | "body"
                | "div"
                | "p"
                | "ul"
                | "ol"
                | "li"
                | "a"
                | "h1"
                | "h2"
                | "h3"
                | "span"
                | "header"
                | "strong"
                | "b"
        );
        // A style may hide what is inside.
        let styled = || {
            let whole = tag.whole.to_ascii_lowercase();
            whole.contains("hidden") || whole.contains("style")
        };
        if !(tag.closes || empty || plain && !styled()) {
            return false;
        }
    }
    false
}

/// What the parser's rules say of an element's name: a set of the bits below.
type Kind = u32;

/// A void element, or one whose tags do not change the depth.
const EMPTY: Kind = 1;
/// A formatting element: if it is not closed, it is opened again in the next paragraph.
const FORMAT: Kind = 1 << 1;
/// An end tag inside it does not close an element outside it.
const WALL: Kind = 1 << 2;
/// Formatting elements from outside it are not opened again inside it.
const MARK: Kind = 1 << 3;
/// The end tag of an ordinary element, such as `</span>`, does not close one outside it.
const BLOCK: Kind = 1 << 4;
/// The start tag of a list item does not end an item outside it.
const ITEM_WALL: Kind = 1 << 5;
const FOREIGN: Kind = 1 << 6;
const TABLE: Kind = 1 << 7;
/// A part of a table: its end tag closes it across everything but a table.
const PART: Kind = 1 << 8;
const SELECT: Kind = 1 << 9;
const BUTTON: Kind = 1 << 10;
// Elements whose start tag ends the element of the same kind before it.
const PARAGRAPH: Kind = 1 << 11;
const ITEM: Kind = 1 << 12;
const TERM: Kind = 1 << 13;
const OPTION: Kind = 1 << 14;
const OPTION_GROUP: Kind = 1 << 15;
const CELL: Kind = 1 << 16;
const ROW: Kind = 1 << 17;
const ROWS: Kind = 1 << 18;

/// The kind of a name in lower case.
fn kind_of(name: &str) -> Kind {
    const CLOSED: Kind = WALL | ITEM_WALL;
    const OUTER: Kind = BLOCK | ITEM_WALL;
    match name.as_bytes() {
        b"td" | b"th" => CLOSED | MARK | PART | CELL,
        b"tr" => OUTER | PART | ROW,
        b"a" | b"b" | b"big" | b"code" | b"em" | b"font" | b"i" | b"nobr" | b"s" | b"small" | b"strike"
        | b"strong" | b"tt" | b"u" => FORMAT,
        b"area" | b"base" | b"basefont" | b"bgsound" | b"br" | b"col" | b"embed" | b"frame" | b"hr"
        | b"image" | b"img" | b"input" | b"keygen" | b"link" | b"meta" | b"param" | b"source" | b"track"
        | b"wbr" | b"html" | b"head" | b"body" => EMPTY,
        b"p" => BLOCK | PARAGRAPH,
        b"address" | b"div" => BLOCK,
        b"li" => OUTER | ITEM,
        b"dd" | b"dt" => OUTER | TERM,
        b"button" => OUTER | BUTTON,
        b"select" => OUTER | SELECT,
        b"tbody" => OUTER | PART | ROWS,
        b"thead" | b"tfoot" => PART | ROWS,
        b"article" | b"aside" | b"blockquote" | b"center" | b"details" | b"dir" | b"dl" | b"fieldset"
        | b"figure" | b"footer" | b"form" | b"h1" | b"h2" | b"h3" | b"h4" | b"header" | b"main" | b"nav"
        | b"ol" | b"pre" | b"section" | b"ul" => OUTER,
        b"option" => OPTION,
        b"optgroup" => OPTION_GROUP,
        b"table" => CLOSED | TABLE,
        b"caption" => CLOSED | MARK | PART,
        b"object" | b"applet" | b"marquee" | b"template" => CLOSED | MARK,
        b"svg" | b"math" => CLOSED | FOREIGN,
        _ => 0,
    }
}

/// The name of an element.
struct Name<'p> {
    /// In lower case.
    text: Cow<'p, str>,
    kind: Kind,
}

impl<'p> Name<'p> {
    fn of(text: Cow<'p, str>) -> Self {
        Self { kind: kind_of(&text), text }
    }

    /// Whether it is of one of these kinds.
    fn is(&self, kinds: Kind) -> bool {
        self.kind & kinds != 0
    }
}

/// The stack of open elements, and the formatting tags that will be opened again.
#[derive(Default)]
struct OpenElements<'p> {
    names: Vec<Name<'p>>,
    /// `None` for an element of the kind [`MARK`].
    formats: Vec<Option<&'p str>>,
}

impl<'p> OpenElements<'p> {
    fn open(&mut self, name: Name<'p>, whole: &'p str) {
        if name.is(EMPTY) {
            return;
        }
        // The kind of element that this start tag ends, and the kinds across which it does not.
        const ENDING: Kind = PARAGRAPH | ITEM | TERM | OPTION | OPTION_GROUP | CELL | ROW | ROWS;
        let (ends, walls) = match name.kind & ENDING {
            PARAGRAPH => (PARAGRAPH, WALL | BUTTON),
            ITEM => (ITEM, ITEM_WALL),
            TERM => (TERM, ITEM_WALL),
            OPTION | OPTION_GROUP => (OPTION, SELECT | WALL),
            part => (part, TABLE),
        };
        let foreign = || self.names.iter().any(|n| n.is(FOREIGN));
        if ends != 0
            && !foreign()
            && let Some(at) = self.find(|n| n.is(ends), walls)
        {
            self.cut(at);
        }
        if name.is(MARK) {
            self.formats.push(None);
        } else if name.is(FORMAT) {
            if name.text == "a" {
                self.close_format("a");
            }
            let since = self.since_mark();
            let mut equal =
                (since..self.formats.len()).filter(|at| self.formats.get(*at) == Some(&Some(whole)));
            if let (Some(first), Some(_)) = (equal.next(), equal.nth(MAX_EQUAL_FORMATS - 2)) {
                self.formats.remove(first);
            }
            self.formats.push(Some(whole));
        }
        self.names.push(name);
    }

    fn close(&mut self, name: &Name<'_>) {
        if name.is(FORMAT) {
            self.close_format(&name.text);
            return;
        }
        let walls = match name.kind {
            kind if kind & TABLE != 0 => 0,
            kind if kind & PART != 0 => TABLE,
            kind if kind & (BLOCK | WALL) != 0 => WALL,
            _ => BLOCK | WALL,
        };
        if let Some(at) = self.find(|n| n.text == name.text, walls) {
            self.cut(at);
        }
    }

    /// The innermost element that matches, unless one of the kinds `walls` is inside it.
    fn find(&self, wanted: impl Fn(&Name<'p>) -> bool, walls: Kind) -> Option<usize> {
        let at = self.names.iter().rposition(|name| wanted(name) || name.is(walls))?;
        self.names.get(at).is_some_and(wanted).then_some(at)
    }

    /// Closes an element and all inside it. Its formatting tags stay in the list, up to a mark.
    fn cut(&mut self, at: usize) {
        while self.names.len() > at
            && let Some(name) = self.names.pop()
        {
            if name.is(MARK) {
                self.formats.truncate(self.since_mark().saturating_sub(1));
            }
        }
    }

    /// Closes a formatting element, but not the elements inside it.
    fn close_format(&mut self, name: &str) {
        if let Some(at) = self.find(|n| n.text == name, WALL) {
            self.names.remove(at);
        }
        let is_it = |whole: &str| {
            let rest = whole.get(..name.len()).filter(|word| word.eq_ignore_ascii_case(name));
            rest.is_some()
                && !whole
                    .get(name.len()..)
                    .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        let since = self.since_mark();
        let last = (since..self.formats.len())
            .rev()
            .find(|at| self.formats.get(*at).copied().flatten().is_some_and(is_it));
        if let Some(at) = last {
            self.formats.remove(at);
        }
    }

    fn since_mark(&self) -> usize {
        self.formats.iter().rposition(Option::is_none).map_or(0, |at| at + 1)
    }

    fn formats_since_mark(&self) -> usize {
        self.formats.len() - self.since_mark()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(text: &str, times: usize) -> String {
        text.repeat(times)
    }

    #[test]
    fn pages_as_people_write_them_hold() {
        let unclosed_cells = times("<tr><td><font color=red><b>x<td><p>y<li>z<div><br><img src=a>", 3000);
        for page in [
            "",
            "plain text < and > & more",
            "<!-- <div> -->",
            &format!("<table>{unclosed_cells}</table>"),
            &format!("<ul>{}</ul>", times("<li><a href='/x'>x</a><div>y", 5000)),
            &format!("<select>{}</select>", times("<option value=1>x", 20_000)),
            &format!("<script>{}</script>", times("w('<div><b id=x>');", 9000)),
            &format!("<!--{}-->", times("<div>", 100_000)),
            &format!("<script><!--<script></script>{}--></script>", times("<div>", 100_000)),
            &format!("<a title='{}'>", times("<div>", 100_000)),
            &times("<p><b>x</p>", 5000),
            &times("<a name=x>y", 5000),
            &times("<div>", MAX_DEPTH),
        ] {
            assert!(hold(page), "{}", page.chars().take(60).collect::<String>());
        }
    }

    #[test]
    fn pages_that_would_keep_the_parser_busy_do_not() {
        let formats: String = (0..=MAX_FORMATS).map(|n| format!("<b id=x{n}>")).collect();
        let dangling: String = (0..=MAX_FORMATS).map(|n| format!("<p><i id=x{n}></p>")).collect();
        let attributes: String = (0..=MAX_ATTRIBUTES).map(|n| format!("a{n} ")).collect();
        for page in [
            times("<br>", MAX_TAGS + 1),
            times("<div>", MAX_DEPTH + 1),
            times("<ul><li>", MAX_DEPTH),
            times("<table><td>", MAX_DEPTH),
            times("<span>", MAX_DEPTH + 1),
            times("<div><!-- </div> -->", MAX_DEPTH + 1),
            times("<div title='</div>'>", MAX_DEPTH + 1),
            times("<div><script></div></script>", MAX_DEPTH + 1),
            times("<b><div></b>", MAX_DEPTH + 1),
            times("<span><div></span>", MAX_DEPTH + 1),
            times("<svg><tr>", MAX_DEPTH),
            format!("<div =\">{}", times("<div>", MAX_DEPTH + 1)),
            format!("<!-->{}", times("<div>", MAX_DEPTH + 1)),
            format!("<!-- --!>{}", times("<div>", MAX_DEPTH + 1)),
            format!("<svg><style>{}", times("<div>", MAX_DEPTH + 1)),
            format!("<select><style>{}</style>", times("<div>", MAX_DEPTH + 1)),
            formats,
            dangling,
            format!("<div {attributes}>"),
            format!("<div {attributes}b c"),
            format!("<script></script {attributes}>"),
            format!("<script></script {attributes}b c"),
            format!("<script></script x='><a title=\"'>{}\">", times("<div>", MAX_DEPTH + 1)),
            format!("<script><!--<script></script><a title='--></script>{}'>", times("<div>", MAX_DEPTH + 1)),
            format!("<!--!><a title='-->{}'>", times("<div>", MAX_DEPTH + 1)),
        ] {
            assert!(!hold(&page), "{}", page.chars().take(60).collect::<String>());
        }
    }
}
