//! Names that mean two things, and names for people that decide.

use std::collections::BTreeMap;
use std::path::Path;

use namyangju_rent::AnswerKind;

use crate::imports::sources;

/// The types of a crate that share a name, with the files that define them.
pub(crate) fn defined_twice(src: &Path) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in sources(src) {
        for name in text.lines().filter_map(defined) {
            places.entry(name.to_owned()).or_default().push(file.clone());
        }
    }
    places.retain(|_, places| places.len() > 1);
    places
}

/// The name of the type that a line defines, if it defines one for its whole module.
fn defined(line: &str) -> Option<&str> {
    let starts = ["pub ", "pub(crate) ", "pub(super) "];
    let line = starts.iter().find_map(|start| line.strip_prefix(start)).unwrap_or(line);
    let rest = ["struct ", "enum ", "trait ", "type "].iter().find_map(|start| line.strip_prefix(start))?;
    rest.split(|c: char| !c.is_alphanumeric()).next()
}

/// The lines that compare an answer by its word. The word is for logs and JSON: a match on it goes wrong without a sound
/// when a word is new or written differently.
pub(crate) fn compared_words(src: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in sources(src) {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        found.extend(code.lines().filter(|line| compares(line)).map(|line| format!("{file}: {line}")));
    }
    found
}

fn compares(line: &str) -> bool {
    let pattern = line.split_once("=>").map(|(pattern, _)| pattern);
    AnswerKind::ALL.into_iter().any(|kind| {
        let word = format!("\"{kind}\"");
        let compared = ["== ", "!= ", "| "].iter().any(|sign| line.contains(&format!("{sign}{word}")));
        compared
            || pattern.unwrap_or_default().contains(&word)
            || line.contains("matches!") && line.contains(&word)
    })
}

#[test]
fn a_compared_word_is_found_and_a_written_one_is_not() {
    for line in
        ["name == \"busy\"", "\"busy\" => 1,", "| \"busy\"", "Some(\"busy\") => 1,", "matches!(x, \"busy\")"]
    {
        assert!(compares(line), "{line}");
    }
    assert!(!compares("Self::Busy => \"busy\","));
}
