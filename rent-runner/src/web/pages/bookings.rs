//! The bookings: what a person has to look at stands first, then what opens next, then what is over. Each part comes a page at a
//! time, found by where the page before ended.

use std::sync::Arc;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use namyangju_rent::clock::{Clock as _, ClockEstimate, SystemClock};
use namyangju_rent::{Event, Place, SeoulTime, nfc};

use super::accounts;
use super::first_steps::FirstSteps;
use crate::request::courts::{self, CourtBook};
use crate::request::site_of_account;
use crate::say::{day_and_time, retold};
use crate::store::{Account, BookingId, ListFilter, ListPart, State as Standing, StoredBooking};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::state::Web;
use crate::web::words::Words;
use crate::words::error_bar;

/// How many bookings a page has of those to come, and of those that are over.
const PAGE: u32 = 30;

/// How many that are over stand below those to come.
const LAST_OVER: u32 = 10;

/// A booking on its card.
pub(super) struct Card {
    pub(super) id: i64,
    pub(super) court: String,
    pub(super) when: String,
    pub(super) state: &'static str,
    /// The part of its style's name.
    pub(super) style: &'static str,
    pub(super) next: &'static str,
    pub(super) opens: String,
    pub(super) opens_millis: i64,
    pub(super) is_over: bool,
    pub(super) account: String,
    pub(super) receipt: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
    pub(super) choices: usize,
    /// By which clock the countdown goes, and how well that is known.
    pub(super) clock: String,
    pub(super) can_edit: bool,
}

impl Card {
    pub(super) fn new(words: &Words, booking: &StoredBooking) -> Self {
        let wish = booking.choices.get(booking.wish).or(booking.choices.first());
        Self {
            id: booking.id.0,
            court: wish.map(|wish| court_name(booking, &wish.place)).unwrap_or_default(),
            when: wish.map(|wish| day_and_time(wish.date, wish.range)).unwrap_or_default(),
            state: words.of_state(booking.state),
            style: booking.state.as_str(),
            next: words.next_of(booking.state),
            opens: booking.opens_at.to_string(),
            opens_millis: booking.opens_at.unix_micros() / 1_000,
            is_over: booking.state.is_over(),
            account: booking.account.clone(),
            receipt: booking.receipt.as_ref().map(|receipt| receipt.number.clone()),
            // The receipt says it in any language.
            reason: booking.reason.as_deref().filter(|_| booking.state != Standing::Succeeded).map(retold),
            note: booking.note.clone(),
            choices: booking.choices.len(),
            clock: words.clock_own.to_owned(),
            can_edit: matches!(booking.state, Standing::Waiting | Standing::Armed) && booking.owner.is_none(),
        }
    }

    /// Counts down by the site's clock, as a runner measured it.
    pub(super) fn by_clock(&mut self, words: &Words, estimate: &ClockEstimate) {
        self.opens_millis -= estimate.ahead_micros / 1_000;
        self.clock = format!("{} ±{}", words.clock_site, error_bar(estimate));
    }
}

/// What a court is called, and its code.
pub(super) fn court_name(booking: &StoredBooking, place: &namyangju_rent::Place) -> String {
    booking.names.get(place).map_or_else(|| place.to_string(), |name| format!("{name} ({place})"))
}

/// What of the list is asked for, as the query of the address has it.
#[derive(Clone, Debug, Default)]
struct ListQuery {
    state: Option<Standing>,
    account: String,
    court: String,
    text: String,
    /// Only this part, from here on.
    part: Option<ListPart>,
    after: Option<(SeoulTime, BookingId)>,
}

impl ListQuery {
    fn of(query: Option<&str>) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let value = nfc(value.trim());
            if value.contains('\0') {
                continue;
            }
            match &*name {
                "state" => asked.state = Standing::parse(&value),
                "account" => asked.account = value,
                "court" => asked.court = value,
                "q" => asked.text = value,
                "part" => {
                    asked.part = match value.as_str() {
                        "open" => Some(ListPart::Open),
                        "over" => Some(ListPart::Over),
                        _ => None,
                    };
                }
                "after" => {
                    let numbers = value.split_once('-');
                    asked.after = numbers.and_then(|(at, id)| {
                        Some((SeoulTime::from_unix_micros(at.parse().ok()?), BookingId(id.parse().ok()?)))
                    });
                }
                _ => {}
            }
        }
        asked
    }

    fn is_filter(&self) -> bool {
        self.state.is_some() || ![&self.account, &self.court, &self.text].into_iter().all(String::is_empty)
    }

    /// The address of a part from a booking on.
    fn further(&self, part: ListPart, after: Option<&StoredBooking>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(state) = self.state {
            query.append_pair("state", state.as_str());
        }
        for (name, value) in [("account", &self.account), ("court", &self.court), ("q", &self.text)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("part", if part == ListPart::Over { "over" } else { "open" });
        if let Some(last) = after {
            query.append_pair("after", &format!("{}-{}", last.opens_at.unix_micros(), last.id));
        }
        format!("/?{}", query.finish())
    }

    /// Whether a part is shown.
    fn shows(&self, part: ListPart) -> bool {
        let fits = |state: Standing| state.is_over() == (part != ListPart::Open);
        self.part.is_none_or(|only| only == part) && self.state.is_none_or(fits)
    }
}

/// A state to filter by.
struct StateOption {
    word: &'static str,
    name: &'static str,
    is_chosen: bool,
}

/// A court to filter by.
struct CourtOption {
    code: String,
    name: String,
}

#[derive(Template)]
#[template(path = "bookings.html")]
struct BookingsPage {
    frame: Frame,
    first_steps: Option<FirstSteps>,
    asked: ListQuery,
    is_filtered: bool,
    is_further: bool,
    states: Vec<StateOption>,
    accounts: Vec<String>,
    courts: Vec<CourtOption>,
    person: Vec<Card>,
    open: Vec<Card>,
    further_open: Option<String>,
    over: Vec<Card>,
    further_over: Option<String>,
    shows_open: bool,
}

/// The courts of the sites of these accounts, by their names.
async fn names_of(web: &Web, accounts: &[Account]) -> HashMap<Place, String> {
    let mut names = HashMap::new();
    let mut known: Vec<String> = Vec::new();
    for account in accounts {
        let Ok(site) = site_of_account(account) else { continue };
        if known.iter().any(|base| base == site.base_url().as_str()) {
            continue;
        }
        known.push(site.base_url().to_string());
        let book = CourtBook::open(&site, Some(&web.store)).await;
        names.extend(book.all().map(|court| (court.place.clone(), court.names.join(" "))));
    }
    names
}

/// One more than fit tells that there are further ones.
fn further(mut bookings: Vec<StoredBooking>, most: u32) -> (Vec<StoredBooking>, bool) {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let has_more = bookings.len() > most;
    bookings.truncate(most);
    (bookings, has_more)
}

/// The measured clocks of the bookings that a runner holds.
async fn clocks(web: &Web, bookings: &[StoredBooking]) -> Result<HashMap<BookingId, ClockEstimate>, NoPage> {
    if bookings.iter().all(|booking| booking.owner.is_none()) {
        return Ok(HashMap::new());
    }
    let measured = web.store.events_of_held().await?.into_iter().filter_map(|(id, event)| match event {
        Event::ClockRead { estimate } => Some((id, estimate)),
        _ => None,
    });
    Ok(measured.collect())
}

/// The list.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    reader: Reader,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Page {
    let words = reader.words;
    let asked = ListQuery::of(query.as_deref());
    let accounts = accounts::visible(&web, &signed_in).await?;
    let user = (!signed_in.user.is_owner).then_some(signed_in.user.id);
    let today = SystemClock.now().date().to_string();
    let names = names_of(&web, &accounts).await;
    let text = Some(asked.text.clone()).filter(|text| !text.is_empty());
    let wanted = |name: &str| {
        let name = name.to_lowercase();
        text.as_ref()
            .is_some_and(|text| text.to_lowercase().split_whitespace().all(|word| name.contains(word)))
    };
    let filter = ListFilter {
        user,
        state: asked.state,
        account: Some(asked.account.clone()).filter(|name| !name.is_empty()),
        court: Some(asked.court.clone()).filter(|code| !code.is_empty()),
        text_courts: names
            .iter()
            .filter(|(_, name)| wanted(name))
            .map(|(place, _)| place.to_string())
            .collect(),
        text: text.clone(),
        after: asked.after,
        most: PAGE + 1,
        not_before: None,
    };
    let mut person = Vec::new();
    if asked.part.is_none() && asked.shows(ListPart::Person) {
        let still = ListFilter { not_before: Some(today.clone()), after: None, ..filter.clone() };
        person = web.store.list_page(ListPart::Person, &still).await?;
    }
    let (mut open, mut more_open) = (Vec::new(), false);
    if asked.shows(ListPart::Open) {
        (open, more_open) = further(web.store.list_page(ListPart::Open, &filter).await?, PAGE);
    }
    let (mut over, mut more_over) = (Vec::new(), false);
    if asked.shows(ListPart::Over) {
        let most = if asked.part.is_none() { LAST_OVER } else { PAGE };
        let last = ListFilter { most: most + 1, ..filter };
        (over, more_over) = further(web.store.list_page(ListPart::Over, &last).await?, most);
    }
    let further_open = more_open.then(|| asked.further(ListPart::Open, open.last()));
    let further_over = more_over.then(|| asked.further(ListPart::Over, over.last()));
    // What a person has to look at stands once.
    over.retain(|booking| !person.iter().any(|other: &StoredBooking| other.id == booking.id));
    for bookings in [&mut person, &mut open, &mut over] {
        courts::give_names(&web.store, bookings).await;
    }
    let clocks = clocks(&web, &open).await?;
    let card = |booking: &StoredBooking| {
        let mut card = Card::new(words, booking);
        if let Some(estimate) = clocks.get(&booking.id) {
            card.by_clock(words, estimate);
        }
        card
    };
    let cards = |bookings: &[StoredBooking]| bookings.iter().map(card).collect::<Vec<_>>();
    let state = |state: Standing| StateOption {
        word: state.as_str(),
        name: words.of_state(state),
        is_chosen: asked.state == Some(state),
    };
    let used = web.store.booked_courts(user, &today).await?;
    let court = |place: Place| CourtOption {
        name: names.get(&place).cloned().unwrap_or_else(|| place.to_string()),
        code: place.to_string(),
    };
    let mut frame = reader.frame(words.bookings, Some(&signed_in));
    frame.live = Some("/live".to_owned());
    let is_empty = open.is_empty() && over.is_empty() && !asked.is_filter() && asked.part.is_none();
    let first_steps = if is_empty { FirstSteps::of(&web, &signed_in, &headers).await? } else { None };
    Ok(html(&BookingsPage {
        frame,
        first_steps,
        is_filtered: asked.is_filter(),
        is_further: asked.part.is_some(),
        states: Standing::ALL.into_iter().map(state).collect(),
        accounts: accounts.into_iter().map(|account| account.name).collect(),
        courts: used.into_iter().map(court).collect(),
        person: cards(&person),
        open: cards(&open),
        further_open,
        over: cards(&over),
        further_over,
        shows_open: asked.shows(ListPart::Open),
        asked,
    }))
}
