//! How bookings and their events are read.

use std::time::Duration;

use namyangju_rent::schedule::{SlotState, TimeOfDay};
use namyangju_rent::{AnswerKind, Event, SeoulTime, Step, TimeRange, Wish, nfc};
use serde::Deserialize;
use serde_json::Value;

use crate::store::sql::{Row, damaged, of_word, values};
use crate::store::{
    AttemptRow, BookingHistory, BookingId, CourtNames, EventRow, Filter, FoundBookings, OpeningSource,
    Result, RetryPace, Sealed, State, Store, StoreError, StoredBooking, UnreadableBooking,
};

/// The parts of [`Columns`], in its order.
macro_rules! columns {
    () => {
        "b.id, b.account_id, a.name, a.site, a.base_url, b.opens, b.opens_at, b.give_up_after, b.lead, \
         b.clock_offset, b.pace, b.most_requests, b.note, b.state, b.reason, b.wish, b.receipt, b.shown, \
         b.created_at, b.changed_at, \
         CASE WHEN b.lease_until > (SELECT now FROM clock) THEN b.owner END, \
         CASE WHEN b.lease_until > (SELECT now FROM clock) THEN b.lease_until END, \
         b.cancel_asked, b.round, b.fence, \
         (SELECT string_agg(c.place || ' ' || c.date || ' ' || c.start_minute || ' ' || c.end_minute || ' ' \
         || c.purpose, ',' ORDER BY c.position) FROM choice c WHERE c.booking_id = b.id)"
    };
}
pub(in crate::store) use columns;

/// How bookings are read: all but the sealed part in one text, and the choices in it too. The driver takes
/// several times as long for a column of each, and as much again for a row of each choice.
macro_rules! select_bookings {
    ($($rest:tt)+) => {
        $crate::store::sql::Sql::Each {
            sqlite: concat!(
                "SELECT b.application, json_array(",
                $crate::store::booking::rows::columns!(),
                ") AS booking FROM booking b JOIN account a ON a.id = b.account_id ",
                $($rest)+
            ),
            postgres: concat!(
                "SELECT b.application, json_build_array(",
                $crate::store::booking::rows::columns!(),
                ")::text AS booking FROM booking b JOIN account a ON a.id = b.account_id ",
                $($rest)+
            ),
        }
    };
}
pub(in crate::store) use select_bookings;

/// A booking as it is read, in the order of [`columns`]; the owner only while the lease lives.
#[derive(Deserialize)]
struct Columns {
    id: i64,
    account_id: i64,
    account: String,
    site: String,
    base_url: Option<String>,
    opens: OpeningSource,
    opens_at: i64,
    give_up_after: u64,
    lead: u64,
    clock_offset: Option<i64>,
    pace: RetryPace,
    most_requests: Option<u32>,
    note: Option<String>,
    state: State,
    reason: Option<String>,
    wish: usize,
    receipt: Option<String>,
    shown: Option<SlotState>,
    created_at: i64,
    changed_at: i64,
    owner: Option<String>,
    lease_until: Option<i64>,
    cancel_asked: u8,
    round: i64,
    fence: i64,
    choices: String,
}

/// The columns of an event.
macro_rules! select_events {
    ($rest:literal) => {
        concat!("SELECT e.booking_id, e.round, e.fence, e.runner, e.at, e.data FROM event e ", $rest)
    };
}
pub(in crate::store) use select_events;

/// The stretch of a day between two minutes of it.
pub(in crate::store) fn range(start: u16, end: u16) -> Option<TimeRange> {
    TimeRange::new(TimeOfDay::from_minutes(start)?, TimeOfDay::from_minutes(end)?).ok()
}

/// One of the choices as [`columns`] has them.
fn wish(text: &str) -> Option<Wish> {
    let mut words = text.split(' ');
    let wish = Wish {
        place: words.next()?.parse().ok()?,
        date: words.next()?.parse().ok()?,
        range: range(words.next()?.parse().ok()?, words.next()?.parse().ok()?)?,
        purpose: of_word(words.next()?)?,
    };
    words.next().is_none().then_some(wish)
}

pub(super) fn booking(row: &Row) -> Result<StoredBooking> {
    booking_and_fence(row).map(|(booking, _)| booking)
}

/// What is left of a booking that cannot be read for this reason.
///
/// # Errors
/// The same reason, if not even the number can be read.
fn unreadable(row: &Row, reason: StoreError) -> Result<UnreadableBooking> {
    let columns: Vec<Value> = row.json("booking").unwrap_or_default();
    // In the order of `columns`.
    let text = |index: usize| columns.get(index).and_then(Value::as_str).map(str::to_owned);
    let Some(id) = columns.first().and_then(Value::as_i64) else { return Err(reason) };
    let why = match reason {
        StoreError::Damaged { why, .. } => why,
        other => other.to_string(),
    };
    Ok(UnreadableBooking { id: BookingId(id), account: text(2), state: text(13), why })
}

/// A booking, or by name the one that cannot be read.
fn booking_by_name(row: &Row) -> Result<StoredBooking> {
    booking(row).or_else(|reason| Err(StoreError::Unreadable(unreadable(row, reason)?)))
}

/// With the fence of the last claim.
pub(in crate::store) fn booking_and_fence(row: &Row) -> Result<(StoredBooking, i64)> {
    let columns: Columns = row.json("booking")?;
    let choices = columns.choices.split(',').map(wish).collect::<Option<_>>();
    let receipt = columns.receipt.map(|receipt| serde_json::from_str(&receipt)).transpose();
    let booking = StoredBooking {
        id: BookingId(columns.id),
        account_id: columns.account_id,
        account: columns.account,
        site: columns.site,
        base_url: columns.base_url,
        choices: choices.ok_or_else(|| damaged("place"))?,
        names: CourtNames::default(),
        application: row.sealed("application")?,
        opens: columns.opens,
        opens_at: SeoulTime::from_unix_micros(columns.opens_at),
        give_up_after: Duration::from_micros(columns.give_up_after),
        lead: Duration::from_micros(columns.lead),
        clock_offset_micros: columns.clock_offset,
        pace: columns.pace,
        most_requests: columns.most_requests,
        note: columns.note,
        state: columns.state,
        reason: columns.reason,
        wish: columns.wish,
        receipt: receipt.map_err(|_| damaged("receipt"))?,
        shown: columns.shown,
        created_at: SeoulTime::from_unix_micros(columns.created_at),
        changed_at: SeoulTime::from_unix_micros(columns.changed_at),
        owner: columns.owner,
        lease_until: columns.lease_until.map(SeoulTime::from_unix_micros),
        cancel_asked: columns.cancel_asked != 0,
        round: columns.round,
    };
    Ok((booking, columns.fence))
}

/// One event. One that this version cannot read counts as an answer that tells nothing: an application may have
/// left, and the day list is read before anything is sent. The rest of the story, and the other bookings, go on.
pub(in crate::store) fn event(row: &Row) -> Result<EventRow> {
    let unreadable = |_| Event::Answered {
        step: Step::Submit,
        answer: AnswerKind::Unrecognised,
        text: "an event that this version of the program cannot read".to_owned(),
        receipt: None,
        exchange: None,
    };
    Ok(EventRow {
        round: row.int("round")?,
        fence: row.int("fence")?,
        runner: row.text("runner")?,
        at: row.time("at")?,
        event: row.json("data").unwrap_or_else(unreadable),
    })
}

pub(super) fn no_booking(id: BookingId) -> StoreError {
    StoreError::NotFound(format!("there is no booking {id}: `rent-runner list --all` shows all"))
}

pub(in crate::store) fn minutes(range: TimeRange) -> (u32, u32) {
    (range.start().minutes().into(), range.end().minutes().into())
}

impl Store {
    /// Those of a filter in order of opening, then number. One that cannot be read is left out and logged.
    pub(crate) async fn bookings(&self, filter: &Filter) -> Result<Vec<StoredBooking>> {
        let listed = self.listed(filter).await?;
        listed.unreadable.iter().for_each(|booking| tracing::error!("{booking}"));
        Ok(listed.bookings)
    }

    /// The same, with those that cannot be read.
    pub(crate) async fn listed(&self, filter: &Filter) -> Result<FoundBookings> {
        // One text for any choice of states: the list is filled up with nothing.
        let states = if filter.states.is_empty() { &State::ALL[..] } else { &filter.states };
        let state = |state: State| if states.contains(&state) { state.as_str() } else { "" };
        let [s1, s2, s3, s4, s5, s6, s7, s8, s9] = State::ALL.map(state);
        let most = filter.most.map_or(i64::MAX, i64::from);
        let account = filter.account.as_deref().map(nfc);
        let account = account.as_deref();
        let (opens_after, id_after) = filter.after.map(|(opens, id)| (opens, id.0)).unzip();
        let values =
            values![s1, s2, s3, s4, s5, s6, s7, s8, s9, account, most, filter.user, opens_after, id_after];
        let sql = match filter.last {
            false => select_bookings!(
                "WHERE b.state IN ($1, $2, $3, $4, $5, $6, $7, $8, $9) AND ($10 IS NULL OR a.name = $10) \
                 AND ($12 IS NULL OR b.id IN (SELECT booking_id FROM web_booking WHERE user_id = $12)) \
                 AND ($13 IS NULL OR b.opens_at > $13 OR (b.opens_at = $13 AND b.id > $14)) \
                 ORDER BY b.opens_at, b.id LIMIT $11"
            ),
            true => select_bookings!(
                "WHERE b.state IN ($1, $2, $3, $4, $5, $6, $7, $8, $9) AND ($10 IS NULL OR a.name = $10) \
                 AND ($12 IS NULL OR b.id IN (SELECT booking_id FROM web_booking WHERE user_id = $12)) \
                 AND ($13 IS NULL OR b.opens_at > $13 OR (b.opens_at = $13 AND b.id > $14)) \
                 ORDER BY b.opens_at DESC, b.id DESC LIMIT $11"
            ),
        };
        let mut listed = FoundBookings::default();
        for row in self.rows(sql, values).await? {
            match booking(&row) {
                Ok(booking) => listed.bookings.push(booking),
                Err(reason) => listed.unreadable.push(unreadable(&row, reason)?),
            }
        }
        if filter.last {
            listed.bookings.reverse();
            listed.unreadable.reverse();
        }
        Ok(listed)
    }

    /// How many there are of a filter, whatever its limit.
    pub(crate) async fn count(&self, filter: &Filter) -> Result<u64> {
        let states = if filter.states.is_empty() { &State::ALL[..] } else { &filter.states };
        let state = |state: State| if states.contains(&state) { state.as_str() } else { "" };
        let [s1, s2, s3, s4, s5, s6, s7, s8, s9] = State::ALL.map(state);
        let account = filter.account.as_deref().map(nfc);
        let (opens_after, id_after) = filter.after.map(|(opens, id)| (opens, id.0)).unzip();
        let sql = "SELECT COUNT(*) AS many FROM booking b JOIN account a ON a.id = b.account_id \
             WHERE b.state IN ($1, $2, $3, $4, $5, $6, $7, $8, $9) AND ($10 IS NULL OR a.name = $10) \
             AND ($11 IS NULL OR b.id IN (SELECT booking_id FROM web_booking WHERE user_id = $11)) \
             AND ($12 IS NULL OR b.opens_at > $12 OR (b.opens_at = $12 AND b.id > $13))";
        let account = account.as_deref();
        let values = values![s1, s2, s3, s4, s5, s6, s7, s8, s9, account, filter.user, opens_after, id_after];
        self.row(sql, values).await?.map_or(Ok(0), |row| row.number("many"))
    }

    /// The events of a booking behind the one with this number, each with its own; the first so many.
    pub(crate) async fn events_after(
        &self,
        id: BookingId,
        number: i64,
        most: u32,
    ) -> Result<Vec<(i64, EventRow)>> {
        let sql = "SELECT e.number, e.booking_id, e.round, e.fence, e.runner, e.at, e.data FROM event e \
             WHERE e.booking_id = $1 AND e.number > $2 ORDER BY e.number LIMIT $3";
        let rows = self.rows(sql, values![id.0, number, most]).await?;
        rows.iter().map(|row| Ok((row.int("number")?, event(row)?))).collect()
    }

    /// # Errors
    /// `NotFound`; `Unreadable`.
    pub(crate) async fn booking(&self, id: BookingId) -> Result<StoredBooking> {
        let row = self.row(select_bookings!("WHERE b.id = $1"), values![id.0]).await?;
        booking_by_name(&row.ok_or_else(|| no_booking(id))?)
    }

    /// An attempt or a report that cannot be read is left out and named.
    ///
    /// # Errors
    /// `NotFound`; `Unreadable`.
    pub(crate) async fn story(&self, id: BookingId) -> Result<BookingHistory> {
        let mut tx = self.read().await?;
        let row = tx.row(select_bookings!("WHERE b.id = $1"), values![id.0]).await?;
        let booking = booking_by_name(&row.ok_or_else(|| no_booking(id))?)?;
        let events = select_events!("WHERE e.booking_id = $1 ORDER BY e.number");
        let events = tx.rows(events, values![id.0]).await?;
        let attempts = "SELECT t.round, t.number, t.data, CAST(length(p.body) AS BIGINT) AS page_bytes \
             FROM attempt t LEFT JOIN page p ON p.booking_id = t.booking_id AND p.round = t.round \
             AND p.attempt = t.number WHERE t.booking_id = $1 ORDER BY t.round, t.number";
        let attempts = tx.rows(attempts, values![id.0]).await?;
        let report = tx.row("SELECT data FROM report WHERE booking_id = $1", values![id.0]).await?;
        tx.commit().await?;
        let mut unreadable = Vec::new();
        let mut known = Vec::with_capacity(attempts.len());
        for row in &attempts {
            let round = row.int("round")?;
            let sealed = row.maybe_int("page_bytes")?.and_then(|bytes| u64::try_from(bytes).ok());
            let page_bytes = sealed.map(|sealed| sealed.saturating_sub(Sealed::OVERHEAD));
            match row.json("data") {
                Ok(attempt) => known.push(AttemptRow { round, attempt, page_bytes }),
                Err(_) => unreadable.push(format!("attempt {} of round {round}", row.int("number")?)),
            }
        }
        let report = report
            .and_then(|row| row.json("data").inspect_err(|_| unreadable.push("the report".to_owned())).ok());
        Ok(BookingHistory {
            booking,
            events: events.iter().map(event).collect::<Result<_>>()?,
            attempts: known,
            report,
            unreadable,
        })
    }

    /// The events of the bookings that a runner holds now, each since it was claimed and in order.
    pub(crate) async fn events_of_held(&self) -> Result<Vec<(BookingId, Event)>> {
        let sql = select_events!(
            "JOIN booking b ON b.id = e.booking_id \
             WHERE b.owner IS NOT NULL AND b.state IN ('waiting', 'armed', 'firing') \
             AND e.round = b.round AND e.fence = b.fence ORDER BY e.booking_id, e.number"
        );
        let rows = self.rows(sql, &[]).await?;
        rows.iter().map(|row| Ok((BookingId(row.int("booking_id")?), event(row)?.event))).collect()
    }

    /// The page that was kept of an attempt: its address, and its bytes as they came.
    pub(crate) async fn page(
        &self,
        id: BookingId,
        round: i64,
        attempt: u32,
    ) -> Result<Option<(String, Sealed)>> {
        let sql = "SELECT address, body FROM page WHERE booking_id = $1 AND round = $2 AND attempt = $3";
        let row = self.row(sql, values![id.0, round, attempt]).await?;
        row.map(|row| Ok((row.text("address")?, row.sealed("body")?))).transpose()
    }

    /// How many bookings there are of each state, for metrics.
    pub(crate) async fn counts(&self) -> Result<Vec<(State, u64)>> {
        let rows = self.rows("SELECT state, COUNT(*) AS many FROM booking GROUP BY state", &[]).await?;
        let mut counts = Vec::with_capacity(State::ALL.len());
        for state in State::ALL {
            let mut many = 0;
            for row in &rows {
                if row.text("state")? == state.as_str() {
                    many = row.number("many")?;
                }
            }
            counts.push((state, many));
        }
        Ok(counts)
    }
}
