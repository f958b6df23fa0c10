//! `site`: what it prints is enough to book on it.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;

use super::support::{interrupt, run, runner, start};

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
    assert!(printed.lines().next().unwrap().chars().count() < 60, "{printed}");
    let start = printed.find("  echo ").unwrap();
    let command = printed[start..].split("\n\n").next().unwrap();
    // A terminal of 80 columns breaks none of its lines; a Hangul syllable takes two.
    let width = |line: &str| line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    assert!(command.lines().all(|line| width(line) <= 80), "{command}");
    let command = command.replace("rent-runner", env!("CARGO_BIN_EXE_rent-runner"));
    let booked = Command::new("sh").env("LC_ALL", "en_US.UTF-8").arg("-c").arg(&command).output().unwrap();
    assert!(booked.status.success(), "{booked:?}");

    interrupt(&child);
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(log.contains("POST /rent/rent/process/rent") && log.contains("and 1 booking"), "{log}");
    assert!(!log.contains("invented-1"), "{log}");
}

/// The head of the home page's answer from a site with these flags.
fn head(flags: &[&str]) -> String {
    let mut child = start(runner(&[&["site", "--listen", "127.0.0.1:0"], flags].concat()), "");
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    while !printed.contains("Ctrl-C ends it") {
        assert_ne!(reader.read_line(&mut printed).unwrap(), 0, "{printed}");
    }
    let address = printed.split_once("http://").unwrap().1.split_once('/').unwrap().0;
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /rent/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let mut answer = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(answer.read_line(&mut head).unwrap(), 0, "{head}");
    }
    interrupt(&child);
    assert!(child.wait().unwrap().success());
    head
}

#[test]
fn it_behaves_as_the_web_server_that_is_named() {
    let apache = head(&["--server", "apache", "--script-time", "2ms", "--keep-alive", "3s"]);
    assert!(apache.contains("server: Apache\r\n") && apache.contains("keep-alive: timeout=3, max=99\r\n"));
    let nginx = head(&["--server", "nginx", "--keep-alive", "off"]);
    assert!(nginx.contains("server: nginx\r\n") && nginx.contains("connection: close\r\n"), "{nginx}");
    let plain = head(&[]);
    assert!(!plain.contains("server:") && !plain.contains("connection:"), "{plain}");
}

#[test]
fn what_is_no_server_and_no_time_is_bad_input() {
    for (flag, value, said) in [
        ("--server", "iis", "[possible values: apache, nginx]"),
        ("--script-time", "soon", "write numbers with units"),
        ("--keep-alive", "never", "write a duration, as in 5s or 75s, or off"),
    ] {
        let done = run(&["site", flag, value]);
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.err.contains(said), "{done:?}");
    }
}
