//! A swamped site: the day list is read until it tells, one look at a time, and nothing is applied for twice.

use std::time::Duration;

use namyangju_rent::harness::{Fault, FaultKind, Settings, SiteStep, Swamp};
use namyangju_rent::{AnswerKind, Event, Policy, Report, SeoulTime, Verdict};

use crate::stage::Stage;

fn opening() -> SeoulTime {
    "2026-11-26 10:00:00".parse().unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Nothing gets through: `errors` of a gateway, the others reset.
fn swamp(from: SeoulTime, lasts: Duration, errors: f64) -> Swamp {
    Swamp { from, until: from.plus(lasts), errors, resets: 1.0 - errors, slow: 0.0, longest: seconds(8) }
}

/// A site of this seed whose first application ends so, and nothing of which gets through from then on.
async fn swamped(
    seed: u64,
    application: FaultKind,
    lasts: Duration,
    errors: f64,
    policy: Policy,
) -> (Stage, Report) {
    let mut settings = Settings::default();
    settings.seed = seed;
    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
    settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind: application }];
    let stage = Stage::new("namyangju", settings).await;
    let mut begun = false;
    let report = stage
        .booking()
        .opens_at(opening())
        .policy(policy)
        .run(|happened| {
            if matches!(happened.event, Event::Answered { .. }) && !std::mem::replace(&mut begun, true) {
                let swamp = swamp(stage.clock_at_site(), lasts, errors);
                stage.server.with(|s| s.settings_mut().swamp = Some(swamp));
            }
        })
        .await;
    (stage, report)
}

impl Stage {
    fn clock_at_site(&self) -> SeoulTime {
        use namyangju_rent::clock::Clock as _;
        self.clock.now()
    }

    /// When the applicant form was asked for since the opening.
    fn forms(&self) -> Vec<SeoulTime> {
        let arrivals = self.server.arrivals().into_iter();
        let forms = arrivals.filter(|a| a.step == SiteStep::Form && a.site_time >= opening());
        forms.map(|a| a.site_time).collect()
    }

    /// When the day list was asked for since the opening, and when its answer left.
    fn looks(&self) -> Vec<(SeoulTime, Option<SeoulTime>)> {
        let arrivals = self.server.arrivals().into_iter();
        let looks = arrivals.filter(|a| a.step == SiteStep::Schedule && a.site_time >= opening());
        looks.map(|a| (a.site_time, a.left)).collect()
    }
}

/// One look at a time, each gap at least the one before up to a quarter of a minute.
fn is_patient(looks: &[(SeoulTime, Option<SeoulTime>)]) {
    let mut longest = Duration::ZERO;
    for two in looks.windows(2) {
        let ended = two[0].1.unwrap_or(two[0].0);
        assert!(two[1].0 >= ended, "{looks:?}");
        let gap = two[1].0.since(ended);
        assert!(gap + Duration::from_millis(5) >= longest && gap <= seconds(16), "{looks:?}");
        longest = gap;
    }
}

#[tokio::test]
async fn the_verdict_is_read_back_after_a_minute_in_which_nothing_gets_through() {
    for (application, submissions) in [(FaultKind::LoseAnswer, 1), (FaultKind::DropBefore, 2)] {
        for errors in [1.0, 0.5, 0.0] {
            for seed in 1..=4 {
                let case = format!("{application:?} {errors} {seed}");
                let (stage, report) =
                    swamped(seed, application.clone(), seconds(60), errors, Policy::new()).await;
                assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{case} {report:?}");
                assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, submissions), "{case}");
                let looks = stage.looks();
                // The first look is at the opening; what was accepted is known, or applied for again, soon after the minute.
                let told = looks.iter().find(|(at, _)| *at >= opening().plus(seconds(60))).unwrap().0;
                assert!(told.since(opening()) <= seconds(60 + 24), "{case} {looks:?}");
                let during: Vec<_> =
                    looks.into_iter().filter(|(at, _)| *at < opening().plus(seconds(60))).collect();
                assert!((4..=10).contains(&during.len()), "{case} {during:?}");
                is_patient(&during);
            }
        }
    }
}

#[tokio::test]
async fn a_site_that_does_not_come_back_is_asked_until_the_bookings_own_end() {
    for (minutes, most) in [(5, None), (2, None), (5, Some(30))] {
        let policy = Policy::new().with_give_up_after(seconds(minutes * 60));
        let policy = most.map_or(policy, |most| policy.with_max_requests(most));
        let (stage, report) = swamped(3, FaultKind::LoseAnswer, seconds(36_000), 0.5, policy).await;
        assert_eq!(report.verdict, Verdict::Unconfirmed, "{report:?}");
        assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1));
        let (last, end) = (stage.looks().last().unwrap().0, opening().plus(seconds(minutes * 60)));
        // A gateway's patience of 8 s may end behind it.
        assert!(last <= end.plus(seconds(9)) && last.plus(seconds(30)) >= end, "{minutes} {last} {report:?}");
        assert!(report.requests_after_opening.unwrap() <= most.unwrap_or(40), "{report:?}");
    }
}

#[tokio::test]
async fn a_list_that_is_answered_and_tells_nothing_is_read_three_times() {
    let mut settings = Settings::default();
    settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::LoseAnswer }];
    let page = b"<html><body><p>?</p></body></html>".to_vec();
    let odd = (1..=9).map(|nth| Fault { step: SiteStep::Schedule, nth, kind: FaultKind::Body(page.clone()) });
    settings.faults.extend(odd);
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    assert_eq!(report.verdict, Verdict::Unconfirmed, "{report:?}");
    assert_eq!(stage.count(SiteStep::Schedule), 3);
}

#[tokio::test]
async fn a_slot_that_is_taken_while_an_application_is_in_doubt_is_looked_at_until_the_list_tells() {
    // The first application is lost and the list shows the slot free; the second is refused, and the looks after it fail.
    let mut settings = Settings::default();
    settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::DropBefore }];
    let failing = (2..=6).map(|nth| Fault { step: SiteStep::Schedule, nth, kind: FaultKind::Status(503) });
    settings.faults.extend(failing);
    let stage = Stage::new("namyangju", settings).await;
    let mut applications = 0;
    let report = stage
        .booking()
        .run(|happened| {
            applications += u8::from(matches!(happened.event, Event::Submitting));
            if applications == 2 && matches!(happened.event, Event::Submitting) {
                stage.take_slot();
            }
        })
        .await;
    assert_eq!(report.verdict, Verdict::Lost, "{report:?}");
    assert_eq!(report.attempts.last().unwrap().answer, AnswerKind::SlotTaken, "{report:?}");
    assert_eq!(stage.count(SiteStep::Schedule), 7, "{report:?}");
}

/// A site that answers one request of the opening after this long.
async fn answered_after(step: SiteStep, nth: u32, late: Duration) -> (Stage, Report) {
    let mut settings = Settings::default();
    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
    settings.faults = vec![Fault { step, nth, kind: FaultKind::Late(late) }];
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.booking().opens_at(opening()).run(|_| {}).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{step:?} {late:?} {report:?}");
    assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1), "{step:?} {late:?} {report:?}");
    (stage, report)
}

/// The time-out is ten seconds of the client's clock.
#[tokio::test]
async fn an_answer_that_takes_half_a_minute_is_given_up_and_nothing_is_sent_twice() {
    // The application is not repeated: the day list tells.
    let (_, report) = answered_after(SiteStep::Submit, 1, seconds(30)).await;
    assert_eq!(report.attempts[0].answer, AnswerKind::Unconfirmed, "{report:?}");
    assert_eq!(report.attempts.len(), 1, "{report:?}");
    // The form is asked for again once the first is given up: that of the preparation, that of the arming, that of the shot.
    let (stage, report) = answered_after(SiteStep::Form, 3, seconds(30)).await;
    let forms: Vec<SeoulTime> = stage.forms();
    assert_eq!((report.attempts.len(), forms.len()), (2, 2), "{report:?}");
    assert!(forms[1].since(forms[0]) >= seconds(10), "{forms:?}");
    // The page after the application told the receipt number already: the list is not asked for again.
    let (stage, report) = answered_after(SiteStep::Schedule, 2, seconds(30)).await;
    assert!(matches!(report.verdict, Verdict::Reserved { shown: None, .. }), "{report:?}");
    assert_eq!(stage.looks().len(), 1, "{report:?}");
}

#[tokio::test]
async fn an_answer_that_takes_eight_seconds_is_waited_for() {
    for (step, nth) in [(SiteStep::Form, 3), (SiteStep::Submit, 1), (SiteStep::Schedule, 2)] {
        let (stage, report) = answered_after(step, nth, seconds(8)).await;
        assert_eq!((report.attempts.len(), stage.forms().len(), stage.looks().len()), (1, 1, 1), "{step:?}");
    }
}
