//! Bookings: as the commands `list`, `show`, `add`, `edit`, `cancel` and `retry` have them.

use std::sync::Arc;

use axum::extract::{Path, State};
use namyangju_rent::nfc;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::caller::{Caller, MayBook, MayRead};
use super::input::{ApiBody, ApiQuery, GivenKey, Seen};
use super::output::{Answer, Made, cursor, read_cursor, same_body, tag};
use super::problem::{Problem, ProblemKind};
use crate::cli::{AskedPlace, Choice, OpensAt};
use crate::documents::{
    AddDocument, ChangedDocument, EventEntry, ListDocument, ShowDocument, readiness, stored,
};
use crate::request::draft::DraftChecker;
use crate::request::{self, courts, file};
use crate::store::{BookingId, Creation, Filter, KeptCreation, State as Standing, TokenScope};
use crate::terminal::booking;
use crate::web::doors::throttle::Who;
use crate::web::own;
use crate::web::state::Web;

/// How many bookings or events an answer has, unless another number is asked for, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// The number of a booking.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct BookingPath {
    /// The number of the booking.
    pub(super) id: i64,
}

/// What a list of bookings is to have.
#[derive(Debug, JsonSchema)]
#[allow(dead_code, reason = "it describes the parameters; they are read one by one")]
pub(super) struct BookingsQuery {
    /// Only bookings in these states: their exact words, with commas between them.
    state: Option<String>,
    /// Only bookings of this account.
    account: Option<String>,
    /// How many at most.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
    /// Where to go on: take it from the `Link` of the answer before.
    cursor: Option<String>,
}

/// What of a booking is to be shown.
#[derive(Debug, JsonSchema)]
#[allow(dead_code, reason = "it describes the parameters; they are read one by one")]
pub(super) struct ShowQuery {
    /// Whether to show the stored events as well.
    events: Option<bool>,
    /// Whether to show the applicant's names and phone numbers as well; this needs the scope `admin`.
    personal: Option<bool>,
}

/// Which events are to be shown.
#[derive(Debug, JsonSchema)]
#[allow(dead_code, reason = "it describes the parameters; they are read one by one")]
pub(super) struct EventsQuery {
    /// How many at most.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
    /// Where to go on: take it from the `Link` of the answer before.
    cursor: Option<String>,
}

/// One text, or a list of alternatives.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "it describes a field")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A booking for later. Its fields are the keys of a file that `import` takes, with `_` for `-`.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "it describes the body, which `request::file` reads")]
pub(super) struct NewBookingFields {
    /// The name of the account; it may be left out where there is only one.
    account: Option<String>,
    /// The court: its codes (`NYJ06/07/103`), its name, or any court of a group (`NYJ06/07/*`).
    place: OneOrMany,
    /// The day of use, as in 2026-12-05.
    #[schemars(extend("format" = "date"))]
    date: String,
    /// The time of use, as in 06:00-08:00.
    time: OneOrMany,
    /// Other choices, the best first, as in `NYJ06/07/103 2026-12-05 08:00-10:00`.
    or: Option<Vec<String>>,
    /// Whether to book from the list for events.
    events: Option<bool>,
    /// When the day opens on the site's clock: `2026-11-26 10:00:00` in Asia/Seoul, RFC 3339, `auto` or `now`.
    opens_at: Option<String>,
    /// The name of the applicant's data; it may be left out where there is only one.
    applicant: Option<String>,
    #[schemars(flatten)]
    application: ApplicationFields,
    #[schemars(flatten)]
    aim: AimFields,
    /// A note for yourself.
    #[schemars(length(max = 1000))]
    note: Option<String>,
}

/// What is to be changed of a waiting booking. What is left out stays; null takes `or`, `clock_offset`, `most_requests` and
/// `note` away.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "it describes the body, which `request::file` reads")]
pub(super) struct ChangeFields {
    /// The court of the first choice.
    place: Option<OneOrMany>,
    /// The day of the first choice.
    #[schemars(extend("format" = "date"))]
    date: Option<String>,
    /// The time of the first choice.
    time: Option<OneOrMany>,
    /// All other choices.
    or: Option<Vec<String>>,
    /// Whether to book from the list for events.
    events: Option<bool>,
    /// When the day opens.
    opens_at: Option<String>,
    /// The name of the applicant's data.
    applicant: Option<String>,
    #[schemars(flatten)]
    application: ApplicationFields,
    #[schemars(flatten)]
    aim: AimFields,
    /// A note for yourself.
    #[schemars(length(max = 1000))]
    note: Option<String>,
}

/// Fields of the application that differ from the applicant's data.
#[derive(Debug, JsonSchema)]
#[allow(dead_code, reason = "it describes a part of a body")]
pub(super) struct ApplicationFields {
    /// The club or group that applies.
    club_name: Option<String>,
    /// The number of people.
    #[schemars(range(min = 1, max = 999))]
    head_count: Option<u32>,
    /// The name of the event.
    event_name: Option<String>,
    /// What the court is used for.
    purpose: Option<String>,
    /// The landline number.
    tel: Option<String>,
    /// The mobile number.
    mobile: Option<String>,
    /// The applicant's name.
    applicant_name: Option<String>,
    /// The code of a discount group.
    discount: Option<String>,
}

/// When the first request is sent, and how the attempts follow each other.
#[derive(Debug, JsonSchema)]
#[allow(dead_code, reason = "it describes a part of a body")]
struct AimFields {
    /// How long it is tried, counted from the opening, as in 5m.
    give_up_after: Option<String>,
    /// How much earlier than planned the first request is sent, as in 5ms.
    lead: Option<String>,
    /// How far the site's clock is ahead, as in +120ms; it is measured if this is left out.
    clock_offset: Option<String>,
    /// How the attempts follow each other.
    #[schemars(extend("enum" = ["default", "original", null]))]
    policy: Option<String>,
    /// The most requests after the opening.
    #[schemars(range(min = 1))]
    most_requests: Option<u32>,
}

/// How a booking is to be tried again.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "it describes the body, whose field is read by its name")]
pub(super) struct RetryFields {
    /// When it opens, or `now`; what is left out stays, if it is still to come.
    opens_at: Option<String>,
}

/// Events of a stored booking, in their order.
#[derive(Serialize, JsonSchema)]
pub(super) struct EventsDocument<'s> {
    events: Vec<NumberedEvent<'s>>,
}

/// An event with its number.
#[derive(Serialize, JsonSchema)]
pub(super) struct NumberedEvent<'s> {
    /// Its number in the booking, from 1: what a stream has for `id`.
    pub(super) number: i64,
    #[serde(flatten)]
    pub(super) event: EventEntry<'s>,
}

/// The stamp of a booking that the caller may see.
pub(super) async fn stamp(web: &Web, caller: &Caller, id: BookingId) -> Result<String, Problem> {
    own::stamp(web, &caller.user, id).await?.ok_or_else(|| Problem::missing("booking"))
}

/// Lists bookings in the order of their openings.
pub(super) async fn list(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
    ApiQuery(mut query, _): ApiQuery<BookingsQuery>,
) -> Result<Answer<ListDocument<'static>>, Problem> {
    let words = query.text("state");
    let account = query.text("account").map(|name| caller.user.own_name(&nfc(&name)));
    let limit = query.number("limit", 1, MOST).unwrap_or(USUAL);
    let after = query.text("cursor");
    query.finish()?;
    let mut states = Vec::new();
    for word in words.iter().flat_map(|words| words.split(',')) {
        let state = Standing::parse(word.trim());
        states.push(state.ok_or_else(|| Problem::field("state", format!("there is no state `{word}`")))?);
    }
    let accounts = own::accounts(&web, &caller.user).await?;
    if account.as_ref().is_some_and(|name| !accounts.iter().any(|account| account.name == *name)) {
        return Err(Problem::field("account", "there is no such account"));
    }
    let after = after.map(|text| read_cursor(&text)).transpose()?;
    let after = after.map(|(at, id)| (namyangju_rent::SeoulTime::from_unix_micros(at), BookingId(id)));
    let filter = Filter {
        states,
        account: account.clone(),
        user: caller.only(),
        most: Some(limit),
        after,
        ..Filter::default()
    };
    let all = web.store.count(&filter).await?;
    let mut found = web.store.listed(&filter).await?;
    courts::give_names(&web.store, &mut found.bookings).await;
    let held = readiness::of_held(&web.store).await?;
    let here = u64::try_from(found.bookings.len() + found.unreadable.len()).unwrap_or(u64::MAX);
    let left_out = all.saturating_sub(here);
    let last = found.bookings.last().filter(|_| left_out > 0);
    let next = last.map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(words.iter().map(|words| ("state", words)));
        query.extend_pairs(account.iter().map(|name| ("account", name)));
        query.append_pair("limit", &limit.to_string());
        query.append_pair("cursor", &cursor(last.opens_at.unix_micros(), last.id.0));
        format!("/api/v1/bookings?{}", query.finish())
    });
    let refused = accounts.into_iter().filter(|account| account.refused_at.is_some());
    let document = ListDocument {
        bookings: found.bookings.iter().map(|booking| stored::listed(booking, &held)).collect(),
        left_out,
        accounts_refused: refused.map(|account| account.name).collect(),
        unreadable: found.unreadable.iter().map(stored::unreadable).collect(),
    };
    Ok(Answer::json(&document)?.followed_by(next))
}

/// Shows everything about one.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
    Path(BookingPath { id }): Path<BookingPath>,
    ApiQuery(mut query, _): ApiQuery<ShowQuery>,
) -> Result<Answer<ShowDocument<'static>>, Problem> {
    let (events, personal) = (query.truth("events"), query.truth("personal"));
    query.finish()?;
    if personal && !caller.may(TokenScope::Admin) {
        let why = "what is personal needs a token with the scope `admin`";
        return Err(Problem::new(ProblemKind::Scope, why));
    }
    let stamp = stamp(&web, &caller, BookingId(id)).await?;
    let mut story = web.store.story(BookingId(id)).await?;
    courts::give_names(&web.store, [&mut story.booking]).await;
    let ready = readiness::of_booking(&story.booking, &readiness::of_held(&web.store).await?);
    let application =
        personal.then(|| request::unseal(&web.vault, &story.booking.application)).transpose()?;
    let document = stored::shown(&story, application.as_ref(), events, ready.as_ref());
    Ok(Answer::json(&document)?.tagged(&tag(&stamp)))
}

/// Lists the events of one.
pub(super) async fn events(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
    Path(BookingPath { id }): Path<BookingPath>,
    ApiQuery(mut query, _): ApiQuery<EventsQuery>,
) -> Result<Answer<EventsDocument<'static>>, Problem> {
    let limit = query.number("limit", 1, MOST).unwrap_or(USUAL);
    let after = query.text("cursor");
    query.finish()?;
    let after = after.map(|text| read_cursor(&text)).transpose()?.map_or(0, |(number, _)| number);
    stamp(&web, &caller, BookingId(id)).await?;
    // One more tells whether there is a rest.
    let mut rows = web.store.events_after(BookingId(id), after, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map(|(number, _)| *number).filter(|_| has_more);
    let next =
        last.map(|last| format!("/api/v1/bookings/{id}/events?limit={limit}&cursor={}", cursor(last, 0)));
    let events =
        rows.iter().map(|(number, row)| NumberedEvent { number: *number, event: stored::event(row) });
    Ok(Answer::json(&EventsDocument { events: events.collect() })?.followed_by(next))
}

/// What was created under the key of a request before.
pub(super) async fn before(web: &Web, creation: &Creation) -> Result<Option<KeptCreation>, Problem> {
    let Some(key) = &creation.key else { return Ok(None) };
    let kept = web.store.creation(creation.user, &key.key).await?;
    kept.map(|kept| same_body(kept, key)).transpose()
}

/// Takes one of the questions that a user may put to the site.
pub(super) fn ask_site(web: &Web, caller: &Caller) -> Result<(), Problem> {
    web.throttle.take(&Who::SiteLook(caller.user.id)).map_err(|wait| {
        let why = format!("the site was asked often: wait {} s", wait.as_secs().max(1));
        Problem::new(ProblemKind::TooMany, why)
    })
}

/// Whether the site may have to be asked for the names of courts.
fn has_names(choices: &[Choice]) -> bool {
    choices.iter().any(|choice| !matches!(choice.place, AskedPlace::Court(_)))
}

/// Stores one.
pub(super) async fn add(
    State(web): State<Arc<Web>>,
    MayBook(caller): MayBook,
    key: GivenKey,
    body: ApiBody<NewBookingFields>,
) -> Result<Made<AddDocument<'static>>, Problem> {
    let creation = key.creation(caller.user.id, &body);
    if let Some(kept) = before(&web, &creation).await? {
        return Ok(match (kept.answer, kept.made) {
            (Some(answer), _) => Made::text(answer).replayed(),
            (None, made) => added(&web, BookingId(made.unwrap_or_default()), &[]).await?.0.replayed(),
        });
    }
    let mut draft = file::read_one(body.into_keys())?;
    draft.account = draft.account.map(|name| caller.user.own_name(&nfc(&name)));
    draft.applicant = draft.applicant.map(|name| caller.user.own_name(&nfc(&name)));
    if has_names(&draft.choices) {
        ask_site(&web, &caller)?;
    }
    let accounts = own::accounts(&web, &caller.user).await?;
    let applicants = own::applicants(&web, &caller.user).await?;
    let mut checker = DraftChecker::over(web.vault.clone(), accounts, applicants);
    checker.learn_courts(&web.store, &web.config, std::slice::from_ref(&draft)).await?;
    let mut checked = checker.check(&draft).map_err(|wrong| Problem::at(wrong.key, wrong.error))?;
    checked.compare_to_earlier_looks(&web.store).await;
    let ids = web.store.add_bookings_of(std::slice::from_ref(&checked.booking), Some(&creation)).await?;
    let id = ids.first().copied().unwrap_or(BookingId(0));
    caller.audit(&web, &format!("stored booking {id}")).await?;
    let (made, text) = added(&web, id, &checked.advice).await?;
    web.store.keep_answer(&creation, &text).await?;
    Ok(made)
}

/// The answer to what was stored, and its text.
async fn added(
    web: &Web,
    id: BookingId,
    notes: &[String],
) -> Result<(Made<AddDocument<'static>>, String), Problem> {
    let stamp = web.store.booking_stamp(id).await?.unwrap_or_default();
    let mut stored = web.store.booking(id).await?;
    courts::give_names(&web.store, [&mut stored]).await;
    let document = AddDocument { booking: booking::json(&stored), notes };
    let text = serde_json::to_string(&document).map_err(anyhow::Error::from)?;
    let made = Made::text(text.clone()).tagged(&tag(&stamp)).at(&format!("/api/v1/bookings/{id}"));
    Ok((made, text))
}

/// How a booking stands after it was changed.
async fn changed(web: &Web, id: BookingId) -> Result<Answer<ChangedDocument>, Problem> {
    let stamp = web.store.booking_stamp(id).await?.unwrap_or_default();
    let mut stored = web.store.booking(id).await?;
    courts::give_names(&web.store, [&mut stored]).await;
    Ok(Answer::json(&ChangedDocument { booking: booking::json(&stored) })?.tagged(&tag(&stamp)))
}

fn was_changed() -> Problem {
    Problem::new(ProblemKind::Changed, "look at it again, and change what is there now")
}

/// Changes one that waits.
pub(super) async fn edit(
    State(web): State<Arc<Web>>,
    MayBook(caller): MayBook,
    Path(BookingPath { id }): Path<BookingPath>,
    seen: Seen,
    body: ApiBody<ChangeFields>,
) -> Result<Answer<ChangedDocument>, Problem> {
    let id = BookingId(id);
    let stamp = stamp(&web, &caller, id).await?;
    let mut edit = file::read_change(body.into_keys())?;
    edit.applicant = edit.applicant.map(|name| caller.user.own_name(&nfc(&name)));
    if !seen.is(&tag(&stamp)) {
        return Err(was_changed());
    }
    if let Some(name) = &edit.applicant {
        let kept = own::applicants(&web, &caller.user).await?;
        if !kept.iter().any(|kept| kept.name == *name) {
            return Err(Problem::field("applicant", "there is no such applicant's data"));
        }
    }
    if has_names(&edit.or) || edit.place.iter().any(|place| !matches!(place, AskedPlace::Court(_))) {
        ask_site(&web, &caller)?;
    }
    let edited = request::edited(&web.store, &web.config, id, &edit, async || Ok(web.vault.clone())).await;
    let edited = edited.map_err(|error| Problem::at("", error))?;
    if edited.is_nothing() {
        return Err(Problem::field("body", "there is nothing to change"));
    }
    if !web.store.edit_booking_if(id, &edited.change, &stamp).await? {
        return Err(was_changed());
    }
    caller.audit(&web, &format!("changed booking {id}")).await?;
    changed(&web, id).await
}

/// Cancels one, or asks its runner to.
pub(super) async fn cancel(
    State(web): State<Arc<Web>>,
    MayBook(caller): MayBook,
    Path(BookingPath { id }): Path<BookingPath>,
) -> Result<Answer<ChangedDocument>, Problem> {
    let id = BookingId(id);
    stamp(&web, &caller, id).await?;
    web.store.cancel_booking(id).await?;
    caller.audit(&web, &format!("cancelled booking {id}")).await?;
    changed(&web, id).await
}

/// Puts one that ended without success back to waiting.
pub(super) async fn retry(
    State(web): State<Arc<Web>>,
    MayBook(caller): MayBook,
    Path(BookingPath { id }): Path<BookingPath>,
    body: ApiBody<RetryFields>,
) -> Result<Answer<ChangedDocument>, Problem> {
    let id = BookingId(id);
    stamp(&web, &caller, id).await?;
    let mut fields = body.reader();
    let opens_at: Option<OpensAt> = fields.parsed("opens_at");
    fields.finish()?;
    request::again(&web.store, id, opens_at).await.map_err(|error| Problem::at("opens-at", error))?;
    caller.audit(&web, &format!("retried booking {id}")).await?;
    changed(&web, id).await
}
