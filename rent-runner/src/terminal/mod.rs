//! Where text goes: results to stdout, the rest to stderr.

pub(crate) mod booking;
pub(crate) mod countdown;
pub(crate) mod password;
pub(crate) mod story;

use std::io::{self, IsTerminal, Write};

use comfy_table::{Table, presets};
use tracing_subscriber::filter::LevelFilter;

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

/// Writes a line for a person to stderr. Nothing can be done if nobody reads it.
pub(crate) fn note(text: &str) {
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

/// Whether a line that changes in place can be shown: not among traces.
pub(crate) fn is_live() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    io::stderr().is_terminal() && !dumb && LevelFilter::current() <= LevelFilter::WARN
}

/// Whether stderr takes colours.
pub(crate) fn colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A table for people; wide characters are counted as two.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}
