//! Pictures of measurements.
//!
//!     cargo run -p benches --bin plot -- [folder]
//!
//! Reads every JSON file in the folder (default `benches/results`) that `same_work --json` or `race_peers --json`
//! has written, and writes an SVG of the same name beside it, and
//! `summary.svg` with the four panels that matter: what a booking costs, and how near to the opening it is.

use std::fs;
use std::path::{Path, PathBuf};

use benches::plot::{Bar, Panel, Scale, svg};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

/// How our own clients are called there: the first letters.
const OURS: &str = "ours";

/// The panels of the summary.
const FOUR: usize = 4;

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

fn number(value: &Value, key: &str) -> f64 {
    value.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// One panel for each figure of `same_work`.
fn work(clients: &[Value]) -> Vec<Panel> {
    let figures = [
        ("CPU per booking", "milliseconds, log scale; less is better", "cpu_ms", 1.0, true),
        ("Memory per booking", "MiB, log scale; less is better", "memory_kib", 1024.0, true),
        (
            "Bookings a minute, one after another",
            "log scale; more is better",
            "bookings_per_minute",
            1.0,
            false,
        ),
    ];
    let panel = |(title, note, key, unit, less_is_better): (&str, &str, &str, f64, bool)| {
        let bar = |client: &Value| {
            let label = text(client, "client")?.to_owned();
            Some(Bar { value: number(client, key) / unit, ours: label.starts_with(OURS), label })
        };
        let mut bars: Vec<Bar> = clients.iter().filter_map(bar).collect();
        bars.sort_by(|a, b| a.value.total_cmp(&b.value));
        if !less_is_better {
            bars.reverse();
        }
        Panel { title: title.to_owned(), note: note.to_owned(), scale: Scale::Log, bars }
    };
    figures.map(panel).into()
}

/// Rounds won and the time of arrival of `race_peers`, at the round trip in the middle.
fn race(pairs: &[Value]) -> Vec<Panel> {
    let mut trips: Vec<f64> = pairs.iter().map(|pair| number(pair, "round_trip_ms")).collect();
    trips.sort_by(f64::total_cmp);
    trips.dedup();
    let trip = trips.get(trips.len() / 2).copied().unwrap_or(f64::NAN);
    let there: Vec<&Value> = pairs.iter().filter(|pair| number(pair, "round_trip_ms") == trip).collect();
    let bars = |value: &dyn Fn(&Value) -> f64, ours: bool| -> Vec<Bar> {
        let bar =
            |pair: &&Value| Some(Bar { label: text(pair, "client")?.to_owned(), value: value(pair), ours });
        there.iter().filter_map(bar).collect()
    };
    let won = |pair: &Value| 100.0 * number(pair, "wins_of_ours") / number(pair, "rounds");
    let mut arrivals = bars(&|pair| number(pair, "arrival_ms").abs(), false);
    let mut own: Vec<f64> = there.iter().map(|pair| number(pair, "arrival_ms_of_ours").abs()).collect();
    arrivals.push(Bar { label: OURS.to_owned(), value: benches::quantile(&mut own, 0.5), ours: true });
    arrivals.sort_by(|a, b| a.value.total_cmp(&b.value));
    vec![
        Panel {
            title: "First request's distance from the opening".to_owned(),
            note: format!("milliseconds at a round trip of {trip} ms, log scale; less is better"),
            scale: Scale::Log,
            bars: arrivals,
        },
        Panel {
            title: "One slot, ours against one other".to_owned(),
            note: format!("% of the rounds that ours won, round trip {trip} ms"),
            scale: Scale::Linear(100.0),
            bars: bars(&won, true),
        },
    ]
}

fn panels(path: &Path) -> Result<Vec<Panel>, Failure> {
    let value: Value = serde_json::from_slice(&fs::read(path)?)?;
    let Some(list) = value.as_array().filter(|list| !list.is_empty()) else { return Ok(Vec::new()) };
    let has = |key: &str| list.iter().all(|value| value.get(key).is_some());
    Ok(match (has("cpu_ms"), has("round_trip_ms")) {
        (true, _) => work(list),
        (_, true) => race(list),
        _ => Vec::new(),
    })
}

fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1);
    let folder = folder.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("results"), PathBuf::from);
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    // The work before the race, by their names.
    files.sort_by(|a, b| b.file_name().cmp(&a.file_name()));
    let mut all = Vec::new();
    for file in files {
        let panels = panels(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        if panels.is_empty() {
            eprintln!("{} is of another kind and left out", file.display());
            continue;
        }
        let picture = file.with_extension("svg");
        fs::write(&picture, svg(&panels))?;
        println!("{}", picture.display());
        let left = FOUR.saturating_sub(all.len());
        all.extend(panels.into_iter().take(left));
    }
    if !all.is_empty() {
        let picture = folder.join("summary.svg");
        fs::write(&picture, svg(&all))?;
        println!("{}", picture.display());
    }
    Ok(())
}
