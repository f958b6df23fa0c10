//! The settings: where they come from, what is shown of them, and that commands go by them.

use std::fs;

use serde_json::Value;

use super::support::{PLACE, finish, nobody, requests, run, runner, stand_in, start};
use namyangju_rent::harness::SiteStep;

fn settings(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn source<'v>(document: &'v Value, setting: &str) -> (&'v Value, &'v Value) {
    let all = document["settings"].as_array().unwrap();
    let row = all.iter().find(|row| row["setting"] == setting).expect(setting);
    (&row["value"], &row["source"])
}

#[test]
fn each_setting_is_shown_with_its_source_and_without_secrets() {
    let (_folder, path) = settings(
        "database = \"postgres://rent:hunter22@db/rent\"\nroutes = [\"http://u:hunter22@proxy:1\"]\nrunner = \"home\"",
    );
    let mut command = runner(&["settings", "show", "--json", "--config", &path, "--site", "cheonan"]);
    command.env("RENT_RUNNER", "elsewhere").env("RENT_KEY", "hunter22");
    let done = finish(start(command, ""));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(!done.out.contains("hunter22") && !done.err.contains("hunter22"), "{done:?}");
    let document: Value = serde_json::from_str(&done.out).unwrap();
    let (value, from) = source(&document, "database");
    assert_eq!(
        (value, &from["kind"], &from["line"]),
        (&"postgres://rent:***@db/rent".into(), &"file".into(), &1.into())
    );
    let (value, from) = source(&document, "runner");
    assert_eq!((value, &from["name"]), (&"elsewhere".into(), &"RENT_RUNNER".into()));
    let (value, from) = source(&document, "site");
    assert_eq!((value, &from["kind"], &from["name"]), (&"cheonan".into(), &"flag".into(), &"--site".into()));
    assert_eq!(source(&document, "listen").1["kind"], "default");
    assert!(done.err.contains("holds a secret and others can read it: chmod 600"), "{done:?}");

    let table = run(&["settings", "show", "--config", &path]);
    assert!(table.out.contains("line 2") && table.out.contains("http://***@proxy:1"), "{table:?}");
    assert!(!table.out.contains("hunter22"), "{table:?}");
}

#[test]
fn the_place_of_the_file_and_an_example_are_printed() {
    let mut command = runner(&["settings", "path"]);
    command.env("XDG_CONFIG_HOME", "/somewhere");
    assert_eq!(finish(start(command, "")).out, "/somewhere/rent-runner/settings.toml\n");
    let (_folder, path) = settings(&run(&["settings", "example"]).out);
    assert_eq!(run(&["--config", &path, "settings", "show"]).code, Some(0));
}

#[test]
fn a_file_that_cannot_be_used_stops_every_command_that_reads_it() {
    let (_folder, path) = settings("site = \"namyangju\"\nroutes = [\"http://u:hunter22@\"]");
    for command in [&["slots", "--place", PLACE][..], &["list"], &["settings", "show"], &["account", "list"]]
    {
        let done = run(&[&["--config", &path], command].concat());
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{done:?}");
        assert!(
            done.err.contains("line 2: `routes`: route 1: the proxy's address cannot be read"),
            "{done:?}"
        );
        assert!(!done.err.contains("hunter22"), "{done:?}");
    }
    let done = run(&["--config", "/nowhere/settings.toml", "list"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert_eq!(run(&["sites", "--config", &path]).code, Some(0), "it needs no settings");
}

#[test]
fn the_commands_without_an_account_go_by_the_file() {
    let server = stand_in(|_| {});
    let (_folder, path) = settings(&format!("base-url = \"{}\"", server.base_url()));
    let done = run(&["slots", "--place", PLACE, "--config", &path, "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(requests(&server, SiteStep::Schedule), 1);
    // A route that leads nowhere proves that it was taken.
    let routes = nobody().replace("http://", "socks5://");
    let (_folder, path) = settings(&format!("base-url = \"{}\"\nroutes = [\"{routes}\"]", server.base_url()));
    let done = run(&["slots", "--place", PLACE, "--config", &path]);
    assert_eq!(done.code, Some(8), "{done:?}");
    assert_eq!(requests(&server, SiteStep::Schedule), 1);
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = run(&["completions", shell]);
        assert!(done.code == Some(0) && done.out.contains("applicant"), "{shell} {done:?}");
    }
    assert_eq!(run(&["completions", "cmd"]).code, Some(2));
}

#[test]
fn every_command_has_a_help_with_an_example() {
    for command in [
        "account",
        "applicant",
        "add",
        "list",
        "show",
        "edit",
        "cancel",
        "retry",
        "import",
        "export",
        "calendar",
        "settings",
        "completions",
    ] {
        let done = run(&[command, "--help"]);
        assert!(done.out.contains("Examples:") && done.out.contains("rent-runner"), "{command} {done:?}");
    }
    assert!(run(&["--help"]).out.contains("  10   the store of bookings"));
}
