//! Stores to test on, and invented things to put into them.

use std::time::Duration;

use namyangju_rent::{SeoulTime, TimedEvent, Wish};
use serde_json::json;
use tempfile::TempDir;

use super::postgres;
use crate::store::claims::Held;
use crate::store::shares::RunnerPlaces;
use crate::store::sql::{Row, values};
use crate::store::{
    BookingEnd, BookingId, Claimed, Claims, Lease, NewAccount, NewBooking, OpeningSource, Result, RetryPace,
    Sealed, State, Store,
};

/// A lease that does not end in a test.
pub(super) const LONG: Duration = Duration::from_secs(600);

/// A lease that has ended as soon as it began.
pub(super) const NONE: Duration = Duration::ZERO;

/// A new store that can be opened again.
pub(super) struct Place {
    pub(super) address: String,
    _folder: Option<TempDir>,
}

impl Place {
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = folder.path().join("rent.db").to_str().unwrap().to_owned();
        Self { address, _folder: Some(folder) }
    }

    /// `None` where there is no PostgreSQL.
    pub(super) fn postgres() -> Option<Self> {
        postgres::database().map(|address| Self { address, _folder: None })
    }

    pub(super) async fn open(&self) -> Store {
        Store::open(&self.address).await.unwrap()
    }
}

/// Makes one test of each function for each database. They take a [`Place`] where nothing was made yet.
macro_rules! suite {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&$crate::store::tests::support::Place::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(place) = $crate::store::tests::support::Place::postgres() {
                    super::$name(&place).await;
                }
            })*
        }
    };
}
pub(super) use suite;

pub(super) fn sealed(text: &str) -> Sealed {
    Sealed(text.as_bytes().to_vec())
}

pub(super) fn account(name: &str) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        site: "namyangju".to_owned(),
        base_url: None,
        login: name.to_owned(),
        password: sealed("sealed password"),
    }
}

pub(super) fn at(text: &str) -> SeoulTime {
    text.parse().unwrap()
}

/// A wish, `NYJ06/07/103 2026-12-05 06:00-08:00`.
pub(super) fn wish(text: &str) -> Wish {
    let [place, date, range] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
    Wish {
        place: place.parse().unwrap(),
        date: date.parse().unwrap(),
        range: range.parse().unwrap(),
        purpose: Default::default(),
    }
}

pub(super) fn booking(account: &str, choices: &[&str]) -> NewBooking {
    NewBooking {
        account: account.to_owned(),
        choices: choices.iter().map(|text| wish(text)).collect(),
        application: sealed("sealed application"),
        opens: OpeningSource::Given,
        opens_at: at("2026-11-26 10:00:00"),
        give_up_after: Duration::from_secs(300),
        lead: Duration::ZERO,
        clock_offset_micros: None,
        pace: RetryPace::Default,
        most_requests: None,
        note: None,
    }
}

pub(super) const COURT: &str = "NYJ06/07/103 2026-12-05 06:00-08:00";

/// A store with the account `tester1` and one booking of it.
pub(super) async fn with_booking(place: &Place) -> (Store, BookingId) {
    let store = place.open().await;
    store.add_account(&account("tester1")).await.unwrap();
    let id = store.add_bookings(&[booking("tester1", &[COURT])]).await.unwrap()[0];
    (store, id)
}

/// An event, as the library tells it.
pub(super) fn happened(event: serde_json::Value) -> TimedEvent {
    let mut value = json!({"at": "2026-11-26T10:00:00.042+09:00", "monotonic_micros": 7});
    value.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

pub(super) fn fired() -> TimedEvent {
    happened(json!({"event": "fired", "late_micros": 12}))
}

pub(super) fn logged_in() -> TimedEvent {
    happened(json!({"event": "logged-in"}))
}

/// An end without a story.
pub(super) fn ending(state: State) -> BookingEnd {
    BookingEnd {
        state,
        reason: Some("because".to_owned()),
        wish: 0,
        receipt: None,
        shown: None,
        attempts: Vec::new(),
        pages: Vec::new(),
        site: "http://127.0.0.1/".to_owned(),
        opening: Default::default(),
        report: json!({}),
        messages: Vec::new(),
    }
}

/// Claims and renewals of a runner that has a job for whatever it holds.
impl Store {
    pub(crate) async fn claim(
        &self,
        runner: &str,
        opens_before: SeoulTime,
        most: u32,
        lease: Duration,
    ) -> Result<Vec<Claimed>> {
        let running: Vec<_> = self.held_by(runner).await?.iter().map(|lease| lease.booking).collect();
        let places = RunnerPlaces { all: u32::MAX, at_once: most };
        let Claims { claimed, unreadable, .. } =
            self.claim_beside(runner, &running, opens_before, places, lease).await?;
        for lease in unreadable {
            self.set_aside(lease, "cannot be read", &[]).await?;
        }
        Ok(claimed)
    }

    pub(in crate::store) async fn renew(&self, runner: &str, lease: Duration) -> Result<Vec<Held>> {
        self.renew_running(runner, &self.held_by(runner).await?, lease).await
    }

    async fn held_by(&self, runner: &str) -> Result<Vec<Lease>> {
        let sql = "SELECT id, fence FROM booking WHERE owner = $1 AND lease_until > (SELECT now FROM clock)";
        let rows = self.rows(sql, values![runner]).await?;
        let lease = |row: &Row| Ok(Lease { booking: BookingId(row.int("id")?), fence: row.int("fence")? });
        rows.iter().map(lease).collect()
    }
}
