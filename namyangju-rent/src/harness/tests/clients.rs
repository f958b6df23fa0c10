//! The crate's own client against every variant of the stand-in.

use std::sync::Arc;

use super::robot::{DATE, NOW};
use crate::clock::SystemClock;
use crate::harness::*;
use crate::{Application, Client, Credentials, Error, Outcome, Purpose, RentDate, Session, Site};

async fn session(server: &StandInServer, clock: &Arc<ManualClock>, n: u32) -> Session {
    let carried: Arc<dyn crate::clock::Clock> = clock.clone();
    let client = Client::builder(server.site().unwrap()).clock(carried).build().unwrap();
    let credentials = Credentials::new(format!("tester{n}"), format!("invented-{n}"));
    client.log_in(&credentials).await.unwrap()
}

#[tokio::test]
async fn the_client_books_and_loses_under_every_variant() {
    for city in ["namyangju", "cheonan"] {
        for (name, settings) in Settings::variants() {
            let checked = settings.human_check == HumanCheck::Everywhere;
            let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
            let machine = StandIn::new(&Site::builtin(city).unwrap(), settings);
            let server = StandInServer::start(machine, clock.clone()).await.unwrap();
            let place = server.with(|s| s.places()[0].place.clone());
            let range = server.with(|s| s.places()[0].rounds[0].1);
            let date: RentDate = DATE.parse().unwrap();
            let application = Application::new("테스트클럽", "4".parse().unwrap(), "테니스", "운동");
            let (first, second) = (session(&server, &clock, 1).await, session(&server, &clock, 2).await);
            let day = first.open_day(&place, date, Purpose::Sports).await;
            if checked {
                let Err(Error::Refused { outcome, .. }) = &day else { panic!("{city}, {name}: {day:?}") };
                let refused = matches!(**outcome, Outcome::HumanCheck);
                assert!(refused, "{city}, {name}: {day:?}");
                continue;
            }
            let other = second.open_day(&place, date, Purpose::Sports).await.unwrap();
            let form = day.unwrap().open_form(range).await.unwrap();
            let late = other.open_form(range).await.unwrap();
            let won = form.fill(&application).unwrap().submit().await.unwrap().outcome;
            let lost = late.fill(&application).unwrap().submit().await.unwrap().outcome;
            let Outcome::Reserved(receipt) = won else { panic!("{city}, {name}: {won:?}") };
            assert!(matches!(lost, Outcome::SlotTaken), "{city}, {name}: {lost:?}");
            let booked = server.with(|s| s.bookings().to_vec());
            assert_eq!((booked.len(), booked[0].receipt.as_str()), (1, receipt.number.as_str()));
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_refusal_however_it_is_told() {
    for failure in
        [LoginFailure::Redirect, LoginFailure::MessagePage, LoginFailure::Refresh, LoginFailure::Script]
    {
        let settings = Settings { login_failure: failure, ..Settings::default() };
        let machine = StandIn::new(&Site::builtin("namyangju").unwrap(), settings);
        let server = StandInServer::start(machine, Arc::new(SystemClock)).await.unwrap();
        let client = Client::builder(server.site().unwrap()).build().unwrap();
        let refused = client.log_in(&Credentials::new("tester1", "wrong")).await;
        assert!(refused.is_err(), "{failure:?}");
    }
}
