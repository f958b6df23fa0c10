//! What the papers and the help say of the command is so.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::shop::Shop;
use super::support::{PLACE, date, run, stand_in};

const README: &str = include_str!("../../../README.md");
const README_KO: &str = include_str!("../../../README.ko.md");
const OPERATING: &str = include_str!("../../../docs/operating.md");
const OPERATING_KO: &str = include_str!("../../../docs/ko/operating.md");
const TROUBLESHOOTING_KO: &str = include_str!("../../../docs/ko/troubleshooting.md");

/// The help of the program and of each command.
fn helps() -> Vec<String> {
    let all = run(&["--help"]).out;
    let commands = all.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<_> = names.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect();
    assert!(names.len() > 20, "{all}");
    let names = names.into_iter().filter(|name| name != "help");
    std::iter::once(all.clone()).chain(names.map(|name| run(&[name, "--help".into()]).out)).collect()
}

/// The `rent-runner …` commands of a text, each on one line.
fn commands(text: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| {
        let start = line.find("rent-runner ")?;
        let before = &line[..start];
        let is_command = before.trim().is_empty() || before.ends_with("| ") || before.starts_with("RENT_");
        // A program's remarks stand behind its command, in brackets or after three blanks and a number sign.
        let rest = line[start..].split("   ").next()?.split(" # ").next()?;
        is_command.then(|| rest.split([';', '>', '|']).next().unwrap_or(rest).replace('…', ""))
    });
    // No quoted word of an example has one of the signs that end a command.
    lines.map(|line| line.trim().to_owned()).collect()
}

/// The words of a command, as a shell has them.
fn words(command: &str) -> Vec<String> {
    let script = format!("set -- {command}; printf '%s\\n' \"$@\"");
    let done = Command::new("sh").arg("-c").arg(&script).output().unwrap();
    assert!(done.status.success(), "{command} {done:?}");
    String::from_utf8(done.stdout).unwrap().lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn every_command_that_the_papers_show_is_one() {
    let texts: Vec<String> = helps()
        .into_iter()
        .chain([README, README_KO, OPERATING, OPERATING_KO, TROUBLESHOOTING_KO].map(str::to_owned))
        .collect();
    let all: Vec<String> = texts.iter().flat_map(|text| commands(text)).collect();
    assert!(all.len() > 80, "{} {all:?}", all.len());
    for command in all {
        // With --help nothing is done, but flags and values before it are read.
        let mut words = words(&command);
        words.push("--help".to_owned());
        let done = run(&words);
        assert_eq!(done.code, Some(0), "`{command}` {done:?}");
    }
}

/// The depth of each heading outside code.
fn headings(text: &str) -> Vec<usize> {
    let prose = text.split("```").step_by(2);
    let lines = prose.flat_map(str::lines).filter(|line| line.starts_with('#'));
    lines.map(|line| line.chars().take_while(|letter| *letter == '#').count()).collect()
}

#[test]
fn the_korean_readme_has_the_headings_and_the_commands_of_the_other() {
    assert!(README.lines().take(3).any(|line| line.contains("README.ko.md")));
    assert_eq!(headings(README), headings(README_KO));
    assert_eq!(commands(README), commands(README_KO));
    let codes = |text: &'static str| -> Vec<&str> {
        let cells = text.lines().filter(|line| line.starts_with("| ")).flat_map(|line| line.split('|'));
        cells.map(str::trim).filter(|cell| cell.parse::<u8>().is_ok()).collect()
    };
    assert_eq!(codes(README), codes(README_KO));
}

#[test]
fn the_readme_lists_every_exit_code_that_the_help_lists() {
    let help = run(&["--help"]).out;
    let table = help.split("Exit codes:\n").nth(1).unwrap();
    let codes: Vec<&str> = table.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(codes.len() == 13 && codes.iter().all(|code| code.parse::<u8>().is_ok()), "{codes:?}");
    let cells: Vec<&str> =
        README.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('|')).collect();
    for code in codes {
        assert!(cells.iter().any(|cell| cell.trim() == code), "{code} is not in the README");
    }
}

/// What jq makes of a document, or `None` where jq is not installed.
fn jq(arguments: &[String], document: &str) -> Option<String> {
    let mut child =
        Command::new("jq").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{arguments:?} {document}");
    Some(String::from_utf8(done.stdout).unwrap())
}

#[test]
fn the_jq_programs_of_the_help_find_what_they_look_for() {
    let server = stand_in(|_| {});
    let shop = Shop::new().furnish(&server.base_url());
    shop.add(&["--opens-at", "now"]);
    shop.done(&["run-due"]);
    let receipt = server.with(|s| s.bookings()[0].receipt.clone());
    let settings = shop.folder.path().join("settings.toml");
    std::fs::write(&settings, "[[notify]]\nname = 'a'\nkind = 'slack'\nurl-file = 'nowhere'\n").unwrap();
    let (url, day) = (server.base_url(), date().to_string());
    let slots = ["slots", "--base-url", &url, "--place", PLACE, "--date", &day];
    let mut found = 0;
    for program in helps().iter().flat_map(|help| help.lines()).filter_map(|line| line.split_once("jq ")) {
        let program = words(&format!("jq {}", program.1));
        let text = program.last().unwrap();
        let (command, wanted) = match text.split(['.', '[']).nth(1).unwrap() {
            "bookings" => (&["list", "--all"][..], receipt.as_str()),
            "slots" => (&slots[..], "\"free\""),
            "checks" => (&["doctor", "--offline"][..], "\"warning\""),
            "channels" => (&["--config", settings.to_str().unwrap(), "notify", "list"][..], "\"error\""),
            other => panic!("no document for {other}"),
        };
        let Some(out) = jq(&program, &shop.done(&[command, &["--json"]].concat()).out) else { return };
        assert!(out.contains(wanted), "{text} gives {out}");
        assert_eq!(text.contains(".number"), out.trim() == receipt, "{text} gives {out}");
        found += 1;
    }
    assert_eq!(found, 4);
}
