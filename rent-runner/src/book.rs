//! `book`: one booking in the foreground, now or at the instant it opens.

use anyhow::{Context as _, Result};
use namyangju_rent::{Booking, Clock, Credentials, Happened, Site, SystemClock, Wish};
use serde_json::Value;

use crate::cli::{Book, Network};
use crate::foreground::{Ending, Standing, Watched};
use crate::live::Live;
use crate::settings::Opens;
use crate::story::{Reader, Story};
use crate::{dry_run, foreground, journal, output, settings};

/// Checks every argument, asks for the password, books.
pub(crate) async fn run(arguments: &Book, network: &Network) -> Result<u8> {
    let site = settings::site_at(&arguments.at)?;
    let wishes = settings::wishes(arguments)?;
    let first = wishes.first().context("there is no wish")?;
    let opens = settings::opens(arguments, &site, first)?;
    let application = settings::application(arguments)?;
    let client = settings::client(site.clone(), network)?;
    let reader = Reader::new(arguments.json, arguments.quiet);
    if !arguments.quiet {
        warn(&site, &wishes, opens.as_ref());
    }
    let prompt = format!("password of {} at {}: ", arguments.account, site.title());
    let credentials = || -> Result<Credentials> {
        Ok(Credentials::new(&arguments.account, settings::password(arguments.password_stdin, &prompt)?))
    };
    if arguments.dry_run {
        return dry_run::run(&client, &credentials()?, first, &application, arguments.json).await;
    }
    let (mut journal, past) =
        journal::open(arguments.journal.as_deref(), arguments.resume.as_deref(), &site, &wishes)?;
    let credentials = credentials()?;

    let zero = opens.as_ref().map_or_else(|| SystemClock.now(), |opens| opens.at);
    let story = Story::new(reader, zero);
    if reader == Reader::Person {
        introduce(&story, &site, &wishes, opens.as_ref());
    }
    let mut wishes = wishes.into_iter();
    let wish = wishes.next().context("there is no wish")?;
    let mut booking = wishes.fold(Booking::new(client, credentials, wish, application), Booking::or);
    booking = booking.policy(settings::policy(arguments)).lead(arguments.lead);
    if let Some(opens) = &opens {
        booking = booking.opens_at(opens.at);
    }
    if let Some(ahead) = arguments.clock_offset {
        booking = booking.clock_offset_micros(ahead);
    }
    let mut standing = Standing::default();
    if let Some(past) = &past {
        booking = booking.resume(&past.events);
        standing = Standing::of(&past.events);
        story.aside(if past.is_open() {
            "resumed: an application may have been accepted, so the day list is read before anything is sent"
        } else {
            "resumed: no application is without an answer"
        });
    }
    let live = opens.map(|opens| Live::new(opens.at, booking.budget().clone(), arguments.clock_offset));
    let watched = Watched { booking, live, standing };
    let keep = |happened: &Happened| {
        if let Some(journal) = &mut journal {
            journal.hear(happened);
        }
    };
    let ending = foreground::run(watched, &story, keep).await;
    if let (Some(journal), Ending::Ended(report)) = (&mut journal, &ending) {
        journal.end(report);
    }
    ending.tell(&story, Value::Null);
    drop(story);
    if let Some(receipt) = ending.receipt().filter(|_| !arguments.json) {
        // The reservation stands, whether or not somebody reads its number.
        let _ = output::result(receipt);
    }
    Ok(ending.code())
}

/// What a person should know before anything is sent.
fn warn(site: &Site, wishes: &[Wish], opens: Option<&Opens>) {
    if !settings::is_here(site) {
        output::note(&format!(
            "{} is not on this machine: respect its terms of use; apply only for yourself and with true data.",
            site.base_url()
        ));
    }
    let mut checked: Vec<_> = wishes.iter().map(|w| &w.place).filter(|p| site.has_human_check(p)).collect();
    checked.dedup();
    for place in checked {
        output::note(&format!(
            "A human check is known to stand before the form of {place}: expect to be sent to a browser \
             (exit code 6)."
        ));
    }
    if let Some(Opens { at, confidence: Some(confidence) }) = opens {
        output::note(&format!(
            "The opening instant is {at} by the rule of the dialect (confidence {confidence}{}): compare it \
             with the city's announcement, which comes first.",
            meaning(confidence)
        ));
    }
}

/// What a confidence mark of the dialects says.
fn meaning(mark: &str) -> &'static str {
    match mark {
        "?" => ", a guess",
        "I" => ", weakly inferred",
        "I+" => ", inferred",
        "S1" => ", seen once",
        _ => "",
    }
}

fn introduce(story: &Story, site: &Site, wishes: &[Wish], opens: Option<&Opens>) {
    let many = wishes.len() > 1;
    for (index, wish) in wishes.iter().enumerate() {
        let choice = if many { format!("choice {}: ", index + 1) } else { String::new() };
        let Wish { place, date, range, .. } = wish;
        story.aside(&format!("{choice}{place} {date} {range} at {}", site.base_url()));
    }
    if opens.is_some_and(|opens| opens.at <= SystemClock.now()) {
        story.aside("the opening is over by this machine's clock: a late start");
    }
}
