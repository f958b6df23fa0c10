//! What was learned of a site: time numbers, its clock, true opening instants, the state of the routes.

use namyangju_rent::aim::Stamp;
use namyangju_rent::clock::ClockFacts;
use namyangju_rent::network::SavedRoutes;
use namyangju_rent::report::OpeningBracket;
use namyangju_rent::schedule::TimeNo;
use namyangju_rent::{Place, Purpose, RentDate, SeoulTime, TimeRange};

use super::booking::rows::{minutes, range};
use super::sql::{damaged, values, word_of};
use super::{Result, Store};

/// The number of a court's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Learned {
    pub(crate) range: TimeRange,
    pub(crate) time_no: TimeNo,
    /// The open day it was read from.
    pub(crate) from: RentDate,
    pub(crate) at: SeoulTime,
}

/// Between which instants a day was seen to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpeningRow {
    pub(crate) place: Place,
    pub(crate) date: RentDate,
    /// The instant that was announced or computed.
    pub(crate) expected: SeoulTime,
    pub(crate) bracket: OpeningBracket,
}

impl Store {
    /// Keeps the numbers of a court's slots; those of the same time are replaced. `site` is the base URL.
    pub(crate) async fn learn(
        &self,
        site: &str,
        place: &Place,
        purpose: Purpose,
        slots: &[Learned],
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let (place, purpose) = (place.to_string(), word_of(purpose));
        for slot in slots {
            let sql = "INSERT INTO time_number \
                 (site, place, purpose, start_minute, end_minute, number, read_from, read_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                 ON CONFLICT (site, place, purpose, start_minute, end_minute) DO UPDATE \
                 SET number = excluded.number, read_from = excluded.read_from, read_at = excluded.read_at";
            let (start, end) = minutes(slot.range);
            let from = slot.from.to_string();
            tx.run(sql, values![site, &place, &purpose, start, end, slot.time_no.0, &from, slot.at]).await?;
        }
        tx.commit().await
    }

    /// What was learned of a court, in order of the times.
    pub(crate) async fn learned(&self, site: &str, place: &Place, purpose: Purpose) -> Result<Vec<Learned>> {
        let sql = "SELECT start_minute, end_minute, number, read_from, read_at FROM time_number \
             WHERE site = $1 AND place = $2 AND purpose = $3 ORDER BY start_minute, end_minute";
        let rows = self.rows(sql, values![site, &place.to_string(), &word_of(purpose)]).await?;
        rows.iter()
            .map(|row| {
                Ok(Learned {
                    range: range(row.number("start_minute")?, row.number("end_minute")?)
                        .ok_or_else(|| damaged("end_minute"))?,
                    time_no: TimeNo(row.number("number")?),
                    from: row.parsed("read_from")?,
                    at: row.time("read_at")?,
                })
            })
            .collect()
    }

    /// Keeps what a run learnt of a site's clock. What shows when the site stamps its dates is replaced only by what shows
    /// that too, as long as it is of use: most runs leave it open, and the next one may need it.
    pub(crate) async fn learn_clock(&self, site: &str, facts: ClockFacts) -> Result<()> {
        let Some(learned_at) = facts.learned_at else { return Ok(()) };
        let mut tx = self.write().await?;
        let kept = tx.row("SELECT facts FROM site_clock WHERE site = $1", values![site]).await?;
        // What cannot be read is replaced.
        let kept: Option<ClockFacts> = kept.and_then(|row| row.json("facts").ok());
        let tells_more = |kept: ClockFacts| kept.stamp != Stamp::Unknown && kept.are_of_use(learned_at);
        if facts.stamp == Stamp::Unknown && kept.is_some_and(tells_more) {
            return Ok(());
        }
        let sql = "INSERT INTO site_clock (site, facts, learned_at) VALUES ($1, $2, $3) \
             ON CONFLICT (site) DO UPDATE SET facts = excluded.facts, learned_at = excluded.learned_at";
        let json = serde_json::to_string(&facts).unwrap_or_default();
        tx.run(sql, values![site, &json, learned_at]).await?;
        tx.commit().await
    }

    /// What was learnt of a site's clock, however old.
    pub(crate) async fn site_clock(&self, site: &str) -> Result<Option<ClockFacts>> {
        let row = self.row("SELECT facts FROM site_clock WHERE site = $1", values![site]).await?;
        row.map(|row| row.json("facts")).transpose()
    }

    /// The same of every site, by its base URL.
    pub(crate) async fn site_clocks(&self) -> Result<Vec<(String, ClockFacts)>> {
        let rows = self.rows("SELECT site, facts FROM site_clock ORDER BY site", &[]).await?;
        rows.iter().map(|row| Ok((row.text("site")?, row.json("facts")?))).collect()
    }

    /// The brackets that were seen, the newest first.
    pub(crate) async fn openings(&self, site: &str, most: u32) -> Result<Vec<OpeningRow>> {
        let sql = "SELECT place, date, expected, after_at, before_at FROM opening WHERE site = $1 \
             ORDER BY id DESC LIMIT $2";
        let rows = self.rows(sql, values![site, most]).await?;
        rows.iter()
            .map(|row| {
                let mut bracket = OpeningBracket::default();
                bracket.after = row.maybe_time("after_at")?;
                bracket.before = row.maybe_time("before_at")?;
                Ok(OpeningRow {
                    place: row.parsed("place")?,
                    date: row.parsed("date")?,
                    expected: row.time("expected")?,
                    bracket,
                })
            })
            .collect()
    }

    pub(crate) async fn save_routes(&self, site: &str, routes: &SavedRoutes) -> Result<()> {
        let sql = "INSERT INTO routes (site, data) VALUES ($1, $2) \
             ON CONFLICT (site) DO UPDATE SET data = excluded.data";
        let data = serde_json::to_string(routes).unwrap_or_default();
        self.run(sql, values![site, &data]).await.map(|_| ())
    }

    pub(crate) async fn routes(&self, site: &str) -> Result<Option<SavedRoutes>> {
        let row = self.row("SELECT data FROM routes WHERE site = $1", values![site]).await?;
        row.map(|row| row.json("data")).transpose()
    }
}
