//! Mails to a small SMTP server on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{channel, config, impatient, note};
use crate::notify::notifier::Notifier;
use crate::notify::outbox::Patience;
use crate::store::NewMessage;
use crate::testing::stored;

/// Takes one mail and gives what the client said. `refuse` is the answer to `RCPT`, if it is refused.
pub(super) async fn server(refuse: Option<&'static str>) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut heard = String::new();
        let mut in_mail = false;
        write.write_all(b"220 test ESMTP\r\n").await.unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            heard.push_str(&line);
            heard.push('\n');
            let answer = match line.split(' ').next().unwrap_or_default() {
                "." => {
                    in_mail = false;
                    "250 taken"
                }
                _ if in_mail => continue,
                "EHLO" => "250-test\r\n250 AUTH PLAIN",
                "AUTH" => "235 welcome",
                "RCPT" => refuse.unwrap_or("250 ok"),
                "DATA" => {
                    in_mail = true;
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            if line == "QUIT" {
                break;
            }
        }
        heard
    });
    (port, heard)
}

/// Takes mails one after another, answers each `RCPT` by its address, and keeps who got each of them.
async fn choosy(
    answer: impl Fn(&str, usize) -> &'static str + Send + 'static,
) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&taken);
    tokio::spawn(async move {
        for mail in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let (mut to, mut in_mail) = (Vec::new(), false);
            write.write_all(b"220 test ESMTP\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match line.split(' ').next().unwrap_or_default() {
                    "." => {
                        in_mail = false;
                        kept.lock().unwrap().push(to.join(" "));
                        "250 taken"
                    }
                    _ if in_mail => continue,
                    "EHLO" => "250-test\r\n250 AUTH PLAIN",
                    "AUTH" => "235 welcome",
                    "RCPT" => {
                        let user = line.split(['<', '@']).nth(1).unwrap().to_owned();
                        let answer = answer(&user, mail);
                        if answer.starts_with('2') {
                            to.push(user);
                        }
                        answer
                    }
                    "DATA" => {
                        in_mail = true;
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 ok",
                };
                write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            }
        }
    });
    (port, taken)
}

/// Sends one stored message to one@ and two@; gives what is kept of a message that failed.
async fn stored_mail(port: u16) -> Vec<(u32, String)> {
    let (_folder, store, _) = stored(None, "2026-11-26 10:00:00".parse().unwrap()).await;
    let notifier = Notifier::with(&config(vec![channel(&table(port)).unwrap()]), impatient(), None).unwrap();
    let channels = vec!["mail".to_owned()];
    let message = NewMessage { booking: None, kind: "verdict", body: json!({ "state": "failed" }), channels };
    store.enqueue(&message).await.unwrap();
    assert_eq!(notifier.flush(&store, Duration::from_secs(20)).await, Some(0));
    let failing = store.messages_failing(9).await.unwrap();
    failing.into_iter().map(|message| (message.tries, message.last_error.unwrap())).collect()
}

#[tokio::test]
async fn a_refused_recipient_keeps_the_mail_from_no_other_and_is_named() {
    let (port, taken) = choosy(|user, _| match user {
        "one" => "550 5.1.1 <one@example.org>: no such mailbox",
        _ => "250 ok",
    })
    .await;
    let failing = stored_mail(port).await;
    assert_eq!(*taken.lock().unwrap(), ["two"]);
    let told = "given up: recipient 1 (o***) is refused, the mail server answered 550: 5.1.1 *** no such mailbox; \
                the others have it";
    assert_eq!(failing, [(1, told.to_owned())]);
}

#[tokio::test]
async fn a_recipient_that_is_refused_for_now_is_tried_again_alone() {
    let (port, taken) = choosy(|user, mail| match (user, mail) {
        ("two", 0) => "450 4.2.0 greylisted, come again",
        _ => "250 ok",
    })
    .await;
    assert_eq!(stored_mail(port).await, []);
    assert_eq!(*taken.lock().unwrap(), ["one", "two"]);
}

#[tokio::test]
async fn a_mail_that_all_recipients_refuse_for_good_is_tried_once() {
    let (port, taken) =
        choosy(|_, mail| if mail == 0 { "550 5.1.1 no such mailbox" } else { "250 ok" }).await;
    let failing = stored_mail(port).await;
    assert_eq!(failing, [(1, "given up: the mail server answered 550: 5.1.1 no such mailbox".to_owned())]);
    assert!(taken.lock().unwrap().is_empty());
}

fn table(port: u16) -> String {
    format!(
        "name = 'mail'\nkind = 'email'\nhost = '127.0.0.1'\nport = {port}\ntls = 'none'\nuser = 'tester1'\n\
         password = 'invented-1'\nfrom = '테니스 <runner@example.org>'\nto = ['one@example.org', 'two@example.org']"
    )
}

async fn send(table: &str, patience: Patience) -> Result<(), String> {
    let notifier = Notifier::with(&config(vec![channel(table).unwrap()]), patience, None).unwrap();
    notifier.send(&notifier.channels()[0], &note()).await.map_err(|failure| failure.text)
}

/// The encoded words of a header, decoded.
fn decoded(header: &str) -> String {
    let words = header.split("=?utf-8?b?").skip(1).map(|word| word.split("?=").next().unwrap());
    words.map(|word| String::from_utf8(STANDARD.decode(word).unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn a_mail_has_its_headers_and_its_korean() {
    let (port, heard) = server(None).await;
    send(&table(port), impatient()).await.unwrap();
    let heard = heard.await.unwrap();
    for line in [
        "AUTH PLAIN AHRlc3RlcjEAaW52ZW50ZWQtMQ==",
        "MAIL FROM:<runner@example.org>",
        "RCPT TO:<one@example.org>",
        "RCPT TO:<two@example.org>",
        "Auto-Submitted: auto-generated",
        "Message-ID: <rent-runner.1795654801000000.17@example.org>",
        "Date: Thu, 26 Nov 2026 01:00:01 +0000",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(heard.lines().any(|found| found.starts_with(line)), "{line}: {heard}");
    }
    let subject = heard.split("\nSubject: ").nth(1).unwrap().split("\nDate:").next().unwrap();
    let subject: String = subject.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    assert!(decoded(&subject).contains("예약 성공: 다산"), "{subject}");
    let body = heard.split("\n\n").nth(1).unwrap().split("\n.").next().unwrap();
    let body = match heard.contains("Content-Transfer-Encoding: base64") {
        true => String::from_utf8(STANDARD.decode(body.replace('\n', "")).unwrap()).unwrap(),
        false => body.to_owned(),
    };
    assert!(body.contains("접수번호: 20260001"), "{heard}");
}

#[tokio::test]
async fn a_refusal_keeps_the_code_and_no_address() {
    let (port, _) = server(Some("550 5.1.1 <one@example.org> of tester1: no such mailbox")).await;
    let why = send(&table(port), impatient()).await.unwrap_err();
    assert!(why.starts_with("the mail server answered 550: ") && why.ends_with("no such mailbox"), "{why}");
    for secret in ["example.org", "tester1", "invented-1", "one@", "127.0.0.1"] {
        assert!(!why.contains(secret), "{secret}: {why}");
    }
}

#[tokio::test]
async fn a_dead_and_a_silent_server_are_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let patience = Patience { each: Duration::from_millis(50), ..impatient() };
    assert_eq!(send(&table(port), patience).await.unwrap_err(), "no answer within 50ms");
    drop(listener);
    let why = send(&table(port), impatient()).await.unwrap_err();
    assert!(why.starts_with("the mail server could not be spoken to"), "{why}");
    assert!(!why.contains("127.0.0.1"), "{why}");
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_to_a_server_without_tls() {
    let (port, heard) = server(None).await;
    let table = table(port).replace("tls = 'none'", "tls = 'starttls'");
    assert!(send(&table, impatient()).await.is_err());
    let heard = heard.await.unwrap();
    assert!(!heard.contains("AUTH") && !heard.contains("MAIL"), "{heard}");
}
