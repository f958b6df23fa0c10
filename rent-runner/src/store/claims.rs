//! Leases: who may run a booking, until when, and the guard before an application leaves.

use std::collections::HashMap;
use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::report::{Attempt, OpeningBracket};
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{Event, Receipt, SeoulTime, TimedEvent};
use serde::Serialize;
use serde_json::Value;

use super::booking::rows::{booking_and_fence, event, select_bookings, select_events};
use super::messages::put_message;
use super::shares::{Contender, Division, RunnerPlaces, divide};
use super::sql::{Sql, Tx, values, word_of};
use super::{BookingId, EventRow, NewMessage, Result, Sealed, State, Store, StoreError, StoredBooking};

/// The right to run a booking: whoever claims it later has a higher fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) booking: BookingId,
    pub(crate) fence: i64,
}

/// A booking that was claimed.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) booking: StoredBooking,
    pub(crate) lease: Lease,
    /// What earlier claims of this round left, in order, the intents among them as `Event::Submitting`.
    pub(crate) events: Vec<EventRow>,
}

/// What a claim found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    pub(crate) claimed: Vec<Claimed>,
    /// Claimed too, but not to be understood: they are to be set aside, so that the others go on.
    pub(crate) unreadable: Vec<Lease>,
    /// Bookings of this runner that are to be handed back: another person's wait, who has less than an even share.
    pub(crate) give_way: Vec<BookingId>,
}

/// A lease that is still held, as `renew` finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) lease: Lease,
    pub(crate) cancel_asked: bool,
}

/// Why nothing may be sent any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Another runner has a newer lease, or a person changed or ended the booking.
    LeaseLost,
    /// A person asked to cancel.
    Cancelled,
}

/// A page that nobody has described yet.
#[derive(Clone, Debug)]
pub(crate) struct KeptPage {
    /// The attempt it ended, counted from 1.
    pub(crate) attempt: u32,
    pub(crate) address: String,
    /// It may repeat what was applied with, so it is sealed.
    pub(crate) body: Sealed,
}

/// How a claimed booking ended.
#[derive(Clone, Debug)]
pub(crate) struct BookingEnd {
    pub(crate) state: State,
    pub(crate) reason: Option<String>,
    pub(crate) wish: usize,
    pub(crate) receipt: Option<Receipt>,
    pub(crate) shown: Option<SlotState>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) pages: Vec<KeptPage>,
    /// The base URL, as for `learn`.
    pub(crate) site: String,
    /// Stored as an `OpeningRow` if it tells anything.
    pub(crate) opening: OpeningBracket,
    /// The report as JSON, but for its attempts.
    pub(crate) report: Value,
    /// Written in the same transaction.
    pub(crate) messages: Vec<NewMessage>,
}

/// A runner, as others see it.
#[derive(Clone, Debug)]
pub(crate) struct RunnerRow {
    pub(crate) name: String,
    pub(crate) started_at: SeoulTime,
    pub(crate) seen_at: SeoulTime,
    pub(crate) stopped_at: Option<SeoulTime>,
    pub(crate) holds: u32,
}

/// A runner that was seen within this time is taken to be there.
pub(super) const LIVING: Duration = Duration::from_secs(90);

impl RunnerRow {
    /// Whether it is taken to be there.
    pub(crate) fn is_living(&self, now: SeoulTime) -> bool {
        self.stopped_at.is_none() && now.since(self.seen_at) < LIVING
    }
}

/// Asked so often that it has an index of its own.
pub(super) const NEXT_OPENING: &str = "SELECT opens_at FROM booking \
     WHERE state IN ('waiting', 'armed', 'firing') \
     AND (lease_until IS NULL OR lease_until <= (SELECT now FROM clock)) ORDER BY opens_at LIMIT 1";

/// How long a runner that is gone is remembered, and a message that is done.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long ago a runner may have been seen to be listed.
const SEEN_LATELY: Duration = Duration::from_secs(24 * 3600);

/// What a holder may still write to: with the same fence nobody else has claimed it since, and with an owner it
/// was neither ended nor handed back. That its time ran out does no harm to what has happened already, and
/// losing the story of an application that left would.
macro_rules! update_held {
    ($set:literal, $rest:literal) => {
        concat!(
            "UPDATE booking SET ",
            $set,
            " WHERE id = $1 AND fence = $2 AND owner IS NOT NULL AND state IN ('waiting', 'armed', 'firing')",
            $rest
        )
    };
}

/// Appends events to the story of a booking whose row is held by this transaction. `round` and `last` are its
/// round and the number of its last event.
async fn put_events(
    tx: &mut Tx<'_>,
    lease: Lease,
    runner: &str,
    (round, last): (i64, i64),
    events: &[(SeoulTime, &Event)],
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    // All in one statement: the database may be far away.
    let rows: Vec<Value> = events
        .iter()
        .map(|(at, event)| {
            let data = serde_json::to_string(event).unwrap_or_default();
            serde_json::json!([at.unix_micros(), data])
        })
        .collect();
    let sql = Sql::Each {
        sqlite: "INSERT INTO event (booking_id, number, round, fence, runner, at, data) \
             SELECT $1, $2 + key + 1, $3, $4, $5, json_extract(value, '$[0]'), json_extract(value, '$[1]') \
             FROM json_each($6)",
        postgres: "INSERT INTO event (booking_id, number, round, fence, runner, at, data) \
             SELECT $1, $2 + position, $3, $4, $5, (value->>0)::bigint, value->>1 \
             FROM json_array_elements($6::json) WITH ORDINALITY AS one (value, position)",
    };
    let rows = Value::Array(rows).to_string();
    tx.run(sql, values![lease.booking.0, last, round, lease.fence, runner, &rows]).await?;
    Ok(())
}

/// How the places of a runner are divided among the people whose bookings it holds and whose are due.
async fn divided(
    tx: &mut Tx<'_>,
    runner: &str,
    running: &str,
    opens_before: SeoulTime,
    places: RunnerPlaces,
    now: SeoulTime,
) -> Result<Option<Division>> {
    // What nobody has stored on the page is its owner's.
    let sql = Sql::Each {
        sqlite: "SELECT b.id, b.opens_at, COALESCE(w.user_id, (SELECT id FROM web_user WHERE is_owner = 1), 0) \
             AS person, CAST(b.owner = $1 AND b.id IN (SELECT value FROM json_each($2)) AS INTEGER) AS holds \
             FROM booking b LEFT JOIN web_booking w ON w.booking_id = b.id \
             WHERE b.state IN ('waiting', 'armed', 'firing') AND (b.owner = $1 OR b.opens_at < $3 \
             AND (b.lease_until IS NULL OR b.lease_until <= $4)) ORDER BY b.opens_at, b.id",
        postgres: "SELECT b.id, b.opens_at, COALESCE(w.user_id, (SELECT id FROM web_user WHERE is_owner = 1), 0) \
             AS person, CASE WHEN b.owner = $1 AND b.id IN (SELECT one::bigint \
             FROM json_array_elements_text($2::json) AS each (one)) THEN 1 ELSE 0 END::bigint AS holds \
             FROM booking b LEFT JOIN web_booking w ON w.booking_id = b.id \
             WHERE b.state IN ('waiting', 'armed', 'firing') AND (b.owner = $1 OR b.opens_at < $3 \
             AND (b.lease_until IS NULL OR b.lease_until <= $4)) ORDER BY b.opens_at, b.id",
    };
    // A store without members has one person only.
    if tx.row("SELECT user_id FROM web_booking LIMIT 1", &[]).await?.is_none() {
        return Ok(None);
    }
    let rows = tx.rows(sql, values![runner, running, opens_before, now]).await?;
    let contenders = rows.iter().map(|row| {
        Ok(Contender {
            booking: BookingId(row.int("id")?),
            person: row.int("person")?,
            opens_at: row.time("opens_at")?,
            has_place: row.maybe_int("holds")? == Some(1),
        })
    });
    let contenders = contenders.collect::<Result<Vec<_>>>()?;
    Ok(divide(&contenders, usize::try_from(places.all).unwrap_or(usize::MAX), now))
}

fn of_happened(events: &[TimedEvent]) -> Vec<(SeoulTime, &Event)> {
    events.iter().map(|happened| (happened.at, &happened.event)).collect()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl Store {
    /// Claims bookings that are not over, hold no living lease and whose opening is before `opens_before`,
    /// the earliest opening first.
    ///
    /// `running` are the bookings that this runner has a job for. Any other whose lease is its own was dropped, or
    /// claimed by a call whose answer was lost: it is claimed again at once.
    ///
    /// Where more is due than there are places, the people whose bookings they are share them evenly.
    ///
    /// A booking that cannot be read is one to be set aside ([`Store::set_aside`]).
    pub(crate) async fn claim_beside(
        &self,
        runner: &str,
        running: &[BookingId],
        opens_before: SeoulTime,
        places: RunnerPlaces,
        lease: Duration,
    ) -> Result<Claims> {
        let mut tx = self.write().await?;
        // Asked of a runner that died before it could: nothing has left, so it simply ends.
        let cancelled = "UPDATE booking SET state = 'cancelled', cancel_asked = 0, owner = NULL, \
             lease_until = NULL, changed_at = (SELECT now FROM clock) \
             WHERE cancel_asked = 1 AND state IN ('waiting', 'armed') \
             AND (lease_until IS NULL OR lease_until <= (SELECT now FROM clock))";
        tx.run(cancelled, &[]).await?;
        let now = tx.row("SELECT now FROM clock", &[]).await?;
        let now = now.ok_or_else(|| self.failed("its clock gave nothing"))?.time("now")?;
        let until = now.plus(lease);
        let running = json(&running);
        let division = divided(&mut tx, runner, &running, opens_before, places, now).await?;
        let (take, give_way) =
            division.map_or((None, Vec::new()), |division| (Some(json(&division.take)), division.give_way));
        let claim = Sql::Each {
            sqlite: "UPDATE booking SET owner = $1, lease_until = $2, fence = fence + 1 WHERE id IN ( \
                 SELECT id FROM booking WHERE state IN ('waiting', 'armed', 'firing') AND opens_at < $3 \
                 AND (lease_until IS NULL OR lease_until <= $4 OR owner = $1) \
                 AND (owner IS NULL OR owner <> $1 OR id NOT IN (SELECT value FROM json_each($6))) \
                 AND ($7 IS NULL OR id IN (SELECT value FROM json_each($7))) \
                 ORDER BY opens_at, id LIMIT $5) RETURNING id, fence",
            // Materialised: the planner may otherwise run the inner LIMIT more than once.
            postgres: "WITH free AS MATERIALIZED (SELECT id FROM booking \
                 WHERE state IN ('waiting', 'armed', 'firing') AND opens_at < $3 \
                 AND (lease_until IS NULL OR lease_until <= $4 OR owner = $1) \
                 AND (owner IS NULL OR owner <> $1 OR id NOT IN (SELECT one::bigint \
                 FROM json_array_elements_text($6::json) AS each (one))) \
                 AND ($7 IS NULL OR id IN (SELECT one::bigint FROM json_array_elements_text($7::json) AS each (one))) \
                 ORDER BY opens_at, id LIMIT $5 FOR UPDATE SKIP LOCKED) \
                 UPDATE booking SET owner = $1, lease_until = $2, fence = fence + 1 FROM free \
                 WHERE booking.id = free.id RETURNING booking.id, fence",
        };
        let values = values![runner, until, opens_before, now, places.at_once, &running, &take];
        let claimed = tx.rows(claim, values).await?;
        if claimed.is_empty() {
            tx.commit().await?;
            return Ok(Claims { give_way, ..Claims::default() });
        }
        let mut claimed = claimed
            .iter()
            .map(|row| Ok((row.int("id")?, row.int("fence")?)))
            .collect::<Result<HashMap<_, _>>>()?;
        // By owner and end of the lease, which another claim of this runner may share.
        let ours = values![runner, until];
        let bookings = tx
            .rows(
                select_bookings!("WHERE b.owner = $1 AND b.lease_until = $2 ORDER BY b.opens_at, b.id"),
                ours,
            )
            .await?;
        let events = select_events!(
            "JOIN booking b ON b.id = e.booking_id WHERE b.owner = $1 AND b.lease_until = $2 \
             AND e.round = b.round ORDER BY e.booking_id, e.number"
        );
        let events = tx.rows(events, ours).await?;
        tx.commit().await?;

        let mut stories: HashMap<i64, Vec<EventRow>> = HashMap::new();
        for row in &events {
            stories.entry(row.int("booking_id")?).or_default().push(event(row)?);
        }
        let mut found = Vec::with_capacity(bookings.len());
        for row in &bookings {
            let Ok((booking, fence)) = booking_and_fence(row) else { continue };
            if claimed.remove(&booking.id.0).is_some() {
                let events = stories.remove(&booking.id.0).unwrap_or_default();
                found.push(Claimed { lease: Lease { booking: booking.id, fence }, events, booking });
            }
        }
        let lease = |(id, fence)| Lease { booking: BookingId(id), fence };
        Ok(Claims { claimed: found, unreadable: claimed.into_iter().map(lease).collect(), give_way })
    }

    /// Ends a booking whose row cannot be understood, and tells so: `true` if the lease was still held.
    pub(crate) async fn set_aside(
        &self,
        lease: Lease,
        reason: &str,
        messages: &[NewMessage],
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        let sql = update_held!(
            "state = 'needs-person', reason = $3, owner = NULL, lease_until = NULL, \
             changed_at = (SELECT now FROM clock)",
            ""
        );
        if tx.run(sql, values![lease.booking.0, lease.fence, reason]).await? != 1 {
            return Ok(false);
        }
        for message in messages {
            put_message(&mut tx, message).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Renews the leases that a runner has jobs for, and says that it lives. A lease whose time ran out is renewed
    /// too, as long as nobody else claimed the booking: the store may have been away for longer than a lease lasts.
    pub(crate) async fn renew_running(
        &self,
        runner: &str,
        running: &[Lease],
        lease: Duration,
    ) -> Result<Vec<Held>> {
        let mut tx = self.write().await?;
        let seen = "INSERT INTO runner (name, started_at, seen_at) \
             VALUES ($1, (SELECT now FROM clock), (SELECT now FROM clock)) \
             ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at";
        tx.run(seen, values![runner]).await?;
        let renew = Sql::Each {
            sqlite: "UPDATE booking SET lease_until = (SELECT now FROM clock) + $2 \
                 WHERE owner = $1 AND state IN ('waiting', 'armed', 'firing') \
                 AND EXISTS (SELECT 1 FROM json_each($3) AS each \
                 WHERE json_extract(each.value, '$[0]') = booking.id \
                 AND json_extract(each.value, '$[1]') = booking.fence) RETURNING id, fence, cancel_asked",
            postgres: "UPDATE booking SET lease_until = (SELECT now FROM clock) + $2 \
                 WHERE owner = $1 AND state IN ('waiting', 'armed', 'firing') \
                 AND EXISTS (SELECT 1 FROM json_array_elements($3::json) AS each (one) \
                 WHERE (one->>0)::bigint = booking.id AND (one->>1)::bigint = booking.fence) \
                 RETURNING id, fence, cancel_asked",
        };
        let running: Vec<_> = running.iter().map(|lease| (lease.booking, lease.fence)).collect();
        let rows = tx.rows(renew, values![runner, lease, &json(&running)]).await?;
        tx.commit().await?;
        let mut held = rows
            .iter()
            .map(|row| {
                let lease = Lease { booking: BookingId(row.int("id")?), fence: row.int("fence")? };
                Ok(Held { lease, cancel_asked: row.flag("cancel_asked")? })
            })
            .collect::<Result<Vec<_>>>()?;
        held.sort_by_key(|held| held.lease.booking);
        Ok(held)
    }

    /// The earliest opening among the bookings that nobody holds and are not over.
    pub(crate) async fn next_opening(&self) -> Result<Option<SeoulTime>> {
        self.row(NEXT_OPENING, &[]).await?.map(|row| row.time("opens_at")).transpose()
    }

    /// Keeps events; `false` if the lease is lost, and then nothing is kept. A lease whose time ran out is not
    /// lost before another runner has claimed the booking, or a person changed it.
    pub(crate) async fn record(&self, lease: Lease, runner: &str, events: &[TimedEvent]) -> Result<bool> {
        let mut tx = self.write().await?;
        let sql =
            update_held!("last_event = last_event + $3", " RETURNING round, last_event - $3 AS last_event");
        let values = values![lease.booking.0, lease.fence, events.len()];
        let Some(row) = tx.row(sql, values).await? else { return Ok(false) };
        let end = (row.int("round")?, row.int("last_event")?);
        put_events(&mut tx, lease, runner, end, &of_happened(events)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The guard before an application may leave, and the intent to send it, durable when this returns:
    /// checks fence, owner and cancellation, keeps `events`, notes the wish, sets `firing`, renews the
    /// lease; all in one transaction. Gives the time that is left of the lease, counted from the return.
    ///
    /// A lease whose time ran out is renewed by it: with its fence unchanged nobody else has claimed the booking, and
    /// whoever claims it from now on finds the intent.
    pub(crate) async fn permit(
        &self,
        lease: Lease,
        runner: &str,
        wish: usize,
        events: &[TimedEvent],
        length: Duration,
    ) -> Result<std::result::Result<Duration, Denied>> {
        let asked = SystemClock.monotonic();
        let mut tx = self.write().await?;
        tx.lock_booking(lease.booking).await?;
        let sql = update_held!(
            "state = 'firing', wish = $3, last_event = last_event + $4, \
             lease_until = (SELECT now FROM clock) + $5, changed_at = (SELECT now FROM clock)",
            " AND cancel_asked = 0 \
             RETURNING round, last_event - $4 AS last_event, changed_at"
        );
        let intents = events.len() + 1;
        let values = values![lease.booking.0, lease.fence, wish, intents, length];
        let Some(row) = tx.row(sql, values).await? else {
            let sql = "SELECT id FROM booking WHERE id = $1 AND fence = $2 AND owner IS NOT NULL \
                 AND cancel_asked = 1";
            let asked = tx.row(sql, values![lease.booking.0, lease.fence]).await?;
            // Nothing was changed; this ends it at once.
            tx.commit().await?;
            return Ok(Err(if asked.is_some() { Denied::Cancelled } else { Denied::LeaseLost }));
        };
        let end = (row.int("round")?, row.int("last_event")?);
        let mut story = of_happened(events);
        story.push((row.time("changed_at")?, &Event::Submitting));
        put_events(&mut tx, lease, runner, end, &story).await?;
        tx.commit().await?;
        Ok(Ok(length.saturating_sub(SystemClock.monotonic().saturating_sub(asked))))
    }

    /// Notes a state or the last alarm of a booking that goes on; `false` if the lease is lost. Without a
    /// reason the one before is forgotten. A booking that is firing stays so: only its end changes that.
    ///
    /// # Errors
    /// `Conflict` for a state that is an end.
    pub(crate) async fn note(&self, lease: Lease, state: State, reason: Option<&str>) -> Result<bool> {
        if state.is_over() {
            return Err(StoreError::Conflict(format!("{} is an end: it cannot be noted", state.as_str())));
        }
        let sql = update_held!(
            "state = CASE WHEN state = 'firing' THEN state ELSE $3 END, reason = $4, \
             changed_at = (SELECT now FROM clock)",
            ""
        );
        let noted = self.run(sql, values![lease.booking.0, lease.fence, state.as_str(), reason]).await?;
        Ok(noted == 1)
    }

    /// Notes an alarm of a booking that waits and that no runner holds; one that is held has its own.
    pub(crate) async fn warn_of(&self, id: BookingId, alarm: &str) -> Result<()> {
        let sql = "UPDATE booking SET reason = $2, changed_at = (SELECT now FROM clock) \
             WHERE id = $1 AND state = 'waiting' \
             AND (lease_until IS NULL OR lease_until <= (SELECT now FROM clock))";
        self.run(sql, values![id.0, alarm]).await.map(|_| ())
    }

    /// Ends a booking and its lease; `false` if the lease is lost, and then nothing is written. The attempts
    /// follow those that the round has already.
    pub(crate) async fn finish(
        &self,
        lease: Lease,
        runner: &str,
        events: &[TimedEvent],
        ending: &BookingEnd,
    ) -> Result<bool> {
        let id = lease.booking.0;
        let mut tx = self.write().await?;
        let sql = update_held!(
            "state = $3, reason = $4, wish = $5, receipt = $6, shown = $7, last_event = last_event + $8, \
             owner = NULL, lease_until = NULL, cancel_asked = 0, changed_at = (SELECT now FROM clock)",
            " RETURNING round, last_event - $8 AS last_event, opens_at"
        );
        let receipt = ending.receipt.as_ref().map(json);
        let shown = ending.shown.map(word_of);
        let values = values![
            id,
            lease.fence,
            ending.state.as_str(),
            &ending.reason,
            ending.wish,
            &receipt,
            &shown,
            events.len()
        ];
        let Some(row) = tx.row(sql, values).await? else { return Ok(false) };
        let round = row.int("round")?;
        put_events(&mut tx, lease, runner, (round, row.int("last_event")?), &of_happened(events)).await?;

        let last = "SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) AS last FROM attempt \
             WHERE booking_id = $1 AND round = $2";
        let last: u32 = tx.row(last, values![id, round]).await?.map_or(Ok(0), |row| row.number("last"))?;
        for attempt in &ending.attempts {
            let mut attempt = attempt.clone();
            attempt.number = attempt.number.saturating_add(last);
            let sql = "INSERT INTO attempt (booking_id, round, number, data) VALUES ($1, $2, $3, $4)";
            tx.run(sql, values![id, round, attempt.number, &json(&attempt)]).await?;
        }
        for page in &ending.pages {
            let sql = "INSERT INTO page (booking_id, round, attempt, address, body) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (booking_id, round, attempt) DO NOTHING";
            let attempt = page.attempt.saturating_add(last);
            tx.run(sql, values![id, round, attempt, &page.address, &page.body]).await?;
        }
        if ending.opening.after.is_some() || ending.opening.before.is_some() {
            let sql = "INSERT INTO opening (site, place, date, expected, after_at, before_at) \
                 SELECT $1, place, date, $2, $3, $4 FROM choice WHERE booking_id = $5 AND position = $6";
            let OpeningBracket { after, before, .. } = ending.opening;
            let expected = row.int("opens_at")?;
            tx.run(sql, values![&ending.site, expected, after, before, id, ending.wish]).await?;
        }
        let sql = "INSERT INTO report (booking_id, data) VALUES ($1, $2) \
             ON CONFLICT (booking_id) DO UPDATE SET data = excluded.data";
        tx.run(sql, values![id, &ending.report.to_string()]).await?;
        for message in &ending.messages {
            put_message(&mut tx, message).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Gives a lease back without an end: the booking can be claimed at once. One that is armed and has
    /// sent nothing is waiting again; if a person asked for it, it is cancelled.
    pub(crate) async fn hand_back(&self, lease: Lease) -> Result<bool> {
        let sql = update_held!(
            "state = CASE WHEN state = 'firing' THEN state WHEN cancel_asked = 1 THEN 'cancelled' \
             ELSE 'waiting' END, cancel_asked = CASE WHEN state = 'firing' THEN cancel_asked ELSE 0 END, \
             owner = NULL, lease_until = NULL, changed_at = (SELECT now FROM clock)",
            ""
        );
        Ok(self.run(sql, values![lease.booking.0, lease.fence]).await? == 1)
    }

    /// A runner begins. Two with one name are told apart by the lease only, so names hold a random part.
    pub(crate) async fn begin_runner(&self, name: &str) -> Result<()> {
        let mut tx = self.write().await?;
        let begin = "INSERT INTO runner (name, started_at, seen_at) \
             VALUES ($1, (SELECT now FROM clock), (SELECT now FROM clock)) ON CONFLICT (name) DO UPDATE \
             SET started_at = excluded.started_at, seen_at = excluded.seen_at, stopped_at = NULL";
        tx.run(begin, values![name]).await?;
        // The only place where old things are forgotten: it is done often enough.
        let old = "DELETE FROM runner WHERE seen_at < (SELECT now FROM clock) - $1";
        tx.run(old, values![REMEMBERED]).await?;
        let old = "DELETE FROM message WHERE state <> 'waiting' AND due_at < (SELECT now FROM clock) - $1";
        tx.run(old, values![REMEMBERED]).await?;
        tx.commit().await
    }

    /// A runner ends, or another one on its machine sees that it is dead: what it holds can be claimed at once.
    pub(crate) async fn end_runner(&self, name: &str) -> Result<()> {
        let mut tx = self.write().await?;
        let release = "UPDATE booking SET state = CASE WHEN state = 'firing' THEN state ELSE 'waiting' END, \
             owner = NULL, lease_until = NULL, changed_at = (SELECT now FROM clock) WHERE owner = $1";
        tx.run(release, values![name]).await?;
        let stop = "UPDATE runner SET stopped_at = (SELECT now FROM clock), seen_at = (SELECT now FROM clock) \
             WHERE name = $1";
        tx.run(stop, values![name]).await?;
        tx.commit().await
    }

    /// Those seen in the last day, the one seen last first.
    pub(crate) async fn runners(&self) -> Result<Vec<RunnerRow>> {
        let sql = "SELECT r.name, r.started_at, r.seen_at, r.stopped_at, (SELECT COUNT(*) FROM booking b \
             WHERE b.owner = r.name AND b.lease_until > (SELECT now FROM clock)) AS holds \
             FROM runner r WHERE r.seen_at > (SELECT now FROM clock) - $1 ORDER BY r.seen_at DESC, r.name";
        let rows = self.rows(sql, values![SEEN_LATELY]).await?;
        rows.iter()
            .map(|row| {
                Ok(RunnerRow {
                    name: row.text("name")?,
                    started_at: row.time("started_at")?,
                    seen_at: row.time("seen_at")?,
                    stopped_at: row.maybe_time("stopped_at")?,
                    holds: row.number("holds")?,
                })
            })
            .collect()
    }
}
