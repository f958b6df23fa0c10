//! Which stamps are gone by where a site's clocks contradict each other.

use super::*;

/// A site, and by how many seconds its files' dates and the application's stamps differ from its pages' dates.
struct Clocks {
    files: Option<i64>,
    /// Of this many of the six pages, the first.
    own: (usize, i64),
    /// The pages' own dates contradict each other.
    erratic: bool,
}

/// The groups that are used: files, pages, the application's stamps.
fn used(clocks: &Clocks) -> [bool; 3] {
    let site = Site { own: Some(Stamp::Arrival), file_ahead: clocks.files.unwrap_or(0) * SECOND, ..QUICK };
    let mut aim = Aim::default();
    let at = |number: u64| Duration::from_millis(1_005 + 3_310 * number);
    if clocks.files.is_some() {
        (0..3).for_each(|number| aim.add(site.answer(at(number), Source::File, (0, 0))));
    }
    for number in 0..6 {
        let mut page = site.answer(at(3 + number as u64), Source::Page, (0, 0));
        page.own = page
            .own
            .filter(|_| number < clocks.own.0)
            .map(|own| OwnStamp { unix_micros: own.unix_micros + clocks.own.1 * 1_000_000, ..own });
        page.date += if clocks.erratic { 10 * number as i64 } else { 0 };
        aim.add(page);
    }
    let network = aim.network().unwrap();
    let fits = aim.fits(&network).unwrap();
    [fits.used.files, fits.used.pages, fits.used.own]
}

#[test]
fn the_stamps_that_are_gone_by_are_the_most_trusted_that_do_not_contradict_each_other() {
    let (yes, no) = (true, false);
    let table = [
        ("all agree", Some(0), (2, 0), no, [yes, yes, yes]),
        ("no files", None, (2, 0), no, [no, yes, yes]),
        ("no stamps of the application", Some(0), (0, 0), no, [yes, yes, no]),
        ("files of another clock", Some(3), (2, 0), no, [no, yes, yes]),
        ("files of another clock, and nothing else", Some(3), (0, 0), no, [no, yes, no]),
        ("few stamps of another clock", Some(0), (2, 5), no, [yes, yes, no]),
        ("few stamps of another clock, no files", None, (2, 5), no, [no, yes, no]),
        ("few stamps of another clock, files of a third", Some(3), (2, 5), no, [no, yes, no]),
        ("few stamps, and dates that contradict each other", Some(0), (2, 0), yes, [no, no, yes]),
        ("many stamps that contradict all dates", Some(0), (4, 5), no, [no, no, yes]),
        ("many stamps that agree", Some(0), (4, 0), no, [yes, yes, yes]),
        ("every page with a stamp: they alone", Some(0), (6, 0), no, [no, no, yes]),
    ];
    for (kind, files, own, erratic, expected) in table {
        assert_eq!(used(&Clocks { files, own, erratic }), expected, "{kind}");
    }
}
