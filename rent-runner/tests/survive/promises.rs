use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The table that begins with a head, up to the next empty line.
fn table(head: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with(head));
    rows.skip(2).take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All sources of a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names of the tests of a source: functions behind `#[test]` or `#[tokio::test]`, and those of a `suite!`.
fn tests(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut is_test, mut in_suite) = (false, false);
    for line in text.lines().map(str::trim) {
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(name) = name.and_then(|rest| rest.split('(').next()).filter(|_| is_test) {
            found.insert(name.to_owned());
        }
        is_test = line.ends_with("test]") || is_test && line.starts_with("#[");
        in_suite = line == "suite! {" || in_suite && line != "}";
        if in_suite {
            found.extend(line.strip_suffix(',').map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_test_that_the_promises_name_is_one() {
    let mut files = Vec::new();
    for folder in ["namyangju-rent/src", "namyangju-rent/tests", "rent-runner/src", "rent-runner/tests"] {
        sources(&root().join(folder), &mut files);
    }
    let all: BTreeSet<String> =
        files.iter().flat_map(|path| tests(&std::fs::read_to_string(path).unwrap())).collect();
    let (promises, attacks) = (table("| promise |"), table("| attack on the page |"));
    assert!(promises.len() > 15 && attacks.len() > 20, "{promises:?} {attacks:?}");
    for row in promises.iter().chain(&attacks) {
        let last = row.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap();
        let named: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for name in named {
            let is_there = if name.ends_with(".rs") {
                files.iter().any(|path| path.ends_with(name))
            } else {
                all.contains(name)
            };
            assert!(is_there, "there is no test {name}: {row}");
        }
    }
}
