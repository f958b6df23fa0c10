//! The login: what is sent for it, and how its answer is read.
//!
//! It has a file of its own because a login is the one request that can lock a member out: each wrong password counts at
//! the site. So an answered login is read as far as it can be read, and never repeated to be sure.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::client::visitor::Visitor;
use crate::clock::Clock;
use crate::error::{Error, Step, refused};
use crate::html::charset::FormFields;
use crate::net::transport::Ask;
use crate::outcome::Outcome;
use crate::page::Page;
use crate::pages::reading::Reading;
use crate::value::date::SeoulTime;
use crate::value::text::nfc;

/// An account of the site. `Debug` shows neither the name nor the password.
#[derive(Clone)]
pub struct Credentials {
    account: String,
    password: SecretString,
}

impl Credentials {
    /// The login name (`memid`) and the password (`mempw`), in composed form as a keyboard types them: see
    /// [`nfc`].
    pub fn new(account: impl Into<String>, password: impl Into<String>) -> Self {
        let password = Zeroizing::new(password.into());
        Self { account: nfc(&account.into()), password: SecretString::from(nfc(&password)) }
    }

    /// The login name.
    pub fn account(&self) -> &str {
        &self.account
    }

    fn are(&self, other: &Self) -> bool {
        self.account == other.account && self.password.expose_secret() == other.password.expose_secret()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// The logins of one client. A password that was refused is not sent again, because each wrong login counts at the site.
/// Until a password has worked once, logins run one after another, so that several bookings that log in at the same
/// moment with a wrong one send it once.
#[derive(Default)]
pub(crate) struct LoginTurns {
    turn: tokio::sync::Mutex<()>,
    known: Mutex<TriedCredentials>,
}

#[derive(Default)]
struct TriedCredentials {
    good: Option<Credentials>,
    /// What was refused, and when by the local clock.
    refused: Option<(Credentials, SeoulTime)>,
}

impl LoginTurns {
    fn known(&self) -> MutexGuard<'_, TriedCredentials> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a refusal from before `instant`.
    pub(crate) fn forget_before(&self, instant: SeoulTime) {
        let mut known = self.known();
        known.refused = known.refused.take().filter(|(_, at)| *at >= instant);
    }

    /// Logs in by `login`, unless these credentials were refused before.
    pub(crate) async fn take<T>(
        &self,
        credentials: &Credentials,
        clock: &dyn Clock,
        login: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let is_good = self.known().good.as_ref().is_some_and(|good| good.are(credentials));
        let _turn = if is_good { None } else { Some(self.turn.lock().await) };
        if self.known().refused.as_ref().is_some_and(|(refused, _)| refused.are(credentials)) {
            return Err(Error::LoginRefused);
        }
        let result = login.await;
        let mut known = self.known();
        match &result {
            Ok(_) => known.good = Some(credentials.clone()),
            Err(Error::LoginRefused) => {
                known.good = None;
                known.refused = Some((credentials.clone(), clock.now()));
            }
            Err(_) => {}
        }
        result
    }
}

impl Visitor {
    /// Logs in; the cookies are the session.
    pub(crate) async fn log_in(&self, credentials: &Credentials) -> Result<(), Error> {
        let site = self.site();
        let paths = &site.dialect.paths;
        if site.dialect.login.page_first {
            let page = self.transport.get(Step::Login, site.url(&paths.login_page)).await?;
            self.shown_login_form(&page)?;
        }
        let fields: FormFields = site
            .dialect
            .login
            .fields
            .iter()
            .map(|field| {
                let value = match field.value.as_str() {
                    "{account}" => credentials.account.as_str(),
                    "{password}" => credentials.password.expose_secret(),
                    plain => plain,
                };
                (field.name.as_str(), value)
            })
            .collect();
        let body = fields.encode(site.charset());
        let page = self
            .transport
            .exchange(Ask { step: Step::Login, url: site.url(&paths.login), body: Some(body) })
            .await?;
        let said = login_said(&Reading::new(site, &page));
        match said {
            Some(result) => result,
            None => self.ask_home(page).await,
        }
    }

    /// Checks the page of the login form. A waiting room there is an error: a login would bypass it.
    fn shown_login_form(&self, page: &Page) -> Result<(), Error> {
        let reading = Reading::new(self.site(), page);
        let mut forms = self.site().dialect.markers.login_form.select(&reading.document);
        match reading.by_status() {
            Some(outcome @ Outcome::WaitingRoom) => Err(refused(Step::Login, outcome)),
            None if forms.next().is_none() && reading.is_waiting_room() => {
                Err(refused(Step::Login, Outcome::WaitingRoom))
            }
            _ => Ok(()),
        }
    }

    /// Reads the header of the home page, which tells where the answer does not (protocol.md 4.1, S1). This request
    /// has no effect at the site, so it is repeated once after a network failure; the login is not.
    async fn ask_home(&self, answer: Page) -> Result<(), Error> {
        let site = self.site();
        let url = site.home_url();
        let home = match self.transport.get(Step::Login, url.clone()).await {
            Err(Error::NotSent { .. } | Error::Broken { .. }) => self.transport.get(Step::Login, url).await,
            other => other,
        };
        let told = match answer.status {
            0 => format!("it was answered by a redirect to {}, whose page did not come", answer.url.path()),
            _ => format!("it was answered by {answer}"),
        };
        let home = match home {
            Ok(home) => home,
            Err(error @ (Error::NotSent { .. } | Error::Broken { .. })) => {
                return Err(unclear(
                    format!("{told}, and the home page did not come ({})", error.chain()),
                    answer,
                ));
            }
            Err(error) => return Err(error),
        };
        let reading = Reading::new(site, &home);
        match reading.by_status() {
            Some(Outcome::Busy { .. }) => {
                return Err(unclear(
                    format!("{told}, and the site is too busy to show its home page"),
                    answer,
                ));
            }
            Some(outcome) => return Err(refused(Step::Login, outcome)),
            None => {}
        }
        match reading.logged_in() {
            Some(true) => Ok(()),
            Some(false) if answer.status == 200 => Err(Error::LoginRefused),
            Some(false) => Err(unclear(format!("{told}, and the home page shows no login"), answer)),
            None if reading.is_waiting_room() => Err(refused(Step::Login, Outcome::WaitingRoom)),
            // Nor does the home page: a good login sets as many cookies as are known of it.
            None => {
                let lines =
                    answer.hops.iter().map(|hop| hop.cookies.len()).sum::<usize>() + answer.cookies.len();
                if lines >= usize::from(site.dialect.session_cookie.lines_at_login) {
                    return Ok(());
                }
                Err(unclear(format!("{told}, and the home page does not tell either"), answer))
            }
        }
    }
}

/// The error of an answer that shows neither a session nor a refusal.
fn unclear(problem: String, page: Page) -> Error {
    Error::LoginUnclear { problem, may_repeat: false, page: Some(Box::new(page)) }
}

/// What the answer to a login says; `None` if it does not tell.
pub(crate) fn login_said(reading: &Reading<'_>) -> Option<Result<(), Error>> {
    let (site, page) = (reading.site, reading.page);
    // Behind a redirect it is another page that is busy: the login itself was answered.
    let itself = page.hops.is_empty();
    match reading.by_status() {
        Some(Outcome::Busy { .. }) if !itself => return None,
        Some(outcome) => return Some(Err(refused(Step::Login, outcome))),
        None => {}
    }
    if matches!(page.status, 502 | 504) && itself {
        // The gateway gave up; whether the password was looked at is not known.
        return Some(Err(busy(format!("a gateway answered in the site's place (status {})", page.status))));
    }
    if page.status == 200
        && let Some(logged_in) = reading.logged_in()
    {
        return Some(if logged_in { Ok(()) } else { Err(login_refusal(reading)) });
    }
    if reading.is_waiting_room() {
        return Some(Err(refused(Step::Login, Outcome::WaitingRoom)));
    }
    // The address alone tells it, where its page did not come.
    let at_message = site.path_of(page.url()).is_some_and(|p| site.dialect.paths.message.read(p).is_some());
    (at_message && matches!(page.status, 0 | 200)).then(|| Err(login_refusal(reading)))
}

/// A page without a login after a login: wrong account or password, unless it says otherwise.
fn login_refusal(reading: &Reading<'_>) -> Error {
    match reading.refusal(false) {
        outcome @ (Outcome::HumanCheck | Outcome::WaitingRoom | Outcome::Blocked) => {
            refused(Step::Login, outcome)
        }
        Outcome::Busy { .. } => busy("the answer says that the site is busy".to_owned()),
        _ => Error::LoginRefused,
    }
}

/// The error of a login that the site was too busy for: it may be repeated a few times.
fn busy(problem: String) -> Error {
    Error::LoginUnclear { problem, may_repeat: true, page: None }
}
