//! How often a password is sent: once, unless no answer came, the site says that it is busy, or the session dies.

use std::time::Duration;

use namyangju_rent::clock::Clock as _;
use namyangju_rent::harness::{Delay, Fault, FaultKind, LoginFailure, LoginSuccess, Settings, SiteStep};
use namyangju_rent::{Booking, Credentials, Error, Next, Report, SeoulTime, Verdict};

use crate::bases::{BASES, printing};
use crate::stage::{Stage, application};

const FAILURES: [LoginFailure; 4] =
    [LoginFailure::Redirect, LoginFailure::MessagePage, LoginFailure::Refresh, LoginFailure::Script];

fn opening() -> SeoulTime {
    "2026-11-26 10:00:00".parse().unwrap()
}

async fn stage(dialect: &str, settings: Settings) -> Stage {
    Stage::built(dialect, settings, |b| b.exchange_timeout(Duration::from_millis(300))).await
}

async fn book_with_wrong_password(stage: &Stage, opens: bool) -> Report {
    let wrong = Credentials::new(&stage.account.id, "wrong");
    let booking = Booking::new(stage.client.clone(), wrong, stage.wish(), application());
    let booking = if opens { booking.opens_at(opening()) } else { booking };
    booking.run(|_| {}).await
}

/// How often a password arrived, wherever it was posted.
fn passwords(stage: &Stage) -> usize {
    let has_one = |body: &[u8]| body.windows(6).any(|part| part == b"mempw=");
    stage.server.arrivals().iter().filter(|a| a.method == "POST" && has_one(&a.body)).count()
}

fn refused(report: &Report) -> &str {
    match &report.verdict {
        Verdict::Refused { reason } => reason,
        _ => panic!("{report:?}"),
    }
}

#[tokio::test]
async fn a_wrong_password_arrives_once_in_every_style_from_every_base() {
    for dialect in ["namyangju", "cheonan"] {
        for base in BASES {
            for login_failure in FAILURES {
                for opens in [false, true] {
                    let mut settings = printing(base);
                    settings.login_failure = login_failure;
                    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
                    let stage = stage(dialect, settings).await;
                    let report = book_with_wrong_password(&stage, opens).await;
                    let case = format!("{dialect}, {base:?}, {login_failure:?}, {opens}");
                    assert!(refused(&report).contains("did not accept"), "{case}: {report:?}");
                    assert_eq!(passwords(&stage), 1, "{case}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_password_arrives_once_although_the_pages_behind_its_answer_break() {
    let breaks = [
        FaultKind::DropBefore,
        FaultKind::Silence,
        FaultKind::WrongLength,
        FaultKind::Status(500),
        FaultKind::Status(503),
    ];
    for base in BASES {
        for login_failure in FAILURES {
            for kind in breaks.clone() {
                for home_too in [false, true] {
                    let mut settings = printing(base);
                    settings.login_failure = login_failure;
                    // The message page, and the login's own body where that is the message page.
                    let own =
                        matches!(kind, FaultKind::WrongLength) && login_failure == LoginFailure::MessagePage;
                    let step = if own { SiteStep::Login } else { SiteStep::Other };
                    let mut faults = vec![Fault { step, nth: 1, kind: kind.clone() }];
                    if home_too {
                        faults.extend((1..=9).map(|nth| Fault {
                            step: SiteStep::Home,
                            nth,
                            kind: kind.clone(),
                        }));
                    }
                    settings.faults = faults;
                    let stage = stage("namyangju", settings).await;
                    let report = book_with_wrong_password(&stage, true).await;
                    refused(&report);
                    assert_eq!(passwords(&stage), 1, "{base:?}, {login_failure:?}, {kind:?}, {home_too}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_login_after_a_session_died_at_the_instant_needs_no_new_connection() {
    let mut settings = Settings::default();
    settings.openings.insert("2026-12-05".parse().unwrap(), opening());
    settings.sessions_end = vec![opening()];
    let way = Delay { base: Duration::from_millis(20), jitter: Duration::ZERO };
    (settings.there, settings.back) = (way, way);
    let stage = Stage::new("namyangju", settings).await;
    let report = stage.booking().opens_at(opening()).run(|_| {}).await;
    assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
    let arrivals = stage.server.arrivals();
    let since: Vec<_> = arrivals.iter().filter(|a| a.site_time >= opening()).collect();
    let steps: Vec<_> = since.iter().map(|a| a.step).collect();
    assert_eq!(steps[..4], [SiteStep::Form, SiteStep::Login, SiteStep::Form, SiteStep::Submit], "{steps:?}");
    assert!(since.iter().all(|a| a.connection == since[0].connection), "{since:?}");
    // Three round trips after the first request, where a living session needs one.
    let booked = since[3].site_time.since(since[0].site_time);
    assert!(booked <= Duration::from_millis(3 * 40 + 5), "{booked:?}");
    assert_eq!(stage.booked(), 1);
}

#[tokio::test]
async fn an_answer_that_does_not_tell_is_the_last_login_of_a_run() {
    for kind in [
        FaultKind::Status(500),
        FaultKind::Status(404),
        FaultKind::Body(b"<html>hello</html>".to_vec()),
        FaultKind::RedirectLoop,
        FaultKind::RedirectTo("http://other.invalid/sso?secret=1".into()),
        FaultKind::RedirectTo("http://[".into()),
    ] {
        for opens in [false, true] {
            let mut settings = Settings::default();
            settings.faults =
                (1..=9).map(|nth| Fault { step: SiteStep::Login, nth, kind: kind.clone() }).collect();
            let stage = stage("namyangju", settings).await;
            let report = book_with_wrong_password(&stage, opens).await;
            let reason = refused(&report);
            assert!(!reason.contains("secret"), "{reason}");
            assert_eq!(passwords(&stage), 1, "{kind:?}: {reason}");
        }
    }
    let stage = Stage::with_fault("namyangju", SiteStep::Login, 1, FaultKind::Status(500)).await;
    let error = stage.client.log_in(&stage.credentials()).await.unwrap_err();
    assert!(matches!(&error, Error::LoginUnclear { may_repeat: false, .. }), "{error}");
    assert_eq!((error.next(), error.page().map(|page| page.status())), (Next::Stop, Some(500)));
    assert!(
        error.to_string().contains("status 500") && error.to_string().contains("not sent again"),
        "{error}"
    );
}

#[tokio::test]
async fn a_login_whose_own_page_or_home_page_breaks_is_asked_about_and_not_repeated() {
    for login_success in
        [LoginSuccess::Page, LoginSuccess::Redirect, LoginSuccess::Refresh, LoginSuccess::Script]
    {
        for kind in
            [FaultKind::DropBefore, FaultKind::WrongLength, FaultKind::Status(503), FaultKind::Status(500)]
        {
            let step = match (login_success, &kind) {
                // The first answer's head came, with the session in it.
                (LoginSuccess::Page, FaultKind::WrongLength) => SiteStep::Login,
                (LoginSuccess::Page, _) => continue,
                _ => SiteStep::Home,
            };
            let mut settings = Settings::default();
            settings.login_success = login_success;
            settings.faults = vec![Fault { step, nth: 1, kind: kind.clone() }];
            let stage = stage("namyangju", settings).await;
            let report = stage.book().await;
            assert!(
                matches!(report.verdict, Verdict::Reserved { .. }),
                "{login_success:?}, {kind:?}: {report:?}"
            );
            assert_eq!(passwords(&stage), 1, "{login_success:?}, {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_gateway_that_answers_logins_is_asked_three_times_in_all() {
    for status in [502, 504] {
        let mut settings = Settings::default();
        let faults = |most| {
            (1..=most).map(|nth| Fault { step: SiteStep::Login, nth, kind: FaultKind::Status(status) })
        };
        settings.faults = faults(2).collect();
        let stage = Stage::new("namyangju", settings.clone()).await;
        let report = stage.booking().opens_at(opening()).run(|_| {}).await;
        assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{report:?}");
        assert_eq!(passwords(&stage), 3);

        settings.faults = faults(9).collect();
        let stage = Stage::new("namyangju", settings).await;
        let report = stage.booking().opens_at(opening()).run(|_| {}).await;
        assert!(refused(&report).contains(&status.to_string()), "{report:?}");
        assert_eq!(passwords(&stage), 3);
    }
}

#[tokio::test]
async fn a_page_that_says_busy_lets_a_login_be_repeated_three_times_in_all() {
    let mut settings = Settings::default();
    let busy = namyangju_rent::form_fields::Charset::EUC_KR
        .encode("<html><body><div id=tnb><ul><li>로그인</li></ul></div><p>점검중입니다</p></body></html>");
    let kind = FaultKind::Body(busy.into_owned());
    settings.faults = (1..=9).map(|nth| Fault { step: SiteStep::Login, nth, kind: kind.clone() }).collect();
    let stage = Stage::new("namyangju", settings).await;
    let site = stage.server.site().unwrap().with_refusal_text("점검중입니다", namyangju_rent::Refusal::Busy);
    let client = namyangju_rent::Client::builder(site).clock(stage.clock.clone()).build().unwrap();
    let booking = Booking::new(client, stage.credentials(), stage.wish(), application());
    let report = booking.opens_at(opening()).run(|_| {}).await;
    assert!(refused(&report).contains("busy"), "{report:?}");
    assert_eq!(passwords(&stage), 3);
}

#[tokio::test]
async fn a_login_that_nobody_answered_is_tried_again() {
    for kind in [FaultKind::DropBefore, FaultKind::Silence] {
        let mut settings = Settings::default();
        settings.faults =
            (1..=4).map(|nth| Fault { step: SiteStep::Login, nth, kind: kind.clone() }).collect();
        let stage = stage("namyangju", settings).await;
        let report = stage.booking().opens_at(opening()).run(|_| {}).await;
        assert!(matches!(report.verdict, Verdict::Reserved { .. }), "{kind:?}: {report:?}");
        assert_eq!(stage.count(SiteStep::Login), 5, "{kind:?}");
    }
}

#[tokio::test]
async fn of_several_logins_at_once_with_a_wrong_password_one_is_sent() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let wrong = Credentials::new(&stage.account.id, "wrong");
    let log_in = |credentials| stage.client.log_in(credentials);
    let (one, two, three) = tokio::join!(log_in(&wrong), log_in(&wrong), log_in(&wrong));
    assert!([one, two, three].iter().all(|r| matches!(r, Err(Error::LoginRefused))));
    assert_eq!(passwords(&stage), 1);
    // Nor is it sent later, while another password is.
    let right = stage.credentials();
    let (one, two, three) = tokio::join!(log_in(&wrong), log_in(&right), log_in(&right));
    assert!(one.is_err() && two.is_ok() && three.is_ok());
    assert_eq!(passwords(&stage), 3);
    // A person saw it work before the refusal, and after it.
    stage.client.forget_refused_login(stage.clock.now());
    assert!(log_in(&wrong).await.is_err());
    assert_eq!(passwords(&stage), 3);
    stage.clock.advance(Duration::from_secs(60));
    stage.client.forget_refused_login(stage.clock.now());
    assert!(log_in(&wrong).await.is_err());
    assert_eq!(passwords(&stage), 4);
}
