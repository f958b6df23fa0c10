//! A site: the dialect of one city as data, and the addresses made from it.
//!
//! The cities run the same platform with other addresses, field names, texts and rules, and most of these are known
//! from notes only. They are data, so that a person who learns better corrects a file and not the program.

pub(crate) mod base_url;
pub(crate) mod dialect;
pub(crate) mod error;
pub(crate) mod path;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::html::charset::Charset;
use crate::outcome::Refusal;
use crate::site::base_url::BaseUrl;
use crate::site::dialect::{Dialect, HumanCheckPlace, NamedPlace};
use crate::site::error::SiteError;
use crate::site::path::PathTemplate;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::place::Place;
use crate::value::slot::Purpose;
use crate::value::text::nfc;

/// The dialects compiled in, by name.
const BUILTIN: [(&str, &str); 5] = [
    ("namyangju", include_str!("../../sites/namyangju.toml")),
    ("cheonan", include_str!("../../sites/cheonan.toml")),
    ("gimpo", include_str!("../../sites/gimpo.toml")),
    ("seongnam", include_str!("../../sites/seongnam.toml")),
    ("spoone", include_str!("../../sites/spoone.toml")),
];

/// One reservation site: where it is and how it speaks.
///
/// Everything that differs between cities, and everything that is not known at first hand, is in the
/// dialect file that a `Site` is read from. Cloning is cheap.
///
/// ```
/// use namyangju_rent::Site;
///
/// let site = Site::builtin("namyangju").expect("compiled in");
/// assert_eq!(site.base_url().as_str(), "https://www.nyj.go.kr/");
///
/// let rehearsal = site.with_base_url("http://127.0.0.1:8099")?;
/// assert_eq!(rehearsal.base_url().port(), Some(8099));
/// # Ok::<(), namyangju_rent::SiteError>(())
/// ```
#[derive(Clone)]
pub struct Site {
    base: Url,
    pub(crate) dialect: Arc<Dialect>,
}

/// When the slots of a date open, by the rules of the dialect (protocol.md 9).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opening {
    /// The instant.
    pub at: SeoulTime,
    /// The confidence mark of the rule, for example `I` or `S1`: show it beside the instant.
    pub confidence: String,
}

impl Site {
    /// A dialect that is compiled in: `namyangju`, `cheonan`, `gimpo`, `seongnam` or `spoone`.
    ///
    /// # Errors
    /// [`SiteError::UnknownName`] for any other name.
    pub fn builtin(name: &str) -> Result<Self, SiteError> {
        let text = Self::builtin_toml(name).ok_or_else(|| SiteError::UnknownName {
            name: crate::value::place::shortened(name),
            known: Self::builtin_names().collect::<Vec<_>>().join(", "),
        })?;
        Self::from_toml(text)
    }

    /// The names that [`Site::builtin`] takes.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// The text of a compiled-in dialect, to start a file for another city from.
    pub fn builtin_toml(name: &str) -> Option<&'static str> {
        BUILTIN.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
    }

    /// Reads a dialect file. `sites/namyangju.toml` in the source explains each key.
    ///
    /// # Errors
    /// [`SiteError::Dialect`] with line, key and what is allowed there.
    pub fn from_toml(text: &str) -> Result<Self, SiteError> {
        let dialect: Dialect = toml::from_str(&nfc(text))
            .map_err(|error| SiteError::Dialect(error.to_string().trim_end().to_owned()))?;
        dialect.check().map_err(SiteError::Dialect)?;
        Ok(Self { base: dialect.address.base.0.clone(), dialect: Arc::new(dialect) })
    }

    /// The same dialect at another address: a stand-in, a rehearsal, a proxy of one's own.
    ///
    /// # Errors
    /// [`SiteError::BaseUrl`] if it is not an `http` or `https` address without a path.
    pub fn with_base_url(mut self, base: &str) -> Result<Self, SiteError> {
        self.base = base.parse::<BaseUrl>()?.0;
        Ok(self)
    }

    /// The same dialect with one more text, asked before all others: a page that shows `text`
    /// anywhere means `refusal`.
    ///
    /// ```
    /// use namyangju_rent::{Refusal, Site};
    ///
    /// let site = Site::builtin("namyangju").expect("compiled in");
    /// let site = site.with_refusal_text("점검중입니다", Refusal::Busy);
    /// ```
    #[must_use]
    pub fn with_refusal_text(mut self, text: &str, refusal: Refusal) -> Self {
        Arc::make_mut(&mut self.dialect).add_text(text, refusal);
        self
    }

    /// The dialect's short name.
    pub fn name(&self) -> &str {
        &self.dialect.name
    }

    /// The site's name for people.
    pub fn title(&self) -> &str {
        &self.dialect.title
    }

    /// The address everything begins with, without the dialect's prefix.
    pub fn base_url(&self) -> &Url {
        &self.base
    }

    /// The address of its front page, for a person's browser.
    pub fn home_url(&self) -> Url {
        self.url(&self.dialect.paths.home)
    }

    /// The character set of its pages, unless a page says otherwise.
    pub fn charset(&self) -> Charset {
        self.dialect.charset
    }

    /// The places whose codes are known, with the confidence mark of each.
    pub fn known_places(&self) -> &[NamedPlace] {
        &self.dialect.places
    }

    /// Whether this place is known to ask for a human check before its form (protocol.md 5.4): an
    /// unattended booking cannot be made there.
    pub fn has_human_check(&self, place: &Place) -> bool {
        let stands = |known: &HumanCheckPlace| known.comcd == place.centre && known.partcd == place.group;
        self.dialect.human_check.iter().any(stands)
    }

    /// How long the site keeps a session after its last request, as far as known (protocol.md 4.2, I+).
    pub fn session_lifetime(&self) -> Duration {
        Duration::from_secs(self.dialect.session_cookie.lifetime_seconds.into())
    }

    /// How long after a request the next one renews the session's cookie (protocol.md 4.2, I+).
    pub fn session_renewed_after(&self) -> Duration {
        Duration::from_secs(self.dialect.session_cookie.renewed_after_seconds.into())
    }

    /// When the slots of `date` at `place` open, if the dialect has a rule for it.
    ///
    /// The rules of the built-in dialects are weakly known; an announced instant, given by the
    /// person, always comes first.
    pub fn opening(&self, place: &Place, date: RentDate) -> Option<Opening> {
        let rule = self.dialect.openings.iter().find(|rule| rule.applies_to(place))?;
        Some(Opening { at: rule.opens_at(date)?, confidence: rule.confidence.clone() })
    }

    /// The printed form of base and prefix, as the page's own hidden fields have it.
    pub(crate) fn printed_base(&self) -> String {
        format!("{}{}", self.base.as_str().trim_end_matches('/'), self.dialect.address.prefix)
    }

    /// The printed form of the secure base; Cheonan writes the port (protocol.md 4.5, S2).
    pub(crate) fn printed_secure_base(&self) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        let port = if self.base.port().is_none() { self.dialect.address.secure_port.as_str() } else { "" };
        format!("{base}{port}{}", self.dialect.address.prefix)
    }

    /// An address without places in it.
    pub(crate) fn url(&self, path: &PathTemplate) -> Url {
        self.url_with(path, |_| None)
    }

    /// An address with its places filled; it ends before the first place that has no value.
    pub(crate) fn url_with(&self, path: &PathTemplate, value: impl Fn(&str) -> Option<String>) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.dialect.address.prefix, path.render(value)));
        url
    }

    /// The address of a month's calendar or day list.
    pub(crate) fn schedule_url(&self, place: &Place, month: RentDate, view: &str) -> Url {
        self.url_with(&self.dialect.paths.schedule, |key| match key {
            "view" => Some(view.to_owned()),
            key => place_and_date(key, place, month),
        })
    }

    /// The address of one day's page.
    pub(crate) fn day_url(&self, place: &Place, date: RentDate, purpose: Purpose) -> Url {
        self.url_with(&self.dialect.paths.day, |key| match key {
            "is_list" => Some(self.dialect.codes.is_list.clone()),
            "group" => Some(self.dialect.codes.purpose(purpose).to_owned()),
            key => place_and_date(key, place, date),
        })
    }

    /// An address that the site printed, in a redirect or a link, as it is asked: at our own base. `None` if it is not
    /// of this site.
    ///
    /// Behind a proxy a site often prints another scheme or port than the one that visitors use. The same host with a
    /// path of the site is still the site; it is asked where we reach it, so that cookies go nowhere else. At our own
    /// base every path is the site's.
    pub(crate) fn at_own_base(&self, printed: &Url) -> Option<Url> {
        let web = matches!(printed.scheme(), "http" | "https");
        if !web || printed.host() != self.base.host() {
            return None;
        }
        if printed.origin() != self.base.origin() && self.path_of(printed).is_none() {
            return None;
        }
        // Path and query only: a user's name in an address would go out as a password.
        let mut url = self.base.clone();
        url.set_path(printed.path());
        url.set_query(printed.query());
        Some(url)
    }

    /// The path within the site, without the prefix; `None` if it does not begin with it.
    pub(crate) fn path_of<'u>(&self, url: &'u Url) -> Option<&'u str> {
        let path = url.path().strip_prefix(self.dialect.address.prefix.as_str())?;
        // `/rental` does not lie below `/rent`.
        (path.is_empty() || path.starts_with('/')).then_some(path)
    }
}

fn place_and_date(key: &str, place: &Place, date: RentDate) -> Option<String> {
    match key {
        "year" => Some(format!("{:04}", date.year())),
        "month" => Some(format!("{:02}", date.month())),
        "day" => Some(format!("{:02}", date.day())),
        "comcd" => Some(place.centre.to_string()),
        "partcd" => Some(place.group.to_string()),
        "placecd" => Some(place.court.to_string()),
        _ => None,
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("name", &self.name())
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}
