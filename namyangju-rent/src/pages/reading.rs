//! How an answer is recognised: status, login state, human check, waiting room, the dialect's texts, the receipt.
//!
//! Every step reads its answer through here, so that a status or a text means the same in all of them, and the order in
//! which the signs are asked is written once.

use std::time::Duration;

use html5ever::local_name;
use scraper::{ElementRef, Html};

use crate::html::text::{fold, is_shown, text_of, text_of_page};
use crate::html::{attr, parse};
use crate::outcome::{Invalid, Outcome, Receipt, Refusal};
use crate::page::{Page, unix_seconds};
use crate::pages::day::{Choice, same_code};
use crate::site::Site;
use crate::site::dialect::AnswerRule;
use crate::site::path::PathTemplate;
use crate::value::date::RentDate;

/// The longest piece of the site's own text that is carried in a value.
const MAX_TEXT: usize = 200;

/// The most elements that are looked at for one answer. The pages known have one.
const MAX_ANSWERS: usize = 64;

/// Receipt numbers that read as a date so near to the day of use are taken for that date.
const DATE_LIKE_DAYS: i32 = 400;

/// The longest `Retry-After` that is believed; anything above it is a mistake or a block.
const MAX_REST: Duration = Duration::from_secs(3600);

/// One page under the eyes of a reader, parsed once.
pub(crate) struct Reading<'p> {
    pub(crate) site: &'p Site,
    pub(crate) page: &'p Page,
    pub(crate) document: Html,
    /// Whether the page could be read at all. If not, the document is empty.
    readable: bool,
}

impl<'p> Reading<'p> {
    pub(crate) fn new(site: &'p Site, page: &'p Page) -> Self {
        let document = parse(&page.charset.decode(&page.body));
        let readable = document.is_some();
        Self { site, page, document: document.unwrap_or_else(|| Html::parse_document("")), readable }
    }

    /// Whether the page's header says that somebody is logged in; `None` if it does not tell.
    pub(crate) fn logged_in(&self) -> Option<bool> {
        let markers = &self.site.dialect.markers;
        let mut logged_out = None;
        for link in markers.header_links.select(&self.document) {
            let text = text_of(link);
            if text.contains(&markers.logged_in_text) {
                return Some(true);
            }
            if text.contains(&markers.logged_out_text) {
                logged_out = Some(false);
            }
        }
        logged_out
    }

    /// Whether a page that needs a login shows that there is none: its header says so, it is the
    /// login page, or the session's cookie was cleared on the way (protocol.md 4.2, I+).
    pub(crate) fn is_logged_out(&self) -> bool {
        if let Some(logged_in) = self.logged_in() {
            return !logged_in;
        }
        let markers = &self.site.dialect.markers;
        self.page.session_cleared
            || markers.login_form.select(&self.document).next().is_some()
            || markers.login_required_link.select(&self.document).next().is_some()
            || self.is_at(&self.site.dialect.paths.login_page)
    }

    fn is_at(&self, path: &PathTemplate) -> bool {
        self.site.path_of(&self.page.url).is_some_and(|p| path.read(p).is_some())
    }

    /// What status and headers say by themselves.
    pub(crate) fn by_status(&self) -> Option<Outcome> {
        let rule = &self.site.dialect.waiting_room;
        let mut leads = ["location", "refresh"].into_iter().filter_map(|name| self.page.header(name));
        let waits = leads.any(|to| rule.is_named_in(to));
        match self.page.status {
            200 | 301 | 302 | 303 | 307 | 308 if waits => Some(Outcome::WaitingRoom),
            403 => Some(Outcome::Blocked),
            429 | 503 => Some(Outcome::Busy { retry_after: retry_after(self.page) }),
            _ => None,
        }
    }

    /// Why the site lets this client see no page at all: blocked, busy, or a waiting room. `None` if it does.
    pub(crate) fn turned_away(&self) -> Option<Outcome> {
        let by_text = || self.by_rule(false).filter(|outcome| matches!(outcome, Outcome::Blocked));
        let waiting = || self.is_waiting_room().then_some(Outcome::WaitingRoom);
        self.by_status().or_else(by_text).or_else(waiting)
    }

    /// Whether the page carries the marks of a waiting room. Sites with one load its script on many pages, and the
    /// script decides when to queue: a page with the marks is behind the queue even if its content came.
    pub(crate) fn is_waiting_room(&self) -> bool {
        let rule = &self.site.dialect.waiting_room;
        // Every element of every page comes by here: the names are compared as atoms.
        self.document.tree.nodes().filter_map(ElementRef::wrap).any(|element| {
            let named = |attribute| attr(element, attribute).is_some_and(|value| rule.is_named_in(value));
            let name = &element.value().name.local;
            let is_script = *name == local_name!("script");
            is_script && (named("src") || element.text().any(|text| rule.is_named_in(text)))
                || *name == local_name!("meta") && named("content")
                || element
                    .value()
                    .attrs
                    .iter()
                    .any(|(name, _)| rule.attributes.iter().any(|a| **a == *name.local))
        })
    }

    /// Whether the page shows a human check (protocol.md 5.4).
    pub(crate) fn asks_human(&self) -> bool {
        self.site.dialect.markers.human_check.select(&self.document).next().is_some()
    }

    /// The refusal that the dialect's rules find; those by length alone only if `by_length`.
    fn by_rule(&self, by_length: bool) -> Option<Outcome> {
        let visible = std::cell::OnceCell::new();
        self.site.dialect.answers.iter().find_map(|rule| {
            if (rule.text.is_none() && rule.status.is_none()) != by_length {
                return None;
            }
            let text = self.matches(rule, &visible)?;
            Some(self.refused(rule.means, text))
        })
    }

    /// The text that a rule was found in, if all its conditions hold.
    fn matches(&self, rule: &AnswerRule, visible: &std::cell::OnceCell<String>) -> Option<String> {
        if rule.content_length.is_some_and(|length| length != self.page.body.len() as u64) {
            return None;
        }
        if rule.status.is_some_and(|status| status != self.page.status) {
            return None;
        }
        let Some(wanted) = &rule.text else { return Some(String::new()) };
        let fits = |text: &str| if rule.whole { text == wanted } else { text.contains(wanted.as_str()) };
        match &rule.at {
            Some(at) => {
                let shown = at.select(&self.document).take(MAX_ANSWERS).filter(|element| is_shown(*element));
                shown.map(text_of).find(|text| fits(text))
            }
            None => {
                let alert = self.page.alerts.iter().map(|alert| fold(alert)).find(|alert| fits(alert));
                alert.or_else(|| {
                    let text = visible.get_or_init(|| text_of_page(&self.document));
                    fits(text).then(|| wanted.clone())
                })
            }
        }
    }

    fn refused(&self, means: Refusal, text: String) -> Outcome {
        match means {
            Refusal::SlotTaken => Outcome::SlotTaken,
            Refusal::NotOpenYet => Outcome::NotOpenYet,
            Refusal::LoggedOut => Outcome::LoggedOut,
            Refusal::TraceMissing => Outcome::TraceMissing,
            Refusal::LimitReached => Outcome::LimitReached,
            Refusal::HumanCheck => Outcome::HumanCheck,
            Refusal::WaitingRoom => Outcome::WaitingRoom,
            Refusal::Blocked => Outcome::Blocked,
            Refusal::Busy => Outcome::Busy { retry_after: retry_after(self.page) },
            Refusal::Invalid => {
                let labels = &self.site.dialect.labels;
                let field = labels.iter().find(|(label, _)| text.starts_with(label.as_str()));
                let text = text.chars().take(MAX_TEXT).collect();
                Outcome::Invalid(Invalid { field: field.map(|(_, name)| name.clone()), text })
            }
        }
    }

    /// What a page says that is not the page asked for: a refusal, or unknown.
    pub(crate) fn refusal(&self, needs_login: bool) -> Outcome {
        self.by_status()
            .or_else(|| self.by_rule(false))
            .or_else(|| self.asks_human().then_some(Outcome::HumanCheck))
            .or_else(|| self.is_waiting_room().then_some(Outcome::WaitingRoom))
            .or_else(|| self.by_rule(true))
            .or_else(|| (needs_login && self.is_logged_out()).then_some(Outcome::LoggedOut))
            .unwrap_or_else(|| Outcome::Unknown(Box::new(self.page.clone())))
    }

    /// Reads what is wanted from a page that anybody may see; what the site says instead, if it is
    /// not there.
    pub(crate) fn open_to_all<T>(&self, wanted: impl FnOnce(&Self) -> Option<T>) -> Result<T, Outcome> {
        let found = if self.page.status == 200 { wanted(self) } else { None };
        found.ok_or_else(|| self.refusal(false))
    }

    /// Reads what is wanted from a page behind the login, unless the site says something else.
    pub(crate) fn behind_login<T>(&self, wanted: impl FnOnce() -> Option<T>) -> Result<T, Outcome> {
        if let Some(outcome) = self.by_status() {
            return Err(outcome);
        }
        if self.asks_human() {
            return Err(Outcome::HumanCheck);
        }
        if self.is_waiting_room() {
            return Err(Outcome::WaitingRoom);
        }
        let readable = self.page.status == 200 && !self.is_logged_out();
        let found = if readable { wanted() } else { None };
        found.ok_or_else(|| self.refusal(true))
    }

    /// What the answer to a submission says.
    ///
    /// The explicit texts come first, then the receipt, and only then a length: a landing page of an
    /// unlucky size is not a refusal.
    pub(crate) fn submission(&self, choice: &Choice) -> Outcome {
        self.by_status()
            .or_else(|| self.by_rule(false))
            .or_else(|| self.receipt(choice).map(Outcome::Reserved))
            .unwrap_or_else(|| self.refusal(true))
    }

    /// The receipt number at the end of the address, if that is what stands there.
    ///
    /// An address that ends in a date, a day, a place code or a time number passes the known
    /// program's test as well (protocol.md 7); here it does not.
    fn receipt(&self, choice: &Choice) -> Option<Receipt> {
        let (dialect, page) = (&self.site.dialect, self.page);
        if page.hops.is_empty() || !matches!(page.status, 0 | 200) || !self.readable {
            return None;
        }
        if self.is_logged_out() || self.asks_human() {
            return None;
        }
        let shows_error = dialect
            .markers
            .error
            .select(&self.document)
            .chain(dialect.markers.message.select(&self.document))
            .take(MAX_ANSWERS)
            .any(|element| is_shown(element) && !text_of(element).is_empty())
            || dialect.markers.notice_button.select(&self.document).next().is_some();
        if shows_error {
            return None;
        }
        let path = self.site.path_of(&page.url)?;
        let paths = &dialect.paths;
        let known = [
            &paths.schedule,
            &paths.day,
            &paths.message,
            &paths.login,
            &paths.login_page,
            &paths.logout,
            &paths.form,
            &paths.human_check,
        ];
        // A path that begins like a known page is that page, whatever follows.
        if known.iter().any(|known| known.begins(path)) || paths.submit.read(path).is_some() {
            return None;
        }
        let number = path.trim_end_matches('/').rsplit('/').next()?;
        let rule = &dialect.receipt;
        let fits = number.len() <= usize::from(rule.longest)
            && number.bytes().any(|b| b.is_ascii_digit())
            && number
                .bytes()
                .all(|b| b.is_ascii_digit() || !rule.digits_only && (b.is_ascii_alphanumeric() || b == b'-'));
        (fits && !is_code(number, dialect, choice)).then(|| Receipt { number: number.to_owned() })
    }
}

/// Whether a number is one that the booking itself brought along.
fn is_code(number: &str, dialect: &crate::site::dialect::Dialect, choice: &Choice) -> bool {
    let date = choice.date;
    let codes = [
        date.compact(),
        date.to_string(),
        format!("{:04}{:02}", date.year(), date.month()),
        date.year().to_string(),
        date.month().to_string(),
        date.day().to_string(),
        "0".to_owned(),
        choice.place.centre.to_string(),
        choice.place.group.to_string(),
        choice.place.court.to_string(),
        dialect.codes.is_list.clone(),
        dialect.codes.view_calendar.clone(),
        dialect.codes.view_day_list.clone(),
    ];
    let near =
        |other: RentDate| other >= date.plus_days(-DATE_LIKE_DAYS) && other <= date.plus_days(DATE_LIKE_DAYS);
    codes.iter().any(|code| same_code(code, number))
        || choice.slots.iter().any(|slot| same_code(&slot.time_no.to_string(), number))
        || RentDate::from_compact(number).is_some_and(near)
}

/// The rest a `Retry-After` header asks for: seconds, or an instant counted from the answer's own
/// `Date`.
pub(crate) fn retry_after(page: &Page) -> Option<Duration> {
    let value = page.header("retry-after")?.trim();
    let seconds = match value.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let until = unix_seconds(value.as_bytes())?;
            let from = page.header("date").and_then(|date| unix_seconds(date.as_bytes()))?;
            u64::try_from(until.saturating_sub(from)).unwrap_or_default()
        }
    };
    Some(Duration::from_secs(seconds).min(MAX_REST))
}

#[cfg(test)]
mod tests;
