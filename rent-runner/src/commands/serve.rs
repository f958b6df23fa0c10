//! `serve`: a runner at work on the store, as a daemon.

use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;

use crate::config::Config;
use crate::notify::Notifier;
use crate::runner::{Context, Runner, Scope};
use crate::signals;
use crate::store::{Filter, State, Store};
use crate::telemetry::metrics::Metrics;
use crate::{commands, exit, terminal};

/// How long messages that wait are tried to be sent before the program ends.
const LAST_MESSAGES: Duration = Duration::from_secs(20);

/// Works until Ctrl-C or a request to terminate.
pub(crate) async fn run(config: Config) -> Result<u8> {
    let (stop, stopped) = watch::channel(false);
    // Heard from here on: a stop while the store is opened is a stop as well.
    tokio::spawn(async move {
        signals::interruption().await;
        terminal::note("stopping: waiting for answers to what was sent, and releasing all other bookings");
        let _ = stop.send(true);
    });
    let store = commands::open(&config).await?;
    let vault = commands::open_vault(&store, &config).await?;
    let metrics = Metrics::new();
    let notifier = Notifier::counting(&config.messages(), metrics.clone())?;
    let listening = match config.listen {
        Some(listen) => Some(metrics.serve(listen, store.clone(), stopped.clone()).await?),
        None => None,
    };
    introduce(&config, &store, listening).await?;
    let messages = send_messages(&notifier, &store, &stopped);
    let context = Context::new(store.clone(), vault, config, notifier.clone(), metrics, None);
    let mut runner = Runner::begin(context).await?;
    runner.run(Scope::Daemon, stopped, |_| {}).await?;
    // The loop of messages ends with the order to stop; what waits then is sent by the last flush.
    let _ = messages.await;
    leave(&store, &notifier).await;
    store.close().await;
    Ok(exit::DONE)
}

async fn introduce(config: &Config, store: &Store, listening: Option<std::net::SocketAddr>) -> Result<()> {
    terminal::note(&format!("store      {}", store.address()));
    terminal::note(&format!("key        {}", config.key.name()));
    terminal::note(&format!("runner     {}", config.runner));
    if let Some(address) = listening {
        terminal::note(&format!("metrics    http://{address}/metrics"));
    }
    let open = vec![State::Waiting, State::Armed, State::Firing];
    let waiting: u64 =
        store.counts().await?.iter().filter(|(state, _)| open.contains(state)).map(|(_, many)| many).sum();
    let first = Filter { states: open, most: Some(1), ..Filter::default() };
    let first = store.listed(&first).await?;
    commands::name_unreadable(&first.unreadable);
    let next = match first.bookings.first() {
        Some(booking) => format!("{waiting} waiting, the next opens at {}", booking.opens_at),
        None if waiting > 0 => format!("{waiting} waiting"),
        None => "none waiting; `rent-runner add` stores one".to_owned(),
    };
    terminal::note(&format!("bookings   {next}"));
    terminal::note("Ctrl-C ends it.");
    Ok(())
}

/// Sends messages as they come, beside everything else.
pub(super) fn send_messages(
    notifier: &Notifier,
    store: &Store,
    stopped: &watch::Receiver<bool>,
) -> tokio::task::JoinHandle<()> {
    let (notifier, store, stopped) = (notifier.clone(), store.clone(), stopped.clone());
    tokio::spawn(async move { notifier.run(store, stopped).await })
}

pub(super) async fn leave(store: &Store, notifier: &Notifier) {
    match notifier.flush(store, LAST_MESSAGES).await {
        Some(0) => {}
        Some(left) => {
            terminal::note(&format!("{left} messages are still in the store: the next start sends them"))
        }
        None => terminal::note("the store does not tell whether messages wait: the next start sends them"),
    }
}
