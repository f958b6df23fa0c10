//! What a person plans a booking with: what a look at a month of a court showed, the courts that are marked or were used last,
//! and how full a day is already.

use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::schedule::{DayList, ListedSlot, Month, SlotState};
use namyangju_rent::{Place, Purpose, RentDate, SeoulTime, TimeRange};
use serde::{Deserialize, Serialize};

use super::sql::values;
use super::{BookingId, Result, Store};

/// How many of the last bookings are looked through for the courts that were used last.
const LAST_BOOKINGS: u32 = 50;

/// One slot of a month as a look showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeenSlot {
    pub(crate) date: RentDate,
    pub(crate) range: TimeRange,
    pub(crate) purpose: Purpose,
    pub(crate) state: SlotState,
}

/// What a look at a month of a court showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MonthLook {
    pub(crate) slots: Vec<SeenSlot>,
    pub(crate) read_at: SeoulTime,
}

impl Store {
    /// Keeps what a look showed, in place of the one before. `site` is the base URL.
    pub(crate) async fn keep_month(
        &self,
        site: &str,
        place: &Place,
        month: Month,
        list: &DayList,
    ) -> Result<()> {
        let seen = |slot: &ListedSlot| SeenSlot {
            date: slot.date,
            range: slot.range,
            purpose: slot.purpose,
            state: slot.state,
        };
        let slots: Vec<SeenSlot> = list.slots.iter().map(seen).collect();
        self.keep_slots(site, place, month, &slots).await
    }

    /// The same of slots that were read out of a list.
    pub(super) async fn keep_slots(
        &self,
        site: &str,
        place: &Place,
        month: Month,
        slots: &[SeenSlot],
    ) -> Result<()> {
        let data = serde_json::to_string(slots).unwrap_or_default();
        let sql = "INSERT INTO month_look (site, place, month, data, read_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (site, place, month) DO UPDATE SET data = excluded.data, read_at = excluded.read_at";
        let (place, month) = (place.to_string(), month.to_string());
        self.run(sql, values![site, &place, &month, &data, SystemClock.now()]).await.map(|_| ())
    }

    /// The last look at a month of a court. One that cannot be read counts as none: the site can be looked at again.
    pub(crate) async fn month(&self, site: &str, place: &Place, month: Month) -> Result<Option<MonthLook>> {
        let sql = "SELECT data, read_at FROM month_look WHERE site = $1 AND place = $2 AND month = $3";
        let row = self.row(sql, values![site, &place.to_string(), &month.to_string()]).await?;
        let Some(row) = row else { return Ok(None) };
        let Ok(slots) = row.json("data") else { return Ok(None) };
        Ok(Some(MonthLook { slots, read_at: row.time("read_at")? }))
    }

    /// Marks a court, or takes the mark away.
    pub(crate) async fn toggle_favourite(&self, user: i64, site: &str, place: &Place) -> Result<()> {
        let mut tx = self.write().await?;
        let place = place.to_string();
        let delete = "DELETE FROM web_favourite WHERE user_id = $1 AND site = $2 AND place = $3";
        if tx.run(delete, values![user, site, &place]).await? == 0 {
            let insert = "INSERT INTO web_favourite (user_id, site, place) VALUES ($1, $2, $3)";
            tx.run(insert, values![user, site, &place]).await?;
        }
        tx.commit().await
    }

    /// The courts that a user has marked.
    pub(crate) async fn favourites(&self, user: i64, site: &str) -> Result<Vec<Place>> {
        let sql = "SELECT place FROM web_favourite WHERE user_id = $1 AND site = $2 ORDER BY place";
        let rows = self.rows(sql, values![user, site]).await?;
        rows.iter().map(|row| row.parsed("place")).collect()
    }

    /// The courts of an account's last bookings, the last first.
    pub(crate) async fn last_courts(&self, account: i64) -> Result<Vec<Place>> {
        let sql = "SELECT c.place FROM booking b JOIN choice c ON c.booking_id = b.id AND c.position = 0 \
             WHERE b.account_id = $1 ORDER BY b.id DESC LIMIT $2";
        let rows = self.rows(sql, values![account, LAST_BOOKINGS]).await?;
        let mut places: Vec<Place> = Vec::new();
        for row in &rows {
            let place = row.parsed("place")?;
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Ok(places)
    }

    /// How many bookings of an account that count have their first choice on a day, without one of them.
    pub(crate) async fn booked_on(
        &self,
        account: i64,
        date: RentDate,
        without: Option<BookingId>,
    ) -> Result<usize> {
        let sql = "SELECT COUNT(*) AS many FROM choice c JOIN booking b ON b.id = c.booking_id \
             WHERE c.date = $1 AND c.position = 0 AND b.account_id = $2 AND ($3 IS NULL OR b.id <> $3) \
             AND b.state IN ('waiting', 'armed', 'firing', 'succeeded', 'unconfirmed')";
        let row = self.row(sql, values![&date.to_string(), account, without.map(|id| id.0)]).await?;
        row.map_or(Ok(0), |row| row.number("many"))
    }

    /// How many bookings of an account that are not over wait for one opening, without one of them.
    pub(crate) async fn booked_at(
        &self,
        account: i64,
        opens_at: SeoulTime,
        without: Option<BookingId>,
    ) -> Result<usize> {
        let sql = "SELECT COUNT(*) AS many FROM booking WHERE opens_at = $1 AND account_id = $2 \
             AND ($3 IS NULL OR id <> $3) AND state IN ('waiting', 'armed', 'firing')";
        let row = self.row(sql, values![opens_at, account, without.map(|id| id.0)]).await?;
        row.map_or(Ok(0), |row| row.number("many"))
    }

    /// The days of a month for which an account has a booking that counts.
    pub(crate) async fn booked_days(&self, account: i64, month: Month) -> Result<Vec<RentDate>> {
        let sql = "SELECT DISTINCT c.date FROM choice c JOIN booking b ON b.id = c.booking_id \
             WHERE c.date >= $1 AND c.date < $2 AND c.position = 0 AND b.account_id = $3 \
             AND b.state IN ('waiting', 'armed', 'firing', 'succeeded', 'unconfirmed') ORDER BY c.date";
        let (from, until) = (month.first_day().to_string(), month.next().first_day().to_string());
        let rows = self.rows(sql, values![&from, &until, account]).await?;
        rows.iter().map(|row| row.parsed("date")).collect()
    }

    /// The courts of the bookings of a user, of all for `None`, from a day on.
    pub(crate) async fn booked_courts(&self, user: Option<i64>, from: &str) -> Result<Vec<Place>> {
        let sql = "SELECT DISTINCT place FROM choice WHERE date >= $1 \
             AND ($2 IS NULL OR booking_id IN (SELECT booking_id FROM web_booking WHERE user_id = $2)) ORDER BY place";
        let rows = self.rows(sql, values![from, user]).await?;
        rows.iter().map(|row| row.parsed("place")).collect()
    }
}
