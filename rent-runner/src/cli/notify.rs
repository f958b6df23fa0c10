//! `notify`.

use clap::{Args, Subcommand};

use crate::notify::Kind;

/// List and test the channels that messages are sent to.
///
/// Each `[[notify]]` table of the settings file is a channel: webhook, slack, discord, telegram, ntfy or
/// email. It gets alarms while a booking is prepared, verdicts, and blocks; with `on`, only the kinds listed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner notify list
  rent-runner notify list --json | jq '.channels[] | select(.error)'
  rent-runner notify test
  rent-runner notify test --channel phone --kind alarm")]
pub(crate) struct Notify {
    #[command(subcommand)]
    pub(crate) command: NotifyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// List the channels, and whether their secrets can be read; nothing is sent.
    List(NotifyList),
    /// Send a test message once, and say for each channel whether it arrived.
    ///
    /// The exit code is 8 if a message did not arrive.
    Test(NotifyTest),
}

#[derive(Debug, Args)]
pub(crate) struct NotifyList {
    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NotifyTest {
    /// Only this channel. Default: all.
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,

    /// The kind of message. It is sent even if the channel's `on` does not list it.
    #[arg(long, value_enum, default_value_t = Kind::Verdict, value_name = "KIND")]
    pub(crate) kind: Kind,

    /// Print a JSON document instead of lines.
    #[arg(long)]
    pub(crate) json: bool,
}
