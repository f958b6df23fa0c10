//! Tables for people. A row is one line whatever the width of the terminal.
//!
//! Where the rows are too long, the longest texts are cut first, with an ellipsis. Where a cut text would say too
//! little, columns take their short form or are left out, one after the other, in the order that the table gives them.

use super::layout::{columns, cut, cut_name, padded, width};
use crate::say::heading;

/// Between two columns.
const GAP: &str = "  ";

/// A text is not made narrower than this before columns take their short form or are left out.
const MIN_TEXT: usize = 14;

/// The least that a cut cell says.
const MIN_CUT: usize = 6;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableColumn<'h> {
    header: &'h str,
    /// The header of the short form, and when it is taken.
    short: Option<(&'h str, u8)>,
    /// When the column is left out.
    spare: Option<u8>,
    /// Whether its cells are cut.
    is_text: bool,
    /// Whether a cell is cut in its middle, because its last words tell it from others.
    is_name: bool,
}

impl<'h> TableColumn<'h> {
    /// A column that is shown whole: numbers, dates.
    pub(crate) const fn whole(header: &'h str) -> Self {
        Self { header, short: None, spare: None, is_text: false, is_name: false }
    }

    /// A column of texts that are cut where they are too long.
    pub(crate) const fn text(header: &'h str) -> Self {
        Self { is_text: true, ..Self::whole(header) }
    }

    /// A column of names, which keep their last words where they are too long: courts of one group begin alike.
    pub(crate) const fn name(header: &'h str) -> Self {
        Self { is_name: true, ..Self::text(header) }
    }

    /// Gives it a short form, with a header of its own. The steps of a table are taken in their order, the lowest first.
    pub(crate) const fn short(mut self, header: &'h str, order: u8) -> Self {
        self.short = Some((header, order));
        self
    }

    /// Lets it be left out where there is no room for it.
    pub(crate) const fn spare(mut self, order: u8) -> Self {
        self.spare = Some(order);
        self
    }
}

/// What stands in a row under a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableCell {
    long: String,
    short: Option<String>,
}

impl TableCell {
    /// A text, and the short form of it.
    pub(crate) fn or(long: impl Into<String>, short: impl Into<String>) -> Self {
        Self { long: one_line(&long.into()), short: Some(one_line(&short.into())) }
    }
}

impl From<String> for TableCell {
    fn from(text: String) -> Self {
        Self { long: one_line(&text), short: None }
    }
}

/// Line ends and other signs that would break a row become blanks.
fn one_line(text: &str) -> String {
    let parts = text.split(|c: char| c.is_control()).map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// A table of texts, of which the longest are cut where a row does not fit. Under `name` stand names.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let column =
        |header| if header == "name" { TableColumn::name(header) } else { TableColumn::text(header) };
    let header: Vec<TableColumn<'_>> = header.iter().map(|header| column(*header)).collect();
    let rows: Vec<Vec<TableCell>> =
        rows.into_iter().map(|row| row.into_iter().map(TableCell::from).collect()).collect();
    laid_out(&header, &rows, columns())
}

/// A table whose columns say what gives way where a row does not fit.
pub(crate) fn table_of(header: &[TableColumn<'_>], rows: &[Vec<TableCell>]) -> String {
    laid_out(header, rows, columns())
}

/// The table for a line of this many columns; whole if that is not known.
fn laid_out(header: &[TableColumn<'_>], rows: &[Vec<TableCell>], columns: Option<usize>) -> String {
    let mut layout = TableLayout::new(header, rows);
    let Some(columns) = columns else { return layout.written(usize::MAX) };
    let mut steps = layout.steps().into_iter();
    while !layout.fits(columns, MIN_TEXT) {
        match steps.next() {
            Some((_, step)) => layout.take(step),
            None => {
                layout.fits(columns, MIN_CUT);
                break;
            }
        }
    }
    layout.written(columns)
}

/// What makes the rows shorter.
#[derive(Clone, Copy, Debug)]
enum TableStep {
    /// The short form of this column.
    Short(usize),
    /// This column is left out.
    LeaveOut(usize),
}

/// The columns that are shown, and how.
struct TableLayout<'t> {
    header: &'t [TableColumn<'t>],
    rows: &'t [Vec<TableCell>],
    shown: Vec<ShownColumn>,
}

#[derive(Clone, Copy)]
struct ShownColumn {
    /// Which column it is.
    at: usize,
    short: bool,
    width: usize,
    is_text: bool,
}

impl<'t> TableLayout<'t> {
    fn new(header: &'t [TableColumn<'t>], rows: &'t [Vec<TableCell>]) -> Self {
        let shown = header.iter().enumerate().map(|(at, column)| {
            let mut shown = ShownColumn { at, short: false, width: 0, is_text: column.is_text };
            shown.width = natural(header, rows, shown);
            shown
        });
        Self { header, rows, shown: shown.collect() }
    }

    /// What can be done, in its order.
    fn steps(&self) -> Vec<(u8, TableStep)> {
        let of_column = |(at, column): (usize, &TableColumn<'_>)| {
            let short = column.short.map(|(_, order)| (order, TableStep::Short(at)));
            let spare = column.spare.map(|order| (order, TableStep::LeaveOut(at)));
            [short, spare]
        };
        let mut steps: Vec<(u8, TableStep)> =
            self.header.iter().enumerate().flat_map(of_column).flatten().collect();
        steps.sort_by_key(|(order, _)| *order);
        steps
    }

    fn take(&mut self, step: TableStep) {
        match step {
            TableStep::Short(at) => self.shown.iter_mut().filter(|shown| shown.at == at).for_each(|shown| {
                shown.short = true;
            }),
            TableStep::LeaveOut(at) => self.shown.retain(|shown| shown.at != at),
        }
    }

    /// Makes the widest texts narrower until a row fits; `false` if it does not with each at `min`.
    fn fits(&mut self, columns: usize, min: usize) -> bool {
        for shown in &mut self.shown {
            shown.width = natural(self.header, self.rows, *shown);
        }
        let gaps = GAP.len() * self.shown.len().saturating_sub(1);
        loop {
            let total = gaps + self.shown.iter().map(|shown| shown.width).sum::<usize>();
            if total <= columns {
                return true;
            }
            let texts = self.shown.iter_mut().filter(|shown| shown.is_text && shown.width > min);
            let mut widths: Vec<&mut usize> = texts.map(|shown| &mut shown.width).collect();
            widths.sort_unstable_by(|one, other| other.cmp(one));
            let next = widths.get(1).map_or(min, |width| **width);
            let Some(widest) = widths.first_mut() else { return false };
            // Down to the next widest, or one column further where two are as wide.
            let step = widest.saturating_sub(next).max(1).min(total - columns);
            **widest = widest.saturating_sub(step).max(min);
        }
    }

    fn written(&self, columns: usize) -> String {
        let header: Vec<String> = self.shown.iter().map(|shown| head(self.header, *shown)).collect();
        let mut lines = vec![self.line(header.iter().map(String::as_str), columns)];
        // A rule is for the eye; in a file it would be as long as the longest text.
        if columns < usize::MAX {
            let rule = self.shown.iter().map(|shown| "─".repeat(shown.width));
            lines.push(cut(&rule.collect::<Vec<_>>().join(GAP), columns));
        }
        let row = |row: &Vec<TableCell>| self.line(self.shown.iter().map(|shown| cell(row, *shown)), columns);
        lines.extend(self.rows.iter().map(row));
        lines.join("\n")
    }

    fn line<'c>(&self, cells: impl Iterator<Item = &'c str>, columns: usize) -> String {
        let cells = self.shown.iter().zip(cells);
        let is_name = |shown: &ShownColumn| self.header.get(shown.at).is_some_and(|column| column.is_name);
        let cells = cells.map(|(shown, text)| {
            let cut = if is_name(shown) { cut_name } else { cut };
            padded(&cut(text, shown.width), shown.width)
        });
        cut(cells.collect::<Vec<_>>().join(GAP).trim_end(), columns)
    }
}

/// How wide a column is if nothing is cut.
fn natural(header: &[TableColumn<'_>], rows: &[Vec<TableCell>], shown: ShownColumn) -> usize {
    let cells = rows.iter().map(|row| width(cell(row, shown)));
    cells.chain([width(&head(header, shown))]).max().unwrap_or_default()
}

/// The heading of a column, in the language in effect.
fn head(header: &[TableColumn<'_>], shown: ShownColumn) -> String {
    let Some(column) = header.get(shown.at) else { return String::new() };
    heading(match column.short {
        Some((short, _)) if shown.short => short,
        _ => column.header,
    })
}

fn cell(row: &[TableCell], shown: ShownColumn) -> &str {
    let Some(cell) = row.get(shown.at) else { return "" };
    cell.short.as_deref().filter(|_| shown.short).unwrap_or(&cell.long)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [TableColumn<'_>; 5] = [
        TableColumn::whole("number").short("no", 1),
        TableColumn::whole("opens (Asia/Seoul)").short("opens", 2),
        TableColumn::text("account").spare(3),
        TableColumn::text("court"),
        TableColumn::text("receipt or reason"),
    ];

    fn row(number: &str, court: &str, reason: &str) -> Vec<TableCell> {
        vec![
            TableCell::from(number.to_owned()),
            TableCell::or("2026-11-26 10:00:00", "11-26 10:00"),
            TableCell::from("member".to_owned()),
            TableCell::from(court.to_owned()),
            TableCell::from(reason.to_owned()),
        ]
    }

    fn rows() -> Vec<Vec<TableCell>> {
        vec![
            row("1", "NYJ06/07/103", "lost: somebody else has the time, and the day list shows their name"),
            row("12", "체육공원 테니스장 2호 코트", "거절: 한 달에 네 번까지만 예약할 수 있습니다\n(note)"),
        ]
    }

    #[test]
    fn a_row_is_one_line_at_any_width() {
        for columns in 20..=200 {
            let text = laid_out(&HEADER, &rows(), Some(columns));
            assert_eq!(text.lines().count(), 4, "{text}");
            assert!(text.lines().all(|line| width(line) <= columns), "{columns}\n{text}");
        }
        let whole = laid_out(&HEADER, &rows(), None);
        assert!(whole.contains("shows their name") && whole.contains("있습니다 (note)"), "{whole}");
    }

    #[test]
    fn texts_are_cut_before_columns_are_shortened_or_left_out() {
        let at = |columns| laid_out(&HEADER, &rows(), Some(columns));
        let (wide, middle, narrow) = (at(120), at(80), at(60));
        assert!(wide.contains("opens (Asia/Seoul)") && wide.contains("체육공원 테니스장 2호 코트"), "{wide}");
        assert!(middle.contains("2026-11-26 10:00:00") && middle.contains('…'), "{middle}");
        assert!(narrow.starts_with("no  opens        account"), "{narrow}");
        assert!(narrow.contains("\n1   11-26 10:00  member"), "{narrow}");
        assert!(!at(46).contains("account"), "{}", at(46));
    }

    #[test]
    fn columns_stand_below_each_other_in_korean_too() {
        let text = laid_out(&HEADER, &rows(), Some(100));
        let starts = text.lines().skip(2).map(|line| {
            let reason = line.find("lost").or(line.find("거절")).unwrap_or_default();
            width(&line[..reason])
        });
        let starts: Vec<usize> = starts.collect();
        assert!(starts[0] > 40 && starts[0] == starts[1], "{text}");
    }
}
