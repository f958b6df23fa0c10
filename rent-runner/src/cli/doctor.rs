//! `doctor`.

use clap::Args;

use super::At;

/// Look for what would keep a booking from working.
///
/// Checks the settings, the database, the key, the clock, the channels of messages, and that a runner is
/// there for what opens soon. Each site of a stored account, and that of --site, is asked for the head of its
/// home page, once; the address is named before. Nothing is booked or made, and nobody is logged in.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner doctor
  rent-runner doctor --offline
  rent-runner doctor --site cheonan
  rent-runner doctor --json | jq '.checks[] | select(.level != \"ok\")'

It ends with 0 if nothing FAILED, and with 1 otherwise.")]
pub(crate) struct Doctor {
    /// Ask nothing of any site.
    #[arg(long)]
    pub(crate) offline: bool,

    /// A site to check besides those of the accounts.
    #[command(flatten)]
    pub(crate) at: At,

    /// A JSON document instead of lines.
    #[arg(long)]
    pub(crate) json: bool,
}
