//! One setting from several places: the flag, else the variable, else the file, else the default.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use namyangju_rent::network::{OnBlock, Route, TlsBackend};

use super::defaults;
use super::file::{File, Texts};
use super::keys::{
    BASE_PATH, BASE_URL, DATABASE, EXTRA_CA, KEY, LANGUAGE, LISTEN, LOG_FORMAT, MOST, ON_BLOCK, PROXIES,
    ROUTES, RUNNER, SITE, Setting, TLS, TLS_CERT, TLS_KEY, USER_AGENT, WEB_HOSTS,
};
use super::masked::mask_database;
use super::source::{Source, Sources};
use super::{Config, DoorSettings, Flags, beside};
use crate::bad_input::BadInput;
use crate::notify::Channel;
use crate::say::Language;
use crate::telemetry::logs::LogFormat;
use crate::vault::KeySource;

/// The most bookings that a runner holds at a time, unless it is told otherwise: four people's, eight each.
const MAX_AT_ONCE: u32 = 32;

/// A limit to what one process can do well at one instant.
const MAX_BATCH: u32 = 1000;

/// The longest name of a runner.
const MAX_NAME: usize = 64;

/// Everything that settings can come from.
pub(super) struct Layers<'a> {
    flags: &'a Flags,
    environment: defaults::ReadVariable<'a>,
    file: Option<File>,
    sources: Sources,
}

impl<'a> Layers<'a> {
    pub(super) fn new(
        flags: &'a Flags,
        environment: &'a dyn Fn(&str) -> Option<OsString>,
        file: Option<File>,
    ) -> Self {
        Self { flags, environment, file, sources: Sources::default() }
    }

    /// The settings that hold.
    pub(super) fn resolve(mut self) -> Result<Config> {
        let flags = self.flags;
        let text = |text: &str, _: Option<&Path>| Ok(text.trim().to_owned());
        let path = |text: &str, file: Option<&Path>| {
            Ok(file.map_or_else(|| PathBuf::from(text), |file| beside(text, file)))
        };
        let database = self.take(&DATABASE, flags.database.clone(), database_beside)?;
        let key = self.key()?;
        let site = self.take(&SITE, flags.site.clone(), site_beside)?;
        let base_url = self.take(&BASE_URL, flags.base_url.clone(), text)?;
        let base_url = base_url.filter(|_| !self.is_of_another_site());
        let config = Config {
            database: database.unwrap_or_else(|| {
                defaults::database(self.environment)
                    .map_or_else(String::new, |path| path.display().to_string())
            }),
            key,
            site: site.unwrap_or_else(|| "namyangju".to_owned()),
            base_url,
            tls: self.take(&TLS, flags.tls, |text, _| tls(text))?,
            extra_ca: self.take(&EXTRA_CA, flags.extra_ca.clone(), path)?,
            user_agent: self.user_agent()?,
            routes: self.routes()?,
            on_block: self.take(&ON_BLOCK, flags.on_block, |text, _| on_block(text))?.unwrap_or_default(),
            runner: self
                .take(&RUNNER, flags.runner.clone(), |text, _| runner_name(text))?
                .unwrap_or_else(|| defaults::runner(self.environment)),
            most_at_once: self
                .take(&MOST, flags.most_at_once, |text, _| most_at_once(text))?
                .unwrap_or(MAX_AT_ONCE),
            listen: self.take(&LISTEN, flags.listen, |text, _| listen(text))?,
            door: self.door()?,
            language: self.take(&LANGUAGE, flags.language, |text, _| language(text))?.unwrap_or_default(),
            log_format: self.take(&LOG_FORMAT, flags.log_format, |text, _| log_format(text))?,
            channels: Vec::new(),
            file: None,
            warnings: Vec::new(),
            sources: Sources::default(),
        };
        Ok(self.with_file(config))
    }

    /// Adds what only the file has, and what is to be said of it.
    fn with_file(mut self, mut config: Config) -> Config {
        if let Some(file) = self.file.take() {
            let path = file.path.clone();
            if let Some(line) = file.channels_line {
                self.sources.note("notify", Source::File { path: path.clone(), line });
            }
            let from_file = |key| matches!(self.sources.of(key), Source::File { .. });
            let holds_secret = from_file(DATABASE.key) && mask_database(&config.database) != config.database
                || from_file(ROUTES.key)
                    && config.routes.iter().any(|route| route.to_string() != route.full_text())
                || file.channels.iter().any(Channel::has_secret_in_place);
            if file.is_open && holds_secret {
                config.warnings.push(format!(
                    "the settings file {0} holds a secret and others can read it: chmod 600 {0}",
                    path.display()
                ));
            }
            config.channels = file.channels;
            config.file = Some(path);
        }
        config.sources = self.sources;
        config
    }

    /// A setting that is one text, from the strongest place that has it.
    fn take<T>(
        &mut self,
        setting: &Setting,
        flag: Option<T>,
        read: impl Fn(&str, Option<&Path>) -> std::result::Result<T, String>,
    ) -> Result<Option<T>> {
        if let (Some(value), Some(name)) = (flag, setting.flag) {
            self.sources.note(setting.key, Source::Flag(name));
            return Ok(Some(value));
        }
        if let Some(text) = self.variable(setting.variable)? {
            let value = read(&text, None).map_err(|why| BadInput(format!("{}: {why}", setting.variable)))?;
            self.sources.note(setting.key, Source::Environment(setting.variable));
            return Ok(Some(value));
        }
        let Some(file) = &self.file else { return Ok(None) };
        let Some(value) = file.value(setting.key) else { return Ok(None) };
        let at = Source::File { path: file.path.clone(), line: value.line };
        let read = match &value.texts {
            Texts::One(text) | Texts::Number(text) => read(text, Some(&file.path)),
            Texts::List(_) => Err("write one value, not a list".to_owned()),
        };
        let value = read.map_err(|why| wrong_in(&at, setting.key, &why))?;
        self.sources.note(setting.key, at);
        Ok(Some(value))
    }

    /// A variable of the environment; an empty one is none.
    fn variable(&self, name: &str) -> Result<Option<String>> {
        match (self.environment)(name).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(value) => match value.into_string() {
                Ok(text) => Ok(Some(text)),
                Err(_) => Err(BadInput(format!("{name} is not UTF-8")).into()),
            },
        }
    }

    fn key(&mut self) -> Result<KeySource> {
        if let Some(path) = &self.flags.key_file {
            self.sources.note(KEY.key, Source::Flag("--key-file"));
            return Ok(KeySource::File(path.clone()));
        }
        let variables = ["RENT_KEY", "RENT_KEY_COMMAND", "RENT_KEY_FILE"];
        let mut set = Vec::new();
        for name in variables {
            if let Some(text) = self.variable(name)? {
                set.push((name, text));
            }
        }
        if let [(one, _), (two, _), ..] = &set[..] {
            return Err(BadInput(format!("{one} and {two} both give a key: leave one of them out")).into());
        }
        if let Some((name, text)) = set.pop() {
            self.sources.note(KEY.key, Source::Environment(name));
            return Ok(match name {
                "RENT_KEY" => KeySource::Environment,
                "RENT_KEY_COMMAND" => KeySource::Command(text),
                _ => KeySource::File(text.into()),
            });
        }
        if let Some(file) = &self.file {
            let (by_file, by_command) = (file.value("key-file"), file.value("key-command"));
            if let (Some(value), key, is_command) = match (by_file, by_command) {
                (Some(_), Some(command)) => {
                    let at = Source::File { path: file.path.clone(), line: command.line };
                    return Err(
                        wrong_in(&at, "key-command", "`key-file` gives a key too: leave one out").into()
                    );
                }
                (Some(value), None) => (Some(value), "key-file", false),
                (None, command) => (command, "key-command", true),
            } {
                let at = Source::File { path: file.path.clone(), line: value.line };
                let Texts::One(text) = &value.texts else {
                    return Err(wrong_in(&at, key, "write a text").into());
                };
                let source = if is_command {
                    KeySource::Command(text.clone())
                } else {
                    KeySource::File(beside(text, &file.path))
                };
                self.sources.note(KEY.key, at);
                return Ok(source);
            }
        }
        Ok(KeySource::File(defaults::key(self.environment).unwrap_or_default()))
    }

    fn user_agent(&mut self) -> Result<Option<String>> {
        let read = |text: &str| {
            let fits = !text.trim().is_empty() && text.chars().all(|c| matches!(c, ' '..='~'));
            if fits {
                Ok(text.to_owned())
            } else {
                Err("no header value: write one line of ASCII".to_owned())
            }
        };
        if let Some(text) = &self.flags.user_agent
            && let Err(why) = read(text)
        {
            return Err(BadInput(format!("--user-agent is {why}")).into());
        }
        let flag = self.flags.user_agent.clone();
        self.take(&USER_AGENT, flag, |text, _| read(text))
    }

    /// The routes, whose texts no error repeats.
    fn routes(&mut self) -> Result<Vec<Route>> {
        let read = |index: usize, text: &str| {
            text.parse::<Route>().map_err(|error| format!("route {}: {error}", index + 1))
        };
        self.take_list(&ROUTES, self.flags.routes.clone(), "direct", read)
    }

    /// How the page is reached from outside.
    fn door(&mut self) -> Result<DoorSettings> {
        let flags = &self.flags.door;
        let path = |text: &str, file: Option<&Path>| {
            Ok(file.map_or_else(|| PathBuf::from(text), |file| beside(text, file)))
        };
        let network = |_: usize, text: &str| text.parse().map_err(|why: String| why);
        Ok(DoorSettings {
            base_path: self
                .take(&BASE_PATH, flags.base_path.clone(), |text, _| text.trim().parse())?
                .unwrap_or_default(),
            hosts: self
                .take_list(&WEB_HOSTS, flags.hosts.clone(), "rent.example.org", |_, text| host(text))?,
            trusted_proxies: self.take_list(&PROXIES, flags.trusted_proxies.clone(), "127.0.0.1", network)?,
            tls_cert: self.take(&TLS_CERT, flags.tls_cert.clone(), path)?,
            tls_key: self.take(&TLS_KEY, flags.tls_key.clone(), path)?,
        })
    }

    /// A setting that is a list, from the strongest place that has it. A variable has commas between its items.
    fn take_list<T>(
        &mut self,
        setting: &Setting,
        flag: Option<Vec<T>>,
        example: &str,
        read: impl Fn(usize, &str) -> std::result::Result<T, String>,
    ) -> Result<Vec<T>> {
        if let (Some(list), Some(name)) = (flag, setting.flag) {
            self.sources.note(setting.key, Source::Flag(name));
            return Ok(list);
        }
        let all = |texts: &mut dyn Iterator<Item = &str>| -> std::result::Result<Vec<T>, String> {
            texts.enumerate().map(|(index, text)| read(index, text)).collect()
        };
        if let Some(text) = self.variable(setting.variable)? {
            let list =
                all(&mut text.split(',')).map_err(|why| BadInput(format!("{}: {why}", setting.variable)))?;
            self.sources.note(setting.key, Source::Environment(setting.variable));
            return Ok(list);
        }
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        let Some(value) = file.value(setting.key) else { return Ok(Vec::new()) };
        let at = Source::File { path: file.path.clone(), line: value.line };
        let list = match &value.texts {
            Texts::List(list) => all(&mut list.iter().map(String::as_str)),
            _ => Err(format!("write a list, as in [\"{example}\"]")),
        };
        let list = list.map_err(|why| wrong_in(&at, setting.key, &why))?;
        self.sources.note(setting.key, at);
        Ok(list)
    }

    /// Whether the address is the file's and the site is not: the file means its own site by it.
    fn is_of_another_site(&mut self) -> bool {
        let of_file = |key| matches!(self.sources.of(key), Source::File { .. });
        let other = of_file(BASE_URL.key)
            && matches!(self.sources.of(SITE.key), Source::Flag(_) | Source::Environment(_));
        if other {
            self.sources.forget(BASE_URL.key);
        }
        other
    }
}

fn wrong_in(at: &Source, key: &str, why: &str) -> BadInput {
    match at {
        Source::File { path, line } => {
            BadInput(format!("the settings file {}, line {line}: `{key}`: {why}", path.display()))
        }
        other => BadInput(format!("{other}: {why}")),
    }
}

/// A database of the file: a path lies beside it, an address stays.
fn database_beside(text: &str, file: Option<&Path>) -> std::result::Result<String, String> {
    let Some(file) = file else { return Ok(text.to_owned()) };
    if text.contains("://") {
        return Ok(text.to_owned());
    }
    let (prefix, path) = match text.strip_prefix("sqlite:") {
        Some(path) => ("sqlite:", path),
        None => ("", text),
    };
    Ok(format!("{prefix}{}", beside(path, file).display()))
}

/// A site of the file: a path lies beside it, a name stays.
fn site_beside(text: &str, file: Option<&Path>) -> std::result::Result<String, String> {
    let is_path = text.contains('/') || text.ends_with(".toml");
    Ok(match file {
        Some(file) if is_path => beside(text, file).display().to_string(),
        _ => text.trim().to_owned(),
    })
}

fn tls(text: &str) -> std::result::Result<TlsBackend, String> {
    match text.trim() {
        "rustls" => Ok(TlsBackend::Rustls),
        #[cfg(feature = "native-tls")]
        "native" => Ok(TlsBackend::Native),
        #[cfg(not(feature = "native-tls"))]
        "native" => Err("this program was built without `native` (feature native-tls)".to_owned()),
        #[cfg(feature = "native-tls")]
        _ => Err("write `rustls` or `native`".to_owned()),
        #[cfg(not(feature = "native-tls"))]
        _ => Err("write `rustls`".to_owned()),
    }
}

/// What follows a block.
pub(crate) fn on_block(text: &str) -> std::result::Result<OnBlock, String> {
    match text.trim() {
        "stop" => Ok(OnBlock::End),
        "next-route" => Ok(OnBlock::NextRoute),
        _ => Err("write `stop` or `next-route`".to_owned()),
    }
}

/// A language, by its name or its tag.
pub(crate) fn language(text: &str) -> std::result::Result<Language, String> {
    Language::parse(text).ok_or_else(|| "write `korean` or `english` (`ko`, `en`)".to_owned())
}

fn log_format(text: &str) -> std::result::Result<LogFormat, String> {
    LogFormat::parse(text.trim()).ok_or_else(|| "write `human` or `json`".to_owned())
}

/// The name of a runner.
pub(crate) fn runner_name(text: &str) -> std::result::Result<String, String> {
    let name = text.trim();
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(format!("write a name of 1 to {MAX_NAME} characters")) }
}

/// How many bookings a runner holds at a time.
pub(crate) fn most_at_once(text: &str) -> std::result::Result<u32, String> {
    match text.trim().parse() {
        Ok(number) if (1..=MAX_BATCH).contains(&number) => Ok(number),
        _ => Err(format!("write a number from 1 to {MAX_BATCH}")),
    }
}

/// A name under which the page may be called.
pub(crate) fn host(text: &str) -> std::result::Result<String, String> {
    let name = text.trim();
    let fits =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    if fits {
        Ok(name.to_ascii_lowercase())
    } else {
        Err("write a name without http:// and without a port, as in rent.example.org".to_owned())
    }
}

/// An address of this machine with a port.
pub(crate) fn listen(text: &str) -> std::result::Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| "write an address and a port, as in 127.0.0.1:9188".to_owned())
}
