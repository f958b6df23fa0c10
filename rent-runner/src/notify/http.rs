//! One POST, and what its answer or the lack of one means.
//!
//! The outbox has to know of each failure whether it is of the message, of this try, or of the channel: only then
//! does one message that a server refuses not keep back those behind it. No text of this file holds an address.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::secret::Redactor;

/// Answers are a line or two; more is not read.
const MAX_ANSWER_BYTES: usize = 4 * 1024;

/// The most of a reason that is kept.
const MAX_REASON: usize = 120;

/// The longest rest that a server is given, whatever it asks for.
const MAX_REST: Duration = Duration::from_secs(3600);

/// Why a message did not arrive; no address or token is in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) text: String,
    pub(super) means: Means,
    /// How long the server asked to be left alone.
    pub(super) after: Option<Duration>,
    /// The chat's new id, if the server says that the old one is gone (Telegram's `migrate_to_chat_id`).
    pub(super) moved_to: Option<String>,
}

/// What a failure means for its message and for those behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// The message can never be sent: it is given up, and those behind it are sent.
    Never,
    /// The message is tried again later, and those behind it are sent.
    Later,
    /// The channel takes nothing for now: those behind it wait, which counts as no try of theirs.
    ChannelDown,
}

impl Means {
    /// What an HTTP status means. A request that the server calls wrong is wrong at each try; a redirect can come from
    /// a proxy of the network, and ends.
    pub(super) fn of(status: u16) -> Self {
        match status {
            429 => Self::ChannelDown,
            408 | 409 | 421 | 423 | 425 => Self::Later,
            400..=499 => Self::Never,
            _ => Self::Later,
        }
    }
}

impl Failure {
    /// A failure for good: the message is given up.
    pub(super) fn never(text: String) -> Self {
        Self { means: Means::Never, ..Self::from(text) }
    }

    /// A failure of this one message that may pass.
    pub(super) fn later(text: String) -> Self {
        Self { means: Means::Later, ..Self::from(text) }
    }
}

impl From<String> for Failure {
    /// A failure before the server had the message: a setting that cannot be read, or the line.
    fn from(text: String) -> Self {
        Self { text, means: Means::ChannelDown, after: None, moved_to: None }
    }
}

/// A request that is ready to be sent.
pub(super) struct Post {
    pub(super) url: Url,
    pub(super) bearer: Option<SecretString>,
    pub(super) body: Value,
    /// The private values in the body (a topic, a chat, a key): never repeated in an error.
    pub(super) private: Vec<String>,
    /// Whether the server is one whose answers are known to repeat nothing that is private.
    pub(super) reads_answer: bool,
}

/// An answer as it came. It has no `Debug`: the body may hold a token.
pub(super) struct Reply {
    pub(super) status: u16,
    /// How long the server asked to be left alone.
    pub(super) after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    async fn read(mut answer: reqwest::Response) -> Self {
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| rest(value.to_str().ok()?));
        let mut body: Vec<u8> = Vec::new();
        // The status is what counts: an answer that breaks off only tells less.
        while let Ok(Some(part)) = answer.chunk().await {
            body.extend_from_slice(&part);
            if body.len() >= MAX_ANSWER_BYTES {
                break;
            }
        }
        Self { status: answer.status().as_u16(), after, body }
    }
}

/// The client of the messages. It is made at the first message: no other command waits for it.
#[derive(Debug)]
pub(super) struct Http {
    extra_ca: Option<PathBuf>,
    timeout: Duration,
    /// For this machine. It trusts no certificate, so that a machine without any can be used.
    plain: OnceCell<Client>,
    secure: OnceCell<Client>,
}

impl Http {
    pub(super) fn new(extra_ca: Option<PathBuf>, timeout: Duration) -> Self {
        Self { extra_ca, timeout, plain: OnceCell::new(), secure: OnceCell::new() }
    }

    /// Sends it once. Redirects are not followed.
    pub(super) async fn send(&self, post: &Post) -> Result<(), Failure> {
        let mut redactor = Redactor::default();
        redactor.add_address(&post.url);
        if let Some(bearer) = &post.bearer {
            redactor.add_secret(bearer);
        }
        post.private.iter().for_each(|private| redactor.add(private));
        let client = self.client(post.url.scheme() == "https").await?;
        let mut request = client.post(post.url.clone()).timeout(self.timeout);
        if let Some(bearer) = &post.bearer {
            request = request.bearer_auth(bearer.expose_secret());
        }
        let request = request.header("content-type", "application/json").body(post.body.to_string());
        let answer = request.send().await.map_err(|error| Failure::from(self.broken(&error, &redactor)))?;
        let status = answer.status();
        if status.is_success() && !post.reads_answer {
            return Ok(());
        }
        let Reply { after, body, .. } = Reply::read(answer).await;
        let said = Said::read(if post.reads_answer { &body } else { &[] });
        if status.is_success() && !said.refused {
            return Ok(());
        }
        let mut text = format!("the server answered {}", status.as_u16());
        if status.is_redirection() {
            text.push_str(", a redirect, which is not followed: give the address it leads to");
        }
        if let Some(reason) = said.reason.map(|reason| redactor.clean(&reason, MAX_REASON)) {
            text = format!("{text}: {reason}");
        }
        // Telegram repeats the status in the body; other servers say only `"ok": false`.
        let code = if status.is_success() { said.code.unwrap_or_default() } else { status.as_u16() };
        let after = if matches!(code, 429 | 503) { after.or(said.after) } else { None };
        let means = if after.is_some() { Means::ChannelDown } else { Means::of(code) };
        Err(Failure { text, means, after, moved_to: said.moved_to })
    }

    /// Sends a form once, and gives whatever is answered: for a service whose answers the caller understands. The form
    /// and the answer may hold secrets, and no error has anything of them.
    pub(super) async fn form(
        &self,
        url: &Url,
        bearer: Option<&SecretString>,
        fields: &[(&str, &str)],
    ) -> Result<Reply, Failure> {
        let mut redactor = Redactor::default();
        redactor.add_address(url);
        let client = self.client(url.scheme() == "https").await?;
        let mut request = client.post(url.clone()).timeout(self.timeout);
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer.expose_secret());
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            request.header("content-type", "application/x-www-form-urlencoded;charset=utf-8").body(body);
        let answer = request.send().await.map_err(|error| Failure::from(self.broken(&error, &redactor)))?;
        Ok(Reply::read(answer).await)
    }

    async fn client(&self, secure: bool) -> Result<&Client, Failure> {
        let (cell, extra_ca) =
            if secure { (&self.secure, self.extra_ca.clone()) } else { (&self.plain, None) };
        cell.get_or_try_init(|| async move {
            // Reading the system's certificates takes a while, and a booking may be waiting to fire.
            let made = tokio::task::spawn_blocking(move || make(secure, extra_ca.as_deref())).await;
            made.unwrap_or_else(|_| Err("the client cannot be set up".to_owned()))
        })
        .await
        .map_err(Failure::from)
    }

    /// The deepest cause of a failure: the messages of reqwest itself hold the address.
    fn broken(&self, error: &reqwest::Error, redactor: &Redactor) -> String {
        if error.is_timeout() {
            return no_answer(self.timeout);
        }
        let what = if error.is_connect() { "no connection" } else { "the exchange broke off" };
        let mut deepest = error.source();
        while let Some(cause) = deepest.and_then(std::error::Error::source) {
            deepest = Some(cause);
        }
        match deepest {
            Some(cause) => format!("{what}: {}", redactor.clean(&cause.to_string(), MAX_REASON)),
            None => what.to_owned(),
        }
    }
}

pub(super) fn no_answer(timeout: Duration) -> String {
    format!("no answer within {timeout:?}")
}

/// What the body of a known server's answer says.
#[derive(Default)]
struct Said {
    reason: Option<String>,
    after: Option<Duration>,
    /// `"ok": false` under a good status.
    refused: bool,
    /// The status, repeated in the body.
    code: Option<u16>,
    moved_to: Option<String>,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            let text = std::str::from_utf8(body).unwrap_or_default().trim();
            // A word such as `invalid_token`; a page of a proxy tells nothing.
            let is_word = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            return Self { reason: is_word.then(|| text.to_owned()), ..Self::default() };
        };
        let reason = ["description", "error", "message"].into_iter().find_map(|key| value.get(key)?.as_str());
        // Pushover gives a list.
        let reason = reason.or_else(|| value.pointer("/errors/0")?.as_str());
        let after = value
            .pointer("/parameters/retry_after")
            .or_else(|| value.get("retry_after"))
            .and_then(Value::as_f64)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Self {
            reason: reason.map(str::to_owned),
            after: after.map(|after| after.min(MAX_REST)),
            refused: value.get("ok") == Some(&Value::Bool(false)),
            code: value.get("error_code").and_then(Value::as_u64).and_then(|code| code.try_into().ok()),
            moved_to: value
                .pointer("/parameters/migrate_to_chat_id")
                .and_then(Value::as_i64)
                .map(|id| id.to_string()),
        }
    }
}

/// `Retry-After`: seconds, or an instant.
fn rest(value: &str) -> Option<Duration> {
    let rest = match value.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let instant = httpdate::parse_http_date(value.trim()).ok()?;
            namyangju_rent::SeoulTime::from(instant).since(SystemClock.now())
        }
    };
    Some(rest.min(MAX_REST))
}

/// TLS is configured by hand: reqwest would look for a process-wide provider, and panic without one.
fn make(secure: bool, extra_ca: Option<&Path>) -> Result<Client, String> {
    let no_tls = |why: &dyn std::fmt::Display| format!("TLS cannot be set up: {why}");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| no_tls(&error))?;
    let config = if secure {
        let extra = extra_ca.map_or_else(|| Ok(Vec::new()), certificates)?;
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider)
            .map_err(|error| no_tls(&error))?;
        config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
    } else {
        config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    };
    Client::builder()
        .user_agent(concat!("rent-runner/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        .pool_max_idle_per_host(1)
        .tls_backend_preconfigured(config)
        .build()
        .map_err(|_| "the client cannot be set up".to_owned())
}

/// The text of a PEM file. Windows editors put a byte order mark before it, which PEM does not know.
pub(super) fn pem(path: &Path) -> std::io::Result<Vec<u8>> {
    let pem = std::fs::read(path)?;
    Ok(pem.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(pem))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong =
        |why: &dyn std::fmt::Display| format!("the extra CA file {} cannot be used: {why}", path.display());
    let pem = pem(path).map_err(|error| wrong(&error))?;
    let extra: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| wrong(&error))?;
    if extra.is_empty() { Err(wrong(&"it holds no PEM certificate")) } else { Ok(extra) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_an_instant_and_bounded() {
        assert_eq!(rest("7"), Some(Duration::from_secs(7)));
        assert_eq!(rest("999999999"), Some(MAX_REST));
        assert_eq!(rest("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(rest("Sat, 06 Nov 2094 08:49:37 GMT"), Some(MAX_REST));
        assert_eq!(rest("soon"), None);
    }

    #[test]
    fn known_servers_say_what_is_wrong() {
        let telegram =
            Said::read(br#"{"ok":false,"description":"Too Many Requests","parameters":{"retry_after":5}}"#);
        assert_eq!(telegram.reason.as_deref(), Some("Too Many Requests"));
        assert_eq!((telegram.after, telegram.refused), (Some(Duration::from_secs(5)), true));
        assert_eq!(Said::read(b"invalid_token").reason.as_deref(), Some("invalid_token"));
        for nonsense in [&b""[..], b"<html>no</html>", b"\xff", b"[]", b"{\"retry_after\":-1}"] {
            let said = Said::read(nonsense);
            assert_eq!((said.reason, said.after, said.refused), (None, None, false));
        }
    }
}
