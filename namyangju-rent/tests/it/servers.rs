//! The shot behind servers of every kind: where `Date` is stamped, how long a script takes, how long a line is kept.

use std::time::Duration;

use namyangju_rent::aim::Stamp;
use namyangju_rent::clock::{ClockFacts, EarlierOpening, OwnStampFrom};
use namyangju_rent::harness::{
    ClockCookie, DateStamp, Delay, KeepAlive, ScriptClock, Settings, SiteStep, WebServer,
};
use namyangju_rent::{Event, Report, SeoulTime, Site, Verdict};

use crate::stage::Stage;

fn opening() -> SeoulTime {
    "2026-11-26 10:00:00".parse().unwrap()
}

/// One way, without jitter.
const WAY: Delay = Delay { base: Duration::from_millis(20), jitter: Duration::ZERO };

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A site that opens the wished day at ten, 20 ms away.
fn settings(server: WebServer) -> Settings {
    let mut settings = Settings::default();
    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
    (settings.there, settings.back) = (WAY, WAY);
    settings.web_server = server;
    settings
}

/// When the first request of the opening that could be answered with yes arrived, after the opening.
fn met(stage: &Stage) -> Duration {
    let arrivals = stage.server.arrivals();
    let first = arrivals.iter().find(|a| a.step == SiteStep::Form && a.site_time >= opening());
    first.unwrap().site_time.since(opening())
}

#[tokio::test]
async fn whichever_server_and_script_the_first_useful_request_arrives_within_fifteen_milliseconds() {
    for (name, server) in [("apache", WebServer::apache()), ("nginx", WebServer::nginx())] {
        for script in [0, 30, 60, 120, 250] {
            for script_clock in [ScriptClock::Beginning, ScriptClock::End] {
                let case = format!("{name} {script} {script_clock:?}");
                let mut server = server.clone();
                (server.script_time, server.script_clock) = (ms(script), script_clock);
                let stage = Stage::new("namyangju", settings(server)).await;
                let report = stage.booking().opens_at(opening()).run(|_| {}).await;
                assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{case} {report:?}");
                assert!(met(&stage) <= ms(15), "{case} {:?} {report:?}", met(&stage));
                assert!(report.requests <= 20, "{case} {report:?}");
                let most = 3 + report.attempts.len() as u32;
                assert!(
                    report.attempts.len() <= 2 && report.requests_after_opening.unwrap() <= most,
                    "{case} {report:?}"
                );
                assert_eq!(stage.booked(), 1, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_line_that_the_server_closes_costs_the_shot_nothing() {
    let kept = |idle: Option<u64>, announced, requests| KeepAlive {
        idle: idle.map(Duration::from_secs),
        announced,
        requests,
        ..KeepAlive::default()
    };
    for (name, keep_alive) in [
        ("kept", kept(None, false, None)),
        ("75 s", kept(Some(75), true, None)),
        ("5 s", kept(Some(5), true, Some(100))),
        ("5 s, not announced", kept(Some(5), false, None)),
        ("3 s", kept(Some(3), true, None)),
        ("3 s, not announced", kept(Some(3), false, None)),
        ("2 s", kept(Some(2), true, None)),
        ("1 s", kept(Some(1), true, None)),
        ("off", KeepAlive::off()),
    ] {
        let mut settings = settings(WebServer::default());
        settings.web_server.keep_alive = keep_alive;
        // TCP and TLS 1.2: a new connection at the instant would be 120 ms late. The client cannot see the handshakes of
        // the stand-in, so where each probe has a connection of its own they would look like path.
        let own_line = matches!(name, "off" | "1 s");
        settings.handshake_round_trips = if own_line { 0 } else { 3 };
        let stage = Stage::new("namyangju", settings).await;
        let report = stage.booking().opens_at(opening()).run(|_| {}).await;
        assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{name} {report:?}");
        assert!(met(&stage) <= ms(15), "{name} {:?} {report:?}", met(&stage));
        let arrivals = stage.server.arrivals();
        let shot = arrivals.iter().find(|a| a.step == SiteStep::Form && a.site_time >= opening()).unwrap();
        let opened =
            stage.server.connection_log().iter().find(|c| c.number == shot.connection).unwrap().opened;
        assert!(opened.plus(ms(400)) <= opening(), "{name} {opened}");
        assert!(report.requests <= 20 && report.attempts.len() == 1, "{name} {report:?}");
        assert_eq!(stage.booked(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_run_tells_what_it_learnt_of_the_sites_clock() {
    for (name, server, stamp, kept) in [
        ("apache", WebServer::apache(), Stamp::Arrival, Some(5_000_000)),
        ("nginx", WebServer::nginx(), Stamp::Departure, None),
    ] {
        let mut server = server.clone();
        server.script_time = ms(120);
        let stage = Stage::new("namyangju", settings(server)).await;
        let report = stage.booking().opens_at(opening()).run(|_| {}).await;
        let learnt = report.learnt.unwrap();
        assert_eq!((learnt.stamp, learnt.keep_alive_micros), (stamp, kept), "{name} {learnt:?}");
        let near = |micros: Option<u64>, ms: u64| micros.unwrap().abs_diff(ms * 1_000) <= 2_000;
        assert!(near(learnt.network_micros, 40) && near(learnt.script_micros, 120), "{name} {learnt:?}");
        assert!(learnt.learned_at.unwrap() >= opening() && learnt.are_of_use(opening()), "{name} {learnt:?}");
        // What is kept as JSON, with the rest of the report or alone, comes back.
        let json = serde_json::to_string(&report).unwrap();
        let back = serde_json::from_str::<Report>(&json).unwrap().learnt.unwrap();
        // Instants are written to the millisecond.
        assert_eq!(serde_json::to_string(&back).unwrap(), serde_json::to_string(&learnt).unwrap());
    }
}

#[tokio::test]
async fn facts_of_an_earlier_run_never_win_over_the_measurement() {
    for (server, wrong) in [(WebServer::apache(), "departure"), (WebServer::nginx(), "arrival")] {
        let mut server = server.clone();
        server.script_time = ms(120);
        let kept = format!(
            r#"{{"stamp":"{wrong}","network_micros":1000,"script_micros":9,"learned_at":"2026-10-26T10:00:00+09:00[Asia/Seoul]"}}"#
        );
        let facts: ClockFacts = serde_json::from_str(&kept).unwrap();
        assert!(facts.are_of_use(opening()));
        let stage = Stage::new("namyangju", settings(server)).await;
        let report = stage.booking().opens_at(opening()).learnt_before(facts).run(|_| {}).await;
        assert!(met(&stage) <= ms(15) && report.attempts.len() == 1, "{wrong} {report:?}");
    }
}

#[tokio::test]
async fn where_an_opening_was_late_before_the_second_attempt_waits_for_its_turn() {
    let gap = |report: &Report| report.attempts[1].began.since(report.attempts[0].began);
    let late = opening().plus(ms(300));
    let run = async |earlier: Vec<EarlierOpening>| {
        let mut settings = settings(WebServer::nginx());
        settings.openings.insert("2026-12-05".parse().unwrap(), late);
        let stage = Stage::new("namyangju", settings).await;
        stage.booking().opens_at(opening()).opened_before(earlier).run(|_| {}).await
    };
    let first = run(Vec::new()).await;
    let bracket = first.opening.against(opening());
    assert!(
        bracket.closed_micros.unwrap() < 300_000 && bracket.open_micros.unwrap() >= 295_000,
        "{bracket:?}"
    );
    let shown = EarlierOpening { closed_micros: Some(250_000), open_micros: bracket.open_micros };
    let second = run(vec![shown]).await;
    assert!(gap(&first) < ms(100) && gap(&second).abs_diff(ms(500)) <= ms(5), "{first:?} {second:?}");
}

/// A site whose `Date` is renewed by a timer, 700 ms after each second of its clock.
fn by_timer(script: u64, cookie: Option<ClockCookie>) -> Settings {
    let mut settings = settings(WebServer::nginx());
    settings.web_server.date = DateStamp::Timer { every: ms(1_000), phase: ms(700) };
    settings.web_server.script_time = ms(script);
    settings.clock_cookie = cookie;
    settings
}

/// A dialect with these keys in place of its `[clock]`.
fn dialect(clock: &str) -> Site {
    let text = Site::builtin_toml("namyangju").unwrap();
    let (before, after) = text.split_once("[clock]").unwrap();
    let (_, after) = after.split_once("\n[").unwrap();
    Site::from_toml(&format!("{before}[clock]\n{clock}\n[{after}")).unwrap()
}

#[tokio::test]
async fn the_applications_own_stamp_is_right_where_the_date_is_not() {
    let rule = |from: &str| format!("own_stamp = {{ cookie = \"{}\", {from} }}", ClockCookie::NAME);
    for (cookie, clock, from) in [
        (ClockCookie::ExpiresAndMaxAge, String::new(), OwnStampFrom::Expires),
        (
            ClockCookie::Expires,
            rule("from = \"expires\", lifetime_seconds = 3600, read = \"arrival\""),
            OwnStampFrom::Expires,
        ),
        (ClockCookie::Milliseconds, rule("from = \"milliseconds\""), OwnStampFrom::Milliseconds),
    ] {
        for script in [0, 30, 120, 250] {
            let stage = Stage::of(dialect(&clock), by_timer(script, Some(cookie))).await;
            let report = stage.booking().opens_at(opening()).run(|_| {}).await;
            assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{cookie:?} {script} {report:?}");
            assert!(met(&stage) <= ms(15), "{cookie:?} {script} {:?} {report:?}", met(&stage));
            assert!(report.requests <= 20, "{cookie:?} {script} {report:?}");
            assert_eq!(report.learnt.unwrap().own_stamp, Some(from), "{cookie:?}");
        }
    }
    // Without it nothing shows how late the dates are.
    let stage = Stage::new("namyangju", by_timer(0, None)).await;
    let report = stage.booking().opens_at(opening()).run(|_| {}).await;
    assert!(met(&stage) >= ms(690), "{:?} {report:?}", met(&stage));
}

#[tokio::test]
async fn a_dialect_may_tell_the_stamp_and_the_file() {
    let mut server = WebServer::nginx();
    server.script_time = ms(120);
    let told = dialect("stamp = \"departure\"\nfile = \"/rent/css/standin.css\"");
    let stage = Stage::of(told, settings(server)).await;
    let report = stage.booking().opens_at(opening()).run(|_| {}).await;
    assert!(met(&stage) <= ms(15) && report.attempts.len() == 1, "{:?} {report:?}", met(&stage));
    let asked: Vec<String> = stage.server.arrivals().iter().map(|a| a.path.clone()).collect();
    assert!(asked.iter().any(|path| path == "/rent/css/standin.css"), "{asked:?}");
}

#[tokio::test]
async fn the_arrival_that_is_told_when_armed_holds_the_true_one() {
    for mut server in [WebServer::apache(), WebServer::nginx()] {
        server.script_time = ms(120);
        let stage = Stage::new("namyangju", settings(server)).await;
        let mut told = None;
        let booking = stage.booking().opens_at(opening());
        booking
            .run(|happened| {
                if let Event::Armed { arrives, .. } = &happened.event {
                    told = *arrives;
                }
            })
            .await;
        let (told, met) = (told.unwrap(), met(&stage).as_micros() as i64);
        assert!(told.earliest_micros <= met && met <= told.latest_micros + 5_000, "{told:?} {met}");
        assert!((told.likely_micros - met).abs() <= 12_000, "{told:?} {met}");
    }
    // A clock that somebody gave is not measured.
    let stage = Stage::new("namyangju", settings(WebServer::apache())).await;
    let mut armed = Vec::new();
    let booking = stage.booking().opens_at(opening()).clock_offset_micros(0);
    booking
        .run(|happened| {
            if let Event::Armed { arrives, .. } = &happened.event {
                armed.push(*arrives);
            }
        })
        .await;
    assert_eq!(armed, [None]);
}

#[tokio::test]
async fn a_line_that_is_closed_after_each_answer_is_measured_once_more_before_the_shot() {
    let mut settings = settings(WebServer::apache());
    settings.web_server.keep_alive = KeepAlive::off();
    settings.handshake_round_trips = 3;
    settings.handshakes_from = Some(opening().minus(ms(1_600)));
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.booking().opens_at(opening()).run(|_| {}).await;
    assert!(met(&stage) <= ms(15) && report.attempts.len() == 1, "{:?} {report:?}", met(&stage));
    let late = stage
        .server
        .arrivals()
        .iter()
        .filter(|a| a.site_time >= opening().minus(ms(3_500)) && a.method == "HEAD")
        .count();
    assert!(late == 1 && report.requests <= 20, "{report:?}");
}
