//! `serve` and `run-due`: a runner at work on the store, as a daemon or for one tick of cron.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::{Clock, SystemClock};
use serde_json::json;
use tokio::sync::watch;

use crate::bad_input::BadInput;
use crate::config::Config;
use crate::notify::Notifier;
use crate::runner::{CLAIM_BEFORE, Context, Done, End, Observer, Runner, Scope};
use crate::signals;
use crate::store::{Filter, State, Store};
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;
use crate::{commands, exit, terminal};

/// How long messages that wait are tried to be sent before the program ends.
const LAST_MESSAGES: Duration = Duration::from_secs(20);

/// A tick looks this much further than the next one, so that a cron that is late leaves no gap.
const OVERLAP: Duration = Duration::from_secs(60);

/// Works until Ctrl-C or a request to terminate.
pub(crate) async fn serve(config: Config) -> Result<u8> {
    let (stop, stopped) = watch::channel(false);
    // Heard from here on: a stop while the store is opened is a stop as well.
    tokio::spawn(async move {
        signals::interruption().await;
        terminal::note("stopping: what is under way may end, the rest is handed back");
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
    let next = match store.bookings(&first).await?.first() {
        Some(booking) => format!("{waiting} waiting, the next opens at {}", booking.opens_at),
        None => "none waiting; `rent-runner add` stores one".to_owned(),
    };
    terminal::note(&format!("bookings   {next}"));
    terminal::note("Ctrl-C ends it.");
    Ok(())
}

/// One tick: whatever opens before the next one, exactly on time; then the end.
pub(crate) async fn run_due(config: Config, every: Duration, as_json: bool) -> Result<u8> {
    if every > Duration::from_secs(24 * 3600) {
        return Err(BadInput("--every is more than a day".to_owned()).into());
    }
    let store = commands::open(&config).await?;
    let vault = commands::open_vault(&store, &config).await?;
    let horizon = SystemClock.now().plus(CLAIM_BEFORE.max(every + OVERLAP));
    let worst =
        work_off(config, &store, vault, Scope::Before(horizon), None, |done| tell(done, as_json)).await?;
    store.close().await;
    Ok(worst)
}

/// A runner for a scope that ends; gives the code of the first booking that was not won.
pub(crate) async fn work_off(
    config: Config,
    store: &Store,
    vault: Vault,
    scope: Scope,
    observer: Option<Observer>,
    mut tell: impl FnMut(&Done),
) -> Result<u8> {
    let (stop, stopped) = watch::channel(false);
    let metrics = Metrics::new();
    let notifier = Notifier::counting(&config.messages(), metrics.clone())?;
    let messages = send_messages(&notifier, store, &stopped);
    let interrupted = stop.clone();
    let listening = tokio::spawn(async move {
        signals::interruption().await;
        let _ = interrupted.send(true);
    });
    let context = Context::new(store.clone(), vault, config, notifier.clone(), metrics, observer);
    let mut runner = Runner::begin(context).await?;
    let mut code = exit::DONE;
    runner
        .run(scope, stopped, |done| {
            tell(done);
            match &done.end {
                End::Over { code: of_booking, .. } if code == exit::DONE => code = *of_booking,
                End::HandedBack if code == exit::DONE => code = exit::INTERRUPTED,
                _ => {}
            }
        })
        .await?;
    listening.abort();
    let _ = stop.send(true);
    let _ = messages.await;
    leave(store, &notifier).await;
    Ok(code)
}

/// Sends messages as they come, beside everything else.
fn send_messages(
    notifier: &Notifier,
    store: &Store,
    stopped: &watch::Receiver<bool>,
) -> tokio::task::JoinHandle<()> {
    let (notifier, store, stopped) = (notifier.clone(), store.clone(), stopped.clone());
    tokio::spawn(async move { notifier.run(store, stopped).await })
}

async fn leave(store: &Store, notifier: &Notifier) {
    let left = notifier.flush(store, LAST_MESSAGES).await;
    if left > 0 {
        terminal::note(&format!("{left} messages wait in the store: the next start sends them"));
    }
}

fn tell(done: &Done, as_json: bool) {
    let id = done.lease.booking;
    let (word, reason) = match &done.end {
        End::Over { state, reason, .. } => (state.word(), reason.as_deref().unwrap_or_default()),
        End::HandedBack => ("handed-back", "the runner was stopped before its end"),
        End::Lost => ("taken-over", "another runner has it"),
    };
    // A booking stands as it stands, whether or not somebody reads of it.
    let _ = if as_json {
        terminal::result(&json!({ "booking": id, "state": word, "reason": reason }).to_string())
    } else {
        terminal::result(&format!("#{id}  {word}: {reason}"))
    };
}
