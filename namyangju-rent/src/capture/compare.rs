//! What a browser sent, beside what the library would have sent for the same data: field by field.

use serde::Serialize;

use crate::html::charset::{Charset, FormFields};
use crate::value::text::nfc;

/// A field in which a browser's form and the library's differ. No value is shown: most are personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FieldDifference {
    /// The field's name on the wire.
    pub field: String,
    /// In what it differs.
    pub kind: DifferenceKind,
    /// Whether a site that reads its forms by name cannot tell the two apart.
    pub harmless: bool,
    /// The same in a sentence for people.
    #[cfg_attr(feature = "schema", schemars(extend("x-stability" = "wording")))]
    pub text: String,
}

/// In what a field differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// The browser sent it, and the library would not.
    Extra,
    /// The library would send it, and the browser did not.
    Missing,
    /// Both send it, with other values or another number of them.
    Value,
    /// Both send it, at another place among the fields.
    Order,
    /// Its bytes are not in the site's character set.
    Charset,
}

/// Compares two forms.
pub(crate) fn compare(browser: &FormFields, ours: &FormFields) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    let mut differs = |field: &str, kind, harmless, text: String| {
        found.push(FieldDifference { field: field.to_owned(), kind, harmless, text });
    };
    let (theirs, own) = (names(browser), names(ours));
    for name in &theirs {
        let values: Vec<String> = browser.all(name).map(nfc).collect();
        let expected: Vec<String> = ours.all(name).map(nfc).collect();
        if expected.is_empty() {
            let harmless = is_click(name) || values.iter().all(String::is_empty);
            let why = if is_click(name) { ": where an image button was clicked" } else { "" };
            differs(
                name,
                DifferenceKind::Extra,
                harmless,
                format!("the browser sent `{name}`, the library does not{why}"),
            );
        } else if values.len() != expected.len() {
            let text = format!(
                "`{name}` came {} times, the library sends it {} times",
                values.len(),
                expected.len()
            );
            differs(name, DifferenceKind::Value, false, text);
        } else if values != expected {
            let length = |values: &[String]| values.iter().map(|value| value.chars().count()).sum::<usize>();
            let (theirs, own) = (length(&values), length(&expected));
            let text = match theirs == own {
                true => format!("`{name}` has another value of the same length ({own} letters)"),
                false => format!("`{name}` has a value of {theirs} letters, the library's has {own}"),
            };
            differs(name, DifferenceKind::Value, false, text);
        }
    }
    for name in own.iter().filter(|name| !theirs.contains(*name)) {
        let harmless = ours.all(name).all(str::is_empty);
        let value = if harmless { " (empty)" } else { "" };
        differs(
            name,
            DifferenceKind::Missing,
            harmless,
            format!("the library sends `{name}`{value}, the browser did not"),
        );
    }
    let common = |list: &[&str], other: &[&str]| -> Vec<String> {
        list.iter().filter(|name| other.contains(*name)).map(|name| (*name).to_owned()).collect()
    };
    for name in moved(&common(&theirs, &own), &common(&own, &theirs)) {
        let text = format!("`{name}` stands at another place among the fields");
        differs(&name, DifferenceKind::Order, true, text);
    }
    found
}

/// The fields whose bytes, as they went over the wire, are not in the character set.
pub(crate) fn foreign_bytes(body: &str, charset: Charset) -> Vec<FieldDifference> {
    let decoded = FormFields::decode(body, charset);
    let wrong = decoded.iter().filter(|(_, value)| value.contains('\u{FFFD}'));
    let difference = |(name, _): (&str, &str)| FieldDifference {
        field: name.to_owned(),
        kind: DifferenceKind::Charset,
        harmless: false,
        text: format!("the bytes of `{name}` are not {}", charset.name()),
    };
    wrong.map(difference).collect()
}

/// The names in the order in which each comes first.
pub(crate) fn names(fields: &FormFields) -> Vec<&str> {
    let mut names = Vec::new();
    for (name, _) in fields.iter() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether a field is a coordinate of the click on an image button: `x`, `y`, `login.x`.
pub(crate) fn is_click(name: &str) -> bool {
    matches!(name.rsplit('.').next(), Some("x" | "y")) && name.len() < 20
}

/// The fewest names that have to move to make the second order out of the first.
fn moved(order: &[String], other: &[String]) -> Vec<String> {
    // The longest common subsequence stays where it is. Forms have some thirty fields.
    let (n, m) = (order.len().min(200), other.len().min(200));
    let same = |i: usize, j: usize| order.get(i).is_some_and(|name| other.get(j) == Some(name));
    let mut longest = vec![vec![0_usize; m + 1]; n + 1];
    let at = |table: &[Vec<usize>], i: usize, j: usize| {
        table.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0)
    };
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            let length = match same(i, j) {
                true => at(&longest, i + 1, j + 1) + 1,
                false => at(&longest, i + 1, j).max(at(&longest, i, j + 1)),
            };
            if let Some(cell) = longest.get_mut(i).and_then(|row| row.get_mut(j)) {
                *cell = length;
            }
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < n {
        if j < m && same(i, j) {
            (i, j) = (i + 1, j + 1);
        } else if j < m && at(&longest, i, j + 1) >= at(&longest, i + 1, j) {
            j += 1;
        } else {
            out.extend(order.get(i).cloned());
            i += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> FormFields {
        FormFields::decode(text, Charset::EUC_KR)
    }

    fn told(browser: &str, ours: &str) -> Vec<(String, DifferenceKind, bool)> {
        let found = compare(&fields(browser), &fields(ours));
        found.into_iter().map(|d| (d.field, d.kind, d.harmless)).collect()
    }

    #[test]
    fn each_kind_of_difference_is_named_and_judged() {
        use DifferenceKind::{Extra, Missing, Order, Value};
        let d = |field: &str, kind, harmless| (field.to_owned(), kind, harmless);
        assert_eq!(told("a=1&b=2", "a=1&b=2"), []);
        assert_eq!(told("a=1&x=3&y=4", "a=1"), [d("x", Extra, true), d("y", Extra, true)]);
        assert_eq!(told("a=1&token=t&note=", "a=1"), [d("token", Extra, false), d("note", Extra, true)]);
        assert_eq!(told("a=1", "a=1&b=&c=2"), [d("b", Missing, true), d("c", Missing, false)]);
        assert_eq!(told("a=1&s=1&s=2", "a=2&s=1"), [d("a", Value, false), d("s", Value, false)]);
        assert_eq!(told("c=1&a=1&b=1", "a=1&b=1&c=1"), [d("c", Order, true)]);
        let secret = compare(&fields("pw=invented"), &fields("pw=other-one"));
        assert!(!format!("{secret:?}").contains("invented"));
    }

    #[test]
    fn bytes_of_another_character_set_are_seen() {
        assert_eq!(foreign_bytes("a=%C5%D7", Charset::EUC_KR), []);
        // UTF-8 of three syllables is no whole number of EUC-KR characters.
        let found = foreign_bytes("a=%ED%85%8C%EB%8B%88%EC%8A%A4", Charset::EUC_KR);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
