//! One slot, one opening instant, ours against one other client at a time, each with its usual strategy.
//!
//!     cargo run --release -p benches --bin race_peers -- [--rounds 5] [--round-trips 10,40,120] [--only axios-well]
//!         [--skew 2000] [--json FILE]
//!
//! First build the three `peer_` programs and run `benches/peers/install` (benches/README.md). A round takes about 20 s; the
//! short form for trying is `--rounds 1 --round-trips 40 --only requests`.
//!
//! Each round has its own stand-in in another process, with the round trip +- 25 % (half each way, drawn anew for
//! every request), a clock that is off by up to two seconds (`--skew`, in milliseconds) against this machine's, the
//! same in each round for all pairs, and an opening instant 16 s ahead. The announced instant is of the site's clock; this machine's own clock is what a client that trusts its
//! time server goes by. Both clients are processes of their own on one account each, and nobody else wants the
//! slot. Who won, and when requests arrived, is read from the stand-in's log. The two draw their fortune from
//! one network, and which of them is started first changes from round to round.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use benches::clients::{Contender, Strategy, racers, said};
use benches::plan::{Plan, Race};
use benches::process_tree::{Look, Tree, now_micros};
use benches::site_process::{Behaviour, Log, SiteProcess, serve_if_asked};
use benches::{Failure, Seeded, keep_ready, machine, median, quantile};
use serde_json::json;

/// Long enough for ours to measure the clock with eight probes, one a second.
const OPENS_IN: Duration = Duration::from_secs(16);

/// How long after the opening a client goes on by itself.
const FOR: Duration = Duration::from_secs(8);

/// How long after that it is ended.
const GRACE: Duration = Duration::from_secs(6);

/// What comes less than this before the opening was meant for it.
const EARLY_MICROS: i64 = 1_000_000;

/// What one client did in one round.
#[derive(Clone, Debug, Default)]
struct Run {
    won: bool,
    /// From the opening to the arrival of its first request after it, in microseconds.
    first_after: Option<i64>,
    /// From the opening to its reservation.
    booked_after: Option<i64>,
    /// Requests in all, and those for the day, the form or the submission that came in the second before the opening.
    requests: usize,
    early: usize,
    versions: String,
}

struct Settings {
    rounds: usize,
    round_trips: Vec<u64>,
    only: Vec<String>,
    most_skew_millis: f64,
    json: Option<String>,
}

impl Settings {
    fn from_arguments() -> Result<Self, Failure> {
        let mut settings = Self {
            rounds: 5,
            round_trips: vec![10, 40, 120],
            only: Vec::new(),
            most_skew_millis: 2_000.0,
            json: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(flag) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{flag} wants a value"))?;
            match flag.as_str() {
                "--rounds" => settings.rounds = value.parse()?,
                "--round-trips" => {
                    settings.round_trips = value.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                "--only" => settings.only = value.split(',').map(str::to_owned).collect(),
                "--skew" => settings.most_skew_millis = value.parse()?,
                "--json" => {
                    keep_ready(&value)?;
                    settings.json = Some(value);
                }
                other => return Err(format!("there is no {other}").into()),
            }
        }
        Ok(settings)
    }
}

/// One race; ours first in the result.
fn race(pair: [&Contender; 2], round_trip_ms: u64, skew: f64, number: usize) -> Result<[Run; 2], Failure> {
    let mut seeded = Seeded((number as u64 + 1) << 20 | round_trip_ms);
    let skew_millis = seeded.between(-skew, skew) as i64;
    let mut plan = Plan::of(2)?;
    let rival = plan.bookings.pop().ok_or("two bookings were asked for")?;
    let task = plan.bookings.first().cloned().ok_or("two bookings were asked for")?;
    // A whole second of the site's clock, as openings are announced.
    let there = now_micros() + i64::try_from(OPENS_IN.as_micros())? + skew_millis * 1_000;
    let opening = there / 1_000_000 * 1_000_000;
    let mut site = SiteProcess::start(&Behaviour {
        seed: number as u64 + 1,
        accounts: 2,
        round_trip_micros: round_trip_ms * 1_000,
        jitter: 0.25,
        skew_millis,
        opening: Some((task.date.clone(), opening)),
        counts_bytes: false,
    })?;
    plan.base_url = site.base_url().to_owned();
    plan.race = Some(Race { opens_unix_ms: opening / 1_000, for_ms: u64::try_from(FOR.as_millis())? });
    let mut against = plan.clone();
    for other in &mut against.bookings {
        (other.account, other.password) = (rival.account.clone(), rival.password.clone());
    }

    let [ours, theirs] = pair;
    let mut starts = [(ours, &plan), (theirs, &against)];
    if number % 2 == 1 {
        starts.reverse();
    }
    // Those that cron starts come last: they wait for the announced instant on this machine's clock.
    starts.sort_by_key(|(client, _)| by_cron(client));
    let mut trees = BTreeMap::new();
    for (client, plan) in starts {
        let (program, arguments) = client.command(plan)?;
        if by_cron(client) {
            let wait = opening.saturating_sub(now_micros());
            std::thread::sleep(Duration::from_micros(u64::try_from(wait).unwrap_or(0)));
        }
        trees.insert(client.name, Tree::start(&program, &arguments, Look::TimeOnly)?);
    }
    let skew = Duration::from_millis(skew_millis.unsigned_abs());
    let mut versions = BTreeMap::new();
    for (name, tree) in trees {
        let cost = tree.finish(OPENS_IN + FOR + GRACE + skew)?;
        versions.insert(name, said(&cost.output).map(|said| said.versions).unwrap_or_default());
    }
    let log = site.log()?;
    let run = |client: &Contender, account: &str| Run {
        versions: versions.get(client.name).cloned().unwrap_or_default(),
        ..seen(&log, account, opening)
    };
    Ok([run(ours, &task.account), run(theirs, &rival.account)])
}

fn by_cron(client: &Contender) -> bool {
    client.strategy.is_some_and(|strategy: Strategy| strategy.started_at_the_instant)
}

/// What the stand-in's log has of one account.
fn seen(log: &Log, account: &str, opening: i64) -> Run {
    let own = || log.requests.iter().filter(|request| request.account.as_deref() == Some(account));
    let of_the_slot =
        || own().filter(|r| r.method != "HEAD" && matches!(r.step.as_str(), "day" | "form" | "submit"));
    let refused = of_the_slot().filter(|request| request.site_time < opening);
    let booked = log.bookings.first().filter(|made| made.account == account);
    Run {
        won: booked.is_some(),
        first_after: of_the_slot()
            .filter(|request| request.site_time >= opening)
            .map(|request| request.site_time - opening)
            .min(),
        booked_after: booked.map(|made| made.site_time - opening),
        requests: own().count(),
        early: refused.filter(|request| request.site_time >= opening - EARLY_MICROS).count(),
        versions: String::new(),
    }
}

/// All rounds of one pair at one round trip.
struct Rounds {
    name: &'static str,
    round_trip_ms: u64,
    runs: Vec<[Run; 2]>,
}

impl Rounds {
    fn wins(&self, who: usize) -> usize {
        self.runs.iter().filter(|pair| pair.get(who).is_some_and(|run| run.won)).count()
    }

    fn millis(&self, who: usize, value: impl Fn(&Run) -> Option<i64>) -> Vec<f64> {
        let of = |pair: &[Run; 2]| pair.get(who).and_then(&value).map(|micros| micros as f64 / 1_000.0);
        self.runs.iter().filter_map(of).collect()
    }

    fn median(&self, who: usize, value: impl Fn(&Run) -> Option<i64>) -> f64 {
        median(&self.millis(who, value))
    }

    /// Median and largest, or a dash where there is none.
    fn cell(&self, who: usize, value: impl Fn(&Run) -> Option<i64>) -> String {
        let mut millis = self.millis(who, value);
        if millis.is_empty() {
            return "–".to_owned();
        }
        format!("{:.1} / {:.1}", quantile(&mut millis, 0.5), quantile(&mut millis, 1.0))
    }

    fn count(&self, who: usize, value: impl Fn(&Run) -> usize) -> f64 {
        self.median(who, |run| i64::try_from(value(run) * 1_000).ok())
    }
}

fn table(all: &[Rounds]) -> Result<String, Failure> {
    let mut text = String::from(
        "Milliseconds, median / largest. \"First request\" is the first one for the day, the form or the submission that \
         arrived at the opening or later, on the site's clock; \"early\" are those that came in the second before.\n\n\
         | round trip, ms | against | wins of ours | of the other | first request, ours | the other | booked, ours | the other | \
         early, ours | the other | requests, ours | the other |\n\
         | --: | --- | --: | --: | --- | --- | --- | --- | --: | --: | --: | --: |\n",
    );
    for rounds in all {
        writeln!(
            text,
            "| {} | {} | {} of {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            rounds.round_trip_ms,
            rounds.name,
            rounds.wins(0),
            rounds.runs.len(),
            rounds.wins(1),
            rounds.cell(0, |run| run.first_after),
            rounds.cell(1, |run| run.first_after),
            rounds.cell(0, |run| run.booked_after),
            rounds.cell(1, |run| run.booked_after),
            rounds.count(0, |run| run.early),
            rounds.count(1, |run| run.early),
            rounds.count(0, |run| run.requests),
            rounds.count(1, |run| run.requests),
        )?;
    }
    Ok(text)
}

/// For the plot: one object for each pair and round trip.
fn for_plot(all: &[Rounds]) -> serde_json::Value {
    let object = |rounds: &Rounds| {
        json!({
            "client": rounds.name,
            "round_trip_ms": rounds.round_trip_ms,
            "rounds": rounds.runs.len(),
            "wins_of_ours": rounds.wins(0),
            "wins": rounds.wins(1),
            "arrival_ms_of_ours": rounds.median(0, |run| run.first_after),
            "arrival_ms": rounds.median(1, |run| run.first_after),
        })
    };
    all.iter().map(object).collect()
}

fn main() -> Result<(), Failure> {
    if serve_if_asked()? {
        return Ok(());
    }
    let settings = Settings::from_arguments()?;
    let mut clients = racers();
    let ours = clients.remove(0);
    clients.retain(|client| {
        let wanted = settings.only.is_empty() || settings.only.iter().any(|name| name == client.name);
        let missing = client.missing().filter(|_| wanted);
        if let Some(why) = &missing {
            eprintln!("{} is left out: {why}", client.name);
        }
        wanted && missing.is_none()
    });
    let mut all: Vec<Rounds> = Vec::new();
    for round_trip_ms in &settings.round_trips {
        for client in &clients {
            all.push(Rounds { name: client.name, round_trip_ms: *round_trip_ms, runs: Vec::new() });
        }
    }
    // Round by round through all pairs, so that a change of the machine's load meets all of them.
    for number in 0..settings.rounds {
        for rounds in &mut all {
            let Some(client) = clients.iter().find(|client| client.name == rounds.name) else { continue };
            let runs = race([&ours, client], rounds.round_trip_ms, settings.most_skew_millis, number)?;
            eprintln!(
                "round {} of {}: {} ms, {}: {}",
                number + 1,
                settings.rounds,
                rounds.round_trip_ms,
                client.name,
                match &runs {
                    [run, _] if run.won => "ours",
                    [_, run] if run.won => "the other",
                    _ => "nobody",
                }
            );
            rounds.runs.push(runs);
        }
    }
    println!(
        "{} rounds a row, round trip +- 25 %, the site's clock off by up to {} ms. {}.\n",
        settings.rounds,
        settings.most_skew_millis,
        machine()
    );
    print!("{}", table(&all)?);
    println!("\n| client | strategy | versions |\n| --- | --- | --- |");
    for (who, client) in std::iter::once(&ours).chain(&clients).enumerate() {
        let mut own = all.iter().filter(|rounds| who == 0 || rounds.name == client.name);
        let versions =
            own.find_map(|rounds| Some(rounds.runs.last()?.get(usize::from(who > 0))?.versions.clone()));
        let strategy = client.strategy.map_or("", |strategy| strategy.is);
        println!("| {} | {} | {} |", client.name, strategy, versions.unwrap_or_default());
    }
    if let Some(file) = &settings.json {
        std::fs::write(file, serde_json::to_string_pretty(&for_plot(&all))? + "\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use benches::site_process::Seen;

    use super::*;

    #[test]
    fn an_arrival_counts_from_the_opening_on() {
        let opening = 1_000_000_000_000;
        let request = |after: i64, method: &str, step: &str, account: &str| Seen {
            at: 0,
            site_time: opening + after,
            account: Some(account.to_owned()),
            method: method.to_owned(),
            step: step.to_owned(),
            path: String::new(),
            status: 200,
        };
        let log = Log {
            requests: vec![
                request(-3_000_000, "POST", "form", "a"),
                request(-4_000, "POST", "form", "a"),
                request(1_000, "HEAD", "day", "a"),
                request(2_000, "POST", "login", "a"),
                request(3_000, "GET", "day", "b"),
                request(496_000, "POST", "form", "a"),
            ],
            ..Log::default()
        };
        let run = seen(&log, "a", opening);
        assert_eq!((run.won, run.early, run.requests, run.first_after), (false, 1, 5, Some(496_000)));
    }
}
