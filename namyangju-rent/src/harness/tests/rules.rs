//! One test for each rule.

use std::time::Duration;

use proptest::prelude::*;
use scraper::Html;

use super::robot::{DATE, NOW, PLACE};
use super::{Robot, submission_of};
use crate::harness::visit::entry;
use crate::harness::*;
use crate::html::charset::FormFields;
use crate::{RentDate, SeoulTime, Site};

const NOT_OPEN: &str = "<div class=\"error\">예약이 가능한 일자가 아닙니다.</div>";

fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings
}

fn shows(robot: &Robot, answer: &Answer, text: &str) -> bool {
    robot.text(answer).contains(text)
}

#[test]
fn a_booking_goes_through_in_both_cities() {
    for (city, place) in [("namyangju", PLACE), ("cheonan", "CHEONAN02/19/19")] {
        let mut robot = Robot::at(city, Settings::default());
        robot.log_in();
        let form = robot.form(place, &[2, 3]);
        let (action, fields) = robot.read_form(&form);
        assert!(action.ends_with(if city == "cheonan" { "/rent/process" } else { "/rent/process/rent" }));
        // What a browser would send is the dialect's list, in its order.
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name).collect();
        names.dedup();
        let site = robot.site();
        let wanted: Vec<&str> = site.dialect.application.fields.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, wanted, "{city}");
        let answer = robot.submit(&form);
        assert_eq!(answer.status, 302, "{city}: {}", robot.text(&answer));
        let booked = robot.stand_in.bookings().first().unwrap().clone();
        assert!(answer.header("location").unwrap().ends_with(&format!("/{}", booked.receipt)));
        assert_eq!((booked.account.as_str(), booked.slots.len()), ("tester1", 2));
        assert_eq!(booked.fields.first("club_name"), Some("테스트클럽"));
        let path = robot.path(&format!("/rent/complete/index/{}", booked.receipt));
        let landing = robot.get(&path);
        assert!(landing.status == 200 && shows(&robot, &landing, &booked.receipt));
    }
}

#[test]
fn the_first_post_is_the_dialects_list_with_the_slots_last() {
    let mut robot = Robot::logged_in(Settings::default());
    let day = robot.day(PLACE);
    let (_, fields) = robot.read_form(&day);
    let wire: Vec<(&str, &str)> = fields.iter().collect();
    let base = "https://www.nyj.go.kr/rent";
    let wanted = [
        ("category_index", "reservation"),
        ("receipt_date", "20261205"),
        ("year", "2026"),
        ("month", "12"),
        ("rev_day", "05"),
        ("comcd", "NYJ06"),
        ("partcd", "07"),
        ("placecd", "103"),
        ("is_list", "1"),
        ("baseURL", base),
        ("baseSSL", base),
        ("select_day", "05"),
        ("select_group", "Y"),
    ];
    assert_eq!(wire, wanted);
}

#[test]
fn every_marker_of_the_dialect_finds_its_place() {
    for city in ["namyangju", "cheonan"] {
        let mut robot = Robot::at(city, Settings::default());
        let place = robot.stand_in.places()[0].place.clone();
        let (site, date): (Site, RentDate) = (robot.site(), DATE.parse().unwrap());
        let count = |page: &str, css: &crate::html::selector::FastSelector| {
            Html::parse_document(page).select(&css.selector).count()
        };
        let marks = &site.dialect.markers;
        let calendar = robot.get(site.schedule_url(&place, date, "1").path());
        let calendar = robot.text(&calendar);
        for css in [
            &marks.header_links,
            &marks.login_required_link,
            &marks.centres,
            &marks.groups,
            &marks.courts,
            &marks.month_previous,
            &marks.month_next,
            &marks.apply_open,
        ] {
            assert!(count(&calendar, css) > 0, "{city}: {css:?}");
        }
        assert!(count(&calendar, &marks.calendar) >= 31);
        let list = robot.get(site.schedule_url(&place, date, "2").path());
        let list = robot.text(&list);
        assert_eq!((count(&list, &marks.day_list_sports), count(&list, &marks.day_list_events)), (1, 1));
        assert_eq!(count(&list, &marks.calendar), 0, "the day list is no calendar");
        robot.log_in();
        let day = robot.day(&place.to_string());
        let day = robot.text(&day);
        for css in [&marks.day_form, &marks.slot_box_sports, &marks.max_hours, &marks.min_hours] {
            assert!(count(&day, css) > 0, "{city}: {css:?}");
        }
        assert_eq!((count(&day, &marks.slot_box_events), count(&day, &marks.human_check)), (0, 0));
        let form = robot.form(&place.to_string(), &[1]);
        let form = robot.text(&form);
        assert_eq!((count(&form, &marks.application), count(&form, &marks.sale_amount)), (1, 1));
        for html in [&calendar, &list, &day, &form] {
            assert!(html.len() > 15_000, "{}", html.len());
            let (in_out, other) = (&marks.error, &marks.message);
            assert_eq!((count(html, in_out), count(html, other)), (0, 0));
        }
    }
}

#[test]
fn a_day_list_has_six_cells_then_five() {
    let mut robot = Robot::new(Settings::default());
    let taken = robot.stand_in.take(
        &PLACE.parse().unwrap(),
        DATE.parse().unwrap(),
        "08:00-10:00".parse().unwrap(),
        "다른단체",
    );
    assert_eq!(taken, 1);
    let answer = robot.get("/rent/rent/application/index/2026/12/29/2/NYJ06/07/103");
    let page = Html::parse_document(&robot.text(&answer));
    let select = |css: &str| scraper::Selector::parse(css).unwrap();
    let rows: Vec<_> = page.select(&select("table.rent_daylist_table_sports > tbody > tr")).collect();
    assert_eq!(rows.len(), 31 * 8);
    let cells = |n: usize| rows[n].select(&select("td")).count();
    assert_eq!((cells(0), cells(1), cells(7), cells(8)), (6, 5, 5, 6));
    let text = |n: usize| rows[n].text().collect::<Vec<_>>().join("|");
    assert!(text(32).starts_with("2026-12-05(토)|1회|06:00 ~ 08:00"), "{}", text(32));
    assert!(text(33).contains("다른단체"), "{}", text(33));
    assert_eq!(rows[33].select(&select("td > img[alt=\"예약완료\"]")).count(), 1);
    assert_eq!(
        rows[32].select(&select("td > a.btn_rent_login[href$=\"/Y\"] > img[alt=\"예약가능\"]")).count(),
        1
    );
    // The day in the address is not looked at, not even in February.
    assert_eq!(robot.get("/rent/rent/application/index/2027/02/30/2/NYJ06/07").status, 200);
}

#[test]
fn a_good_login_sets_three_lines_and_the_last_is_live() {
    let mut robot = Robot::new(Settings::default());
    let answer = robot.log_in();
    let lines: Vec<String> = answer.set_cookies().iter().map(|line| (*line).to_owned()).collect();
    assert_eq!((answer.status, lines.len()), (200, 3));
    for (index, line) in lines.iter().enumerate() {
        assert!(line.starts_with("ci_session=") && line.contains("; path=/"));
        robot.cookie = line.split(';').next().map(str::to_owned);
        let home = robot.get("/rent/");
        assert_eq!(shows(&robot, &home, "로그아웃"), index == 2);
    }
}

#[test]
fn a_bad_login_goes_to_the_message_page_with_one_line() {
    let mut robot = Robot::new(Settings::default());
    let path = "/rent/member/process";
    let answer = robot.send(Request::post(path, "process_check=login&memid=tester1&mempw=wrong"));
    assert_eq!((answer.status, answer.set_cookies().len()), (302, 1));
    assert!(answer.header("location").unwrap().ends_with("/rent/message"));
    let message = robot.get("/rent/message");
    assert!(shows(&robot, &message, &Texts::default().login_failed));
    // A login without its constant field is none.
    let answer = robot.send(Request::post(path, "memid=tester1&mempw=invented-1"));
    assert_eq!(answer.status, 302);
}

#[test]
fn a_session_is_renewed_after_300_seconds_and_ends_after_7200() {
    let mut robot = Robot::logged_in(Settings::default());
    assert!(robot.later(300).get("/rent/").set_cookies().is_empty());
    let old = robot.cookie.clone();
    assert_eq!(robot.later(1).get("/rent/").set_cookies().len(), 1);
    assert_ne!(robot.cookie, old);
    let home = robot.get("/rent/");
    assert!(shows(&robot, &home, "로그아웃"));
    let answer = robot.later(7201).get("/rent/");
    let lines = answer.set_cookies();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("ci_session=;") && lines[0].contains("Max-Age=0"));
    assert!(!shows(&robot, &answer, "로그아웃"));
}

#[test]
fn a_session_is_bound_to_the_browser_and_to_its_seal() {
    let mut robot = Robot::logged_in(Settings::default());
    let good = robot.cookie.clone();
    robot.agent = "another browser";
    assert_eq!(robot.get("/rent/").set_cookies().len(), 2);
    robot.agent = "stand-in tests";
    robot.cookie = good.clone().map(|cookie| cookie.replace("tester1", "tester2"));
    assert_eq!(robot.get("/rent/").set_cookies().len(), 2);
    robot.cookie = good.clone();
    assert!(robot.get("/rent/").set_cookies().is_empty());
    robot.stand_in.end_sessions();
    assert_eq!(robot.get("/rent/").set_cookies().len(), 2);
    // Only the first 120 characters of the User-Agent count.
    let long: &'static str = Box::leak("a".repeat(120).into_boxed_str());
    let longer: &'static str = Box::leak("a".repeat(200).into_boxed_str());
    robot.agent = long;
    robot.log_in();
    robot.agent = longer;
    assert!(robot.get("/rent/").set_cookies().is_empty());
}

#[test]
fn a_submission_needs_the_form_for_the_same_slots() {
    let mut robot = Robot::logged_in(Settings::default());
    let missing = Texts::default().trace_missing;
    let form = robot.form(PLACE, &[1]);
    let (action, fields) = robot.read_form(&form);
    let fields = submission_of(fields);
    robot.form(PLACE, &[2]);
    let answer = robot.post(&action, &fields);
    assert!(shows(&robot, &answer, &missing));
    assert!(robot.stand_in.bookings().is_empty());
    robot.stand_in.settings_mut().trace = Trace::AnyForm;
    assert_eq!(robot.post(&action, &fields).status, 302);
    robot.stand_in.release(&PLACE.parse().unwrap(), DATE.parse().unwrap(), "06:00-08:00".parse().unwrap());
    let answer = robot.post(&action, &fields);
    assert!(shows(&robot, &answer, &missing), "the trace is used up");
    robot.stand_in.settings_mut().trace_refusal = RefusalStyle::Redirect;
    let answer = robot.post(&action, &fields);
    assert!(answer.header("location").unwrap().ends_with("/rent/message"));
    robot.stand_in.settings_mut().trace = Trace::Off;
    assert_eq!(robot.post(&action, &fields).status, 302);
}

#[test]
fn a_taken_slot_is_a_fixed_page_of_5543_bytes() {
    for city in ["namyangju", "cheonan"] {
        let mut robot = Robot::at(city, Settings::default());
        robot.log_in();
        let place = robot.stand_in.places()[0].place.clone();
        let form = robot.form(&place.to_string(), &[1]);
        let range = robot.stand_in.places()[0].rounds[0].1;
        robot.stand_in.take(&place, DATE.parse().unwrap(), range, "다른단체");
        let answer = robot.submit(&form);
        assert_eq!((answer.status, answer.body.len()), (200, 5543), "{city}");
        assert_eq!(answer.header("content-length"), Some("5543"));
        assert!(robot.text(&answer).trim_end().ends_with("</html>"));
        let again = robot.submit(&form);
        assert_eq!(answer.body, again.body);
        robot.stand_in.settings_mut().taken = Taken::Page { bytes: Some(9_000) };
        assert_eq!(robot.submit(&form).body.len(), 9_000);
        robot.stand_in.settings_mut().taken = Taken::Redirect;
        assert_eq!(robot.submit(&form).status, 302);
        let message = robot.path("/message");
        let message = robot.get(&message);
        assert!(shows(&robot, &message, &Texts::default().taken));
    }
}

#[test]
fn a_day_opens_at_its_instant_on_the_sites_own_clock() {
    let opening: SeoulTime = NOW.parse().unwrap();
    let mut robot = Robot::new(settings(|s| {
        s.opening = Some(opening);
        s.clock_skew_millis = -2_500;
    }));
    robot.log_in();
    let list = "/rent/rent/application/index/2026/12/01/2/NYJ06/07/103";
    let free = |robot: &mut Robot| {
        let answer = robot.get(list);
        shows(robot, &answer, "예약가능")
    };
    // 10:00:00 here is 09:59:57.5 there.
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, NOT_OPEN));
    assert!(!free(&mut robot));
    robot.now = opening.plus(Duration::from_millis(2_499));
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, NOT_OPEN));
    assert_eq!(day.header("date"), Some("Thu, 26 Nov 2026 00:59:59 GMT"));
    robot.now = opening.plus(Duration::from_millis(2_500));
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, "select_check") && free(&mut robot));
    robot.stand_in.set_opening(DATE.parse().unwrap(), Some(opening.plus(Duration::from_secs(60))));
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, NOT_OPEN));
}

#[test]
fn the_gate_can_stand_later() {
    let opening: SeoulTime = "2026-11-26 11:00:00".parse().unwrap();
    let mut robot = Robot::logged_in(settings(|s| (s.opening, s.gate) = (Some(opening), Gate::Form)));
    let form = robot.form(PLACE, &[1]);
    assert!(shows(&robot, &form, NOT_OPEN));
    robot.stand_in.settings_mut().gate = Gate::Submit;
    let form = robot.form(PLACE, &[1]);
    let answer = robot.submit(&form);
    assert!(shows(&robot, &answer, NOT_OPEN));
    robot.now = opening;
    assert_eq!(robot.submit(&form).status, 302);
}

#[test]
fn a_cached_date_stands_still_and_head_works() {
    let mut robot = Robot::new(settings(|s| s.date_cached = Some(Duration::from_secs(5))));
    let dates: Vec<String> = (0..7)
        .map(|_| robot.later(1).send(Request::new("HEAD", "/rent/")).header("date").unwrap().to_owned())
        .collect();
    assert_eq!(dates[0], "Thu, 26 Nov 2026 01:00:01 GMT");
    assert!(dates[..5].iter().all(|date| *date == dates[0]));
    assert_eq!(dates[5], "Thu, 26 Nov 2026 01:00:06 GMT");
    let head = robot.send(Request::new("HEAD", "/rent/member/login"));
    assert!(head.body.is_empty() && head.header("content-length").unwrap().parse::<usize>().unwrap() > 1000);
}

#[test]
fn rivals_take_their_slot_at_their_instant() {
    let at: SeoulTime = NOW.parse().unwrap();
    let rival = Rival {
        at: at.plus(Duration::from_secs(1)),
        place: PLACE.parse().unwrap(),
        date: DATE.parse().unwrap(),
        range: "06:00-08:00".parse().unwrap(),
    };
    let mut robot = Robot::logged_in(settings(|s| s.rivals = vec![rival.clone(), rival]));
    let form = robot.form(PLACE, &[1]);
    assert_eq!(robot.later(1).submit(&form).body.len(), 5543);
    assert!(robot.stand_in.bookings().is_empty());
    // A rival who comes after us gets nothing.
    let mut robot = Robot::logged_in(Settings::default());
    let form = robot.form(PLACE, &[1]);
    assert_eq!(robot.submit(&form).status, 302);
    let list = robot.get("/rent/rent/application/index/2026/12/01/2/NYJ06/07/103");
    assert!(shows(&robot, &list, "테스트클럽") && !shows(&robot, &list, "다른단체"));
}

#[test]
fn the_limits_have_their_texts() {
    let mut robot = Robot::logged_in(settings(|s| (s.daily_limit, s.min_hours) = (Some(1), 2)));
    let form = robot.form(PLACE, &[1, 2, 3]);
    assert!(shows(&robot, &form, "최대 대관이용시간을 초과하였습니다."));
    let form = robot.form(PLACE, &[1, 3]);
    assert!(shows(&robot, &form, &Texts::default().wrong_slots), "not one run");
    let form = robot.form(PLACE, &[1]);
    assert_eq!(robot.submit(&form).status, 302);
    let form = robot.form(PLACE, &[4]);
    let answer = robot.submit(&form);
    assert!(shows(&robot, &answer, "선택업장 의 일일 최대 장소선택 제한(1장소) 이상 예약 할 수 없습니다."));
    robot.stand_in.settings_mut().min_hours = 3;
    let form = robot.form(PLACE, &[4]);
    assert!(shows(&robot, &form, "예약가능한 최소시간은 3시간 입니다."));
}

#[test]
fn fields_are_checked_as_the_framework_does() {
    let mut robot = Robot::logged_in(Settings::default());
    let form = robot.form(PLACE, &[1]);
    let (action, fields) = robot.read_form(&form);
    let fields = submission_of(fields);
    let mut refused = |name: &str, value: &str, text: &str| {
        let changed =
            fields.iter().map(|(n, v)| (n.to_owned(), if n == name { value } else { v }.to_owned()));
        let changed: FormFields = changed.collect();
        let answer = robot.post(&action, &changed);
        let page = robot.text(&answer);
        assert!(page.contains(text), "{name} = {value}: {page}");
    };
    refused("receipt_time[]", "", "<div class=\"message\"><p>신청시간 필드가 필요합니다.</p>");
    refused("receipt_time[]", "x1", "신청시간 필드는 반드시 숫자만 포함할 수 있습니다.");
    refused("receipt_time[]", "2210", &Texts::default().wrong_slots);
    refused("club_name", "", "<p>단체명 필드가 필요합니다.</p>");
    refused("hp", "--", "<p>휴대전화 필드가 필요합니다.</p>");
    refused("group_count", "넷", "<p>사용인원 필드는 반드시 숫자만 포함할 수 있습니다.</p>");
    refused("club_name", &"가".repeat(51), "최대 50 개의 문자를 넘어서는 안됩니다.");
    refused("receipt_date", "2026125", "정확히 8 개의 문자여야 합니다.");
    refused("payment_total_amt", "5,000", &Texts::default().wrong_amount);
    refused("discount[]", "10", &Texts::default().wrong_amount);
    refused("use_time_list", "", &Texts::default().contradiction);
    assert!(robot.stand_in.bookings().is_empty());
}

#[test]
fn half_price_for_the_group_discount() {
    let mut robot = Robot::logged_in(Settings::default());
    let form = robot.form(PLACE, &[1]);
    let (action, fields) = robot.read_form(&form);
    assert_eq!(fields.first("payment_total_amt"), Some("20,000"), "a Saturday");
    assert_eq!(fields.first("sale_amt"), Some("20000"));
    assert_eq!(fields.first("use_time_list"), Some("NYJ06;1833;20261205;20261205;0600;0800;"));
    let paid = submission_of(fields)
        .iter()
        .map(|(n, v)| match n {
            "discount[]" => (n.to_owned(), "10".to_owned()),
            "payment_total_amt" => (n.to_owned(), "10,000".to_owned()),
            _ => (n.to_owned(), v.to_owned()),
        })
        .collect::<FormFields>();
    assert_eq!(robot.post(&action, &paid).status, 302);
}

#[test]
fn without_a_login_nothing_can_be_reserved() {
    let text = Texts::default().login_required;
    let mut robot = Robot::new(Settings::default());
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, &text) && shows(&robot, &day, "id=\"btn_prev\""));
    for path in ["/rent/rent/rentinput", "/rent/rent/process/rent"] {
        let answer = robot.post(path, &FormFields::from_iter([("receipt_time[]", "1833")]));
        assert!(shows(&robot, &answer, &text), "{path}");
    }
    robot.stand_in.settings_mut().anonymous = Anonymous::Readable;
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, "id=\"select_1\""));
    robot.stand_in.settings_mut().anonymous = Anonymous::Alert;
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, "location.replace('/rent/member/login')"));
    robot.log_in();
    assert_eq!(robot.get("/rent/member/logout").status, 302);
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, &text));
}

#[test]
fn overload_and_blocks_come_before_everything() {
    let (from, until): (SeoulTime, SeoulTime) =
        (NOW.parse().unwrap(), "2026-11-26 10:00:05".parse().unwrap());
    let busy = BusyWindow { from, until, status: 503, retry_after: Some(3) };
    let block = BlockRule {
        requests: 3,
        within: Duration::from_secs(10),
        kind: BlockKind::Forbidden,
        lasts: Duration::from_secs(60),
    };
    let mut robot = Robot::new(settings(|s| (s.busy, s.block) = (vec![busy], Some(block))));
    let answer = robot.get("/rent/");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("3")));
    assert_eq!(robot.later(5).get("/rent/").status, 200);
    assert_eq!(robot.get("/rent/").status, 200);
    assert_eq!(robot.get("/rent/").status, 403);
    assert_eq!(robot.later(59).get("/rent/").status, 403);
    let other = Request::get("/rent/").from_peer([127, 0, 0, 2].into());
    assert_eq!(robot.send(other).status, 200, "another address is not shut out");
    assert_eq!(robot.later(1).get("/rent/").status, 200);
    robot.stand_in.settings_mut().block = Some(BlockRule { requests: 0, kind: BlockKind::Silence, ..block });
    assert_eq!(robot.get("/rent/").fault, Some(WireFault::Silence));
    robot.later(60).stand_in.settings_mut().block =
        Some(BlockRule { requests: 0, kind: BlockKind::Page, ..block });
    let answer = robot.get("/rent/");
    assert!(answer.status == 200 && shows(&robot, &answer, &Texts::default().blocked));
}

#[test]
fn the_human_check_stands_where_the_dialect_says_until_a_person_passes_it() {
    let mut robot = Robot::at("seongnam", Settings::default());
    robot.log_in();
    let place = "SIMC01/07/26";
    let day = robot.day(place);
    let site = robot.site();
    let page = Html::parse_document(&robot.text(&day));
    let select = |css: &str| scraper::Selector::parse(css).unwrap();
    assert!(page.select(&site.dialect.markers.human_check.selector).count() > 0);
    let place_of_text = "#reservation_form > ul:nth-of-type(2) > li:nth-of-type(3) > table > tbody > tr > td:nth-of-type(1) > div > div:nth-of-type(1) > div:nth-of-type(1)";
    assert_eq!(page.select(&select(place_of_text)).count(), 1);
    let form = robot.form(place, &[1]);
    let needed = "자동입력방지 문자가 인증되지 않았습니다.";
    assert!(shows(&robot, &form, needed));
    // The test knows the key; a visitor reads the drawing.
    let hash = crate::harness::pages::Challenge::hash("ABCDEFG", &robot.stand_in.key);
    let address = "/inc/jquery-person/jquery.realperson.php";
    let wrong =
        robot.send(Request::post(address, format!("defaultReal=ABCDEFX&defaultRealHash={hash}&revcd=")));
    assert!(String::from_utf8(wrong.body).unwrap().contains("\"stat\":\"wrong\""));
    let form = robot.form(place, &[1]);
    assert!(shows(&robot, &form, needed));
    let right =
        robot.send(Request::post(address, format!("defaultReal=abcdefg&defaultRealHash={hash}&revcd=")));
    assert!(String::from_utf8(right.body).unwrap().contains("\"stat\":\"goodday\""));
    let form = robot.form(place, &[1]);
    assert_eq!(robot.submit(&form).status, 302);
    // Nowhere else, unless it is switched on.
    let mut robot = Robot::logged_in(settings(|s| s.human_check = HumanCheck::Everywhere));
    let day = robot.day(PLACE);
    assert!(shows(&robot, &day, "realperson-challenge"));
}

#[test]
fn scripted_faults_hit_the_nth_request_of_their_step() {
    let fault = |step, nth, kind| Fault { step, nth, kind };
    let mut robot = Robot::logged_in(settings(|s| {
        s.faults = vec![
            fault(SiteStep::Home, 2, FaultKind::Status(500)),
            fault(SiteStep::Home, 3, FaultKind::Body(Vec::new())),
            fault(SiteStep::Home, 4, FaultKind::Truncate(100)),
            fault(SiteStep::Home, 5, FaultKind::Utf8),
            fault(SiteStep::Home, 6, FaultKind::ExpireSession),
            fault(SiteStep::Home, 7, FaultKind::RedirectTo("https://other.invalid/".into())),
            fault(SiteStep::Home, 8, FaultKind::RedirectLoop),
            fault(SiteStep::Home, 9, FaultKind::Late(Duration::from_secs(9))),
            fault(SiteStep::Submit, 1, FaultKind::LoseAnswer),
            fault(SiteStep::Form, 1, FaultKind::DropBefore),
            fault(SiteStep::Day, 3, FaultKind::WrongLength),
        ];
    }));
    assert_eq!(robot.get("/rent/").status, 200);
    assert_eq!(robot.get("/rent").status, 500);
    assert_eq!(robot.get("/rent/").body, b"");
    let cut = robot.get("/rent/");
    assert_eq!((cut.body.len(), cut.header("content-length")), (100, Some("100")));
    let utf8 = robot.get("/rent/");
    assert_eq!(utf8.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(String::from_utf8(utf8.body).unwrap().contains("시설예약"));
    let cookie = robot.cookie.clone();
    assert_eq!(robot.get("/rent/").set_cookies().len(), 2);
    robot.cookie = cookie;
    assert_eq!(robot.get("/rent/").header("location"), Some("https://other.invalid/"));
    let first = robot.get("/rent/").header("location").unwrap().to_owned();
    assert_eq!(first, "https://www.nyj.go.kr/rent/?standin_loop=1");
    assert_eq!(robot.get("/rent/").back_delay, Duration::from_secs(9));
    let second = robot.get("/rent/?standin_loop=1").header("location").unwrap().to_owned();
    assert!(second.ends_with("standin_loop=2"));
    assert_eq!(robot.form(PLACE, &[1]).fault, Some(WireFault::Close));
    let form = robot.form(PLACE, &[1]);
    assert_eq!(robot.submit(&form).fault, Some(WireFault::Close));
    assert_eq!(robot.stand_in.bookings().len(), 1, "the answer was lost, not the booking");
    let day = robot.day(PLACE);
    assert_eq!(day.fault, Some(WireFault::WrongLength { declared: day.body.len() + 64 }));
    let last = robot.stand_in.arrivals().iter().rev().nth(1).unwrap();
    assert_eq!((last.status, last.step), (0, SiteStep::Submit));
    assert_eq!(last.account.as_deref(), Some("tester1"));
}

#[test]
fn delays_come_from_the_seed() {
    let delay = Delay { base: Duration::from_millis(10), jitter: Duration::from_millis(5) };
    let draws = || {
        let mut robot = Robot::new(settings(|s| (s.there, s.back) = (delay, delay)));
        let there = robot.stand_in.there_delay();
        (there, robot.get("/rent/").back_delay)
    };
    assert_eq!(draws(), draws());
    let range = Duration::from_millis(10)..=Duration::from_millis(15);
    assert!(range.contains(&draws().0) && range.contains(&draws().1));
}

#[test]
fn a_login_can_answer_in_four_ways() {
    let home = "https://www.nyj.go.kr/rent/";
    let answer = |success, lines| {
        let mut robot = Robot::new(settings(|s| {
            (s.login_success, s.login_cookie_lines) = (success, Some(lines));
            s.cookie_name = Some("PHPSESSID".into());
        }));
        let answer = robot.log_in();
        assert_eq!(answer.set_cookies().len(), usize::from(lines));
        assert!(answer.set_cookies().iter().all(|line| line.starts_with("PHPSESSID=")));
        let page = robot.get("/rent/");
        assert!(shows(&robot, &page, "로그아웃"), "{success:?}");
        (robot.text(&answer), answer)
    };
    assert!(answer(LoginSuccess::Page, 1).0.contains("로그아웃"));
    let (_, redirect) = answer(LoginSuccess::Redirect, 2);
    assert_eq!((redirect.status, redirect.header("location")), (302, Some(home)));
    let (_, refresh) = answer(LoginSuccess::Refresh, 3);
    assert_eq!((refresh.status, refresh.header("refresh")), (200, Some("0;url=https://www.nyj.go.kr/rent/")));
    let (script, _) = answer(LoginSuccess::Script, 5);
    assert!(script.contains(&format!("location.replace('{home}')")));
}

#[test]
fn a_receipt_can_be_reached_in_three_ways() {
    let answer = |success| {
        let mut robot = Robot::logged_in(settings(|s| {
            (s.submit_success, s.landing_path) = (success, "/mypage/view".into());
        }));
        let form = robot.form(PLACE, &[1]);
        let answer = robot.submit(&form);
        let receipt = robot.stand_in.bookings()[0].receipt.clone();
        (robot.text(&answer), answer, format!("https://www.nyj.go.kr/rent/mypage/view/{receipt}"))
    };
    let (_, redirect, landing) = answer(SubmitSuccess::Redirect);
    assert_eq!((redirect.status, redirect.header("location")), (302, Some(landing.as_str())));
    let (_, refresh, landing) = answer(SubmitSuccess::Refresh);
    assert_eq!(refresh.header("refresh"), Some(format!("0;url={landing}").as_str()));
    let (script, _, landing) = answer(SubmitSuccess::Script);
    assert!(script.contains(&format!("location.replace('{landing}')")));
}

#[test]
fn the_header_says_what_it_is_told_to_say() {
    let kind = |content_type| {
        let mut robot = Robot::new(settings(|s| s.content_type = content_type));
        robot.get("/rent/").header("content-type").unwrap().to_owned()
    };
    assert_eq!(kind(ContentType::NoCharset), "text/html");
    assert_eq!(kind(ContentType::Dialect), "text/html; charset=euc-kr");
    assert_eq!(kind(ContentType::Label("MS949".into())), "text/html; charset=MS949");
}

#[test]
fn somebody_elses_receipt_is_not_shown() {
    let mut robot = Robot::logged_in(Settings::default());
    let form = robot.form(PLACE, &[1]);
    robot.submit(&form);
    let path = format!("/rent/rent/complete/index/{}", robot.stand_in.bookings()[0].receipt);
    robot.cookie = None;
    let answer = robot.get(&path);
    assert!(shows(&robot, &answer, &Texts::default().login_required));
}

#[test]
fn a_client_of_the_stand_in_knows_its_texts() {
    let stand_in = StandIn::new(
        &Site::builtin("cheonan").unwrap(),
        settings(|s| s.not_open_text = Some("아직 접수 기간이 아닙니다.".into())),
    );
    let site = stand_in.site("http://127.0.0.1:8099").unwrap();
    let knows = |text: &str| site.dialect.answers.iter().any(|rule| rule.text.as_deref() == Some(text));
    let texts = Texts::default();
    for text in [&texts.taken, &texts.trace_missing, &texts.login_required, &texts.blocked] {
        assert!(knows(text), "{text}");
    }
    assert!(knows("아직 접수 기간이 아닙니다."));
    assert!(stand_in.site("http://127.0.0.1:8099/rent").is_err());
}

#[test]
fn what_a_visitor_writes_is_escaped() {
    let mut robot = Robot::logged_in(Settings::default());
    let form = robot.form(PLACE, &[1]);
    let (action, fields) = robot.read_form(&form);
    let script = "<script>alert(1)</script>";
    let fields = submission_of(fields);
    let fields: FormFields = fields
        .iter()
        .map(|(n, v)| (n.to_owned(), if n == "club_name" { script } else { v }.to_owned()))
        .collect();
    assert_eq!(robot.post(&action, &fields).status, 302);
    let list = robot.get("/rent/rent/application/index/2026/12/01/2/NYJ06/07/103");
    assert!(!shows(&robot, &list, script) && shows(&robot, &list, "&lt;script&gt;alert(1)"));
}

#[test]
fn the_texts_of_alerts_are_in_no_page() {
    let mut robot = Robot::logged_in(Settings::default());
    let day = robot.day(PLACE);
    let form = robot.form(PLACE, &[1]);
    for page in [&day, &form] {
        assert!(!shows(&robot, page, "초과하였습니다") && !shows(&robot, page, "인증되지 않았습니다"));
    }
    let script = robot.get("/rent/js/standin.js");
    assert!(shows(&robot, &script, "최대 대관이용시간을 초과하였습니다."));
}

#[test]
fn nothing_secret_is_printed() {
    let request =
        Request::post("/rent/member/process", "mempw=invented-1").with_header("cookie", "ci_session=x1");
    let mut robot = Robot::logged_in(Settings::default());
    let form = robot.form(PLACE, &[1]);
    robot.submit(&form);
    let printed = format!(
        "{request:?} {:?} {:?} {:?} {form:?} {:?}",
        robot.stand_in.arrivals(),
        robot.stand_in.bookings(),
        robot.stand_in,
        robot.stand_in.accounts()
    );
    for secret in ["invented-1", "x1", "홍길동", "010-0000", "테스트클럽"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}

#[test]
fn a_share_of_the_slots_can_be_gone() {
    let mut robot = Robot::new(settings(|s| s.booked_share = 0.5));
    let list = robot.get("/rent/rent/application/index/2026/12/01/2/NYJ06/07/103");
    let text = robot.text(&list);
    let booked = text.matches("alt=\"예약완료\"").count() / 2;
    assert!((90..160).contains(&booked), "{booked} of 248");
}

#[test]
fn every_variant_answers_every_page_and_books() {
    for city in ["namyangju", "cheonan"] {
        for (name, settings) in Settings::variants() {
            let mut robot = Robot::at(city, settings);
            robot.log_in();
            let gzip = robot.stand_in.settings().gzip;
            let place = robot.stand_in.places()[0].place.clone();
            let date: RentDate = DATE.parse().unwrap();
            let site = robot.site();
            for url in [
                site.schedule_url(&place, date, "1").path().to_owned(),
                site.schedule_url(&place, date, "2").path().to_owned(),
                site.day_url(&place, date, crate::Purpose::Events).path().to_owned(),
                robot.path("/"),
                robot.path("/member/login"),
                robot.path("/message"),
                robot.path("/nowhere"),
            ] {
                let answer = robot.send(Request::get(&url).with_header("accept-encoding", "gzip, deflate"));
                assert!(answer.status < 500, "{city}, {name}: {url}");
                assert_eq!(answer.header("content-encoding").is_some(), gzip, "{name}");
                assert_eq!(answer.header("content-length").is_none(), answer.chunked, "{name}");
            }
            if robot.stand_in.settings().human_check == HumanCheck::Everywhere {
                continue;
            }
            let form = robot.form(&place.to_string(), &[1]);
            robot.submit(&form);
            assert_eq!(robot.stand_in.bookings().len(), 1, "{city}, {name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_request_is_too_odd_to_answer(
        method in "GET|POST|HEAD|PUT|[A-Z]{0,5}",
        head in prop::sample::select(vec![
            "/rent/rent/application/index/2026/12/29/2/", "/rent/rent/reservation/index/2026/12/05/1/",
            "/rent/member/process", "/rent/rent/rentinput", "/rent/rent/process/rent", "/rent/message", "/rent",
            "/rent/inc/jquery-person/jquery.realperson.php", "/rent/rent/complete/index", "/", "",
        ]),
        tail in "[ -~가-힣]{0,40}",
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "(receipt_time%5B%5D|receipt_date|comcd|partcd|place_cd|group_count|memid)=[0-9A-Z%&=]{0,30}"
                .prop_map(String::into_bytes),
        ],
        name in "cookie|host|user-agent|accept-encoding",
        value in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut robot = Robot::logged_in(Settings::default());
        let mut request = Request::new(&method, &format!("{head}{tail}"));
        request.body = body;
        request.headers.push((name, value));
        robot.send(request);
    }
}

#[test]
fn the_session_keeps_what_it_says() {
    let mut robot = Robot::logged_in(Settings::default());
    robot.form(PLACE, &[1]);
    let cookie = robot.cookie.clone().unwrap();
    let value = cookie.split_once('=').unwrap().1;
    let session = crate::harness::cookie::SessionData::from_cookie(value, &robot.stand_in.key).unwrap();
    assert_eq!(session.get(entry::TRACE), Some("NYJ06/07/103;20261205;1833"));
    assert_eq!(session.get(entry::ACCOUNT), Some("tester1"));
    assert!(cookie.len() < 4_000);
}
