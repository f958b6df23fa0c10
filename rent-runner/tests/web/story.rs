//! A person's first hour with the page, in a real browser.

use std::time::{Duration, Instant};

use fantoccini::{Client, Locator};
use namyangju_rent::clock::{Clock as _, SystemClock};

use crate::browser::Driver;
use crate::world::{LOGIN, OWNER, PASSWORD, SITE_PASSWORD, World};

/// How long a page may take to show what must come.
const PATIENCE: Duration = Duration::from_secs(60);

async fn fill(browser: &Client, id: &str, text: &str) {
    let field = browser.find(Locator::Id(id)).await.unwrap();
    field.clear().await.unwrap();
    field.send_keys(text).await.unwrap();
}

async fn press(browser: &Client, css: &str) {
    browser.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
}

async fn wait(browser: &Client, css: &str) {
    let found = browser.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
    if let Err(error) = found {
        panic!("{css} never came: {error}\n{}", browser.source().await.unwrap_or_default());
    }
}

/// From the link to a stored booking that opens now.
async fn first_hour(browser: &Client, world: &World) {
    browser.goto(&format!("{}{}", world.address(), world.link())).await.unwrap();
    fill(browser, "name", OWNER).await;
    fill(browser, "password", PASSWORD).await;
    press(browser, "main button").await;
    wait(browser, "a.button[href='/bookings/new']").await;

    browser.goto(&format!("{}/accounts", world.address())).await.unwrap();
    fill(browser, "login", LOGIN).await;
    fill(browser, "password", SITE_PASSWORD).await;
    fill(browser, "name", "me").await;
    fill(browser, "base_url", &world.base_url()).await;
    press(browser, "main form[action='/accounts'] button").await;
    wait(browser, "form[action$='/check']").await;
    press(browser, "form[action$='/check'] button").await;
    wait(browser, ".said").await;

    browser.goto(&format!("{}/applicants", world.address())).await.unwrap();
    for (id, text) in
        [("club_name", "가나다클럽"), ("head_count", "4"), ("event_name", "테니스"), ("purpose", "운동")]
    {
        fill(browser, id, text).await;
    }
    press(browser, "main form[action='/applicants'] button").await;
    wait(browser, "form[action='/applicants/remove']").await;

    browser.goto(&format!("{}/bookings/new", world.address())).await.unwrap();
    fill(browser, "q", "NYJ06/07/103").await;
    press(browser, "button[name='use']").await;
    wait(browser, "table.calendar").await;
    // As the field of the browser's language takes it: month, day, year.
    let date = SystemClock.now().date().plus_days(14);
    let field = browser.find(Locator::Id("date")).await.unwrap();
    field.send_keys(&format!("{:02}{:02}{:04}", date.month(), date.day(), date.year())).await.unwrap();
    press(browser, "form.line button").await;
    wait(browser, "#typed").await;
    fill(browser, "typed", "06:00-08:00").await;
    press(browser, "button[name='take']").await;
    wait(browser, "ol.order").await;
    press(browser, "input[value='now']").await;
    press(browser, "p button[value='check']").await;
    wait(browser, "button[value='store']").await;
    press(browser, "button[value='store']").await;
}

#[tokio::test]
async fn a_person_books_in_korean_on_a_phone() {
    let Some(driver) = Driver::start() else { return };
    let began = Instant::now();
    let world = World::new();
    let browser = driver.browser(360, "ko-KR", true).await;
    first_hour(&browser, &world).await;
    // The page turns by itself.
    wait(&browser, ".state-succeeded").await;
    eprintln!("from serve to a first booking: {:.1} s", began.elapsed().as_secs_f64());
    let source = browser.source().await.unwrap();
    assert!(source.contains("예약됨") && source.contains("접수번호"), "{source}");
    assert!(source.contains("<html lang=\"ko\">"));
    assert_eq!(world.site.with(|site| site.bookings().len()), 1);
    let receipt = browser.find(Locator::Css(".card strong")).await.unwrap().text().await.unwrap();
    assert!(world.command(&["list", "--json"]).contains(&receipt), "{receipt}");
    browser.close().await.unwrap();
}

#[tokio::test]
async fn a_person_books_in_english_without_scripts() {
    let Some(driver) = Driver::start() else { return };
    let world = World::new();
    let browser = driver.browser(1280, "en-US", false).await;
    first_hour(&browser, &world).await;
    // Without scripts the page asks to be loaded again; a person may do it sooner.
    let mut looks = 0;
    while browser.find(Locator::Css(".state-succeeded")).await.is_err() {
        looks += 1;
        assert!(looks < 200, "{}", browser.source().await.unwrap());
        let _ = browser.refresh().await;
    }
    let source = browser.source().await.unwrap();
    assert!(source.contains("reserved") && source.contains("Receipt number"), "{source}");
    browser.close().await.unwrap();
}

#[tokio::test]
async fn a_page_that_is_open_while_the_runner_is_killed_tells_the_truth_afterwards() {
    let Some(driver) = Driver::start() else { return };
    let mut world = World::new();
    let mut owner = world.furnished().await;
    let path = owner.store("me", "club", "06:00-08:00").await;
    let browser = driver.browser(1280, "ko-KR", true).await;
    browser.goto(&format!("{}/sign-in", world.address())).await.unwrap();
    fill(&browser, "name", OWNER).await;
    fill(&browser, "password", PASSWORD).await;
    press(&browser, "main button").await;
    wait(&browser, "a.button[href='/bookings/new']").await;
    browser.goto(&format!("{}{path}", world.address())).await.unwrap();
    wait(&browser, ".state-waiting").await;
    world.kill_and_start_again();
    // The sign-in is still good, and the open page hears of what happens now.
    assert_eq!(owner.post(&format!("{path}/cancel"), &[]).await.status, 303);
    wait(&browser, ".state-cancelled").await;
    browser.close().await.unwrap();
}
