//! What the day list tells of a wish: free, ours, somebody else's, or nothing.

use crate::booking::event::Wish;
use crate::html::text::fold;
use crate::pages::schedule::{DayList, ListedSlot};
use crate::value::application::Application;
use crate::value::slot::SlotState;

/// What the day list tells of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadBack {
    /// Every slot of it is free.
    Free,
    /// Every slot is booked, under our event and club.
    Ours,
    /// A slot is booked under other names.
    Others,
    /// A slot is booked, and the list does not tell by whom.
    Booked,
    /// Not open, closed, or not on the list.
    Nothing,
}

impl ReadBack {
    pub(crate) fn of(list: &DayList, wish: &Wish, application: &Application) -> Self {
        let slots: Vec<&ListedSlot> = list.within(wish.date, wish.range, wish.purpose).collect();
        if slots.is_empty() {
            return Self::Nothing;
        }
        if slots.iter().all(|slot| slot.state == SlotState::Free) {
            return Self::Free;
        }
        let booked = || slots.iter().filter(|slot| slot.state == SlotState::Booked);
        let ours = |slot: &ListedSlot| match may_be(&slot.group_name, &application.club_name) {
            Some(true) => may_be(&slot.event_name, &application.event_name),
            other => other,
        };
        if booked().any(|slot| ours(slot) == Some(false)) {
            Self::Others
        } else if booked().count() == slots.len() && booked().all(|slot| ours(slot) == Some(true)) {
            Self::Ours
        } else if booked().next().is_some() {
            Self::Booked
        } else {
            Self::Nothing
        }
    }

    /// The state to show a person.
    pub(crate) fn state(self) -> SlotState {
        match self {
            Self::Free => SlotState::Free,
            Self::Ours | Self::Others | Self::Booked => SlotState::Booked,
            Self::Nothing => SlotState::NotShown,
        }
    }
}

/// Whether a name that the list shows may be ours; `None` if it shows none. A `*` stands for any
/// character: some lists mask names.
fn may_be(shown: &str, ours: &str) -> Option<bool> {
    let (shown, ours) = (fold(shown), fold(ours));
    if shown.is_empty() {
        return None;
    }
    let fits = shown.chars().count() == ours.chars().count()
        && shown.chars().zip(ours.chars()).all(|(s, o)| s == o || matches!(s, '*' | '○' | '●'));
    Some(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_list_may_be_masked() {
        assert_eq!(may_be("가나다클럽", "가나다클럽"), Some(true));
        assert_eq!(may_be(" 가*다클럽 ", "가나다클럽"), Some(true));
        assert_eq!(may_be("라마바클럽", "가나다클럽"), Some(false));
        assert_eq!(may_be("가나다", "가나다클럽"), Some(false));
        assert_eq!(may_be("  ", "가나다클럽"), None);
    }

    #[test]
    fn a_wish_of_several_rounds_is_free_only_if_all_are() {
        let wish = Wish {
            place: "NYJ06/07/103".parse().unwrap(),
            date: "2026-12-05".parse().unwrap(),
            range: "06:00-10:00".parse().unwrap(),
            purpose: Default::default(),
        };
        let application = Application::new("가나다클럽", 4_u16.try_into().unwrap(), "테니스", "운동");
        let slot = |range: &str, state, group: &str, event: &str| ListedSlot {
            date: wish.date,
            round: None,
            range: range.parse().unwrap(),
            purpose: wish.purpose,
            state,
            event_name: event.to_owned(),
            group_name: group.to_owned(),
        };
        let seen = |first, second| ReadBack::of(&DayList { slots: vec![first, second] }, &wish, &application);
        let (free, ours, other, masked) = (
            |range| slot(range, SlotState::Free, "", ""),
            |range| slot(range, SlotState::Booked, "가나다클럽", "테니스"),
            |range| slot(range, SlotState::Booked, "라마바클럽", "테니스"),
            |range| slot(range, SlotState::Booked, "", ""),
        );
        let (one, two) = ("06:00-08:00", "08:00-10:00");
        assert_eq!(seen(free(one), free(two)), ReadBack::Free);
        assert_eq!(seen(ours(one), ours(two)), ReadBack::Ours);
        assert_eq!(seen(ours(one), other(two)), ReadBack::Others);
        assert_eq!(seen(free(one), other(two)), ReadBack::Others);
        assert_eq!(seen(ours(one), free(two)), ReadBack::Booked);
        assert_eq!(seen(masked(one), masked(two)), ReadBack::Booked);
        assert_eq!(seen(slot(one, SlotState::NotShown, "", ""), free(two)), ReadBack::Nothing);
        assert_eq!(ReadBack::of(&DayList { slots: vec![] }, &wish, &application), ReadBack::Nothing);
    }
}
