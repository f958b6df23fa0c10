//! `show`: the story of a stored booking, or a page that was kept of it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::Application;
use namyangju_rent::clock::ClockEstimate;
use namyangju_rent::report::OpeningBracket;
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bad_input::BadInput;
use crate::cli::Show;
use crate::config::Config;
use crate::documents::readiness::{self, Readiness};
use crate::documents::{UnreadableDocument, stored};
use crate::request::courts;
use crate::runner::Identity;
use crate::say::{Language, current, heading, retold, say};
use crate::store::{
    AttemptRow, BookingHistory, BookingId, OpeningSource, RetryPace, SealPurpose, Store, StoreError,
    StoredBooking,
};
use crate::terminal::{booking, layout};
use crate::timeline::{self, Look, RunStory, Timeline};
use crate::words::{clock_sentence, counted, duration, in_words, millis, probes};
use crate::{exit, request, terminal};

/// The blanks before the second line of an attempt or an event.
const INDENT: usize = 6;

/// Tells the story, or writes the page.
pub(crate) async fn run(arguments: &Show, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let id = BookingId(arguments.id);
    if let Some(attempt) = arguments.page {
        page(&store, config, id, arguments.round, attempt).await?;
        store.close().await;
        return Ok(exit::DONE);
    }
    let mut story = match store.story(id).await {
        Err(StoreError::Unreadable(booking)) => {
            if arguments.json {
                terminal::json(&UnreadableDocument { unreadable: [stored::unreadable(&booking)] })?;
            }
            store.close().await;
            return Ok(super::name_unreadable(&[booking]));
        }
        story => story?,
    };
    courts::give_names(&store, [&mut story.booking]).await;
    if arguments.timeline.is_some() || arguments.har.is_some() {
        store.close().await;
        picture(&story, arguments)?;
        return Ok(exit::DONE);
    }
    let ready = readiness::of_booking(&story.booking, &readiness::of_held(&store).await?);
    let application = if arguments.personal {
        let vault = super::open_vault(&store, config).await?;
        Some(request::unseal(&vault, &story.booking.application)?)
    } else {
        None
    };
    if arguments.json {
        let document = stored::shown(&story, application.as_ref(), arguments.events, ready.as_ref());
        terminal::json(&document)?;
    } else {
        terminal::result(&as_text(&story, application.as_ref(), arguments.events, ready.as_ref()))?;
    }
    store.close().await;
    for part in &story.unreadable {
        terminal::error(&say!("show-unreadable", part = retold(part), id = id));
    }
    Ok(if story.unreadable.is_empty() { exit::DONE } else { exit::NO_STORE })
}

/// Draws the timeline, in the form that the file's name asks for, and writes the HAR.
fn picture(story: &BookingHistory, arguments: &Show) -> Result<()> {
    let stored = &story.booking;
    let wish = stored.choices.get(stored.wish).or(stored.choices.first());
    let title = wish.map(|wish| booking::wish(stored, wish)).unwrap_or_default();
    let title = format!("{} · {title}", stored.id);
    let base_url = request::site_at(&stored.site, stored.base_url.as_deref())
        .map(|site| site.base_url().as_str().to_owned())
        .unwrap_or_default();
    let timeline = Timeline::new(&RunStory::of(story, title, base_url), current());
    if let Some(file) = &arguments.timeline {
        let end = file.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
        let text = match end.as_deref() {
            _ if is_stdout(file) => timeline::text::picture(&timeline),
            Some("svg") => timeline::picture(&timeline, Look::File),
            Some("html" | "htm") => timeline::html::page(&timeline),
            _ => {
                return Err(BadInput(say!("show-timeline-file")).into());
            }
        };
        written(file, text.trim_end())?;
    }
    if let Some(file) = &arguments.har {
        written(file, &serde_json::to_string_pretty(&timeline::har::document(&timeline))?)?;
    }
    Ok(())
}

fn is_stdout(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Writes a text to a file, or to stdout.
fn written(file: &Path, text: &str) -> Result<()> {
    if is_stdout(file) {
        return Ok(terminal::result(text)?);
    }
    std::fs::write(file, format!("{text}\n"))
        .with_context(|| format!("{} cannot be written", file.display()))?;
    terminal::note(&say!("show-written", path = file.display()));
    Ok(())
}

/// Writes a page byte for byte.
async fn page(store: &Store, config: &Config, id: BookingId, round: Option<i64>, attempt: u32) -> Result<()> {
    let story = store.story(id).await?;
    let has_page = |row: &&AttemptRow| row.attempt.number == attempt && row.page_bytes.is_some();
    let rounds = story.attempts.iter().filter(has_page).map(|row| row.round);
    let round = rounds.filter(|found| round.is_none_or(|round| round == *found)).max();
    let page = match round {
        Some(round) => store.page(id, round, attempt).await?,
        None => None,
    };
    let Some((address, body)) = page else {
        return Err(BadInput(say!("show-no-page", id = id, attempt = attempt)).into());
    };
    if io::stdout().is_terminal() {
        // A page is bytes of somebody else, which a terminal could obey.
        return Err(BadInput(say!("show-page-on-terminal")).into());
    }
    let body = super::open_vault(store, config).await?.unseal(SealPurpose::Page, &body)?;
    let body = body.expose_secret();
    let mut out = io::stdout().lock();
    out.write_all(body)?;
    out.flush()?;
    terminal::note(&say!("show-page-bytes", bytes = body.len(), address = address));
    Ok(())
}

fn as_text(
    story: &BookingHistory,
    application: Option<&Application>,
    events: bool,
    ready: Option<&Readiness>,
) -> String {
    let mut text = head(&story.booking, application);
    if let Some(ready) = ready {
        let _ = writeln!(text, "{}", terminal::labelled("ready", &ready.in_words()));
    }
    let columns = layout::columns();
    let mut line = |row: String| {
        text.push_str(&terminal::wrapped(&row, INDENT, columns));
        text.push('\n');
    };
    for row in &story.attempts {
        attempt(row, stored::runner_of(&story.events, row).map(Identity::name_of), &story.booking)
            .into_iter()
            .for_each(&mut line);
    }
    report(story.report.as_ref()).into_iter().for_each(&mut line);
    if events {
        line(format!("\n{}", heading("events")));
        for row in &story.events {
            let (round, runner) = (row.round, Identity::name_of(&row.runner));
            line(say!(
                "show-event",
                at = row.at,
                round = round,
                runner = runner,
                event = in_words(&row.event)
            ));
        }
    }
    text
}

fn head(booking: &StoredBooking, application: Option<&Application>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{}", terminal::labelled(name, &value));
    };
    line("booking", format!("{}, {}", booking.id, booking::state(booking.state)));
    let site = booking
        .base_url
        .as_ref()
        .map_or(booking.site.clone(), |url| say!("show-site-at", site = booking.site, url = url));
    line("account", format!("{} ({site})", booking.account));
    for (index, wish) in booking.choices.iter().enumerate() {
        line(&format!("choice {}", index + 1), booking::wish(booking, wish));
    }
    let known = match booking.opens {
        OpeningSource::Given => say!("opens-given"),
        OpeningSource::Rule => say!("opens-by-rule"),
        OpeningSource::Now => say!("opens-now"),
    };
    line("opens", format!("{}, {known}", booking.opens_at));
    line("tries", tries(booking));
    match application {
        Some(application) => applicant(application).into_iter().for_each(|(name, value)| line(name, value)),
        None => line("applicant", say!("show-applicant-hidden")),
    }
    if let Some(note) = &booking.note {
        line("note", note.clone());
    }
    line("stored", say!("show-stored-changed", stored = booking.created_at, changed = booking.changed_at));
    if booking.round > 1 {
        line(&say!("show-round"), booking.round.to_string());
    }
    if let (Some(runner), Some(until)) = (&booking.owner, booking.lease_until) {
        line("held by", say!("show-held", runner = Identity::name_of(runner), until = until));
    }
    if booking.cancel_asked && !booking.state.is_over() {
        line("cancelling", say!("show-cancelling"));
    }
    if let Some(reason) = &booking.reason {
        line(if booking.state.is_over() { "reason" } else { "alarm" }, retold(reason));
    }
    if let Some(receipt) = &booking.receipt {
        line("receipt", receipt.number.clone());
    }
    if let Some(shown) = booking.shown {
        line("day list", say!("show-day-list", number = booking.wish + 1, state = retold(shown.word())));
    }
    text
}

fn tries(booking: &StoredBooking) -> String {
    let mut text =
        say!("show-tries", time = duration::text(booking.give_up_after), pace = pace(booking.pace));
    if let Some(most) = booking.most_requests {
        let _ = write!(text, "{}", say!("show-tries-most", requests = counted(most, "request")));
    }
    if !booking.lead.is_zero() {
        let _ = write!(text, "{}", say!("show-tries-lead", lead = duration::text(booking.lead)));
    }
    if let Some(offset) = booking.clock_offset_micros {
        let apart = duration::text(Duration::from_micros(offset.unsigned_abs()));
        let clock = match offset < 0 {
            true => say!("show-tries-behind", apart = apart),
            false => say!("show-tries-ahead", apart = apart),
        };
        text.push_str(&clock);
    }
    text
}

/// How the attempts follow each other, in a word.
fn pace(pace: RetryPace) -> String {
    match pace {
        RetryPace::Default => say!("pace-default"),
        RetryPace::Original => say!("pace-original"),
    }
}

/// The applicant's data, line by line.
pub(super) fn applicant(application: &Application) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("club", application.club_name.clone()),
        ("people", application.head_count.to_string()),
        ("event", application.event_name.clone()),
        ("purpose", application.purpose.clone()),
    ];
    let further = [
        ("applicant", application.applicant_name.clone()),
        ("telephone", application.telephone.as_ref().map(|phone| phone.to_wire())),
        ("mobile", application.mobile.as_ref().map(|phone| phone.to_wire())),
        ("discount", application.discount.clone()),
    ];
    lines.extend(further.into_iter().filter_map(|(name, value)| Some((name, value?))));
    lines
}

/// Who made an attempt, by the events around it.
fn attempt(row: &AttemptRow, runner: Option<&str>, booking: &StoredBooking) -> Vec<String> {
    let attempt = &row.attempt;
    let round = if booking.round > 1 { say!("show-attempt-round", round = row.round) } else { String::new() };
    let by = runner.map(|runner| say!("show-attempt-by", runner = runner)).unwrap_or_default();
    let mut lines = vec![format!(
        "\n{}",
        say!(
            "show-attempt",
            round = round,
            number = attempt.number,
            choice = attempt.wish + 1,
            began = attempt.began,
            by = by,
            route = attempt.route
        )
    )];
    for visit in &attempt.visits {
        lines.push(say!(
            "show-visit",
            at = visit.sent.time_text(),
            step = layout::padded(&retold(&visit.step.to_string()), 14),
            first = millis(visit.first_byte),
            whole = millis(visit.done)
        ));
    }
    let place = attempt.step.to_string();
    let text = if attempt.text.starts_with(&place) {
        attempt.text.clone()
    } else {
        format!("{place}: {}", attempt.text)
    };
    lines.push(match current() {
        Language::Korean => format!("  {}", retold(&text)),
        Language::English => format!("  {}: {text}", attempt.answer),
    });
    if let Some(bytes) = row.page_bytes {
        let (id, number) = (booking.id, attempt.number);
        lines.push(say!("show-page-kept", bytes = bytes, id = id, number = number));
    }
    lines
}

/// What the last report tells beyond the attempts.
fn report(report: Option<&Value>) -> Vec<String> {
    let Some(report) = report else { return Vec::new() };
    let mut lines = vec![String::new()];
    if let Some(clock) = field::<ClockEstimate>(report, "clock") {
        let text = say!("event-clock-read", clock = clock_sentence(&clock), probes = probes(&clock));
        lines.push(terminal::labelled("clock", &text));
    }
    if let Some(opening) = field::<OpeningBracket>(report, "opening") {
        let seen = match (opening.after, opening.before) {
            (Some(after), Some(before)) => Some(say!("show-opening-between", after = after, before = before)),
            (Some(after), None) => Some(say!("show-opening-never", after = after)),
            (None, Some(before)) => Some(say!("show-opening-before", before = before)),
            (None, None) => None,
        };
        lines.extend(seen.map(|seen| terminal::labelled("opening", &seen)));
    }
    if let Some(requests) = field::<u32>(report, "requests") {
        let after = field::<u32>(report, "requests_after_opening")
            .map(|after| say!("show-requests-after", after = after))
            .unwrap_or_default();
        lines.push(terminal::labelled("requests", &format!("{requests}{after}")));
    }
    lines
}

fn field<T: DeserializeOwned>(report: &Value, name: &str) -> Option<T> {
    serde_json::from_value(report.get(name)?.clone()).ok()
}
