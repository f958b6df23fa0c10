//! `book`, and the arguments that it shares with the commands on stored bookings.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use namyangju_rent::{HeadCount, RentDate, TimeRange};

use super::At;
use super::values::{AskedPlace, Choice, OpensAt, PolicyName, login, most_requests};
use crate::exit;
use crate::words::duration;

/// Book one time in the foreground, now or at the instant it opens.
///
/// The command logs in, visits the pages that the site requires, applies, and reads the result back. Where
/// an answer allows another try, it tries again until `--give-up-after`. The receipt number goes to stdout,
/// a line for each step to stderr. Ctrl-C ends it with a verdict.
///
/// With `--opens-at` it prepares ten minutes before the opening: it logs in, learns the numbers of the slots
/// from a day that is open already, and measures the site's clock with at most one request a second. If
/// something is not ready, it raises an alarm while there is still time to act. The second column of each
/// line is the time from the opening.
#[derive(Debug, Args)]
#[command(after_long_help = format!("\
Examples:
  rent-runner book --account me \\
      --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00 \\
      --club-name 가나다클럽 --head-count 4 --event-name 테니스 --purpose 운동
  rent-runner book … --opens-at '2026-11-26 10:00:00' --journal ~/court.jsonl \\
      --or 'NYJ06/07/103 2026-12-05 08:00-10:00' \\
      --or 'NYJ06/07/103 2026-12-06 06:00-08:00'
  rent-runner book … --place 'NYJ06/07/*' --time 06:00-08:00 --time 08:00-10:00
  rent-runner book … --opens-at auto --resume ~/court.jsonl   (after a crash)
  rent-runner book … --time 14:00-18:00 --dry-run   (no application is sent)
  pass show court | rent-runner book … --password-stdin --json

The password comes from --password-stdin, from RENT_PASSWORD or from a prompt. It is never an argument,
because every user of the machine can read arguments.

{}", exit::TABLE))]
pub(crate) struct Book {
    #[command(flatten)]
    pub(crate) at: At,

    /// Your login name at the site.
    #[arg(long, env = "RENT_ACCOUNT", hide_env_values = true, value_name = "ID", value_parser = login)]
    pub(crate) account: String,

    /// Read the password from the first line of stdin.
    #[arg(long)]
    pub(crate) password_stdin: bool,

    #[command(flatten)]
    pub(crate) wishes: WishArgs,

    #[command(flatten)]
    pub(crate) application: ApplicationArgs,

    /// Wait for this instant, and have the first request arrive at it. `2026-11-26 10:00:00` is in
    /// Asia/Seoul, on the site's clock; RFC 3339 with an offset works too. `auto` takes the opening rule of
    /// the city's dialect, which the city has not confirmed. Default: `now`, which does not wait.
    #[arg(long, value_name = "INSTANT|auto|now", help_heading = "Opening")]
    pub(crate) opens_at: Option<OpensAt>,

    #[command(flatten)]
    pub(crate) aim: AimArgs,

    /// Append each event to this file as a line of JSON. The intent to apply is on the disk before the
    /// application is sent. Only you can read the file; it holds no password, cookie, name or phone number.
    #[arg(long, value_name = "PATH", help_heading = "Journal")]
    pub(crate) journal: Option<PathBuf>,

    /// Continue the booking of this journal, and keep writing to it. If the journal has an application
    /// without an answer, the day list is read before anything is sent. With --journal and the same path, the
    /// file may be missing, so that a supervisor can always start the same command.
    #[arg(long, value_name = "PATH", help_heading = "Journal")]
    pub(crate) resume: Option<PathBuf>,

    /// Stop at the form and show what would be sent, with names and phone numbers masked.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print each event as a line of JSON, and the report as the last line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The court and the time, and further choices.
#[derive(Debug, Args)]
pub(crate) struct WishArgs {
    /// The court: its codes or its name, as `rent-runner places` lists them. A part of the name is enough where
    /// only one court has it. `NYJ06/07/*`, or a group's name and `/*`, is any court of the group, in the site's order. Give it
    /// several times for alternatives, the best first. The site's menus are read for a name or a group that is
    /// not known yet, and kept in the store of bookings.
    #[arg(long, value_name = "PLACE", required = true, action = ArgAction::Append)]
    pub(crate) place: Vec<AskedPlace>,

    /// The day of use, as in 2026-12-05.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: RentDate,

    /// The time of use, as in 06:00-08:00: one round, or several adjacent ones. Give it several times for
    /// alternatives: all courts are tried for the first time, then all for the second.
    #[arg(long, value_name = "FROM-TO", required = true, action = ArgAction::Append)]
    pub(crate) time: Vec<TimeRange>,

    /// Book from the list for events, not from the one for sports.
    #[arg(long)]
    pub(crate) events: bool,

    /// Another choice, as in `NYJ06/07/103 2026-12-05 08:00-10:00`, which is tried when the choices before it
    /// are lost; may be repeated. At most one of all choices is booked.
    #[arg(long, value_name = "PLACE DATE FROM-TO", action = ArgAction::Append)]
    pub(crate) or: Vec<Choice>,
}

impl WishArgs {
    /// The choices, the best first.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let at = |range: &TimeRange| {
            let (date, range) = (self.date, *range);
            self.place.iter().map(move |place| Choice { place: place.clone(), date, range })
        };
        self.time.iter().flat_map(at).chain(self.or.iter().cloned()).collect()
    }
}

/// The fields of an application. The site requires the first four.
#[derive(Clone, Default, PartialEq, Eq, Args)]
pub(crate) struct ApplicationArgs {
    /// The club or group that applies.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) club_name: Option<String>,

    /// The number of people, 1 to 999.
    #[arg(long, value_name = "N", help_heading = "Application")]
    pub(crate) head_count: Option<HeadCount>,

    /// The name of the event, for example 테니스.
    #[arg(long, value_name = "TEXT", help_heading = "Application")]
    pub(crate) event_name: Option<String>,

    /// What the court is used for, for example 운동.
    #[arg(long, value_name = "TEXT", help_heading = "Application")]
    pub(crate) purpose: Option<String>,

    /// The landline number. Default: the number in the site's form.
    #[arg(long, value_name = "NUMBER", help_heading = "Application")]
    pub(crate) tel: Option<String>,

    /// The mobile number. Default: the account's number, from the site's form.
    #[arg(long, value_name = "NUMBER", help_heading = "Application")]
    pub(crate) mobile: Option<String>,

    /// The applicant's name. Default: the account's holder, from the site's form.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) applicant_name: Option<String>,

    /// The code of a discount group. `book --dry-run` lists the groups that the form offers.
    #[arg(long, value_name = "CODE", help_heading = "Application")]
    pub(crate) discount: Option<String>,
}

impl ApplicationArgs {
    /// Whether no field is given.
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

/// When the first request is sent, and how the attempts follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct AimArgs {
    /// Send the first request earlier than planned by this much, as in 5ms. A request that arrives before the
    /// opening is refused, and the next follows half a second later. Default: 0.
    #[arg(long, value_parser = duration::parse, value_name = "DURATION", help_heading = "Opening")]
    pub(crate) lead: Option<Duration>,

    /// Do not measure the site's clock: it is ahead of this machine's by this much, as in 0ms, +120ms or
    /// -1.5s.
    #[arg(long, value_parser = duration::parse_offset, value_name = "OFFSET", allow_hyphen_values = true)]
    #[arg(help_heading = "Opening")]
    pub(crate) clock_offset: Option<i64>,

    /// Stop trying after this time, counted from the opening, or from the start without --opens-at. Default: 5m.
    #[arg(long, value_parser = duration::parse, value_name = "DURATION", help_heading = "Pace")]
    pub(crate) give_up_after: Option<Duration>,

    /// How the attempts follow each other [default: default]
    #[arg(long, value_enum, value_name = "NAME", help_heading = "Pace")]
    pub(crate) policy: Option<PolicyName>,

    /// The maximum number of requests after the opening. With fewer than the pace needs, attempts are further apart.
    /// Default: as many as the pace needs until the end.
    #[arg(long, value_parser = most_requests, value_name = "N", help_heading = "Pace")]
    pub(crate) most_requests: Option<u32>,
}
