//! The exact requests of each kind, and what every odd answer means.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::server::{Answer, Received, Server};
use super::{channel, config, impatient, note, note_of, notifier};
use crate::notify::message::Kind;
use crate::notify::notifier::Notifier;
use crate::notify::outbox::Patience;
use crate::store::State;

/// Sends one message to a server that answers like this.
async fn send(table: &str, answers: Vec<Answer>) -> (Server, Result<(), (String, Option<Duration>)>) {
    let server = Server::start(answers).await;
    let notifier = notifier(&[&format!("name = 'phone'\n{}", table.replace("BASE", &server.base))]);
    let result = notifier.send(&notifier.channels()[0], &note()).await;
    (server, result.map_err(|failure| (failure.text, failure.after)))
}

const WEBHOOK: &str = "kind = 'webhook'\nurl = 'BASE/hook/secret-1?key=secret-2'";

#[tokio::test]
async fn a_webhook_gets_the_facts() {
    let (server, result) = send(WEBHOOK, vec![(204, vec![], "")]).await;
    assert_eq!(result, Ok(()));
    let got = server.only();
    assert_eq!((got.method.as_str(), got.path.as_str()), ("POST", "/hook/secret-1?key=secret-2"));
    assert_eq!(got.headers["content-type"], "application/json");
    assert!(got.headers["user-agent"].to_str().unwrap().starts_with("rent-runner/"));
    let mut body = got.json();
    let text = body.as_object_mut().unwrap().remove("text").unwrap();
    assert!(text.as_str().unwrap().contains("접수번호: 20260001"), "{text}");
    assert_eq!(
        body,
        json!({
            "id": 17, "kind": "verdict", "booking": 3, "place": "NYJ06/07/103", "date": "2026-12-05",
            "time": "06:00-08:00", "state": "succeeded", "reason": "reserved <at once> & read back",
            "receipt": "20260001", "opens_at": "2026-11-26T10:00:00.000000+09:00",
            "title": "예약 성공: 다산 행정복지센터 체육공원2호 테니스장 12월 5일(토) 06:00~08:00",
            "at": "2026-11-26T10:00:01.000000+09:00", "test": false,
        })
    );
}

#[tokio::test]
async fn slack_and_discord_get_a_text_that_mentions_nobody() {
    let (server, result) =
        send("kind = 'slack'\nurl = 'BASE/services/T/B/x'", vec![(200, vec![], "ok")]).await;
    assert_eq!(result, Ok(()));
    let body = server.only().json();
    let text = body["text"].as_str().unwrap();
    assert!(text.starts_with("*예약 성공: ") && text.contains("&lt;at once&gt; &amp; read"), "{text}");
    assert_eq!(body.as_object().unwrap().len(), 1);

    let (server, result) =
        send("kind = 'discord'\nurl = 'BASE/api/webhooks/1/x'", vec![(204, vec![], "")]).await;
    assert_eq!(result, Ok(()));
    let body = server.only().json();
    assert!(body["content"].as_str().unwrap().starts_with("**예약 성공: "), "{body}");
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
}

#[tokio::test]
async fn telegram_is_written_to_by_its_bot() {
    let table = "kind = 'telegram'\ntoken = '123:secret-1'\nchat-id = -1009\napi-base = 'BASE'";
    let (server, result) = send(table, vec![(200, vec![], "{\"ok\":true}")]).await;
    assert_eq!(result, Ok(()));
    let got = server.only();
    assert_eq!(got.path, "/bot123:secret-1/sendMessage");
    let body = got.json();
    assert_eq!(
        (&body["chat_id"], &body["link_preview_options"]["is_disabled"]),
        (&"-1009".into(), &true.into())
    );
    assert!(body["text"].as_str().unwrap().contains("예약 성공"), "{body}");

    let no = "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: chat not found\"}";
    let (_, result) = send(table, vec![(400, vec![], no)]).await;
    assert_eq!(result, Err(("the server answered 400: Bad Request: chat not found".into(), None)));
    let (_, result) = send(table, vec![(200, vec![], no)]).await;
    assert_eq!(result, Err(("the server answered 200: Bad Request: chat not found".into(), None)));
    let rest = "{\"ok\":false,\"description\":\"Too Many Requests\",\"parameters\":{\"retry_after\":9}}";
    let (_, result) = send(table, vec![(429, vec![], rest)]).await;
    let told = "the server answered 429: Too Many Requests".to_owned();
    assert_eq!(result, Err((told, Some(Duration::from_secs(9)))));
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_is_written_to_by_its_new_id() {
    let moved = "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: group chat was upgraded\",\
                 \"parameters\":{\"migrate_to_chat_id\":-1001234567890}}";
    let server = Server::with(move |request| {
        let gone = request.json()["chat_id"] == "-4321";
        Some(if gone { (400, vec![], moved) } else { (200, vec![], "{\"ok\":true}") })
    })
    .await;
    let table =
        "name = 'phone'\nkind = 'telegram'\ntoken = '123:secret-1'\nchat-id = -4321\napi-base = 'BASE'";
    let notifier = notifier(&[&table.replace("BASE", &server.base)]);
    for _ in 0..2 {
        notifier.send(&notifier.channels()[0], &note()).await.unwrap();
    }
    let bodies: Vec<_> = server.received().iter().map(Received::json).collect();
    let chats: Vec<_> = bodies.iter().map(|body| body["chat_id"].as_str().unwrap()).collect();
    assert_eq!(chats, ["-4321", "-1001234567890", "-1001234567890"]);
    let tells: Vec<_> =
        bodies.iter().map(|b| b["text"].as_str().unwrap().contains("-1001234567890")).collect();
    assert_eq!(tells, [false, true, false], "the chat is told once");
}

#[tokio::test]
async fn ntfy_gets_a_priority_by_what_happened() {
    let table = "kind = 'ntfy'\nserver = 'BASE'\ntopic = 'invented'\ntoken = 'tk_secret-1'";
    let (server, result) = send(table, vec![]).await;
    assert_eq!(result, Ok(()));
    let got = server.only();
    assert_eq!(
        (got.path.as_str(), &got.headers["authorization"]),
        ("/", &"Bearer tk_secret-1".parse().unwrap())
    );
    let body = got.json();
    assert_eq!(
        (&body["topic"], &body["priority"], &body["tags"]),
        (&"invented".into(), &3.into(), &json!(["tennis"]))
    );
    assert!(body["title"].as_str().unwrap().starts_with("예약 성공"), "{body}");

    for (kind, state, priority) in [
        (Kind::Alarm, State::Waiting, 4),
        (Kind::Block, State::Blocked, 5),
        (Kind::Verdict, State::Failed, 4),
        (Kind::Verdict, State::Unconfirmed, 5),
    ] {
        let server = Server::start([]).await;
        let notifier =
            notifier(&[&format!("name = 'a'\nkind = 'ntfy'\nserver = '{}'\ntopic = 'x'", server.base)]);
        notifier.send(&notifier.channels()[0], &note_of(kind, state)).await.unwrap();
        let got = server.only();
        assert_eq!(got.json()["priority"], Value::from(priority));
        assert!(got.headers.get("authorization").is_none());
    }
}

#[tokio::test]
async fn no_failure_repeats_an_address_or_a_token() {
    let asks = |value: &str| vec![("retry-after", value.to_owned())];
    let cases = [
        ((500, vec![], "secret-1"), "the server answered 500", None),
        ((404, vec![], "no /hook/secret-1 here"), "the server answered 404", None),
        ((429, asks("7"), ""), "the server answered 429", Some(7)),
        ((503, asks("99999999"), ""), "the server answered 503", Some(3600)),
        ((500, asks("7"), ""), "the server answered 500", None),
        (
            (302, vec![("location", "/elsewhere/secret-1".to_owned())], ""),
            "the server answered 302, a redirect, which is not followed: give the address it leads to",
            None,
        ),
    ];
    for (answer, text, seconds) in cases {
        let (server, result) = send(WEBHOOK, vec![answer]).await;
        assert_eq!(result, Err((text.to_owned(), seconds.map(Duration::from_secs))));
        server.only();
    }
    let echo = "{\"code\":403,\"error\":\"no access to topic-1\"}";
    let (_, result) =
        send("kind = 'ntfy'\nserver = 'BASE'\ntopic = 'topic-1'", vec![(403, vec![], echo)]).await;
    assert_eq!(result, Err(("the server answered 403: no access to ***".to_owned(), None)));
    let echo = "{\"message\":\"no webhook at /api/webhooks/1/secret-1\"}";
    let (_, result) =
        send("kind = 'discord'\nurl = 'BASE/api/webhooks/1/secret-1'", vec![(404, vec![], echo)]).await;
    assert_eq!(result, Err(("the server answered 404: no webhook at ***".to_owned(), None)));
}

#[tokio::test]
async fn pushover_bark_and_apprise_get_what_they_take() {
    let table = "kind = 'pushover'\ntoken = 'token-1'\nuser = 'user-1'\napi-base = 'BASE'";
    let (server, result) = send(table, vec![(200, vec![], "{\"status\":1}")]).await;
    assert_eq!(result, Ok(()));
    let (got, body) = (server.only(), server.only().json());
    assert_eq!((got.path.as_str(), &body["priority"]), ("/1/messages.json", &0.into()));
    assert_eq!((&body["token"], &body["user"]), (&"token-1".into(), &"user-1".into()));
    assert!(body["title"].as_str().unwrap().starts_with("예약 성공: "), "{body}");
    let no = "{\"status\":0,\"errors\":[\"user user-1 is invalid for token-1\"]}";
    let (_, result) = send(table, vec![(400, vec![], no)]).await;
    assert_eq!(result, Err(("the server answered 400: user *** is invalid for ***".to_owned(), None)));

    let table = "kind = 'bark'\ntoken = 'token-1'\nserver = 'BASE/own/'";
    let (server, result) = send(table, vec![(200, vec![], "{\"code\":200,\"message\":\"success\"}")]).await;
    assert_eq!(result, Ok(()));
    let (got, body) = (server.only(), server.only().json());
    assert_eq!((got.path.as_str(), &body["device_key"]), ("/own/push", &"token-1".into()));
    assert_eq!(body["level"], "active");
    let no = "{\"code\":400,\"message\":\"failed to get device token of token-1\"}";
    let (_, result) = send(table, vec![(400, vec![], no)]).await;
    assert_eq!(result, Err(("the server answered 400: failed to get device token of ***".to_owned(), None)));

    let table = "kind = 'apprise'\nurl = 'BASE/notify/secret-1'";
    let (server, result) = send(table, vec![(200, vec![], "")]).await;
    assert_eq!(result, Ok(()));
    let (got, body) = (server.only(), server.only().json());
    assert_eq!((got.path.as_str(), &body["type"]), ("/notify/secret-1", &"success".into()));
    let (_, result) = send(table, vec![(424, vec![], "{\"error\":\"no secret-1\"}")]).await;
    assert_eq!(result, Err(("the server answered 424: no ***".to_owned(), None)));
}

#[tokio::test]
async fn a_dead_address_and_a_silent_server_are_told_without_their_names() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let dead = notifier(&[&format!("name = 'a'\nkind = 'webhook'\nurl = 'http://{address}/secret-1'")]);
    let failure = dead.send(&dead.channels()[0], &note()).await.unwrap_err();
    assert!(failure.text.starts_with("no connection"), "{failure:?}");
    assert!(!failure.text.contains("127.0.0.1") && !failure.text.contains("secret-1"), "{failure:?}");

    // It takes the connection and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let table =
        format!("name = 'a'\nkind = 'webhook'\nurl = 'http://{}/secret-1'", silent.local_addr().unwrap());
    let patience = Patience { each: Duration::from_millis(50), ..impatient() };
    let settings = config(vec![channel(&table).unwrap()]);
    let notifier = Notifier::with(&settings, patience, None).unwrap();
    let failure = notifier.send(&notifier.channels()[0], &note()).await.unwrap_err();
    assert_eq!(failure.text, "no answer within 50ms");
}

#[tokio::test]
async fn an_extra_ca_that_cannot_be_read_is_named() {
    let mut settings =
        config(vec![channel("name = 'a'\nkind = 'webhook'\nurl = 'https://localhost:1/secret-1'").unwrap()]);
    settings.extra_ca = Some("/nowhere/ca.pem".into());
    let notifier = Notifier::with(&settings, impatient(), None).unwrap();
    let failure = notifier.send(&notifier.channels()[0], &note()).await.unwrap_err();
    assert!(failure.text.contains("/nowhere/ca.pem") && !failure.text.contains("secret-1"), "{failure:?}");
}
