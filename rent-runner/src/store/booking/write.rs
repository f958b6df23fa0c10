//! Storing and changing bookings, and what may not stand beside what: two applications of one account for one
//! time, or more of them for a day than the site takes.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use namyangju_rent::limits::MAX_BOOKINGS_PER_DAY;
use namyangju_rent::{SeoulTime, Wish};

use super::rows::{booking, minutes, no_booking, select_bookings};
use crate::store::accounts::no_account;
use crate::store::creations::{Creation, note_creation};
use crate::store::sql::{Sql, Tx, damaged, micros, values, word_of};
use crate::store::web::stamp;
use crate::store::{
    BookingId, Change, NewBooking, OpeningSource, Result, State, Store, StoreError, TokenHash,
};

/// How long a form is known that stored bookings.
const FORM_IS_KNOWN: Duration = Duration::from_secs(24 * 3600);

/// Where a booking stands, read under a lock.
struct LockedBooking {
    state: State,
    account_id: i64,
    /// The runner that holds a living lease.
    owner: Option<String>,
    changed_at: SeoulTime,
    /// As `Store::booking_stamp` has it.
    stamp: String,
}

impl LockedBooking {
    async fn read(tx: &mut Tx<'_>, id: BookingId) -> Result<Self> {
        tx.lock_booking(id).await?;
        let sql = "SELECT state, account_id, changed_at, last_event, \
             CASE WHEN lease_until > (SELECT now FROM clock) THEN owner END AS owner \
             FROM booking WHERE id = $1";
        let row = tx.row(sql, values![id.0]).await?.ok_or_else(|| no_booking(id))?;
        Ok(Self {
            state: row.word("state")?,
            account_id: row.int("account_id")?,
            owner: row.maybe_text("owner")?,
            changed_at: row.time("changed_at")?,
            stamp: stamp(&row)?,
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
                "{place} {date} {} overlaps with booking {}, which {}",
                wish.range,
                row.int("id")?,
                row.word::<State>("state")?.in_words()
            )));
        }
    }
    let of_day = "SELECT COUNT(*) AS many FROM choice c JOIN booking b ON b.id = c.booking_id \
         WHERE c.date = $1 AND c.position = 0 AND b.account_id = $2 AND b.id <> $3 \
         AND b.state IN ('waiting', 'armed', 'firing', 'succeeded', 'unconfirmed')";
    let row = tx.row(of_day, values![&first.date.to_string(), account, id.0]).await?;
    let others: usize = row.map_or(Ok(0), |row| row.number("many"))?;
    if others >= MAX_BOOKINGS_PER_DAY {
        return Err(StoreError::Conflict(format!(
            "{} has {others} bookings of this account already: at most {MAX_BOOKINGS_PER_DAY} a day",
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
    /// `MAX_BOOKINGS_PER_DAY` of one account whose first choice is on one day. With many, the text says which.
    pub(crate) async fn add_bookings(&self, bookings: &[NewBooking]) -> Result<Vec<BookingId>> {
        self.add_bookings_of(bookings, None).await
    }

    /// The same for a user of the page, whose bookings they are.
    pub(crate) async fn add_bookings_of(
        &self,
        bookings: &[NewBooking],
        creation: Option<&Creation>,
    ) -> Result<Vec<BookingId>> {
        let mut tx = self.write().await?;
        let ids = match put_bookings(&mut tx, bookings).await {
            Ok(ids) => ids,
            Err(refused) => return Err(tx.refuse(refused).await),
        };
        if let Some(creation) = creation {
            for id in &ids {
                let sql = "INSERT INTO web_booking (booking_id, user_id) VALUES ($1, $2)";
                tx.run(sql, values![id.0, creation.user]).await?;
            }
            if let Err(again) = note_creation(&mut tx, creation, ids.first().map(|id| id.0)).await {
                return Err(tx.refuse(again).await);
            }
        }
        tx.commit().await?;
        Ok(ids)
    }

    /// The same for a user of the page, once for each form: one that comes a second time gives the numbers of the first.
    ///
    /// # Errors
    /// Those of [`Self::add_bookings`]; the form may be sent again then.
    pub(crate) async fn add_sent_bookings(
        &self,
        form: &TokenHash,
        user: i64,
        bookings: &[NewBooking],
    ) -> Result<Vec<BookingId>> {
        let mut tx = self.write().await?;
        let old = "DELETE FROM web_sent WHERE sent_at < (SELECT now FROM clock) - $1";
        tx.run(old, values![FORM_IS_KNOWN]).await?;
        // Two at once wait here for each other.
        let insert = "INSERT INTO web_sent (token, user_id, sent_at, bookings) \
             VALUES ($1, $2, (SELECT now FROM clock), '') ON CONFLICT (token) DO NOTHING";
        if tx.run(insert, values![&form[..], user]).await? == 0 {
            let sent = "SELECT bookings FROM web_sent WHERE token = $1 AND user_id = $2";
            let row = tx.row(sent, values![&form[..], user]).await?;
            let Some(row) = row else {
                let why = "this form is another user's: open the page again".to_owned();
                return Err(tx.refuse(StoreError::Conflict(why)).await);
            };
            let numbers = row.text("bookings")?;
            tx.commit().await?;
            let ids = numbers.split(',').map(|number| number.parse().map(BookingId));
            return ids.collect::<std::result::Result<_, _>>().map_err(|_| damaged("bookings"));
        }
        let ids = match put_bookings(&mut tx, bookings).await {
            Ok(ids) => ids,
            Err(refused) => return Err(tx.refuse(refused).await),
        };
        for id in &ids {
            let own = "INSERT INTO web_booking (booking_id, user_id) VALUES ($1, $2)";
            tx.run(own, values![id.0, user]).await?;
        }
        let numbers = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let sent = "UPDATE web_sent SET bookings = $2 WHERE token = $1";
        tx.run(sent, values![&form[..], &numbers]).await?;
        tx.commit().await?;
        Ok(ids)
    }

    /// Why each of these cannot be stored after those before it, if it cannot; nothing is stored.
    pub(crate) async fn try_bookings(&self, bookings: &[NewBooking]) -> Result<Vec<Option<String>>> {
        let mut tx = self.write().await?;
        let mut found = Vec::with_capacity(bookings.len());
        for booking in bookings {
            let added = match lock_account(&mut tx, &booking.account).await? {
                Some(account) => add_booking(&mut tx, account, booking).await,
                None => Err(no_account(&mut tx, &booking.account).await?),
            };
            match added {
                Ok(_) => found.push(None),
                Err(StoreError::Conflict(why) | StoreError::NotFound(why)) => found.push(Some(why)),
                Err(other) => return Err(tx.refuse(other).await),
            }
        }
        tx.refuse(StoreError::Conflict(String::new())).await;
        Ok(found)
    }

    /// Changes a booking as [`Self::edit_booking`] does, if it is still as it was when somebody looked at it.
    ///
    /// # Errors
    /// `Conflict` as well if it was changed since.
    pub(crate) async fn edit_seen_booking(
        &self,
        id: BookingId,
        change: &Change,
        seen: SeoulTime,
    ) -> Result<()> {
        self.edit(id, change, Some(seen), None).await.map(|_| ())
    }

    /// Other choices begin a new round: what happened with the old ones says nothing of them.
    ///
    /// # Errors
    /// `Conflict` if it is not waiting or a runner holds it. One that a runner left armed is waiting.
    pub(crate) async fn edit_booking(&self, id: BookingId, change: &Change) -> Result<()> {
        self.edit(id, change, None, None).await.map(|_| ())
    }

    /// The same, if the booking still has the stamp that was seen; `false` if it was changed meanwhile.
    pub(crate) async fn edit_booking_if(&self, id: BookingId, change: &Change, stamp: &str) -> Result<bool> {
        self.edit(id, change, None, Some(stamp)).await
    }

    async fn edit(
        &self,
        id: BookingId,
        change: &Change,
        seen: Option<SeoulTime>,
        stamp: Option<&str>,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        let standing = LockedBooking::read(&mut tx, id).await?;
        if stamp.is_some_and(|stamp| stamp != standing.stamp) {
            tx.commit().await?;
            return Ok(false);
        }
        if let Some(owner) = &standing.owner {
            let why =
                format!("booking {id} is held by the runner {owner}: wait until it is over, or cancel it");
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        }
        if !matches!(standing.state, State::Waiting | State::Armed) {
            let why =
                format!("booking {id} {}: only a waiting one can be changed", standing.state.in_words());
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        }
        if seen.is_some_and(|seen| seen != standing.changed_at) {
            let why = format!("booking {id} was changed meanwhile, at {}", standing.changed_at);
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
        tx.commit().await?;
        Ok(true)
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
        let standing = LockedBooking::read(&mut tx, id).await?;
        let after = match (standing.state, &standing.owner) {
            (state, _) if state.is_over() => {
                let why = format!("booking {id} {} already: it cannot be cancelled", state.in_words());
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
    pub(crate) async fn retry_booking(
        &self,
        id: BookingId,
        opening: (OpeningSource, SeoulTime),
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let standing = LockedBooking::read(&mut tx, id).await?;
        let (state, account) = (standing.state, standing.account_id);
        if !state.is_over() || state == State::Succeeded {
            let word = state.in_words();
            let why = format!("booking {id} {word}: only one that ended without success can be tried again");
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

/// Stores bookings; what is refused leaves the transaction to be given up.
async fn put_bookings(tx: &mut Tx<'_>, bookings: &[NewBooking]) -> Result<Vec<BookingId>> {
    // Locked in order, so that two imports wait for each other instead of for ever, and see each other.
    let names: BTreeSet<&str> = bookings.iter().map(|booking| booking.account.as_str()).collect();
    let mut accounts: HashMap<&str, i64> = HashMap::new();
    for name in names {
        if let Some(id) = lock_account(tx, name).await? {
            accounts.insert(name, id);
        }
    }
    let mut ids = Vec::with_capacity(bookings.len());
    for (index, booking) in bookings.iter().enumerate() {
        let added = match accounts.get(booking.account.as_str()) {
            Some(account) => add_booking(tx, *account, booking).await,
            None => Err(no_account(tx, &booking.account).await?),
        };
        let which = |why| match bookings.len() {
            1 => why,
            many => format!("booking {} of {many}: {why}", index + 1),
        };
        ids.push(added.map_err(|error| match error {
            StoreError::Conflict(why) => StoreError::Conflict(which(why)),
            StoreError::NotFound(why) => StoreError::NotFound(which(why)),
            other => other,
        })?);
    }
    Ok(ids)
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
