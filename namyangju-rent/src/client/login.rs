//! The login: what is sent for it, and how its answer is read.

use std::fmt;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::client::visitor::Visitor;
use crate::error::{Error, Step, refused};
use crate::html::charset::FormFields;
use crate::net::transport::Ask;
use crate::outcome::Outcome;
use crate::pages::reading::Reading;
use crate::value::text::nfc;

/// An account of the site. `Debug` shows neither the name nor the password.
#[derive(Clone)]
pub struct Credentials {
    account: String,
    password: SecretString,
}

impl Credentials {
    /// The login name (`memid`) and the password (`mempw`), in composed form as a keyboard types them: see
    /// [`nfc`](crate::nfc).
    pub fn new(account: impl Into<String>, password: impl Into<String>) -> Self {
        let password = Zeroizing::new(password.into());
        Self { account: nfc(&account.into()), password: SecretString::from(nfc(&password)) }
    }

    /// The login name.
    pub fn account(&self) -> &str {
        &self.account
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

impl Visitor {
    /// Logs in; the cookies are the session.
    pub(crate) async fn log_in(&self, credentials: &Credentials) -> Result<(), Error> {
        let site = self.site();
        let paths = &site.dialect.paths;
        if site.dialect.login.page_first {
            self.transport.get(Step::Login, site.url(&paths.login_page)).await?;
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
            None => {
                // The answer does not tell: the home page's header does (protocol.md 4.1, S1).
                let home = self.transport.get(Step::Login, site.url(&paths.home)).await?;
                let reading = Reading::new(site, &home);
                match reading.logged_in() {
                    Some(true) => Ok(()),
                    Some(false) => Err(Error::LoginRefused),
                    // Nor does the home page: a good login sets as many cookies as are known of it.
                    None => {
                        let lines = page.hops().iter().map(|hop| hop.cookies.len()).sum::<usize>()
                            + page.cookies().len();
                        if lines >= usize::from(site.dialect.session_cookie.lines_at_login) {
                            return Ok(());
                        }
                        Err(refused(Step::Login, Outcome::Unknown(Box::new(page))))
                    }
                }
            }
        }
    }
}

/// What the answer to a login says; `None` if it does not tell.
pub(crate) fn login_said(reading: &Reading<'_>) -> Option<Result<(), Error>> {
    let (site, page) = (reading.site, reading.page);
    if let Some(outcome) = reading.by_status() {
        return Some(Err(refused(Step::Login, outcome)));
    }
    if page.status != 200 {
        return Some(Err(refused(Step::Login, Outcome::Unknown(Box::new(page.clone())))));
    }
    if let Some(logged_in) = reading.logged_in() {
        return Some(if logged_in { Ok(()) } else { Err(login_refusal(reading)) });
    }
    let at_message = site.path_of(page.url()).is_some_and(|p| site.dialect.paths.message.read(p).is_some());
    at_message.then(|| Err(login_refusal(reading)))
}

/// A page without a login after a login: wrong account or password, unless it says otherwise.
fn login_refusal(reading: &Reading<'_>) -> Error {
    match reading.refusal(false) {
        outcome @ (Outcome::HumanCheck | Outcome::Blocked | Outcome::Busy { .. }) => {
            refused(Step::Login, outcome)
        }
        _ => Error::LoginRefused,
    }
}
