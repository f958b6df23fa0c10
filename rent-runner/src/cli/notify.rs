//! `notify`.

use clap::{Args, Subcommand};

use crate::notify::Kind;

/// Try the channels that messages go to.
///
/// Channels are the `[[notify]]` tables of the settings file: webhook, slack, discord, telegram, ntfy and
/// email. Each is told of alarms while a booking is prepared, of verdicts, and of blocks, or only of what its
/// `on` lists.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner notify list
  rent-runner notify test
  rent-runner notify test --channel phone --kind alarm")]
pub(crate) struct Notify {
    #[command(subcommand)]
    pub(crate) command: NotifyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// List the channels, and whether their secrets can be read; nothing is sent.
    List,
    /// Send a message that says it is a test, once, and tell for each channel whether it arrived (8 if one
    /// did not).
    Test(NotifyTest),
}

#[derive(Debug, Args)]
pub(crate) struct NotifyTest {
    /// Only this channel. Default: all.
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,

    /// What the message looks like; it is sent whatever the channel's `on` lists.
    #[arg(long, value_enum, default_value_t = Kind::Verdict, value_name = "KIND")]
    pub(crate) kind: Kind,
}
