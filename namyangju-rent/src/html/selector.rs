//! The CSS selectors of a dialect. A tag, class or id that every match must have is tested first; it rules out most
//! elements cheaply.

use std::fmt;

use scraper::{ElementRef, Html, Selector};
use serde::Deserialize;

/// A CSS selector, checked when the file is read.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct FastSelector {
    text: String,
    pub(crate) selector: Selector,
    /// The key of each alternative; `None` if the selector needs the full engine.
    signs: Option<Vec<Sign>>,
}

/// A tag, class or id that every match of a selector has.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sign {
    Tag(String),
    Class(String),
    Id(String),
}

impl FastSelector {
    /// The elements of a page that match, in the order of [`Html::select`].
    pub(crate) fn select<'a>(&'a self, document: &'a Html) -> impl Iterator<Item = ElementRef<'a>> {
        let by_sign = self.signs.as_deref().map(|signs| {
            let elements = document.tree.nodes().filter_map(ElementRef::wrap);
            elements.filter(|element| {
                signs.iter().any(|sign| sign.is_on(*element))
                    && element.parent().is_some()
                    && self.selector.matches(element)
            })
        });
        let by_search = self.signs.is_none().then(|| document.select(&self.selector));
        by_sign.into_iter().flatten().chain(by_search.into_iter().flatten())
    }
}

impl Sign {
    fn is_on(&self, element: ElementRef<'_>) -> bool {
        let mut attributes = element.value().attrs();
        match self {
            Self::Tag(tag) => element.value().name() == tag,
            Self::Id(id) => attributes.any(|(name, value)| name == "id" && value == id),
            Self::Class(class) => attributes.any(|(name, value)| {
                name == "class" && value.split_ascii_whitespace().any(|word| word == class)
            }),
        }
    }
}

/// The sign of each alternative of a selector. `None` for selectors that need the full engine: sibling counts,
/// `:has`, quoted values, and an alternative without a tag, class or id.
fn signs_of(text: &str) -> Option<Vec<Sign>> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_plain = |c: char| is_word(c) || " ,>+~.#[]()^$*=:".contains(c);
    if !text.chars().all(is_plain) || text.replace(":not(", "").contains(':') {
        return None;
    }
    let mut depth = 0_usize;
    let outside = |c: &char| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    let outer: String = text.chars().filter(outside).collect();
    let sign = |alternative: &str| {
        let last = alternative.trim().rsplit([' ', '>', '+', '~']).next()?;
        let named = last.strip_prefix(['.', '#']).unwrap_or(last);
        let word = named.split(|c| !is_word(c)).next().filter(|word| !word.is_empty())?.to_owned();
        Some(match last.chars().next()? {
            '.' => Sign::Class(word),
            '#' => Sign::Id(word),
            _ if word.bytes().any(|b| b.is_ascii_uppercase()) => return None,
            _ => Sign::Tag(word),
        })
    };
    outer.split(',').map(sign).collect()
}

impl TryFrom<String> for FastSelector {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match Selector::parse(&text) {
            Ok(selector) => Ok(Self { signs: signs_of(&text), text, selector }),
            Err(error) => Err(format!("`{text}` is not a CSS selector: {error}")),
        }
    }
}

impl fmt::Debug for FastSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SELECTORS: [&str; 24] = [
        "#a li",
        "#a",
        ".b",
        "p.b",
        "div#a",
        ".a p",
        ".a, .b, #b",
        "div.a > table td, table.b td",
        "p.a, p[id=a][class^=b]:not([class^=bb])",
        "p:not(.b, div)",
        ".a:not(p)",
        ":not(p)",
        "[class=a]",
        "*.b",
        "*",
        "P.a",
        "div + p, td ~ td",
        "div p:first-child",
        "div > ul:nth-of-type(2) > li",
        "p:is(.a, .b)",
        "p[id='a,.b']",
        ".a\\.b",
        "div:has(p)",
        "td>p",
    ];

    #[test]
    fn plain_selectors_have_signs() {
        let signs = |text: &str| signs_of(text).map(|signs| format!("{signs:?}"));
        let of = |text: &str| signs(text).unwrap();
        assert_eq!(of("#tnb li"), "[Tag(\"li\")]");
        assert_eq!(of("input.x, .y:not(p),#z"), "[Tag(\"input\"), Class(\"y\"), Id(\"z\")]");
        assert_eq!(of("input[type=checkbox][id^=s_]:not([id^=s_e_])"), "[Tag(\"input\")]");
        for text in ["*", ":not(p)", "[x]", "a, [x]", "p:first-child", "p:not(:has(a))", "P", "[a=',b']"] {
            assert_eq!(signs(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_whole_search_finds(
            which in prop::sample::select(&SELECTORS[..]),
            page in "(<(div|p|ul|li|table|tr|td|svg|P)( id=(a|b|'a b'|A))?( class=(a|b|bb|'a b'|'b\u{a0}a'|A|a.b))?>|</(div|p|ul|table|td|svg)>|x){0,30}",
        ) {
            let css = FastSelector::try_from(which.to_owned()).unwrap();
            let document = Html::parse_document(&page);
            let found: Vec<_> = css.select(&document).map(|e| e.id()).collect();
            let expected: Vec<_> = document.select(&css.selector).map(|e| e.id()).collect();
            prop_assert_eq!(found, expected, "{} in {}", which, page);
        }
    }
}
