//! The log: what is traced, to stderr, for a person or as lines of JSON.
//!
//! A thread of its own does the writing. Whoever reads stderr slowly, or not at all, cannot hold a booking
//! up: lines that find no room are dropped and counted.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use clap::ValueEnum;
use namyangju_rent::clock::{Clock, SystemClock};
use serde_json::json;
use tracing::{Event, Subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{self, Format, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::terminal;

/// A line has some 200 bytes, so that a stuck reader costs two megabytes.
const MAX_LINES: usize = 10_000;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// A JSON document in each line.
    Json,
}

impl LogFormat {
    /// As it is written in settings.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Human, Self::Json].into_iter().find(|format| format.as_str() == word)
    }
}

/// Keeps the log going. What is not written yet is written when this is dropped.
#[must_use = "the log ends when this is dropped"]
#[derive(Debug)]
pub(crate) struct Logs {
    lines: Lines,
    writer: Option<WorkerGuard>,
}

/// The log of this process.
static LINES: OnceLock<Lines> = OnceLock::new();

/// What a command logs that is asked for nothing: one that answers a person, and one that works alone.
pub(crate) const ERRORS: &str = "error";
pub(crate) const STEPS: &str = "warn,rent_runner=info";

/// Starts the log of this process: by RUST_LOG, else by the number of `-v`, else by default. Without a format it
/// is for people on a terminal, and elsewhere while it holds errors only; a log of steps that goes into a file is JSON.
/// All other lines of stderr are of the same kind.
pub(crate) fn start(verbose: u8, format: Option<LogFormat>, by_default: &str) -> Logs {
    let by_flag = match verbose {
        0 => by_default,
        1 => "namyangju_rent=debug,rent_runner=debug",
        _ => "namyangju_rent=trace,rent_runner=trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(by_flag));
    // A wrong word is complained of where all settings are read.
    let variable = || LogFormat::parse(std::env::var("RENT_LOG_FORMAT").ok()?.trim());
    let has_steps = by_flag != ERRORS || std::env::var_os("RUST_LOG").is_some_and(|value| !value.is_empty());
    let by_place = if has_steps && !io::stderr().is_terminal() { LogFormat::Json } else { LogFormat::Human };
    let format = format.or_else(variable).unwrap_or(by_place);
    terminal::set_json_lines(format == LogFormat::Json);
    let (subscriber, logs) = make(io::stderr(), filter, format, terminal::colours(), MAX_LINES);
    // One exists already only in a test.
    let _ = subscriber.try_init();
    let _ = LINES.set(logs.lines.clone());
    logs
}

/// Whether arguments that cannot be read, or else the environment, ask for JSON.
pub(crate) fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let words: Vec<_> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    let pairs = words.iter().zip(words.iter().skip(1));
    let separate = pairs.filter(|(flag, _)| *flag == "--log-format").map(|(_, word)| word.as_str());
    let joined = words.iter().filter_map(|word| word.strip_prefix("--log-format="));
    let variable = std::env::var("RENT_LOG_FORMAT").ok();
    let word = separate.chain(joined).last().or(variable.as_deref().map(str::trim));
    word.and_then(LogFormat::parse) == Some(LogFormat::Json)
}

/// The format from here on, if the settings have one.
pub(crate) fn set_format(format: Option<LogFormat>) {
    if let (Some(format), Some(lines)) = (format, LINES.get()) {
        lines.json.store(format == LogFormat::Json, Ordering::Relaxed);
        terminal::set_json_lines(format == LogFormat::Json);
    }
}

/// How many lines were dropped so far because nobody read them.
pub(crate) fn dropped() -> u64 {
    LINES.get().map_or(0, |lines| u64::try_from(lines.counter.dropped_lines()).unwrap_or(u64::MAX))
}

fn make(
    to: impl Write + Send + 'static,
    filter: EnvFilter,
    format: LogFormat,
    colours: bool,
    most_lines: usize,
) -> (impl Subscriber + Send + Sync, Logs) {
    let (inner, writer) =
        NonBlockingBuilder::default().lossy(true).buffered_lines_limit(most_lines).finish(to);
    let json = Arc::new(AtomicBool::new(format == LogFormat::Json));
    let lines =
        Lines { counter: inner.error_counter(), inner, told: Arc::default(), json: Arc::clone(&json) };
    let for_each = lines.clone();
    let either = Either {
        json,
        as_json: format::format()
            .with_timer(Seoul)
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false),
        as_text: format::format().with_timer(Seoul).with_ansi(colours),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(colours)
        .event_format(either)
        .with_env_filter(filter)
        .with_writer(move || for_each.clone())
        .finish();
    (subscriber, Logs { lines, writer: Some(writer) })
}

/// Both formats, of which the settings may choose one after the log has begun.
struct Either {
    json: Arc<AtomicBool>,
    as_json: Format<format::Json, Seoul>,
    as_text: Format<format::Full, Seoul>,
}

impl<S, N> FormatEvent<S, N> for Either
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        if self.json.load(Ordering::Relaxed) {
            self.as_json.format_event(context, writer, event)
        } else {
            self.as_text.format_event(context, writer, event)
        }
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        let before = self.lines.counter.dropped_lines();
        self.lines.tell_of_dropped();
        if self.lines.counter.dropped_lines() > before {
            // There is still no room, so nobody reads: waiting for a reader would hang the end.
            std::mem::forget(self.writer.take());
        }
    }
}

/// RFC 3339 in Asia/Seoul, with microseconds.
struct Seoul;

impl FormatTime for Seoul {
    fn format_time(&self, w: &mut Writer<'_>) -> std::fmt::Result {
        w.write_str(&String::from(SystemClock.now()))
    }
}

/// The way to the writing thread.
#[derive(Clone, Debug)]
struct Lines {
    inner: NonBlocking,
    counter: ErrorCounter,
    /// Of how many dropped lines the reader knows.
    told: Arc<AtomicUsize>,
    json: Arc<AtomicBool>,
}

impl Lines {
    /// Says how many lines were dropped since it was last said.
    fn tell_of_dropped(&mut self) {
        let dropped = self.counter.dropped_lines();
        let told = self.told.swap(dropped, Ordering::Relaxed);
        let Some(new) = dropped.checked_sub(told).filter(|new| *new > 0) else { return };
        let message = format!("{new} lines of the log were dropped: they were not read fast enough");
        let at = String::from(SystemClock.now());
        let line = if self.json.load(Ordering::Relaxed) {
            let line = json!({
                "timestamp": at, "level": "WARN", "message": message, "dropped": new,
                "target": "rent_runner::logs",
            });
            format!("{line}\n")
        } else {
            format!("{at}  WARN rent_runner::logs: {message}\n")
        };
        let _ = self.inner.write_all(line.as_bytes());
        if self.counter.dropped_lines() > dropped {
            // There was no room for this line either: it is said later.
            self.told.fetch_sub(new, Ordering::Relaxed);
        }
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let before = self.counter.dropped_lines();
        let written = self.inner.write(line);
        if self.counter.dropped_lines() == before {
            self.tell_of_dropped();
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver, Sender};

    use namyangju_rent::SeoulTime;
    use serde_json::Value;

    use super::*;

    /// A reader of the log who takes a line only when told to.
    struct Slow {
        may: Receiver<()>,
        read: Sender<String>,
    }

    impl Write for Slow {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let _ = self.may.recv();
            let _ = self.read.send(String::from_utf8_lossy(line).into_owned());
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The two ends that a test holds, and the log.
    fn slow(
        format: LogFormat,
        most_lines: usize,
    ) -> (Sender<()>, Receiver<String>, impl Subscriber + Send + Sync, Logs) {
        let (go, may) = mpsc::channel();
        let (read, lines) = mpsc::channel();
        let (subscriber, logs) = make(Slow { may, read }, EnvFilter::new("trace"), format, false, most_lines);
        (go, lines, subscriber, logs)
    }

    #[test]
    fn lines_are_json_with_the_time_in_seoul() {
        let (go, lines, subscriber, logs) = slow(LogFormat::Json, 9);
        drop(go);
        tracing::subscriber::with_default(subscriber, || tracing::info!(booking = 7, "it \"opens\""));
        drop(logs);
        let line = lines.recv().unwrap();
        let value: Value = serde_json::from_str(&line).expect(&line);
        assert_eq!((&value["message"], &value["booking"]), (&"it \"opens\"".into(), &7.into()));
        let at = value["timestamp"].as_str().unwrap();
        assert!(at.ends_with("+09:00") && at.len() == "2026-11-26T10:00:00.000000+09:00".len(), "{at}");
        assert!(SystemClock.now().since(at.parse::<SeoulTime>().unwrap()).as_secs() < 60);
    }

    #[test]
    fn a_person_reads_plain_lines() {
        let (go, lines, subscriber, logs) = slow(LogFormat::Human, 9);
        drop(go);
        tracing::subscriber::with_default(subscriber, || tracing::warn!(booking = 7, "it opens"));
        drop(logs);
        let line = lines.recv().unwrap();
        assert!(
            line.contains("+09:00  WARN rent_runner::telemetry::logs::tests: it opens booking=7"),
            "{line}"
        );
    }

    #[test]
    fn a_stuck_reader_blocks_nobody_and_hears_what_was_dropped() {
        let (go, lines, subscriber, logs) = slow(LogFormat::Human, 3);
        let counter = logs.lines.counter.clone();
        tracing::subscriber::with_default(subscriber, || {
            // Nobody reads: this returns all the same.
            for number in 0..100 {
                tracing::info!(number, "line");
            }
            let dropped = counter.dropped_lines();
            // Three wait, and one may be in the writer's hand.
            assert!((96..=97).contains(&dropped), "{dropped}");
            drop(go);
            let mut read: Vec<String> = (0..3).map(|_| lines.recv().unwrap()).collect();
            tracing::info!("after");
            drop(logs);
            read.extend(lines);
            assert!(read[0].contains("number=0"), "{read:?}");
            let told: Vec<_> = read.iter().filter(|line| line.contains("were dropped")).collect();
            assert_eq!(told.len(), 1, "{read:?}");
            assert!(told[0].contains(&format!("{dropped} lines")), "{told:?}");
        });
    }

    #[test]
    fn the_end_does_not_wait_for_a_stuck_reader() {
        let (go, lines, subscriber, logs) = slow(LogFormat::Human, 1);
        tracing::subscriber::with_default(subscriber, || (0..9).for_each(|_| tracing::info!("line")));
        drop(logs);
        assert!(lines.try_recv().is_err());
        drop(go);
    }
}
