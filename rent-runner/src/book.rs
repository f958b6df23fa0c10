//! `book`: one booking now, in the foreground.

use anyhow::Result;
use namyangju_rent::{Booking, Clock, Credentials, Policy, Site, SystemClock, Wish};
use serde_json::Value;

use crate::cli::{Book, Network};
use crate::story::{Reader, Story};
use crate::{dry_run, foreground, output, settings};

/// Checks every argument, asks for the password, books.
pub(crate) async fn run(arguments: &Book, network: &Network) -> Result<u8> {
    let site = settings::site_at(&arguments.at)?;
    let wish = settings::wish(arguments)?;
    let application = settings::application(arguments)?;
    let client = settings::client(site.clone(), network)?;
    let reader = Reader::new(arguments.json, arguments.quiet);
    if !arguments.quiet {
        warn(&site, &wish);
    }
    let prompt = format!("password of {} at {}: ", arguments.account, site.title());
    let password = settings::password(arguments.password_stdin, &prompt)?;
    let credentials = Credentials::new(&arguments.account, password);
    if arguments.dry_run {
        return dry_run::run(&client, &credentials, &wish, &application, arguments.json).await;
    }

    let story = Story::new(reader, SystemClock.now());
    if reader == Reader::Person {
        story.aside(&format!("{} {} {} at {}", wish.place, wish.date, wish.range, site.base_url()));
    }
    let booking = Booking::new(client.clone(), credentials, wish, application)
        .policy(Policy::new().give_up_after(arguments.give_up_after));
    let ending = foreground::run(booking, &client, &story, |_| {}).await;
    ending.tell(&story, Value::Null);
    if let Some(receipt) = ending.receipt().filter(|_| !arguments.json) {
        // The reservation stands, whether or not somebody reads its number.
        let _ = output::result(receipt);
    }
    Ok(ending.code())
}

/// What a person should know before anything is sent.
fn warn(site: &Site, wish: &Wish) {
    if !settings::is_here(site) {
        output::note(&format!(
            "{} is not on this machine: respect its terms of use; apply only for yourself and with true data.",
            site.base_url()
        ));
    }
    if site.has_human_check(&wish.place) {
        output::note(&format!(
            "A human check is known to stand before the form of {}: expect to be sent to a browser (exit code 6).",
            wish.place
        ));
    }
}
