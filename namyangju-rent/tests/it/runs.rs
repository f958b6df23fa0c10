use std::sync::{Arc, Mutex};
use std::time::Duration;

use namyangju_rent::clock::Clock as _;
use namyangju_rent::harness::{BusyWindow, Fault, FaultKind, Gate, Rival, Settings, SiteStep};
use namyangju_rent::limits::MAX_BOOKINGS_PER_DAY;
use namyangju_rent::network::{OnBlock, RouteState, Routes};
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{
    AnswerKind, Booking, Budget, Client, Event, GiveUp, Policy, Report, SeoulTime, Site, Verdict, Wish,
    run_together,
};

use crate::stage::{Stage, application};

const OPENING: &str = "2026-11-26 10:00:00";

fn opening() -> SeoulTime {
    OPENING.parse().unwrap()
}

/// The wished day opens at 10:00:00; other days are open already.
fn opening_settings() -> Settings {
    let mut settings = Settings::default();
    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
    settings
}

async fn run(stage: &Stage, change: impl FnOnce(Booking) -> Booking) -> (Report, Vec<Event>) {
    let mut events = Vec::new();
    let booking = change(stage.booking().opens_at(opening()));
    let report = booking.run(|happened| events.push(happened.event.clone())).await;
    (report, events)
}

/// When the form was asked for, from a second before the opening on.
fn shots(stage: &Stage) -> Vec<SeoulTime> {
    let forms = stage.server.arrivals().into_iter().filter(|a| a.step == SiteStep::Form);
    forms.map(|a| a.site_time).filter(|at| at.plus(Duration::from_secs(1)) >= opening()).collect()
}

fn won(report: &Report) -> bool {
    matches!(report.verdict, Verdict::Reserved { .. })
}

#[tokio::test]
async fn the_first_request_arrives_at_the_opening_on_the_sites_clock() {
    for dialect in ["namyangju", "cheonan"] {
        for skew in [0, 1_700, -1_300] {
            let mut settings = opening_settings();
            settings.clock_skew_millis = skew;
            let stage = Stage::new(dialect, settings).await;
            let (report, events) = run(&stage, |b| b).await;
            assert!(won(&report), "{dialect}, {skew}: {report:?}");
            let clock = report.clock.unwrap();
            let error = (clock.ahead_micros - skew * 1_000).abs();
            assert!(error <= clock.error_micros + 1_000 && clock.error_micros <= 5_000, "{skew}: {clock:?}");
            let first = stage
                .server
                .arrivals()
                .into_iter()
                .find(|a| a.step == SiteStep::Form && a.site_time >= opening());
            let late = first.unwrap().site_time.since(opening());
            assert!(late <= Duration::from_millis(10), "{skew}: {late:?}");
            assert!(report.requests <= 25 && report.requests_after_opening.unwrap() <= 4, "{report:?}");
            assert!(
                events.iter().any(|e| matches!(
                    e,
                    Event::Armed { with: namyangju_rent::Step::Form, arrives: Some(_) }
                ))
            );
            assert_eq!(stage.booked(), 1);
        }
    }
}

#[tokio::test]
async fn a_site_that_gives_the_form_early_is_sent_the_submission_at_the_instant() {
    let mut settings = opening_settings();
    settings.gate = Gate::Submit;
    let stage = Stage::new("namyangju", settings).await;
    let (report, events) = run(&stage, |b| b).await;
    assert!(won(&report), "{report:?}");
    assert!(events.iter().any(|e| matches!(e, Event::Armed { with: namyangju_rent::Step::Submit, .. })));
    assert!(report.requests_after_opening.unwrap() <= 3, "{report:?}");
}

#[tokio::test]
async fn a_site_where_no_day_is_open_yet_is_asked_for_the_day_at_the_instant() {
    let mut settings = Settings::default();
    settings.opening = Some(opening());
    let stage = Stage::new("namyangju", settings).await;
    let (report, events) = run(&stage, |b| b).await;
    assert!(won(&report), "{report:?}");
    assert!(!events.iter().any(|e| matches!(e, Event::Learned { .. })));
    assert!(report.requests_after_opening.unwrap() <= 5, "{report:?}");
}

#[tokio::test]
async fn a_cached_date_is_said_to_be_one() {
    let mut settings = opening_settings();
    settings.date_cached = Some(Duration::from_secs(7));
    let stage = Stage::new("namyangju", settings).await;
    let (report, _) = run(&stage, |b| b).await;
    assert!(report.clock.unwrap().cached, "{report:?}");
    assert!(won(&report), "{report:?}");
}

#[tokio::test]
async fn a_first_request_that_comes_early_is_followed_at_the_instant() {
    let stage = Stage::new("namyangju", opening_settings()).await;
    let (report, _) = run(&stage, |b| b.lead(Duration::from_millis(40))).await;
    assert!(won(&report), "{report:?}");
    let [first, second] = shots(&stage)[..] else { panic!("{report:?}") };
    assert!(first < opening() && second >= opening(), "{report:?}");
    assert!(second.since(first) < Duration::from_millis(100), "{report:?}");
    assert_eq!(report.requests_after_opening, Some(5));
    let after = report.opening.after.unwrap();
    assert!(after < opening() && opening().since(after) < Duration::from_millis(100), "{report:?}");
}

#[tokio::test]
async fn an_opening_that_is_late_by_a_moment_is_met_half_a_second_later() {
    let mut settings = opening_settings();
    settings.openings.insert("2026-12-05".parse().unwrap(), opening().plus(Duration::from_millis(300)));
    let stage = Stage::new("namyangju", settings).await;
    let (report, _) = run(&stage, |b| b).await;
    assert!(won(&report), "{report:?}");
    let [first, second] = shots(&stage)[..] else { panic!("{report:?}") };
    let gap = second.since(first);
    assert!(gap >= Duration::from_millis(480) && gap <= Duration::from_millis(520), "{gap:?}");
}

#[tokio::test]
async fn an_opening_that_is_late_by_seconds_is_met_and_bracketed() {
    let mut settings = opening_settings();
    let late = opening().plus(Duration::from_millis(2_300));
    settings.openings.insert("2026-12-05".parse().unwrap(), late);
    let stage = Stage::new("namyangju", settings).await;
    let (report, _) = run(&stage, |b| b).await;
    assert!(won(&report), "{report:?}");
    let bracket = report.opening;
    assert!(
        bracket.after.unwrap() < late && late <= bracket.before.unwrap().plus(Duration::from_millis(5)),
        "{bracket:?}"
    );
    assert!(
        bracket.before.unwrap().since(bracket.after.unwrap()) <= Duration::from_millis(2_200),
        "{bracket:?}"
    );
}

#[tokio::test]
async fn an_opening_that_is_late_by_up_to_minutes_is_met_within_two_seconds() {
    for late in [40, 240] {
        let mut settings = opening_settings();
        let opened = opening().plus(Duration::from_secs(late));
        settings.openings.insert("2026-12-05".parse().unwrap(), opened);
        let stage = Stage::new("namyangju", settings).await;
        let (report, _) = run(&stage, |b| b).await;
        assert!(won(&report), "{late} {report:?}");
        let met =
            stage.server.arrivals().into_iter().find(|a| a.step == SiteStep::Form && a.site_time >= opened);
        let after = met.unwrap().site_time.since(opened);
        assert!(after <= Duration::from_millis(2_100), "{late} {after:?}");
        let arrived: Vec<_> = stage.server.arrivals().iter().map(|a| a.site_time).collect();
        let since_announced = arrived.iter().filter(|at| **at >= opening());
        for from in since_announced {
            let until = from.plus(Duration::from_secs(60));
            let within = || arrived.iter().filter(|at| (*from..until).contains(*at));
            // The booking itself takes four requests, of which the first is an attempt like those before it.
            let closed = within().filter(|at| **at < opened).count();
            assert!(closed <= 30 && within().count() <= closed + 4, "{late} {from}: {closed}");
        }
    }
}

#[tokio::test]
async fn a_late_start_inside_the_window_still_runs_and_outside_it_says_so() {
    let stage = Stage::new("namyangju", opening_settings()).await;
    stage.clock.advance(Duration::from_secs(10 * 60 + 120));
    let (report, _) = run(&stage, |b| b).await;
    assert!(won(&report), "{report:?}");

    let stage = Stage::new("namyangju", opening_settings()).await;
    stage.clock.advance(Duration::from_secs(3600));
    let (report, _) = run(&stage, |b| b).await;
    assert!(
        matches!(&report.verdict, Verdict::GaveUp { why: GiveUp::Deadline, last } if last.contains("s ago")),
        "{report:?}"
    );
    assert_eq!(stage.count(SiteStep::Submit), 0);
}

#[tokio::test]
async fn a_wrong_password_is_an_alarm_ten_minutes_before() {
    let stage = Stage::new("namyangju", opening_settings()).await;
    let wrong = namyangju_rent::Credentials::new("tester1", "wrong");
    let mut alarms = 0;
    let booking = Booking::new(stage.client.clone(), wrong, stage.wish(), application()).opens_at(opening());
    let report = booking.run(|h| alarms += usize::from(matches!(h.event, Event::Alarm { .. }))).await;
    assert!(matches!(report.verdict, Verdict::Refused { .. }), "{report:?}");
    assert_eq!(alarms, 1);
    assert!(opening().since(report.ended) >= Duration::from_secs(590));
}

#[tokio::test]
async fn a_site_that_is_down_while_preparing_is_tried_until_shortly_before() {
    let mut settings = opening_settings();
    let (from, until) =
        (opening().minus(Duration::from_secs(660)), opening().minus(Duration::from_secs(200)));
    settings.busy = vec![BusyWindow { from, until, status: 503, retry_after: None }];
    let stage = Stage::new("namyangju", settings).await;
    let (report, events) = run(&stage, |b| b).await;
    assert!(won(&report), "{report:?}");
    let alarms = events.iter().filter(|e| matches!(e, Event::Alarm { .. })).count();
    assert!((5..=9).contains(&alarms), "{events:?}");
}

/// Ends all sessions once the run has told an event.
async fn run_with_sessions_ended_at(stage: &Stage, when: impl Fn(&Event) -> bool + Send + Sync) -> Report {
    let mut done = false;
    let booking = stage.booking().opens_at(opening());
    booking
        .run(|happened| {
            if !done && when(&happened.event) {
                done = true;
                stage.server.with(|s| s.end_sessions());
            }
        })
        .await
}

#[tokio::test]
async fn a_session_that_dies_before_the_opening_is_renewed_before_it() {
    for when in ["clock", "login"] {
        let stage = Stage::new("namyangju", opening_settings()).await;
        let report = run_with_sessions_ended_at(&stage, |event| match when {
            "clock" => matches!(event, Event::ClockRead { .. }),
            _ => matches!(event, Event::Learned { .. }),
        })
        .await;
        assert!(won(&report), "{when}: {report:?}");
        assert_eq!(report.attempts.len(), 1, "{when}: noticed while arming, not at the opening: {report:?}");
        assert!(stage.count(SiteStep::Login) >= 2, "{when}");
    }
}

#[tokio::test]
async fn a_session_that_dies_at_the_opening_is_renewed_after_it() {
    let stage = Stage::new("namyangju", opening_settings()).await;
    let report = run_with_sessions_ended_at(&stage, |event| matches!(event, Event::Armed { .. })).await;
    assert!(won(&report), "{report:?}");
    // The login, the form and the submission follow at once, in the same attempt.
    assert_eq!(report.attempts.len(), 1, "{report:?}");
    assert!(
        report.attempts[0].visits.iter().all(|visit| visit.sent < opening().plus(Duration::from_millis(100))),
        "{report:?}"
    );
    assert_eq!(stage.booked(), 1);
}

#[tokio::test]
async fn a_site_that_demands_the_day_page_gets_it_in_the_same_attempt() {
    // With the refusal's text in the dialect, and as a page that no dialect describes.
    for known in [true, false] {
        let mut settings = opening_settings();
        settings.form_needs_day = true;
        if !known {
            settings.texts.trace_missing = "먼저 다른 화면을 여십시오.".to_owned();
        }
        let stage = Stage::new("namyangju", settings).await;
        let plain = Site::builtin("namyangju").unwrap().with_base_url(&stage.server.base_url()).unwrap();
        let site = if known { stage.server.site().unwrap() } else { plain };
        let client = Client::builder(site).clock(stage.clock.clone()).build().unwrap();
        let booking = Booking::new(client, stage.credentials(), stage.wish(), application());
        let report = booking.opens_at(opening()).run(|_| {}).await;
        assert!(won(&report), "{known} {report:?}");
        assert_eq!(report.attempts.len(), 1, "{known} {report:?}");
        let steps: Vec<_> = report.attempts[0].visits.iter().map(|visit| visit.step).collect();
        assert_eq!(
            steps,
            [namyangju_rent::Step::Day, namyangju_rent::Step::Form, namyangju_rent::Step::Submit]
        );
        assert!(
            report.attempts[0]
                .visits
                .iter()
                .all(|visit| visit.sent < opening().plus(Duration::from_millis(100))),
            "{report:?}"
        );
        assert_eq!(stage.booked(), 1);
    }
}

#[tokio::test]
async fn the_next_wish_is_tried_when_one_is_lost_and_only_one_is_booked() {
    let mut settings = opening_settings();
    let wish = Stage::new("namyangju", Settings::default()).await.wish();
    settings.rivals =
        vec![Rival { at: opening(), place: wish.place.clone(), date: wish.date, range: wish.range }];
    let stage = Stage::new("namyangju", settings).await;
    let second = Wish { range: "10:00-12:00".parse().unwrap(), ..wish.clone() };
    let third = Wish { range: "12:00-14:00".parse().unwrap(), ..wish };
    let (report, events) = run(&stage, |b| b.or(second).or(third)).await;
    assert!(won(&report), "{report:?}");
    assert_eq!((report.wish, stage.booked()), (1, 1));
    assert_eq!(events.iter().filter(|e| matches!(e, Event::NextWish { .. })).count(), 1);
    let slots = stage.server.with(|s| s.bookings()[0].slots.clone());
    assert_eq!(slots[0].1.to_string(), "10:00-12:00");
}

#[tokio::test]
async fn every_way_of_losing_an_answer_and_being_restarted_ends_in_one_booking() {
    // The answer is lost after the site has processed the submission or before it has; the process is
    // killed after any of its events; and it is started again from the events that were kept.
    for kind in [None, Some(FaultKind::LoseAnswer), Some(FaultKind::DropBefore), Some(FaultKind::Reset)] {
        for killed_after in 0..40 {
            let mut settings = Settings::default();
            settings.faults = kind
                .iter()
                .map(|kind| Fault { step: SiteStep::Submit, nth: 1, kind: kind.clone() })
                .collect();
            let stage = Stage::new("namyangju", settings).await;
            let kept: Arc<Mutex<Vec<Event>>> = Arc::default();
            let events = Arc::clone(&kept);
            let (kill, killed) = tokio::sync::oneshot::channel();
            let mut kill = Some(kill);
            let running = stage.booking().run(move |happened| {
                let mut events = events.lock().unwrap();
                if events.len() < killed_after {
                    events.push(happened.event.clone());
                }
                if events.len() == killed_after
                    && let Some(kill) = kill.take()
                {
                    let _ = kill.send(());
                }
            });
            let ended = tokio::select! {
                biased;
                report = running => Some(report),
                _ = killed => None,
            };
            // What was on its way arrives all the same.
            settle(&stage).await;
            let report = match ended {
                Some(report) => report,
                None => {
                    let kept = kept.lock().unwrap().clone();
                    stage.booking().resume(&kept).run(|_| {}).await
                }
            };
            assert!(won(&report), "{kind:?}, {killed_after}: {report:?} {:?}", kept.lock().unwrap());
            assert_eq!(stage.booked(), 1, "{kind:?}, {killed_after}: {:?}", kept.lock().unwrap());
        }
    }
}

/// Lets the stand-in finish what it was asked.
async fn settle(stage: &Stage) {
    let mut before = usize::MAX;
    while before != stage.server.arrivals().len() {
        before = stage.server.arrivals().len();
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn an_application_that_arrives_late_is_ours_although_the_next_one_finds_the_slot_taken() {
    // The first submission hangs on the way; the list shows the slot free; then it is accepted after all.
    for moment in ["after the look", "before the second submission"] {
        let mut settings = Settings::default();
        settings.texts.rival_event = "테니스".to_owned();
        settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::DropBefore }];
        let stage = Stage::new("namyangju", settings).await;
        let (wish, mut submissions) = (stage.wish(), 0);
        let arrive = || stage.server.with(|s| s.take(&wish.place, wish.date, wish.range, "가나다클럽"));
        let report = stage
            .booking()
            .run(|happened| {
                submissions += usize::from(matches!(happened.event, Event::Submitting));
                let free = matches!(happened.event, Event::ReadBack { state: Some(SlotState::Free) });
                let second = matches!(happened.event, Event::Submitting) && submissions == 2;
                if moment == "after the look" && free || moment != "after the look" && second {
                    arrive();
                }
            })
            .await;
        assert!(won(&report), "{moment}: {report:?}");
        assert_eq!(stage.booked(), 0, "{moment}: no second one");
    }
}

#[tokio::test]
async fn a_receipt_that_was_kept_is_final_although_the_list_lags() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let mut kept = Vec::new();
    stage.booking().run(|happened| kept.push(happened.event.clone())).await;
    let wish = stage.wish();
    stage.server.with(|s| s.release(&wish.place, wish.date, wish.range));
    kept.push(Event::ReadBack { state: Some(SlotState::Free) });
    let report = stage.booking().resume(&kept).run(|_| {}).await;
    assert!(
        matches!(report.verdict, Verdict::Reserved { receipt: Some(_), shown: Some(SlotState::Free) }),
        "{report:?}"
    );
    assert_eq!((stage.count(SiteStep::Submit), report.requests), (1, 1));
}

#[tokio::test]
async fn a_booking_killed_in_its_second_wish_goes_on_with_that_one() {
    // The first wish is lost; the second is accepted, its answer lost, and the process killed.
    let mut settings = Settings::default();
    settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::LoseAnswer }];
    let stage = Stage::new("namyangju", settings).await;
    stage.take_slot();
    let with_more = |stage: &Stage| {
        let other = |range: &str| Wish { range: range.parse().unwrap(), ..stage.wish() };
        stage.booking().or(other("10:00-12:00")).or(other("12:00-14:00"))
    };
    let kept: Arc<Mutex<Vec<Event>>> = Arc::default();
    let events = Arc::clone(&kept);
    let (kill, killed) = tokio::sync::oneshot::channel();
    let mut kill = Some(kill);
    let running = with_more(&stage).run(move |happened| {
        if matches!(happened.event, Event::ReadBack { state: Some(SlotState::Booked) })
            && events.lock().unwrap().iter().any(|e| matches!(e, Event::Submitting))
            && let Some(kill) = kill.take()
        {
            let _ = kill.send(());
        } else if kill.is_some() {
            events.lock().unwrap().push(happened.event.clone());
        }
    });
    tokio::select! {
        biased;
        _ = killed => {},
        _ = running => {},
    }
    let kept = kept.lock().unwrap().clone();
    let report = with_more(&stage).resume(&kept).run(|_| {}).await;
    assert!(won(&report), "{report:?} {kept:?}");
    assert_eq!(
        (report.wish, stage.booked(), stage.count(SiteStep::Submit)),
        (1, 1, 1),
        "{report:?} {kept:?}"
    );
}

#[tokio::test]
async fn what_was_kept_decides_whether_a_resumed_booking_looks_first() {
    let answered = |answer| Event::Answered {
        step: namyangju_rent::Step::Submit,
        answer,
        text: String::new(),
        receipt: None,
        exchange: None,
    };
    let looks = [
        (vec![], false),
        (vec![Event::LoggedIn], false),
        (vec![Event::Submitting], true),
        (vec![Event::Submitting, answered(AnswerKind::NotOpenYet)], false),
        (vec![Event::Submitting, answered(AnswerKind::Reserved)], true),
        (vec![Event::Submitting, answered(AnswerKind::Unconfirmed)], true),
        (vec![Event::Submitting, answered(AnswerKind::Unrecognised)], true),
        (
            vec![
                Event::Submitting,
                answered(AnswerKind::Unconfirmed),
                Event::ReadBack { state: Some(SlotState::Free) },
            ],
            false,
        ),
    ];
    for (kept, expected) in looks {
        let stage = Stage::new("namyangju", Settings::default()).await;
        let report = stage.booking().resume(&kept).run(|_| {}).await;
        assert!(won(&report));
        let first = stage.server.arrivals()[0].step;
        assert_eq!(first == SiteStep::Schedule, expected, "{kept:?}");
    }
}

#[tokio::test]
async fn a_watcher_that_panics_costs_no_report_and_no_booking() {
    let stage = Stage::new("namyangju", opening_settings()).await;
    let ranges = ["06:00-08:00", "08:00-10:00", "10:00-12:00"];
    let wish = |range: &str| Wish { range: range.parse().unwrap(), ..stage.wish() };
    let accounts = stage.server.with(|s| s.accounts().to_vec());
    let bookings: Vec<Booking> = ranges
        .iter()
        .enumerate()
        .map(|(index, range)| {
            let account = &accounts[index % 2];
            let credentials = namyangju_rent::Credentials::new(&account.id, &account.password);
            Booking::new(stage.client.clone(), credentials, wish(range), application()).opens_at(opening())
        })
        .collect();
    let (mut heard, mut fell) = ([0; 3], false);
    let reports = run_together(bookings, |index, happened| {
        heard[index] += 1;
        if index == 1 && matches!(happened.event, Event::Attempt { .. }) {
            fell = true;
            panic!("planted");
        }
    })
    .await
    .unwrap();
    assert!(fell && heard.iter().all(|heard| *heard > 0), "{heard:?}");
    assert_eq!((reports.len(), stage.booked()), (3, 3), "{reports:?}");
    assert!(reports.iter().all(won), "{reports:?}");
}

#[tokio::test]
async fn bookings_run_side_by_side_in_one_budget() {
    let stage = Stage::new("namyangju", opening_settings()).await;
    let accounts = stage.server.with(|s| s.accounts().to_vec());
    let bookings: Vec<Booking> = ["06:00-08:00", "08:00-10:00", "10:00-12:00", "06:00-08:00"]
        .iter()
        .enumerate()
        .map(|(index, range)| {
            let account = &accounts[index % 2];
            let credentials = namyangju_rent::Credentials::new(&account.id, &account.password);
            let wish = Wish { range: range.parse().unwrap(), ..stage.wish() };
            Booking::new(stage.client.clone(), credentials, wish, application()).opens_at(opening())
        })
        .collect();
    let heard: Arc<Mutex<Vec<usize>>> = Arc::default();
    let ears = Arc::clone(&heard);
    let reports =
        run_together(bookings.clone(), move |index, _| ears.lock().unwrap().push(index)).await.unwrap();
    assert_eq!(reports.len(), 4);
    let won = reports.iter().filter(|r| won(r)).count();
    // Two of one club wish the same slot: one of them finds it booked in the club's name, the others go on.
    assert_eq!((won, stage.booked()), (3, 3), "{reports:?}");
    assert!(
        reports.iter().filter(|r| !self::won(r)).all(|r| r.verdict == Verdict::AlreadyBooked),
        "{reports:?}"
    );
    assert!((0..4).all(|index| heard.lock().unwrap().contains(&index)));

    let too_many = bookings.iter().cycle().take(MAX_BOOKINGS_PER_DAY + 1).cloned().collect();
    assert!(run_together(too_many, |_, _| {}).await.unwrap_err().to_string().contains("8 bookings"));
}

#[tokio::test]
async fn what_one_booking_measured_of_the_sites_clock_another_takes_over() {
    let later = opening().plus(Duration::from_secs(30));
    let mut settings = opening_settings();
    settings.openings.insert("2026-12-06".parse().unwrap(), later);
    settings.clock_skew_millis = 1_700;
    let stage = Stage::new("namyangju", settings).await;
    stage.clock.advance(opening().minus(Duration::from_secs(20)).since(stage.clock.now()));
    let probes = || stage.server.arrivals().iter().filter(|arrival| arrival.method == "HEAD").count();
    let (first, _) = run(&stage, |b| b).await;
    let asked = probes();
    assert!(won(&first) && asked >= 5, "{asked} probes: {first:?}");

    let other_account = stage.server.with(|s| s.accounts()[1].clone());
    let credentials = namyangju_rent::Credentials::new(other_account.id, other_account.password);
    let wish = Wish { date: "2026-12-06".parse().unwrap(), ..stage.wish() };
    let mut read = 0;
    let second = Booking::new(stage.client.for_account(), credentials, wish, application())
        .opens_at(later)
        .run(|happened| read += usize::from(matches!(happened.event, Event::ClockRead { .. })))
        .await;
    assert!(won(&second), "{second:?}");
    // One probe more: each uses its own line once more before it shoots.
    assert_eq!((probes(), read), (asked + 1, 1), "{second:?}");
    assert_eq!(second.clock.map(|clock| clock.probes), Some(asked));
}

#[tokio::test]
async fn a_budget_that_ends_ends_the_run() {
    let mut settings = Settings::default();
    settings.opening = Some("2027-01-01 00:00:00".parse().unwrap());
    let stage = Stage::new("namyangju", settings).await;
    let client = stage.client.with_budget(Budget::new(7));
    let booking = Booking::new(client, stage.credentials(), stage.wish(), application())
        .policy(Policy::original().with_give_up_after(Duration::from_secs(60)));
    let report = booking.run(|_| {}).await;
    assert!(matches!(report.verdict, Verdict::GaveUp { why: GiveUp::Budget, .. }), "{report:?}");
    assert_eq!(stage.server.arrivals().len(), 7);
}

#[tokio::test]
async fn a_block_while_preparing_ends_the_run_before_the_opening() {
    let mut settings = opening_settings();
    settings.faults = vec![Fault { step: SiteStep::Schedule, nth: 1, kind: FaultKind::Status(403) }];
    let stage = Stage::new("namyangju", settings).await;
    let (report, _) = run(&stage, |b| b).await;
    assert_eq!(report.verdict, Verdict::Blocked);
    assert_eq!(stage.server.arrivals().len(), 2);
}

#[tokio::test]
async fn a_clock_that_steps_while_waiting_does_no_harm() {
    for to in ["2026-11-26 11:30:00", "2026-11-26 08:00:00"] {
        let stage = Stage::new("namyangju", opening_settings()).await;
        let mut stepped = false;
        let clock = stage.clock.clone();
        let booking = stage.booking().opens_at(opening());
        let report = booking
            .run(|happened| {
                // The stand-in's own clock is the same manual one: its skew keeps the site's time true.
                if !stepped && matches!(happened.event, Event::ClockRead { .. }) {
                    stepped = true;
                    let to: SeoulTime = to.parse().unwrap();
                    let back = happened.at.unix_micros() - to.unix_micros();
                    clock.step_wall(to);
                    stage.server.with(|s| s.settings_mut().clock_skew_millis = back / 1_000);
                }
            })
            .await;
        assert!(won(&report), "{to}: {report:?}");
        assert_eq!(report.attempts.len(), 1, "{to}: {report:?}");
    }
}

/// Two addresses of loopback: the stand-in sees two visitors.
fn two_routes(on_block: OnBlock) -> Routes {
    Routes::new(["local:127.0.0.2".parse().unwrap(), "local:127.0.0.3".parse().unwrap()])
        .with_on_block(on_block)
}

fn peers(stage: &Stage) -> Vec<String> {
    let mut peers: Vec<String> = stage.server.arrivals().iter().map(|a| a.peer.to_string()).collect();
    peers.dedup();
    peers
}

#[tokio::test]
async fn a_block_ends_the_booking_and_the_day_unless_the_operator_says_otherwise() {
    for on_block in [OnBlock::End, OnBlock::NextRoute] {
        let mut settings = opening_settings();
        settings.faults = vec![Fault { step: SiteStep::Schedule, nth: 1, kind: FaultKind::Status(403) }];
        let stage = Stage::built("namyangju", settings, |b| b.routes(two_routes(on_block))).await;
        let (report, _) = run(&stage, |b| b).await;
        if on_block == OnBlock::End {
            assert_eq!(report.verdict, Verdict::Blocked);
            assert_eq!(peers(&stage), ["127.0.0.2"]);
            // The next booking of the day sends nothing, and the one after midnight does.
            let before = stage.server.arrivals().len();
            assert_eq!(stage.book().await.verdict, Verdict::Blocked);
            assert_eq!(stage.server.arrivals().len(), before);
            stage.clock.advance(Duration::from_secs(15 * 3600));
            assert!(won(&stage.book().await));
        } else {
            assert!(won(&report), "{report:?}");
            assert_eq!(peers(&stage), ["127.0.0.2", "127.0.0.3"]);
            assert_eq!(report.attempts.last().unwrap().route, "local:127.0.0.3");
        }
    }
}

#[tokio::test]
async fn a_route_that_does_not_connect_rests_and_the_next_is_used() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let routes =
        Routes::new([format!("http://user:secret@{nobody}").parse().unwrap(), "direct".parse().unwrap()]);
    let stage = Stage::built("namyangju", Settings::default(), |b| b.routes(routes)).await;
    let report = stage.book().await;
    assert!(won(&report), "{report:?}");
    assert_eq!(report.attempts.len(), 2);
    assert!(report.attempts[0].route.starts_with("http://***@") && report.attempts[1].route == "direct");
    let states = stage.client.route_states();
    assert!(
        matches!(states[0].state, RouteState::Resting { .. }) && states[1].state == RouteState::Ready,
        "{states:?}"
    );
    let shown = format!("{report:?} {states:?} {:?}", stage.client);
    assert!(!shown.contains("secret"), "{shown}");

    // Kept and restored, it still rests; reset, it is ready.
    let saved = stage.client.save_routes();
    stage.client.reset_routes();
    assert!(stage.client.route_states().iter().all(|s| s.state == RouteState::Ready));
    stage.client.restore_routes(&saved);
    assert!(matches!(stage.client.route_states()[0].state, RouteState::Resting { .. }));
}

#[tokio::test]
async fn a_route_alone_is_used_again_although_it_failed() {
    let mut settings = Settings::default();
    settings.faults = vec![Fault { step: SiteStep::Day, nth: 1, kind: FaultKind::Silence }];
    let stage = Stage::built("namyangju", settings, |b| b.exchange_timeout(Duration::from_millis(200))).await;
    let report = stage.book().await;
    assert!(won(&report), "{report:?}");
    assert_eq!(report.attempts.len(), 2);
}

#[tokio::test]
async fn what_was_not_counted_or_measured_is_not_nought() {
    // A block in preparation ends the run before the opening.
    let mut settings = opening_settings();
    settings.block = Some(namyangju_rent::harness::BlockRule {
        requests: 1,
        within: Duration::from_secs(60),
        kind: namyangju_rent::harness::BlockKind::Forbidden,
        lasts: Duration::from_secs(3600),
    });
    let stage = Stage::new("namyangju", settings).await;
    let (report, _) = run(&stage, |b| b).await;
    assert_eq!(report.verdict, Verdict::Blocked);
    assert!(report.requests > 0 && report.requests_after_opening.is_none(), "{report:?}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["requests_after_opening"], serde_json::Value::Null);
    assert_eq!(serde_json::from_value::<namyangju_rent::Report>(json).unwrap(), report);

    // Without an opening to wait for, all are counted.
    let stage = Stage::new("namyangju", Settings::default()).await;
    let report = stage.book().await;
    assert!(won(&report), "{report:?}");
    assert_eq!(report.requests_after_opening, Some(report.requests));
    // No clock was measured, so nothing is said of what the site's clock showed; with a given offset it is.
    assert_eq!((report.clock, report.opening), (None, Default::default()));
    let stage = Stage::new("namyangju", Settings::default()).await;
    let report = stage.booking().clock_offset_micros(0).run(|_| {}).await;
    assert!(won(&report) && report.clock.is_none() && report.opening.before.is_some(), "{report:?}");
}
