//! Writes a HAR 1.2 file as a browser would: text bodies decoded, everything else in Base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::entry::{HarEntry, SavedBody, SentContent};
use super::file::HarFile;
use crate::html::charset::Charset;
use crate::value::date::SeoulTime;

impl HarFile {
    /// The file as HAR 1.2. It holds everything that the entries hold: cookies, passwords, names.
    pub fn to_json(&self) -> String {
        let entries: Vec<Value> = self.entries.iter().map(entry).collect();
        let creator = self.creator.as_deref().unwrap_or("namyangju-rent");
        let (name, version) = creator.rsplit_once(' ').unwrap_or((creator, env!("CARGO_PKG_VERSION")));
        let mut file = json!({ "log": {
            "version": "1.2",
            "creator": { "name": name, "version": version },
            "pages": [],
            "entries": entries,
        } });
        if let (Some(comment), Some(log)) =
            (&self.comment, file.pointer_mut("/log").and_then(Value::as_object_mut))
        {
            log.insert("comment".to_owned(), Value::from(comment.as_str()));
        }
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }
}

fn entry(entry: &HarEntry) -> Value {
    let took = entry.took_ms.unwrap_or_default();
    let mut request = json!({
        "method": entry.method,
        "url": entry.url.as_str(),
        "httpVersion": "HTTP/1.1",
        "cookies": cookies(entry.request_header("cookie").unwrap_or_default().split(';')),
        "headers": headers(&entry.request_headers),
        "queryString": query(entry),
        "headersSize": -1,
        "bodySize": entry.sent_text().map_or(-1, |text| i64::try_from(text.len()).unwrap_or(-1)),
    });
    if let (Some(sent), Some(request)) = (&entry.sent, request.as_object_mut()) {
        let post = match &sent.content {
            SentContent::Text(text) => {
                let params = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    json!({ "name": name, "value": value })
                });
                let is_form = sent.mime.starts_with("application/x-www-form-urlencoded");
                let params: Vec<Value> = if is_form { params.collect() } else { Vec::new() };
                json!({ "mimeType": sent.mime, "text": text, "params": params })
            }
            SentContent::Params(params) => json!({ "mimeType": sent.mime, "params": headers(params) }),
        };
        request.insert("postData".to_owned(), post);
    }
    json!({
        "startedDateTime": entry.started.map(started).unwrap_or_else(|| "1970-01-01T00:00:00.000Z".to_owned()),
        "time": took,
        "request": request,
        "response": {
            "status": entry.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": cookies(entry.response_lines("set-cookie").filter_map(|line| line.split(';').next())),
            "headers": headers(&entry.response_headers),
            "content": content(entry),
            "redirectURL": entry.response_header("location").unwrap_or_default(),
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": { "send": 0, "wait": took, "receive": 0 },
    })
}

fn started(at: SeoulTime) -> String {
    // `2026-11-26 10:00:00.000 Asia/Seoul`, which has no summer time.
    let text = at.to_string();
    let (date, time) = text.split_once(' ').unwrap_or((&text, "00:00:00.000"));
    format!("{date}T{}+09:00", time.split(' ').next().unwrap_or_default())
}

fn content(entry: &HarEntry) -> Value {
    let mime = entry.response_header("content-type").unwrap_or_default();
    let size = entry.size.unwrap_or_else(|| match &entry.body {
        SavedBody::Bytes(bytes) => bytes.len() as u64,
        SavedBody::Text(_) => entry.body_bytes(Charset::EUC_KR).map_or(0, |bytes| bytes.len() as u64),
        _ => 0,
    });
    match &entry.body {
        SavedBody::Text(text) => json!({ "size": size, "mimeType": mime, "text": text }),
        SavedBody::Bytes(bytes) => {
            json!({ "size": size, "mimeType": mime, "text": STANDARD.encode(bytes), "encoding": "base64" })
        }
        _ => json!({ "size": size, "mimeType": mime }),
    }
}

fn headers(list: &[(String, String)]) -> Value {
    list.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn cookies<'p>(pairs: impl Iterator<Item = &'p str>) -> Value {
    let pair = |pair: &str| {
        let (name, value) = pair.trim().split_once('=')?;
        Some(json!({ "name": name, "value": value }))
    };
    pairs.filter_map(pair).collect()
}

fn query(entry: &HarEntry) -> Value {
    entry.url.query_pairs().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}
