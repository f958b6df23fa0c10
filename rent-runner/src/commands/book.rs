//! `book`: one booking in the foreground, now or at the instant it opens.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::{Booking, Credentials, Site, Standing, Wish};
use serde_json::Value;

use super::dry_run;
use crate::bad_input::BadInput;
use crate::cli::{AskedPlace, Book, Choice, OpensAt};
use crate::config::Config;
use crate::foreground;
use crate::foreground::{KeptJournal, Watched, journal};
use crate::request::courts::CourtBook;
use crate::request::{self, PlannedOpening};
use crate::say::say;
use crate::store::CourtNames;
use crate::terminal;
use crate::terminal::countdown::Countdown;
use crate::terminal::story::{Audience, Story};

/// Checks every argument, asks for the password, books.
pub(crate) async fn run(arguments: &Book, config: &Config) -> Result<u8> {
    let site = request::site_of(config)?;
    let choices = arguments.wishes.choices();
    let courts = courts(&site, &choices, config).await?;
    let wishes = request::wishes(&choices, arguments.wishes.events, &courts)?;
    let names = courts.names();
    let first = wishes.first().context("there is no wish")?;
    let opens = opens(arguments, &site, &wishes)?;
    let application = request::application(&arguments.application, None)?;
    let client = request::client(site.clone(), config)?;
    let aim = &arguments.aim;
    let reader = Audience::new(arguments.json, terminal::is_quiet());
    request::advice(&site, &wishes, opens.as_ref()).iter().for_each(|line| terminal::note(line));
    earlier_looks(&site, &wishes, &names, config).await.iter().for_each(|line| terminal::note(line));
    if !arguments.dry_run {
        request::too_few_requests(aim).iter().for_each(|line| terminal::note(line));
        request::lacking(&application, site.charset()).iter().for_each(|line| terminal::warning(line));
    }
    let prompt = say!("book-password", account = arguments.account, site = site.title());
    let credentials = || -> Result<Credentials> {
        Ok(Credentials::new(&arguments.account, terminal::password::ask(arguments.password_stdin, &prompt)?))
    };
    if arguments.dry_run {
        return dry_run::run(&client, &credentials()?, first, &application, &names, arguments.json).await;
    }
    let (mut journal, past) =
        journal::open(arguments.journal.as_deref(), arguments.resume.as_deref(), &site, &wishes)?;
    let credentials = credentials()?;

    let zero = opens.as_ref().map_or_else(|| SystemClock.now(), |opens| opens.at);
    let story = Story::new(reader, zero);
    if reader == Audience::Person {
        introduce(&story, &site, &wishes, opens.as_ref(), &names);
    }
    let mut wishes = wishes.into_iter();
    let wish = wishes.next().context("there is no wish")?;
    let mut booking = wishes.fold(Booking::new(client, credentials, wish, application), Booking::or);
    booking = booking.policy(request::policy(aim)).lead(aim.lead.unwrap_or_default());
    if let Some(opens) = &opens {
        booking = booking.opens_at(opens.at);
    }
    if let Some(ahead) = aim.clock_offset {
        booking = booking.clock_offset_micros(ahead);
    }
    let mut standing = Standing::default();
    if let Some(past) = &past {
        booking = booking.resume(&past.events);
        standing = Standing::of(&past.events);
        story.aside(&if past.is_open() { say!("book-resumed-open") } else { say!("book-resumed") });
    }
    let countdown = opens.map(|opens| Countdown::new(opens.at, booking.budget().clone(), aim.clock_offset));
    let lists = Mutex::default();
    let watched = Watched { booking, countdown, standing, lists: &lists };
    let give_up_after = aim.give_up_after.unwrap_or(request::GIVE_UP_AFTER);
    let kept = journal.as_mut().map(|journal| KeptJournal { journal, give_up_after });
    let ending = foreground::run(watched, &story, kept, |_| {}).await;
    ending.tell(&story, Value::Null);
    drop(story);
    let read = lists.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !read.is_empty()
        && let Some(store) = super::open_in_passing(config).await
    {
        request::keep_rounds(&store, &site, read).await;
        store.close().await;
    }
    if let Some(receipt) = ending.receipt().filter(|_| !arguments.json) {
        // The reservation stands, whether or not somebody reads its number.
        let _ = terminal::result(receipt);
    }
    Ok(ending.code())
}

/// What day lists that were read earlier speak against the wishes, if there is a store that has them.
async fn earlier_looks(site: &Site, wishes: &[Wish], names: &CourtNames, config: &Config) -> Vec<String> {
    let Some(store) = super::open_in_passing(config).await else { return Vec::new() };
    let looks = request::earlier_looks(&store, site, names, wishes);
    // A store that hangs is no reason to begin late.
    let lines = tokio::time::timeout(super::IN_PASSING, looks).await.unwrap_or_default();
    store.close().await;
    lines
}

/// The instant to wait for, if one was asked for.
fn opens(arguments: &Book, site: &Site, wishes: &[Wish]) -> Result<Option<PlannedOpening>> {
    let aim = &arguments.aim;
    let asked = match arguments.opens_at {
        None | Some(OpensAt::Now) => {
            let of_an_opening =
                [("--lead", aim.lead.is_some()), ("--clock-offset", aim.clock_offset.is_some())];
            return match of_an_opening.into_iter().find(|(_, given)| *given) {
                Some((option, _)) => Err(BadInput(say!("book-needs-opening", option = option)).into()),
                None => Ok(None),
            };
        }
        Some(asked) => asked,
    };
    let first = wishes.first().context("there is no wish")?;
    let opens = request::opening(asked, site, first)?;
    request::check_opening(&opens, aim.give_up_after.unwrap_or(request::GIVE_UP_AFTER), wishes)?;
    Ok(Some(opens))
}

/// What is known of the courts. The store is asked only for what a person gave by name or as a group.
pub(super) async fn courts(site: &Site, choices: &[Choice], config: &Config) -> Result<CourtBook> {
    if choices.iter().all(|choice| matches!(choice.place, AskedPlace::Court(_))) {
        return Ok(CourtBook::of_dialect(site));
    }
    let store = super::open_if_there(config).await;
    let mut courts = CourtBook::open(site, store.as_ref()).await;
    courts.complete(choices, store.as_ref(), || request::client(site.clone(), config)).await?;
    if let Some(store) = store {
        store.close().await;
    }
    Ok(courts)
}

fn introduce(
    story: &Story,
    site: &Site,
    wishes: &[Wish],
    opens: Option<&PlannedOpening>,
    names: &CourtNames,
) {
    let many = wishes.len() > 1;
    for (index, wish) in wishes.iter().enumerate() {
        let choice = if many { say!("book-choice", number = index + 1) } else { String::new() };
        let Wish { place, date, range, .. } = wish;
        let name = names.get(place).map(|name| format!("{name}, ")).unwrap_or_default();
        story.aside(&say!(
            "book-wish",
            choice = choice,
            name = name,
            place = place,
            date = date,
            range = range,
            site = site.base_url()
        ));
    }
    if opens.is_some_and(|opens| opens.at <= SystemClock.now()) {
        story.aside(&say!("book-late-start"));
    }
}
