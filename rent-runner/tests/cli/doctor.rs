//! `doctor`: what a person and a program see of it.

use serde_json::Value;
use tempfile::TempDir;

use super::support::{Done, finish, runner, stand_in, start};

/// In a home of its own.
fn doctor(home: &TempDir, words: &[&str]) -> Done {
    let mut command = runner(&[&["doctor"][..], words].concat());
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        command.env(name, home.path());
    }
    finish(start(command, ""))
}

#[test]
fn a_new_machine_has_warnings_and_no_failure() {
    let home = TempDir::new().unwrap();
    let done = doctor(&home, &["--offline"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    for said in ["ok       zone ", "warning  database ", "warning  messages ", " 0 failed, "] {
        assert!(done.out.contains(said), "{said} {done:?}");
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "it makes nothing");
}

#[test]
fn a_site_is_named_before_it_is_asked_once() {
    let home = TempDir::new().unwrap();
    let server = stand_in(|_| {});
    let done = doctor(&home, &["--base-url", &server.base_url(), "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.err.contains(&format!("asking {}", server.base_url())), "{done:?}");
    assert_eq!(server.arrivals().len(), 1);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(found["failed"], 0);
    let site = found["checks"].as_array().unwrap().iter().find(|check| check["what"] == "site").unwrap();
    assert_eq!(site["level"], "ok", "{found}");
}

#[test]
fn settings_that_cannot_be_used_fail() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("settings.toml");
    std::fs::write(&path, "[[notify]]\nname = 'a'\nkind = 'slack'\nurl = 'http://secret-1.example'\n")
        .unwrap();
    let done = doctor(&home, &["--config", path.to_str().unwrap(), "--offline"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.out.contains("FAILED   settings ") && done.out.contains("plain http"), "{done:?}");
    assert!(!done.out.contains("secret-1") && !done.err.contains("secret-1"), "{done:?}");
}
