//! The requests of a timeline as HAR 1.2, with their timings, for every other viewer.
//!
//! What was sent and answered is not stored, and would be personal: the entries have no headers and no bodies. Each number
//! is a number: viewers show "NaN" for what is left out.

use serde_json::{Value, json};

use super::{Request, Timeline};

/// Microseconds as the milliseconds of a HAR.
fn ms(micros: i64) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a time in a HAR needs no more than 52 bits of a microsecond"
    )]
    let ms = micros.max(0) as f64 / 1_000.0;
    json!(ms)
}

/// The document.
pub(crate) fn document(timeline: &Timeline) -> Value {
    let began = timeline.requests.first().map_or(timeline.zero, |first| first.local);
    let page = json!({
        "startedDateTime": began,
        "id": "page_1",
        "title": format!("{} — {}", timeline.title, timeline.verdict),
        "pageTimings": { "onContentLoad": -1, "onLoad": -1 },
    });
    let entries: Vec<_> = timeline.requests.iter().map(|request| entry(timeline, request)).collect();
    json!({ "log": {
        "version": "1.2",
        "creator": { "name": "rent-runner", "version": env!("CARGO_PKG_VERSION") },
        "comment": format!(
            "The site's clock is taken to be {} microseconds ahead; instants are those of this machine. What was sent and \
             answered is not stored.",
            timeline.ahead_micros
        ),
        "pages": [page],
        "entries": entries,
    } })
}

fn entry(timeline: &Timeline, request: &Request) -> Value {
    let is_submission = request.step == namyangju_rent::Step::Submit;
    let wait = request.first_byte.unwrap_or(request.took);
    let receive = request.took.saturating_sub(wait);
    let connect = if request.connect > 0 { ms(request.connect) } else { json!(-1) };
    let answer = request.answer.map(namyangju_rent::AnswerKind::as_str);
    let begun = request.local.minus(std::time::Duration::from_micros(request.connect.unsigned_abs()));
    json!({
        "pageref": "page_1",
        "startedDateTime": begun,
        "time": ms(request.connect.saturating_add(request.took)),
        "request": {
            "method": if is_submission { "POST" } else { "GET" },
            "url": timeline.base_url,
            "httpVersion": "HTTP/1.1",
            "cookies": [], "headers": [], "queryString": [],
            "headersSize": -1, "bodySize": -1,
            "comment": timeline.labels.request(request.attempt, request.step),
        },
        "response": {
            "status": if request.first_byte.is_some() { 200 } else { 0 },
            "statusText": answer.unwrap_or_default(),
            "httpVersion": "HTTP/1.1",
            "cookies": [], "headers": [],
            "content": { "size": 0, "mimeType": "text/html" },
            "redirectURL": "",
            "headersSize": -1, "bodySize": -1,
            "comment": "The status is not stored: 200 says that an answer came, 0 that none did.",
        },
        "cache": {},
        "timings": {
            "blocked": -1, "dns": -1, "connect": connect, "ssl": -1,
            "send": 0, "wait": ms(wait), "receive": ms(receive),
        },
    })
}
