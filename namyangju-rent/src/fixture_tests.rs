//! Every page under `fixtures/` is read, and what `index.toml` says of it is found. A page without
//! an entry, or an entry without a page, fails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use crate::error::Step;
use crate::harness::{Capture, Told, replay};
use crate::html::charset::{Charset, FormFields};
use crate::html::controls::{controls, form_of};
use crate::html::script::script_page;
use crate::outcome::Outcome;
use crate::page::{Hop, HopKind, Page, Timing};
use crate::pages::day::{Choice, DayPage, Slot, read_day};
use crate::pages::form::FormPage;
use crate::pages::reading::Reading;
use crate::pages::schedule::{read_calendar, read_day_list, read_menu};
use crate::site::Site;
use crate::value::slot::{Purpose, SlotState, TimeRange};

#[derive(Deserialize)]
struct Index {
    fixture: Vec<Fixture>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    file: String,
    step: String,
    source: String,
    url: String,
    #[allow(dead_code, reason = "told to people")]
    posted: bool,
    from: Option<String>,
    content_type: String,
    expect: String,
    #[serde(default)]
    facts: Table,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn index() -> Vec<Fixture> {
    let text = std::fs::read_to_string(folder().join("index.toml")).unwrap();
    toml::from_str::<Index>(&text).unwrap().fixture
}

fn of_step(step: &str) -> Vec<(Fixture, Site, Page)> {
    let found: Vec<_> = index().into_iter().filter(|f| f.step == step).map(|f| (page(&f), f)).collect();
    assert!(!found.is_empty(), "no fixture of step {step}");
    found.into_iter().map(|((site, page), fixture)| (fixture, site, page)).collect()
}

fn page(fixture: &Fixture) -> (Site, Page) {
    let site = Site::builtin(fixture.file.split('/').next().unwrap()).unwrap();
    let body = std::fs::read(folder().join(&fixture.file)).unwrap();
    let charset = Charset::of_page(&body, Some(fixture.content_type.as_bytes()), site.charset());
    let url = fixture.url.parse().unwrap();
    let hops = match &fixture.from {
        Some(from) if *from != fixture.url => {
            let (status, cookies) = (302, Vec::new());
            vec![Hop { from: from.parse().unwrap(), status, kind: HopKind::Location, cookies }]
        }
        _ => Vec::new(),
    };
    // What the walker would have kept of a page that is only a script.
    let alerts = script_page(&charset.decode(&body)).map(|script| script.alerts).unwrap_or_default();
    let sent = "2026-11-26 10:00:00".parse().unwrap();
    let nothing = Default::default();
    let timing = Timing { sent, connect: nothing, first_byte: nothing, done: nothing };
    let page = Page {
        status: 200,
        url,
        hops,
        headers: vec![],
        body: body.into(),
        charset,
        alerts,
        cookies: vec![],
        timing,
        session_cleared: false,
    };
    (site, page)
}

fn number(facts: &Table, key: &str) -> Option<usize> {
    facts.get(key).map(|v| usize::try_from(v.as_integer().unwrap()).unwrap())
}

fn numbers(facts: &Table, key: &str) -> Vec<u32> {
    facts[key].as_array().unwrap().iter().map(|v| u32::try_from(v.as_integer().unwrap()).unwrap()).collect()
}

fn texts<'a>(facts: &'a Table, key: &str) -> Vec<&'a str> {
    facts[key].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

fn text<'a>(facts: &'a Table, key: &str) -> Option<&'a str> {
    facts.get(key).and_then(Value::as_str)
}

/// The same page as somebody would have captured it.
fn capture(fixture: &Fixture, step: Step) -> Capture {
    let body = std::fs::read(folder().join(&fixture.file)).unwrap();
    let mut capture = Capture::new(step, fixture.url.clone(), body);
    capture.posted_to.clone_from(&fixture.from);
    capture.headers.push(("Content-Type".to_owned(), fixture.content_type.clone()));
    capture
}

#[test]
fn replayed_pages_tell_the_same_as_the_readers() {
    for fixture in index() {
        let step = match fixture.step.as_str() {
            "home" => Step::Home,
            "login" | "message" => Step::Login,
            "calendar" | "day-list" => Step::Schedule,
            "day" => Step::Day,
            "form" => Step::Form,
            _ => continue,
        };
        let (site, page) = page(&fixture);
        let document = &Reading::new(&site, &page).document;
        let told = replay(&site, &capture(&fixture, step)).unwrap();
        match (fixture.step.as_str(), told) {
            ("home" | "login" | "message", Told::LoggedIn(found)) => {
                let expected = fixture.facts.get("logged_in").and_then(Value::as_bool);
                assert_eq!(found, expected, "{}", fixture.file);
            }
            ("calendar", Told::Calendar(found)) => assert_eq!(Some(found), read_calendar(&site, document)),
            ("day-list", Told::DayList(found)) => {
                assert_eq!(Some(found), read_day_list(&site.dialect, document));
            }
            ("day", Told::Outcome(found)) => {
                assert_eq!(found.kind().as_str(), fixture.expect, "{}", fixture.file)
            }
            ("day", Told::Day(found)) => {
                assert_eq!(fixture.expect, "page", "{}", fixture.file);
                let numbers_found: Vec<u32> = found.free.iter().map(|s| s.time_no.0).collect();
                assert_eq!(numbers_found, numbers(&fixture.facts, "time_numbers"), "{}", fixture.file);
                let place = found.place.to_string();
                assert_eq!(Some(place.as_str()), text(&fixture.facts, "place"), "{}", fixture.file);
            }
            ("form", Told::Form { names, slots, discounts, sale, .. }) => {
                let facts = &fixture.facts;
                assert_eq!(Some(names.len()), number(facts, "fields"), "{}", fixture.file);
                let wire_names = texts(facts, "wire_names");
                assert!(names.iter().all(|name| wire_names.contains(&name.as_str())), "{}", fixture.file);
                let found: Vec<u32> = slots.iter().map(|s| s.time_no.0).collect();
                assert_eq!(found, numbers(facts, "time_numbers"), "{}", fixture.file);
                let codes: Vec<&str> = discounts.iter().map(|(code, _)| code.as_str()).collect();
                assert_eq!(codes, texts(facts, "discount_codes"), "{}", fixture.file);
                assert_eq!(sale.map(|won| won.0 as usize), number(facts, "sale"), "{}", fixture.file);
            }
            (_, told) => panic!("{}: {told:?}", fixture.file),
        }
    }
}

/// The facts that a page of any step may have.
fn check_frame(fixture: &Fixture, reading: &Reading<'_>) {
    let menu = read_menu(reading.site, &reading.document);
    for (key, found) in [("centres", &menu.centres), ("groups", &menu.groups), ("courts", &menu.courts)] {
        if let Some(expected) = number(&fixture.facts, key) {
            assert_eq!(found.len(), expected, "{} {key}", fixture.file);
        }
    }
    if let Some(expected) = fixture.facts.get("logged_in") {
        assert_eq!(reading.logged_in(), expected.as_bool(), "{}", fixture.file);
    }
}

#[test]
fn the_index_and_the_folder_agree() {
    fn walk(folder: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "html") {
                found.insert(path);
            }
        }
    }
    let mut on_disk = BTreeSet::new();
    walk(&folder(), &mut on_disk);
    let listed: BTreeSet<PathBuf> = index().iter().map(|f| folder().join(&f.file)).collect();
    assert_eq!(on_disk, listed);
    let steps = ["home", "login", "message", "calendar", "day-list", "day", "form", "submit"];
    for fixture in index() {
        assert!(steps.contains(&fixture.step.as_str()), "{} is read by no test", fixture.file);
        assert!(!fixture.source.is_empty(), "{} has no source", fixture.file);
    }
}

#[test]
fn furniture_pages_tell_who_is_logged_in() {
    for step in ["home", "login", "message"] {
        for (fixture, site, page) in of_step(step) {
            check_frame(&fixture, &Reading::new(&site, &page));
        }
    }
}

#[test]
fn calendars_have_their_days() {
    for (fixture, site, page) in of_step("calendar") {
        let reading = Reading::new(&site, &page);
        check_frame(&fixture, &reading);
        let calendar = read_calendar(&site, &reading.document).unwrap();
        let (year, month) =
            (number(&fixture.facts, "year").unwrap(), number(&fixture.facts, "month").unwrap());
        let of_month: Vec<_> = calendar
            .days
            .iter()
            .filter(|d| (d.date.year() as usize, d.date.month() as usize) == (year, month))
            .collect();
        assert_eq!(of_month.len(), number(&fixture.facts, "days").unwrap(), "{}", fixture.file);
        let free: Vec<u32> =
            of_month.iter().filter(|d| d.state == SlotState::Free).map(|d| d.date.day() as u32).collect();
        assert_eq!(free, numbers(&fixture.facts, "free_days"), "{}", fixture.file);
        let neighbours = [calendar.previous, calendar.next].map(|date| date.map(|d| d.month() as usize));
        let around = [Some((month + 10) % 12 + 1), Some(month % 12 + 1)];
        assert_eq!(neighbours, around, "{}", fixture.file);
    }
}

#[test]
fn day_lists_have_their_slots() {
    for (fixture, site, page) in of_step("day-list") {
        let reading = Reading::new(&site, &page);
        check_frame(&fixture, &reading);
        let list = read_day_list(&site.dialect, &reading.document).unwrap();
        let (sports, events): (Vec<_>, Vec<_>) =
            list.slots.iter().partition(|s| s.purpose == Purpose::Sports);
        let facts = &fixture.facts;
        let count = |state| sports.iter().filter(|s| s.state == state).count();
        let found = [
            ("rows", sports.len()),
            ("events_rows", events.len()),
            ("free", count(SlotState::Free)),
            ("booked", count(SlotState::Booked)),
            ("closed", count(SlotState::Closed)),
            ("unavailable", count(SlotState::Unavailable)),
            ("lottery", count(SlotState::Lottery)),
            ("not_shown", count(SlotState::NotShown)),
            ("other", count(SlotState::Other)),
            ("dates", sports.iter().map(|s| s.date).collect::<BTreeSet<_>>().len()),
        ];
        for (key, found) in found {
            assert_eq!(Some(found), number(facts, key), "{} {key}", fixture.file);
        }
        let spoken = |s: &crate::schedule::ListedSlot| {
            format!("{} {} {}", s.date, s.range, s.state.word().replace(' ', "-"))
        };
        assert_eq!(sports.first().map(|s| spoken(s)).as_deref(), text(facts, "first"), "{}", fixture.file);
        if let (Some(at), Some(by)) = (text(facts, "booked_at"), text(facts, "booked_by")) {
            let booked = sports.iter().find(|s| format!("{} {}", s.date, s.range) == at).unwrap();
            assert_eq!(booked.group_name, by, "{}", fixture.file);
            assert!(!format!("{booked:?}").contains(by));
        }
    }
}

#[test]
fn day_pages_have_their_numbers_or_say_why_not() {
    for (fixture, site, page) in of_step("day") {
        let reading = Reading::new(&site, &page);
        let facts = &fixture.facts;
        if fixture.expect != "page" {
            let outcome = if reading.asks_human() { Outcome::HumanCheck } else { reading.refusal(true) };
            assert_eq!(outcome.kind().as_str(), fixture.expect, "{}", fixture.file);
            continue;
        }
        check_frame(&fixture, &reading);
        assert!(!reading.is_logged_out(), "{}", fixture.file);
        let (place, date) =
            (text(facts, "place").unwrap().parse().unwrap(), text(facts, "date").unwrap().parse().unwrap());
        let day = read_day(&site.dialect, &reading.document, &place, date, Purpose::Sports).unwrap();
        let found: Vec<u32> = day.free.iter().map(|s| s.time_no.0).collect();
        let ranges: Vec<String> = day.free.iter().map(|s| s.range.to_string()).collect();
        assert_eq!(found, numbers(facts, "time_numbers"), "{}", fixture.file);
        assert_eq!(ranges, texts(facts, "ranges"), "{}", fixture.file);
        assert_eq!(Some(day.rows.len()), number(facts, "rows"), "{}", fixture.file);
        assert_eq!(day.max_hours.map(usize::from), number(facts, "max_hours"), "{}", fixture.file);
        assert_eq!(day.min_hours.map(usize::from), number(facts, "min_hours"), "{}", fixture.file);
        if let Some(slot) = day.free.first() {
            let choice = day.choose(slot.range, None).unwrap();
            let post = day.post(&site, &choice).unwrap();
            let names: Vec<&str> = site.dialect.day_post.fields.iter().map(|f| f.name.as_str()).collect();
            let sent: Vec<&str> = post.iter().map(|(name, _)| name).collect();
            assert_eq!(sent, [names.as_slice(), &["receipt_time[]"]].concat(), "{}", fixture.file);
            let elsewhere = DayPage { date: day.date.plus_days(1), ..day.clone() };
            assert!(elsewhere.post(&site, &choice).is_err(), "{}", fixture.file);
        }
    }
}

/// The choice that a form page was made for, from its own time list.
fn choice_of(fixture: &Fixture, site: &Site, fields: &FormFields) -> (DayPage, Choice) {
    let entries: Vec<Vec<&str>> = fields
        .first("use_time_list")
        .unwrap()
        .split('|')
        .filter(|e| !e.is_empty())
        .map(|entry| entry.split(';').collect())
        .collect();
    let slots: Vec<Slot> = entries
        .iter()
        .map(|e| {
            let time = |text: &str| format!("{}:{}", &text[..2], &text[2..]);
            let range: TimeRange = format!("{}-{}", time(e[4]), time(e[5])).parse().unwrap();
            Slot { time_no: e[1].parse().unwrap(), range }
        })
        .collect();
    assert_eq!(
        slots.iter().map(|s| s.time_no.0).collect::<Vec<_>>(),
        numbers(&fixture.facts, "time_numbers")
    );
    let code = |name| fields.first(name).unwrap();
    let place: crate::Place =
        format!("{}/{}/{}", code("comcd"), code("part_cd"), code("place_cd")).parse().unwrap();
    let date = crate::RentDate::from_compact(code("receipt_date")).unwrap();
    let day = DayPage {
        place: place.clone(),
        date,
        purpose: Purpose::Sports,
        free: slots.clone(),
        rows: vec![],
        max_hours: None,
        min_hours: None,
        hidden: FormFields::new(),
    };
    let _ = site;
    (day, Choice { place, date, slots })
}

#[test]
fn forms_are_filled_in_the_order_of_their_page() {
    let mut application = crate::Application::new("가나다클럽", 4_u16.try_into().unwrap(), "테니스", "운동");
    for (fixture, site, page) in of_step("form") {
        let reading = Reading::new(&site, &page);
        let landmark = site.dialect.markers.application.select(&reading.document).next().unwrap();
        let form = form_of(&reading.document, landmark).unwrap();
        let unchanged: FormFields =
            controls(form).into_iter().filter(|c| c.sent).map(|c| (c.name, c.value)).collect();
        assert_eq!(Some(unchanged.len()), number(&fixture.facts, "fields"), "{}", fixture.file);
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in unchanged.iter() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        assert_eq!(names, texts(&fixture.facts, "wire_names"), "{}", fixture.file);

        let (day, choice) = choice_of(&fixture, &site, &unchanged);
        let page = FormPage::read(&site, &reading.document, &day, &choice).unwrap().unwrap();
        let codes: Vec<String> = page.discounts(&site.dialect.application).into_iter().map(|d| d.0).collect();
        assert_eq!(codes, texts(&fixture.facts, "discount_codes"), "{}", fixture.file);
        let prefilled = unchanged.first("appli_name").is_some_and(|name| !name.is_empty());
        assert_eq!(Some(prefilled), fixture.facts["applicant_prefilled"].as_bool(), "{}", fixture.file);
        assert_eq!(
            page.payment(&site.dialect.application, &application).unwrap().map(|won| won.0 as usize),
            number(&fixture.facts, "payment"),
            "{}",
            fixture.file
        );

        let body = page.fill(&site, &application).unwrap().fields;
        // As many fields as the page has, in its order, and only ours changed.
        let order = |fields: &FormFields| fields.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(order(&body), order(&unchanged), "{}", fixture.file);
        for ((name, ours), (_, theirs)) in body.iter().zip(unchanged.iter()) {
            let from = site.dialect.application.fields.iter().find(|f| f.name == name).map(|f| f.from);
            use crate::site::dialect::FieldSource as From;
            let filled = matches!(
                from,
                Some(
                    From::Club
                        | From::HeadCount
                        | From::EventName
                        | From::Purpose
                        | From::Telephone
                        | From::Mobile
                )
            );
            assert!(filled || ours == theirs, "{} {name}: {ours} {theirs}", fixture.file);
        }
        assert_eq!(body.first("club_name"), Some("가나다클럽"));
        assert_eq!(body.first("playname"), Some("테니스"));
        assert!(body.first("hp").is_some_and(|hp| hp.matches('-').count() == 2), "{}", fixture.file);

        // The form of other slots is noticed.
        let mut other = choice.clone();
        other.slots[0].time_no = crate::schedule::TimeNo(1);
        assert!(FormPage::read(&site, &reading.document, &day, &other).unwrap().is_err(), "{}", fixture.file);

        // The discount of clubs takes half of the hire price off the payment.
        application.discount = Some("10".to_owned());
        let half = number(&fixture.facts, "sale").unwrap() / 2;
        let paid = page.payment(&site.dialect.application, &application).unwrap().unwrap();
        assert_eq!(paid.0 as usize, half, "{}", fixture.file);
        let body = page.fill(&site, &application).unwrap().fields;
        assert_eq!(body.first("payment_total_amt"), Some(paid.with_comma().as_str()), "{}", fixture.file);
        application.discount = Some("no such".to_owned());
        assert!(page.fill(&site, &application).is_err(), "{}", fixture.file);
        application.discount = None;
    }
}

#[test]
fn answers_to_a_submission_are_what_they_are() {
    for (fixture, site, page) in of_step("submit") {
        let (place, date) = match fixture.file.starts_with("cheonan") {
            true => ("CHEONAN02/19/19", "2023-10-23"),
            false => ("NYJ06/07/103", "2026-12-05"),
        };
        let slots =
            vec![Slot { time_no: crate::schedule::TimeNo(1833), range: "06:00-08:00".parse().unwrap() }];
        let choice = Choice { place: place.parse().unwrap(), date: date.parse().unwrap(), slots };
        let outcome = Reading::new(&site, &page).submission(&choice);
        assert_eq!(outcome.kind().as_str(), fixture.expect, "{}: {outcome}", fixture.file);
        let mut capture = capture(&fixture, Step::Submit);
        (capture.place, capture.date) = (Some(choice.place.clone()), Some(choice.date));
        let Told::Outcome(replayed) = replay(&site, &capture).unwrap() else { panic!("{}", fixture.file) };
        assert_eq!(format!("{replayed:?}"), format!("{outcome:?}"), "{}", fixture.file);
        if let Outcome::Reserved(receipt) = &outcome {
            assert_eq!(Some(receipt.number.as_str()), text(&fixture.facts, "receipt"), "{}", fixture.file);
        }
        if let Outcome::Invalid(invalid) = &outcome {
            assert_eq!(invalid.field.as_deref(), Some("receipt_time[]"), "{}", fixture.file);
        }
    }
}
