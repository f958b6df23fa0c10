//! Texts as macOS types them, and texts that the site's character set lacks.

use namyangju_rent::harness::SiteStep;

use super::shop::{Shop, add, opening};
use super::support::{CLUB, PASSWORD, PLACE, book, date, finish, requests, run, runner, stand_in, start};

/// `CLUB` and 테니스 as the letters of their syllables.
const DECOMPOSED_CLUB: &str =
    "\u{1100}\u{1161}\u{1102}\u{1161}\u{1103}\u{1161}\u{110f}\u{1173}\u{11af}\u{1105}\u{1165}\u{11b8}";
const DECOMPOSED_EVENT: &str = "\u{1110}\u{1166}\u{1102}\u{1175}\u{1109}\u{1173}";

#[test]
fn the_site_gets_syllables_whatever_the_terminal_types() {
    let server = stand_in(|_| {});
    let more = ["--club-name", DECOMPOSED_CLUB, "--event-name", DECOMPOSED_EVENT];
    let done = run(&book(&server.base_url(), &more));
    assert_eq!(done.code, Some(0), "{done:?}");
    let fields = server.with(|s| s.bookings()[0].fields.clone());
    assert_eq!((fields.first("club_name"), fields.first("playname")), (Some(CLUB), Some("테니스")));
    assert!(!done.err.contains("lacks"), "{done:?}");
}

#[test]
fn what_is_stored_is_composed_and_names_are_found_in_either_form() {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    let set = ["applicant", "set", DECOMPOSED_EVENT, "--club-name", DECOMPOSED_CLUB, "--head-count", "4"];
    let done = shop.done(&[&set[..], &["--event-name", DECOMPOSED_EVENT, "--purpose", "운동"]].concat());
    assert!(!done.err.contains("lacks"), "{done:?}");
    let shown = shop.json(&["applicant", "show", DECOMPOSED_EVENT]);
    assert_eq!((&shown["name"], &shown["application"]["club_name"]), (&"테니스".into(), &CLUB.into()));
    for (name, court) in [("테니스", "NYJ06/07/103"), (DECOMPOSED_EVENT, "NYJ06/07/104")] {
        shop.add(&["--applicant", name, "--place", court]);
    }
    // As a file saved on macOS, from an editor that begins it with a byte order mark.
    let entry = serde_json::json!([{
        "place": PLACE, "date": date(), "time": "08:00-10:00", "opens-at": opening(), "applicant": DECOMPOSED_EVENT,
        "event-name": DECOMPOSED_EVENT, "note": DECOMPOSED_EVENT,
    }]);
    let text = format!("\u{feff}{entry}");
    let path = shop.folder.path().join("bookings.json");
    std::fs::write(&path, &text).unwrap();
    shop.done(&["import", path.to_str().unwrap()]);
    let done = shop.run_with(&["import", "-"], &text.replace("08:00-10:00", "10:00-12:00"));
    assert_eq!(done.code, Some(0), "{done:?}");
    let shown = shop.json(&["show", "4", "--personal"]);
    assert_eq!(shown["application"]["event_name"], "테니스", "{shown}");
    assert_eq!(shop.bookings()[3]["note"], "테니스");
}

#[test]
fn what_the_character_set_lacks_is_told_when_it_is_stored() {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    let said = "`event-name` has `😀`, which the site's character set (EUC-KR) lacks: the site would receive &#128512;.";
    let rare = "`event-name` has `뷁`, which is not in KS X 1001";
    let name = ["--event-name", "뷁😀테니스😀"];
    let set = [&["applicant", "set", "club"][..], &name].concat();
    for arguments in [set.iter().map(|text| (*text).to_owned()).collect(), add(&name)] {
        let done = shop.done(&arguments);
        assert!(done.err.contains(said) && done.err.contains(rare), "{done:?}");
        assert_eq!(done.err.matches("`event-name` has").count(), 2, "{done:?}");
    }
    let done = shop.done(&["edit", "1", "--event-name", "😀"]);
    assert!(done.err.contains(said), "{done:?}");
    let entry = format!(
        "[[booking]]\nplace = \"{PLACE}\"\ndate = {}\ntime = \"08:00-10:00\"\nopens-at = \"{}\"\nevent-name = \"😀\"\n",
        date(),
        opening()
    );
    let done = shop.run_with(&["import", "-"], &entry);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.err.contains(said), "{done:?}");
    // Before anything is sent, too.
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &["--event-name", "😀"]));
    assert!(done.err.contains(said), "{done:?}");
    assert_eq!(requests(&server, SiteStep::Submit), 1);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_password() {
    let server = stand_in(|_| {});
    let stdin = format!("\u{feff}{PASSWORD}\r\n");
    let done = finish(start(runner(&book(&server.base_url(), &[])), &stdin));
    assert_eq!(done.code, Some(0), "{done:?}");
}
