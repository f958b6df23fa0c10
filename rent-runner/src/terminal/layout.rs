//! Lines that fit a terminal: how wide it is, how wide a text is, where a text is cut or goes on in the next line.
//!
//! A Korean letter takes two columns. Where nothing is known of the width (a pipe, a file), nothing is cut or wrapped:
//! programs read whole lines.

use std::io;

use crate::say::heading;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The columns of a label, with the blanks after it.
const LABEL: usize = 11;

/// What stands where a text was cut.
const ELLIPSIS: char = '…';

/// A terminal that says it is narrower than this is not believed: nothing could be shown in it.
const MIN_COLUMNS: usize = 20;

/// The columns of a line of stdout, if they are known: COLUMNS, or else what the terminal says.
pub(crate) fn columns() -> Option<usize> {
    given().or_else(|| {
        let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
        usable(width.0.into())
    })
}

/// The columns of a line of stderr, if it is a terminal. Asked for each line anew, so that a resized window counts.
pub(crate) fn error_columns() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stderr())?;
    given().or_else(|| usable(width.0.into()))
}

fn given() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.trim().parse().ok().and_then(usable)
}

fn usable(columns: usize) -> Option<usize> {
    (columns > 0).then(|| columns.max(MIN_COLUMNS))
}

/// The columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text with blanks behind it up to this many columns.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let blanks = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(blanks))
}

/// The text in at most this many columns; one that is longer ends with an ellipsis.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or_default();
        if used >= columns {
            break;
        }
        short.push(c);
    }
    let mut short = short.trim_end().to_owned();
    if columns > 0 {
        short.push(ELLIPSIS);
    }
    short
}

/// A name in at most this many columns; one that is longer is cut in its middle and keeps as many of its last words as
/// fit, with a letter before them.
pub(crate) fn cut_name(name: &str, columns: usize) -> String {
    // The widest letter and the ellipsis.
    let room = columns.saturating_sub(3);
    let tails = name.match_indices(' ').filter_map(|(at, _)| name.get(at + 1..));
    match tails.into_iter().find(|tail| width(tail) <= room) {
        Some(tail) if width(name) > columns => {
            format!("{}{tail}", cut(name, columns.saturating_sub(width(tail))))
        }
        _ => cut(name, columns),
    }
}

/// The text in lines of at most this many columns, broken between words; the second and further lines begin with
/// `indent` blanks. A word that is longer than a line stays whole, so that a path or an address can be copied.
pub(crate) fn wrapped(text: &str, indent: usize, columns: Option<usize>) -> String {
    let Some(columns) = columns else { return text.to_owned() };
    // A deep indent in a narrow window leaves no room for the text.
    let indent = if indent + MIN_COLUMNS > columns { indent.min(2) } else { indent };
    let lines = text.split('\n').map(|line| wrapped_line(line, indent, columns));
    lines.collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, indent: usize, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    // The blanks before a word belong to it, so that columns within a line stay as they are.
    let mut rest = line;
    while !rest.is_empty() {
        let word = rest.find(|c| c != ' ').unwrap_or(rest.len());
        let end = rest.get(word..).and_then(|text| text.find(' ')).map_or(rest.len(), |at| word + at);
        let (piece, tail) = rest.split_at(end);
        let text = piece.trim_start();
        if used + width(piece) > columns && used > indent && !out.trim().is_empty() {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            out.push_str(text);
            used = indent + width(text);
        } else {
            out.push_str(piece);
            used += width(piece);
        }
        rest = tail;
    }
    out
}

/// A heading in a column of its own and a text beside it, whole.
pub(crate) fn beside(name: &str, text: &str) -> String {
    format!("{}{text}", padded(&heading(name), LABEL))
}

/// A line that begins with a heading in a column of its own; what does not fit goes on below the text.
pub(crate) fn labelled(name: &str, text: &str) -> String {
    wrapped(&beside(name, text), LABEL, columns())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_korean_letter_takes_two_columns() {
        assert_eq!((width("체육공원2호"), width("court 2"), width("")), (11, 7, 0));
        assert_eq!(padded("테니스", 8), "테니스  ");
        assert_eq!(padded("too long", 3), "too long");
    }

    #[test]
    fn a_text_is_cut_with_an_ellipsis_and_never_within_a_letter() {
        for (text, columns, short) in [
            ("lost", 4, "lost"),
            ("lost: another", 6, "lost:…"),
            ("lost: another", 7, "lost:…"),
            ("체육공원2호", 11, "체육공원2호"),
            ("체육공원2호", 10, "체육공원2…"),
            ("체육공원2호", 9, "체육공원…"),
            ("체육공원2호", 8, "체육공…"),
            ("체육", 1, "…"),
            ("체육", 0, ""),
        ] {
            assert_eq!(cut(text, columns), short, "{text} {columns}");
            assert!(width(&cut(text, columns)) <= columns);
        }
    }

    #[test]
    fn a_name_is_cut_before_the_words_that_tell_it_from_others() {
        for (name, columns, short) in [
            ("체육공원2호 104번 코트", 22, "체육공원2호 104번 코트"),
            ("체육공원2호 104번 코트", 21, "체육공원2…104번 코트"),
            ("체육공원2호 104번 코트", 14, "체…104번 코트"),
            ("체육공원2호 104번 코트", 12, "체육공…코트"),
            ("체육공원2호 테니스장", 14, "체육…테니스장"),
            ("NYJ06/07/103", 10, "NYJ06/07/…"),
            ("한 테니스장", 6, "한 테…"),
        ] {
            assert_eq!(cut_name(name, columns), short, "{name} {columns}");
            assert!(width(&cut_name(name, columns)) <= columns);
        }
    }

    #[test]
    fn a_long_line_goes_on_at_a_word_below_its_text() {
        let line = "opens      2026-11-26 10:00:00 Asia/Seoul, by the rule of the dialect";
        let narrow =
            "opens      2026-11-26 10:00:00\n           Asia/Seoul, by the rule of\n           the dialect";
        assert_eq!(wrapped(line, 11, Some(40)), narrow);
        assert_eq!(wrapped(line, 11, Some(80)), line);
        assert_eq!(wrapped(line, 11, None), line);
        assert_eq!(wrapped("가나다클럽 정기 모임", 2, Some(20)), "가나다클럽 정기 모임");
        assert_eq!(wrapped("가나다클럽의 정기 모임", 2, Some(20)), "가나다클럽의 정기\n  모임");
        assert_eq!(wrapped("one\ntwo three four five six", 1, Some(20)), "one\ntwo three four five\n six");
        let path = "store      /a/very/long/path/that/is/longer/than/the/line/rent.db";
        assert_eq!(wrapped(path, 11, Some(40)), path);
    }
}
