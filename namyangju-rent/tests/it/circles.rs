//! Finds circles of imports between the files of a crate: two files that need each other can only be read together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::imports::sources;

/// A module by its names from the root of the crate; the root itself is empty.
type Module = Vec<String>;

/// The files that import each other, directly or by way of others; each by its path without `.rs`.
///
/// A name that a folder passes on (`pub use`) counts as an import of the file that defines it. A folder's `mod.rs` and
/// the files in it are one thing in chapters, and may name each other.
pub(crate) fn circles(src: &Path) -> Vec<BTreeSet<String>> {
    let mut files: BTreeMap<Module, String> = BTreeMap::new();
    for (name, text) in sources(src) {
        let parts =
            name.trim_end_matches(".rs").split('/').filter(|part| !["mod", "lib", "main"].contains(part));
        let code = text.split("#[cfg(test)]").next().unwrap();
        let code = code.lines().map(|line| line.split("//").next().unwrap());
        files.insert(parts.map(str::to_owned).collect(), code.collect::<Vec<_>>().join("\n"));
    }
    let mut passed_on: BTreeMap<(Module, String), Module> = BTreeMap::new();
    let mut imports: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    let mut named = Vec::new();
    for (module, code) in &files {
        for statement in code.split(';') {
            let (start, path) = match statement.rsplit_once("use ") {
                Some((start, path)) if start.trim().is_empty() || start.trim_end().ends_with("pub") => {
                    (start, path)
                }
                Some((start, path)) if start.trim_end().ends_with(')') && start.contains("pub(") => {
                    (start, path)
                }
                _ => {
                    let paths = statement.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
                    let paths = paths.filter(|path| path.contains("::")).map(parts);
                    named.extend(paths.map(|path| (module, path)));
                    continue;
                }
            };
            for path in expanded(path) {
                match (start.contains("pub"), resolved(&files, module, &path)) {
                    (true, Some(other)) => {
                        drop(passed_on.insert((module.clone(), path.last().unwrap().clone()), other))
                    }
                    _ => named.push((module, path)),
                }
            }
        }
    }
    for (module, path) in named {
        let Some(mut other) = resolved(&files, module, &path) else { continue };
        while let Some(defined_in) = passed_on.get(&(other.clone(), path.last().unwrap().clone())) {
            other.clone_from(defined_in);
        }
        if !other.starts_with(module) && !module.starts_with(&other) {
            imports.entry(module.clone()).or_default().insert(other);
        }
    }
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        files.keys().map(|file| (file, reached(&imports, file))).collect();
    let circle = |file: &Module| {
        reached[file].iter().filter(|other| reached[*other].contains(file)).map(|m| m.join("/")).collect()
    };
    let circles: BTreeSet<BTreeSet<String>> = files.keys().map(circle).collect();
    circles.into_iter().filter(|circle| !circle.is_empty()).collect()
}

/// The files that a file needs, directly or by way of others.
fn reached<'a>(imports: &'a BTreeMap<Module, BTreeSet<Module>>, from: &Module) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = imports.get(from).into_iter().flatten().collect();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(imports.get(module).into_iter().flatten());
        }
    }
    reached
}

fn parts(path: &str) -> Module {
    path.split("::")
        .map(|part| part.trim().split(" as ").next().unwrap().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// The paths of an import, one for each name in its braces.
fn expanded(path: &str) -> Vec<Module> {
    let Some((start, rest)) = path.split_once('{') else { return vec![parts(path)] };
    let (mut depth, mut names) = (0, vec![String::new()]);
    for c in rest.rsplit_once('}').unwrap().0.chars() {
        match c {
            ',' if depth == 0 => names.push(String::new()),
            _ => names.last_mut().unwrap().push(c),
        }
        depth += i32::from(c == '{') - i32::from(c == '}');
    }
    let names = names.iter().filter(|name| !name.trim().is_empty()).flat_map(|name| expanded(name));
    names.map(|name| [parts(start), name].concat()).collect()
}

/// The file that a path of `own` leads to; `None` for a path out of the crate.
fn resolved(files: &BTreeMap<Module, String>, own: &Module, path: &Module) -> Option<Module> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let (mut module, rest) = match path.first()?.as_str() {
        "crate" => (Module::new(), &path[1..]),
        "super" => (own[..own.len().checked_sub(ups)?].to_vec(), &path[ups..]),
        "self" => (own.clone(), &path[1..]),
        first if files.contains_key(&[own.as_slice(), &[first.to_owned()]].concat()) => {
            (own.clone(), &path[..])
        }
        _ => return None,
    };
    for part in rest {
        module.push(part.clone());
        if !files.contains_key(&module) {
            module.pop();
            break;
        }
    }
    Some(module)
}

#[test]
fn a_circle_is_found_also_through_a_name_that_is_passed_on() {
    let src = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = src.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("main.rs", "mod a; mod b; mod c; use a::A;");
    write("a.rs", "use crate::b::{\n    deep::Thing,\n};\npub struct A;\n#[cfg(test)]\nuse crate::c::C;\n");
    write("b/mod.rs", "mod deep;\nmod shelf;\npub(crate) use shelf::Shelf;\nuse crate::c::C;\n");
    write("b/deep.rs", "use super::Shelf;\n// use crate::c::C;\npub struct Thing;\n");
    write("b/shelf.rs", "pub struct Shelf;\nfn back() -> crate::a::A {}\n");
    write("c.rs", "use std::fmt;\npub struct C;\n");
    let circle = ["a", "b/deep", "b/shelf"].map(str::to_owned).into();
    assert_eq!(circles(src.path()), [circle]);
}
