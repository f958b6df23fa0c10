//! Whole captures that answer requests: by session and order, on a socket and in wiremock.

use url::Url;

use crate::har::{HarEntry, HarFile, SavedBody};
use crate::harness::{Replay, ReplayServer, Request};

const BASE: &str = "http://a.test";

fn entry(method: &str, path: &str, cookie: &str, status: u16, body: &str) -> HarEntry {
    let mut entry = HarEntry::new(method, Url::parse(&format!("{BASE}{path}")).unwrap(), status);
    if !cookie.is_empty() {
        entry.request_headers.push(("cookie".to_owned(), cookie.to_owned()));
    }
    entry.response_headers.push(("content-type".to_owned(), "text/html".to_owned()));
    entry.body = SavedBody::Text(body.to_owned());
    entry
}

fn file(entries: Vec<HarEntry>) -> HarFile {
    let number = |(at, entry): (usize, HarEntry)| HarEntry { nth: at + 1, ..entry };
    HarFile::of("1.2", "x", entries.into_iter().enumerate().map(number).collect())
}

fn get(path: &str, cookie: &str) -> Request {
    let request = Request::get(path).with_header("host", "127.0.0.1:9");
    if cookie.is_empty() { request } else { request.with_header("cookie", cookie) }
}

fn ask(replay: &mut Replay, request: &Request) -> (u16, String) {
    let answer = replay.answer(request);
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[test]
fn a_repeated_address_is_answered_in_the_order_of_the_recording() {
    let list = |body: &str| entry("GET", "/list", "", 200, body);
    let mut replay = Replay::new(&file(vec![list("one"), list("two"), list("three")]), BASE);
    let bodies: Vec<String> = (0..5).map(|_| ask(&mut replay, &get("/list", "")).1).collect();
    assert_eq!(bodies, ["one", "two", "three", "three", "three"]);
}

#[test]
fn a_request_that_was_retried_gets_the_answer_that_came() {
    let failed = HarEntry { status: 0, ..entry("GET", "/list", "", 0, "") };
    let mut replay = Replay::new(&file(vec![failed, entry("GET", "/list", "", 200, "came")]), BASE);
    assert_eq!(ask(&mut replay, &get("/list", "")), (200, "came".to_owned()));
    // A body that was not saved is passed over for one that was.
    let bare = HarEntry { body: SavedBody::Missing, ..entry("GET", "/a", "", 200, "") };
    let mut replay = Replay::new(&file(vec![bare, entry("GET", "/a", "", 200, "saved")]), BASE);
    assert_eq!(ask(&mut replay, &get("/a", "")).1, "saved");
}

#[test]
fn the_same_address_is_another_page_in_another_session() {
    let entries = vec![
        entry("GET", "/", "", 200, "guest"),
        entry("POST", "/login", "", 200, "in"),
        entry("GET", "/", "sid=x=1; b=2", 200, "member"),
    ];
    // A visitor that never was a guest, with its cookies in another order.
    let mut replay = Replay::new(&file(entries), BASE);
    assert_eq!(ask(&mut replay, &Request::post("/login", "a=1")).1, "in");
    for _ in 0..2 {
        assert_eq!(ask(&mut replay, &get("/", "b=2; sid=x=1")).1, "member");
    }
    assert_eq!(ask(&mut replay, &get("/", "")).1, "guest");
    // A head does not use an answer up.
    assert_eq!(ask(&mut replay, &Request::new("HEAD", "/")), (200, String::new()));
}

#[test]
fn a_form_is_answered_by_the_fields_that_it_has() {
    let post = |sent: &str, body: &str| {
        let mut entry = entry("POST", "/process", "", 200, body);
        entry.sent = Some(crate::har::SentBody {
            mime: "application/x-www-form-urlencoded".to_owned(),
            content: crate::har::SentContent::Text(sent.to_owned()),
        });
        entry
    };
    let entries = vec![post("a=1", "refused"), post("slot%5B%5D=1&a=2", "taken")];
    let mut replay = Replay::new(&file(entries), BASE);
    assert_eq!(ask(&mut replay, &Request::post("/process", "a=7&slot%5B%5D=3")).1, "taken");
    assert_eq!(ask(&mut replay, &Request::post("/process", "a=7")).1, "refused");
    assert_eq!(replay.left(), 0);
}

#[test]
fn several_cookies_and_values_with_equals_signs_come_as_they_were() {
    let mut login = entry("POST", "/login", "", 302, "");
    for line in
        ["sid=a=b==; path=/; secure; HttpOnly", "sid=c; Path=/; Domain=.a.test; SameSite=None; Secure", "n=1"]
    {
        login.response_headers.push(("Set-Cookie".to_owned(), line.to_owned()));
    }
    login.response_headers.push(("Location".to_owned(), format!("{BASE}/home?a=1")));
    let mut replay = Replay::new(&file(vec![login]), BASE);
    let answer = replay.answer(&Request::post("/login", "").with_header("host", "127.0.0.1:9"));
    assert_eq!(answer.set_cookies(), ["sid=a=b==; path=/; HttpOnly", "sid=c; Path=/", "n=1"]);
    assert_eq!(answer.header("location"), Some("http://127.0.0.1:9/home?a=1"));
}

#[test]
fn a_strict_replay_takes_no_other_order() {
    let entries = || vec![entry("GET", "/a?q=1", "", 200, "a"), entry("GET", "/b", "", 200, "b")];
    let mut tolerant = Replay::new(&file(entries()), BASE);
    assert_eq!(ask(&mut tolerant, &get("/b", "")).0, 200);
    assert_eq!(ask(&mut tolerant, &get("/a?q=2", "")).0, 200);
    let mut strict = Replay::new(&file(entries()), BASE).strict();
    assert_eq!(ask(&mut strict, &get("/a?q=2", "")).0, 500);
    assert_eq!(ask(&mut strict, &get("/a?q=1", "")).0, 200);
    assert_eq!(ask(&mut strict, &get("/b", "")).0, 200);
    assert_eq!(ask(&mut strict, &get("/b", "")).0, 500);
    assert_eq!(strict.misses().len(), 2);
    assert!(ask(&mut strict, &get("/c", "")).1.contains("/c"));
}

#[tokio::test]
async fn both_servers_answer_alike() {
    let entries = || vec![entry("GET", "/a", "", 200, "one"), entry("GET", "/a", "", 404, "two")];
    let server = ReplayServer::start(Replay::new(&file(entries()), BASE)).await.unwrap();
    let builder = reqwest::Client::builder().no_proxy();
    let client = crate::net::tls::Tls::unused().unwrap().apply(builder).build().unwrap();
    let ask = async |base: &str| {
        let answer = client.get(format!("{base}/a")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let expected = [(200, "one".to_owned()), (404, "two".to_owned())];
    let base = server.base_url();
    assert_eq!([ask(&base).await, ask(&base).await], expected);
    assert_eq!(server.asked().iter().map(|asked| asked.entry).collect::<Vec<_>>(), [Some(1), Some(2)]);
    #[cfg(feature = "wiremock")]
    {
        let (mock, replay) =
            crate::harness::wiremock::replay_server(Replay::new(&file(entries()), BASE)).await;
        assert_eq!([ask(&mock.uri()).await, ask(&mock.uri()).await], expected);
        assert_eq!(replay.lock().unwrap().misses().len(), 0);
    }
}
