//! What the pages show ten minutes before the opening is told then, and judged by what the stand-in was asked.

use std::time::Duration;

use namyangju_rent::clock::Clock as _;
use namyangju_rent::harness::{Account, Gate, Missing, Settings, SiteStep};
use namyangju_rent::report::{Foreseen, Obstacle};
use namyangju_rent::schedule::{DayList, EarlierRounds, SlotState};
use namyangju_rent::{
    Booking, Event, Place, Policy, Purpose, Report, SeoulTime, TimedEvent, Verdict, Watcher, Wish,
};

use crate::stage::{Stage, application};

fn opening() -> SeoulTime {
    "2026-11-26 10:00:00".parse().unwrap()
}

/// The wished day opens at 10:00:00; other days are open already.
fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
    change(&mut settings);
    settings
}

async fn stage(change: impl FnOnce(&mut Settings)) -> Stage {
    Stage::new("namyangju", settings(change)).await
}

fn at(stage: &Stage, range: &str) -> Wish {
    Wish { range: range.parse().unwrap(), ..stage.wish() }
}

fn court(stage: &Stage, place: &str) -> Wish {
    Wish { place: place.parse().unwrap(), ..stage.wish() }
}

/// Runs a booking with these wishes; gives what was foreseen, and when.
async fn run(
    stage: &Stage,
    wishes: Vec<Wish>,
    change: impl FnOnce(Booking) -> Booking,
) -> (Report, Vec<(SeoulTime, Foreseen, String)>) {
    let mut wishes = wishes.into_iter();
    let first = wishes.next().unwrap();
    let booking = Booking::new(stage.client.clone(), stage.credentials(), first, application());
    let booking = wishes.fold(booking, Booking::or).opens_at(opening());
    let mut told = Vec::new();
    let report = change(booking)
        .run(|happened: &TimedEvent| {
            if let Event::Alarm { text, foreseen: Some(foreseen) } = &happened.event {
                told.push((happened.at, (**foreseen).clone(), text.clone()));
            }
        })
        .await;
    (report, told)
}

/// What was foreseen of one wish, which was told while there was time to act.
#[track_caller]
fn only(told: &[(SeoulTime, Foreseen, String)]) -> (&Foreseen, &str) {
    let [(at, foreseen, text)] = told else { panic!("{told:?}") };
    assert!(opening().since(*at) >= Duration::from_secs(590), "{told:?}");
    (foreseen, text)
}

/// How many pages were asked for that lead to an application, from a second before the opening on.
fn shots(stage: &Stage) -> usize {
    let near = opening().minus(Duration::from_secs(1));
    let steps = [SiteStep::Day, SiteStep::Form, SiteStep::Submit];
    stage.server.arrivals().iter().filter(|a| a.site_time >= near && steps.contains(&a.step)).count()
}

/// Nothing was shot, and the run ended with time to act.
#[track_caller]
fn ended_early(stage: &Stage, report: &Report, reason: &str) {
    assert!(
        matches!(&report.verdict, Verdict::Refused { reason: why } if why.contains(reason)),
        "{report:?}"
    );
    assert!(opening().since(report.ended) >= Duration::from_secs(590), "{report:?}");
    assert_eq!((shots(stage), stage.count(SiteStep::Submit), stage.booked()), (0, 0, 0));
}

#[tokio::test]
async fn a_time_that_is_no_round_is_told_with_the_rounds_and_nothing_is_shot() {
    let stage = stage(|_| {}).await;
    let (report, told) = run(&stage, vec![at(&stage, "07:00-09:00")], |b| b).await;
    let (foreseen, text) = only(&told);
    assert_eq!((foreseen.obstacle, foreseen.is_final, foreseen.wish), (Obstacle::Rounds, true, 0));
    assert_eq!(foreseen.choices[..2], ["06:00-08:00", "08:00-10:00"]);
    assert!(text.contains("its rounds are 06:00-08:00, 08:00-10:00, "), "{text}");
    ended_early(&stage, &report, "its rounds are 06:00-08:00");
}

#[tokio::test]
async fn the_choice_that_can_be_had_is_the_one_that_is_shot() {
    let stage = stage(|_| {}).await;
    let wishes = vec![at(&stage, "07:00-09:00"), court(&stage, "NYJ06/07/104")];
    let (report, told) = run(&stage, wishes, |b| b).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert!(only(&told).1.starts_with("choice 1 (NYJ06/07/103 2026-12-05 07:00-09:00): "), "{told:?}");
    assert_eq!((report.wish, report.attempts.len()), (1, 1), "{report:?}");
    assert!(report.requests_after_opening.unwrap() <= 4, "{report:?}");
    assert_eq!(stage.server.with(|s| s.bookings()[0].place.to_string()), "NYJ06/07/104");
}

#[tokio::test]
async fn without_an_opening_a_wrong_time_leads_to_the_next_choice() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let booking =
        Booking::new(stage.client.clone(), stage.credentials(), at(&stage, "07:00-09:00"), application());
    let report = booking.or(court(&stage, "NYJ06/07/104")).run(|_| {}).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert_eq!((report.wish, stage.booked()), (1, 1), "{report:?}");
    let booking =
        Booking::new(stage.client.clone(), stage.credentials(), at(&stage, "07:00-09:00"), application());
    let report = booking.run(|_| {}).await;
    let refused = |reason: &str| reason.contains("its rounds are 06:00-08:00");
    assert!(matches!(&report.verdict, Verdict::Refused { reason } if refused(reason)), "{report:?}");
}

#[tokio::test]
async fn a_court_that_is_not_there_is_told_with_those_that_are() {
    for missing in [Missing::NotFound, Missing::ErrorPage] {
        let stage = stage(|s| s.missing = missing).await;
        let (report, told) = run(&stage, vec![court(&stage, "NYJ06/07/999")], |b| b).await;
        let (foreseen, text) = only(&told);
        assert_eq!((foreseen.obstacle, foreseen.is_final), (Obstacle::Court, true));
        assert_eq!(foreseen.choices, ["NYJ06/07/103", "NYJ06/07/104", "NYJ06/07/105"]);
        assert!(text.contains("no court NYJ06/07/999: its group has NYJ06/07/103 ("), "{text}");
        ended_early(&stage, &report, "no court NYJ06/07/999");
    }
    let stage = stage(|_| {}).await;
    let (report, told) = run(&stage, vec![court(&stage, "NYJ99/07/1")], |b| b).await;
    assert!(only(&told).1.contains("no centre NYJ99: it has NYJ0"), "{told:?}");
    ended_early(&stage, &report, "no centre NYJ99");
}

#[tokio::test]
async fn a_purpose_without_a_list_is_told() {
    let stage = stage(|s| s.lists_events = false).await;
    let wish = Wish { purpose: Purpose::Events, ..stage.wish() };
    let (report, told) = run(&stage, vec![wish], |b| b).await;
    let (foreseen, _) = only(&told);
    assert_eq!((foreseen.obstacle, &foreseen.choices[..]), (Obstacle::Purpose, &["sports".to_owned()][..]));
    ended_early(&stage, &report, "no list for events");
}

#[tokio::test]
async fn a_time_longer_than_the_page_allows_is_told() {
    for (change, range, said) in [
        ((|s: &mut Settings| s.max_hours = 2) as fn(&mut Settings), "06:00-10:00", "more than the 2 hours"),
        (|s| s.min_hours = 3, "06:00-08:00", "less than the 3 hours"),
    ] {
        let stage = stage(change).await;
        let (report, told) = run(&stage, vec![at(&stage, range)], |b| b).await;
        assert_eq!(only(&told).0.obstacle, Obstacle::Length, "{told:?}");
        ended_early(&stage, &report, said);
    }
}

#[tokio::test]
async fn a_day_by_lot_or_closed_waits_behind_the_other_choices() {
    for state in [SlotState::Lottery, SlotState::Closed, SlotState::Unavailable] {
        let marks = |s: &mut Settings| {
            s.marked_days.insert("2026-12-05".parse().unwrap(), state);
            s.openings.insert("2026-12-06".parse().unwrap(), opening());
        };
        let stage = stage(marks).await;
        let sunday = Wish { date: "2026-12-06".parse().unwrap(), ..stage.wish() };
        let (report, told) = run(&stage, vec![stage.wish(), sunday], |b| b).await;
        let (foreseen, _) = only(&told);
        assert_eq!((foreseen.obstacle, foreseen.is_final), (Obstacle::Day, false), "{state:?}");
        assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{state:?} {report:?}");
        assert_eq!((report.wish, report.attempts.len()), (1, 1), "{state:?} {report:?}");
    }
}

#[tokio::test]
async fn a_closed_day_that_opens_after_all_is_won() {
    let stage = stage(|s| {
        s.marked_days.insert("2026-12-05".parse().unwrap(), SlotState::Closed);
        s.openings.insert("2026-12-06".parse().unwrap(), opening());
    })
    .await;
    let server = &stage.server;
    let booking = stage.booking().opens_at(opening());
    let report = booking
        .run(|happened| {
            if matches!(happened.event, Event::Armed { .. }) {
                server.with(|s| s.settings_mut().marked_days.clear());
            }
        })
        .await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert_eq!(stage.booked(), 1);
}

#[tokio::test]
async fn a_slot_that_somebody_has_before_the_opening_is_not_shot_at_first() {
    let stage = stage(|_| {}).await;
    stage.take_slot();
    let (report, told) = run(&stage, vec![stage.wish(), court(&stage, "NYJ06/07/104")], |b| b).await;
    let (foreseen, text) = only(&told);
    assert_eq!((foreseen.obstacle, foreseen.is_final), (Obstacle::Booked, false));
    assert!(text.contains("booked already; not booked on 2026-12-05: 08:00-10:00, "), "{text}");
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert_eq!((report.wish, report.attempts.len()), (1, 1), "{report:?}");

    // Alone it is tried all the same: it may be given back.
    let stage = self::stage(|_| {}).await;
    stage.take_slot();
    let (report, told) = run(&stage, vec![stage.wish()], |b| b).await;
    assert!(!only(&told).0.is_final);
    assert_eq!(report.verdict, Verdict::Lost, "{report:?}");
    assert!(shots(&stage) > 0);
}

#[tokio::test]
async fn what_is_booked_in_our_name_before_the_opening_ends_the_run_before_it() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    assert!(matches!(stage.book().await.verdict, Verdict::Reserved { .. }));
    stage.server.with(|s| s.set_opening("2026-12-05".parse().unwrap(), Some(opening())));
    let wishes = vec![court(&stage, "NYJ06/07/104"), stage.wish()];
    let (report, told) = run(&stage, wishes, |b| b).await;
    assert_eq!((report.verdict, report.wish), (Verdict::AlreadyBooked, 1));
    assert_eq!((told.len(), stage.booked(), shots(&stage)), (0, 1, 0));
}

#[tokio::test]
async fn a_form_that_is_given_early_shows_what_the_account_lacks() {
    // The stand-in takes a number of which only the first part is there; it is not known what the site does.
    for (blank, said, booked) in [
        ((|a: &mut Account| a.mobile = String::new()) as fn(&mut Account), "no mobile number", 1),
        (|a| a.name = String::new(), "`appli_name` is empty", 0),
    ] {
        let stage = stage(|s| {
            s.gate = Gate::Submit;
            blank(&mut s.accounts[0]);
        })
        .await;
        let (report, told) =
            run(&stage, vec![stage.wish()], |b| b.policy(Policy::new().with_max_requests(9))).await;
        let (foreseen, text) = only(&told);
        assert_eq!((foreseen.obstacle, foreseen.is_final), (Obstacle::Form, false), "{said}");
        assert!(text.contains(said), "{text}");
        // The account may be completed until then, so it is tried.
        assert!(shots(&stage) > 0, "{report:?}");
        assert_eq!(stage.booked(), booked, "{report:?}");
    }
}

#[tokio::test]
async fn a_discount_that_the_early_form_does_not_offer_is_told_and_nothing_is_shot() {
    let stage = stage(|s| s.gate = Gate::Submit).await;
    let mut application = application();
    application.discount = Some("77".to_owned());
    let booking = Booking::new(stage.client.clone(), stage.credentials(), stage.wish(), application);
    let mut told = Vec::new();
    let report = booking
        .opens_at(opening())
        .run(|happened| {
            if let Event::Alarm { text, foreseen: Some(foreseen) } = &happened.event {
                told.push((happened.at, (**foreseen).clone(), text.clone()));
            }
        })
        .await;
    let (foreseen, _) = only(&told);
    assert!(foreseen.obstacle == Obstacle::Form && !foreseen.choices.is_empty(), "{told:?}");
    ended_early(&stage, &report, "no discount `77`");
}

#[tokio::test]
async fn the_look_ahead_asks_for_little_and_not_at_all_when_time_is_short() {
    let many = |stage: &Stage| {
        let courts = ["NYJ06/07/103", "NYJ06/07/104", "NYJ06/07/105"];
        courts.iter().map(|place| court(stage, place)).collect::<Vec<_>>()
    };
    let stage = stage(|_| {}).await;
    let (report, told) = run(&stage, many(&stage), |b| b).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert!(told.is_empty(), "{told:?}");
    let before = |step: SiteStep| {
        stage.server.arrivals().iter().filter(|a| a.step == step && a.site_time < opening()).count()
    };
    // A list for each court, and the form twice: ten minutes and twenty seconds before.
    assert_eq!((before(SiteStep::Schedule), before(SiteStep::Form)), (3, 2));

    let stage = self::stage(|_| {}).await;
    stage.clock.advance(Duration::from_secs(10 * 60 - 60));
    let (report, _) = run(&stage, many(&stage), |b| b).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    let lists = stage.server.arrivals().into_iter().filter(|a| a.step == SiteStep::Schedule);
    assert_eq!(lists.filter(|a| a.site_time < opening()).count(), 1);
}

/// Keeps the rounds of all day lists that a run reads.
#[derive(Default)]
struct Keeper(Vec<EarlierRounds>);

impl Watcher for &mut Keeper {
    fn on_event(&mut self, _: &TimedEvent) {}

    fn day_list_read(&mut self, place: &Place, list: &DayList) {
        self.0.extend(EarlierRounds::of(place, list, "2026-11-26 09:50:00".parse().unwrap()));
    }
}

#[tokio::test]
async fn the_rounds_of_each_list_that_a_run_reads_can_be_kept() {
    // The look ahead, the lists of open days, and the reading back.
    let stage = stage(|_| {}).await;
    let mut keeper = Keeper::default();
    let booking = stage.booking().or(court(&stage, "NYJ06/07/104")).opens_at(opening());
    let report = booking.run_watched(&mut keeper).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert_eq!(keeper.0.len(), stage.count(SiteStep::Schedule), "{:?}", keeper.0);
    let late = |range: &str| at(&stage, range).doubted_by(&keeper.0);
    let doubt = late("07:00-09:00").unwrap();
    assert_eq!(
        (doubt.obstacle, &doubt.choices[..2]),
        (Obstacle::Rounds, &texts(["06:00-08:00", "08:00-10:00"])[..])
    );
    assert_eq!(late("08:00-12:00"), None);

    // A booking that begins at once reads the list back.
    let stage = Stage::new("namyangju", Settings::default()).await;
    let mut keeper = Keeper::default();
    stage.booking().run_watched(&mut keeper).await;
    assert_eq!((keeper.0.len(), stage.count(SiteStep::Schedule)), (1, 1));
}

fn texts<const N: usize>(texts: [&str; N]) -> [String; N] {
    texts.map(str::to_owned)
}

#[tokio::test]
async fn with_little_time_left_the_rounds_of_an_earlier_list_are_told_at_once() {
    let earlier = {
        let stage = Stage::new("namyangju", Settings::default()).await;
        let mut keeper = Keeper::default();
        stage.booking().run_watched(&mut keeper).await;
        keeper.0
    };
    let stage = stage(|_| {}).await;
    stage.clock.advance(Duration::from_secs(10 * 60 - 60));
    let began = stage.clock.now();
    let wishes = vec![at(&stage, "07:00-09:00"), stage.wish()];
    let (report, told) = run(&stage, wishes, |booking| booking.rounds_before(earlier.clone())).await;
    let (told_at, foreseen, text) = &told[0];
    // Before anything is asked for, and it is tried all the same.
    assert_eq!((*told_at, foreseen.obstacle, foreseen.is_final), (began, Obstacle::Rounds, false));
    assert_eq!(foreseen.choices[..2], texts(["06:00-08:00", "08:00-10:00"]));
    assert!(text.contains("by a day list that was read at 2026-11-26 09:50:00"), "{text}");
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    assert_eq!((told.len(), report.wish), (1, 1), "{told:?}");

    // With ten minutes the list itself is read, and is final.
    let stage = self::stage(|_| {}).await;
    let (_, told) = run(&stage, vec![at(&stage, "07:00-09:00")], |b| b.rounds_before(earlier.clone())).await;
    assert!(only(&told).0.is_final, "{told:?}");

    // A list that the site does not give leaves what is known.
    let stage = self::stage(|s| s.missing = Missing::NotFound).await;
    let unknown = court(&stage, "NYJ06/07/999");
    let mut of_unknown = earlier.clone();
    of_unknown.iter_mut().for_each(|rounds| rounds.place = unknown.place.clone());
    let wish = Wish { range: "07:00-09:00".parse().unwrap(), ..unknown };
    let (_, told) = run(&stage, vec![wish], |b| b.rounds_before(of_unknown)).await;
    let obstacles: Vec<Obstacle> = told.iter().map(|(_, foreseen, _)| foreseen.obstacle).collect();
    assert_eq!(obstacles, [Obstacle::Court, Obstacle::Rounds]);
}
