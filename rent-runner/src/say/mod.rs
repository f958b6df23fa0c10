//! The sentences for people, in Korean and in English, from the message files in `locales/`.
//!
//! A sentence has one key and two texts, so that no page, table, message or error has words of its own, and a reader
//! of Korean meets no English one. [`say!`] gives it in the language in effect: that of the task (a page in its
//! browser's language, a message in that of its channel), else that of the process. Tests read the sources and the
//! files: each key that is used is in both files, with the same variables, and each key in them is used.
//!
//! The messages are Project Fluent's; no other file names its crate. A key that is missing all the same gives the
//! English text, or its own name: a sentence is never worth a panic.

mod dates;
mod language;
mod particles;
mod retold;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

pub(crate) use dates::{day, day_and_time, weekday};
pub(crate) use language::{
    Language, choose, current, for_a_program, from_settings, in_language, in_language_async,
};
pub(crate) use retold::retold;

/// The sentence of a key, with its variables: `say!("booking-cancelled", id = 7)`.
macro_rules! say {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::say::sentence($key, &[$((stringify!($name), ($value).to_string())),*])
    };
}
pub(crate) use say;

type Messages = FluentBundle<FluentResource>;

/// A message file in Korean and English, by its name.
macro_rules! of_file {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../locales/ko/", $name, ".ftl")),
            include_str!(concat!("../../locales/en/", $name, ".ftl")),
        )
    };
}

/// The help in Korean.
const KOREAN_HELP: &str = include_str!("../../locales/ko/help.ftl");

/// The message files: their name, and their text in Korean and English.
const FILES: [(&str, &str, &str); 12] = [
    of_file!("story"),
    of_file!("reasons"),
    of_file!("library"),
    of_file!("errors"),
    of_file!("messages"),
    of_file!("tables"),
    of_file!("commands"),
    of_file!("doctor"),
    of_file!("site"),
    of_file!("demo"),
    of_file!("input"),
    of_file!("arguments"),
];

/// The variables that hold why something is so: another sentence, which is told in the same language.
const CAUSES: [&str; 2] = ["error", "why"];

/// A text of the Korean help. It has a file of its own, which is read only when somebody asks for help; in English the
/// help is what stands beside the arguments.
pub(crate) fn help(key: &str) -> Option<String> {
    static HELP: OnceLock<Option<Messages>> = OnceLock::new();
    let read = || {
        let mut messages = Messages::new_concurrent(vec![Language::Korean.tag().parse().ok()?]);
        let (Ok(file) | Err((file, _))) = FluentResource::try_new(KOREAN_HELP.to_owned());
        messages.add_resource_overriding(file);
        Some(messages)
    };
    let messages = HELP.get_or_init(read).as_ref()?;
    let pattern = messages.get_message(key)?.value()?;
    Some(messages.format_pattern(pattern, None, &mut Vec::new()).into_owned())
}

/// The sentence of a key in the language in effect.
pub(crate) fn sentence(key: &str, arguments: &[(&'static str, String)]) -> String {
    sentence_in(current(), key, arguments)
}

/// A heading of a table or of a line, by its English text: `heading-…` of `tables.ftl`. What is none (a person's own
/// name for something) stays as it is; a number behind it stays behind it.
pub(crate) fn heading(english: &str) -> String {
    let (text, number) = match english.rsplit_once(' ') {
        Some((text, number)) if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) => {
            (text, number)
        }
        _ => (english, ""),
    };
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let key = format!("heading-{}", words.collect::<Vec<_>>().join("-"));
    match said(current(), &key, &FluentArgs::new()) {
        Some(heading) if number.is_empty() => heading,
        Some(heading) => format!("{heading} {number}"),
        None => english.to_owned(),
    }
}

/// The sentence of a key in a language.
pub(crate) fn sentence_in(language: Language, key: &str, arguments: &[(&'static str, String)]) -> String {
    let mut given = FluentArgs::new();
    for (name, value) in arguments {
        if CAUSES.contains(name) {
            // Mostly of the library or the system, and so in English.
            let cause = in_language(language, || retold(value));
            given.set(*name, FluentValue::from(cause));
        } else {
            given.set(*name, value_of(value));
        }
    }
    let in_english = || said(Language::English, key, &given);
    said(language, key, &given).or_else(in_english).unwrap_or_else(|| key.to_owned())
}

fn said(language: Language, key: &str, arguments: &FluentArgs<'_>) -> Option<String> {
    let messages = messages(language)?;
    let pattern = messages.get_message(key)?.value()?;
    Some(messages.format_pattern(pattern, Some(arguments), &mut Vec::new()).into_owned())
}

/// A whole number selects a plural; everything else is a text. Both are written as they were given.
fn value_of(text: &str) -> FluentValue<'_> {
    /// A float holds each whole number below this one exactly.
    const MAX: i64 = 1 << 53;
    match text.parse::<i64>() {
        Ok(number) if number.abs() < MAX && number.to_string() == text => FluentValue::from(number),
        _ => FluentValue::from(text),
    }
}

/// The messages of a language, read once.
fn messages(language: Language) -> Option<&'static Messages> {
    static KOREAN: OnceLock<Option<Messages>> = OnceLock::new();
    static ENGLISH: OnceLock<Option<Messages>> = OnceLock::new();
    let read = match language {
        Language::Korean => &KOREAN,
        Language::English => &ENGLISH,
    };
    read.get_or_init(|| read_all(language)).as_ref()
}

/// `None` only where a file is wrong, which a test finds.
fn read_all(language: Language) -> Option<Messages> {
    let mut messages = Messages::new_concurrent(vec![language.tag().parse().ok()?]);
    // Marks around each variable would be right for a page with Arabic in it, and are noise in a terminal.
    messages.set_use_isolating(false);
    particles::add_to(&mut messages);
    for (_, korean, english) in FILES {
        let text = match language {
            Language::Korean => korean,
            Language::English => english,
        };
        let file = match FluentResource::try_new(text.to_owned()) {
            // What could be read of a file that is wrong in one place is used.
            Ok(file) | Err((file, _)) => file,
        };
        messages.add_resource_overriding(file);
    }
    Some(messages)
}
