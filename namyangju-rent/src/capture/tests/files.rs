//! The captures under `fixtures/captures/`: what the stand-in recorded, one whole booking of a city and an outcome each.
//!
//! `UPDATE=1 cargo test -p namyangju-rent --lib capture::tests::files` writes them anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::*;
use super::person::{Detours, visit};
use crate::har::HarFile;
use crate::harness::{HumanCheck, Settings, Taken};
use crate::site::Site;

/// City, outcome, what the person does, and what the library makes of the last exchange.
fn visits() -> Vec<(&'static str, &'static str, Detours, &'static str)> {
    let hurried = Detours { in_a_hurry: true, ..Detours::default() };
    let reserved = "reserved, with a receipt number";
    let mut all = vec![
        ("namyangju", "reserved-with-lists", Detours::default(), "a day list of 496 slots"),
        (
            "namyangju",
            "login-refused-first",
            Detours { mistyped: true, no_submission: true, ..hurried },
            "the form for 08:00-10:00, 30 fields",
        ),
    ];
    for city in ["namyangju", "cheonan", "gimpo", "seongnam"] {
        all.push((city, "reserved", hurried, reserved));
        all.push((city, "taken", Detours { rival: true, ..hurried }, "the slot is taken"));
        all.push((city, "not-open-first", Detours { too_early: true, ..hurried }, reserved));
    }
    all
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/captures")
}

fn recorded(city: &str, detours: Detours) -> HarFile {
    let site = Site::builtin(city).unwrap();
    let base = site.base_url().origin().ascii_serialization();
    // Cheonan's page for a taken slot is not known, so the stand-in's own text has to be: an alert would be a script.
    let settings =
        Settings::builder().human_check(HumanCheck::Nowhere).taken(Taken::Page { bytes: Some(5543) }).build();
    let mut file = visit(&site, settings, &base, detours);
    file.creator = Some("stand-in reconstructed".to_owned());
    file.comment = Some(
        "Reconstructed: recorded by this project's stand-in and not at the site. All people, names and numbers are invented."
            .to_owned(),
    );
    file
}

#[test]
fn each_capture_is_what_the_stand_in_records_and_is_understood() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut expected = BTreeSet::from(["README.md".to_owned()]);
    for (city, outcome, detours, last) in visits() {
        let name = format!("{city}-{outcome}.har");
        let text = recorded(city, detours).to_json() + "\n";
        if update {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(folder().join(&name), &text).unwrap();
        }
        let on_disk = std::fs::read_to_string(folder().join(&name)).unwrap_or_default();
        assert!(on_disk == text, "{name} is not what the stand-in records: run this test with UPDATE=1");
        let file = HarFile::read(on_disk.as_bytes()).unwrap();
        assert!(file.comment.as_deref().unwrap().starts_with("Reconstructed"), "{name}");
        let mut site = Site::builtin(city).unwrap();
        if outcome == "taken" && city != "namyangju" {
            site = site.with_refusal_text("다른 이용자가 먼저 예약", crate::outcome::Refusal::SlotTaken);
        }
        let report = check(&site, &file);
        assert!(report.is_understood(), "{name}: {report:#?}");
        assert_eq!(report.exchanges.last().unwrap().says, last, "{name}: {report:#?}");
        expected.insert(name);
    }
    let there =
        std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.collect::<BTreeSet<_>>(), expected);
}
