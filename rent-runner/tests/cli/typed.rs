//! What a person types and reads: errors that name the kind of value, completion, manual pages, `--quiet`.

use std::fs;
use std::process::Command;

use super::shop::{Shop, add};
use super::support::{Done, PLACE, book, date, finish, nobody, run, runner, stand_in, start};

#[test]
fn an_error_names_the_kind_of_value_that_is_wanted() {
    let server = stand_in(|_| {});
    let url = server.base_url();
    let cases: [(&[&str], &str); 11] = [
        (&["show", "abc"], "write the number of a booking, as `rent-runner list` shows it"),
        (&["cancel", "1", "0"], "write the number of a booking"),
        (&["show", "1", "--page", "x"], "write the number of an attempt"),
        (&["serve", "--listen", "9188"], "write an address and a port, as in 127.0.0.1:9188"),
        (&["site", "--listen", "9188"], "write an address and a port, as in 127.0.0.1:9188"),
        (&["serve", "--runner", ""], "write a name of 1 to 64 characters"),
        (&["run-due", "--runner", " "], "write a name of 1 to 64 characters"),
        (
            &["places", "--known", "--centre", "ZZZ99"],
            "there is no centre ZZZ99: the dialect of namyangju has NYJ06",
        ),
        (&["places", "--base-url", &url, "--centre", "ZZZ99"], "/ have NYJ01, NYJ06, NYJ07"),
        (&["demo", "--latency", "5"], "write numbers with units"),
        (&["slots", "--place", PLACE, "--month", "12"], "write YYYY-MM, as in 2026-12"),
    ];
    for (arguments, said) in cases {
        let done = run(arguments);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{arguments:?} {done:?}");
        assert!(done.err.contains(said), "{arguments:?} {done:?}");
    }
}

#[test]
fn a_time_that_another_booking_wants_a_part_of_names_that_booking() {
    let shop = Shop::new().furnish(&nobody());
    assert_eq!(shop.run(&add(&["--time", "06:00-10:00"])).code, Some(0));
    let other = shop.run(&add(&["--time", "08:00-10:00"]));
    assert_eq!(other.code, Some(2), "{other:?}");
    assert!(other.err.contains(" 08:00-10:00 overlaps with booking 1, which is waiting"), "{other:?}");
}

#[test]
fn every_error_begins_with_the_same_word() {
    let shop = Shop::new().furnish(&nobody());
    let away = nobody();
    let folder = shop.folder.path().to_str().unwrap().to_owned();
    let cases: [&[&str]; 8] = [
        &["show", "abc"],
        &["list", "--nothing"],
        &["show", "9"],
        &["cancel", "8", "9"],
        &["slots", "--base-url", &away, "--place", PLACE],
        &["--database", &folder, "list"],
        &["--config", "/nowhere/settings.toml", "list"],
        &["man", "/dev/null/pages"],
    ];
    for arguments in cases {
        let done = shop.run(arguments);
        assert!(!matches!(done.code, Some(0) | None), "{done:?}");
        let first = done.err.lines().next().unwrap();
        assert!(first.starts_with("error: ") && !first.starts_with("error: error"), "{done:?}");
    }
}

#[test]
fn a_booking_that_is_over_is_told_of_in_plain_words() {
    let server = stand_in(|_| {});
    let shop = Shop::new().furnish(&server.base_url());
    shop.add(&["--opens-at", "now"]);
    shop.done(&["run-due"]);
    for arguments in [&["edit", "1", "--note", "x"][..], &["cancel", "1"], &["retry", "1"]] {
        let error = shop.refused(arguments);
        assert!(error.contains("booking 1 has succeeded") || error.contains("was won"), "{error}");
        assert!(!error.contains("is succeeded") && !error.contains("begun already"), "{error}");
    }
}

#[test]
fn a_time_is_written_as_a_person_writes_it() {
    let server = stand_in(|_| {});
    let shop = Shop::new().furnish(&server.base_url());
    shop.add(&["--opens-at", "now", "--give-up-after", "90s", "--lead", "5ms"]);
    shop.done(&["run-due"]);
    let texts = [
        shop.run(&["doctor", "--offline"]).out,
        shop.done(&["show", "1", "--events"]).out,
        shop.done(&["status"]).out,
        run(&["clock", "--base-url", &server.base_url(), "--probes", "1"]).out,
    ];
    for text in texts {
        for unit in ["µs", "ns"] {
            let odd = |word: &str| {
                word.trim_end_matches([',', ')', ';'])
                    .strip_suffix(unit)
                    .is_some_and(|n| n.parse::<f64>().is_ok())
            };
            assert!(!text.split_whitespace().any(odd), "{text}");
        }
    }
    let show = shop.done(&["show", "1"]).out;
    assert!(show.contains("for 90s") && show.contains("5ms early"), "{show}");
}

/// What the shell is told when Tab is pressed behind these words.
fn completed(shop: &Shop, words: &[&str]) -> Vec<String> {
    let mut all = vec!["--".to_owned(), "rent-runner".to_owned()];
    all.extend(words.iter().map(|word| (*word).to_owned()));
    let mut command = runner(&all);
    command.env("RENT_COMPLETE", "fish").env("RENT_DATABASE", &shop.database);
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    let done = finish(start(command, ""));
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    // fish is told the word and, after a tab, what it is.
    let words = done.out.lines().map(|line| line.split('\t').next().unwrap().to_owned());
    // Flags may follow everywhere.
    words.filter(|word| !word.starts_with('-')).collect()
}

#[test]
fn tab_completes_bookings_accounts_applicants_and_courts() {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    shop.add(&[]);
    shop.add(&["--time", "10:00-12:00"]);
    shop.done(&["cancel", "2"]);
    for words in [&["show", ""][..], &["edit", ""], &["cancel", ""], &["cancel", "2", ""], &["export", ""]] {
        let found = completed(&shop, words);
        assert!(found.starts_with(&["1".to_owned(), "2".to_owned()]), "{words:?} {found:?}");
    }
    for words in [&["list", "--account", ""][..], &["add", "--account", "m"], &["account", "check", ""]] {
        assert_eq!(completed(&shop, words), ["me"], "{words:?}");
    }
    for words in [&["add", "--applicant", ""][..], &["applicant", "show", "cl"]] {
        assert_eq!(completed(&shop, words), ["club"], "{words:?}");
    }
    for words in [&["slots", "--place", "NYJ06/07/1"][..], &["add", "--place", "NYJ06"]] {
        assert!(completed(&shop, words).contains(&PLACE.to_owned()), "{words:?}");
    }
    // A court that only the menus name, once they were read; those of another site are not offered.
    let server = stand_in(|_| {});
    let url = server.base_url();
    let words = ["slots", "--base-url", &url, "--place", "NYJ06/07/104"];
    assert_eq!(completed(&shop, &words), Vec::<String>::new());
    shop.done(&["places", "--base-url", &url]);
    assert_eq!(completed(&shop, &words), ["NYJ06/07/104"]);
    assert_eq!(completed(&shop, &["slots", "--place", "NYJ06/07/104"]), Vec::<String>::new());
    assert!(completed(&shop, &["sho"]).contains(&"show".to_owned()));
}

#[test]
fn a_tab_makes_no_store_and_waits_for_nobody() {
    let shop = Shop::new();
    assert_eq!(completed(&shop, &["list", "--account", ""]), Vec::<String>::new());
    assert_eq!(fs::read_dir(shop.folder.path()).unwrap().count(), 0);
    let damaged = shop.folder.path().join("rent.db");
    fs::write(&damaged, "no database at all, but a text").unwrap();
    assert_eq!(completed(&shop, &["list", "--account", ""]), Vec::<String>::new());
    assert_eq!(fs::read(damaged).unwrap(), b"no database at all, but a text");
}

#[test]
fn the_dynamic_script_of_each_shell_calls_the_program() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = run(&["completions", shell, "--dynamic"]);
        assert!(done.code == Some(0) && done.out.contains("RENT_COMPLETE"), "{shell} {done:?}");
    }
    // bash reads its script, and asks the program that stands first in the path.
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    shop.add(&[]);
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_rent-runner")).parent().unwrap();
    let script = "source <(rent-runner completions bash --dynamic); COMP_WORDS=(rent-runner show ''); COMP_CWORD=2; \
                  _clap_complete_rent_runner rent-runner '' show; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let done = Command::new("bash")
        .args(["-c", script])
        .env("PATH", path)
        .env("LC_ALL", "en_US.UTF-8")
        .env("RENT_DATABASE", &shop.database)
        .env("HOME", "/nowhere")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&done.stdout).lines().any(|line| line == "1"), "{done:?}");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let done = run(&["man", pages.to_str().unwrap()]);
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{done:?}");
    let names: Vec<String> =
        fs::read_dir(&pages).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    for name in [
        "rent-runner",
        "rent-runner-book",
        "rent-runner-run-due",
        "rent-runner-account-add",
        "rent-runner-man",
    ] {
        assert!(names.contains(&format!("{name}.1")), "{name} {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("schema") || name.contains("help")), "{names:?}");
    assert!(done.err.contains(&format!("{} pages in ", names.len())), "{done:?}");
    let book = fs::read_to_string(pages.join("rent-runner-book.1")).unwrap();
    for said in ["opens\\-at", "Exit codes", "give\\-up\\-after", "quiet"] {
        assert!(book.contains(said), "{said} {book}");
    }
    // groff finds nothing to complain of, where it is installed.
    for name in &names {
        let mut groff = Command::new("groff");
        groff.args(["-man", "-Tutf8", "-ww", "-z", "-Kutf8"]).arg(pages.join(name));
        if let Ok(done) = groff.output() {
            assert!(done.status.success(), "{name} {done:?}");
        }
    }
}

#[test]
fn quiet_leaves_only_results_errors_and_warnings() {
    let server = stand_in(|_| {});
    let url = server.base_url();
    let shop = Shop::new();
    let quiet = |arguments: &[&str]| -> Done {
        let done = shop.run(&[arguments, &["--quiet"]].concat());
        assert_eq!(done.code, Some(0), "{arguments:?} {done:?}");
        assert_eq!(done.err, "", "{arguments:?}");
        done
    };
    quiet(&["account", "add", "me", "--login", "tester1", "--password-stdin", "--base-url", &url]);
    quiet(&[
        "applicant",
        "set",
        "club",
        "--club-name",
        "가나다클럽",
        "--head-count",
        "4",
        "--event-name",
        "테니스",
        "--purpose",
        "운동",
    ]);
    quiet(&["account", "check", "me"]);
    let added = add(&["--opens-at", "now"]);
    quiet(&added.iter().map(String::as_str).collect::<Vec<_>>());
    let other = add(&["--time", "10:00-12:00"]);
    quiet(&other.iter().map(String::as_str).collect::<Vec<_>>());
    let day = date().to_string();
    let folder = shop.folder.path().join("man1");
    let commands: [&[&str]; 20] = [
        &["list"],
        &["status"],
        &["show", "1"],
        &["edit", "2", "--note", "x"],
        &["cancel", "2"],
        &["retry", "2"],
        &["export"],
        &["calendar"],
        &["account", "list"],
        &["applicant", "list"],
        &["settings", "show"],
        &["settings", "path"],
        &["notify", "list"],
        &["sites"],
        &["places", "--known"],
        &["places", "--base-url", &url, "--centre", "NYJ06"],
        &["slots", "--base-url", &url, "--place", PLACE, "--date", &day],
        &["clock", "--base-url", &url, "--probes", "1"],
        &["completions", "bash"],
        &["man", folder.to_str().unwrap()],
    ];
    for command in commands {
        quiet(command);
    }
    let booked = book(&url, &["--time", "12:00-14:00"]);
    assert!(!quiet(&booked.iter().map(String::as_str).collect::<Vec<_>>()).out.is_empty());
    quiet(&["demo", "--opens-in", "0"]);
    // An error is told all the same.
    let done = shop.run(&["show", "99", "--quiet"]);
    assert!(done.code == Some(2) && done.err.starts_with("error: "), "{done:?}");
}
