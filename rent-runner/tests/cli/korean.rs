//! With a Korean locale everything that a person reads is Korean: no English sentence, nor a word of one.

use super::shop::{Shop, add};
use super::support::{Done, PASSWORD, finish, run, runner, stand_in, start, wait_for};

use namyangju_rent::harness::SiteStep;

/// What stays as it is: names of things that are typed, units, and the site's own.
const NAMES: &[&str] = &[
    "ago",
    "apache",
    "auto",
    "chmod",
    "city",
    "club",
    "chrony",
    "chronyc",
    "cron",
    "days",
    "default",
    "demo",
    "direct",
    "doctor",
    "extra-ca",
    "gimpo",
    "cheonan",
    "namyangju",
    "seongnam",
    "spoone",
    "http",
    "https",
    "human",
    "json",
    "localhost",
    "me",
    "member",
    "native",
    "notify",
    "now",
    "ntp",
    "original",
    "rustls",
    "serve",
    "set",
    "set-ntp",
    "sports",
    "tester1",
    "timedatectl",
    "toml",
    "tracking",
    "true",
    "false",
    "ulimit",
    "systemd",
];

/// The Latin words in a text that belong to no name, code, path, address or argument.
pub(crate) fn english_in(text: &str) -> Vec<String> {
    let mut plain = String::new();
    // What stands in backticks or quotation marks is typed, or comes from a person.
    for (index, part) in text.split(['`', '\'', '"']).enumerate() {
        plain.push_str(if index % 2 == 0 { part } else { " " });
    }
    let mut words = Vec::new();
    for line in plain.lines() {
        let mut after_command = false;
        for token in line.split(|c: char| c.is_whitespace() || "(),;:|[]<>=·{}".contains(c)) {
            let is_code = token.contains(['/', '_', '-', '@', '$', '*', '.', '\\'])
                || token.chars().any(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
            // A particle may follow: namyangju의.
            let word = token.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
            let is_word = word.len() > 2 && word.chars().all(|c| c.is_ascii_lowercase());
            if token == "rent-runner" {
                after_command = true;
            } else if !after_command && is_word && !is_code && !NAMES.contains(&word) {
                words.push(word.to_owned());
            }
        }
    }
    words
}

/// A run with a Korean locale.
pub(crate) fn in_korean<S: AsRef<str>>(arguments: &[S]) -> Done {
    let mut command = runner(arguments);
    command.env("LC_ALL", "ko_KR.UTF-8");
    finish(start(command, &format!("{PASSWORD}\n")))
}

fn assert_korean(done: &Done) {
    for text in [&done.out, &done.err] {
        assert!(english_in(text).is_empty(), "{:?}\n{text}", english_in(text));
    }
    assert!(done.out.chars().chain(done.err.chars()).any(|c| ('가'..='힣').contains(&c)), "{done:?}");
}

#[test]
fn an_english_word_is_found() {
    assert_eq!(english_in("예약 `rent-runner list` 3번, NYJ06/07/103: waiting for it"), ["waiting", "for"]);
    assert_eq!(english_in("rent-runner account add --login ID"), Vec::<String>::new());
}

#[test]
fn each_end_of_the_demo_is_told_in_korean() {
    for (switches, code) in [
        (&["--opens-in", "1s"][..], 0),
        (&["--opens-in", "0", "--stored"], 0),
        (&["--opens-in", "0", "--taken"], 3),
        (&["--opens-in", "0", "--human-check"], 6),
        (&["--opens-in", "0", "--waiting-room"], 6),
        (&["--opens-in", "0", "--not-open", "--give-up-after", "100ms"], 9),
        (&["--opens-in", "0", "--busy", "--give-up-after", "100ms"], 9),
        (&["--opens-in", "0", "--lose-answer"], 0),
        (&["--opens-in", "0", "--blocked"], 5),
        (&["--opens-in", "0", "--expired-session"], 0),
        (&["--opens-in", "0", "--rivals", "3", "--skew", "1500ms"], 3),
    ] {
        let done = in_korean(&[&["demo"], switches].concat());
        assert!(done.code == Some(code) || switches.contains(&"--rivals"), "{switches:?} {done:?}");
        assert_korean(&done);
    }
}

#[test]
fn the_store_and_what_is_in_it_are_told_in_korean() {
    let server = stand_in(|_| {});
    let shop = Shop::new().furnish(&server.base_url());
    let korean = |arguments: &[&str]| {
        let arguments = shop.arguments(arguments);
        in_korean(&arguments)
    };
    let words = add(&["--opens-at", "now"]);
    let added = korean(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(added.code, Some(0), "{added:?}");
    assert_korean(&added);
    for command in [&["list"][..], &["show", "1"], &["status"], &["account", "list"], &["applicant", "list"]]
    {
        assert_korean(&korean(command));
    }
    // Its log is English, as every log.
    let ran = korean(&["run-due", "--log-format", "human"]);
    assert!(ran.out.contains("예약됨: 예약되었습니다") && english_in(&ran.out).is_empty(), "{ran:?}");
    for command in [
        &["list", "--all"][..],
        &["show", "1", "--events"],
        &["status"],
        &["doctor"],
        &["cancel", "1"],
        &["show", "7"],
    ] {
        assert_korean(&korean(command));
    }
    // Its keys and values are never translated.
    assert!(korean(&["settings", "show"]).out.contains("기본값"));
    wait_for(&server, SiteStep::Submit);
}

#[test]
fn the_language_is_chosen_by_flag_variable_and_locale_and_json_never_changes() {
    let said = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = runner(arguments);
        command.env_remove("LC_ALL").envs(variables.iter().copied());
        finish(start(command, "")).err
    };
    let wrong = ["slots", "--place", "tennis"];
    let is_korean = |text: &str| text.contains("오류: ");
    assert!(is_korean(&said(&wrong, &[])), "no locale at all");
    assert!(is_korean(&said(&wrong, &[("LANG", "C.UTF-8")])));
    assert!(is_korean(&said(&wrong, &[("LANG", "ko_KR.UTF-8")])));
    assert!(!is_korean(&said(&wrong, &[("LANG", "en_US.UTF-8")])));
    assert!(is_korean(&said(&wrong, &[("LANG", "en_US.UTF-8"), ("RENT_LANGUAGE", "korean")])));
    let flag = [&wrong[..], &["--language", "en"]].concat();
    assert!(!is_korean(&said(&flag, &[("RENT_LANGUAGE", "ko")])));
    let json = |locale| {
        let mut command = runner(&["slots", "--place", "tennis", "--json"]);
        command.env("LC_ALL", locale);
        finish(start(command, "")).out
    };
    assert_eq!(json("ko_KR.UTF-8"), json("en_US.UTF-8"));
    assert!(run(&["demo", "--opens-in", "0", "--json"]).out.contains("\"text\""));
}
