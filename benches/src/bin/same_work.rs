//! The same bookings by several clients, one after the other, against the same stand-in.
//!
//!     cargo run --release -p benches --bin same_work -- [--rounds 5] [--bookings 100] [--only ours,requests]
//!         [--json FILE]
//!
//! First build the three `peer_` programs and run `benches/peers/install` (benches/README.md). `--bookings` is the number for
//! a Rust program; a script makes half of it, a browser a tenth.
//!
//! Each booking is of an account of its own: login, day page, form, submission, receipt page, day list. A booking
//! counts only if the stand-in took it, for the right slot and with the right texts. Every client runs as a process
//! of its own, each run against a new stand-in in another process; the order changes from round to round. One
//! round of one client is six runs:
//!
//! | run | bookings | what is taken from it |
//! | --- | --- | --- |
//! | base | none | CPU and memory of a start |
//! | one | 1 | from the start to the first request and to the first booking |
//! | many | n | CPU per booking over the base, bookings a minute, requests |
//! | weigh | n, one at a time | memory of the whole tree; bytes, through a relay |
//! | weigh 8 | 8 at once | memory per booking over the base |
//! | wire | 3, round trip 40 ms | how long one booking takes from first request to last answer |

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use benches::clients::{Contender, Kind, all, said};
use benches::plan::{Plan, Said};
use benches::process_tree::{Cost, Look, Tree, counted_by};
use benches::site_process::{Behaviour, Log, SiteProcess, serve_if_asked};
use benches::{Failure, keep_ready, machine, median, quantile};
use serde_json::json;

/// How many bookings are under way in the run that tells the memory of one more.
const AT_ONCE: usize = 8;

/// Round trip of the wire run.
const ROUND_TRIP: Duration = Duration::from_millis(40);

/// How long a client stays at its end where memory is looked at.
const LINGER_MS: u64 = 150;

/// The most that one run may take.
const AT_MOST: Duration = Duration::from_secs(180);

/// The figures of one round of one client.
#[derive(Clone, Copy, Debug)]
enum Figure {
    CpuMs,
    CpuOneMs,
    CpuBaseMs,
    PerMinute,
    MemoryKib,
    MemoryEachKib,
    MemoryBaseKib,
    Requests,
    BytesUp,
    BytesDown,
    FirstRequestMs,
    FirstBookingMs,
    WireMs,
    Processes,
}

#[derive(Debug)]
struct Settings {
    rounds: usize,
    bookings: usize,
    only: Vec<String>,
    json: Option<String>,
}

impl Settings {
    fn from_arguments() -> Result<Self, Failure> {
        let mut settings = Self { rounds: 5, bookings: 100, only: Vec::new(), json: None };
        let mut arguments = std::env::args().skip(1);
        while let Some(flag) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{flag} wants a value"))?;
            match flag.as_str() {
                "--rounds" => settings.rounds = value.parse()?,
                "--bookings" => settings.bookings = value.parse()?,
                "--only" => settings.only = value.split(',').map(str::to_owned).collect(),
                "--json" => {
                    keep_ready(&value)?;
                    settings.json = Some(value);
                }
                other => return Err(format!("there is no {other}").into()),
            }
        }
        Ok(settings)
    }

    fn bookings_of(&self, kind: Kind) -> usize {
        let part = match kind {
            Kind::Native => 1,
            Kind::Script => 2,
            Kind::Browser => 10,
        };
        (self.bookings / part).max(2)
    }
}

/// What a run gave.
struct Ran {
    cost: Cost,
    log: Log,
    said: Said,
}

/// One run of a client, checked against what the stand-in has.
fn run(client: &Contender, plan: Plan, behaviour: Behaviour, look: Look) -> Result<Ran, Failure> {
    let accounts = u32::try_from(plan.bookings.len())?.max(1);
    let mut site = SiteProcess::start(&Behaviour { accounts, seed: 1, ..behaviour })?;
    let plan = Plan { base_url: site.base_url().to_owned(), ..plan };
    let (program, arguments) = client.command(&plan)?;
    let cost = Tree::start(&program, &arguments, look)?.finish(AT_MOST)?;
    let said = if cost.ended_well { said(&cost.output)? } else { Said::default() };
    let log = site.log()?;
    judge(client, &plan, &log, &said)?;
    Ok(Ran { cost, log, said })
}

/// Every wished booking is there, once, by its own account, with the texts that were to be written.
fn judge(client: &Contender, plan: &Plan, log: &Log, said: &Said) -> Result<(), Failure> {
    let made: BTreeMap<&str, _> = log.bookings.iter().map(|made| (made.account.as_str(), made)).collect();
    let complain = |what: String| -> Failure {
        format!("{}: {what}; it says {} done, errors {:?}", client.name, said.done, said.errors).into()
    };
    for task in &plan.bookings {
        let made =
            made.get(task.account.as_str()).ok_or_else(|| complain(format!("none for {}", task.account)))?;
        let place = format!("{}/{}/{}", task.comcd, task.partcd, task.placecd);
        let slots = [format!("{}-{}", task.start, task.end)];
        let texts = &plan.application;
        let wished = [
            ("club_name", &texts.club_name),
            ("group_count", &texts.group_count),
            ("playname", &texts.playname),
            ("reason", &texts.reason),
        ];
        let right_texts = wished.iter().all(|(name, text)| made.texts.get(*name) == Some(*text));
        if made.place != place || made.date != task.date || made.slots != slots || !right_texts {
            return Err(complain(format!("another booking than wished: {made:?}")));
        }
    }
    if log.bookings.len() != plan.bookings.len() || said.done != plan.bookings.len() {
        return Err(complain(format!("{} of {} bookings", log.bookings.len(), plan.bookings.len())));
    }
    Ok(())
}

/// All runs of one client in one round.
fn round(client: &Contender, settings: &Settings) -> Result<(Vec<(Figure, f64)>, String), Failure> {
    let many = settings.bookings_of(client.kind);
    let plain = Behaviour::default;
    let lingering = |plan: Plan| Plan { linger_ms: LINGER_MS, ..plan };
    let base = run(client, Plan::of(0)?, plain(), Look::TimeOnly)?;
    let base_weight = run(client, lingering(Plan::of(0)?), plain(), Look::Memory)?;
    let first = run(client, Plan::of(1)?, plain(), Look::TimeOnly)?;
    let n = run(client, Plan::of(many)?, plain(), Look::TimeOnly)?;
    let counting = Behaviour { counts_bytes: true, ..plain() };
    let weight = run(client, lingering(Plan::of(many)?), counting, Look::Memory)?;
    let together = Plan { at_once: AT_ONCE, ..lingering(Plan::of(AT_ONCE)?) };
    let together = run(client, together, plain(), Look::Memory)?;
    let far = Behaviour { round_trip_micros: ROUND_TRIP.as_micros() as u64, ..plain() };
    let wire = run(client, Plan::of(3)?, far, Look::TimeOnly)?;

    let per = |value: f64| value / many as f64;
    let since_start =
        |ran: &Ran, at: Option<i64>| at.map_or(f64::NAN, |at| (at - ran.cost.started_at) as f64 / 1_000.0);
    let over = |all: u64| all.saturating_sub(base_weight.cost.peak_pss_kib) as f64;
    let figures = vec![
        (Figure::CpuMs, per((n.cost.cpu_seconds - base.cost.cpu_seconds) * 1_000.0)),
        (Figure::CpuOneMs, first.cost.cpu_seconds * 1_000.0),
        (Figure::CpuBaseMs, base.cost.cpu_seconds * 1_000.0),
        (Figure::PerMinute, per_minute(&n.log)),
        (Figure::MemoryKib, weight.cost.peak_pss_kib as f64),
        (Figure::MemoryEachKib, over(together.cost.peak_pss_kib) / AT_ONCE as f64),
        (Figure::MemoryBaseKib, base_weight.cost.peak_pss_kib as f64),
        (Figure::Requests, per(n.log.requests.len() as f64)),
        (Figure::BytesUp, per(weight.log.bytes.0 as f64)),
        (Figure::BytesDown, per(weight.log.bytes.1 as f64)),
        (Figure::FirstRequestMs, since_start(&first, first.log.requests.first().map(|r| r.at))),
        (Figure::FirstBookingMs, since_start(&first, first.log.bookings.first().map(|b| b.site_time))),
        (Figure::WireMs, median(&wire.said.ms)),
        (Figure::Processes, weight.cost.processes as f64),
    ];
    Ok((figures, client.versions(&n.said)))
}

/// Bookings a minute between the first and the last, so that the start does not count.
fn per_minute(log: &Log) -> f64 {
    let (Some(first), Some(last)) = (log.bookings.first(), log.bookings.last()) else { return f64::NAN };
    let minutes = (last.site_time - first.site_time) as f64 / 60e6;
    (log.bookings.len() as f64 - 1.0) / minutes
}

/// All rounds of one client.
struct Results {
    client: Contender,
    rounds: Vec<Vec<(Figure, f64)>>,
    versions: String,
    failures: Vec<String>,
}

impl Results {
    fn values(&self, figure: Figure) -> Vec<f64> {
        let of = |round: &Vec<(Figure, f64)>| {
            round.iter().find(|(f, _)| *f as usize == figure as usize).map(|(_, value)| *value)
        };
        self.rounds.iter().filter_map(of).filter(|value| value.is_finite()).collect()
    }

    fn median(&self, figure: Figure) -> f64 {
        median(&self.values(figure))
    }

    /// Median, smallest and largest.
    fn cell(&self, figure: Figure, unit: f64, digits: usize) -> String {
        let mut values = self.values(figure);
        let [low, middle, high] = [0.0, 0.5, 1.0].map(|part| quantile(&mut values, part) / unit);
        if format!("{low:.digits$}") == format!("{high:.digits$}") {
            return format!("{middle:.digits$}");
        }
        format!("{middle:.digits$} ({low:.digits$}–{high:.digits$})")
    }
}

fn table(results: &[Results]) -> Result<String, Failure> {
    let mut text = String::from(
        "Medians of all rounds, in brackets the smallest and the largest.\n\n\
         | client | CPU per booking, ms | bookings a minute | memory of one more booking, MiB | memory of the tree, MiB | \
         requests | sent, KiB | received, KiB | one booking at a round trip of 40 ms, ms |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    for r in results {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            r.client.name,
            r.cell(Figure::CpuMs, 1.0, 2),
            r.cell(Figure::PerMinute, 1.0, 0),
            r.cell(Figure::MemoryEachKib, 1_024.0, 2),
            r.cell(Figure::MemoryKib, 1_024.0, 1),
            r.cell(Figure::Requests, 1.0, 1),
            r.cell(Figure::BytesUp, 1_024.0, 1),
            r.cell(Figure::BytesDown, 1_024.0, 1),
            r.cell(Figure::WireMs, 1.0, 0),
        )?;
    }
    text.push_str(
        "\n| client | CPU of a start alone, ms | CPU of a process for one booking, ms | memory of a start, MiB | \
         processes | first request after, ms | first booking after, ms |\n\
         | --- | --: | --: | --: | --: | --: | --: |\n",
    );
    for r in results {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            r.client.name,
            r.cell(Figure::CpuBaseMs, 1.0, 1),
            r.cell(Figure::CpuOneMs, 1.0, 1),
            r.cell(Figure::MemoryBaseKib, 1_024.0, 1),
            r.cell(Figure::Processes, 1.0, 0),
            r.cell(Figure::FirstRequestMs, 1.0, 0),
            r.cell(Figure::FirstBookingMs, 1.0, 0),
        )?;
    }
    if let Some(ours) = results.iter().find(|r| r.client.name == "ours") {
        text.push_str(
            "\nAs multiples of `ours` (medians). Left: what one more booking costs in a process that is there; right: a \
             process for each booking.\n\n\
             | client | CPU | bookings a minute | memory | time at 40 ms | CPU, start included | memory of the tree | first booking |\n\
             | --- | --: | --: | --: | --: | --: | --: | --: |\n",
        );
        for r in results {
            let times = |figure| format!("{:.2}", r.median(figure) / ours.median(figure));
            writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                r.client.name,
                times(Figure::CpuMs),
                times(Figure::PerMinute),
                times(Figure::MemoryEachKib),
                times(Figure::WireMs),
                times(Figure::CpuOneMs),
                times(Figure::MemoryKib),
                times(Figure::FirstBookingMs),
            )?;
        }
    }
    text.push_str("\n| client | what it is | versions |\n| --- | --- | --- |\n");
    for r in results {
        writeln!(text, "| {} | {} | {} |", r.client.name, r.client.is, r.versions)?;
    }
    for r in results.iter().filter(|r| !r.failures.is_empty()) {
        writeln!(text, "\nNot counted, {}: {}", r.client.name, r.failures.join("; "))?;
    }
    Ok(text)
}

/// For the plot: one object for each client, medians.
fn for_plot(results: &[Results]) -> serde_json::Value {
    let object = |r: &Results| {
        json!({
            "client": r.client.name,
            "cpu_ms": r.median(Figure::CpuMs),
            "memory_kib": r.median(Figure::MemoryEachKib),
            "bookings_per_minute": r.median(Figure::PerMinute),
            "requests": r.median(Figure::Requests),
            "cold_start_ms": r.median(Figure::FirstRequestMs),
            "first_booking_ms": r.median(Figure::FirstBookingMs),
            "process_memory_kib": r.median(Figure::MemoryKib),
            "process_cpu_ms": r.median(Figure::CpuOneMs),
            "bytes": r.median(Figure::BytesUp) + r.median(Figure::BytesDown),
            "wire_ms": r.median(Figure::WireMs),
        })
    };
    results.iter().map(object).collect()
}

fn main() -> Result<(), Failure> {
    if serve_if_asked()? {
        return Ok(());
    }
    let settings = Settings::from_arguments()?;
    let mut results = Vec::new();
    for client in all() {
        if !settings.only.is_empty() && !settings.only.iter().any(|name| name == client.name) {
            continue;
        }
        match client.missing() {
            Some(why) => eprintln!("{} is left out: {why}", client.name),
            None => results.push(Results {
                client,
                rounds: Vec::new(),
                versions: String::new(),
                failures: Vec::new(),
            }),
        }
    }
    if results.is_empty() {
        return Err("no client of that name can be run".into());
    }
    let many = results.len();
    for number in 0..settings.rounds {
        results.rotate_left(usize::from(number > 0));
        for r in &mut results {
            eprintln!("round {} of {}: {}", number + 1, settings.rounds, r.client.name);
            match round(&r.client, &settings) {
                Ok((figures, versions)) => {
                    r.rounds.push(figures);
                    r.versions = versions;
                }
                // One client's bad round does not cost those of the others; it is told, and not counted.
                Err(error) => r.failures.push(format!("round {}: {error}", number + 1)),
            }
        }
    }
    results.rotate_right(settings.rounds.saturating_sub(1) % many);
    println!(
        "{} rounds; {} bookings a run by a Rust program, {} by a script, {} by a browser; time by {}.\n{}.\n",
        settings.rounds,
        settings.bookings_of(Kind::Native),
        settings.bookings_of(Kind::Script),
        settings.bookings_of(Kind::Browser),
        counted_by(),
        machine(),
    );
    print!("{}", table(&results)?);
    if let Some(file) = &settings.json {
        std::fs::write(file, serde_json::to_string_pretty(&for_plot(&results))? + "\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use benches::site_process::Made;

    use super::*;

    fn made(plan: &Plan) -> Log {
        let of = |(n, task): (usize, &benches::plan::Task)| Made {
            site_time: n as i64 * 30_000_000,
            account: task.account.clone(),
            place: format!("{}/{}/{}", task.comcd, task.partcd, task.placecd),
            date: task.date.clone(),
            slots: vec![format!("{}-{}", task.start, task.end)],
            texts: [
                ("club_name", "가나다클럽"),
                ("group_count", "4"),
                ("playname", "테니스"),
                ("reason", "운동"),
            ]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
        };
        Log { bookings: plan.bookings.iter().enumerate().map(of).collect(), ..Log::default() }
    }

    #[test]
    fn only_the_wished_bookings_count() {
        let plan = Plan::of(3).unwrap();
        let ours = all().remove(0);
        let said = Said { done: 3, ..Said::default() };
        let right = made(&plan);
        assert!(judge(&ours, &plan, &right, &said).is_ok());
        assert!(judge(&ours, &plan, &right, &Said::default()).is_err());
        for change in [
            |log: &mut Log| drop(log.bookings.pop()),
            |log: &mut Log| log.bookings[1].slots = vec!["20:00-22:00".to_owned()],
            |log: &mut Log| log.bookings[1].date = "2020-01-01".to_owned(),
            |log: &mut Log| log.bookings[1].account = "somebody".to_owned(),
            |log: &mut Log| drop(log.bookings[1].texts.insert("reason".to_owned(), "%BF%EE".to_owned())),
            |log: &mut Log| log.bookings.push(log.bookings[0].clone()),
        ] {
            let mut wrong = right.clone();
            change(&mut wrong);
            assert!(judge(&ours, &plan, &wrong, &said).is_err());
        }
        assert_eq!(per_minute(&right), 2.0);
    }
}
