//! That the message files and the sources agree: every key that is used has a sentence in both languages, with the
//! same variables, every sentence is used, and no sentence stands outside the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// The messages of a file: each key and the variables of its text.
fn variables(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut key = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) =
            line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            assert!(messages.insert(name.to_owned(), BTreeSet::new()).is_none(), "{name} is there twice");
            key = name.to_owned();
        }
        let names = line.split('$').skip(1).map(|rest| {
            rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
        });
        messages.entry(key.clone()).or_default().extend(names.map(str::to_owned));
    }
    messages.remove("");
    messages
}

fn all(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let text = |(_, korean, english): &(&str, &'static str, &'static str)| match language {
        Language::Korean => *korean,
        Language::English => *english,
    };
    let whole: Vec<&str> = FILES.iter().map(text).collect();
    variables(&whole.join("\n"))
}

/// The sources, without their unit tests: the path below `src/`, and the text.
fn sources() -> Vec<(String, String)> {
    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    for file in files(&src).into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let path = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        let is_test = |part: &str| ["tests", "tests.rs", "testing.rs"].contains(&part);
        if path.split('/').any(is_test) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        sources.push((path, own.split("#[cfg(test)]\n#[allow").next().unwrap().to_owned()));
    }
    sources
}

/// A text of a source: where it begins, and what it is with its escapes read.
struct Literal {
    at: usize,
    text: String,
}

/// The texts of a source. Comments and attributes are left out, so that neither documentation nor the help is among them.
fn literals(source: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let bytes: Vec<char> = source.chars().collect();
    let at = |index: usize| bytes.get(index).copied().unwrap_or('\0');
    let mut index = 0;
    let skip_text = |mut end: usize| {
        let mut text = String::new();
        while end < bytes.len() && at(end) != '"' {
            if at(end) == '\\' {
                end += 1;
                match at(end) {
                    'n' => text.push('\n'),
                    '\n' => {
                        while at(end + 1).is_whitespace() {
                            end += 1;
                        }
                    }
                    'x' | 'u' => text.push('\\'),
                    other => text.push(other),
                }
            } else {
                text.push(at(end));
            }
            end += 1;
        }
        (text, end + 1)
    };
    while index < bytes.len() {
        match (at(index), at(index + 1)) {
            ('/', '/') => index += bytes[index..].iter().take_while(|c| **c != '\n').count(),
            ('#', '[') | ('#', '!') => {
                let mut depth = 0;
                loop {
                    match at(index) {
                        '[' => depth += 1,
                        ']' if depth == 1 => break,
                        ']' => depth -= 1,
                        '"' => index = skip_text(index + 1).1 - 1,
                        '\0' => break,
                        _ => {}
                    }
                    index += 1;
                }
                index += 1;
            }
            ('r', '"' | '#') if !at(index.wrapping_sub(1)).is_alphanumeric() => {
                let hashes = bytes[index + 1..].iter().take_while(|c| **c == '#').count();
                if at(index + 1 + hashes) != '"' {
                    index += 1;
                    continue;
                }
                let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                let begin = index + 2 + hashes;
                let rest: String = bytes[begin..].iter().collect();
                let text = rest.split(&end).next().unwrap().to_owned();
                let length = text.chars().count() + end.len();
                found.push(Literal { at: index, text });
                index = begin + length;
            }
            ('"', _) => {
                let (text, end) = skip_text(index + 1);
                found.push(Literal { at: index, text });
                index = end;
            }
            ('\'', '\\') => index += 3 + bytes[index + 3..].iter().take_while(|c| **c != '\'').count() + 1,
            ('\'', _) if at(index + 2) == '\'' => index += 3,
            _ => index += 1,
        }
    }
    found
}

#[test]
fn both_languages_have_the_same_sentences_with_the_same_variables() {
    let (korean, english) = (all(Language::Korean), all(Language::English));
    let keys = |of: &BTreeMap<String, BTreeSet<String>>| of.keys().cloned().collect::<BTreeSet<_>>();
    let (only, other) = (keys(&korean), keys(&english));
    assert_eq!(only.symmetric_difference(&other).collect::<Vec<_>>(), Vec::<&String>::new());
    for (key, variables) in &english {
        assert_eq!(variables, &korean[key], "{key}");
    }
}

#[test]
fn the_message_files_can_be_read_whole() {
    for (name, korean, english) in FILES {
        for text in [korean, english] {
            let read = FluentResource::try_new(text.to_owned());
            assert!(read.is_ok(), "{name}: {:?}", read.err().map(|(_, errors)| errors));
        }
    }
    for language in [Language::Korean, Language::English] {
        for (key, variables) in all(language) {
            let given: Vec<(&'static str, String)> =
                variables.into_iter().map(|name| (&*name.leak(), "7".to_owned())).collect();
            let said = sentence_in(language, &key, &given);
            // A word may be its own key: never.
            assert!((said != key || !key.contains('-')) && !said.contains("{$"), "{key}: {said}");
        }
    }
}

#[test]
fn every_key_that_is_used_has_a_sentence_with_these_variables_and_every_sentence_is_used() {
    let english = all(Language::English);
    // These are found by their English text, or by a noun.
    let by_text = |key: &str| key.starts_with("heading-") || key.starts_with("count-");
    let recognised: BTreeSet<String> = FILES
        .iter()
        .filter(|(name, ..)| ["reasons", "library", "errors"].contains(name))
        .flat_map(|(_, _, english)| variables(english).into_keys())
        .collect();
    let mut unused: BTreeSet<&String> =
        english.keys().filter(|key| !by_text(key) && !recognised.contains(*key)).collect();
    for (path, source) in sources() {
        for (at, call) in source.match_indices("say!(").map(|(at, call)| (at, at + call.len())) {
            if source[..at].ends_with("macro_rules! ")
                || source[..at].rsplit('\n').next().unwrap().contains("//")
            {
                continue;
            }
            let mut depth = 1;
            let end = source[call..].char_indices().find(|(_, c)| {
                depth += match c {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
                depth == 0
            });
            let inner = source[call..call + end.unwrap().0].trim();
            let key = inner.trim_start_matches('"').split('"').next().unwrap();
            assert!(english.contains_key(key), "{path}: no message `{key}`");
            // A name, a blank and `=`, at the outermost level.
            let (mut depth, mut given, mut word) = (0, BTreeSet::new(), String::new());
            let mut quoted = false;
            let signs: Vec<char> = inner.chars().collect();
            for (index, c) in signs.iter().enumerate() {
                match c {
                    '"' if index == 0 || signs[index - 1] != '\\' => quoted = !quoted,
                    _ if quoted => {}
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth -= 1,
                    ',' if depth == 0 => word.clear(),
                    '=' if depth == 0 && signs.get(index + 1) == Some(&' ') && !word.trim().contains(' ') => {
                        given.insert(word.trim().to_owned());
                    }
                    c if depth == 0 => word.push(*c),
                    _ => {}
                }
            }
            assert_eq!(given, english[key], "{path}: `{key}`");
            unused.remove(&key.to_owned());
        }
        for literal in literals(&source) {
            unused.remove(&literal.text);
        }
    }
    assert_eq!(unused, BTreeSet::new(), "nobody says these");
}

#[test]
fn every_count_has_its_noun() {
    let english = all(Language::English);
    for (path, source) in sources() {
        for (_, rest) in source.match_indices("counted(").filter_map(|(at, call)| {
            let rest = &source[at + call.len()..];
            Some((at, rest.get(..rest.find(';').unwrap_or(rest.len()).min(200))?))
        }) {
            let noun = rest.split('"').nth(1).filter(|noun| noun.chars().all(|c| c.is_ascii_lowercase()));
            if let Some(noun) = noun {
                assert!(english.contains_key(&format!("count-{noun}")), "{path}: {noun}");
            }
        }
    }
}

/// What is no sentence for a person, or is not yet moved: sources, each with the beginning of texts that may stand there.
/// The fewer the better: a new sentence goes into the files.
const ALLOWED: &[(&str, &[&str])] = &[
    // The record of who did what is English, as logs are.
    ("commands/web.rs", &["made token"]),
    // For whoever describes another city.
    ("commands/capture/", &[""]),
    ("cli/mod.rs", &["Examples:"]),
    ("commands/doctor/report.rs", &[""]),
    ("commands/doctor/scrub.rs", &[""]),
    ("documents/", &[""]),
    // What a test of the file system says, and names of a driver's errors.
    ("system.rs", &["the ", "what the "]),
    ("store/open.rs", &["no such table"]),
    // Logged, a line further on.
    ("runner/", &["{why}: the end", "a dead runner's"]),
    ("exit.rs", &["Exit codes:"]),
    ("say/", &[""]),
    ("telemetry/", &[""]),
    // These have their words in both languages beside each other: the compiler sees to it.
    ("timeline/", &[""]),
    ("web/", &[""]),
];

#[test]
fn no_sentence_stands_outside_the_message_files() {
    let mut outside = Vec::new();
    for (path, source) in sources() {
        let characters: Vec<char> = source.chars().collect();
        for literal in literals(&source) {
            let before: String = characters[literal.at.saturating_sub(60)..literal.at].iter().collect();
            let is_logged = ["debug!(", "info!(", "warn!(", "error!(", "trace!(", "target: "]
                .iter()
                .any(|call| before.rsplit(';').next().unwrap().contains(call));
            if is_logged || !is_sentence(&literal.text) || is_recognised(&literal.text) {
                continue;
            }
            let allowed = ALLOWED.iter().filter(|(file, _)| path.starts_with(file));
            if !allowed.flat_map(|(_, texts)| *texts).any(|text| literal.text.starts_with(text)) {
                outside.push(format!("{path}: {:?}", literal.text));
            }
        }
    }
    assert!(outside.is_empty(), "put these into locales/:\n{}", outside.join("\n"));
}

/// Two or more English words that stand beside each other, and nothing that a database or a browser reads.
fn is_sentence(text: &str) -> bool {
    let is_foreign = [
        "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WHERE ", "VALUES", " FROM ", "JOIN ", "BEGIN ",
        "PRAGMA ",
    ]
    .iter()
    .any(|word| text.contains(word));
    let code = ["rent-runner ", "--", "no-store", "charset=", "Asia/Seoul", "CLASS", "PRODID"];
    if is_foreign || !text.trim().contains(' ') || code.iter().any(|word| text.trim().starts_with(word)) {
        return false;
    }
    let plain = text.replace(|c: char| ",.:;!?()".contains(c), " ");
    let words: Vec<&str> = plain.split(' ').collect();
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '\'');
    words.windows(2).any(|pair| pair.iter().all(is_word))
        && words.iter().filter(|word| is_word(word)).count() > 2
}

/// Whether it is told in Korean when a person reads it, by `retold`.
fn is_recognised(text: &str) -> bool {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, (_, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        filled.push_str(before);
        filled.push('7');
        rest = after;
    }
    filled.push_str(rest);
    // A table's own name stands beside nothing else.
    let lines = filled.lines().filter(|line| !line.trim().is_empty());
    let told = |line: &str| {
        let line = line.trim();
        in_language(Language::Korean, || retold(line) != line || heading(line) != line)
    };
    let mut lines = lines;
    if lines.all(told) {
        return true;
    }
    // A part of a sentence that is put together.
    let files = FILES.iter().filter(|(name, ..)| ["reasons", "library", "errors"].contains(name));
    let whole: Vec<&str> = files.map(|(_, _, english)| *english).collect();
    let parts = text.split(['{', '}']).enumerate().filter(|(index, _)| index % 2 == 0).map(|(_, part)| part);
    parts
        .map(str::trim)
        .filter(|part| part.len() > 2)
        .all(|part| whole.iter().any(|file| file.contains(part)))
}

#[test]
fn the_library_says_nothing_that_is_not_told_in_korean() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../namyangju-rent/src");
    let mut silent = Vec::new();
    for file in
        ["error.rs", "outcome.rs", "value/date.rs", "value/slot.rs", "value/place.rs", "value/application.rs"]
    {
        let text = fs::read_to_string(src.join(file)).unwrap();
        let own = text.split("#[cfg(test)]").next().unwrap();
        // Texts of attributes are the errors' own.
        for literal in literals(&own.replace("#[error(", "error(")) {
            if is_sentence(&literal.text) && !is_recognised(&literal.text) {
                silent.push(format!("{file}: {:?}", literal.text));
            }
        }
    }
    assert!(silent.is_empty(), "put these into library.ftl:\n{}", silent.join("\n"));
}
