use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::clock::Clock;
use namyangju_rent::harness::{Gate, ManualClock, Settings, SiteStep, Taken};
use namyangju_rent::page::Page;
use namyangju_rent::{
    AnswerKind, Booking, Client, Event, NotPermitted, Purpose, SavedSession, SeoulTime, Session, Site,
    TimedEvent, Verdict, Watcher,
};

use crate::stage::{NOW, Stage, application};

const OPENING: &str = "2026-11-26 10:00:00";
const LONG: Duration = Duration::from_secs(60);

/// Says what it was told to say, and keeps what it hears.
struct Guard {
    clock: Arc<ManualClock>,
    says: VecDeque<Result<Duration, NotPermitted>>,
    asked: Vec<(usize, SeoulTime)>,
    events: Vec<Event>,
    pages: Vec<(u32, usize)>,
    sessions: Vec<SavedSession>,
}

impl Guard {
    fn new(stage: &Stage, says: impl IntoIterator<Item = Result<Duration, NotPermitted>>) -> Self {
        Self {
            clock: Arc::clone(&stage.clock),
            says: says.into_iter().collect(),
            asked: Vec::new(),
            events: Vec::new(),
            pages: Vec::new(),
            sessions: Vec::new(),
        }
    }
}

impl Watcher for &mut Guard {
    fn on_event(&mut self, happened: &TimedEvent) {
        self.events.push(happened.event.clone());
    }

    async fn permit(&mut self, wish: usize) -> Result<Duration, NotPermitted> {
        self.asked.push((wish, self.clock.now()));
        self.says.pop_front().unwrap_or(Ok(LONG))
    }

    fn unknown_page(&mut self, attempt: u32, page: &Page) {
        self.pages.push((attempt, page.body().len()));
    }

    fn logged_in(&mut self, session: &Session) {
        self.sessions.extend(session.save());
    }
}

fn opening() -> SeoulTime {
    OPENING.parse().unwrap()
}

fn opening_settings() -> Settings {
    let mut settings = Settings::default();
    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
    settings
}

fn submitted(stage: &Stage) -> usize {
    stage.server.arrivals().iter().filter(|arrival| arrival.step == SiteStep::Submit).count()
}

#[tokio::test]
async fn nothing_leaves_without_a_permit_and_it_is_asked_shortly_before_the_shot() {
    for early in [false, true] {
        let mut settings = opening_settings();
        if early {
            settings.gate = Gate::Submit;
        }
        let stage = Stage::new("namyangju", settings).await;
        let mut guard = Guard::new(&stage, [Err(NotPermitted::new("the lease is lost"))]);
        let report = stage.booking().opens_at(opening()).run_watched(&mut guard).await;
        assert_eq!(report.verdict, Verdict::Withdrawn { reason: "the lease is lost".into() });
        assert_eq!((submitted(&stage), stage.booked()), (0, 0));
        let [(0, at)] = guard.asked[..] else { panic!("{:?}", guard.asked) };
        assert!(at < opening() && opening().since(at) <= Duration::from_secs(4), "{at}");
        assert!(!guard.events.contains(&Event::Submitting));
    }
}

#[tokio::test]
async fn a_permit_that_is_too_old_is_asked_for_again() {
    let stage = Stage::new("namyangju", opening_settings()).await;
    let mut guard = Guard::new(&stage, [Ok(Duration::from_secs(1)), Err(NotPermitted::new("cancelled"))]);
    let report = stage.booking().opens_at(opening()).run_watched(&mut guard).await;
    assert_eq!(report.verdict, Verdict::Withdrawn { reason: "cancelled".into() });
    assert_eq!((guard.asked.len(), submitted(&stage)), (2, 0));
}

#[tokio::test]
async fn each_attempt_needs_a_permit_of_its_own() {
    let mut settings = opening_settings();
    let late = opening().plus(Duration::from_millis(1_200));
    settings.openings.insert("2026-12-05".parse().unwrap(), late);
    let stage = Stage::new("namyangju", settings).await;
    let mut guard = Guard::new(&stage, []);
    let report = stage.booking().opens_at(opening()).run_watched(&mut guard).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert!(report.attempts.len() > 1);
    assert_eq!(guard.asked.len(), report.attempts.len());
}

#[tokio::test]
async fn an_intent_whose_attempt_ended_before_the_application_is_no_doubt() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let refused = Event::Answered {
        step: namyangju_rent::Step::Form,
        answer: AnswerKind::NotOpenYet,
        text: String::new(),
        receipt: None,
        exchange: None,
    };
    let looks = |stage: &Stage| {
        let arrivals = stage.server.arrivals();
        arrivals.iter().take_while(|a| a.step != SiteStep::Login).any(|a| a.step == SiteStep::Schedule)
    };
    let attempt = Event::Attempt { number: 1, wish: 0 };
    let report = stage.booking().resume([&attempt, &Event::Submitting, &refused]).run(|_| {}).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }));
    assert!(!looks(&stage));
    let stage = Stage::new("namyangju", Settings::default()).await;
    let report = stage.booking().resume([&attempt, &Event::Submitting]).run(|_| {}).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }));
    assert!(looks(&stage));
}

#[tokio::test]
async fn a_page_that_nobody_has_described_is_handed_over() {
    let mut settings = Settings::default();
    settings.taken = Taken::Page { bytes: None };
    let stage = Stage::new("namyangju", settings).await;
    // A client that was not taught the stand-in's own wording.
    let plain = Site::builtin("namyangju").unwrap().with_base_url(&stage.server.base_url()).unwrap();
    let client = Client::builder(plain).clock(stage.clock.clone()).build().unwrap();
    let wish = stage.wish();
    let mut guard = Guard::new(&stage, []);
    let booking = Booking::new(client, stage.credentials(), wish.clone(), application());
    // Somebody takes the slot between the form and the application.
    let server = &stage.server;
    let take = || {
        server.with(|s| s.take(&wish.place, wish.date, wish.range, "빠른클럽"));
    };
    let report = booking.run_watched(TakesAtSubmission { guard: &mut guard, take }).await;
    assert_eq!(report.verdict, Verdict::Lost, "{report:?}");
    assert!(matches!(guard.pages[..], [(1, bytes)] if bytes > 100), "{:?}", guard.pages);
}

struct TakesAtSubmission<'g, F> {
    guard: &'g mut Guard,
    take: F,
}

impl<F: FnMut() + Send> Watcher for TakesAtSubmission<'_, F> {
    fn on_event(&mut self, happened: &TimedEvent) {
        if happened.event == Event::Submitting {
            (self.take)();
        }
        (&mut &mut *self.guard).on_event(happened);
    }

    fn unknown_page(&mut self, attempt: u32, page: &Page) {
        (&mut &mut *self.guard).unknown_page(attempt, page);
    }
}

#[tokio::test]
async fn numbers_from_earlier_save_the_day_page_where_no_day_is_open() {
    // An open day tells them on one morning …
    let stage = Stage::new("namyangju", opening_settings()).await;
    let mut guard = Guard::new(&stage, []);
    stage.booking().opens_at(opening()).run_watched(&mut guard).await;
    let slots = guard
        .events
        .iter()
        .find_map(|event| match event {
            Event::Learned { slots, .. } => Some(slots.clone()),
            _ => None,
        })
        .unwrap();
    // … and on another no day is open.
    let mut settings = Settings::default();
    settings.opening = Some(opening());
    let stage = Stage::new("namyangju", settings).await;
    let mut guard = Guard::new(&stage, []);
    let booking = stage.booking().opens_at(opening());
    let booking = booking.known_slots(stage.wish().place, Purpose::Sports, slots);
    let report = booking.run_watched(&mut guard).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert!(guard.events.contains(&Event::Remembered));
    assert!(report.requests_after_opening.unwrap() <= 4, "{report:?}");
}

#[tokio::test]
async fn a_saved_session_saves_the_login_only_while_it_lives() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let mut guard = Guard::new(&stage, []);
    let booking: Booking = stage.booking();
    booking.run_watched(&mut guard).await;
    let saved = guard.sessions.pop().unwrap();
    for alive in [true, false] {
        if !alive {
            stage.server.with(|stand_in| stand_in.end_sessions());
        }
        stage.server.with(|stand_in| {
            stand_in.release(&stage.wish().place, stage.wish().date, stage.wish().range);
        });
        let mut guard = Guard::new(&stage, []);
        let report = stage.booking().session(saved.clone()).run_watched(&mut guard).await;
        assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
        assert_eq!(guard.events.contains(&Event::Restored), alive);
        assert_eq!(guard.events.contains(&Event::LoggedIn), !alive);
    }
    assert!(stage.clock.now() >= NOW.parse().unwrap());
}

#[tokio::test]
async fn an_intent_from_before_the_opening_does_not_end_a_booking_that_is_started_again() {
    for skew in [0, -20_000, 20_000] {
        let mut settings = opening_settings();
        settings.clock_skew_millis = skew;
        let stage = Stage::new("namyangju", settings).await;
        let mut guard = Guard::new(&stage, []);
        // Killed in the last seconds: a permit was given, and nothing has left.
        let estimate = {
            let booking = stage.booking().opens_at(opening());
            booking.run_watched(&mut guard).await.clock.unwrap()
        };
        let stage = Stage::new("namyangju", {
            let mut s = opening_settings();
            s.clock_skew_millis = skew;
            s
        })
        .await;
        let at_site = opening().minus(Duration::from_millis(1_500));
        let local = SeoulTime::from_unix_micros(at_site.unix_micros() - skew * 1_000);
        stage.clock.advance(local.since(stage.clock.now()));
        let events =
            [Event::ClockRead { estimate }, Event::Attempt { number: 1, wish: 0 }, Event::Submitting];
        let booking = stage.booking().opens_at(opening()).resume(&events);
        let report = booking.run(|_| {}).await;
        assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{skew}: {report:?}");
    }
}

#[tokio::test]
async fn a_page_that_says_no_tells_when_it_was_asked_for_and_came() {
    let mut settings = Settings::default();
    settings.opening = Some("2026-11-26 10:00:00".parse().unwrap());
    let stage = Stage::new("namyangju", settings).await;
    let policy = namyangju_rent::Policy::new().with_give_up_after(Duration::from_secs(1));
    let mut events = Vec::new();
    stage.booking().policy(policy).run(|happened| events.push(happened.clone())).await;
    let refused = events.iter().find_map(|happened| match &happened.event {
        Event::Answered { answer: AnswerKind::NotOpenYet, exchange, .. } => Some((happened.at, exchange)),
        _ => None,
    });
    let (told, exchange) = refused.expect("the day was not refused");
    let exchange = exchange.as_ref().expect("it does not tell when");
    assert!(exchange.sent <= told && exchange.first_byte_micros.is_some());
    // A story of an earlier version has none of it, and reads as before.
    let old = r#"{"event":"answered","step":"form","name":"not-open-yet","text":"not open yet"}"#;
    assert!(matches!(serde_json::from_str(old).unwrap(), Event::Answered { exchange: None, .. }));
    let old = r#"{"event":"visited","step":"form","first_byte_micros":1000,"took_micros":2000}"#;
    assert!(matches!(serde_json::from_str(old).unwrap(), Event::Visited { connect_micros: None, .. }));
}
