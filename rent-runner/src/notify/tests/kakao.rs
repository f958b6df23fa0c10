//! KakaoTalk against a stand-in of its two servers on loopback, by a clock that is moved by hand: half a year of tokens, and
//! whatever goes wrong on the way. What the stand-in does is what is published; it was not compared with the live service.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::{Response, StatusCode};
use namyangju_rent::SeoulTime;
use namyangju_rent::clock::Clock as _;
use namyangju_rent::harness::ManualClock;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{channel, config, impatient, note};
use crate::notify::kakao::{KakaoApp, REDIRECT};
use crate::notify::message::Kind;
use crate::notify::notifier::Notifier;
use crate::store::Store;
use crate::testing;
use crate::vault::Vault;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// What the next request is answered with instead.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    /// The answer is lost: all is done, and nothing is heard of it.
    Lost,
    /// No answer comes.
    Silent,
    /// A status and a body.
    Says(u16, &'static str),
}

#[derive(Default)]
struct Books {
    /// Until when each token is good.
    access: HashMap<String, SeoulTime>,
    refresh: HashMap<String, SeoulTime>,
    codes: Vec<String>,
    given: u32,
    renewals: u32,
    sent: Vec<String>,
    /// For the paths that end so.
    troubles: Vec<(&'static str, Trouble)>,
    /// Each new token for renewals ends the one before.
    strict: bool,
    /// No new token for renewals is given.
    stingy: bool,
}

#[derive(Clone)]
struct Kakao {
    base: String,
    clock: Arc<ManualClock>,
    books: Arc<Mutex<Books>>,
}

impl Kakao {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let clock = Arc::new(ManualClock::new("2026-11-25 09:00:00".parse().unwrap()));
        let kakao = Self { base, clock, books: Arc::default() };
        let router = Router::new().fallback(answer).with_state(kakao.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        kakao
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    fn app(&self) -> KakaoApp {
        KakaoApp {
            client_id: "secret-key-1".to_owned(),
            client_secret: Some("secret-word-1".to_owned()),
            redirect: REDIRECT.to_owned(),
            link: None,
            auth: self.base.clone(),
            api: self.base.clone(),
        }
    }

    /// A code as a person gets it in the browser.
    fn code(&self) -> SecretString {
        let mut books = self.books();
        books.given += 1;
        let code = format!("secret-code-{}", books.given);
        books.codes.push(code.clone());
        code.into()
    }

    fn trouble(&self, path: &'static str, trouble: Trouble) {
        self.books().troubles.push((path, trouble));
    }

    fn tokens(&self, form: &HashMap<String, String>) -> (u16, Value) {
        let now = self.clock.now();
        let refused = |error: &str, code: &str| {
            (400, json!({ "error": error, "error_description": "secret-words", "error_code": code }))
        };
        let mut books = self.books();
        if form["client_id"] != "secret-key-1" || form["client_secret"] != "secret-word-1" {
            return (401, json!({ "error": "invalid_client", "error_code": "KOE010" }));
        }
        let is_renewal = form["grant_type"] == "refresh_token";
        if is_renewal {
            match books.refresh.get(&form["refresh_token"]) {
                Some(until) if *until > now => books.renewals += 1,
                _ => return refused("invalid_grant", "KOE322"),
            }
        } else {
            assert_eq!(form["redirect_uri"], REDIRECT);
            let Some(at) = books.codes.iter().position(|code| *code == form["code"]) else {
                return refused("invalid_grant", "KOE320");
            };
            books.codes.remove(at);
        }
        books.given += 1;
        let number = books.given;
        books.access.insert(format!("secret-access-{number}"), now.plus(Duration::from_secs(21_599)));
        let mut answer = json!({ "token_type": "bearer", "access_token": format!("secret-access-{number}"), "expires_in": 21_599 });
        let near_its_end =
            is_renewal && books.refresh[&form["refresh_token"]] < now.plus(Duration::from_secs(30 * DAY));
        if !is_renewal || near_its_end && !books.stingy {
            if is_renewal && books.strict {
                books.refresh.remove(&form["refresh_token"]);
            }
            books
                .refresh
                .insert(format!("secret-refresh-{number}"), now.plus(Duration::from_secs(5_183_999)));
            answer["refresh_token"] = format!("secret-refresh-{number}").into();
            answer["refresh_token_expires_in"] = 5_183_999.into();
        }
        (200, answer)
    }

    fn memo(&self, bearer: &str, form: &HashMap<String, String>) -> (u16, Value) {
        let now = self.clock.now();
        let mut books = self.books();
        if books.access.get(bearer).is_none_or(|until| *until <= now) {
            return (401, json!({ "msg": "this access token is already expired", "code": -401 }));
        }
        let template: Value = serde_json::from_str(&form["template_object"]).unwrap();
        assert_eq!(template["object_type"], "text");
        assert!(template["link"]["web_url"].as_str().is_none_or(|url| url.starts_with("http")));
        let text = template["text"].as_str().unwrap();
        assert!(text.encode_utf16().count() <= 200, "{text}");
        books.sent.push(text.to_owned());
        (200, json!({ "result_code": 0 }))
    }
}

async fn answer(Shared(kakao): Shared<Kakao>, request: Request) -> Response<String> {
    let (head, body) = request.into_parts();
    let body: Bytes = to_bytes(body, 1 << 20).await.unwrap();
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let path = head.uri.path();
    let trouble = {
        let mut books = kakao.books();
        let at = books.troubles.iter().position(|(end, _)| path.ends_with(end));
        at.map(|at| books.troubles.remove(at).1)
    };
    if let Some(Trouble::Says(status, body)) = trouble {
        let mut answer = Response::new(body.to_owned());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        return answer;
    }
    if trouble == Some(Trouble::Silent) {
        return std::future::pending().await;
    }
    let (status, body) = match path {
        "/oauth/token" => kakao.tokens(&form),
        "/v2/api/talk/memo/default/send" => {
            let bearer = head.headers["authorization"].to_str().unwrap();
            kakao.memo(bearer.trim_start_matches("Bearer "), &form)
        }
        other => panic!("{other}"),
    };
    if trouble == Some(Trouble::Lost) {
        // All is done, and a proxy on the way answers instead.
        let mut answer = Response::new(String::new());
        *answer.status_mut() = StatusCode::BAD_GATEWAY;
        return answer;
    }
    let mut answer = Response::new(body.to_string());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

/// A store with a vault, in a folder of its own.
async fn store() -> (TempDir, Store, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let settings = testing::config(folder.path());
    let store = Store::open(&settings.database).await.unwrap();
    let vault = Vault::open(&store, &settings.key).await.unwrap();
    (folder, store, vault)
}

async fn notifier(kakao: &Kakao, store: &Store, vault: &Vault, tables: &[&str]) -> Notifier {
    let channels = tables.iter().map(|table| channel(table).unwrap()).collect();
    let patience = crate::notify::outbox::Patience { each: Duration::from_millis(500), ..impatient() };
    let notifier = Notifier::with(&config(channels), patience, None).unwrap();
    notifier.attach_by(store, vault, Arc::clone(&kakao.clock) as _).await;
    notifier
}

async fn added(kakao: &Kakao, store: &Store, vault: &Vault, tables: &[&str]) -> Notifier {
    let notifier = notifier(kakao, store, vault, tables).await;
    notifier.add_kakao("phone", &Kind::ALL, kakao.app(), &kakao.code()).await.unwrap();
    notifier
}

async fn send(notifier: &Notifier) -> Result<(), String> {
    let channel = notifier.channels().into_iter().find(|channel| channel.name == "phone").unwrap();
    notifier.send(&channel, &note()).await.map_err(|failure| failure.text)
}

/// The alarms that wait, each with its channels.
async fn alarms(store: &Store) -> Vec<(String, String)> {
    let messages = store.take_messages(100, Duration::ZERO).await.unwrap();
    let notice = |body: &Value| body["notice"].as_str().unwrap_or_default().to_owned();
    messages.iter().map(|message| (notice(&message.body), message.channel.clone())).collect()
}

const OTHER: &str = "name = 'other'\nkind = 'webhook'\nurl = 'https://a.example/secret-1'";

#[tokio::test]
async fn half_a_year_passes_without_a_person() {
    let kakao = Kakao::start().await;
    let (_folder, store, vault) = store().await;
    let notifier = added(&kakao, &store, &vault, &[OTHER]).await;
    let mut sent = 0;
    for day in 0..180 {
        // Some weeks send much, others nothing at all.
        if day % 40 < 5 {
            send(&notifier).await.unwrap();
            sent += 1;
        }
        for _ in 0..4 {
            notifier.look_after().await;
            kakao.clock.advance(Duration::from_secs(6 * HOUR));
        }
    }
    send(&notifier).await.unwrap();
    {
        let books = kakao.books();
        assert_eq!(books.sent.len(), sent + 1);
        assert!(books.sent[0].starts_with("예약 성공: "), "{}", books.sent[0]);
        // One for each message, and a few that keep the channel alive.
        assert!((sent as u32..sent as u32 + 20).contains(&books.renewals), "{} for {sent}", books.renewals);
    }
    assert_eq!(alarms(&store).await, []);
}

#[tokio::test]
async fn a_week_before_the_end_the_other_channels_are_told_once() {
    let kakao = Kakao::start().await;
    let (_folder, store, vault) = store().await;
    let notifier = added(&kakao, &store, &vault, &[OTHER]).await;
    kakao.books().stingy = true;
    let mut told = Vec::new();
    for day in 0..59 {
        // Another runner of the store looks as well.
        let second = self::notifier(&kakao, &store, &vault, &[OTHER]).await;
        tokio::join!(notifier.look_after(), second.look_after());
        told.extend(alarms(&store).await.into_iter().map(|alarm| (day, alarm)));
        for message in store.take_messages(9, Duration::ZERO).await.unwrap() {
            store.message_sent(message.id).await.unwrap();
        }
        kakao.clock.advance(Duration::from_secs(DAY));
    }
    assert_eq!(told, [(53, ("channel-ends".to_owned(), "other".to_owned()))]);
    kakao.clock.advance(Duration::from_secs(2 * DAY));
    let why = send(&notifier).await.unwrap_err();
    assert!(why.contains("ended or was withdrawn"), "{why}");
    notifier.look_after().await;
    assert_eq!(alarms(&store).await, [("channel-broken".to_owned(), "other".to_owned())]);
    // A person agrees again, and all is well.
    notifier.add_kakao("phone", &Kind::ALL, kakao.app(), &kakao.code()).await.unwrap();
    send(&notifier).await.unwrap();
    assert_eq!(store.stored_channel("phone").await.unwrap().unwrap().problem, None);
}

#[tokio::test]
async fn two_runners_renew_once() {
    let kakao = Kakao::start().await;
    kakao.books().strict = true;
    let (_folder, store, vault) = store().await;
    let one = added(&kakao, &store, &vault, &[]).await;
    let two = notifier(&kakao, &store, &vault, &[]).await;
    kakao.clock.advance(Duration::from_secs(40 * DAY));
    let (first, second) = tokio::join!(send(&one), send(&two));
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!((kakao.books().renewals, kakao.books().sent.len()), (1, 2));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again() {
    let kakao = Kakao::start().await;
    let (_folder, store, vault) = store().await;
    let notifier = added(&kakao, &store, &vault, &[OTHER]).await;
    for trouble in
        [Trouble::Lost, Trouble::Silent, Trouble::Says(503, ""), Trouble::Says(200, "<html>secret-1")]
    {
        kakao.clock.advance(Duration::from_secs(7 * HOUR));
        kakao.trouble("/oauth/token", trouble);
        let why = send(&notifier).await.unwrap_err();
        assert!(!why.contains("secret-"), "{why}");
        assert_eq!(send(&notifier).await, Ok(()), "{trouble:?}");
    }
    // The new token for renewals is lost, and the one before good no more: only a person can help, and hears of it.
    kakao.clock.advance(Duration::from_secs(40 * DAY));
    kakao.books().strict = true;
    kakao.trouble("/oauth/token", Trouble::Lost);
    send(&notifier).await.unwrap_err();
    assert!(send(&notifier).await.unwrap_err().contains("run `rent-runner notify add kakao` again"));
    notifier.look_after().await;
    assert_eq!(alarms(&store).await, [("channel-broken".to_owned(), "other".to_owned())]);
}

#[tokio::test]
async fn a_token_that_is_refused_early_is_renewed_once() {
    let kakao = Kakao::start().await;
    let (_folder, store, vault) = store().await;
    let notifier = added(&kakao, &store, &vault, &[]).await;
    kakao.books().access.clear();
    send(&notifier).await.unwrap();
    assert_eq!(kakao.books().renewals, 1);
    // The service takes none of its own tokens: no endless renewing.
    for _ in 0..4 {
        kakao.trouble("/send", Trouble::Says(401, "{\"code\":-401}"));
    }
    send(&notifier).await.unwrap_err();
    assert_eq!(kakao.books().renewals, 2);
}

#[tokio::test]
async fn refusals_are_told_in_words_and_repeat_no_secret() {
    let kakao = Kakao::start().await;
    let (_folder, store, vault) = store().await;
    let notifier = added(&kakao, &store, &vault, &[]).await;
    for (status, body, part) in [
        (400, "{\"msg\":\"secret-1\",\"code\":-10}", "quota"),
        (500, "secret-1", "the server answered 500"),
        (400, "{\"msg\":\"secret-1\",\"code\":-2}", "answered 400 with code -2"),
        (403, "{\"msg\":\"insufficient scopes.\",\"code\":-402}", "talk_message"),
    ] {
        kakao.trouble("/send", Trouble::Says(status, body));
        let why = send(&notifier).await.unwrap_err();
        assert!(why.contains(part) && !why.contains("secret-"), "{why}");
    }
    assert!(store.stored_channel("phone").await.unwrap().unwrap().problem.unwrap().contains("talk_message"));

    let add = async |code: &SecretString, app: KakaoApp| notifier.add_kakao("phone", &[], app, code).await;
    let code = kakao.code();
    add(&code, kakao.app()).await.unwrap();
    let why = add(&code, kakao.app()).await.unwrap_err();
    assert!(why.contains("good once") && !why.contains("secret-"), "{why}");
    let wrong = KakaoApp { client_id: "secret-key-2".to_owned(), ..kakao.app() };
    let why = add(&kakao.code(), wrong).await.unwrap_err();
    assert!(why.contains("key or client secret") && !why.contains("secret-"), "{why}");
    kakao.trouble(
        "/oauth/token",
        Trouble::Says(400, "{\"error\":\"invalid_request\",\"error_code\":\"KOE303\"}"),
    );
    assert!(add(&kakao.code(), kakao.app()).await.unwrap_err().contains("redirect address"));
    let shown =
        format!("{notifier:?} {:?} {:?}", notifier.channels(), store.stored_channels().await.unwrap());
    assert!(!shown.contains("secret-"), "{shown}");
}
