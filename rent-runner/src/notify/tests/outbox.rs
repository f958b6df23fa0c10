//! The outbox in a real store: what is put in, and that it arrives, once, whatever the servers do.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use namyangju_rent::Report;
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::server::Server;
use super::{channel, config, impatient};
use crate::notify::notifier::Notifier;
use crate::notify::outbox::Patience;
use crate::store::{NewMessage, State, Store, StoredBooking};
use crate::telemetry::metrics::Metrics;
use crate::testing::stored;

const HOUR: Duration = Duration::from_secs(3600);

/// More than any test takes.
const PATIENCE: Duration = Duration::from_secs(20);

async fn booking() -> (TempDir, Store, StoredBooking) {
    let (folder, store, id) = stored(None, "2026-11-26 10:00:00".parse().unwrap()).await;
    let booking = store.booking(id).await.unwrap();
    (folder, store, booking)
}

fn hook(name: &str, base: &str, more: &str) -> String {
    format!("name = '{name}'\nkind = 'webhook'\nurl = '{base}/secret-1'\n{more}")
}

fn notifier(tables: &[String], patience: Patience) -> Notifier {
    let channels = tables.iter().map(|table| channel(table).unwrap()).collect();
    Notifier::with(&config(channels), patience, Some(Metrics::new())).unwrap()
}

fn report(verdict: Value) -> Report {
    let mut report = json!({
        "wish": 0, "attempts": [], "requests": 6, "requests_after_opening": 4, "clock": null,
        "opening": { "after": null, "before": null },
        "began": "2026-11-26 09:50:00", "ended": "2026-11-26 10:00:01",
    });
    report.as_object_mut().unwrap().extend(verdict.as_object().unwrap().clone());
    serde_json::from_value(report).unwrap()
}

fn to_itself(channels: &[&str]) -> NewMessage {
    let channels = channels.iter().map(|name| (*name).to_owned()).collect();
    NewMessage { booking: None, kind: "verdict", body: json!({ "state": "failed" }), channels }
}

#[tokio::test]
async fn each_channel_is_told_of_what_it_wants_and_of_an_end_once() {
    let (_folder, _store, booking) = booking().await;
    let tables = [
        hook("all", "https://a.example", ""),
        hook("alarms", "https://b.example", "on = ['alarm']"),
        hook("verdicts", "https://c.example", "on = ['verdict']"),
    ];
    let notifier = notifier(&tables, impatient());
    let alarm = notifier.alarm(&booking, "login: no answer").unwrap();
    assert_eq!((alarm.kind, alarm.channels), ("alarm", vec!["all".to_owned(), "alarms".to_owned()]));
    assert!(notifier.alarm(&booking, "login: no answer").is_none(), "the same again");
    assert!(notifier.alarm(&booking, "login: refused").is_some());

    let lost = report(json!({ "verdict": "lost" }));
    let ended = notifier.ended(&booking, State::Failed, Some("lost: somebody has it"), Some(&lost));
    let told: Vec<_> = ended.iter().map(|message| (message.kind, message.channels.join(" "))).collect();
    assert_eq!(told, [("verdict", "all verdicts".to_owned())]);
    let body = &ended[0].body;
    assert_eq!(
        (&body["verdict"], &body["requests"], &body["place"]),
        (&"lost".into(), &6.into(), &"NYJ06/07/103".into())
    );

    let blocked = report(json!({ "verdict": "blocked" }));
    let ended = notifier.ended(&booking, State::Blocked, None, Some(&blocked));
    let told: Vec<_> = ended.iter().map(|message| (message.kind, message.channels.join(" "))).collect();
    assert_eq!(told, [("block", "all".to_owned()), ("verdict", "verdicts".to_owned())]);

    let won =
        report(json!({ "verdict": "reserved", "receipt": { "number": "20260001" }, "shown": "booked" }));
    let ended = notifier.ended(&booking, State::Succeeded, Some("reserved"), Some(&won));
    assert_eq!(ended[0].body["receipt"], "20260001");
    for state in [State::Cancelled, State::Waiting] {
        assert!(notifier.ended(&booking, state, None, None).is_empty());
    }
    // An alarm of a later round is news again.
    assert!(notifier.alarm(&booking, "login: refused").is_some());
}

#[tokio::test]
async fn what_is_stored_tells_nothing_of_a_person() {
    let (_folder, _store, booking) = booking().await;
    let notifier = notifier(&[hook("all", "https://a.example", "")], impatient());
    let alarm = notifier.alarm(&booking, "login: no answer").unwrap();
    let ended = notifier.ended(&booking, State::Failed, Some("lost"), None);
    let text = format!("{alarm:?} {ended:?}");
    for private in ["tester1", "홍길동", "secret-1", "a.example"] {
        assert!(!text.contains(private), "{private}: {text}");
    }
}

#[tokio::test]
async fn a_message_is_tried_until_it_arrives() {
    let (_folder, store, booking) = booking().await;
    let server = Server::start([(500, vec![], ""), (429, vec![], "")]).await;
    let notifier = notifier(&[hook("all", &server.base, "")], impatient());
    for message in notifier.ended(&booking, State::Failed, Some("lost"), None) {
        store.enqueue(&message).await.unwrap();
    }
    assert_eq!(notifier.flush(&store, PATIENCE).await, Some(0));
    let received = server.received();
    let ids: Vec<_> = received.iter().map(|request| request.json()["id"].clone()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.is_i64() && *id == ids[0]), "{ids:?}");
    assert_eq!(received[0].json()["booking"], booking.id.0);
}

#[tokio::test]
async fn a_message_is_given_up_in_the_end() {
    let (_folder, store, _booking) = booking().await;
    let server = Server::start((0..20).map(|_| (500, vec![], ""))).await;
    let notifier = notifier(&[hook("all", &server.base, "")], impatient());
    store.enqueue(&to_itself(&["all"])).await.unwrap();
    assert_eq!(notifier.flush(&store, PATIENCE).await, Some(0));
    assert_eq!(server.received().len(), 8);
}

#[tokio::test]
async fn a_server_that_asks_for_rest_gets_it() {
    let (_folder, store, _booking) = booking().await;
    let server = Server::start([(429, vec![("retry-after", "60".to_owned())], "")]).await;
    let notifier = notifier(&[hook("all", &server.base, "")], impatient());
    for _ in 0..2 {
        store.enqueue(&to_itself(&["all"])).await.unwrap();
    }
    // The second one would only hear the same, so that it is not sent.
    for _ in 0..2 {
        assert_eq!(notifier.flush(&store, PATIENCE).await, Some(2));
        assert_eq!(server.received().len(), 1);
    }
}

#[tokio::test]
async fn a_message_for_an_unknown_channel_waits_and_others_arrive() {
    let (_folder, store, _booking) = booking().await;
    let server = Server::start([]).await;
    let patience = Patience { back_off: [HOUR; 5], ..impatient() };
    let notifier = notifier(&[hook("all", &server.base, "")], patience);
    store.enqueue(&to_itself(&["gone", "all"])).await.unwrap();
    assert_eq!(notifier.flush(&store, PATIENCE).await, Some(1));
    server.only();
}

#[tokio::test]
async fn a_silent_channel_keeps_no_other_waiting_and_stopping_ends_it() {
    let (_folder, store, _booking) = booking().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start([]).await;
    let tables = [
        hook("silent", &format!("http://{}", silent.local_addr().unwrap()), ""),
        hook("all", &server.base, ""),
    ];
    let patience = Patience { each: Duration::from_secs(600), ..impatient() };
    let notifier = notifier(&tables, patience);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn({
        let (notifier, store) = (notifier.clone(), store.clone());
        async move { notifier.run(store, stopped).await }
    });
    for _ in 0..3 {
        store.enqueue(&to_itself(&["silent", "all"])).await.unwrap();
        notifier.wake();
    }
    let arrived = async {
        while server.received().len() < 3 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived).await.unwrap();
    assert!(store.messages_waiting().await.unwrap() >= 3);
    running.abort();
    drop(stop);

    // One that has nothing on its way ends when told to.
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { notifier.run(store, stopped).await });
    stop.send(true).unwrap();
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
}

/// The numbers of the messages that came, in their order.
fn ids(server: &Server) -> Vec<i64> {
    server.received().iter().map(|request| request.json()["id"].as_i64().unwrap()).collect()
}

async fn put(store: &Store, channels: &[&str], many: usize) {
    for _ in 0..many {
        store.enqueue(&to_itself(channels)).await.unwrap();
    }
}

#[tokio::test]
async fn a_message_that_is_refused_for_good_is_given_up_alone() {
    for status in [400, 401, 403, 404, 410, 413, 422] {
        let (_folder, store, _booking) = booking().await;
        let server = Server::start([(status, vec![], "")]).await;
        let notifier = notifier(&[hook("all", &server.base, "")], impatient());
        put(&store, &["all"], 4).await;
        assert_eq!(notifier.flush(&store, PATIENCE).await, Some(0));
        assert_eq!(ids(&server), [1, 2, 3, 4], "{status}");
        let failing = store.messages_failing(9).await.unwrap();
        let told: Vec<_> = failing.iter().map(|m| (m.id, m.tries, m.last_error.clone().unwrap())).collect();
        assert_eq!(told, [(1, 1, format!("given up: the server answered {status}"))]);
    }
}

#[tokio::test]
async fn a_message_that_fails_at_each_try_keeps_back_none_behind_it() {
    let (_folder, store, _booking) = booking().await;
    let server = Server::with(|request| {
        let status = if request.json()["id"] == 1 { 500 } else { 200 };
        Some((status, vec![], ""))
    })
    .await;
    let notifier = notifier(&[hook("all", &server.base, "")], impatient());
    put(&store, &["all"], 4).await;
    assert_eq!(notifier.flush(&store, PATIENCE).await, Some(0));
    let ids = ids(&server);
    assert_eq!(ids[..4], [1, 2, 3, 4]);
    assert_eq!(ids[4..], [1; 7]);
    assert_eq!(store.messages_failing(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_that_is_never_answered_keeps_back_none_behind_it() {
    let (_folder, store, _booking) = booking().await;
    let server = Server::with(|request| (request.json()["id"] != 1).then(|| (200, vec![], ""))).await;
    let patience =
        Patience { each: Duration::from_millis(40), back_off: [Duration::from_millis(1); 5], ..impatient() };
    let notifier = notifier(&[hook("all", &server.base, "")], patience);
    put(&store, &["all"], 4).await;
    let (_stop, stopped) = watch::channel(false);
    let running = tokio::spawn({
        let store = store.clone();
        async move { notifier.run(store, stopped).await }
    });
    let ended = async {
        while store.messages_waiting().await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    running.abort();
    let ids = ids(&server);
    assert_eq!(ids.iter().filter(|id| **id == 1).count(), 8, "{ids:?}");
    assert_eq!(ids.len(), 11, "{ids:?}");
    let given_up: Vec<_> = store.messages_failing(9).await.unwrap().iter().map(|m| m.id).collect();
    assert_eq!(given_up, [1]);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_keeps_back_none_taken_with_it() {
    let (folder, store, _booking) = booking().await;
    let server = Server::start([]).await;
    let notifier = notifier(&[hook("all", &server.base, "")], impatient());
    put(&store, &["all"], 3).await;
    let file = crate::testing::config(folder.path()).database;
    let mut raw = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    sqlx::query("UPDATE message SET body = 'no JSON' WHERE id = 2").execute(&mut raw).await.unwrap();
    assert_eq!(notifier.flush(&store, PATIENCE).await, Some(0));
    assert_eq!(ids(&server), [1, 2, 3]);
}

#[tokio::test]
async fn what_waits_behind_a_rest_is_not_charged_with_a_try() {
    let (_folder, store, _booking) = booking().await;
    let rest = |_: &_| Some((429, vec![("retry-after", "60".to_owned())], ""));
    let server = Server::with(rest).await;
    let notifier = notifier(&[hook("all", &server.base, "")], impatient());
    put(&store, &["all"], 3).await;
    assert_eq!(notifier.flush(&store, PATIENCE).await, Some(3));
    // One that is stored while the server rests waits as well.
    put(&store, &["all"], 1).await;
    assert_eq!(notifier.flush(&store, PATIENCE).await, Some(4));
    assert_eq!(ids(&server), [1]);
    let tried: Vec<_> = store.messages_failing(9).await.unwrap().iter().map(|m| (m.id, m.tries)).collect();
    assert_eq!(tried, [(1, 1)]);
}

#[tokio::test]
async fn a_silent_channel_with_hundreds_of_messages_takes_no_room_from_another() {
    let (_folder, store, _booking) = booking().await;
    let silent = Server::with(|_| None).await;
    let server = Server::start([]).await;
    let tables = [hook("silent", &silent.base, ""), hook("all", &server.base, "")];
    let patience = Patience { each: Duration::from_secs(600), ..impatient() };
    let notifier = notifier(&tables, patience);
    let many = NewMessage { channels: vec!["silent".to_owned(); 300], ..to_itself(&[]) };
    store.enqueue(&many).await.unwrap();
    put(&store, &["all"], 1).await;
    let flushing = tokio::spawn({
        let store = store.clone();
        async move { notifier.flush(&store, PATIENCE).await }
    });
    let arrived = async {
        while server.received().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived).await.unwrap();
    flushing.abort();
    assert_eq!(silent.received().len(), 1);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_not_said_to_hold_no_messages() {
    let (_folder, store, _booking) = booking().await;
    let server = Server::start([]).await;
    let notifier = notifier(&[hook("all", &server.base, "")], impatient());
    store.close().await;
    assert_eq!(notifier.flush(&store, Duration::from_millis(50)).await, None);
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_and_no_stored_error_repeats_a_secret() {
    let (folder, store, _booking) = booking().await;
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let server = Server::start([(404, vec![], "no secret-1 here")]).await;
    let tables = [
        hook("dead", &format!("http://tester:secret-3@{dead}"), ""),
        hook("odd", &server.base, ""),
        format!(
            "name = 'bot'\nkind = 'telegram'\ntoken = '1:secret-4'\nchat-id = 'secret-5'\napi-base = 'http://{dead}'"
        ),
        format!(
            "name = 'mail'\nkind = 'email'\nhost = '127.0.0.1'\nport = {}\ntls = 'none'\nuser = 'secret-6'\n\
             password = 'secret-7'\nfrom = 'secret-8@example.org'\nto = 'secret-9@example.org'",
            dead.port()
        ),
    ];
    let notifier = notifier(&tables, Patience { back_off: [HOUR; 5], ..impatient() });
    store.enqueue(&to_itself(&["dead", "odd", "bot", "mail"])).await.unwrap();
    assert_eq!(notifier.flush(&store, PATIENCE).await, Some(3));
    drop(guard);
    store.close().await;
    let log = String::from_utf8_lossy(&kept.0.lock().unwrap()).into_owned();
    assert_eq!(log.matches("message not sent").count(), 3, "{log}");
    assert_eq!(log.matches("message given up").count(), 1, "{log}");
    let mut all = format!("{log} {notifier:?}").into_bytes();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        all.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("the server answered 404"));
    for secret in ["secret-", "example.org", "1:secret"] {
        assert!(!all.contains(secret), "{secret}: {log}");
    }
}
