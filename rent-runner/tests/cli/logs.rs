//! The log and everything else on stderr: for people, or as JSON, as flag, environment and settings file have it.

use std::io::{BufRead as _, BufReader, Read as _};

use serde_json::Value;
use tempfile::TempDir;

use super::shop::{Shop, add};
use super::support::{book, finish, interrupt, run, runner, stand_in, start};

/// Each line of stderr as the JSON document that it has to be.
fn documents(err: &str) -> Vec<Value> {
    let read = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("`{line}` is no JSON in {err}"));
    err.lines().map(read).collect()
}

/// What `serve` writes to stderr until it is interrupted.
fn served(shop: &Shop, more: &[&str]) -> String {
    let mut child = start(runner(&shop.arguments(&[&["serve"], more].concat())), "");
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("Ctrl-C ends it") {
        assert_ne!(err.read_line(&mut text).unwrap(), 0, "{text}");
    }
    interrupt(&child);
    err.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    text
}

#[test]
fn every_line_of_stderr_is_json_where_the_log_is() {
    let server = stand_in(|_| {});
    let shop = Shop::new();
    let json = ["--log-format", "json"];
    // A log of steps that goes to a pipe is JSON without a word.
    for more in [&json[..], &[]] {
        assert!(documents(&served(&shop, more)).len() > 3);
    }
    let shop = shop.furnish("http://127.0.0.1:9");
    for (command, code, said) in [
        (vec!["run-due".to_owned()], 0, None),
        (add(&[]), 0, Some("booking 1: it opens at")),
        (add(&[]), 2, Some("booking 1")),
        (vec!["show".into(), "99".into()], 2, Some("booking 99")),
        (vec!["show".into(), "abc".into()], 2, Some("abc")),
        (book(&server.base_url(), &[]), 0, Some("reserved, receipt")),
        (vec!["doctor".into(), "--offline".into()], 0, None),
    ] {
        let done = shop.run(&[&json.map(str::to_owned)[..], &command].concat());
        assert_eq!(done.code, Some(code), "{done:?}");
        let lines = documents(&done.err);
        let told = |said| lines.iter().any(|line| line["message"].as_str().unwrap().contains(said));
        assert!(said.is_none_or(told), "{said:?} {done:?}");
        let level = if code == 0 { "INFO" } else { "ERROR" };
        assert!(lines.iter().all(|line| line["level"] == level), "{done:?}");
    }
}

#[test]
fn a_command_for_the_key_writes_no_line_of_another_kind() {
    let key = "head -c 32 /dev/zero | base64";
    for (command, code) in [("echo oops >&2; false".to_owned(), 10), (format!("echo oops >&2; {key}"), 0)] {
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("rent.db").to_str().unwrap().to_owned();
        let mut runner = runner(&["--database", &database, "--log-format", "json", "run-due"]);
        runner.env("RENT_KEY_COMMAND", command);
        let done = finish(start(runner, ""));
        assert_eq!(done.code, Some(code), "{done:?}");
        let lines = documents(&done.err);
        assert!(lines.iter().any(|line| line["message"].as_str().unwrap().contains("oops")), "{done:?}");
    }
}

#[test]
fn every_error_has_the_same_prefix() {
    let shop = Shop::new();
    for command in [&["show", "99"][..], &["show", "abc"], &["sites", "--show", "atlantis"], &["slots"]] {
        let done = shop.run(command);
        assert_eq!(done.code, Some(2), "{done:?}");
        let error = done.err.lines().find(|line| !line.starts_with("made the")).unwrap();
        assert!(error.starts_with("error: ") && !done.err.contains("rent-runner: "), "{done:?}");
    }
}

#[test]
fn quiet_leaves_out_everything_but_errors() {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    let quiet = |command: &[String]| shop.run(&[&["--quiet".to_owned()], command].concat());
    let done = quiet(&add(&[]));
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "1\n", ""), "{done:?}");
    for command in ["list", "status", "export", "calendar"] {
        let done = quiet(&[command.to_owned()]);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
        assert!(!done.out.is_empty(), "{done:?}");
    }
    let done = quiet(&["show".into(), "99".into()]);
    assert!(done.code == Some(2) && done.err.starts_with("error: "), "{done:?}");
    let done = run(&["demo", "-q", "--opens-in", "0"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    assert!(done.out.contains("receipt"), "{done:?}");
}

#[test]
fn the_format_is_the_flags_else_the_variables_else_the_files_else_json() {
    let folder = TempDir::new().unwrap();
    let server = stand_in(|_| {});
    for (flag, variable, file, json) in [
        (None, None, None, true),
        (None, None, Some("human"), false),
        (None, Some("human"), None, false),
        (None, Some("json"), Some("human"), true),
        (Some("human"), Some("json"), Some("json"), false),
        (Some("json"), Some("human"), None, true),
    ] {
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, file.map(|word| format!("log-format = '{word}'\n")).unwrap_or_default())
            .unwrap();
        let base = server.base_url();
        let mut words = vec!["-v", "--config", path.to_str().unwrap(), "slots", "--place", "NYJ06/07/103"];
        words.extend(["--base-url", &base]);
        words.extend(flag.iter().flat_map(|word| ["--log-format", word]));
        let mut command = runner(&words);
        command.env_remove("RENT_LOG_FORMAT");
        command.envs(variable.map(|word| ("RENT_LOG_FORMAT", word)));
        let done = finish(start(command, ""));
        assert_eq!(done.code, Some(0), "{done:?}");
        let line = done.err.lines().find(|line| line.contains("DEBUG")).unwrap_or_else(|| panic!("{done:?}"));
        let read: Option<Value> = serde_json::from_str(line).ok();
        assert_eq!(read.is_some(), json, "{flag:?} {variable:?} {file:?}: {line}");
        let at = match &read {
            Some(value) => value["timestamp"].as_str().unwrap(),
            None => line.split_whitespace().next().unwrap(),
        };
        assert!(at.ends_with("+09:00") && at.len() == 32, "{line}");
    }
}
