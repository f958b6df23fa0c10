//! Files of bookings, calendars and words, without a store.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use clap::{Command, CommandFactory as _};
use namyangju_rent::{Place, Receipt, SeoulTime, Wish};

use super::{calendar, documents, import};
use crate::cli::{AimArgs, ApplicationArgs, Choice, Cli, Format, OpensAt, PolicyName};
use crate::request::draft::Draft;
use crate::request::file::{self, Mistake};
use crate::store::{self, BookingId, OpeningSource, Sealed, State, StoredBooking};
use crate::terminal::booking;

fn choice(text: &str) -> Choice {
    text.parse().unwrap()
}

fn plain_draft() -> Draft {
    Draft { choices: vec![choice("NYJ06/07/103 2026-12-05 06:00-08:00")], ..Draft::default() }
}

/// A draft with a value at each key, some of them awkward to write.
fn whole_draft() -> Draft {
    Draft {
        account: Some("me".into()),
        applicant: Some("the \"club\"".into()),
        application: ApplicationArgs {
            club_name: Some("가나다클럽 \\ # 'x'".into()),
            head_count: Some("4".parse().unwrap()),
            event_name: Some("테니스".into()),
            purpose: Some("운동".into()),
            tel: Some("02-000-0000".into()),
            mobile: Some("010-0000-0000".into()),
            applicant_name: Some("홍길동".into()),
            discount: Some("03".into()),
        },
        choices: vec![
            choice("NYJ06/07/103 2026-12-05 06:00-08:00"),
            choice("NYJ06/07/103 2026-12-05 08:00-10:00"),
            choice("NYJ06/07/104 2026-12-06 22:00-24:00"),
        ],
        events: true,
        opens_at: Some(OpensAt::Instant("2026-11-26 10:00:00.5".parse().unwrap())),
        aim: AimArgs {
            lead: Some(Duration::from_micros(2_500)),
            clock_offset: Some(-1_500_000),
            give_up_after: Some(Duration::from_secs(90)),
            policy: Some(PolicyName::Original),
            most_requests: Some(60),
        },
        note: Some("a\u{7f}b \"c\" = [d]".into()),
    }
}

#[test]
fn what_is_exported_is_imported_again() {
    let mut auto = plain_draft();
    auto.opens_at = Some(OpensAt::Auto);
    let mut now = plain_draft();
    now.opens_at = Some(OpensAt::Now);
    let drafts = vec![whole_draft(), plain_draft(), auto, now];
    for format in [Format::Toml, Format::Json] {
        let text = file::write(&drafts, format).unwrap();
        assert_eq!(file::format_of(&text), format, "{text}");
        assert_eq!(file::read(&text, format).unwrap(), drafts, "{text}");
    }
    assert_eq!(file::read(&file::write(&[], Format::Json).unwrap(), Format::Json), Ok(vec![]));
}

#[test]
fn dates_and_numbers_may_be_those_of_the_language() {
    let toml = "[[booking]]\nplace = \"NYJ06/07/103\"\ndate = 2026-12-05\ntime = \"06:00-08:00\"\n\
                opens-at = 2026-11-26T10:00:00\nhead-count = 4\nmost-requests = \"7\"";
    let read = &file::read(toml, Format::Toml).unwrap()[0];
    assert_eq!(read.choices, plain_draft().choices);
    assert_eq!(read.opens_at, Some(OpensAt::Instant("2026-11-26 10:00:00".parse().unwrap())));
    assert_eq!((read.application.head_count.map(|n| n.get()), read.aim.most_requests), (Some(4), Some(7)));
    let bare = r#"[{"place":"NYJ06/07/103","date":"2026-12-05","time":"06:00-08:00","note":null}]"#;
    assert_eq!(file::format_of(bare), Format::Json);
    assert_eq!(file::read(bare, Format::Json), Ok(vec![plain_draft()]));
}

/// The mistakes of an entry that is right but for these lines.
fn mistakes(lines: &str) -> Vec<String> {
    let good = "[[booking]]\nplace = \"NYJ06/07/103\"\ndate = \"2026-12-05\"\ntime = \"06:00-08:00\"\n";
    let text = format!("{good}[[booking]]\n{lines}");
    let mistakes: Vec<Mistake> = file::read(&text, Format::Toml).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_names_its_booking_and_its_key() {
    let rest = "place = \"NYJ06/07/103\"\ndate = \"2026-12-05\"\ntime = \"06:00-08:00\"\n";
    for (line, said) in [
        ("colour = 1", "booking 2: `colour`: there is no such key: the keys are account, place"),
        ("events = \"yes\"", "booking 2: `events`: write true or false"),
        ("opens-at = \"tomorrow\"", "booking 2: `opens-at`: `tomorrow` is not an instant"),
        ("lead = \"5\"", "booking 2: `lead`: write numbers with units"),
        ("give-up-after = [1]", "booking 2: `give-up-after`: write a text"),
        ("clock-offset = \"later\"", "booking 2: `clock-offset`: write a duration with a sign"),
        ("policy = \"fast\"", "booking 2: `policy`: write `default` or `original`"),
        ("most-requests = 0", "booking 2: `most-requests`: write a whole number from 1 on"),
        ("head-count = 0", "booking 2: `head-count`: write a whole number from 1 to 999"),
        ("or = \"x\"", "booking 2: `or`: write a list of texts"),
        ("or = [\"NYJ06/07/103 2026-12-05\"]", "booking 2: `or`: number 1: write PLACE DATE FROM-TO"),
        ("or = [1]", "booking 2: `or`: number 1: write a text"),
    ] {
        assert_eq!(mistakes(&format!("{rest}{line}")).len(), 1, "{line}");
        assert!(mistakes(&format!("{rest}{line}"))[0].starts_with(said), "{line}");
    }
    let all = mistakes("place = \"NYJ06/7/103\"\ndate = \"2026-02-30\"");
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[0].starts_with("booking 2: `place`: `7` is not a group code"), "{all:?}");
    assert!(all[1].starts_with("booking 2: `date`: `2026-02-30` is not a date"), "{all:?}");
    assert_eq!(all[2], "booking 2: `time`: it is missing");
}

#[test]
fn a_file_that_is_none_is_refused_without_a_quote_of_it() {
    for (text, format, said) in [
        ("[[booking]]\nclub-name = \"홍길동", Format::Toml, "line 2: "),
        ("x = 1", Format::Toml, "it has more than a list of bookings"),
        ("", Format::Toml, "it has no booking"),
        ("[booking]\nplace = \"홍길동\"", Format::Toml, "`booking` is not a list"),
        ("booking = [\"홍길동\"]", Format::Toml, "booking 1: write a table of keys and values"),
        ("{\"booking\": [\n{\"club-name\": 홍길동}]}", Format::Json, "line 2, column "),
        ("\"홍길동\"", Format::Json, "it has no booking"),
        ("{\"booking\": [], \"홍길동\": 1}", Format::Json, "it has more than a list"),
    ] {
        let said_now = file::read(text, format).unwrap_err()[0].to_string();
        assert!(said_now.starts_with(said) && !said_now.contains("홍길동"), "{text}: {said_now}");
    }
    let many = "[[booking]]\n".repeat(file::MAX_ENTRIES + 1);
    assert!(file::read(&many, Format::Toml).unwrap_err()[0].to_string().contains("more than"));
}

#[test]
fn messages_about_options_become_messages_about_keys() {
    assert_eq!(
        import::with_keys("--club-name, --head-count is missing: see --opens-at."),
        "`club-name`, `head-count` is missing: see `opens-at`."
    );
}

fn at(text: &str) -> SeoulTime {
    text.parse().unwrap()
}

pub(super) fn won() -> StoredBooking {
    let wish = |range: &str| Wish {
        place: "NYJ06/07/103".parse().unwrap(),
        date: "2026-12-05".parse().unwrap(),
        range: range.parse().unwrap(),
        purpose: Default::default(),
    };
    StoredBooking {
        id: BookingId(7),
        account_id: 1,
        account: "me".into(),
        site: "namyangju".into(),
        base_url: None,
        choices: vec![wish("10:00-12:00"), wish("06:00-08:00")],
        names: store::CourtNames::default(),
        application: Sealed(Vec::new()),
        opens: OpeningSource::Rule,
        opens_at: at("2026-11-26 10:00:00"),
        give_up_after: Duration::from_secs(300),
        lead: Duration::ZERO,
        clock_offset_micros: None,
        pace: store::RetryPace::Default,
        most_requests: None,
        note: Some("a; b, c \\ d".into()),
        state: State::Succeeded,
        reason: None,
        wish: 1,
        receipt: receipt("202612050001"),
        shown: None,
        created_at: at("2026-11-20 09:00:00"),
        changed_at: at("2026-11-26 10:00:01"),
        owner: None,
        lease_until: None,
        cancel_asked: false,
        round: 1,
    }
}

fn receipt(number: &str) -> Option<Receipt> {
    serde_json::from_value(serde_json::json!({ "number": number })).ok()
}

/// The logical lines of a calendar.
fn unfolded(text: &str) -> Vec<String> {
    text.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn a_won_time_is_an_event_in_utc_with_an_identity() {
    let place: Place = "NYJ06/07/103".parse().unwrap();
    let name = "다산체육공원 › 테니스장, 코트 1; 야외 ".repeat(4);
    let text = calendar::calendar(&[won()], &HashMap::from([(place.to_string(), name.clone())]));
    let lines = unfolded(&text);
    for line in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        // 06:00 in Seoul is 21:00 of the day before in UTC.
        "DTSTART:20261204T210000Z",
        "DTEND:20261204T230000Z",
        "DTSTAMP:20261126T010001Z",
        "UID:1795132800000000-7@rent-runner",
        "END:VCALENDAR",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line} {lines:?}");
    }
    let summary = format!("SUMMARY:{}", name.replace(',', "\\,").replace(';', "\\;"));
    assert!(lines.contains(&summary), "{lines:?}");
    let about = lines.iter().find(|line| line.starts_with("DESCRIPTION:")).unwrap();
    assert!(about.contains("\\nreceipt 202612050001\\na\\; b\\, c \\\\ d\\nrent-runner show 7"), "{about}");
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
    assert_eq!(text, calendar::calendar(&[won()], &HashMap::from([(place.to_string(), name)])));
}

#[test]
fn the_calendar_of_nothing_is_a_calendar() {
    let text = calendar::calendar(&[], &HashMap::new());
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    assert!(!text.contains("VEVENT"));
}

#[test]
fn a_state_is_told_by_its_plain_word_first() {
    let told = State::ALL.map(booking::state);
    assert_eq!(
        told,
        [
            "waiting",
            "waiting: armed",
            "waiting: firing",
            "succeeded",
            "failed",
            "failed: unconfirmed",
            "failed: blocked",
            "failed: needs-person",
            "failed: cancelled"
        ]
    );
}

/// The commands that have no `--json`, and what a program gets from them. A command that prints a table or a report has it.
const WITHOUT_JSON: &[(&str, &[&str])] = &[
    (
        "nothing: the exit code, and the document of errors",
        &[
            "account add",
            "account password",
            "account remove",
            "account rekey",
            "applicant remove",
            "applicant set",
            "backup",
            "notify add kakao",
            "notify remove",
            "restore",
            "web owner",
        ],
    ),
    ("one line", &["account check", "settings path"]),
    (
        "a text in a format of its own, or JSON by --format",
        &["calendar", "completions", "export", "man", "settings example", "schema"],
    ),
    ("it runs until it is stopped, and logs as JSON by --log-format", &["serve", "site"]),
];

fn leaves<'c>(command: &'c Command, path: &str, found: &mut Vec<(String, &'c Command)>) {
    for sub in command.get_subcommands() {
        let path = format!("{path} {}", sub.get_name()).trim().to_owned();
        match sub.has_subcommands() {
            true => leaves(sub, &path, found),
            false => found.push((path, sub)),
        }
    }
}

#[test]
fn a_command_has_json_and_its_document_or_is_named_here() {
    let command = Cli::command();
    let mut found = Vec::new();
    leaves(&command, "", &mut found);
    let (mut with, mut without) = (BTreeSet::new(), BTreeSet::new());
    for (path, command) in &found {
        let has = command.get_arguments().any(|argument| argument.get_id() == "json");
        if has {
            with.insert(path.as_str())
        } else {
            without.insert(path.as_str())
        };
    }
    let named: BTreeSet<&str> = WITHOUT_JSON.iter().flat_map(|(_, paths)| paths.iter().copied()).collect();
    assert_eq!(without, named);
    let described = documents::schemas().into_iter().map(|(name, _)| name.split(" --").next().unwrap());
    let described: BTreeSet<&str> = described.filter(|name| *name != "errors").collect();
    assert_eq!(with, described);
}
