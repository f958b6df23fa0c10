//! What will stop a wish at its opening and can be read from the site's lists before it. Pure.
//!
//! A refusal at the opening costs the court, and a person can do nothing about it then. Ten minutes before, a wish for
//! 07:00-09:00 where the rounds are 06:00-08:00 and 08:00-10:00 can still be corrected. So whatever the pages of the
//! preparation show is held against the wishes, and told with what could be booked instead.
//!
//! What follows is decided by how sure it is ([`Weight`]). A list from before an opening is no promise: a booked slot
//! may be given back, a closed day may open. Only what the wished day itself contradicts is not tried.

use crate::booking::event::{Obstacle, Wish};
use crate::pages::day::fills;
use crate::pages::schedule::{DayList, ListedSlot};
use crate::value::application::ApplicationError;
use crate::value::date::RentDate;
use crate::value::slot::{Purpose, SlotState, TimeRange};

/// How much it weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// It may be otherwise on the day: it is told, and changes nothing.
    Perhaps,
    /// It is so now and may change until the opening: the wish waits behind the others.
    Unlikely,
    /// It cannot become true: nothing is sent for it.
    Final,
}

/// What was found about one wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) obstacle: Obstacle,
    pub(crate) weight: Weight,
    /// A sentence for a person, with the choices in it.
    pub(crate) text: String,
    pub(crate) choices: Vec<String>,
}

impl Finding {
    pub(crate) fn new(obstacle: Obstacle, weight: Weight, text: impl Into<String>) -> Self {
        Self { obstacle, weight, text: text.into(), choices: Vec::new() }
    }

    fn with(mut self, choices: impl IntoIterator<Item = TimeRange>) -> Self {
        self.choices = choices.into_iter().map(|range| range.to_string()).collect();
        self
    }
}

fn in_words(rounds: &[TimeRange]) -> String {
    rounds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Whether a time is one of these rounds, or several adjacent ones.
fn is_run(range: TimeRange, rounds: &[TimeRange]) -> bool {
    fills(range, rounds.iter().copied().filter(|round| range.covers(*round)))
}

/// What the day lists of a court tell against a wish: `own` is that of its month, `others` are further ones.
pub(crate) fn by_lists(
    wish: &Wish,
    own: &DayList,
    others: &[&DayList],
    most_slots: Option<u8>,
    today: RentDate,
) -> Option<Finding> {
    let Wish { date, range, purpose, .. } = *wish;
    let of_day = own.rounds(date, purpose);
    if of_day.is_empty() {
        return by_other_days(wish, own, others);
    }
    if !is_run(range, &of_day) {
        let error = ApplicationError::NotARound { asked: range, rounds: in_words(&of_day) };
        return Some(Finding::new(Obstacle::Rounds, Weight::Final, error.to_string()).with(of_day));
    }
    let taken = of_day.iter().filter(|round| range.covers(**round)).count();
    if let Some(most) = most_slots.filter(|most| taken > usize::from(*most)) {
        let error =
            ApplicationError::TooLong { asked_minutes: range.minutes(), most: format!("{most} slots") };
        return Some(Finding::new(Obstacle::Length, Weight::Final, error.to_string()).with(of_day));
    }
    let slots: Vec<&ListedSlot> = own.within(date, range, purpose).collect();
    let shown = |state| slots.iter().any(|slot| slot.state == state);
    let free = || {
        let open = [SlotState::Free, SlotState::NotShown];
        let left = own.of(purpose).filter(|slot| slot.date == date && open.contains(&slot.state));
        left.map(|slot| slot.range).collect::<Vec<_>>()
    };
    if shown(SlotState::Booked) {
        let left = free();
        let rest = if left.is_empty() { "none".to_owned() } else { in_words(&left) };
        let text = format!("the day list shows {range} as booked already; not booked on {date}: {rest}");
        return Some(Finding::new(Obstacle::Booked, Weight::Unlikely, text).with(left));
    }
    if shown(SlotState::Lottery) {
        let text = format!("the day list says that {date} is given by lot, not to who comes first");
        return Some(Finding::new(Obstacle::Day, Weight::Unlikely, text).with(free()));
    }
    // A site may show every day that is not open yet as closed. It says something of this day only where another day
    // that is not open yet shows nothing.
    let unopened =
        |slot: &&ListedSlot| slot.date > today && slot.date != date && slot.state == SlotState::NotShown;
    let closed = [SlotState::Closed, SlotState::Unavailable].into_iter().find(|state| shown(*state));
    let state = closed.filter(|_| own.of(purpose).any(|slot| unopened(&slot)))?;
    let text = format!("the day list shows {date} {range} as {}, unlike other days to come", state.word());
    Some(Finding::new(Obstacle::Day, Weight::Unlikely, text).with(free()))
}

/// The same where the list has nothing of the wished day yet: by what the court has on other days. Rounds change with
/// the season, so this is never final.
fn by_other_days(wish: &Wish, own: &DayList, others: &[&DayList]) -> Option<Finding> {
    let Wish { date, range, purpose, .. } = *wish;
    let other_purpose = match purpose {
        Purpose::Sports => Purpose::Events,
        Purpose::Events => Purpose::Sports,
    };
    let lists = || std::iter::once(own).chain(others.iter().copied());
    let name = |purpose| if purpose == Purpose::Sports { "sports" } else { "events" };
    let without = |weight, day: &str| {
        let (wanted, there) = (name(purpose), name(other_purpose));
        let text = format!("the court has no list for {wanted}{day}, only one for {there}");
        let choices = vec![there.to_owned()];
        Finding { choices, ..Finding::new(Obstacle::Purpose, weight, text) }
    };
    if !own.rounds(date, other_purpose).is_empty() {
        return Some(without(Weight::Final, &format!(" on {date}")));
    }
    let mut days: Vec<Vec<TimeRange>> = Vec::new();
    let mut dates: Vec<(RentDate, usize)> = Vec::new();
    for (index, list) in lists().enumerate() {
        for slot in list.of(purpose) {
            if !dates.contains(&(slot.date, index)) {
                dates.push((slot.date, index));
                days.push(list.rounds(slot.date, purpose));
            }
        }
    }
    if days.is_empty() {
        let has_other = lists().any(|list| list.of(other_purpose).next().is_some());
        return has_other.then(|| without(Weight::Perhaps, ""));
    }
    if days.iter().any(|day| is_run(range, day)) {
        return None;
    }
    let last = days.pop().unwrap_or_default();
    let text = format!(
        "{range} is no round of the court, nor several adjacent ones, on any day that the site lists: its rounds are {}",
        in_words(&last)
    );
    Some(Finding::new(Obstacle::Rounds, Weight::Perhaps, text).with(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::event::Foreseen;
    use crate::value::slot::Round;

    const DAY: &str = "2026-12-05";

    fn slot(date: &str, range: &str, purpose: Purpose, state: SlotState) -> ListedSlot {
        ListedSlot {
            date: date.parse().unwrap(),
            round: Some(Round(1)),
            range: range.parse().unwrap(),
            purpose,
            state,
            event_name: String::new(),
            group_name: String::new(),
        }
    }

    /// A list with the rounds 06:00-08:00 and 08:00-10:00 on each of these days.
    fn list(days: &[(&str, SlotState)]) -> DayList {
        let slots = days.iter().flat_map(|(date, state)| {
            ["06:00-08:00", "08:00-10:00"].map(|range| slot(date, range, Purpose::Sports, *state))
        });
        DayList { slots: slots.collect() }
    }

    fn wish(range: &str, purpose: Purpose) -> Wish {
        let (date, range) = (DAY.parse().unwrap(), range.parse().unwrap());
        Wish { place: "NYJ06/07/103".parse().unwrap(), date, range, purpose }
    }

    fn found(wish: &Wish, own: &DayList, others: &[&DayList]) -> Option<(Obstacle, Weight, Vec<String>)> {
        let today = "2026-11-26".parse().unwrap();
        by_lists(wish, own, others, Some(2), today).map(|f| (f.obstacle, f.weight, f.choices))
    }

    #[test]
    fn a_time_is_held_against_the_rounds_of_its_own_day() {
        use SlotState::NotShown;
        let own = list(&[(DAY, NotShown)]);
        let rounds = vec!["06:00-08:00".to_owned(), "08:00-10:00".to_owned()];
        for range in ["07:00-09:00", "06:00-09:00", "06:00-07:00", "10:00-12:00"] {
            let found = found(&wish(range, Purpose::Sports), &own, &[]);
            assert_eq!(found, Some((Obstacle::Rounds, Weight::Final, rounds.clone())), "{range}");
        }
        for range in ["06:00-08:00", "08:00-10:00", "06:00-10:00"] {
            assert_eq!(found(&wish(range, Purpose::Sports), &own, &[]), None, "{range}");
        }
        let today = "2026-11-26".parse().unwrap();
        let long = by_lists(&wish("06:00-10:00", Purpose::Sports), &own, &[], Some(1), today).unwrap();
        assert_eq!((long.obstacle, long.weight), (Obstacle::Length, Weight::Final));
    }

    #[test]
    fn other_days_are_a_hint_and_no_more() {
        use SlotState::{Free, NotShown};
        let empty = list(&[]);
        let november = list(&[("2026-11-27", Free), ("2026-11-28", NotShown)]);
        let late = wish("07:00-09:00", Purpose::Sports);
        assert_eq!(found(&late, &empty, &[]), None);
        let (obstacle, weight, choices) = found(&late, &empty, &[&november]).unwrap();
        assert_eq!((obstacle, weight, choices.len()), (Obstacle::Rounds, Weight::Perhaps, 2));
        // One day with other rounds is enough to say nothing.
        let mut mixed = november.clone();
        mixed.slots.push(slot("2026-11-29", "07:00-09:00", Purpose::Sports, Free));
        assert_eq!(found(&late, &empty, &[&mixed]), None);
    }

    #[test]
    fn a_list_that_lacks_the_purpose_is_told() {
        let own = list(&[(DAY, SlotState::NotShown)]);
        let events = wish("06:00-08:00", Purpose::Events);
        let expected = Some((Obstacle::Purpose, Weight::Final, vec!["sports".to_owned()]));
        assert_eq!(found(&events, &own, &[]), expected);
        let other_day = list(&[("2026-12-06", SlotState::Free)]);
        let expected = Some((Obstacle::Purpose, Weight::Perhaps, vec!["sports".to_owned()]));
        assert_eq!(found(&events, &other_day, &[]), expected);
    }

    #[test]
    fn a_closed_day_is_told_only_where_other_days_to_come_are_not_closed() {
        use SlotState::{Booked, Closed, Free, Lottery, NotShown, Unavailable};
        let early = wish("06:00-08:00", Purpose::Sports);
        let of = |days: &[(&str, SlotState)]| found(&early, &list(days), &[]).map(|(o, w, _)| (o, w));
        let unlikely = |obstacle| Some((obstacle, Weight::Unlikely));
        for state in [Closed, Unavailable] {
            assert_eq!(of(&[(DAY, state), ("2026-12-06", NotShown)]), unlikely(Obstacle::Day));
            assert_eq!(of(&[(DAY, state), ("2026-12-06", state)]), None);
            // A day that is over shows nothing either.
            assert_eq!(of(&[(DAY, state), ("2026-11-25", NotShown)]), None);
        }
        assert_eq!(of(&[(DAY, Lottery)]), unlikely(Obstacle::Day));
        assert_eq!(of(&[(DAY, Booked)]), unlikely(Obstacle::Booked));
        assert_eq!(of(&[(DAY, NotShown)]), None);
        assert_eq!(of(&[(DAY, Free)]), None);
    }

    #[test]
    fn a_word_of_a_newer_version_is_read() {
        let told: Foreseen =
            serde_json::from_str(r#"{ "wish": 1, "obstacle": "eclipse", "is_final": false }"#).unwrap();
        assert_eq!((told.obstacle, told.choices.len()), (Obstacle::Unrecognised, 0));
    }
}
