//! A slot that the day list shows as booked may be booked by us. Each test ends with the site's own books.

use std::time::Duration;

use namyangju_rent::form_fields::Charset;
use namyangju_rent::harness::{Fault, FaultKind, ListedNames, Settings, SiteStep, SubmitSuccess};
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{AnswerKind, Application, Booking, Event, Report, Verdict, Wish};

use crate::stage::Stage;

const CLUB: &str = "가나다 테니스클럽";
const OTHER_CLUB: &str = "라마바클럽";

fn application() -> Application {
    Application::new(CLUB, 4_u16.try_into().unwrap(), "테니스", "운동")
}

fn second(stage: &Stage) -> Wish {
    Wish { place: "NYJ06/07/104".parse().unwrap(), ..stage.wish() }
}

fn booking(stage: &Stage, application: Application) -> Booking {
    Booking::new(stage.client.clone(), stage.credentials(), stage.wish(), application)
}

async fn run(stage: &Stage, booking: Booking) -> (Report, Vec<Event>) {
    let mut events = Vec::new();
    let report = booking
        .run(|happened| {
            events.push(happened.event.clone());
        })
        .await;
    assert!(stage.booked() <= 1, "{report:?}");
    (report, events)
}

/// A site that loses the answer to the first application, as `kind` says.
async fn losing(kind: FaultKind, change: impl FnOnce(&mut Settings)) -> Stage {
    let mut settings = Settings::default();
    // The answer is a page, so that its loss is a loss: a redirect's head would be enough.
    settings.submit_success = SubmitSuccess::Script;
    settings.faults = vec![Fault { step: SiteStep::Submit, nth: 1, kind }];
    change(&mut settings);
    Stage::built("namyangju", settings, |b| b.exchange_timeout(Duration::from_millis(500))).await
}

#[tokio::test]
async fn a_lost_answer_and_a_name_that_may_be_ours_are_no_reason_for_a_second_court() {
    for names in [
        ListedNames::Masked,
        ListedNames::Letters(6),
        ListedNames::Bytes(10),
        ListedNames::WithoutBlanks,
        ListedNames::Member,
    ] {
        let stage = losing(FaultKind::LoseAnswer, |s| s.listed_names = names).await;
        let (report, events) = run(&stage, booking(&stage, application()).or(second(&stage))).await;
        assert_eq!(report.verdict, Verdict::Unconfirmed, "{names:?}: {report:?}");
        assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1), "{names:?}");
        assert!(!events.iter().any(|e| matches!(e, Event::NextWish { .. })), "{names:?}: {events:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_known_where_the_list_shows_the_name_as_it_was_typed() {
    use unicode_normalization::UnicodeNormalization as _;
    // Each of its parts goes to the site as a numeric reference, and a field takes fifty characters.
    let decomposed: String = "가나".nfd().collect();
    for club in [CLUB, decomposed.as_str()] {
        let stage = losing(FaultKind::LoseAnswer, |_| {}).await;
        let mut application = application();
        application.club_name = club.to_owned();
        let (report, _) = run(&stage, booking(&stage, application).or(second(&stage))).await;
        assert_eq!(report.verdict, Verdict::Reserved { receipt: None, shown: Some(SlotState::Booked) });
        assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1));
    }
}

#[tokio::test]
async fn in_doubt_only_a_name_that_is_surely_anothers_leads_to_the_next_choice() {
    // The holder's name, our applicant's name, and whether the second choice is tried.
    for (holder, applicant, goes_on) in [
        (OTHER_CLUB, None, true),
        (OTHER_CLUB, Some("이몽룡"), true),
        // The form tells that the member's name is 홍길동.
        ("성춘향", None, true),
        ("성춘향", Some("이몽룡"), true),
        ("이*룡", Some("이몽룡"), false),
        ("홍*동", Some("이몽룡"), false),
        ("홍*동", None, false),
        ("가나다", None, false),
    ] {
        // The application never arrives, and somebody else takes the slot meanwhile.
        let stage = losing(FaultKind::DropBefore, |_| {}).await;
        let mut application = application();
        application.applicant_name = applicant.map(str::to_owned);
        let wish = stage.wish();
        let mut first = true;
        let report = booking(&stage, application)
            .or(second(&stage))
            .run(|happened| {
                if matches!(happened.event, Event::Submitting) && std::mem::take(&mut first) {
                    assert!(stage.server.with(|s| s.take(&wish.place, wish.date, wish.range, holder)) > 0);
                }
            })
            .await;
        let what = format!("{holder}, {applicant:?}: {report:?}");
        if goes_on {
            assert!(matches!(report.verdict, Verdict::Reserved { receipt: Some(_), .. }), "{what}");
            assert_eq!((report.wish, stage.booked()), (1, 1), "{what}");
        } else {
            assert_eq!((&report.verdict, stage.booked()), (&Verdict::Unconfirmed, 0), "{what}");
        }
    }
}

#[tokio::test]
async fn after_a_crash_no_form_has_told_our_member_and_any_persons_name_may_be_ours() {
    for (holder, goes_on) in [("성춘향", false), (OTHER_CLUB, true)] {
        let stage = Stage::new("namyangju", Settings::default()).await;
        let wish = stage.wish();
        assert!(stage.server.with(|s| s.take(&wish.place, wish.date, wish.range, holder)) > 0);
        let mut application = application();
        application.applicant_name = Some("이몽룡".to_owned());
        let resumed = booking(&stage, application).or(second(&stage)).resume(&[Event::Submitting]);
        let (report, _) = run(&stage, resumed).await;
        let booked = usize::from(goes_on);
        assert_eq!((report.wish, stage.booked()), (booked, booked), "{holder}: {report:?}");
        assert_eq!(report.verdict == Verdict::Unconfirmed, !goes_on, "{holder}: {report:?}");
    }
}

#[tokio::test]
async fn the_same_booking_again_ends_and_books_no_other_choice() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let (first, _) = run(&stage, booking(&stage, application()).or(second(&stage))).await;
    assert!(matches!(first.verdict, Verdict::Reserved { .. }), "{first:?}");
    for with_second in [true, false] {
        let again = booking(&stage, application());
        let again = if with_second { again.or(second(&stage)) } else { again };
        let (report, events) = run(&stage, again).await;
        assert_eq!((&report.verdict, report.wish), (&Verdict::AlreadyBooked, 0), "{report:?}");
        assert!(
            !events.iter().any(|e| matches!(e, Event::NextWish { .. } | Event::Submitting)),
            "{events:?}"
        );
        assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1));
    }
}

#[tokio::test]
async fn a_submission_refused_as_taken_is_looked_at_before_the_next_choice() {
    for (holder, verdict) in [(CLUB, Some(Verdict::AlreadyBooked)), (OTHER_CLUB, None)] {
        let mut settings = Settings::default();
        settings.texts.rival_event = "테니스".to_owned();
        let stage = Stage::new("namyangju", settings).await;
        let wish = stage.wish();
        // Between the form and the submission, as by another program of ours that was quicker.
        let mut answers = Vec::new();
        let report = booking(&stage, application())
            .or(second(&stage))
            .run(|happened| match &happened.event {
                Event::Submitting => {
                    stage.server.with(|s| s.take(&wish.place, wish.date, wish.range, holder));
                }
                Event::Answered { answer, .. } => answers.push(*answer),
                _ => {}
            })
            .await;
        assert_eq!(answers[0], AnswerKind::SlotTaken);
        match verdict {
            Some(verdict) => {
                assert_eq!((&report.verdict, report.wish), (&verdict, 0), "{report:?}");
                assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (0, 1));
            }
            None => {
                assert!(matches!(report.verdict, Verdict::Reserved { receipt: Some(_), .. }), "{report:?}");
                assert_eq!((report.wish, stage.booked()), (1, 1), "{report:?}");
                // One look before the next choice, one after the receipt.
                assert_eq!(stage.count(SiteStep::Schedule), 2);
            }
        }
    }
}

#[tokio::test]
async fn a_limit_that_our_own_booking_fills_is_no_refusal() {
    let page = "<html><body><p class=\"error\">선택업장 의 일일 최대 장소선택 제한(1장소) 이상 예약 할 수 없습니다.</p>\
                </body></html>";
    let page = Charset::EUC_KR.encode(page).into_owned();
    // The stand-in accepts the application, and its answer speaks of the limit.
    let stage = losing(FaultKind::Body(page), |_| {}).await;
    let (report, events) = run(&stage, booking(&stage, application()).or(second(&stage))).await;
    let limit = |e: &Event| matches!(e, Event::Answered { answer: AnswerKind::LimitReached, .. });
    assert!(events.iter().any(limit), "{events:?}");
    assert_eq!(report.verdict, Verdict::AlreadyBooked, "{report:?}");
    assert_eq!((stage.booked(), stage.count(SiteStep::Submit)), (1, 1));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_does_not_make_an_application_that_never_left() {
    let mut settings = Settings::default();
    settings.faults =
        (1..=3).map(|nth| Fault { step: SiteStep::Schedule, nth, kind: FaultKind::Status(500) }).collect();
    let stage = Stage::new("namyangju", settings).await;
    stage.take_slot();
    let (report, events) = run(&stage, booking(&stage, application())).await;
    assert_eq!(report.verdict, Verdict::Lost, "{report:?}");
    assert!(!events.iter().any(|e| matches!(e, Event::Submitting)), "{events:?}");
}
