//! How documents are made from what is stored and set. The commands print them and the API answers with them, so that both
//! say the same of a booking, an account, a setting.

use std::collections::HashMap;

use anyhow::Result;
use namyangju_rent::{Application, SeoulTime, Site};
use serde_json::Value;

use super::readiness::{self, Readiness};
use super::{
    AccountEntry, AccountsDocument, AttemptEntry, ChannelEntry, ChannelsDocument, EventEntry, Listed,
    ListedBooking, MaskedApplicant, SettingEntry, SettingSource, SettingsDocument, ShowDocument, SiteEntry,
    SitesDocument, TokenEntry, UnreadableEntry,
};
use crate::config::{Config, Source};
use crate::notify::Channel;
use crate::store::{
    Account, AttemptRow, BookingHistory, BookingId, EventRow, KeptCourt, Store, StoredBooking, StoredChannel,
    TokenRow, UnreadableBooking,
};
use crate::terminal::booking;

/// What stands for a name or a number.
const MASK: &str = "***";

/// A booking of a list, with what its runner has ready.
pub(crate) fn listed(booking: &StoredBooking, held: &HashMap<BookingId, Readiness>) -> ListedBooking {
    ListedBooking { booking: booking::json(booking), ready: readiness::of_booking(booking, held) }
}

/// What is left of a booking that cannot be read.
pub(crate) fn unreadable(booking: &UnreadableBooking) -> UnreadableEntry<'_> {
    let UnreadableBooking { id, account, state, why } = booking;
    UnreadableEntry {
        id: id.0,
        account: account.as_deref(),
        state: state.as_deref(),
        reason: why,
        to_do: booking.to_do().replace('\n', " "),
    }
}

/// Everything that is stored of a booking; its events, and the applicant's data, only where they are asked for.
pub(crate) fn shown<'s>(
    story: &'s BookingHistory,
    application: Option<&'s Application>,
    events: bool,
    ready: Option<&'s Readiness>,
) -> ShowDocument<'s> {
    let attempts = story.attempts.iter().map(|row| AttemptEntry {
        round: row.round,
        runner: runner_of(&story.events, row),
        page_bytes: row.page_bytes,
        attempt: &row.attempt,
    });
    ShowDocument {
        booking: booking::json(&story.booking),
        attempts: attempts.collect(),
        report: story.report.as_ref(),
        unreadable: &story.unreadable,
        ready,
        application,
        events: events.then(|| story.events.iter().map(event).collect()),
    }
}

/// An event of a stored booking.
pub(crate) fn event(row: &EventRow) -> EventEntry<'_> {
    EventEntry { round: row.round, fence: row.fence, runner: &row.runner, at: row.at, event: &row.event }
}

/// The runner that made an attempt.
pub(crate) fn runner_of<'e>(events: &'e [EventRow], row: &AttemptRow) -> Option<&'e str> {
    let mut made = events.iter().filter(|event| {
        event.round == row.round
            && matches!(event.event, namyangju_rent::Event::Attempt { number, .. } if number == row.attempt.number)
    });
    made.next_back().map(|event| event.runner.as_str())
}

/// The accounts, without their passwords.
pub(crate) fn accounts(accounts: &[Account]) -> AccountsDocument<'_> {
    let entry = |account| account_entry(account);
    AccountsDocument { accounts: accounts.iter().map(entry).collect() }
}

/// An account, without its password.
pub(crate) fn account_entry(account: &Account) -> AccountEntry<'_> {
    AccountEntry {
        name: &account.name,
        login: &account.login,
        site: &account.site,
        base_url: account.base_url.as_deref(),
        open_bookings: account.open_bookings.into(),
        has_session: account.session.is_some(),
        created_at: account.created_at,
        checked_at: account.checked_at,
        refused_at: account.refused_at,
    }
}

/// The accounts whose login the site refused, and when: their bookings are held.
pub(crate) async fn refused_accounts(store: &Store) -> Result<Vec<(String, SeoulTime)>> {
    let accounts = store.accounts().await?;
    Ok(accounts.into_iter().filter_map(|account| Some((account.name, account.refused_at?))).collect())
}

/// An applicant's data with names and numbers of people masked.
pub(crate) fn masked(name: String, changed_at: SeoulTime, application: &Application) -> MaskedApplicant {
    let mask = |given: bool| given.then_some(MASK);
    MaskedApplicant {
        name,
        changed_at,
        club_name: MASK,
        head_count: application.head_count,
        event_name: application.event_name.clone(),
        purpose: application.purpose.clone(),
        applicant_name: mask(application.applicant_name.is_some()),
        telephone: mask(application.telephone.is_some()),
        mobile: mask(application.mobile.is_some()),
        discount: application.discount.clone(),
    }
}

/// A token, without its secret.
pub(crate) fn token(row: &TokenRow) -> TokenEntry<'_> {
    TokenEntry {
        id: row.id,
        user: &row.user,
        name: &row.name,
        scopes: row.scopes.iter().map(|scope| scope.as_str()).collect(),
        created_at: row.created_at,
        used_at: row.used_at,
        ends_at: row.ends_at,
    }
}

/// The channels of the settings and of the store.
pub(crate) fn channels(config: &Config, kept: &[StoredChannel]) -> ChannelsDocument {
    let entries = config.channels.iter().map(|channel| {
        let summary = channel.summary();
        let error = channel.check().err();
        ChannelEntry { name: summary.name, kind: summary.kind, on: summary.on, until: None, error }
    });
    let kept = kept.iter().map(|row| {
        let summary = Channel::from(row).summary();
        let (until, error) = (Some(row.refresh_until), row.problem.clone());
        ChannelEntry { name: summary.name, kind: summary.kind, on: summary.on, until, error }
    });
    ChannelsDocument { channels: entries.chain(kept).collect() }
}

/// The settings, as `config::rows` lists them.
pub(crate) fn settings<'s>(
    config: &'s Config,
    rows: &'s [(&'static str, Value, Source)],
) -> SettingsDocument<'s> {
    let settings = rows.iter().map(|(key, value, source)| {
        let source = match source {
            Source::Default => SettingSource::Default,
            Source::File { path, line } => SettingSource::File { path, line: *line },
            Source::Environment(name) => SettingSource::Environment { name },
            Source::Flag(name) => SettingSource::Flag { name },
        };
        SettingEntry { setting: key, value, source }
    });
    SettingsDocument { file: config.file.as_ref(), settings: settings.collect() }
}

/// The cities that are built in.
///
/// # Errors
/// The library's, if a dialect of its own cannot be read.
pub(crate) fn sites() -> Result<SitesDocument> {
    let entry = |site: &Site| SiteEntry {
        name: site.name().to_owned(),
        title: site.title().to_owned(),
        base_url: site.base_url().to_string(),
        charset: site.charset().name().to_owned(),
        known_places: site.known_places().to_vec(),
    };
    let sites = Site::builtin_names().map(|name| Ok(entry(&Site::builtin(name)?)));
    Ok(SitesDocument { sites: sites.collect::<Result<_>>()? })
}

/// The courts that a dialect names.
pub(crate) fn known_places(site: &Site) -> Vec<Listed> {
    let known = site.known_places().iter().map(|known| Listed {
        place: known.place.clone(),
        names: vec![known.name.clone()],
        confidence: Some(known.confidence.clone()),
        human_check: site.has_human_check(&known.place),
    });
    known.collect()
}

/// The courts that the site's menus had.
pub(crate) fn courts(courts: &[KeptCourt], site: &Site) -> Vec<Listed> {
    let listed = |court: &KeptCourt| Listed {
        place: court.place.clone(),
        names: court.names.clone(),
        confidence: None,
        human_check: site.has_human_check(&court.place),
    };
    courts.iter().map(listed).collect()
}
