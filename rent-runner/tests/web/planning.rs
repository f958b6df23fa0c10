//! A booking is planned step by step, by pointer, without scripts and by keyboard; repeated, edited, found again in the list.

use std::time::Duration;

use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use namyangju_rent::RentDate;
use namyangju_rent::clock::{Clock as _, SystemClock};

use crate::browser::Driver;
use crate::world::{Answer, OWNER, PASSWORD, Visitor, World};

/// How long a page may take to show what must come.
const PATIENCE: Duration = Duration::from_secs(60);

async fn press(browser: &Client, css: &str) {
    wait(browser, css).await;
    browser.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
}

async fn wait(browser: &Client, css: &str) {
    let found = browser.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
    if let Err(error) = found {
        panic!("{css} never came: {error}\n{}", browser.source().await.unwrap_or_default());
    }
}

async fn sign_in(browser: &Client, world: &World) {
    browser.goto(&format!("{}/sign-in", world.address())).await.unwrap();
    for (id, text) in [("name", OWNER), ("password", PASSWORD)] {
        browser.find(Locator::Id(id)).await.unwrap().send_keys(text).await.unwrap();
    }
    press(browser, "main button").await;
    wait(browser, "a.button[href='/bookings/new']").await;
}

/// The texts of the choices, in their order.
async fn order(browser: &Client) -> Vec<String> {
    let mut texts = Vec::new();
    for line in browser.find_all(Locator::Css("ol.order [data-title]")).await.unwrap() {
        texts.push(line.text().await.unwrap());
    }
    texts
}

/// From the menus of the site to two choices, by what can be clicked: the second and third round, and the fifth.
async fn two_choices(browser: &Client) {
    press(browser, "a.button[href='/bookings/new']").await;
    press(browser, "button[value='menus']").await;
    wait(browser, "a.pick[href*='NYJ06%2F07%2F104']").await;
    press(browser, "a.pick[href*='NYJ06%2F07%2F104']").await;
    press(browser, "a[rel='next']").await;
    wait(browser, "a[rel='prev']").await;
    press(browser, "button[value='look']").await;
    wait(browser, "td.day-free").await;
    let free = browser.find_all(Locator::Css("td.day-free a")).await.unwrap();
    free[4].clone().click().await.unwrap();
    wait(browser, "input[name='round']").await;
    for round in ["08:00-10:00", "10:00-12:00", "14:00-16:00"] {
        press(browser, &format!("input[value='{round}']")).await;
    }
    press(browser, "button[name='take']").await;
    wait(browser, "ol.order").await;
}

#[tokio::test]
async fn a_booking_is_made_by_clicks_on_a_phone() {
    let Some(driver) = Driver::start() else { return };
    let world = World::new();
    world.furnished().await;
    let browser = driver.browser(360, "ko-KR", true).await;
    sign_in(&browser, &world).await;
    two_choices(&browser).await;
    let before = order(&browser).await;
    assert!(before[0].contains("08:00~12:00") && before[1].contains("14:00~16:00"), "{before:?}");
    // Without a new page: what was typed stays.
    browser.find(Locator::Id("note")).await.unwrap().send_keys("아침").await.unwrap();
    press(&browser, "ol.order li:nth-child(2) button[name='up']").await;
    assert_eq!(order(&browser).await, [before[1].clone(), before[0].clone()]);
    let said = browser.find(Locator::Id("said")).await.unwrap().text().await.unwrap();
    assert!(said.contains("1. "), "{said}");
    press(&browser, "input[value='now']").await;
    press(&browser, "p button[value='check']").await;
    wait(&browser, "button[value='store']").await;
    let source = browser.source().await.unwrap();
    assert!(source.contains("아침") && source.contains("하루 최대 8건"), "{source}");
    press(&browser, "button[value='store']").await;
    wait(&browser, ".state-succeeded").await;
    let booked = world.site.with(|site| {
        let slots = |one: &namyangju_rent::harness::Booked| {
            one.slots.iter().map(|(_, range)| range.to_string()).collect()
        };
        site.bookings()
            .iter()
            .map(|one| (one.place.to_string(), slots(one)))
            .collect::<Vec<(String, Vec<String>)>>()
    });
    assert_eq!(booked, [("NYJ06/07/104".to_owned(), vec!["14:00-16:00".to_owned()])]);
    browser.close().await.unwrap();
}

#[tokio::test]
async fn a_booking_is_made_without_scripts() {
    let Some(driver) = Driver::start() else { return };
    let world = World::new();
    world.furnished().await;
    let browser = driver.browser(360, "ko-KR", false).await;
    sign_in(&browser, &world).await;
    two_choices(&browser).await;
    let before = order(&browser).await;
    press(&browser, "ol.order li:nth-child(2) button[name='up']").await;
    browser.wait().at_most(PATIENCE).for_element(Locator::Css("ol.order")).await.unwrap();
    assert_eq!(order(&browser).await, [before[1].clone(), before[0].clone()]);
    press(&browser, "ol.order li:nth-child(1) button[name='any']").await;
    wait(&browser, "ol.order li:nth-child(3)").await;
    assert!(order(&browser).await[1].contains("아무 코트나"));
    press(&browser, "ol.order li:nth-child(3) button[name='remove']").await;
    wait(&browser, "ol.order li:nth-child(2):last-child").await;
    press(&browser, "p button[value='check']").await;
    press(&browser, "button[value='store']").await;
    wait(&browser, ".state-waiting").await;
    let listed = world.command(&["list", "--json"]);
    // Its own court, and then the others of the group.
    assert_eq!(listed.matches("14:00-16:00").count(), 3, "{listed}");
    browser.close().await.unwrap();
}

/// Goes from element to element until one has this name and value, and presses it.
async fn tab_to(browser: &Client, name: &str, value: &str) {
    for _ in 0..80 {
        browser.active_element().await.unwrap().send_keys(&Key::Tab.to_string()).await.unwrap();
        let at = browser.active_element().await.unwrap();
        let has = (at.attr("name").await.unwrap(), at.attr("value").await.unwrap());
        if has == (Some(name.to_owned()), Some(value.to_owned())) {
            return;
        }
    }
    panic!("{name}={value} cannot be reached by the keyboard");
}

#[tokio::test]
async fn choices_are_ordered_by_the_keyboard_alone() {
    let Some(driver) = Driver::start() else { return };
    let world = World::new();
    world.furnished().await;
    let browser = driver.browser(360, "ko-KR", true).await;
    sign_in(&browser, &world).await;
    let day = SystemClock.now().date().plus_days(14);
    let choice = |court: &str| format!("c=NYJ06%2F07%2F{court}+{day}+06:00-08:00");
    let path = format!("/bookings/new?{}&{}&{}", choice("103"), choice("104"), choice("105"));
    browser.goto(&format!("{}{path}", world.address())).await.unwrap();
    wait(&browser, "ol.order li:nth-child(3)").await;
    tab_to(&browser, "up", "3").await;
    let keys = async |keys: String| browser.active_element().await.unwrap().send_keys(&keys).await.unwrap();
    // The focus stays on the button, so a choice goes up as often as it is pressed.
    keys(Key::Enter.to_string()).await;
    keys(" ".to_owned()).await;
    let texts = order(&browser).await;
    assert!(texts[0].contains("105") && texts[1].contains("103") && texts[2].contains("104"), "{texts:?}");
    tab_to(&browser, "step", "check").await;
    keys(Key::Enter.to_string()).await;
    wait(&browser, "button[value='store']").await;
    tab_to(&browser, "step", "store").await;
    keys(Key::Enter.to_string()).await;
    wait(&browser, ".state-waiting").await;
    let listed = world.command(&["list", "--json"]);
    let at = |court: &str| listed.find(&format!("NYJ06/07/{court}")).unwrap();
    assert!(at("105") < at("103") && at("103") < at("104"), "{listed}");
    browser.close().await.unwrap();
}

/// What a form of a page carries under this name.
fn field(page: &Answer, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    page.text
        .split(&start)
        .nth(1)
        .unwrap_or_else(|| panic!("{}", page.text))
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

fn many_stored(world: &World) -> usize {
    world.command(&["list", "--all", "--json"]).matches("\"created_at\"").count()
}

/// The fields of a plan whose opening is given.
fn planned<'a>(choice: &'a str, note: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("account", "me"),
        ("applicant", "club"),
        ("c", choice),
        ("opening", "given"),
        ("opens_at", "2099-01-02T10:00"),
        ("note", note),
    ]
}

#[tokio::test]
async fn four_saturdays_are_stored_once_and_all_or_none() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let page =
        owner.get("/bookings/repeat?account=me&c=NYJ06/07/103+2099-08-01+06:00-08:00&month=2099-08").await;
    assert_eq!(page.status, 200, "{}", page.text);
    // The first of August 2099 is a Saturday, and the weekday of the plan is chosen at first.
    let saturdays = ["2099-08-01", "2099-08-08", "2099-08-15", "2099-08-22", "2099-08-29"];
    let chosen = page
        .text
        .split("name=\"on\" value=\"")
        .skip(1)
        .filter(|part| part.split('>').next().unwrap().contains("checked"));
    assert_eq!(chosen.map(|part| &part[..10]).collect::<Vec<_>>(), saturdays);

    let mut fields = planned("NYJ06/07/103 2099-08-01 06:00-08:00", "");
    fields.extend(saturdays[..4].iter().map(|day| ("on", *day)));
    let preview = owner.post("/bookings/repeat", &fields).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    assert!(
        preview.text.contains("8월 22일(토)") && !preview.text.contains("8월 29일(토)"),
        "{}",
        preview.text
    );
    assert_eq!(many_stored(&world), 0, "a preview stores nothing");

    let once = field(&preview, "once");
    let mut store = fields.clone();
    store.extend([("step", "store"), ("once", once.as_str())]);
    let (first, second) =
        (owner.clone().post("/bookings/repeat", &store).await, owner.post("/bookings/repeat", &store).await);
    assert_eq!((first.status, second.status), (303, 303), "{}{}", first.text, second.text);
    assert_eq!(many_stored(&world), 4);

    // One of the days is taken: it is named, and the others are not stored either.
    let again = owner.post("/bookings/repeat", &[&fields[..], &[("on", "2099-08-29")]].concat()).await;
    assert_eq!(again.text.matches("overlaps with booking").count(), 4, "{}", again.text);
    let refused = owner
        .post("/bookings/repeat", &[&fields[..], &[("on", "2099-08-29"), ("step", "store")]].concat())
        .await;
    assert_eq!(refused.status, 422);
    assert_eq!(many_stored(&world), 4);
    let none = owner.post("/bookings/repeat", &planned("NYJ06/07/103 2099-08-01 06:00-08:00", "")).await;
    assert_eq!(none.status, 422);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_stores_once() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let fields = planned("NYJ06/07/103 2099-12-05 06:00-08:00", "");
    let check = owner.post("/bookings/new", &fields).await;
    let once = field(&check, "once");
    let store = [&fields[..], &[("step", "store"), ("once", once.as_str())]].concat();
    let (first, second) =
        (owner.clone().post("/bookings/new", &store).await, owner.post("/bookings/new", &store).await);
    assert_eq!(first.location.as_deref(), Some("/bookings/1"), "{}", first.text);
    assert_eq!(second.location, first.location);
    assert_eq!(many_stored(&world), 1);
    // Another form for the same time is told before it is stored.
    let other = owner.post("/bookings/new", &fields).await;
    assert_eq!(other.status, 422);
    assert!(other.text.contains("overlaps with booking 1"), "{}", other.text);
}

#[tokio::test]
async fn a_booking_is_edited_and_a_stale_form_is_refused() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let path = owner.store("me", "club", "06:00-08:00").await;
    let form = owner.get(&format!("{path}/edit")).await;
    assert_eq!(form.status, 200, "{}", form.text);
    let (edit, seen, choice) = (field(&form, "edit"), field(&form, "seen"), field(&form, "c"));
    assert_eq!(choice, "NYJ06/07/103 2099-12-05 06:00-08:00");
    let change = |choice: &'static str, note: &'static str, step: &'static str| {
        vec![
            ("edit".to_owned(), edit.clone()),
            ("seen".to_owned(), seen.clone()),
            ("c".to_owned(), choice.to_owned()),
            ("opening".to_owned(), "keep".to_owned()),
            ("note".to_owned(), note.to_owned()),
            ("step".to_owned(), step.to_owned()),
        ]
    };
    let post = async |owner: &mut Visitor, fields: Vec<(String, String)>| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        owner.post("/bookings/new", &fields).await
    };
    // What cannot be is refused as `edit` refuses it, and nothing changes.
    let wrong = post(&mut owner, change("NYJ06/07/103 2099-11-01 06:00-08:00", "", "store")).await;
    assert_eq!(wrong.status, 422, "the day is before the opening");
    let (other, first) = ("NYJ06/07/104 2099-12-05 08:00-10:00", "NYJ06/07/103 2099-12-05 06:00-08:00");
    let check = post(&mut owner, change(other, "두 번째", "check")).await;
    assert!(check.text.contains("104") && check.text.contains("두 번째"), "{}", check.text);
    let changed = post(&mut owner, change(other, "두 번째", "store")).await;
    assert_eq!((changed.status, changed.location.as_deref()), (303, Some(path.as_str())), "{}", changed.text);
    let shown = owner.get(&path).await.text;
    assert!(
        shown.contains("NYJ06/07/104") && shown.contains("두 번째") && !shown.contains("NYJ06/07/103"),
        "{shown}"
    );
    // The same form again comes from before that change.
    for step in ["check", "store"] {
        let stale = post(&mut owner, change(first, "낡음", step)).await;
        assert_eq!(stale.status, 422);
        assert!(
            stale.text.contains("바뀌었습니다") && stale.text.contains(&format!("{path}/edit")),
            "{}",
            stale.text
        );
    }
    assert!(!owner.get(&path).await.text.contains("낡음"));
    // Without a change of its choices a booking stays in its round, and without a note it has none.
    let form = owner.get(&format!("{path}/edit")).await;
    let (edit, seen) = (field(&form, "edit"), field(&form, "seen"));
    let fields = [
        ("edit", &*edit),
        ("seen", &*seen),
        ("c", other),
        ("opening", "keep"),
        ("note", ""),
        ("step", "store"),
    ];
    assert_eq!(owner.post("/bookings/new", &fields).await.status, 303);
    let shown = world.command(&["show", "1", "--json"]);
    assert!(shown.contains("NYJ06/07/104") && !shown.contains("두 번째"), "{shown}");
}

#[tokio::test]
async fn another_users_booking_is_neither_edited_nor_planned_with() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let of_owner = owner.store("me", "club", "06:00-08:00").await;
    let mut member = world.member(&mut owner, "회원하나").await;
    member.furnish("tester2", "club2", &world).await;
    assert_eq!(member.get(&format!("{of_owner}/edit")).await.status, 404);
    assert_eq!(member.get("/bookings/new?edit=1").await.status, 404);
    assert_eq!(member.get("/bookings/new?account=me").await.status, 403);
    assert_eq!(member.get("/bookings/repeat?account=me").await.status, 403);
    let fields = planned("NYJ06/07/103 2099-12-06 06:00-08:00", "");
    for path in ["/bookings/new", "/bookings/repeat"] {
        assert_eq!(member.post(path, &fields).await.status, 403, "{path}");
    }
    assert_eq!(member.post("/bookings/new", &[("edit", "1"), ("step", "store")]).await.status, 404);
    let own = member.store("tester2", "club2", "08:00-10:00").await;
    let list = member.get("/?q=2099").await.text;
    assert!(list.contains(&own) && !list.contains(&format!("\"{of_owner}\"")), "{list}");
}

#[tokio::test]
async fn the_list_is_filtered_and_comes_a_page_at_a_time() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let first: RentDate = "2099-03-01".parse().unwrap();
    for n in 0..32 {
        let choice = format!("NYJ06/07/{} {} 06:00-08:00", 103 + n % 2, first.plus_days(n));
        let note = format!("메모 {n:02} 100%");
        let stored =
            owner.post("/bookings/new", &[&planned(&choice, &note)[..], &[("step", "store")]].concat()).await;
        assert_eq!(stored.status, 303, "{}", stored.text);
    }
    let cards = |page: &Answer| page.text.matches("<li class=\"card\">").count();
    let page = owner.get("/").await;
    assert_eq!(cards(&page), 30);
    let next = page
        .text
        .split("rel=\"next\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    let next = next.replace("&amp;", "&");
    let last = owner.get(&next).await;
    assert_eq!(cards(&last), 2, "{}", last.text);
    assert!(
        last.text.contains("메모 30") && last.text.contains("메모 31") && !last.text.contains("rel=\"next\"")
    );
    for (query, many) in [
        ("q=%EB%A9%94%EB%AA%A8+07", 1),
        ("q=2099-03-05", 1),
        ("q=%25", 30),
        ("q=_", 0),
        ("court=NYJ06/07/104", 16),
        ("account=nobody", 0),
        ("state=waiting&court=NYJ06/07/103", 16),
        ("state=succeeded", 0),
        ("q=%EC%97%86%EB%8A%94+%EB%A9%94%EB%AA%A8", 0),
        // The name of a court that only the menus or the dialect know.
        ("q=%EC%B2%B4%EC%9C%A1%EA%B3%B5%EC%9B%902%ED%98%B8", 16),
        ("after=x-y&part=z&state=nonsense", 30),
    ] {
        let page = owner.get(&format!("/?{query}")).await;
        assert_eq!((page.status, cards(&page)), (200, many), "{query}");
    }
    assert_eq!(owner.post("/bookings/3/cancel", &[]).await.status, 303);
    let cancelled = owner.get("/?state=cancelled").await;
    assert_eq!(cards(&cancelled), 1);
    assert!(cancelled.text.contains("메모 02"));
}

#[tokio::test]
async fn the_site_is_looked_at_once_and_what_it_showed_is_kept() {
    let world = World::new();
    let mut owner = world.furnished().await;
    let looks = || {
        let of_court = |arrival: &&namyangju_rent::harness::Arrival| arrival.path.contains("NYJ06/07/103");
        world.site.arrivals().iter().filter(of_court).count()
    };
    let before = looks();
    let month = SystemClock.now().date().plus_days(31).to_string();
    let fields = [("account", "me"), ("place", "NYJ06/07/103"), ("month", &month[..7]), ("step", "look")];
    let looked = owner.post("/bookings/new", &fields).await;
    assert_eq!(looked.status, 303, "{}", looked.text);
    let calendar = owner.get(&looked.location.unwrap()).await.text;
    assert!(calendar.contains("day-free") && calendar.contains("빈 회차 8개"), "{calendar}");
    assert_eq!(looks() - before, 1);
    // A second press within the minute asks the site nothing.
    owner.post("/bookings/new", &fields).await;
    assert_eq!(looks() - before, 1);
    // A page asks the site for nothing at all.
    owner.get("/bookings/new?account=me&place=NYJ06/07/103").await;
    assert_eq!(looks() - before, 1);
    // A court is marked, and the mark taken away.
    let star = [("account", "me"), ("star", "NYJ06/07/103")];
    for mark in ["★", "☆"] {
        let starred = owner.post("/bookings/new", &star).await;
        let page = owner.get(&starred.location.unwrap()).await.text;
        assert!(page.contains(mark), "{page}");
    }
    for (wrong, status) in [("nonsense", 422), ("<b>/1/2", 422)] {
        assert_eq!(owner.post("/bookings/new", &[("account", "me"), ("star", wrong)]).await.status, status);
    }
}
