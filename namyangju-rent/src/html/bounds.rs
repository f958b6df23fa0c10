//! Whether a page can be read in bounded time: a look at its tags before the parser gets them.
//!
//! The parser's work grows with the square of a page's depth, of the attributes of one tag and of the
//! formatting tags left open; pages of these sites have a few thousand tags, thirty deep. This follows
//! the parser's stack of open elements as far as that takes no parser.

use std::borrow::Cow;

/// The largest page among the fixtures, a month of eight rounds a day, has 3,000 tags. So dense a page of
/// the most bytes that are read has 80,000.
const MOST_TAGS: usize = 100_000;

/// Browsers stop nesting at 512. With as many tags as allowed, the worst page made for it took 1.8 s at this
/// depth, optimised.
const DEEPEST: usize = 100;

/// Attributes of one tag: the parser compares each with all before it.
const MOST_ATTRIBUTES: usize = 256;

/// Formatting tags left open: the parser opens all of them again in each paragraph that follows.
const MOST_FORMATS: usize = 16;

/// Of equal formatting tags the parser keeps three.
const EQUAL_FORMATS: usize = 3;

/// Whether a page is within the bounds.
pub(crate) fn hold(page: &str) -> bool {
    let mut tags = Tags { page, at: 0, endless: Vec::new() };
    let mut open = Open::default();
    let mut count = 0;
    while let Some(tag) = tags.next() {
        count += 1;
        if count > MOST_TAGS || tag.attributes > MOST_ATTRIBUTES {
            return false;
        }
        let name = Name::of(tag.name);
        if tag.closes {
            open.close(&name);
            continue;
        }
        // Within these elements the parser does not switch to raw text.
        let literal = || !open.names.iter().any(|n| n.is(FOREIGN | SELECT));
        if name.is(RAW) && literal() && tags.skip_raw(&name.text) {
            continue;
        }
        open.open(name, tag.whole);
        if open.names.len() > DEEPEST || open.formats_since_mark() > MOST_FORMATS {
            return false;
        }
    }
    true
}

/// A name in lower case; most pages write it so.
fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

/// Whether a look at the page's beginning is enough to say that a visitor sees text on it. `false` only
/// means that it takes a parser to tell.
pub(crate) fn surely_show_text(page: &str) -> bool {
    let mut tags = Tags { page, at: 0, endless: Vec::new() };
    let mut in_end_tag = false;
    loop {
        let text_at = tags.at;
        let Some(tag) = tags.next() else { return false };
        let mut text = page.get(text_at..tag.start).unwrap_or_default();
        if std::mem::take(&mut in_end_tag) {
            let Some(after) = text.trim_start().strip_prefix('>') else { return false };
            text = after;
        }
        // A comment ends it here, and a reference may stand for a blank.
        text = text.split(['<', '&']).next().unwrap_or_default();
        if text.chars().any(char::is_alphanumeric) {
            return true;
        }
        let name = lower(tag.name);
        let plain = matches!(
            name.as_ref(),
            "html"
                | "head"
                | "body"
                | "meta"
                | "link"
                | "base"
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
                | "img"
                | "br"
                | "header"
                | "strong"
                | "b"
        );
        // A style may hide what follows.
        let styled = || {
            let whole = tag.whole.to_ascii_lowercase();
            whole.contains("hidden") || whole.contains("style")
        };
        let raw = !tag.closes && matches!(name.as_ref(), "script" | "style" | "title");
        let inside = tags.at;
        in_end_tag = raw && tags.skip_raw(&name);
        // A script within a comment within a script does not end where it seems to.
        let nested = |code: &str| code.contains("<!--") && code.to_ascii_lowercase().contains("<script");
        if in_end_tag && page.get(inside..tags.at).is_none_or(nested) {
            return false;
        }
        if !(in_end_tag || tag.closes || plain && !styled()) {
            return false;
        }
    }
}

/// What the rules say of an element's name: a set of the bits below.
type Kind = u32;

/// Its inside is text up to its end tag.
const RAW: Kind = 1;
/// It has no inside, or its tags are of no account for the depth.
const EMPTY: Kind = 1 << 1;
/// It is opened again in the paragraph that follows, if it was not closed.
const FORMAT: Kind = 1 << 2;
/// Its inside is closed off: end tags in it do not reach out.
const WALL: Kind = 1 << 3;
/// It also ends the reach of formatting.
const MARK: Kind = 1 << 4;
/// An end tag of a plain element, such as `</span>`, does not reach across it.
const BLOCK: Kind = 1 << 5;
/// The start tag of an item of a list does not end one beyond it.
const ITEM_WALL: Kind = 1 << 6;
const FOREIGN: Kind = 1 << 7;
const TABLE: Kind = 1 << 8;
/// A part of a table, which its own end tag closes across everything but a table.
const PART: Kind = 1 << 9;
const SELECT: Kind = 1 << 10;
const BUTTON: Kind = 1 << 11;
// Elements of which one ends the one before.
const PARAGRAPH: Kind = 1 << 12;
const ITEM: Kind = 1 << 13;
const TERM: Kind = 1 << 14;
const OPTION: Kind = 1 << 15;
const OPTION_GROUP: Kind = 1 << 16;
const CELL: Kind = 1 << 17;
const ROW: Kind = 1 << 18;
const ROWS: Kind = 1 << 19;

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
        b"script" | b"style" | b"textarea" | b"title" | b"xmp" | b"iframe" | b"noembed" | b"noframes"
        | b"noscript" => RAW,
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
    fn of(name: &'p str) -> Self {
        let text = lower(name);
        Self { kind: kind_of(&text), text }
    }

    /// Whether it is of one of these kinds.
    fn is(&self, kinds: Kind) -> bool {
        self.kind & kinds != 0
    }
}

/// The stack of open elements, and the formatting tags that will be opened again.
#[derive(Default)]
struct Open<'p> {
    names: Vec<Name<'p>>,
    /// `None` marks a cell or the like.
    formats: Vec<Option<&'p str>>,
}

impl<'p> Open<'p> {
    fn open(&mut self, name: Name<'p>, whole: &'p str) {
        if name.is(EMPTY) {
            return;
        }
        // A start tag that ends its predecessor, and what its search does not go beyond.
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
            if let (Some(first), Some(_)) = (equal.next(), equal.nth(EQUAL_FORMATS - 2)) {
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

    /// The nearest element that is wanted, unless one comes first that is not looked beyond.
    fn find(&self, wanted: impl Fn(&Name<'p>) -> bool, walls: Kind) -> Option<usize> {
        let at = self.names.iter().rposition(|name| wanted(name) || name.is(walls))?;
        self.names.get(at).is_some_and(wanted).then_some(at)
    }

    /// Closes an element and all within it. Formatting tags stay to be opened again, up to a mark.
    fn cut(&mut self, at: usize) {
        while self.names.len() > at
            && let Some(name) = self.names.pop()
        {
            if name.is(MARK) {
                self.formats.truncate(self.since_mark().saturating_sub(1));
            }
        }
    }

    /// Closes one formatting element, wherever it stands, and not what is within it.
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

/// One tag.
struct Tag<'p> {
    /// Where its `<` stands in the page.
    start: usize,
    name: &'p str,
    /// From the name to the end.
    whole: &'p str,
    closes: bool,
    attributes: usize,
}

/// The tags of a page, without those in comments and attribute values.
struct Tags<'p> {
    page: &'p str,
    at: usize,
    /// The elements with raw text that are not closed any more.
    endless: Vec<String>,
}

impl<'p> Iterator for Tags<'p> {
    type Item = Tag<'p>;

    fn next(&mut self) -> Option<Tag<'p>> {
        loop {
            let start = position(self.page.as_bytes(), self.at, |b| b == b'<')?;
            let after = self.page.get(start + 1..)?;
            let (closes, tag) = after.strip_prefix('/').map_or((false, after), |tag| (true, tag));
            if tag.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
                let (name, attributes, length) = read_tag(tag.as_bytes())?;
                self.at = start + 1 + usize::from(closes) + length;
                let (name, whole) = (tag.get(..name)?, tag.get(..length)?);
                return Some(Tag { start, name, whole, closes, attributes });
            }
            self.at = if after.starts_with("!--") {
                // `<!-->` is a whole comment.
                start + 2 + comment_end(self.page.get(start + 2..)?)?
            } else if after.starts_with(['!', '?', '/']) {
                start + 1 + after.find('>')? + 1
            } else {
                start + 1
            };
        }
    }
}

impl Tags<'_> {
    /// Goes beyond the end tag of an element with raw text, if there is one.
    fn skip_raw(&mut self, name: &str) -> bool {
        // Looked for once only: the search goes over the whole page.
        if self.endless.iter().any(|known| known == name) {
            return false;
        }
        let end = end_of_raw(self.page.as_bytes(), self.at, name);
        match end {
            Some(end) => self.at = end,
            None => self.endless.push(name.to_owned()),
        }
        end.is_some()
    }
}

/// Where the name in the end tag of an element with raw text ends, in a page from some byte on.
pub(crate) fn end_of_raw(page: &[u8], mut from: usize, name: &str) -> Option<usize> {
    loop {
        from = position(page, from, |b| b == b'<')? + 1;
        let Some(tail) = page.get(from..)?.strip_prefix(b"/") else { continue };
        let (word, after) = (tail.get(..name.len()), tail.get(name.len()));
        if word.is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
            && after.is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
        {
            return Some(from + 1 + name.len());
        }
    }
}

/// Whether the inside of an element is text up to its end tag; its name is in lower case.
pub(crate) fn is_raw(name: &str) -> bool {
    kind_of(name) & RAW != 0
}

/// Where a comment ends, from its own dashes on.
pub(crate) fn comment_end(comment: &str) -> Option<usize> {
    comment.match_indices('>').map(|(at, _)| at).find_map(|at| {
        let before = comment.get(..at)?;
        (before.ends_with("--") || before.ends_with("--!")).then_some(at + 1)
    })
}

/// The length of a tag's name, how many attributes it has, and where it ends; `None` if it does not.
pub(crate) fn read_tag(tag: &[u8]) -> Option<(usize, usize, usize)> {
    let name = position(tag, 0, |b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))?;
    let (mut at, mut attributes) = (name, 0);
    // An equals sign begins a value only after a name; else it begins a name.
    let (mut named, mut in_name) = (false, false);
    loop {
        match tag.get(at)? {
            b'>' => return Some((name, attributes, at + 1)),
            b'/' => (named, in_name) = (false, false),
            b if b.is_ascii_whitespace() => in_name = false,
            b'=' if named => {
                (named, in_name) = (false, false);
                at = position(tag, at + 1, |b| !b.is_ascii_whitespace())?;
                let first = *tag.get(at)?;
                if !matches!(first, b'"' | b'\'') {
                    at = position(tag, at, |b| b.is_ascii_whitespace() || b == b'>')?;
                    continue;
                }
                at = position(tag, at + 1, |b| b == first)?;
            }
            _ => {
                attributes += usize::from(!in_name);
                (named, in_name) = (true, true);
                let ends = |b: u8| b.is_ascii_whitespace() || matches!(b, b'>' | b'/' | b'=');
                at = position(tag, at + 1, ends)?;
                continue;
            }
        }
        at += 1;
    }
}

/// Where the first such byte stands, at `from` or later.
fn position(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    Some(from + bytes.get(from..)?.iter().position(|b| wanted(*b))?)
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
            &format!("<a title='{}'>", times("<div>", 100_000)),
            &times("<p><b>x</p>", 5000),
            &times("<a name=x>y", 5000),
            &times("<div>", DEEPEST),
        ] {
            assert!(hold(page), "{}", page.chars().take(60).collect::<String>());
        }
    }

    #[test]
    fn pages_that_would_keep_the_parser_busy_do_not() {
        let formats: String = (0..=MOST_FORMATS).map(|n| format!("<b id=x{n}>")).collect();
        let dangling: String = (0..=MOST_FORMATS).map(|n| format!("<p><i id=x{n}></p>")).collect();
        let attributes: String = (0..=MOST_ATTRIBUTES).map(|n| format!("a{n} ")).collect();
        for page in [
            times("<br>", MOST_TAGS + 1),
            times("<div>", DEEPEST + 1),
            times("<ul><li>", DEEPEST),
            times("<table><td>", DEEPEST),
            times("<span>", DEEPEST + 1),
            times("<div><!-- </div> -->", DEEPEST + 1),
            times("<div title='</div>'>", DEEPEST + 1),
            times("<div><script></div></script>", DEEPEST + 1),
            times("<b><div></b>", DEEPEST + 1),
            times("<span><div></span>", DEEPEST + 1),
            times("<svg><tr>", DEEPEST),
            format!("<div =\">{}", times("<div>", DEEPEST + 1)),
            format!("<!-->{}", times("<div>", DEEPEST + 1)),
            format!("<!-- --!>{}", times("<div>", DEEPEST + 1)),
            format!("<svg><style>{}", times("<div>", DEEPEST + 1)),
            format!("<select><style>{}</style>", times("<div>", DEEPEST + 1)),
            formats,
            dangling,
            format!("<div {attributes}>"),
        ] {
            assert!(!hold(&page), "{}", page.chars().take(60).collect::<String>());
        }
    }
}
