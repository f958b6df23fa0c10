//! What packaging/ has is so: the figures that its alerts and its dashboard ask for, and the program's own words.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use super::shop::Shop;
use super::support::{finish, interrupt, nobody, run, runner, start};

fn packaging(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging");
    fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every word of a text that begins like a figure of ours.
fn figures(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("rent_")).map(str::to_owned).collect()
}

#[test]
fn alerts_and_dashboard_ask_for_figures_that_exist() {
    let shop = Shop::new();
    let address = nobody().replace("http://", "");
    let mut child = start(runner(&shop.arguments(&["serve", "--listen", &address])), "");
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("Ctrl-C ends it") {
        assert_ne!(err.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    interrupt(&child);
    drop(err);
    finish(child);
    // A family without a value yet is not in the answer: then its name is looked for where it is registered.
    let sources = ["metrics.rs", "scrape.rs"].map(|file| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/telemetry");
        fs::read_to_string(folder.join(file)).unwrap()
    });
    let is_registered = |figure: &str| {
        let ends = ["_seconds_bucket", "_seconds_count", "_seconds_sum", "_seconds", "_total", ""];
        let names = ends.iter().filter_map(|end| figure.strip_prefix("rent_")?.strip_suffix(end));
        let names: Vec<String> = names.map(|name| format!("\"{name}\",")).collect();
        sources.iter().any(|source| names.iter().any(|name| source.contains(name)))
    };
    let mut known = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let ends: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        known.extend(ends.iter().map(|end| format!("{name}{end}")));
    }
    for file in ["prometheus/alerts.yml", "prometheus/alerts_test.yml", "grafana/dashboard.json"] {
        let asked = figures(&packaging(file));
        assert!(!asked.is_empty(), "{file}");
        let unknown: Vec<_> = asked.difference(&known).filter(|figure| !is_registered(figure)).collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}, and there is {known:?}");
    }
    let dashboard: serde_json::Value = serde_json::from_str(&packaging("grafana/dashboard.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 10);
}

#[test]
fn units_cron_and_container_call_commands_that_exist() {
    let mut calls = 0;
    for file in [
        "systemd/rent-runner.service",
        "systemd/rent-runner-due.service",
        "cron/rent-runner",
        "systemd/settings.toml",
        "container/compose.yaml",
    ] {
        for line in packaging(file).lines() {
            let after = ["/usr/local/bin/rent-runner ", "sudo rent-runner ", "runner rent-runner "]
                .iter()
                .find_map(|call| line.split_once(call));
            let Some((_, words)) = after else { continue };
            let words = words.split("2>>").next().unwrap();
            // A settings file that is named need not be here to read the rest of the line.
            let mut words: Vec<&str> = words.split_whitespace().collect();
            words.push("--help");
            let done = run(&words);
            assert_eq!(done.code, Some(0), "{file}: {line}: {done:?}");
            calls += 1;
        }
    }
    assert_eq!(calls, 5);
    let settings = packaging("systemd/settings.toml");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    fs::write(&path, settings).unwrap();
    let done = run(&["--config", path.to_str().unwrap(), "settings", "show"]);
    assert!(done.code == Some(0) && done.out.contains("/var/lib/rent-runner/rent.db"), "{done:?}");
}
