//! A machine whose clock a time server keeps, and a site whose dates say that it is behind: one shot goes by each clock.

use std::time::Duration;

use namyangju_rent::clock::EarlierOpening;
use namyangju_rent::harness::{
    ClockCookie, CookieLife, DateStamp, Delay, Gate, Settings, SiteStep, WebServer,
};
use namyangju_rent::limits::MIN_GAP;
use namyangju_rent::{AnswerKind, Event, Report, SeoulTime, Verdict};

use crate::stage::Stage;

fn opening() -> SeoulTime {
    "2026-11-26 10:00:00".parse().unwrap()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A site that opens the wished day at ten, 20 ms away, whose clock is ahead by `ahead` milliseconds.
fn site(server: WebServer, ahead: i64) -> Settings {
    let mut settings = Settings::default();
    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
    let way = Delay { base: ms(20), jitter: Duration::ZERO };
    (settings.there, settings.back) = (way, way);
    settings.web_server = server;
    settings.clock_skew_millis = ahead;
    // The cookie of a session that says when it ends tells the time once or twice, which is another test.
    settings.cookie_life = CookieLife::Session;
    settings
}

/// The same with a `Date` that a timer renews, this long after each second of the site's clock.
fn by_timer(phase: u64, script: u64) -> Settings {
    let mut server = WebServer::nginx();
    server.date = DateStamp::Timer { every: ms(1_000), phase: ms(phase) };
    server.script_time = ms(script);
    site(server, 0)
}

/// When the first request of the opening that could be answered with yes arrived, after the opening.
fn met(stage: &Stage) -> Duration {
    let arrivals = stage.server.arrivals();
    let first = arrivals.iter().find(|a| a.step == SiteStep::Form && a.site_time >= opening());
    first.unwrap().site_time.since(opening())
}

/// How many forms arrived in the second before the opening.
fn early(stage: &Stage) -> usize {
    let arrivals = stage.server.arrivals();
    let from = opening().minus(ms(1_000));
    arrivals
        .iter()
        .filter(|a| a.step == SiteStep::Form && a.site_time >= from && a.site_time < opening())
        .count()
}

async fn run(stage: &Stage, earlier: Vec<EarlierOpening>) -> Report {
    let report = stage.booking().opens_at(opening()).opened_before(earlier).run(|_| {}).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert_eq!(stage.booked(), 1, "{report:?}");
    assert!(report.requests <= 20, "{report:?}");
    report
}

#[tokio::test]
async fn dates_by_a_timer_lose_nothing_where_both_clocks_are_kept() {
    for (phase, script) in [(60, 0), (300, 0), (300, 120), (700, 250), (990, 30)] {
        let stage = Stage::kept(by_timer(phase, script)).await;
        let report = run(&stage, Vec::new()).await;
        assert!(
            met(&stage) <= ms(20) && report.attempts.len() == 1,
            "{phase} {script} {:?} {report:?}",
            met(&stage)
        );
        assert!(report.requests_after_opening <= Some(4), "{phase} {script} {report:?}");
    }
    // A clock that nobody keeps is no second opinion.
    let stage = Stage::new("namyangju", by_timer(300, 0)).await;
    run(&stage, Vec::new()).await;
    assert!(met(&stage) >= ms(300), "{:?}", met(&stage));
}

#[tokio::test]
async fn a_site_that_is_behind_refuses_once_and_is_met_at_its_own_opening() {
    for (behind, script) in [(100, 0), (300, 0), (300, 120), (700, 0), (950, 250)] {
        let mut server = WebServer::nginx();
        server.script_time = ms(script);
        let stage = Stage::kept(site(server, -behind)).await;
        let mut armed = Vec::new();
        let booking = stage.booking().opens_at(opening());
        let report = booking
            .run(|happened| {
                if let Event::Armed { arrives, .. } = &happened.event {
                    armed.push(*arrives);
                }
            })
            .await;
        let case = format!("{behind} {script} {:?} {report:?}", met(&stage));
        assert!(matches!(report.verdict, Verdict::Reserved { .. }) && stage.booked() == 1, "{case}");
        assert_eq!((report.attempts.len(), early(&stage)), (2, 1), "{case}");
        assert_eq!(report.attempts[0].answer, AnswerKind::NotOpenYet, "{case}");
        assert!(met(&stage) <= ms(25), "{case}");
        assert!(report.requests <= 20 && report.requests_after_opening <= Some(5), "{case}");
        // By our clock the opening is now: what the dates say of the arrival is only the other opinion.
        assert_eq!(armed, [None], "{case}");
        // Nobody else has to learn it again.
        let bracket = report.opening.against(opening());
        let stage = Stage::kept(site(WebServer::nginx(), -behind)).await;
        let report = run(&stage, vec![bracket]).await;
        assert_eq!((report.attempts.len(), early(&stage)), (1, 0), "{case} {bracket:?}");
    }
}

#[tokio::test]
async fn a_site_that_is_behind_and_late_is_never_asked_three_times_in_a_second() {
    for (behind, late) in [(300, 200), (300, 700), (900, 100), (900, 400), (500, 3_000)] {
        let mut settings = site(WebServer::nginx(), -behind);
        settings.openings.insert("2026-12-05".parse().unwrap(), opening().plus(ms(late)));
        let stage = Stage::kept(settings).await;
        let report = stage.booking().opens_at(opening()).run(|_| {}).await;
        assert!(matches!(report.verdict, Verdict::Reserved { .. }) && stage.booked() == 1, "{report:?}");
        let began: Vec<SeoulTime> = report.attempts.iter().map(|attempt| attempt.began).collect();
        assert!(began.len() >= 3, "{report:?}");
        for three in began.windows(3) {
            assert!(three[2].since(three[0]) >= MIN_GAP * 2, "{behind} {late} {began:?}");
        }
    }
}

#[tokio::test]
async fn where_something_else_decides_there_is_one_shot() {
    let slow = |server: WebServer, script| {
        let mut server = server;
        server.script_time = ms(script);
        server
    };
    let opened = |closed: Option<i64>, open: i64| EarlierOpening {
        closed_micros: closed.map(|ms| ms * 1_000),
        open_micros: Some(open * 1_000),
    };
    let with_cookie = |mut settings: Settings| {
        settings.clock_cookie = Some(ClockCookie::ExpiresAndMaxAge);
        settings
    };
    for (name, settings, earlier) in [
        ("stamps of the arrival are proven", site(slow(WebServer::apache(), 120), -500), Vec::new()),
        ("the application tells its time", with_cookie(site(WebServer::nginx(), -500)), Vec::new()),
        ("behind by more than a timer", site(WebServer::nginx(), -1_300), Vec::new()),
        ("ahead", site(WebServer::nginx(), 400), Vec::new()),
        ("as it should be", site(WebServer::nginx(), 0), Vec::new()),
        ("the answer would come too late", site(slow(WebServer::nginx(), 250), -200), Vec::new()),
        ("refused before", site(WebServer::nginx(), -300), vec![opened(Some(-280), 20)]),
        ("late before", site(WebServer::nginx(), -300), vec![opened(Some(2_000), 4_000)]),
    ] {
        let stage = Stage::kept(settings).await;
        let report = run(&stage, earlier).await;
        assert_eq!((report.attempts.len(), early(&stage)), (1, 0), "{name} {report:?}");
        assert!(met(&stage) <= ms(15), "{name} {:?} {report:?}", met(&stage));
    }
    // An earlier opening before its dates said so: by our clock at once, whatever the answer takes.
    let stage = Stage::kept(by_timer(100, 250)).await;
    let report = run(&stage, vec![opened(None, -300)]).await;
    assert!(met(&stage) <= ms(20) && report.attempts.len() == 1, "{:?} {report:?}", met(&stage));
}

#[tokio::test]
async fn a_cookie_of_the_session_may_tell_which_clock_is_right() {
    let with_end = |mut settings: Settings| {
        settings.cookie_life = CookieLife::ExpiresAndMaxAge;
        settings
    };
    // The login is 2 ms after a second of our clock, and the cookie shows that the site's is in the second before.
    let stage = Stage::kept(with_end(site(WebServer::nginx(), -100))).await;
    let report = run(&stage, Vec::new()).await;
    assert_eq!((report.attempts.len(), early(&stage)), (1, 0), "{report:?}");
    assert!(met(&stage) <= ms(15), "{report:?}");
}

#[tokio::test]
async fn a_submission_that_is_held_ready_goes_by_the_dates() {
    let mut settings = site(WebServer::nginx(), -300);
    settings.gate = Gate::Submit;
    let stage = Stage::kept(settings).await;
    let report = run(&stage, Vec::new()).await;
    let sent = stage.server.arrivals().iter().filter(|a| a.step == SiteStep::Submit).count();
    assert_eq!((report.attempts.len(), sent), (1, 1), "{report:?}");
}
