//! Connections on real sockets and a hand-moved clock, judged by the stand-in's own log.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::robot::{DATE, NOW, PLACE};
use crate::clock::Clock;
use crate::harness::*;
use crate::{Application, Booking, Client, Credentials, Report, SeoulTime, Site, Verdict, Wish};

/// When the day opens that is booked.
const OPENING: &str = "2026-11-26 10:05:00";

struct Scene {
    server: StandInServer,
    clock: Arc<ManualClock>,
}

impl Scene {
    async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        change(&mut settings);
        let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
        let stand_in = StandIn::new(&Site::builtin("namyangju").unwrap(), settings);
        let carried: Arc<dyn Clock> = clock.clone();
        Self { server: StandInServer::start(stand_in, carried).await.unwrap(), clock }
    }

    /// A connection that the server has accepted.
    async fn connect(&self) -> TcpStream {
        let before = self.server.connections();
        let stream = TcpStream::connect(self.server.address()).await.unwrap();
        self.until(|server| server.connections() > before).await;
        stream
    }

    async fn until(&self, holds: impl Fn(&StandInServer) -> bool) {
        for _ in 0..10_000 {
            if holds(&self.server) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("never came: {:?}", self.server.connection_log());
    }

    /// A whole booking of the crate's own client, for the opening.
    async fn book(&self) -> Report {
        let client = Client::builder(self.server.site().unwrap()).clock(self.clock.clone());
        let wish = Wish {
            place: PLACE.parse().unwrap(),
            date: DATE.parse().unwrap(),
            range: "06:00-08:00".parse().unwrap(),
            purpose: Default::default(),
        };
        let application = Application::new("테스트클럽", "4".parse().unwrap(), "테니스", "운동");
        let credentials = Credentials::new("tester1", "invented-1");
        let booking = Booking::new(client.build().unwrap(), credentials, wish, application);
        booking.opens_at(OPENING.parse().unwrap()).run(|_| {}).await
    }

    fn closed(&self) -> Vec<Option<ClosedBy>> {
        self.server.connection_log().iter().map(|seen| seen.closed.map(|(_, by)| by)).collect()
    }
}

/// Asks for the home page on a connection that is kept; gives the head of the answer.
async fn ask(stream: &mut TcpStream) -> io::Result<String> {
    stream.write_all(b"GET /rent/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await?;
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if bytes.len() >= head.len() + 4 + length.parse::<usize>().unwrap() {
                return Ok(head.to_owned());
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn ends(stream: &mut TcpStream) -> bool {
    stream.read(&mut [0]).await.is_ok_and(|read| read == 0)
}

#[tokio::test]
async fn a_silent_connection_is_closed_when_its_time_is_over() {
    let scene = Scene::new(|s| s.web_server = WebServer::apache()).await;
    let mut stream = scene.connect().await;
    for left in [99, 98] {
        let head = ask(&mut stream).await.unwrap();
        assert!(head.contains(&format!("keep-alive: timeout=5, max={left}")), "{head}");
        scene.clock.sleep(Duration::from_millis(4_999)).await;
    }
    scene.clock.advance(Duration::from_millis(1));
    assert!(ends(&mut stream).await);
    let [seen] = &scene.server.connection_log()[..] else { panic!("one connection") };
    let closed = NOW.parse::<SeoulTime>().unwrap().plus(Duration::from_millis(2 * 4_999 + 1));
    assert_eq!((seen.number, seen.requests), (1, 2));
    assert_eq!(seen.closed, Some((closed, ClosedBy::IdleTimeout)));
}

#[tokio::test]
async fn a_connection_that_never_asks_has_its_own_time() {
    let scene = Scene::new(|s| s.web_server = WebServer::apache()).await;
    let mut stream = scene.connect().await;
    scene.clock.sleep(Duration::from_secs(19)).await;
    assert_eq!(scene.closed(), [None]);
    scene.clock.advance(Duration::from_secs(1));
    assert!(ends(&mut stream).await);
    assert_eq!(scene.closed(), [Some(ClosedBy::IdleTimeout)]);
}

#[tokio::test]
async fn the_last_request_of_a_connection_says_so() {
    let scene = Scene::new(|s| {
        s.web_server.keep_alive = KeepAlive { requests: Some(2), announced: true, ..KeepAlive::default() };
    })
    .await;
    let mut stream = scene.connect().await;
    assert!(ask(&mut stream).await.unwrap().contains("keep-alive: max=1\r\nconnection: Keep-Alive"));
    let head = ask(&mut stream).await.unwrap();
    assert!(head.contains("connection: close") && !head.contains("keep-alive:"), "{head}");
    assert!(ends(&mut stream).await);
    let mut second = scene.connect().await;
    ask(&mut second).await.unwrap();
    drop(second);
    scene.until(|server| server.connection_log().iter().all(|seen| seen.closed.is_some())).await;
    assert_eq!(scene.closed(), [Some(ClosedBy::LastRequest), Some(ClosedBy::Client)]);
    let arrivals = scene.server.arrivals();
    let came: Vec<_> = arrivals.iter().map(|a| (a.connection, a.nth, a.on_new_connection())).collect();
    assert_eq!(came, [(1, 1, true), (1, 2, false), (2, 1, true)]);
    scene.server.with(StandIn::forget_arrivals);
    assert!(scene.server.connection_log().is_empty());
    assert_eq!(scene.server.connections(), 2);
}

#[tokio::test]
async fn a_reset_leaves_no_byte_and_a_stop_is_a_stop() {
    let swamp = |at: SeoulTime| Swamp {
        from: at,
        until: at.plus(Duration::from_secs(1)),
        errors: 0.0,
        resets: 1.0,
        slow: 0.0,
        longest: Duration::ZERO,
    };
    let scene = Scene::new(|s| s.swamp = Some(swamp(NOW.parse().unwrap()))).await;
    let mut stream = scene.connect().await;
    assert_eq!(ask(&mut stream).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    scene.until(|server| server.connection_log()[0].closed.is_some()).await;
    assert_eq!(scene.closed(), [Some(ClosedBy::Fault)]);
    scene.clock.advance(Duration::from_secs(1));
    let mut stream = scene.connect().await;
    ask(&mut stream).await.unwrap();
    let Scene { server, .. } = scene;
    let log = server.stop().await;
    assert_eq!(log[1].closed.map(|(_, by)| by), Some(ClosedBy::Stop));
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_on_the_given_clock() {
    let scene = Scene::new(|s| {
        let from = NOW.parse::<SeoulTime>().unwrap();
        let until = from.plus(Duration::from_secs(600));
        let longest = Duration::from_secs(30);
        s.swamp = Some(Swamp { from, until, errors: 0.0, resets: 0.0, slow: 1.0, longest });
    })
    .await;
    let mut stream = scene.connect().await;
    ask(&mut stream).await.unwrap();
    let arrival = &scene.server.arrivals()[0];
    assert_eq!(arrival.left.unwrap().since(arrival.at), scene.clock.monotonic());
    assert!(!scene.clock.monotonic().is_zero());
}

#[tokio::test]
async fn a_new_connection_costs_its_handshakes_unless_it_was_opened_early() {
    let way = Duration::from_millis(20);
    let delay = Delay { base: way, jitter: Duration::ZERO };
    let scene = Scene::new(|s| (s.there, s.back, s.handshake_round_trips) = (delay, delay, 3)).await;
    let mut stream = scene.connect().await;
    let took = async |stream: &mut TcpStream| {
        let before = scene.clock.monotonic();
        ask(stream).await.unwrap();
        scene.clock.monotonic() - before
    };
    assert_eq!([took(&mut stream).await, took(&mut stream).await], [8 * way, 2 * way]);
    // TLS 1.2 needs 120 ms; what was opened 100 ms ago waits for the rest, and a second ago for nothing.
    for (early, rest) in [(5 * way, way), (50 * way, Duration::ZERO)] {
        let mut stream = scene.connect().await;
        scene.clock.advance(early);
        assert_eq!(took(&mut stream).await, rest + 2 * way);
    }
}

#[tokio::test]
async fn the_arrival_that_apache_stamps_is_that_of_the_request_line() {
    let scene = Scene::new(|s| s.web_server = WebServer::apache()).await;
    let mut stream = scene.connect().await;
    let head = "POST /rent/member/process HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    scene.until(|server| server.connection_log()[0].requests == 1).await;
    scene.clock.advance(Duration::from_secs(2));
    stream.write_all(b"x").await.unwrap();
    let mut answer = vec![0; 64];
    stream.read_exact(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.contains("date: Thu, 26 Nov 2026 01:00:00 GMT"), "{answer}");
    let arrival = &scene.server.arrivals()[0];
    assert_eq!(arrival.at, NOW.parse::<SeoulTime>().unwrap().plus(Duration::from_secs(2)));
}

#[tokio::test]
async fn a_booking_gets_through_where_silent_connections_are_closed() {
    for web_server in [WebServer::apache(), WebServer::nginx()] {
        let idle = web_server.keep_alive.idle.unwrap();
        let scene = Scene::new(|s| {
            s.openings.insert(DATE.parse().unwrap(), OPENING.parse().unwrap());
            s.web_server = web_server;
        })
        .await;
        let report = scene.book().await;
        assert!(matches!(report.verdict, Verdict::Reserved { receipt: Some(_), .. }), "{report:?}");
        assert_eq!(scene.server.with(|s| s.bookings().len()), 1);
        let log = scene.server.connection_log();
        let timed_out = log.iter().filter(|seen| matches!(seen.closed, Some((_, ClosedBy::IdleTimeout))));
        assert!(timed_out.count() > 0, "{idle:?} {log:?}");
        // Every request is in both logs.
        let requests: u32 = log.iter().map(|seen| seen.requests).sum();
        assert_eq!(requests as usize, scene.server.arrivals().len());
    }
}

#[tokio::test]
async fn a_swamped_site_never_has_two_bookings_of_one_wish() {
    let mut reserved = 0;
    for seed in 1..=24 {
        let scene = Scene::new(|s| {
            let from = OPENING.parse::<SeoulTime>().unwrap();
            let (until, longest) = (from.plus(Duration::from_secs(120)), Duration::from_secs(30));
            s.openings.insert(DATE.parse().unwrap(), from);
            s.swamp = Some(Swamp { from, until, errors: 0.2, resets: 0.1, slow: 0.3, longest });
            s.seed = seed;
        })
        .await;
        let report = scene.book().await;
        let booked = scene.server.with(|s| s.bookings().len());
        let least = usize::from(matches!(report.verdict, Verdict::Reserved { .. }));
        assert!((least..=1).contains(&booked), "{seed} {report:?}");
        reserved += booked;
    }
    assert!(reserved > 12, "{reserved}");
}
