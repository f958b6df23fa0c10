//! The bookings of a list, a page at a time.
//!
//! A page is found by where the one before it ended, so the last page of ten thousand bookings costs what the first does. Each
//! part of the list has its states written out, so that it is read from the index of just these.

use namyangju_rent::SeoulTime;

use super::rows::{booking, select_bookings};
use crate::store::sql::values;
use crate::store::{BookingId, Result, State, Store, StoredBooking};

/// A part of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListPart {
    /// Those that ended so that a person has to look; the next opening first.
    Person,
    /// Those that are not over; the next opening first.
    Open,
    /// Those that are over; the last opening first.
    Over,
}

/// What of a part is listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListFilter {
    /// Only those of a user of the page.
    pub(crate) user: Option<i64>,
    pub(crate) state: Option<State>,
    pub(crate) account: Option<String>,
    /// Only those with a choice of this court, by its code.
    pub(crate) court: Option<String>,
    /// Only those with this text in the note, the number, the date, or the court.
    pub(crate) text: Option<String>,
    /// The codes of the courts whose names have the text.
    pub(crate) text_courts: Vec<String>,
    /// Only those with a choice on this day, or later.
    pub(crate) not_before: Option<String>,
    /// Where the page before ended.
    pub(crate) after: Option<(SeoulTime, BookingId)>,
    pub(crate) most: u32,
}

/// The conditions that all parts share.
macro_rules! wanted {
    () => {
        "AND ($3 IS NULL OR b.id IN (SELECT booking_id FROM web_booking WHERE user_id = $3)) \
         AND ($4 IS NULL OR b.state = $4) AND ($5 IS NULL OR a.name = $5) \
         AND ($6 IS NULL OR EXISTS (SELECT 1 FROM choice c WHERE c.booking_id = b.id AND c.place = $6)) \
         AND ($7 IS NULL OR LOWER(COALESCE(b.note, '')) LIKE $7 ESCAPE '\\' OR CAST(b.id AS TEXT) LIKE $7 ESCAPE '\\' \
         OR LOWER(a.name) LIKE $7 ESCAPE '\\' OR EXISTS (SELECT 1 FROM choice c WHERE c.booking_id = b.id \
         AND (c.date LIKE $7 ESCAPE '\\' OR LOWER(c.place) LIKE $7 ESCAPE '\\' \
         OR $8 LIKE '%,' || c.place || ',%'))) \
         AND ($9 IS NULL OR EXISTS (SELECT 1 FROM choice c WHERE c.booking_id = b.id AND c.date >= $9)) "
    };
}

impl Store {
    /// The bookings of a part of the list. One that cannot be read is left out and logged.
    pub(crate) async fn list_page(&self, part: ListPart, filter: &ListFilter) -> Result<Vec<StoredBooking>> {
        let (first, last) = (SeoulTime::from_unix_micros(i64::MIN), SeoulTime::from_unix_micros(i64::MAX));
        let start = if part == ListPart::Over { (last, BookingId(i64::MAX)) } else { (first, BookingId(0)) };
        let (opens_at, id) = filter.after.unwrap_or(start);
        let text = filter.text.as_deref().map(like);
        let courts = format!(",{},", filter.text_courts.join(","));
        let values = values![
            opens_at,
            id.0,
            filter.user,
            filter.state.map(State::as_str),
            &filter.account,
            &filter.court,
            &text,
            &courts,
            &filter.not_before,
            filter.most,
        ];
        let sql = match part {
            ListPart::Person => select_bookings!(
                "WHERE b.state IN ('unconfirmed', 'blocked', 'needs-person') ",
                "AND (b.opens_at, b.id) > ($1, $2) ",
                wanted!(),
                "ORDER BY b.opens_at, b.id LIMIT $10"
            ),
            ListPart::Open => select_bookings!(
                "WHERE b.state IN ('waiting', 'armed', 'firing') ",
                "AND (b.opens_at, b.id) > ($1, $2) ",
                wanted!(),
                "ORDER BY b.opens_at, b.id LIMIT $10"
            ),
            ListPart::Over => select_bookings!(
                "WHERE b.state IN ('succeeded', 'failed', 'unconfirmed', 'blocked', 'needs-person', 'cancelled') ",
                "AND (b.opens_at, b.id) < ($1, $2) ",
                wanted!(),
                "ORDER BY b.opens_at DESC, b.id DESC LIMIT $10"
            ),
        };
        let rows = self.rows(sql, values).await?;
        let read =
            |row| booking(row).inspect_err(|error| tracing::error!("a booking cannot be read: {error}"));
        Ok(rows.iter().filter_map(|row| read(row).ok()).collect())
    }
}

/// A text as `LIKE` finds it anywhere.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if ['%', '_', '\\'].contains(&c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
