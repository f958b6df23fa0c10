//! `notify`: whether messages would arrive.

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};

use crate::bad_input::BadInput;
use crate::cli::{Notify, NotifyCommand, NotifyTest};
use crate::config::Config;
use crate::notify::Notifier;
use crate::{exit, terminal};

/// Lists or tries the channels.
pub(crate) async fn run(arguments: &Notify, config: &Config) -> Result<u8> {
    match &arguments.command {
        NotifyCommand::List => list(config),
        NotifyCommand::Test(test) => send(test, &Notifier::new(&config.messages())?).await,
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
        terminal::note(NO_CHANNEL);
    } else {
        terminal::result(&terminal::table(&["name", "kind", "told of", "state"], rows))?;
    }
    Ok(exit::DONE)
}

const NO_CHANNEL: &str = "no channel is configured: add a [[notify]] table to the settings file";

async fn send(test: &NotifyTest, notifier: &Notifier) -> Result<u8> {
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
    let mut code = exit::DONE;
    for channel in meant {
        let name = &channel.name;
        match notifier.test(channel, test.kind, now).await {
            Ok(()) => terminal::result(&format!("{name}: arrived at the server"))?,
            Err(why) => {
                terminal::result(&format!("{name}: FAILED: {why}"))?;
                code = exit::NETWORK;
            }
        }
    }
    Ok(code)
}
