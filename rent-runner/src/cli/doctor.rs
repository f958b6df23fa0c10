//! `doctor`.

use std::path::PathBuf;

use clap::Args;

use super::At;
use super::values::booking_number;

/// Check everything that a booking needs.
///
/// The command checks the settings, the database, the key, the clock and the message channels, and that a
/// runner is there for the bookings that open soon. It asks each site of a stored account, and that of --site,
/// for the head of its home page, once, and names the address before. It books nothing, makes nothing and does
/// not log in.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner doctor
  rent-runner doctor --offline
  rent-runner doctor --site cheonan
  rent-runner doctor --report report.md --booking 7
  rent-runner doctor --json | jq '.checks[] | select(.level != \"ok\")'

The exit code is 1 if a check FAILED, and 0 otherwise.")]
pub(crate) struct Doctor {
    /// Do not ask any site.
    #[arg(long)]
    pub(crate) offline: bool,

    /// A site to check in addition to those of the accounts.
    #[command(flatten)]
    pub(crate) at: At,

    /// Also write what was found into this file, for an issue: versions, settings and the state of the store, without
    /// anything that is known to be private. Read it before you hand it on.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Put the story of this booking into the report, and the pages that were kept of it, scrubbed.
    #[arg(long, value_name = "NUMBER", value_parser = booking_number, requires = "report")]
    pub(crate) booking: Option<i64>,

    /// Print a JSON document instead of lines.
    #[arg(long)]
    pub(crate) json: bool,
}
