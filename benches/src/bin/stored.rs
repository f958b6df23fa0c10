//! Many stored bookings: how long `list` takes, how long the daemon's planning takes, and whether memory grows.
//!
//! ```sh
//! cargo build --release -p rent-runner -p benches
//! target/release/stored [BOOKINGS] [postgres://…]
//! ```

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use benches::usage::peak_kib;
use benches::{machine, quantile};
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::limits::MAX_BOOKINGS_PER_DAY;
use serde_json::json;

/// How often `list` is run.
const RUNS: usize = 20;

/// How long the daemon is watched: it plans every five seconds while nothing is near.
const WATCHED: Duration = Duration::from_secs(61);

/// Rounds of a day that bookings are for, and days.
const ROUNDS: usize = 8;
const DAYS: usize = 60;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let many: usize = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("rent-stored-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let database = arguments.next().unwrap_or_else(|| folder.join("rent.db").display().to_string());
    let outcome = measure(many, &database, &folder);
    fs::remove_dir_all(&folder)?;
    outcome
}

fn measure(many: usize, database: &str, folder: &PathBuf) -> Result<()> {
    let program = std::env::current_exe()?.with_file_name("rent-runner");
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.env("RENT_DATABASE", database).env("RENT_KEY_FILE", folder.join("key"));
        command.env("XDG_CONFIG_HOME", folder).env("XDG_DATA_HOME", folder).args(arguments);
        command
    };
    let feed = |arguments: &[&str], text: &str| -> Result<()> {
        let mut child =
            command(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().ok_or("no stdin")?.write_all(text.as_bytes())?;
        let output = child.wait_with_output()?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
    };
    let of_account = DAYS * MAX_BOOKINGS_PER_DAY;
    let accounts = many.div_ceil(of_account);
    for n in 1..=accounts {
        let name = format!("tester{n}");
        // Never contacted: nothing opens while this runs.
        let arguments =
            ["account", "add", "--login", &name, "--base-url", "http://127.0.0.1:9/", "--password-stdin"];
        feed(&arguments, &format!("invented-{n}\n"))?;
    }
    let today = SystemClock.now().date();
    let bookings: Vec<_> = (0..many)
        .map(|index| {
            let (account, rest) = (index / of_account, index % of_account);
            let (day, round) = (rest / ROUNDS, rest % ROUNDS);
            let hour = 6 + 2 * round;
            json!({
                "account": format!("tester{}", account + 1), "place": "NYJ06/07/103",
                "date": today.plus_days(40 + i32::try_from(day).unwrap_or(0)),
                "time": format!("{hour:02}:00-{:02}:00", hour + 2),
                "or": [format!("NYJ06/07/104 {} {hour:02}:00-{:02}:00", today.plus_days(40 + i32::try_from(day).unwrap_or(0)), hour + 2)],
                "opens-at": format!("{} 10:00:00", today.plus_days(20)),
                "club-name": "가나다클럽", "head-count": 4, "event-name": "테니스", "purpose": "운동",
            })
        })
        .collect();
    let began = Instant::now();
    feed(&["import", "-"], &json!({ "booking": bookings }).to_string())?;
    println!("machine: {}", machine());
    println!(
        "{many} bookings of {accounts} accounts in {}",
        database.split('@').next_back().unwrap_or_default()
    );
    println!("stored by one `import` in {:.0} ms", millis(began.elapsed()));

    for arguments in [&["list"][..], &["list", "--json"], &["status"], &["run-due"]] {
        let (mut took, mut peak) = (Vec::new(), 0);
        for _ in 0..RUNS {
            let began = Instant::now();
            let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
            let mut out = child.stdout.take().ok_or("no stdout")?;
            let mut buffer = [0; 65_536];
            // The high-water mark can only be read while it lives: after each part of what it prints.
            while out.read(&mut buffer)? > 0 {
                peak = peak.max(peak_kib(&child.id().to_string()).unwrap_or_default());
            }
            let status = child.wait()?;
            took.push(millis(began.elapsed()));
            if !status.success() {
                return Err(format!("{arguments:?}: {status}").into());
            }
        }
        let (low, middle, high) =
            (quantile(&mut took, 0.0), quantile(&mut took, 0.5), quantile(&mut took, 1.0));
        println!("{arguments:?}: median {middle:.1} ms ({low:.1} to {high:.1}), peak memory {} KiB", peak);
    }

    let mut daemon = command(&["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(daemon.stderr.take().ok_or("no stderr")?).lines();
    let address = loop {
        let line = lines.next().ok_or("the daemon ended")??;
        if let Some(rest) = line.split("http://").nth(1) {
            break rest.trim_end_matches("/metrics").to_owned();
        }
    };
    // What it logs is read, so that it never waits.
    std::thread::spawn(move || lines.count());
    std::thread::sleep(Duration::from_secs(2));
    let early = peak_kib(&daemon.id().to_string()).unwrap_or_default();
    let before = planning(&address)?;
    std::thread::sleep(WATCHED);
    let after = planning(&address)?;
    let late = peak_kib(&daemon.id().to_string()).unwrap_or_default();
    let rounds = after.1 - before.1;
    println!(
        "the daemon plans: {:.2} ms a round, {rounds} rounds in {} s",
        (after.0 - before.0) / rounds * 1e3,
        WATCHED.as_secs()
    );
    println!("its memory at most: {early} KiB after 2 s, {late} KiB after {} s", 2 + WATCHED.as_secs());
    Command::new("kill").arg(daemon.id().to_string()).status()?;
    daemon.wait()?;
    Ok(())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Seconds of planning so far, and rounds.
fn planning(address: &str) -> Result<(f64, f64)> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let value = |name: &str| -> Result<f64> {
        let line =
            text.lines().find_map(|line| line.strip_prefix(name)).ok_or_else(|| format!("no {name}"))?;
        Ok(line.trim().parse()?)
    };
    Ok((value("rent_planning_seconds_sum ")?, value("rent_planning_seconds_count ")?))
}
