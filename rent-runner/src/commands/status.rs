//! `status`: how the store and its runners stand, at a glance.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::SeoulTime;
use namyangju_rent::aim::Stamp;
use namyangju_rent::clock::{Clock as _, ClockFacts, SystemClock};
use serde_json::json;

use crate::cli::Status;
use crate::config::Config;
use crate::runner::Identity;
use crate::store::{Account, Filter, OpeningRow, RunnerRow, State, Store};
use crate::words::{counted, duration};
use crate::{exit, request, terminal, words};

/// How many true opening instants, and messages that do not arrive, are shown.
const MAX_SHOWN: u32 = 10;

/// Tells it.
pub(crate) async fn run(arguments: &Status, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let runners = store.runners().await?;
    let counts = store.counts().await?;
    let next = store.next_opening().await?;
    let failing = store.messages_failing(MAX_SHOWN).await?;
    let openings = openings(&store).await?;
    let clocks = store.site_clocks().await?;
    let refused = super::refused_accounts(&store).await?;
    if arguments.json {
        let runners: Vec<_> = runners
            .iter()
            .map(|runner| {
                json!({
                    "name": Identity::name_of(&runner.name),
                    "identity": runner.name,
                    "started_at": runner.started_at,
                    "seen_at": runner.seen_at,
                    "stopped_at": runner.stopped_at,
                    "holds": runner.holds,
                })
            })
            .collect();
        let counts: serde_json::Map<_, _> =
            counts.iter().map(|(state, many)| (state.as_str().to_owned(), json!(many))).collect();
        let openings: Vec<_> = openings
            .iter()
            .map(|row| {
                json!({
                    "place": row.place, "date": row.date, "expected": row.expected,
                    "after": row.bracket.after, "before": row.bracket.before,
                })
            })
            .collect();
        let failing: Vec<_> = failing
            .iter()
            .map(|message| {
                json!({
                    "channel": message.channel, "kind": message.kind, "booking": message.booking,
                    "tries": message.tries, "error": message.last_error, "at": message.created_at,
                })
            })
            .collect();
        terminal::json(&json!({
            "store": store.address(), "runners": runners, "bookings": counts, "next_unclaimed_opening": next,
            "messages_waiting": store.messages_waiting().await?, "messages_failing": failing,
            "openings_seen": openings,
            "site_clocks": clocks.iter().map(|(site, facts)| json!({ "site": site, "learnt": facts })).collect::<Vec<_>>(),
            "accounts_refused": refused.iter().map(|(name, at)| json!({ "name": name, "at": at })).collect::<Vec<_>>(),
        }))?;
        return Ok(exit::DONE);
    }
    let mut lines = vec![format!("store      {}", store.address())];
    let mut states: Vec<_> = counts
        .iter()
        .filter(|(_, many)| *many > 0)
        .map(|(state, many)| format!("{many} {}", state.as_str()))
        .collect();
    if states.is_empty() {
        states.push("none".to_owned());
    }
    lines.push(format!("bookings   {}", states.join(", ")));
    if let Some(next) = next {
        lines.push(format!("           the next booking that no runner holds opens at {next}"));
    }
    let first = Filter { states: vec![State::Waiting, State::Armed], most: Some(1), ..Filter::default() };
    for booking in store.bookings(&first).await? {
        if let Some(alarm) = &booking.reason {
            lines.push(format!("alarm      of the booking {}: {alarm}", booking.id));
        }
    }
    for runner in &runners {
        lines.push(format!("runner     {}", line(runner)));
    }
    if runners.is_empty() {
        lines.push("runner     none ran today: start `rent-runner serve`, or `run-due` by cron".to_owned());
    }
    for (name, at) in &refused {
        lines.push(format!(
            "account    {name}: the site refused its login at {at}: {}",
            words::login_held(name)
        ));
    }
    for message in &failing {
        let error = message.last_error.as_deref().unwrap_or_default();
        let tries = counted(message.tries, "try");
        lines.push(format!(
            "message    {} to {}: not sent after {tries}: {error}",
            message.kind, message.channel
        ));
    }
    for row in &openings {
        lines.push(format!("opened     {}", opened(row)));
    }
    for (site, facts) in &clocks {
        lines.push(format!("clock      {site}"));
        lines.extend(learnt(facts, SystemClock.now()).iter().map(|line| format!("           {line}")));
    }
    terminal::result(&lines.join("\n"))?;
    store.close().await;
    Ok(exit::DONE)
}

fn line(runner: &RunnerRow) -> String {
    let name = Identity::name_of(&runner.name);
    let holds = counted(runner.holds, "booking");
    match runner.stopped_at {
        Some(at) => format!("{name}, stopped at {at}"),
        None => {
            let ago = SystemClock.now().since(runner.seen_at).as_secs();
            format!("{name}, since {}, seen {ago} s ago, holds {holds}", runner.started_at)
        }
    }
}

fn opened(row: &OpeningRow) -> String {
    let OpeningRow { place, date, expected, bracket } = row;
    let between = match (bracket.after, bracket.before) {
        (Some(after), Some(before)) => format!("between {} and {}", after.time_text(), before.time_text()),
        (Some(after), None) => format!("after {}", after.time_text()),
        (None, Some(before)) => format!("before {}", before.time_text()),
        (None, None) => "at an unknown time".to_owned(),
    };
    format!("{place} {date}: expected at {expected}, seen {between}")
}

/// What was learnt of a site's clock, and how long ago.
fn learnt(facts: &ClockFacts, now: SeoulTime) -> Vec<String> {
    let days = facts.learned_at.map(|at| now.since(at).as_secs() / (24 * 3600));
    let age = match days {
        None => "at an unknown time".to_owned(),
        Some(0) => "today".to_owned(),
        Some(days) => format!("{} ago", counted(u32::try_from(days).unwrap_or(u32::MAX), "day")),
    };
    let unused = if facts.are_of_use(now) { "" } else { ": not used any more" };
    let mut lines = vec![format!("learnt {age}{unused}")];
    lines.extend(match facts.stamp {
        Stamp::Arrival => Some("its pages are dated when the request arrives".to_owned()),
        Stamp::Departure => Some("its pages are dated when the answer leaves".to_owned()),
        Stamp::Unknown => None,
    });
    if facts.own_stamp.is_some() {
        lines.push("a cookie tells the time of its application".to_owned());
    }
    let time = |micros| words::millis(Duration::from_micros(micros));
    if let Some(network) = facts.network_micros {
        let script = facts.script_micros.map(|script| format!(", a page takes {} more", time(script)));
        lines.push(format!("there and back {}{}", time(network), script.unwrap_or_default()));
    }
    lines.extend(facts.keep_alive_micros.map(|kept| match kept {
        0 => "it closes each connection after its answer".to_owned(),
        kept => format!("it keeps an idle connection for {}", duration::text(Duration::from_micros(kept))),
    }));
    lines
}

/// The true opening instants that were seen at the sites of all accounts.
async fn openings(store: &Store) -> Result<Vec<OpeningRow>> {
    let accounts: Vec<Account> = store.accounts().await?;
    let mut sites: Vec<String> = accounts
        .iter()
        .filter_map(|account| request::site_of_account(account).ok())
        .map(|site| site.base_url().to_string())
        .collect();
    sites.sort();
    sites.dedup();
    let mut openings = Vec::new();
    for site in sites {
        openings.extend(store.openings(&site, MAX_SHOWN).await?);
    }
    openings.truncate(usize::try_from(MAX_SHOWN).unwrap_or(usize::MAX));
    Ok(openings)
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
