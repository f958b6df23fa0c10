//! What an earlier look at the site tells of wishes, weeks before their opening.

use std::time::Duration;

use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::schedule::EarlierRounds;
use namyangju_rent::{Place, SeoulTime, Site, TimeRange, Wish};

use crate::store::{self, CourtNames, Store};
use crate::terminal;
use crate::words::counted;

/// Numbers of slots that were learned longer ago are not believed any more.
pub(crate) const NUMBERS_LAST: Duration = Duration::from_secs(40 * 24 * 3600);

/// Keeps the rounds that day lists showed. What cannot be kept is read again by the next who asks.
pub(crate) async fn keep_rounds(store: &Store, site: &Site, read: impl IntoIterator<Item = EarlierRounds>) {
    for rounds in read {
        if let Err(error) = store.keep_rounds(site.base_url().as_str(), &rounds).await {
            terminal::warning(&format!("the rounds of the court are not kept: {error}"));
        }
    }
}

/// The rounds of a court by day lists that are not too old. `site` is the base URL.
pub(crate) async fn fresh_rounds(
    store: &Store,
    site: &str,
    place: &Place,
) -> store::Result<Vec<EarlierRounds>> {
    let mut rounds = store.rounds(site, place).await?;
    rounds.retain(|rounds| SystemClock.now().since(rounds.read_at) < NUMBERS_LAST);
    Ok(rounds)
}

/// How long ago an instant was.
fn ago(at: SeoulTime) -> String {
    let minutes = SystemClock.now().since(at).as_secs() / 60;
    let (count, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{} ago", counted(u32::try_from(count).unwrap_or(u32::MAX), unit))
}

/// What speaks against these wishes by day lists that were read earlier; where there is none, by the numbers of slots that
/// bookings have learned. Only the free rounds of a day are learned, so a round that is missing says nothing there; one
/// that a wish cuts in two does.
pub(crate) async fn earlier_looks(
    store: &Store,
    site: &Site,
    names: &CourtNames,
    wishes: &[Wish],
) -> Vec<String> {
    let mut lines = Vec::new();
    for wish in wishes {
        // It is advice only: what cannot be read is left out.
        let court = names.get(&wish.place).map_or_else(|| wish.place.to_string(), str::to_owned);
        let rounds = fresh_rounds(store, site.base_url().as_str(), &wish.place).await.unwrap_or_default();
        if let Some(doubt) = wish.doubted_by(&rounds) {
            let (ago, date) = (ago(doubt.read_at), doubt.read_at.date());
            lines.push(format!("{court}, by its day list of {date}, read {ago}: {}.", doubt.text));
        }
        if !rounds.is_empty() {
            continue;
        }
        let learned = store.learned(site.base_url().as_str(), &wish.place, wish.purpose).await;
        let mut learned = learned.unwrap_or_default();
        learned.retain(|round| SystemClock.now().since(round.at) < NUMBERS_LAST);
        let cut = |round: TimeRange| {
            let touches = round.start() < wish.range.end() && wish.range.start() < round.end();
            touches && !wish.range.covers(round)
        };
        let Some(first) = learned.iter().find(|round| cut(round.range)) else { continue };
        let rounds: Vec<String> = learned.iter().map(|round| round.range.to_string()).collect();
        lines.push(format!(
            "{} is no round of {court}, nor several adjacent ones, by a look on {}: its free rounds of {} were {}.",
            wish.range,
            first.at.date(),
            first.from,
            rounds.join(", ")
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use namyangju_rent::schedule::TimeNo;

    use super::*;
    use crate::store::Learned;

    #[tokio::test]
    async fn a_time_that_cuts_a_known_round_is_told_and_an_unknown_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store.db").to_str().unwrap()).await.unwrap();
        let site = Site::builtin("namyangju").unwrap();
        let wish = |range: &str| Wish {
            place: "NYJ06/07/103".parse().unwrap(),
            date: "2026-12-05".parse().unwrap(),
            range: range.parse().unwrap(),
            purpose: Default::default(),
        };
        let look = async |age: Duration| {
            let at = SystemClock.now().minus(age);
            let learned = ["06:00-08:00", "08:00-10:00"].map(|range| Learned {
                range: range.parse().unwrap(),
                time_no: TimeNo(1833),
                from: at.date(),
                at,
            });
            let first = wish("06:00-08:00");
            let base = site.base_url().as_str();
            store.learn(base, &first.place, first.purpose, &learned).await.unwrap();
        };
        let told =
            async |range: &str| earlier_looks(&store, &site, &CourtNames::default(), &[wish(range)]).await;
        assert!(told("07:00-09:00").await.is_empty());
        look(Duration::from_secs(3600)).await;
        for range in ["07:00-09:00", "06:00-07:00", "09:00-12:00"] {
            let lines = told(range).await;
            assert!(
                lines[0].contains("NYJ06/07/103") && lines[0].contains("06:00-08:00, 08:00-10:00"),
                "{range}"
            );
        }
        for range in ["06:00-08:00", "06:00-10:00", "08:00-12:00", "12:00-14:00"] {
            assert!(told(range).await.is_empty(), "{range}");
        }
        look(NUMBERS_LAST + Duration::from_secs(1)).await;
        assert!(told("07:00-09:00").await.is_empty());
        store.close().await;
    }
}
