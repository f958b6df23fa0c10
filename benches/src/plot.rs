//! Bars as SVG: panels beside each other, readable on a light and on a dark page.

use std::fmt::Write as _;

/// One set of bars.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What is shown.
    pub title: String,
    /// The unit, and which end is the better one.
    pub note: String,
    /// How long a bar is.
    pub scale: Scale,
    /// From top to bottom.
    pub bars: Vec<Bar>,
}

/// How the length of a bar grows with its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// With its logarithm: ten times as much is always as much longer. Values must be above zero.
    Log,
    /// In proportion, up to this value.
    Linear(f64),
}

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it is of.
    pub label: String,
    /// How much.
    pub value: f64,
    /// Whether it is to stand out.
    pub ours: bool,
}

const COLUMNS: usize = 2;
const WIDTH: f64 = 460.0;
const LABELS: f64 = 118.0;
const VALUES: f64 = 62.0;
const ROW: f64 = 22.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 30.0;
const GAP: f64 = 16.0;

/// Both sets of colours: an image cannot ask the page it stands on, only the reader's own setting, so it
/// brings its own background.
const STYLE: &str = "\
.page{fill:#ffffff;stroke:#d0d7de}.title{fill:#1f2328;font-weight:600;font-size:14px}.note{fill:#59636e;font-size:11px}\
.label{fill:#1f2328;font-size:12px}.value{fill:#1f2328;font-size:11px;paint-order:stroke;stroke:#ffffff;stroke-width:3px}.grid{stroke:#d8dee4}.bar{fill:#9aa4b2}.ours{fill:#0a7d62}\
@media(prefers-color-scheme:dark){.page{fill:#0d1117;stroke:#3d444d}.title,.label,.value{fill:#e6edf3}.value{stroke:#0d1117}.note{fill:#9198a1}\
.grid{stroke:#2a313a}.bar{fill:#6b7686}.ours{fill:#3fc79a}}";

/// The panels as one picture, two in a row.
pub fn svg(panels: &[Panel]) -> String {
    let rows: Vec<f64> =
        panels.chunks(COLUMNS).map(|row| row.iter().map(height_of).fold(0.0, f64::max)).collect();
    let columns = panels.len().clamp(1, COLUMNS) as f64;
    let width = columns * (WIDTH + GAP) + GAP;
    let height = rows.iter().map(|row| row + GAP).sum::<f64>() + GAP;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui,-apple-system,'Segoe UI',sans-serif\" role=\"img\">\n<style>{STYLE}</style>\n\
         <rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        width - 1.0,
        height - 1.0
    );
    let mut top = GAP;
    for (row, height) in panels.chunks(COLUMNS).zip(rows) {
        for (column, panel) in row.iter().enumerate() {
            draw(panel, GAP + column as f64 * (WIDTH + GAP), top, &mut out);
        }
        top += height + GAP;
    }
    out.push_str("</svg>\n");
    out
}

fn height_of(panel: &Panel) -> f64 {
    TOP + panel.bars.len() as f64 * ROW + BOTTOM
}

fn draw(panel: &Panel, left: f64, top: f64, out: &mut String) {
    let axis = Axis::of(panel);
    let (from, room) = (left + LABELS, WIDTH - LABELS - VALUES);
    let below = top + TOP + panel.bars.len() as f64 * ROW;
    let _ = write!(
        out,
        "<text class=\"title\" x=\"{left}\" y=\"{:.1}\">{}</text>\n<text class=\"note\" x=\"{left}\" y=\"{:.1}\">{}</text>\n",
        top + 16.0,
        escaped(&panel.title),
        top + 34.0,
        escaped(&panel.note)
    );
    for mark in axis.marks() {
        let x = from + room * axis.part(mark);
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{below:.1}\"/>\n\
             <text class=\"note\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            top + TOP - 6.0,
            below + 16.0,
            number(mark)
        );
    }
    for (index, bar) in panel.bars.iter().enumerate() {
        let y = top + TOP + index as f64 * ROW;
        let length = (room * axis.part(bar.value)).max(1.5);
        let class = if bar.ours { "ours" } else { "bar" };
        let _ = write!(
            out,
            "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
             <rect class=\"{class}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"14\" rx=\"2\"/>\n\
             <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            from - 8.0,
            y + 11.5,
            escaped(&bar.label),
            y,
            from + length + 6.0,
            y + 11.0,
            if bar.value.is_finite() { number(bar.value) } else { "?".to_owned() }
        );
    }
}

/// The stretch of values that a panel shows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Axis {
    /// Powers of ten.
    Log {
        from: i32,
        to: i32,
    },
    Linear {
        to: f64,
    },
}

impl Axis {
    fn of(panel: &Panel) -> Self {
        if let Scale::Linear(to) = panel.scale {
            return Self::Linear { to };
        }
        let powers =
            panel.bars.iter().map(|bar| bar.value).filter(|v| v.is_finite() && *v > 0.0).map(f64::log10);
        let (low, high) = powers.fold((f64::MAX, f64::MIN), |(low, high), p| (low.min(p), high.max(p)));
        if low > high {
            return Self::Log { from: 0, to: 1 };
        }
        // The least bar must not vanish: there is nothing at which a logarithm begins.
        let from = (low - 0.3).floor() as i32;
        Self::Log { from, to: (high.ceil() as i32).max(from + 1) }
    }

    fn part(self, value: f64) -> f64 {
        let part = match self {
            Self::Log { from, to } => (value.log10() - f64::from(from)) / f64::from(to - from),
            Self::Linear { to } => value / to,
        };
        if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 }
    }

    fn marks(self) -> Vec<f64> {
        match self {
            Self::Log { from, to } => (from..=to).map(|power| 10_f64.powi(power)).collect(),
            Self::Linear { to } => (0..=4).map(|quarter| to * f64::from(quarter) / 4.0).collect(),
        }
    }
}

/// Three digits that count, and commas in thousands.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 99.95 || v == 0.0 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut grouped = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if part.is_empty() { grouped } else { format!("{grouped}.{part}") }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(scale: Scale, values: &[f64]) -> Panel {
        let bars = values.iter().map(|value| Bar { label: "a & <b>".to_owned(), value: *value, ours: false });
        Panel { title: "t".to_owned(), note: "n".to_owned(), scale, bars: bars.collect() }
    }

    #[test]
    fn an_axis_holds_its_bars_and_hides_none() {
        let axis = Axis::of(&panel(Scale::Log, &[3.0, 40.0, 900.0]));
        assert_eq!(axis, Axis::Log { from: 0, to: 3 });
        assert_eq!((axis.part(1.0), axis.part(1000.0), axis.part(0.0)), (0.0, 1.0, 0.0));
        assert_eq!(axis.marks(), [1.0, 10.0, 100.0, 1000.0]);
        let axis = Axis::of(&panel(Scale::Log, &[1.0]));
        assert!(axis.part(1.0) > 0.2, "{axis:?}");
        assert_eq!(Axis::of(&panel(Scale::Log, &[f64::NAN, 0.0])), Axis::Log { from: 0, to: 1 });
        assert_eq!(Axis::of(&panel(Scale::Linear(100.0), &[25.0])).part(25.0), 0.25);
    }

    #[test]
    fn numbers_have_three_digits_that_count() {
        let texts = [0.0, 0.001, 0.5, 1.234, 12.34, 123.4, 12_345.6, 1_000_000.0, -4.5].map(number);
        assert_eq!(texts, ["0", "0.001", "0.5", "1.23", "12.3", "123", "12,346", "1,000,000", "-4.5"]);
    }

    #[test]
    fn the_picture_is_whole_and_escapes_its_texts() {
        let svg = svg(&[
            panel(Scale::Log, &[1.0, f64::NAN]),
            panel(Scale::Linear(1.0), &[]),
            panel(Scale::Log, &[2.0]),
        ]);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert_eq!(svg.matches("a &amp; &lt;b&gt;").count(), 3);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
