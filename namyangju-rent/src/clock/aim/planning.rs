//! Which probe is worth its request: what to ask next, and at which instant, so that its stamp halves what is open. It
//! sends nothing.

use std::time::Duration;

use super::measuring::{Fit, Network, Paths, Span, Used, good_enough};
use super::{Aim, MILLI, NextProbe, SECOND, Source, Stamp, duration, nanos};

/// Two clocks drift apart by too little in this time for the same probe to show something else.
pub(super) const ALIKE_WITHIN: i64 = 60 * SECOND;

/// After so many probes of a file, pages show whether it is answered by their clock.
pub(super) const FILES_BEFORE_CHECK: usize = 3;

/// What the pages may leave open then on either side. The rest is closed by the last probe, which is a page anyway.
pub(super) const CHECK_WITHIN: i64 = 150 * MILLI;

/// Probes of a file in one measurement. The other probes go to pages: they learn the stamp, and show whether the
/// file is answered by the same clock.
pub const MAX_FILE_PROBES: usize = 9;

/// The shortest time between two probes of one measurement (as in `SiteClock`).
pub(super) const GAP: Duration = Duration::from_secs(1);

impl Aim {
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
    pub(super) fn asked_alike(&self, at: Duration) -> bool {
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
    pub(super) fn unchecked(&self, network: &Network, claimed: Span, within: i64) -> Option<i64> {
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
}

/// When a stamp is made after an arrival, in nanoseconds.
pub(super) fn moment(stamp: Stamp, script: i64) -> i64 {
    match stamp {
        Stamp::Arrival => 0,
        Stamp::Departure => script,
        Stamp::Unknown => script / 2,
    }
}

/// The first instant from `earliest` at which what is sent is stamped at a whole second of the site.
pub(super) fn meets_second(earliest: Duration, ahead: i64) -> Duration {
    let stamped = nanos(earliest).saturating_add(ahead);
    let wait = (SECOND - stamped.rem_euclid(SECOND)) % SECOND;
    earliest.saturating_add(duration(wait))
}
