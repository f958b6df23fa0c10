//! How early or late the request of the opening arrives, over simulated networks and servers, by the ways of
//! aiming that were tried. Nothing waits: it takes seconds, and no network is used.
//!
//!     cargo run --release -p benches --bin aim_error -- [worlds] [seed] [part ...]
//!
//! Parts: `ways`, `full`, `networks`, `known`, `margins`, `kept`; all of them if none is named.
//!
//! **Why this exists.** The aim was chosen by these tables. On real servers half a script time of error in the
//! site's clock costs a whole refusal, and no test on loopback meets more than one server model.
//!
//! A world is a network (a base round trip split between 50/50 and 65/35, either way; each direction of each
//! exchange drawn anew, half of the worlds evenly within 25 % of the base, half never below it with a cut
//! exponential above, as in `clock_error`) and a server: where it stamps `Date`, how long a script takes, when the
//! rules ask the clock (when the script begins, unless a row says otherwise), whether a file is there.
//!
//! The run: ten minutes before the opening four pages are read anyway, at any moment, and up to 3 requests are
//! aimed; a minute before up to 7 more (6 where two shots are planned); 20 s before a page is read anyway; 2 s before one aimed page keeps the line
//! warm. What is refused as too early is followed as `Aim::second` says, or as the run did until now; the third
//! attempt comes a second after the first.
//!
//! `floor` knows the quickest way there and shoots so that it arrives at the instant: what is left is the jitter of
//! the shot itself, which no exchange of stamps can foretell.

use std::time::Duration;

use benches::{Seeded, machine, quantile};
use namyangju_rent::SeoulTime;
use namyangju_rent::aim::{Aim, NextProbe, OwnStamp, Sample, Shot, Source, Stamp, third_not_before};
use namyangju_rent::clock::{Probe, SiteClock};
use namyangju_rent::limits::PROBE_GAP;

/// Unix time at the monotonic zero of the simulated machine, in seconds.
const START: f64 = 1_795_658_400.0;

/// The opening by the site's clock, in seconds after [`START`].
const OPENS: f64 = 700.0;

/// How far a clock that a time server keeps is from the true time, either way, in seconds.
const KEPT_WITHIN: f64 = 0.005;

const JITTER: f64 = 0.25;
const TAIL_MEAN: f64 = 0.08;

/// Seconds that are added by the chosen aim and by the one that knows everything.
const LATE_BY: f64 = 0.002;

#[derive(Clone, Copy, PartialEq)]
enum Dated {
    Arrival,
    Departure,
    /// When the head leaves, from a text that a timer renews each second, at a phase of its own.
    Timer,
}

#[derive(Clone, Copy, PartialEq)]
enum File {
    Same,
    /// On a machine with another clock.
    Other,
    None,
}

/// What a table varies.
#[derive(Clone, Copy)]
struct Setting {
    rtt: f64,
    dated: Dated,
    script: f64,
    /// The part of the script time by which it varies, either way.
    varies: f64,
    /// The rules ask the clock when the script begins.
    asks_first: bool,
    file: File,
    connects: usize,
    /// The `Server` header says what it is.
    hint: bool,
    /// Answers carry the application's own second.
    own: bool,
    /// The stamp is known from an earlier run or the dialect.
    told: bool,
    /// The part of the directions that meet a queue of half to two round trips.
    spikes: f64,
    /// Most of the probes are sent in the last minute instead of ten minutes before.
    late: bool,
    /// How much faster the local clock runs than the site's, in parts of a million, either way.
    drift: f64,
    /// How much later than announced the site really opens.
    late_by: f64,
    hurry: Hurry,
    /// A time server keeps the machine's clock, and the site's is behind by this much: seconds.
    kept: Option<f64>,
}

/// What follows a first attempt that is refused as too early.
#[derive(Clone, Copy, PartialEq)]
enum Hurry {
    /// As `Aim::second` says.
    Chosen,
    /// The second attempt is half a second after the first, whatever is known.
    Never,
    /// The second attempt goes at once if the first can have arrived by the opening and this margin: milliseconds and a
    /// part of the quickest round trip.
    Within(f64, f64),
    /// Always at once.
    Always,
    /// So many milliseconds after the first.
    After(f64),
    /// At once if the exchange of the first took no longer than usual, and this many milliseconds: what arrived early
    /// was quick on its way there.
    IfQuick(f64),
}

const USUAL: Setting = Setting {
    rtt: 0.040,
    dated: Dated::Arrival,
    script: 0.0,
    varies: 0.0,
    asks_first: true,
    file: File::Same,
    connects: 2,
    hint: false,
    own: false,
    told: false,
    spikes: 0.0,
    late: true,
    drift: 0.0,
    late_by: 0.0,
    hurry: Hurry::Chosen,
    kept: None,
};

struct World {
    setting: Setting,
    even: bool,
    there: f64,
    back: f64,
    ahead: f64,
    file_ahead: f64,
    phase: f64,
    drift: f64,
    /// What the machine's clock shows too much.
    own_ahead: f64,
    random: Seeded,
}

struct Exchange {
    sent: f64,
    arrived: f64,
    asked: f64,
    came: f64,
    date: i64,
    own: i64,
}

impl World {
    fn new(setting: Setting, mut random: Seeded) -> Self {
        let more = random.between(0.5, 0.65);
        let part = if random.unit() < 0.5 { more } else { 1.0 - more };
        let off = random.between(-2.0, 2.0);
        // A kept clock is within some milliseconds of the true time, at either end.
        let ahead = setting.kept.map_or(off, |behind| off / 2.0 * KEPT_WITHIN - behind);
        Self {
            setting,
            even: random.unit() < 0.5,
            there: setting.rtt * part,
            back: setting.rtt * (1.0 - part),
            ahead,
            file_ahead: if setting.file == File::Other { random.between(-1.0, 1.0) } else { 0.0 },
            phase: random.unit(),
            drift: random.between(-1.0, 1.0) * setting.drift * 1e-6,
            own_ahead: setting.kept.map_or(0.0, |_| random.between(-KEPT_WITHIN, KEPT_WITHIN)),
            random,
        }
    }

    fn way(&mut self, base: f64) -> f64 {
        let random = &mut self.random;
        let factor = if self.even {
            random.between(1.0 - JITTER, 1.0 + JITTER)
        } else {
            loop {
                let above = -TAIL_MEAN * (1.0 - random.unit()).ln();
                if above <= JITTER {
                    break 1.0 + above;
                }
            }
        };
        let spike = if random.unit() < self.setting.spikes {
            random.between(0.5, 2.0) * self.setting.rtt
        } else {
            0.0
        };
        base * factor + spike
    }

    fn connect(&mut self) -> f64 {
        self.way(self.there) + self.way(self.back) + self.random.between(0.000_05, 0.000_3)
    }

    /// The site's clock at a local instant, in seconds after [`START`].
    fn site(&self, local: f64) -> f64 {
        local + self.ahead + (local - OPENS) * self.drift
    }

    fn ask(&mut self, sent: f64, source: Source) -> Exchange {
        let there = self.way(self.there);
        let arrived = sent + there;
        let varies = self.setting.varies;
        let script = match source {
            Source::File => self.random.between(0.000_1, 0.000_4),
            Source::Page => 0.000_5 + self.setting.script * self.random.between(1.0 - varies, 1.0 + varies),
        };
        let left = arrived + script;
        let came = left + self.way(self.back);
        let shows = |local: f64| {
            let other = if source == Source::File { self.file_ahead } else { 0.0 };
            self.site(local) + other
        };
        let date = match self.setting.dated {
            Dated::Arrival => shows(arrived),
            Dated::Departure => shows(left),
            Dated::Timer => shows(left) - self.phase,
        };
        Exchange {
            sent,
            arrived: self.site(arrived) - OPENS,
            asked: self.site(if self.setting.asks_first { arrived } else { left }) - OPENS,
            came,
            date: START as i64 + date.floor() as i64,
            own: START as i64 + self.site(arrived).floor() as i64,
        }
    }
}

/// A way of aiming.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// The middle of the clock's interval, half of the typical path, as the run did until now.
    Middle,
    /// The same clock, half of the connect time.
    ConnectSplit,
    /// Files alone.
    Files,
    /// Pages alone.
    Pages,
    /// So many files, then pages.
    Mixed(usize),
    /// As the planner says.
    Planned,
    /// The same with the stamp learnt by an earlier run, and no file.
    Told,
    /// The same without a shot by the machine's own clock.
    DatesAlone,
    /// The planner's, by the safe end.
    Safe,
    /// Knows the middle of all ways there.
    Floor,
}

impl Way {
    fn name(self) -> String {
        match self {
            Self::Middle => "middle (today)".into(),
            Self::ConnectSplit => "middle, connect time halved".into(),
            Self::Files => "files only".into(),
            Self::Pages => "pages only".into(),
            Self::Mixed(files) => format!("{files} files, then pages"),
            Self::Planned => "**planned (chosen)**".into(),
            Self::Told => "pages, stamp told".into(),
            Self::DatesAlone => "planned, by the dates alone".into(),
            Self::Safe => "planned, safe end".into(),
            Self::Floor => "floor".into(),
        }
    }
}

/// What one world gave. Milliseconds after the opening.
struct Given {
    first: f64,
    refused: bool,
    useful: f64,
    requests: usize,
    attempts: usize,
    /// The second attempt went at once.
    hurried: bool,
    /// The interval held the truth, for the quickest way there.
    held: bool,
    learnt: Option<bool>,
}

fn duration(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.max(0.0))
}

fn opening() -> SeoulTime {
    SeoulTime::from_unix_micros(((START + OPENS) * 1e6) as i64)
}

fn sample(setting: Setting, exchange: &Exchange, source: Source) -> Sample {
    let own = (setting.own && source == Source::Page).then(|| OwnStamp {
        unix_micros: exchange.own * 1_000_000,
        resolution_micros: 1_000_000,
        read: Stamp::Arrival,
    });
    Sample {
        sent: duration(exchange.sent),
        first_byte: duration(exchange.came),
        date: exchange.date,
        source,
        own,
    }
}

fn probe(exchange: &Exchange) -> Probe {
    Probe { sent: duration(exchange.sent), answered: duration(exchange.came), date: exchange.date }
}

/// The shot of the run until now: its formula, by the same clock.
fn middle_shot(clock: &SiteClock, flight: f64) -> f64 {
    let wall = SeoulTime::from_unix_micros((START * 1e6) as i64);
    let estimate = clock.estimate(wall, Duration::ZERO).expect("it has probes");
    let local = clock.local(opening()).expect("it has probes").as_secs_f64();
    let (error, path) = (estimate.error_micros as f64 / 1e6, estimate.path.as_secs_f64());
    let unexplained = (error - path / 2.0).clamp(0.0, 0.25);
    local + LATE_BY + unexplained.max(error.min(0.25) / 6.0) - flight
}

fn run(way: Way, setting: Setting, random: Seeded) -> Given {
    let mut world = World::new(setting, random);
    if matches!(way, Way::Middle | Way::ConnectSplit) {
        return run_middle(way, &mut world);
    }
    let told = match setting.dated {
        _ if !setting.told && way != Way::Told => Stamp::Unknown,
        Dated::Arrival => Stamp::Arrival,
        Dated::Departure | Dated::Timer => Stamp::Departure,
    };
    let mut aim = Aim::new(told);
    for _ in 0..setting.connects {
        let took = world.connect();
        aim.connected(duration(took));
    }
    if setting.hint {
        aim.served_by(if setting.dated == Dated::Arrival { "Apache" } else { "nginx" });
    }
    let mut now = 1.0 + world.random.unit();
    if way != Way::Files {
        for _ in 0..4 {
            let read = world.ask(now, Source::Page);
            now = read.came + world.random.between(0.0, 0.3);
            aim.add(sample(setting, &read, Source::Page));
        }
    }
    // A machine whose clock is kept may shoot by it, and a probe less pays for that.
    let shows = duration(OPENS - world.own_ahead);
    let by_own = |aim: &Aim, way: Way| {
        let kept = setting.kept.filter(|_| way != Way::DatesAlone);
        kept.and_then(|_| aim.by_own_clock(opening(), shows))
    };
    let mut last = None;
    let mut requests = 0;
    let begins = OPENS - world.ahead;
    let (first, then) = if setting.late { (3, 7) } else { (8, 2) };
    for (from, most) in [(begins - 590.0, first), (begins - 60.0, then)] {
        now = now.max(from);
        for left in (1..=most).rev() {
            if left == 1 && from > begins - 100.0 && by_own(&aim, way).is_some() {
                break;
            }
            let files = aim.samples().iter().filter(|sample| sample.source == Source::File).count();
            let file = match way {
                Way::Pages | Way::Told => false,
                Way::Mixed(files_at_most) => files < files_at_most,
                _ => true,
            } && setting.file != File::None;
            let next = match (way, aim.next_probe(duration(now), last, file, left)) {
                // The planner would stop, or check by pages; these go on.
                (Way::Mixed(most), NextProbe::Ask { at, .. }) if files >= most => {
                    NextProbe::Ask { source: Source::Page, at }
                }
                (Way::Files, NextProbe::Ask { at, .. }) => NextProbe::Ask { source: Source::File, at },
                (_, next) => next,
            };
            let NextProbe::Ask { source, at } = next else { break };
            let at_seconds = at.as_secs_f64();
            assert!(at_seconds >= now - 1e-6 && last.is_none_or(|last| at >= last + PROBE_GAP));
            last = Some(at);
            requests += 1;
            let read = world.ask(at_seconds, source);
            now = read.came;
            aim.add(sample(setting, &read, source));
        }
    }
    if way != Way::Files {
        now = now.max(begins - 20.0);
        let read = world.ask(now, Source::Page);
        aim.add(sample(setting, &read, Source::Page));
        // The line is kept warm by a page that is aimed as well as the time allows.
        let at = match aim.next_probe(duration(begins - 2.9), last, false, 1) {
            NextProbe::Ask { at, .. } => at.as_secs_f64(),
            NextProbe::Enough => begins - 2.0,
        };
        requests += 1;
        let read = world.ask(at, Source::Page);
        aim.add(sample(setting, &read, Source::Page));
    }
    let reading = aim.reading().expect("it has samples");
    let quickest = if world.even { 1.0 - JITTER } else { 1.0 };
    let truth = world.site(begins) - begins + world.there * quickest;
    let of = |ahead: i64| (ahead - START as i64 * 1_000_000_000) as f64 / 1e9;
    let held = of(reading.earliest) <= truth + 1e-6 && truth <= of(reading.latest) + 1e-6;
    let learnt = match reading.stamp {
        Stamp::Unknown => None,
        stamp => Some((stamp == Stamp::Arrival) == (setting.dated == Dated::Arrival)),
    };
    let Shot { at, safe_at, .. } = aim.shot(opening()).expect("it has samples");
    let by_own = by_own(&aim, way);
    let at = match way {
        Way::Safe => safe_at.as_secs_f64(),
        Way::Floor => begins - world.there * quickest,
        _ => by_own.unwrap_or(at).as_secs_f64(),
    };
    let first = world.ask(at, Source::Page);
    let (arrived, refused) = (first.arrived, first.asked < setting.late_by);
    let (mut met, mut attempts, mut hurried) = (first, 1, false);
    let sent = met.sent;
    let mut next = sent;
    while met.asked < setting.late_by {
        let hurry = if attempts == 1 {
            aim.add(sample(setting, &met, Source::Page));
            match by_own {
                Some(_) => aim.after_own_clock(opening(), duration(met.came)),
                None => second(&aim, setting.hurry, duration(sent), duration(met.came)),
            }
        } else {
            None
        };
        hurried |= hurry.is_some();
        let at = match hurry {
            Some(at) => at.as_secs_f64(),
            None => {
                // No second has three attempts.
                next = if hurried && attempts == 2 {
                    third_not_before(duration(sent)).as_secs_f64()
                } else {
                    next + 0.5
                };
                next.max(met.came)
            }
        };
        met = world.ask(at, Source::Page);
        attempts += 1;
    }
    let (first, useful) = (arrived * 1e3, (met.arrived - setting.late_by) * 1e3);
    Given { first, refused, useful, requests, attempts, hurried, held, learnt }
}

/// When the second attempt goes, if it goes at once.
fn second(aim: &Aim, hurry: Hurry, first: Duration, now: Duration) -> Option<Duration> {
    let (millis, part) = match hurry {
        Hurry::Chosen => return aim.second(opening(), first, now),
        Hurry::Never => return None,
        Hurry::Always => (f64::INFINITY, 0.0),
        Hurry::After(millis) => return Some(now.max(first + Duration::from_secs_f64(millis / 1e3))),
        Hurry::IfQuick(millis) => {
            let took = (now - first).as_secs_f64();
            let pages = aim.samples().iter().filter(|sample| sample.source == Source::Page);
            let mut paths: Vec<f64> =
                pages.map(|sample| (sample.first_byte - sample.sent).as_secs_f64()).collect();
            let usual = quantile(&mut paths, 0.5) + millis / 1e3;
            return if took <= usual { aim.second(opening(), first, now) } else { None };
        }
        Hurry::Within(millis, part) => (millis, part),
    };
    let reading = aim.reading().expect("it has samples");
    let paths = aim.samples().iter().map(|sample| (sample.first_byte - sample.sent).as_secs_f64());
    let margin = millis / 1e3 + paths.fold(f64::INFINITY, f64::min) * part;
    let opens = opening().unix_micros() * 1_000;
    let arrived = (first.as_nanos() as i64 + reading.earliest - opens) as f64 / 1e9;
    // The bound of a date is exact to the nanosecond: what arrives at the opening is not early.
    let may_be_early = arrived < margin - 1e-9;
    let safe_at = duration((opens - reading.safe) as f64 / 1e9 + LATE_BY);
    may_be_early.then(|| now.max(safe_at.min(first + Duration::from_millis(500))))
}

/// The run until now: its clock, its shot and what it did after a refusal.
fn run_middle(way: Way, world: &mut World) -> Given {
    let mut connects: Vec<f64> = (0..world.setting.connects).map(|_| world.connect()).collect();
    let mut clock = SiteClock::new();
    let begins = OPENS - world.ahead;
    let mut requests = 0;
    for (from, most) in [(begins - 590.0, 8), (begins - 60.0, 3)] {
        let mut now = from + world.random.unit();
        for _ in 0..most {
            if !clock.wants_more() {
                break;
            }
            let at = clock.aim(duration(now));
            let read = world.ask(at.as_secs_f64(), Source::Page);
            now = read.came;
            requests += 1;
            clock.add(probe(&read));
        }
    }
    let mut paths: Vec<f64> =
        clock.probes().iter().map(|probe| (probe.answered - probe.sent).as_secs_f64()).collect();
    let flight = match way {
        Way::ConnectSplit if !connects.is_empty() => quantile(&mut connects, 0.5) / 2.0,
        _ => quantile(&mut paths, 0.5) / 2.0,
    };
    let at = middle_shot(&clock, flight);
    let first = world.ask(at, Source::Page);
    let (refused, mut attempts) = (first.asked < 0.0, 1);
    let mut useful = first.arrived;
    if refused {
        let dated_early = first.date < (START + OPENS) as i64;
        clock.add(probe(&first));
        let again = if dated_early { first.came.max(middle_shot(&clock, flight)) } else { at + 0.5 };
        let second = world.ask(again, Source::Page);
        attempts += 1;
        useful = second.arrived;
        if second.asked < 0.0 {
            useful = world.ask((at + 1.0).max(second.came), Source::Page).arrived;
            attempts += 1;
        }
    }
    let (first, useful) = (first.arrived * 1e3, useful * 1e3);
    Given { first, refused, useful, requests, attempts, hurried: false, held: true, learnt: None }
}

/// All worlds of some settings, aimed in one way.
fn figures(way: Way, settings: &[Setting], worlds: u64, seed: u64) -> Figures {
    let mut given = Vec::new();
    for (index, setting) in settings.iter().enumerate() {
        for world in 0..worlds {
            // A stream of its own for each, so that every way of aiming meets the same networks.
            let random = Seeded(seed.wrapping_add(world << 32).wrapping_add((index as u64) << 56));
            given.push(run(way, *setting, random));
        }
    }
    Figures(given)
}

struct Figures(Vec<Given>);

impl Figures {
    fn share(&self, is: impl Fn(&Given) -> bool) -> f64 {
        self.0.iter().filter(|given| is(given)).count() as f64 / self.0.len() as f64 * 100.0
    }

    fn first(&self, part: f64) -> f64 {
        quantile(&mut self.0.iter().map(|given| given.first).collect::<Vec<_>>(), part)
    }

    fn useful(&self, part: f64) -> f64 {
        quantile(&mut self.0.iter().map(|given| given.useful).collect::<Vec<_>>(), part)
    }

    fn mean(&self) -> f64 {
        self.0.iter().map(|given| given.useful).sum::<f64>() / self.0.len() as f64
    }

    fn in_short(&self) -> String {
        format!("{:.1} / **{:.1}**", self.share(|given| given.refused), self.useful(0.95))
    }

    fn row(&self) -> String {
        let requests = self.0.iter().map(|given| given.requests).sum::<usize>() as f64 / self.0.len() as f64;
        format!(
            "{:.1} / {:.1} / {:.1} | {:.1} | {:.1} / **{:.1}** / {:.1} | {:.1} | {} / {:.1} | {:.1} | {:.0} / {:.0}",
            self.first(0.05),
            self.first(0.5),
            self.first(0.95),
            self.share(|given| given.refused),
            self.useful(0.5),
            self.useful(0.95),
            self.useful(1.0),
            self.share(|given| given.attempts > 2),
            self.0.iter().map(|given| given.requests).max().unwrap_or_default(),
            requests,
            self.share(|given| !given.held),
            self.share(|given| given.learnt == Some(true)),
            self.share(|given| given.learnt == Some(false)),
        )
    }
}

const HEADER: &str = "first arrival p5 / p50 / p95 | refused % | useful arrival p50 / p95 / max | third attempt % | probes most / mean | truth outside % | stamp right / wrong %";
const RULE: &str = "--- | --: | --- | --: | --- | --: | ---";

/// A part of the tables, from the number of worlds and the seed.
type Part = fn(u64, u64);

/// What a row changes of a setting.
type Change = fn(Setting) -> Setting;

/// Script times in seconds, and the part by which they vary.
const SCRIPTS: [(f64, f64); 7] =
    [(0.0, 0.0), (0.002, 0.0), (0.03, 0.0), (0.06, 0.2), (0.12, 0.0), (0.25, 0.0), (0.25, 0.2)];

const CONSTANT: [f64; 6] = [0.0, 0.002, 0.03, 0.06, 0.12, 0.25];

fn script_name((script, varies): (f64, f64)) -> String {
    format!("{}{}", script * 1e3, if varies > 0.0 { " ± 20 %" } else { "" })
}

/// What follows a refusal, where the first attempt was early and where the opening is really late.
fn margins(worlds: u64, seed: u64) {
    let hurries: [(&str, Hurry); 13] = [
        ("never", Hurry::Never),
        ("-5 ms", Hurry::Within(-5.0, 0.0)),
        ("-2 ms", Hurry::Within(-2.0, 0.0)),
        ("0", Hurry::Within(0.0, 0.0)),
        ("**0.5 ms + RTT/8 (chosen)**", Hurry::Chosen),
        ("8 ms + RTT/2 (before)", Hurry::Within(8.0, 0.5)),
        ("always", Hurry::Always),
        ("second after 150 ms", Hurry::After(150.0)),
        ("second after 250 ms", Hurry::After(250.0)),
        ("quicker than usual + 2 ms", Hurry::IfQuick(2.0)),
        ("quicker than usual", Hurry::IfQuick(0.0)),
        ("quicker than usual - 2 ms", Hurry::IfQuick(-2.0)),
        ("quicker than usual - 4 ms", Hurry::IfQuick(-4.0)),
    ];
    let cases: [(f64, &str, Change); 3] = [
        (0.040, "file", |s| s),
        (0.040, "no file, `Server` hints", |s| Setting { file: File::None, hint: true, ..s }),
        (0.120, "file", |s| s),
    ];
    let lates = [0.1, 0.3, 0.45, 0.6, 0.9];
    println!(
        "\nThe margin within which a refused first attempt counts as early; all constant script times together."
    );
    println!(
        "On time: first attempts refused % / useful arrival mean / p95 / max ms / runs of 1,000 that lose half a second."
    );
    println!("Late: second attempts at once % / mean wait after the true opening, ms.");
    println!(
        "\n| RTT ms, stamp, known | margin | on time | {} | late, mean of all |",
        lates.map(|late| format!("late by {} ms", late * 1e3)).join(" | ")
    );
    println!("| --- | --- | --- |{} --: |", " --- |".repeat(lates.len()));
    for (rtt, known, change) in cases {
        for dated in [Dated::Arrival, Dated::Departure] {
            let stamped = if dated == Dated::Arrival { "arrival" } else { "departure" };
            for (name, hurry) in hurries {
                let of = |late_by: f64| {
                    let settings = CONSTANT
                        .map(|script| change(Setting { rtt, dated, script, hurry, late_by, ..USUAL }));
                    figures(Way::Planned, &settings, worlds, seed)
                };
                let on_time = of(0.0);
                let lost = on_time.share(|given| given.useful > 450.0) * 10.0;
                let late = lates.map(of);
                let cells: Vec<String> = late
                    .iter()
                    .map(|late| format!("{:.0} / {:.0}", late.share(|given| given.hurried), late.mean()))
                    .collect();
                println!(
                    "| {} {stamped}, {known} | {name} | {:.1} / {:.1} / {:.1} / {:.0} / {lost:.1} | {} | {:.0} |",
                    rtt * 1e3,
                    on_time.share(|given| given.refused),
                    on_time.mean(),
                    on_time.useful(0.95),
                    on_time.useful(1.0),
                    cells.join(" | "),
                    late.iter().map(Figures::mean).sum::<f64>() / late.len() as f64,
                );
            }
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (numbers, words): (Vec<_>, Vec<_>) =
        arguments.into_iter().partition(|argument| argument.parse::<u64>().is_ok());
    let number = |nth: usize, default: u64| numbers.get(nth).and_then(|n| n.parse().ok()).unwrap_or(default);
    let (worlds, seed) = (number(0, 500), number(1, 2026));
    println!("{worlds} worlds for each setting, seed {seed}; {}", machine());
    let parts: [(&str, Part); 6] = [
        ("ways", ways),
        ("full", full),
        ("networks", networks),
        ("known", known),
        ("margins", margins),
        ("kept", kept),
    ];
    for (name, part) in parts {
        if words.is_empty() || words.iter().any(|word| word == name) {
            part(worlds, seed);
        }
    }
}

fn name(dated: Dated) -> &'static str {
    match dated {
        Dated::Arrival => "arrival",
        Dated::Departure => "departure",
        Dated::Timer => "timer",
    }
}

/// Every way of aiming at one round trip.
fn ways(worlds: u64, seed: u64) {
    let ways = [
        Way::Middle,
        Way::ConnectSplit,
        Way::Files,
        Way::Pages,
        Way::Told,
        Way::Mixed(6),
        Way::Mixed(8),
        Way::Safe,
        Way::Planned,
        Way::Floor,
    ];
    println!("\nThe ways at RTT 40: first attempts refused % / p95 of the first useful arrival, ms.");
    for dated in [Dated::Arrival, Dated::Departure] {
        let columns: Vec<String> = SCRIPTS.iter().map(|script| script_name(*script)).collect();
        println!("\n| stamped on {}, script ms: | {} |", name(dated), columns.join(" | "));
        println!("| --- |{}", " --- |".repeat(SCRIPTS.len()));
        for way in ways {
            let cells = SCRIPTS.map(|(script, varies)| {
                figures(way, &[Setting { dated, script, varies, ..USUAL }], worlds, seed).in_short()
            });
            println!("| {} | {} |", way.name(), cells.join(" | "));
        }
    }
}

/// The chosen way by script times.
fn full(worlds: u64, seed: u64) {
    println!(
        "\nThe chosen way in full at RTT 40.\n\n| stamp | script ms | {HEADER} |\n| --- | --- | {RULE} |"
    );
    for dated in [Dated::Arrival, Dated::Departure] {
        for (script, varies) in SCRIPTS {
            let setting = Setting { dated, script, varies, ..USUAL };
            let row = figures(Way::Planned, &[setting], worlds, seed).row();
            println!("| {} | {} | {row} |", name(dated), script_name((script, varies)));
        }
    }
}

/// The chosen way by round trips.
fn networks(worlds: u64, seed: u64) {
    println!("\nThe chosen way over networks; all constant script times together.");
    println!("\n| RTT ms | stamp | {HEADER} | floor: useful p95 |\n| --: | --- | {RULE} | --: |");
    for rtt in [0.001, 0.010, 0.040, 0.120] {
        for dated in [Dated::Arrival, Dated::Departure] {
            let settings = CONSTANT.map(|script| Setting { rtt, dated, script, ..USUAL });
            let row = figures(Way::Planned, &settings, worlds, seed).row();
            let floor = figures(Way::Floor, &settings, worlds, seed).useful(0.95);
            println!("| {} | {} | {row} | {floor:.1} |", rtt * 1e3, name(dated));
        }
    }
}

/// A machine whose clock a time server keeps: dates by a timer, and sites that are behind.
fn kept(worlds: u64, seed: u64) {
    println!(
        "\nThe machine's clock is kept by a time server, within 5 ms, and sites' own clocks too, or they are behind by so much more."
    );
    println!("\n| dates | behind by ms | RTT ms | script ms | {HEADER} | by the dates alone: useful p95 |");
    println!("| --- | --: | --: | --: | {RULE} | --: |");
    let row = |dated: Dated, behind: f64, rtt: f64, script: f64| {
        let setting = Setting { rtt, dated, script, kept: Some(behind), ..USUAL };
        let alone = figures(Way::DatesAlone, &[setting], worlds, seed).useful(0.95);
        let row = figures(Way::Planned, &[setting], worlds, seed).row();
        println!(
            "| {} | {} | {} | {} | {row} | {alone:.1} |",
            name(dated),
            behind * 1e3,
            rtt * 1e3,
            script * 1e3
        );
    };
    for rtt in [0.010, 0.040, 0.120] {
        for script in [0.0, 0.03, 0.12, 0.25] {
            row(Dated::Timer, 0.0, rtt, script);
        }
    }
    for dated in [Dated::Departure, Dated::Arrival] {
        for behind in [0.0, 0.05, 0.1, 0.3, 0.7, 0.95] {
            for script in [0.0, 0.12, 0.25] {
                row(dated, behind, 0.040, script);
            }
        }
    }
}

/// The chosen way by what is known of the site.
fn known(worlds: u64, seed: u64) {
    let facts: [(&str, Change); 17] = [
        ("file, 2 connects", |s| s),
        ("file, no connect (a proxy)", |s| Setting { connects: 0, ..s }),
        ("file of another clock, 2 connects", |s| Setting { file: File::Other, ..s }),
        ("file of another clock, stamp told", |s| Setting { file: File::Other, told: true, ..s }),
        ("no file, 2 connects", |s| Setting { file: File::None, ..s }),
        ("no file, 2 connects, `Server` hints", |s| Setting { file: File::None, hint: true, ..s }),
        ("no file, 2 connects, stamp told", |s| Setting { file: File::None, told: true, ..s }),
        ("no file, 5 connects, stamp told", |s| Setting { file: File::None, told: true, connects: 5, ..s }),
        ("no file, no connect", |s| Setting { file: File::None, connects: 0, ..s }),
        ("no file, no connect, stamp told", |s| Setting { file: File::None, connects: 0, told: true, ..s }),
        ("no file, 2 connects, own stamps", |s| Setting { file: File::None, own: true, ..s }),
        ("file, rules ask the clock at the end", |s| Setting { asks_first: false, ..s }),
        ("file, 2 % of the ways wait in a queue", |s| Setting { spikes: 0.02, ..s }),
        ("file, clocks drift up to 20 ppm", |s| Setting { drift: 20.0, ..s }),
        ("the same, 8 probes early and 3 late", |s| Setting { drift: 20.0, late: false, ..s }),
        ("file, dates by a timer", |s| Setting { dated: Dated::Timer, ..s }),
        ("file, dates by a timer, own stamps", |s| Setting { dated: Dated::Timer, own: true, ..s }),
    ];
    println!("\nThe chosen way by what is known, at RTT 40; all constant script times together.");
    println!("\n| known | stamp | {HEADER} |\n| --- | --- | {RULE} |");
    for (text, change) in facts {
        for dated in [Dated::Arrival, Dated::Departure] {
            let settings = CONSTANT.map(|script| change(Setting { dated, script, ..USUAL }));
            let shown = settings.first().map_or(dated, |setting| setting.dated);
            if shown == Dated::Timer && dated == Dated::Departure {
                continue;
            }
            let row = figures(Way::Planned, &settings, worlds, seed).row();
            println!("| {text} | {} | {row} |", name(shown));
        }
    }
    println!(
        "\nThe same for each script time where no file is there and nothing tells the stamp: first attempts"
    );
    println!(
        "refused % / p95 of the first useful arrival, ms. No exchange of stamps tells the models apart there."
    );
    println!("\n| stamp | {} |", CONSTANT.map(|script| format!("{}", script * 1e3)).join(" | "));
    println!("| --- |{}", " --- |".repeat(CONSTANT.len()));
    for dated in [Dated::Arrival, Dated::Departure] {
        let cells = CONSTANT.map(|script| {
            let setting = Setting { dated, script, file: File::None, ..USUAL };
            figures(Way::Planned, &[setting], worlds, seed).in_short()
        });
        println!("| {} | {} |", name(dated), cells.join(" | "));
    }
}
