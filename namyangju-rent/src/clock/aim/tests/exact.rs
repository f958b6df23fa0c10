//! The aim to the nanosecond: what the servers of the tests beside it would not notice.

use super::*;

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// An answer that took `took` and was dated `date` seconds after the start.
fn sample(source: Source, sent: Duration, took: Duration, date: i64) -> Sample {
    Sample { sent, first_byte: sent + took, date: START / SECOND + date, source, own: None }
}

fn page(sent: u64, took: u64, date: i64) -> Sample {
    sample(Source::Page, at(sent), at(took), date)
}

fn file(sent: u64, took: u64, date: i64) -> Sample {
    sample(Source::File, at(sent), at(took), date)
}

fn aim(connects: &[u64], samples: impl IntoIterator<Item = Sample>) -> Aim {
    let mut aim = Aim::default();
    connects.iter().for_each(|took| aim.connected(at(*took)));
    samples.into_iter().for_each(|sample| aim.add(sample));
    aim
}

const MS: i64 = MILLI;

#[test]
fn the_figures_are_those_that_were_measured_with() {
    assert_eq!((LATE_BY, SLACK, FILE_WORK), (2_000_000, 500_000, 2_000_000));
    assert_eq!((ALIKE_WITHIN, CHECK_WITHIN, LATE_BY_AT_MOST), (60_000_000_000, 150_000_000, 250_000_000));
}

#[test]
fn a_span_of_one_value_is_not_empty_and_a_crossed_one_leaves_nothing_open() {
    let span = |low, high| Span { low, high };
    assert!(!span(7, 7).is_empty() && span(8, 7).is_empty());
    assert_eq!((span(0, 10).half(), span(0, 11).half(), span(5, 0).half()), (5, 5, 0));
    let paths = Paths::of(vec![3, 1, 7]).unwrap();
    assert_eq!((paths.quickest, paths.typical, paths.spread()), (1, 3, 2));
}

#[test]
fn what_is_sent_is_stamped_at_a_whole_second() {
    assert_eq!(meets_second(at(1_000), 0), at(1_000));
    assert_eq!(meets_second(at(1_200), 300 * MS), at(1_700));
    assert_eq!(meets_second(at(1_200), -300 * MS), at(1_300));
    let moments = [Stamp::Arrival, Stamp::Departure, Stamp::Unknown].map(|stamp| moment(stamp, 101));
    assert_eq!(moments, [0, 101, 50]);
}

#[test]
fn the_network_is_known_from_connects_and_files() {
    let network = |connects: &[u64], samples: &[Sample]| {
        let network = aim(connects, samples.iter().copied()).network().unwrap();
        (network.low, network.high, network.typical, network.jitter)
    };
    let quickest_of = |high: i64, work: i64| high - high / 5 - SLACK - work;
    // Pages alone: nothing of the network itself.
    assert_eq!(network(&[], &[page(0, 40, 0)]), (0, 40 * MS, 0, 5 * MS));
    // Connects: an eighth of the quickest is the least jitter.
    let page = page(0, 50, 0);
    assert_eq!(network(&[40, 41], &[page]), (quickest_of(40 * MS, 0), 40 * MS, 41 * MS, 5 * MS));
    assert_eq!(network(&[40, 52], &[page]), (quickest_of(40 * MS, 0), 40 * MS, 52 * MS, 12 * MS));
    // Files: they are more, but for three connects that are quicker.
    let files = [file(0, 44, 0), file(1_000, 45, 1), file(2_000, 47, 2)];
    assert_eq!(network(&[], &files), (quickest_of(44 * MS, FILE_WORK), 44 * MS, 45 * MS, MS));
    assert_eq!(network(&[40, 40], &files), (quickest_of(40 * MS, 0), 40 * MS, 45 * MS, MS));
    assert_eq!(network(&[40, 40, 40], &files), (quickest_of(40 * MS, 0), 40 * MS, 40 * MS, MS));
    assert_eq!(network(&[40, 60, 60], &files), (quickest_of(40 * MS, 0), 40 * MS, 45 * MS, MS));
    // Good enough is a fiftieth of it and a millisecond.
    assert_eq!(good_enough(&aim(&[50], [page]).network().unwrap()), 2 * MS);
}

#[test]
fn an_answer_beyond_four_times_the_usual_jitter_has_no_voice() {
    let files = [file(0, 40, 0), file(1_000, 40, 1), file(2_000, 40, 2)];
    let aim = aim(&[], files);
    let (network, paths) = (aim.network().unwrap(), aim.paths(Source::File).unwrap());
    let spike = |took| sample(Source::File, at(0), took, 0).is_spike(&network, paths);
    // Without any jitter, a millisecond.
    assert!(!spike(at(41)) && spike(at(41) + Duration::from_nanos(1)));
    assert!(!spike(at(1)));
    let wide = [file(0, 40, 0), file(1_000, 42, 1), file(2_000, 42, 2)];
    let aim = super::exact::aim(&[], wide);
    let (network, paths) = (aim.network().unwrap(), aim.paths(Source::File).unwrap());
    let spike = |took| sample(Source::File, at(0), took, 0).is_spike(&network, paths);
    assert!(!spike(at(51)) && spike(at(51) + Duration::from_nanos(1)));
}

#[test]
fn half_of_a_longer_way_was_before_the_stamp_unless_the_script_varies() {
    // Jitter of 5 ms by the connects; the pages' own times between 40 ms and `typical`.
    let usual = |typical: Duration, took: u64, stamp| {
        let pages = [
            page(0, 40, 0),
            sample(Source::Page, at(1_000), typical, 1),
            sample(Source::Page, at(2_000), typical, 2),
        ];
        let aim = aim(&[40], pages);
        let (network, paths) = (aim.network().unwrap(), aim.paths(Source::Page).unwrap());
        let answer = page(10_000, took, 10);
        let span = answer.usual(&network, paths, START + 10 * SECOND, SECOND, stamp);
        assert_eq!(
            span.width(),
            if stamp == Stamp::Unknown { SECOND + nanos(at(took)) - network.typical } else { SECOND }
        );
        span.low - START
    };
    // As long as usual, 2 ms and 4 ms longer, and much longer: no more than the jitter.
    assert_eq!(usual(at(51), 51, Stamp::Arrival), 0);
    assert_eq!(usual(at(51), 55, Stamp::Arrival), -2 * MS);
    assert_eq!(usual(at(51), 47, Stamp::Arrival), 2 * MS);
    assert_eq!(usual(at(51), 90, Stamp::Arrival), -5 * MS);
    // Stamped as it leaves: the way back of 40 ms in all is added.
    assert_eq!(usual(at(51), 51, Stamp::Departure), -51 * MS + 40 * MS);
    assert_eq!(usual(at(51), 55, Stamp::Departure), -55 * MS + 40 * MS + 2 * MS);
    assert_eq!(usual(at(51), 55, Stamp::Unknown), -55 * MS + 40 * MS);
    // A nanosecond more than twice the jitter and a millisecond: it is the script that varies.
    assert_eq!(usual(at(51) + Duration::from_nanos(1), 55, Stamp::Arrival), 0);
}

#[test]
fn old_answers_tell_less_by_the_drift_of_the_clocks() {
    let bounds = |second: Option<Sample>| {
        let aim = aim(&[40], [page(500, 40, 1)].into_iter().chain(second));
        let used = Used { files: false, pages: true, own: false };
        aim.fit(&aim.network().unwrap(), Stamp::Arrival, used).unwrap().bounds
    };
    let fresh = bounds(None);
    // Ten minutes later an answer that leaves more open on this side: ten millionths of them.
    let old = bounds(Some(page(600_900, 40, 601)));
    assert_eq!(fresh.low - old.low, 600_400 * MS / 100_000);
    assert!(old.high < fresh.high);
}

#[test]
fn a_spike_speaks_only_where_nothing_else_does() {
    let own = |shown: i64| {
        Some(OwnStamp {
            unix_micros: START / 1_000 + shown * 1_000_000,
            resolution_micros: 1_000_000,
            read: Stamp::Arrival,
        })
    };
    let quick = [page(0, 40, 0), page(1_000, 40, 1)];
    let spike = |shown| Sample { own: own(shown), ..page(2_300, 400, 2) };
    let usual = |samples: Vec<Sample>| {
        let aim = aim(&[40], samples);
        let used = Used { files: false, pages: false, own: true };
        aim.fit(&aim.network().unwrap(), Stamp::Arrival, used).unwrap().usual
    };
    let alone = usual(quick.into_iter().chain([spike(2)]).collect());
    assert!(alone.low > i64::MIN && alone.high < i64::MAX, "{alone:?}");
    // Beside another stamp its own is not heard: here it would say three seconds more.
    let spoken = Sample { own: own(0), ..page(500, 40, 0) };
    let heard = usual(quick.into_iter().chain([spoken]).collect());
    let beside = usual(quick.into_iter().chain([spoken, spike(5)]).collect());
    assert!(
        (heard.low - beside.low).abs() < MS && (heard.high - beside.high).abs() < MS,
        "{heard:?} {beside:?}"
    );
}

#[test]
fn dates_that_contradict_each_other_leave_the_greatest_lower_bound() {
    // Each second a page whose date stands still: behind a cache.
    let stuck = |source| (0..6).map(move |n| sample(source, at(1_000 * n + 600), at(40), 0));
    let alone = aim(&[40], stuck(Source::Page));
    let low = alone.network().unwrap().low;
    let reading = alone.reading().unwrap();
    let expected = START - 640 * MS + low;
    assert_eq!((reading.earliest, reading.likely, reading.safe), (expected, expected, expected));
    assert_eq!((reading.latest, reading.cached), (expected + SECOND, true));
    assert_eq!((reading.network, reading.script), (at(40), Duration::ZERO));
    // One end is all that can be had: after four answers nothing more is asked.
    let next = |many: usize| aim(&[40], stuck(Source::Page).take(many)).next_probe(at(9_000), None, false, 5);
    assert_eq!(next(3), NextProbe::Ask { source: Source::Page, at: at(9_000) });
    assert_eq!([next(4), next(5)], [NextProbe::Enough; 2]);
    // A file's clock is not asked while pages tell anything; where only files were asked, it is.
    let later = sample(Source::File, at(7_600), at(40), 9);
    let both = aim(&[40], stuck(Source::Page).chain([later]).chain(stuck(Source::File)));
    assert_eq!(both.reading().unwrap().earliest, expected);
    let files = aim(&[40], stuck(Source::File));
    assert_eq!(files.reading().unwrap().earliest, expected);
    assert_eq!(files.samples().len(), 6);
}

#[test]
fn what_is_told_or_hinted_is_said_to_be_so() {
    let measured = |told, server: &str| {
        let site = Site { stamp: Stamp::Departure, script: 20 * super::MS, ..QUICK };
        let mut aim = Aim::new(told);
        aim.served_by(server);
        aim.connected(at(40));
        site.measured(&mut aim, false, || (0, 0));
        let reading = aim.reading().unwrap();
        assert!(!reading.files && !reading.own && !reading.cached);
        assert!(
            reading.earliest <= reading.safe
                && reading.safe <= reading.likely
                && reading.likely <= reading.latest
        );
        assert!(reading.latest - reading.earliest < 200 * MS, "{reading:?}");
        (reading.stamp, reading.stamp_from)
    };
    assert_eq!(measured(Stamp::Departure, ""), (Stamp::Departure, StampFrom::Told));
    assert_eq!(measured(Stamp::Arrival, ""), (Stamp::Arrival, StampFrom::Told));
    assert_eq!(measured(Stamp::Unknown, "nginx"), (Stamp::Departure, StampFrom::Hinted));
    assert_eq!(measured(Stamp::Unknown, "Apache"), (Stamp::Arrival, StampFrom::Hinted));
    assert_eq!(measured(Stamp::Unknown, ""), (Stamp::Unknown, StampFrom::Nothing));
}

#[test]
fn the_safe_shot_is_two_milliseconds_after_the_earliest_arrival() {
    for file in [true, false] {
        let mut aim = aim(&[40], []);
        QUICK.measured(&mut aim, file, || (0, 0));
        let (reading, shot) = (aim.reading().unwrap(), aim.shot(QUICK.opens()).unwrap());
        let opens = START + nanos(OPENS);
        assert_eq!(nanos(shot.safe_at), opens - reading.safe + 2 * MS);
        let late = nanos(shot.at) - (opens - reading.likely);
        assert!(late >= 2 * MS && shot.at <= shot.safe_at, "{late}");
        let arrives = |ahead: i64| (nanos(shot.at) + ahead - opens) / 1_000;
        assert_eq!(shot.earliest_micros, arrives(reading.earliest));
        assert_eq!(shot.latest_micros, arrives(reading.latest));
    }
}

#[test]
fn a_second_attempt_is_made_only_where_the_first_can_have_been_early() {
    let mut aim = aim(&[40], []);
    QUICK.measured(&mut aim, true, || (0, 0));
    let (reading, network) = (aim.reading().unwrap(), aim.network().unwrap());
    let opens = START + nanos(OPENS);
    // By the far end of what is known, with the slack and an eighth of the way for a line that was quicker still.
    let last = duration(opens - reading.earliest + SLACK + network.high / 8);
    let second = |first: Duration, now: Duration| aim.second(QUICK.opens(), first, now);
    assert_eq!(second(last + Duration::from_nanos(1), last), None);
    assert!(second(last, last).is_some());
    // At the safe instant, but not more than half a second after the first, and not before the answer.
    let safe = duration(opens - reading.safe + 2 * MS);
    assert_eq!(second(safe - at(100), safe - at(60)), Some(safe));
    assert_eq!(second(safe - at(2_000), safe - at(1_960)), Some(safe - at(1_500)));
    assert_eq!(second(safe - at(100), safe + at(30)), Some(safe + at(30)));
}

/// A site that seems to be behind by `behind` milliseconds by its pages' dates, which are stamped when the answer leaves;
/// a page before them, which arrived at `own.0` ms, has a stamp of the application that shows the second `own.1`.
fn behind(behind: u64, script: u64, own: Option<(u64, i64)>) -> Aim {
    let took = 40 + script;
    let stamped = |nth: u64, off: i64| {
        // Just before a whole second of the dates, and just after it.
        let sent = (10_000 + nth * 1_000 + behind).saturating_add_signed(off) - 20 - script;
        sample(Source::Page, at(sent), at(took), 10 + nth as i64 - i64::from(off < 0))
    };
    let arrived = own.map_or(9_000, |(arrived, _)| arrived);
    let date = (arrived + script).saturating_sub(behind) / 1_000;
    let mut first = sample(Source::Page, at(arrived - 20), at(took), date as i64);
    first.own = own.map(|(_, second)| OwnStamp {
        unix_micros: (START / SECOND + second) * 1_000_000,
        resolution_micros: 1_000_000,
        read: Stamp::Arrival,
    });
    let mut aim = aim(
        &[40, 40, 40, 40],
        [first].into_iter().chain((0..8).map(|nth| stamped(nth, [-1, 1][nth as usize % 2]))),
    );
    aim.served_by("nginx");
    aim
}

#[test]
fn a_shot_by_our_own_clock_goes_where_its_refusal_costs_no_time() {
    // Our clock shows the opening at 60 s; the way there is 20 ms, or 14 at least, and the clocks are within 10 ms.
    let instant = SeoulTime::from_unix_micros(START / 1_000 + 60_000_000);
    let shot = |aim: &Aim| aim.by_own_clock(instant, at(60_000));
    let own = Some(at(59_996));
    for (off, script, expected) in [
        (0, 0, None),
        (30, 0, None),
        (80, 0, own),
        (300, 0, own),
        (300, 120, own),
        (140, 120, None),
        (300, 300, None),
        (900, 0, own),
        (1_020, 0, own),
        (1_060, 0, None),
    ] {
        assert_eq!(shot(&behind(off, script, None)), expected, "{off} {script}");
    }
    // The dates leave the second shot a moment more than the first would have.
    let aim = behind(300, 0, None);
    let Shot { at: first, safe_at, .. } = aim.shot(instant).unwrap();
    let second = aim.after_own_clock(instant, at(60_040)).unwrap();
    assert!(first < second && second < safe_at, "{first:?} {second:?} {safe_at:?}");
    assert_eq!(aim.after_own_clock(instant, at(60_500)), Some(at(60_500)));
    // What was told, or seen at earlier openings, decides.
    let mut told = Aim { told: Stamp::Arrival, ..behind(300, 0, None) };
    assert_eq!(shot(&told), None);
    told.told = Stamp::Departure;
    assert_eq!(shot(&told), own);
    let opened = |closed: Option<i64>, open: i64| {
        let mut aim = behind(140, 120, None);
        let micros = |ms: i64| ms * 1_000;
        aim.opened_before([EarlierOpening {
            closed_micros: closed.map(micros),
            open_micros: Some(micros(open)),
        }]);
        aim
    };
    for (closed, open, expected) in [
        (None, -100, own),
        (None, -20, None),
        (Some(-300), -280, own),
        (Some(-100), 5, None),
        (Some(60), 500, None),
        (Some(50), 20, None),
    ] {
        assert_eq!(shot(&opened(closed, open)), expected, "{closed:?} {open}");
    }
    let mut refused = behind(300, 0, None);
    refused.opened_before([EarlierOpening { closed_micros: Some(-280_000), open_micros: Some(5_000) }]);
    assert_eq!(shot(&refused), None);
}

#[test]
fn one_stamp_of_the_application_may_tell_which_clock_is_right() {
    let instant = SeoulTime::from_unix_micros(START / 1_000 + 60_000_000);
    let shot = |aim: &Aim| aim.by_own_clock(instant, at(60_000));
    // A clock that agrees with ours shows 9 at 9,000 ms, and the dates are wrong; one that shows 8 at 9,100 ms is behind.
    let own = Some(at(59_996));
    assert_eq!(shot(&behind(140, 120, None)), None);
    assert_eq!(shot(&behind(140, 120, Some((9_000, 9)))), own);
    assert_eq!(shot(&behind(300, 0, None)), own);
    assert_eq!(shot(&behind(300, 0, Some((9_100, 8)))), None);
    // Many are gone by alone.
    let mut many = behind(300, 0, Some((9_100, 9)));
    let stamp = many.samples[0].own;
    many.samples.iter_mut().skip(1).take(3).for_each(|sample| sample.own = stamp);
    assert_eq!(shot(&many), None);
}

#[test]
fn the_same_page_at_the_same_point_of_a_second_is_not_asked_again_within_a_minute() {
    let aim = aim(&[40], [page(10_250, 40, 10), file(20_000, 40, 20)]);
    let asked = |at: Duration| aim.asked_alike(at);
    let nano = Duration::from_nanos(1);
    assert!(asked(at(11_250)) && asked(at(13_250)) && asked(at(69_250)));
    assert!(asked(at(13_251) - nano) && !asked(at(13_251)));
    assert!(asked(at(13_249) + nano) && !asked(at(13_249)));
    assert!(!asked(at(70_250)) && asked(at(70_250) - nano), "a minute later");
    assert!(!asked(at(23_000)), "files do not count");
}

#[test]
fn a_page_is_asked_where_it_would_show_another_clock_than_the_files() {
    let truth = QUICK.truth();
    let claimed = Span { low: truth - MS, high: truth + MS };
    let unchecked = |pages: &[Sample], within: i64| {
        let aim = aim(&[40], pages.iter().copied());
        aim.unchecked(&aim.network().unwrap(), claimed, within)
    };
    // 2 x 5 ms of jitter, half of what is claimed, and a millisecond.
    let near = 12 * MS;
    let asked = |sent: u64| QUICK.answer(at(sent), Source::Page, (0, 0));
    // Stamped just before and just after a whole second of the site (it is 353 ms ahead at an arrival).
    let (before, after) = (asked(5_640), asked(5_650));
    assert_eq!(unchecked(&[before], 0), Some(truth - near));
    assert_eq!(unchecked(&[after], 0), Some(truth + near));
    assert_eq!(unchecked(&[before, after], 0), None);
    // What the pages may leave open is not asked about.
    assert_eq!(unchecked(&[before], 2 * SECOND), None);
}

#[test]
fn a_few_connects_tell_little_of_the_jitter() {
    let margin = |connects: usize, told, stamp| {
        let site = Site { stamp, script: 20 * super::MS, ..QUICK };
        let mut aim = Aim::new(told);
        (0..connects).for_each(|_| aim.connected(at(40)));
        site.measured(&mut aim, false, || (0, 0));
        let (reading, shot) = (aim.reading().unwrap(), aim.shot(site.opens()).unwrap());
        assert!(shot.at < shot.safe_at);
        nanos(shot.at) - (START + nanos(OPENS) - reading.likely + 2 * MS)
    };
    use Stamp::{Arrival, Departure};
    // A fifth of the way, or with four connects an eighth; the way there is not asked about where arrivals are stamped.
    assert_eq!(margin(3, Departure, Departure), 8 * MS);
    assert_eq!(margin(4, Departure, Departure), 5 * MS);
    assert_eq!(margin(3, Arrival, Arrival), 5 * MS);
}

#[test]
fn where_only_the_applications_stamps_are_used_nothing_is_said_of_the_dates() {
    // Dates of another clock, five seconds behind, and a server whose name hints at departures.
    let site = Site { own: Some(Stamp::Arrival), ..QUICK };
    let mut aim = aim(&[40], []);
    aim.served_by("nginx");
    for n in 0..5 {
        let answer = site.answer(at(3_210 * n), Source::Page, (0, 0));
        aim.add(Sample { date: answer.date - 5, ..answer });
    }
    let reading = aim.reading().unwrap();
    assert!(reading.own && !reading.files && site.holds(reading), "{reading:?}");
    assert_eq!((reading.stamp, reading.stamp_from), (Stamp::Unknown, StampFrom::Nothing));
    assert!(reading.earliest <= reading.likely && reading.likely <= reading.latest, "{reading:?}");
}

#[test]
fn a_script_of_a_round_trip_is_waited_for_and_a_longer_one_is_not() {
    let likely = |took: Duration| {
        let aim = aim(&[40], [sample(Source::Page, at(0), took, 0)]);
        aim.reading().unwrap().likely - START - SECOND / 2
    };
    // 42 ms of script, as long as the round trip and what a shot is late by anyway: by the later model.
    assert_eq!(likely(at(82)), -42 * MS);
    assert_eq!(likely(at(82) + Duration::from_nanos(1)), 0);
}

/// What the planner asks for, in turn (F a file, P a page), and the last instant in milliseconds.
fn asked(site: &Site, told: Stamp, file: bool, read: bool) -> String {
    let mut aim = Aim::new(told);
    aim.connected(at((site.there + site.back) / super::MS));
    if read {
        site.read(&mut aim);
    }
    let before = aim.samples().len();
    site.measured(&mut aim, file, || (0, 0));
    let letter = |sample: &Sample| if sample.source == Source::File { 'F' } else { 'P' };
    let letters: String = aim.samples().iter().skip(before).map(letter).collect();
    format!("{letters} {}", aim.samples().last().unwrap().sent.as_millis())
}

#[test]
fn the_planner_asks_for_what_tells_most() {
    for (stamp, script, expected) in EXPECTED {
        let site = Site { stamp, script: script * super::MS, ..QUICK };
        // With a file and pages read before, the stamp not told and told; with a file alone; without one.
        let found = [
            asked(&site, Stamp::Unknown, true, true),
            asked(&site, stamp, true, true),
            asked(&site, Stamp::Unknown, true, false),
            asked(&site, Stamp::Unknown, false, true),
            asked(&site, stamp, false, false),
        ];
        assert_eq!(found, expected, "{stamp:?} {script}");
    }
}

const EXPECTED: [(Stamp, u64, [&str; 5]); 6] = [
    (
        Stamp::Arrival,
        0,
        [
            "FFFPFFFFFPP 36645",
            "FFFPFFFFFPP 36645",
            "FFFPPFFPFPF 34638",
            "PPPPPPPP 32647",
            "PPPPPPPPPPP 36647",
        ],
    ),
    (
        Stamp::Arrival,
        30,
        [
            "FFFPFFFFFPP 37636",
            "FFFPFFFFFPP 37634",
            "FFFPPFFPFPF 34638",
            "PPPPPPPP 32647",
            "PPPPPPPPPPP 36647",
        ],
    ),
    (
        Stamp::Arrival,
        250,
        ["FFFPFFFFFPF 36647", "FFFPFFFFFP 34648", "FFFPPFFPPFP 34655", "PPPPPPPP 32647", "PPPPPPPPPPP 36647"],
    ),
    (
        Stamp::Departure,
        0,
        [
            "FFFPFFFFFPP 36645",
            "FFFPFFFFFPP 36645",
            "FFFPPFFPFPF 34638",
            "PPPPPPPP 32647",
            "PPPPPPPPPPP 36647",
        ],
    ),
    (
        Stamp::Departure,
        30,
        ["FFFPFFFFFP 33614", "FFFPFFFFFP 33615", "FFFPPFFPFPF 34638", "PPPPPPPP 29616", "PPPPPPPPPPP 33616"],
    ),
    (
        Stamp::Departure,
        250,
        ["FFFFFFFFFP 33395", "FFFFFFFFFP 35394", "FFFPPFFPFFP 35387", "PPPPPPPP 32396", "PPPPPPPPPPP 36397"],
    ),
];
