//! How a project that builds on the library tests itself with a recorded visit: the capture answers on loopback, by session
//! and order, and what was sent to it is the judge.
//!
//!     cargo run -p examples --bin test_with_capture

use std::error::Error;
use std::sync::Arc;

use namyangju_rent::har::HarFile;
use namyangju_rent::harness::{ManualClock, Replay, ReplayServer};
use namyangju_rent::{Application, Client, Credentials, Outcome, Purpose, Site};

const VISIT: &[u8] = include_bytes!("../../../fixtures/captures/namyangju-not-open-first.har");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let replay = Replay::new(&HarFile::read(VISIT)?, "https://www.nyj.go.kr");
    let server = ReplayServer::start(replay).await?;
    let site = Site::builtin("namyangju")?.with_base_url(&server.base_url())?;
    let clock = Arc::new(ManualClock::new("2026-11-26 09:59:00".parse()?));
    let client = Client::builder(site).clock(clock).build()?;

    // The recorded person asked for the day twice: before it opened, and after.
    let session = client.log_in(&Credentials::new("tester1", "invented-1")).await?;
    let (place, date) = ("NYJ06/07/103".parse()?, "2026-12-05".parse()?);
    let early = session.open_day(&place, date, Purpose::Sports).await;
    assert!(matches!(early.as_ref().err().and_then(|e| e.outcome()), Some(Outcome::NotOpenYet)), "{early:?}");
    let day = session.open_day(&place, date, Purpose::Sports).await?;
    let form = day.open_form("08:00-10:00".parse()?).await?;
    let application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
    let submitted = form.fill(&application)?.submit().await?;

    assert!(matches!(submitted.outcome, Outcome::Reserved(_)), "{}", submitted.outcome);
    assert!(server.asked().iter().all(|asked| asked.entry.is_some()), "everything was recorded");
    println!("{}: {} requests, all of them in the capture", submitted.outcome, server.asked().len());
    Ok(())
}
