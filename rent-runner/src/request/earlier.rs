//! What an earlier look at the site tells of wishes, weeks before their opening.

use std::time::Duration;

use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::schedule::EarlierRounds;
use namyangju_rent::{Place, SeoulTime, Site, TimeRange, Wish};

use crate::say::{retold, say};
use crate::store::{self, CourtNames, Store};
use crate::terminal;
use crate::words::counted;

/// Numbers of slots that were learned longer ago are not believed any more.
const NUMBERS_LAST: Duration = Duration::from_secs(40 * 24 * 3600);

/// Whether what was read of a court then is still believed.
pub(crate) fn is_fresh(read_at: SeoulTime, now: SeoulTime) -> bool {
    now.since(read_at) < NUMBERS_LAST
}

/// Keeps the rounds that day lists showed. What cannot be kept is read again by the next who asks.
pub(crate) async fn keep_rounds(store: &Store, site: &Site, read: impl IntoIterator<Item = EarlierRounds>) {
    for rounds in read {
        if let Err(error) = store.keep_rounds(site.base_url().as_str(), &rounds).await {
            terminal::warning(&say!("rounds-not-kept", error = error));
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
    rounds.retain(|rounds| is_fresh(rounds.read_at, SystemClock.now()));
    Ok(rounds)
}

/// How long ago an instant was.
fn ago(at: SeoulTime) -> String {
    let minutes = SystemClock.now().since(at).as_secs() / 60;
    let (count, unit) = match minutes {
        0 => return say!("just-now"),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    say!("ago", time = counted(u32::try_from(count).unwrap_or(u32::MAX), unit))
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
            let doubt = retold(&doubt.text);
            lines.push(say!("earlier-doubt", court = court, date = date, ago = ago, doubt = doubt));
        }
        if !rounds.is_empty() {
            continue;
        }
        let learned = store.learned(site.base_url().as_str(), &wish.place, wish.purpose).await;
        let mut learned = learned.unwrap_or_default();
        learned.retain(|round| is_fresh(round.at, SystemClock.now()));
        let cut = |round: TimeRange| {
            let touches = round.start() < wish.range.end() && wish.range.start() < round.end();
            touches && !wish.range.covers(round)
        };
        let Some(first) = learned.iter().find(|round| cut(round.range)) else { continue };
        let rounds: Vec<String> = learned.iter().map(|round| round.range.to_string()).collect();
        lines.push(say!(
            "earlier-rounds",
            range = wish.range,
            court = court,
            day = first.at.date(),
            date = first.from,
            rounds = rounds.join(", ")
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use namyangju_rent::schedule::TimeNo;

    use super::*;
    use crate::store::Learned;

    #[test]
    fn what_was_read_is_believed_for_forty_days() {
        let read_at: SeoulTime = "2026-10-17 10:00:00".parse().unwrap();
        let end = read_at.plus(NUMBERS_LAST);
        assert!(is_fresh(read_at, end.minus(Duration::from_micros(1))) && !is_fresh(read_at, end));
        assert_eq!(end, "2026-11-26 10:00:00".parse().unwrap());
    }

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
