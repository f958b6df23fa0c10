//! `serve` and `run-due`.

use std::time::Duration;

use clap::Args;

use super::RunnerArgs;
use crate::exit;
use crate::words::duration;

/// Run stored bookings as a daemon.
///
/// The daemon makes the store and the key on first use and says where. It claims each booking eleven minutes
/// before its opening, prepares it, sends the first request on the site's own clock, tries until the booking's
/// time to try is over, reads the result back from the site, and keeps the story for `show`. Several runners
/// may share one PostgreSQL; if a runner dies, another takes its bookings over. Before each attempt the store
/// confirms that this runner still holds the booking, and records the intent to apply. After a crash the site's
/// day list is read first, so that a second application is never sent.
///
/// A database that does not answer yet is waited for, as at a boot that starts both at once.
///
/// On Ctrl-C or SIGTERM it waits for the answers to what was sent, and releases all other bookings.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner serve
  rent-runner serve --listen 127.0.0.1:9188 --log-format json
  RENT_DATABASE=postgres://rent@db.example/rent rent-runner serve

The log goes to stderr. The folder packaging/ has a systemd unit and a container file.")]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) runner: RunnerArgs,
}

/// Run the bookings that open before the next cron tick, then end.
///
/// Each booking is run exactly on time. Several of these may run at once, also next to `serve`: a lease says which
/// runner holds a booking. If nothing opens before the next tick, the command ends at once.
#[derive(Debug, Args)]
#[command(after_long_help = format!("\
Examples:
  */5 * * * *  /usr/local/bin/rent-runner run-due
  */30 * * * *  /usr/local/bin/rent-runner run-due --every 30m 2>>rent.log

A line for each booking goes to stdout. The exit code is that of the first booking that was not won.

{}", exit::TABLE))]
pub(crate) struct RunDue {
    /// The time between two ticks.
    #[arg(long, value_parser = duration::parse, default_value = "5m", value_name = "DURATION")]
    pub(crate) every: Duration,

    /// Print a line of JSON for each booking that ends.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) runner: RunnerArgs,
}
