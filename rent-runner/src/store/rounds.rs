//! The rounds of courts as day lists showed them, a month of a court in a row.

use std::time::Duration;

use namyangju_rent::Place;
use namyangju_rent::schedule::{EarlierRounds, Month};

use super::sql::values;
use super::{Result, Store};

/// How long they are kept: rounds change with the season, and nobody asks for those of the year before.
const KEPT: Duration = Duration::from_secs(100 * 24 * 3600);

impl Store {
    /// Keeps the rounds that a day list showed, instead of those of an earlier list of the same month. `site` is the base
    /// URL. Rounds that are too old are forgotten.
    pub(crate) async fn keep_rounds(&self, site: &str, rounds: &EarlierRounds) -> Result<()> {
        let Some(first) = rounds.days.first().and_then(|days| days.dates.first()) else { return Ok(()) };
        let sql = "INSERT INTO rounds (site, place, month, data, read_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (site, place, month) DO UPDATE SET data = excluded.data, read_at = excluded.read_at \
             WHERE excluded.read_at >= rounds.read_at";
        let (place, month) = (rounds.place.to_string(), Month::from(*first).to_string());
        let data = serde_json::to_string(rounds).unwrap_or_default();
        let mut tx = self.write().await?;
        tx.run("DELETE FROM rounds WHERE read_at < $1", values![rounds.read_at.minus(KEPT)]).await?;
        tx.run(sql, values![site, &place, &month, &data, rounds.read_at]).await?;
        tx.commit().await
    }

    /// What is known of the rounds of a court, the newest first. A row that cannot be read counts as none: a list can be
    /// read again.
    pub(crate) async fn rounds(&self, site: &str, place: &Place) -> Result<Vec<EarlierRounds>> {
        let sql = "SELECT data FROM rounds WHERE site = $1 AND place = $2 ORDER BY read_at DESC, month DESC";
        let rows = self.rows(sql, values![site, &place.to_string()]).await?;
        Ok(rows.iter().filter_map(|row| row.json("data").ok()).collect())
    }
}
