//! The API of the real program: what each operation does, judged by the store and by the stand-in site.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::postgres;
use crate::world::{LOGIN, OWNER, PASSWORD, SITE_PASSWORD, World};

/// A program with a token.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    client: reqwest::Client,
    address: String,
    token: Option<String>,
    pub(crate) called: BTreeSet<String>,
}

/// An answer, as a program has it.
#[derive(Clone, Debug)]
pub(crate) struct ApiAnswer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl ApiAnswer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Asserts that it is a problem of this status, and gives it.
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(
            (self.status, self.header("content-type")),
            (status, "application/problem+json"),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["type"].as_str().unwrap().starts_with("/api/#"), "{problem}");
        assert!(!problem["title"].as_str().unwrap().is_empty() && problem["detail"].is_string(), "{problem}");
        problem
    }

    /// The fields that a problem names.
    pub(crate) fn wrong_fields(&self) -> BTreeSet<String> {
        let problem = self.problem(422);
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}

impl Program {
    /// One with a token of a user of the page.
    pub(crate) fn with(world: &World, user: &str, scopes: &[&str]) -> Self {
        let name = format!("{user} {}", scopes.join(" "));
        let mut arguments = vec!["web", "token", "add", &name, "--user", user];
        scopes.iter().for_each(|scope| arguments.extend(["--scope", scope]));
        let token = world.command(&arguments).trim().to_owned();
        Self { token: Some(token), ..Self::without(world) }
    }

    pub(crate) fn without(world: &World) -> Self {
        let client = world.visitor().client().clone();
        Self { client, address: world.address().to_owned(), token: None, called: BTreeSet::new() }
    }

    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}/api/v1{path}", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> ApiAnswer {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        ApiAnswer { status, headers, text: answer.text().await.unwrap() }
    }

    pub(crate) async fn call(&mut self, method: &str, path: &str, body: Option<Value>) -> ApiAnswer {
        self.call_with(method, path, body, &[]).await
    }

    pub(crate) async fn call_with(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
        lines: &[(&str, &str)],
    ) -> ApiAnswer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let answer = self.send(request).await;
        if answer.status < 300 {
            self.called.insert(format!("{method} {}", path.split('?').next().unwrap()));
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> ApiAnswer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn ok(&mut self, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.call(method, path, body).await;
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        if answer.status == 204 { Value::Null } else { answer.json() }
    }

    /// Reads a stream until `enough` of what came.
    pub(crate) async fn listen(
        &mut self,
        path: &str,
        last: Option<&str>,
        enough: impl Fn(&str) -> bool,
    ) -> String {
        let mut request = self.request("GET", path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let mut answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        self.called.insert(format!("GET {path}"));
        let mut text = String::new();
        let reading = async {
            while !enough(&text) {
                text.push_str(std::str::from_utf8(&answer.chunk().await.unwrap().unwrap()).unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(30), reading).await.expect("the stream said nothing");
        text
    }
}

/// A booking whose opening is far ahead.
pub(crate) fn later(time: &str) -> Value {
    json!({
        "account": "me", "applicant": "club", "place": "NYJ06/07/103", "date": "2099-12-05", "time": time,
        "opens_at": "2099-11-26 10:00:00"
    })
}

/// All operations of the OpenAPI document: method, path behind `/api/v1`, and the operation.
pub(crate) async fn operations(world: &World) -> Vec<(String, String, Value)> {
    let document = Program::without(world).get("/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path = path.strip_prefix("/api/v1").unwrap().to_owned();
            all.push((method.to_uppercase(), path, operation.clone()));
        }
    }
    all
}

/// Adds an account and an applicant's data.
pub(crate) async fn furnish(program: &mut Program, world: &World, owner: bool) {
    let mut account = json!({ "login": LOGIN, "password": SITE_PASSWORD, "name": "me" });
    if owner {
        account["base_url"] = world.base_url().into();
    }
    let added = program.ok("POST", "/accounts", Some(account)).await;
    assert_eq!((&added["name"], &added["login"]), (&json!("me"), &json!(LOGIN)));
    let applicant = json!({
        "name": "club", "club_name": "가나다클럽", "head_count": 4, "event_name": "테니스", "purpose": "운동",
        "mobile": "010-0000-0000"
    });
    let added = program.ok("POST", "/applicants", Some(applicant)).await;
    assert_eq!(added["application"]["club_name"], "가나다클럽");
}

#[tokio::test]
async fn every_operation_does_its_work_on_sqlite() {
    every_operation(None).await;
}

#[tokio::test]
async fn every_operation_does_its_work_on_postgres() {
    if let Some(database) = postgres::database() {
        every_operation(Some(database)).await;
    }
}

async fn every_operation(database: Option<String>) {
    let world = World::on(database, &["--listen", "127.0.0.1:0"]);
    world.owner().await;
    let mut all = Program::with(&world, OWNER, &["read", "book", "admin"]);
    assert_eq!(
        all.ok("GET", "/me", None).await,
        json!({
            "name": OWNER, "is_owner": true, "scopes": ["read", "book", "admin"]
        })
    );
    furnish(&mut all, &world, true).await;

    // Accounts and applicants.
    assert!(all.ok("POST", "/accounts/me/check", None).await["checked_at"].is_string());
    let password = json!({ "password": SITE_PASSWORD });
    all.ok("PUT", "/accounts/me/password", Some(password)).await;
    assert!(
        all.ok("GET", "/accounts", None).await["accounts"][0]["checked_at"].is_null(),
        "it is another password"
    );
    let masked = all.ok("GET", "/applicants", None).await;
    assert_eq!(
        (&masked["applicants"][0]["club_name"], &masked["applicants"][0]["mobile"]),
        (&json!("***"), &json!("***"))
    );
    let shown = all.get("/applicants/club").await;
    let lines = [("if-match", shown.header("etag"))];
    let change = Some(json!({ "head_count": 6 }));
    let changed = all.call_with("PATCH", "/applicants/club", change.clone(), &lines).await;
    assert_eq!(
        (changed.status, &changed.json()["application"]["head_count"]),
        (200, &json!(6)),
        "{changed:?}"
    );
    all.call_with("PATCH", "/applicants/club", change, &lines).await.problem(412);

    // A booking's life.
    let added = all.call("POST", "/bookings", Some(later("06:00-08:00"))).await;
    assert_eq!((added.status, added.header("location")), (201, "/api/v1/bookings/1"), "{added:?}");
    assert_eq!(added.json()["booking"]["state"], "waiting");
    let listed = all.ok("GET", "/bookings?state=waiting,armed&account=me", None).await;
    assert_eq!((&listed["bookings"][0]["id"], &listed["left_out"]), (&json!(1), &json!(0)));
    let shown = all.get("/bookings/1?events=true&personal=true").await;
    assert_eq!(shown.json()["application"]["club_name"], "가나다클럽");
    assert!(all.ok("GET", "/bookings/1", None).await.get("application").is_none());
    let lines = [("if-match", shown.header("etag"))];
    let change = Some(json!({ "note": "later", "give_up_after": "1m" }));
    let changed = all.call_with("PATCH", "/bookings/1", change, &lines).await;
    assert_eq!((&changed.json()["booking"]["note"], changed.status), (&json!("later"), 200), "{changed:?}");
    let lines = [("if-match", changed.header("etag"))];
    let cleared = all.call_with("PATCH", "/bookings/1", Some(json!({ "note": null })), &lines).await;
    assert!(cleared.json()["booking"]["note"].is_null(), "{cleared:?}");
    assert_eq!(all.ok("POST", "/bookings/1/cancel", None).await["booking"]["state"], "cancelled");
    all.call("POST", "/bookings/1/cancel", None).await.problem(409);
    let again = json!({ "opens_at": "2099-11-27 10:00:00" });
    let again = all.ok("POST", "/bookings/1/retry", Some(again)).await;
    assert_eq!((&again["booking"]["state"], &again["booking"]["round"]), (&json!("waiting"), &json!(2)));

    // One that is won, heard as it comes.
    let mut now = later("08:00-10:00");
    (now["opens_at"], now["date"]) = ("now".into(), soon().into());
    let id = all.ok("POST", "/bookings", Some(now)).await["booking"]["id"].as_i64().unwrap();
    let stream = format!("/bookings/{id}/stream");
    let heard = all.listen(&stream, None, |text| text.contains("{\"state\":\"succeeded\"}")).await;
    assert_eq!(world.site.with(|site| site.bookings().len()), 1);
    let events = all.ok("GET", &format!("/bookings/{id}/events"), None).await;
    let events = events["events"].as_array().unwrap();
    for event in events {
        assert!(heard.contains(&format!("id: {}\n", event["number"])), "{event} {heard}");
    }
    // Who comes back hears what was missed, and nothing twice.
    let last = events[events.len() - 2]["number"].to_string();
    let rest = all.listen(&stream, Some(&last), |text| text.contains("\"state\"")).await;
    assert_eq!(rest.matches("event: event").count(), 1, "{rest}");
    let stamp = all.listen("/stream", None, |text| text.contains("event: changed")).await;
    let known = stamp.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    let mut other = all.clone();
    let (heard, _) =
        tokio::join!(all.listen("/stream", Some(&known), |text| text.contains("event: changed")), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            other.ok("POST", "/bookings/1/cancel", None).await
        });
    assert!(!heard.contains(&known), "{heard}");

    // What the site tells, and how things stand.
    assert!(all.ok("GET", "/sites", None).await["sites"].as_array().unwrap().len() > 3);
    assert!(all.ok("GET", "/places", None).await["places"].as_array().unwrap().len() > 1);
    let slots = all.ok("GET", &format!("/slots?place=NYJ06/07/103&date={}&free=true", soon()), None).await;
    assert!(slots["slots"].as_array().unwrap().iter().all(|slot| slot["state"] == "free"), "{slots}");
    assert!(all.ok("GET", "/clock?probes=1", None).await["ahead_micros"].is_i64());
    let status = all.ok("GET", "/status", None).await;
    assert_eq!((&status["bookings"]["succeeded"], &status["bookings"]["cancelled"]), (&json!(1), &json!(1)));
    assert!(all.ok("GET", "/settings", None).await["settings"].as_array().unwrap().len() > 5);
    assert_eq!(all.ok("GET", "/channels", None).await["channels"], json!([]));
    all.call("POST", "/channels/phone/test", None).await.problem(404);

    // Tokens: the last of them is the one that is used here.
    world.command(&["web", "token", "add", "other", "--scope", "read", "--days", "3"]);
    let tokens = all.ok("GET", "/tokens", None).await;
    assert!(
        !tokens.to_string().contains(all.token()) && tokens["tokens"][0]["used_at"].is_string(),
        "{tokens}"
    );
    let other = tokens["tokens"][1]["id"].as_i64().unwrap();
    assert!(tokens["tokens"][1]["ends_at"].is_string());
    all.ok("DELETE", &format!("/tokens/{other}"), None).await;
    all.call("DELETE", &format!("/tokens/{other}"), None).await.problem(404);

    all.ok("DELETE", "/applicants/club", None).await;
    all.ok("DELETE", "/accounts/me", None).await;
    assert_eq!(all.ok("GET", "/bookings", None).await["bookings"], json!([]), "they go with their account");

    // None was forgotten here but a channel's test, which needs a channel.
    let plain = |path: &str| path.replace("{id}", "*").replace("{name}", "*");
    let called: BTreeSet<String> = all
        .called
        .iter()
        .map(|called| {
            let parts = called.split('/').map(|part| match part {
                "me" if called != "GET /me" => "*",
                "club" => "*",
                part if part.parse::<i64>().is_ok() => "*",
                part => part,
            });
            parts.collect::<Vec<_>>().join("/")
        })
        .collect();
    let known: BTreeSet<String> = operations(&world)
        .await
        .iter()
        .map(|(method, path, _)| format!("{method} {}", plain(path)))
        .collect();
    let missing: Vec<_> = known.difference(&called).filter(|one| *one != "POST /channels/*/test").collect();
    assert!(missing.is_empty(), "{missing:?} of {called:?}");
}

/// A day that the stand-in lists.
pub(crate) fn soon() -> String {
    use namyangju_rent::clock::{Clock as _, SystemClock};
    SystemClock.now().plus(Duration::from_secs(10 * 24 * 3600)).date().to_string()
}

#[tokio::test]
async fn the_same_request_with_the_same_key_books_once() {
    let world = World::new();
    world.owner().await;
    let mut all = Program::with(&world, OWNER, &["read", "book", "admin"]);
    furnish(&mut all, &world, true).await;
    let key = [("idempotency-key", "invented-key-1")];
    let first = all.call_with("POST", "/bookings", Some(later("06:00-08:00")), &key).await;
    let again = all.call_with("POST", "/bookings", Some(later("06:00-08:00")), &key).await;
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!((first.text, again.header("idempotency-replayed")), (again.text.clone(), "true"));
    let other = all.call_with("POST", "/bookings", Some(later("08:00-10:00")), &key).await;
    assert_eq!(other.problem(422)["type"], "/api/#key-reused");
    // The key of another path, and of another user, is another key.
    let applicant =
        json!({ "name": "two", "club_name": "x", "head_count": 2, "event_name": "y", "purpose": "z" });
    for _ in 0..2 {
        let added = all.call_with("POST", "/applicants", Some(applicant.clone()), &key).await;
        assert_eq!((added.status, &added.json()["name"]), (201, &json!("two")), "{added:?}");
    }
    let account = json!({ "login": "tester2", "password": "invented-2" });
    for _ in 0..2 {
        let added = all.call_with("POST", "/accounts", Some(account.clone()), &key).await;
        assert_eq!((added.status, &added.json()["name"]), (201, &json!("tester2")), "{added:?}");
    }
    // What was refused is tried anew.
    let key = [("idempotency-key", "invented-key-2")];
    all.call_with("POST", "/bookings", Some(later("07:00-08:00")), &key).await.problem(409);
    let tried = all.call_with("POST", "/bookings", Some(later("10:00-12:00")), &key).await;
    assert_eq!(tried.status, 201, "{tried:?}");
    for key in ["", " ", &"k".repeat(201)] {
        let wrong =
            all.call_with("POST", "/bookings", Some(later("12:00-14:00")), &[("idempotency-key", key)]).await;
        assert!(wrong.wrong_fields().contains("Idempotency-Key"), "{key:?}");
    }
    // Ten at the same moment make one.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let mut program = all.clone();
        tasks.spawn(async move {
            let key = [("idempotency-key", "invented-key-3")];
            program.call_with("POST", "/bookings", Some(later("14:00-16:00")), &key).await.status
        });
    }
    let statuses = tasks.join_all().await;
    assert!(
        statuses.iter().all(|status| [201, 409].contains(status)) && statuses.contains(&201),
        "{statuses:?}"
    );
    let listed = all.ok("GET", "/bookings", None).await;
    assert_eq!(listed["bookings"].as_array().unwrap().len(), 3, "{listed}");
}

#[tokio::test]
async fn a_list_goes_on_where_it_was() {
    let world = World::new();
    world.owner().await;
    let mut all = Program::with(&world, OWNER, &["read", "book", "admin"]);
    furnish(&mut all, &world, true).await;
    for day in ["05", "06", "07", "08", "09"] {
        let mut booking = later("06:00-08:00");
        booking["date"] = format!("2099-12-{day}").into();
        all.ok("POST", "/bookings", Some(booking)).await;
    }
    let (mut path, mut found, mut parts) = ("/bookings?limit=2&state=waiting".to_owned(), Vec::new(), 0);
    loop {
        let answer = all.get(&path).await;
        let document = answer.json();
        found.extend(document["bookings"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()));
        assert_eq!(document["left_out"], 5 - found.len());
        parts += 1;
        let link = answer.header("link");
        let Some(next) = link.strip_prefix("</api/v1").and_then(|link| link.strip_suffix(">; rel=\"next\""))
        else {
            break;
        };
        assert!(next.contains("state=waiting"), "{next}");
        path = next.to_owned();
    }
    assert_eq!((found, parts), (vec![1, 2, 3, 4, 5], 3));
    for (path, field) in [
        ("/bookings?cursor=x", "cursor"),
        ("/bookings?limit=0", "limit"),
        ("/bookings?limit=many", "limit"),
        ("/bookings?limit=1&limit=2", "limit"),
        ("/bookings?state=unknown", "state"),
        ("/bookings?account=nobody", "account"),
        ("/bookings?more=1", "more"),
        ("/bookings/1/events?cursor=%00", "cursor"),
        ("/slots", "place"),
        ("/slots?place=NYJ06/07/103&month=x", "month"),
        ("/clock?probes=99", "probes"),
    ] {
        assert!(all.get(path).await.wrong_fields().contains(field), "{path}");
    }
}

#[tokio::test]
async fn the_session_of_the_page_may_all_but_only_from_our_own_page() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let url = format!("{}/api/v1/bookings", world.address());
    let read = owner.send(owner.client().get(&url)).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let post = || {
        let body = later("06:00-08:00").to_string();
        owner.client().post(&url).header("content-type", "application/json").body(body)
    };
    for (name, value) in [("x", "y"), ("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let request = post().header(name, value);
        let refused = owner.clone().send(request).await;
        assert_eq!(refused.status, 403, "{name}: {}", refused.text);
        assert_eq!(refused.headers["content-type"], "application/problem+json");
    }
    let request = post().header("sec-fetch-site", "same-origin");
    assert_eq!(owner.send(request).await.status, 201);
    // A token made on the page asks for the password, is shown once, and works until it is removed there.
    let fields = [("name", "phone"), ("read", "1"), ("old", "wrong-password"), ("days", "30")];
    assert_eq!(owner.post("/me/tokens", &fields).await.status, 422);
    let fields = [("name", "phone"), ("read", "1"), ("old", PASSWORD), ("days", "30")];
    let page = owner.post("/me/tokens", &fields).await.text;
    let token = page.split("<code>rent_").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(!owner.get("/me").await.text.contains(&token));
    let me =
        || owner.client().get(format!("{}/api/v1/me", world.address())).bearer_auth(format!("rent_{token}"));
    assert_eq!(me().send().await.unwrap().status(), 200);
    assert_eq!(owner.post("/me/tokens/1/remove", &[]).await.status, 303);
    let me =
        owner.client().get(format!("{}/api/v1/me", world.address())).bearer_auth(format!("rent_{token}"));
    assert_eq!(me.send().await.unwrap().status(), 401);
    let reference = owner.get("/api/").await;
    assert!(reference.text.contains("/api/v1/bookings/{id}") && reference.text.contains("예약 저장"));
}
