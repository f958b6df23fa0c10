//! Arguments that cannot be used: a clear message, exit code 2, and no request.

use super::korean::{english_in, in_korean};
use super::support::{PASSWORD, PLACE, TIME, book, date, finish, lines, run, runner, stand_in, start};

#[test]
fn each_bad_argument_is_named_and_nothing_is_sent() {
    let server = stand_in(|_| {});
    let again = format!("{PLACE} {} {TIME}", date());
    let cases: [(&[&str], &str); 37] = [
        (&["--place", "NYJ06/7/103"], "`7` is not a group code"),
        (&["--place", "tennis"], "centre/group/court, as in NYJ06/07/103"),
        (&["--date", "2026-02-30"], "`2026-02-30` is not a date: write YYYY-MM-DD"),
        (&["--date", "2020-01-01"], "2020-01-01 is past: today is 2"),
        (&["--time", "6-8"], "`6` is not a time of day: write HH:MM"),
        (&["--time", "06:00"], "is not a stretch of time: write HH:MM-HH:MM"),
        (&["--time", "08:00-06:00"], "ends before it begins"),
        (&["--head-count", "0"], "a whole number from 1 to 999"),
        (&["--head-count", "four"], "a whole number from 1 to 999"),
        (&["--tel", "12345"], "--tel is not a phone number"),
        (&["--mobile", "010-12"], "--mobile is not a phone number"),
        (&["--club-name", " "], "--club-name is empty"),
        (&["--event-name", ""], "--event-name is empty"),
        (&["--purpose", "a\nb"], "--purpose has more than one line"),
        (&["--applicant-name", ""], "--applicant-name is empty"),
        (&["--give-up-after", "5"], "5s, 2m, 1.5s, 500ms or 1h30m"),
        (&["--opens-at", "tomorrow"], "`tomorrow` is not an instant: write YYYY-MM-DD HH:MM:SS (Asia/Seoul)"),
        (&["--opens-at", "tomorrow"], ", or `auto`"),
        (
            &["--opens-at", "2020-01-26 10:00:00"],
            "the time to try is over: to book at once, leave --opens-at out",
        ),
        (&["--opens-at", "2199-01-26 10:00:00"], "after the booked time begins"),
        (&["--site", "cheonan", "--opens-at", "auto"], "has no opening rule for NYJ06/07/103"),
        (&["--lead", "5ms"], "--opens-at"),
        (&["--clock-offset", "-1.5s"], "--opens-at"),
        (&["--clock-offset", "later"], "write a duration with a sign, as in +120ms, -1.5s or 0"),
        (&["--or", "NYJ06/07/103 06:00-08:00"], "write PLACE DATE FROM-TO in one argument"),
        (&["--or", "NYJ06/07/103 2026-02-30 06:00-08:00"], "`2026-02-30` is not a date"),
        (&["--or", &again], "is given twice"),
        (&["--most-requests", "0"], "'--most-requests <N>'"),
        (&["--account", ""], "write the login name, on one line"),
        (&["--resume", "/nowhere/court.jsonl"], "the journal /nowhere/court.jsonl cannot be read"),
        (&["--site", "atlantis"], "no site is called `atlantis`: built in are namyangju, cheonan"),
        (&["--site", "./atlantis.toml"], "the dialect ./atlantis.toml cannot be read"),
        (&["--base-url", "http://127.0.0.1:8099/rent/"], "host and port, as in http://127.0.0.1:8099"),
        (&["--base-url", "www.nyj.go.kr"], "is not a base address: write http:// or https://"),
        (&["--user-agent", "a\nb"], "--user-agent is no header value"),
        (&["--extra-ca", "/nowhere/ca.pem"], "/nowhere/ca.pem cannot be used"),
        (&["--tls", "ssl3"], "'--tls <BACKEND>'"),
    ];
    for (arguments, said) in cases {
        let done = run(&book(&server.base_url(), arguments));
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{arguments:?} {done:?}");
        assert!(done.err.contains(said), "{arguments:?} {done:?}");
        let korean = in_korean(&book(&server.base_url(), arguments));
        assert_eq!((korean.code, korean.out.as_str()), (Some(2), ""), "{arguments:?} {korean:?}");
        assert!(english_in(&korean.err).is_empty(), "{:?} {arguments:?} {korean:?}", english_in(&korean.err));
    }
    assert_eq!(server.arrivals().len(), 0);
}

#[test]
fn a_phone_number_is_not_repeated_in_the_message() {
    let done = run(&book("http://127.0.0.1:9", &["--mobile", "010-1234-567"]));
    assert!(done.err.contains("--mobile") && !done.err.contains("1234"), "{done:?}");
}

#[test]
fn a_password_is_never_an_argument() {
    for argument in ["--password=hunter22", "--password", "--mempw=hunter22"] {
        let done = run(&book("http://127.0.0.1:9", &[argument, "hunter22"]));
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.err.contains("unexpected argument") && !done.err.contains("hunter22"), "{done:?}");
    }
}

#[test]
fn a_password_has_to_come_from_somewhere() {
    let server = stand_in(|_| {});
    let done = finish(start(runner(&book(&server.base_url(), &[])), "\n"));
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("the password is empty"), "{done:?}");
    let mut arguments = book(&server.base_url(), &[]);
    arguments.retain(|argument| argument != "--password-stdin");
    let done = finish(start(runner(&arguments), PASSWORD));
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("no password: use --password-stdin or RENT_PASSWORD"), "{done:?}");
    assert_eq!(server.arrivals().len(), 0);
}

#[test]
fn a_real_site_has_terms_and_they_are_named_before_anything_is_sent() {
    // Without a password it ends there.
    let done = finish(start(runner(&book("https://www.nyj.go.kr", &[])), ""));
    assert_eq!(done.code, Some(2), "{done:?}");
    assert_eq!(done.err.matches("respect its terms of use").count(), 1, "{done:?}");
}

#[test]
fn a_wrong_key_of_a_dialect_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.toml");
    let text = run(&["sites", "--show", "namyangju"]).out;
    let line = 1 + text.lines().position(|line| line.starts_with("prefix =")).unwrap();
    std::fs::write(&path, text.replace("\nprefix =", "\nprefixx =")).unwrap();
    let done = run(&["places", "--known", "--site", path.to_str().unwrap()]);
    assert_eq!(done.code, Some(2), "{done:?}");
    for said in [format!("line {line}"), "unknown field `prefixx`".into(), "city.toml".into()] {
        assert!(done.err.contains(&said), "{said} {done:?}");
    }
}

#[test]
fn a_dialect_of_ones_own_is_taken_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.toml");
    let text = run(&["sites", "--show", "namyangju"]).out;
    std::fs::write(&path, text.replace("name = \"namyangju\"", "name = \"mycity\"")).unwrap();
    let server = stand_in(|_| {});
    let done = run(&book(&server.base_url(), &["--site", path.to_str().unwrap(), "--json"]));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(lines(&done).last().unwrap()["verdict"], "reserved");
}

#[test]
fn the_last_of_a_repeated_argument_counts() {
    let server = stand_in(|_| {});
    // A court and a time are alternatives; of everything else there is one.
    let day = date().to_string();
    let done = run(&book(&server.base_url(), &["--date", "2020-01-01", "--date", &day]));
    assert_eq!(done.code, Some(0), "{done:?}");
}

#[test]
fn other_commands_check_their_arguments_too() {
    let number = "write the number of a booking, as `rent-runner list` shows it";
    let address = "write an address and a port, as in 127.0.0.1:9188";
    let cases: [(&[&str], &str); 32] = [
        (&["show", "abc"], number),
        (&["show", "0"], number),
        (&["edit", "7a", "--note", "x"], number),
        (&["cancel", "7", ""], number),
        (&["retry", "seven"], number),
        (&["export", "7,8"], number),
        (&["show", "7", "--page", "last"], "write the number of an attempt"),
        (&["show", "7", "--page", "1", "--round", "x"], "write the number of a round"),
        (&["serve", "--listen", "9188"], address),
        (&["run-due", "--listen", "localhost"], address),
        (&["site", "--listen", "8099"], address),
        (&["serve", "--base-path", "rent"], "write a path of letters, digits and -._~, as in /rent"),
        (&["serve", "--trusted-proxy", "proxy"], "write an address or a network"),
        (&["serve", "--tls-cert", "cert.pem"], "--tls-cert needs --tls-key"),
        (&["serve", "--runner", ""], "write a name of 1 to 64 characters"),
        (&["serve", "--runner", " \n"], "write a name of 1 to 64 characters"),
        (&["serve", "--most-at-once", "many"], "write a number from 1 to 1000"),
        (&["demo", "--rivals", "many"], "write a number from 0 to 1000"),
        (&["list", "--database", ""], "'--database <PATH|URL>'"),
        (&["edit", "7", "--most-requests", "few"], "write a whole number from 1 on"),
        (&["clock", "--probes", "few"], "write a number from 1 to 12"),
        (&["demo", "--opens-in", "5"], "5s, 2m, 1.5s, 500ms or 1h30m"),
        (&["demo", "--skew", "1500"], "write a duration with a sign"),
        (&["clock", "--probes", "13"], "write a number from 1 to 12"),
        (&["clock", "--site", "atlantis"], "no site is called `atlantis`"),
        (&["demo", "--site", "atlantis"], "no site is called `atlantis`"),
        (&["site", "--listen", "0.0.0.0:0"], "--beyond-loopback"),
        (&["site", "--booked", "1.5"], "a number from 0 to 1"),
        (&["site", "--opens-at", "tomorrow"], "`tomorrow` is not an instant"),
        (&["slots", "--place", "NYJ06/07/103", "--month", "2026-13"], "write YYYY-MM"),
        (&["sites", "--show", "atlantis"], "no site is called `atlantis`"),
        (&["slots"], "--place <PLACE>"),
    ];
    for (arguments, said) in cases {
        let done = run(arguments);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{arguments:?} {done:?}");
        assert!(done.err.contains(said), "{arguments:?} {done:?}");
    }
}
