//! Our client as the driver `same_work` runs it: `way` is `steps` (the typed steps by themselves) or `booking`
//! (a whole `Booking`, which also decides and reads back); in a race it is a `Booking` with its opening instant.
//!
//!     peer_ours PLAN
//!
//! Each booking has a client of its own: each is of another account, and a client's pace is that of one person.

use std::sync::Arc;

use benches::Failure;
use benches::plan::{Plan, Task, work};
use namyangju_rent::{
    Application, Booking, Client, Credentials, Outcome, Place, Purpose, SeoulTime, Site, SlotState,
    TimeRange, Verdict, Wish,
};

#[derive(Clone)]
struct Wanted {
    credentials: Credentials,
    wish: Wish,
    application: Application,
}

fn wanted(plan: &Plan, task: &Task) -> Result<Wanted, Failure> {
    let place: Place = format!("{}/{}/{}", task.comcd, task.partcd, task.placecd).parse()?;
    let range: TimeRange = format!("{}-{}", task.start, task.end).parse()?;
    let texts = &plan.application;
    Ok(Wanted {
        credentials: Credentials::new(task.account.as_str(), task.password.as_str()),
        wish: Wish { place, date: task.date.parse()?, range, purpose: Purpose::Sports },
        application: Application::new(
            texts.club_name.as_str(),
            texts.group_count.parse()?,
            texts.playname.as_str(),
            texts.reason.as_str(),
        ),
    })
}

async fn by_steps(site: Site, wanted: Wanted) -> Result<(), Failure> {
    let Wanted { credentials, wish, application } = wanted;
    let session = Client::builder(site).build()?.log_in(&credentials).await?;
    let day = session.open_day(&wish.place, wish.date, wish.purpose).await?;
    let form = day.open_form(wish.range).await?;
    match form.fill(&application)?.submit().await?.outcome {
        Outcome::Reserved(_) => {}
        other => return Err(other.to_string().into()),
    }
    let list = session.day_list(&wish.place, wish.date).await?;
    let booked = list.within(wish.date, wish.range, wish.purpose).all(|slot| slot.state == SlotState::Booked);
    if booked { Ok(()) } else { Err("the day list does not show the booking".into()) }
}

async fn by_booking(site: Site, wanted: Wanted, opens_at: Option<SeoulTime>) -> Result<(), Failure> {
    let Wanted { credentials, wish, application } = wanted;
    let client = Client::builder(site).build()?;
    let mut booking = Booking::new(client, credentials, wish, application);
    if let Some(instant) = opens_at {
        booking = booking.opens_at(instant);
    }
    let report = booking.run(|_| {}).await;
    match report.verdict {
        Verdict::Reserved { .. } => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let plan = Arc::new(Plan::from_arguments()?);
    let site = Site::builtin("namyangju")?.with_base_url(&plan.base_url)?;
    let opens_at = plan.race.map(|race| SeoulTime::from_unix_micros(race.opens_unix_ms * 1_000));
    let versions = concat!("namyangju-rent ", env!("CARGO_PKG_VERSION"));
    let said = work(&plan, versions, |plan, index| {
        let site = site.clone();
        async move {
            let task = plan.bookings.get(index).ok_or("no such booking")?;
            let wanted = wanted(&plan, task)?;
            match plan.way.as_str() {
                "steps" => by_steps(site, wanted).await,
                _ => by_booking(site, wanted, opens_at).await,
            }
        }
    });
    said.await?.print(&plan)
}
