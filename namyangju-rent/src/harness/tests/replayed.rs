//! Captures: what a HAR entry gives, what is missing is named, and what is secret stays out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::har::from_base64;
use crate::harness::{Capture, ReplayError, Request, Settings, StandIn, Told, replay};
use crate::{Outcome, Site, Step};

const DAY: &str = "https://www.nyj.go.kr/rent/rent/reservation/index/2026/12/05/1/NYJ06/07/103/Y";

fn site() -> Site {
    Site::builtin("namyangju").unwrap()
}

fn entry(url: &str, page: &str) -> Value {
    let body = STANDARD.encode(site().charset().encode(page));
    json!({
        "startedDateTime": "2026-11-26T10:00:00.000+09:00",
        "request": {
            "method": "GET", "url": url, "headers": [{"name": "Cookie", "value": "ci_session=invented-secret"}],
        },
        "response": {
            "status": 200,
            "headers": [
                {"name": "Content-Type", "value": "text/html"},
                {"name": "Set-Cookie", "value": "ci_session=invented-secret; path=/"},
            ],
            "cookies": [{"name": "ci_session", "value": "invented-secret"}],
            "content": {"size": body.len(), "mimeType": "text/html", "text": body, "encoding": "base64"},
        },
    })
}

fn not_open() -> Value {
    entry(DAY, "<html><p class='error'>예약이 가능한 일자가 아닙니다.</p></html>")
}

fn name(capture: &Capture) -> String {
    match replay(&site(), capture).unwrap() {
        Told::Outcome(outcome) => outcome.kind().to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_har_entry_with_korean_bytes_is_read() {
    let capture = Capture::from_har_entry(&not_open(), Step::Day).unwrap();
    assert_eq!(name(&capture), "not-open-yet");
    assert_eq!(capture.posted_to, None);
}

#[test]
fn text_that_the_browser_decoded_is_put_back_into_the_pages_bytes() {
    let mut entry = not_open();
    entry["response"]["content"] = json!({"text": "<p class='error'>예약이 가능한 일자가 아닙니다.</p>"});
    for content_type in ["text/html", "text/html; charset=EUC-KR", "text/html; charset=utf-8"] {
        entry["response"]["headers"] = json!([{"name": "content-type", "value": content_type}]);
        let capture = Capture::from_har_entry(&entry, Step::Day).unwrap();
        assert_eq!(name(&capture), "not-open-yet", "{content_type}");
    }
}

#[test]
fn cookies_are_left_out_and_nothing_of_the_page_is_shown() {
    let mut capture = Capture::from_har_entry(&not_open(), Step::Day).unwrap();
    assert_eq!(capture.headers, [("Content-Type".to_owned(), "text/html".to_owned())]);
    assert_eq!(
        format!("{capture:?}"),
        "Capture(day page: status 200 at /rent/rent/reservation/index/2026/12/05/1/NYJ06/07/103/Y with 64 bytes)"
    );
    capture.headers.push(("Set-Cookie".to_owned(), "ci_session=invented-secret".to_owned()));
    let json = serde_json::to_string(&capture).unwrap();
    assert!(!json.contains("invented-secret"));
    capture.headers.pop();
    assert_eq!(serde_json::from_str::<Capture>(&json).unwrap(), capture);
    let with_cookie = json.replace("[[\"Content-Type\",", "[[\"set-cookie\",\"a=b\"],[\"Content-Type\",");
    assert_eq!(serde_json::from_str::<Capture>(&with_cookie).unwrap(), capture);
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let error = |change: &dyn Fn(&mut Value)| {
        let mut entry = not_open();
        change(&mut entry);
        Capture::from_har_entry(&entry, Step::Day).unwrap_err().to_string()
    };
    let without = |at: &'static str, key: &'static str| {
        error(&move |entry: &mut Value| {
            entry.pointer_mut(at).unwrap().as_object_mut().unwrap().remove(key);
        })
    };
    assert!(without("/request", "url").contains("`request.url` is missing"));
    assert!(without("/request", "method").contains("`request.method` is missing"));
    assert!(without("/response", "status").contains("`response.status` is missing"));
    assert!(without("/response", "headers").contains("`response.headers` is missing"));
    assert!(without("/response", "content").contains("`response.content.text` is missing"));
    assert!(without("/response/headers/0", "value").contains("`response.headers[].value` is missing"));
    assert!(error(&|e| e["response"]["status"] = json!(-1)).contains("`response.status` is no HTTP status"));
    assert!(error(&|e| e["request"]["url"] = json!(7)).contains("`request.url` is no text"));
    assert!(error(&|e| e["response"]["content"]["text"] = json!("%%%")).contains("Base64"));
    assert!(error(&|e| e["response"]["content"]["encoding"] = json!("gzip")).contains("not `base64`"));
    for wrong in [json!(null), json!([]), json!("{}"), json!({"request": []})] {
        assert!(Capture::from_har_entry(&wrong, Step::Day).is_err(), "{wrong}");
    }
}

#[test]
fn a_page_without_its_context_says_which_is_missing() {
    let at = |url: &str, step| replay(&site(), &Capture::new(step, url, "<form id=reservation_form></form>"));
    let elsewhere = "https://www.nyj.go.kr/rent/rent/process/rent";
    let missing = |key| Err::<(), _>(ReplayError::Missing { key });
    assert_eq!(at(elsewhere, Step::Day).map(drop), missing("place"));
    assert_eq!(at(elsewhere, Step::Submit).map(drop), missing("place"));
    assert!(matches!(at(DAY, Step::Day), Ok(Told::Day(_))));
    for url in ["", "no address", "https://example.org/rent"] {
        assert!(matches!(at(url, Step::Home), Err(ReplayError::Url(_))), "{url}");
    }
    let refused = Capture::from_har_entry(
        &entry(elsewhere, "<p class=error>예약이 가능한 일자가 아닙니다.</p>"),
        Step::Day,
    );
    assert_eq!(name(&refused.unwrap()), "not-open-yet");
}

#[test]
fn a_redirect_is_an_answer_to_a_submission_and_to_nothing_else() {
    let mut capture = Capture::new(Step::Submit, "https://www.nyj.go.kr/rent/rent/process/rent", "");
    capture.posted_to = Some(capture.url.clone());
    (capture.status, capture.place, capture.date) =
        (302, "NYJ06/07/103".parse().ok(), "2026-12-05".parse().ok());
    capture.headers.push(("Location".to_owned(), "/rent/rent/complete/index/1833777".to_owned()));
    let Told::Outcome(Outcome::Reserved(receipt)) = replay(&site(), &capture).unwrap() else { panic!() };
    assert_eq!(receipt.number, "1833777");
    capture.step = Step::Login;
    let error = replay(&site(), &capture).unwrap_err();
    assert!(error.to_string().contains("/rent/rent/complete/index/1833777"), "{error}");
    capture.headers = vec![("location".to_owned(), "https://example.org/".to_owned())];
    assert!(matches!(replay(&site(), &capture), Err(ReplayError::Redirected { .. })));
}

#[test]
fn a_menu_is_told_where_a_schedule_page_has_no_month() {
    let page = "<div class=content_body><ul><li><a href='/rent/rent/application/index/2026/12/01/1/NYJ06/07'>다산</a></ul></div>";
    let capture =
        Capture::from_har_entry(&entry("https://www.nyj.go.kr/rent/", page), Step::Schedule).unwrap();
    let Told::Menu(menu) = replay(&site(), &capture).unwrap() else { panic!() };
    assert_eq!(menu.centres[0].name, "다산");
}

#[test]
fn the_stand_ins_pages_are_read_with_their_own_addresses() {
    let now = "2026-11-26 10:00:00".parse().unwrap();
    let mut stand_in = StandIn::new(&site(), Settings::default());
    for view in ["1", "2"] {
        let path = format!("/rent/rent/application/index/2026/12/01/{view}/NYJ06/07/103");
        let answer = stand_in.answer(&Request::get(&path), now);
        let capture = Capture::new(Step::Schedule, format!("https://www.nyj.go.kr{path}"), answer.body);
        let told = replay(&site(), &capture).unwrap();
        assert!(matches!((view, told), ("1", Told::Calendar(_)) | ("2", Told::DayList(_))), "{view}");
    }
}

#[test]
fn base64_of_any_program_is_read() {
    for coded in ["Zm9vYg==", "Zm9vYg", "Zm9v\r\nYg", "Zm9vYh=="] {
        assert_eq!(from_base64(coded).as_deref(), Some(b"foob".as_slice()), "{coded}");
    }
    for wrong in ["Z", "Zg==Zg==", "Z===", "테니스", "Zm9-"] {
        assert_eq!(from_base64(wrong), None, "{wrong}");
    }
}
