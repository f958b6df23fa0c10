//! The commands on stored bookings: `add`, `list`, `show`, `edit`, `cancel`, `retry`, `import`, `export`,
//! `calendar`.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use namyangju_rent::{Place, RentDate, TimeRange};

use super::book::{AimArgs, ApplicationArgs, WishArgs};
use super::values::{Choice, OpensAt, StateWord, attempt_number, booking_number, round_number};

/// Store a booking, to be made at the instant it opens.
///
/// The number of the booking goes to stdout, when it opens and what has to be running by then to stderr.
/// `rent-runner serve`, or cron with `rent-runner run-due`, makes the booking; `rent-runner show` tells its
/// story. Where only one account or one applicant is kept, it need not be named.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner add --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00
  rent-runner add --account me --applicant club --head-count 6 \\
      --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00 \\
      --or 'NYJ06/07/103 2026-12-05 08:00-10:00' --opens-at '2026-11-26 10:00:00'
  rent-runner add … --opens-at now        (open already: begun as soon as a runner sees it)")]
pub(crate) struct Add {
    /// The account that books, by its name here. Default: the only one.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,

    #[command(flatten)]
    pub(crate) wishes: WishArgs,

    /// Applicant's data that is kept under this name; what is given besides comes first. Default: the only one.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) applicant: Option<String>,

    #[command(flatten)]
    pub(crate) application: ApplicationArgs,

    /// When the day opens, on the site's clock: `2026-11-26 10:00:00` is in Asia/Seoul; RFC 3339 with an
    /// offset is taken too. `auto` is the dialect's own rule, which the city has not confirmed; `now` is open
    /// already. Default: `auto`.
    #[arg(long, value_name = "INSTANT|auto|now", help_heading = "Opening")]
    pub(crate) opens_at: Option<OpensAt>,

    #[command(flatten)]
    pub(crate) aim: AimArgs,

    /// Your own words; they are shown by `list` and `show` and sent nowhere.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,

    /// A JSON document instead of the number.
    #[arg(long)]
    pub(crate) json: bool,
}

/// List stored bookings: the first 100 that are not over, and the last 20 that are.
///
/// A state is `waiting`, `succeeded` or `failed`, with the exact word after it where there is one: armed,
/// firing, unconfirmed, blocked, needs-person, cancelled.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner list
  rent-runner list --state unconfirmed --state needs-person
  rent-runner list --all --json | jq '.bookings[] | select(.receipt) | .receipt'")]
pub(crate) struct List {
    /// Only this state, by its exact word; may be repeated.
    #[arg(long, value_name = "STATE", action = ArgAction::Append)]
    pub(crate) state: Vec<StateWord>,

    /// Only those of this account, by its name here.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,

    /// All of them.
    #[arg(long)]
    pub(crate) all: bool,

    /// A JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show how the store stands: bookings by state, runners, messages that do not arrive, and when days were seen
/// to open.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// A JSON document instead of lines.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Tell the story of a booking: every attempt, when it was sent and answered, and what came.
///
/// The applicant's data is not opened without --personal.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner show 7
  rent-runner show 7 --events --json
  rent-runner show 7 --page 3 > answer.html       (the page nobody has described)")]
pub(crate) struct Show {
    /// The booking's number.
    #[arg(value_name = "NUMBER", value_parser = booking_number)]
    pub(crate) id: i64,

    /// Each event too, as it was stored.
    #[arg(long)]
    pub(crate) events: bool,

    /// Also names and numbers of the applicant; needs the key.
    #[arg(long)]
    pub(crate) personal: bool,

    /// Write the page that was kept of this attempt to stdout, byte for byte. It may hold names.
    #[arg(long, value_name = "ATTEMPT", value_parser = attempt_number, conflicts_with_all = ["events", "personal", "json"])]
    pub(crate) page: Option<u32>,

    /// The round of --page, where a booking was retried. Default: the last with such an attempt.
    #[arg(long, value_name = "ROUND", value_parser = round_number, requires = "page")]
    pub(crate) round: Option<i64>,

    /// A JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Change a booking that waits; only what is given changes.
///
/// It is refused once a runner holds the booking, from eleven minutes before the opening. The first choice is
/// changed by --place, --date and --time, the others are replaced by --or.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner edit 7 --time 08:00-10:00
  rent-runner edit 7 --opens-at '2026-11-26 10:00:00' --note 'announced on the 20th'
  rent-runner edit 7 --clear or --clear note")]
pub(crate) struct Edit {
    /// The booking's number.
    #[arg(value_name = "NUMBER", value_parser = booking_number)]
    pub(crate) id: i64,

    /// The court of the first choice.
    #[arg(long, value_name = "PLACE")]
    pub(crate) place: Option<Place>,

    /// The day of the first choice.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<RentDate>,

    /// The time of the first choice.
    #[arg(long, value_name = "FROM-TO")]
    pub(crate) time: Option<TimeRange>,

    /// The next best choices, in place of those there are; may be repeated.
    #[arg(long, value_name = "PLACE DATE FROM-TO", action = ArgAction::Append)]
    pub(crate) or: Vec<Choice>,

    /// Whether the times are from the list for events that are not sports.
    #[arg(long, value_name = "true|false")]
    pub(crate) events: Option<bool>,

    /// Take the applicant's data that is kept under this name.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) applicant: Option<String>,

    #[command(flatten)]
    pub(crate) application: ApplicationArgs,

    /// When the day opens. If it was `auto` and the first choice changes, it is computed again.
    #[arg(long, value_name = "INSTANT|auto|now", help_heading = "Opening")]
    pub(crate) opens_at: Option<OpensAt>,

    #[command(flatten)]
    pub(crate) aim: AimArgs,

    /// Your own words.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,

    /// Back to none, or to the default; may be repeated.
    #[arg(long, value_enum, value_name = "WHAT", action = ArgAction::Append)]
    pub(crate) clear: Vec<Clear>,

    /// A JSON document instead of a sentence.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `edit` can take away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Clear {
    /// All choices but the first.
    Or,
    /// The site's clock is measured again.
    ClockOffset,
    /// The default number of requests.
    MostRequests,
    /// Your own words.
    Note,
}

/// Cancel bookings that are not over.
///
/// One that a runner holds is cancelled by that runner within seconds, unless its application has left. A
/// reservation that was won is cancelled at the site, not here.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner cancel 7
  rent-runner cancel 7 8 9")]
pub(crate) struct Cancel {
    /// The bookings' numbers.
    #[arg(value_name = "NUMBER", required = true, value_parser = booking_number)]
    pub(crate) ids: Vec<i64>,

    /// A JSON document instead of sentences.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Put a booking that ended without success back to waiting.
///
/// One that ended unconfirmed is first read back from the site: nothing is sent twice. Without --opens-at an
/// opening that is still to come is kept; else the booking begins at once.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner retry 7
  rent-runner retry 7 --opens-at '2026-11-27 10:00:00'")]
pub(crate) struct Retry {
    /// The booking's number.
    #[arg(value_name = "NUMBER", value_parser = booking_number)]
    pub(crate) id: i64,

    /// When the day opens.
    #[arg(long, value_name = "INSTANT|auto|now")]
    pub(crate) opens_at: Option<OpensAt>,

    /// A JSON document instead of a sentence.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Store many bookings from a file: all of them or none.
///
/// TOML or JSON, told by the file's extension, or else by what is in it. Whatever is wrong is named with the
/// booking (counted from 1) and the key, for all bookings at once. `rent-runner export` writes such files.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Each booking is a [[booking]] table (in JSON: { \"booking\": [ … ] } or a bare list). The keys are those of
`rent-runner add`:

  [[booking]]
  account = \"me\"                  # may be left out where there is only one
  applicant = \"club\"              # the same
  place = \"NYJ06/07/103\"
  date = \"2026-12-05\"
  time = \"06:00-08:00\"
  or = [\"NYJ06/07/103 2026-12-05 08:00-10:00\"]
  opens-at = \"auto\"               # or \"2026-11-26 10:00:00\", or \"now\"

  further: events, club-name, head-count, event-name, purpose, tel, mobile, applicant-name, discount,
  lead, clock-offset, give-up-after, policy, most-requests, note

Examples:
  rent-runner import december.toml --dry-run
  rent-runner export | rent-runner --database other.db import -")]
pub(crate) struct Import {
    /// The file; `-` is stdin.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Check everything and store nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// A JSON document instead of the numbers.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write bookings as a file that `import` reads: those that are not over, or those named.
///
/// Without --with-applicant there is no personal data in it: a booking whose applicant's data equals what is
/// kept under a name refers to that name, any other has none, and `import` then takes the only applicant
/// there is. Passwords are never exported.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner export > bookings.toml
  rent-runner export 7 8 --format json
  (umask 077; rent-runner export --with-applicant > backup.toml)")]
pub(crate) struct Export {
    /// Numbers of bookings. Default: all that are not over.
    #[arg(value_name = "NUMBER", value_parser = booking_number)]
    pub(crate) ids: Vec<i64>,

    /// The language of the file.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,

    /// With club, names and numbers of the applicants. Keep the file to yourself.
    #[arg(long)]
    pub(crate) with_applicant: bool,
}

/// The language of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// TOML.
    #[default]
    Toml,
    /// JSON.
    Json,
}

/// Write the times that were won as an iCalendar file.
///
/// Each event keeps its identity, so that reading the file again changes events instead of doubling them.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner calendar > courts.ics
  rent-runner calendar --output ~/public/courts.ics")]
pub(crate) struct Calendar {
    /// Write this file, whole or not at all, instead of stdout.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Only those of this account, by its name here.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
}
