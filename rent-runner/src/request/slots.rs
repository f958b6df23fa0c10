//! The times of a court in one month, by the site's own day list.

use anyhow::Result;
use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::schedule::{EarlierRounds, ListedSlot, Month, SlotState};
use namyangju_rent::{Place, Purpose, SeoulTime, Site, TimeRange};

use super::courts::CourtBook;
use crate::bad_input::BadInput;
use crate::cli::{Choice, Slots};
use crate::config::Config;
use crate::request;
use crate::say::say;

/// What the site lists.
#[derive(Debug)]
pub(crate) struct FoundSlots {
    /// The dialect's name.
    pub(crate) site: String,
    pub(crate) place: Place,
    /// What the court is called, if that is known.
    pub(crate) name: Option<String>,
    pub(crate) read_at: SeoulTime,
    /// All of the month, for sports and for events.
    pub(crate) all: Vec<ListedSlot>,
    /// The rounds that they show, if any, to be kept for who asks next.
    pub(crate) rounds: Option<EarlierRounds>,
}

impl FoundSlots {
    /// Those that were asked for.
    pub(crate) fn wanted(&self, asked: &Slots) -> Vec<&ListedSlot> {
        let wanted = |slot: &&ListedSlot| {
            in_list(slot, asked)
                && asked.date.is_none_or(|date| slot.date == date)
                && (!asked.free || slot.state == SlotState::Free)
        };
        self.all.iter().filter(wanted).collect()
    }
}

/// Whether a time is of the list that was asked for: that for sports, or that for events.
pub(crate) fn in_list(slot: &ListedSlot, asked: &Slots) -> bool {
    let purpose = if asked.events { Purpose::Events } else { Purpose::Sports };
    asked.all || slot.purpose == purpose
}

/// The court that is asked for, with the first day of the month, as something that is wished for.
pub(crate) fn asked_court(asked: &Slots) -> Choice {
    Choice { place: asked.place.clone(), date: month(asked).first_day(), range: TimeRange::whole_day() }
}

fn month(asked: &Slots) -> Month {
    match (asked.date, asked.month) {
        (Some(date), _) => date.into(),
        (None, Some(month)) => month,
        (None, None) => Month::from(SystemClock.now().date()),
    }
}

/// Reads the list with one request.
///
/// # Errors
/// Bad input for a group of courts or an unknown name, and the library's.
pub(crate) async fn slots(
    site: Site,
    config: &Config,
    courts: &CourtBook,
    asked: &Slots,
) -> Result<FoundSlots> {
    let [place] = &courts.find(&asked.place)?[..] else {
        let why = say!("slots-group", group = asked.place);
        return Err(BadInput(why).into());
    };
    let name = courts.names().get(place).map(str::to_owned);
    let client = request::client(site, config)?;
    let list = client.guest()?.day_list(place, month(asked)).await.map_err(|error| {
        let missing = error.page().is_some_and(|page| page.status() == 404);
        let hint = say!("slots-no-page", place = place);
        let error = anyhow::Error::from(error);
        if missing { error.context(hint) } else { error }
    })?;
    let read_at = SystemClock.now();
    Ok(FoundSlots {
        site: client.site().name().to_owned(),
        place: place.clone(),
        name,
        read_at,
        rounds: EarlierRounds::of(place, &list, read_at),
        all: list.slots,
    })
}
