//! `slots`: the day list of a court.

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::schedule::{DayList, EarlierRounds, ListedSlot, Month, SlotState};
use namyangju_rent::{Place, Purpose, Site, TimeRange};

use super::documents::SlotsDocument;
use crate::bad_input::BadInput;
use crate::cli::{Choice, Slots};
use crate::config::Config;
use crate::words::counted;
use crate::{exit, request, terminal};

/// Reads the list and prints it.
pub(crate) async fn run(arguments: &Slots, config: &Config) -> Result<u8> {
    let site = request::site_of(config)?;
    let month = match (arguments.date, arguments.month) {
        (Some(date), _) => date.into(),
        (None, Some(month)) => month,
        (None, None) => Month::from(SystemClock.now().date()),
    };
    let choice =
        Choice { place: arguments.place.clone(), date: month.first_day(), range: TimeRange::whole_day() };
    let courts = super::book::courts(&site, std::slice::from_ref(&choice), config).await?;
    let [place] = &courts.find(&arguments.place)?[..] else {
        let why = format!("{} is a group of courts: give one of them", arguments.place);
        return Err(BadInput(why).into());
    };
    let name = courts.names().get(place).map(str::to_owned);
    let client = request::client(site, config)?;
    let list = client.guest()?.day_list(place, month).await.map_err(|error| {
        let missing = error.page().is_some_and(|page| page.status() == 404);
        let hint = format!("the site has no such page: is there a place {place}?");
        let error = anyhow::Error::from(error);
        if missing { error.context(hint) } else { error }
    })?;
    let purpose = if arguments.events { Purpose::Events } else { Purpose::Sports };
    let in_list = |slot: &&ListedSlot| arguments.all || slot.purpose == purpose;
    let wanted = |slot: &&ListedSlot| {
        in_list(slot)
            && arguments.date.is_none_or(|date| slot.date == date)
            && (!arguments.free || slot.state == SlotState::Free)
    };
    let slots: Vec<&ListedSlot> = list.slots.iter().filter(wanted).collect();
    if arguments.json {
        let (site, place_name, read_at) = (client.site().name(), name.as_deref(), SystemClock.now());
        terminal::json(&SlotsDocument { site, place, place_name, read_at, slots })?;
        keep_rounds(client.site(), place, &list, config).await;
        return Ok(exit::DONE);
    }
    if !slots.is_empty() {
        let rows = slots.iter().map(|slot| row(slot)).collect();
        terminal::result(&terminal::table(&["date", "day", "round", "time", "for", "state"], rows))?;
    }
    let free = slots.iter().filter(|slot| slot.state == SlotState::Free).count();
    let listed = counted(u32::try_from(slots.len()).unwrap_or(u32::MAX), "time");
    let month = list.slots.iter().filter(in_list).count();
    let both = if arguments.all { ", each for sports and for events" } else { "" };
    let court = name.map(|name| format!("{name}: ")).unwrap_or_default();
    terminal::note(&format!("{court}{listed}, {free} free; the site lists {month} for the month{both}"));
    keep_rounds(client.site(), place, &list, config).await;
    Ok(exit::DONE)
}

/// Keeps the rounds of the court, so that `add` and `book` can say that a time is none of them. Only where there is a store.
async fn keep_rounds(site: &Site, place: &Place, list: &DayList, config: &Config) {
    if let Some(store) = super::open_in_passing(config).await {
        request::keep_rounds(&store, site, EarlierRounds::of(place, list, SystemClock.now())).await;
        store.close().await;
    }
}

fn row(slot: &ListedSlot) -> Vec<String> {
    let purpose = match slot.purpose {
        Purpose::Sports => "sports",
        Purpose::Events => "events",
    };
    vec![
        slot.date.to_string(),
        slot.date.weekday_korean().to_owned(),
        slot.round.map(|round| round.to_string()).unwrap_or_default(),
        slot.range.to_string(),
        purpose.to_owned(),
        slot.state.word().to_owned(),
    ]
}
