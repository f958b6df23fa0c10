//! The rounds of a court as its day lists showed them earlier, and what they tell against a wish.
//!
//! Rounds stay the same for months, so a list that was read weeks before an opening shows a time that is no round. What a
//! list of that age tells is advice only: nothing is left untried for it.

use serde::{Deserialize, Serialize};

use crate::booking::event::{Obstacle, Wish};
use crate::booking::foreseen::by_lists;
use crate::pages::schedule::{DayList, ListedSlot};
use crate::value::date::{RentDate, SeoulTime};
use crate::value::place::Place;
use crate::value::slot::{Purpose, SlotState, TimeRange};

/// The rounds of a court, as one of its day lists showed them.
///
/// It holds no names, and can be stored as JSON. Given to a later booking ([`Booking::rounds_before`]), or asked about a
/// wish ([`Wish::doubted_by`]).
///
/// [`Booking::rounds_before`]: crate::Booking::rounds_before
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EarlierRounds {
    /// The court.
    pub place: Place,
    /// When the list was read.
    pub read_at: SeoulTime,
    /// Its days, those that are alike together.
    pub days: Vec<AlikeDays>,
}

/// Days of a list that have the same rounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AlikeDays {
    /// What the rounds can be booked for.
    pub purpose: Purpose,
    /// The rounds, in time order.
    pub rounds: Vec<TimeRange>,
    /// The days, in the order of the list.
    pub dates: Vec<RentDate>,
}

/// What earlier day lists tell against a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EarlierDoubt {
    /// What would stop it.
    pub obstacle: Obstacle,
    /// A sentence without a full stop, with the choices in it.
    pub text: String,
    /// What the court had instead, as it is written in a wish.
    pub choices: Vec<String>,
    /// When the list was read.
    pub read_at: SeoulTime,
}

impl EarlierRounds {
    /// What a list shows that was read at this instant; `None` if it shows no round.
    pub fn of(place: &Place, list: &DayList, read_at: SeoulTime) -> Option<Self> {
        let mut days: Vec<AlikeDays> = Vec::new();
        let mut known: Vec<(RentDate, Purpose)> = Vec::new();
        for slot in &list.slots {
            let (date, purpose) = (slot.date, slot.purpose);
            if known.contains(&(date, purpose)) {
                continue;
            }
            known.push((date, purpose));
            let rounds = list.rounds(date, purpose);
            match days.iter_mut().find(|alike| alike.purpose == purpose && alike.rounds == rounds) {
                Some(alike) => alike.dates.push(date),
                None => days.push(AlikeDays { purpose, rounds, dates: vec![date] }),
            }
        }
        (!days.is_empty()).then(|| Self { place: place.clone(), read_at, days })
    }

    fn has(&self, date: RentDate) -> bool {
        self.days.iter().any(|alike| alike.dates.contains(&date))
    }

    /// The days as a list that shows nothing else of them.
    fn slots(&self) -> impl Iterator<Item = ListedSlot> {
        let of_date = |alike: &AlikeDays, date: RentDate| {
            let purpose = alike.purpose;
            alike.rounds.clone().into_iter().map(move |range| ListedSlot {
                date,
                round: None,
                range,
                purpose,
                state: SlotState::NotShown,
                event_name: String::new(),
                group_name: String::new(),
            })
        };
        self.days.iter().flat_map(move |alike| alike.dates.iter().flat_map(move |date| of_date(alike, *date)))
    }
}

impl Wish {
    /// What day lists that were read earlier tell against this wish, the newest first: that its time is no run of the
    /// court's rounds, or that its purpose has no list. Lists of other courts are passed over. `None` if they tell nothing.
    pub fn doubted_by(&self, earlier: &[EarlierRounds]) -> Option<EarlierDoubt> {
        let mut lists: Vec<&EarlierRounds> = earlier.iter().filter(|list| list.place == self.place).collect();
        lists.sort_by_key(|list| std::cmp::Reverse(list.read_at));
        // The newest list with the wished day; else the newest of all.
        let of_day = lists.iter().position(|list| list.has(self.date));
        let own = lists.remove(of_day.or((!lists.is_empty()).then_some(0))?);
        let as_list = |list: &EarlierRounds| DayList { slots: list.slots().collect() };
        let others: Vec<DayList> = lists.into_iter().map(as_list).collect();
        let others: Vec<&DayList> = others.iter().collect();
        let found = by_lists(self, &as_list(own), &others, None, self.date)?;
        let (obstacle, text, choices) = (found.obstacle, found.text, found.choices);
        Some(EarlierDoubt { obstacle, text, choices, read_at: own.read_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURT: &str = "NYJ06/07/103";

    fn slot(date: &str, range: &str, purpose: Purpose) -> ListedSlot {
        ListedSlot {
            date: date.parse().unwrap(),
            round: None,
            range: range.parse().unwrap(),
            purpose,
            state: SlotState::Booked,
            event_name: "대회".to_owned(),
            group_name: "다른클럽".to_owned(),
        }
    }

    fn read(place: &str, read_at: &str, days: &[(&str, &[&str])]) -> EarlierRounds {
        let slots = days.iter().flat_map(|(date, rounds)| {
            [Purpose::Sports, Purpose::Events]
                .into_iter()
                .flat_map(move |purpose| rounds.iter().map(move |range| slot(date, range, purpose)))
        });
        let list = DayList { slots: slots.collect() };
        EarlierRounds::of(&place.parse().unwrap(), &list, read_at.parse().unwrap()).unwrap()
    }

    fn wish(range: &str) -> Wish {
        Wish {
            place: COURT.parse().unwrap(),
            date: "2026-12-05".parse().unwrap(),
            range: range.parse().unwrap(),
            purpose: Purpose::Sports,
        }
    }

    fn texts(rounds: &[&str]) -> Vec<String> {
        rounds.iter().map(|text| (*text).to_owned()).collect()
    }

    const EVEN: &[&str] = &["06:00-08:00", "08:00-10:00"];
    const ODD: &[&str] = &["07:00-09:00", "09:00-11:00"];

    #[test]
    fn days_with_the_same_rounds_are_kept_together_and_without_names() {
        let days: &[(&str, &[&str])] = &[("2026-12-05", EVEN), ("2026-12-06", ODD), ("2026-12-07", EVEN)];
        let read = read(COURT, "2026-11-20 09:00:00", days);
        let dates: Vec<usize> = read.days.iter().map(|alike| alike.dates.len()).collect();
        assert_eq!(dates, [2, 2, 1, 1]);
        let json = serde_json::to_string(&read).unwrap();
        assert!(!json.contains("클럽") && !json.contains("대회"), "{json}");
        assert_eq!(serde_json::from_str::<EarlierRounds>(&json).unwrap(), read);
        let nothing = DayList { slots: Vec::new() };
        assert_eq!(EarlierRounds::of(&COURT.parse().unwrap(), &nothing, read.read_at), None);
    }

    #[test]
    fn a_time_that_was_no_round_is_told_with_what_was() {
        let lists = [
            read(COURT, "2026-11-20 09:00:00", &[("2026-11-30", EVEN)]),
            read("NYJ06/07/104", "2026-11-24 09:00:00", &[("2026-12-05", ODD)]),
        ];
        for range in ["07:00-09:00", "06:00-09:00", "10:00-12:00"] {
            let doubt = wish(range).doubted_by(&lists).unwrap();
            assert_eq!((doubt.obstacle, doubt.choices), (Obstacle::Rounds, texts(EVEN)));
            assert_eq!(doubt.read_at, "2026-11-20 09:00:00".parse().unwrap());
            assert!(doubt.text.contains("06:00-08:00, 08:00-10:00"), "{}", doubt.text);
        }
        for range in ["06:00-08:00", "06:00-10:00"] {
            assert_eq!(wish(range).doubted_by(&lists), None, "{range}");
        }
        assert_eq!(wish("07:00-09:00").doubted_by(&[]), None);
    }

    #[test]
    fn the_newest_list_with_the_wished_day_counts() {
        let old = read(COURT, "2026-11-01 09:00:00", &[("2026-12-05", EVEN)]);
        let new = read(COURT, "2026-11-20 09:00:00", &[("2026-12-05", ODD)]);
        let other_month = read(COURT, "2026-11-24 09:00:00", &[("2026-11-30", EVEN)]);
        let both = [old.clone(), new, other_month.clone()];
        assert_eq!(wish("07:00-09:00").doubted_by(&both), None);
        let doubt = wish("06:00-08:00").doubted_by(&both).unwrap();
        assert_eq!((doubt.choices, doubt.read_at), (texts(ODD), "2026-11-20 09:00:00".parse().unwrap()));
        // A day on which it is a round speaks for it, in whichever list.
        let odd_day = read(COURT, "2026-11-10 09:00:00", &[("2026-10-31", ODD)]);
        assert_eq!(wish("07:00-09:00").doubted_by(&[other_month, odd_day]), None);
    }
}
