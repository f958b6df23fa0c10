//! A dialect file in the making: a built-in file, changed line by line, with what each line rests on.
//!
//! The file is edited and not written anew, so that the remarks on what was not seen stay: a person who has to correct it
//! needs them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

/// What a capture tells of one key of a dialect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DialectFinding {
    /// The key of the dialect file, for example `application.fields`.
    pub key: String,
    /// What was found.
    pub kind: FindingKind,
    /// What it is about, as the file has it: a name, a path, a text.
    pub is: String,
    /// What the nearest built-in dialect has in its place.
    pub was: Option<String>,
    /// The entry of the capture that shows it, counted from 1.
    pub entry: Option<usize>,
    /// The same in a sentence for people.
    #[cfg_attr(feature = "schema", schemars(extend("x-stability" = "wording")))]
    pub text: String,
}

/// What was found of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingKind {
    /// It differs from the nearest built-in dialect.
    Changed,
    /// The built-in dialect does not have it.
    Added,
    /// The capture shows more than one reading: the file has the choices as comments.
    Ambiguous,
    /// The capture could not show it, and the finding says why.
    NotSeen,
    /// It is as the built-in dialect has it.
    Confirmed,
}

/// Keys that are no facts of the site.
const OURS: [&str; 4] = ["schema", "name", "title", "time_zone"];

/// The changes of a file.
#[derive(Default)]
pub(crate) struct Draft {
    /// `section.key` to the new value, as TOML, or to nothing if the old one was seen.
    edits: BTreeMap<String, Option<String>>,
    /// Lines that are added below the head of a section.
    added: BTreeMap<String, Vec<String>>,
    /// The section of habits, which no built-in file has.
    habits: Vec<String>,
    /// Rules that come before the others.
    answers: Vec<String>,
    /// Texts of rules that were seen.
    known_texts: Vec<String>,
    /// Whole tables at the end.
    tables: Vec<String>,
    pub(crate) findings: Vec<DialectFinding>,
}

impl Draft {
    /// The key was seen as it is.
    pub(crate) fn confirm(&mut self, key: &str, is: &str, entry: usize) {
        self.edits.entry(key.to_owned()).or_insert(None);
        self.find(key, FindingKind::Confirmed, is, None, Some(entry), format!("`{key}` is as it was known"));
    }

    /// The key has another value.
    pub(crate) fn change(&mut self, key: &str, toml: String, is: &str, was: &str, entry: usize) {
        self.edits.insert(key.to_owned(), Some(toml));
        let text = format!("`{key}` is `{is}`, not `{was}`");
        self.find(key, FindingKind::Changed, is, Some(was), Some(entry), text);
    }

    /// Either of the two, by what was known.
    pub(crate) fn text(&mut self, key: &str, is: &str, was: &str, entry: usize) {
        match is == was {
            true => self.confirm(key, is, entry),
            false => self.change(key, quoted(is), is, was, entry),
        }
    }

    /// Gives the key a value without a finding of its own.
    pub(crate) fn set(&mut self, key: &str, toml: String) {
        self.edits.insert(key.to_owned(), Some(toml));
    }

    /// A habit: the built-in files have none.
    pub(crate) fn habit(&mut self, key: &str, toml: String, is: &str, usual: &str, entry: usize) {
        self.habits.push(format!("{key} = {toml}   # seen in capture (entry {entry})"));
        let key = format!("habits.{key}");
        match is == usual {
            true => {
                self.find(&key, FindingKind::Confirmed, is, None, Some(entry), format!("`{key}` is `{is}`"))
            }
            false => {
                let text = format!("`{key}` is `{is}`");
                self.find(&key, FindingKind::Added, is, None, Some(entry), text);
            }
        }
    }

    pub(crate) fn habit_comment(&mut self, line: String) {
        self.habits.push(format!("# {line}"));
    }

    pub(crate) fn add_line(&mut self, section: &str, line: String) {
        self.added.entry(section.to_owned()).or_default().push(line);
    }

    pub(crate) fn answer(&mut self, rule: String) {
        self.answers.push(rule);
    }

    pub(crate) fn known_text(&mut self, text: &str) {
        self.known_texts.push(text.to_owned());
    }

    pub(crate) fn table(&mut self, table: String) {
        self.tables.push(table);
    }

    pub(crate) fn find(
        &mut self,
        key: &str,
        kind: FindingKind,
        is: &str,
        was: Option<&str>,
        entry: Option<usize>,
        text: String,
    ) {
        let found = DialectFinding {
            key: key.to_owned(),
            kind,
            is: is.to_owned(),
            was: was.map(str::to_owned),
            entry,
            text,
        };
        let same = |known: &DialectFinding| {
            known.key == found.key && known.is == found.is && known.kind == found.kind
        };
        if !self.findings.iter().any(same) {
            self.findings.push(found);
        }
    }

    /// The file: `nearest` with the changes.
    pub(crate) fn written(&self, nearest: &str, head: &str) -> String {
        let mut out = head.to_owned();
        let mut section = String::new();
        let mut lines = nearest.lines().skip_while(|line| line.starts_with('#')).peekable();
        let mut answers_written = false;
        while let Some(line) = lines.next() {
            if let Some(name) = section_of(line) {
                name.clone_into(&mut section);
                if section == "answers" && !answers_written {
                    answers_written = true;
                    self.answers.iter().for_each(|rule| push(&mut out, &format!("{rule}\n")));
                }
                push(&mut out, line);
                for line in self.added.get(&section).into_iter().flatten() {
                    push(&mut out, line);
                }
                continue;
            }
            let Some((key, value, remark)) = key_line(line) else {
                push(&mut out, line);
                continue;
            };
            // A list over several lines ends with its bracket.
            let mut whole = vec![line];
            if value.trim_end().ends_with('[') {
                for line in lines.by_ref() {
                    whole.push(line);
                    if line == "]" {
                        break;
                    }
                }
            }
            let path = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            let kept_text = || match value.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                Some(text) => self.known_texts.iter().any(|known| known == text),
                None => false,
            };
            match self.edits.get(&path) {
                // What the project calls the city is nothing that a capture shows.
                Some(Some(new)) if OURS.contains(&path.as_str()) => push(&mut out, &format!("{key} = {new}")),
                None if OURS.contains(&path.as_str()) => push(&mut out, line),
                Some(Some(new)) if new.contains('\n') => push(&mut out, &format!("{key} = {new}")),
                Some(Some(new)) => push(&mut out, &format!("{key} = {new}   # seen in capture")),
                Some(None) if whole.len() == 1 => {
                    push(&mut out, &format!("{key} = {value}   # seen in capture"))
                }
                Some(None) => {
                    push(&mut out, &format!("{line}   # seen in capture"));
                    whole.iter().skip(1).for_each(|line| push(&mut out, line));
                }
                None if section == "answers" && kept_text() => {
                    push(&mut out, &format!("{key} = {value}   # seen in capture"));
                }
                None if whole.len() == 1 => {
                    let remark = if remark.is_empty() { String::new() } else { format!("; {remark}") };
                    push(&mut out, &format!("{key} = {value}   # not seen in capture{remark}"));
                }
                None => whole.iter().for_each(|line| push(&mut out, line)),
            }
        }
        if !answers_written {
            self.answers.iter().for_each(|rule| push(&mut out, &format!("\n{rule}")));
        }
        if !self.habits.is_empty() {
            push(
                &mut out,
                "\n# How the site behaves where the client copes with every behaviour; a stand-in is dressed by it.",
            );
            push(&mut out, "[habits]");
            self.habits.iter().for_each(|line| push(&mut out, line));
        }
        self.tables.iter().for_each(|table| push(&mut out, &format!("\n{table}")));
        out
    }
}

fn push(out: &mut String, line: &str) {
    let _ = writeln!(out, "{line}");
}

/// A text as TOML writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text that can stand in a remark of one line.
pub(crate) fn remark(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(120).collect()
}

fn section_of(line: &str) -> Option<&str> {
    let name = line.strip_prefix("[[").and_then(|rest| rest.split_once("]]"));
    let name = name.or_else(|| line.strip_prefix('[').and_then(|rest| rest.split_once(']')));
    name.map(|(name, _)| name)
}

/// Key, value and remark of a line that begins at the margin.
fn key_line(line: &str) -> Option<(&str, &str, &str)> {
    if line.starts_with([' ', '#', ']', '{']) {
        return None;
    }
    let (key, rest) = line.split_once(" = ")?;
    let mut within = false;
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if within => escaped = true,
            '"' => within = !within,
            '#' if !within => {
                let (value, remark) = rest.split_at(at);
                return Some((key, value.trim_end(), remark.trim_start_matches(['#', ' '])));
            }
            _ => {}
        }
    }
    Some((key, rest.trim_end(), ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Site;

    #[test]
    fn every_built_in_file_stays_a_dialect_whatever_is_seen_of_it() {
        for name in Site::builtin_names() {
            let text = Site::builtin_toml(name).unwrap();
            let bare = Draft::default().written(text, "# head\n");
            assert!(Site::from_toml(&bare).is_ok(), "{name}: {bare}");
            assert!(
                bare.contains("not seen in capture; S") || bare.contains("not seen in capture; I"),
                "{name}"
            );
            let mut draft = Draft::default();
            draft.text("address.prefix", "/sport \"x\"", "/rent", 3);
            draft.confirm("paths.login", "/member/process", 3);
            draft.set("login.fields", "[\n    { name = \"a\", value = \"{account}\" },\n]".to_owned());
            draft.answer("[[answers]]\nmeans = \"busy\"\ntext = \"x\"".to_owned());
            draft.habit("form_needs_day", "true".to_owned(), "true", "", 4);
            draft.add_line("clock", "file = \"/a.css\"   # seen in capture".to_owned());
            let written = draft.written(text, "# head\n");
            let site = Site::from_toml(&written).unwrap_or_else(|error| panic!("{name}: {error}\n{written}"));
            assert_eq!(site.dialect.login.fields[0].name, "a");
            assert_eq!(site.dialect.address.prefix, "/sport \"x\"");
            assert_eq!(site.dialect.habits.form_needs_day, Some(true));
            assert!(written.contains("login = \"/member/process\"   # seen in capture"), "{written}");
        }
    }

    #[test]
    fn a_line_is_taken_apart_outside_its_quotes() {
        assert_eq!(key_line("a = \"x # y\"   # z"), Some(("a", "\"x # y\"", "z")));
        assert_eq!(key_line("\"예약\" = \"free\""), Some(("\"예약\"", "\"free\"", "")));
        assert_eq!(key_line("# a = 1"), None);
        assert_eq!(quoted("a\"\\\n"), "\"a\\\"\\\\\\n\"");
    }
}
