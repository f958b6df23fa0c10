//! A visitor without a login.

use std::fmt;

use crate::client::login::Credentials;
use crate::client::session::Session;
use crate::client::visitor::Visitor;
use crate::clock::site_clock::Probe;
use crate::error::{Error, Step, refused};
use crate::net::transport::OpenLine;
use crate::pages::reading::Reading;
use crate::pages::schedule::{Calendar, DayList, Menu, MenuEntry};
use crate::value::date::RentDate;
use crate::value::place::Place;

/// A visitor of the site without a login.
pub struct Guest {
    visitor: Visitor,
}

impl Guest {
    pub(super) fn new(visitor: Visitor) -> Self {
        Self { visitor }
    }

    /// Goes on with the connection of another visitor.
    pub(super) fn on(self, line: Option<OpenLine>) -> Self {
        Self { visitor: Visitor::new(self.visitor.transport.on(line)) }
    }

    /// The month calendar of a place; any day of the month will do.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn calendar(&self, place: &Place, month: RentDate) -> Result<Calendar, Error> {
        self.visitor.calendar(place, month).await
    }

    /// The day list of a place for a month; any day of the month will do.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn day_list(&self, place: &Place, month: RentDate) -> Result<DayList, Error> {
        self.visitor.day_list(place, month).await
    }

    /// The menus of the page that an entry leads to, or of the first page with menus.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn menu(&self, entry: Option<&MenuEntry>) -> Result<Menu, Error> {
        self.visitor.menu(entry).await
    }

    /// Takes the time of the site's clock once, by asking for the head of its home page, or for the page where the
    /// site refuses that; `None` if the answer has no `Date` that can be read. [`crate::clock::SiteClock`] says when to ask.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn probe_clock(&self) -> Result<Option<Probe>, Error> {
        let site = self.visitor.site();
        let (probe, page) = self.visitor.transport.probe(site.home_url()).await?;
        match Reading::new(site, &page).turned_away() {
            Some(outcome) => Err(refused(Step::Clock, outcome)),
            None => Ok(probe),
        }
    }

    /// Logs in.
    ///
    /// # Errors
    /// [`Error::LoginRefused`] if the account or password is wrong; else see [`Error`].
    pub async fn log_in(self, credentials: &Credentials) -> Result<Session, Error> {
        self.visitor.log_in(credentials).await?;
        Ok(Session::new(self.visitor, credentials.account().to_owned()))
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest").field("site", self.visitor.site()).finish_non_exhaustive()
    }
}
