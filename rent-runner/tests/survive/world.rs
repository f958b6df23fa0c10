use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Account, Booked, Delay, Rival, Settings, StandIn, StandInServer};
use namyangju_rent::{RentDate, SeoulTime, Site, TimeRange, Wish};
use serde_json::{Value, json};

use crate::step::WallClock;
use crate::told::Channel;

/// Bookings of one account for one day, as the library allows.
pub(crate) const OF_ONE_ACCOUNT: usize = 8;

/// Days ahead that the first of the booked days is.
const DAYS_AHEAD: i32 = 14;

/// How long all bookings may take to be over before the test fails.
const PATIENCE: Duration = Duration::from_secs(240);

/// How long the last end may take to be told: a message that a killed runner had taken is held for two minutes.
const TOLD_WITHIN: Duration = Duration::from_secs(240);

/// A runner that did not greet by then had no room for it on its disk.
const GREETS_WITHIN: Duration = Duration::from_secs(20);

/// A wish with a second choice, of an account.
pub(crate) struct Planned {
    pub(crate) account: String,
    pub(crate) choices: [Wish; 2],
}

/// A stand-in whose days open together, and a store with bookings for them.
pub(crate) struct World {
    pub(crate) server: StandInServer,
    /// The opening by the clock of this machine.
    pub(crate) opening: SeoulTime,
    /// The same instant by the clock of the site.
    site_opening: SeoulTime,
    pub(crate) planned: Vec<Planned>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) database: String,
    pub(crate) channel: Channel,
    /// What the runners go by, where it can be set.
    pub(crate) wall_clock: Option<WallClock>,
}

/// How it came out.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) states: BTreeMap<String, usize>,
    /// What contradicts the stand-in's own log.
    pub(crate) wrong: Vec<String>,
    /// The state of each booking, by its number.
    pub(crate) ended: BTreeMap<i64, String>,
    /// Ends that the channel heard of, and those among them that it heard of more than once.
    pub(crate) told: usize,
    pub(crate) told_again: usize,
    /// What went wrong around it.
    pub(crate) fault: String,
}

impl World {
    /// `many` bookings that open after `wait`; every third first choice goes to somebody faster.
    pub(crate) fn new(many: usize, wait: Duration, database: Option<String>, delay: Delay) -> Self {
        Self::with(many, wait, database, delay, |_| {})
    }

    /// The same at a stand-in with other settings; its clock may be ahead of this machine's.
    pub(crate) fn with(
        many: usize,
        wait: Duration,
        database: Option<String>,
        delay: Delay,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let site = Site::builtin("namyangju").unwrap();
        let opening = SystemClock.now().plus(wait);
        let accounts = many.div_ceil(OF_ONE_ACCOUNT);
        let courts: Vec<_> = StandIn::new(&site, Settings::default())
            .places()
            .iter()
            .filter(|court| !site.has_human_check(&court.place))
            .map(|court| {
                (court.place.clone(), court.rounds.iter().map(|(_, range)| *range).collect::<Vec<_>>())
            })
            .collect();
        let mut slots = (0..).flat_map(|day| {
            let date = day_of(day);
            let of_day = courts.iter().flat_map(move |(place, rounds)| {
                rounds.iter().map(move |range| wish(place.clone(), date, *range))
            });
            of_day.collect::<Vec<_>>()
        });
        let planned: Vec<_> = (0..many)
            .map(|index| Planned {
                account: format!("tester{}", index / OF_ONE_ACCOUNT + 1),
                choices: [slots.next().unwrap(), slots.next().unwrap()],
            })
            .collect();
        let mut settings = Settings::default();
        change(&mut settings);
        let skew = settings.clock_skew_millis * 1_000;
        let site_opening = SeoulTime::from_unix_micros(opening.unix_micros() + skew);
        settings.accounts = (1..=accounts).map(|n| Account::invented(n.try_into().unwrap())).collect();
        for planned in &planned {
            for choice in &planned.choices {
                settings.openings.insert(choice.date, site_opening);
            }
        }
        settings.rivals = planned
            .iter()
            .step_by(3)
            .map(|planned| {
                let Wish { place, date, range, .. } = planned.choices[0].clone();
                Rival { at: site_opening.plus(Duration::from_millis(1)), place, date, range }
            })
            .collect();
        (settings.there, settings.back) = (delay, delay);
        let server = StandInServer::spawn(StandIn::new(&site, settings), Arc::new(SystemClock)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rent.db").display().to_string();
        let (database, channel) = (database.unwrap_or(file), Channel::open());
        let wall_clock = WallClock::new(folder.path());
        let settings = folder.path().join("rent-runner");
        std::fs::create_dir(&settings).unwrap();
        let settings = settings.join("settings.toml");
        std::fs::write(&settings, channel.settings()).unwrap();
        std::fs::set_permissions(&settings, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let world = Self { server, opening, site_opening, planned, folder, database, channel, wall_clock };
        world.store(accounts);
        world
    }

    /// A command on the store.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.set_up(Command::new(env!("CARGO_BIN_EXE_rent-runner")), arguments)
    }

    fn set_up(&self, mut command: Command, arguments: &[&str]) -> Command {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RENT_")) {
            command.env_remove(name);
        }
        // Nothing of the developer's own settings.
        command.env("XDG_CONFIG_HOME", self.folder.path()).env("XDG_DATA_HOME", self.folder.path());
        command.env("RENT_DATABASE", &self.database).env("RENT_KEY_FILE", self.folder.path().join("key"));
        command.env("RUST_BACKTRACE", "1").env("LC_ALL", "en_US.UTF-8").args(arguments);
        command
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> String {
        use std::io::Write as _;
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    fn store(&self, accounts: usize) {
        let base = self.server.base_url();
        for n in 1..=accounts {
            let (login, password) = (format!("tester{n}"), format!("invented-{n}\n"));
            self.run(
                &["account", "add", "--login", &login, "--base-url", &base, "--password-stdin"],
                &password,
            );
        }
        self.run(
            &[
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
                "--tel",
                "02-000-0000",
            ],
            "",
        );
        let bookings: Vec<Value> = self
            .planned
            .iter()
            .map(|planned| {
                let [first, second] = &planned.choices;
                json!({
                    "account": planned.account,
                    "applicant": "club",
                    "place": first.place,
                    "date": first.date,
                    "time": first.range.to_string(),
                    "or": [format!("{} {} {}", second.place, second.date, second.range)],
                    "opens-at": self.site_opening,
                    "give-up-after": "60s",
                })
            })
            .collect();
        self.run(&["import", "-"], &json!({ "booking": bookings }).to_string());
    }

    /// A daemon whose log goes to a file.
    pub(crate) fn daemon(&self, name: &str) -> Daemon {
        let path = self.folder.path().join(format!("{name}.log"));
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        // A write that a limit forbids is then an error, as on a full disk, and not the end of the process.
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_rent-runner")]);
        let mut command = self.set_up(shell, &["serve"]);
        if let Some(clock) = &self.wall_clock {
            clock.give(&mut command);
        }
        command.env("RENT_RUNNER", name).env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null());
        let starts = read(&path).matches("Ctrl-C ends it.").count() + 1;
        Daemon { child: command.stderr(log).spawn().unwrap(), log: path, starts }
    }

    /// Every booking, as `list` tells.
    fn list(&self) -> Vec<Value> {
        let text = self.run(&["list", "--all", "--json"], "");
        let value: Value = serde_json::from_str(&text).unwrap();
        value["bookings"].as_array().unwrap_or_else(|| panic!("{text}")).clone()
    }

    /// Waits until every booking is over.
    pub(crate) fn wait_until_over(&self) {
        let begin = Instant::now();
        let open =
            |booking: &Value| matches!(booking["state"].as_str().unwrap(), "waiting" | "armed" | "firing");
        while self.list().iter().any(open) {
            assert!(begin.elapsed() < PATIENCE, "still open: {:#?}", self.list().into_iter().find(open));
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Waits until the channel has heard of every end.
    pub(crate) fn wait_until_told(&self, outcome: &Outcome) {
        let begin = Instant::now();
        while self.channel.ends().len() < outcome.ended.len() && begin.elapsed() < TOLD_WITHIN {
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// The ends beside what the channel heard of them: each one message, which may come twice, with the true state.
    pub(crate) fn compare_told(&self, outcome: &mut Outcome) {
        let mut ends = self.channel.ends();
        for (id, state) in &outcome.ended {
            let told = ends.remove(id).unwrap_or_default();
            if told.ids.len() != 1 || told.states.iter().ne([state]) {
                outcome.wrong.push(format!("booking {id} ended as {state}, and was told so: {told:?}"));
            }
            outcome.told += usize::from(told.times > 0);
            outcome.told_again += usize::from(told.times > 1);
        }
    }

    /// The store beside the stand-in's own log. `is_masked`: an application whose answer is lost cannot be found on the
    /// list by its names, so that a booking may end as unconfirmed.
    pub(crate) fn compare(&self, is_masked: bool) -> Outcome {
        let booked = self.server.with(|stand_in| stand_in.bookings().to_vec());
        let list = self.list();
        let mut outcome = Outcome::default();
        assert_eq!(list.len(), self.planned.len());
        for booking in &list {
            let id = booking["id"].as_i64().unwrap();
            let planned = &self.planned[usize::try_from(id).unwrap() - 1];
            let state = booking["state"].as_str().unwrap().to_owned();
            let of =
                |wish: &Wish| booked.iter().filter(|b| is_for(b, wish, &planned.account)).collect::<Vec<_>>();
            let made: Vec<(u64, &Booked)> = (0..)
                .zip(&planned.choices)
                .flat_map(|(choice, wish)| of(wish).into_iter().map(move |booked| (choice, booked)))
                .collect();
            let wrong = match (state.as_str(), &made[..]) {
                ("succeeded", [(choice, booked)]) => {
                    let receipt = booking["receipt"]["number"].as_str();
                    (booking["wish"].as_u64() != Some(*choice)
                        || receipt.is_some_and(|receipt| receipt != booked.receipt))
                    .then(|| format!("choice {choice}, receipt {}", booked.receipt))
                }
                ("failed", []) => None,
                ("unconfirmed", []) if is_masked => None,
                ("unconfirmed", [(choice, _)]) if is_masked => {
                    (booking["wish"].as_u64() != Some(*choice)).then(|| format!("choice {choice}"))
                }
                (_, made) => Some(format!("made {} times", made.len())),
            };
            if let Some(wrong) = wrong {
                outcome.wrong.push(format!("booking {booking}: at the site: {wrong}"));
            }
            outcome.ended.insert(id, state.clone());
            *outcome.states.entry(state).or_default() += 1;
        }
        outcome
    }

    /// The logs, when a test fails.
    pub(crate) fn logs(&self) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "log") {
                text.push_str(&format!(
                    "== {}\n{}\n",
                    path.display(),
                    std::fs::read_to_string(&path).unwrap()
                ));
            }
        }
        text
    }
}

fn day_of(index: i32) -> RentDate {
    SystemClock.now().date().plus_days(DAYS_AHEAD + index)
}

fn wish(place: namyangju_rent::Place, date: RentDate, range: TimeRange) -> Wish {
    Wish { place, date, range, purpose: Default::default() }
}

fn is_for(booked: &Booked, wish: &Wish, account: &str) -> bool {
    booked.account == account
        && booked.place == wish.place
        && booked.date == wish.date
        && booked.slots.iter().any(|(_, range)| wish.range.covers(*range))
}

/// A runner in a process of its own.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
    /// Greetings in the log once this one has greeted.
    starts: usize,
}

impl Daemon {
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Whether it ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM once it has greeted, and whether it ended well.
    pub(crate) fn stop(mut self) {
        let begin = Instant::now();
        // The last line of its greeting; those before are of its predecessors with this name.
        while read(&self.log).matches("Ctrl-C ends it.").count() < self.starts {
            if begin.elapsed() > GREETS_WITHIN {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", read(&self.log));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Only a test that failed leaves one running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Waits for an instant of the wall clock.
pub(crate) fn sleep_until(instant: SeoulTime) {
    std::thread::sleep(instant.since(SystemClock.now()));
}

/// A number from the environment.
pub(crate) fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}
