//! A file imports what is below it, never what is above or beside it: "Who may know whom" in `docs/architecture.md`.
//! A name has one meaning, and an answer is compared as a value.

use std::fs;
use std::path::Path;

use crate::circles::circles;
use crate::imports::{sources, wrong_imports};
use crate::names::{compared_words, defined_twice};

/// The rooms of `src` from the ground up.
const ROWS: &[&[&str]] = &[
    &["value"],
    &["html", "clock"],
    &["har"],
    &["page", "answer_kind"],
    &["outcome"],
    &["error"],
    &["site"],
    &["pages", "net"],
    &["client"],
    &["booking"],
    &["harness", "capture", "fixture_tests"],
];

#[test]
fn every_file_imports_only_what_is_below_it() {
    let wrong = wrong_imports(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), ROWS);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The tree in the document is the tree. The stand-in has a section of its own there, without a list.
#[test]
fn every_file_has_its_line_in_the_architecture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("../docs/architecture.md")).unwrap();
    let tree = document.split("## The opening instant").next().unwrap();
    let listed = |name: &str| tree.split([' ', '/', '\n', ':']).any(|word| word == name);
    let hidden = |file: &str| {
        file.starts_with("harness/")
            || ["lib.rs", "net/mod.rs", "pages/mod.rs", "value/mod.rs"].contains(&file)
    };
    for (file, _) in sources(&root.join("src")).into_iter().filter(|(file, _)| !hidden(file)) {
        let name = file.rsplit('/').next().unwrap();
        let (folder, _) = file.rsplit_once('/').unwrap_or(("", ""));
        let shown = if name == "mod.rs" {
            tree.contains(&format!("{}/mod.rs", folder.rsplit('/').next().unwrap()))
        } else {
            listed(name)
        };
        assert!(shown, "docs/architecture.md has no line for {file} under \"One booking, file by file\"");
    }
}

#[test]
fn no_two_files_need_each_other() {
    let found = circles(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    // One machine in chapters.
    let stand_in = ["harness/stand_in", "harness/visit"].map(str::to_owned).into();
    assert_eq!(found, [stand_in]);
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

/// The private types count, and those of the stand-in: who reads `Answer` in a file should not have to ask which.
#[test]
fn no_two_types_have_one_name() {
    let twice = defined_twice(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(twice.is_empty(), "names with two meanings: {twice:#?}");
}

#[test]
fn no_answer_is_compared_by_its_word() {
    let wrong = compared_words(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The features that people read about are the features that there are.
#[test]
fn the_readme_has_a_row_for_each_feature() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let features = manifest["features"].as_table().unwrap();
    let is_default = |name: &str| {
        features["default"].as_array().unwrap().iter().any(|feature| feature.as_str() == Some(name))
    };
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Features\n").unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    for name in features.keys().filter(|name| *name != "default") {
        let row = format!("| `{name}` | {}|", if is_default(name) { "yes " } else { "" });
        assert!(rows.iter().any(|line| line.starts_with(&row)), "README.md has no row {row}");
    }
    assert_eq!(rows.len(), features.len() - 1, "README.md has rows of features that there are not: {rows:?}");
}
