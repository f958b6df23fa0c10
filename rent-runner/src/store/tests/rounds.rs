//! The rounds that day lists showed.

use namyangju_rent::schedule::EarlierRounds;
use serde_json::json;

use super::support::{Place, suite};

suite! {
    a_newer_list_of_the_month_replaces_the_older_one,
    rounds_are_forgotten_when_they_are_old,
    rounds_that_cannot_be_read_count_as_none,
}

const SITE: &str = "https://rent.example/";
const COURT: &str = "NYJ06/07/103";

fn read(place: &str, read_at: &str, date: &str, round: &str) -> EarlierRounds {
    let days = [json!({ "purpose": "sports", "rounds": [round], "dates": [date] })];
    serde_json::from_value(json!({ "place": place, "read_at": read_at, "days": days })).unwrap()
}

async fn a_newer_list_of_the_month_replaces_the_older_one(place: &Place) {
    let store = place.open().await;
    let court = COURT.parse().unwrap();
    let november = read(COURT, "2026-11-20 09:00:00", "2026-11-30", "06:00-08:00");
    let old = read(COURT, "2026-11-20 09:00:01", "2026-12-05", "06:00-08:00");
    let new = read(COURT, "2026-11-21 09:00:00", "2026-12-06", "07:00-09:00");
    let beside = read("NYJ06/07/104", "2026-11-20 09:00:00", "2026-12-05", "06:00-08:00");
    for rounds in [&november, &old, &new, &beside, &old] {
        store.keep_rounds(SITE, rounds).await.unwrap();
    }
    assert_eq!(store.rounds(SITE, &court).await.unwrap(), [new, november]);
    assert!(store.rounds("https://another.example/", &court).await.unwrap().is_empty());
}

async fn rounds_are_forgotten_when_they_are_old(place: &Place) {
    let store = place.open().await;
    let court = COURT.parse().unwrap();
    let first = read(COURT, "2026-03-01 09:00:00", "2026-03-31", "06:00-08:00");
    let later = read(COURT, "2026-06-08 09:00:00", "2026-06-30", "06:00-08:00");
    let latest = read(COURT, "2026-06-10 09:00:00", "2026-07-31", "06:00-08:00");
    store.keep_rounds(SITE, &first).await.unwrap();
    store.keep_rounds(SITE, &later).await.unwrap();
    assert_eq!(store.rounds(SITE, &court).await.unwrap(), [later.clone(), first]);
    store.keep_rounds(SITE, &latest).await.unwrap();
    assert_eq!(store.rounds(SITE, &court).await.unwrap(), [latest, later]);
}

async fn rounds_that_cannot_be_read_count_as_none(place: &Place) {
    let store = place.open().await;
    let sql = "INSERT INTO rounds (site, place, month, data, read_at) \
         VALUES ('https://rent.example/', 'NYJ06/07/103', '2026-12', 'x', 0)";
    store.run(sql, &[]).await.unwrap();
    assert!(store.rounds(SITE, &COURT.parse().unwrap()).await.unwrap().is_empty());
}
