//! Where text goes: results to stdout, the rest to stderr.

pub(crate) mod booking;
pub(crate) mod countdown;
pub(crate) mod layout;
pub(crate) mod password;
pub(crate) mod story;
mod table;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use namyangju_rent::clock::{Clock as _, SystemClock};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::say::{self, say};
pub(crate) use layout::{beside, labelled, wrapped};
pub(crate) use table::{TableCell, TableColumn, table, table_of};

/// The blanks before the second line of what is written to stderr.
const HANGING: usize = 2;

/// Whether every line of stderr is a JSON document, as the log has it.
static JSON_LINES: AtomicBool = AtomicBool::new(false);

/// Whether notes are left out.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Makes each further line of stderr a JSON document, or a line for a person.
pub(crate) fn set_json_lines(json: bool) {
    JSON_LINES.store(json, Ordering::Relaxed);
    if json {
        say::for_a_program();
    }
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

/// Writes a note with columns of its own before the text, which goes on below itself; `paint` is the colour, and its end.
pub(crate) fn headed_note(head: &str, text: &str, (colour, end): (&str, &str)) {
    let whole = format!("{head}{text}");
    if is_quiet() {
        return;
    }
    if JSON_LINES.load(Ordering::Relaxed) {
        return line("INFO", "", &whole);
    }
    let whole = wrapped(&whole, layout::width(head), layout::error_columns());
    let text = whole.strip_prefix(head).unwrap_or(&whole);
    let _ = writeln!(io::stderr().lock(), "{head}{colour}{text}{end}");
}

/// Writes what may go wrong to stderr.
pub(crate) fn warning(text: &str) {
    line("WARN", &say!("prefix-warning"), text);
}

/// Writes what went wrong to stderr, with the same prefix as a bad argument has.
pub(crate) fn error(text: &str) {
    line("ERROR", &say!("prefix-error"), text);
}

/// Writes a line to stderr. If it cannot be written, nothing can be done about it.
fn line(level: &str, prefix: &str, text: &str) {
    let text = if JSON_LINES.load(Ordering::Relaxed) {
        let (at, text) = (String::from(SystemClock.now()), text.trim());
        json!({ "timestamp": at, "level": level, "message": text, "target": "rent_runner" }).to_string()
    } else {
        wrapped(&format!("{prefix}{text}"), HANGING, layout::error_columns())
    };
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Shows a text in the last line of the terminal, in place of what it showed; an empty one clears it. `before` is how many
/// columns the text before it took.
pub(crate) fn live(text: &str, before: usize) {
    // A window that was made narrower since then has broken the text into several lines: they are all replaced.
    let broken = layout::error_columns().map_or(0, |columns| before.saturating_sub(1) / columns);
    let up = if broken > 0 && breaks_long_lines() { format!("\u{1b}[{broken}A") } else { String::new() };
    // Without the line's end, a text that is too long is cut at the edge instead of going on in the next line.
    let _ = write!(io::stderr().lock(), "\r{up}\u{1b}[J\u{1b}[?7l{text}\u{1b}[?7h");
}

/// Whether the terminal breaks long lines anew when its window becomes narrower. Those that cut them say so.
fn breaks_long_lines() -> bool {
    let cuts = |term: &str| ["linux", "rxvt"].iter().any(|name| term.starts_with(name));
    std::env::var_os("XTERM_VERSION").is_none() && !std::env::var("TERM").is_ok_and(|term| cuts(&term))
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
