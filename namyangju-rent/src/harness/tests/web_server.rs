//! The web server by the pure machine: stamps, scripts and their queue, files, `HEAD`.

use std::time::Duration;

use scraper::{Html, Selector};

use super::robot::{DATE, NOW, PLACE, Robot};
use crate::SeoulTime;
use crate::harness::*;

const MILLI: Duration = Duration::from_millis(1);

fn now() -> SeoulTime {
    NOW.parse().unwrap()
}

fn robot(change: impl FnOnce(&mut WebServer)) -> Robot {
    let mut settings = Settings::default();
    change(&mut settings.web_server);
    Robot::new(settings)
}

fn seconds(answer: &Answer) -> &str {
    answer.header("date").unwrap().strip_prefix("Thu, 26 Nov 2026 ").unwrap()
}

#[test]
fn each_server_stamps_its_own_instant() {
    let timer = DateStamp::Timer { every: 1_000 * MILLI, phase: 700 * MILLI };
    // The request comes at 01:00:00 GMT sharp, the script takes a second and a half.
    let cases = [
        (DateStamp::Arrival, "01:00:00 GMT", "01:00:00 GMT"),
        (DateStamp::Departure, "01:00:01 GMT", "01:00:00 GMT"),
        (timer, "01:00:00 GMT", "00:59:59 GMT"),
    ];
    for (date, page, file) in cases {
        let mut robot = robot(|server| (server.date, server.script_time) = (date, 1_500 * MILLI));
        let answer = robot.get("/rent/");
        assert_eq!((seconds(&answer), answer.back_delay), (page, 1_500 * MILLI), "{date:?}");
        let answer = robot.get("/rent/css/standin.css");
        assert_eq!((seconds(&answer), answer.back_delay), (file, Duration::ZERO), "{date:?}");
        let arrivals = robot.stand_in.arrivals();
        assert_eq!((arrivals[0].began, arrivals[0].left), (Some(now()), Some(now().plus(1_500 * MILLI))));
        assert_eq!(
            (arrivals[1].began, arrivals[1].left, arrivals[1].step),
            (None, Some(now()), SiteStep::File)
        );
    }
}

#[test]
fn an_answer_that_a_fault_makes_late_leaves_late() {
    let fault = Fault { step: SiteStep::Home, nth: 1, kind: FaultKind::Late(700 * MILLI) };
    let mut robot = Robot::new(Settings { faults: vec![fault], ..Settings::default() });
    robot.stand_in.settings_mut().web_server.script_time = 100 * MILLI;
    assert_eq!(robot.get("/rent/").back_delay, 800 * MILLI);
    assert_eq!(robot.stand_in.arrivals()[0].left, Some(now().plus(800 * MILLI)));
}

#[test]
fn the_two_servers_say_who_they_are() {
    let mut apache = robot(|server| *server = WebServer::apache());
    let answer = apache.get("/rent/");
    assert_eq!(answer.header("server"), Some("Apache"));
    assert_eq!(answer.header("keep-alive"), Some("timeout=5, max=99"));
    let mut nginx = robot(|server| *server = WebServer::nginx());
    let answer = nginx.get("/rent/");
    assert_eq!((answer.header("server"), answer.header("keep-alive")), (Some("nginx"), None));
    let answer = robot(|_| {}).get("/rent/");
    assert_eq!((answer.header("server"), answer.header("connection")), (None, None));
}

#[test]
fn a_script_opens_the_day_by_the_time_it_reads() {
    for (script_clock, open) in [(ScriptClock::Beginning, false), (ScriptClock::End, true)] {
        let mut robot = Robot::logged_in(Settings::default());
        let settings = robot.stand_in.settings_mut();
        settings.opening = Some(now().plus(1_000 * MILLI));
        (settings.web_server.script_time, settings.web_server.script_clock) = (1_500 * MILLI, script_clock);
        let day = robot.day(PLACE);
        assert_eq!(robot.text(&day).contains("select_check"), open, "{script_clock:?}");
        let decided = robot.stand_in.arrivals().last().unwrap().decided.unwrap();
        assert_eq!(decided, if open { now().plus(1_500 * MILLI) } else { now() });
    }
}

/// A visitor with the form in hand, before a site with one worker and scripts of 100 ms.
fn in_the_queue(change: impl FnOnce(&mut Settings)) -> (Robot, Answer) {
    let mut settings = Settings::default();
    change(&mut settings);
    let mut robot = Robot::logged_in(settings);
    let form = robot.form(PLACE, &[1]);
    let server = &mut robot.stand_in.settings_mut().web_server;
    (server.script_time, server.workers) = (100 * MILLI, Some(1));
    (robot, form)
}

#[test]
fn a_crowd_fills_the_queue_before_us() {
    let crowd = Crowd { from: now().plus(1_000 * MILLI), requests: 5, within: 4 * MILLI };
    let (mut robot, form) = in_the_queue(|s| s.crowds = vec![crowd]);
    robot.now = now().plus(1_010 * MILLI);
    let answer = robot.submit(&form);
    assert_eq!(answer.back_delay, 590 * MILLI);
    let began = robot.stand_in.arrivals().last().unwrap().began;
    assert_eq!(began, Some(now().plus(1_500 * MILLI)));
    // Files pass the queue.
    assert_eq!(robot.get("/rent/css/standin.css").back_delay, Duration::ZERO);
    assert_eq!(robot.stand_in.bookings().len(), 1);
}

#[test]
fn who_is_before_us_in_the_queue_has_the_slot() {
    for (arrives, ours) in [(1_005_u32, false), (1_015, true)] {
        let (mut robot, form) = in_the_queue(|s| {
            let crowd = Crowd { from: now().plus(1_000 * MILLI), requests: 3, within: MILLI };
            let (at, range) = (now().plus(arrives * MILLI), "06:00-08:00".parse().unwrap());
            let (place, date) = (PLACE.parse().unwrap(), DATE.parse().unwrap());
            (s.crowds, s.rivals) = (vec![crowd], vec![Rival { at, place, date, range }]);
        });
        robot.now = now().plus(1_010 * MILLI);
        robot.submit(&form);
        assert_eq!(robot.stand_in.bookings().len(), usize::from(ours), "{arrives}");
    }
}

#[test]
fn every_file_that_a_page_names_is_there_and_needs_no_script() {
    for settings in
        [Settings::default(), Settings { printed_base: PrintedBase::Https, ..Settings::default() }]
    {
        let mut robot = Robot::logged_in(settings);
        robot.stand_in.settings_mut().web_server.script_time = 100 * MILLI;
        let mut named = Vec::new();
        for path in ["/rent/", "/rent/member/login", "/rent/rent/application/index/2026/12/01/2/NYJ06/07/103"]
        {
            let answer = robot.get(path);
            let page = Html::parse_document(&robot.text(&answer));
            for (selector, attribute) in
                [("link[rel=stylesheet]", "href"), ("script[src]", "src"), ("img, input[type=image]", "src")]
            {
                let selector = Selector::parse(selector).unwrap();
                named.extend(page.select(&selector).map(|e| e.attr(attribute).unwrap().to_owned()));
            }
        }
        for kind in [".css", ".js", ".gif"] {
            assert!(named.iter().any(|file| file.ends_with(kind)), "{kind} {named:?}");
        }
        named.sort();
        named.dedup();
        for file in named {
            let path = file.strip_prefix("https://www.nyj.go.kr").unwrap_or(&file);
            for method in ["GET", "HEAD"] {
                let answer = robot.send(Request::new(method, path));
                assert_eq!((answer.status, answer.back_delay), (200, Duration::ZERO), "{file}");
                assert!(answer.set_cookies().is_empty() && answer.header("date").is_some(), "{file}");
                assert_eq!(answer.body.is_empty(), method == "HEAD", "{file}");
                assert_eq!(robot.stand_in.arrivals().last().unwrap().began, None, "{file}");
            }
        }
        let image = robot.get("/rent/images/rent/able.gif");
        assert_eq!(image.header("content-type"), Some("image/gif"));
        assert_eq!((&image.body[..6], image.body.last()), (b"GIF89a".as_slice(), Some(&b';')));
    }
}

#[test]
fn a_site_may_refuse_head_and_nothing_else() {
    for (head, status) in [
        (HeadRequests::Served, 200),
        (HeadRequests::Status(405), 405),
        (HeadRequests::Status(404), 404),
        (HeadRequests::Status(403), 403),
        (HeadRequests::Closed, 0),
    ] {
        let mut robot = Robot::logged_in(Settings::default());
        robot.stand_in.settings_mut().web_server.head = head;
        let answer = robot.send(Request::new("HEAD", "/rent/"));
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{head:?}");
        assert_eq!(answer.fault, (status == 0).then_some(WireFault::Close), "{head:?}");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{head:?}");
        assert_eq!(robot.stand_in.arrivals().last().unwrap().status, status);
        let form = robot.form(PLACE, &[1]);
        robot.submit(&form);
        assert_eq!(robot.stand_in.bookings().len(), 1, "{head:?}");
    }
}
