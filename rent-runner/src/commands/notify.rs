//! `notify`: whether messages would arrive.

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::nfc;

use crate::bad_input::BadInput;
use crate::cli::{AddKakao, Notify, NotifyAdd, NotifyCommand, NotifyList, NotifyRemove, NotifyTest};
use crate::config::Config;
use crate::documents::{ChannelTest, ChannelTestDocument, stored};
use crate::notify::{KakaoApp, Kind, Notifier, pasted_code};
use crate::request::checked_name;
use crate::say::{self, retold, say};
use crate::{exit, terminal};

/// Lists or tries the channels.
pub(crate) async fn run(arguments: &Notify, config: &Config) -> Result<u8> {
    match &arguments.command {
        NotifyCommand::List(arguments) => list(arguments, config).await,
        NotifyCommand::Add(NotifyAdd::Kakao(kakao)) => add_kakao(kakao, config).await,
        NotifyCommand::Remove(NotifyRemove { name }) => {
            let store = super::open(config).await?;
            store.remove_channel(&nfc(name)).await?;
            terminal::note(&say!("notify-removed", name = name));
            store.close().await;
            Ok(exit::DONE)
        }
        NotifyCommand::Test(test) => {
            let notifier = Notifier::new(&config.messages())?;
            if let Some(store) = super::open_if_there(config).await
                && !store.stored_channels().await?.is_empty()
            {
                let vault = super::open_vault(&store, config).await?;
                notifier.attach(&store, &vault).await;
            }
            send(test, &notifier).await
        }
    }
}

/// Shows the link, takes what the person pastes, and keeps the channel.
async fn add_kakao(arguments: &AddKakao, config: &Config) -> Result<u8> {
    let bad = |why: String| anyhow::Error::from(BadInput(retold(&why)));
    let name = checked_name(&arguments.name)?;
    if config.channels.iter().any(|channel| channel.name == name) {
        return Err(BadInput(say!("settings-channel-twice")).into());
    }
    let secret = if arguments.client_secret && !arguments.print_link {
        Some(terminal::password::ask_client_secret(&say!("kakao-secret-prompt"))?)
    } else {
        None
    };
    let app = KakaoApp {
        client_id: arguments.rest_api_key.trim().to_owned(),
        client_secret: secret,
        redirect: arguments.redirect.clone(),
        link: arguments.link.clone(),
        auth: arguments.auth_base.clone(),
        api: arguments.api_base.clone(),
    };
    app.check().map_err(bad)?;
    let link = app.authorise_link().map_err(bad)?;
    if arguments.print_link {
        terminal::result(&link)?;
        return Ok(exit::DONE);
    }
    if !arguments.code_stdin {
        terminal::note(&say!("kakao-open", redirect = app.redirect, link = link));
    }
    let pasted = terminal::password::ask_code(arguments.code_stdin, &say!("kakao-paste"))?;
    let code = pasted_code(&pasted).map_err(bad)?;
    let store = super::open(config).await?;
    let vault = super::open_vault(&store, config).await?;
    let notifier = Notifier::new(&config.messages())?;
    notifier.attach(&store, &vault).await;
    let gets = if arguments.on.is_empty() { Kind::ALL.to_vec() } else { arguments.on.clone() };
    let until = match notifier.add_kakao(&name, &gets, app, &code).await {
        Ok(until) => until,
        Err(why) => {
            terminal::error(&say!("kakao-not-added", why = why));
            return Ok(exit::NETWORK);
        }
    };
    terminal::note(&say!("kakao-added", name = name, until = until));
    store.close().await;
    Ok(exit::DONE)
}

async fn list(arguments: &NotifyList, config: &Config) -> Result<u8> {
    let kept = match super::open_if_there(config).await {
        Some(store) => store.stored_channels().await?,
        None => Vec::new(),
    };
    let document = stored::channels(config, &kept);
    if arguments.json {
        terminal::json(&document)?;
        return Ok(exit::DONE);
    }
    if document.channels.is_empty() {
        terminal::note(&no_channel());
        return Ok(exit::DONE);
    }
    let rows = document.channels.into_iter().map(|channel| {
        let state = match (channel.error, channel.until) {
            (Some(error), _) => retold(&error),
            (None, Some(until)) => say!("notify-ready-until", until = say::day(until.date())),
            (None, None) => say!("notify-ready"),
        };
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
