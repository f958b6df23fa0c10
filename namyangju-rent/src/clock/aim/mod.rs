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

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::aim::facts::{ClockFacts, OwnStampFrom};
use crate::value::date::SeoulTime;

const SECOND: i64 = 1_000_000_000;
const MILLI: i64 = 1_000_000;

/// How much after the instant the request is meant to arrive, beside the usual jitter of a round trip. What arrives a
/// moment early is refused and costs a round trip and a script more; what arrives a moment late costs the moment.
const LATE_BY: i64 = 2 * MILLI;

/// The same as a part of the round trip, where that is more: on a long way the jitter that a few probes show is off by more.
const LATE_BY_PART: i64 = 20;

/// Where no file was asked, the jitter is taken to be at least this part of the round trip, and the other where the
/// value rests on fewer than [`MANY_CONNECTS`]: a few connects tell little of it.
const JITTER_PART: i64 = 8;
const JITTER_PART_OF_FEW: i64 = 5;
const MANY_CONNECTS: usize = 4;

/// How much one clock gains on the other, in parts of a million: an ordinary quartz without a time server. Old
/// answers tell less by it.
const DRIFT_PPM: i64 = 10;

/// So many stamps of the application are enough to go by them alone: its rules ask no other clock.
const MANY_OWN: usize = 4;

/// Two clocks drift apart by too little in this time for the same probe to show something else.
const ALIKE_WITHIN: i64 = 60 * SECOND;

/// After so many probes of a file, pages show whether it is answered by their clock.
const FILES_BEFORE_CHECK: usize = 3;

/// What the pages may leave open then on either side. The rest is closed by the last probe, which is a page anyway.
const CHECK_WITHIN: i64 = 150 * MILLI;

/// The most that is added for an interval that jitter does not explain, where few probes fitted in.
const LATE_BY_AT_MOST: i64 = 250 * MILLI;

/// The quickest of a few round trips is taken to be slower than the quickest possible by at most this part and
/// [`SLACK`]. The bounds rest on it.
const SLACK_PART: i64 = 5;
const SLACK: i64 = MILLI / 2;

/// The most that a server takes to answer a file, where only files show how long the network takes.
const FILE_WORK: i64 = 2 * MILLI;

/// An answer that took longer than the median by this many times the usual jitter met something unusual on its
/// way. It keeps its bounds, and has no voice in the likely value.
const SPIKE: i64 = 4;

/// An interval within this and a twentieth of the network's round trip is not worth another probe (as in
/// `SiteClock`).
const GOOD_ENOUGH: i64 = MILLI;
const GOOD_ENOUGH_PART: i64 = 50;

/// Probes of a file in one measurement. The other probes go to pages: they learn the stamp, and show whether the
/// file is answered by the same clock.
pub const MAX_FILE_PROBES: usize = 9;

/// The shortest time between two probes of one measurement (as in `SiteClock`).
const GAP: Duration = Duration::from_secs(1);

/// No second holds more than two attempts.
const TWO_IN: Duration = Duration::from_secs(1);

/// A stamp that a timer renews each second is at most this old, so an opening that looked early by more was a
/// person's doing, which nobody can aim at.
const MAX_EARLIER: i64 = SECOND;

/// An opening before which a request was refused this much after the announced instant, in microseconds, was late: no
/// request that is aimed is early by so much.
const LATE_OPENING: i64 = 50_000;

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

/// An interval in nanoseconds; nothing lies in it if `low > high`.
#[derive(Clone, Copy, Debug)]
struct Span {
    low: i64,
    high: i64,
}

impl Span {
    const ALL: Self = Self { low: i64::MIN, high: i64::MAX };

    fn meet(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.min(other.high) }
    }

    fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    fn wider(self, by: i64) -> Self {
        Self { low: self.low.saturating_sub(by), high: self.high.saturating_add(by) }
    }

    fn is_empty(self) -> bool {
        self.low > self.high
    }

    fn width(self) -> i64 {
        self.high.saturating_sub(self.low)
    }

    /// The value in it that is nearest to `value`; of an empty span, one of its ends.
    fn nearest(self, value: i64) -> i64 {
        value.max(self.low).min(self.high)
    }

    /// What is left open on either side of the middle.
    fn half(self) -> i64 {
        (self.width() / 2).max(0)
    }

    fn middle(self) -> i64 {
        self.low.midpoint(self.high)
    }
}

/// The round trip of the network alone, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Network {
    /// No round trip is quicker.
    low: i64,
    /// The quickest seen.
    high: i64,
    typical: i64,
    /// What the jitter is a part of, where it is not measured.
    whole: i64,
    /// Between a usual and the quickest.
    jitter: i64,
    slack: i64,
}

/// How long the answers of one source took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Paths {
    quickest: i64,
    typical: i64,
}

impl Paths {
    fn of(mut times: Vec<i64>) -> Option<Self> {
        times.sort_unstable();
        Some(Self { quickest: *times.first()?, typical: *times.get(times.len() / 2)? })
    }

    fn spread(self) -> i64 {
        self.typical.saturating_sub(self.quickest)
    }
}

/// Which stamps are used.
#[derive(Clone, Copy, Debug)]
struct Used {
    files: bool,
    pages: bool,
    own: bool,
}

/// What some stamps say under one stamp model.
#[derive(Clone, Copy, Debug)]
struct Fit {
    /// What holds whatever the jitter was, within [`SLACK`].
    bounds: Span,
    /// The same for usual jitter: the two ends may cross a little.
    usual: Span,
    stamp: Stamp,
}

impl Fit {
    fn likely(self) -> i64 {
        self.bounds.nearest(self.usual.middle())
    }

    /// Where the truth most likely lies.
    fn open(self) -> Span {
        let both = self.usual.meet(self.bounds);
        if both.is_empty() { Span { low: self.likely(), high: self.likely() } } else { both }
    }
}

/// The fits of the models that the measurements allow.
#[derive(Clone, Copy, Debug)]
struct Fits {
    used: Used,
    arrival: Option<Fit>,
    departure: Option<Fit>,
    /// Neither: only that the stamp lies between arrival and departure.
    between: Option<Fit>,
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

    /// The shot for an opening at `instant` of the site's clock; `None` without a sample.
    ///
    /// It is not early by the likely value, and by the safe end it is early by no more than jitter explains, unless
    /// both stamp models fit and waiting for the later one would cost more than a refusal.
    pub fn shot(&self, instant: SeoulTime) -> Option<Shot> {
        let (reading, open) = self.read()?;
        let network = self.network()?;
        let opens = instant.unix_micros().saturating_mul(1_000);
        let late_by = LATE_BY.max(network.whole / LATE_BY_PART);
        let meets = |ahead: i64| opens.saturating_sub(ahead).saturating_add(late_by);
        let safe_at = meets(reading.safe);
        let few = !reading.files && reading.stamp != Stamp::Arrival && self.connects.len() < MANY_CONNECTS;
        let least = if few { network.whole / JITTER_PART_OF_FEW } else { 0 };
        let at = meets(reading.likely)
            .saturating_add(network.jitter.max(least).max(open.min(LATE_BY_AT_MOST)))
            .saturating_sub(self.opens_earlier())
            .min(safe_at);
        let arrives = |ahead: i64| at.saturating_add(ahead).saturating_sub(opens) / 1_000;
        Some(Shot {
            at: duration(at),
            safe_at: duration(safe_at),
            earliest_micros: arrives(reading.earliest),
            likely_micros: arrives(reading.likely),
            latest_micros: arrives(reading.latest),
        })
    }

    /// When what is sent at `at` arrives, for an opening at `instant` of the site's clock; `None` without a sample.
    pub fn arrival(&self, instant: SeoulTime, at: Duration) -> Option<ShotArrival> {
        let reading = self.reading()?;
        let opens = instant.unix_micros().saturating_mul(1_000);
        let arrives = |ahead: i64| nanos(at).saturating_add(ahead).saturating_sub(opens) / 1_000;
        Some(ShotArrival {
            earliest_micros: arrives(reading.earliest),
            likely_micros: arrives(reading.likely),
            latest_micros: arrives(reading.latest),
        })
    }

    /// How much earlier than announced all openings came before, by a clock measured like this one, in nanoseconds.
    /// An opening that came late is no reason to wait.
    fn opens_earlier(&self) -> i64 {
        let earlier = self.earlier.iter().filter_map(|opening| opening.earlier_by());
        earlier.min().unwrap_or_default()
    }

    /// Whether an opening before this one was late, so that a first refusal is no sign of an early request.
    fn opened_late_before(&self) -> bool {
        self.earlier.iter().any(|opening| opening.is_sensible() && opening.closed_micros > Some(LATE_OPENING))
    }

    /// When to try a second time after the first attempt, sent at `first`, was answered "not open yet"; `None` if it
    /// cannot have been early, so that the opening is late. `now` is when the answer was there, whose date the
    /// caller has already taken in. The third attempt has to wait for [`third_not_before`].
    pub fn second(&self, instant: SeoulTime, first: Duration, now: Duration) -> Option<Duration> {
        let reading = self.reading()?;
        let network = self.network()?;
        if self.opened_late_before() {
            return None;
        }
        let opens = instant.unix_micros().saturating_mul(1_000);
        let arrived = nanos(first).saturating_add(reading.earliest);
        // A line that was quicker than the quickest seen is a reason too: the second attempt costs little.
        let margin = SLACK.saturating_add(network.high / JITTER_PART);
        if arrived > opens.saturating_add(margin) {
            return None;
        }
        let safe_at = duration(opens.saturating_sub(reading.safe).saturating_add(LATE_BY));
        Some(now.max(safe_at.min(first.saturating_add(TWO_IN / 2))))
    }

    /// The next probe that is worth its request. `last` is when the last one was sent, `file` whether a file of the
    /// host is known, `left` how many requests are left for it. Each is aimed so that the moment of its stamp meets
    /// a whole second of the site, where it halves what is not known.
    pub fn next_probe(&self, now: Duration, last: Option<Duration>, file: bool, left: usize) -> NextProbe {
        if left == 0 {
            return NextProbe::Enough;
        }
        let earliest = last.map_or(now, |last| now.max(last.saturating_add(GAP)));
        let ask = |source, ahead: Option<i64>| NextProbe::Ask {
            source,
            at: ahead.map_or(earliest, |ahead| meets_second(earliest, ahead)),
        };
        let first = if file { Source::File } else { Source::Page };
        let Some(network) = self.network() else { return ask(first, None) };
        let Some(fits) = self.fits(&network) else {
            // Behind a cache one end is all that can be had.
            return if self.samples.len() < 4 { ask(first, None) } else { NextProbe::Enough };
        };
        let enough = good_enough(&network);
        let files = self.samples.iter().filter(|sample| sample.source == Source::File).count();
        let script = self.script(&network);
        let Some(fit) = fits.arrival.or(fits.departure).or(fits.between) else { return NextProbe::Enough };
        if !fits.used.pages && !fits.used.files {
            // The stamps tell nothing of the network: a few files do.
            if file && files < FILES_BEFORE_CHECK {
                let dates = Used { files: true, pages: true, own: false };
                let dated = self.fit(&network, Stamp::Arrival, dates).map(|dated| dated.open().middle());
                return ask(Source::File, dated);
            }
            if fit.usual.width() <= enough {
                return NextProbe::Enough;
            }
            let own = self.samples.iter().rev().find_map(|sample| sample.own);
            let read = own.map_or(Stamp::Unknown, |own| own.read).or(fit.stamp);
            return ask(Source::Page, Some(fit.likely().saturating_add(moment(read, script))));
        }
        // What all models leave open: a file halves it.
        let models = [fits.arrival, fits.departure, fits.between];
        let open = models.into_iter().flatten().map(Fit::open).reduce(Span::hull).unwrap_or(Span::ALL);
        let files_alone = self.files_alone(&network, fits.used);
        let told = files_alone.is_some_and(|alone| alone.usual.width() <= enough);
        let file = file && (files == 0 || fits.used.files);
        let both = fits.arrival.zip(fits.departure);
        if file && files >= FILES_BEFORE_CHECK {
            let last = files >= MAX_FILE_PROBES || told || open.width() <= enough || left == 1;
            let within = if last { 0 } else { CHECK_WITHIN };
            if let Some(stamped) = self.unchecked(&network, open, within) {
                // Where the models say different things, the same page may tell them apart.
                let apart = script > network.jitter.saturating_mul(4).saturating_add(open.width());
                let between = open.middle().saturating_add(script / 2);
                let moments = if apart && both.is_some() { [between, stamped] } else { [stamped, stamped] };
                let untried = moments.map(|ahead| meets_second(earliest, ahead));
                if let Some(at) = untried.into_iter().find(|at| !self.asked_alike(*at)) {
                    return NextProbe::Ask { source: Source::Page, at };
                }
            }
        }
        if file && files < MAX_FILE_PROBES && (files == 0 || open.width() > enough && !told) {
            return ask(Source::File, Some(open.middle()));
        }
        if let Some((arrival, departure)) = both {
            let claimed = files_alone.map(|alone| alone.open().middle());
            let from = claimed.unwrap_or_else(|| arrival.likely());
            let to = claimed.unwrap_or_else(|| departure.likely()).saturating_add(script);
            let settled = if fits.used.files { to.saturating_sub(from).abs() } else { fit.usual.width() };
            // Between the two moments one of the models fails.
            return if settled <= enough {
                NextProbe::Enough
            } else {
                ask(Source::Page, Some(from.midpoint(to)))
            };
        }
        if fit.usual.width() <= enough || told {
            NextProbe::Enough
        } else if file {
            ask(Source::File, Some(fit.likely()))
        } else {
            ask(Source::Page, Some(fit.likely().saturating_add(moment(fit.stamp, script))))
        }
    }

    /// Whether a page was asked lately at the same point of a second: the same again would tell nothing more.
    fn asked_alike(&self, at: Duration) -> bool {
        let at = nanos(at);
        self.samples.iter().filter(|sample| sample.source == Source::Page).any(|sample| {
            let apart = at.saturating_sub(nanos(sample.sent));
            let point = apart.rem_euclid(SECOND);
            apart < ALIKE_WITHIN && point.min(SECOND.saturating_sub(point)) < MILLI
        })
    }

    /// Where a page has to be stamped so that it shows whether it has the clock of the files, which leave
    /// `claimed` open: before that, or after it and the script, whichever the pages' dates leave open by more than
    /// `within` so far. `None` once both ends are closed.
    fn unchecked(&self, network: &Network, claimed: Span, within: i64) -> Option<i64> {
        let script = self.script(network);
        let varies = self.paths(Source::Page).map_or(0, Paths::spread).max(network.jitter);
        let near = varies.saturating_mul(2).saturating_add(claimed.half()).saturating_add(MILLI);
        let low = claimed.middle().saturating_sub(near);
        let high = claimed.middle().saturating_add(near).saturating_add(script);
        let pages = Used { files: false, pages: true, own: false };
        let pages = self.fit(network, Stamp::Unknown, pages).map_or(Span::ALL, |pages| pages.bounds);
        let within = near.saturating_add(within);
        let below = low.saturating_sub(pages.low).saturating_sub(script);
        let above = pages.high.saturating_sub(high);
        (below.max(above) > within).then_some(if below > above { low } else { high })
    }

    /// The usual time of a page beyond the network's, in nanoseconds.
    fn script(&self, network: &Network) -> i64 {
        self.paths(Source::Page).map_or(0, |paths| paths.typical.saturating_sub(network.typical)).max(0)
    }

    /// What the files say without the pages.
    fn files_alone(&self, network: &Network, used: Used) -> Option<Fit> {
        used.files
            .then(|| self.fit(network, Stamp::Arrival, Used { files: true, pages: false, own: false }))?
    }

    fn times(&self, source: Source) -> Vec<i64> {
        self.samples.iter().filter(|sample| sample.source == source).map(Sample::path).collect()
    }

    fn paths(&self, source: Source) -> Option<Paths> {
        Paths::of(self.times(source))
    }

    /// What is known of the network alone; `None` without a sample.
    fn network(&self) -> Option<Network> {
        let files = self.paths(Source::File);
        let all = Paths::of(self.samples.iter().map(Sample::path).collect())?;
        let connects = Paths::of(self.connects.iter().copied().map(nanos).collect());
        let high = connects.map_or(all.quickest, |connects| connects.quickest.min(all.quickest));
        // No answer comes sooner than the network allows.
        let known = self.facts.network_micros.map(|micros| micros_to_nanos(micros).min(high));
        let whole = if connects.is_none() && files.is_none() { known.unwrap_or(high) } else { high };
        let slack = (high / SLACK_PART).saturating_add(SLACK);
        let low = match (connects, files) {
            (Some(_), _) => high.saturating_sub(slack),
            (None, Some(_)) => high.saturating_sub(slack).saturating_sub(FILE_WORK),
            (None, None) => 0,
        };
        let typical = match (connects, files) {
            // The files' own work is small, and they are more.
            (Some(connects), Some(files)) if self.connects.len() > 2 => connects.typical.min(files.typical),
            (_, Some(files)) => files.typical,
            (Some(connects), None) => connects.typical,
            // Later by a round trip is no worse than early, which costs one.
            (None, None) => known.unwrap_or(0),
        };
        let jitter = match (connects, files) {
            (_, Some(files)) => files.spread(),
            (Some(connects), None) => connects.spread().max(high / JITTER_PART),
            (None, None) => whole / JITTER_PART,
        };
        Some(Network { low: low.max(0), high, typical, whole, jitter, slack })
    }

    fn has_many_own(&self) -> bool {
        self.samples.iter().filter(|sample| sample.own.is_some()).count() >= MANY_OWN
    }

    /// Whether pages come with the application's own stamp, so that probes can go by it. Some sites send such a cookie only
    /// now and then.
    fn own_is_live(&self) -> bool {
        let pages = || self.samples.iter().filter(|sample| sample.source == Source::Page);
        let newest = pages().next_back().is_some_and(|page| page.own.is_some());
        let all = pages().nth(1).is_some() && pages().all(|page| page.own.is_some());
        newest && (all || self.has_many_own())
    }

    /// The models that fit the most trusted stamps; `None` if nothing fits.
    fn fits(&self, network: &Network) -> Option<Fits> {
        let has = |source| self.samples.iter().any(|sample| sample.source == source);
        let all = Used {
            files: has(Source::File),
            pages: has(Source::Page),
            own: self.samples.iter().any(|sample| sample.own.is_some()),
        };
        // The clock that the rules ask goes first, then the pages' dates: files may come from another machine.
        let without_files = Used { files: false, ..all };
        let only_own = Used { files: false, pages: false, own: true };
        let without_own = Used { own: false, ..all };
        let mut tries = Vec::with_capacity(6);
        if self.own_is_live() {
            tries.push(only_own);
        }
        tries.push(all);
        if all.files && (all.pages || all.own) {
            tries.push(without_files);
        }
        // A few stamps that contradict all dates are another clock's; many are not.
        if all.own && self.has_many_own() {
            tries.push(only_own);
        } else if all.own {
            tries.extend([without_own, Used { files: false, ..without_own }, only_own]);
        }
        let fit = |stamp, used| self.fit(network, stamp, used).filter(|fit| !fit.bounds.is_empty());
        for used in &tries {
            let (arrival, departure) = (fit(Stamp::Arrival, *used), fit(Stamp::Departure, *used));
            let (arrival, departure) = match self.told {
                Stamp::Arrival if arrival.is_some() && !used.files => (arrival, None),
                Stamp::Departure if departure.is_some() && !used.files => (None, departure),
                // Nothing was told, or it is contradicted, or files may yet tell the models apart.
                _ => (arrival, departure),
            };
            if arrival.is_some() || departure.is_some() {
                return Some(Fits { used: *used, arrival, departure, between: None });
            }
        }
        tries.iter().find_map(|used| {
            let between = fit(Stamp::Unknown, *used)?;
            Some(Fits { used: *used, arrival: None, departure: None, between: Some(between) })
        })
    }

    fn fit(&self, network: &Network, stamp: Stamp, used: Used) -> Option<Fit> {
        let mut fit = Fit { bounds: Span::ALL, usual: Span::ALL, stamp };
        let mut any = false;
        let mut spiked = Span::ALL;
        let latest = self.samples.iter().map(|sample| sample.sent).max()?;
        let (file, page) = (self.paths(Source::File), self.paths(Source::Page));
        for sample in &self.samples {
            let paths = if sample.source == Source::File { file? } else { page? };
            let drifted = nanos(latest.saturating_sub(sample.sent)) / 1_000_000 * DRIFT_PPM;
            let dates = match sample.source {
                Source::File => used.files,
                Source::Page => used.pages,
            };
            let date = (sample.date.saturating_mul(SECOND), SECOND, stamp);
            let own = sample.own.filter(|_| used.own).map(|own| {
                let (micros, wide) = (own.unix_micros, own.resolution_micros.max(1));
                // Where nothing else is used, either model of it is tried.
                let read = if used.files || used.pages { own.read } else { own.read.or(stamp) };
                (micros.saturating_mul(1_000), wide.saturating_mul(1_000), read)
            });
            for (shown, wide, stamp) in dates.then_some(date).into_iter().chain(own) {
                any = true;
                fit.bounds =
                    fit.bounds.meet(sample.bounds(network, paths, shown, wide, stamp).wider(drifted));
                let usual = sample.usual(network, paths, shown, wide, stamp).wider(drifted);
                if sample.is_spike(network, paths) {
                    spiked = spiked.meet(usual);
                } else {
                    fit.usual = fit.usual.meet(usual);
                }
            }
        }
        if fit.usual.low == i64::MIN || fit.usual.high == i64::MAX {
            fit.usual = fit.usual.meet(spiked);
        }
        any.then_some(fit)
    }

    /// The greatest lower bound of all stamps, for dates that contradict each other.
    fn lower(&self, network: &Network) -> Option<i64> {
        let low = |sample: &Sample| {
            let shown = sample.date.saturating_mul(SECOND);
            shown.saturating_sub(nanos(sample.first_byte)).saturating_add(network.low)
        };
        // A file may come from another clock.
        let pages = self.samples.iter().filter(|sample| sample.source == Source::Page).map(low).max();
        pages.or_else(|| self.samples.iter().map(low).max())
    }
}

impl Sample {
    /// From the request to the answer's first byte, in nanoseconds.
    fn path(&self) -> i64 {
        nanos(self.first_byte.saturating_sub(self.sent))
    }

    /// How much longer than the quickest way the request, or the answer, can have been on its way.
    fn delayed_by(&self, network: &Network, paths: Paths) -> i64 {
        let all = self.path().saturating_sub(network.low).max(0);
        let above = self.path().saturating_sub(paths.quickest);
        // The quickest answer may have met a longer script than this one did, by as much as they usually differ.
        all.min(above.saturating_add(network.slack).saturating_add(paths.spread()))
    }

    fn is_spike(&self, network: &Network, paths: Paths) -> bool {
        let usual = paths.spread().max(network.jitter).saturating_mul(SPIKE).saturating_add(MILLI);
        self.path().saturating_sub(paths.typical) > usual
    }

    /// What a stamp that shows `shown` and is `wide` nanoseconds long allows.
    fn bounds(&self, network: &Network, paths: Paths, shown: i64, wide: i64, stamp: Stamp) -> Span {
        let (sent, came) = (nanos(self.sent), nanos(self.first_byte));
        let end = shown.saturating_add(wide);
        let delayed = self.delayed_by(network, paths);
        let left = shown.saturating_sub(came).saturating_add(network.low);
        let arrived = end.saturating_sub(sent);
        match stamp {
            Stamp::Arrival => {
                let low = shown.saturating_sub(sent).saturating_sub(delayed);
                Span { low: low.max(left), high: arrived }
            }
            Stamp::Departure => {
                let high = end.saturating_sub(came).saturating_add(network.high).saturating_add(delayed);
                Span { low: left, high: high.min(arrived) }
            }
            Stamp::Unknown => Span { low: left, high: arrived },
        }
    }

    /// The same if the way was as long as it usually is. Half of what the whole exchange was longer than usual is
    /// taken to have been on the way to the stamp, and half after it, where it is the network that varies.
    fn usual(&self, network: &Network, paths: Paths, shown: i64, wide: i64, stamp: Stamp) -> Span {
        let (sent, came) = (nanos(self.sent), nanos(self.first_byte));
        let end = shown.saturating_add(wide);
        let script_varies = paths.spread() > network.jitter.saturating_mul(2).saturating_add(MILLI);
        let longer = if script_varies { 0 } else { self.path().saturating_sub(paths.typical) / 2 };
        let longer = longer.clamp(network.jitter.saturating_neg(), network.jitter);
        match stamp {
            Stamp::Arrival => Span {
                low: shown.saturating_sub(sent).saturating_sub(longer),
                high: end.saturating_sub(sent).saturating_sub(longer),
            },
            Stamp::Departure => {
                let shift = network.typical.saturating_add(longer);
                Span {
                    low: shown.saturating_sub(came).saturating_add(shift),
                    high: end.saturating_sub(came).saturating_add(shift),
                }
            }
            Stamp::Unknown => Span {
                low: shown.saturating_sub(came).saturating_add(network.typical),
                high: end.saturating_sub(sent),
            },
        }
    }
}

/// The earliest instant of a third attempt, when the first was sent at `first`: no second has three.
pub fn third_not_before(first: Duration) -> Duration {
    first.saturating_add(TWO_IN)
}

/// When a stamp is made after an arrival, in nanoseconds.
fn moment(stamp: Stamp, script: i64) -> i64 {
    match stamp {
        Stamp::Arrival => 0,
        Stamp::Departure => script,
        Stamp::Unknown => script / 2,
    }
}

fn good_enough(network: &Network) -> i64 {
    (network.high / GOOD_ENOUGH_PART).saturating_add(GOOD_ENOUGH)
}

/// The first instant from `earliest` at which what is sent is stamped at a whole second of the site.
fn meets_second(earliest: Duration, ahead: i64) -> Duration {
    let stamped = nanos(earliest).saturating_add(ahead);
    let wait = (SECOND - stamped.rem_euclid(SECOND)) % SECOND;
    earliest.saturating_add(duration(wait))
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
