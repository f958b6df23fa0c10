//! Sessions that end, addresses from another base, the day page that is demanded: by the pure machine.

use std::time::Duration;

use scraper::{Html, Selector};

use super::robot::{DATE, NOW, PLACE, Robot};
use crate::SeoulTime;
use crate::harness::*;
use crate::html::charset::FormFields;

fn now() -> SeoulTime {
    NOW.parse().unwrap()
}

fn shows(robot: &Robot, answer: &Answer, text: &str) -> bool {
    robot.text(answer).contains(text)
}

#[test]
fn all_sessions_end_at_their_instants() {
    let (first, second) = (now().plus(Duration::from_secs(5)), now().plus(Duration::from_secs(9)));
    let mut robot = Robot::logged_in(Settings { sessions_end: vec![second, first], ..Settings::default() });
    let login_required = Texts::default().login_required;
    robot.now = SeoulTime::from_unix_micros(first.unix_micros() - 1);
    let day = robot.day(PLACE);
    assert!(!shows(&robot, &day, &login_required));
    for instant in [first, second] {
        robot.now = instant;
        let day = robot.day(PLACE);
        assert!(shows(&robot, &day, &login_required), "{instant}");
        robot.log_in();
        let day = robot.day(PLACE);
        assert!(!shows(&robot, &day, &login_required), "{instant}");
    }
}

#[test]
fn a_session_ends_by_the_time_the_script_reads() {
    let mut robot = Robot::logged_in(Settings::default());
    let settings = robot.stand_in.settings_mut();
    settings.sessions_end = vec![now().plus(Duration::from_secs(1))];
    settings.web_server.script_time = Duration::from_secs(2);
    settings.web_server.script_clock = ScriptClock::End;
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, &Texts::default().login_required));
}

#[test]
fn a_second_login_ends_the_first_only_where_there_is_one_session() {
    for one_session in [false, true] {
        let mut robot = Robot::logged_in(Settings { one_session, ..Settings::default() });
        let first = robot.cookie.take();
        robot.log_in();
        let second = std::mem::replace(&mut robot.cookie, first);
        let login_required = Texts::default().login_required;
        let day = robot.day(PLACE);
        assert_eq!(shows(&robot, &day, &login_required), one_session);
        robot.cookie = second;
        // Renewed after five minutes, it still is the one session.
        for _ in 0..2 {
            robot.later(301);
            let day = robot.day(PLACE);
            assert!(!shows(&robot, &day, &login_required), "{one_session}");
        }
    }
}

#[test]
fn the_short_way_is_refused_where_the_day_is_demanded() {
    for style in [RefusalStyle::Page, RefusalStyle::Redirect, RefusalStyle::Alert] {
        let settings = Settings { form_needs_day: true, trace_refusal: style, ..Settings::default() };
        let mut robot = Robot::logged_in(settings);
        let day = robot.day(PLACE);
        let (action, mut fields) = robot.read_form(&day);
        let number =
            robot.stand_in.places().iter().find(|c| c.place.to_string() == PLACE).unwrap().rounds[0].0;
        fields.push("receipt_time[]", number.to_string());
        // Another visitor, who knows the fields and has not seen the day.
        robot.cookie = None;
        robot.log_in();
        let mut answer = robot.post(&action, &fields);
        assert_eq!(answer.status, if style == RefusalStyle::Redirect { 302 } else { 200 });
        if style == RefusalStyle::Redirect {
            assert!(answer.header("location").unwrap().ends_with("/rent/message"));
            answer = robot.get("/rent/message");
        }
        assert!(shows(&robot, &answer, &Texts::default().trace_missing), "{style:?}");
        robot.day(PLACE);
        let form = robot.post(&action, &fields);
        assert!(shows(&robot, &form, "appli_name"), "{style:?}");
    }
}

const BASES: [(PrintedBase, &str); 4] = [
    (PrintedBase::AsAsked, "http://127.0.0.1:40123"),
    (PrintedBase::Https, "https://127.0.0.1:40123"),
    (PrintedBase::Port(8443), "http://127.0.0.1:8443"),
    (PrintedBase::WithoutPort, "http://127.0.0.1"),
];

fn asked(request: Request) -> Request {
    request.with_header("host", "127.0.0.1:40123")
}

fn login(password: &str) -> Request {
    let body = format!("process_check=login&memid=tester1&mempw={password}&ret_url=");
    asked(Request::post("/rent/member/process", body))
}

#[test]
fn addresses_are_built_from_the_base_that_is_set() {
    for (printed_base, base) in BASES {
        let settings =
            Settings { printed_base, login_success: LoginSuccess::Redirect, ..Settings::default() };
        let mut robot = Robot::new(settings);
        let answer = robot.send(login("invented-1"));
        assert_eq!(answer.header("location"), Some(format!("{base}/rent/").as_str()));
        let day =
            robot.site().day_url(&PLACE.parse().unwrap(), DATE.parse().unwrap(), crate::Purpose::Sports);
        let answer = robot.send(asked(Request::get(day.path())));
        let page = Html::parse_document(&robot.text(&answer));
        let first = |selector: &str, attribute: &str| {
            let found = page.select(&Selector::parse(selector).unwrap()).next().unwrap();
            found.attr(attribute).unwrap().to_owned()
        };
        // Links and actions are paths only while the base is the right one.
        let printed = if printed_base == PrintedBase::AsAsked { "" } else { base };
        assert_eq!(first("form#reservation_form", "action"), format!("{printed}/rent/rent/rentinput"));
        assert!(first("ul.category_ul a", "href").starts_with(&format!("{printed}/rent/rent/application/")));
        assert_eq!(first("link[rel=stylesheet]", "href"), format!("{printed}/rent/css/standin.css"));
        assert_eq!(first("input[name=baseURL]", "value"), format!("{base}/rent"));
        // The receipt comes from that base too.
        let mut fields = FormFields::new();
        for input in page.select(&Selector::parse("#reservation_form input[name]").unwrap()) {
            if input.attr("type") == Some("hidden") {
                fields.push(input.attr("name").unwrap(), input.attr("value").unwrap());
            }
        }
        fields.push("receipt_time[]", first("#select_1", "value"));
        let charset = robot.site().charset();
        let form = robot.send(asked(Request::post("/rent/rent/rentinput", fields.encode(charset))));
        let (action, fields) = robot.read_form(&form);
        assert_eq!(action, format!("{printed}/rent/rent/process/rent"));
        let body = super::submission_of(fields).encode(charset);
        let answer = robot.send(asked(Request::post("/rent/rent/process/rent", body)));
        let receipt = &robot.stand_in.bookings()[0].receipt;
        let landing = format!("{base}/rent/rent/complete/index/{receipt}");
        assert_eq!(answer.header("location"), Some(landing.as_str()));
    }
}

#[test]
fn a_wrong_password_is_told_in_every_style_from_every_base() {
    for (printed_base, base) in BASES {
        let to = format!("{base}/rent/message");
        for login_failure in
            [LoginFailure::Redirect, LoginFailure::MessagePage, LoginFailure::Refresh, LoginFailure::Script]
        {
            let settings = Settings { printed_base, login_failure, ..Settings::default() };
            let mut robot = Robot::new(settings);
            let mut answer = robot.send(login("wrong"));
            assert_eq!(answer.set_cookies().len(), 1, "{login_failure:?}");
            match login_failure {
                LoginFailure::Redirect => assert_eq!(answer.header("location"), Some(to.as_str())),
                LoginFailure::Refresh => {
                    assert_eq!(answer.header("refresh"), Some(format!("0;url={to}").as_str()));
                }
                LoginFailure::Script => assert!(shows(&robot, &answer, &format!("location.replace('{to}')"))),
                LoginFailure::MessagePage => {}
            }
            if login_failure != LoginFailure::MessagePage {
                answer = robot.send(asked(Request::get("/rent/message")));
            }
            let text = Texts::default().login_failed;
            assert!(shows(&robot, &answer, &text), "{printed_base:?} {login_failure:?}");
        }
    }
}
