//! A timeline as SVG, without a script, a font or an address of somebody else.
//!
//! Each row is a line of words with its bars below, so that the words fit a telephone and stand where the bar is. A kind
//! of bar has a colour and a pattern: printed in black and white it still reads. Each bar has a `<title>`. Colours come
//! from classes, because a page's policy lets no style stand in the picture; a file of its own brings them along.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::axis::Axis;
use super::labels::{millis, signed};
use super::{Bar, BarKind, PictureRow, Timeline};

/// How wide a picture is, and whether it stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// For a telephone's page.
    Narrow,
    /// For a page.
    Wide,
    /// A file of its own.
    File,
}

impl Look {
    fn width(self) -> f64 {
        match self {
            Self::Narrow => 340.0,
            Self::Wide | Self::File => 900.0,
        }
    }

    /// The start of the names of patterns: two pictures may stand on one page.
    fn prefix(self) -> &'static str {
        match self {
            Self::Narrow => "n",
            Self::Wide => "w",
            Self::File => "f",
        }
    }
}

/// The colours of a file; those of the page are in its style, under the same names.
pub(super) const STYLE: &str = "\
.tl { --ground: #fff; --ink: #17201b; --soft: #55605a; --connect: #b35c00; --network: #1f5fa8; --site: #0b6b3a; \
--nothing: #a3201a; }
@media (prefers-color-scheme: dark) { .tl { --ground: #121613; --ink: #eef3ef; --soft: #a9b5ad; --connect: #f0a55c; \
--network: #9cc7ff; --site: #6fd39a; --nothing: #ff9c94; } }
.tl-ground { fill: var(--ground); } .tl-ink { fill: var(--ink); } .tl-soft { fill: var(--soft); }
.tl-bad { fill: var(--nothing); }
.tl text { stroke: var(--ground); stroke-width: 3px; paint-order: stroke; }
.tl-line { stroke: var(--ink); } .tl-grid { stroke: var(--soft); }
.tl-connect { stroke: var(--connect); } .tl-network { stroke: var(--network); fill: var(--network); }
.tl-site { stroke: var(--site); fill: var(--site); } .tl-body { stroke: var(--site); }
.tl-rim-network { stroke: var(--network); }
.tl-nothing { stroke: var(--nothing); } .tl-doubt { stroke: var(--soft); }
";

/// The sizes of what is drawn.
const FONT: f64 = 13.0;
const LINE: f64 = 17.0;
const BAR: f64 = 14.0;
const GAP: f64 = 9.0;
const MARGIN: f64 = 8.0;

/// The width of one column of letters; a Korean letter has two.
const COLUMN: f64 = 7.2;

/// The most events before the first attempt that are drawn.
const MAX_PREPARED: usize = 6;

impl BarKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Doubt => "doubt",
            Self::Connect => "connect",
            Self::Network => "network",
            Self::Site => "site",
            Self::Body => "body",
            Self::Nothing => "nothing",
        }
    }
}

/// Text as it may stand in XML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Words in lines of at most so many columns.
fn lines(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() || line.width() + 1 + word.width() <= columns {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    // A word that is longer than a line is cut.
    for line in &mut lines {
        while line.width() > columns && line.pop().is_some() {}
    }
    lines
}

/// What is drawn so far, and how far down it reaches.
struct Canvas {
    out: String,
    y: f64,
    width: f64,
    columns: usize,
}

impl Canvas {
    fn text(&mut self, class: &str, weight: &str, text: &str) {
        for line in lines(text, self.columns) {
            self.y += LINE;
            let _ = write!(
                self.out,
                "<text x=\"{MARGIN}\" y=\"{:.1}\" class=\"{class}\"{weight}>{}</text>",
                self.y,
                escaped(&line)
            );
        }
    }

    /// The place on the picture of a place on the axis.
    fn x(&self, place: f64) -> f64 {
        MARGIN + place * (self.width - 2.0 * MARGIN)
    }
}

/// The picture.
pub(crate) fn picture(timeline: &Timeline, look: Look) -> String {
    let width = look.width();
    let labels = timeline.labels;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dozen columns")]
    let columns = ((width - 2.0 * MARGIN) / COLUMN) as usize;
    let mut canvas = Canvas { out: String::new(), y: MARGIN, width, columns };
    // A page says both itself, where a person can select the words.
    if look == Look::File {
        canvas.text("tl-ink", " font-weight=\"700\"", &format!("{} — {}", timeline.title, timeline.verdict));
        for sign in &timeline.signs {
            canvas.text("tl-ink", "", &format!("• {sign}"));
        }
    }
    if timeline.has_requests() {
        canvas.y += GAP;
        for (at, text) in timeline.prepared.iter().rev().take(MAX_PREPARED).rev() {
            canvas.text("tl-soft", "", &format!("{} {text}", at.time_text()));
        }
        canvas.y += GAP;
        draw(&mut canvas, timeline, look);
        key(&mut canvas, timeline, look);
    } else {
        canvas.text("tl-soft", "", labels.nothing_yet);
        for (at, text) in &timeline.prepared {
            canvas.text("tl-soft", "", &format!("{} {text}", at.time_text()));
        }
    }
    let height = canvas.y + MARGIN;
    let style = if look == Look::File { format!("<style>{STYLE}</style>") } else { String::new() };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tl tl-{}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" lang=\"{}\" role=\"img\" aria-label=\"{}\" \
         font-family=\"system-ui, 'Noto Sans CJK KR', 'Malgun Gothic', sans-serif\" font-size=\"{FONT}\">{style}{}\
         <rect width=\"100%\" height=\"100%\" class=\"tl-ground\"/>{}</svg>",
        look.prefix(),
        labels.tag,
        escaped(&spoken(timeline)),
        patterns(look),
        canvas.out,
    )
}

/// What a screen reader says for the picture.
fn spoken(timeline: &Timeline) -> String {
    let mut text = format!("{}: {} — {}.", timeline.labels.timeline, timeline.title, timeline.verdict);
    for sign in &timeline.signs {
        let _ = write!(text, " {sign}");
    }
    text
}

fn patterns(look: Look) -> String {
    let prefix = look.prefix();
    let pattern = |kind: BarKind, size: u8, inside: &str| {
        format!(
            "<pattern id=\"{prefix}-{}\" width=\"{size}\" height=\"{size}\" patternUnits=\"userSpaceOnUse\">{inside}</pattern>",
            kind.word()
        )
    };
    let mut out = "<defs>".to_owned();
    let path = |class: &str, path: &str| {
        format!("<path d=\"{path}\" class=\"tl-{class}\" stroke-width=\"1.4\" fill=\"none\"/>")
    };
    out += &pattern(BarKind::Connect, 6, &path("connect", "M-1 7L7 -1M-1 1L1 -1M5 7L7 5"));
    out += &pattern(
        BarKind::Network,
        5,
        "<circle cx=\"2.5\" cy=\"2.5\" r=\"1.3\" class=\"tl-network\" stroke=\"none\"/>",
    );
    out += &pattern(BarKind::Body, 4, &path("body", "M0 2H4"));
    out += &pattern(BarKind::Nothing, 7, &path("nothing", "M0 0L7 7M0 7L7 0"));
    out += &pattern(BarKind::Doubt, 4, &path("doubt", "M2 0V4"));
    out + "</defs>"
}

fn draw(canvas: &mut Canvas, timeline: &Timeline, look: Look) {
    let axis = axis_of(timeline);
    let top = canvas.y;
    let scale = if timeline.waits_for_opening { timeline.labels.by_site } else { timeline.labels.by_first };
    let mut rows = Canvas { out: String::new(), y: top + LINE, width: canvas.width, columns: canvas.columns };
    rows.text("tl-soft", "", scale);
    for row in &timeline.rows {
        row_of(&mut rows, &axis, row, timeline, look);
    }
    let bottom = rows.y;
    // The grid lies below the rows.
    let mut last = f64::NEG_INFINITY;
    let about = if look == Look::Narrow { 4 } else { 9 };
    let zero = timeline.waits_for_opening
        && !axis.cuts().iter().any(|cut| {
            let at = axis.place(0);
            at > cut.at && at < cut.at + cut.share
        });
    let zero_x = canvas.x(axis.place(0));
    for tick in axis.ticks(about).into_iter().filter(|tick| *tick != 0) {
        let x = canvas.x(axis.place(tick));
        let name = signed(tick);
        let room = COLUMN * 0.5 * f64::from(u32::try_from(name.width()).unwrap_or(10));
        let _ = write!(
            canvas.out,
            "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\" class=\"tl-grid\" stroke-width=\".5\" stroke-dasharray=\"1 4\"/>",
            top + LINE
        );
        let is_free = x - room > last && x + room < canvas.width && x - room > 0.0;
        if is_free && (!zero || (x - zero_x).abs() > room + 34.0) {
            last = x + room + 4.0;
            let _ = write!(
                canvas.out,
                "<text x=\"{x:.1}\" y=\"{:.1}\" class=\"tl-soft\" text-anchor=\"middle\" font-size=\"11\">{name}</text>",
                top + LINE - 4.0
            );
        }
    }
    if zero {
        let anchor = if zero_x < 40.0 {
            "start"
        } else if zero_x > canvas.width - 40.0 {
            "end"
        } else {
            "middle"
        };
        let _ = write!(
            canvas.out,
            "<line x1=\"{zero_x:.1}\" y1=\"{:.1}\" x2=\"{zero_x:.1}\" y2=\"{bottom:.1}\" class=\"tl-line\" stroke-width=\"1.6\"/>\
             <text x=\"{zero_x:.1}\" y=\"{:.1}\" class=\"tl-ink\" text-anchor=\"{anchor}\" font-size=\"11\" font-weight=\"700\">{}</text>",
            top + LINE,
            top + LINE - 4.0,
            timeline.labels.opening
        );
    }
    for cut in axis.cuts() {
        let (from, to) = (canvas.x(cut.at), canvas.x(cut.at + cut.share));
        let middle = f64::midpoint(from, to);
        let _ = write!(
            canvas.out,
            "<line x1=\"{middle:.1}\" y1=\"{:.1}\" x2=\"{middle:.1}\" y2=\"{bottom:.1}\" class=\"tl-grid\" \
             stroke-width=\"{:.1}\" stroke-dasharray=\"2 6\" opacity=\".35\"><title>{} {}</title></line>",
            top + LINE,
            (to - from).clamp(2.0, 10.0),
            timeline.labels.pause,
            millis(cut.micros)
        );
    }
    canvas.out += &rows.out;
    canvas.y = bottom;
}

/// The axis over all bars, and the opening.
pub(super) fn axis_of(timeline: &Timeline) -> Axis {
    let mut shown: Vec<_> =
        timeline.rows.iter().flat_map(|row| row.bars.iter().map(|bar| (bar.from, bar.to))).collect();
    if timeline.waits_for_opening {
        shown.push((0, 0));
    }
    Axis::new(shown)
}

fn row_of(canvas: &mut Canvas, axis: &Axis, row: &PictureRow, timeline: &Timeline, look: Look) {
    canvas.y += GAP / 2.0;
    let class = if row.is_good { "tl-ink" } else { "tl-bad" };
    canvas.text(class, "", &format!("{}: {}", row.label, row.note));
    canvas.y += 4.0;
    let y = canvas.y;
    for bar in &row.bars {
        let (from, to) = (canvas.x(axis.place(bar.from)), canvas.x(axis.place(bar.to)));
        let title = title_of(bar, row, timeline);
        canvas.out += &swatch(bar.kind, from, y, (to - from).max(2.0), &title, look);
    }
    canvas.y += if row.bars.is_empty() { 0.0 } else { BAR };
    canvas.y += GAP / 2.0;
}

fn title_of(bar: &Bar, row: &PictureRow, timeline: &Timeline) -> String {
    let size = millis(bar.to.saturating_sub(bar.from));
    format!("{}: {} {size} ({})", row.label, timeline.labels.bar(bar.kind), signed(bar.from))
}

fn swatch(kind: BarKind, x: f64, y: f64, width: f64, title: &str, look: Look) -> String {
    let word = kind.word();
    let fill = match kind {
        // The one that is filled: the site's own time is what nobody can do anything about.
        BarKind::Site => String::new(),
        _ => format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" class=\"tl-ground\" stroke=\"none\"/>"
        ),
    };
    let paint = match kind {
        BarKind::Site => String::new(),
        _ => format!(" fill=\"url(#{}-{word})\"", look.prefix()),
    };
    let class = match kind {
        // Its class has a fill of its own, for the dots of the pattern.
        BarKind::Network => "tl-rim-network",
        BarKind::Site => "tl-site",
        BarKind::Connect => "tl-connect",
        BarKind::Body => "tl-body",
        BarKind::Nothing => "tl-nothing",
        BarKind::Doubt => "tl-doubt",
    };
    format!(
        "{fill}<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" class=\"{class}\"{paint} stroke-width=\"1\"><title>{}</title></rect>",
        escaped(title)
    )
}

/// What each pattern means: only of those that are drawn.
fn key(canvas: &mut Canvas, timeline: &Timeline, look: Look) {
    let drawn = |kind| timeline.rows.iter().any(|row| row.bars.iter().any(|bar| bar.kind == kind));
    canvas.y += GAP;
    let mut x = MARGIN;
    canvas.y += GAP;
    for kind in BarKind::ALL.into_iter().filter(|kind| drawn(*kind)) {
        let name = timeline.labels.bar(kind);
        let letters: usize = name.chars().filter_map(char::width).sum();
        let room = 34.0 + COLUMN * f64::from(u32::try_from(letters).unwrap_or(20)) + 14.0;
        if x + room > canvas.width && x > MARGIN {
            x = MARGIN;
            canvas.y += LINE + 6.0;
        }
        canvas.out += &swatch(kind, x, canvas.y, 26.0, name, look);
        let _ = write!(
            canvas.out,
            "<text x=\"{:.1}\" y=\"{:.1}\" class=\"tl-soft\">{name}</text>",
            x + 32.0,
            canvas.y + 12.0
        );
        x += room;
    }
    canvas.y += BAR + 4.0;
}
