//! A person's booking in a real browser, and the library's, at the same stand-in: the two bodies are
//! the same, byte for byte. And what the browser recorded of a visit is understood, and its dialect learnt from it.
//!
//! Needs Debian's packages `chromium` and `chromium-driver`. Where they are missing the test says so
//! and passes; with `CI=true` it fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod captured;
mod driver;
mod recorder;

use std::sync::Arc;
use std::time::Duration;

use fantoccini::{ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Account, Settings, SiteStep, StandIn, StandInServer};
use namyangju_rent::{Application, Client, Credentials, Outcome, Place, Purpose, RentDate, Site, TimeRange};

use crate::driver::{Driver, FLAGS};

/// How often the page is asked whether it has arrived, at most.
const MAX_LOOKS: u32 = 200;

struct Case {
    dialect: &'static str,
    place: &'static str,
    range: &'static str,
    boxes: &'static [&'static str],
}

const CASES: [Case; 2] = [
    Case { dialect: "namyangju", place: "NYJ06/07/103", range: "06:00-08:00", boxes: &["select_1"] },
    Case {
        dialect: "cheonan",
        place: "CHEONAN02/19/19",
        range: "14:00-17:00",
        boxes: &["select_9", "select_10", "select_11"],
    },
];

/// Outside EUC-KR (the dash), outside KS X 1001 (똠), reserved in a form (&, +, %), and blanks.
const CLUB: &str = "똠방각하 클럽 100% & + 친구들";
const EVENT: &str = "테니스 — 친선";
const PURPOSE: &str = "운동 'a' (b)~*_.";

#[tokio::test]
async fn the_librarys_bodies_are_those_of_a_browser() {
    let Some(driver) = Driver::start() else { return };
    for case in CASES {
        let stand_in = StandIn::new(&Site::builtin(case.dialect).unwrap(), Settings::default());
        let account = stand_in.accounts()[0].clone();
        let server = StandInServer::start(stand_in, Arc::new(SystemClock)).await.unwrap();
        let (place, range): (Place, TimeRange) = (case.place.parse().unwrap(), case.range.parse().unwrap());
        let date = SystemClock.now().date().plus_days(20);

        in_the_browser(&driver, &server, &account, &case, date).await;
        let browsers = bodies(&server);
        assert_eq!(browsers.len(), 3, "{}: login, form, submission", case.dialect);
        assert_eq!(server.with(|s| s.bookings().len()), 1, "{}", case.dialect);

        server.with(|s| {
            s.release(&place, date, range);
            s.forget_arrivals();
        });
        by_the_library(&server, &account, &place, date, range).await;
        let ours = bodies(&server);
        for ((step, browsers), (_, ours)) in browsers.iter().zip(&ours) {
            // The login button is an image: a browser adds where it was clicked, the known programs do not.
            let browsers = match step {
                SiteStep::Login => browsers.split('&').filter(|f| !is_click(f)).collect::<Vec<_>>().join("&"),
                _ => browsers.clone(),
            };
            assert_eq!(*ours, browsers, "{}, {step:?}", case.dialect);
        }
        assert_eq!(ours.len(), browsers.len());
        server.stop().await;
    }
}

/// Whether a field is a coordinate of the click on an image button.
fn is_click(field: &str) -> bool {
    field.starts_with("x=") || field.starts_with("y=")
}

/// The POST bodies that arrived, in order.
fn bodies(server: &StandInServer) -> Vec<(SiteStep, String)> {
    let posts = server.arrivals().into_iter().filter(|a| a.method == "POST");
    posts.map(|a| (a.step, String::from_utf8(a.body).unwrap())).collect()
}

/// A browser of its own, and the folder of its profile, which has to live as long.
async fn open_browser(
    driver: &Driver,
    mut capabilities: serde_json::Map<String, serde_json::Value>,
) -> (fantoccini::Client, tempfile::TempDir) {
    let profile = tempfile::tempdir().unwrap();
    let mut arguments: Vec<String> = FLAGS.iter().map(ToString::to_string).collect();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    capabilities.insert("goog:chromeOptions".to_owned(), serde_json::json!({ "args": arguments }));
    let browser = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&driver.address)
        .await
        .unwrap();
    (browser, profile)
}

async fn in_the_browser(
    driver: &Driver,
    server: &StandInServer,
    account: &Account,
    case: &Case,
    date: RentDate,
) {
    let (browser, _profile) = open_browser(driver, serde_json::Map::new()).await;
    let base = server.base_url();
    let prefix = if case.dialect == "namyangju" { "/rent" } else { "" };
    let click =
        async |css: &str| browser.wait().for_element(Locator::Css(css)).await.unwrap().click().await.unwrap();
    let type_in = async |css: &str, text: &str| {
        let element = browser.wait().for_element(Locator::Css(css)).await.unwrap();
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    };

    browser.goto(&format!("{base}{prefix}/member/login")).await.unwrap();
    type_in("#input_memid", &account.id).await;
    type_in("#input_mempw", &account.password).await;
    click("input[type=image]").await;
    browser.wait().for_element(Locator::LinkText("로그아웃")).await.unwrap();

    let day = format!("{:04}/{:02}/{:02}", date.year(), date.month(), date.day());
    browser.goto(&format!("{base}{prefix}/rent/reservation/index/{day}/1/{}/Y", case.place)).await.unwrap();
    for id in case.boxes {
        click(&format!("#{id}")).await;
    }
    click("#btn_reservation").await;
    browser.accept_alert().await.unwrap();

    type_in("#club_name", CLUB).await;
    type_in("#group_count", "4").await;
    type_in("#playname", EVENT).await;
    type_in("#reason", PURPOSE).await;
    type_in("#tel2", "000").await;
    type_in("#tel3", "0000").await;
    click("#tel1 option[value='02']").await;
    click("select.discount option[value='10']").await;
    click("#agree_1").await;
    click("#btn_reservation").await;
    for _ in 0..MAX_LOOKS {
        if server.with(|s| !s.bookings().is_empty()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    browser.close().await.unwrap();
}

async fn by_the_library(
    server: &StandInServer,
    account: &Account,
    place: &Place,
    date: RentDate,
    range: TimeRange,
) {
    let client = Client::builder(server.site().unwrap()).build().unwrap();
    let session = client.log_in(&Credentials::new(&account.id, &account.password)).await.unwrap();
    let day = session.open_day(place, date, Purpose::Sports).await.unwrap();
    let form = day.open_form(range).await.unwrap();
    let mut application = Application::new(CLUB, 4_u16.try_into().unwrap(), EVENT, PURPOSE);
    application.telephone = Some("02-000-0000".parse().unwrap());
    application.discount = Some("10".to_owned());
    let submission = form.fill(&application).unwrap();
    let lacking = submission.lacking_characters();
    let lacking: Vec<_> = lacking.iter().map(|found| (found.field.as_str(), found.character)).collect();
    assert_eq!(lacking, [("playname", '—')]);
    let outcome = submission.submit().await.unwrap().outcome;
    assert!(matches!(outcome, Outcome::Reserved(_)), "{outcome}");
}
