use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::harness::{
    BlockKind, BlockRule, BusyWindow, Fault, FaultKind, HumanCheck, ManualClock, Settings, SiteStep, StandIn,
    StandInServer,
};
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{
    AnswerKind, Booking, Client, Credentials, Event, GiveUp, Outcome, Policy, Purpose, Site, Verdict, Wish,
};

use crate::stage::{NOW, Stage, application};

const DIALECTS: [&str; 2] = ["namyangju", "cheonan"];

#[tokio::test]
async fn every_setting_of_the_stand_in_leads_to_the_same_booking() {
    for dialect in DIALECTS {
        for (name, settings) in Settings::variants() {
            let human = settings.human_check == HumanCheck::Everywhere;
            let stage = Stage::new(dialect, settings).await;
            let report = stage.book().await;
            if human {
                assert!(
                    matches!(report.verdict, Verdict::NeedsPerson { .. }),
                    "{dialect}, {name}: {report:?}"
                );
                continue;
            }
            let Verdict::Reserved { receipt: Some(receipt), shown } = &report.verdict else {
                panic!("{dialect}, {name}: {report:?}");
            };
            assert_eq!(*shown, Some(SlotState::Booked), "{dialect}, {name}");
            let booked = stage.server.with(|s| s.bookings().to_vec());
            assert_eq!(booked.len(), 1, "{dialect}, {name}");
            assert_eq!(booked[0].receipt, receipt.number, "{dialect}, {name}");
            assert_eq!((report.attempts.len(), stage.count(SiteStep::Submit)), (1, 1), "{dialect}, {name}");
        }
    }
}

#[tokio::test]
async fn every_setting_of_the_stand_in_refuses_a_taken_slot_the_same() {
    for dialect in DIALECTS {
        for (name, settings) in Settings::variants() {
            if settings.human_check == HumanCheck::Everywhere {
                continue;
            }
            let stage = Stage::new(dialect, settings).await;
            let (session, wish) = (stage.session().await, stage.wish());
            let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
            let form = day.open_form(wish.range).await.unwrap();
            stage.take_slot();
            let submitted = form.fill(&application()).unwrap().submit().await.unwrap();
            assert!(
                matches!(submitted.outcome, Outcome::SlotTaken),
                "{dialect}, {name}: {}",
                submitted.outcome
            );
            // Taken before the day page is opened, the day list tells.
            let report = stage.book().await;
            assert_eq!(report.verdict, Verdict::Lost, "{dialect}, {name}");
            assert_eq!(stage.booked(), 0, "{dialect}, {name}");
        }
    }
}

#[tokio::test]
async fn every_setting_of_the_stand_in_tells_a_day_that_is_not_open() {
    for dialect in DIALECTS {
        for (name, mut settings) in Settings::variants() {
            if settings.human_check == HumanCheck::Everywhere {
                continue;
            }
            settings.opening = Some("2026-11-26 09:50:03".parse().unwrap());
            let stage = Stage::new(dialect, settings).await;
            let (report, events) = stage.story().await;
            assert!(
                matches!(report.verdict, Verdict::Reserved { receipt: Some(_), .. }),
                "{dialect}, {name}: {report:?}"
            );
            let refused =
                events.iter().filter(|e| matches!(e, Event::Answered { answer: AnswerKind::NotOpenYet, .. }));
            assert_eq!(refused.count(), 6, "{dialect}, {name}: {events:?}");
            assert_eq!(stage.booked(), 1, "{dialect}, {name}");
        }
    }
}

#[tokio::test]
async fn a_known_opening_instant_needs_one_attempt() {
    for dialect in DIALECTS {
        let opening = "2026-11-26 10:00:00".parse().unwrap();
        let mut settings = Settings::default();
        // Other days are open already, so the numbers of the slots can be learned from them.
        settings.openings.insert("2026-12-05".parse().unwrap(), opening);
        let stage = Stage::new(dialect, settings).await;
        let report = stage.booking().opens_at(opening).run(|_| {}).await;
        assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
        assert_eq!(report.attempts.len(), 1);
        let arrivals = stage.server.arrivals();
        let login = arrivals.iter().find(|a| a.step == SiteStep::Login).unwrap();
        assert!(opening.since(login.at) <= Duration::from_secs(600), "prepared ten minutes before");
        let submission = arrivals.iter().find(|a| a.step == SiteStep::Submit).unwrap();
        assert!(
            submission.site_time >= opening
                && submission.site_time.since(opening) < Duration::from_millis(50)
        );
        assert!(report.requests <= 25 && report.requests_after_opening.unwrap() <= 4, "{arrivals:?}");
    }
}

#[tokio::test]
async fn a_slot_that_is_gone_ends_at_once() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    stage.take_slot();
    let report = stage.book().await;
    assert_eq!(report.verdict, Verdict::Lost);
    assert_eq!((report.attempts.len(), stage.count(SiteStep::Submit)), (1, 0));
}

#[tokio::test]
async fn without_the_stand_ins_texts_the_day_list_tells_who_has_the_slot() {
    // Cheonan's page for a taken slot is not known: the library must find out by itself.
    let stage = Stage::new("cheonan", Settings::default()).await;
    let plain =
        namyangju_rent::Site::builtin("cheonan").unwrap().with_base_url(&stage.server.base_url()).unwrap();
    let client = Client::builder(plain).clock(stage.clock.clone()).build().unwrap();
    let (session, wish) = (client.log_in(&stage.credentials()).await.unwrap(), stage.wish());
    let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
    let form = day.open_form(wish.range).await.unwrap();
    stage.take_slot();
    let submitted = form.fill(&application()).unwrap().submit().await.unwrap();
    assert!(matches!(submitted.outcome, Outcome::Unknown(_)), "{}", submitted.outcome);

    stage.server.with(|s| s.release(&wish.place, wish.date, wish.range));
    let report =
        namyangju_rent::Booking::new(client.clone(), stage.credentials(), wish.clone(), application())
            .run(|happened| {
                if matches!(happened.event, Event::Submitting) {
                    stage.take_slot();
                }
            })
            .await;
    assert_eq!(report.verdict, Verdict::Lost, "{report:?}");
}

#[tokio::test]
async fn a_lost_answer_is_read_back_and_never_sent_twice() {
    for dialect in DIALECTS {
        for kind in [FaultKind::LoseAnswer, FaultKind::Late(Duration::from_secs(3600)), FaultKind::Reset] {
            let mut settings = Settings::default();
            // The answer is a page, so that its loss is a loss: a redirect's head would be enough.
            settings.submit_success = namyangju_rent::harness::SubmitSuccess::Script;
            settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind: kind.clone() }];
            let late = matches!(kind, FaultKind::Late(_));
            if late {
                // The manual clock lets a late answer pass at once; only silence is real time.
                settings.faults[0].kind = FaultKind::LoseAnswer;
            }
            let stage =
                Stage::built(dialect, settings, |b| b.exchange_timeout(Duration::from_millis(500))).await;
            let report = stage.book().await;
            assert_eq!(
                report.verdict,
                Verdict::Reserved { receipt: None, shown: Some(SlotState::Booked) },
                "{dialect}, {kind:?}"
            );
            assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1), "{dialect}, {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_submission_that_did_not_count_is_sent_again_after_a_look() {
    for kind in [
        FaultKind::DropBefore,
        FaultKind::Status(500),
        FaultKind::RedirectTo("http://other.invalid/pay".into()),
    ] {
        let stage = Stage::with_fault("namyangju", SiteStep::Submit, 1, kind.clone()).await;
        let report = stage.book().await;
        assert!(matches!(report.verdict, Verdict::Reserved { receipt: Some(_), .. }), "{kind:?}: {report:?}");
        let steps: Vec<SiteStep> = stage.server.arrivals().iter().map(|a| a.step).collect();
        let first = steps.iter().position(|s| *s == SiteStep::Submit).unwrap();
        let second = steps.iter().rposition(|s| *s == SiteStep::Submit).unwrap();
        assert!(first < second && steps[first..second].contains(&SiteStep::Schedule), "{kind:?}: {steps:?}");
        assert_eq!(stage.booked(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_landing_page_that_fails_does_not_undo_the_receipt() {
    // The submission's redirect came; the page behind it did not.
    let mut settings = Settings::default();
    settings.faults = vec![Fault { step: SiteStep::Other, nth: 1, kind: FaultKind::DropBefore }];
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    assert!(matches!(&report.verdict, Verdict::Reserved { receipt: Some(_), .. }), "{report:?}");
    assert_eq!(stage.count(SiteStep::Submit), 1);
}

#[tokio::test]
async fn a_session_that_ends_in_any_step_is_renewed() {
    for dialect in DIALECTS {
        for step in [SiteStep::Day, SiteStep::Form, SiteStep::Submit] {
            let stage = Stage::with_fault(dialect, step, 1, FaultKind::ExpireSession).await;
            let (report, events) = stage.story().await;
            assert!(
                matches!(report.verdict, Verdict::Reserved { receipt: Some(_), .. }),
                "{dialect}, {step:?}: {report:?} {events:?}"
            );
            assert_eq!(stage.count(SiteStep::Login), 2, "{dialect}, {step:?}");
            assert_eq!(stage.booked(), 1, "{dialect}, {step:?}");
        }
    }
}

#[tokio::test]
async fn a_site_that_never_keeps_us_logged_in_is_given_up() {
    let mut settings = Settings::default();
    settings.faults =
        (1..=9).map(|nth| Fault { step: SiteStep::Day, nth, kind: FaultKind::ExpireSession }).collect();
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    assert!(
        matches!(&report.verdict, Verdict::Refused { reason } if reason.contains("fresh login")),
        "{report:?}"
    );
    assert!(stage.count(SiteStep::Login) <= 3);
}

#[tokio::test]
async fn a_busy_site_is_left_alone_as_long_as_it_asks() {
    let mut settings = Settings::default();
    let from: namyangju_rent::SeoulTime = NOW.parse().unwrap();
    let until = from.plus(Duration::from_secs(20));
    settings.busy = vec![BusyWindow { from, until, status: 429, retry_after: Some(25) }];
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    let arrivals = stage.server.arrivals();
    assert_eq!(arrivals[0].status, 429);
    assert!(arrivals[1].at.since(arrivals[0].at) >= Duration::from_secs(25), "{arrivals:?}");

    let mut settings = Settings::default();
    settings.busy = vec![BusyWindow { from, until, status: 503, retry_after: None }];
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    let refused = stage.server.arrivals().iter().filter(|a| a.status == 503).count();
    assert!((2..=7).contains(&refused), "the gap doubles: {refused}");
}

#[tokio::test]
async fn a_block_ends_the_run() {
    for kind in [BlockKind::Forbidden, BlockKind::Page] {
        let mut settings = Settings::default();
        let lasts = Duration::from_secs(3600);
        settings.block = Some(BlockRule { requests: 2, within: Duration::from_secs(60), kind, lasts });
        let stage = Stage::new("namyangju", settings).await;
        let report = stage.book().await;
        assert_eq!(report.verdict, Verdict::Blocked, "{kind:?}");
        assert_eq!(stage.server.arrivals().len(), 3, "{kind:?}: nothing is sent after the block");
    }
}

#[tokio::test]
async fn a_human_check_is_reported_and_not_answered() {
    let mut settings = Settings::default();
    settings.human_check = HumanCheck::Everywhere;
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    assert!(
        matches!(&report.verdict, Verdict::NeedsPerson { reason } if reason.contains("person")),
        "{report:?}"
    );
    assert_eq!(stage.count(SiteStep::Form), 0);
}

#[tokio::test]
async fn a_day_that_never_opens_is_given_up_with_the_reason() {
    let mut settings = Settings::default();
    settings.opening = Some("2026-12-01 10:00:00".parse().unwrap());
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    let Verdict::GaveUp { why: GiveUp::Deadline, last } = &report.verdict else { panic!("{report:?}") };
    assert!(last.contains("not open"), "{last}");
    assert!(report.requests <= 60, "{report:?}");
    assert!(report.ended.since(report.began) <= Duration::from_secs(300));

    let short = Policy::new().with_give_up_after(Duration::from_secs(3600)).with_max_requests(10);
    let report = stage.booking().policy(short).run(|_| {}).await;
    assert!(matches!(report.verdict, Verdict::GaveUp { why: GiveUp::Budget, .. }), "{report:?}");
    assert!(report.requests <= 12, "{report:?}");
}

#[tokio::test]
async fn a_page_nobody_knows_is_tried_a_few_times_only() {
    let mut settings = Settings::default();
    let odd = "<html><body><p>점검 안내</p></body></html>".as_bytes().to_vec();
    settings.faults = (1..=9)
        .map(|nth| Fault { step: SiteStep::Submit, nth, kind: FaultKind::Body(odd.clone()) })
        .collect();
    // The stand-in would process these: let each be refused by its limit instead.
    settings.daily_limit = Some(0);
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    assert!(matches!(report.verdict, Verdict::GaveUp { why: GiveUp::Unknown, .. }), "{report:?}");
    assert_eq!((stage.count(SiteStep::Submit), stage.booked()), (3, 0));
}

#[tokio::test]
async fn an_unknown_page_after_an_accepted_submission_is_no_second_booking() {
    let mut settings = Settings::default();
    let odd = b"<html><body><p>?</p></body></html>".to_vec();
    settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::Body(odd) }];
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    assert_eq!(report.verdict, Verdict::Reserved { receipt: None, shown: Some(SlotState::Booked) });
    assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1));
}

#[tokio::test]
async fn a_limit_of_the_site_is_final() {
    let mut settings = Settings::default();
    settings.daily_limit = Some(0);
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.book().await;
    assert!(matches!(&report.verdict, Verdict::Refused { reason } if reason.contains("limit")), "{report:?}");
    assert_eq!(stage.count(SiteStep::Submit), 1);
}

#[tokio::test]
async fn a_site_that_cannot_be_reached_is_said_to_be_so() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let (clock, credentials, wish) = (stage.clock.clone(), stage.credentials(), stage.wish());
    let site = stage.client.site().clone();
    stage.server.stop().await;
    let client = Client::builder(site).clock(clock).build().unwrap();
    let report = namyangju_rent::Booking::new(client, credentials, wish, application()).run(|_| {}).await;
    assert!(
        matches!(&report.verdict, Verdict::Unreachable { last } if last.contains("not reached")),
        "{report:?}"
    );
}

#[tokio::test]
async fn events_and_reports_hold_no_person() {
    let stage = Stage::with_fault("namyangju", SiteStep::Day, 1, FaultKind::ExpireSession).await;
    let (report, events) = stage.story().await;
    let json = serde_json::to_string(&(&report, &events)).unwrap();
    for private in
        [stage.account.id.as_str(), &stage.account.password, &stage.account.name, "가나다", "ci_session"]
    {
        assert!(!json.contains(private) && !format!("{report:?} {events:?}").contains(private), "{json}");
    }
    let back: namyangju_rent::Report =
        serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(back, report);
}

/// Books the first court of a stand-in that speaks a dialect.
async fn verdict_in(site: &Site) -> Verdict {
    let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
    let stand_in = StandIn::new(site, Settings::default());
    let (account, court) = (stand_in.accounts()[0].clone(), stand_in.places()[0].clone());
    let server = StandInServer::start(stand_in, clock.clone()).await.unwrap();
    let client = Client::builder(server.site().unwrap()).clock(clock).build().unwrap();
    let wish = Wish {
        place: court.place.clone(),
        date: "2026-12-05".parse().unwrap(),
        range: court.rounds[0].1,
        purpose: Purpose::Sports,
    };
    let credentials = Credentials::new(account.id, account.password);
    Booking::new(client, credentials, wish, application()).run(|_| {}).await.verdict
}

#[tokio::test]
async fn every_built_in_city_and_every_mixture_of_them_is_booked() {
    for name in Site::builtin_names() {
        let verdict = verdict_in(&Site::builtin(name).unwrap()).await;
        match name {
            // Its known court stands behind a human check.
            "seongnam" => assert!(matches!(verdict, Verdict::NeedsPerson { .. }), "{name}: {verdict:?}"),
            _ => {
                assert!(matches!(verdict, Verdict::Reserved { receipt: Some(_), .. }), "{name}: {verdict:?}")
            }
        }
    }
    let mixtures = [
        ("form = \"/rent/rentinput\"", "form = \"/rent/inputform\""),
        ("submit = \"/rent/process/rent\"", "submit = \"/rent/process\""),
        ("{ name = \"discount[]\"", "{ name = \"dc_group[]\""),
        ("prefix = \"/rent\"", "prefix = \"\""),
        ("secure_port = \"\"", "secure_port = \":443\""),
        ("page_first = false", "page_first = true"),
        ("charset = \"EUC-KR\"", "charset = \"UTF-8\""),
        ("slot_field = \"receipt_time[]\"", "slot_field = \"time_no[]\""),
    ];
    for (theirs, ours) in mixtures {
        let text = Site::builtin_toml("namyangju").unwrap();
        assert!(text.contains(theirs), "{theirs}");
        let site = Site::from_toml(&text.replacen(theirs, ours, 1)).unwrap();
        let verdict = verdict_in(&site).await;
        assert!(matches!(verdict, Verdict::Reserved { receipt: Some(_), .. }), "{ours}: {verdict:?}");
    }
}
