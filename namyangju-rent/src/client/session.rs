//! A logged-in visitor, and the visits of one booking in the order the site demands:
//! [`Session::open_day`], [`DayVisit::open_form`], [`Form::fill`], [`Submission::submit`].
//!
//! Each stage can only be had from the one before, so a submission without the visits before it
//! (the site's page trace) does not compile. What does:
//!
//! ```
//! # use namyangju_rent::*;
//! async fn visits(session: &Session, place: &Place, date: RentDate, range: TimeRange, application: &Application) -> Result<(), Error> {
//!     let form = session.open_day(place, date, Purpose::Sports).await?.open_form(range).await?;
//!     let submission = form.fill(application)?;
//!     submission.submit().await?;
//!     Ok(())
//! }
//! ```
//!
//! And the same with one step left out, one thing forged, or one thing used twice:
//!
//! ```compile_fail,E0599
//! # use namyangju_rent::*;
//! async fn no_day(session: &Session, range: TimeRange, application: &Application) -> Result<(), Error> {
//!     let form = session.open_form(range).await?;
//!     form.fill(application)?.submit().await?;
//!     Ok(())
//! }
//! ```
//!
//! ```compile_fail,E0599
//! # use namyangju_rent::*;
//! async fn no_form(session: &Session, place: &Place, date: RentDate, application: &Application) -> Result<(), Error> {
//!     session.open_day(place, date, Purpose::Sports).await?.fill(application)?.submit().await?;
//!     Ok(())
//! }
//! ```
//!
//! ```compile_fail,E0382
//! # use namyangju_rent::*;
//! async fn twice(form: &Form<'_>, application: &Application) -> Result<(), Error> {
//!     let submission = form.fill(application)?;
//!     submission.submit().await?;
//!     submission.submit().await?;
//!     Ok(())
//! }
//! ```
//!
//! ```compile_fail,E0382
//! # use namyangju_rent::*;
//! async fn after_logout(session: Session, place: &Place, date: RentDate) -> Result<(), Error> {
//!     session.log_out().await?;
//!     session.open_day(place, date, Purpose::Sports).await?;
//!     Ok(())
//! }
//! ```
//!
//! ```compile_fail,E0451
//! # use namyangju_rent::*;
//! fn forged<'a>(session: &'a Session, form: Form<'a>) -> Form<'a> {
//!     Form { session, ..form }
//! }
//! ```

use std::fmt;
use std::time::Duration;

use crate::client::saved::SavedSession;
use crate::client::visitor::Visitor;
use crate::clock::aim::Sample;
use crate::clock::site_clock::Probe;
use crate::error::{Error, Step, page_error, refused};
use crate::html::charset::LackingCharacter;
use crate::net::transport::{Ask, OpenLine, Transport};
use crate::outcome::Outcome;
use crate::page::{Exchange, Page, Timing};
use crate::pages::day::{Choice, DayPage, Slot, read_day};
use crate::pages::form::{Body, FormPage};
use crate::pages::reading::Reading;
use crate::pages::schedule::{Calendar, DayList, Menu, MenuEntry};
use crate::site::Site;
use crate::site::dialect::FieldSource;
use crate::value::application::{Application, ApplicationError};
use crate::value::date::RentDate;
use crate::value::money::Won;
use crate::value::month::Month;
use crate::value::place::Place;
use crate::value::slot::{Purpose, TimeNo, TimeRange};

/// A logged-in visitor with its own cookies and connection.
///
/// It stays usable when the site ends the login: steps then answer [`Outcome::LoggedOut`], and a new
/// session has to be opened with [`crate::Client::log_in`].
pub struct Session {
    visitor: Visitor,
    account: String,
}

impl Session {
    pub(crate) fn new(visitor: Visitor, account: String) -> Self {
        Self { visitor, account }
    }

    /// The site it is logged in to.
    pub fn site(&self) -> &Site {
        self.visitor.site()
    }

    fn transport(&self) -> &Transport {
        &self.visitor.transport
    }

    /// Its connection, if one is open.
    pub(crate) fn open_line(&self) -> Option<OpenLine> {
        self.transport().open_line()
    }

    /// Asks the home page whether the session is still logged in. `Ok(true)` also for a site whose
    /// header does not tell and which kept the cookie.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check(&self) -> Result<bool, Error> {
        let url = self.site().url(&self.site().dialect.paths.home);
        let page = self.transport().get(Step::Home, url).await?;
        let reading = Reading::new(self.site(), &page);
        match reading.by_status() {
            Some(outcome) => Err(refused(Step::Home, outcome)),
            None if reading.logged_in().is_none() && reading.is_waiting_room() => {
                Err(refused(Step::Home, Outcome::WaitingRoom))
            }
            None => Ok(!reading.is_logged_out()),
        }
    }

    /// The calendar of a place for a month, or for the month of a day.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn calendar(&self, place: &Place, month: impl Into<Month>) -> Result<Calendar, Error> {
        self.visitor.calendar(place, month.into()).await
    }

    /// The day list of a place for a month, or for the month of a day.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn day_list(&self, place: &Place, month: impl Into<Month>) -> Result<DayList, Error> {
        self.visitor.day_list(place, month.into()).await
    }

    /// The day list of a place for a month, with the menus of the same page.
    pub(crate) async fn day_list_and_menu(
        &self,
        place: &Place,
        month: Month,
    ) -> Result<(DayList, Menu), Error> {
        self.visitor.day_list_and_menu(place, month).await
    }

    /// The menus of the page that an entry leads to, or of the first page with menus.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn menu(&self, entry: Option<&MenuEntry>) -> Result<Menu, Error> {
        self.visitor.menu(entry).await
    }

    /// Opens the page of one day (protocol.md 4.4).
    ///
    /// # Errors
    /// [`Error::Refused`] with [`Outcome::NotOpenYet`] before the opening; [`Error::Application`]
    /// for a day that is past; else see [`Error`].
    pub async fn open_day(
        &self,
        place: &Place,
        date: RentDate,
        purpose: Purpose,
    ) -> Result<DayVisit<'_>, Error> {
        let today = self.transport().clock.now().date();
        if date < today {
            return Err(ApplicationError::Past(date, today).into());
        }
        let page = self.transport().get(Step::Day, self.site().day_url(place, date, purpose)).await?;
        let timing = page.timing();
        let read = {
            let reading = Reading::new(self.site(), &page);
            reading.behind_login(|| read_day(&self.site().dialect, &reading.document, place, date, purpose))
        };
        let day = read.map_err(|outcome| refused(Step::Day, outcome))?;
        Ok(DayVisit { session: self, day, timing })
    }

    /// Whether a file of the site is known that is answered without a script.
    pub(crate) fn knows_file(&self) -> bool {
        self.transport().file().is_some()
    }

    /// Takes the time of the site's clock by asking for the head of a file. A site that does not give it is asked for
    /// pages from then on.
    pub(crate) async fn probe_file(&self) -> Result<Option<Probe>, Error> {
        self.transport().probe_file().await
    }

    /// Takes the time of the site's clock by asking for the head of a day's page, which answers with a
    /// `Date` (protocol.md 4.4, S1), or for the page where the site refuses that. The second value tells whether the
    /// session is still alive.
    pub(crate) async fn probe(&self, place: &Place, date: RentDate) -> Result<(Option<Probe>, bool), Error> {
        let url = self.site().day_url(place, date, Purpose::Sports);
        let (probe, page) = self.transport().probe(url).await?;
        let reading = Reading::new(self.site(), &page);
        match reading.turned_away() {
            Some(outcome) => Err(refused(Step::Clock, outcome)),
            None => Ok((probe, !page.session_cleared && reading.logged_in() != Some(false))),
        }
    }

    /// The last exchange of this session that was not a probe.
    pub(crate) fn last_exchange(&self) -> Option<Exchange> {
        self.transport().last_exchange()
    }

    /// The dated answers since this was last asked, and the last `Server` header.
    pub(crate) fn take_told(&self) -> (Vec<Sample>, Option<String>) {
        self.transport().take_told()
    }

    /// See [`Transport::keeps_line_for`].
    pub(crate) fn keeps_line_for(&self) -> Option<Duration> {
        self.transport().keeps_line_for()
    }

    /// See [`Transport::is_closed_at`].
    pub(crate) fn is_closed_at(&self, instant: Duration) -> bool {
        self.transport().is_closed_at(instant)
    }

    /// See [`Transport::hold_new_line_until`].
    pub(crate) fn hold_new_line_until(&self, instant: Duration) -> Result<(), Error> {
        self.transport().hold_new_line_until(instant)
    }

    /// See [`Transport::connect_time`].
    pub(crate) async fn connect_time(&self) -> Option<Duration> {
        self.transport().connect_time().await
    }

    /// The session as data, to be kept like a password; `None` if its cookies cannot be read.
    pub fn save(&self) -> Option<SavedSession> {
        let transport = self.transport();
        SavedSession::new(
            &transport.site,
            transport.user_agent(),
            &self.account,
            &transport.jar,
            transport.clock.as_ref(),
        )
    }

    /// Logs out.
    ///
    /// # Errors
    /// See [`Error`]; the session is gone either way.
    pub async fn log_out(self) -> Result<(), Error> {
        let url = self.site().url(&self.site().dialect.paths.logout);
        self.transport().get(Step::Logout, url).await.map(drop)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("site", self.site())
            .field("cookies", &self.transport().jar.len())
            .finish_non_exhaustive()
    }
}

/// The page of one day, visited in a session.
#[derive(Clone)]
pub struct DayVisit<'s> {
    session: &'s Session,
    day: DayPage,
    timing: Timing,
}

impl<'s> DayVisit<'s> {
    /// A day as it was read before, in whatever session is alive now.
    pub(crate) fn known(session: &'s Session, day: DayPage, timing: Timing) -> Self {
        Self { session, day, timing }
    }

    /// The same slots on another day, whose page need not be open yet.
    ///
    /// Time numbers belong to a court and a time, not to a day (protocol.md 8.1, I): a day that is
    /// open tells those of a day that is not. Whether the site gives the form without a visit to that
    /// day's own page is not known for every city (protocol.md 10.7).
    #[must_use]
    pub fn on(&self, date: RentDate) -> Self {
        Self { session: self.session, day: self.day.on(date), timing: self.timing }
    }

    /// What the page says.
    pub fn page(&self) -> &DayPage {
        &self.day
    }

    /// When the page was asked for and came.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// Whether the slots that fill a time can be chosen; nothing is sent.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub fn check(&self, range: TimeRange) -> Result<(), ApplicationError> {
        self.choose(range).map(drop)
    }

    fn choose(&self, range: TimeRange) -> Result<Choice, ApplicationError> {
        self.day.choose(range, self.most_slots())
    }

    fn most_slots(&self) -> Option<u8> {
        self.session.site().dialect.limits.slots_per_application
    }

    /// Opens the applicant form for the slots that fill a time: the page trace that the site asks
    /// of a session before it takes a submission (protocol.md 4.5).
    ///
    /// # Errors
    /// [`Error::Application`] if the time is no run of free slots; else see [`Error`].
    pub async fn open_form(&self, range: TimeRange) -> Result<Form<'s>, Error> {
        self.form_for(self.choose(range)?).await
    }

    /// Opens the applicant form for slots by their numbers.
    ///
    /// # Errors
    /// As for [`DayVisit::open_form`].
    pub async fn open_form_for(&self, numbers: &[TimeNo]) -> Result<Form<'s>, Error> {
        self.form_for(self.day.choose_numbers(numbers, self.most_slots())?).await
    }

    async fn form_for(&self, choice: Choice) -> Result<Form<'s>, Error> {
        let (session, site) = (self.session, self.session.site());
        let fields = self.day.post(site, &choice).map_err(|problem| Error::WrongDay { problem })?;
        let url = site.url(&site.dialect.paths.form);
        let body = Some(fields.encode(site.charset()));
        let page = session.transport().exchange(Ask { step: Step::Form, url, body }).await?;
        let timing = page.timing();
        let read = {
            let reading = Reading::new(site, &page);
            reading.behind_login(|| FormPage::read(site, &reading.document, &self.day, &choice))
        };
        match read.map_err(|outcome| refused(Step::Form, outcome))? {
            Ok(form) => Ok(Form { session, page: form, choice, timing }),
            Err(problem) => Err(page_error(Step::Form, problem, page)),
        }
    }
}

impl fmt::Debug for DayVisit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.day.fmt(f)
    }
}

/// The applicant form of chosen slots, visited in a session.
#[derive(Clone, Debug)]
pub struct Form<'s> {
    session: &'s Session,
    page: FormPage,
    choice: Choice,
    timing: Timing,
}

impl<'s> Form<'s> {
    /// The slots it is for, in time order.
    pub fn slots(&self) -> &[Slot] {
        &self.choice.slots
    }

    /// When the page was asked for and came.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// The name of the account's member, as the form has it before it is filled.
    pub(crate) fn member(&self) -> Option<&str> {
        self.page.member(&self.session.site().dialect.application)
    }

    /// The discount groups it offers, in the page's order.
    pub fn discounts(&self) -> Vec<DiscountGroup> {
        let offered = self.page.discounts(&self.session.site().dialect.application);
        offered.into_iter().map(|(code, label)| DiscountGroup { code, label }).collect()
    }

    /// The amount to pay for an application, where the page tells.
    ///
    /// # Errors
    /// [`ApplicationError`] if its discount is not offered or not known.
    pub fn payment(&self, application: &Application) -> Result<Option<Won>, ApplicationError> {
        self.page.payment(&self.session.site().dialect.application, application)
    }

    /// Fills the form. Nothing is sent; the form can be filled again.
    ///
    /// # Errors
    /// [`ApplicationError`] with the field's name if the site would refuse it.
    pub fn fill(&self, application: &Application) -> Result<Submission<'s>, ApplicationError> {
        let site = self.session.site();
        let body = self.page.fill(site, application)?;
        let encoded = body.fields.encode(site.charset());
        Ok(Submission { session: self.session, choice: self.choice.clone(), body, encoded })
    }
}

/// A discount group that an applicant form offers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiscountGroup {
    /// What is sent for it, and what [`Application::discount`] takes.
    pub code: String,
    /// Its name on the page.
    pub label: String,
}

/// A field of a filled form as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaskedField {
    /// The wire name.
    pub name: String,
    /// The value, or `***` if it is a person's.
    pub value: String,
}

/// A filled form: one value, one POST.
#[must_use = "a submission is nothing until it is submitted"]
pub struct Submission<'s> {
    session: &'s Session,
    choice: Choice,
    body: Body,
    encoded: String,
}

impl Submission<'_> {
    /// The body as it will be sent. It holds names and phone numbers: show [`Submission::masked`].
    pub fn body(&self) -> &str {
        &self.encoded
    }

    /// The fields in wire order, those of a person masked.
    pub fn masked(&self) -> Vec<MaskedField> {
        self.body.masked().into_iter().map(|(name, value)| MaskedField { name, value }).collect()
    }

    /// The characters that the site's character set lacks: it will receive each as `&#NNNN;`.
    pub fn lacking_characters(&self) -> Vec<LackingCharacter> {
        self.body.fields.lacking(self.session.site().charset())
    }

    /// Whether it holds no mobile number: neither the application nor the account's form gives one.
    pub(crate) fn lacks_mobile(&self) -> bool {
        let fields = &self.session.site().dialect.application.fields;
        let mobile = fields.iter().filter(|field| field.from == FieldSource::Mobile);
        // A form prints the parts that it has, or masks them; the shortest number has nine digits.
        let plain = |number: &str| number.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ' ');
        let digits = |number: &str| number.chars().filter(char::is_ascii_digit).count();
        mobile
            .filter_map(|field| self.body.fields.first(&field.name))
            .any(|number| plain(number) && digits(number) < 9)
    }

    /// Sends it, once, and reads the answer.
    ///
    /// # Errors
    /// [`Error::Unconfirmed`] if it was sent and no answer came; [`Error::NotSent`] if it never left.
    pub async fn submit(self) -> Result<Submitted, Error> {
        let (transport, site) = (self.session.transport(), self.session.site());
        let url = site.url(&site.dialect.paths.submit);
        let page = transport.exchange(Ask { step: Step::Submit, url, body: Some(self.encoded) }).await?;
        let outcome = Reading::new(site, &page).submission(&self.choice);
        Ok(Submitted { outcome, page })
    }
}

impl fmt::Debug for Submission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Submission({} bytes)", self.encoded.len())
    }
}

/// The answer to a submission: what it means, and the page it was read from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Submitted {
    /// What the site decided.
    pub outcome: Outcome,
    /// The page, whole.
    pub page: Page,
}
