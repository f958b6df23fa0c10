//! Chromium's driver, for the browser tests of both crates.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// What Chromium needs on a machine without a sandbox, and to keep quiet about hosts of its maker.
pub(crate) const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A driver, ended when it is dropped.
pub(crate) struct Driver {
    process: Child,
    pub(crate) address: String,
}

impl Driver {
    /// Starts it; `None` where it is not installed, which with `CI=true` is a failure.
    pub(crate) fn start() -> Option<Self> {
        let started = Self::try_start();
        if started.is_none() {
            let hint = "chromium-driver is missing: apt-get install chromium chromium-driver";
            assert!(std::env::var("CI").is_err(), "{hint}");
            eprintln!("skipped: {hint}");
        }
        started
    }

    fn try_start() -> Option<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let lines = BufReader::new(process.stdout.take()?).lines();
        let port = lines.map_while(Result::ok).take(50).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let Some(port) = port else {
            let _ = process.kill();
            return None;
        };
        Some(Self { process, address: format!("http://127.0.0.1:{port}") })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
