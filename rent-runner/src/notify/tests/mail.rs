//! Mails to a small SMTP server on loopback.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{channel, config, impatient, note};
use crate::notify::notifier::{Notifier, Patience};

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
