//! Captures that were damaged or made to do harm: no panic, and no file that is no dialect.

use proptest::prelude::*;

use super::super::*;
use crate::har::HarFile;
use crate::site::Site;

const VISIT: &str = include_str!("../../../../fixtures/captures/namyangju-not-open-first.har");

/// What a visit is made of, and so what damages it most.
const PARTS: [&str; 16] = [
    "club_name",
    "receipt_time",
    "memid",
    "mempw",
    "ci_session",
    "reservation_form",
    "/rent/rentinput",
    "/2026/12/05/",
    "NYJ06",
    "1834",
    "08:00 ~ 10:00",
    "로그아웃",
    "예약이 가능한",
    "checkbox",
    "text/html",
    "https://www.nyj.go.kr",
];

fn read_all(text: &[u8]) {
    let Ok(file) = HarFile::read(text) else { return };
    let _ = check(&Site::builtin("namyangju").unwrap(), &file);
    match learn(&file, Some("x\"\n[y]")) {
        Ok(learnt) => assert!(Site::from_toml(&learnt.toml).is_ok()),
        Err(error) => assert!(!matches!(error, LearnError::Written(_)), "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_damaged_capture_makes_a_panic_or_a_broken_file(
        part in 0_usize..PARTS.len(),
        by in prop_oneof![
            "\\PC{0,12}",
            Just("{comcd}".to_owned()),
            Just("a/../{b}/\u{0}".to_owned()),
            Just("\\\"]\n[answers]\n#".to_owned()),
            Just("가\u{7f}<td>".to_owned()),
        ],
    ) {
        // As a program would have written it: inside a text of JSON.
        let by = serde_json::to_string(&by).unwrap();
        read_all(VISIT.replace(PARTS[part], by.trim_matches('"')).as_bytes());
    }

    #[test]
    fn no_order_of_entries_makes_a_panic(order in prop::collection::vec(0_usize..16, 0..20)) {
        let file = HarFile::read(VISIT.as_bytes()).unwrap();
        let entries = order.iter().filter_map(|at| file.entries.get(*at).cloned());
        read_all(HarFile::of("1.2", "x", entries.collect()).to_json().as_bytes());
    }

    #[test]
    fn no_cut_makes_a_panic(at in any::<prop::sample::Index>()) {
        read_all(&VISIT.as_bytes()[..at.index(VISIT.len())]);
    }
}
