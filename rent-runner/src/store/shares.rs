//! How the places of a runner are shared by the people whose bookings compete for them.
//!
//! A runner holds a bounded number of bookings. One person's may be many, and a slow site may keep each of them busy for
//! minutes: nobody else's would be prepared in time. So the places are shared evenly among those whose bookings are due, and what
//! a person does not need goes to the others. It matters only while there are more due bookings than places.

use std::collections::HashMap;
use std::time::Duration;

use namyangju_rent::SeoulTime;

use super::BookingId;

/// A held booking keeps its place from so long before its opening until so long after it: a shot that is near is not called off.
const BEFORE_SHOT: Duration = Duration::from_secs(60);
const AFTER_SHOT: Duration = Duration::from_secs(30);

/// How many places there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunnerPlaces {
    /// All of the runner.
    pub(crate) all: u32,
    /// How many may be taken now.
    pub(crate) at_once: u32,
}

/// A booking that has a place, or is due and wants one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contender {
    pub(super) booking: BookingId,
    /// Whose it is.
    pub(super) person: i64,
    pub(super) opens_at: SeoulTime,
    pub(super) has_place: bool,
}

/// Who gets a place, and who gives one up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Division {
    pub(super) take: Vec<BookingId>,
    pub(super) give_way: Vec<BookingId>,
}

/// What a person has and wants.
#[derive(Clone, Copy, Debug, Default)]
struct Demand {
    has: usize,
    wants: usize,
}

/// Divides the places; `None` if there is enough for all, or all is one person's: the first opening is first then. The
/// contenders are in the order of their openings.
pub(super) fn divide(contenders: &[Contender], places: usize, now: SeoulTime) -> Option<Division> {
    let mut demands: HashMap<i64, Demand> = HashMap::new();
    for contender in contenders {
        let demand = demands.entry(contender.person).or_default();
        if contender.has_place {
            demand.has += 1;
        } else {
            demand.wants += 1;
        }
    }
    if demands.len() < 2 || contenders.len() <= places {
        return None;
    }
    let share = share(&demands, places);
    let taken: usize = demands.values().map(|demand| demand.has).sum();
    let mut division = Division::default();
    let mut given = demands.clone();
    let (mut within, mut beyond) = (Vec::new(), Vec::new());
    for contender in contenders.iter().filter(|contender| !contender.has_place) {
        let person = given.entry(contender.person).or_default();
        person.has += 1;
        if person.has <= share { within.push(contender.booking) } else { beyond.push(contender.booking) }
    }
    let free = places.saturating_sub(taken);
    let mut wanting = within.len().saturating_sub(free);
    division.take = within;
    // What is left over after even shares goes to the first opening.
    let rest = free.saturating_sub(division.take.len());
    division.take.extend(beyond.into_iter().take(rest));

    // The last openings give way, of those who have the most.
    let is_near = |at: SeoulTime| at < now.plus(BEFORE_SHOT) && now < at.plus(AFTER_SHOT);
    let mut held: Vec<&Contender> = contenders
        .iter()
        .rev()
        .filter(|contender| contender.has_place && !is_near(contender.opens_at))
        .collect();
    while wanting > 0 {
        let has = |contender: &Contender| demands.get(&contender.person).map_or(0, |demand| demand.has);
        let Some(most) = held.iter().map(|contender| has(contender)).max().filter(|most| *most > share)
        else {
            break;
        };
        let Some(at) = held.iter().position(|contender| has(contender) == most) else { break };
        let leaves = held.remove(at);
        if let Some(demand) = demands.get_mut(&leaves.person) {
            demand.has -= 1;
        }
        division.give_way.push(leaves.booking);
        wanting -= 1;
    }
    Some(division)
}

/// The most that each may have so that all fit: who needs less leaves the rest to the others.
fn share(demands: &HashMap<i64, Demand>, places: usize) -> usize {
    let fits = |share: usize| {
        demands.values().map(|demand| (demand.has + demand.wants).min(share)).sum::<usize>() <= places
    };
    (1..=places).take_while(|share| fits(*share)).last().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000_000_000;

    /// The contenders of one person: how many have a place and how many want one, with openings in this many minutes.
    fn of(person: i64, has: i64, wants: i64, minutes: i64) -> Vec<Contender> {
        (0..has + wants)
            .map(|n| Contender {
                booking: BookingId(100 * person + n),
                person,
                opens_at: SeoulTime::from_unix_micros(NOW + minutes * 60_000_000 + n),
                has_place: n < has,
            })
            .collect()
    }

    fn divided(mut contenders: Vec<Contender>, places: usize) -> Option<(Vec<i64>, Vec<i64>)> {
        contenders.sort_by_key(|contender| (contender.opens_at, contender.booking));
        let numbers = |ids: Vec<BookingId>| ids.into_iter().map(|id| id.0).collect();
        divide(&contenders, places, SeoulTime::from_unix_micros(NOW))
            .map(|division| (numbers(division.take), numbers(division.give_way)))
    }

    #[test]
    fn where_there_is_enough_nobody_is_limited() {
        assert_eq!(divided([of(1, 2, 3, 10), of(2, 0, 1, 10)].concat(), 6), None);
        assert_eq!(divided(of(1, 3, 9, 10), 4), None, "all is one person's");
        assert_eq!(divided(Vec::new(), 4), None);
    }

    #[test]
    fn who_needs_less_leaves_the_rest_to_the_others() {
        let (take, give_way) =
            divided([of(1, 0, 9, 5), of(2, 0, 1, 10), of(3, 0, 9, 6)].concat(), 7).unwrap();
        assert_eq!(take, [100, 101, 102, 300, 301, 302, 200]);
        assert!(give_way.is_empty());
        // Eight places for two: one is left over, and the first opening has it.
        let (take, _) = divided([of(1, 0, 9, 5), of(2, 0, 3, 10), of(3, 0, 9, 6)].concat(), 10).unwrap();
        assert_eq!(take.len(), 10);
        assert!(take.contains(&103) && !take.contains(&303), "{take:?}");
    }

    #[test]
    fn one_who_has_all_gives_way_to_those_who_wait() {
        let (take, give_way) = divided([of(1, 4, 2, 9), of(2, 0, 3, 10)].concat(), 4).unwrap();
        assert_eq!((take, give_way), (vec![200, 201], vec![103, 102]));
        // One place is free already.
        let (take, give_way) = divided([of(1, 3, 0, 9), of(2, 0, 3, 10)].concat(), 4).unwrap();
        assert_eq!((take, give_way), (vec![200, 201], vec![102]));
        let (_, give_way) = divided([of(1, 2, 5, 9), of(2, 2, 5, 10)].concat(), 4).unwrap();
        assert!(give_way.is_empty(), "each has a half");
    }

    #[test]
    fn a_shot_that_is_near_is_not_called_off() {
        let (take, give_way) = divided([of(1, 4, 0, 0), of(2, 0, 3, 10)].concat(), 4).unwrap();
        assert_eq!((take, give_way), (vec![200, 201], vec![]));
        // One that was to be over long ago: a slow site.
        let (_, give_way) = divided([of(1, 4, 0, -5), of(2, 0, 3, 10)].concat(), 4).unwrap();
        assert_eq!(give_way, [103, 102]);
    }

    #[test]
    fn more_people_than_places_go_in_the_order_of_their_openings() {
        let (take, give_way) = divided([of(1, 0, 2, 3), of(2, 0, 2, 2), of(3, 0, 2, 1)].concat(), 2).unwrap();
        assert_eq!((take, give_way), (vec![300, 301], vec![]));
    }
}
