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

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

pub(crate) use dates::{day, day_and_time, weekday};
pub(crate) use language::{Language, choose, current, from_settings, in_language, in_language_async};
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

/// The message files: their name, and their text in Korean and English.
const FILES: [(&str, &str, &str); 4] =
    [of_file!("story"), of_file!("reasons"), of_file!("library"), of_file!("messages")];

/// The sentence of a key in the language in effect.
pub(crate) fn sentence(key: &str, arguments: &[(&'static str, String)]) -> String {
    sentence_in(current(), key, arguments)
}

/// The sentence of a key in a language.
pub(crate) fn sentence_in(language: Language, key: &str, arguments: &[(&'static str, String)]) -> String {
    let mut given = FluentArgs::new();
    for (name, value) in arguments {
        given.set(*name, value_of(value));
    }
    let said = |language| {
        let messages = messages(language)?;
        let pattern = messages.get_message(key)?.value()?;
        let text = messages.format_pattern(pattern, Some(&given), &mut Vec::new());
        Some(text.into_owned())
    };
    said(language).or_else(|| said(Language::English)).unwrap_or_else(|| key.to_owned())
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
