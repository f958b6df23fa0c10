//! `settings`: which settings hold and where each comes from, with every secret masked.

use anyhow::Result;
use serde_json::{Value, json};

use super::keys::SETTINGS;
use super::{Config, Flags, Source, defaults};
use crate::bad_input::BadInput;
use crate::cli::{Settings, SettingsCommand, SettingsShow};
use crate::exit;
use crate::logs::LogFormat;
use crate::notify::Language;
use crate::output;
use crate::vault::KeySource;

/// A settings file with every key, commented out.
const EXAMPLE: &str = include_str!("example.toml");

/// Shows the settings, the file's place or an example.
pub(crate) fn run(arguments: &Settings, mut flags: Flags) -> Result<u8> {
    match &arguments.command {
        SettingsCommand::Show(arguments) => {
            arguments.at.put(&mut flags);
            let config = Config::load(&flags)?;
            config.warnings.iter().for_each(|warning| output::note(&format!("warning: {warning}")));
            show(arguments, &config)?;
        }
        SettingsCommand::Path => {
            let path = defaults::settings_file(flags.config.as_deref(), &|name| std::env::var_os(name));
            let (path, _) = path.ok_or_else(|| {
                BadInput("neither XDG_CONFIG_HOME nor HOME is set: give --config or RENT_CONFIG".to_owned())
            })?;
            output::result(&path.display().to_string())?;
        }
        SettingsCommand::Example => output::result(EXAMPLE)?,
    }
    Ok(exit::DONE)
}

fn show(arguments: &SettingsShow, config: &Config) -> Result<()> {
    let rows = rows(config);
    if arguments.json {
        let settings: Vec<Value> = rows
            .iter()
            .map(|(key, value, source)| {
                json!({ "setting": key, "value": value, "source": source_json(source) })
            })
            .collect();
        output::json(&json!({ "file": config.file, "settings": settings }))?;
        return Ok(());
    }
    let rows = rows
        .into_iter()
        .map(|(key, value, source)| vec![key.to_owned(), plain(&value), source.to_string()])
        .collect();
    Ok(output::result(&output::table(&["setting", "value", "source"], rows))?)
}

/// Every setting with its value, masked where it is a secret.
pub(super) fn rows(config: &Config) -> Vec<(&'static str, Value, Source)> {
    let values = [
        json!(mask_database(&config.database)),
        json!(key_text(&config.key)),
        json!(config.site),
        json!(config.base_url),
        json!(config.tls.map(tls_word)),
        json!(config.extra_ca),
        json!(config.user_agent),
        json!(config.routes.iter().map(ToString::to_string).collect::<Vec<_>>()),
        json!(match config.on_block {
            namyangju_rent::OnBlock::NextRoute => "next-route",
            _ => "stop",
        }),
        json!(config.runner),
        json!(config.most_at_once),
        json!(config.listen),
        json!(match config.language {
            Language::Korean => "korean",
            Language::English => "english",
        }),
        json!(config.log_format.map(LogFormat::word)),
    ];
    let keys = SETTINGS.iter().map(|setting| match (&config.key, setting.also) {
        (KeySource::Command(_), Some(also)) => (setting.key, also),
        _ => (setting.key, setting.key),
    });
    let mut rows: Vec<_> = keys
        .zip(values)
        .map(|((key, shown), value)| (shown, value, config.sources.of(key).clone()))
        .collect();
    let channels: Vec<_> = config.channels.iter().map(|channel| channel.summary().to_string()).collect();
    rows.push(("notify", json!(channels), config.sources.of("notify").clone()));
    rows
}

/// A value in a table.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "-".to_owned(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

fn source_json(source: &Source) -> Value {
    match source {
        Source::Default => json!({ "kind": "default" }),
        Source::File { path, line } => json!({ "kind": "file", "path": path, "line": line }),
        Source::Environment(name) => json!({ "kind": "environment", "name": name }),
        Source::Flag(name) => json!({ "kind": "flag", "name": name }),
    }
}

fn tls_word(backend: namyangju_rent::TlsBackend) -> &'static str {
    match backend {
        namyangju_rent::TlsBackend::Rustls => "rustls",
        _ => "native",
    }
}

/// Where the key is; never the key.
fn key_text(source: &KeySource) -> String {
    match source {
        KeySource::File(path) => path.display().to_string(),
        KeySource::Environment => "the value of RENT_KEY".to_owned(),
        KeySource::Command(command) => command.clone(),
    }
}

/// A database's address with its password as `***`.
pub(crate) fn mask_database(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    // Up to the last `@`: a password may hold any character that somebody forgot to encode.
    let (login, place) = match rest.rfind('@').and_then(|at| rest.split_at_checked(at)) {
        Some((login, place)) => match login.split_once(':') {
            Some((user, _)) => (format!("{user}:***"), place),
            None => (login.to_owned(), place),
        },
        None => (String::new(), rest),
    };
    let (place, parameters) = match place.split_once('?') {
        Some((place, parameters)) => (place, Some(parameters)),
        None => (place, None),
    };
    let mut out = format!("{scheme}://{login}{place}");
    for (index, parameter) in parameters.into_iter().flat_map(|text| text.split('&')).enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => {
                out.push_str(name);
                out.push_str("=***");
            }
            _ => out.push_str(parameter),
        }
    }
    out
}
