//! What the measurements say: the round trip of the network, and what each stamp model makes of the dates.
//!
//! Every stamp gives an interval; a model is the meeting of the intervals of all stamps that are trusted. Which are, is decided
//! here: those of the application before the dates of pages, these before those of files, which may come from another clock.
//! So a contradiction ends in a model that uses less, and never in a value that nothing supports.

use std::borrow::Cow;

use super::{Aim, MILLI, SECOND, Sample, Source, Stamp, micros_to_nanos, nanos};

/// Where no file was asked, the jitter is taken to be at least this part of the round trip, and the other where the
/// value rests on fewer than [`MANY_CONNECTS`]: a few connects tell little of it.
pub(super) const JITTER_PART: i64 = 8;
pub(super) const JITTER_PART_OF_FEW: i64 = 5;
pub(super) const MANY_CONNECTS: usize = 4;

/// How much one clock gains on the other, in parts of a million: an ordinary quartz without a time server. Old
/// answers tell less by it.
const DRIFT_PPM: i64 = 10;

/// So many stamps of the application are enough to go by them alone: its rules ask no other clock.
const MANY_OWN: usize = 4;

/// The quickest of a few round trips is taken to be slower than the quickest possible by at most this part and
/// [`SLACK`]. The bounds rest on it.
const SLACK_PART: i64 = 5;
pub(super) const SLACK: i64 = MILLI / 2;

/// The most that a server takes to answer a file, where only files show how long the network takes.
pub(super) const FILE_WORK: i64 = 2 * MILLI;

/// An answer that took longer than the median by this many times the usual jitter met something unusual on its
/// way. It keeps its bounds, and has no voice in the likely value.
const SPIKE: i64 = 4;

/// An interval within this and a twentieth of the network's round trip is not worth another probe (as in
/// `SiteClock`).
const GOOD_ENOUGH: i64 = MILLI;
const GOOD_ENOUGH_PART: i64 = 50;

/// An interval in nanoseconds; nothing lies in it if `low > high`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Span {
    pub(super) const ALL: Self = Self { low: i64::MIN, high: i64::MAX };

    pub(super) fn meet(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.min(other.high) }
    }

    pub(super) fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    pub(super) fn wider(self, by: i64) -> Self {
        Self { low: self.low.saturating_sub(by), high: self.high.saturating_add(by) }
    }

    pub(super) fn is_empty(self) -> bool {
        self.low > self.high
    }

    pub(super) fn width(self) -> i64 {
        self.high.saturating_sub(self.low)
    }

    /// The value in it that is nearest to `value`; of an empty span, one of its ends.
    pub(super) fn nearest(self, value: i64) -> i64 {
        value.max(self.low).min(self.high)
    }

    /// What is left open on either side of the middle.
    pub(super) fn half(self) -> i64 {
        (self.width() / 2).max(0)
    }

    pub(super) fn middle(self) -> i64 {
        self.low.midpoint(self.high)
    }
}

/// The round trip of the network alone, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    /// No round trip is quicker.
    pub(super) low: i64,
    /// The quickest seen.
    pub(super) high: i64,
    pub(super) typical: i64,
    /// What the jitter is a part of, where it is not measured.
    pub(super) whole: i64,
    /// Between a usual and the quickest.
    pub(super) jitter: i64,
    pub(super) slack: i64,
}

/// How long the answers of one source took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Paths {
    pub(super) quickest: i64,
    pub(super) typical: i64,
}

impl Paths {
    pub(super) fn of(mut times: Vec<i64>) -> Option<Self> {
        times.sort_unstable();
        Some(Self { quickest: *times.first()?, typical: *times.get(times.len() / 2)? })
    }

    pub(super) fn spread(self) -> i64 {
        self.typical.saturating_sub(self.quickest)
    }
}

/// Which stamps are used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    pub(super) files: bool,
    pub(super) pages: bool,
    pub(super) own: bool,
}

/// What some stamps say under one stamp model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// What holds whatever the jitter was, within [`SLACK`].
    pub(super) bounds: Span,
    /// The same for usual jitter: the two ends may cross a little.
    pub(super) usual: Span,
    pub(super) stamp: Stamp,
}

impl Fit {
    pub(super) fn likely(self) -> i64 {
        self.bounds.nearest(self.usual.middle())
    }

    /// Where the truth most likely lies.
    pub(super) fn open(self) -> Span {
        let both = self.usual.meet(self.bounds);
        if both.is_empty() { Span { low: self.likely(), high: self.likely() } } else { both }
    }
}

/// The fits of the models that the measurements allow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fits {
    pub(super) used: Used,
    pub(super) arrival: Option<Fit>,
    pub(super) departure: Option<Fit>,
    /// Neither: only that the stamp lies between arrival and departure.
    pub(super) between: Option<Fit>,
}

impl Aim {
    /// The usual time of a page beyond the network's, in nanoseconds.
    pub(super) fn script(&self, network: &Network) -> i64 {
        self.paths(Source::Page).map_or(0, |paths| paths.typical.saturating_sub(network.typical)).max(0)
    }

    /// What the files say without the pages.
    pub(super) fn files_alone(&self, network: &Network, used: Used) -> Option<Fit> {
        used.files
            .then(|| self.fit(network, Stamp::Arrival, Used { files: true, pages: false, own: false }))?
    }

    pub(super) fn times(&self, source: Source) -> Vec<i64> {
        self.samples.iter().filter(|sample| sample.source == source).map(Sample::path).collect()
    }

    pub(super) fn paths(&self, source: Source) -> Option<Paths> {
        Paths::of(self.times(source))
    }

    /// What is known of the network alone; `None` without a sample.
    pub(super) fn network(&self) -> Option<Network> {
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

    pub(super) fn has_many_own(&self) -> bool {
        self.samples.iter().filter(|sample| sample.own.is_some()).count() >= MANY_OWN
    }

    /// Whether pages come with the application's own stamp, so that probes can go by it. Some sites send such a cookie only
    /// now and then.
    pub(super) fn own_is_live(&self) -> bool {
        let pages = || self.samples.iter().filter(|sample| sample.source == Source::Page);
        let newest = pages().next_back().is_some_and(|page| page.own.is_some());
        let all = pages().nth(1).is_some() && pages().all(|page| page.own.is_some());
        newest && (all || self.has_many_own())
    }

    /// The same without the application's stamps, where these are too few to go by alone.
    ///
    /// Probes are planned by it where another clock may contradict the dates: those whose instants a few stamps of the
    /// application narrow would never show that the dates are not theirs.
    pub(crate) fn by_dates(&self) -> Cow<'_, Self> {
        if self.own_is_live() || self.has_many_own() || self.samples.iter().all(|sample| sample.own.is_none())
        {
            return Cow::Borrowed(self);
        }
        let mut dates = self.clone();
        dates.samples.iter_mut().for_each(|sample| sample.own = None);
        Cow::Owned(dates)
    }

    /// The models that fit the most trusted stamps; `None` if nothing fits.
    pub(super) fn fits(&self, network: &Network) -> Option<Fits> {
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

    pub(super) fn fit(&self, network: &Network, stamp: Stamp, used: Used) -> Option<Fit> {
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
    pub(super) fn lower(&self, network: &Network) -> Option<i64> {
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
    pub(super) fn path(&self) -> i64 {
        nanos(self.first_byte.saturating_sub(self.sent))
    }

    /// How much longer than the quickest way the request, or the answer, can have been on its way.
    pub(super) fn delayed_by(&self, network: &Network, paths: Paths) -> i64 {
        let all = self.path().saturating_sub(network.low).max(0);
        let above = self.path().saturating_sub(paths.quickest);
        // The quickest answer may have met a longer script than this one did, by as much as they usually differ.
        all.min(above.saturating_add(network.slack).saturating_add(paths.spread()))
    }

    pub(super) fn is_spike(&self, network: &Network, paths: Paths) -> bool {
        let usual = paths.spread().max(network.jitter).saturating_mul(SPIKE).saturating_add(MILLI);
        self.path().saturating_sub(paths.typical) > usual
    }

    /// What a stamp that shows `shown` and is `wide` nanoseconds long allows.
    pub(super) fn bounds(
        &self,
        network: &Network,
        paths: Paths,
        shown: i64,
        wide: i64,
        stamp: Stamp,
    ) -> Span {
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
    pub(super) fn usual(&self, network: &Network, paths: Paths, shown: i64, wide: i64, stamp: Stamp) -> Span {
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

pub(super) fn good_enough(network: &Network) -> i64 {
    (network.high / GOOD_ENOUGH_PART).saturating_add(GOOD_ENOUGH)
}
