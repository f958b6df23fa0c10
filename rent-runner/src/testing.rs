//! What tests of several parts start from: settings, and a store with something in it.

use std::path::Path;
use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::network::OnBlock;
use namyangju_rent::{SeoulTime, Wish};
use tempfile::TempDir;

use crate::config::{Config, DoorSettings, Sources};
use crate::notify::Channel;
use crate::say::Language;
use crate::store::{BookingId, NewAccount, NewBooking, OpeningSource, RetryPace, Sealed, Store};
use crate::vault::KeySource;

/// Settings that name a database and a key in this folder.
pub(crate) fn config(folder: &Path) -> Config {
    Config {
        database: folder.join("rent.db").to_str().unwrap().to_owned(),
        key: KeySource::File(folder.join("key")),
        site: "namyangju".to_owned(),
        base_url: None,
        tls: None,
        extra_ca: None,
        user_agent: None,
        routes: Vec::new(),
        on_block: OnBlock::default(),
        runner: "tester".to_owned(),
        most_at_once: 8,
        listen: None,
        door: DoorSettings::default(),
        language: Language::Korean,
        log_format: None,
        channels: Vec::new(),
        file: None,
        warnings: Vec::new(),
        sources: Sources::default(),
    }
}

/// A channel as the settings file has it.
pub(crate) fn channel(table: &str) -> Result<Channel, String> {
    toml::from_str(table).map_err(|error| error.message().to_owned())
}

/// A store with one account, whose site is at `base_url`, and a booking that opens at `opens_at`.
pub(crate) async fn stored(base_url: Option<&str>, opens_at: SeoulTime) -> (TempDir, Store, BookingId) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path()).database).await.unwrap();
    let account = NewAccount {
        name: "tester1".to_owned(),
        site: "namyangju".to_owned(),
        base_url: base_url.map(str::to_owned),
        login: "tester1".to_owned(),
        password: Sealed(b"sealed password".to_vec()),
    };
    store.add_account(&account).await.unwrap();
    let choice = Wish {
        place: "NYJ06/07/103".parse().unwrap(),
        date: SystemClock.now().date().plus_days(30),
        range: "06:00-08:00".parse().unwrap(),
        purpose: Default::default(),
    };
    let booking = NewBooking {
        account: account.name,
        choices: vec![choice],
        application: Sealed(b"sealed application".to_vec()),
        opens: OpeningSource::Given,
        opens_at,
        give_up_after: Duration::from_secs(300),
        lead: Duration::ZERO,
        clock_offset_micros: None,
        pace: RetryPace::Default,
        most_requests: None,
        note: Some("홍길동".to_owned()),
    };
    let id = store.add_bookings(&[booking]).await.unwrap()[0];
    (folder, store, id)
}
