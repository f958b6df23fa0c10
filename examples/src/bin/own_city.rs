//! A city that is not built in: its dialect is a TOML file, started from one that is.
//!
//!     cargo run -p examples --bin own_city
//!
//! `rent-runner sites --show namyangju` prints a dialect to start your own file from.

use std::error::Error;
use std::sync::Arc;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Settings, StandIn, StandInServer};
use namyangju_rent::{Client, Site};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // An invented city: Cheonan's pages under another name, another prefix and another submit path.
    let dialect = Site::builtin_toml("cheonan")
        .ok_or("not built in")?
        .replace("name = \"cheonan\"", "name = \"example-city\"")
        .replace("prefix = \"\"", "prefix = \"/sports\"")
        .replace("submit = \"/rent/process\"", "submit = \"/rent/apply\"");
    let site = Site::from_toml(&dialect)?;

    // A mistake in the file is told with its line and what is allowed there.
    let mistake = dialect.replace("page_first", "page_frist");
    if let Err(error) = Site::from_toml(&mistake) {
        println!("{error}\n");
    }

    // The stand-in speaks any dialect, so the new file can be tried at once.
    let server =
        StandInServer::start(StandIn::new(&site, Settings::default()), Arc::new(SystemClock)).await?;
    let client = Client::builder(server.site()?).build()?;
    let menu = client.guest()?.menu(None).await?;
    println!("{} at {} has {} centres", client.site().name(), client.site().base_url(), menu.centres.len());

    let place = "CHEONAN02/19/19".parse()?;
    let list = client.guest()?.day_list(&place, SystemClock.now().date().plus_days(31)).await?;
    println!("{place} lists {} slots next month", list.slots.len());
    Ok(())
}
