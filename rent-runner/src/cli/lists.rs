//! `clock`, `slots`, `places` and `sites`: the commands that need no account.

use clap::Args;
use namyangju_rent::RentDate;
use namyangju_rent::limits::MAX_PROBES;
use namyangju_rent::places::CentreCode;
use namyangju_rent::schedule::Month;

use super::At;
use super::values::{AskedPlace, whole_number};

/// Measure a site's clock; needs no account.
///
/// The command asks for the head of the home page at most once a second. Each request is timed to arrive
/// where the site's second changes, so that each answer narrows the range in which the site's clock can be. A
/// positive value of `ahead` means that the site's clock is ahead of this machine's. Ctrl-C ends it early.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner clock
  rent-runner clock --base-url http://127.0.0.1:8099 --probes 4
  rent-runner clock --json | tail -1")]
pub(crate) struct ClockCheck {
    #[command(flatten)]
    pub(crate) at: At,

    /// The maximum number of requests, 1 to 12. The command ends sooner when another would not help.
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = probe_number)]
    pub(crate) probes: usize,

    /// Print each probe as a line of JSON, and the estimate as the last line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the times of a court and which are free; needs no account.
///
/// The list is the site's own day list of one month, read with one request. It has each time twice, for sports and
/// for events, and only one of the two can be booked: this shows those for sports. Who has booked is left out.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner slots --place NYJ06/07/103
  rent-runner slots --place NYJ06/07/103 --date 2026-12-05 --free
  rent-runner slots --place NYJ06/07/103 --month 2026-12 --json |
      jq '.slots[] | select(.state == \"free\")'")]
pub(crate) struct Slots {
    #[command(flatten)]
    pub(crate) at: At,

    /// The court: its codes or its name, as `rent-runner places` lists them.
    #[arg(long, value_name = "PLACE")]
    pub(crate) place: AskedPlace,

    /// One month, as in 2026-12. Default: the current month in Asia/Seoul.
    #[arg(long, value_name = "MONTH", conflicts_with = "date")]
    pub(crate) month: Option<Month>,

    /// One day, as in 2026-12-05.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<RentDate>,

    /// Only times that are free.
    #[arg(long)]
    pub(crate) free: bool,

    /// The list for events instead of the one for sports.
    #[arg(long)]
    pub(crate) events: bool,

    /// Both lists, each time twice.
    #[arg(long, conflicts_with = "events")]
    pub(crate) all: bool,

    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the courts of a city with their codes; needs no account.
///
/// The command reads the site's menus: at most 200 requests, one at a time, with half a second between them.
/// With --known it lists the courts that the dialect names and asks the site nothing. The names are kept in the store
/// of bookings, if there is one: every command takes a court by its name then, and shows it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner places --known
  rent-runner places --centre NYJ06
  rent-runner places --site cheonan --json")]
pub(crate) struct Places {
    #[command(flatten)]
    pub(crate) at: At,

    /// Only courts that the dialect names; the site is not asked.
    #[arg(long)]
    pub(crate) known: bool,

    /// Only this centre, for example NYJ06; it takes fewer requests.
    #[arg(long, value_name = "CODE")]
    pub(crate) centre: Option<CentreCode>,

    /// Also list centres and groups without a court.
    #[arg(long, conflicts_with = "known")]
    pub(crate) all: bool,

    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the cities that are built in, or print the dialect of one.
///
/// A dialect is a file with everything that differs between cities: addresses, field names, texts, codes.
/// Print one, change it, and give its path to --site.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner sites
  rent-runner sites --show namyangju > mycity.toml
  rent-runner places --site ./mycity.toml")]
pub(crate) struct Sites {
    /// Print the dialect of this city, in TOML.
    #[arg(long, value_name = "NAME")]
    pub(crate) show: Option<String>,

    /// Print a JSON document instead of a table.
    #[arg(long, conflicts_with = "show")]
    pub(crate) json: bool,
}

fn probe_number(text: &str) -> Result<usize, String> {
    whole_number(text, 1..=MAX_PROBES)
}
