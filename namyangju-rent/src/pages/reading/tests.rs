//! The rules of reading one by one, on pages made for them; `fixtures/` has whole ones.

use bytes::Bytes;

use super::*;
use crate::answer_kind::AnswerKind;
use crate::page::{Hop, HopKind, Timing};
use crate::pages::day::Slot;
use crate::value::slot::TimeNo;

fn site() -> Site {
    Site::builtin("namyangju").unwrap()
}

/// The built-in dialect with more in it.
fn with(more: &str) -> Site {
    Site::from_toml(&format!("{}\n{more}", Site::builtin_toml("namyangju").unwrap())).unwrap()
}

fn page(path: &str, body: &str) -> Page {
    let site = site();
    let url = format!("https://www.nyj.go.kr/rent{path}").parse().unwrap();
    let timing = Timing {
        sent: "2026-11-26 10:00:00".parse().unwrap(),
        connect: Duration::ZERO,
        first_byte: Duration::ZERO,
        done: Duration::ZERO,
    };
    Page {
        status: 200,
        url,
        hops: Vec::new(),
        headers: Vec::new(),
        charset: site.charset(),
        body: Bytes::from(site.charset().encode(body).into_owned()),
        alerts: Vec::new(),
        cookies: Vec::new(),
        timing,
        session_cleared: false,
    }
}

fn headed(headers: &[(&str, &str)]) -> Page {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Page { headers, ..page("/", "") }
}

#[test]
fn the_rest_that_is_asked_for_is_in_seconds_or_until_an_instant_of_the_answers_own_clock() {
    let date = ("date", "Thu, 26 Nov 2026 01:00:00 GMT");
    let rest = |headers: &[(&str, &str)]| retry_after(&headed(headers)).map(|rest| rest.as_secs());
    assert_eq!(rest(&[("retry-after", " 120 ")]), Some(120));
    assert_eq!(rest(&[("retry-after", "99999")]), Some(3_600));
    assert_eq!(rest(&[date, ("retry-after", "Thu, 26 Nov 2026 01:00:30 GMT")]), Some(30));
    assert_eq!(rest(&[date, ("retry-after", "Thu, 26 Nov 2026 00:59:30 GMT")]), Some(0));
    assert_eq!(rest(&[("retry-after", "Thu, 26 Nov 2026 01:00:30 GMT")]), None);
    assert_eq!(rest(&[date, ("retry-after", "soon")]), None);
    assert_eq!(rest(&[date]), None);
}

#[test]
fn a_status_says_what_it_says_in_every_step() {
    let site = with("[waiting_room]\nwords = [\"netfunnel\"]\nattributes = [\"data-nf-client-id\"]");
    let kind = |status: u16, headers: &[(&str, &str)]| {
        let page = Page { status, ..headed(headers) };
        Reading::new(&site, &page).by_status().map(|outcome| outcome.kind())
    };
    let queue = [("location", "https://queue.example.org/NetFUNNEL/wait")];
    for status in [200, 301, 302, 303, 307, 308] {
        assert_eq!(kind(status, &queue), Some(AnswerKind::WaitingRoom), "{status}");
        assert_eq!(kind(status, &[("location", "/rent/")]), None, "{status}");
    }
    assert_eq!(kind(200, &[("refresh", "0; url=/netfunnel")]), Some(AnswerKind::WaitingRoom));
    assert_eq!(kind(404, &queue), None);
    assert_eq!(kind(403, &[]), Some(AnswerKind::Blocked));
    assert_eq!((kind(429, &[]), kind(503, &[])), (Some(AnswerKind::Busy), Some(AnswerKind::Busy)));
    assert_eq!((kind(200, &[]), kind(404, &[]), kind(500, &[])), (None, None, None));
    let page = Page { status: 503, ..headed(&[("retry-after", "7")]) };
    let Some(Outcome::Busy { retry_after }) = Reading::new(&site, &page).by_status() else { panic!() };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn the_marks_of_a_waiting_room_are_found_where_they_stand_and_nowhere_else() {
    let site = with("[waiting_room]\nwords = [\"netfunnel\"]\nattributes = [\"data-nf-client-id\"]");
    for (body, waits) in [
        ("<script src='/js/NetFunnel.js'></script>", true),
        ("<script>NetFunnel_Action()</script>", true),
        ("<meta http-equiv='refresh' content='3; url=/netfunnel/'>", true),
        ("<div data-nf-client-id='1'></div>", true),
        ("<div>netfunnel</div>", false),
        ("<a href='/netfunnel'>x</a>", false),
        ("<meta name='netfunnel' content='x'>", false),
        ("<div data-client-id='1'></div>", false),
    ] {
        let page = page("/", &format!("<html><body>{body}<p>text</p></body></html>"));
        let reading = Reading::new(&site, &page);
        assert_eq!(reading.is_waiting_room(), waits, "{body}");
        let turned = reading.turned_away().map(|outcome| outcome.kind());
        assert_eq!(turned, waits.then_some(AnswerKind::WaitingRoom), "{body}");
        // Before the login state and before a length.
        let kind = reading.refusal(true).kind();
        assert_eq!(kind == AnswerKind::WaitingRoom, waits, "{body}");
        assert_eq!(reading.behind_login(|| Some(())).is_ok(), !waits, "{body}");
    }
}

#[test]
fn only_a_block_turns_a_visitor_away_by_its_text() {
    let site = with(
        "[[answers]]\nmeans = \"blocked\"\ntext = \"shut out\"\n[[answers]]\nmeans = \"busy\"\ntext = \"crowded\"\n",
    );
    let turned = |body: &str| {
        let page = page("/", &format!("<html><body><p>{body}</p></body></html>"));
        Reading::new(&site, &page).turned_away().map(|outcome| outcome.kind())
    };
    assert_eq!(turned("you are shut out"), Some(AnswerKind::Blocked));
    assert_eq!(turned("it is crowded"), None);
    assert_eq!(turned("welcome"), None);
}

#[test]
fn a_rule_holds_if_all_its_conditions_do() {
    let rule = |conditions: &str| with(&format!("[[answers]]\nmeans = \"limit-reached\"\n{conditions}\n"));
    let kind = |site: &Site, page: &Page| Reading::new(site, page).refusal(false).kind();
    let shown = |class: &str, text: &str| {
        page("/", &format!("<html><body><p class='{class}'>{text}</p></body></html>"))
    };
    let (limit, unknown) = (AnswerKind::LimitReached, AnswerKind::Unknown);
    // A text anywhere, in an element, whole.
    assert_eq!(kind(&rule("text = \"too many\""), &shown("a", "there are too many of them")), limit);
    assert_eq!(kind(&rule("text = \"too many\""), &shown("a", "there are few of them")), unknown);
    let at = rule("at = \".limit\"\ntext = \"too many\"");
    assert_eq!(kind(&at, &shown("limit", "there are too many")), limit);
    assert_eq!(kind(&at, &shown("other", "there are too many")), unknown);
    let whole = rule("at = \".limit\"\ntext = \"too many\"\nwhole = true");
    assert_eq!(kind(&whole, &shown("limit", " too  many ")), limit);
    assert_eq!(kind(&whole, &shown("limit", "far too many")), unknown);
    let hidden =
        page("/", "<html><body><p class='limit' style='display:none'>too many</p><p>x</p></body></html>");
    assert_eq!(kind(&at, &hidden), unknown);
    // A text of an alert on the way.
    let alerts = vec!["first".to_owned(), "far too many".to_owned()];
    assert_eq!(kind(&rule("text = \"too many\""), &Page { alerts, ..shown("a", "x") }), limit);
    // A status, alone and beside a text.
    let status = rule("status = 409");
    assert_eq!(kind(&status, &Page { status: 409, ..shown("a", "x") }), limit);
    assert_eq!(kind(&status, &Page { status: 400, ..shown("a", "x") }), unknown);
    let both = rule("status = 409\ntext = \"too many\"");
    assert_eq!(kind(&both, &Page { status: 409, ..shown("a", "too many") }), limit);
    assert_eq!(kind(&both, &Page { status: 400, ..shown("a", "too many") }), unknown);
    assert_eq!(kind(&both, &Page { status: 409, ..shown("a", "few") }), unknown);
    // A length.
    let sized = shown("a", "x");
    let length = rule(&format!("content_length = {}", sized.body.len()));
    assert_eq!(kind(&length, &sized), limit);
    assert_eq!(kind(&length, &shown("a", "xy")), unknown);
}

#[test]
fn a_field_that_was_not_taken_is_named_by_its_label_and_the_text_is_cut() {
    let refused = |text: &str| {
        let page = page("/", &format!("<html><body><div class='message'><p>{text}</p></div></body></html>"));
        match Reading::new(&site(), &page).refusal(false) {
            Outcome::Invalid(invalid) => invalid,
            other => panic!("{other}"),
        }
    };
    let slots = refused("신청시간 필드가 필요합니다.");
    assert_eq!(slots.field.as_deref(), Some("receipt_time[]"));
    assert_eq!(slots.text, "신청시간 필드가 필요합니다.");
    assert_eq!(refused("모르는 필드가 필요합니다.").field, None);
    let long = refused(&format!("신청시간 필드가 필요합니다. {}", "가".repeat(500)));
    assert_eq!(long.text.chars().count(), MAX_TEXT);
}

#[test]
fn who_is_logged_in_is_told_by_the_header_then_by_other_signs() {
    let site = site();
    let header = |words: &[&str]| {
        let links: String = words.iter().map(|word| format!("<li><a href='#'>{word}</a></li>")).collect();
        format!("<html><body><div id='tnb'><ul>{links}</ul></div><p>text</p></body></html>")
    };
    let read = |page: &Page| {
        let reading = Reading::new(&site, page);
        (reading.logged_in(), reading.is_logged_out())
    };
    assert_eq!(read(&page("/", &header(&["예약", "로그아웃"]))), (Some(true), false));
    assert_eq!(read(&page("/", &header(&["예약", "로그인"]))), (Some(false), true));
    assert_eq!(read(&page("/", &header(&["로그인", "로그아웃"]))), (Some(true), false));
    assert_eq!(read(&page("/", &header(&["예약"]))), (None, false));
    assert_eq!(read(&page("/member/login", &header(&["예약"]))), (None, true));
    assert_eq!(read(&Page { session_cleared: true, ..page("/", &header(&["예약"])) }), (None, true));
    for sign in ["<form id='login_form'></form>", "<a class='btn_rent_login' href='#'>x</a>"] {
        let text = format!("<html><body>{sign}<p>text</p></body></html>");
        assert_eq!(read(&page("/", &text)), (None, true), "{sign}");
    }
    // What the header says goes before the other signs.
    assert_eq!(read(&page("/member/login", &header(&["로그아웃"]))), (Some(true), false));
    // A page behind the login is read only by one who is logged in, and only if it came.
    let behind =
        |page: &Page| Reading::new(&site, page).behind_login(|| Some(())).map_err(|outcome| outcome.kind());
    assert_eq!(behind(&page("/", &header(&["로그아웃"]))), Ok(()));
    assert_eq!(behind(&page("/", &header(&["로그인"]))), Err(AnswerKind::LoggedOut));
    let broken = Page { status: 500, ..page("/", &header(&["로그아웃"])) };
    assert_eq!(behind(&broken), Err(AnswerKind::Unknown));
    assert_eq!(behind(&Page { status: 403, ..page("/", &header(&["로그아웃"])) }), Err(AnswerKind::Blocked));
    let open =
        |page: &Page| Reading::new(&site, page).open_to_all(|_| Some(())).map_err(|outcome| outcome.kind());
    assert_eq!((open(&page("/", &header(&["로그인"]))), open(&broken)), (Ok(()), Err(AnswerKind::Unknown)));
}

fn choice() -> Choice {
    let slots = vec![Slot { time_no: TimeNo(1833), range: "06:00-08:00".parse().unwrap() }];
    Choice { place: "NYJ06/07/103".parse().unwrap(), date: "2026-12-05".parse().unwrap(), slots }
}

/// A page that a submission was sent on to.
fn landed(path: &str, body: &str) -> Page {
    let from = "https://www.nyj.go.kr/rent/rent/process/rent".parse().unwrap();
    let hops = vec![Hop { from, status: 302, kind: HopKind::Location, cookies: Vec::new() }];
    Page { hops, ..page(path, &format!("<html><body><p>thank you</p>{body}</body></html>")) }
}

fn receipt(site: &Site, page: &Page) -> Option<String> {
    match Reading::new(site, page).submission(&choice()) {
        Outcome::Reserved(receipt) => Some(receipt.number),
        _ => None,
    }
}

#[test]
fn a_receipt_is_a_number_that_the_booking_did_not_bring_along() {
    let number = |number: &str| receipt(&site(), &landed(&format!("/rent/complete/index/{number}"), ""));
    for good in ["48213907", "8", "12345678901234567890", "20251030", "20280110", "1834", "20261305"] {
        assert_eq!(number(good).as_deref(), Some(good));
    }
    assert_eq!(number("48213907/").as_deref(), Some("48213907"));
    for (bad, why) in [
        ("123456789012345678901", "too long"),
        ("12a", "a letter"),
        ("12-3", "a sign"),
        ("done", "no digit"),
        ("20261205", "the day of use"),
        ("2026-12-05", "the day of use"),
        ("202612", "its month"),
        ("2026", "its year"),
        ("12", "the month"),
        ("05", "the day"),
        ("5", "the day"),
        ("0", "nought"),
        ("00", "nought"),
        ("07", "the group"),
        ("7/103", "the court"),
        ("1", "the view"),
        ("2", "the view"),
        ("1833", "the slot"),
        ("01833", "the slot"),
        ("20251031", "a date near the day of use"),
        ("20280109", "a date near the day of use"),
    ] {
        assert_eq!(number(bad), None, "{bad}: {why}");
    }
}

#[test]
fn letters_and_dashes_are_a_receipt_only_where_the_dialect_says_so() {
    let toml = Site::builtin_toml("namyangju").unwrap().replace("digits_only = true", "digits_only = false");
    let site = Site::from_toml(&toml).unwrap();
    let number = |number: &str| receipt(&site, &landed(&format!("/rent/complete/index/{number}"), ""));
    assert_eq!(number("R-2026a").as_deref(), Some("R-2026a"));
    assert_eq!(number("12345").as_deref(), Some("12345"));
    for bad in ["done", "R_12", "R.12"] {
        assert_eq!(number(bad), None, "{bad}");
    }
}

#[test]
fn a_receipt_stands_at_the_end_of_a_redirect_to_a_page_of_its_own() {
    let site = site();
    let good = || landed("/rent/complete/index/48213907", "");
    assert_eq!(receipt(&site, &good()).as_deref(), Some("48213907"));
    // The page that it led to need not have come.
    assert_eq!(receipt(&site, &Page { status: 0, ..good() }).as_deref(), Some("48213907"));
    for (why, page) in [
        ("no redirect", Page { hops: Vec::new(), ..good() }),
        ("a status", Page { status: 404, ..good() }),
        ("the session ended", Page { session_cleared: true, ..good() }),
        ("an error", landed("/rent/complete/index/48213907", "<p class='error'>no</p>")),
        ("a message", landed("/rent/complete/index/48213907", "<div class='message'><p>no</p></div>")),
        ("a notice", landed("/rent/complete/index/48213907", "<a id='btn_prev'>back</a>")),
        ("the message page", landed("/message/48213907", "")),
        ("a list", landed("/rent/application/index/2026/12/05/2/NYJ06/07/48213907", "")),
        ("a day", landed("/rent/reservation/index/2026/12/05/1/NYJ06/07/48213907", "")),
        ("the form", landed("/rent/rentinput/48213907", "")),
        ("the login", landed("/member/login/48213907", "")),
        ("the logout", landed("/member/logout/48213907", "")),
        (
            "another part of the host",
            Page { url: "https://www.nyj.go.kr/board/48213907".parse().unwrap(), ..good() },
        ),
    ] {
        assert_eq!(receipt(&site, &page), None, "{why}");
    }
    // An error text that is not shown, or empty, is none.
    for body in ["<p class='error'></p>", "<p class='error' style='display:none'>no</p>"] {
        assert!(receipt(&site, &landed("/rent/complete/index/48213907", body)).is_some(), "{body}");
    }
}
