//! `serve` and `run-due`.

use std::time::Duration;

use clap::Args;

use super::RunnerArgs;
use crate::exit;
use crate::words::duration;

/// Run stored bookings: the daemon.
///
/// Makes the store and the key on first use and says where. Each booking is claimed eleven minutes before its
/// opening, gets ready, is fired on the site's own clock, tried until its window ends, read back, and its story
/// kept. Several runners may share one PostgreSQL; a runner that dies is followed by another. Before each attempt
/// the store is asked whether this runner still has the booking, and keeps the intent: a crash leads to a look
/// at the site's day list, never to a second application.
///
/// Ctrl-C or SIGTERM: what has been sent may be answered, everything else is handed back.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner serve
  rent-runner serve --listen 127.0.0.1:9188 --log-format json
  RENT_DATABASE=postgres://rent@db.example/rent rent-runner serve --runner office

The log goes to stderr. docs/operating.md has a systemd unit and a container file.")]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) runner: RunnerArgs,
}

/// Run what opens before the next tick of cron, exactly on time, and end.
///
/// Two at once do no harm, nor does one beside `serve`: a lease says who has a booking. Without anything due it
/// ends at once.
#[derive(Debug, Args)]
#[command(after_long_help = format!("\
Examples:
  */5 * * * *  rent-runner run-due
  */30 * * * *  rent-runner run-due --every 30m --log-format json 2>> rent.log

Results go to stdout, a line for each booking; the exit code is that of the first that was not won.

{}", exit::TABLE))]
pub(crate) struct RunDue {
    /// The time between two ticks.
    #[arg(long, value_parser = duration::parse, default_value = "5m", value_name = "DURATION")]
    pub(crate) every: Duration,

    /// A line of JSON for each booking that ends.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) runner: RunnerArgs,
}
