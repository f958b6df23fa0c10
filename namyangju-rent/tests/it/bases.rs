//! Sites that build their addresses from another base than the one that visitors use, and sites that have moved.

use namyangju_rent::harness::{
    Fault, FaultKind, LoginSuccess, PrintedBase, Settings, SiteStep, SubmitSuccess,
};
use namyangju_rent::{Error, Next, Verdict};

use crate::stage::Stage;

pub(crate) const BASES: [PrintedBase; 4] =
    [PrintedBase::AsAsked, PrintedBase::Https, PrintedBase::Port(9), PrintedBase::WithoutPort];

pub(crate) fn printing(base: PrintedBase) -> Settings {
    let mut settings = Settings::default();
    settings.printed_base = base;
    settings
}

#[tokio::test]
async fn a_booking_is_made_and_its_receipt_told_whatever_base_the_site_prints() {
    let logins = [LoginSuccess::Page, LoginSuccess::Redirect, LoginSuccess::Refresh, LoginSuccess::Script];
    let submits = [SubmitSuccess::Redirect, SubmitSuccess::Refresh, SubmitSuccess::Script];
    for dialect in ["namyangju", "cheonan"] {
        for printed_base in BASES {
            for (n, login_success) in logins.into_iter().enumerate() {
                let submit_success = submits[n % submits.len()];
                let mut settings = printing(printed_base);
                (settings.login_success, settings.submit_success) = (login_success, submit_success);
                let stage = Stage::new(dialect, settings).await;
                let report = stage.book().await;
                let case = format!("{dialect}, {printed_base:?}, {login_success:?}, {submit_success:?}");
                let Verdict::Reserved { receipt: Some(receipt), .. } = &report.verdict else {
                    panic!("{case}: {report:?}")
                };
                assert_eq!(receipt.number, stage.server.with(|s| s.bookings()[0].receipt.clone()), "{case}");
                assert_eq!((stage.booked(), stage.count(SiteStep::Login)), (1, 1), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn the_menus_are_read_whatever_base_the_site_prints() {
    for printed_base in BASES {
        let stage = Stage::new("namyangju", printing(printed_base)).await;
        let menu = stage.client.guest().unwrap().menu(None).await.unwrap();
        assert!(!menu.centres.is_empty(), "{printed_base:?}");
    }
}

#[tokio::test]
async fn a_receipt_at_another_base_is_told_although_its_page_does_not_come() {
    for printed_base in BASES {
        let mut settings = printing(printed_base);
        settings.faults = vec![Fault { step: SiteStep::Other, nth: 1, kind: FaultKind::DropBefore }];
        let stage = Stage::new("namyangju", settings).await;
        let report = stage.book().await;
        assert!(matches!(&report.verdict, Verdict::Reserved { receipt: Some(_), .. }), "{report:?}");
        assert_eq!(stage.count(SiteStep::Submit), 1, "{printed_base:?}");
    }
}

#[tokio::test]
async fn a_site_that_moved_is_told_as_that_and_gets_no_password() {
    let https = |stage: &Stage| stage.server.base_url().replacen("http:", "https:", 1);
    for (step, path) in [(SiteStep::Home, "/rent/"), (SiteStep::Schedule, "")] {
        let stage = Stage::new("namyangju", Settings::default()).await;
        let (guest, wish) = (stage.client.guest().unwrap(), stage.wish());
        // The first page asked for tells its address to send the visitor to the same one by https.
        let path = match step {
            SiteStep::Home => path.to_owned(),
            _ => {
                guest.day_list(&wish.place, wish.date).await.unwrap();
                stage.server.arrivals()[0].path.clone()
            }
        };
        let to = format!("{}{path}", https(&stage));
        let faults = (1..=9).map(|nth| Fault { step, nth, kind: FaultKind::RedirectTo(to.clone()) });
        stage.server.with(|s| s.settings_mut().faults = faults.collect());
        let error = match step {
            SiteStep::Home => guest.menu(None).await.map(drop).unwrap_err(),
            _ => guest.day_list(&wish.place, wish.date).await.map(drop).unwrap_err(),
        };
        let Error::Moved { to, .. } = &error else { panic!("{error}") };
        assert_eq!((to.as_str(), error.next()), (https(&stage).as_str(), Next::AskPerson));
        assert!(error.to_string().contains("--base-url"), "{error}");
        assert!(stage.count(step) <= 2, "{:?}", stage.server.arrivals());
    }

    // The login is answered by the move: it is posted once, and to us alone.
    let stage = Stage::new("namyangju", Settings::default()).await;
    let to = format!("{}/rent/member/process", https(&stage));
    let faults =
        (1..=9).map(|nth| Fault { step: SiteStep::Login, nth, kind: FaultKind::RedirectTo(to.clone()) });
    stage.server.with(|s| s.settings_mut().faults = faults.collect());
    let report = stage.book().await;
    assert!(
        matches!(&report.verdict, Verdict::NeedsPerson { reason } if reason.contains("moved")),
        "{report:?}"
    );
    let posts = stage.server.arrivals().iter().filter(|a| a.method == "POST").count();
    assert_eq!(posts, 1);
}
