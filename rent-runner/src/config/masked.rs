//! Settings as they may be shown: every secret masked.

use serde_json::{Value, json};

use super::Config;
use super::keys::SETTINGS;
use super::source::Source;
use crate::say::Language;
use crate::telemetry::logs::LogFormat;
use crate::vault::KeySource;

/// Every setting with its value, masked where it is a secret.
pub(crate) fn rows(config: &Config) -> Vec<(&'static str, Value, Source)> {
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
            namyangju_rent::network::OnBlock::NextRoute => "next-route",
            _ => "stop",
        }),
        json!(config.runner),
        json!(config.most_at_once),
        json!(config.listen),
        json!(config.door.base_path.as_str()),
        json!(config.door.hosts),
        json!(config.door.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>()),
        json!(config.door.tls_cert),
        json!(config.door.tls_key),
        json!(match config.language {
            Language::Korean => "korean",
            Language::English => "english",
        }),
        json!(config.log_format.map(LogFormat::as_str)),
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

fn tls_word(backend: namyangju_rent::network::TlsBackend) -> &'static str {
    match backend {
        namyangju_rent::network::TlsBackend::Rustls => "rustls",
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
