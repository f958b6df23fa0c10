//! What Chromium itself recorded of a visit, as a HAR file: its own log of the network, as its developer tools read it.
//!
//! The driver hands out the log's events. Headers of cookies come in events of their own, bodies have to be asked for while
//! the page is there, and a redirect is told with the request that follows it.

use std::collections::BTreeMap;

use fantoccini::Client;
use fantoccini::wd::WebDriverCompatibleCommand;
use hyper::Method;
use namyangju_rent::har::{HarEntry, HarFile, SavedBody, SentBody, SentContent};
use serde_json::{Map, Value, json};
use url::{ParseError, Url};

/// A command of the driver that fantoccini does not know.
#[derive(Debug)]
struct Extra {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// The requests that Chromium told of so far, in their order.
#[derive(Default)]
pub(crate) struct Recorder {
    /// By the browser's own number of the request, and which hop of it.
    entries: Vec<(String, HarEntry)>,
    sent_headers: BTreeMap<String, Vec<Value>>,
    came_headers: BTreeMap<String, Vec<Value>>,
}

impl Recorder {
    /// What the browser has to be started with.
    pub(crate) fn capabilities(capabilities: &mut Map<String, Value>) {
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "performance": "ALL" }));
    }

    /// Takes over what happened since it was last called, and the bodies of the pages while they are there.
    pub(crate) async fn take(&mut self, browser: &Client) {
        let log = Extra { path: "se/log", body: json!({ "type": "performance" }) };
        let events = browser.issue_cmd(log).await.unwrap();
        let mut finished = Vec::new();
        for event in events.as_array().unwrap() {
            let message: Value = serde_json::from_str(event["message"].as_str().unwrap()).unwrap();
            let (method, params) =
                (message["message"]["method"].as_str().unwrap(), &message["message"]["params"]);
            let id = params["requestId"].as_str().unwrap_or_default().to_owned();
            match method {
                "Network.requestWillBeSent" => self.sent(&id, params),
                "Network.requestWillBeSentExtraInfo" => {
                    self.sent_headers.entry(id).or_default().push(params["headers"].clone())
                }
                "Network.responseReceivedExtraInfo" => {
                    self.came_headers.entry(id).or_default().push(params["headers"].clone())
                }
                "Network.responseReceived" => self.came(&id, &params["response"]),
                "Network.loadingFinished" => finished.push(id),
                _ => {}
            }
        }
        for id in finished {
            let body = Extra {
                path: "goog/cdp/execute",
                body: json!({ "cmd": "Network.getResponseBody", "params": { "requestId": id } }),
            };
            // A page that is gone has no body any more.
            let Ok(answer) = browser.issue_cmd(body).await else { continue };
            let Some((_, entry)) = self.entries.iter_mut().rfind(|(known, _)| *known == id) else { continue };
            let text = answer["body"].as_str().unwrap().to_owned();
            entry.body = match answer["base64Encoded"].as_bool() {
                Some(true) => SavedBody::Missing,
                _ => SavedBody::Text(text),
            };
        }
    }

    fn sent(&mut self, id: &str, params: &Value) {
        if !params["redirectResponse"].is_null() {
            self.came(id, &params["redirectResponse"]);
        }
        let request = &params["request"];
        let Ok(url) = Url::parse(request["url"].as_str().unwrap()) else { return };
        let mut entry = HarEntry::new(request["method"].as_str().unwrap(), url, 0);
        entry.nth = self.entries.len() + 1;
        let seconds = params["wallTime"].as_f64().unwrap();
        entry.started = Some(namyangju_rent::SeoulTime::from_unix_micros((seconds * 1e6) as i64));
        entry.request_headers = headers(&request["headers"]);
        if let Some(text) = request["postData"].as_str() {
            let mime = entry.request_header("content-type").unwrap_or_default().to_owned();
            entry.sent = Some(SentBody { mime, content: SentContent::Text(text.to_owned()) });
        }
        self.entries.push((id.to_owned(), entry));
    }

    fn came(&mut self, id: &str, response: &Value) {
        let Some((_, entry)) = self.entries.iter_mut().rfind(|(known, _)| known == id) else { return };
        entry.status = response["status"].as_u64().unwrap() as u16;
        entry.response_headers = headers(&response["headers"]);
    }

    /// The whole visit. The headers with cookies are in it only if `with_cookies`, as people can choose.
    pub(crate) fn file(&self, with_cookies: bool) -> HarFile {
        let mut hops: BTreeMap<&str, usize> = BTreeMap::new();
        let entries = self.entries.iter().map(|(id, entry)| {
            let hop = hops.entry(id).or_default();
            let mut entry = entry.clone();
            let whole =
                |all: &BTreeMap<String, Vec<Value>>| all.get(id).and_then(|list| list.get(*hop)).map(headers);
            entry.request_headers = whole(&self.sent_headers).unwrap_or(entry.request_headers);
            entry.response_headers = whole(&self.came_headers).unwrap_or(entry.response_headers);
            *hop += 1;
            entry
        });
        let file = HarFile::of("1.2", "Chromium recorded", entries.collect());
        // As a file: some lines of cookies are joined, and are taken apart when it is read.
        let file = if with_cookies { file } else { file.without_cookies() };
        HarFile::read(file.to_json().as_bytes()).unwrap()
    }
}

fn headers(headers: &Value) -> Vec<(String, String)> {
    let pair =
        |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap_or_default().to_owned());
    headers.as_object().into_iter().flatten().map(pair).collect()
}
