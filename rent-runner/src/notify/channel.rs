//! A channel: one `[[notify]]` table of the settings file, checked as it is read.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::email::{Email, MailTls};
use super::message::Kind;
use super::ntfy::Ntfy;
use super::push::{Bark, Pushover};
use super::secret::{Hidden, Secret, address};
use super::telegram::Telegram;
use crate::store::StoredChannel;

/// The longest name, in characters: names are shown in the store, in logs and in metrics.
const MAX_NAME: usize = 40;

/// Where messages go. `Debug` shows no address or token.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Table")]
pub(crate) struct Channel {
    pub(crate) name: String,
    on: Vec<Kind>,
    pub(super) target: Target,
}

/// How a channel is reached.
#[derive(Clone)]
pub(super) enum Target {
    /// The facts as JSON, for a program.
    Webhook(Secret),
    Slack(Secret),
    Discord(Secret),
    Telegram(Telegram),
    Ntfy(Ntfy),
    Email(Box<Email>),
    Apprise(Secret),
    Pushover(Pushover),
    Bark(Bark),
    /// Its tokens are in the store.
    Kakao,
}

impl Target {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Slack(_) => "slack",
            Self::Discord(_) => "discord",
            Self::Telegram(_) => "telegram",
            Self::Ntfy(_) => "ntfy",
            Self::Email(_) => "email",
            Self::Apprise(_) => "apprise",
            Self::Pushover(_) => "pushover",
            Self::Bark(_) => "bark",
            Self::Kakao => "kakao",
        }
    }

    /// The secret of a kind that has one.
    fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Webhook(url) | Self::Slack(url) | Self::Discord(url) | Self::Apprise(url) => Some(url),
            Self::Telegram(telegram) => Some(&telegram.token),
            Self::Pushover(pushover) => Some(&pushover.token),
            Self::Bark(bark) => Some(&bark.token),
            Self::Ntfy(ntfy) => ntfy.token.as_ref(),
            Self::Email(email) => email.login.as_ref().map(|login| &login.password),
            Self::Kakao => None,
        }
    }

    fn secret_mut(&mut self) -> Option<&mut Secret> {
        match self {
            Self::Webhook(url) | Self::Slack(url) | Self::Discord(url) | Self::Apprise(url) => Some(url),
            Self::Telegram(telegram) => Some(&mut telegram.token),
            Self::Pushover(pushover) => Some(&mut pushover.token),
            Self::Bark(bark) => Some(&mut bark.token),
            Self::Ntfy(ntfy) => ntfy.token.as_mut(),
            Self::Email(email) => email.login.as_mut().map(|login| &mut login.password),
            Self::Kakao => None,
        }
    }
}

/// What may be shown of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) on: Vec<&'static str>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.name, self.kind, self.on.join(", "))
    }
}

impl Channel {
    /// Whether the channel wants messages of this kind.
    pub(super) fn wants(&self, kind: Kind) -> bool {
        self.on.contains(&kind)
    }

    /// What may be shown of it.
    pub(crate) fn summary(&self) -> Summary {
        Summary {
            name: self.name.clone(),
            kind: self.target.as_str(),
            on: self.on.iter().map(|kind| kind.as_str()).collect(),
        }
    }

    /// Whether the settings file itself holds a secret of it.
    pub(crate) fn has_secret_in_place(&self) -> bool {
        let topic = matches!(&self.target, Target::Ntfy(_) | Target::Pushover(_));
        topic || self.target.secret().is_some_and(Secret::is_in_place)
    }

    /// The same with the path of its secret mapped by `place`, for example to the folder of the settings file.
    pub(crate) fn with_paths(mut self, place: impl Fn(&Path) -> PathBuf) -> Self {
        if let Some(Secret::File(path)) = self.target.secret_mut() {
            *path = place(path);
        }
        self
    }

    /// Reads its secrets and looks at them, without sending anything.
    ///
    /// # Errors
    /// What is wrong, without a secret.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Some(secret) = self.target.secret() else { return Ok(()) };
        let text = secret.read()?;
        match self.target {
            Target::Webhook(_) | Target::Slack(_) | Target::Discord(_) | Target::Apprise(_) => {
                address(text.expose_secret()).map(|_| ()).map_err(|why| format!("`url` {why}"))
            }
            Target::Telegram(_) => Telegram::check_token(&text),
            Target::Ntfy(_) | Target::Email(_) | Target::Pushover(_) | Target::Bark(_) | Target::Kakao => {
                Ok(())
            }
        }
    }
}

impl From<&StoredChannel> for Channel {
    /// A channel that the store keeps; kinds of messages that another version knows are left out.
    fn from(row: &StoredChannel) -> Self {
        let on = row.gets.iter().filter_map(|word| Kind::parse(word)).collect();
        Self { name: row.name.clone(), on, target: Target::Kakao }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({})", self.summary())
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Webhook,
    Slack,
    Discord,
    Telegram,
    Ntfy,
    Email,
    Apprise,
    Pushover,
    Bark,
}

/// One address, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Addresses {
    One(Hidden),
    Many(Vec<Hidden>),
}

/// A `[[notify]]` table as it is written: the settings of all kinds side by side.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    name: String,
    kind: Word,
    on: Option<Vec<Kind>>,
    url: Option<Hidden>,
    url_file: Option<PathBuf>,
    url_env: Option<String>,
    token: Option<Hidden>,
    token_file: Option<PathBuf>,
    token_env: Option<String>,
    password: Option<Hidden>,
    password_file: Option<PathBuf>,
    password_env: Option<String>,
    api_base: Option<Hidden>,
    chat_id: Option<Hidden>,
    server: Option<Hidden>,
    topic: Option<Hidden>,
    host: Option<Hidden>,
    port: Option<u16>,
    tls: Option<MailTls>,
    user: Option<Hidden>,
    from: Option<Hidden>,
    to: Option<Addresses>,
}

impl TryFrom<Table> for Channel {
    type Error = String;

    fn try_from(mut table: Table) -> Result<Self, String> {
        let name = table.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(format!("`name` is a short text of 1 to {MAX_NAME} characters in one line"));
        }
        let on = match table.on.take() {
            None => Kind::ALL.to_vec(),
            Some(on) if on.is_empty() => return Err("`on` is empty: leave it out to be told all".to_owned()),
            Some(on) => Kind::ALL.into_iter().filter(|kind| on.contains(kind)).collect(),
        };
        let of = |what: &str, why: String| format!("the channel {name}: `{what}` {why}");
        let missing = |what: &str| of(what, "is not there".to_owned());
        let base = |what: &str, text: Option<Hidden>, otherwise: &str| {
            let url = address(text.as_ref().map_or(otherwise, |text| text.0.as_str()))
                .map_err(|why| of(what, why))?;
            if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
                return Err(of(what, "holds more than a server and a path".to_owned()));
            }
            Ok(url)
        };
        let target = match table.kind {
            Word::Webhook => Target::Webhook(table.url()?.ok_or_else(|| missing("url"))?),
            Word::Slack => Target::Slack(table.url()?.ok_or_else(|| missing("url"))?),
            Word::Discord => Target::Discord(table.url()?.ok_or_else(|| missing("url"))?),
            Word::Telegram => Target::Telegram(Telegram {
                api: base("api-base", table.api_base.take(), Telegram::API)?,
                token: table.token()?.ok_or_else(|| missing("token"))?,
                chat: table.chat_id.take().map(|id| id.0).ok_or_else(|| missing("chat-id"))?,
            }),
            Word::Ntfy => Target::Ntfy(Ntfy {
                server: base("server", table.server.take(), Ntfy::SERVER)?,
                topic: table.topic.take().map(|topic| topic.0).ok_or_else(|| missing("topic"))?,
                token: table.token()?,
            }),
            Word::Apprise => Target::Apprise(table.url()?.ok_or_else(|| missing("url"))?),
            Word::Pushover => Target::Pushover(Pushover {
                api: base("api-base", table.api_base.take(), Pushover::API)?,
                token: table.token()?.ok_or_else(|| missing("token"))?,
                user: table.user.take().map(|user| user.0).ok_or_else(|| missing("user"))?,
            }),
            Word::Bark => Target::Bark(Bark {
                server: base("server", table.server.take(), Bark::SERVER)?,
                token: table.token()?.ok_or_else(|| missing("token"))?,
            }),
            Word::Email => {
                let password = table.password()?;
                let to = match table.to.take() {
                    None => Vec::new(),
                    Some(Addresses::One(one)) => vec![one.0],
                    Some(Addresses::Many(many)) => many.into_iter().map(|one| one.0).collect(),
                };
                let email = Email::new(
                    table.host.take().ok_or_else(|| missing("host"))?.0,
                    table.port.take(),
                    table.tls.take().unwrap_or_default(),
                    (table.user.take().map(|user| user.0), password),
                    &table.from.take().ok_or_else(|| missing("from"))?.0,
                    &to,
                );
                Target::Email(Box::new(email.map_err(|why| format!("the channel {name}: {why}"))?))
            }
        };
        if let Some(key) = table.left_over().first() {
            return Err(of(key, format!("is no setting of a channel of the kind {}", target.as_str())));
        }
        let channel = Self { name: name.clone(), on, target };
        // A secret in the settings file is checked at once; one elsewhere, when it is read.
        if channel.target.secret().is_some_and(Secret::is_in_place) {
            channel.check().map_err(|why| format!("the channel {name}: {why}"))?;
        }
        Ok(channel)
    }
}

impl Table {
    fn url(&mut self) -> Result<Option<Secret>, String> {
        secret("url", self.url.take(), self.url_file.take(), self.url_env.take())
    }

    fn token(&mut self) -> Result<Option<Secret>, String> {
        secret("token", self.token.take(), self.token_file.take(), self.token_env.take())
    }

    fn password(&mut self) -> Result<Option<Secret>, String> {
        secret("password", self.password.take(), self.password_file.take(), self.password_env.take())
    }

    /// The keys that this kind of channel does not know.
    fn left_over(&self) -> BTreeSet<&'static str> {
        let keys = [
            ("url", self.url.is_some()),
            ("url-file", self.url_file.is_some()),
            ("url-env", self.url_env.is_some()),
            ("token", self.token.is_some()),
            ("token-file", self.token_file.is_some()),
            ("token-env", self.token_env.is_some()),
            ("password", self.password.is_some()),
            ("password-file", self.password_file.is_some()),
            ("password-env", self.password_env.is_some()),
            ("api-base", self.api_base.is_some()),
            ("chat-id", self.chat_id.is_some()),
            ("server", self.server.is_some()),
            ("topic", self.topic.is_some()),
            ("host", self.host.is_some()),
            ("port", self.port.is_some()),
            ("tls", self.tls.is_some()),
            ("user", self.user.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
        ];
        keys.into_iter().filter_map(|(key, is_there)| is_there.then_some(key)).collect()
    }
}

fn secret(
    key: &str,
    in_place: Option<Hidden>,
    file: Option<PathBuf>,
    variable: Option<String>,
) -> Result<Option<Secret>, String> {
    Ok(match (in_place, file, variable) {
        (None, None, None) => None,
        (Some(text), None, None) if text.0.trim().is_empty() => return Err(format!("`{key}` is empty")),
        (Some(text), None, None) => Some(Secret::InPlace(SecretString::from(text.0.trim()))),
        (None, Some(path), None) => Some(Secret::File(path)),
        (None, None, Some(name)) => Some(Secret::Environment(name)),
        _ => return Err(format!("of `{key}`, `{key}-file` and `{key}-env` only one can be given")),
    })
}
