//! `slots`: the day list of a court.

use anyhow::Result;
use namyangju_rent::schedule::{EarlierRounds, ListedSlot, SlotState};
use namyangju_rent::{Purpose, Site};

use crate::cli::Slots;
use crate::config::Config;
use crate::documents::SlotsDocument;
use crate::say::{retold, say};
use crate::words::counted;
use crate::{exit, request, terminal};

/// Reads the list and prints it.
pub(crate) async fn run(arguments: &Slots, config: &Config) -> Result<u8> {
    let site = request::site_of(config)?;
    let choice = request::asked_court(arguments);
    let courts = super::book::courts(&site, std::slice::from_ref(&choice), config).await?;
    let found = request::slots(site.clone(), config, &courts, arguments).await?;
    let slots = found.wanted(arguments);
    if arguments.json {
        terminal::json(&SlotsDocument {
            site: &found.site,
            place: &found.place,
            place_name: found.name.as_deref(),
            read_at: found.read_at,
            slots,
        })?;
        keep_rounds(&site, found.rounds, config).await;
        return Ok(exit::DONE);
    }
    if !slots.is_empty() {
        let rows = slots.iter().map(|slot| row(slot)).collect();
        terminal::result(&terminal::table(&["date", "day", "round", "time", "for", "state"], rows))?;
    }
    let free = slots.iter().filter(|slot| slot.state == SlotState::Free).count();
    let listed = counted(u32::try_from(slots.len()).unwrap_or(u32::MAX), "time");
    let month = found.all.iter().filter(|slot| request::in_list(slot, arguments)).count();
    let both = if arguments.all { say!("slots-both") } else { String::new() };
    let court = found.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    terminal::note(&say!(
        "slots-summary",
        court = court,
        listed = listed,
        free = free,
        month = month,
        both = both
    ));
    keep_rounds(&site, found.rounds, config).await;
    Ok(exit::DONE)
}

/// Keeps the rounds of the court, so that `add` and `book` can say that a time is none of them. Only where there is a store.
async fn keep_rounds(site: &Site, rounds: Option<EarlierRounds>, config: &Config) {
    if let Some(store) = super::open_in_passing(config).await {
        request::keep_rounds(&store, site, rounds).await;
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
        retold(purpose),
        retold(slot.state.word()),
    ]
}
