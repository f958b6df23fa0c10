//! The table of courts: what the dialect knows, and invented ones beside them.

use super::seeded::Seeded;
use crate::site::Site;
use crate::value::date::RentDate;
use crate::value::money::Won;
use crate::value::place::Place;
use crate::value::slot::{TimeNo, TimeOfDay, TimeRange};

/// Hours between which the rounds lie (protocol.md 8.1, S1).
const FIRST_HOUR: u16 = 6;
const LAST_HOUR: u16 = 22;

/// Slot numbers of the three courts of 체육공원2호 (protocol.md 8.1, S1).
const SPORTS_PARK_2: [[u32; 8]; 3] = [
    [1833, 1834, 1835, 1836, 1837, 1838, 3309, 2898],
    [2210, 2211, 2212, 2213, 2214, 2215, 3310, 2899],
    [2218, 2219, 2220, 2221, 2222, 2223, 3311, 2900],
];

/// One court of the stand-in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Court {
    /// Its codes. Those that the dialect does not list are invented.
    pub place: Place,
    /// The centre's name in the menu.
    pub centre_name: String,
    /// The group's name in the menu.
    pub group_name: String,
    /// The court's name in the menu.
    pub name: String,
    /// Its rounds of a day, in time order, with their slot numbers.
    pub rounds: Vec<(TimeNo, TimeRange)>,
    /// The price of one round from Monday to Friday.
    pub weekday: Won,
    /// The price of one round on Saturday and Sunday.
    pub weekend: Won,
    /// Extra items that can be hired with it: code, name, price.
    pub items: Vec<(String, String, Won)>,
}

impl Court {
    /// A court with invented names and the price list of Namyangju's ordinary ones (10,000 and
    /// 20,000 won a round, lights 10,000; protocol.md 8.3, S1).
    pub fn new(place: Place, rounds: Vec<(TimeNo, TimeRange)>) -> Self {
        Self {
            centre_name: format!("{} 센터", place.centre),
            group_name: format!("{} 시설", place.group),
            name: format!("{}번 코트", place.court),
            place,
            rounds,
            weekday: Won(10_000),
            weekend: Won(20_000),
            items: vec![("I000798".into(), "조명".into(), Won(10_000))],
        }
    }

    /// The price of one round on that day.
    pub fn price(&self, date: RentDate) -> Won {
        if matches!(date.weekday_korean(), "토" | "일") { self.weekend } else { self.weekday }
    }

    /// The rounds that touch the stretch.
    pub(crate) fn touched(&self, range: TimeRange) -> impl Iterator<Item = (TimeNo, TimeRange)> + '_ {
        let touches = move |r: TimeRange| r.start() < range.end() && range.start() < r.end();
        self.rounds.iter().copied().filter(move |(_, r)| touches(*r))
    }

    /// The round of that number.
    pub(crate) fn range_of(&self, number: TimeNo) -> Option<TimeRange> {
        self.rounds.iter().find(|(n, _)| *n == number).map(|(_, range)| *range)
    }
}

/// The table: every place the dialect knows, then invented ones in the same centres and a new one.
pub(crate) fn table(site: &Site, round_hours: Option<u8>, seed: u64) -> Vec<Court> {
    let namyangju = site.name() == "namyangju";
    let hours = u16::from(round_hours.unwrap_or(if namyangju { 2 } else { 1 })).clamp(1, 16);
    let mut numbers = Numbers::new(seed);
    let mut courts: Vec<Court> = Vec::new();
    let mut add = |place: Place, names: [Option<&str>; 3]| {
        if courts.iter().any(|court| court.place == place) {
            return;
        }
        let fixed = (namyangju && hours == 2).then(|| sports_park_2(&place)).flatten();
        let mut court = Court::new(place, rounds(hours, fixed, &mut numbers));
        let [centre, group, name] = names;
        let or = |name: Option<&str>, kept: String| name.map_or(kept, str::to_owned);
        court.centre_name = or(centre, court.centre_name);
        court.group_name = or(group, court.group_name);
        court.name = or(name, court.name);
        if site.name() == "cheonan" {
            // protocol.md 6: 165,000 won for three rounds, seven items from 79,210 to 118,840 won.
            (court.weekday, court.weekend) = (Won(55_000), Won(55_000));
            court.items = CHEONAN_ITEMS
                .iter()
                .map(|(code, won)| ((*code).to_owned(), format!("부대시설 {code}"), Won(*won)))
                .collect();
        }
        courts.push(court);
    };
    for known in site.known_places() {
        let name = Some(known.name.as_str()).filter(|name| !name.starts_with('('));
        let (centre, group) = menu_names(&known.place, namyangju);
        add(known.place.clone(), [centre, group, name.map(short_name)]);
    }
    let invented: &[&str] = if namyangju {
        &["NYJ06/07/104", "NYJ06/07/105", "NYJ06/03/90", "NYJ01/02/11", "NYJ01/02/12"]
    } else {
        &[]
    };
    for place in invented.iter().filter_map(|text| text.parse::<Place>().ok()) {
        let (centre, group) = menu_names(&place, namyangju);
        add(place, [centre, group, None]);
    }
    // Other cities: two more courts in the first group, or a centre of its own if nothing is known.
    let first = site.known_places().first().map(|known| known.place.to_string());
    let stem = first.as_deref().and_then(|place| place.rsplit_once('/')).map_or("STANDIN01/01", |(s, _)| s);
    if !namyangju {
        for court in ["801", "802"] {
            if let Ok(place) = format!("{stem}/{court}").parse::<Place>() {
                add(place, [None, None, None]);
            }
        }
    }
    courts
}

/// Names of the menu that protocol.md 8.2 gives; which code each belongs to is inferred or invented.
fn menu_names(place: &Place, namyangju: bool) -> (Option<&'static str>, Option<&'static str>) {
    if !namyangju {
        return (None, None);
    }
    let centre = match place.centre.as_str() {
        "NYJ01" => Some("와부-조안 행정복지센터"),
        "NYJ06" => Some("다산 행정복지센터"),
        "NYJ07" => Some("별내 행정복지센터"),
        _ => None,
    };
    let group = match (place.centre.as_str(), place.group.as_str()) {
        ("NYJ01", "02") => Some("월문리 생활체육시설"),
        ("NYJ06", "03") => Some("지금배수지"),
        ("NYJ06", "07") => Some("체육공원2호"),
        ("NYJ07", "02") => Some("별내동 풋살장"),
        _ => None,
    };
    (centre, group)
}

/// The last words of a dialect's name for a place.
fn short_name(name: &str) -> &str {
    name.split_once("체육공원2호 ").map_or(name, |(_, court)| court)
}

const CHEONAN_ITEMS: [(&str, u32); 7] = [
    ("I000798", 79_210),
    ("I000808", 85_810),
    ("I000809", 92_420),
    ("I000810", 99_030),
    ("I000811", 105_630),
    ("I000812", 112_240),
    ("I000813", 118_840),
];

fn sports_park_2(place: &Place) -> Option<&'static [u32; 8]> {
    let court = match place.to_string().as_str() {
        "NYJ06/07/103" => 0,
        // The codes of the second and third court are invented; the numbers are protocol.md 8.1's.
        "NYJ06/07/104" => 1,
        "NYJ06/07/105" => 2,
        _ => return None,
    };
    SPORTS_PARK_2.get(court)
}

fn rounds(hours: u16, fixed: Option<&[u32; 8]>, numbers: &mut Numbers) -> Vec<(TimeNo, TimeRange)> {
    let starts = (FIRST_HOUR..LAST_HOUR).step_by(usize::from(hours));
    let ranges: Vec<TimeRange> = starts
        .filter_map(|hour| {
            let end = (hour + hours).min(LAST_HOUR);
            TimeRange::new(TimeOfDay::from_minutes(hour * 60)?, TimeOfDay::from_minutes(end * 60)?).ok()
        })
        .collect();
    let count = ranges.len();
    ranges
        .into_iter()
        .enumerate()
        .map(|(index, range)| {
            let fixed = fixed.and_then(|row| row.get(index)).copied();
            // The evening rows were made again later, as at Namyangju (protocol.md 8.1).
            let number = fixed.unwrap_or_else(|| numbers.draw(index + 2 >= count));
            (TimeNo(number), range)
        })
        .collect()
}

/// Row numbers of the whole database: unique, and not one after the other.
struct Numbers {
    seeded: Seeded,
    low: u32,
    high: u32,
}

impl Numbers {
    fn new(seed: u64) -> Self {
        // Above the numbers of protocol.md 8.1, so that none comes twice.
        Self { seeded: Seeded::new(seed), low: 3_400, high: 90_000 }
    }

    fn draw(&mut self, again: bool) -> u32 {
        let step = u32::try_from(1 + self.seeded.below(6)).unwrap_or(1);
        let counter = if again { &mut self.high } else { &mut self.low };
        *counter += step;
        *counter
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_are_unique_and_not_consecutive() {
        for name in Site::builtin_names() {
            let courts = table(&Site::builtin(name).unwrap(), None, 1);
            assert!(courts.len() >= 2, "{name}");
            let all: Vec<TimeNo> = courts.iter().flat_map(|c| c.rounds.iter().map(|(n, _)| *n)).collect();
            assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{name}");
        }
    }

    #[test]
    fn the_known_court_has_the_known_numbers() {
        let courts = table(&Site::builtin("namyangju").unwrap(), None, 9);
        let court = courts.iter().find(|c| c.place.to_string() == "NYJ06/07/103").unwrap();
        let numbers: Vec<u32> = court.rounds.iter().map(|(n, _)| n.0).collect();
        assert_eq!(numbers, [1833, 1834, 1835, 1836, 1837, 1838, 3309, 2898]);
        assert_eq!(court.rounds[7].1.to_string(), "20:00-22:00");
        assert_eq!(court.price("2026-12-05".parse().unwrap()), Won(20_000));
    }
}
