//! `notify`: whether messages would arrive.

use anyhow::Result;
use clap::{Args, Subcommand};
use namyangju_rent::{Clock, SystemClock};

use super::message::{Facts, Kind, Note};
use super::notifier::Notifier;
use crate::config::Config;
use crate::exit::{self, BadInput};
use crate::output;

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
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the channels, and whether their secrets can be read; nothing is sent.
    List,
    /// Send a message that says it is a test, once, and tell for each channel whether it arrived (8 if one
    /// did not).
    Test(Test),
}

#[derive(Debug, Args)]
struct Test {
    /// Only this channel. Default: all.
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,

    /// What the message looks like; it is sent whatever the channel's `on` lists.
    #[arg(long, value_enum, default_value_t = Kind::Verdict, value_name = "KIND")]
    kind: Kind,
}

/// Lists or tries the channels.
pub(crate) async fn run(arguments: &Notify, config: &Config) -> Result<u8> {
    match &arguments.command {
        Command::List => list(config),
        Command::Test(test) => send(test, &Notifier::new(&config.messages())?).await,
    }
}

fn list(config: &Config) -> Result<u8> {
    let rows = config.channels.iter().map(|channel| {
        let summary = channel.summary();
        let state = channel.check().err().unwrap_or_else(|| "ready".to_owned());
        vec![summary.name, summary.kind.to_owned(), summary.on.join(", "), state]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        output::note(NO_CHANNEL);
    } else {
        output::result(&output::table(&["name", "kind", "told of", "state"], rows))?;
    }
    Ok(exit::DONE)
}

const NO_CHANNEL: &str = "no channel is configured: add a [[notify]] table to the settings file";

async fn send(test: &Test, notifier: &Notifier) -> Result<u8> {
    let channels = notifier.channels();
    let meant: Vec<_> = channels
        .iter()
        .filter(|channel| test.channel.as_ref().is_none_or(|name| channel.name == *name))
        .collect();
    if meant.is_empty() {
        let names: Vec<_> = channels.iter().map(|channel| channel.name.as_str()).collect();
        let why = match &test.channel {
            Some(name) if !names.is_empty() => {
                format!("there is no channel called {name}, only {}", names.join(", "))
            }
            _ => NO_CHANNEL.to_owned(),
        };
        return Err(BadInput(why).into());
    }
    let now = SystemClock.now();
    let note =
        Note { id: None, booking: None, kind: test.kind, at: now, facts: Facts::of_test(test.kind, now) };
    let mut code = exit::DONE;
    for channel in meant {
        let name = &channel.name;
        match notifier.send(channel, &note).await {
            Ok(()) => output::result(&format!("{name}: arrived at the server"))?,
            Err(failure) => {
                output::result(&format!("{name}: FAILED: {}", failure.text))?;
                code = exit::NETWORK;
            }
        }
    }
    Ok(code)
}
