//! `check` on recordings of stand-ins: what is right is understood, what is turned is named.

use super::super::*;
use super::person::{Detours, visit};
use crate::har::{HarFile, SavedBody};
use crate::harness::{LoginSuccess, Settings, Taken};
use crate::site::Site;

const BASE: &str = "http://127.0.0.1:8099";

/// As a file on the disk: written and read again.
fn reread(file: &HarFile) -> HarFile {
    HarFile::read(file.to_json().as_bytes()).unwrap()
}

fn steps(report: &CheckReport) -> Vec<(SeenStep, Understanding)> {
    report.exchanges.iter().map(|e| (e.step, e.verdict)).collect()
}

#[test]
fn a_visit_to_every_city_is_understood() {
    for name in Site::builtin_names().filter(|name| *name != "spoone") {
        let site = Site::builtin(name).unwrap();
        let settings = Settings::builder().human_check(crate::harness::HumanCheck::Nowhere).build();
        let file = reread(&visit(&site, settings, BASE, Detours::default()));
        let report = check(&site, &file);
        assert!(report.is_understood(), "{name}: {report:#?}");
        assert!(report.has_cookies && report.files == 1, "{name}");
        use SeenStep::{Day, Form, Home, Login, LoginPage, Schedule, Submit};
        let seen: Vec<SeenStep> = report.exchanges.iter().map(|e| e.step).collect();
        assert_eq!(seen, [Home, LoginPage, Login, Schedule, Schedule, Day, Form, Submit, Schedule], "{name}");
        assert!(report.exchanges.iter().all(|e| e.recorded_bytes == e.made_bytes), "{name}: {report:#?}");
        // A browser sends where the image button was clicked; nothing else differs.
        let differs: Vec<_> =
            report.exchanges.iter().filter(|e| !e.differences.is_empty()).map(|e| e.step).collect();
        assert_eq!(differs, [Login], "{name}: {report:#?}");
    }
}

#[test]
fn a_visit_under_every_setting_of_the_stand_in_is_understood_or_named() {
    let site = Site::builtin("namyangju").unwrap();
    for (what, settings) in Settings::variants() {
        if settings.human_check == crate::harness::HumanCheck::Everywhere {
            continue;
        }
        let report = check(&site, &reread(&visit(&site, settings, BASE, Detours::default())));
        assert!(report.is_understood(), "{what}: {report:#?}");
    }
}

#[test]
fn a_dialect_that_is_wrong_is_told_where() {
    let site = Site::builtin("namyangju").unwrap();
    let text = Site::builtin_toml("namyangju").unwrap();
    let other = text
        .replace("\"club_name\"", "\"team_title\"")
        .replace("{ name = \"ret_url\", value = \"\" },       # S1", "{ name = \"go\", value = \"home\" },");
    let other = Site::from_toml(&other).unwrap();
    let report = check(&site, &reread(&visit(&other, Settings::default(), BASE, Detours::default())));
    let of = |step| report.exchanges.iter().find(|e| e.step == step).unwrap();
    let fields = |step| {
        of(step).differences.iter().filter(|d| !d.harmless).map(|d| d.field.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(fields(SeenStep::Login), ["go"]);
    assert_eq!(fields(SeenStep::Submit), ["team_title", "club_name"]);
    assert_eq!(of(SeenStep::Submit).verdict, Understanding::Differences, "{report:#?}");
    assert!(!report.is_understood());
}

#[test]
fn what_the_browser_left_out_is_said_and_the_rest_is_read() {
    let site = Site::builtin("namyangju").unwrap();
    let settings = Settings::builder().login_success(LoginSuccess::Redirect).build();
    let file = visit(&site, settings, BASE, Detours::default());
    let sanitized = check(&site, &reread(&file.clone().without_cookies()));
    assert!(!sanitized.has_cookies && sanitized.is_understood());
    assert!(sanitized.notes.iter().any(|note| note.contains("with sensitive data")), "{:?}", sanitized.notes);
    let mut bare = file;
    bare.entries.iter_mut().for_each(|entry| entry.body = SavedBody::Missing);
    let report = check(&site, &reread(&bare));
    assert!(steps(&report).iter().all(|(_, v)| *v == Understanding::NotSaved), "{report:#?}");
    assert!(!report.is_understood());
}

#[test]
fn another_site_is_no_visit_to_this_one() {
    let cheonan = Site::builtin("cheonan").unwrap();
    let file = visit(&cheonan, Settings::default(), "https://shop.example.org", Detours::default());
    let report = check(&Site::builtin("namyangju").unwrap(), &reread(&file));
    assert!(!report.is_understood());
    assert!(report.notes.iter().any(|note| note.contains("shop.example.org")), "{:?}", report.notes);
}

#[test]
fn a_refusal_is_understood_too_and_nothing_personal_is_shown() {
    let site = Site::builtin("namyangju").unwrap();
    let settings = Settings::builder().taken(Taken::Page { bytes: Some(5543) }).build();
    let detours = Detours { too_early: true, mistyped: true, ..Detours::default() };
    let report = check(&site, &reread(&visit(&site, settings, BASE, detours)));
    let early = report.exchanges.iter().find(|e| e.step == SeenStep::Day).unwrap();
    assert_eq!(early.says, "not open for reservation yet");
    let json = serde_json::to_string(&report).unwrap();
    for personal in ["홍길동", "010-0000", "tester1", "invented-1", "wrong-one", "가나다클럽"] {
        assert!(!json.contains(personal), "{personal}: {json}");
    }
}
