//! What the city's site tells anybody: its courts, their times, its clock. It is asked gently: a user has five questions, of
//! which one comes back each 20 s.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use namyangju_rent::clock::{ClockEstimate, SiteClock};
use namyangju_rent::limits::MAX_PROBES;
use namyangju_rent::schedule::Month;
use namyangju_rent::{RentDate, SeoulTime};
use schemars::JsonSchema;
use serde::Serialize;

use super::bookings::ask_site;
use super::caller::MayRead;
use super::input::ApiQuery;
use super::output::Answer;
use super::problem::{Problem, ProblemKind};
use crate::cli::{AskedPlace, At, Slots};
use crate::documents::{PlacesDocument, SitesDocument, SlotsDocument, stored};
use crate::request::{self, courts::CourtBook};
use crate::web::state::Web;

/// How often the site's clock is looked at, unless another number is asked for: each takes a second.
const PROBES: u32 = 3;

/// Which times are to be listed.
#[derive(Debug, JsonSchema)]
#[allow(dead_code, reason = "it describes the parameters; they are read one by one")]
pub(super) struct SlotsQuery {
    /// The court: its codes, or its name if that is known.
    place: String,
    /// One month, as in 2026-12; the current one if neither this nor `date` is given.
    month: Option<String>,
    /// One day, as in 2026-12-05.
    #[schemars(extend("format" = "date"))]
    date: Option<String>,
    /// Whether to list only times that are free.
    free: Option<bool>,
    /// Whether to take the list for events instead of the one for sports.
    events: Option<bool>,
    /// Whether to take both lists.
    all: Option<bool>,
}

/// How the clock is to be measured.
#[derive(Debug, JsonSchema)]
#[allow(dead_code, reason = "it describes the parameters; they are read one by one")]
pub(super) struct ClockQuery {
    /// The most requests to the site; each takes a second.
    #[schemars(range(min = 1, max = 12))]
    probes: Option<u32>,
}

/// What is known of the site's clock.
#[derive(Serialize, JsonSchema)]
pub(super) struct ClockDocument {
    /// The site's address.
    site: String,
    /// When, by this machine's clock.
    at: SeoulTime,
    /// Whether this machine's clock is known to be synchronised.
    local_clock_synchronised: bool,
    #[serde(flatten)]
    estimate: ClockEstimate,
}

/// Lists the cities that are built in.
pub(super) async fn sites(_: MayRead) -> Result<Answer<SitesDocument>, Problem> {
    Answer::json(&stored::sites()?)
}

/// Lists the courts that the dialect and the kept menus know; the site is not asked.
pub(super) async fn places(
    State(web): State<Arc<Web>>,
    _: MayRead,
) -> Result<Answer<PlacesDocument<'static>>, Problem> {
    let site = request::site_of(&web.config)?;
    let kept = web.store.courts(site.base_url().as_str()).await?;
    let complete = kept.as_ref().map(|kept| kept.complete);
    let mut places = stored::courts(&kept.map(|kept| kept.courts).unwrap_or_default(), &site);
    let known: HashSet<_> = places.iter().map(|listed| listed.place.clone()).collect();
    places.extend(stored::known_places(&site).into_iter().filter(|listed| !known.contains(&listed.place)));
    let source = if complete.is_some() { "menus" } else { "dialect" };
    let (site, requests, without_courts) = (site.name(), None, None);
    Answer::json(&PlacesDocument { site, source, complete, requests, places, without_courts })
}

/// Lists the times of a court, by one request to the site.
pub(super) async fn slots(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
    ApiQuery(mut query, _): ApiQuery<SlotsQuery>,
) -> Result<Answer<SlotsDocument<'static>>, Problem> {
    let place: Option<AskedPlace> = query.parsed("place");
    let month: Option<Month> = query.parsed("month");
    let date: Option<RentDate> = query.parsed("date");
    let (free, events, all) = (query.truth("free"), query.truth("events"), query.truth("all"));
    query.finish()?;
    let place = place.ok_or_else(|| Problem::field("place", "it is missing"))?;
    let asked = Slots { at: At::default(), place, month, date, free, events, all, json: false };
    let site = request::site_of(&web.config)?;
    let courts = CourtBook::open(&site, Some(&web.store)).await;
    // Before the site is asked for what is not there.
    courts.find(&asked.place).map_err(|error| Problem::at("place", error))?;
    ask_site(&web, &caller)?;
    let found = request::slots(site, &web.config, &courts, &asked).await;
    let found = found.map_err(|error| Problem::at("place", error))?;
    Answer::json(&SlotsDocument {
        site: &found.site,
        place: &found.place,
        place_name: found.name.as_deref(),
        read_at: found.read_at,
        slots: found.wanted(&asked),
    })
}

/// Measures how far the site's clock is ahead.
pub(super) async fn clock(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
    ApiQuery(mut query, _): ApiQuery<ClockQuery>,
) -> Result<Answer<ClockDocument>, Problem> {
    let most = query.number("probes", 1, u32::try_from(MAX_PROBES).unwrap_or(PROBES));
    query.finish()?;
    ask_site(&web, &caller)?;
    let client = request::client(request::site_of(&web.config)?, &web.config)?;
    let guest = client.guest().map_err(anyhow::Error::from)?;
    let mut site = SiteClock::new();
    let most = usize::try_from(most.unwrap_or(PROBES)).unwrap_or(1);
    if let Some(error) = request::measure(&client, &guest, &mut site, most, |_, _| Ok(())).await? {
        return Err(anyhow::Error::from(error).into());
    }
    let clock = client.clock();
    let estimate = site.estimate(clock.now(), clock.monotonic());
    let estimate = estimate
        .ok_or_else(|| Problem::new(ProblemKind::Site, "the site's answers have no readable date"))?;
    Answer::json(&ClockDocument {
        site: client.site().base_url().to_string(),
        at: clock.now(),
        local_clock_synchronised: clock.is_synchronised(),
        estimate,
    })
}
