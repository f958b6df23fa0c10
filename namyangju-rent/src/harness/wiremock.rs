//! The stand-in inside a wiremock server, and the matchers that wiremock lacks: form fields and
//! queries in the character set of Korean pages.
//!
//! wiremock answers one request at a time and keeps every one in memory: it is for tests, not for
//! load. It cannot cut a connection either. A fault that needs that comes as status 500 with the header
//! `x-stand-in-fault`; use [`StandInServer`](super::StandInServer) for those.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::wiremock::matchers::any;
use ::wiremock::{Match, Mock, MockServer, Respond, ResponseTemplate};

use super::replay::Replay;
use super::stand_in::StandIn;
use super::wire::{Answer, Request};
use crate::clock::Clock;
use crate::html::charset::{Charset, FormFields};
use crate::site::Site;
use crate::site::error::SiteError;

/// A stand-in carried by a wiremock server.
pub struct StandInMock {
    /// The server. Mocks mounted on it with a priority of 1 to 4 come before the stand-in.
    pub server: MockServer,
    machine: Arc<Mutex<StandIn>>,
}

impl StandInMock {
    /// The dialect at this server's address, with the stand-in's own texts in it.
    ///
    /// # Errors
    /// [`SiteError::BaseUrl`] if the address cannot stand in one.
    pub fn site(&self) -> Result<Site, SiteError> {
        self.with(|stand_in| stand_in.site(&self.server.uri()))
    }

    /// Looks into the machine, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut StandIn) -> T) -> T {
        look(&mut self.machine.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for StandInMock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandInMock").field("server", &self.server.uri()).finish_non_exhaustive()
    }
}

/// A wiremock server that answers as the stand-in does.
///
/// A request to an address that the site does not have is answered with status 500 and a text that
/// names it, and makes the server's own verification fail when it is dropped.
pub async fn mock_server(stand_in: StandIn, clock: Arc<dyn Clock>) -> StandInMock {
    let server = MockServer::start().await;
    let machine = Arc::new(Mutex::new(stand_in));
    let known = Arc::clone(&machine);
    let knows = move |request: &::wiremock::Request| {
        known.lock().unwrap_or_else(PoisonError::into_inner).knows(request.url.path())
    };
    let responder = Responder { machine: Arc::clone(&machine), clock };
    Mock::given(knows).respond_with(responder).with_priority(5).named("the stand-in").mount(&server).await;
    Mock::given(any())
        .respond_with(|request: &::wiremock::Request| {
            let text = format!("the stand-in has no such address: {} {}", request.method, request.url.path());
            ResponseTemplate::new(500).set_body_string(text)
        })
        .with_priority(255)
        .named("an address that the site does not have")
        .expect(0)
        .mount(&server)
        .await;
    StandInMock { server, machine }
}

/// A wiremock server that answers as a recorded visit did: see [`Replay`]. A request that nothing was recorded for is
/// answered by status 500, and is among the misses of the replay.
pub async fn replay_server(replay: Replay) -> (MockServer, Arc<Mutex<Replay>>) {
    let server = MockServer::start().await;
    let replay = Arc::new(Mutex::new(replay));
    let responder = ReplayResponder(Arc::clone(&replay));
    Mock::given(any()).respond_with(responder).with_priority(5).named("the replay").mount(&server).await;
    (server, replay)
}

struct ReplayResponder(Arc<Mutex<Replay>>);

impl Respond for ReplayResponder {
    fn respond(&self, request: &::wiremock::Request) -> ResponseTemplate {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).answer(&asked(request));
        templated(answer, Duration::ZERO)
    }
}

/// A request as the stand-in knows it.
fn asked(request: &::wiremock::Request) -> Request {
    let query = request.url.query().map_or(String::new(), |query| format!("?{query}"));
    let headers = request.headers.iter();
    let mut asked = Request::new(request.method.as_str(), &format!("{}{query}", request.url.path()));
    asked.headers = headers.map(|(n, v)| (n.as_str().to_owned(), v.as_bytes().to_vec())).collect();
    asked.body = request.body.clone();
    asked
}

/// An answer as wiremock sends it, held back by `there` and its own delay.
fn templated(answer: Answer, there: Duration) -> ResponseTemplate {
    if let Some(fault) = answer.fault {
        return ResponseTemplate::new(500)
            .insert_header("x-stand-in-fault", format!("{fault:?}"))
            .set_body_string("wiremock cannot do this fault: use the stand-in's own server");
    }
    let mut template = ResponseTemplate::new(answer.status);
    for (name, value) in &answer.headers {
        // wiremock writes the length itself; every header of the stand-in is text.
        let text = std::str::from_utf8(value).unwrap_or_default();
        if name != "content-length" && name != "content-type" {
            template = template.append_header(name.as_str(), text);
        }
    }
    let kind = answer.header("content-type").unwrap_or("text/html").to_owned();
    let delay = there.saturating_add(answer.back_delay);
    let template = template.set_body_raw(answer.body, &kind);
    if delay.is_zero() { template } else { template.set_delay(delay) }
}

struct Responder {
    machine: Arc<Mutex<StandIn>>,
    clock: Arc<dyn Clock>,
}

impl Respond for Responder {
    fn respond(&self, request: &::wiremock::Request) -> ResponseTemplate {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let there = machine.there_delay();
        let answer = machine.answer(&asked(request), self.clock.now());
        drop(machine);
        templated(answer, there)
    }
}

/// Matches a form body that holds this field with this value, among others.
///
/// ```
/// use namyangju_rent::harness::wiremock::form_field;
/// use wiremock::{Mock, ResponseTemplate};
///
/// let mock = Mock::given(form_field("playname", "테니스")).respond_with(ResponseTemplate::new(200));
/// # drop(mock);
/// ```
pub fn form_field(name: &str, value: &str) -> FormMatcher {
    FormMatcher { pairs: vec![(name.to_owned(), value.to_owned())], whole: false, charset: Charset::EUC_KR }
}

/// Matches a form body that is these fields, in this order, and no others.
pub fn form_fields<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> FormMatcher {
    let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    FormMatcher { pairs, whole: true, charset: Charset::EUC_KR }
}

/// Matches a query that holds this name with this text; wiremock's own matcher reads UTF-8 only.
pub fn query_text(name: &str, value: &str) -> QueryMatcher {
    QueryMatcher { name: name.to_owned(), value: value.to_owned(), charset: Charset::EUC_KR }
}

/// See [`form_field`] and [`form_fields`].
#[derive(Clone)]
pub struct FormMatcher {
    pairs: Vec<(String, String)>,
    whole: bool,
    charset: Charset,
}

impl FormMatcher {
    /// Reads the body in another character set than EUC-KR.
    #[must_use]
    pub fn in_charset(self, charset: Charset) -> Self {
        Self { charset, ..self }
    }
}

impl Match for FormMatcher {
    fn matches(&self, request: &::wiremock::Request) -> bool {
        let fields = FormFields::decode(&String::from_utf8_lossy(&request.body), self.charset);
        let wanted = || self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        if self.whole {
            fields.iter().eq(wanted())
        } else {
            wanted().all(|(name, value)| fields.all(name).any(|sent| sent == value))
        }
    }
}

impl fmt::Debug for FormMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

/// See [`query_text`].
#[derive(Clone, Debug)]
pub struct QueryMatcher {
    name: String,
    value: String,
    charset: Charset,
}

impl QueryMatcher {
    /// Reads the query in another character set than EUC-KR.
    #[must_use]
    pub fn in_charset(self, charset: Charset) -> Self {
        Self { charset, ..self }
    }
}

impl Match for QueryMatcher {
    fn matches(&self, request: &::wiremock::Request) -> bool {
        let fields = FormFields::decode(request.url.query().unwrap_or_default(), self.charset);
        fields.all(&self.name).any(|sent| sent == self.value)
    }
}
