//! The page of one booking, and what stands around it: the first steps, the practice, the kept page, channels.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use namyangju_rent::harness::{Fault, FaultKind, SiteStep};

use crate::browser::Driver;
use crate::world::{LOGIN, OWNER, PASSWORD, SITE_PASSWORD, Visitor, World};

/// How long a test waits for what must happen before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks at a page until it says something.
async fn until(visitor: &mut Visitor, path: &str, said: &str) -> String {
    let began = Instant::now();
    loop {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        if page.text.contains(said) {
            return page.text;
        }
        assert!(began.elapsed() < PATIENCE, "{said} never came: {}", page.text);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn booked_now(day: &str) -> Vec<(&str, &str)> {
    vec![
        ("account", "me"),
        ("applicant", "club"),
        ("place1", "NYJ06/07/103"),
        ("date1", day),
        ("time1", "06:00-08:00"),
        ("opening", "now"),
        ("step", "store"),
    ]
}

fn soon() -> String {
    use namyangju_rent::clock::{Clock as _, SystemClock};
    SystemClock.now().date().plus_days(14).to_string()
}

#[tokio::test]
async fn a_new_user_sees_a_booking_won_on_the_built_in_stand_in() {
    let began = Instant::now();
    let world = World::new();
    let mut owner = world.owner().await;
    let first = owner.get("/").await.text;
    assert!(first.contains("처음 시작하기") && first.contains("action=\"/try\""), "{first}");
    assert_eq!(owner.post("/try", &[]).await.location.as_deref(), Some("/try"));
    let waiting = owner.get("/try").await.text;
    assert!(
        waiting.contains("연습입니다") && waiting.contains("data-live=\"/live?practice=1\""),
        "{waiting}"
    );
    // A second press goes on with the same one.
    assert_eq!(owner.post("/try", &[]).await.location.as_deref(), Some("/try"));
    let won = until(&mut owner, "/try", "state-succeeded").await;
    eprintln!("from serve to a won practice: {:.1} s", began.elapsed().as_secs_f64());
    assert!(won.contains("접수번호") && won.contains("<svg") && won.contains("신청서 제출"), "{won}");
    assert!(won.contains("체육공원2호"), "{won}");
    // Nothing of it is in the store or the log, and the site of the settings saw nothing.
    assert!(world.site.arrivals().is_empty(), "{:?}", world.site.arrivals());
    assert!(!world.log().contains("submission"), "{}", world.log());
    assert!(!owner.get("/accounts").await.text.contains("practice"));
    assert!(owner.get("/").await.text.contains("저장된 예약이 없습니다"));
    let listed = world.command(&["list", "--all", "--json"]);
    assert!(listed.replace([' ', '\n'], "").contains("\"bookings\":[]"), "{listed}");
    // It goes away when it is told to.
    assert_eq!(owner.post("/try/end", &[]).await.location.as_deref(), Some("/try"));
    assert!(owner.get("/try").await.text.contains("진행 중인 연습이 없습니다"));
}

#[tokio::test]
async fn the_first_steps_go_on_with_what_is_there_and_can_be_skipped() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let steps = owner.get("/").await.text;
    assert!(steps.contains("첫 예약</a> <strong>← 다음"), "{steps}");
    assert_eq!(owner.post("/first-steps/skip", &[]).await.location.as_deref(), Some("/"));
    assert!(!owner.get("/").await.text.contains("처음 시작하기"));
}

#[tokio::test]
async fn a_page_that_nobody_understood_is_shown_as_text_and_saved_without_what_is_personal() {
    let world = World::new();
    let strange = format!(
        "<html><script>alert(1)</script><img src=x onerror=alert(2)>새 화면 {LOGIN} {SITE_PASSWORD} 가나다클럽 \
         연락처: 010-1234-5678</html>"
    );
    world.site.with(|site| {
        site.settings_mut().faults.push(Fault {
            step: SiteStep::Submit,
            nth: 1,
            kind: FaultKind::Body(strange.into_bytes()),
        });
    });
    let mut owner = world.furnished().await;
    let day = soon();
    let stored = owner.post("/bookings/new", &booked_now(&day)).await;
    let path = stored.location.unwrap_or_else(|| panic!("{}", stored.text));
    let page = until(&mut owner, &path, "알아보지 못한 화면").await;
    let kept = page.split(&format!("{path}/pages/")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let shown = owner.get(&format!("{path}/pages/{kept}")).await;
    // As text: what it has of scripts and pictures is never run.
    assert!(!shown.text.contains("<script>alert") && !shown.text.contains("<img src=x"), "{}", shown.text);
    assert!(shown.text.contains("새 화면") && shown.text.contains("alert(1)"), "{}", shown.text);
    let copy = owner.get(&format!("{path}/pages/{kept}/copy")).await;
    assert_eq!(copy.headers["content-type"], "text/plain; charset=utf-8");
    assert!(copy.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    for private in [LOGIN, SITE_PASSWORD, "가나다클럽", "010-1234-5678"] {
        assert!(!copy.text.contains(private), "{private}: {}", copy.text);
    }
    assert!(copy.text.contains("새 화면"), "{}", copy.text);
    // Its log is there too; a page that is not there is not.
    assert!(owner.get(&format!("{path}/log")).await.text.contains("round 1"));
    assert_eq!(owner.get(&format!("{path}/pages/9/9")).await.status, 404);
    // And nobody who has not signed in gets any of it.
    for path in [format!("{path}/pages/{kept}"), format!("{path}/pages/{kept}/copy"), format!("{path}/log")] {
        assert_eq!(world.visitor().get(&path).await.status, 303);
    }
}

#[tokio::test]
async fn channels_are_shown_without_secrets_and_tried_by_a_press() {
    let heard = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = heard.local_addr().unwrap();
    let listening = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut line, _) = heard.accept().unwrap();
        let mut asked = vec![0; 16 * 1024];
        let many = line.read(&mut asked).unwrap();
        line.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").unwrap();
        String::from_utf8_lossy(&asked[..many]).into_owned()
    });
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.toml");
    let table = format!(
        "[[notify]]\nname = \"club room\"\nkind = \"webhook\"\nurl = \"http://{address}/secret-path-1\"\n"
    );
    std::fs::write(&settings, table).unwrap();
    let world = World::with(&["--listen", "127.0.0.1:0", "--config", settings.to_str().unwrap()]);
    let mut owner = world.owner().await;
    let page = owner.get("/channels").await.text;
    assert!(page.contains("club room") && page.contains("webhook") && page.contains("[[notify]]"), "{page}");
    assert!(!page.contains("secret-path-1"), "{page}");
    let tried = owner.post("/channels/1/test", &[]).await;
    assert!(tried.status == 200 && tried.text.contains("알림 서버가 받았습니다"), "{}", tried.text);
    assert!(listening.join().unwrap().starts_with("POST /secret-path-1"));
    assert_eq!(owner.post("/channels/2/test", &[]).await.status, 404);
    assert!(owner.get("/status").await.text.contains("settings.toml"));
}

#[tokio::test]
async fn a_person_tries_it_in_a_browser_and_sees_the_picture_grow() {
    let Some(driver) = Driver::start() else { return };
    let world = World::new();
    world.owner().await;
    for (width, language, scripts) in [(360, "ko-KR", true), (1280, "en-US", false)] {
        let browser = driver.browser(width, language, scripts).await;
        browser.goto(&format!("{}/sign-in", world.address())).await.unwrap();
        for (id, text) in [("name", OWNER), ("password", PASSWORD)] {
            browser.find(Locator::Id(id)).await.unwrap().send_keys(text).await.unwrap();
        }
        browser.find(Locator::Css("main button")).await.unwrap().click().await.unwrap();
        let button = Locator::Css("form[action='/try'] button");
        browser.wait().at_most(PATIENCE).for_element(button).await.unwrap().click().await.unwrap();
        browser.wait().at_most(PATIENCE).for_element(Locator::Css(".marked")).await.unwrap();
        let mut looks = 0;
        while browser.find(Locator::Css(".state-succeeded")).await.is_err() {
            looks += 1;
            assert!(looks < 600, "{}", browser.source().await.unwrap());
            tokio::time::sleep(Duration::from_millis(100)).await;
            if !scripts {
                let _ = browser.refresh().await;
            }
        }
        let picture =
            browser.find(Locator::Css(if width < 640 { "svg.tl-n" } else { "svg.tl-w" })).await.unwrap();
        assert!(picture.is_displayed().await.unwrap());
        let other =
            browser.find(Locator::Css(if width < 640 { "svg.tl-w" } else { "svg.tl-n" })).await.unwrap();
        assert!(!other.is_displayed().await.unwrap());
        assert!(picture.attr("aria-label").await.unwrap().unwrap().contains(if scripts {
            "예약됨"
        } else {
            "reserved"
        }));
        browser.find(Locator::Css("form[action='/try/end'] button")).await.unwrap().click().await.unwrap();
        let gone = Locator::Css("form[action='/try'] button");
        browser.wait().at_most(PATIENCE).for_element(gone).await.unwrap();
        browser.close().await.unwrap();
    }
    let mut visitor = world.visitor();
    assert!(visitor.get("/status").await.status == 303);
}
