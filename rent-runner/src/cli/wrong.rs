//! What is wrong with the arguments, in Korean: clap says it in English only, but tells what it means as data.

use std::error::Error as _;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::say::{Language, current, retold, say};

/// The error as a person reads it in the language in effect; `None` leaves it to clap, which has the colours.
pub(crate) fn in_words(error: &Error) -> Option<String> {
    if current() == Language::English || !error.use_stderr() {
        return None;
    }
    let text = |kind| Some(shown(error.get(kind)?));
    let argument = || text(ContextKind::InvalidArg).unwrap_or_default();
    let value = || text(ContextKind::InvalidValue).unwrap_or_default();
    let mut lines = vec![match error.kind() {
        ErrorKind::InvalidValue if value().is_empty() => say!("argument-needs-value", argument = argument()),
        ErrorKind::InvalidValue => say!("argument-bad-value", argument = argument(), value = value()),
        ErrorKind::ValueValidation => {
            let why = error.source().map(|why| retold(&why.to_string())).unwrap_or_default();
            say!("argument-wrong-value", argument = argument(), value = value(), why = why)
        }
        ErrorKind::UnknownArgument => say!("argument-unknown", argument = argument()),
        ErrorKind::InvalidSubcommand => {
            say!("command-unknown", command = text(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => {
            say!("argument-missing", arguments = text(ContextKind::InvalidArg).unwrap_or_default())
        }
        ErrorKind::MissingSubcommand => say!("command-missing"),
        ErrorKind::ArgumentConflict => match text(ContextKind::PriorArg) {
            Some(other) if other != argument() => {
                say!("argument-conflict", argument = argument(), other = other)
            }
            _ => say!("argument-twice", argument = argument()),
        },
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooManyValues => {
            say!("argument-number-of-values", argument = argument())
        }
        ErrorKind::NoEquals => say!("argument-no-equals", argument = argument()),
        ErrorKind::InvalidUtf8 => say!("argument-not-utf-8"),
        _ => return None,
    }];
    if let Some(values) = text(ContextKind::ValidValue) {
        lines.push(say!("argument-values", values = values));
    }
    if let Some(commands) = text(ContextKind::ValidSubcommand) {
        lines.push(say!("argument-values", values = commands));
    }
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(suggestion) = suggested.into_iter().find_map(text) {
        lines.push(say!("argument-suggestion", suggestion = suggestion));
    }
    if let Some(usage) = text(ContextKind::Usage) {
        let usage = usage.trim().trim_start_matches("Usage:").trim().to_owned();
        lines.push(format!("\n{}", say!("argument-usage", usage = usage)));
    }
    lines.push(format!("\n{}", say!("argument-see-help")));
    Some(lines.join("\n"))
}

/// A value of clap's, as it is shown.
fn shown(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::StyledStrs(texts) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}
