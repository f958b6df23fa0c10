//! A file imports what is below it, never what is above or beside it: "Who may know whom" in `docs/architecture.md`.
//! A name has one meaning, and an answer is compared as a value.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use namyangju_rent::AnswerKind;

use crate::imports::{sources, wrong_imports};

/// The rooms of `src` from the ground up.
const ROWS: &[&[&str]] = &[
    &["value"],
    &["html", "clock"],
    &["page", "answer_kind"],
    &["outcome"],
    &["error"],
    &["site"],
    &["pages", "net"],
    &["client"],
    &["booking"],
    &["harness", "fixture_tests"],
];

#[test]
fn every_file_imports_only_what_is_below_it() {
    let wrong = wrong_imports(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), ROWS);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_import_that_points_up_or_sideways_is_found() {
    let src = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = src.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("lib.rs", "pub use crate::net::route::Route;");
    write("page.rs", "use super::value::date;\nuse super::error::Error;\n");
    write("net/route.rs", "// use crate::client::Client;\nuse crate::pages::day::Slot;\n");
    write(
        "pages/mod.rs",
        "use super::site::Site;\nuse super::client::Client;\n#[cfg(test)]\nuse crate::client;\n",
    );
    write("pages/day.rs", "use super::form::Form;\nuse super::super::net::route::Route;\n");
    write("html/text.rs", "#[serde(with = \"crate::clock\")]\nuse crate::{value, page};\nuse crate::Site;\n");
    write("client/session.rs", "use crate::net::{\n    route::Route,\n};\nlet at: crate::booking::Wish;\n");
    write("harness/mod.rs", "use crate::booking::Booking;\n");
    write("shed.rs", "use crate::value::date;\n");
    let wrong = wrong_imports(src.path(), ROWS);
    let places = wrong.iter().map(|line| {
        let place = line.strip_prefix(&format!("{}/", src.path().display())).unwrap();
        place.split(": ").next().unwrap()
    });
    let expected = [
        "client/session.rs:4",
        "html/text.rs:1",
        "html/text.rs:2",
        "html/text.rs:3",
        "net/route.rs:2",
        "page.rs:2",
        "pages/day.rs:2",
        "pages/mod.rs:2",
        "shed.rs:1",
    ];
    assert_eq!(places.collect::<Vec<_>>(), expected, "{wrong:#?}");
}

/// The name of the type that a line defines, if it defines one for its whole module.
fn defined(line: &str) -> Option<&str> {
    let starts = ["pub ", "pub(crate) ", "pub(super) "];
    let line = starts.iter().find_map(|start| line.strip_prefix(start)).unwrap_or(line);
    let rest = ["struct ", "enum ", "trait ", "type "].iter().find_map(|start| line.strip_prefix(start))?;
    rest.split(|c: char| !c.is_alphanumeric()).next()
}

/// The private types count, and those of the stand-in: who reads `Answer` in a file should not have to ask which.
#[test]
fn no_two_types_have_one_name() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in sources(&src) {
        for name in text.lines().filter_map(defined) {
            places.entry(name.to_owned()).or_default().push(file.clone());
        }
    }
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "names with two meanings: {places:#?}");
}

/// Whether a line compares something with the word of an answer.
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

/// A word is for logs and JSON. A match on it goes wrong without a sound when a word is new or written differently.
#[test]
fn no_answer_is_compared_by_its_word() {
    let seen =
        ["name == \"busy\"", "\"busy\" => 1,", "| \"busy\"", "Some(\"busy\") => 1,", "matches!(x, \"busy\")"];
    assert!(seen.into_iter().all(compares) && !compares("Self::Busy => \"busy\","));
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (file, text) in sources(&src) {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        wrong.extend(code.lines().filter(|line| compares(line)).map(|line| format!("{file}: {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
