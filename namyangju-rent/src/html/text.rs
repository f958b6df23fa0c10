//! The text of a page as a person reads it: without scripts and hidden parts, blanks folded.

use scraper::{ElementRef, Html, Node};

/// The most bytes of one element's text that are read. Elements within each other share their text.
const MAX_TEXT: usize = 16 * 1024;

/// Whether a visitor sees an element, as far as the page itself tells and not its style sheets.
pub(crate) fn is_shown(element: ElementRef<'_>) -> bool {
    !is_unseen(element.value())
        && element.ancestors().filter_map(ElementRef::wrap).all(|around| !is_unseen(around.value()))
}

/// The text of an element as a person reads it, blanks folded (non-breaking ones too). Of a very long
/// one it is the beginning.
pub(crate) fn text_of(element: ElementRef<'_>) -> String {
    visible_text(element, MAX_TEXT)
}

/// The text of a whole page as a person reads it, blanks folded.
pub(crate) fn text_of_page(document: &Html) -> String {
    visible_text(document.root_element(), usize::MAX)
}

fn visible_text(element: ElementRef<'_>, most: usize) -> String {
    let mut folded = Folded::default();
    for_each_piece(element, most, |piece| folded.push(piece, |c| is_blank(c) || c == LINE_BREAK));
    folded.text
}

/// The text of an element up to its first line break, blanks folded.
pub(crate) fn first_line_of(element: ElementRef<'_>) -> String {
    let mut raw = String::new();
    for_each_piece(element, MAX_TEXT, |piece| raw.push_str(piece));
    raw.split(LINE_BREAK).map(fold).find(|line| !line.is_empty()).unwrap_or_default()
}

/// Stands for a line break in text on its way; a page's own is taken for one too.
const LINE_BREAK: char = '\u{1}';

/// Goes through the visible text, with a mark where the page breaks a line. The walk is over a list,
/// not the stack: pages are not to be trusted with our stack.
fn for_each_piece(element: ElementRef<'_>, most: usize, mut take: impl FnMut(&str)) {
    let mut left = most;
    let mut skip_below = None;
    for edge in element.traverse() {
        if left == 0 {
            return;
        }
        let piece = match edge {
            ego_tree::iter::Edge::Open(node) if skip_below.is_none() => match node.value() {
                Node::Text(text) => beginning(text, left),
                Node::Element(tag) if is_unseen(tag) => {
                    skip_below = Some(node.id());
                    continue;
                }
                Node::Element(tag) => match tag.name() {
                    "br" | "p" | "div" | "tr" | "li" => "\u{1}",
                    "td" | "th" => " ",
                    _ => continue,
                },
                _ => continue,
            },
            ego_tree::iter::Edge::Close(node) if skip_below == Some(node.id()) => {
                skip_below = None;
                continue;
            }
            _ => continue,
        };
        take(piece);
        left = left.saturating_sub(piece.len());
    }
}

/// The longest beginning of a text that fits into `most` bytes.
fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// Whether no visitor sees an element, by its kind or by its own attributes.
fn is_unseen(tag: &scraper::node::Element) -> bool {
    let hides = |style: &str| {
        let blank = |c: &char| c.is_ascii_whitespace();
        let style: String = style.chars().filter(|c| !blank(c)).map(|c| c.to_ascii_lowercase()).collect();
        style.contains("display:none") || style.contains("visibility:hidden")
    };
    matches!(tag.name(), "script" | "style" | "noscript" | "template" | "title" | "head")
        || tag.attrs().any(|(name, value)| name == "hidden" || name == "style" && hides(value))
}

/// Runs of blanks become one blank; none are left at the ends.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = Folded { text: String::with_capacity(text.len()), blank: false };
    folded.push(text, is_blank);
    folded.text
}

/// Text of which the blanks are folded.
#[derive(Default)]
struct Folded {
    text: String,
    /// Whether a blank comes before the next word.
    blank: bool,
}

impl Folded {
    fn push(&mut self, piece: &str, is_blank: impl Fn(char) -> bool) {
        for (before, word) in piece.split(is_blank).enumerate() {
            self.blank |= before > 0;
            if word.is_empty() {
                continue;
            }
            if std::mem::take(&mut self.blank) && !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{a0}' || c == '\u{200b}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_folds_blanks_and_skips_scripts() {
        let document = Html::parse_document("<p>a&nbsp; b<script>c</script><br>d</p><style>e</style>");
        assert_eq!(text_of(document.root_element()), "a b d");
        assert_eq!(first_line_of(document.root_element()), "a b");
    }
}
