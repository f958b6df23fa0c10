//! The commands on stored bookings: `add`, `list`, `show`, `edit`, `cancel`, `retry`, `import`, `export`,
//! `calendar`.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use namyangju_rent::{RentDate, TimeRange};

use super::book::{AimArgs, ApplicationArgs, WishArgs};
use super::values::{AskedPlace, Choice, OpensAt, StateWord, attempt_number, booking_number, round_number};

/// Store a booking that a runner makes at the instant it opens.
///
/// The number of the booking goes to stdout; when it opens, and what has to be running by then, to stderr.
/// `rent-runner serve`, or cron with `rent-runner run-due`, makes the booking. `rent-runner show` tells what
/// happened. You may leave --account and --applicant out where only one is stored.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner add --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00
  rent-runner add --account me --applicant club --head-count 6 \\
      --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00 \\
      --or 'NYJ06/07/103 2026-12-05 08:00-10:00' \\
      --opens-at '2026-11-26 10:00:00'
  rent-runner add … --place '체육공원2호/*' --time 06:00-08:00
  rent-runner add … --opens-at now    (open already: a runner begins at once)")]
pub(crate) struct Add {
    /// The account to book with (the name you gave it in `account add`). Default: the only one.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,

    #[command(flatten)]
    pub(crate) wishes: WishArgs,

    /// Use the applicant saved under this name. Other flags override its fields. Default: the only one.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) applicant: Option<String>,

    #[command(flatten)]
    pub(crate) application: ApplicationArgs,

    /// When the day opens, on the site's clock. `2026-11-26 10:00:00` is in Asia/Seoul; RFC 3339 with an offset
    /// works too. `auto` takes the opening rule of the city's dialect, which the city has not confirmed; `now`
    /// means that it is open already. Default: `auto`.
    #[arg(long, value_name = "INSTANT|auto|now", help_heading = "Opening")]
    pub(crate) opens_at: Option<OpensAt>,

    #[command(flatten)]
    pub(crate) aim: AimArgs,

    /// A note for yourself. `list` and `show` print it; it is never sent.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,

    /// Print a JSON document instead of the number.
    #[arg(long)]
    pub(crate) json: bool,
}

/// List stored bookings: the next 100, and the last 20 that are over.
///
/// The state is `waiting`, `succeeded` or `failed`, followed by a more exact word where there is one: armed,
/// firing, unconfirmed, blocked, needs-person, cancelled.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner list
  rent-runner list --state unconfirmed --state needs-person
  rent-runner list --all --json |
      jq -r '.bookings[] | select(.receipt) | .receipt.number'")]
pub(crate) struct List {
    /// Only bookings in this state (its exact word); may be repeated.
    #[arg(long, value_name = "STATE", action = ArgAction::Append)]
    pub(crate) state: Vec<StateWord>,

    /// Only bookings of this account.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,

    /// List all bookings.
    #[arg(long)]
    pub(crate) all: bool,

    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show an overview: bookings, runners, unsent messages, openings.
///
/// Openings are the instants at which days really opened, as far as a booking saw them.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print a JSON document instead of lines.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show everything about a booking: its attempts and the answers.
///
/// The applicant's data stays sealed without --personal.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner show 7
  rent-runner show 7 --events --json
  rent-runner show 7 --page 3 > answer.html   (an unrecognised answer)
  rent-runner show 7 --timeline race.html
  rent-runner show 7 --timeline -")]
pub(crate) struct Show {
    /// The booking's number.
    #[arg(value_name = "NUMBER", value_parser = booking_number)]
    pub(crate) id: i64,

    /// Show the stored events as well.
    #[arg(long)]
    pub(crate) events: bool,

    /// Show the applicant's names and phone numbers as well; needs the key.
    #[arg(long)]
    pub(crate) personal: bool,

    /// Write the page that this attempt got to stdout, byte for byte, if it was kept. It may contain names.
    #[arg(long, value_name = "ATTEMPT", value_parser = attempt_number, conflicts_with_all = ["events", "personal", "json"])]
    pub(crate) page: Option<u32>,

    /// The round of --page, if the booking was retried. Default: the last round with such an attempt.
    #[arg(long, value_name = "ROUND", value_parser = round_number, requires = "page")]
    pub(crate) round: Option<i64>,

    /// Draw what was asked for when, and how long the network and the site took: as a picture (`.svg`), as a page
    /// (`.html`), or with `-` as text to stdout.
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["events", "personal", "json", "page"])]
    pub(crate) timeline: Option<PathBuf>,

    /// Write the requests with their times as a HAR file, for other viewers; `-` is stdout. It holds nothing of what was
    /// sent or answered.
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["events", "personal", "json", "page"])]
    pub(crate) har: Option<PathBuf>,

    /// Print a JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Change a waiting booking. What you do not give stays as it is.
///
/// A booking cannot be changed while a runner holds it, which begins eleven minutes before the opening.
/// --place, --date and --time change the first choice; --or replaces all others.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner edit 7 --time 08:00-10:00
  rent-runner edit 7 --opens-at '2026-11-26 10:00:00' --note 'announced today'
  rent-runner edit 7 --clear or --clear note")]
pub(crate) struct Edit {
    /// The booking's number.
    #[arg(value_name = "NUMBER", value_parser = booking_number)]
    pub(crate) id: i64,

    /// The court of the first choice: its codes, its name, or any court of a group (`NYJ06/07/*`); may be
    /// repeated for alternatives.
    #[arg(long, value_name = "PLACE", action = ArgAction::Append)]
    pub(crate) place: Vec<AskedPlace>,

    /// The day of the first choice.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<RentDate>,

    /// The time of the first choice; may be repeated for alternatives.
    #[arg(long, value_name = "FROM-TO", action = ArgAction::Append)]
    pub(crate) time: Vec<TimeRange>,

    /// The other choices, instead of the stored ones; may be repeated.
    #[arg(long, value_name = "PLACE DATE FROM-TO", action = ArgAction::Append)]
    pub(crate) or: Vec<Choice>,

    /// Whether to book from the list for events instead of the one for sports.
    #[arg(long, value_name = "true|false")]
    pub(crate) events: Option<bool>,

    /// Use the applicant saved under this name.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) applicant: Option<String>,

    #[command(flatten)]
    pub(crate) application: ApplicationArgs,

    /// When the day opens. If it is `auto` and the first choice changes, it is computed again.
    #[arg(long, value_name = "INSTANT|auto|now", help_heading = "Opening")]
    pub(crate) opens_at: Option<OpensAt>,

    #[command(flatten)]
    pub(crate) aim: AimArgs,

    /// A note for yourself.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,

    /// Remove this, or set it back to its default; may be repeated.
    #[arg(long, value_enum, value_name = "WHAT", action = ArgAction::Append)]
    pub(crate) clear: Vec<Clear>,

    /// Print a JSON document instead of a sentence.
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
    /// The number of requests is the default again.
    MostRequests,
    /// The note.
    Note,
}

/// Cancel bookings that are not over.
///
/// A runner that holds the booking cancels it within seconds, unless the application has been sent. To cancel
/// a reservation that was won, use the site.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner cancel 7
  rent-runner cancel 7 8 9")]
pub(crate) struct Cancel {
    /// The bookings' numbers.
    #[arg(value_name = "NUMBER", required = true, value_parser = booking_number)]
    pub(crate) ids: Vec<i64>,

    /// Print a JSON document instead of sentences.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Set a booking that ended without success back to waiting.
///
/// A booking that ended unconfirmed is first read back from the site, so that nothing is sent twice. Without
/// --opens-at, an opening in the future is kept; otherwise the booking begins at once.
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

    /// Print a JSON document instead of a sentence.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Store many bookings from a file: all of them or none.
///
/// The file is TOML or JSON, by its extension or else by its content. All mistakes are listed at once, each
/// with the number of the booking (from 1) and the key. `rent-runner export` writes such files.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Each booking is a [[booking]] table (in JSON: { \"booking\": [ … ] } or a bare list). The keys are those of
`rent-runner add`:

  [[booking]]
  account = \"me\"                  # may be left out where there is only one
  applicant = \"club\"              # the same
  place = \"NYJ06/07/103\"          # or a name, \"NYJ06/07/*\", or a list
  date = \"2026-12-05\"
  time = \"06:00-08:00\"            # or a list
  or = [\"NYJ06/07/103 2026-12-05 08:00-10:00\"]
  opens-at = \"auto\"               # or \"2026-11-26 10:00:00\", or \"now\"

  more keys: events, club-name, head-count, event-name, purpose, tel, mobile,
  applicant-name, discount, lead, clock-offset, give-up-after, policy,
  most-requests, note

Examples:
  rent-runner import december.toml --dry-run
  rent-runner export | rent-runner --database other.db import -")]
pub(crate) struct Import {
    /// The file, or `-` for stdin.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Check everything, but store nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print a JSON document instead of the numbers.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write bookings to a file that `import` reads.
///
/// The file has the bookings with the given numbers, or all that are not over. Without --with-applicant the file has no personal data. A booking whose data equals a saved applicant names
/// that applicant; any other names none, and `import` uses the only applicant. Passwords are never exported.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner export > bookings.toml
  rent-runner export 7 8 --format json
  (umask 077; rent-runner export --with-applicant > backup.toml)")]
pub(crate) struct Export {
    /// The bookings' numbers. Default: all that are not over.
    #[arg(value_name = "NUMBER", value_parser = booking_number)]
    pub(crate) ids: Vec<i64>,

    /// The format of the file.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,

    /// Include the applicants' clubs, names and phone numbers. Keep the file to yourself.
    #[arg(long)]
    pub(crate) with_applicant: bool,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// TOML.
    #[default]
    Toml,
    /// JSON.
    Json,
}

/// Write the reserved times as an iCalendar file.
///
/// Each event keeps its UID, so that a calendar updates its events when it reads the file again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner calendar > courts.ics
  rent-runner calendar --output ~/public/courts.ics")]
pub(crate) struct Calendar {
    /// Write to this file instead of stdout. It is replaced whole, or not at all.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Only bookings of this account.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
}
