//! The clients that are compared: how each is started, and how each meets an opening.

use std::path::{Path, PathBuf};

use crate::Failure;
use crate::plan::{Plan, Said};

/// What a client is, which says how many bookings a run of it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Rust program.
    Native,
    /// A script in Python or Node.
    Script,
    /// A script with a browser.
    Browser,
}

/// One client.
#[derive(Clone, Debug)]
pub struct Contender {
    /// Its name in tables.
    pub name: &'static str,
    /// What it is, for people.
    pub is: &'static str,
    /// What kind.
    pub kind: Kind,
    way: &'static str,
    program: &'static str,
    script: Option<&'static str>,
    /// How it meets an opening, if it races.
    pub strategy: Option<Strategy>,
}

/// How a client meets an opening.
#[derive(Clone, Copy, Debug)]
pub struct Strategy {
    /// For people.
    pub is: &'static str,
    /// Whether the program is only started at the instant, by the local clock.
    pub started_at_the_instant: bool,
}

const PYTHON: &str = "python/.venv/bin/python";
const NODE: &str = "node";

/// All of them, ours first: the others are compared with that one.
pub fn all() -> Vec<Contender> {
    let native = |name, is, program, way| Contender {
        name,
        is,
        kind: Kind::Native,
        way,
        program,
        script: None,
        strategy: None,
    };
    let script = |name, is, program, script, way, strategy| Contender {
        name,
        is,
        kind: Kind::Script,
        way,
        program,
        script: Some(script),
        strategy: Some(Strategy { is: strategy, started_at_the_instant: false }),
    };
    let browser = |contender: Contender| Contender { kind: Kind::Browser, ..contender };
    let by_cron = |contender: Contender| Contender {
        strategy: contender.strategy.map(|s| Strategy { started_at_the_instant: true, ..s }),
        ..contender
    };
    vec![
        native("ours", "the library's typed steps", "peer_ours", "steps"),
        Contender {
            strategy: Some(Strategy {
                is: "`Booking::opens_at`: measured clock, form at the instant",
                started_at_the_instant: false,
            }),
            ..native("ours-booking", "`Booking::run`", "peer_ours", "booking")
        },
        native("bare-hyper", "hyper alone, pages searched for bytes: the floor", "peer_hyper", "search"),
        native(
            "bare-reqwest",
            "reqwest alone, pages searched for bytes: the floor",
            "peer_reqwest",
            "search",
        ),
        native("reqwest-scraper", "reqwest and scraper, pages parsed", "peer_reqwest", "parser"),
        by_cron(script(
            "axios-old",
            "axios, cheerio, iconv-lite as the old system did it: no day page, no read-back",
            NODE,
            "node/axios_old.mjs",
            "",
            "cron starts it at the instant, then a round every 500 ms",
        )),
        script(
            "axios-well",
            "axios, cheerio, iconv-lite done well",
            NODE,
            "node/axios_well.mjs",
            "",
            "the flip of `Date`, form at the instant",
        ),
        script(
            "requests",
            "requests, beautifulsoup4 on lxml",
            PYTHON,
            "python/book_requests.py",
            "ntp",
            "local clock (NTP), day page every 300 ms",
        ),
        script(
            "aiohttp",
            "aiohttp, lxml",
            PYTHON,
            "python/book_aiohttp.py",
            "",
            "day page ten times a second from T-2 s",
        ),
        browser(script(
            "playwright",
            "playwright-core, Chromium",
            NODE,
            "node/book_playwright.mjs",
            "",
            "waits in the page by the local clock, then reloads",
        )),
        browser(script(
            "puppeteer",
            "puppeteer-core, Chromium",
            NODE,
            "node/book_puppeteer.mjs",
            "",
            "waits in the page by the local clock, then reloads",
        )),
    ]
}

/// Those that race, ours first.
pub fn racers() -> Vec<Contender> {
    let mut racers: Vec<Contender> = all().into_iter().filter(|c| c.strategy.is_some()).collect();
    if let Some((at, requests)) = racers.iter().enumerate().find(|(_, c)| c.name == "requests") {
        let by_date = Contender {
            name: "requests-date",
            way: "date",
            strategy: Some(Strategy {
                is: "one `Date` + half of the round trip, day page every 300 ms",
                started_at_the_instant: false,
            }),
            ..requests.clone()
        };
        racers.insert(at + 1, by_date);
    }
    racers
}

impl Contender {
    /// The program and its arguments for a plan.
    ///
    /// # Errors
    /// If this program's own folder cannot be found.
    pub fn command(&self, plan: &Plan) -> Result<(PathBuf, Vec<String>), Failure> {
        let plan = Plan { way: self.way.to_owned(), ..plan.clone() };
        let mut arguments: Vec<String> =
            self.script.map(|s| path(s).display().to_string()).into_iter().collect();
        arguments.push(serde_json::to_string(&plan)?);
        Ok((self.program()?, arguments))
    }

    fn program(&self) -> Result<PathBuf, Failure> {
        Ok(match self.program {
            NODE => PathBuf::from(NODE),
            PYTHON => path(PYTHON),
            own => std::env::current_exe()?.with_file_name(own),
        })
    }

    /// Why it cannot be run, if it cannot.
    pub fn missing(&self) -> Option<String> {
        let there = |path: &Path| path.exists().then_some(());
        let browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].map(Path::new);
        match self.program().ok()? {
            own if self.kind == Kind::Native => {
                let name = own.file_name().unwrap_or_default().display();
                there(&own)
                    .is_none()
                    .then(|| format!("build it: cargo build --release -p benches --bin {name}"))
            }
            _ if there(&path("node/node_modules")).and(there(&path(PYTHON))).is_none() => {
                Some("run benches/peers/install".to_owned())
            }
            _ if self.kind == Kind::Browser
                && std::env::var_os("CHROMIUM").is_none()
                && !browsers.iter().any(|p| p.exists()) =>
            {
                Some("no chromium here: apt-get install -y --no-install-recommends chromium".to_owned())
            }
            _ => None,
        }
    }

    /// What it is built of, with versions: its own words, and the lock file's for a Rust program.
    pub fn versions(&self, said: &Said) -> String {
        match self.name {
            "bare-hyper" => locked(&["hyper", "tokio"]),
            "bare-reqwest" => locked(&["reqwest", "hyper", "tokio"]),
            "reqwest-scraper" => locked(&["reqwest", "scraper", "encoding_rs", "tokio"]),
            _ => said.versions.clone(),
        }
    }
}

/// What a client printed last.
///
/// # Errors
/// If it is not the line every client ends with.
pub fn said(output: &str) -> Result<Said, Failure> {
    let line = output.lines().next_back().ok_or("it said nothing")?;
    Ok(serde_json::from_str(line)?)
}

fn path(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(inside)
}

fn locked(names: &[&str]) -> String {
    let lock = include_str!("../../Cargo.lock");
    let version = |name: &&str| {
        let at = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?.1;
        Some(format!("{name} {}", at.split('"').next()?))
    };
    names.iter().filter_map(version).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_comes_first_and_all_have_names_of_their_own() {
        let names: Vec<_> = all().iter().map(|c| c.name).collect();
        assert_eq!(names.first(), Some(&"ours"));
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
        assert_eq!(racers().iter().map(|c| c.name).collect::<Vec<_>>().first(), Some(&"ours-booking"));
        assert!(racers().iter().any(|c| c.name == "requests-date"));
        assert!(locked(&["hyper"]).starts_with("hyper 1."));
    }
}
