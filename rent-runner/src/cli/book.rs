//! `book`, and the arguments that it shares with the commands on stored bookings.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use namyangju_rent::{HeadCount, Place, RentDate, TimeRange};

use super::At;
use super::values::{Choice, OpensAt, Pace, login, most_requests};
use crate::exit;
use crate::words::duration;

/// Book one time, at once or at the instant it opens, in the foreground.
///
/// Logs in, visits the pages the site demands, applies, and reads the result back. Where an answer
/// allows another try, it tries again until `--give-up-after`. The receipt number goes to stdout, the
/// story to stderr. Ctrl-C ends it with a verdict.
///
/// With `--opens-at` it gets ready ten minutes before: it logs in, learns the numbers of the slots from a
/// day that is open already, and measures the site's clock by at most one request a second. What is not
/// ready is an alarm while there is still time to act. The times of the story count from the opening.
#[derive(Debug, Args)]
#[command(after_long_help = format!("\
Examples:
  rent-runner book --account me --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00 \\
      --club-name 가나다클럽 --head-count 4 --event-name 테니스 --purpose 운동
  rent-runner book … --opens-at '2026-11-26 10:00:00' --journal ~/court.jsonl \\
      --or 'NYJ06/07/103 2026-12-05 08:00-10:00' --or 'NYJ06/07/103 2026-12-06 06:00-08:00'
  rent-runner book … --opens-at auto --resume ~/court.jsonl     (after a crash: looks first)
  rent-runner book … --time 14:00-18:00 --dry-run       (several rounds; nothing is applied for)
  pass show court | rent-runner book … --password-stdin --json

The password comes from --password-stdin, from RENT_PASSWORD or from a prompt; never from an
argument, which every user of the machine could read.

{}", exit::TABLE))]
pub(crate) struct Book {
    #[command(flatten)]
    pub(crate) at: At,

    /// The login name at the site.
    #[arg(long, env = "RENT_ACCOUNT", hide_env_values = true, value_name = "ID", value_parser = login)]
    pub(crate) account: String,

    /// Read the password from the first line of stdin.
    #[arg(long)]
    pub(crate) password_stdin: bool,

    #[command(flatten)]
    pub(crate) wishes: WishArgs,

    #[command(flatten)]
    pub(crate) application: ApplicationArgs,

    /// Wait for this instant and have the first request arrive at it: `2026-11-26 10:00:00` is in
    /// Asia/Seoul, on the site's clock; RFC 3339 with an offset is taken too. `auto` is the dialect's own
    /// opening rule, which the city has not confirmed. Default: `now`, without waiting.
    #[arg(long, value_name = "INSTANT|auto|now", help_heading = "Opening")]
    pub(crate) opens_at: Option<OpensAt>,

    #[command(flatten)]
    pub(crate) aim: AimArgs,

    /// Append each event to this file as a line of JSON; that an application leaves is on the disk
    /// before it does. Only you can read the file; it holds no password, cookie, name or number.
    #[arg(long, value_name = "PATH", help_heading = "Journal")]
    pub(crate) journal: Option<PathBuf>,

    /// Go on with the booking of a journal, and go on writing it: if an application had left and its
    /// answer is not there, the day list is read before anything is sent. Together with --journal (one
    /// path) the file need not be there yet, so that a supervisor can always start the same command.
    #[arg(long, value_name = "PATH", help_heading = "Journal")]
    pub(crate) resume: Option<PathBuf>,

    /// Go as far as the form and show what would be sent, names and numbers masked.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Each event as a line of JSON on stdout, the report last.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is wished for.
#[derive(Debug, Args)]
pub(crate) struct WishArgs {
    /// The court: centre/group/court, as `rent-runner places` lists them.
    #[arg(long, value_name = "PLACE")]
    pub(crate) place: Place,

    /// The day of use, as in 2026-12-05.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: RentDate,

    /// The time, one round or several adjacent ones, as in 06:00-08:00.
    #[arg(long, value_name = "FROM-TO")]
    pub(crate) time: TimeRange,

    /// Take the time from the list for events that are not sports.
    #[arg(long)]
    pub(crate) events: bool,

    /// The next best choice, as in `NYJ06/07/103 2026-12-05 08:00-10:00`, for when those before it are
    /// lost; may be repeated. At most one of all is booked.
    #[arg(long, value_name = "PLACE DATE FROM-TO", action = ArgAction::Append)]
    pub(crate) or: Vec<Choice>,
}

impl WishArgs {
    /// The choices, the best first.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let first = Choice { place: self.place.clone(), date: self.date, range: self.time };
        std::iter::once(first).chain(self.or.iter().cloned()).collect()
    }
}

/// What is applied with. The site demands the first four.
#[derive(Clone, Default, PartialEq, Eq, Args)]
pub(crate) struct ApplicationArgs {
    /// The club or group that applies.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) club_name: Option<String>,

    /// How many people come, 1 to 999.
    #[arg(long, value_name = "N", help_heading = "Application")]
    pub(crate) head_count: Option<HeadCount>,

    /// The name of the event, as in 테니스.
    #[arg(long, value_name = "TEXT", help_heading = "Application")]
    pub(crate) event_name: Option<String>,

    /// What the court is used for, as in 운동.
    #[arg(long, value_name = "TEXT", help_heading = "Application")]
    pub(crate) purpose: Option<String>,

    /// A landline number. Default: what the form has.
    #[arg(long, value_name = "NUMBER", help_heading = "Application")]
    pub(crate) tel: Option<String>,

    /// A mobile number. Default: the account's, from the form.
    #[arg(long, value_name = "NUMBER", help_heading = "Application")]
    pub(crate) mobile: Option<String>,

    /// The applicant. Default: the account's holder, from the form.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) applicant_name: Option<String>,

    /// The code of a discount group; `book --dry-run` lists those that the form offers.
    #[arg(long, value_name = "CODE", help_heading = "Application")]
    pub(crate) discount: Option<String>,
}

impl ApplicationArgs {
    /// Nothing of it is given.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { club_name, head_count, event_name, purpose, tel, mobile, applicant_name, discount } = self;
        let texts = [club_name, event_name, purpose, tel, mobile, applicant_name, discount];
        head_count.is_none() && texts.into_iter().all(Option::is_none)
    }
}

impl fmt::Debug for ApplicationArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApplicationArgs(***)")
    }
}

/// How the opening is aimed at, and how the attempts follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct AimArgs {
    /// Send so much earlier than planned, as in 5ms. What arrives early is refused and costs half a
    /// second. Default: 0.
    #[arg(long, value_parser = duration::parse, value_name = "DURATION", help_heading = "Opening")]
    pub(crate) lead: Option<Duration>,

    /// How far the site's clock is ahead of this machine's, as in 0ms, +120ms or -1.5s, instead of
    /// measuring it.
    #[arg(long, value_parser = duration::parse_offset, value_name = "OFFSET", allow_hyphen_values = true)]
    #[arg(help_heading = "Opening")]
    pub(crate) clock_offset: Option<i64>,

    /// Try for so long: after the opening, or from the start where none is given. Default: 5m.
    #[arg(long, value_parser = duration::parse, value_name = "DURATION", help_heading = "Pace")]
    pub(crate) give_up_after: Option<Duration>,

    /// How the attempts follow each other. Default: `default`.
    #[arg(long, value_enum, value_name = "NAME", help_heading = "Pace")]
    pub(crate) policy: Option<Pace>,

    /// The most requests after the opening. Default: 60, or as many as five minutes take with the
    /// original policy; never more than 200 in all.
    #[arg(long, value_parser = most_requests, value_name = "N", help_heading = "Pace")]
    pub(crate) most_requests: Option<u32>,
}
