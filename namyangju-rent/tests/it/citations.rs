//! Every fact of the site that the program relies on names the part of `docs/protocol.md` it comes from. A citation of a
//! part that does not exist is worse than none: the reader looks for evidence and finds another fact. So this test
//! reads all citations of the workspace and looks each of them up in the document.
//!
//! A citation is the document's name and then the parts: `5.2`, or `5.2 (S3), 8.1`, `4 j`, `6 rows 22 and 23`; it may
//! go over the end of a comment's line. A file that says "numbers in brackets" of itself cites by these alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = "protocol.md";
/// What a file says of itself when it cites by numbers in brackets.
const BY_BRACKETS: &str = "numbers in brackets";
const KINDS: [&str; 5] = ["rs", "toml", "md", "py", "sql"];
/// What holds nothing of ours or is not read by people; and this file, whose samples cite parts that do not exist.
const SKIPPED: [&str; 7] =
    ["citations.rs", "target", "node_modules", "corpus", "artifacts", "results", "__pycache__"];

#[test]
fn every_cited_part_of_the_protocol_notes_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let parts = parts_of(&fs::read_to_string(root.join("docs").join(DOCUMENT)).unwrap());

    let mut files = Vec::new();
    collect(root, &mut files);
    let mut wrong = Vec::new();
    let mut citing = BTreeSet::new();
    for file in &files {
        for (line, part) in citations(&fs::read_to_string(file).unwrap()) {
            citing.insert(file.extension().unwrap().to_str().unwrap());
            if !parts.contains(&part) {
                let file = file.strip_prefix(root).unwrap().display();
                wrong.push(format!("{file}:{line}: docs/{DOCUMENT} has no {part}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    for kind in ["rs", "toml", "md", "py"] {
        assert!(
            citing.contains(kind),
            "no citation found in any .{kind} file: is the walk over the files wrong?"
        );
    }
}

#[test]
fn citations_are_read_as_they_are_written() {
    let read = |text: &str| {
        citations(&text.replace("DOC", DOCUMENT))
            .into_iter()
            .map(|(line, part)| format!("{line}: {part}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(read("/// A field (DOC 4.5, S2)."), ["1: 4.5"]);
    assert_eq!(read("// docs/DOC 6: 165,000 won"), ["1: 6"]);
    assert_eq!(read("source = \"from DOC 4 j (S1 at nyj, I), 7; path: ?\""), ["1: 4 j", "1: 7"]);
    assert_eq!(read("DOC 6 rows 22 and 23; DOC 6 row 9 (S2)"), ["1: 6 row 22", "1: 6 row 23", "1: 6 row 9"]);
    assert_eq!(read("(DOC 4.3 view 1, 5.1) and DOC 8.1's."), ["1: 4.3", "1: 5.1", "1: 8.1"]);
    assert_eq!(
        read("fn f() {\n    //! The defaults of DOC section\n    //! 11 and 99.1; 3 more"),
        ["3: 11", "3: 99.1"]
    );
    assert_eq!(read("the text of DOC. 12 others; 1 is enough"), [] as [&str; 0]);
    assert_eq!(
        read(
            "# numbers in brackets\na = \"b:is(c)\"  # S1 (4.1, 99)\nb = (3, 2)\n# x (22nd, 3) (4 j)\n\"\"\"y (7).\"\"\""
        ),
        ["2: 4.1", "2: 99", "4: 4 j", "5: 7"]
    );
}

#[test]
fn the_parts_of_a_document_are_its_headings_items_and_rows() {
    let parts = parts_of("# T\n## 4. A\n| j | x |\n### 4.1 B\n| 3-5 | y |\n## 10. C\n2. item\n");
    assert_eq!(
        Vec::from_iter(&parts),
        ["10", "10.2", "4", "4 j", "4.1", "4.1 row 3", "4.1 row 4", "4.1 row 5"]
    );
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') && ![".ci", ".github"].contains(&name) || SKIPPED.contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)) {
            files.push(path);
        }
    }
}

/// What can be cited: `4`, `4.1`, the numbered item `10.2`, the row `4 j`, the numbered row `6 row 22`.
fn parts_of(document: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    let mut section = String::new();
    for line in document.lines() {
        if let Some(heading) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            heading.split_whitespace().next().unwrap().trim_end_matches('.').clone_into(&mut section);
            parts.insert(section.clone());
        } else if let Some((number, _)) =
            line.split_once(". ").filter(|(number, _)| number.parse::<u8>().is_ok())
        {
            parts.insert(format!("{section}.{number}"));
        } else if let Some((cell, _)) = line.strip_prefix("| ").and_then(|row| row.split_once(" |")) {
            let (first, last) = cell.split_once('-').unwrap_or((cell, cell));
            if let (Ok(first), Ok(last)) = (first.parse::<u8>(), last.parse::<u8>()) {
                parts.extend((first..=last).map(|row| format!("{section} row {row}")));
            } else if is_letter(cell) {
                parts.insert(format!("{section} {cell}"));
            }
        }
    }
    parts
}

/// The cited parts with the lines they stand in.
fn citations(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let words: Vec<(usize, &str)> = (1..)
        .zip(text.lines())
        .flat_map(|(line, text)| {
            let text = text.trim_start().trim_start_matches(['/', '!', '#']);
            text.split_whitespace().map(move |word| (line, word))
        })
        .collect();
    for (index, (_, word)) in words.iter().enumerate() {
        if word.to_ascii_lowercase().ends_with(DOCUMENT) {
            read_list(&words[index + 1..], &mut found);
        }
    }
    if text.contains(BY_BRACKETS) {
        for (line, text) in (1..).zip(text.lines()) {
            let Some(comment) = text.find("#").or_else(|| text.find("\"\"\"")) else { continue };
            for bracket in text[comment..].split(" (").skip(1) {
                let items = bracket.split(')').next().unwrap().split(", ");
                if items.clone().all(|item| {
                    is_section(item.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(item).trim_end())
                }) {
                    found.extend(items.map(|item| (line, item.to_owned())));
                }
            }
        }
    }
    found
}

/// Reads the parts that follow the document's name.
fn read_list(words: &[(usize, &str)], found: &mut Vec<(usize, String)>) {
    let mut words = words.iter().copied().peekable();
    words.next_if(|(_, word)| ["section", "sections"].contains(word));
    while let Some((line, mut word)) = words.next_if(|(_, word)| is_section(bare(word))) {
        let section = bare(word);
        let mut part = section.to_owned();
        if let Some((_, letter)) = words.next_if(|(_, next)| word == "4" && is_letter(bare(next))) {
            part = format!("4 {}", bare(letter));
            word = letter;
        } else if words.next_if(|(_, next)| word == section && ["row", "rows"].contains(next)).is_some() {
            while let Some((line, row)) = words.next_if(|(_, word)| bare(word).parse::<u8>().is_ok()) {
                word = row;
                part = format!("{section} row {}", bare(row));
                if words.next_if(|(_, next)| bare(row) == row && *next == "and").is_none() {
                    break;
                }
                found.push((line, part.clone()));
            }
        } else if words.next_if(|(_, next)| word == section && *next == "view").is_some() {
            word = words.next().map_or("", |(_, view)| view);
        }
        found.push((line, part));
        if words.peek().is_some_and(|(_, next)| next.starts_with('(')) {
            word = words.by_ref().map(|(_, word)| word).find(|word| word.contains(')')).unwrap_or_default();
        }
        if !word.ends_with(',') && words.next_if(|(_, next)| *next == "and").is_none() {
            break;
        }
    }
}

/// The word without what follows it in a sentence.
fn bare(word: &str) -> &str {
    let word = word.trim_end_matches(['.', ',', ';', ':', ')', '"', '`']);
    word.strip_suffix("'s").unwrap_or(word)
}

fn is_letter(word: &str) -> bool {
    word.len() == 1 && word.starts_with(|c: char| c.is_ascii_lowercase())
}

/// `5` or `5.2`.
fn is_section(word: &str) -> bool {
    let (section, part) = word.split_once('.').unwrap_or((word, "0"));
    [section, part].iter().all(|number| number.parse::<u8>().is_ok())
}
