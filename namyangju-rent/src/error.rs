//! What can go wrong, by what the caller does next.
//!
//! The question after every failure is whether an application may have reached the site. The variants are cut so that
//! each answers it, and [`Error::next`] is the one place that says what follows.

use std::fmt;

use crate::answer_kind::AnswerKind;
use crate::outcome::{Next, Outcome};
use crate::page::Page;
use crate::value::application::ApplicationError;

/// The steps of a booking, each one request (and its redirects).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// The home page.
    Home,
    /// The login form or the login itself.
    Login,
    /// The month calendar or the day list.
    Schedule,
    /// The page of one day.
    Day,
    /// The applicant form: the page trace.
    Form,
    /// The submission of the application.
    Submit,
    /// The logout.
    Logout,
    /// A request for the time of the site's clock.
    Clock,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Home => "home page",
            Self::Login => "login",
            Self::Schedule => "schedule",
            Self::Day => "day page",
            Self::Form => "applicant form",
            Self::Submit => "submission",
            Self::Logout => "logout",
            Self::Clock => "site clock",
        })
    }
}

/// Why a step did not give what was asked for.
///
/// [`Error::Refused`] carries the site's own answer; every other variant means that what the site
/// decided is not known, or that nothing was sent at all. No text of an error holds a password, a
/// cookie, a name or a phone number.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The site answered with something else than the page that was asked for.
    #[error("{step}: {outcome}")]
    Refused {
        /// Where.
        step: Step,
        /// The site's answer.
        outcome: Box<Outcome>,
    },
    /// The site did not accept the account or its password.
    #[error("login: the site did not accept the account or its password")]
    LoginRefused,
    /// The login was answered, and by neither a session nor a refusal. A password is not sent again on the strength of
    /// a page that does not tell: a wrong one counts at the site each time, and locks the account in the end.
    #[error("login: {problem}{}", if *.may_repeat { "" } else { "; the password is not sent again in this run" })]
    LoginUnclear {
        /// What came instead.
        problem: String,
        /// The answer says that the site is busy: the login may be tried again, a few times.
        may_repeat: bool,
        /// The page, whole, if one came.
        page: Option<Box<Page>>,
    },
    /// The application was sent, and no answer came. What the site decided is not known: read the
    /// day list before anything is sent again.
    #[error("submission: it was sent and no answer came, so it may or may not have been accepted")]
    Unconfirmed {
        /// What broke.
        source: NetworkError,
    },
    /// The request never left: the site was not reached.
    #[error("{step}: the site was not reached")]
    NotSent {
        /// Where.
        step: Step,
        /// What broke.
        source: NetworkError,
    },
    /// The exchange broke off. The step may be asked again; nothing was submitted.
    #[error("{step}: the exchange broke off")]
    Broken {
        /// Where.
        step: Step,
        /// What broke.
        source: NetworkError,
    },
    /// The site is at another base now: another scheme, host or port. It is not followed there, because the password
    /// and the cookies would go there too.
    #[error(
        "{step}: the site has moved to {to}: if that is still the site, give `{to}` as the base address (`--base-url`) or change it in the dialect"
    )]
    Moved {
        /// Where.
        step: Step,
        /// The new base: scheme, host and port.
        to: String,
    },
    /// A page came that is not the page asked for, and is no refusal that the dialect knows.
    #[error("{step}: the page cannot be read ({problem}; {page})")]
    Page {
        /// Where.
        step: Step,
        /// What was looked for and not found.
        problem: String,
        /// The page, whole.
        page: Box<Page>,
    },
    /// The day page is of another day or place than the one asked for; nothing was sent from it.
    #[error("day page: {problem}")]
    WrongDay {
        /// What differs.
        problem: String,
    },
    /// The application, or the choice of slots, would be refused; nothing was sent.
    #[error(transparent)]
    Application(#[from] ApplicationError),
    /// The budget of requests is used up; this one was not sent.
    #[error("{step}: the budget of requests is used up")]
    Budget {
        /// Where.
        step: Step,
    },
    /// The program that follows the booking did not permit the application; it was not sent.
    #[error(transparent)]
    Forbidden(#[from] NotPermitted),
    /// A saved session cannot be used.
    #[error("the saved session cannot be used: {0}")]
    SavedSession(String),
    /// The client cannot be set up as asked.
    #[error("{0}")]
    Setup(String),
}

impl Error {
    /// The site's answer, if this is one.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Refused { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// What it leads to, as [`Outcome::next`] says it for an answer.
    ///
    /// Nothing is booked before the submission, so the steps before it may be repeated; a submission
    /// without an answer is read back first.
    pub fn next(&self) -> Next {
        match self {
            // Nothing was submitted: an odd page is no reason to give up, and there is nothing to read back.
            Self::Refused { step, outcome }
                if *step != Step::Submit && matches!(**outcome, Outcome::Unknown(_)) =>
            {
                Next::Again { after: None }
            }
            Self::Refused { outcome, .. } => outcome.next(),
            Self::Unconfirmed { .. } => Next::ReadBack,
            Self::NotSent { .. } | Self::Broken { .. } | Self::Page { .. } | Self::WrongDay { .. } => {
                Next::Again { after: None }
            }
            // The day page shows a row without a box: the day list tells whether it is taken or not open.
            Self::Application(ApplicationError::NotFree(_)) => Next::ReadBack,
            Self::LoginUnclear { may_repeat: true, .. } => Next::Again { after: None },
            // Waiting mends it no more than a wrong address does, but a person can.
            Self::Moved { .. } => Next::AskPerson,
            Self::LoginRefused
            | Self::LoginUnclear { .. }
            | Self::Application(_)
            | Self::Budget { .. }
            | Self::Forbidden(_)
            | Self::SavedSession(_)
            | Self::Setup(_) => Next::Stop,
        }
    }

    /// The step it happened in; `None` for what goes wrong before any step: [`Error::SavedSession`] and
    /// [`Error::Setup`].
    pub fn step(&self) -> Option<Step> {
        match self {
            Self::Refused { step, .. }
            | Self::NotSent { step, .. }
            | Self::Broken { step, .. }
            | Self::Moved { step, .. }
            | Self::Budget { step }
            | Self::Page { step, .. } => Some(*step),
            Self::Unconfirmed { .. } | Self::Forbidden(_) => Some(Step::Submit),
            Self::LoginRefused | Self::LoginUnclear { .. } => Some(Step::Login),
            Self::WrongDay { .. } => Some(Step::Day),
            Self::Application(_) => Some(Step::Form),
            Self::SavedSession(_) | Self::Setup(_) => None,
        }
    }

    /// Its kind: the outcome's, if it carries one.
    pub fn kind(&self) -> AnswerKind {
        match self {
            Self::Refused { outcome, .. } => outcome.kind(),
            Self::LoginRefused => AnswerKind::LoginRefused,
            Self::LoginUnclear { may_repeat: true, .. } => AnswerKind::Busy,
            Self::LoginUnclear { .. } => AnswerKind::LoginUnclear,
            Self::Unconfirmed { .. } => AnswerKind::Unconfirmed,
            Self::NotSent { .. } => AnswerKind::NotSent,
            Self::Broken { .. } => AnswerKind::Broken,
            Self::Moved { .. } => AnswerKind::Moved,
            Self::Page { .. } | Self::WrongDay { .. } => AnswerKind::Unreadable,
            Self::Application(ApplicationError::NotFree(_)) => AnswerKind::NotFree,
            Self::Application(_) => AnswerKind::Application,
            Self::Budget { .. } => AnswerKind::Budget,
            Self::Forbidden(_) => AnswerKind::Forbidden,
            Self::SavedSession(_) | Self::Setup(_) => AnswerKind::Setup,
        }
    }

    /// The page behind the error, for a person who wants to look at it.
    pub fn page(&self) -> Option<&Page> {
        match self {
            Self::Page { page, .. } => Some(page),
            Self::LoginUnclear { page, .. } => page.as_deref(),
            Self::Refused { outcome, .. } => match &**outcome {
                Outcome::Unknown(page) => Some(page),
                _ => None,
            },
            _ => None,
        }
    }

    /// The error with all its causes in one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}

/// Why an application may not be sent: the refusal of a [`Watcher`](crate::Watcher).
///
/// ```
/// use namyangju_rent::NotPermitted;
///
/// let refusal = NotPermitted::new("it was cancelled");
/// assert_eq!(refusal.to_string(), "not permitted: it was cancelled");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not permitted: {reason}")]
pub struct NotPermitted {
    reason: String,
}

impl NotPermitted {
    /// A refusal for this reason, a sentence without a full stop. It is shown to people and stored in reports.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    /// The reason as it was given.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// The site answered a step with something else than its page.
pub(crate) fn refused(step: Step, outcome: Outcome) -> Error {
    Error::Refused { step, outcome: Box::new(outcome) }
}

/// A page came that cannot be read; the problem says so if the page seems to be cut.
pub(crate) fn page_error(step: Step, problem: impl Into<String>, page: Page) -> Error {
    let mut problem = problem.into();
    if !page.is_complete() {
        problem.push_str("; it seems to be cut");
    }
    Error::Page { step, problem, page: Box::new(page) }
}

/// What broke on the way, with the deepest cause as its text.
#[derive(Debug, thiserror::Error)]
#[error("{kind}{}{detail}", if detail.is_empty() { "" } else { ": " })]
pub struct NetworkError {
    kind: NetworkErrorKind,
    detail: String,
}

/// The ways in which an exchange breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetworkErrorKind {
    /// No connection: refused, no such host, TLS.
    Connect,
    /// No answer in time.
    Timeout,
    /// The connection was closed or reset before the answer was whole.
    Closed,
    /// The answer is longer than the cap.
    TooLarge,
    /// More redirects than are followed.
    TooManyRedirects,
    /// A redirect to another host; it is not followed.
    ForeignRedirect,
    /// A redirect whose address cannot be read.
    BadRedirect,
}

impl fmt::Display for NetworkErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection",
            Self::Timeout => "no answer in time",
            Self::Closed => "the connection closed before the answer was whole",
            Self::TooLarge => "the answer is too large",
            Self::TooManyRedirects => "too many redirects",
            Self::ForeignRedirect => "a redirect to another host",
            Self::BadRedirect => "a redirect that cannot be read",
        })
    }
}

impl NetworkError {
    pub(crate) fn new(kind: NetworkErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// Keeps what the caller can use and leaves out the address, which reqwest's own message holds.
    pub(crate) fn from_reqwest(error: &reqwest::Error) -> Self {
        let kind = if error.is_connect() {
            NetworkErrorKind::Connect
        } else if error.is_timeout() {
            NetworkErrorKind::Timeout
        } else {
            NetworkErrorKind::Closed
        };
        let mut deepest: Option<&dyn std::error::Error> = None;
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            deepest = Some(cause);
            source = cause.source();
        }
        Self::new(kind, deepest.map(ToString::to_string).unwrap_or_default())
    }

    /// Which way it broke.
    pub fn kind(&self) -> NetworkErrorKind {
        self.kind
    }
}
