//! The server on real loopback sockets: what only a socket can show.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::robot::NOW;
use crate::Site;
use crate::clock::{Clock, SystemClock};
use crate::harness::*;

fn machine(change: impl FnOnce(&mut Settings)) -> StandIn {
    let mut settings = Settings::default();
    change(&mut settings);
    StandIn::new(&Site::builtin("namyangju").unwrap(), settings)
}

fn faulty(kind: FaultKind) -> StandIn {
    machine(|s| s.faults = vec![Fault { step: SiteStep::Home, nth: 1, kind }])
}

async fn server(stand_in: StandIn) -> StandInServer {
    StandInServer::start(stand_in, Arc::new(ManualClock::new(NOW.parse().unwrap()))).await.unwrap()
}

async fn ask(server: &StandInServer, method: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request =
        format!("{method} /rent/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address());
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn fetch(server: &StandInServer) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ask(server, "GET").await.read_to_end(&mut bytes).await.map(|_| bytes)
}

fn split(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a whole head") + 4;
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), &bytes[end..])
}

fn length(head: &str) -> usize {
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    line.expect("a length").parse().unwrap()
}

#[tokio::test]
async fn a_page_comes_with_the_sites_date_and_its_length() {
    let server = server(machine(|_| {})).await;
    let bytes = fetch(&server).await.unwrap();
    let (head, body) = split(&bytes);
    assert!(
        head.starts_with("HTTP/1.1 200 OK") && head.contains("date: Thu, 26 Nov 2026 01:00:00 GMT"),
        "{head}"
    );
    assert_eq!(length(&head), body.len());
    let mut bytes = Vec::new();
    ask(&server, "HEAD").await.read_to_end(&mut bytes).await.unwrap();
    let (head, nothing) = split(&bytes);
    assert_eq!((length(&head), nothing.len()), (body.len(), 0));
    assert_eq!((server.connections(), server.arrivals().len()), (2, 2));
    assert!(server.site().unwrap().base_url().port().is_some());
    // The page prints the address it was asked at.
    let text = server.with(|s| s.site.charset().decode(body).into_owned());
    assert!(text.contains(&format!("{}/rent/member/login", server.base_url())));
    server.stop().await;
}

#[tokio::test]
async fn chunks_have_no_length() {
    let server = server(machine(|s| s.framing = Framing::Chunked)).await;
    let bytes = fetch(&server).await.unwrap();
    let (head, body) = split(&bytes);
    assert!(head.contains("transfer-encoding: chunked") && !head.contains("content-length"), "{head}");
    assert!(body.ends_with(b"\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn lost_and_dropped_answers_leave_no_byte() {
    for kind in [FaultKind::LoseAnswer, FaultKind::DropBefore] {
        let server = server(faulty(kind)).await;
        assert_eq!(fetch(&server).await.unwrap_or_default(), b"");
        assert!(!fetch(&server).await.unwrap().is_empty(), "only the first");
    }
}

#[tokio::test]
async fn a_reset_comes_in_the_middle_of_the_body() {
    let server = server(faulty(FaultKind::Reset)).await;
    let mut stream = ask(&server, "GET").await;
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    // What was read before the reset is lost with some systems; never more than half of the page is there.
    if !bytes.is_empty() {
        let (head, body) = split(&bytes);
        assert!(body.len() < length(&head));
    }
}

#[tokio::test]
async fn a_wrong_length_ends_in_a_plain_close() {
    let server = server(faulty(FaultKind::WrongLength)).await;
    let bytes = fetch(&server).await.unwrap();
    let (head, body) = split(&bytes);
    assert_eq!(length(&head), body.len() + 64);
}

#[tokio::test]
async fn silence_lasts_until_the_server_stops() {
    let server = server(faulty(FaultKind::Silence)).await;
    let mut stream = ask(&server, "GET").await;
    let mut byte = [0];
    let waited = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut byte)).await;
    assert!(waited.is_err(), "not a byte, not an end");
    server.stop().await;
    assert_eq!(stream.read(&mut byte).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn delays_pass_on_the_given_clock() {
    let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
    let hour = Duration::from_secs(3600);
    let delay = Delay { base: hour, jitter: Duration::ZERO };
    let carried: Arc<dyn Clock> = clock.clone();
    let server =
        StandInServer::start(machine(|s| (s.there, s.back) = (delay, delay)), carried).await.unwrap();
    fetch(&server).await.unwrap();
    assert_eq!(server.arrivals()[0].at, NOW.parse::<crate::SeoulTime>().unwrap().plus(hour));
    assert_eq!(clock.monotonic(), 2 * hour);
}

#[tokio::test]
async fn other_machines_are_kept_out_unless_told_otherwise() {
    let any = "0.0.0.0:0".parse().unwrap();
    let clock = || Arc::new(SystemClock);
    let refused = StandInServer::start_on(any, false, machine(|_| {}), clock()).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
    assert!(refused.to_string().contains("127.0.0.1"));
    assert!(StandInServer::spawn_on(any, false, machine(|_| {}), clock()).is_err());
}

#[test]
fn a_server_on_its_own_thread_serves_any_runtime_and_ends_when_dropped() {
    let server = StandInServer::spawn(machine(|_| {}), Arc::new(SystemClock)).unwrap();
    let address = server.address();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { assert!(fetch(&server).await.unwrap().starts_with(b"HTTP/1.1 200")) });
    drop(server);
    assert!(std::net::TcpStream::connect(address).is_err());
    let again = StandInServer::spawn(machine(|_| {}), Arc::new(SystemClock)).unwrap();
    runtime.block_on(again.stop());
}
