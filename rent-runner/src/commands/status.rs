//! `status`: how the store and its runners stand, at a glance.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::SeoulTime;
use namyangju_rent::aim::Stamp;
use namyangju_rent::clock::{Clock as _, ClockFacts, SystemClock};

use crate::cli::Status;
use crate::config::Config;
use crate::documents::StatusFacts;
use crate::runner::Identity;
use crate::say::{self, retold, say};
use crate::store::{Filter, OpeningRow, RunnerRow, State};
use crate::terminal::labelled;
use crate::words::{counted, duration};
use crate::{exit, terminal, words};

/// Tells it.
pub(crate) async fn run(arguments: &Status, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let facts = StatusFacts::read(&store).await?;
    if arguments.json {
        terminal::json(&facts.document(&store))?;
        return Ok(exit::DONE);
    }
    let StatusFacts { runners, counts, next, failing, openings, clocks, refused, held, channels, .. } = facts;
    let mut lines = vec![labelled("store", store.address())];
    let mut states: Vec<_> = counts
        .iter()
        .filter(|(_, many)| *many > 0)
        .map(|(state, many)| say!("status-count", many = many, state = terminal::booking::state_word(*state)))
        .collect();
    if states.is_empty() {
        states.push(say!("none"));
    }
    lines.push(labelled("bookings", &states.join(", ")));
    if let Some(next) = next {
        lines.push(labelled("", &say!("status-next", next = next)));
    }
    let first = Filter { states: vec![State::Waiting, State::Armed], most: Some(1), ..Filter::default() };
    for booking in store.bookings(&first).await? {
        if let Some(alarm) = &booking.reason {
            lines.push(labelled("alarm", &say!("status-alarm", id = booking.id, alarm = retold(alarm))));
        }
    }
    for (id, ready) in &held {
        let ready = say!("status-ready", id = id, ready = ready.in_words());
        lines.push(labelled("ready", &ready));
    }
    for runner in &runners {
        lines.push(labelled("runner", &line(runner)));
    }
    if runners.is_empty() {
        lines.push(labelled("runner", &say!("status-no-runner")));
    }
    for (name, at) in &refused {
        let held = words::login_held(name);
        lines.push(labelled("account", &say!("status-refused", name = name, at = at, held = held)));
    }
    for channel in &channels {
        let text = match &channel.problem {
            Some(why) => format!("{}: {}", channel.name, retold(why)),
            None => {
                say!("status-channel", name = channel.name, until = say::day(channel.refresh_until.date()))
            }
        };
        lines.push(labelled("channel", &text));
    }
    for message in &failing {
        let error = message.last_error.as_deref().unwrap_or_default();
        let tries = counted(message.tries, "try");
        let text = say!(
            "status-message",
            kind = message.kind,
            channel = message.channel,
            tries = tries,
            error = error
        );
        lines.push(labelled("message", &text));
    }
    for row in &openings {
        lines.push(labelled("opened", &opened(row)));
    }
    for (site, facts) in &clocks {
        lines.push(labelled("clock", site));
        lines.extend(learnt(facts, SystemClock.now()).iter().map(|line| labelled("", line)));
    }
    terminal::result(&lines.join("\n"))?;
    store.close().await;
    Ok(exit::DONE)
}

fn line(runner: &RunnerRow) -> String {
    let name = Identity::name_of(&runner.name);
    let holds = counted(runner.holds, "booking");
    match runner.stopped_at {
        Some(at) => say!("status-runner-stopped", name = name, at = at),
        None => {
            let ago = SystemClock.now().since(runner.seen_at).as_secs();
            say!("status-runner", name = name, since = runner.started_at, ago = ago, holds = holds)
        }
    }
}

fn opened(row: &OpeningRow) -> String {
    let OpeningRow { place, date, expected, bracket } = row;
    let between = match (bracket.after, bracket.before) {
        (Some(after), Some(before)) => {
            say!("status-seen-between", after = after.time_text(), before = before.time_text())
        }
        (Some(after), None) => say!("status-seen-after", after = after.time_text()),
        (None, Some(before)) => say!("status-seen-before", before = before.time_text()),
        (None, None) => say!("status-seen-unknown"),
    };
    say!("status-opened", place = place, date = date, expected = expected, between = between)
}

/// What was learnt of a site's clock, and how long ago.
fn learnt(facts: &ClockFacts, now: SeoulTime) -> Vec<String> {
    let days = facts.learned_at.map(|at| now.since(at).as_secs() / (24 * 3600));
    let age = match days {
        None => say!("status-learnt-unknown"),
        Some(0) => say!("today"),
        Some(days) => say!("status-ago", days = counted(u32::try_from(days).unwrap_or(u32::MAX), "day")),
    };
    let unused = if facts.are_of_use(now) { "" } else { &say!("status-unused") };
    let mut lines = vec![say!("status-learnt", age = age, unused = unused)];
    lines.extend(match facts.stamp {
        Stamp::Arrival => Some(say!("status-stamp-arrival")),
        Stamp::Departure => Some(say!("status-stamp-departure")),
        Stamp::Unknown => None,
    });
    if facts.own_stamp.is_some() {
        lines.push(say!("status-own-stamp"));
    }
    let time = |micros| words::millis(Duration::from_micros(micros));
    if let Some(network) = facts.network_micros {
        let script = facts.script_micros.map(|script| say!("status-page-takes", time = time(script)));
        lines.push(say!("status-round-trip", time = time(network), more = script.unwrap_or_default()));
    }
    lines.extend(facts.keep_alive_micros.map(|kept| match kept {
        0 => say!("status-closes"),
        kept => say!("status-keeps", time = duration::text(Duration::from_micros(kept))),
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learnt_is_told_with_its_age_and_fits_the_terminal() {
        let now: SeoulTime = "2026-11-26 10:00:00".parse().unwrap();
        let told = |json: &str| learnt(&serde_json::from_str(json).unwrap(), now);
        let all = r#"{"stamp":"departure","own_stamp":"expires","keep_alive_micros":5000000,"network_micros":40000,
            "script_micros":120000,"learned_at":"2026-10-26T10:00:03+09:00"}"#;
        assert_eq!(
            told(all),
            [
                "learnt 30 days ago",
                "its pages are dated when the answer leaves",
                "a cookie tells the time of its application",
                "there and back 40.0 ms, a page takes 120.0 ms more",
                "it keeps an idle connection for 5s",
            ]
        );
        assert!(told(all).iter().all(|line| line.len() <= 69));
        let old = r#"{"keep_alive_micros":0,"learned_at":"2026-01-26T10:00:00+09:00"}"#;
        assert_eq!(
            told(old),
            ["learnt 304 days ago: not used any more", "it closes each connection after its answer"]
        );
        assert_eq!(told("{}"), ["learnt at an unknown time: not used any more"]);
    }
}
