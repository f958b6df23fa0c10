//! What `--json` prints: one type for each document and each kind of line.
//!
//! `docs/json.md` and the JSON Schemas are made from these types, so that a field cannot be printed and not be described.
//! A field that is a sentence for people is marked with `x-stability` "wording": the field stays, its words may change.

pub(crate) mod readiness;
mod status;
pub(crate) mod stored;

use std::collections::BTreeMap;
use std::path::PathBuf;

use namyangju_rent::capture::{CheckReport, LearntDialect, Proof};
use namyangju_rent::clock::{ClockEstimate, ClockFacts};
use namyangju_rent::places::NamedPlace;
use namyangju_rent::report::{Attempt, OpeningBracket};
use namyangju_rent::schedule::{ListedSlot, Won};
use namyangju_rent::{
    Application, Event, HeadCount, Place, RentDate, Report, SeoulTime, TimeRange, TimedEvent, Verdict,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use self::readiness::Readiness;
pub(crate) use self::status::StatusFacts;
use crate::terminal::booking::BookingDocument;

/// The bookings of the store that were asked for, in the order of their openings.
#[derive(Serialize, JsonSchema)]
pub(super) struct ListDocument<'s> {
    pub(super) bookings: Vec<ListedBooking>,
    /// How many bookings are not listed: with the command because `--all` was not given, by the API because they come later.
    pub(super) left_out: u64,
    /// The names of the accounts whose login the site refused. Their bookings are held until a person has seen to it.
    pub(super) accounts_refused: Vec<String>,
    /// Bookings whose rows cannot be understood. The exit code is then 10.
    pub(super) unreadable: Vec<UnreadableEntry<'s>>,
}

/// A booking of the list.
#[derive(Serialize, JsonSchema)]
pub(super) struct ListedBooking {
    #[serde(flatten)]
    pub(super) booking: BookingDocument,
    /// What the runner that holds it has ready; null if none holds it.
    pub(super) ready: Option<Readiness>,
}

/// A stored booking that cannot be read, by what is left of it.
#[derive(Serialize, JsonSchema)]
pub(super) struct UnreadableEntry<'s> {
    /// Its number.
    pub(super) id: i64,
    /// The name of its account, if that can be read.
    pub(super) account: Option<&'s str>,
    /// The word that is stored, known or not.
    pub(super) state: Option<&'s str>,
    /// What cannot be understood.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) reason: &'s str,
    /// What a person can do about it.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) to_do: String,
}

/// What `show` prints of a booking that cannot be read.
#[derive(Serialize, JsonSchema)]
pub(super) struct UnreadableDocument<'s> {
    /// That booking alone.
    pub(super) unreadable: [UnreadableEntry<'s>; 1],
}

/// What `show` prints.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "each is printed by itself; the type describes them")]
pub(super) enum ShowOutput<'s> {
    /// The booking.
    Shown(Box<ShowDocument<'s>>),
    /// What is left of it. The exit code is then 10.
    Unreadable(UnreadableDocument<'s>),
}

/// Everything that is stored of a booking.
#[derive(Serialize, JsonSchema)]
pub(super) struct ShowDocument<'s> {
    pub(super) booking: BookingDocument,
    /// Every attempt, in the order in which they were made.
    pub(super) attempts: Vec<AttemptEntry<'s>>,
    /// The last report, or null if no run has ended.
    #[schemars(with = "Option<StoredReport>")]
    pub(super) report: Option<&'s Value>,
    /// The parts of its story that cannot be read, and so are left out.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) unreadable: &'s [String],
    /// What the runner that holds it has ready; null if none holds it.
    pub(super) ready: Option<&'s Readiness>,
    /// The applicant's data, with `--personal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) application: Option<&'s Application>,
    /// Every stored event, with `--events`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events: Option<Vec<EventEntry<'s>>>,
}

/// An attempt of a stored booking.
#[derive(Serialize, JsonSchema)]
pub(super) struct AttemptEntry<'s> {
    /// The round it belongs to: 1, and one more after each `retry`.
    pub(super) round: i64,
    /// The runner that made it, or null if that is not known.
    pub(super) runner: Option<&'s str>,
    /// The length of the page that was kept of it, in bytes; null if none was kept.
    pub(super) page_bytes: Option<u64>,
    pub(super) attempt: &'s Attempt,
}

/// An event of a stored booking.
#[derive(Serialize, JsonSchema)]
pub(super) struct EventEntry<'s> {
    /// The round it belongs to.
    pub(super) round: i64,
    /// The number of the claim that the runner held. It grows with each claim.
    pub(super) fence: i64,
    /// The runner that stored it.
    pub(super) runner: &'s str,
    /// When it happened, by that machine's clock.
    pub(super) at: SeoulTime,
    #[serde(flatten)]
    pub(super) event: &'s Event,
}

/// The report of a stored booking. Its attempts stand beside it.
#[derive(Serialize, JsonSchema)]
pub(super) struct StoredReport {
    #[serde(flatten)]
    verdict: Verdict,
    /// The choice it ended with, counted from 0.
    wish: usize,
    /// How many requests the run sent, redirects included.
    requests: u32,
    /// How many of them after the opening; null if the run ended before it.
    requests_after_opening: Option<u32>,
    /// What was known of the site's clock.
    clock: Option<ClockEstimate>,
    /// What the answers told of the true opening.
    opening: OpeningBracket,
    /// When the run began.
    began: SeoulTime,
    /// When it ended.
    ended: SeoulTime,
    /// What was learnt of the site's clock, for later runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    learnt: Option<ClockFacts>,
}

/// The booking that was stored.
#[derive(Serialize, JsonSchema)]
pub(super) struct AddDocument<'n> {
    pub(super) booking: BookingDocument,
    /// What is doubtful about it, in sentences.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) notes: &'n [String],
}

/// The booking after the change.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChangedDocument {
    pub(super) booking: BookingDocument,
}

/// What became of each booking.
#[derive(Serialize, JsonSchema)]
pub(super) struct CancelDocument {
    pub(super) bookings: Vec<CancelledBooking>,
    /// Those that could not be cancelled. The exit code is that of the first.
    pub(super) failed: Vec<CancelFailure>,
}

/// A booking that could not be cancelled.
#[derive(Serialize, JsonSchema)]
pub(super) struct CancelFailure {
    /// Its number, as it was given.
    pub(super) id: i64,
    /// The exit code that stands for the reason.
    pub(super) code: u8,
    /// Why.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) message: String,
}

/// A booking that was cancelled, or whose runner was asked to cancel it.
#[derive(Serialize, JsonSchema)]
pub(super) struct CancelledBooking {
    /// Its number.
    pub(super) id: i64,
    /// The exact word of its state.
    pub(super) state: &'static str,
    /// Whether its runner was asked, and has still to do it.
    pub(super) cancel_asked: bool,
}

/// The bookings that were stored from a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct ImportDocument<'n> {
    /// Empty after `--dry-run`.
    pub(super) bookings: Vec<BookingDocument>,
    /// With `--dry-run`: how many bookings of the file could be stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checked: Option<usize>,
    /// What is doubtful about them, in sentences.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) notes: Vec<&'n String>,
}

/// The store at a glance.
#[derive(Serialize, JsonSchema)]
pub(super) struct StatusDocument<'s> {
    /// The address of the store, without a password.
    pub(super) store: &'s str,
    pub(super) runners: Vec<RunnerEntry<'s>>,
    /// How many bookings there are in each state, by its exact word.
    pub(super) bookings: BTreeMap<&'static str, u64>,
    /// When the next booking opens that no runner holds.
    pub(super) next_unclaimed_opening: Option<SeoulTime>,
    /// How many messages have not been sent yet.
    pub(super) messages_waiting: u64,
    /// Messages whose last try failed, ten at most.
    pub(super) messages_failing: Vec<FailingMessage<'s>>,
    /// When days really opened, as far as bookings saw it; ten at most.
    pub(super) openings_seen: Vec<OpeningEntry<'s>>,
    /// The bookings that runners hold, and what each has ready.
    pub(super) held: Vec<HeldEntry<'s>>,
    /// What earlier runs learnt of the sites' clocks.
    pub(super) site_clocks: Vec<SiteClockEntry<'s>>,
    pub(super) accounts_refused: Vec<RefusedAccount<'s>>,
    /// Channels of messages that a person has to authorise again within a week.
    pub(super) channels_ending: Vec<ChannelEnding<'s>>,
}

/// A channel that ends.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChannelEnding<'s> {
    pub(super) name: &'s str,
    /// When it ends.
    pub(super) until: SeoulTime,
    /// Why it sends nothing already, or null.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) error: Option<&'s str>,
}

/// A booking that a runner holds.
#[derive(Serialize, JsonSchema)]
pub(super) struct HeldEntry<'s> {
    /// Its number.
    pub(super) booking: i64,
    pub(super) ready: &'s Readiness,
}

/// What earlier runs learnt of how a site tells its time.
#[derive(Serialize, JsonSchema)]
pub(super) struct SiteClockEntry<'s> {
    /// The site's address.
    pub(super) site: &'s str,
    pub(super) learnt: &'s ClockFacts,
}

/// A runner that was seen within the last day.
#[derive(Serialize, JsonSchema)]
pub(super) struct RunnerEntry<'s> {
    /// The name that a person gave it, or that of its machine.
    pub(super) name: &'s str,
    /// The name of this one process.
    pub(super) identity: &'s str,
    /// When it began.
    pub(super) started_at: SeoulTime,
    /// When it last wrote to the store.
    pub(super) seen_at: SeoulTime,
    /// When it ended, or null while it runs.
    pub(super) stopped_at: Option<SeoulTime>,
    /// How many bookings it holds.
    pub(super) holds: u32,
}

/// A message that did not arrive at its last try.
#[derive(Serialize, JsonSchema)]
pub(super) struct FailingMessage<'s> {
    /// The name of the channel.
    pub(super) channel: &'s str,
    /// `alarm`, `verdict` or `block`.
    pub(super) kind: &'s str,
    /// The booking it is about, or null.
    pub(super) booking: Option<i64>,
    /// How often it was tried.
    pub(super) tries: u32,
    /// Why the last try failed.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) error: Option<&'s str>,
    /// When it was written.
    pub(super) at: SeoulTime,
}

/// When a day really opened.
#[derive(Serialize, JsonSchema)]
pub(super) struct OpeningEntry<'s> {
    pub(super) place: &'s Place,
    /// The day.
    pub(super) date: RentDate,
    /// The announced or computed instant.
    pub(super) expected: SeoulTime,
    /// The last instant at which it was seen closed.
    pub(super) after: Option<SeoulTime>,
    /// The first instant at which it was seen open.
    pub(super) before: Option<SeoulTime>,
}

/// An account whose login the site refused.
#[derive(Serialize, JsonSchema)]
pub(super) struct RefusedAccount<'s> {
    pub(super) name: &'s str,
    /// When it was refused.
    pub(super) at: SeoulTime,
}

/// The accounts.
#[derive(Serialize, JsonSchema)]
pub(super) struct AccountsDocument<'s> {
    pub(super) accounts: Vec<AccountEntry<'s>>,
}

/// An account, without its password.
#[derive(Serialize, JsonSchema)]
pub(super) struct AccountEntry<'s> {
    /// The name that a person gave it.
    pub(super) name: &'s str,
    /// The login name at the site.
    pub(super) login: &'s str,
    /// A built-in city, or the path of a dialect.
    pub(super) site: &'s str,
    /// The site's address, where it is not the dialect's.
    pub(super) base_url: Option<&'s str>,
    /// How many of its bookings are not over.
    pub(super) open_bookings: u64,
    /// Whether a session is kept, so that the next booking may need no login.
    pub(super) has_session: bool,
    /// When it was stored.
    pub(super) created_at: SeoulTime,
    /// The last login that succeeded.
    pub(super) checked_at: Option<SeoulTime>,
    /// When the site refused the login; null if it did not, or if a person has seen to it.
    pub(super) refused_at: Option<SeoulTime>,
}

/// The applicants' data, with names and numbers of people masked.
#[derive(Serialize, JsonSchema)]
pub(super) struct ApplicantsDocument {
    pub(super) applicants: Vec<MaskedApplicant>,
}

/// An applicant's data. What is masked reads `***`.
#[derive(Serialize, JsonSchema)]
pub(super) struct MaskedApplicant {
    /// The name of the data.
    pub(super) name: String,
    /// When it was last changed.
    pub(super) changed_at: SeoulTime,
    /// Masked.
    pub(super) club_name: &'static str,
    pub(super) head_count: HeadCount,
    pub(super) event_name: String,
    pub(super) purpose: String,
    /// Masked, or null if the site's own is taken.
    pub(super) applicant_name: Option<&'static str>,
    /// Masked, or null if the site's own is taken.
    pub(super) telephone: Option<&'static str>,
    /// Masked, or null if the site's own is taken.
    pub(super) mobile: Option<&'static str>,
    /// The code of a discount group.
    pub(super) discount: Option<String>,
}

/// An applicant's data in full.
#[derive(Serialize, JsonSchema)]
pub(super) struct ApplicantDocument<'s> {
    /// The name of the data.
    pub(super) name: &'s str,
    pub(super) application: &'s Application,
}

/// The channels that messages go to.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChannelsDocument {
    pub(super) channels: Vec<ChannelEntry>,
}

/// A channel, without its secrets.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChannelEntry {
    pub(super) name: String,
    /// `webhook`, `slack`, `discord`, `telegram`, `ntfy`, `email`, `apprise`, `pushover`, `bark` or `kakao`.
    pub(super) kind: &'static str,
    /// The kinds of messages it gets: `alarm`, `verdict`, `block`.
    pub(super) on: Vec<&'static str>,
    /// When a person has to authorise it again if it is not renewed before, or null where none has to.
    pub(super) until: Option<SeoulTime>,
    /// Why it cannot be used, or null.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) error: Option<String>,
}

/// What became of the test messages.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChannelTestDocument {
    pub(super) channels: Vec<ChannelTest>,
}

/// What became of one test message.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChannelTest {
    pub(super) name: String,
    /// Whether the server took it.
    pub(super) arrived: bool,
    /// Why not, or null.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) error: Option<String>,
}

/// The settings and where each comes from.
#[derive(Serialize, JsonSchema)]
pub(super) struct SettingsDocument<'s> {
    /// The settings file that was read, or null.
    pub(super) file: Option<&'s PathBuf>,
    pub(super) settings: Vec<SettingEntry<'s>>,
}

/// A setting.
#[derive(Serialize, JsonSchema)]
pub(super) struct SettingEntry<'s> {
    /// Its key in the settings file.
    pub(super) setting: &'static str,
    /// Text, number, list, or null where nothing is set. Secrets are masked.
    pub(super) value: &'s Value,
    pub(super) source: SettingSource<'s>,
}

/// Where a setting comes from.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum SettingSource<'s> {
    /// Nobody gave it.
    Default,
    /// The settings file.
    File {
        path: &'s PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The environment.
    Environment {
        /// The variable.
        name: &'s str,
    },
    /// The command line.
    Flag {
        /// The flag.
        name: &'s str,
    },
}

/// The cities that are built in.
#[derive(Serialize, JsonSchema)]
pub(super) struct SitesDocument {
    pub(super) sites: Vec<SiteEntry>,
}

/// A city.
#[derive(Serialize, JsonSchema)]
pub(super) struct SiteEntry {
    /// The name that `--site` takes.
    pub(super) name: String,
    /// The city's own name.
    pub(super) title: String,
    /// The site's address.
    pub(super) base_url: String,
    /// The character set of its pages.
    pub(super) charset: String,
    /// The courts that the dialect names.
    pub(super) known_places: Vec<NamedPlace>,
}

/// The courts of a city.
#[derive(Serialize, JsonSchema)]
pub(super) struct PlacesDocument<'s> {
    /// The dialect's name.
    pub(super) site: &'s str,
    /// `dialect` with `--known`, else `menus`.
    pub(super) source: &'static str,
    /// From menus: whether all of them could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) complete: Option<bool>,
    /// From menus: how many requests were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) requests: Option<u32>,
    pub(super) places: Vec<Listed>,
    /// From menus, with `--all`: centres and groups in which no court was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) without_courts: Option<Vec<EmptyMenu>>,
}

/// One court as it is listed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Listed {
    pub(super) place: Place,
    /// The names of the centre, the group and the court, as far as they are known.
    pub(super) names: Vec<String>,
    /// With `--known`: the confidence mark of docs/protocol.md.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confidence: Option<String>,
    /// Whether the court is known to ask for a human check.
    pub(super) human_check: bool,
}

/// A centre or group in which no court was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EmptyMenu {
    /// The code of the centre, or of the centre and the group.
    pub(super) code: String,
    /// The name on the site.
    pub(super) name: String,
}

/// The times of a court.
#[derive(Serialize, JsonSchema)]
pub(super) struct SlotsDocument<'s> {
    /// The dialect's name.
    pub(super) site: &'s str,
    pub(super) place: &'s Place,
    /// What the court is called, if that is known.
    pub(super) place_name: Option<&'s str>,
    /// When the list was read.
    pub(super) read_at: SeoulTime,
    pub(super) slots: Vec<&'s ListedSlot>,
}

/// The one-time address that `web link` made.
#[derive(Serialize, JsonSchema)]
pub(super) struct WebLinkDocument<'s> {
    /// The address. Whoever opens it first owns the page.
    pub(super) link: &'s str,
    /// How many minutes it can be used, once.
    pub(super) minutes: u32,
    /// Whether there is an owner already, whose name and password it then sets anew.
    pub(super) has_owner: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Level {
    Ok,
    Warning,
    Failed,
}

/// One finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Check {
    /// What was looked at.
    pub(super) what: &'static str,
    pub(super) level: Level,
    /// What was found.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) text: String,
    /// What a person should do about it.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) to_do: Option<String>,
}

/// The tokens of programs, without their secrets.
#[derive(Serialize, JsonSchema)]
pub(super) struct TokensDocument<'s> {
    pub(super) tokens: Vec<TokenEntry<'s>>,
}

/// A token, without its secret.
#[derive(Serialize, JsonSchema)]
pub(super) struct TokenEntry<'s> {
    /// Its number.
    pub(super) id: i64,
    /// The user of the page whose it is.
    pub(super) user: &'s str,
    /// What its user calls it.
    pub(super) name: &'s str,
    /// What it may be used for: `read`, `book`, `admin`.
    pub(super) scopes: Vec<&'static str>,
    /// When it was made.
    pub(super) created_at: SeoulTime,
    /// When it was last used, to the minute; null if it never was.
    pub(super) used_at: Option<SeoulTime>,
    /// When it ends; null if it is good until it is removed.
    pub(super) ends_at: Option<SeoulTime>,
}

/// A token that was made.
#[derive(Serialize, JsonSchema)]
pub(super) struct NewTokenDocument<'s> {
    /// The token itself. It is shown this once, and not kept.
    pub(super) token: &'s str,
    #[serde(flatten)]
    pub(super) entry: TokenEntry<'s>,
}

/// A token that was removed.
#[derive(Serialize, JsonSchema)]
pub(super) struct RemovedTokenDocument {
    /// Its number.
    pub(super) removed: i64,
}

/// The dialect that fits a recorded visit.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CaptureDialectDocument<'l> {
    /// Whether the recorded booking could be made again with it, and a booking at a stand-in like it succeeded.
    pub(crate) proven: bool,
    /// The file that was written, or null.
    pub(crate) written: Option<PathBuf>,
    pub(crate) learnt: &'l LearntDialect,
    pub(crate) proof: &'l Proof,
}

/// What `doctor` found.
#[derive(Serialize, JsonSchema)]
pub(super) struct DoctorDocument {
    /// How many checks failed.
    pub(super) failed: usize,
    /// How many checks ended with a warning.
    pub(super) warnings: usize,
    pub(super) checks: Vec<Check>,
}

/// What would be sent: the one line of `book --dry-run`.
#[derive(Serialize, JsonSchema)]
pub(super) struct DryRunLine<'s> {
    /// `dry-run`.
    pub(super) event: &'static str,
    pub(super) place: &'s Place,
    /// What the court is called, if that is known.
    pub(super) place_name: Option<&'s str>,
    /// The day.
    pub(super) date: RentDate,
    /// The slots that the form is for.
    pub(super) slots: &'s [namyangju_rent::schedule::Slot],
    /// The fields in the order in which they would be sent, names and phone numbers masked.
    pub(super) fields: Vec<SentField>,
    /// The length of the body, in bytes.
    pub(super) bytes: usize,
    /// What it costs in won, where the form shows it.
    pub(super) payment: Option<Won>,
    /// The discount groups that the form offers.
    pub(super) discounts: Vec<DiscountEntry>,
    /// The names of fields with a character that the site's character set does not have.
    pub(super) fields_with_lacking_characters: Vec<String>,
}

/// A field of a form.
#[derive(Serialize, JsonSchema)]
pub(super) struct SentField {
    pub(super) name: String,
    pub(super) value: String,
}

/// A discount group.
#[derive(Serialize, JsonSchema)]
pub(super) struct DiscountEntry {
    /// What `--discount` takes.
    pub(super) code: String,
    /// The site's name for it.
    pub(super) label: String,
}

/// A line of `book` and of `demo`.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the story merges a line from several values; the type describes them")]
pub(super) enum StoryLine {
    /// Something happened.
    Event(TimedEvent),
    /// Something happened around the booking.
    Aside(AsideLine),
    /// The last line: how it ended.
    Report(Box<ReportLine>),
    /// The last line of a booking that was interrupted.
    Interrupted(InterruptedLine),
    /// The last line of `demo --stored`.
    Stored(StoredLine),
}

/// Something that happens around a booking.
#[derive(Serialize, JsonSchema)]
pub(super) struct AsideLine {
    #[schemars(extend("const" = "aside"))]
    event: String,
    /// When, by this machine's clock.
    at: SeoulTime,
    /// What it is.
    #[schemars(extend("x-stability" = "wording"))]
    text: String,
}

/// How a booking ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct ReportLine {
    #[schemars(extend("const" = "report"))]
    event: String,
    /// When, by this machine's clock.
    at: SeoulTime,
    /// The exit code of the command.
    exit_code: u8,
    #[serde(flatten)]
    report: Report,
    /// Of `demo`: what the stand-in site saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    stand_in: Option<StandInRecord>,
}

/// How a booking that was interrupted ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct InterruptedLine {
    #[schemars(extend("const" = "report"))]
    event: String,
    /// When, by this machine's clock.
    at: SeoulTime,
    /// The exit code of the command.
    exit_code: u8,
    /// `interrupted`, or `unconfirmed` if an application was under way.
    #[schemars(extend("enum" = ["interrupted", "unconfirmed"]))]
    verdict: String,
    /// True.
    interrupted: bool,
    /// How many requests were sent.
    requests: u32,
    /// Of `demo`: what the stand-in site saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    stand_in: Option<StandInRecord>,
}

/// How the stored booking of a demonstration ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct StoredLine {
    #[schemars(extend("const" = "report"))]
    event: String,
    /// When, by this machine's clock.
    at: SeoulTime,
    /// The exit code of the command.
    exit_code: u8,
    /// Its number.
    booking: i64,
    /// The exact word of its state.
    state: String,
    /// Why it ended as it did.
    #[schemars(extend("x-stability" = "wording"))]
    reason: Option<String>,
    /// What the stand-in site saw.
    stand_in: StandInRecord,
}

/// What the stand-in site of a demonstration saw.
#[derive(Serialize, JsonSchema)]
pub(super) struct StandInRecord {
    /// When the day opened, by the stand-in's clock.
    opening: SeoulTime,
    /// How many requests came.
    requests: usize,
    /// How many of them after the opening.
    requests_after_opening: usize,
    /// How long after the opening the first request of an attempt came, in microseconds; negative before it.
    first_arrival_micros: Option<i64>,
    /// How long after the opening the first rival applied, in microseconds.
    first_rival_micros: Option<i64>,
    /// How many requests of each kind came.
    by_step: BTreeMap<String, u32>,
    /// The bookings at the stand-in.
    bookings: Vec<StandInBooking>,
}

/// A booking at the stand-in site.
#[derive(Serialize, JsonSchema)]
pub(super) struct StandInBooking {
    /// The receipt number.
    receipt: String,
    /// When, by this machine's clock.
    at: SeoulTime,
    place: Place,
    /// The day.
    date: RentDate,
    times: Vec<TimeRange>,
}

/// A line of `clock`.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum ClockLine {
    /// One request and its answer.
    Probe {
        /// When the request was sent, by this machine's clock.
        sent: SeoulTime,
        /// From the request to the head of the answer, in microseconds.
        answered_micros: u64,
        /// What the site's clock showed.
        date: SeoulTime,
        /// The site's clock is ahead by at least this, in microseconds; negative if it is behind.
        lower_micros: i64,
        /// The site's clock is ahead by at most this, in microseconds; null behind a cache, which bounds on one side
        /// only.
        upper_micros: Option<i64>,
        /// Whether the dates come from a cache.
        cached: bool,
    },
    /// The last line: the estimate.
    Clock {
        /// When, by this machine's clock.
        at: SeoulTime,
        /// Whether this machine's clock is known to be synchronised.
        local_clock_synchronised: bool,
        #[serde(flatten)]
        estimate: ClockEstimate,
    },
}

/// A line of `run-due`: a booking that ended, or that this runner does not hold any more.
#[derive(Serialize, JsonSchema)]
pub(super) struct RunDueLine<'s> {
    /// Its number.
    pub(super) booking: i64,
    /// The exact word of its state, or `handed-back` or `taken-over`.
    pub(super) state: &'s str,
    /// Why.
    #[schemars(extend("x-stability" = "wording"))]
    pub(super) reason: &'s str,
}

/// What went wrong. It stands alone on stdout, or as the last line where a command prints lines.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ErrorDocument {
    pub(crate) error: ErrorEntry,
}

/// An error.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ErrorEntry {
    /// The exit code of the command.
    pub(crate) code: u8,
    /// The same in a word: `bad-input`, `store`, `network` and so on.
    pub(crate) kind: &'static str,
    /// The sentence that stands on stderr.
    #[schemars(extend("x-stability" = "wording"))]
    pub(crate) message: String,
}

/// The JSON Schema of everything that is printed, by command.
pub(super) fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("account list", schema::<AccountsDocument<'_>>()),
        ("add", schema::<AddDocument<'_>>()),
        ("applicant list", schema::<ApplicantsDocument>()),
        ("applicant show", schema::<ApplicantDocument<'_>>()),
        ("book", schema::<StoryLine>()),
        ("book --dry-run", schema::<DryRunLine<'_>>()),
        ("cancel", schema::<CancelDocument>()),
        ("capture check", schema::<CheckReport>()),
        ("capture dialect", schema::<CaptureDialectDocument<'_>>()),
        ("clock", schema::<ClockLine>()),
        ("demo", schema::<StoryLine>()),
        ("doctor", schema::<DoctorDocument>()),
        ("edit", schema::<ChangedDocument>()),
        ("import", schema::<ImportDocument<'_>>()),
        ("list", schema::<ListDocument<'_>>()),
        ("notify list", schema::<ChannelsDocument>()),
        ("notify test", schema::<ChannelTestDocument>()),
        ("places", schema::<PlacesDocument<'_>>()),
        ("retry", schema::<ChangedDocument>()),
        ("run-due", schema::<RunDueLine<'_>>()),
        ("settings show", schema::<SettingsDocument<'_>>()),
        ("show", schema::<ShowOutput<'_>>()),
        ("sites", schema::<SitesDocument>()),
        ("slots", schema::<SlotsDocument<'_>>()),
        ("status", schema::<StatusDocument<'_>>()),
        ("web link", schema::<WebLinkDocument<'_>>()),
        ("web token add", schema::<NewTokenDocument<'_>>()),
        ("web token list", schema::<TokensDocument<'_>>()),
        ("web token remove", schema::<RemovedTokenDocument>()),
        ("errors", schema::<ErrorDocument>()),
    ]
}

fn schema<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
