//! HAR files of many programs, odd ones and hostile ones: what is read, and what is said of the rest.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::form_fields::Charset;

const DAY: &str = "https://www.nyj.go.kr/rent/rent/reservation/index/2026/12/05/1/NYJ06/07/103/Y";

fn entry() -> Value {
    json!({
        "startedDateTime": "2026-11-26T01:00:00.000Z",
        "time": 12.5,
        "request": { "method": "post", "url": DAY, "headers": [{ "name": "Cookie", "value": "ci_session=a=b" }],
            "postData": { "mimeType": "application/x-www-form-urlencoded", "text": "playname=%C5%D7%B4%CF%BD%BA&a=" } },
        "response": { "status": 200, "headers": [{ "name": "content-type", "value": "text/html; charset=euc-kr" }],
            "content": { "size": 6, "text": "테니스" } },
    })
}

fn file(entries: &[Value]) -> String {
    json!({ "log": { "version": "1.2", "creator": { "name": "WebInspector", "version": "537.36" }, "entries": entries } })
        .to_string()
}

fn read(text: &str) -> HarFile {
    HarFile::read(text.as_bytes()).unwrap()
}

fn one(entry: Value) -> HarEntry {
    let file = read(&file(&[entry]));
    assert_eq!(file.notes, Vec::<String>::new());
    file.entries.into_iter().next().unwrap()
}

#[test]
fn an_entry_of_chrome_is_read_and_its_text_put_back_into_bytes() {
    let read = one(entry());
    assert_eq!((read.method.as_str(), read.status, read.size), ("POST", 200, Some(6)));
    assert_eq!(read.started, "2026-11-26 10:00:00".parse().ok());
    assert_eq!(read.body_bytes(Charset::UTF_8).unwrap(), b"\xC5\xD7\xB4\xCF\xBD\xBA");
    assert_eq!(read.sent_fields(Charset::EUC_KR).unwrap().first("playname"), Some("테니스"));
    assert_eq!(read.request_header("COOKIE"), Some("ci_session=a=b"));
}

#[test]
fn what_programs_do_differently_is_taken() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut entry = entry();
        change(&mut entry);
        one(entry)
    };
    // Firefox decodes the fields; Safari keeps them encoded; some programs write no text.
    let firefox = changed(&|e| {
        e["request"]["postData"] = json!({ "params": [{ "name": "playname", "value": "테니스 모임" }] })
    });
    assert_eq!(firefox.sent_fields(Charset::EUC_KR).unwrap().first("playname"), Some("테니스 모임"));
    let safari = changed(&|e| {
        e["request"]["postData"] =
            json!({ "params": [{ "name": "receipt_time%5B%5D", "value": "%C5%D7+1" }] });
    });
    assert_eq!(safari.sent_fields(Charset::EUC_KR).unwrap().first("receipt_time[]"), Some("테 1"));
    // mitmproxy packs both bodies.
    let mitmproxy = changed(&|e| {
        e["request"]["postData"] = json!({ "text": "YT0x", "encoding": "base64" });
        e["response"]["content"] = json!({ "size": 2, "text": "xdc=", "encoding": "base64" });
    });
    assert_eq!(mitmproxy.sent_fields(Charset::EUC_KR).unwrap().first("a"), Some("1"));
    assert_eq!(mitmproxy.body_text(Charset::EUC_KR).unwrap(), "테");
    // chrome-har joins the lines of cookies; others have them in their own list only.
    let joined = changed(&|e| {
        e["response"]["headers"] = json!([{ "name": "Set-Cookie", "value": "a=1; path=/\nb=x=y; path=/" }]);
    });
    assert_eq!(joined.response_lines("set-cookie").collect::<Vec<_>>(), ["a=1; path=/", "b=x=y; path=/"]);
    let listed = changed(&|e| {
        e["request"]["headers"] = json!([]);
        e["request"]["cookies"] = json!([{ "name": "a", "value": "1=2" }, { "name": "b", "value": "" }]);
        e["response"]["cookies"] = json!([{ "name": "c", "value": "3" }]);
    });
    assert_eq!(listed.request_header("cookie"), Some("a=1=2; b="));
    assert_eq!(listed.response_header("set-cookie"), Some("c=3"));
    // No body was saved, in each way of saying so.
    for content in [json!({ "size": 5 }), json!({ "size": 5, "text": "" }), json!(null), json!({}), json!([])]
    {
        assert_eq!(
            changed(&|e| e["response"]["content"] = content.clone()).body,
            SavedBody::Missing,
            "{content}"
        );
    }
    assert!(changed(&|e| e["_fromCache"] = json!("disk")).from_cache);
    let failed =
        changed(&|e| e["response"] = json!({ "status": 0, "headers": [], "_error": "net::ERR_FAILED" }));
    assert_eq!(failed.status, 0);
}

#[test]
fn a_file_is_read_as_far_as_it_can_be_and_says_what_is_missing() {
    let bad = json!({ "request": { "method": "GET" } });
    let mut no_base64 = entry();
    no_base64["response"]["content"] = json!({ "text": "%%%", "encoding": "base64" });
    let text = file(&[entry(), bad, json!(7), no_base64, entry()]);
    let found = read(&text);
    let numbers: Vec<usize> = found.entries.iter().map(|entry| entry.nth).collect();
    assert_eq!(numbers, [1, 4, 5]);
    assert!(
        found.notes[0].contains("entry 2") && found.notes[0].contains("request.url"),
        "{:?}",
        found.notes
    );
    assert!(found.notes[2].contains("entry 4") && found.notes[2].contains("Base64"), "{:?}", found.notes);
    let cut = read(&text[..text.len() - 200]);
    assert_eq!(cut.entries.len(), 2);
    assert!(
        cut.notes.iter().any(|note| note.contains("was cut") && note.contains("4 entries")),
        "{:?}",
        cut.notes
    );
    let other = read(&text.replace("\"1.2\"", "2.5"));
    assert!(other.notes.iter().any(|note| note.contains("HAR 2.5")), "{:?}", other.notes);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = read(&text.replacen("12.5", &deep, 1));
    assert!(deep.notes[0].contains("nested too deeply"), "{:?}", deep.notes);
    assert_eq!(deep.entries.len(), 2);
    let numbers = read(&text.replacen("12.5", "-1e999", 1).replacen("200", "1e300", 1));
    assert!(numbers.notes[0].contains("no HTTP status"), "{:?}", numbers.notes);
    assert_eq!((numbers.entries[0].status, numbers.entries[0].took_ms), (0, None));
}

#[test]
fn scripts_that_fill_a_file_do_not_take_the_place_of_pages() {
    let mut script = entry();
    script["response"]["headers"] = json!([{ "name": "content-type", "value": "text/javascript" }]);
    script["response"]["content"] = json!({ "size": 1, "text": "x".repeat(200 << 10) });
    let mut long = script.clone();
    long["response"]["content"]["text"] = Value::from("x".repeat(300 << 10));
    let mut entries = vec![long];
    entries.extend(std::iter::repeat_n(script, 100));
    entries.push(entry());
    let found = read(&file(&entries));
    assert_eq!(found.entries[0].body, SavedBody::TooLong);
    let held = found.entries.iter().filter(|entry| matches!(entry.body, SavedBody::Text(_))).count();
    assert_eq!((held, found.notes.len()), ((16 << 20) / (200 << 10) + 1, 0));
    assert!(matches!(found.entries[101].body, SavedBody::Text(_)));
}

#[test]
fn what_is_written_is_read_again_as_the_same() {
    let mut entry = one(entry());
    entry.response_headers.push(("set-cookie".to_owned(), "ci_session=x=y; path=/".to_owned()));
    entry.response_headers.push(("set-cookie".to_owned(), "ci_session=z; path=/".to_owned()));
    let first = HarFile {
        version: Some("1.2".to_owned()),
        creator: Some("namyangju-rent 0.1.0".to_owned()),
        comment: Some("a remark".to_owned()),
        entries: vec![entry],
        notes: Vec::new(),
    };
    let again = read(&first.to_json());
    assert_eq!(again, first);
    assert!(again.has_cookies());
    let bare = again.without_cookies();
    assert!(!bare.has_cookies() && !bare.to_json().contains("ci_session"));
    assert!(!read(&bare.to_json()).has_cookies());
}

#[test]
fn nothing_secret_is_shown() {
    let mut entry = one(entry());
    entry.request_headers.push(("Authorization".to_owned(), "invented-secret".to_owned()));
    entry.sent =
        Some(SentBody { mime: String::new(), content: SentContent::Text("invented-secret".to_owned()) });
    entry.body = SavedBody::Text("invented-secret".to_owned());
    let file = HarFile { entries: vec![entry.clone()], ..HarFile::default() };
    let shown = format!("{entry:?} {file:?} {:?} {:?}", entry.sent, entry.body);
    assert!(!shown.contains("invented-secret") && !shown.contains("ci_session"), "{shown}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("https://www.nyj.go.kr/rent/")),
        Just(json!("base64")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof![
            Just("request"),
            Just("response"),
            Just("url"),
            Just("method"),
            Just("headers"),
            Just("name"),
            Just("value"),
            Just("content"),
            Just("text"),
            Just("encoding"),
            Just("postData"),
            Just("params"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_entry_makes_the_reader_panic(change in any_json(), at in 0_usize..12, cut in any::<prop::sample::Index>()) {
        let mut odd = entry();
        let pointers = [
            "", "/request", "/response", "/request/headers", "/response/headers", "/response/content",
            "/request/postData", "/request/url", "/response/status", "/response/content/text", "/time",
            "/request/postData/text",
        ];
        *odd.pointer_mut(pointers[at]).unwrap() = change;
        let text = file(&[odd, entry()]);
        let _ = HarFile::read(text.as_bytes()).map(|file| file.to_json());
        let _ = HarFile::read(&text.as_bytes()[..cut.index(text.len())]);
    }
}
