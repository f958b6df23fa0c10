//! What the doctor finds, at a stand-in, at a dead port, and in stores of all kinds.

use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use namyangju_rent::Site;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Fault, FaultKind, Settings, SiteStep, StandIn, StandInServer};

use super::*;
use crate::testing::{channel, config, stored};
use crate::vault::Vault;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    doctor: Doctor,
}

fn arguments(words: &[&str]) -> Doctor {
    Command::parse_from(["doctor"].iter().chain(words)).doctor
}

fn stand_in(change: impl FnOnce(&mut Settings)) -> StandInServer {
    let mut settings = Settings::default();
    change(&mut settings);
    let stand_in = StandIn::new(&Site::builtin("namyangju").unwrap(), settings);
    StandInServer::spawn(stand_in, Arc::new(SystemClock)).unwrap()
}

/// What is found with these settings.
async fn findings(config: &Config, words: &[&str]) -> Findings {
    let mut findings = Findings { quiet: true, ..Findings::default() };
    machine::settings(&mut findings, config).unwrap();
    examine(&mut findings, &arguments(words), config).await.unwrap();
    for check in &findings.checks {
        assert_eq!(check.to_do.is_none(), check.level == Level::Ok, "{check:?}");
    }
    findings
}

impl Findings {
    /// The levels and texts of one subject.
    fn of(&self, what: &str) -> Vec<(Level, &str)> {
        let checks = self.checks.iter().filter(|check| check.what == what);
        checks.map(|check| (check.level, check.text.as_str())).collect()
    }

    fn has(&self, what: &str, level: Level, text: &str) -> bool {
        self.of(what).iter().any(|(found, said)| *found == level && said.contains(text))
    }
}

fn in_a_month() -> namyangju_rent::SeoulTime {
    SystemClock.now().plus(Duration::from_secs(30 * 24 * 3600))
}

#[tokio::test]
async fn a_site_is_asked_exactly_once() {
    let server = stand_in(|settings| settings.clock_skew_millis = 0);
    let (folder, store, _) = stored(Some(&server.base_url()), in_a_month()).await;
    store.close().await;
    // The account's site and the site asked for are one.
    let mut settings = config(folder.path());
    settings.base_url = Some(server.base_url());
    let found = findings(&settings, &["--base-url", "unused"]).await;
    assert!(found.has("site", Level::Ok, "answers"), "{found:?}");
    assert!(found.has("clock", Level::Ok, " this machine, ± 1 s"), "{found:?}");
    let asked: Vec<_> = server.arrivals().into_iter().map(|arrival| arrival.method).collect();
    assert_eq!(asked, ["HEAD"]);
    let text = format!("{:?}", found.checks);
    assert!(!text.contains("tester1"), "{text}");
}

#[tokio::test]
async fn nothing_is_asked_of_any_site_unless_an_account_or_a_person_wants_it() {
    let server = stand_in(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let mut settings = config(folder.path());
    settings.base_url = Some(server.base_url());
    let found = findings(&settings, &[]).await;
    assert!(found.has("site", Level::Ok, "no site was asked"), "{found:?}");

    let (folder, store, _) = stored(Some(&server.base_url()), in_a_month()).await;
    store.close().await;
    let mut settings = config(folder.path());
    settings.base_url = Some(server.base_url());
    let found = findings(&settings, &["--offline", "--base-url", "unused"]).await;
    assert_eq!(found.of("site"), []);
    assert!(server.arrivals().is_empty());
}

#[tokio::test]
async fn a_clock_that_is_off_and_a_block_are_told() {
    let server = stand_in(|settings| settings.clock_skew_millis = 100_000);
    let folder = tempfile::tempdir().unwrap();
    let mut settings = config(folder.path());
    settings.base_url = Some(server.base_url());
    let found = findings(&settings, &["--site", "namyangju"]).await;
    assert!(found.has("clock", Level::Warning, "s ahead of this machine"), "{found:?}");
    let server = stand_in(|settings| settings.clock_skew_millis = -100_000);
    settings.base_url = Some(server.base_url());
    let found = findings(&settings, &["--site", "namyangju"]).await;
    let behind = |(level, text): &(Level, &str)| {
        *level == Level::Warning && text.contains("s behind this machine") && !text.contains('-')
    };
    assert!(found.of("clock").iter().any(behind), "{found:?}");

    // A HEAD that is refused tells nothing; the GET after it does.
    let fault = |nth| Fault { step: SiteStep::Home, nth, kind: FaultKind::Status(403) };
    let server = stand_in(|settings| settings.faults = vec![fault(1), fault(2)]);
    settings.base_url = Some(server.base_url());
    let found = findings(&settings, &["--site", "namyangju"]).await;
    assert!(found.of("site").iter().any(|(level, _)| *level == Level::Failed), "{found:?}");
    assert_eq!(server.arrivals().len(), 2);
}

#[tokio::test]
async fn a_dead_port_an_unknown_site_and_a_wrong_ca_are_failures() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    let mut settings = config(folder.path());
    settings.base_url = Some(format!("http://{address}"));
    let found = findings(&settings, &["--site", "namyangju"]).await;
    assert!(found.has("site", Level::Failed, "the site was not reached"), "{found:?}");

    settings.site = "atlantis".to_owned();
    let found = findings(&settings, &["--site", "atlantis"]).await;
    assert!(found.has("site", Level::Failed, "atlantis"), "{found:?}");

    // Nothing listens there either; TLS fails before anything is asked.
    settings.site = "namyangju".to_owned();
    settings.base_url = Some(format!("https://{address}"));
    settings.extra_ca = Some(folder.path().join("ca.pem"));
    let found = findings(&settings, &["--site", "namyangju"]).await;
    assert!(found.has("tls", Level::Failed, "ca.pem"), "{found:?}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let found = findings(&config(folder.path()), &["--offline"]).await;
    assert!(found.has("database", Level::Warning, "is not there yet"), "{found:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(found.how_many(Level::Failed), 0, "{found:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_fails_and_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rent.db");
    std::fs::write(&path, "no database at all, and long enough to be read as a header of one").unwrap();
    let found = findings(&config(folder.path()), &["--offline"]).await;
    assert!(found.of("database").iter().any(|(level, _)| *level == Level::Failed), "{found:?}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("no database at all"));
}

#[cfg(unix)]
#[tokio::test]
async fn files_that_others_can_read_are_told() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, store, _) = stored(None, in_a_month()).await;
    store.close().await;
    let open = |path: &Path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap();
    let found = findings(&config(folder.path()), &["--offline"]).await;
    assert!(!found.has("database", Level::Warning, "others can read"), "{found:?}");
    open(&folder.path().join("rent.db"));
    let mut settings = config(folder.path());
    settings.warnings = vec!["the settings file holds a secret".to_owned()];
    let found = findings(&settings, &["--offline"]).await;
    assert!(found.has("database", Level::Warning, "others can read"), "{found:?}");
    assert!(found.has("settings", Level::Warning, "holds a secret"), "{found:?}");
}

#[tokio::test]
async fn a_booking_that_opens_soon_needs_a_runner() {
    let minutes = |many: u64| SystemClock.now().plus(Duration::from_secs(many * 60));
    for (opens, level) in [(10, Level::Failed), (600, Level::Warning)] {
        let (folder, store, _) = stored(None, minutes(opens)).await;
        let found = findings(&config(folder.path()), &["--offline"]).await;
        assert!(found.has("runner", level, "open within a day: 1"), "{found:?}");
        assert!(found.has("accounts", Level::Warning, "1 never logged in"), "{found:?}");
        assert!(found.has("database", Level::Ok, "it can be written to"), "{found:?}");
        assert!(found.has("database", Level::Ok, " ms"), "as a person writes a time: {found:?}");
        assert!(!found.has("database", Level::Ok, "µs"), "{found:?}");
        store.begin_runner("tester").await.unwrap();
        let found = findings(&config(folder.path()), &["--offline"]).await;
        assert!(found.has("runner", Level::Ok, "1 at work; bookings that open within a day: 1"), "{found:?}");
        store.end_runner("tester").await.unwrap();
        let found = findings(&config(folder.path()), &["--offline"]).await;
        assert!(found.has("runner", Level::Ok, "as cron starts them"), "{found:?}");
    }
}

#[tokio::test]
async fn channels_are_looked_at_and_messages_that_wait_are_told() {
    let (folder, store, _) = stored(None, in_a_month()).await;
    let message = crate::store::NewMessage {
        booking: None,
        kind: "verdict",
        body: json!({}),
        channels: vec!["phone".into()],
    };
    store.enqueue(&message).await.unwrap();
    let mut settings = config(folder.path());
    let found = findings(&settings, &["--offline"]).await;
    assert!(found.has("messages", Level::Warning, "no channel is configured"), "{found:?}");
    assert!(found.has("messages", Level::Warning, "1 wait to be sent"), "{found:?}");
    settings.channels = vec![
        channel("name = 'phone'\nkind = 'ntfy'\ntopic = 'secret-1'").unwrap(),
        channel("name = 'hook'\nkind = 'webhook'\nurl-file = '/nowhere/url'").unwrap(),
    ];
    let found = findings(&settings, &["--offline"]).await;
    assert!(found.has("messages", Level::Ok, "phone (ntfy)"), "{found:?}");
    assert!(found.has("messages", Level::Failed, "hook: the file /nowhere/url"), "{found:?}");
    assert!(!format!("{found:?}").contains("secret-1"));
}

#[tokio::test]
async fn the_key_is_looked_at_and_never_made() {
    let (folder, store, _) = stored(None, in_a_month()).await;
    let settings = config(folder.path());
    let key = folder.path().join("key");
    let found = findings(&settings, &["--offline"]).await;
    assert!(found.has("key", Level::Ok, "made with the first account"), "{found:?}");
    assert!(!key.exists());

    Vault::open(&store, &settings.key).await.unwrap();
    let found = findings(&settings, &["--offline"]).await;
    assert!(found.has("key", Level::Ok, "it opens the stored secrets"), "{found:?}");

    let good = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let found = findings(&settings, &["--offline"]).await;
    assert!(found.of("key").iter().any(|(level, _)| *level == Level::Failed), "{found:?}");
    assert!(!key.exists());

    // A key of another store.
    let (other, store, _) = stored(None, in_a_month()).await;
    Vault::open(&store, &config(other.path()).key).await.unwrap();
    let wrong = config(other.path()).key;
    let found = findings(&Config { key: wrong, ..settings.clone() }, &["--offline"]).await;
    assert!(found.of("key").iter().any(|(level, _)| *level == Level::Failed), "{found:?}");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(&key, good).unwrap();
        std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
        let found = findings(&settings, &["--offline"]).await;
        assert!(found.has("key", Level::Failed, "chmod 600"), "{found:?}");
    }
}
