//! Five races at the stand-in site, each lost or delayed for a reason of its own: the picture names the reason.

use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::clock::Clock;
use namyangju_rent::harness::{
    Fault, FaultKind, Gate, ManualClock, Rival, Settings, SiteStep, StandIn, StandInServer, WebServer,
};
use namyangju_rent::{
    Application, Booking, Client, Credentials, Event, Policy, Report, SeoulTime, Site, TimedEvent, Verdict,
    Wish,
};

use super::*;
use crate::store::State;

const NOW: &str = "2026-11-26 09:50:00";
const OPENING: &str = "2026-11-26 10:00:00";

fn at(text: &str) -> SeoulTime {
    text.parse().unwrap()
}

fn wish() -> Wish {
    Wish {
        place: "NYJ06/07/103".parse().unwrap(),
        date: "2026-12-05".parse().unwrap(),
        range: "06:00-08:00".parse().unwrap(),
        purpose: Default::default(),
    }
}

/// What a run told, and how it ended.
struct Race {
    events: Vec<TimedEvent>,
    report: Report,
    base_url: String,
}

impl Race {
    /// A booking that waits for its opening at a stand-in, 20 ms away each way.
    async fn run(change: impl FnOnce(&mut Settings), booked: impl FnOnce(Booking) -> Booking) -> Self {
        let clock = Arc::new(ManualClock::new(at(NOW)));
        let site = Site::builtin("namyangju").unwrap();
        let mut settings = Settings::default();
        settings.openings.insert(wish().date, at(OPENING));
        settings.gate = Gate::Form;
        settings.there =
            namyangju_rent::harness::Delay { base: Duration::from_millis(20), jitter: Duration::ZERO };
        settings.back = settings.there;
        change(&mut settings);
        let stand_in = StandIn::new(&site, settings);
        let account = stand_in.accounts()[0].clone();
        let carrier: Arc<dyn Clock> = clock.clone();
        let server = StandInServer::start(stand_in, carrier).await.unwrap();
        let client = Client::builder(server.site().unwrap()).clock(clock.clone());
        let client = client.build().unwrap();
        let credentials = Credentials::new(&account.id, &account.password);
        let application = Application::new("가나다클럽", 4_u16.try_into().unwrap(), "테니스", "운동");
        let booking = Booking::new(client, credentials, wish(), application)
            .policy(Policy::new().with_give_up_after(Duration::from_secs(20)))
            .opens_at(at(OPENING));
        let mut events = Vec::new();
        let report = booked(booking).run(|happened| events.push(happened.clone())).await;
        Self { events, report, base_url: server.base_url() }
    }

    fn story(&self) -> RunStory<'_> {
        let receipt = match &self.report.verdict {
            Verdict::Reserved { receipt, .. } => receipt.clone(),
            _ => None,
        };
        let is_won = matches!(self.report.verdict, Verdict::Reserved { .. });
        RunStory {
            title: "7 · <체육공원2호> 테니스장".to_owned(),
            opens_at: Some(at(OPENING)),
            events: self.events.iter().map(|happened| (happened.at, &happened.event)).collect(),
            clock: self.report.clock,
            given_ahead_micros: None,
            opening: self.report.opening,
            state: if is_won { State::Succeeded } else { State::Failed },
            receipt,
            base_url: self.base_url.clone(),
        }
    }

    fn drawn(&self, language: Language) -> Timeline {
        Timeline::new(&self.story(), language)
    }

    /// Each way of showing it says the same; a folder that is named by a variable keeps the pictures for people to look at.
    fn shows(&self, name: &str, korean: &[&str], english: &[&str]) {
        for (language, signs) in [(Language::Korean, korean), (Language::English, english)] {
            let timeline = self.drawn(language);
            let svg = picture(&timeline, Look::File);
            let page = html::page(&timeline);
            let text = text::picture(&timeline);
            if let Some(folder) = std::env::var_os("TIMELINES") {
                let path = std::path::Path::new(&folder).join(format!("{name}-{}", timeline.labels.tag));
                std::fs::write(path.with_extension("svg"), &svg).unwrap();
                std::fs::write(path.with_extension("html"), &page).unwrap();
                std::fs::write(path.with_extension("txt"), &text).unwrap();
            }
            for sign in signs {
                let said = timeline.signs().join("\n");
                assert!(said.contains(sign), "{name}: {sign} is not in\n{said}\n{text}\n{:#?}", self.events);
                assert!(page.contains(&svg::escaped(sign)), "{name}: {sign}");
                // Lines are folded where they end.
                let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(flat.contains(sign), "{name}: {sign} is not in\n{text}");
            }
            for line in text.lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
            }
            assert!(svg.starts_with("<svg") && !svg.contains("<script") && !svg.contains("<체육"), "{svg}");
            assert!(!svg.contains("http://127") && !svg.contains("NaN"), "{svg}");
            // A title on each bar.
            let bars = timeline.rows.iter().map(|row| row.bars.len()).sum::<usize>();
            assert!(svg.matches("</title></rect>").count() >= bars, "{svg}");
            assert_eq!(page.matches("<tr>").count(), timeline.requests.len() + 1);
        }
    }
}

#[tokio::test]
async fn a_clock_that_was_known_on_one_side_only() {
    let rival = Rival {
        at: at(OPENING).plus(Duration::from_millis(20)),
        place: wish().place,
        date: wish().date,
        range: wish().range,
    };
    let race = Race::run(
        |settings| {
            settings.date_cached = Some(Duration::from_secs(10));
            settings.rivals = vec![rival];
        },
        |booking| booking,
    )
    .await;
    race.shows(
        "late-clock",
        &["사이트의 시각이 캐시에서 왔습니다", "다른 사람이 먼저 예약함"],
        &["The site's dates come from a cache", "taken by somebody else"],
    );
}

#[tokio::test]
async fn a_line_that_was_dead() {
    let race = Race::run(
        |settings| {
            settings.faults = vec![Fault { step: SiteStep::Form, nth: 3, kind: FaultKind::DropBefore }]
        },
        |booking| booking,
    )
    .await;
    race.shows(
        "dead-line",
        &["답이 오지 않았습니다: 신청서 화면"],
        &["No answer came: form, broken off after"],
    );
}

#[tokio::test]
async fn a_site_that_was_slow() {
    let race = Race::run(
        |settings| settings.web_server = WebServer::nginx().with_script_time(Duration::from_millis(1_400)),
        |booking| booking,
    )
    .await;
    race.shows(
        "slow-site",
        &["사이트가 느렸습니다: ", "예약됨"],
        &["The site was slow: it worked 1.4", "reserved"],
    );
}

#[tokio::test]
async fn somebody_who_was_faster() {
    let rival = Rival {
        at: at(OPENING).plus(Duration::from_millis(30)),
        place: wish().place,
        date: wish().date,
        range: wish().range,
    };
    let race = Race::run(|settings| settings.rivals = vec![rival], |booking| booking).await;
    race.shows("taken", &["다른 사람이 먼저 예약함"], &["taken by somebody else"]);
    // And nothing else is said: the clock was known, the line held, the site was quick.
    assert_eq!(race.drawn(Language::English).signs().len(), 1, "{:?}", race.drawn(Language::English).signs());
}

#[tokio::test]
async fn a_first_request_that_was_too_early() {
    let race = Race::run(|_| {}, |booking| booking.lead(Duration::from_millis(60))).await;
    race.shows(
        "refused-early",
        &["첫 요청을 사이트가 이르다고 거절했습니다", "예약됨"],
        &["The site refused the first request as too early (it arrived −", "reserved"],
    );
}

#[tokio::test]
async fn the_har_has_the_times_as_numbers() {
    let race = Race::run(|_| {}, |booking| booking).await;
    let timeline = race.drawn(Language::Korean);
    let har = har::document(&timeline);
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), timeline.requests.len());
    for entry in entries {
        let timings = entry["timings"].as_object().unwrap();
        assert!(timings.values().all(serde_json::Value::is_number), "{entry}");
        let parts =
            timings.values().filter_map(serde_json::Value::as_f64).filter(|part| *part > 0.0).sum::<f64>();
        assert!((entry["time"].as_f64().unwrap() - parts).abs() < 0.001, "{entry}");
        assert!(entry["request"]["headers"].as_array().unwrap().is_empty());
    }
    assert!(entries.iter().any(|entry| entry["request"]["method"] == "POST"));
}

#[test]
fn a_new_connection_is_a_bar_of_its_own_and_a_sign() {
    let event = r#"{"event":"visited","step":"form","first_byte_micros":40000,"took_micros":41000,"connect_micros":90000}"#;
    let events: Vec<Event> = vec![
        Event::Attempt { number: 1, wish: 0 },
        serde_json::from_str(event).unwrap(),
        // As a version before this one wrote it: without times.
        serde_json::from_str(r#"{"event":"answered","step":"submit","name":"slot-taken","text":"taken"}"#)
            .unwrap(),
    ];
    let told = at(OPENING).plus(Duration::from_millis(135));
    let story = RunStory {
        title: "1".to_owned(),
        opens_at: Some(at(OPENING)),
        events: events.iter().map(|event| (told, event)).collect(),
        clock: None,
        given_ahead_micros: Some(0),
        opening: OpeningBracket::default(),
        state: State::Failed,
        receipt: None,
        base_url: String::new(),
    };
    let timeline = Timeline::new(&story, Language::English);
    assert!(
        timeline.signs().iter().any(|sign| sign.contains("a new one took 90 ms")),
        "{:?}",
        timeline.signs()
    );
    let svg = picture(&timeline, Look::Wide);
    assert!(svg.contains("new connection 90 ms (+4.0 ms)"), "{svg}");
    assert!(!svg.contains("<style"), "the policy of a page lets no style stand in it");
}

#[test]
fn a_story_without_a_request_says_so() {
    let story = RunStory {
        title: "1".to_owned(),
        opens_at: Some(at(OPENING)),
        events: Vec::new(),
        clock: None,
        given_ahead_micros: None,
        opening: OpeningBracket::default(),
        state: State::Waiting,
        receipt: None,
        base_url: String::new(),
    };
    let timeline = Timeline::new(&story, Language::Korean);
    assert!(!timeline.has_requests());
    for text in [picture(&timeline, Look::File), text::picture(&timeline), html::page(&timeline)] {
        assert!(text.contains("아직 보낸 신청이 없습니다."), "{text}");
    }
}
