//! Copies of a whole store: into stores of both kinds, and what is refused.

use std::io;

use super::support::{LONG, Place, at, with_booking};
use crate::store::copy::{Cell, LEFT_BEHIND, TABLES};
use crate::store::sql::Sql;
use crate::store::{Copied, Result, Store, StoreError};

/// Every part of a store.
async fn parts(store: &Store) -> Vec<Copied> {
    let mut parts = Vec::new();
    store
        .copy_out(|part| {
            parts.push(part);
            Ok(())
        })
        .await
        .unwrap()
        .unwrap();
    parts
}

async fn fill(store: &Store, replace: bool, parts: &[Copied]) -> Result<()> {
    let mut rest = parts.iter().cloned();
    store.copy_in(replace, || Ok(rest.next())).await.map(|read| read.unwrap())
}

#[tokio::test]
async fn every_table_is_copied_or_named_as_left_behind() {
    for place in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
        let store = place.open().await;
        let tables = Sql::Each {
            sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            postgres: "SELECT table_name::text AS name FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'",
        };
        let rows = store.rows(tables, &[]).await.unwrap();
        let mut found: Vec<String> = rows.iter().map(|row| row.text("name").unwrap()).collect();
        let mut known: Vec<&str> = TABLES.into_iter().chain(LEFT_BEHIND).collect();
        found.sort();
        known.sort_unstable();
        assert_eq!(found, known, "a new table has to be listed in TABLES, after those that it points to");
    }
}

#[tokio::test]
async fn a_copy_is_the_same_in_every_kind_of_store() {
    let place = Place::sqlite();
    let (from, _) = with_booking(&place).await;
    from.claim("tester", at("2026-11-26 10:00:01"), 9, LONG).await.unwrap();
    let read = r#"{ "place": "NYJ06/07/103", "read_at": "2026-11-20 09:00:00", "days": [
        { "purpose": "sports", "rounds": ["06:00-08:00"], "dates": ["2026-12-05"] }] }"#;
    let (site, read) = ("https://rent.example/", serde_json::from_str(read).unwrap());
    from.keep_rounds(site, &read).await.unwrap();
    let mut first = parts(&from).await;
    let row = |parts: &[Copied], table: &str| {
        let at =
            parts.iter().position(|part| matches!(part, Copied::Table { table: name, .. } if name == table));
        parts[at.unwrap() + 1].clone()
    };
    let claimed = row(&first, "booking");
    let mut places = vec![Place::sqlite(), Place::sqlite()];
    if let Some(place) = Place::postgres() {
        places.insert(1, place);
    }
    for place in &places {
        let to = place.open().await;
        fill(&to, false, &first).await.unwrap();
        let second = parts(&to).await;
        let (Copied::Row(before), Copied::Row(after)) = (&claimed, &row(&second, "booking")) else {
            panic!()
        };
        // The lease was the other machine's; all else is the same.
        let differing = before.iter().zip(after).filter(|(before, after)| before != after).count();
        assert!(differing <= 2, "{before:?} {after:?}");
        assert_eq!(to.next_opening().await.unwrap(), Some(at("2026-11-26 10:00:00")));
        assert_eq!(to.rounds(site, &read.place).await.unwrap(), std::slice::from_ref(&read));
        let without = |parts: &[Copied]| -> Vec<Copied> {
            let booking = row(parts, "booking");
            parts.iter().filter(|part| **part != booking).cloned().collect()
        };
        assert_eq!(without(&first), without(&second));
        let refused = fill(&to, false, &second).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Conflict(why) if why.contains("--replace")), "{refused}");
        fill(&to, true, &second).await.unwrap();
        assert_eq!(parts(&to).await, second);
        first = second;
    }
}

#[tokio::test]
async fn a_copy_that_does_not_fit_changes_nothing() {
    for place in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
        let (store, _) = with_booking(&place).await;
        let before = parts(&store).await;
        let table = |name: &str, columns: &[&str]| Copied::Table {
            table: name.to_owned(),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        };
        for wrong in [
            vec![table("pg_authid", &["rolname"])],
            vec![table("account", &["id", "name; DROP TABLE booking"])],
            vec![table("routes", &["site", "data"]), Copied::Row(vec![Cell::Text("a".to_owned())])],
            vec![table("routes", &["site", "data"]), Copied::Row(vec![Cell::Int(1), Cell::Null])],
            vec![Copied::Row(vec![Cell::Int(1)])],
            vec![Copied::LastNumber { numbered: "sqlite_master".to_owned(), last: 9 }],
            // A booking without its account.
            before[4..].to_vec(),
        ] {
            assert!(fill(&store, true, &wrong).await.is_err(), "{wrong:?}");
            assert_eq!(parts(&store).await, before);
        }
        let cut = store.copy_in(true, || Err(io::ErrorKind::UnexpectedEof.into())).await.unwrap();
        assert!(cut.is_err());
        assert_eq!(parts(&store).await, before);
    }
}

#[tokio::test]
async fn nothing_is_put_into_a_store_that_a_runner_works_on() {
    let place = Place::sqlite();
    let store = place.open().await;
    let parts = parts(&store).await;
    store.begin_runner("tester").await.unwrap();
    let refused = fill(&store, true, &parts).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Conflict(why) if why.contains("stop it first")), "{refused}");
    store.end_runner("tester").await.unwrap();
    fill(&store, true, &parts).await.unwrap();
}

#[tokio::test]
async fn a_copy_of_an_older_layout_leaves_what_it_lacks_empty() {
    let place = Place::sqlite();
    let (from, _) = with_booking(&place).await;
    let mut older = parts(&from).await;
    // As before the second layout, which has one column more.
    let mut lacks = None;
    for part in &mut older {
        match part {
            Copied::Table { table, columns } => {
                lacks =
                    columns.iter().position(|column| column == "refused_at").filter(|_| table == "account");
                if let Some(at) = lacks {
                    columns.remove(at);
                }
            }
            Copied::Row(cells) => {
                if let Some(at) = lacks {
                    cells.remove(at);
                }
            }
            Copied::LastNumber { .. } => {}
        }
    }
    for place in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
        let to = place.open().await;
        fill(&to, false, &older).await.unwrap();
        assert_eq!(parts(&to).await, parts(&from).await);
    }
}
