//! Running the binary, and stand-ins to run it against.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Settings, SiteStep, StandIn, StandInServer};
use namyangju_rent::{RentDate, Site};

pub(crate) const PLACE: &str = "NYJ06/07/103";
pub(crate) const TIME: &str = "06:00-08:00";
pub(crate) const PASSWORD: &str = "invented-1";
pub(crate) const CLUB: &str = "가나다클럽";

/// The locale of the tests that judge English sentences.
pub(crate) const ENGLISH: &str = "en_US.UTF-8";

/// How long a test waits for what must happen before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The binary, without anything the developer's shell may have set.
pub(crate) fn runner<S: AsRef<str>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rent-runner"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["RENT_", "XDG_", "RUST_LOG", "NO_COLOR", "COLUMNS", "LC_", "LANG"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            command.env_remove(&*name);
        }
    }
    // Without the settings of whoever runs the tests.
    command.env("HOME", "/nowhere").env("LC_ALL", ENGLISH);
    command.args(arguments.iter().map(AsRef::as_ref));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts it and writes its stdin.
pub(crate) fn start(mut command: Command, stdin: &str) -> Child {
    let mut child = command.spawn().unwrap();
    // It may have ended without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child
}

pub(crate) fn finish(child: Child) -> Done {
    let output = child.wait_with_output().unwrap();
    Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn run<S: AsRef<str>>(arguments: &[S]) -> Done {
    finish(start(runner(arguments), &format!("{PASSWORD}\n")))
}

/// A stand-in of Namyangju with its defaults but for `change`.
pub(crate) fn stand_in(change: impl FnOnce(&mut Settings)) -> StandInServer {
    let mut settings = Settings::default();
    change(&mut settings);
    let stand_in = StandIn::new(&Site::builtin("namyangju").unwrap(), settings);
    StandInServer::spawn(stand_in, Arc::new(SystemClock)).unwrap()
}

/// A day on which everything is still to come.
pub(crate) fn date() -> RentDate {
    SystemClock.now().date().plus_days(14)
}

/// A whole `book` command, and what comes after it.
pub(crate) fn book(base_url: &str, more: &[&str]) -> Vec<String> {
    let date = date().to_string();
    let wish: Vec<&str> = wish(&date, more).collect();
    let arguments = [
        "book",
        "--base-url",
        base_url,
        "--account",
        "tester1",
        "--password-stdin",
        "--club-name",
        CLUB,
        "--head-count",
        "4",
        "--event-name",
        "테니스",
        "--purpose",
        "운동",
        "--tel",
        "02-000-0000",
    ];
    let words = arguments[..6].iter().copied().chain(wish).chain(arguments[6..].iter().copied());
    words.chain(more.iter().copied()).map(str::to_owned).collect()
}

/// The usual court, day and time, but for those that are given.
pub(crate) fn wish<'t>(date: &'t str, given: &[&str]) -> impl Iterator<Item = &'t str> {
    let usual = [["--place", PLACE], ["--date", date], ["--time", TIME]];
    let left: Vec<_> = usual.into_iter().filter(|[flag, _]| !given.contains(flag)).flatten().collect();
    left.into_iter()
}

pub(crate) fn requests(server: &StandInServer, step: SiteStep) -> usize {
    server.arrivals().iter().filter(|arrival| arrival.step == step).count()
}

/// Waits until the site has seen a step.
pub(crate) fn wait_for(server: &StandInServer, step: SiteStep) {
    wait_for_many(server, step, 1);
}

/// Waits until the site has seen a step this many times.
pub(crate) fn wait_for_many(server: &StandInServer, step: SiteStep, many: usize) {
    let begin = Instant::now();
    while requests(server, step) < many {
        assert!(begin.elapsed() < PATIENCE, "{step:?} never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What Ctrl-C does.
pub(crate) fn interrupt(child: &Child) {
    let status = Command::new("sh").arg("-c").arg(format!("kill -INT {}", child.id())).status().unwrap();
    assert!(status.success());
}

/// An address of this machine where nobody listens.
pub(crate) fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// The lines of a run with `--json`.
pub(crate) fn lines(done: &Done) -> Vec<serde_json::Value> {
    done.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}
