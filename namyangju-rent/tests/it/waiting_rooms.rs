//! Waiting rooms (queues of the NetFUNNEL kind): told to a person, never passed, and nothing behind them asked for.

use std::time::Duration;

use namyangju_rent::harness::{Settings, SiteStep, WaitingRoom, WaitingRoomStyle};
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{AnswerKind, Error, Next, Outcome, SeoulTime, Verdict};

use crate::stage::Stage;

const STYLES: [WaitingRoomStyle; 5] = [
    WaitingRoomStyle::Page,
    WaitingRoomStyle::Script,
    WaitingRoomStyle::Redirect,
    WaitingRoomStyle::RedirectElsewhere,
    WaitingRoomStyle::Guarded,
];

fn opening() -> SeoulTime {
    "2026-11-26 10:00:00".parse().unwrap()
}

fn with_room(before: SiteStep, style: WaitingRoomStyle) -> Settings {
    let mut settings = Settings::default();
    settings.waiting_room = Some(WaitingRoom { before, style });
    settings
}

#[tokio::test]
async fn a_waiting_room_before_any_step_ends_the_run_with_that_request() {
    for dialect in ["namyangju", "cheonan"] {
        for before in [SiteStep::Login, SiteStep::Day, SiteStep::Form, SiteStep::Submit] {
            for style in STYLES {
                // A login that came through, and an application that was taken, came through.
                let came_through = style == WaitingRoomStyle::Guarded;
                if came_through && matches!(before, SiteStep::Login | SiteStep::Submit) {
                    continue;
                }
                let stage = Stage::new(dialect, with_room(before, style)).await;
                let report = stage.book().await;
                let case = format!("{dialect}, {before:?}, {style:?}");
                let Verdict::NeedsPerson { reason } = &report.verdict else { panic!("{case}: {report:?}") };
                assert!(reason.contains("waiting room"), "{case}: {reason}");
                assert_eq!(report.attempts.last().unwrap().answer, AnswerKind::WaitingRoom, "{case}");
                let arrivals = stage.server.arrivals();
                assert_eq!((arrivals.last().unwrap().step, stage.count(before)), (before, 1), "{case}");
                assert_eq!(stage.booked(), 0, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_waiting_room_that_stands_before_the_opening_is_told_while_a_person_can_act() {
    for before in [SiteStep::Login, SiteStep::Schedule, SiteStep::Day, SiteStep::Form] {
        for style in STYLES {
            let came_through = style == WaitingRoomStyle::Guarded;
            // Nothing is held back where the day list itself comes.
            if came_through && matches!(before, SiteStep::Login | SiteStep::Schedule) {
                continue;
            }
            let mut settings = with_room(before, style);
            settings.openings.insert("2026-12-05".parse().unwrap(), opening());
            // The form is asked for twenty seconds before the opening, and has to come.
            settings.gate = namyangju_rent::harness::Gate::Submit;
            let stage = Stage::new("namyangju", settings).await;
            let report = stage.booking().opens_at(opening()).run(|_| {}).await;
            let case = format!("{before:?}, {style:?}");
            assert!(matches!(&report.verdict, Verdict::NeedsPerson { .. }), "{case}: {report:?}");
            assert!(opening().since(report.ended) >= Duration::from_secs(15), "{case}: {report:?}");
            assert_eq!(
                (stage.server.arrivals().last().unwrap().step, stage.count(before)),
                (before, 1),
                "{case}"
            );
        }
    }
}

#[tokio::test]
async fn a_landing_page_behind_a_waiting_room_does_not_undo_the_receipt() {
    for style in STYLES {
        // The landing page is none of the steps that have a name.
        let stage = Stage::new("namyangju", with_room(SiteStep::Other, style)).await;
        let report = stage.book().await;
        let Verdict::Reserved { receipt: Some(_), shown } = &report.verdict else {
            panic!("{style:?}: {report:?}")
        };
        assert_eq!((stage.booked(), *shown), (1, Some(SlotState::Booked)), "{style:?}");
    }
}

#[tokio::test]
async fn a_saved_session_does_not_lead_to_a_login_past_a_waiting_room() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let saved = stage.session().await.save().unwrap();
    for style in [WaitingRoomStyle::Page, WaitingRoomStyle::Redirect] {
        stage
            .server
            .with(|s| s.settings_mut().waiting_room = Some(WaitingRoom { before: SiteStep::Home, style }));
        let report = stage.booking().session(saved.clone()).run(|_| {}).await;
        assert!(matches!(report.verdict, Verdict::NeedsPerson { .. }), "{style:?}: {report:?}");
        assert_eq!(stage.count(SiteStep::Login), 1, "{style:?}: the one that saved the session");
    }
}

#[tokio::test]
async fn the_clock_is_not_taken_from_a_waiting_room() {
    for style in [WaitingRoomStyle::Redirect, WaitingRoomStyle::RedirectElsewhere] {
        let stage = Stage::new("namyangju", with_room(SiteStep::Home, style)).await;
        let error = stage.client.guest().unwrap().probe_clock().await.unwrap_err();
        assert!(matches!(error.outcome(), Some(Outcome::WaitingRoom)), "{error}");
        assert!(matches!(error, Error::Refused { .. }) && error.next() == Next::AskPerson);
    }
}

#[tokio::test]
async fn a_page_that_came_whole_is_read_although_the_script_of_a_queue_is_on_it() {
    let stage = Stage::new("namyangju", with_room(SiteStep::Schedule, WaitingRoomStyle::Guarded)).await;
    let wish = stage.wish();
    assert!(stage.client.guest().unwrap().day_list(&wish.place, wish.date).await.is_ok());
}
