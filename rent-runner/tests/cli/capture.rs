//! `capture`: what a person and a program see of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::support::{Done, finish, run, runner, start};

fn recorded(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/captures");
    folder.join(format!("{name}.har")).to_str().unwrap().to_owned()
}

fn with(folder: &TempDir, name: &str, text: &str) -> String {
    let path: PathBuf = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_recorded_visit_is_checked_in_a_table_of_eighty_columns() {
    let mut command = runner(&["capture", "check", &recorded("namyangju-not-open-first")]);
    command.env("COLUMNS", "80");
    let done = finish(start(command, ""));
    assert_eq!(done.code, Some(0), "{done:?}");
    for words in
        ["not open for reservation yet", "the form for 08:00-10:00", "reserved, with a receipt", "(harmless)"]
    {
        assert!(done.out.contains(words), "{words}: {}", done.out);
    }
    assert!(done.out.lines().all(|line| line.chars().count() <= 80), "{}", done.out);
    assert!(!done.out.contains("invented-1") && !done.out.contains("홍길동"), "{}", done.out);
}

#[test]
fn what_is_not_understood_ends_with_one_and_no_har_with_two() {
    let other = run(&["capture", "check", &recorded("cheonan-reserved"), "--site", "namyangju"]);
    assert_eq!(other.code, Some(1), "{other:?}");
    assert!(other.err.contains("sports.cfmc.or.kr"), "{other:?}");
    let folder = TempDir::new().unwrap();
    let page = with(&folder, "page.html", "<html></html>");
    let check = |file: &str| run(&["capture", "check", file, "--json"]);
    for (file, said) in [(page.as_str(), "no HAR file"), ("nowhere.har", "cannot be read")] {
        let done = check(file);
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.out.contains(said), "{done:?}");
    }
    // A file that was cut is read as far as it goes.
    let text = fs::read_to_string(recorded("namyangju-reserved")).unwrap();
    let cut = check(&with(&folder, "cut.har", &text[..text.len() / 2]));
    let document: Value = serde_json::from_str(&cut.out).unwrap();
    assert!(document["notes"].to_string().contains("was cut"), "{document}");
    assert!(!document["exchanges"].as_array().unwrap().is_empty(), "{document}");
}

fn dialect(file: &str, more: &[&str]) -> Done {
    run(&[&["capture", "dialect", file], more].concat())
}

#[test]
fn a_dialect_is_written_when_it_is_proven_and_only_then() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("my-city.toml");
    let path = out.to_str().unwrap();
    // The session's cookie has another name in this recording, and the club's field too.
    let text = fs::read_to_string(recorded("namyangju-not-open-first")).unwrap();
    let changed = text.replace("ci_session", "RENTSID").replace("club_name", "team_title");
    let file = with(&folder, "visit.har", &changed);
    let done = dialect(&file, &["-o", path, "--name", "my-city"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    for words in ["`RENTSID`, not `ci_session`", "`club_name` is called `team_title`", "its receipt read"] {
        assert!(done.out.contains(words), "{words}: {}", done.out);
    }
    let written = fs::read_to_string(&out).unwrap();
    assert!(written.contains("team_title") && written.contains("# not seen in capture"), "{written}");
    let again = run(&["capture", "check", &file, "--site-file", path]);
    assert_eq!(again.code, Some(0), "{again:?}");
    fs::remove_file(&out).unwrap();

    // What was sent has a field that the page of the form does not have: nobody can fill that form again.
    let broken = with(&folder, "broken.har", &changed.replace("&playname=", "&other_name="));
    let done = dialect(&broken, &["-o", path]);
    assert_eq!((done.code, out.exists()), (Some(1), false), "{done:?}");
    assert!(done.err.contains("was not written"), "{done:?}");
    assert_eq!(dialect(&broken, &["-o", path, "--unproven"]).code, Some(1));
    assert!(out.exists());
}

#[test]
fn without_cookies_it_says_how_to_save_them_and_learns_the_rest() {
    let folder = TempDir::new().unwrap();
    let mut file: Value =
        serde_json::from_str(&fs::read_to_string(recorded("cheonan-reserved")).unwrap()).unwrap();
    for entry in file["log"]["entries"].as_array_mut().unwrap() {
        for side in ["request", "response"] {
            entry[side]["cookies"] = Value::Array(Vec::new());
            let headers = entry[side]["headers"].as_array_mut().unwrap();
            headers.retain(|header| !header["name"].as_str().unwrap().contains("cookie"));
        }
    }
    let path = with(&folder, "bare.har", &file.to_string());
    let done = dialect(&path, &["--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let document: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(document["proven"], true);
    assert_eq!(document["learnt"]["nearest"], "cheonan");
    assert!(document["learnt"]["notes"].to_string().contains("with sensitive data"), "{document}");
    let unseen = document["learnt"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .any(|finding| finding["key"] == "session_cookie.names" && finding["kind"] == "not-seen");
    assert!(unseen, "{document}");
    // Printed, it is a dialect.
    let printed = dialect(&path, &[]).out;
    assert_eq!(run(&["sites", "--show", "cheonan"]).code, Some(0));
    assert!(
        printed.starts_with("# A dialect written from a capture of https://sports.cfmc.or.kr"),
        "{printed}"
    );
}
