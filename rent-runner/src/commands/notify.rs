//! `notify`: whether messages would arrive.

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};

use crate::bad_input::BadInput;
use crate::cli::{Notify, NotifyCommand, NotifyList, NotifyTest};
use crate::config::Config;
use crate::documents::{ChannelTest, ChannelTestDocument, stored};
use crate::notify::Notifier;
use crate::say::{retold, say};
use crate::{exit, terminal};

/// Lists or tries the channels.
pub(crate) async fn run(arguments: &Notify, config: &Config) -> Result<u8> {
    match &arguments.command {
        NotifyCommand::List(arguments) => list(arguments, config),
        NotifyCommand::Test(test) => send(test, &Notifier::new(&config.messages())?).await,
    }
}

fn list(arguments: &NotifyList, config: &Config) -> Result<u8> {
    let document = stored::channels(config);
    if arguments.json {
        terminal::json(&document)?;
        return Ok(exit::DONE);
    }
    if config.channels.is_empty() {
        terminal::note(&no_channel());
        return Ok(exit::DONE);
    }
    let rows = document.channels.into_iter().map(|channel| {
        let state = channel.error.map_or_else(|| say!("notify-ready"), |error| retold(&error));
        vec![channel.name, channel.kind.to_owned(), channel.on.join(", "), state]
    });
    terminal::result(&terminal::table(&["name", "kind", "gets", "state"], rows.collect()))?;
    Ok(exit::DONE)
}

fn no_channel() -> String {
    say!("notify-none")
}

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
                say!("notify-unknown", name = name, known = names.join(", "))
            }
            _ => no_channel(),
        };
        return Err(BadInput(why).into());
    }
    let now = SystemClock.now();
    let mut code = exit::DONE;
    let mut results = Vec::new();
    for channel in meant {
        let name = &channel.name;
        let error = notifier.test(channel, test.kind, now).await.err();
        if error.is_some() {
            code = exit::NETWORK;
        }
        if !test.json {
            terminal::result(&match &error {
                None => say!("notify-arrived", name = name),
                Some(why) => say!("notify-failed", name = name, why = why),
            })?;
        }
        results.push(ChannelTest { name: name.clone(), arrived: error.is_none(), error });
    }
    if test.json {
        terminal::json(&ChannelTestDocument { channels: results })?;
    }
    Ok(code)
}
