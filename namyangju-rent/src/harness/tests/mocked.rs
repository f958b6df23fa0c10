//! The stand-in in wiremock, and the matchers.

use std::sync::Arc;

use ::wiremock::matchers::any;
use ::wiremock::{Mock, MockServer, ResponseTemplate};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::robot::NOW;
use crate::Site;
use crate::form_fields::Charset;
use crate::harness::wiremock::{form_field, form_fields, mock_server, query_text};
use crate::harness::*;

async fn send(server: &MockServer, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        server.address(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    Charset::EUC_KR.decode(&bytes).into_owned()
}

fn machine(settings: Settings) -> StandIn {
    StandIn::new(&Site::builtin("namyangju").unwrap(), settings)
}

#[tokio::test]
async fn the_machine_answers_inside_wiremock() {
    let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
    let mocked = mock_server(machine(Settings::default()), clock).await;
    let login = "process_check=login&memid=tester1&mempw=invented-1&ret_url=";
    let answer = send(&mocked.server, "POST /rent/member/process", login).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("로그아웃"), "{answer}");
    assert_eq!(answer.matches("set-cookie: ci_session=").count(), 3);
    assert_eq!(answer.matches("date: Thu, 26 Nov 2026 01:00:00 GMT").count(), 1);
    let head = send(&mocked.server, "HEAD /rent/", "").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(mocked.with(|s| s.arrivals().len()), 2);
    assert_eq!(mocked.site().unwrap().base_url().port(), Some(mocked.server.address().port()));
    mocked.server.verify().await;
}

#[tokio::test]
async fn a_wrong_address_is_loud() {
    let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
    let mocked = mock_server(machine(Settings::default()), clock).await;
    let answer = send(&mocked.server, "GET /rent/rent/inputform", "").await;
    assert!(
        answer.starts_with("HTTP/1.1 500") && answer.contains("no such address: GET /rent/rent/inputform")
    );
    // Dropping it now would fail the test, which is its purpose.
    mocked.server.reset().await;
}

#[tokio::test]
async fn a_fault_of_the_wire_says_that_wiremock_cannot_do_it() {
    let faults = vec![Fault { step: SiteStep::Any, nth: 1, kind: FaultKind::LoseAnswer }];
    let settings = Settings { faults, ..Settings::default() };
    let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
    let mocked = mock_server(machine(settings), clock).await;
    assert!(send(&mocked.server, "GET /rent/", "").await.contains("x-stand-in-fault: Close"));
}

#[tokio::test]
async fn matchers_read_korean() {
    let server = MockServer::start().await;
    let whole = form_fields([("a[]", "1"), ("a[]", "2"), ("b", "운동")]);
    Mock::given(whole).respond_with(ResponseTemplate::new(201)).mount(&server).await;
    let field = form_field("playname", "테니스");
    Mock::given(field).respond_with(ResponseTemplate::new(202)).mount(&server).await;
    Mock::given(query_text("q", "다산")).respond_with(ResponseTemplate::new(203)).mount(&server).await;
    let utf8 = form_field("utf8", "테니스").in_charset(Charset::UTF_8);
    Mock::given(utf8).respond_with(ResponseTemplate::new(205)).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(404)).mount(&server).await;
    let status = async |target: &str, body: &str| {
        let answer = send(&server, &format!("POST {target}"), body).await;
        answer[9..12].to_owned()
    };
    assert_eq!(status("/", "a%5B%5D=1&a%5B%5D=2&b=%BF%EE%B5%BF").await, "201");
    assert_eq!(status("/", "a%5B%5D=2&a%5B%5D=1&b=%BF%EE%B5%BF").await, "404");
    assert_eq!(status("/", "x=1&playname=%C5%D7%B4%CF%BD%BA").await, "202");
    assert_eq!(status("/", "playname=%25C5%25D7%25B4%25CF%25BD%25BA").await, "404");
    assert_eq!(status("/?q=%B4%D9%BB%EA", "").await, "203");
    assert_eq!(status("/", "utf8=%ED%85%8C%EB%8B%88%EC%8A%A4").await, "205");
}
