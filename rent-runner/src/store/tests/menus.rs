//! The courts of a site by the names of its menus.

use super::support::{Place, suite};
use crate::store::KeptCourt;

suite! {
    a_whole_reading_replaces_all_and_a_group_only_itself,
    menus_that_cannot_be_read_count_as_none,
}

fn court(place: &str, name: &str) -> KeptCourt {
    KeptCourt {
        place: place.parse().unwrap(),
        names: vec!["센터".to_owned(), "공원".to_owned(), name.to_owned()],
    }
}

async fn a_whole_reading_replaces_all_and_a_group_only_itself(place: &Place) {
    let store = place.open().await;
    let site = "https://rent.example/";
    assert_eq!(store.courts(site).await.unwrap(), None);
    let (first, second) = (court("NYJ06/07/103", "1코트"), court("NYJ06/07/104", "2코트"));
    let other = court("NYJ06/03/90", "1번 코트");
    store.keep_courts(site, &[first.clone(), other.clone()], true).await.unwrap();
    let kept = store.courts(site).await.unwrap().unwrap();
    assert_eq!((kept.courts, kept.complete), (vec![first.clone(), other.clone()], true));
    // One page of a group: the others stay, and the whole stays known.
    store.keep_courts(site, &[first.clone(), second.clone()], false).await.unwrap();
    let kept = store.courts(site).await.unwrap().unwrap();
    assert_eq!((kept.courts, kept.complete), (vec![other, first, second.clone()], true));
    store.keep_courts(site, std::slice::from_ref(&second), true).await.unwrap();
    assert_eq!(store.courts(site).await.unwrap().unwrap().courts, [second]);
    assert_eq!(store.courts("https://another.example/").await.unwrap(), None);
}

async fn menus_that_cannot_be_read_count_as_none(place: &Place) {
    let store = place.open().await;
    let sql = "INSERT INTO menus (site, data, read_at) VALUES ('https://rent.example/', 'x', 0)";
    store.run(sql, &[]).await.unwrap();
    assert_eq!(store.courts("https://rent.example/").await.unwrap(), None);
}
