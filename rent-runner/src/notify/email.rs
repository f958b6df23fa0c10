//! `email`: a mail through an SMTP server.
//!
//! The transaction is spoken here, command by command: lettre's own transport ends at the first recipient that the
//! server refuses, and then nobody gets the mail.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::http::{Failure, Means, no_answer, pem};
use super::message::Note;
use super::secret::{Redactor, Secret, is_loopback};
use super::text::Text;

/// How long the server may take to say good-bye.
const MAX_GOODBYE: Duration = Duration::from_secs(1);

/// How much of a server's own words is kept, in characters.
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

    /// Sends one message in one mail to all that have not got it yet.
    ///
    /// A recipient that the server refuses keeps the mail from no other. `delivered` holds the recipients that have
    /// the message, by their place in `to`: when one is refused for now, the next try is for that one alone.
    pub(super) async fn send(
        &self,
        note: &Note,
        text: &Text,
        extra_ca: Option<PathBuf>,
        timeout: Duration,
        delivered: &mut BTreeSet<usize>,
    ) -> Result<(), Failure> {
        let mut redactor = self.redactor();
        let mail = self.mail(note, text)?;
        let credentials = match &self.login {
            None => None,
            Some(login) => {
                let password = login.password.read()?;
                redactor.add_secret(&password);
                Some(Credentials::new(login.user.clone(), password.expose_secret().to_owned()))
            }
        };
        let tls = self.tls(extra_ca).await?;
        let exchange = async {
            // A server that refuses at its greeting refuses all messages alike.
            let down = |error| Failure { means: Means::ChannelDown, ..line(&error, timeout, &redactor) };
            let mut server = self.connect(tls, timeout).await.map_err(down)?;
            match self.exchange(&mut server, credentials, &mail, delivered).await {
                Ok(refused) => Ok((server, refused)),
                Err(error) => {
                    let _ = tokio::time::timeout(MAX_GOODBYE, server.abort()).await;
                    Err(line(&error, timeout, &redactor))
                }
            }
        };
        let done = tokio::time::timeout(timeout, exchange).await;
        let (mut server, refused) = done.unwrap_or_else(|_| Err(no_answer(timeout).into()))?;
        // The mail is taken, or refused by all: the end of the connection changes nothing.
        let _ = tokio::time::timeout(MAX_GOODBYE, server.quit()).await;
        self.judge(&refused, &redactor)
    }

    async fn connect(&self, tls: Tls, timeout: Duration) -> Result<AsyncSmtpConnection, SmtpError> {
        let name = ClientId::default();
        let wrapper = if let Tls::Wrapper(parameters) = &tls { Some(parameters.clone()) } else { None };
        let address = (self.host.as_str(), self.port);
        let mut server =
            AsyncSmtpConnection::connect_tokio1(address, Some(timeout), &name, wrapper, None).await?;
        if let Tls::Required(parameters) = tls {
            server.starttls(parameters, &name).await?;
        }
        Ok(server)
    }

    /// The mail transaction; gives the recipients that were refused, by their place in `to`.
    async fn exchange(
        &self,
        server: &mut AsyncSmtpConnection,
        credentials: Option<Credentials>,
        mail: &Message,
        delivered: &mut BTreeSet<usize>,
    ) -> Result<Vec<(usize, SmtpError)>, SmtpError> {
        if let Some(credentials) = credentials {
            server.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        let text = mail.formatted();
        let mut options = Vec::new();
        // A server that lacks an extension refuses its option, which is told like any other refusal.
        let mut addresses = self.to.iter().chain([&self.from]).map(|mailbox| mailbox.email.as_ref());
        if addresses.any(|address: &str| !address.is_ascii()) {
            options.push(MailParameter::SmtpUtfEight);
        }
        if !text.is_ascii() {
            options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        server.command(Mail::new(Some(self.from.email.clone()), options)).await?;
        let mut accepted = Vec::new();
        let mut refused = Vec::new();
        for (at, to) in self.to.iter().enumerate().filter(|(at, _)| !delivered.contains(at)) {
            match server.command(Rcpt::new(to.email.clone(), Vec::new())).await {
                Ok(_) => accepted.push(at),
                Err(error) if error.status().is_some() => refused.push((at, error)),
                Err(error) => return Err(error),
            }
        }
        if !accepted.is_empty() {
            server.command(Data).await?;
            server.message(&text).await?;
            delivered.extend(accepted);
        }
        Ok(refused)
    }

    /// What the refused recipients mean for the message, with each of them named.
    fn judge(&self, refused: &[(usize, SmtpError)], redactor: &Redactor) -> Result<(), Failure> {
        let Some((_, first)) = refused.first() else { return Ok(()) };
        let mut text = said(first, redactor);
        if refused.len() < self.to.len() {
            let names = refused.iter().map(|(at, error)| {
                let name = self.to.get(*at).map(|to| masked(to.email.user())).unwrap_or_default();
                format!("recipient {} ({name}) is refused, {}", at + 1, said(error, redactor))
            });
            text = format!("{}; the others have it", names.collect::<Vec<_>>().join("; "));
        }
        // One that is refused only for now is worth another try; those that have the message do not get it again.
        if refused.iter().all(|(_, error)| error.is_permanent()) {
            Err(Failure::never(text))
        } else {
            Err(Failure::later(text))
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

    fn redactor(&self) -> Redactor {
        let mut redactor = Redactor::default();
        redactor.add(&self.host);
        for mailbox in self.to.iter().chain([&self.from]) {
            redactor.add(mailbox.email.as_ref());
            redactor.add(mailbox.email.user());
            redactor.add(mailbox.email.domain());
            redactor.add(mailbox.name.as_deref().unwrap_or_default());
        }
        if let Some(login) = &self.login {
            redactor.add(&login.user);
        }
        redactor
    }
}

/// Tells other programs that the mail is automatic, so that they do not answer it.
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
        let pem = pem(&path).map_err(|error| wrong(error.to_string()))?;
        let certificate =
            Certificate::from_pem(&pem).map_err(|_| wrong("it holds no PEM certificate".to_owned()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| format!("TLS cannot be set up: {error}"))
}

/// The first letter of a mailbox, for a person who knows the addresses.
fn masked(user: &str) -> String {
    user.chars().take(1).chain("***".chars()).collect()
}

/// What an exchange that ended early means: a refusal of the whole mail, or of the line.
fn line(error: &SmtpError, timeout: Duration, redactor: &Redactor) -> Failure {
    if error.is_timeout() {
        return no_answer(timeout).into();
    }
    let text = said(error, redactor);
    match error.status() {
        Some(_) if error.is_permanent() => Failure::never(text),
        Some(_) => Failure::later(text),
        None => text.into(),
    }
}

/// The server's code and the beginning of its words, or what broke.
fn said(error: &SmtpError, redactor: &Redactor) -> String {
    let mut deepest = error.source();
    while let Some(cause) = deepest.and_then(std::error::Error::source) {
        deepest = Some(cause);
    }
    let why = deepest.map(ToString::to_string).unwrap_or_default();
    // A reply may name a mailbox that is not ours to tell.
    let why: Vec<&str> =
        why.split_whitespace().map(|word| if word.contains('@') { "***" } else { word }).collect();
    let why = redactor.clean(&why.join(" "), MAX_REASON);
    match error.status() {
        Some(code) => format!("the mail server answered {code}: {why}"),
        None => format!("the mail server could not be spoken to: {why}"),
    }
}
