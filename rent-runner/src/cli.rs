//! The arguments, and the help that goes with them.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use namyangju_rent::{
    CentreCode, DateError, HeadCount, MOST_PROBES, Place, PlaceError, RentDate, SeoulTime, TimeError,
    TimeRange, TlsBackend,
};

use crate::logs::LogFormat;
use crate::{duration, exit};

const EXAMPLES: &str = "\
Examples:
  See the whole story on this machine, without any site:
    rent-runner demo

  A race against twenty others for one court, and a site whose clock is wrong:
    rent-runner demo --rivals 20 --latency 40ms
    rent-runner demo --skew -1.5s

  A site to practise on, and a booking on it from another terminal:
    rent-runner site --opens-in 30s
    echo invented-1 | rent-runner book --base-url http://127.0.0.1:8099 --account tester1 \\
        --password-stdin --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00 \\
        --club-name 가나다클럽 --head-count 4 --event-name 테니스 --purpose 운동

  At the opening, with a second choice, and safe against a crash:
    rent-runner book … --opens-at '2026-11-26 10:00:00' --journal court.jsonl \\
        --or 'NYJ06/07/103 2026-12-05 08:00-10:00'

  What is free on a day, as a table and for a program:
    rent-runner slots --place NYJ06/07/103 --date 2026-12-05 --free
    rent-runner slots --place NYJ06/07/103 --month 2026-12 --json

Environment:
  RENT_SITE, RENT_BASE_URL, RENT_ACCOUNT   instead of --site, --base-url, --account
  RENT_PASSWORD   the password, where neither --password-stdin nor a prompt is wanted
  RUST_LOG        what is traced to stderr, instead of -v
  NO_COLOR        no colours

Results go to stdout, everything else to stderr. All dates and times are those of Asia/Seoul.";

/// Books a public sports court in Namyangju and its sister cities.
///
/// One account, one application for one wish. Requests are few and paced; a human check is handed to
/// you and never solved; a block ends the run. Respect the site's terms of use.
#[derive(Debug, Parser)]
#[command(name = "rent-runner", version, max_term_width = 100, args_override_self = true)]
#[command(after_help = "`--help` shows examples and exit codes.")]
#[command(after_long_help = format!("{EXAMPLES}\n\n{}", exit::TABLE))]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) network: Network,

    /// Trace the requests to stderr; twice for more. No body, cookie or name is traced.
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub(crate) verbose: u8,

    /// How the lines of the trace look. Default: human on a terminal, json elsewhere.
    #[arg(long, global = true, env = "RENT_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    #[arg(help_heading = "Global options")]
    pub(crate) log_format: Option<LogFormat>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How to speak to a site.
#[derive(Debug, Default, Args)]
pub(crate) struct Network {
    /// Which TLS implementation to use; some old servers speak only what the system's library speaks.
    #[arg(long, global = true, value_name = "BACKEND", help_heading = "Global options")]
    tls: Option<Tls>,

    /// A PEM file with certificates to trust besides the system's.
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub(crate) extra_ca: Option<PathBuf>,

    /// The User-Agent of every request. Default: the library's name and version.
    #[arg(long, global = true, value_name = "TEXT", help_heading = "Global options")]
    pub(crate) user_agent: Option<String>,
}

impl Network {
    /// The TLS implementation asked for.
    pub(crate) fn tls(&self) -> Option<TlsBackend> {
        self.tls.map(|tls| match tls {
            Tls::Rustls => TlsBackend::Rustls,
            #[cfg(feature = "native-tls")]
            Tls::Native => TlsBackend::Native,
        })
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tls {
    /// rustls with ring.
    Rustls,
    /// The system's own library.
    #[cfg(feature = "native-tls")]
    Native,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Site(Serve),
    Clock(ClockCheck),
    Book(Box<Book>),
    Slots(Slots),
    Places(Places),
    Sites(Sites),
}

/// Which site.
#[derive(Debug, Args)]
pub(crate) struct At {
    /// A built-in name (see `rent-runner sites`) or the path of a dialect in TOML.
    #[arg(long, env = "RENT_SITE", default_value = "namyangju", value_name = "NAME|PATH")]
    pub(crate) site: String,

    /// Another address than the dialect's: a stand-in or a rehearsal.
    #[arg(long, env = "RENT_BASE_URL", value_name = "URL")]
    pub(crate) base_url: Option<String>,
}

/// Show the whole story on this machine: a stand-in site, its opening, one booking.
///
/// Starts the stand-in on a free port, books one time when its day opens, and shows what happens as it
/// happens: the time of day in Asia/Seoul, then the time from the opening. Other days are open already, so
/// that the numbers of the slots can be learned. Ends with 0 only if the time is reserved. Each switch
/// shows one way in which such a morning can go.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner demo
  rent-runner demo --rivals 20 --latency 40ms
  rent-runner demo --skew 1500ms
  rent-runner demo --expired-session --site cheonan
  rent-runner demo --busy=2s
  rent-runner demo --stored
  rent-runner demo --taken; echo $?")]
pub(crate) struct Demo {
    /// How long until the opening; 0 is open already. Default: 5s, or 15s with --rivals, --skew or
    /// --latency, where the site's clock has to be measured well.
    #[arg(long, value_parser = duration::parse, value_name = "DURATION")]
    opens_in: Option<Duration>,

    /// The dialect to speak: a built-in name or the path of a TOML file.
    #[arg(long, default_value = "namyangju", value_name = "NAME|PATH")]
    pub(crate) site: String,

    /// Somebody else is a moment faster: lost (3).
    #[arg(long)]
    pub(crate) taken: bool,

    /// The site forgets all sessions just before the opening: logged in again, reserved (0).
    #[arg(long)]
    pub(crate) expired_session: bool,

    /// A human check stands before the form: a person is needed (6).
    #[arg(long)]
    pub(crate) human_check: bool,

    /// The day does not open at the announced instant: given up (9).
    #[arg(long)]
    pub(crate) not_open: bool,

    /// The site is overloaded from the opening on: given up (9); with a duration only for so long:
    /// reserved late (0).
    #[arg(long, value_parser = duration::parse, value_name = "DURATION", require_equals = true, num_args = 0..=1)]
    pub(crate) busy: Option<Option<Duration>>,

    /// The answer to the application is lost on the way: read back, reserved without a receipt (0).
    #[arg(long)]
    pub(crate) lose_answer: bool,

    /// The site shuts this client out: blocked (5).
    #[arg(long)]
    pub(crate) blocked: bool,

    /// A race: so many others want the same time, each by a program that asks every 500 ms in a phase of
    /// its own and needs three requests. Reserved (0) or lost (3).
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u16).range(..=1000))]
    pub(crate) rivals: u16,

    /// How long the way to the site and back takes.
    #[arg(long, value_parser = duration::parse, default_value = "0", value_name = "DURATION")]
    pub(crate) latency: Duration,

    /// How far the site's clock is ahead of this machine's, as in 1500ms or -1.5s; the booking is not
    /// told.
    #[arg(long, value_parser = duration::parse_offset, default_value = "0", value_name = "OFFSET")]
    #[arg(allow_hyphen_values = true)]
    pub(crate) skew: i64,

    /// The site's dates come from a cache that renews them every ten seconds only.
    #[arg(long)]
    pub(crate) cached_date: bool,

    /// Give up so long after the opening.
    #[arg(long, value_parser = duration::parse, default_value = "5s", value_name = "DURATION")]
    pub(crate) give_up_after: Duration,

    /// Play it through a store and a runner of its own, as `serve` works: the account and its sealed
    /// password, the stored booking, the lease, the intent before the application, the kept story.
    #[arg(long)]
    pub(crate) stored: bool,

    /// Each event as a line of JSON on stdout, the report last.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Demo {
    /// How long until the opening.
    pub(crate) fn opens_in(&self) -> Duration {
        let in_earnest = self.rivals > 0 || self.skew != 0 || !self.latency.is_zero();
        self.opens_in.unwrap_or(Duration::from_secs(if in_earnest { 15 } else { 5 }))
    }
}

/// Serve the stand-in site, for rehearsals and for a browser.
///
/// The pages of a reservation site with invented members, in the city's own character set, until
/// Ctrl-C. A browser can click through it, and `rent-runner book` can book on it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner site
  rent-runner site --opens-in 1m --booked 0.3 --latency 40ms
  rent-runner site --site cheonan --listen 127.0.0.1:9000 --opens-at '2026-11-26 10:00:00'")]
pub(crate) struct Serve {
    /// Where to listen; port 0 is any free one.
    #[arg(long, default_value = "127.0.0.1:8099", value_name = "ADDRESS:PORT")]
    pub(crate) listen: SocketAddr,

    /// Let other machines reach it. Everybody there can log in and book.
    #[arg(long)]
    pub(crate) beyond_loopback: bool,

    /// The dialect to speak: a built-in name or the path of a TOML file.
    #[arg(long, env = "RENT_SITE", default_value = "namyangju", value_name = "NAME|PATH")]
    pub(crate) site: String,

    /// How long until reservations open. Default: open already.
    #[arg(long, value_parser = duration::parse, value_name = "DURATION")]
    pub(crate) opens_in: Option<Duration>,

    /// When reservations open, in Asia/Seoul, as in `2026-11-26 10:00:00`.
    #[arg(long, value_name = "INSTANT", conflicts_with = "opens_in")]
    pub(crate) opens_at: Option<SeoulTime>,

    /// The share of times that others have from the beginning, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = share, value_name = "SHARE")]
    pub(crate) booked: f64,

    /// How long the way to the site and back takes.
    #[arg(long, value_parser = duration::parse, default_value = "0", value_name = "DURATION")]
    pub(crate) latency: Duration,

    /// A human check before every form, not only at the places that are known to have one.
    #[arg(long)]
    pub(crate) human_check: bool,
}

/// Measure a site's clock; needs no account.
///
/// Asks for the head of the home page at most once a second, each time so that the request should meet a
/// whole second of the site, and shows how the interval that is left for the site's clock closes in. The
/// times of `ahead` are how far the site is ahead of this machine; Ctrl-C ends it early.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner clock
  rent-runner clock --base-url http://127.0.0.1:8099 --probes 4
  rent-runner clock --json | tail -1")]
pub(crate) struct ClockCheck {
    #[command(flatten)]
    pub(crate) at: At,

    /// The most requests, 1 to 12; it ends sooner when another would not help.
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = probe_number)]
    pub(crate) probes: usize,

    /// Each probe as a line of JSON, the estimate last.
    #[arg(long)]
    pub(crate) json: bool,
}

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
    #[arg(long, env = "RENT_ACCOUNT", hide_env_values = true, value_name = "ID")]
    pub(crate) account: String,

    /// Read the password from the first line of stdin.
    #[arg(long)]
    pub(crate) password_stdin: bool,

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

    /// The club or group that applies.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) club_name: String,

    /// How many people come, 1 to 999.
    #[arg(long, value_name = "N", help_heading = "Application")]
    pub(crate) head_count: HeadCount,

    /// The name of the event, as in 테니스.
    #[arg(long, value_name = "TEXT", help_heading = "Application")]
    pub(crate) event_name: String,

    /// What the court is used for, as in 운동.
    #[arg(long, value_name = "TEXT", help_heading = "Application")]
    pub(crate) purpose: String,

    /// A landline number. Default: what the form has.
    #[arg(long, value_name = "NUMBER", help_heading = "Application")]
    pub(crate) tel: Option<String>,

    /// A mobile number. Default: the account's, from the form.
    #[arg(long, value_name = "NUMBER", help_heading = "Application")]
    pub(crate) mobile: Option<String>,

    /// The applicant. Default: the account's holder, from the form.
    #[arg(long, value_name = "NAME", help_heading = "Application")]
    pub(crate) applicant_name: Option<String>,

    /// The code of a discount group; `--dry-run` lists those that the form offers.
    #[arg(long, value_name = "CODE", help_heading = "Application")]
    pub(crate) discount: Option<String>,

    /// Wait for this instant and have the first request arrive at it: `2026-11-26 10:00:00` is in
    /// Asia/Seoul, on the site's clock; RFC 3339 with an offset is taken too. `auto` is the dialect's own
    /// opening rule, which the city has not confirmed.
    #[arg(long, value_name = "INSTANT|auto", help_heading = "Opening")]
    pub(crate) opens_at: Option<OpensAt>,

    /// Send so much earlier than planned, as in 5ms. What arrives early is refused and costs half a
    /// second.
    #[arg(long, value_parser = duration::parse, default_value = "0", value_name = "DURATION")]
    #[arg(requires = "opens_at", help_heading = "Opening")]
    pub(crate) lead: Duration,

    /// How far the site's clock is ahead of this machine's, as in 0ms, +120ms or -1.5s, instead of
    /// measuring it.
    #[arg(long, value_parser = duration::parse_offset, value_name = "OFFSET", allow_hyphen_values = true)]
    #[arg(requires = "opens_at", help_heading = "Opening")]
    pub(crate) clock_offset: Option<i64>,

    /// The next best choice, as in `NYJ06/07/103 2026-12-05 08:00-10:00`, for when those before it are
    /// lost; may be repeated. At most one of all is booked.
    #[arg(long, value_name = "PLACE DATE FROM-TO", action = ArgAction::Append)]
    pub(crate) or: Vec<Choice>,

    /// Try for so long: after the opening, or from the start where none is given.
    #[arg(long, value_parser = duration::parse, default_value = "5m", value_name = "DURATION")]
    #[arg(help_heading = "Pace")]
    pub(crate) give_up_after: Duration,

    /// How the attempts follow each other.
    #[arg(long, value_enum, default_value_t = Pace::Default, value_name = "NAME", help_heading = "Pace")]
    pub(crate) policy: Pace,

    /// The most requests after the opening. Default: 60, or as many as five minutes take with the
    /// original policy; never more than 200 in all.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), value_name = "N", help_heading = "Pace")]
    pub(crate) most_requests: Option<u32>,

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

    /// No story on stderr.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// List the times of a court and which are free; needs no account.
///
/// One request for one month, as the site's own day list shows it. Who has booked is left out.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner slots --place NYJ06/07/103
  rent-runner slots --place NYJ06/07/103 --date 2026-12-05 --free
  rent-runner slots --place NYJ06/07/103 --month 2026-12 --json | jq '.slots[] | select(.state == \"free\")'")]
pub(crate) struct Slots {
    #[command(flatten)]
    pub(crate) at: At,

    /// The court: centre/group/court.
    #[arg(long, value_name = "PLACE")]
    pub(crate) place: Place,

    /// A month, as in 2026-12. Default: this one, in Asia/Seoul.
    #[arg(long, value_name = "MONTH", conflicts_with = "date")]
    pub(crate) month: Option<Month>,

    /// One day, as in 2026-12-05.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<RentDate>,

    /// Only what is free.
    #[arg(long)]
    pub(crate) free: bool,

    /// A JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the courts of a city with their codes; needs no account.
///
/// Walks through the site's menus, one request at a time with at least half a second between two and
/// 200 at most; with --known it lists what the dialect knows and asks nothing of the site.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner places --known
  rent-runner places --centre NYJ06
  rent-runner places --site cheonan --json")]
pub(crate) struct Places {
    #[command(flatten)]
    pub(crate) at: At,

    /// Only what the dialect knows; nothing is asked of the site.
    #[arg(long)]
    pub(crate) known: bool,

    /// Only this centre, with fewer requests.
    #[arg(long, value_name = "CODE")]
    pub(crate) centre: Option<CentreCode>,

    /// Also centres and groups in which no court was found.
    #[arg(long, conflicts_with = "known")]
    pub(crate) all: bool,

    /// A JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the cities that are built in, or print the dialect of one.
///
/// A dialect holds all that differs between cities: addresses, field names, texts, codes. Print one,
/// change it, and give its path to --site.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner sites
  rent-runner sites --show namyangju > mycity.toml
  rent-runner places --site ./mycity.toml")]
pub(crate) struct Sites {
    /// Print this dialect in TOML.
    #[arg(long, value_name = "NAME")]
    pub(crate) show: Option<String>,

    /// A JSON document instead of a table.
    #[arg(long, conflicts_with = "show")]
    pub(crate) json: bool,
}

/// The instant a day opens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OpensAt {
    /// As a person gave it.
    Instant(SeoulTime),
    /// By the dialect's rule.
    Auto,
}

impl FromStr for OpensAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            text => {
                let instant = text.parse().map_err(|error| format!("{error}, or `auto`"))?;
                Ok(Self::Instant(instant))
            }
        }
    }
}

/// How the attempts follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pace {
    /// Every 500 ms for five seconds, then ever slower.
    Default,
    /// The figures of the system that this one replaces: every 500 ms until the end.
    Original,
}

/// One court at one time, written `NYJ06/07/103 2026-12-05 06:00-08:00`.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) place: Place,
    pub(crate) date: RentDate,
    pub(crate) range: TimeRange,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.place, self.date, self.range)
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        let [place, date, range] = words[..] else {
            return Err(
                "write PLACE DATE FROM-TO in one argument, as in `NYJ06/07/103 2026-12-05 06:00-08:00`"
                    .to_owned(),
            );
        };
        Ok(Self {
            place: place.parse().map_err(|error: PlaceError| error.to_string())?,
            date: date.parse().map_err(|error: DateError| error.to_string())?,
            range: range.parse().map_err(|error: TimeError| error.to_string())?,
        })
    }
}

/// A month, written `2026-12`; its first day stands for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Month(pub(crate) RentDate);

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write YYYY-MM, as in 2026-12".to_owned();
        let text = text.trim();
        if text.matches('-').count() != 1 {
            return Err(wrong());
        }
        format!("{text}-01").parse().map(Self).map_err(|_| wrong())
    }
}

fn probe_number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=MOST_PROBES).contains(&number) => Ok(number),
        _ => Err(format!("write a number from 1 to {MOST_PROBES}")),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1, as in 0.3".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_argument_takes_a_password() {
        for command in Cli::command().get_subcommands() {
            for argument in command.get_arguments() {
                let takes_value = argument.get_action().takes_values();
                assert!(!(takes_value && argument.get_id().as_str().contains("password")));
            }
        }
    }
}
