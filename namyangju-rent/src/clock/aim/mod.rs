//! When to send the request of the opening, so that it *arrives* at the site's instant: an estimate of one number,
//! which probes narrow it, the shot, and what follows a shot that was refused.
//!
//! **Why this exists.** `SiteClock` takes the middle of the interval that all dates allow, and half of the typical
//! path for the way there. That is right where `Date` is stamped when the request arrives and the script is quick.
//! Behind a server that stamps it when the answer leaves, the shot is a whole script time early.
//!
//! **The one number.** A request that leaves at the local instant `s` arrives when the site's clock shows
//! `s + ahead`. That `ahead` (in the code [`AimEstimate::likely`], in nanoseconds of Unix time over the local monotonic
//! clock) already holds the way there, so the split of the path between the two directions does not matter. A date
//! `d` on an answer whose head came at `r` says, where `network` is a round trip without any work at the site:
//!
//! - stamped on arrival: `d - s <= ahead < d + 1 s - s`;
//! - stamped when the head leaves: `d - r + network <= ahead < d + 1 s - r + network`;
//! - in any case: `d - r + network <= ahead < d + 1 s - s`.
//!
//! The script time appears nowhere: it may vary. A file that is answered without a script satisfies the first two
//! alike, so it gives `ahead` whatever the server does; a TCP connect, which is no request, gives `network`. Where a
//! page's dates contradict one of the two models, the other one is learnt.
//!
//! Pure: it takes measurements and yields instants. It reads no clock and sends nothing.

pub(crate) mod facts;
mod measuring;
mod planning;
mod shooting;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::measuring::{Fit, Network, Span, Used, good_enough};
pub use self::planning::MAX_FILE_PROBES;
pub use self::shooting::third_not_before;
use crate::clock::aim::facts::{ClockFacts, OwnStampFrom};
use crate::value::date::SeoulTime;

const SECOND: i64 = 1_000_000_000;
const MILLI: i64 = 1_000_000;

/// How much after the instant the request is meant to arrive, beside the usual jitter of a round trip. What arrives a
/// moment early is refused and costs a round trip and a script more; what arrives a moment late costs the moment.
const LATE_BY: i64 = 2 * MILLI;

/// A stamp that a timer renews each second is at most this old, so an opening that looked early by more was a
/// person's doing, which nobody can aim at.
const MAX_EARLIER: i64 = SECOND;

/// When a server stamps the `Date` of an answer, or an application its own stamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Stamp {
    /// When the request has arrived, as Apache does: free of the script's time.
    Arrival,
    /// When the answer's head leaves, as nginx and Tomcat do: after the script.
    Departure,
    /// Not known: some time between the two.
    #[default]
    Unknown,
}

impl Stamp {
    /// Itself, or `other` where it is not known.
    fn or(self, other: Self) -> Self {
        if self == Self::Unknown { other } else { self }
    }

    /// What a `Server` header suggests. Never a proof: a front may write it over another server's dates.
    pub fn hinted_by(server: &str) -> Self {
        let server = server.to_ascii_lowercase();
        let says = |word: &str| server.contains(word);
        if says("coyote") || says("tomcat") || says("nginx") || says("openresty") {
            Self::Departure
        } else if says("apache") {
            Self::Arrival
        } else {
            Self::Unknown
        }
    }
}

/// What answered a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A file of the same host: no script runs.
    File,
    /// A page that a script makes.
    Page,
}

/// A stamp beside `Date` in the same answer, by the application's own clock: the one its rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnStamp {
    /// The instant it shows, in Unix microseconds, cut to its resolution.
    pub unix_micros: i64,
    /// Its resolution in microseconds: 1,000,000 for the `expires` of a cookie.
    pub resolution_micros: i64,
    /// When the application reads its clock for it.
    pub read: Stamp,
}

/// One answer with a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When the request was handed to the connection, by the local monotonic clock.
    pub sent: Duration,
    /// When the first byte of the answer's head was there.
    pub first_byte: Duration,
    /// The answer's `Date`, in Unix seconds.
    pub date: i64,
    /// What answered.
    pub source: Source,
    /// A stamp of the application in the same answer.
    pub own: Option<OwnStamp>,
}

/// When earlier openings of this site were met, against the announced instant by the clock that was measured then.
/// Microseconds, negative before the instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierOpening {
    /// A request that had arrived by then was still refused as too early.
    pub closed_micros: Option<i64>,
    /// A request that had arrived by then was accepted, or refused for another reason.
    pub open_micros: Option<i64>,
}

impl EarlierOpening {
    fn is_sensible(self) -> bool {
        match (self.closed_micros, self.open_micros) {
            (Some(closed), Some(open)) => closed <= open,
            _ => true,
        }
    }

    /// How much earlier than announced it came, in nanoseconds; `None` where it does not tell.
    fn earlier_by(self) -> Option<i64> {
        let open = self.open_micros.filter(|_| self.is_sensible())?;
        let earlier = open.saturating_neg().saturating_mul(1_000);
        Some(if earlier > MAX_EARLIER { 0 } else { earlier.max(0) })
    }
}

/// How the stamp of the pages is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StampFrom {
    /// It was told, and nothing contradicts it.
    Told,
    /// The other model contradicts the measurements.
    Learnt,
    /// Both models fit; an earlier run learnt it.
    Earlier,
    /// Both models fit; `Server` suggests it.
    Hinted,
    /// Both models fit, or neither.
    Nothing,
}

/// What the site's clock is known to show at an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AimEstimate {
    /// The least that the site's clock can be ahead of the local monotonic clock when a request arrives, against
    /// its sending, in nanoseconds of Unix time; for the quickest way there.
    pub earliest: i64,
    /// The most, for the quickest way there.
    pub latest: i64,
    /// The value that the shot goes by.
    pub likely: i64,
    /// The value by which no shot is early: `earliest`, where both stamp models fit that of the later shot.
    pub safe: i64,
    /// When pages are stamped, as far as it is known.
    pub stamp: Stamp,
    /// From where that is known.
    pub stamp_from: StampFrom,
    /// Whether dates of files were used; `false` with files among the samples: they come from another clock.
    pub files: bool,
    /// Whether the application's own stamps were used; the dates then only where they agree.
    pub own: bool,
    /// The dates contradict each other, as they do behind a cache: only the lower bound holds.
    pub cached: bool,
    /// The usual round trip of the network alone.
    pub network: Duration,
    /// The usual time of a page beyond that.
    pub script: Duration,
}

/// When to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shot {
    /// The instant to send at, by the local monotonic clock.
    pub at: Duration,
    /// The instant at which a request cannot arrive early.
    pub safe_at: Duration,
    /// What was sent at `at` arrives at the earliest so long after the opening, in microseconds of the site's
    /// clock; negative before it.
    pub earliest_micros: i64,
    /// The most likely arrival, in the same way.
    pub likely_micros: i64,
    /// The latest arrival, in the same way, on a line that is as quick as its quickest.
    pub latest_micros: i64,
}

/// When a request of the opening arrives at the site, in microseconds after the opening by the site's clock; negative
/// before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShotArrival {
    /// At the earliest.
    pub earliest_micros: i64,
    /// Most likely.
    pub likely_micros: i64,
    /// At the latest, on a line that is as quick as its quickest.
    pub latest_micros: i64,
}

/// What the planner wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextProbe {
    /// Ask this at this instant of the local monotonic clock.
    Ask {
        /// What to ask.
        source: Source,
        /// When to send it.
        at: Duration,
    },
    /// Another probe would tell little.
    Enough,
}

/// Everything that is known about the way to the site and its stamps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aim {
    told: Stamp,
    hint: Stamp,
    facts: ClockFacts,
    earlier: Vec<EarlierOpening>,
    samples: Vec<Sample>,
    connects: Vec<Duration>,
}

impl Aim {
    /// Nothing measured yet. `told` is the stamp that the dialect tells of the site's pages.
    pub fn new(told: Stamp) -> Self {
        Self { told, ..Self::default() }
    }

    /// Takes an answer in, whatever it was asked for: a page that was read anyway is a probe too.
    pub fn add(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    /// Takes the time of a TCP connect in: from the first packet sent to the connection made, without TLS. Only of
    /// a direct route, where the other end is the site.
    pub fn connected(&mut self, took: Duration) {
        self.connects.push(took);
    }

    /// Takes the `Server` header of a page in.
    pub fn served_by(&mut self, server: &str) {
        self.hint = Stamp::hinted_by(server);
    }

    /// Takes in what earlier runs learnt, instead of what was known of them. It decides only between explanations that the
    /// samples leave open.
    pub fn learnt_before(&mut self, facts: ClockFacts) {
        self.facts = facts;
    }

    /// Takes in what earlier openings showed, instead of what was known of them.
    pub fn opened_before(&mut self, earlier: impl IntoIterator<Item = EarlierOpening>) {
        self.earlier = earlier.into_iter().collect();
    }

    /// What a later run may be told; `None` without a sample.
    pub(crate) fn facts(&self, now: SeoulTime) -> Option<ClockFacts> {
        let own = self.samples.iter().rev().find_map(|sample| sample.own);
        let from = own.map(|own| match own.resolution_micros {
            ..=1_000 => OwnStampFrom::Milliseconds,
            _ => OwnStampFrom::Expires,
        });
        Some(ClockFacts::of(&self.reading()?, from, now))
    }

    /// The answers so far.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// What is known; `None` without a sample.
    pub fn reading(&self) -> Option<AimEstimate> {
        self.read().map(|(reading, _)| reading)
    }

    /// What is known, and what the probes leave open on either side of the likely value if the jitter is usual.
    fn read(&self) -> Option<(AimEstimate, i64)> {
        let network = self.network()?;
        let script = self.script(&network);
        let reading = AimEstimate {
            earliest: 0,
            latest: 0,
            likely: 0,
            safe: 0,
            stamp: Stamp::Unknown,
            stamp_from: StampFrom::Nothing,
            files: false,
            own: false,
            cached: false,
            network: duration(network.typical),
            script: duration(script),
        };
        let Some(fits) = self.fits(&network) else {
            let lower = self.lower(&network)?;
            // What is cached is too old, never too new: what it says at least still holds.
            let latest = lower.saturating_add(SECOND);
            let reading =
                AimEstimate { earliest: lower, latest, likely: lower, safe: lower, cached: true, ..reading };
            return Some((reading, 0));
        };
        let reading = AimEstimate { files: fits.used.files, own: fits.used.own, ..reading };
        let of = |fit: Fit, stamp_from| AimEstimate {
            earliest: fit.bounds.low,
            latest: fit.bounds.high,
            likely: fit.likely(),
            safe: fit.bounds.low,
            stamp: fit.stamp,
            stamp_from,
            ..reading
        };
        match (fits.arrival, fits.departure, fits.between) {
            (Some(own), Some(_), _) if !fits.used.pages && !fits.used.files => {
                let reading = of(own, StampFrom::Nothing);
                Some((AimEstimate { stamp: Stamp::Unknown, ..reading }, own.usual.half()))
            }
            (Some(arrival), Some(departure), _) => {
                Some(self.of_both(reading, &network, fits.used, arrival, departure))
            }
            (Some(fit), None, _) | (None, Some(fit), _) => {
                let from = if fit.stamp == self.told { StampFrom::Told } else { StampFrom::Learnt };
                Some((of(fit, from), fit.usual.half()))
            }
            (None, None, fit) => fit.map(|fit| (of(fit, StampFrom::Nothing), fit.usual.half())),
        }
    }

    /// Both models fit. Where files tell enough, the stamp need not be known.
    fn of_both(
        &self,
        reading: AimEstimate,
        network: &Network,
        used: Used,
        arrival: Fit,
        departure: Fit,
    ) -> (AimEstimate, i64) {
        let Span { low: earliest, high: latest } = arrival.bounds.hull(departure.bounds);
        let reading = AimEstimate { earliest, latest, safe: earliest, ..reading };
        let files = self.files_alone(network, used);
        let (early, late) = (arrival.likely(), departure.likely());
        let gap = early.saturating_sub(late);
        let enough = network.jitter.saturating_mul(2).saturating_add(good_enough(network));
        if let Some(files) = files.filter(|files| files.usual.width() < gap.max(enough)) {
            let likely = Span { low: earliest, high: latest }.nearest(files.usual.middle());
            return (AimEstimate { likely, ..reading }, files.usual.half());
        }
        // Shot by the arrival model behind a server that stamps departures, the request is a script time early
        // and its second attempt about a round trip late; the other way round the first is a script time late.
        let dear = gap > network.typical.saturating_add(LATE_BY);
        let (suggested, from) = match (self.told, self.facts.stamp) {
            (Stamp::Unknown, Stamp::Unknown) => (self.hint, StampFrom::Hinted),
            (Stamp::Unknown, earlier) => (earlier, StampFrom::Earlier),
            (told, _) => (told, StampFrom::Told),
        };
        let (fit, stamp_from) = match suggested {
            Stamp::Arrival => (arrival, from),
            Stamp::Departure => (departure, from),
            Stamp::Unknown if dear => (arrival, StampFrom::Nothing),
            Stamp::Unknown => (departure, StampFrom::Nothing),
        };
        (AimEstimate { likely: fit.likely(), stamp: suggested, stamp_from, ..reading }, fit.usual.half())
    }
}

fn micros_to_nanos(micros: u64) -> i64 {
    i64::try_from(micros.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Not before the start of the local clock.
fn duration(nanos: i64) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
}

#[cfg(test)]
mod tests;
