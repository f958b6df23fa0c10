//! What the day list tells of a wish, and what follows from it. Pure.
//!
//! Whether a slot is booked by us is read from the names beside it, and no source says how a list prints them: it may
//! mask them, cut them, leave blanks out, or show the member instead of the club. So a name is judged three ways
//! ([`Holder`]), and while an application of ours is in doubt, only a name of which nothing can be ours shows that the
//! slot is lost. A wrong "lost" books a second court; a wrong "perhaps" makes a person look.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization as _;

use crate::booking::event::Wish;
use crate::booking::standing::Doubt;
use crate::html::text::fold;
use crate::pages::schedule::{DayList, ListedSlot};
use crate::value::application::Application;
use crate::value::slot::SlotState;

/// What stands for letters that a list does not show. The letters and the zero are masks of Korean custom
/// (`홍OO`, `김X동`), the dots are what a cut leaves, and the last one is half of a character that was cut.
const MASKS: [char; 19] =
    ['*', '＊', '○', '●', '◯', '◎', '□', '■', '※', 'X', 'x', 'O', 'o', '0', '?', '.', '…', '‥', '\u{fffd}'];

/// How many syllables the name of a person has, family name included.
const PERSON: RangeInclusive<usize> = 2..=4;

/// What a name of two to four syllables ends with if it is a group's and no person's.
const GROUP_ENDINGS: [&str; 9] = ["클럽", "단체", "모임", "협회", "연합", "학교", "시청", "회사", "팀"];

/// The names that an application of ours may be listed under.
#[derive(Clone, Copy)]
pub(crate) struct OurNames<'a> {
    club: &'a str,
    event: &'a str,
    applicant: Option<&'a str>,
    account: &'a str,
    /// The member's name of the account, whole. It is not known before a form has shown it.
    member: Option<&'a str>,
}

impl<'a> OurNames<'a> {
    pub(crate) fn new(application: &'a Application, account: &'a str, member: Option<&'a str>) -> Self {
        let Application { club_name, event_name, applicant_name, .. } = application;
        // A form may mask it too, and a part of it is no name.
        let whole = |c: char| c == ' ' || c.is_alphabetic() && !MASKS.contains(&c);
        let member = member.filter(|name| name.chars().all(whole));
        Self { club: club_name, event: event_name, applicant: applicant_name.as_deref(), account, member }
    }
}

/// Who has a booked slot, by the names that the list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// We, surely: our club and our event, letter by letter.
    Ours,
    /// We or somebody else: a part of the names may be ours, or no letter of them is shown.
    MayBeOurs,
    /// Somebody else, surely: nothing of the group's name can be ours.
    Others,
}

impl Holder {
    /// The group's name decides; an event such as 테니스 is anybody's.
    fn of(slot: &ListedSlot, ours: OurNames<'_>) -> Self {
        let (group, event) = (plain(&slot.group_name), plain(&slot.event_name));
        if group == plain(ours.club) && event == plain(ours.event) {
            return Self::Ours;
        }
        let names = [Some(ours.club), ours.applicant, ours.member, Some(ours.account)];
        let may_be = !pattern(&group).iter().any(|c| c.is_alphabetic())
            || names.into_iter().flatten().any(|name| may_stand_for(&group, name))
            || ours.member.is_none() && may_be_a_person(&group);
        if may_be { Self::MayBeOurs } else { Self::Others }
    }
}

/// A name without what two spellings of it differ in: the blanks around it, and how its syllables are composed (macOS
/// takes them apart, and a form sends what its character set lacks as a numeric reference).
fn plain(name: &str) -> String {
    fold(&with_references_read(name)).nfc().collect()
}

/// `&#4355;` as the character it means.
fn with_references_read(text: &str) -> String {
    let mut pieces = text.split("&#");
    let mut read = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let character = piece
            .split_once(';')
            .and_then(|(number, rest)| Some((char::from_u32(number.parse().ok()?)?, rest)));
        match character {
            Some((character, rest)) => {
                read.push(character);
                read.push_str(rest);
            }
            None => {
                read.push_str("&#");
                read.push_str(piece);
            }
        }
    }
    read
}

/// The letters and digits of a name, in small letters.
fn letters(name: &str) -> Vec<char> {
    plain(name).nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The same of a name that a list shows, with each mask in it as `*`.
fn pattern(shown: &str) -> Vec<char> {
    let masked: String = plain(shown).chars().map(|c| if MASKS.contains(&c) { '*' } else { c }).collect();
    let kept = |c: &char| *c == '*' || c.is_alphanumeric();
    masked.nfkc().filter(kept).flat_map(char::to_lowercase).collect()
}

/// Whether a name that a list shows may be this one of ours: cut behind any letter, masked anywhere, without blanks and
/// signs, or with more behind it.
fn may_stand_for(shown: &str, name: &str) -> bool {
    let (ours, pattern) = (letters(name), pattern(shown));
    let with_more = || !ours.is_empty() && letters(shown).windows(ours.len()).any(|part| part == ours);
    !pattern.is_empty() && begins(&ours, &pattern) || with_more()
}

/// Whether a name begins as a pattern says, in which each `*` stands for any number of letters.
fn begins(name: &[char], pattern: &[char]) -> bool {
    // Where in the name the pattern read so far may end.
    let mut ends = vec![false; name.len() + 1];
    if let Some(start) = ends.first_mut() {
        *start = true;
    }
    for letter in pattern {
        let mut next = vec![false; ends.len()];
        let mut reached = false;
        for (at, end) in ends.iter().enumerate() {
            reached |= *end;
            let (to, here) = match letter {
                '*' => (at, reached),
                letter => (at + 1, *end && name.get(at) == Some(letter)),
            };
            if let Some(to) = next.get_mut(to) {
                *to |= here;
            }
        }
        ends = next;
    }
    ends.contains(&true)
}

/// Whether a name may be a person's, masked or not: a few Hangul syllables, or nothing but Latin letters.
fn may_be_a_person(shown: &str) -> bool {
    let shown_letters = pattern(shown);
    let all = |is: fn(&char) -> bool| shown_letters.iter().all(|c| *c == '*' || is(c));
    if all(char::is_ascii_alphabetic) {
        return true;
    }
    all(|c| ('가'..='힣').contains(c))
        && PERSON.contains(&shown_letters.len())
        && !GROUP_ENDINGS.iter().any(|ending| shown.ends_with(ending))
}

/// What the day list tells of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadBack {
    /// Every slot of it is free.
    Free,
    /// Every slot is booked, and surely by us.
    Ours,
    /// A slot is booked, perhaps by us.
    MayBeOurs,
    /// A slot is booked, surely by somebody else: no application of ours for all of them was accepted.
    Others,
    /// Not open, closed, or not on the list.
    Nothing,
    /// The list could not be read.
    Unread,
}

/// What follows from the day list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    /// The wish may be applied for again.
    Again,
    /// Our application was accepted.
    Reserved,
    /// It was booked in our name before, by an application that is not in doubt. Nothing more is tried.
    AlreadyBooked,
    /// Somebody else has it: on to the next choice.
    NextChoice,
    /// The list is read again; if it never tells more, what became of our application is not known.
    LookAgain,
}

impl ReadBack {
    #[cfg(test)]
    const ALL: [Self; 6] =
        [Self::Free, Self::Ours, Self::MayBeOurs, Self::Others, Self::Nothing, Self::Unread];

    pub(crate) fn of(list: &DayList, wish: &Wish, ours: OurNames<'_>) -> Self {
        let slots: Vec<&ListedSlot> = list.within(wish.date, wish.range, wish.purpose).collect();
        if slots.is_empty() {
            return Self::Nothing;
        }
        if slots.iter().all(|slot| slot.state == SlotState::Free) {
            return Self::Free;
        }
        let booked = || slots.iter().filter(|slot| slot.state == SlotState::Booked);
        let by = |holder| booked().filter(move |slot| Holder::of(slot, ours) == holder).count();
        if by(Holder::Others) > 0 {
            Self::Others
        } else if by(Holder::Ours) == slots.len() {
            Self::Ours
        } else if booked().next().is_some() {
            Self::MayBeOurs
        } else {
            Self::Nothing
        }
    }

    /// What follows, by what is known of our applications for the wish; `before_opening` if the day has not opened
    /// yet, or only just, so that the list shows nothing of it.
    ///
    /// | the list shows | none left | one left, and it was free since | one left without an answer |
    /// | --- | --- | --- | --- |
    /// | free | again | again | again |
    /// | ours | already booked | reserved | reserved |
    /// | perhaps ours | next choice | look again | look again |
    /// | somebody else's | next choice | next choice | next choice |
    /// | nothing | again | again | look again; before the opening: again |
    /// | unread | again | look again | look again |
    pub(crate) const fn follows(self, doubt: Doubt, before_opening: bool) -> Follows {
        match (self, doubt) {
            (Self::Free, _) => Follows::Again,
            (Self::Ours, Doubt::Clear) => Follows::AlreadyBooked,
            (Self::Ours, _) => Follows::Reserved,
            (Self::MayBeOurs, Doubt::Clear) | (Self::Others, _) => Follows::NextChoice,
            (Self::Nothing, Doubt::Unanswered) if !before_opening => Follows::LookAgain,
            (Self::Nothing, _) | (Self::Unread, Doubt::Clear) => Follows::Again,
            (Self::MayBeOurs | Self::Unread, _) => Follows::LookAgain,
        }
    }

    /// The state to show a person; `None` if the list could not be read.
    pub(crate) fn state(self) -> Option<SlotState> {
        match self {
            Self::Free => Some(SlotState::Free),
            Self::Ours | Self::MayBeOurs | Self::Others => Some(SlotState::Booked),
            Self::Nothing => Some(SlotState::NotShown),
            Self::Unread => None,
        }
    }
}

impl Wish {
    /// Whether a day list shows all of it booked under this application's club and event, letter by letter. A list that
    /// masks or cuts names never does.
    pub fn is_booked_for(&self, application: &Application, list: &DayList) -> bool {
        ReadBack::of(list, self, OurNames::new(application, "", None)) == ReadBack::Ours
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Application {
        Application::new("가나다 테니스클럽", 4_u16.try_into().unwrap(), "테니스", "운동")
    }

    fn wish() -> Wish {
        Wish {
            place: "NYJ06/07/103".parse().unwrap(),
            date: "2026-12-05".parse().unwrap(),
            range: "06:00-10:00".parse().unwrap(),
            purpose: Default::default(),
        }
    }

    fn slot(range: &str, state: SlotState, group: &str, event: &str) -> ListedSlot {
        ListedSlot {
            date: wish().date,
            round: None,
            range: range.parse().unwrap(),
            purpose: wish().purpose,
            state,
            event_name: event.to_owned(),
            group_name: group.to_owned(),
        }
    }

    fn holder(group: &str, event: &str, applicant: Option<&str>, member: Option<&str>) -> Holder {
        let mut application = application();
        application.applicant_name = applicant.map(str::to_owned);
        let slot = slot("06:00-08:00", SlotState::Booked, group, event);
        Holder::of(&slot, OurNames::new(&application, "tester1", member))
    }

    #[test]
    fn a_listed_name_is_ours_or_may_be_or_is_surely_not() {
        let decomposed: String = "가나다 테니스클럽".nfd().collect();
        let references: String = decomposed.chars().map(|c| format!("&#{};", u32::from(c))).collect();
        for (group, event, expected) in [
            ("가나다 테니스클럽", "테니스", Holder::Ours),
            ("  가나다  테니스클럽 ", " 테니스 ", Holder::Ours),
            (decomposed.as_str(), "테니스", Holder::Ours),
            (references.as_str(), "테니스", Holder::Ours),
            // Our club, and an event that the list prints otherwise.
            ("가나다 테니스클럽", "", Holder::MayBeOurs),
            ("가나다 테니스클럽", "정기모임", Holder::MayBeOurs),
            // Masked.
            ("가****", "테니스", Holder::MayBeOurs),
            ("가나다 테○○클럽", "테니스", Holder::MayBeOurs),
            ("가*클럽", "테니스", Holder::MayBeOurs),
            ("*******", "***", Holder::MayBeOurs),
            ("가OO", "테니스", Holder::MayBeOurs),
            ("X나다 테니스클럽", "테니스", Holder::MayBeOurs),
            // Cut.
            ("가", "테니스", Holder::MayBeOurs),
            ("가나다 테니", "테니스", Holder::MayBeOurs),
            ("가나다 테니…", "테니스", Holder::MayBeOurs),
            ("가나다 테\u{fffd}", "테니스", Holder::MayBeOurs),
            // Without blanks, with other signs, with more behind it.
            ("가나다테니스클럽", "테니스", Holder::MayBeOurs),
            ("[가나다]테니스클럽", "테니스", Holder::MayBeOurs),
            ("가나다 테니스클럽 외 3명", "테니스", Holder::MayBeOurs),
            // The account, or a person's name.
            ("tester1", "테니스", Holder::MayBeOurs),
            ("tes****", "테니스", Holder::MayBeOurs),
            ("홍길동", "테니스", Holder::MayBeOurs),
            ("홍*동", "", Holder::MayBeOurs),
            ("GILDONG HONG", "테니스", Holder::MayBeOurs),
            ("", "", Holder::MayBeOurs),
            ("-", "-", Holder::MayBeOurs),
            ("010-****-0000", "테니스", Holder::MayBeOurs),
            ("", "정기모임", Holder::MayBeOurs),
            // Nothing of these can be ours.
            ("라마바클럽", "테니스", Holder::Others),
            ("라****클럽모임", "테니스", Holder::Others),
            ("다른단체", "테니스", Holder::Others),
            ("나다 테니스클럽", "테니스", Holder::Others),
            ("제2라마바동호회", "정기모임", Holder::Others),
        ] {
            assert_eq!(holder(group, event, None, None), expected, "{group}, {event}");
        }
    }

    #[test]
    fn another_persons_name_is_not_ours_where_our_member_is_known() {
        use Holder::{MayBeOurs, Others};
        let [applicant, member] = [Some("홍길동"), Some("이몽룡")];
        // Our applicant and our member known; the member alone; the applicant alone; the member masked by the form.
        for (group, expected) in [
            ("홍길동", [MayBeOurs, Others, MayBeOurs, MayBeOurs]),
            ("홍*동", [MayBeOurs, Others, MayBeOurs, MayBeOurs]),
            ("이몽룡", [MayBeOurs; 4]),
            ("이**", [MayBeOurs; 4]),
            ("성춘향", [Others, Others, MayBeOurs, MayBeOurs]),
            ("성*향", [Others, Others, MayBeOurs, MayBeOurs]),
            ("라마바클럽", [Others; 4]),
        ] {
            let found = [
                holder(group, "테니스", applicant, member),
                holder(group, "테니스", None, member),
                holder(group, "테니스", applicant, None),
                holder(group, "테니스", None, Some("이O룡")),
            ];
            assert_eq!(found, expected, "{group}");
        }
    }

    #[test]
    fn what_is_shown_to_a_person_is_the_state_and_not_whose_it_is() {
        let shown = ReadBack::ALL.map(ReadBack::state);
        let booked = Some(SlotState::Booked);
        assert_eq!(shown, [Some(SlotState::Free), booked, booked, booked, Some(SlotState::NotShown), None]);
    }

    #[test]
    fn a_wish_is_booked_for_an_application_where_every_slot_has_its_names() {
        let (wish, application) = (wish(), application());
        let booked = |first: &str, second: &str| {
            let slots = [("06:00-08:00", first), ("08:00-10:00", second)];
            let slots = slots.map(|(range, group)| slot(range, SlotState::Booked, group, "테니스"));
            wish.is_booked_for(&application, &DayList { slots: slots.into() })
        };
        assert!(booked("가나다 테니스클럽", "가나다 테니스클럽"));
        assert!(!booked("가나다 테니스클럽", "라마바클럽"));
        assert!(!booked("가나다***", "가나다***"));
        assert!(!wish.is_booked_for(&application, &DayList { slots: Vec::new() }));
    }

    #[test]
    fn a_wish_of_several_rounds_is_free_only_if_all_are() {
        let (wish, application) = (wish(), application());
        let ours = OurNames::new(&application, "tester1", None);
        let seen = |first, second| ReadBack::of(&DayList { slots: vec![first, second] }, &wish, ours);
        let (free, ours_at, other, nameless) = (
            |range| slot(range, SlotState::Free, "", ""),
            |range| slot(range, SlotState::Booked, "가나다 테니스클럽", "테니스"),
            |range| slot(range, SlotState::Booked, "라마바클럽", "테니스"),
            |range| slot(range, SlotState::Booked, "", ""),
        );
        let (one, two) = ("06:00-08:00", "08:00-10:00");
        assert_eq!(seen(free(one), free(two)), ReadBack::Free);
        assert_eq!(seen(ours_at(one), ours_at(two)), ReadBack::Ours);
        assert_eq!(seen(ours_at(one), other(two)), ReadBack::Others);
        assert_eq!(seen(free(one), other(two)), ReadBack::Others);
        assert_eq!(seen(nameless(one), other(two)), ReadBack::Others);
        assert_eq!(seen(ours_at(one), free(two)), ReadBack::MayBeOurs);
        assert_eq!(seen(ours_at(one), nameless(two)), ReadBack::MayBeOurs);
        assert_eq!(seen(nameless(one), nameless(two)), ReadBack::MayBeOurs);
        assert_eq!(seen(slot(one, SlotState::NotShown, "", ""), free(two)), ReadBack::Nothing);
        assert_eq!(ReadBack::of(&DayList { slots: vec![] }, &wish, ours), ReadBack::Nothing);
    }

    #[test]
    fn each_state_of_the_list_and_each_doubt_has_one_consequence() {
        use Follows::{Again, AlreadyBooked, LookAgain, NextChoice, Reserved};
        // Clear, in doubt, unanswered, unanswered before the opening.
        let table = [
            (ReadBack::Free, [Again, Again, Again, Again]),
            (ReadBack::Ours, [AlreadyBooked, Reserved, Reserved, Reserved]),
            (ReadBack::MayBeOurs, [NextChoice, LookAgain, LookAgain, LookAgain]),
            (ReadBack::Others, [NextChoice; 4]),
            (ReadBack::Nothing, [Again, Again, LookAgain, Again]),
            (ReadBack::Unread, [Again, LookAgain, LookAgain, LookAgain]),
        ];
        assert_eq!(table.map(|(seen, _)| seen), ReadBack::ALL);
        for (seen, expected) in table {
            let found = [
                seen.follows(Doubt::Clear, false),
                seen.follows(Doubt::FreeSince, false),
                seen.follows(Doubt::Unanswered, false),
                seen.follows(Doubt::Unanswered, true),
            ];
            assert_eq!(found, expected, "{seen:?}");
            for doubt in [Doubt::Clear, Doubt::FreeSince] {
                assert_eq!(seen.follows(doubt, true), seen.follows(doubt, false), "{seen:?}, {doubt:?}");
            }
        }
    }
}
