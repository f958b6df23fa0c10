//! `site`: what it prints is enough to book on it.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::Command;

use super::support::{interrupt, runner, start};

#[test]
fn the_command_that_it_prints_books_on_it() {
    let mut child = start(runner(&["site", "--listen", "127.0.0.1:0"]), "");
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    while !printed.contains("Ctrl-C ends it") {
        assert_ne!(reader.read_line(&mut printed).unwrap(), 0, "{printed}");
    }
    for said in ["tester1", "NYJ06/07/103", "체육공원2호", "/rent/\n", "open already"] {
        assert!(printed.contains(said), "{said} {printed}");
    }
    let start = printed.find("  echo ").unwrap();
    let command = printed[start..].split("\n\n").next().unwrap();
    let command = command.replace("rent-runner", env!("CARGO_BIN_EXE_rent-runner"));
    let booked = Command::new("sh").arg("-c").arg(&command).output().unwrap();
    assert!(booked.status.success(), "{booked:?}");

    interrupt(&child);
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(log.contains("POST /rent/rent/process/rent") && log.contains("and 1 booking"), "{log}");
    assert!(!log.contains("invented-1"), "{log}");
}
