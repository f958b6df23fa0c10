//! What a run learns of the way a site tells its time, as data that a program keeps for the next run.
//!
//! None of it proves anything to a later run: a server may have been changed since. It decides only where the run's own
//! measurement leaves two explanations open, and is forgotten once that contradicts it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::aim::{AimEstimate, Stamp, StampFrom};
use crate::value::date::SeoulTime;

/// Facts that are older than this are not used: two months of use beyond the last opening.
pub const MAX_FACTS_AGE: Duration = Duration::from_secs(100 * 24 * 3_600);

/// Where a second stamp comes from, beside `Date`: the application's own clock, which its rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OwnStampFrom {
    /// A cookie's `expires` less its lifetime: the `Max-Age` of the same line, or what the dialect says. Whole seconds.
    Expires,
    /// A cookie whose value is Unix time in milliseconds.
    Milliseconds,
}

/// What earlier runs learnt of the way a site tells its time. Every field may be missing; a store keeps it as JSON.
///
/// ```
/// use namyangju_rent::clock::ClockFacts;
///
/// let kept = r#"{"stamp":"departure","script_micros":120000,"learned_at":"2026-10-26T10:00:03+09:00"}"#;
/// let facts: ClockFacts = serde_json::from_str(kept)?;
/// assert_eq!(facts.script_micros, Some(120_000));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct ClockFacts {
    /// When the site stamps the `Date` of its pages; only where the measurements excluded the other model.
    pub stamp: Stamp,
    /// Its pages had a second stamp of the application, from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_stamp: Option<OwnStampFrom>,
    /// How long it keeps a connection on which nothing is sent, as it announced, in microseconds; 0 where it closes each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_alive_micros: Option<u64>,
    /// The usual round trip of the network alone, in microseconds; only where a file or a connect showed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_micros: Option<u64>,
    /// The usual time of a page beyond that, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_micros: Option<u64>,
    /// When it was learnt, by the local wall clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned_at: Option<SeoulTime>,
}

impl ClockFacts {
    /// Whether they say anything and are no older than [`MAX_FACTS_AGE`] at `now`. Without an instant they are too old.
    pub fn are_of_use(&self, now: SeoulTime) -> bool {
        let is_young = |learned: SeoulTime| now.since(learned) <= MAX_FACTS_AGE;
        let empty = Self { learned_at: self.learned_at, ..Self::default() } == *self;
        !empty && self.learned_at.is_some_and(is_young)
    }

    /// What a measurement teaches.
    pub(crate) fn of(reading: &AimEstimate, own_stamp: Option<OwnStampFrom>, now: SeoulTime) -> Self {
        let proven = matches!(reading.stamp_from, StampFrom::Learnt) && !reading.cached;
        let micros = |time: Duration| u64::try_from(time.as_micros()).ok().filter(|micros| *micros > 0);
        let network = micros(reading.network);
        Self {
            stamp: if proven { reading.stamp } else { Stamp::Unknown },
            own_stamp,
            keep_alive_micros: None,
            network_micros: network,
            // Without the network's part it is not the script's.
            script_micros: network.and(micros(reading.script)),
            learned_at: Some(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SeoulTime {
        "2026-11-26 10:00:00".parse().unwrap()
    }

    #[test]
    fn facts_survive_a_store_and_old_or_empty_ones_are_not_used() {
        let facts = ClockFacts {
            stamp: Stamp::Departure,
            own_stamp: Some(OwnStampFrom::Expires),
            keep_alive_micros: Some(5_000_000),
            network_micros: Some(40_000),
            script_micros: Some(120_000),
            learned_at: Some(now()),
        };
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<ClockFacts>(&json).unwrap(), facts);
        assert!(json.contains(r#""stamp":"departure","own_stamp":"expires""#), "{json}");
        assert!(facts.are_of_use(now().plus(MAX_FACTS_AGE)));
        assert!(!facts.are_of_use(now().plus(MAX_FACTS_AGE + Duration::from_secs(1))));
        assert!(!ClockFacts { learned_at: None, ..facts }.are_of_use(now()));
        assert!(!ClockFacts { learned_at: Some(now()), ..ClockFacts::default() }.are_of_use(now()));
        // What an older or a newer version kept is read as far as it is known.
        assert_eq!(serde_json::from_str::<ClockFacts>("{}").unwrap(), ClockFacts::default());
    }

    #[test]
    fn only_what_the_measurement_proved_is_kept() {
        let reading = AimEstimate {
            earliest: 0,
            latest: 0,
            likely: 0,
            safe: 0,
            stamp: Stamp::Departure,
            stamp_from: StampFrom::Hinted,
            files: true,
            own: false,
            cached: false,
            network: Duration::from_millis(40),
            script: Duration::from_millis(30),
        };
        assert_eq!(ClockFacts::of(&reading, None, now()).stamp, Stamp::Unknown);
        let learnt = AimEstimate { stamp_from: StampFrom::Learnt, ..reading };
        assert_eq!(ClockFacts::of(&learnt, None, now()).stamp, Stamp::Departure);
        let over_a_proxy = AimEstimate { network: Duration::ZERO, ..learnt };
        let facts = ClockFacts::of(&over_a_proxy, None, now());
        assert_eq!((facts.network_micros, facts.script_micros), (None, None));
    }
}
