//! How a project that builds on the library tests itself: a stand-in site on loopback, a clock that
//! is moved by hand, and the stand-in's own log as the judge. Nothing waits, nothing leaves the
//! machine.
//!
//!     cargo run -p examples --bin test_with_stand_in

use std::error::Error;
use std::sync::Arc;

use namyangju_rent::harness::{Fault, FaultKind, ManualClock, Settings, SiteStep, StandIn, StandInServer};
use namyangju_rent::{Application, Booking, Client, Credentials, Site, Verdict, Wish};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // The day opens at 10:00:00, and the answer to the first submission is lost on the way.
    let opening = "2026-11-26 10:00:00".parse()?;
    let settings = Settings::builder()
        .opening(opening)
        .faults([Fault { step: SiteStep::Submit, nth: 1, kind: FaultKind::LoseAnswer }])
        .build();
    let clock = Arc::new(ManualClock::new("2026-11-26 09:30:00".parse()?));
    let stand_in = StandIn::new(&Site::builtin("namyangju")?, settings);
    let account = stand_in.accounts().first().cloned().ok_or("no account")?;
    let server = StandInServer::start(stand_in, clock.clone()).await?;

    let client = Client::builder(server.site()?).clock(clock).build()?;
    let wish = Wish {
        place: "NYJ06/07/103".parse()?,
        date: "2026-12-05".parse()?,
        range: "06:00-08:00".parse()?,
        purpose: Default::default(),
    };
    let application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
    let booking = Booking::new(client, Credentials::new(account.id, account.password), wish, application);
    let report = booking.opens_at(opening).run(|event| println!("{event:?}")).await;

    // What the library says, and what the site itself has in its books.
    assert!(matches!(report.verdict, Verdict::Reserved { receipt: None, .. }), "{report:?}");
    assert_eq!(server.with(|site| site.bookings().len()), 1, "one wish, one booking");
    let early =
        server.arrivals().iter().filter(|a| a.step == SiteStep::Submit && a.site_time < opening).count();
    assert_eq!(early, 0, "nothing was submitted before the opening");
    println!("half an hour in no time: {} requests, one booking", report.requests);
    Ok(())
}
