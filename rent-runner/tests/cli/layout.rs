//! What is printed fits the terminal: rows are one line, long texts are cut in tables and wrapped elsewhere.

use std::process::{Command, Stdio};

use super::shop::Shop;
use super::support::{PLACE, date, finish, runner, stand_in, start};

const COURT: &str = "체육공원2호 테니스장";
const NOTE: &str = "클럽 정기 모임, which is a long note behind it: 겨울에는 실내 코트를 씁니다 (covered)";

/// Columns of a terminal; Korean letters take two.
fn width(line: &str) -> usize {
    line.chars()
        .map(|c| if ('\u{1100}'..='\u{d7a3}').contains(&c) && c != '…' && c != '─' { 2 } else { 1 })
        .sum()
}

/// What a command prints where a line has this many columns.
fn printed(shop: &Shop, arguments: &[&str], columns: Option<usize>) -> String {
    let mut command = runner(&shop.arguments(arguments));
    command.envs(columns.map(|columns| ("COLUMNS", columns.to_string())));
    let done = finish(start(command, ""));
    assert_eq!(done.code, Some(0), "{done:?}");
    done.out
}

/// One booking that was won, one that was refused with a long reason, one that waits with a long note.
fn shop(base_url: &str) -> Shop {
    let shop = Shop::new().furnish(base_url);
    shop.add(&["--opens-at", "now"]);
    shop.add(&["--opens-at", "now", "--time", "09:00-11:00"]);
    shop.run(&["run-due"]);
    let other = format!("{PLACE} {} 12:00-14:00", date());
    shop.add(&["--time", "10:00-12:00", "--note", NOTE, "--or", &other]);
    shop
}

#[test]
fn no_row_of_any_table_breaks() {
    let server = stand_in(|_| {});
    let (url, shop) = (server.base_url(), shop(&server.base_url()));
    let day = date().to_string();
    let tables: [(&[&str], usize); 7] = [
        (&["list"], 3),
        (&["account", "list"], 1),
        (&["applicant", "list"], 1),
        (&["settings", "show"], 15),
        (&["sites"], 5),
        (&["places", "--known"], 2),
        (&["slots", "--base-url", &url, "--place", PLACE, "--date", &day], 8),
    ];
    for (arguments, rows) in tables {
        let whole = printed(&shop, arguments, None);
        assert!(!whole.contains('…') && whole.lines().count() > rows, "{arguments:?} {whole}");
        for columns in [60, 80, 120] {
            let table = printed(&shop, arguments, Some(columns));
            assert_eq!(table.lines().count(), whole.lines().count() + 1, "{columns} {table}");
            assert!(table.lines().all(|line| width(line) <= columns), "{columns}\n{table}");
        }
    }
}

#[test]
fn a_long_reason_is_cut_in_the_list_and_whole_in_show() {
    let server = stand_in(|_| {});
    let shop = shop(&server.base_url());
    let list = printed(&shop, &["list"], Some(80));
    let refused = list.lines().find(|line| line.contains("refused")).unwrap();
    assert!(refused.ends_with('…') && refused.contains(COURT) && refused.contains("failed"), "{list}");
    let receipt = server.with(|site| site.bookings()[0].receipt.clone());
    assert!(list.contains(&receipt), "{list}");
    let narrow = printed(&shop, &["list"], Some(60));
    assert!(narrow.lines().skip(2).all(|row| row.contains(PLACE) && row.contains(":00")), "{narrow}");
    for columns in [60, 80, 120] {
        let show = printed(&shop, &["show", "2", "--events"], Some(columns));
        assert!(show.lines().all(|line| width(line) <= columns) && !show.contains('…'), "{show}");
        let words: Vec<&str> = show.split_whitespace().collect();
        assert!(words.join(" ").contains("its rounds are 06:00-08:00, 08:00-10:00"), "{show}");
        let note = printed(&shop, &["show", "3"], Some(columns));
        assert!(note.split_whitespace().collect::<Vec<_>>().join(" ").contains(NOTE), "{note}");
        assert!(note.lines().all(|line| width(line) <= columns), "{note}");
    }
    let below = printed(&shop, &["show", "3"], Some(60));
    let second = below.lines().skip_while(|line| !line.starts_with("note ")).nth(1).unwrap();
    assert!(second.starts_with("           ") && !second.trim().is_empty(), "{below}");
}

#[test]
fn doctor_wraps_at_words_below_its_text() {
    let server = stand_in(|_| {});
    let shop = shop(&server.base_url());
    let run = |columns: &str| {
        let mut command = runner(&shop.arguments(&["doctor", "--offline"]));
        command.env("COLUMNS", columns);
        finish(start(command, "")).out
    };
    let doctor = run("60");
    let broken: Vec<&str> = doctor.lines().filter(|line| line.starts_with(&" ".repeat(19))).collect();
    assert!(broken.len() >= 4, "{doctor}");
    let lines = doctor.lines().filter(|line| !line.contains('/'));
    assert!(lines.clone().count() >= 8 && lines.clone().all(|line| width(line) <= 60), "{doctor}");
}

#[test]
fn the_summary_of_a_demo_wraps_at_words() {
    let mut command = runner(&["demo", "--opens-in", "0", "--quiet"]);
    command.env("COLUMNS", "40");
    let done = finish(start(command, ""));
    assert!(done.out.lines().count() > 6 && done.out.lines().all(|line| width(line) <= 40), "{done:?}");
}

#[test]
fn status_wraps_at_words() {
    let server = stand_in(|_| {});
    let shop = shop(&server.base_url());
    let whole = printed(&shop, &["status"], None);
    let status = printed(&shop, &["status"], Some(60));
    assert!(status.lines().count() > whole.lines().count(), "{status}");
    // The path of the store is one word, which stays whole so that it can be copied.
    let lines = status.lines().filter(|line| !line.contains(&shop.database));
    assert!(lines.clone().count() >= 4 && lines.clone().all(|line| width(line) <= 60), "{status}");
    assert_eq!(status.split_whitespace().collect::<Vec<_>>(), whole.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn every_help_page_fits_eighty_columns() {
    let help = |words: &[&str]| {
        let mut command = runner(&[words, &["--help"]].concat());
        command.env("COLUMNS", "80");
        finish(start(command, "")).out
    };
    let names = |help: &str| -> Vec<String> {
        let list =
            help.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap().to_owned();
        let lines = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        lines.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
    };
    let mut pages = vec![help(&[])];
    for name in names(&pages[0]) {
        let page = help(&[&name]);
        pages.extend(names(&page).iter().map(|sub| help(&[&name, sub])));
        pages.push(page);
    }
    assert!(pages.len() > 30, "{}", pages.len());
    for page in pages {
        // The line of required flags is made by clap, which does not break it.
        let lines = page.lines().filter(|line| !line.starts_with("Usage: "));
        let wide: Vec<&str> = lines.filter(|line| width(line) > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

#[test]
fn a_terminal_is_asked_for_its_width() {
    let shop = Shop::new().furnish("http://127.0.0.1:9");
    shop.add(&["--note", NOTE]);
    // `script` gives the command a terminal, and `stty` makes it as narrow as a small window.
    let words = shop.arguments(&["list"]).join("' '");
    let program = env!("CARGO_BIN_EXE_rent-runner");
    let typed = format!("stty cols 70 rows 24; '{program}' '{words}'");
    let done = Command::new("script")
        .env("LC_ALL", "en_US.UTF-8")
        .args(["-qec", &typed, "/dev/null"])
        .stdin(Stdio::null())
        .output();
    let Ok(done) = done else { return };
    let text = String::from_utf8(done.stdout).unwrap().replace('\r', "");
    let table: Vec<&str> = text.lines().filter(|line| line.starts_with(['n', '─', '1'])).collect();
    assert!(table.iter().any(|line| line.contains(PLACE)), "{text}");
    assert!(table.iter().all(|line| width(line) <= 70), "{text}");
}
