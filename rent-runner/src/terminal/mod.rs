//! Where text goes: results to stdout, the rest to stderr.

pub(crate) mod booking;
pub(crate) mod countdown;
pub(crate) mod password;
pub(crate) mod story;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use comfy_table::{ContentArrangement, Table, presets};
use namyangju_rent::clock::{Clock as _, SystemClock};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

/// Whether every line of stderr is a JSON document, as the log has it.
static JSON_LINES: AtomicBool = AtomicBool::new(false);

/// Whether notes are left out.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Makes each further line of stderr a JSON document, or a line for a person.
pub(crate) fn set_json_lines(json: bool) {
    JSON_LINES.store(json, Ordering::Relaxed);
}

/// Leaves notes out from here on. Errors and warnings are still written.
pub(crate) fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Whether notes are left out.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Writes a result, whole.
pub(crate) fn result(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Writes a value as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(result(&serde_json::to_string_pretty(value)?)?)
}

/// Writes a line to stderr, unless `--quiet` was given.
pub(crate) fn note(text: &str) {
    if !is_quiet() {
        line("INFO", "", text);
    }
}

/// Writes what may go wrong to stderr.
pub(crate) fn warning(text: &str) {
    line("WARN", "warning: ", text);
}

/// Writes what went wrong to stderr, with the same prefix as a bad argument has.
pub(crate) fn error(text: &str) {
    line("ERROR", "error: ", text);
}

/// Writes a line to stderr. If it cannot be written, nothing can be done about it.
fn line(level: &str, prefix: &str, text: &str) {
    let text = if JSON_LINES.load(Ordering::Relaxed) {
        let (at, text) = (String::from(SystemClock.now()), text.trim());
        json!({ "timestamp": at, "level": level, "message": text, "target": "rent_runner" }).to_string()
    } else {
        format!("{prefix}{text}")
    };
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Shows a text in the last line of the terminal, in place of what it showed; an empty one clears it.
pub(crate) fn live(text: &str) {
    // A long line is cut at the edge instead of going on in the next.
    let _ = write!(io::stderr().lock(), "\r\u{1b}[2K\u{1b}[?7l{text}\u{1b}[?7h");
}

/// Calls the person at the terminal.
pub(crate) fn bell() {
    let _ = write!(io::stderr().lock(), "\u{7}");
}

/// Whether a line that changes in place can be shown: not among traces or JSON.
pub(crate) fn is_live() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    let json = JSON_LINES.load(Ordering::Relaxed);
    io::stderr().is_terminal() && !dumb && !json && LevelFilter::current() <= LevelFilter::WARN
}

/// Whether stderr takes colours.
pub(crate) fn colours() -> bool {
    let json = JSON_LINES.load(Ordering::Relaxed);
    !json && io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A table for people; wide characters are counted as two. On a terminal a cell that does not fit goes on in its next
/// line, so that no row breaks; elsewhere, unless COLUMNS says how wide a line may be, each row is one line.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header.to_vec());
    if let Some(columns) = columns() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
    }
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}

/// How wide a line of stdout may be, if that is known.
fn columns() -> Option<u16> {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    given.or_else(|| terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0))
}
