//! `serve`: a runner at work on the store, as a daemon.
//!
//! A machine that boots starts the daemon and the database's server at once, and the server is often later. The daemon
//! waits for it, and says so in its log and to whoever asks for its health; whatever a person has to mend ends it.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock as _, SystemClock};
use tokio::sync::watch;

use crate::config::Config;
use crate::notify::Notifier;
use crate::runner::{Context, Runner, Scope};
use crate::signals;
use crate::store::{Filter, State, Store, StoreError};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::scrape::StoreAccess;
use crate::vault::Vault;
use crate::{commands, exit, terminal};

/// How long messages that wait are tried to be sent before the program ends.
const LAST_MESSAGES: Duration = Duration::from_secs(20);

/// How long the first wait for the store's server is, and the longest: each is twice the one before. A server that is
/// back is met well within the minutes in which a booking is prepared.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// Works until Ctrl-C or a request to terminate.
pub(crate) async fn run(config: Config) -> Result<u8> {
    let (stop, stopped) = watch::channel(false);
    // Heard from here on: a stop while the store is opened is a stop as well.
    let interruption = signals::interruption();
    tokio::spawn(async move {
        interruption.await;
        terminal::note("stopping: waiting for answers to what was sent, and releasing all other bookings");
        let _ = stop.send(true);
    });
    let metrics = Metrics::new();
    let notifier = Notifier::counting(&config.messages(), metrics.clone())?;
    let (access, seen) = watch::channel(StoreAccess::Waiting("it is being opened".to_owned()));
    let listening = match config.listen {
        Some(listen) => Some(metrics.serve(listen, seen, stopped.clone()).await?),
        None => None,
    };
    let Some((store, vault)) = open(&config, &access, stopped.clone()).await? else {
        return Ok(exit::DONE);
    };
    access.send_replace(StoreAccess::Open(store.clone()));
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

/// Opens the store and its vault as soon as the store's server is there; `None` if told to stop before.
async fn open(
    config: &Config,
    access: &watch::Sender<StoreAccess>,
    mut stopped: watch::Receiver<bool>,
) -> Result<Option<(Store, Vault)>> {
    let mut pause = FIRST_PAUSE;
    loop {
        let opened = async {
            let store = commands::open(config).await?;
            let vault = commands::open_vault(&store, config).await?;
            anyhow::Ok((store, vault))
        };
        let error = match opened.await {
            Ok(opened) => return Ok(Some(opened)),
            Err(error) => error,
        };
        if !error.downcast_ref::<StoreError>().is_some_and(StoreError::is_away) {
            return Err(error);
        }
        terminal::warning(&format!("{error:#}; the next try is in {} s", pause.as_secs_f32()));
        access.send_replace(StoreAccess::Waiting(format!("{error:#}")));
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return Ok(None),
            () = SystemClock.sleep(pause) => {}
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
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
