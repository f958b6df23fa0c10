//! Rows of the table of doors in `docs/architecture.md` that no other file has, and that the table names tests that there are.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use fantoccini::Locator;
use fantoccini::wd::TimeoutConfiguration;

use crate::browser::Driver;
use crate::world::{OWNER, PASSWORD, VIOLATION, World};

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Every route of the pages: its path and its methods. They are read from the source, so that none is forgotten.
pub(crate) fn routes() -> Vec<(String, Vec<&'static str>)> {
    let text = source("src/web/mod.rs");
    let routes = text.split(".route(\"").skip(1).map(|rest| {
        let (path, rest) = rest.split_once('"').unwrap();
        let handlers = rest.split("\n        .").next().unwrap();
        let mut methods = Vec::new();
        if handlers.contains("get(") {
            methods.push("GET");
        }
        if handlers.contains("post(") {
            methods.push("POST");
        }
        (path.replace("{id}", "1").replace("{token}", "x").replace("{name}", "x"), methods)
    });
    routes.collect()
}

#[tokio::test]
async fn without_a_cookie_no_page_is_shown_and_nothing_is_done() {
    let world = World::new();
    let mut owner = world.furnished().await;
    owner.store("me", "club", "06:00-08:00").await;
    let routes = routes();
    assert!(routes.len() > 20, "{routes:?}");
    // What a visitor needs before there is a session, and what holds nothing of anybody.
    let open = ["/sign-in", "/link/x", "/language", "/csp", "/assets/x"];
    for (path, methods) in routes.iter().filter(|(path, _)| !open.contains(&path.as_str())) {
        assert!(!methods.is_empty(), "{path}");
        for method in methods {
            let mut visitor = world.visitor();
            let answer = match *method {
                "GET" => visitor.get(path).await,
                _ => visitor.post(path, &[("bookings", "cancel"), ("data", "remove")]).await,
            };
            assert!([303, 401].contains(&answer.status), "{method} {path}: {}", answer.status);
            if answer.status == 303 {
                let location = answer.location.unwrap_or_default();
                assert!(location.starts_with("/sign-in"), "{method} {path}: {location}");
            }
            for theirs in ["tester1", "가나다클럽", OWNER, "NYJ06"] {
                assert!(!answer.text.contains(theirs), "{method} {path} shows {theirs}");
            }
        }
    }
    assert!(world.command(&["list", "--json"]).contains("\"waiting\""), "nothing was cancelled");
    assert_eq!(owner.get("/").await.status, 200);
}

#[tokio::test]
async fn a_session_ends_after_a_day_without_use_and_after_thirty_days_in_any_case() {
    let world = World::new();
    let mut owner = world.owner().await;
    assert_eq!(owner.get("/me").await.status, 200);
    // Used a little less than a day ago, it is renewed.
    world.sql("UPDATE web_session SET seen_at = seen_at - 86000 * 1000000").await;
    assert_eq!(owner.get("/me").await.status, 200);
    world.sql("UPDATE web_session SET seen_at = seen_at - 86000 * 1000000").await;
    assert_eq!(owner.get("/me").await.status, 200, "it was renewed by its use");
    world.sql("UPDATE web_session SET seen_at = seen_at - 86500 * 1000000").await;
    assert_eq!(owner.get("/me").await.location.as_deref(), Some("/sign-in?next=%2Fme"));
    assert_eq!(owner.post("/me/end-all", &[]).await.status, 303);
    assert_eq!(owner.get("/live").await.status, 303);

    let mut again = world.visitor();
    assert_eq!(again.post("/sign-in", &[("name", OWNER), ("password", PASSWORD)]).await.status, 303);
    world.sql("UPDATE web_session SET created_at = created_at - 31 * 86400 * 1000000").await;
    assert_eq!(again.get("/me").await.status, 303, "however much it is used");
}

#[tokio::test]
async fn a_stream_tells_that_something_changed_and_nothing_else() {
    let world = World::new();
    let mut owner = world.furnished().await;
    owner.store("me", "club", "06:00-08:00").await;
    let cookie = format!("rent_session={}", owner.cookies["rent_session"]);
    for path in ["/live", "/live?booking=1"] {
        let request = owner.client().get(format!("{}{path}", world.address())).header("cookie", &cookie);
        let mut stream = request.send().await.unwrap();
        let mut text = String::new();
        while !text.contains("\n\n") {
            text.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
        }
        let mut lines: Vec<&str> = text.trim().lines().collect();
        lines.sort_unstable();
        let [data, event, id] = lines[..] else { panic!("{text}") };
        assert_eq!((data, event), ("data: look again", "event: changed"));
        // How many bookings there are and when they changed is hashed.
        let stamp = id.strip_prefix("id: ").unwrap();
        assert!(stamp.len() == 16 && stamp.chars().all(|c| c.is_ascii_hexdigit()), "{stamp}");
    }
}

#[tokio::test]
async fn a_browser_that_reports_a_violation_is_heard() {
    let Some(driver) = Driver::start() else { return };
    let mut world = World::new();
    world.expects_reports = true;
    let browser = driver.browser(1280, "en-US", true).await;
    browser.goto(&format!("{}/sign-in", world.address())).await.unwrap();
    assert!(!world.log().contains(VIOLATION), "our own page tries nothing");
    // An image from elsewhere, as only a text that became markup would ask for.
    let script =
        "const image = new Image(); image.src = 'http://127.0.0.1:1/x.png'; document.body.append(image);";
    browser.execute(script, Vec::new()).await.unwrap();
    let began = Instant::now();
    while !world.log().contains(VIOLATION) {
        assert!(began.elapsed().as_secs() < 30, "{}", world.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    browser.close().await.unwrap();
}

/// Signs in with a browser.
async fn sign_in(browser: &fantoccini::Client, world: &World) {
    browser.goto(&format!("{}/sign-in", world.address())).await.unwrap();
    for (id, text) in [("name", OWNER), ("password", PASSWORD)] {
        browser.find(Locator::Id(id)).await.unwrap().send_keys(text).await.unwrap();
    }
    browser.find(Locator::Css("main button")).await.unwrap().click().await.unwrap();
    browser.wait().for_element(Locator::Css("nav")).await.unwrap();
}

#[tokio::test]
async fn a_seventh_tab_and_an_eighth_still_load() {
    let Some(driver) = Driver::start() else { return };
    let world = World::new();
    let mut owner = world.furnished().await;
    let booking = owner.store("me", "club", "06:00-08:00").await;
    let browser = driver.browser(1280, "ko-KR", true).await;
    let patience = Some(Duration::from_secs(30));
    browser.update_timeouts(TimeoutConfiguration::new(patience, patience, None)).await.unwrap();
    sign_in(&browser, &world).await;
    // A browser has six connections to a host, and each of these pages has a stream.
    for _ in 0..7 {
        let tab = browser.new_window(true).await.unwrap();
        browser.switch_to_window(tab.handle).await.unwrap();
        browser.goto(&format!("{}{booking}", world.address())).await.unwrap();
        browser.wait().for_element(Locator::Css(".state-waiting")).await.unwrap();
    }
    // The last one is told of changes.
    assert_eq!(owner.post(&format!("{booking}/cancel"), &[]).await.status, 303);
    browser.wait().for_element(Locator::Css(".state-cancelled")).await.unwrap();
    browser.close().await.unwrap();
}

#[tokio::test]
async fn after_signing_out_the_back_button_shows_nothing() {
    let Some(driver) = Driver::start() else { return };
    let world = World::new();
    let mut owner = world.furnished().await;
    owner.store("me", "club", "06:00-08:00").await;
    let browser = driver.browser(1280, "ko-KR", true).await;
    sign_in(&browser, &world).await;
    browser.goto(&format!("{}/applicants?name=club", world.address())).await.unwrap();
    assert!(browser.source().await.unwrap().contains("가나다클럽"));
    browser.goto(&format!("{}/me", world.address())).await.unwrap();
    browser.find(Locator::Css("form[action='/sign-out'] button")).await.unwrap().click().await.unwrap();
    browser.wait().for_element(Locator::Css("#password")).await.unwrap();
    for _ in 0..3 {
        browser.back().await.unwrap();
        browser.wait().for_element(Locator::Css("main")).await.unwrap();
        let source = browser.source().await.unwrap();
        for theirs in ["가나다클럽", "NYJ06/07/103", "010-0000-0000"] {
            assert!(!source.contains(theirs), "{theirs}: {source}");
        }
    }
    browser.close().await.unwrap();
}
