//! The settings file: TOML, every key known, and errors that name line and key and never what stands there.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::beside;
use super::keys::SETTINGS;
use crate::bad_input::BadInput;
use crate::notify::Channel;
use crate::system;

/// A settings file, read.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    values: Vec<(String, FileValue)>,
    pub(super) channels: Vec<Channel>,
    /// The line of the first channel.
    pub(super) channels_line: Option<usize>,
    /// Whether others than the owner can read it.
    pub(super) is_open: bool,
}

/// What stands at a key.
#[derive(Clone)]
pub(super) struct FileValue {
    pub(super) line: usize,
    pub(super) texts: Texts,
}

/// One text or number, or a list of texts.
#[derive(Clone)]
pub(super) enum Texts {
    One(String),
    Number(String),
    List(Vec<String>),
}

impl std::fmt::Debug for FileValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value(line {})", self.line)
    }
}

impl File {
    /// Reads it; `None` if it is not there and need not be.
    pub(super) fn read(path: &Path, must_exist: bool) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => return Ok(None),
            Err(error) => {
                let path = path.display();
                return Err(BadInput(format!("the settings file {path} cannot be read: {error}")).into());
            }
        };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let is_open = std::fs::File::open(&path).is_ok_and(|file| {
            let is_plain = file.metadata().is_ok_and(|about| about.is_file());
            is_plain && system::is_open_to_others(&file, &path)
        });
        let read = Self::parse(path.clone(), &text, is_open).map_err(|(line, why)| {
            BadInput(format!("the settings file {}, line {line}: {why}", path.display()))
        })?;
        Ok(Some(read))
    }

    /// What stands at a key.
    pub(super) fn value(&self, key: &str) -> Option<&FileValue> {
        self.values.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn parse(
        path: PathBuf,
        text: &str,
        is_open: bool,
    ) -> std::result::Result<Self, (usize, String)> {
        let line = |at: usize| line_of(text, at);
        let table = DeTable::parse(text).map_err(|error| {
            // The message alone: the error's own text quotes the line, and a password may stand on it.
            (error.span().map_or(1, |span| line(span.start)), error.message().to_owned())
        })?;
        let mut file = Self { path, values: Vec::new(), channels: Vec::new(), channels_line: None, is_open };
        for (key, value) in table.into_inner() {
            let (at, name) = (line(key.span().start), key.get_ref().clone().into_owned());
            if name == "notify" {
                file.channels_line = Some(at);
                let place = |path: &Path| beside(&path.to_string_lossy(), &file.path);
                let channels = channels(value, line)?.into_iter();
                file.channels = channels.map(|channel| channel.with_paths(place)).collect();
                continue;
            }
            if !SETTINGS.iter().any(|setting| setting.key == name || setting.also == Some(&name)) {
                return Err((at, format!("there is no setting `{name}`: the settings are {}", known())));
            }
            let texts = texts(value.get_ref()).ok_or_else(|| {
                (at, format!("`{name}` is {}, and that is not meant", kind(value.get_ref())))
            })?;
            file.values.push((name, FileValue { line: at, texts }));
        }
        Ok(file)
    }
}

fn known() -> String {
    let keys = SETTINGS.iter().flat_map(|setting| std::iter::once(setting.key).chain(setting.also));
    let keys: Vec<_> = keys.chain(["[[notify]]"]).collect();
    keys.join(", ")
}

fn channels(
    value: Spanned<DeValue<'_>>,
    line: impl Fn(usize) -> usize,
) -> std::result::Result<Vec<Channel>, (usize, String)> {
    let at = line(value.span().start);
    let wrong = || (at, "write each channel as a table that begins with [[notify]]".to_owned());
    let DeValue::Array(tables) = value.into_inner() else { return Err(wrong()) };
    let mut channels: Vec<Channel> = Vec::new();
    for table in tables.iter() {
        let at = line(table.span().start);
        if !table.get_ref().is_table() {
            return Err(wrong());
        }
        let number = channels.len() + 1;
        let channel = Channel::deserialize(table.clone().into_deserializer()).map_err(|error| {
            let at = error.span().map_or(at, |span| line(span.start));
            (at, format!("[[notify]] {number}: {}", without_quotes(error.message())))
        })?;
        if channels.iter().any(|other| other.name == channel.name) {
            return Err((at, format!("[[notify]] {number}: another channel has that name")));
        }
        channels.push(channel);
    }
    Ok(channels)
}

/// An error's message without the values that it quotes, for one may be a token.
fn without_quotes(message: &str) -> String {
    let mut out = String::new();
    for (index, part) in message.split('"').enumerate() {
        out.push_str(if index % 2 == 1 { "\"…\"" } else { part });
    }
    out
}

fn texts(value: &DeValue<'_>) -> Option<Texts> {
    match value {
        DeValue::String(text) => Some(Texts::One(text.clone().into_owned())),
        DeValue::Integer(number) => {
            let plain = number.radix() == 10;
            plain.then(|| Texts::Number(number.as_str().to_owned()))
        }
        DeValue::Array(list) => {
            let texts = list.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().map(Texts::List)
        }
        _ => None,
    }
}

/// What a value is, for an error.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list of something else than texts",
        DeValue::Table(_) => "a table",
    }
}

/// The line of a place in a text, counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}
