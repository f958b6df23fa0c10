//! Each of these was seen to go wrong with the crates as they come. Raw sockets, where a server
//! would be too well-behaved.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use namyangju_rent::harness::{Settings, SiteStep};
use namyangju_rent::{Client, Credentials, Error, Outcome, Purpose, Session, Site};

use crate::stage::{NOW, Stage, application};

/// A server that answers each request by a closure and keeps the requests' heads and bodies.
struct RawServer {
    base_url: String,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

/// What to do after a request was read.
enum Reply {
    Send(Vec<u8>),
    Close,
}

impl RawServer {
    fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, connections) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<usize>>::default());
        let (kept, counted, answer) = (Arc::clone(&seen), Arc::clone(&connections), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().take(64) {
                let Ok(stream) = stream else { return };
                *counted.lock().unwrap() += 1;
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                std::thread::spawn(move || Self::serve(stream, &kept, answer.as_ref()));
            }
        });
        Self { base_url, seen, connections }
    }

    fn serve(
        mut stream: TcpStream,
        kept: &Mutex<Vec<String>>,
        answer: &(dyn Fn(&str) -> Reply + Send + Sync),
    ) {
        while let Some(request) = read_request(&mut stream) {
            let reply = answer(&request);
            kept.lock().unwrap().push(request);
            match reply {
                Reply::Send(bytes) => {
                    if stream.write_all(&bytes).is_err() {
                        return;
                    }
                }
                Reply::Close => return,
            }
        }
    }

    fn client(&self) -> Client {
        let site = Site::builtin("namyangju").unwrap().with_base_url(&self.base_url).unwrap();
        Client::builder(site).exchange_timeout(Duration::from_secs(2)).build().unwrap()
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length =
        head.lines().find_map(|l| l.strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    bytes.extend(body);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn response(head: &str, body: &[u8]) -> Reply {
    let mut bytes = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend(body);
    Reply::Send(bytes)
}

const LOGGED_IN: &str = "<html><body><div id=tnb><ul><li><a>logout \u{b85c}\u{adf8}\u{c544}\u{c6c3}</a></li></ul></div></body></html>";

fn logged_in() -> Vec<u8> {
    namyangju_rent::form_fields::Charset::EUC_KR.encode(LOGGED_IN).into_owned()
}

fn credentials() -> Credentials {
    Credentials::new("invented", "invented-password")
}

#[tokio::test]
async fn raw_korean_bytes_in_a_location_are_followed() {
    let server = RawServer::start(|request| {
        if request.starts_with("POST") {
            let mut bytes =
                b"HTTP/1.1 302 Found\r\nSet-Cookie: s=1\r\nContent-Length: 0\r\nLocation: /rent/".to_vec();
            bytes.extend(b"\xC8\xAF\xBF\xB5 x?q=1\r\n\r\n");
            return Reply::Send(bytes);
        }
        response("200 OK", &logged_in())
    });
    server.client().log_in(&credentials()).await.unwrap();
    let seen = server.seen();
    assert!(seen[1].starts_with("GET /rent/%C8%AF%BF%B5%20x?q=1 "), "{seen:?}");
}

#[tokio::test]
async fn a_307_repeats_a_login_but_never_a_submission() {
    let server = RawServer::start(|request| match request {
        r if r.starts_with("POST /rent/member/process") => {
            response("307 Temporary Redirect\r\nLocation: /rent/again", b"")
        }
        _ => response("200 OK", &logged_in()),
    });
    server.client().log_in(&credentials()).await.unwrap();
    assert!(server.seen()[1].starts_with("POST /rent/again") && server.seen()[1].contains("mempw="));

    // A submission is answered by the 307 itself: what it means is read back, not sent again.
    let stage = Stage::new("namyangju", Settings::default()).await;
    let server = proxy_with(&stage, |path| {
        (path == "/rent/rent/process/rent").then(|| {
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /rent/again\r\nContent-Length: 0\r\n\r\n".to_vec()
        })
    });
    let (outcome, _session) = submit_through(&stage, &server).await;
    assert!(matches!(outcome.unwrap(), Outcome::Unknown(page) if page.status() == 307));
    assert_eq!(
        server.seen().iter().filter(|r| r.contains("receipt_time") && r.contains("club_name")).count(),
        1
    );
}

#[tokio::test]
async fn a_submission_that_was_read_and_not_answered_is_unconfirmed_and_seen_once() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let server = proxy_with(&stage, |path| (path == "/rent/rent/process/rent").then(Vec::new));
    let (outcome, _session) = submit_through(&stage, &server).await;
    assert!(matches!(outcome, Err(Error::Unconfirmed { .. })), "{outcome:?}");
    let submissions = server.seen().iter().filter(|r| r.starts_with("POST /rent/rent/process/rent")).count();
    assert_eq!(submissions, 1);
}

/// A raw server in front of a stand-in that answers some paths by itself; no bytes mean: close.
fn proxy_with(stage: &Stage, own: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> RawServer {
    let upstream = stage.server.base_url().trim_start_matches("http://").to_owned();
    RawServer::start(move |request| {
        let path = request.split(' ').nth(1).unwrap();
        match own(path) {
            Some(bytes) if bytes.is_empty() => Reply::Close,
            Some(bytes) => Reply::Send(bytes),
            None => {
                let mut stream = TcpStream::connect(&upstream).unwrap();
                let closing = request.replacen("\r\n\r\n", "\r\nconnection: close\r\n\r\n", 1);
                stream.write_all(closing.as_bytes()).unwrap();
                let mut answer = Vec::new();
                stream.read_to_end(&mut answer).unwrap();
                let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
                assert!(text.contains("connection: close"), "{text}");
                // The connection to our own client is kept.
                let at = text.find("connection: close\r\n").unwrap();
                answer.drain(at..at + "connection: close\r\n".len());
                Reply::Send(answer)
            }
        }
    })
}

async fn submit_through(stage: &Stage, server: &RawServer) -> (Result<Outcome, Error>, Session) {
    let site = stage.client.site().clone().with_base_url(&server.base_url).unwrap();
    let client = Client::builder(site)
        .clock(stage.clock.clone())
        .exchange_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let session = client.log_in(&stage.credentials()).await.unwrap();
    let wish = stage.wish();
    let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
    let form = day.open_form(wish.range).await.unwrap();
    let submitted = form.fill(&application()).unwrap().submit().await;
    (submitted.map(|s| s.outcome), session)
}

#[tokio::test]
async fn a_charset_that_only_the_page_or_the_dialect_names_is_used() {
    for (header, meta) in [
        ("text/html; charset=MS949", ""),
        ("text/html", "<meta charset=euc-kr>"),
        ("text/html", ""),
        ("text/html; charset=x-unknown", ""),
    ] {
        let server = RawServer::start(move |_| {
            let mut body = meta.as_bytes().to_vec();
            body.extend(logged_in());
            response(&format!("200 OK\r\nContent-Type: {header}"), &body)
        });
        // A login is believed only if the header's Korean text can be read.
        server.client().log_in(&credentials()).await.unwrap_or_else(|e| panic!("{header} {meta}: {e}"));
    }
}

#[tokio::test]
async fn cookies_of_every_hop_are_kept_and_raw_bytes_go_back() {
    let server = RawServer::start(|request| {
        if request.starts_with("POST") {
            let mut bytes = b"HTTP/1.1 302 Found\r\nLocation: /rent/\r\nContent-Length: 0\r\nSet-Cookie: a=1; path=/\r\nSet-Cookie: name=".to_vec();
            bytes.extend(b"\xC7\xD1; path=/\r\n\r\n");
            return Reply::Send(bytes);
        }
        response("200 OK\r\nSet-Cookie: a=2; path=/", &logged_in())
    });
    let session = server.client().log_in(&credentials()).await.unwrap();
    session.check().await.unwrap();
    let seen = server.seen();
    assert!(seen[1].contains("a=1") && seen[2].contains("a=2") && !seen[2].contains("a=1"), "{seen:?}");
    // The raw byte pair is no UTF-8: the lossy text shows its replacement, so it was sent.
    assert!(seen[2].contains("name=\u{fffd}"), "{seen:?}");
}

#[tokio::test]
async fn one_session_uses_one_connection_and_one_user_agent() {
    let server = RawServer::start(|_| response("200 OK", &logged_in()));
    let session = server.client().log_in(&credentials()).await.unwrap();
    for _ in 0..10 {
        session.check().await.unwrap();
    }
    assert_eq!(*server.connections.lock().unwrap(), 1);
    let agent = format!("user-agent: namyangju-rent/{}", env!("CARGO_PKG_VERSION"));
    for request in server.seen() {
        assert!(request.to_ascii_lowercase().contains(&agent), "{request}");
        assert!(!request.to_ascii_lowercase().contains("referer"), "{request}");
    }
}

#[tokio::test]
async fn a_connection_the_server_closed_meanwhile_is_replaced_without_an_error() {
    let server = RawServer::start(|_| {
        let Reply::Send(mut bytes) = response("200 OK", &logged_in()) else { return Reply::Close };
        // Answered, and closed at once although keep-alive was agreed.
        bytes.truncate(bytes.len());
        Reply::Send(bytes)
    });
    let session = server.client().log_in(&credentials()).await.unwrap();
    assert!(session.check().await.unwrap());
}

#[tokio::test]
async fn a_post_says_its_type_as_a_browser_does() {
    let server = RawServer::start(|_| response("200 OK", &logged_in()));
    server.client().log_in(&credentials()).await.unwrap();
    let login = &server.seen()[0].to_ascii_lowercase();
    assert!(login.contains("content-type: application/x-www-form-urlencoded\r\n"), "{login}");
    assert!(
        login.ends_with("process_check=login&memid=invented&mempw=invented-password&ret_url="),
        "{login}"
    );
}

#[tokio::test]
async fn no_second_holds_more_requests_than_the_ceiling() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let session = stage.session().await;
    for _ in 0..60 {
        session.check().await.unwrap();
    }
    let start: namyangju_rent::SeoulTime = NOW.parse().unwrap();
    let mut instants: Vec<Duration> = stage.server.arrivals().iter().map(|a| a.at.since(start)).collect();
    instants.sort();
    for first in &instants {
        let within = instants.iter().filter(|t| *t >= first && **t < *first + Duration::from_secs(1)).count();
        assert!(within <= namyangju_rent::limits::MAX_REQUESTS_PER_SECOND);
    }
    assert_eq!(stage.count(SiteStep::Home), 60);
}

#[test]
fn visits_can_cross_threads() {
    fn sendable<T: Send>() {}
    sendable::<Session>();
    sendable::<namyangju_rent::DayVisit<'static>>();
    sendable::<namyangju_rent::Form<'static>>();
    sendable::<namyangju_rent::Submission<'static>>();
    fn future_of<T: Send>(_: impl Fn(namyangju_rent::Booking) -> T) {}
    future_of(|booking| booking.run(|_| {}));
}

#[tokio::test]
async fn a_login_whose_pages_tell_nothing_is_judged_by_its_cookies() {
    for (lines, good) in [(3, true), (1, false)] {
        let server = RawServer::start(move |request| {
            let cookies = "\r\nSet-Cookie: s=1".repeat(if request.starts_with("POST") { lines } else { 0 });
            response(&format!("200 OK{cookies}"), b"<html><body>hello</body></html>")
        });
        assert_eq!(server.client().log_in(&credentials()).await.is_ok(), good, "{lines} lines");
    }
}
