//! `slots`: the day list of a court.

use anyhow::Result;
use namyangju_rent::Purpose;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::schedule::{ListedSlot, SlotState};

use super::documents::SlotsDocument;
use crate::cli::Slots;
use crate::config::Config;
use crate::words::counted;
use crate::{exit, request, terminal};

/// Reads the list and prints it.
pub(crate) async fn run(arguments: &Slots, config: &Config) -> Result<u8> {
    let site = request::site_of(config)?;
    let month = match (arguments.date, arguments.month) {
        (Some(date), _) => date,
        (None, Some(month)) => month.0,
        (None, None) => SystemClock.now().date(),
    };
    let client = request::client(site, config)?;
    let list = client.guest()?.day_list(&arguments.place, month).await.map_err(|error| {
        let missing = error.page().is_some_and(|page| page.status() == 404);
        let hint = format!("the site has no such page: is there a place {}?", arguments.place);
        let error = anyhow::Error::from(error);
        if missing { error.context(hint) } else { error }
    })?;
    let wanted = |slot: &&ListedSlot| {
        arguments.date.is_none_or(|date| slot.date == date)
            && (!arguments.free || slot.state == SlotState::Free)
    };
    let slots: Vec<&ListedSlot> = list.slots.iter().filter(wanted).collect();
    if arguments.json {
        let (site, place, read_at) = (client.site().name(), &arguments.place, SystemClock.now());
        terminal::json(&SlotsDocument { site, place, read_at, slots })?;
        return Ok(exit::DONE);
    }
    if !slots.is_empty() {
        let rows = slots.iter().map(|slot| row(slot)).collect();
        terminal::result(&terminal::table(&["date", "day", "round", "time", "for", "state"], rows))?;
    }
    let free = slots.iter().filter(|slot| slot.state == SlotState::Free).count();
    let listed = counted(u32::try_from(slots.len()).unwrap_or(u32::MAX), "time");
    terminal::note(&format!("{listed}, {free} free; the site lists {} for the month", list.slots.len()));
    Ok(exit::DONE)
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
