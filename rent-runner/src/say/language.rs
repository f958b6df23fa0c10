//! Which language is spoken, and who chooses it.
//!
//! For the process: `--language`, else `RENT_LANGUAGE`, else the settings file, else the locale, else Korean. A
//! locale that names no language (C, POSIX, none at all: containers, cron, a fresh server) means Korean, because the
//! courts of these cities are booked by people who read it; a locale of any other language means English. What a
//! program reads (`--json`, a log in JSON) is English throughout, so that it never changes with the language.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

/// A language that the program speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Language {
    #[default]
    Korean,
    English,
}

/// The language of the process. Unit tests of other modules judge English.
static IS_ENGLISH: AtomicBool = AtomicBool::new(cfg!(test));

/// Whether it was chosen by a flag, a variable, or a program that reads the result: the settings file comes after them.
static IS_SETTLED: AtomicBool = AtomicBool::new(false);

tokio::task_local! {
    /// The language of a task, where it is not that of the process.
    static OF_TASK: Cell<Language>;
}

impl Language {
    /// Its tag, as browsers and message files have it.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }

    /// The language of a word that a person writes: `ko`, `en`, or the whole English word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word.trim() {
            "ko" | "korean" => Some(Self::Korean),
            "en" | "english" => Some(Self::English),
            _ => None,
        }
    }

    /// The language of a locale (`ko_KR.UTF-8`); `None` if it names none.
    fn of_locale(locale: &str) -> Option<Self> {
        match locale.split(['_', '.', '@', '-']).next().unwrap_or_default() {
            "" | "C" | "POSIX" => None,
            "ko" => Some(Self::Korean),
            _ => Some(Self::English),
        }
    }
}

/// Chooses the language of the process by its arguments and environment, before anything is said.
pub(crate) fn choose(arguments: impl Iterator<Item = OsString>, json: bool) {
    let (language, settled) = chosen(arguments, json, |name| std::env::var_os(name));
    IS_ENGLISH.store(language == Language::English, Ordering::Relaxed);
    IS_SETTLED.store(settled, Ordering::Relaxed);
}

/// Speaks English from here on: a program reads.
pub(crate) fn for_a_program() {
    IS_ENGLISH.store(true, Ordering::Relaxed);
    IS_SETTLED.store(true, Ordering::Relaxed);
}

/// Takes the language of the settings file, unless a flag or a variable has chosen one.
pub(crate) fn from_settings(language: Language) {
    if !IS_SETTLED.load(Ordering::Relaxed) {
        IS_ENGLISH.store(language == Language::English, Ordering::Relaxed);
    }
}

/// The language that these give, and whether the settings file has no say in it.
fn chosen(
    arguments: impl Iterator<Item = OsString>,
    json: bool,
    environment: impl Fn(&str) -> Option<OsString>,
) -> (Language, bool) {
    if json {
        return (Language::English, true);
    }
    let read = |text: &OsStr| text.to_str().and_then(Language::parse);
    let mut flag = None;
    let mut arguments = arguments.take_while(|argument| argument != "--");
    while let Some(argument) = arguments.next() {
        // The last one holds, as with every flag.
        match argument.to_str().and_then(|text| text.strip_prefix("--language")) {
            Some("") => flag = arguments.next().as_deref().and_then(read).or(flag),
            Some(value) => flag = value.strip_prefix('=').and_then(Language::parse).or(flag),
            None => {}
        }
    }
    if let Some(language) = flag.or_else(|| environment("RENT_LANGUAGE").as_deref().and_then(read)) {
        return (language, true);
    }
    let mut locales = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(&environment);
    let locale = locales.find(|value| !value.is_empty());
    let language = locale.and_then(|locale| Language::of_locale(&locale.to_string_lossy()));
    (language.unwrap_or_default(), false)
}

/// The language in effect.
pub(crate) fn current() -> Language {
    OF_TASK.try_with(Cell::get).unwrap_or_else(|_| match IS_ENGLISH.load(Ordering::Relaxed) {
        true => Language::English,
        false => Language::Korean,
    })
}

/// What is said within `speak` is in this language.
pub(crate) fn in_language<T>(language: Language, speak: impl FnOnce() -> T) -> T {
    OF_TASK.sync_scope(Cell::new(language), speak)
}

/// The same for a future; what it spawns is not of its task.
pub(crate) async fn in_language_async<T>(language: Language, speak: impl Future<Output = T>) -> T {
    OF_TASK.scope(Cell::new(language), speak).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen_by(arguments: &[&str], variables: &[(&str, &str)]) -> (Language, bool) {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        chosen(arguments.iter().map(OsString::from), false, variable)
    }

    #[test]
    fn the_flag_comes_before_the_variable_and_the_variable_before_the_locale() {
        use Language::{English, Korean};
        for (arguments, variables, expected) in [
            (&["list", "--language", "en"][..], &[("RENT_LANGUAGE", "ko")][..], (English, true)),
            (&["--language=korean", "list"], &[("LANG", "en_US.UTF-8")], (Korean, true)),
            (&["--language", "ko", "--language", "en"], &[], (English, true)),
            (&["--language", "klingon"], &[("LANG", "en_US")], (English, false)),
            (&["add", "--", "--language", "en"], &[], (Korean, false)),
            (&[], &[("RENT_LANGUAGE", "english"), ("LANG", "ko_KR.UTF-8")], (English, true)),
            (&[], &[("LC_ALL", "ko_KR.UTF-8"), ("LANG", "en_US.UTF-8")], (Korean, false)),
            (&[], &[("LC_ALL", ""), ("LC_MESSAGES", "en_GB"), ("LANG", "ko_KR")], (English, false)),
            (&[], &[("LANG", "de_DE.UTF-8")], (English, false)),
            // These name no language.
            (&[], &[("LANG", "C.UTF-8")], (Korean, false)),
            (&[], &[("LC_ALL", "POSIX")], (Korean, false)),
            (&[], &[], (Korean, false)),
        ] {
            assert_eq!(chosen_by(arguments, variables), expected, "{arguments:?} {variables:?}");
        }
        let json = chosen(["--language".into(), "ko".into()].into_iter(), true, |_| None);
        assert_eq!(json, (English, true), "a program's document has one language");
    }

    #[tokio::test]
    async fn a_task_may_speak_another_language_than_the_process() {
        let other = match current() {
            Language::Korean => Language::English,
            Language::English => Language::Korean,
        };
        assert_eq!(in_language(other, current), other);
        let later = async {
            tokio::task::yield_now().await;
            current()
        };
        assert_eq!(in_language_async(other, later).await, other);
        assert_ne!(current(), other);
    }
}
