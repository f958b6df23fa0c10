//! The rooms of the program import downwards only, a name has one meaning, and an answer is compared as a value;
//! docs/architecture.md says why each room is where it is.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../namyangju-rent/tests/it/circles.rs"]
mod circles;
#[path = "../../namyangju-rent/tests/it/imports.rs"]
#[allow(dead_code, reason = "the directions of this program are read below: its imports have braces")]
mod imports;
#[path = "../../namyangju-rent/tests/it/names.rs"]
mod names;

use std::fs;
use std::path::{Path, PathBuf};

use circles::circles;
use names::{compared_words, defined_twice};

/// From the ground up. A file may import its own room and those of the lines above its own in this list.
const FLOORS: [&[&str]; 14] = [
    &["say", "system"],
    &["bad_input", "store", "words"],
    &["terminal", "vault"],
    &["telemetry"],
    &["exit", "notify"],
    &["config", "foreground", "timeline"],
    &["cli"],
    &["request"],
    &["scrub"],
    &["runner"],
    &["documents"],
    &["web"],
    &["commands"],
    &["main"],
];

fn floor(room: &str) -> usize {
    let floor = FLOORS.iter().position(|rooms| rooms.contains(&room));
    floor.unwrap_or_else(|| panic!("{room} has no floor: give it one here and in docs/architecture.md"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The rooms that an import names from here on: `store::…`, or each of `{store, words::duration}`.
fn rooms(path: &str) -> Vec<&str> {
    let name = |at: usize| path[at..].trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next();
    let (mut depth, mut starts) = (0, vec![usize::from(path.starts_with('{'))]);
    for (at, c) in path.char_indices().take_while(|_| path.starts_with('{')) {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => starts.push(at + 1),
            _ => {}
        }
    }
    starts.into_iter().filter_map(name).filter(|name| !name.is_empty()).collect()
}

#[test]
fn no_room_imports_from_above_itself() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in sources(&src).into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let path = file.strip_prefix(&src).unwrap().with_extension("");
        let module: Vec<&str> = path.iter().map(|part| part.to_str().unwrap()).collect();
        // Tests may use whatever they need.
        if module.iter().any(|part| ["tests", "testing"].contains(part)) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let depth = module.iter().filter(|part| **part != "mod").count();
        for root in ["crate::".to_owned(), "super::".repeat(depth)] {
            for (at, _) in code.match_indices(&root) {
                for room in rooms(&code[at + root.len()..]) {
                    if room != module[0] && floor(room) >= floor(module[0]) {
                        let line = code[..at].matches('\n').count() + 1;
                        wrong.push(format!("{}:{line} imports {room}", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that point upwards:\n{}", wrong.join("\n"));
}

#[test]
fn no_two_files_need_each_other() {
    let found = circles(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_two_types_have_one_name() {
    let twice = defined_twice(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(twice.is_empty(), "names with two meanings: {twice:#?}");
}

#[test]
fn no_answer_is_compared_by_its_word() {
    let mut wrong = compared_words(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    // The texts of messages translate the words of verdicts, and some are those of answers too.
    wrong.retain(|place| !place.starts_with("notify/text.rs: "));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What only one kind of system has. `std::os::` names all of it that the standard library has.
const OF_ONE_SYSTEM: [&str; 7] =
    ["std::os::", "core::os::", "rustix", "libc::", "signal::unix", "signal::windows", "cfg(target_os"];

/// Code of a folder, tests left out, that names what only one kind of system has: file, line and the name.
fn of_one_system(src: &Path, allowed: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in sources(src).into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let path = file.strip_prefix(src).unwrap();
        let is_test = path.iter().any(|part| {
            part.to_str()
                .unwrap()
                .trim_end_matches(".rs")
                .rsplit('_')
                .any(|word| ["tests", "testing"].contains(&word))
        });
        if is_test || path == Path::new(allowed) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\n").next().unwrap().split("#[cfg(all(test, ").next().unwrap();
        for (number, line) in
            code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for name in OF_ONE_SYSTEM.into_iter().filter(|name| line.contains(name)) {
                found.push(format!("{}:{} {name}", path.display(), number + 1));
            }
        }
    }
    found
}

#[test]
fn one_file_of_each_crate_calls_what_only_one_system_has() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = of_one_system(&here.join("src"), "system.rs");
    assert!(found.is_empty(), "these belong in system.rs: {found:#?}");
    let found = of_one_system(&here.join("../namyangju-rent/src"), "client/saved.rs");
    assert!(found.is_empty(), "the library makes private files in client/saved.rs alone: {found:#?}");
}

#[test]
fn a_call_of_one_system_is_found() {
    let src = tempfile::tempdir().unwrap();
    fs::write(src.path().join("system.rs"), "use std::os::unix::fs::PermissionsExt;").unwrap();
    fs::write(src.path().join("tests.rs"), "use std::os::unix::fs::PermissionsExt;").unwrap();
    fs::write(
        src.path().join("open.rs"),
        "// std::os::unix is named here\nstd::os::unix::fs::symlink(a, b);\n#[cfg(test)]\nmod tests { use rustix; }",
    )
    .unwrap();
    assert_eq!(of_one_system(src.path(), "system.rs"), ["open.rs:2 std::os::"]);
}
