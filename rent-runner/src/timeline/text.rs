//! A timeline for a terminal: 80 columns, block characters for the kinds of bars.

use unicode_width::UnicodeWidthStr as _;

use super::labels::signed;
use super::svg::axis_of;
use super::{BarKind, Timeline};
use crate::terminal::wrapped;

/// The columns of a line.
const COLUMNS: usize = 80;

/// The columns of the bars, and the blanks before them.
const BARS: usize = 74;
const INDENT: usize = 4;

impl BarKind {
    fn letter(self) -> char {
        match self {
            Self::Doubt => '┄',
            Self::Connect => '/',
            Self::Network => '░',
            Self::Site => '█',
            Self::Body => '▒',
            Self::Nothing => '×',
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 73")]
fn column(place: f64) -> usize {
    (place.clamp(0.0, 1.0) * 73.0).round() as usize
}

/// The timeline in lines.
pub(crate) fn picture(timeline: &Timeline) -> String {
    let labels = timeline.labels;
    let mut out: Vec<String> = Vec::new();
    let folded = |text: &str| wrapped(text, INDENT, Some(COLUMNS));
    out.push(folded(&format!("{} — {}", timeline.title, timeline.verdict)));
    timeline.signs.iter().for_each(|sign| out.push(folded(&format!("  • {sign}"))));
    timeline.prepared.iter().for_each(|(at, text)| out.push(folded(&format!("  {} {text}", at.time_text()))));
    if !timeline.has_requests() {
        out.push(folded(&format!("  {}", labels.nothing_yet)));
        return joined(&out);
    }
    out.push(folded(if timeline.waits_for_opening { labels.by_site } else { labels.by_first }));
    let axis = axis_of(timeline);
    let zero = timeline.waits_for_opening.then(|| column(axis.place(0)));
    let ends = axis.ticks(6);
    if let Some(zero) = zero {
        let name = format!("{} {}", labels.opening, timeline.zero.time_text());
        // On the left of its mark where there is no room on the right.
        let room = COLUMNS.saturating_sub(INDENT + zero + 2 + name.width());
        out.push(match room {
            0 => format!("{}{name} ▼", " ".repeat((INDENT + zero).saturating_sub(name.width() + 1))),
            _ => format!("{}▼ {name}", " ".repeat(INDENT + zero)),
        });
    }
    for row in &timeline.rows {
        out.push(folded(&format!("  {}: {}", row.label, row.note)));
        if row.bars.is_empty() {
            continue;
        }
        let mut cells = [' '; BARS];
        if let Some(cell) = zero.and_then(|zero| cells.get_mut(zero)) {
            *cell = '│';
        }
        for bar in &row.bars {
            let (from, to) = (column(axis.place(bar.from)), column(axis.place(bar.to)));
            for cell in cells.iter_mut().take(to.max(from) + 1).skip(from) {
                *cell = bar.kind.letter();
            }
        }
        let cells: String = cells.iter().collect();
        out.push(format!("{}{}", " ".repeat(INDENT), cells.trim_end()));
    }
    if let (Some(first), Some(last)) = (ends.first(), ends.last()) {
        out.push(folded(&format!("  {} … {}", signed(*first), signed(*last))));
    }
    let key: Vec<_> =
        BarKind::ALL.iter().map(|kind| format!("{} {}", kind.letter(), labels.bar(*kind))).collect();
    out.push(folded(&format!("  {}", key.join("  "))));
    joined(&out)
}

fn joined(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}
