//! Reads which rooms of a crate each of its files names: a room is a folder of `src`, or a file beside `lib.rs`. The rules
//! of direction in `docs/architecture.md` are held with it.

use std::fs;
use std::path::Path;

/// The imports that point up or sideways, as `file:line: why`.
///
/// `rows` are the rooms from the ground up: a room may name itself and what is in a row below its own. The last row sees
/// everything. Tests and comments are not read.
pub(crate) fn wrong_imports(src: &Path, rows: &[&[&str]]) -> Vec<String> {
    let mut wrong = Vec::new();
    visit(src, &mut Vec::new(), rows, &mut wrong);
    wrong.sort();
    wrong
}

fn visit(folder: &Path, module: &mut Vec<String>, rows: &[&[&str]], wrong: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "tests" || module.is_empty() && (name == "lib" || name == "main") {
            continue;
        }
        let own = name == "mod";
        module.extend((!own).then_some(name));
        if path.is_dir() {
            visit(&path, module, rows, wrong);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
            for (number, line) in lines.enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
                for room in named(line, module.len()) {
                    if let Some(why) = objection(&module[0], room, rows) {
                        wrong.push(format!("{}:{}: {why}", path.display(), number + 1));
                    }
                }
            }
        }
        if !own {
            module.pop();
        }
    }
}

/// The rooms that a line of a file names; `depth` is how many times it says `super` to reach the root of the crate.
fn named(line: &str, depth: usize) -> impl Iterator<Item = &str> {
    let paths = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    paths.filter_map(move |path| {
        let ups = path.split("::").take_while(|part| *part == "super").count();
        let from_root = path.starts_with("crate::") || ups == depth;
        path.split("::").nth(ups.max(1)).filter(|_| from_root)
    })
}

fn objection(from: &str, to: &str, rows: &[&[&str]]) -> Option<String> {
    let row = |room: &str| rows.iter().position(|row| row.contains(&room));
    match (row(from), row(to)) {
        (None, _) => Some(format!("`{from}` has no row")),
        (Some(own), _) if own + 1 == rows.len() => None,
        (_, None) => Some(format!("`{to}` is no room: write one path for each import, by the room it is in")),
        (Some(own), Some(other)) if other < own || from == to => None,
        _ => Some(format!("`{from}` may not import `{to}`")),
    }
}

/// The files of a crate without its tests: each by its path below `src`, and its text.
pub(crate) fn sources(src: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.file_stem().is_some_and(|name| name.to_str().unwrap().ends_with("tests")) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(src).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}
