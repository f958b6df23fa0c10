//! `email`: a mail through an SMTP server.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::http::{Failure, no_answer};
use super::message::Note;
use super::secret::{Hush, Secret, is_loopback};
use super::text::Text;

/// The most of a server's own words that is kept.
const MAX_REASON: usize = 80;

/// The encryption on the way to a mail server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MailTls {
    /// Begins in the clear and must turn to TLS before anything is said.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// For a server on this machine only.
    None,
}

/// A mail server, and from whom to whom.
#[derive(Clone)]
pub(super) struct Email {
    host: String,
    port: u16,
    tls: MailTls,
    pub(super) login: Option<Login>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

#[derive(Clone)]
pub(super) struct Login {
    user: String,
    pub(super) password: Secret,
}

impl Email {
    /// Checks the settings. The error repeats no address.
    pub(super) fn new(
        host: String,
        port: Option<u16>,
        tls: MailTls,
        login: (Option<String>, Option<Secret>),
        from: &str,
        to: &[String],
    ) -> Result<Self, String> {
        if host.is_empty() || host.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/') {
            return Err("`host` is the name of a mail server, as in smtp.example.com".to_owned());
        }
        if tls == MailTls::None && !is_loopback(&host) {
            return Err("`tls` is none, and everybody on the way could read the mail: that is taken for a \
                        server on this machine only"
                .to_owned());
        }
        let login = match login {
            (None, None) => None,
            (Some(user), Some(password)) => Some(Login { user, password }),
            _ => return Err("`user` and a password belong together: give both or none".to_owned()),
        };
        let mailbox = |key: &str, text: &str| {
            text.parse::<Mailbox>()
                .map_err(|_| format!("`{key}` is no mail address: write one as in me@example.com"))
        };
        if to.is_empty() {
            return Err("`to` is not there".to_owned());
        }
        Ok(Self {
            port: port.unwrap_or(match tls {
                MailTls::Starttls => 587,
                MailTls::Tls => 465,
                MailTls::None => 25,
            }),
            host,
            tls,
            login,
            from: mailbox("from", from)?,
            to: to.iter().map(|to| mailbox("to", to)).collect::<Result<_, _>>()?,
        })
    }

    /// Sends one message in one mail to all.
    pub(super) async fn send(
        &self,
        note: &Note,
        text: &Text,
        extra_ca: Option<PathBuf>,
        timeout: Duration,
    ) -> Result<(), Failure> {
        let mut hush = self.hush();
        let mail = self.mail(note, text)?;
        let credentials = match &self.login {
            None => None,
            Some(login) => {
                let password = login.password.read()?;
                hush.add_secret(&password);
                Some(Credentials::new(login.user.clone(), password.expose_secret().to_owned()))
            }
        };
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(self.host.clone())
            .port(self.port)
            .tls(self.tls(extra_ca).await?)
            .timeout(Some(timeout));
        if let Some(credentials) = credentials {
            server = server.credentials(credentials);
        }
        let server = server.build();
        let sending = tokio::time::timeout(timeout, server.send(mail)).await;
        match sending {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_timeout() => Err(no_answer(timeout).into()),
            Ok(Err(error)) => Err(said(&error, &hush).into()),
            Err(_) => Err(no_answer(timeout).into()),
        }
    }

    fn mail(&self, note: &Note, text: &Text) -> Result<Message, String> {
        let domain = self.from.email.domain();
        let number = note.id.map_or_else(|| "test".to_owned(), |id| id.to_string());
        let mut mail = Message::builder()
            .from(self.from.clone())
            .subject(text.title.clone())
            .date(SystemTime::from(note.at))
            // The same for a mail that is sent twice, so that the second one can be known for what it is.
            .message_id(Some(format!("<rent-runner.{}.{number}@{domain}>", note.at.unix_micros())))
            .header(Automatic)
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        mail.body(format!("{}\n", text.body)).map_err(|_| "the mail cannot be made".to_owned())
    }

    async fn tls(&self, extra_ca: Option<PathBuf>) -> Result<Tls, String> {
        if self.tls == MailTls::None {
            return Ok(Tls::None);
        }
        let host = self.host.clone();
        // Reading the system's certificates takes a while, and a booking may be waiting to fire.
        let made = tokio::task::spawn_blocking(move || parameters(host, extra_ca)).await;
        let parameters = made.unwrap_or_else(|_| Err("TLS cannot be set up".to_owned()))?;
        Ok(match self.tls {
            MailTls::Tls => Tls::Wrapper(parameters),
            _ => Tls::Required(parameters),
        })
    }

    fn hush(&self) -> Hush {
        let mut hush = Hush::default();
        hush.add(&self.host);
        for mailbox in self.to.iter().chain([&self.from]) {
            hush.add(mailbox.email.as_ref());
            hush.add(mailbox.email.user());
            hush.add(mailbox.email.domain());
            hush.add(mailbox.name.as_deref().unwrap_or_default());
        }
        if let Some(login) = &self.login {
            hush.add(&login.user);
        }
        hush
    }
}

/// Tells other programs that nobody is there to answer.
#[derive(Clone)]
struct Automatic;

impl Header for Automatic {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn parameters(host: String, extra_ca: Option<PathBuf>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host);
    if let Some(path) = extra_ca {
        let wrong = |why: String| format!("the extra CA file {} cannot be used: {why}", path.display());
        let pem = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
        let certificate =
            Certificate::from_pem(&pem).map_err(|_| wrong("it holds no PEM certificate".to_owned()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| format!("TLS cannot be set up: {error}"))
}

/// The server's code and the beginning of its words, or what broke.
fn said(error: &lettre::transport::smtp::Error, hush: &Hush) -> String {
    let mut deepest = error.source();
    while let Some(cause) = deepest.and_then(std::error::Error::source) {
        deepest = Some(cause);
    }
    let why = deepest.map(ToString::to_string).unwrap_or_default();
    // A reply may name a mailbox that is not ours to tell.
    let why: Vec<&str> =
        why.split_whitespace().map(|word| if word.contains('@') { "***" } else { word }).collect();
    let why = hush.clean(&why.join(" "), MAX_REASON);
    match error.status() {
        Some(code) => format!("the mail server answered {code}: {why}"),
        None => format!("the mail server could not be spoken to: {why}"),
    }
}
