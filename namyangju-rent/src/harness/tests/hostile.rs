//! Pages that nobody should send: what is not an answer is not taken for one, and what would take too
//! long is not read.

use crate::harness::{Capture, Told, replay};
use crate::schedule::SlotState;
use crate::{AnswerKind, Outcome, Site, Step};

const BASE: &str = "https://www.nyj.go.kr";
const SUBMIT: &str = "https://www.nyj.go.kr/rent/rent/process/rent";
const DAY: &str = "/rent/rent/reservation/index/2026/12/05/1/NYJ06/07/103/Y";

fn site() -> Site {
    Site::builtin("namyangju").unwrap()
}

fn told(step: Step, path: &str, page: &str) -> Told {
    let body = site().charset().encode(page).into_owned();
    let mut capture = Capture::new(step, format!("{BASE}{path}"), body);
    if step == Step::Submit {
        capture.posted_to = Some(SUBMIT.to_owned());
        (capture.place, capture.date) = ("NYJ06/07/103".parse().ok(), "2026-12-05".parse().ok());
        capture.slots.push((crate::schedule::TimeNo(1833), "06:00-08:00".parse().unwrap()));
    }
    replay(&site(), &capture).unwrap()
}

fn submitted(path: &str, page: &str) -> Outcome {
    match told(Step::Submit, path, page) {
        Told::Outcome(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn addresses_that_only_look_like_a_receipt_are_none() {
    let nearby = [
        "/rent/rent/complete/index/20261205",
        "/rent/rent/complete/index/202612",
        "/rent/rent/complete/index/2026",
        "/rent/rent/complete/index/05",
        "/rent/rent/complete/index/5/",
        "/rent/rent/complete/index/07",
        "/rent/rent/complete/index/103",
        "/rent/rent/complete/index/0103",
        "/rent/rent/complete/index/1833?x=1",
        "/rent/rent/complete/index/1833/",
        "/rent/rent/complete/index/0",
        "/rent/rent/complete/index/1",
        "/rent/rent/complete/index/%31%32%33%34",
        "/rent/rent/complete/index/１２３４",
        "/rent/rent/complete/index/1234a",
        "/rent/rent/complete/index/123456789012345678901",
        "/rent/rent/complete/index?number=1234567",
        "/rent/rent/complete/index#1234567",
        // Pages that are known, with something behind them.
        "/rent/message/1234567",
        "/rent/message/index/1234567",
        "/rent/member/login/1234567",
        "/rent/member/logout/1234567",
        "/rent/rent/rentinput/1234567",
        "/rent/rent/application/index/2026/12/01/2/NYJ06/07/103/1234567",
        "/rent/rent/reservation/index/2026/12/05/1/NYJ06/07/103/Y/1234567",
        // Beside the reservation system, not in it.
        "/rental/board/1234567",
        "/www/board/1234567",
        "/1234567",
    ];
    for path in nearby {
        assert_eq!(submitted(path, "<html><p>안내</p></html>").kind(), AnswerKind::Unknown, "{path}");
    }
    for path in ["/rent/rent/complete/index/1833777", "/rent/1833777/", "/rent/rent/process/rent/1833777?x=1"]
    {
        let Outcome::Reserved(receipt) = submitted(path, "<html><p>안내</p></html>") else {
            panic!("{path}")
        };
        assert_eq!(receipt.number, "1833777");
    }
}

#[test]
fn a_page_that_says_otherwise_is_no_receipt_whatever_its_address() {
    let at = |page: &str| submitted("/rent/rent/complete/index/1833777", page).kind();
    assert_eq!(at("<form id=login_form><input name=memid></form>"), AnswerKind::LoggedOut);
    assert_eq!(at("<ul id=tnb><li>x<li><a href=/>로그인</a></ul>"), AnswerKind::LoggedOut);
    assert_eq!(at("<a class=btn_rent_login>x</a>"), AnswerKind::LoggedOut);
    assert_eq!(at("<div class=realperson-challenge>x</div>"), AnswerKind::HumanCheck);
    assert_eq!(at("<div class=error>모르는 오류</div>"), AnswerKind::Unknown);
    assert_eq!(at("<a id=btn_prev>확인</a>"), AnswerKind::Unknown);
    assert_eq!(at(&"<div>".repeat(10_000)), AnswerKind::Unknown);
    assert_eq!(
        at("<ul id=tnb><li>x<li><a href=/>로그아웃</a></ul><div class=error></div>"),
        AnswerKind::Reserved
    );
}

#[test]
fn what_nobody_sees_is_no_answer() {
    let text = "최대 대관이용시간을 초과하였습니다.";
    let at = |page: &str| submitted("/rent/rent/complete/index/1833777", page).kind();
    for hidden in [
        format!("<!-- <p>{text}</p> -->"),
        format!("<script>alert('{text}')</script><p>x"),
        format!("<style>{text}</style><title>{text}</title>"),
        format!("<noscript>{text}</noscript><template>{text}</template>"),
        format!("<p title='{text}'>x"),
        format!("<div style='Display : NONE'><p>{text}</p></div>"),
        format!("<div hidden><p class=error>{text}</p></div>"),
        format!("<p class=error style='display:none'>{text}</p>"),
    ] {
        assert_eq!(at(&format!("<p>완료</p>{hidden}")), AnswerKind::Reserved, "{hidden}");
    }
    assert_eq!(at(&format!("<p style='color:red'>{text}</p>")), AnswerKind::LimitReached);
}

#[test]
fn a_box_in_a_template_is_no_free_slot() {
    let row =
        |n: u16| format!("<tr><td>x<td>y<td>{n:02}:00~24:00<td><input class=select_check value={n}></tr>");
    let page = format!(
        "<form id=reservation_form><table>{}</table><template><table>{}</table></template><!-- {} --></form>",
        row(6),
        row(7),
        row(8)
    );
    let Told::Day(day) = told(Step::Day, DAY, &page) else { panic!() };
    assert_eq!(day.free.iter().map(|slot| slot.time_no.0).collect::<Vec<_>>(), [6]);
    assert_eq!(day.rows.len(), 1);
}

#[test]
fn a_table_around_the_calendar_is_no_day() {
    let cell = |day: u8, image: &str| {
        let span = |n: u16| format!("<span class=blind>{n}</span>");
        format!("<td>{}{}{}{image}</td>", span(2026), span(12), span(day.into()))
    };
    let days = format!("{}{}", cell(1, ""), cell(2, "<a href=/x><img alt='예약가능'></a>"));
    let page = format!(
        "<div class=content_body><table><tr><td><table class=calendar_table><tr>{days}</table></td></tr>\
         <tr><td><img alt='예약가능'> 예약가능</td></tr></table></div>"
    );
    let Told::Calendar(calendar) =
        told(Step::Schedule, "/rent/rent/application/index/2026/12/01/1/NYJ06/07/103", &page)
    else {
        panic!()
    };
    let found: Vec<_> = calendar.days.iter().map(|d| (d.date.day(), d.state)).collect();
    assert_eq!(found, [(1, SlotState::NotShown), (2, SlotState::Free)]);
}

#[test]
fn a_day_has_no_more_slots_than_a_day_can_have() {
    let rows: String = (0..5000)
        .map(|n| {
            let (hours, minutes) = (n / 60 % 24, n % 60);
            format!("<tr><td>x<td>y<td>{hours:02}:{minutes:02}~24:00<td><input class=select_check value={n}>")
        })
        .collect();
    let page = format!("<form id=reservation_form><table>{rows}</table></form>");
    let Told::Day(day) = told(Step::Day, DAY, &page) else { panic!() };
    assert_eq!((day.free.len(), day.rows.len()), (192, 192));
}

#[test]
fn a_page_that_would_take_too_long_is_unknown_at_every_step() {
    let attributes: String = (0..1000).map(|n| format!(" a{n}")).collect();
    let formats: String = (0..1000).map(|n| format!("<b id=x{n}>")).collect();
    for page in [
        "<table><td>".repeat(100_000),
        "<div class=error>".repeat(100_000),
        "<br>".repeat(200_000),
        format!("<p{attributes}>"),
        format!("{formats}{}", "<p>".repeat(10_000)),
    ] {
        for step in [Step::Schedule, Step::Day, Step::Form, Step::Submit] {
            let Told::Outcome(Outcome::Unknown(kept)) = told(step, "/rent/x", &page) else {
                panic!("{step}")
            };
            assert_eq!(kept.body(), page.as_bytes());
        }
        assert!(matches!(told(Step::Home, "/rent/", &page), Told::LoggedIn(None)));
    }
}

#[test]
fn a_list_of_many_chosen_options_is_kept_once() {
    let options = "<option selected value=1>x".repeat(20_000);
    let form = "<input id=appli_name value=x><input name=comcd value=NYJ06><input name=part_cd value=07>\
        <input name=place_cd value=103><input name=receipt_date value=20261205>\
        <input name=use_time_list value='NYJ06;1833;20261205;20261205;0600;0800;'>";
    let page = format!("<form>{form}<select multiple name='discount[]'>{options}</select></form>");
    let Told::Form { names, discounts, .. } = told(Step::Form, "/rent/rent/rentinput", &page) else {
        panic!()
    };
    assert_eq!((names.len(), discounts.len()), (20_006, 20_000));
}

#[test]
fn an_error_does_not_repeat_a_whole_page() {
    let long = "홍길동 ".repeat(10_000);
    let form = format!("<form><input id=appli_name><input name='receipt_time[]' value='{long}'></form>");
    let mut capture = Capture::new(Step::Form, SUBMIT, site().charset().encode(&form).into_owned());
    (capture.place, capture.date) = ("NYJ06/07/103".parse().ok(), "2026-12-05".parse().ok());
    capture.slots.push((crate::schedule::TimeNo(1833), "06:00-08:00".parse().unwrap()));
    let error = replay(&site(), &capture).unwrap_err().to_string();
    assert!(error.len() < 300 && error.contains("1833"), "{error}");
}
