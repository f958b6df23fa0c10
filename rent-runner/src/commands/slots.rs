//! `slots`: the day list of a court.

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::schedule::{ListedSlot, Month, SlotState};
use namyangju_rent::{Purpose, TimeRange};

use super::documents::SlotsDocument;
use crate::bad_input::BadInput;
use crate::cli::{Choice, Slots};
use crate::config::Config;
use crate::say::{retold, say};
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
        let why = say!("slots-group", group = arguments.place);
        return Err(BadInput(why).into());
    };
    let name = courts.names().get(place).map(str::to_owned);
    let client = request::client(site, config)?;
    let list = client.guest()?.day_list(place, month).await.map_err(|error| {
        let missing = error.page().is_some_and(|page| page.status() == 404);
        let hint = say!("slots-no-page", place = place);
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
        return Ok(exit::DONE);
    }
    if !slots.is_empty() {
        let rows = slots.iter().map(|slot| row(slot)).collect();
        terminal::result(&terminal::table(&["date", "day", "round", "time", "for", "state"], rows))?;
    }
    let free = slots.iter().filter(|slot| slot.state == SlotState::Free).count();
    let listed = counted(u32::try_from(slots.len()).unwrap_or(u32::MAX), "time");
    let month = list.slots.iter().filter(in_list).count();
    let both = if arguments.all { say!("slots-both") } else { String::new() };
    let court = name.map(|name| format!("{name}: ")).unwrap_or_default();
    terminal::note(&say!(
        "slots-summary",
        court = court,
        listed = listed,
        free = free,
        month = month,
        both = both
    ));
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
        retold(purpose),
        retold(slot.state.word()),
    ]
}
