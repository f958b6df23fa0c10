//! Our client as the driver `same_work` runs it: `way` is `steps` (the typed steps by themselves) or `booking`
//! (a whole `Booking`, which also decides and reads back); in a race it is a `Booking` with its opening instant.
//!
//!     peer_ours PLAN
//!
//! One client, and from it one for each account: a pace of its own for each person, the rest is shared.

use std::sync::Arc;

use benches::Failure;
use benches::plan::{Plan, Task, work};
use namyangju_rent::schedule::SlotState;
use namyangju_rent::{
    Application, Booking, Client, Credentials, Outcome, Place, Purpose, SeoulTime, Site, TimeRange, Verdict,
    Wish,
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

async fn by_steps(client: Client, wanted: Wanted) -> Result<(), Failure> {
    let Wanted { credentials, wish, application } = wanted;
    let session = client.log_in(&credentials).await?;
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

async fn by_booking(client: Client, wanted: Wanted, opens_at: Option<SeoulTime>) -> Result<(), Failure> {
    let Wanted { credentials, wish, application } = wanted;
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
    let client = Client::builder(Site::builtin("namyangju")?.with_base_url(&plan.base_url)?).build()?;
    let opens_at = plan.race.map(|race| SeoulTime::from_unix_micros(race.opens_unix_ms * 1_000));
    let versions = concat!("namyangju-rent ", env!("CARGO_PKG_VERSION"));
    let said = work(&plan, versions, |plan, index| {
        let client = client.for_account();
        async move {
            let task = plan.bookings.get(index).ok_or("no such booking")?;
            let wanted = wanted(&plan, task)?;
            match plan.way.as_str() {
                "steps" => by_steps(client, wanted).await,
                _ => by_booking(client, wanted, opens_at).await,
            }
        }
    });
    said.await?.print(&plan)
}
