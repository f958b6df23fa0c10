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
        let name = lower(tag.name);
        if tag.closes {
            open.close(&name);
            continue;
        }
        // Within these elements the parser does not switch to raw text.
        let literal = || !open.names.iter().any(|n| matches!(n.as_ref(), "svg" | "math" | "select"));
        if RAW.contains(&name.as_ref()) && literal() && tags.skip_raw(&name) {
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

const RAW: [&str; 9] =
    ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript"];
const EMPTY: [&str; 22] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img", "input",
    "keygen", "link", "meta", "param", "source", "track", "wbr", "html", "head", "body",
];
const FORMATS: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Elements whose inside is closed off: end tags in them do not reach out.
const WALLS: [&str; 10] =
    ["table", "td", "th", "caption", "object", "applet", "marquee", "template", "svg", "math"];
/// Of those the ones that also end the reach of formatting.
const MARKS: [&str; 7] = ["td", "th", "caption", "object", "applet", "marquee", "template"];
/// Elements that an end tag of a plain one, such as `</span>`, does not reach across.
const BLOCKS: [&str; 32] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "button",
    "center",
    "dd",
    "details",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "header",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "select",
    "tbody",
    "tr",
    "ul",
];

/// The stack of open elements, and the formatting tags that will be opened again.
#[derive(Default)]
struct Open<'p> {
    names: Vec<Cow<'p, str>>,
    /// `None` marks a cell or the like.
    formats: Vec<Option<&'p str>>,
}

impl<'p> Open<'p> {
    fn open(&mut self, name: Cow<'p, str>, whole: &'p str) {
        let word = name.as_ref();
        if EMPTY.contains(&word) {
            return;
        }
        // A start tag that ends its predecessor, and what its search does not go beyond.
        let ends: (&[&str], fn(&str) -> bool) = match word {
            "p" => (&["p"], |n| WALLS.contains(&n) || n == "button"),
            "li" => (&["li"], is_wall_of_items),
            "dt" | "dd" => (&["dt", "dd"], is_wall_of_items),
            "option" | "optgroup" => (&["option"], |n| n == "select" || WALLS.contains(&n)),
            "td" | "th" => (&["td", "th"], |n| n == "table"),
            "tr" => (&["tr"], |n| n == "table"),
            "tbody" | "thead" | "tfoot" => (&["tbody", "thead", "tfoot"], |n| n == "table"),
            _ => (&[], |_| true),
        };
        let foreign = || self.names.iter().any(|n| n == "svg" || n == "math");
        if !ends.0.is_empty()
            && !foreign()
            && let Some(at) = self.find(|n| ends.0.contains(&n), ends.1)
        {
            self.cut(at);
        }
        if MARKS.contains(&word) {
            self.formats.push(None);
        } else if FORMATS.contains(&word) {
            if word == "a" {
                self.close_format("a");
            }
            let since = self.since_mark();
            let equal: Vec<usize> = (since..self.formats.len())
                .filter(|at| self.formats.get(*at) == Some(&Some(whole)))
                .collect();
            if equal.len() >= EQUAL_FORMATS
                && let Some(first) = equal.first()
            {
                self.formats.remove(*first);
            }
            self.formats.push(Some(whole));
        }
        self.names.push(name);
    }

    fn close(&mut self, name: &str) {
        if FORMATS.contains(&name) {
            self.close_format(name);
            return;
        }
        let found = match name {
            "table" => self.find(|n| n == "table", |_| false),
            "tr" | "td" | "th" | "tbody" | "thead" | "tfoot" | "caption" => {
                self.find(|n| n == name, |n| n == "table")
            }
            _ if BLOCKS.contains(&name) || WALLS.contains(&name) => {
                self.find(|n| n == name, |n| WALLS.contains(&n))
            }
            _ => self.find(|n| n == name, |n| BLOCKS.contains(&n) || WALLS.contains(&n)),
        };
        if let Some(at) = found {
            self.cut(at);
        }
    }

    /// The nearest element that is wanted, unless one comes first that is not looked beyond.
    fn find(&self, wanted: impl Fn(&str) -> bool, wall: impl Fn(&str) -> bool) -> Option<usize> {
        for (at, name) in self.names.iter().enumerate().rev() {
            if wanted(name) {
                return Some(at);
            }
            if wall(name) {
                return None;
            }
        }
        None
    }

    /// Closes an element and all within it. Formatting tags stay to be opened again, up to a mark.
    fn cut(&mut self, at: usize) {
        for name in self.names.split_off(at) {
            if MARKS.contains(&name.as_ref()) {
                self.formats.truncate(self.since_mark().saturating_sub(1));
            }
        }
    }

    /// Closes one formatting element, wherever it stands, and not what is within it.
    fn close_format(&mut self, name: &str) {
        if let Some(at) = self.find(|n| n == name, |n| WALLS.contains(&n)) {
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

fn is_wall_of_items(name: &str) -> bool {
    WALLS.contains(&name) || BLOCKS.contains(&name) && !matches!(name, "address" | "div" | "p")
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
            let rest = self.page.get(self.at..)?;
            let start = self.at + rest.find('<')?;
            let after = self.page.get(start + 1..)?;
            if after.starts_with("!--") {
                // `<!-->` is a whole comment.
                let inside = self.page.get(start + 2..)?;
                self.at = start + 2 + comment_end(inside)?;
                continue;
            }
            let closes = after.starts_with('/');
            let name_at = start + 1 + usize::from(closes);
            let tag = self.page.get(name_at..)?;
            if tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let (name, attributes, length) = read_tag(tag)?;
                self.at = name_at + length;
                let (name, whole) = (tag.get(..name)?, tag.get(..length)?);
                return Some(Tag { start, name, whole, closes, attributes });
            }
            self.at = match after.starts_with(['!', '?', '/']) {
                true => start + 1 + after.find('>')? + 1,
                false => start + 1,
            };
        }
    }
}

impl Tags<'_> {
    /// Goes beyond the end tag of an element with raw text, if there is one.
    fn skip_raw(&mut self, name: &str) -> bool {
        let Some(rest) = self.page.get(self.at..) else { return false };
        // Looked for once only: the search goes over the whole page.
        if self.endless.iter().any(|known| known == name) {
            return false;
        }
        let end = rest.match_indices("</").map(|(at, _)| at).find(|at| {
            let tail = rest.get(at + 2..).unwrap_or_default().as_bytes();
            let (word, after) = (tail.get(..name.len()), tail.get(name.len()));
            word.is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
                && after.is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
        });
        match end {
            Some(end) => self.at += end + 2 + name.len(),
            None => self.endless.push(name.to_owned()),
        }
        end.is_some()
    }
}

/// Where a comment ends, from its own dashes on.
fn comment_end(comment: &str) -> Option<usize> {
    comment.match_indices('>').map(|(at, _)| at).find_map(|at| {
        let before = comment.get(..at)?;
        (before.ends_with("--") || before.ends_with("--!")).then_some(at + 1)
    })
}

/// The length of a tag's name, how many attributes it has, and where it ends; `None` if it does not.
fn read_tag(tag: &str) -> Option<(usize, usize, usize)> {
    let bytes = tag.as_bytes();
    let name = bytes.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))?;
    let (mut at, mut attributes) = (name, 0);
    // An equals sign begins a value only after a name; else it begins a name.
    let (mut named, mut in_name) = (false, false);
    loop {
        match bytes.get(at)? {
            b'>' => return Some((name, attributes, at + 1)),
            b'/' => (named, in_name) = (false, false),
            b if b.is_ascii_whitespace() => in_name = false,
            b'=' if named => {
                at += 1;
                while bytes.get(at)?.is_ascii_whitespace() {
                    at += 1;
                }
                let first = *bytes.get(at)?;
                if matches!(first, b'"' | b'\'') {
                    at += 1 + bytes.get(at + 1..)?.iter().position(|b| *b == first)?;
                } else {
                    at += bytes.get(at..)?.iter().position(|b| b.is_ascii_whitespace() || *b == b'>')?;
                    (named, in_name) = (false, false);
                    continue;
                }
                (named, in_name) = (false, false);
            }
            _ => {
                if !in_name {
                    attributes += 1;
                }
                (named, in_name) = (true, true);
            }
        }
        at += 1;
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
