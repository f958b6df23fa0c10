//! `calendar`: the times that were won, as iCalendar (RFC 5545).

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Result;
use namyangju_rent::SeoulTime;
use namyangju_rent::schedule::TimeOfDay;

use crate::bad_input::BadInput;
use crate::cli::Calendar;
use crate::config::Config;
use crate::request::courts;
use crate::say::say;
use crate::store::{Filter, FoundBookings, State, StoredBooking};
use crate::terminal;
use crate::terminal::booking;
use crate::words::{counted, many};

/// The longest line in bytes, without its end (RFC 5545, 3.1).
const MAX_LINE: usize = 75;

/// Writes the file, or stdout.
pub(crate) async fn run(arguments: &Calendar, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    if let Some(account) = &arguments.account {
        store.account(account).await?;
    }
    let account = arguments.account.clone();
    let filter = Filter { states: vec![State::Succeeded], account, ..Filter::default() };
    let FoundBookings { bookings: mut won, unreadable } = store.listed(&filter).await?;
    courts::give_names(&store, &mut won).await;
    store.close().await;
    let text = calendar(&won, &names(&won));
    match &arguments.output {
        Some(path) => write_whole(path, &text)
            .map_err(|error| BadInput(say!("cannot-be-written", path = path.display(), error = error)))?,
        None => terminal::result(&text)?,
    }
    terminal::note(&say!("calendar-won", times = counted(many(won.len()), "time")));
    Ok(super::name_unreadable(&unreadable))
}

/// The names of the courts, as far as they are known.
fn names(bookings: &[StoredBooking]) -> HashMap<String, String> {
    let named = bookings.iter().filter_map(|booking| {
        let place = &booking::choice(booking)?.place;
        Some((place.to_string(), booking.names.get(place)?.to_owned()))
    });
    named.collect()
}

/// The whole calendar, lines folded and ended by CRLF.
pub(super) fn calendar(won: &[StoredBooking], names: &HashMap<String, String>) -> String {
    let mut out = String::new();
    let mut line = |text: &str| fold(&mut out, text);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//rent-runner//won times//EN");
    line("CALSCALE:GREGORIAN");
    for booking in won {
        event(booking, names).iter().for_each(|text| line(text));
    }
    line("END:VCALENDAR");
    out
}

fn event(booking: &StoredBooking, names: &HashMap<String, String>) -> Vec<String> {
    let Some(wish) = booking::choice(booking) else { return Vec::new() };
    let place = wish.place.to_string();
    let name = names.get(&place).map_or(place.as_str(), String::as_str);
    let mut about = vec![format!("{place} {} {} (Asia/Seoul)", wish.date, wish.range)];
    if let Some(receipt) = &booking.receipt {
        about.push(say!("calendar-receipt", receipt = receipt));
    }
    about.extend(booking.note.clone());
    about.push(format!("rent-runner show {}", booking.id));
    let at = |time: TimeOfDay| utc(wish.date.at(time));
    vec![
        "BEGIN:VEVENT".to_owned(),
        // When it was stored tells numbers of several databases apart.
        format!("UID:{}-{}@rent-runner", booking.created_at.unix_micros(), booking.id),
        format!("DTSTAMP:{}", utc(booking.changed_at)),
        format!("DTSTART:{}", at(wish.range.start())),
        format!("DTEND:{}", at(wish.range.end())),
        format!("SUMMARY:{}", escaped(name)),
        format!("LOCATION:{}", escaped(name)),
        format!("DESCRIPTION:{}", escaped(&about.join("\n"))),
        "STATUS:CONFIRMED".to_owned(),
        "END:VEVENT".to_owned(),
    ]
}

/// An instant in UTC as iCalendar writes it.
fn utc(at: SeoulTime) -> String {
    const DAY: i64 = 86_400;
    let seconds = at.unix_seconds();
    let of_day = seconds.rem_euclid(DAY);
    // At midnight UTC it is 09:00 of the same day in Seoul.
    let midnight = SeoulTime::from_unix_micros((seconds - of_day).saturating_mul(1_000_000));
    let (hours, minutes, seconds) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{}T{hours:02}{minutes:02}{seconds:02}Z", midnight.date().compact())
}

/// A text without the characters that have a meaning (RFC 5545, 3.3.11).
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Adds a line, folded before it is too long and never within a character.
fn fold(out: &mut String, text: &str) {
    let mut length = 0;
    for c in text.chars() {
        if length + c.len_utf8() > MAX_LINE {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out.push_str("\r\n");
}

/// Writes beside the file and renames: a reader sees the old one or the new one.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
