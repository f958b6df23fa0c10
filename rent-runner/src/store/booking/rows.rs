//! Storing, reading and changing bookings.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use namyangju_rent::{MOST_BOOKINGS_A_DAY, SeoulTime, SlotState, TimeOfDay, TimeRange, Wish};
use serde::Deserialize;

use crate::store::accounts::no_account;
use crate::store::sql::{Row, Sql, Tx, damaged, micros, of_word, values, word_of};
use crate::store::{
    AttemptRow, Booking, BookingId, Change, EventRow, Filter, NewBooking, Opens, Pace, Result, Sealed, State,
    Store, StoreError, Story,
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
    ($rest:literal) => {
        $crate::store::sql::Sql::Each {
            sqlite: concat!(
                "SELECT b.application, json_array(",
                $crate::store::booking::rows::columns!(),
                ") AS booking FROM booking b JOIN account a ON a.id = b.account_id ",
                $rest
            ),
            postgres: concat!(
                "SELECT b.application, json_build_array(",
                $crate::store::booking::rows::columns!(),
                ")::text AS booking FROM booking b JOIN account a ON a.id = b.account_id ",
                $rest
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
    opens: Opens,
    opens_at: i64,
    give_up_after: u64,
    lead: u64,
    clock_offset: Option<i64>,
    pace: Pace,
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

fn booking(row: &Row) -> Result<Booking> {
    booking_and_fence(row).map(|(booking, _)| booking)
}

/// With the fence of the last claim.
pub(in crate::store) fn booking_and_fence(row: &Row) -> Result<(Booking, i64)> {
    let columns: Columns = row.json("booking")?;
    let choices = columns.choices.split(',').map(wish).collect::<Option<_>>();
    let receipt = columns.receipt.map(|receipt| serde_json::from_str(&receipt)).transpose();
    let booking = Booking {
        id: BookingId(columns.id),
        account_id: columns.account_id,
        account: columns.account,
        site: columns.site,
        base_url: columns.base_url,
        choices: choices.ok_or_else(|| damaged("place"))?,
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

pub(in crate::store) fn event(row: &Row) -> Result<EventRow> {
    Ok(EventRow {
        round: row.int("round")?,
        fence: row.int("fence")?,
        runner: row.text("runner")?,
        at: row.time("at")?,
        event: row.json("data")?,
    })
}

fn no_booking(id: BookingId) -> StoreError {
    StoreError::NotFound(format!("there is no booking {id}: `rent-runner list --all` shows all"))
}

/// Where a booking stands, read under a lock.
struct Standing {
    state: State,
    account_id: i64,
    /// The runner that holds a living lease.
    owner: Option<String>,
}

impl Standing {
    async fn read(tx: &mut Tx<'_>, id: BookingId) -> Result<Self> {
        tx.lock_booking(id).await?;
        let sql = "SELECT state, account_id, \
             CASE WHEN lease_until > (SELECT now FROM clock) THEN owner END AS owner \
             FROM booking WHERE id = $1";
        let row = tx.row(sql, values![id.0]).await?.ok_or_else(|| no_booking(id))?;
        Ok(Self {
            state: row.word("state")?,
            account_id: row.int("account_id")?,
            owner: row.maybe_text("owner")?,
        })
    }
}

/// Stores the choices of a booking, after a look whether they can stand beside the others of the account.
async fn put_choices(tx: &mut Tx<'_>, id: BookingId, account: i64, choices: &[Wish]) -> Result<()> {
    check_choices(tx, id, account, choices).await?;
    tx.run("DELETE FROM choice WHERE booking_id = $1", values![id.0]).await?;
    for (position, wish) in choices.iter().enumerate() {
        let (place, date) = (wish.place.to_string(), wish.date.to_string());
        let sql = "INSERT INTO choice (booking_id, position, place, date, start_minute, end_minute, purpose) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (start, end) = minutes(wish.range);
        let purpose = word_of(wish.purpose);
        tx.run(sql, values![id.0, position, &place, &date, start, end, &purpose]).await?;
    }
    Ok(())
}

pub(in crate::store) fn minutes(range: TimeRange) -> (u32, u32) {
    (range.start().minutes().into(), range.end().minutes().into())
}

/// Whether choices can stand beside the other bookings of an account that are not over, have succeeded, or may
/// have.
async fn check_choices(tx: &mut Tx<'_>, id: BookingId, account: i64, choices: &[Wish]) -> Result<()> {
    let Some(first) = choices.first() else {
        return Err(StoreError::Conflict("a booking needs a choice: a place, a day and a time".to_owned()));
    };
    for wish in choices {
        let same = "SELECT b.id, b.state FROM choice c JOIN booking b ON b.id = c.booking_id \
             WHERE c.date = $1 AND c.place = $2 AND c.start_minute < $4 AND c.end_minute > $3 \
             AND b.account_id = $5 AND b.id <> $6 \
             AND b.state IN ('waiting', 'armed', 'firing', 'succeeded', 'unconfirmed') ORDER BY b.id LIMIT 1";
        let (place, date) = (wish.place.to_string(), wish.date.to_string());
        let (start, end) = minutes(wish.range);
        if let Some(row) = tx.row(same, values![&date, &place, start, end, account, id.0]).await? {
            return Err(StoreError::Conflict(format!(
                "{place} {date} {} is wished already: booking {} is {}",
                wish.range,
                row.int("id")?,
                row.text("state")?
            )));
        }
    }
    let of_day = "SELECT COUNT(*) AS many FROM choice c JOIN booking b ON b.id = c.booking_id \
         WHERE c.date = $1 AND c.position = 0 AND b.account_id = $2 AND b.id <> $3 \
         AND b.state IN ('waiting', 'armed', 'firing', 'succeeded', 'unconfirmed')";
    let row = tx.row(of_day, values![&first.date.to_string(), account, id.0]).await?;
    let others: usize = row.map_or(Ok(0), |row| row.number("many"))?;
    if others >= MOST_BOOKINGS_A_DAY {
        return Err(StoreError::Conflict(format!(
            "{} has {others} bookings of this account already: at most {MOST_BOOKINGS_A_DAY} a day",
            first.date
        )));
    }
    Ok(())
}

impl Store {
    /// Stores one or many: all or none.
    ///
    /// # Errors
    /// `NotFound` for an account, `Conflict` for a duplicate (the same account, place, date and an
    /// overlapping time among the choices of a booking that is not over, has succeeded or may have) or for more than
    /// `MOST_BOOKINGS_A_DAY` of one account whose first choice is on one day. With many, the text says which.
    pub(crate) async fn add_bookings(&self, bookings: &[NewBooking]) -> Result<Vec<BookingId>> {
        let mut tx = self.write().await?;
        // Locked in order, so that two imports wait for each other instead of for ever, and see each other.
        let names: BTreeSet<&str> = bookings.iter().map(|booking| booking.account.as_str()).collect();
        let mut accounts: HashMap<&str, i64> = HashMap::new();
        for name in names {
            if let Some(id) = lock_account(&mut tx, name).await? {
                accounts.insert(name, id);
            }
        }
        let mut ids = Vec::with_capacity(bookings.len());
        for (index, booking) in bookings.iter().enumerate() {
            let added = match accounts.get(booking.account.as_str()) {
                Some(account) => add_booking(&mut tx, *account, booking).await,
                None => Err(no_account(&mut tx, &booking.account).await?),
            };
            let which = |why| match bookings.len() {
                1 => why,
                many => format!("booking {} of {many}: {why}", index + 1),
            };
            let refused = match added {
                Ok(id) => {
                    ids.push(id);
                    continue;
                }
                Err(StoreError::Conflict(why)) => StoreError::Conflict(which(why)),
                Err(StoreError::NotFound(why)) => StoreError::NotFound(which(why)),
                Err(other) => other,
            };
            return Err(tx.refuse(refused).await);
        }
        tx.commit().await?;
        Ok(ids)
    }

    /// Those of a filter in order of opening, then number.
    pub(crate) async fn bookings(&self, filter: &Filter) -> Result<Vec<Booking>> {
        // One text for any choice of states: the list is filled up with nothing.
        let states = if filter.states.is_empty() { &State::ALL[..] } else { &filter.states };
        let state = |state: State| if states.contains(&state) { state.word() } else { "" };
        let [s1, s2, s3, s4, s5, s6, s7, s8, s9] = State::ALL.map(state);
        let most = filter.most.map_or(i64::MAX, i64::from);
        let account = filter.account.as_deref();
        let values = values![s1, s2, s3, s4, s5, s6, s7, s8, s9, account, most];
        let sql = match filter.last {
            false => select_bookings!(
                "WHERE b.state IN ($1, $2, $3, $4, $5, $6, $7, $8, $9) AND ($10 IS NULL OR a.name = $10) \
                 ORDER BY b.opens_at, b.id LIMIT $11"
            ),
            true => select_bookings!(
                "WHERE b.state IN ($1, $2, $3, $4, $5, $6, $7, $8, $9) AND ($10 IS NULL OR a.name = $10) \
                 ORDER BY b.opens_at DESC, b.id DESC LIMIT $11"
            ),
        };
        let mut bookings = self.rows(sql, values).await?.iter().map(booking).collect::<Result<Vec<_>>>()?;
        if filter.last {
            bookings.reverse();
        }
        Ok(bookings)
    }

    /// # Errors
    /// `NotFound`.
    pub(crate) async fn booking(&self, id: BookingId) -> Result<Booking> {
        let row = self.row(select_bookings!("WHERE b.id = $1"), values![id.0]).await?;
        booking(&row.ok_or_else(|| no_booking(id))?)
    }

    /// # Errors
    /// `NotFound`.
    pub(crate) async fn story(&self, id: BookingId) -> Result<Story> {
        let mut tx = self.read().await?;
        let row = tx.row(select_bookings!("WHERE b.id = $1"), values![id.0]).await?;
        let booking = booking(&row.ok_or_else(|| no_booking(id))?)?;
        let events = select_events!("WHERE e.booking_id = $1 ORDER BY e.number");
        let events = tx.rows(events, values![id.0]).await?;
        let attempts = "SELECT t.round, t.data, CAST(length(p.body) AS BIGINT) AS page_bytes \
             FROM attempt t LEFT JOIN page p ON p.booking_id = t.booking_id AND p.round = t.round \
             AND p.attempt = t.number WHERE t.booking_id = $1 ORDER BY t.round, t.number";
        let attempts = tx.rows(attempts, values![id.0]).await?;
        let report = tx.row("SELECT data FROM report WHERE booking_id = $1", values![id.0]).await?;
        tx.commit().await?;
        let attempt = |row: &Row| {
            let sealed = row.maybe_int("page_bytes")?.and_then(|bytes| u64::try_from(bytes).ok());
            let page_bytes = sealed.map(|sealed| sealed.saturating_sub(Sealed::OVERHEAD));
            Ok(AttemptRow { round: row.int("round")?, attempt: row.json("data")?, page_bytes })
        };
        Ok(Story {
            booking,
            events: events.iter().map(event).collect::<Result<_>>()?,
            attempts: attempts.iter().map(attempt).collect::<Result<_>>()?,
            report: report.map(|row| row.json("data")).transpose()?,
        })
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

    /// Other choices begin a new round: what happened with the old ones says nothing of them.
    ///
    /// # Errors
    /// `Conflict` if it is not waiting or a runner holds it. One that a runner left armed is waiting.
    pub(crate) async fn edit_booking(&self, id: BookingId, change: &Change) -> Result<()> {
        let mut tx = self.write().await?;
        let standing = Standing::read(&mut tx, id).await?;
        if let Some(owner) = &standing.owner {
            let why =
                format!("booking {id} is held by the runner {owner}: wait until it is over, or cancel it");
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        }
        if !matches!(standing.state, State::Waiting | State::Armed) {
            let why = format!("booking {id} is {}: only a waiting one can be changed", standing.state.word());
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        }
        if let Some(choices) = &change.choices {
            lock_account_of(&mut tx, standing.account_id).await?;
            if let Err(why) = put_choices(&mut tx, id, standing.account_id, choices).await {
                return Err(tx.refuse(why).await);
            }
        }
        let sql = "UPDATE booking SET application = COALESCE($2, application), opens = COALESCE($3, opens), \
             opens_at = COALESCE($4, opens_at), give_up_after = COALESCE($5, give_up_after), \
             lead = COALESCE($6, lead), clock_offset = CASE WHEN $7 = 1 THEN $8 ELSE clock_offset END, \
             pace = COALESCE($9, pace), most_requests = CASE WHEN $10 = 1 THEN $11 ELSE most_requests END, \
             note = CASE WHEN $12 = 1 THEN $13 ELSE note END, \
             round = round + $14, wish = CASE WHEN $14 = 1 THEN 0 ELSE wish END, \
             state = 'waiting', reason = NULL, owner = NULL, lease_until = NULL, \
             changed_at = (SELECT now FROM clock) WHERE id = $1";
        let opens = change.opening.map(|(opens, _)| word_of(opens));
        let pace = change.pace.map(word_of);
        let set = |given: bool| i64::from(given);
        let values = values![
            id.0,
            change.application.as_ref(),
            &opens,
            change.opening.map(|(_, at)| at),
            change.give_up_after.map(micros),
            change.lead.map(micros),
            set(change.clock_offset_micros.is_some()),
            change.clock_offset_micros.flatten(),
            &pace,
            set(change.most_requests.is_some()),
            change.most_requests.flatten(),
            set(change.note.is_some()),
            change.note.as_ref().and_then(Option::as_deref),
            set(change.choices.is_some()),
        ];
        tx.run(sql, values).await?;
        tx.commit().await
    }

    /// Cancels a booking that no runner holds, or asks its runner to.
    ///
    /// Gives the state afterwards: `Cancelled`, or the old one with the wish noted. One whose application may
    /// have left is only noted, even if its runner died: somebody has to look first what became of it.
    ///
    /// # Errors
    /// `Conflict` if it is over.
    pub(crate) async fn cancel_booking(&self, id: BookingId) -> Result<State> {
        let mut tx = self.write().await?;
        let standing = Standing::read(&mut tx, id).await?;
        let after = match (standing.state, &standing.owner) {
            (state, _) if state.is_over() => {
                let why = format!("booking {id} is {} already", state.word());
                return Err(tx.refuse(StoreError::Conflict(why)).await);
            }
            (State::Waiting | State::Armed, None) => State::Cancelled,
            (state, _) => state,
        };
        let sql = if after == State::Cancelled {
            "UPDATE booking SET state = 'cancelled', reason = NULL, owner = NULL, lease_until = NULL, \
             cancel_asked = 0, changed_at = (SELECT now FROM clock) WHERE id = $1"
        } else {
            "UPDATE booking SET cancel_asked = 1, changed_at = (SELECT now FROM clock) WHERE id = $1"
        };
        tx.run(sql, values![id.0]).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Puts a booking that ended without success back to waiting. One that ended unconfirmed keeps its
    /// round, so that it is read back before anything is sent. Clears reason; wish back to 0 in a new round.
    ///
    /// # Errors
    /// `Conflict` if it is not over or has succeeded, or if another booking has its time by then.
    pub(crate) async fn retry_booking(&self, id: BookingId, opening: (Opens, SeoulTime)) -> Result<()> {
        let mut tx = self.write().await?;
        let standing = Standing::read(&mut tx, id).await?;
        let (state, account) = (standing.state, standing.account_id);
        if !state.is_over() || state == State::Succeeded {
            let word = state.word();
            let why =
                format!("booking {id} is {word}: only one that ended without success can be tried again");
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        }
        lock_account_of(&mut tx, account).await?;
        let row = tx.row(select_bookings!("WHERE b.id = $1"), values![id.0]).await?;
        let choices = booking(&row.ok_or_else(|| no_booking(id))?)?.choices;
        if let Err(why) = check_choices(&mut tx, id, account, &choices).await {
            return Err(tx.refuse(why).await);
        }
        let sql = "UPDATE booking SET state = 'waiting', reason = NULL, receipt = NULL, shown = NULL, \
             cancel_asked = 0, opens = $2, opens_at = $3, round = round + $4, \
             wish = CASE WHEN $4 = 1 THEN 0 ELSE wish END, \
             changed_at = (SELECT now FROM clock) WHERE id = $1";
        let new_round = i64::from(state != State::Unconfirmed);
        tx.run(sql, values![id.0, &word_of(opening.0), opening.1, new_round]).await?;
        tx.commit().await
    }

    /// How many bookings there are of each state, for metrics.
    pub(crate) async fn counts(&self) -> Result<Vec<(State, u64)>> {
        let rows = self.rows("SELECT state, COUNT(*) AS many FROM booking GROUP BY state", &[]).await?;
        let mut counts = Vec::with_capacity(State::ALL.len());
        for state in State::ALL {
            let mut many = 0;
            for row in &rows {
                if row.text("state")? == state.word() {
                    many = row.number("many")?;
                }
            }
            counts.push((state, many));
        }
        Ok(counts)
    }
}

/// The number of an account that nobody else adds bookings to until the end of the transaction.
async fn lock_account(tx: &mut Tx<'_>, name: &str) -> Result<Option<i64>> {
    let sql = Sql::Each {
        sqlite: "SELECT id FROM account WHERE name = $1",
        postgres: "SELECT id FROM account WHERE name = $1 FOR UPDATE",
    };
    tx.row(sql, values![name]).await?.map(|row| row.int("id")).transpose()
}

/// The same by its number.
async fn lock_account_of(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let sql = Sql::Each {
        sqlite: "SELECT id FROM account WHERE id = $1",
        postgres: "SELECT id FROM account WHERE id = $1 FOR UPDATE",
    };
    tx.row(sql, values![id]).await.map(|_| ())
}

async fn add_booking(tx: &mut Tx<'_>, account: i64, booking: &NewBooking) -> Result<BookingId> {
    let sql = "INSERT INTO booking (account_id, application, opens, opens_at, give_up_after, lead, \
         clock_offset, pace, most_requests, note, state, created_at, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', (SELECT now FROM clock), \
         (SELECT now FROM clock)) RETURNING id";
    let (opens, pace) = (word_of(booking.opens), word_of(booking.pace));
    let values = values![
        account,
        &booking.application,
        &opens,
        booking.opens_at,
        booking.give_up_after,
        booking.lead,
        booking.clock_offset_micros,
        &pace,
        booking.most_requests,
        &booking.note,
    ];
    let row = tx.row(sql, values).await?.ok_or_else(|| damaged("id"))?;
    let id = BookingId(row.int("id")?);
    put_choices(tx, id, account, &booking.choices).await?;
    Ok(id)
}
