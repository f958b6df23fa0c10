//! How the store and its runners stand, at a glance.

use anyhow::Result;
use namyangju_rent::SeoulTime;
use namyangju_rent::clock::{Clock as _, ClockFacts, SystemClock};

use super::readiness::{self, Readiness};
use super::{
    ChannelEnding, FailingMessage, HeldEntry, OpeningEntry, RefusedAccount, RunnerEntry, SiteClockEntry,
    StatusDocument, stored,
};
use crate::notify;
use crate::request;
use crate::runner::Identity;
use crate::store::{Account, BookingId, Message, OpeningRow, RunnerRow, State, Store, StoredChannel};

/// How many true opening instants, and messages that do not arrive, are shown.
const MAX_SHOWN: u32 = 10;

/// What `status` tells, as it was read.
#[derive(Debug)]
pub(crate) struct StatusFacts {
    pub(crate) runners: Vec<RunnerRow>,
    pub(crate) counts: Vec<(State, u64)>,
    /// When the next booking opens that no runner holds.
    pub(crate) next: Option<SeoulTime>,
    pub(crate) messages_waiting: u64,
    pub(crate) failing: Vec<Message>,
    pub(crate) openings: Vec<OpeningRow>,
    pub(crate) clocks: Vec<(String, ClockFacts)>,
    pub(crate) refused: Vec<(String, SeoulTime)>,
    pub(crate) held: Vec<(BookingId, Readiness)>,
    /// Channels that a person has to authorise again soon, or now.
    pub(crate) channels: Vec<StoredChannel>,
}

impl StatusFacts {
    /// Reads all of it.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn read(store: &Store) -> Result<Self> {
        let mut held: Vec<_> = readiness::of_held(store).await?.into_iter().collect();
        held.sort_by_key(|(id, _)| *id);
        Ok(Self {
            runners: store.runners().await?,
            counts: store.counts().await?,
            next: store.next_opening().await?,
            messages_waiting: store.messages_waiting().await?,
            failing: store.messages_failing(MAX_SHOWN).await?,
            openings: openings(store).await?,
            clocks: store.site_clocks().await?,
            refused: stored::refused_accounts(store).await?,
            held,
            channels: ending_channels(store).await?,
        })
    }

    /// The same for a program.
    pub(crate) fn document<'s>(&'s self, store: &'s Store) -> StatusDocument<'s> {
        let held = self.held.iter().map(|(id, ready)| HeldEntry { booking: id.0, ready });
        let clocks = self.clocks.iter().map(|(site, learnt)| SiteClockEntry { site, learnt });
        let refused = self.refused.iter().map(|(name, at)| RefusedAccount { name, at: *at });
        StatusDocument {
            store: store.address(),
            runners: self.runners.iter().map(runner_entry).collect(),
            bookings: self.counts.iter().map(|(state, many)| (state.as_str(), *many)).collect(),
            next_unclaimed_opening: self.next,
            messages_waiting: self.messages_waiting,
            messages_failing: self.failing.iter().map(failing_message).collect(),
            openings_seen: self.openings.iter().map(opening_entry).collect(),
            held: held.collect(),
            site_clocks: clocks.collect(),
            accounts_refused: refused.collect(),
            channels_ending: self.channels.iter().map(ending_channel).collect(),
        }
    }
}

fn runner_entry(runner: &RunnerRow) -> RunnerEntry<'_> {
    RunnerEntry {
        name: Identity::name_of(&runner.name),
        identity: &runner.name,
        started_at: runner.started_at,
        seen_at: runner.seen_at,
        stopped_at: runner.stopped_at,
        holds: runner.holds,
    }
}

fn failing_message(message: &Message) -> FailingMessage<'_> {
    FailingMessage {
        channel: &message.channel,
        kind: &message.kind,
        booking: message.booking.map(|booking| booking.0),
        tries: message.tries,
        error: message.last_error.as_deref(),
        at: message.created_at,
    }
}

fn opening_entry(row: &OpeningRow) -> OpeningEntry<'_> {
    OpeningEntry {
        place: &row.place,
        date: row.date,
        expected: row.expected,
        after: row.bracket.after,
        before: row.bracket.before,
    }
}

fn ending_channel(channel: &StoredChannel) -> ChannelEnding<'_> {
    ChannelEnding { name: &channel.name, until: channel.refresh_until, error: channel.problem.as_deref() }
}

/// The channels that need a person.
async fn ending_channels(store: &Store) -> Result<Vec<StoredChannel>> {
    let soon = SystemClock.now().plus(notify::WARN_BEFORE);
    let mut channels = store.stored_channels().await?;
    channels.retain(|channel| channel.problem.is_some() || channel.refresh_until <= soon);
    Ok(channels)
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
