use std::time::Duration;

use namyangju_rent::harness::{FaultKind, Settings, SiteStep};
use namyangju_rent::network::NetworkErrorKind;
use namyangju_rent::{
    AnswerKind, Application, ApplicationError, Client, Credentials, Error, Outcome, Purpose, Session, Site,
};

use crate::stage::{Stage, application};

async fn open_day(stage: &Stage, session: &Session) -> Result<(), Error> {
    let wish = stage.wish();
    session.open_day(&wish.place, wish.date, Purpose::Sports).await.map(drop)
}

#[tokio::test]
async fn a_wrong_password_is_told_in_both_dialects() {
    for dialect in ["namyangju", "cheonan"] {
        for (name, settings) in Settings::variants() {
            let stage = Stage::new(dialect, settings).await;
            for (account, password) in [(stage.account.id.as_str(), "wrong"), ("nobody", "wrong"), ("", "")] {
                let error = stage.client.log_in(&Credentials::new(account, password)).await.unwrap_err();
                assert!(matches!(error, Error::LoginRefused), "{dialect}, {name}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn a_place_or_month_that_does_not_exist_is_an_unknown_page() {
    for dialect in ["namyangju", "cheonan"] {
        let stage = Stage::new(dialect, Settings::default()).await;
        let place = "NOWHERE01/01/1".parse().unwrap();
        let error = stage.client.guest().unwrap().day_list(&place, stage.wish().date).await.unwrap_err();
        assert!(matches!(error.outcome(), Some(Outcome::Unknown(_))), "{dialect}: {error}");
        let error =
            stage.session().await.open_day(&place, stage.wish().date, Purpose::Sports).await.unwrap_err();
        assert!(matches!(error.outcome(), Some(Outcome::Unknown(_))), "{dialect}: {error}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_it_is_sent() {
    let stage = Stage::new("namyangju", Settings::default()).await;
    let (session, wish) = (stage.session().await, stage.wish());
    let before = stage.server.arrivals().len();
    let error =
        session.open_day(&wish.place, "2026-11-25".parse().unwrap(), Purpose::Sports).await.unwrap_err();
    assert!(error.to_string().contains("2026-11-25 is past"), "{error}");
    assert_eq!(stage.server.arrivals().len(), before);

    let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
    let error = day.open_form("06:00-07:00".parse().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("its rounds are 06:00-08:00, 08:00-10:00"), "{error}");
    let error = day.open_form("06:00-14:00".parse().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("480 minutes are more than the 4 hours"), "{error}");
    assert_eq!(stage.count(SiteStep::Form), 0);

    let form = day.open_form(wish.range).await.unwrap();
    type Spoil = fn(&mut Application);
    let spoiled: [(&str, Spoil); 5] = [
        ("club_name", |a| a.club_name = " ".into()),
        ("playname", |a| a.event_name = String::new()),
        ("reason", |a| a.purpose = "\u{3000}".into()),
        ("appli_name", |a| a.applicant_name = Some(String::new())),
        ("discount", |a| a.discount = Some("77".into())),
    ];
    for (field, spoil) in spoiled {
        let mut application = application();
        spoil(&mut application);
        let error = form.fill(&application).unwrap_err();
        assert_eq!(error.field(), field, "{error}");
    }
    assert_eq!(
        0_u16.try_into().map(|n: namyangju_rent::HeadCount| n.get()),
        Err(ApplicationError::HeadCount)
    );
    assert_eq!(stage.count(SiteStep::Submit), 0);
}

#[tokio::test]
async fn an_expired_session_is_noticed_in_every_step() {
    for dialect in ["namyangju", "cheonan"] {
        for step in [SiteStep::Day, SiteStep::Form, SiteStep::Submit] {
            let stage = Stage::with_fault(dialect, step, 1, FaultKind::ExpireSession).await;
            let (session, wish) = (stage.session().await, stage.wish());
            let outcome = async {
                let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await?;
                let form = day.open_form(wish.range).await?;
                Ok::<_, Error>(form.fill(&application())?.submit().await?.outcome)
            }
            .await;
            let outcome = outcome.unwrap_or_else(|error| error.outcome().unwrap().clone());
            assert!(matches!(outcome, Outcome::LoggedOut), "{dialect}, {step:?}: {outcome}");
        }
    }
}

#[tokio::test]
async fn odd_pages_are_reported_and_never_guessed() {
    let pages = [
        FaultKind::Truncate(700),
        FaultKind::Body(Vec::new()),
        FaultKind::Body(vec![0xFF; 5000]),
        FaultKind::Body("<html>다른 페이지</html>".into()),
        FaultKind::Status(404),
        FaultKind::Status(500),
    ];
    for step in [SiteStep::Day, SiteStep::Form, SiteStep::Schedule] {
        for kind in pages.clone() {
            let stage = Stage::with_fault("namyangju", step, 1, kind.clone()).await;
            let (session, wish) = (stage.session().await, stage.wish());
            let error = match step {
                SiteStep::Schedule => session.day_list(&wish.place, wish.date).await.unwrap_err(),
                SiteStep::Day => open_day(&stage, &session).await.unwrap_err(),
                _ => {
                    let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
                    day.open_form(wish.range).await.unwrap_err()
                }
            };
            assert!(matches!(error.outcome(), Some(Outcome::Unknown(_))), "{step:?} {kind:?}: {error}");
            let page = error.page().unwrap();
            assert!(
                !error.to_string().contains("다른"),
                "the page is in the value, not in the text: {error}"
            );
            if let FaultKind::Body(body) = &kind {
                assert_eq!(page.body(), body.as_slice());
            }
        }
    }
}

#[tokio::test]
async fn a_submission_answered_by_an_odd_page_is_unknown() {
    for kind in [
        FaultKind::Body(Vec::new()),
        FaultKind::Status(404),
        FaultKind::Status(500),
        FaultKind::RedirectLoop,
        FaultKind::RedirectTo("http://other.invalid/20991231".into()),
    ] {
        let stage = Stage::with_fault("namyangju", SiteStep::Submit, 1, kind.clone()).await;
        let (session, wish) = (stage.session().await, stage.wish());
        let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
        let form = day.open_form(wish.range).await.unwrap();
        let submitted = form.fill(&application()).unwrap().submit().await.unwrap();
        assert!(matches!(submitted.outcome, Outcome::Unknown(_)), "{kind:?}: {}", submitted.outcome);
    }
}

#[tokio::test]
async fn blocks_and_overload_have_their_own_outcome_in_every_step() {
    for step in [SiteStep::Login, SiteStep::Schedule, SiteStep::Day] {
        for (status, kind) in [(403, AnswerKind::Blocked), (503, AnswerKind::Busy), (429, AnswerKind::Busy)] {
            let stage = Stage::with_fault("namyangju", step, 1, FaultKind::Status(status)).await;
            let error = match step {
                SiteStep::Login => stage.client.log_in(&stage.credentials()).await.unwrap_err(),
                SiteStep::Schedule => {
                    let wish = stage.wish();
                    stage.client.guest().unwrap().day_list(&wish.place, wish.date).await.unwrap_err()
                }
                _ => open_day(&stage, &stage.session().await).await.unwrap_err(),
            };
            assert_eq!(error.outcome().map(Outcome::kind), Some(kind), "{step:?} {status}: {error}");
        }
    }
}

#[tokio::test]
async fn a_page_in_utf_8_is_read_all_the_same() {
    for step in [SiteStep::Login, SiteStep::Day, SiteStep::Form, SiteStep::Submit] {
        let stage = Stage::with_fault("namyangju", step, 1, FaultKind::Utf8).await;
        assert!(matches!(stage.book().await.verdict, namyangju_rent::Verdict::Reserved { .. }), "{step:?}");
    }
}

#[tokio::test]
async fn broken_exchanges_have_their_reason() {
    let kinds = [
        (FaultKind::Body(vec![b'x'; 10 * 1024 * 1024]), NetworkErrorKind::TooLarge),
        (FaultKind::WrongLength, NetworkErrorKind::Closed),
        (FaultKind::Reset, NetworkErrorKind::Closed),
        (FaultKind::DropBefore, NetworkErrorKind::Closed),
        (FaultKind::Silence, NetworkErrorKind::Timeout),
        (FaultKind::RedirectLoop, NetworkErrorKind::TooManyRedirects),
        (FaultKind::RedirectTo("http://other.invalid/".into()), NetworkErrorKind::ForeignRedirect),
        (FaultKind::RedirectTo("http://[".into()), NetworkErrorKind::BadRedirect),
    ];
    for (kind, expected) in kinds {
        let stage = Stage::with_fault("namyangju", SiteStep::Day, 1, kind.clone()).await;
        let error = open_day(&stage, &stage.session().await).await.unwrap_err();
        let Error::Broken { step: namyangju_rent::Step::Day, source } = &error else {
            panic!("{kind:?}: {error}")
        };
        assert_eq!(source.kind(), expected, "{kind:?}: {}", error.chain());
        // A redirect loop is walked five hops far, not forty.
        assert!(stage.count(SiteStep::Day) <= 6);
    }
}

#[tokio::test]
async fn a_submission_without_an_answer_is_unconfirmed() {
    for kind in [FaultKind::LoseAnswer, FaultKind::DropBefore, FaultKind::Silence] {
        let stage = Stage::with_fault("namyangju", SiteStep::Submit, 1, kind.clone()).await;
        let (session, wish) = (stage.session().await, stage.wish());
        let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
        let form = day.open_form(wish.range).await.unwrap();
        let error = form.fill(&application()).unwrap().submit().await.unwrap_err();
        assert!(matches!(error, Error::Unconfirmed { .. }), "{kind:?}: {error}");
        assert_eq!(stage.count(SiteStep::Submit), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_never_left() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let site = Site::builtin("namyangju").unwrap().with_base_url(&format!("http://{address}")).unwrap();
    let client = Client::builder(site).connect_timeout(Duration::from_secs(1)).build().unwrap();
    let error = client.log_in(&Credentials::new("a", "b")).await.unwrap_err();
    let Error::NotSent { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.kind(), NetworkErrorKind::Connect);
    assert!(!error.chain().contains("http://"), "no address in an error: {}", error.chain());
}

#[tokio::test]
async fn a_form_of_other_slots_is_not_filled() {
    // The applicant form of one slot comes for another: a cache, a mix-up, a changed site.
    let stage = Stage::new("namyangju", Settings::default()).await;
    let (session, wish) = (stage.session().await, stage.wish());
    let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
    let url = stage.server.base_url();
    let form = FormPage::of(&stage, &session).await;
    assert!(form.contains("use_time_list"), "{url}");
    let other = form.replace("1833", "9999");
    stage.server.with(|s| {
        let body = namyangju_rent::form_fields::Charset::EUC_KR.encode(&other).into_owned();
        let nth = 3;
        s.settings_mut().faults =
            vec![namyangju_rent::harness::Fault { step: SiteStep::Form, nth, kind: FaultKind::Body(body) }];
    });
    let error = day.open_form(wish.range).await.unwrap_err();
    assert!(matches!(&error, Error::Page { problem, .. } if problem.contains("9999")), "{error}");
}

/// The text of the applicant form as the stand-in gives it.
struct FormPage;

impl FormPage {
    async fn of(stage: &Stage, session: &Session) -> String {
        let wish = stage.wish();
        let day = session.open_day(&wish.place, wish.date, Purpose::Sports).await.unwrap();
        // Asked once through the library; the same bytes are then asked of the machine itself.
        day.open_form(wish.range).await.unwrap();
        let arrival = stage.server.arrivals().into_iter().rev().find(|a| a.step == SiteStep::Form).unwrap();
        let saved = serde_json::to_value(session.save().unwrap()).unwrap();
        let cookie =
            saved["cookies"][0]["raw_cookie"].as_str().unwrap().split(';').next().unwrap().to_owned();
        let agent = concat!("namyangju-rent/", env!("CARGO_PKG_VERSION"));
        let request = namyangju_rent::harness::Request::post(&arrival.path, arrival.body)
            .with_header("cookie", &cookie)
            .with_header("user-agent", agent);
        let answer = stage.server.with(|s| s.answer(&request, arrival.at));
        namyangju_rent::form_fields::Charset::EUC_KR.decode(&answer.body).into_owned()
    }
}
