//! Books one slot, step by step: login, day, form, submission, answer.
//!
//!     cargo run -p examples --bin book_one
//!
//! It books at a stand-in that it starts by itself. For the real site, take
//! `Site::builtin("namyangju")` and your own account; or let [`namyangju_rent::Booking`] do the
//! retrying and the reading back.

use std::error::Error;

use examples::stand_in_or;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::{Application, Client, Credentials, Outcome, Place, Purpose};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (site, stand_in) = stand_in_or(None, "namyangju").await?;
    let account =
        stand_in.as_ref().map(|s| s.with(|s| s.accounts().first().cloned())).ok_or("no stand-in")?;
    let account = account.ok_or("no account")?;

    let client = Client::builder(site).build()?;
    let session = client.log_in(&Credentials::new(account.id, account.password)).await?;

    let place: Place = "NYJ06/07/103".parse()?;
    let date = SystemClock.now().date().plus_days(14);
    let day = session.open_day(&place, date, Purpose::Sports).await?;
    let slot = *day.page().free.first().ok_or("nothing is free that day")?;

    let form = day.open_form(slot.range).await?;
    let application = Application::new("가나다클럽", "4".parse()?, "테니스", "운동");
    if let Some(price) = form.payment(&application)? {
        println!("{date} {} costs {} won", slot.range, price.with_comma());
    }

    // One value, one POST: the submission is gone after this line.
    match form.fill(&application)?.submit().await?.outcome {
        Outcome::Reserved(receipt) => println!("reserved, receipt {receipt}"),
        other => println!("not reserved: {other}"),
    }
    session.log_out().await?;
    Ok(())
}
