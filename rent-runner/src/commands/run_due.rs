//! `run-due`: a runner at work on the store for one tick of cron.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use tokio::sync::watch;

use super::serve::{leave, send_messages};
use crate::bad_input::BadInput;
use crate::config::Config;
use crate::documents::RunDueLine;
use crate::notify::Notifier;
use crate::runner::{CLAIM_BEFORE, Context, Done, End, Observer, Runner, Scope};
use crate::say::{retold, say};
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::terminal::booking::state_word;
use crate::vault::Vault;
use crate::{commands, exit, system, terminal};

/// A tick looks this much further than the next one, so that a cron that is late leaves no gap.
const OVERLAP: Duration = Duration::from_secs(60);

/// One tick: whatever opens before the next one, exactly on time; then the end.
pub(crate) async fn run(config: Config, every: Duration, as_json: bool) -> Result<u8> {
    if every > Duration::from_secs(24 * 3600) {
        return Err(BadInput(say!("run-due-every")).into());
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
    notifier.attach(store, &vault).await;
    let messages = send_messages(&notifier, store, &stopped);
    let interrupted = stop.clone();
    let listening = tokio::spawn(async move {
        system::interruption().await;
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

fn tell(done: &Done, as_json: bool) {
    let id = done.lease.booking;
    let (word, reason) = match &done.end {
        End::Over { state, reason, .. } => (state.as_str(), reason.as_deref().unwrap_or_default()),
        End::HandedBack => ("handed-back", "the runner was stopped before the booking ended"),
        End::Lost => ("taken-over", "another runner has it"),
    };
    // A booking stands as it stands, whether or not somebody reads of it.
    let _ = if as_json {
        let line = RunDueLine { booking: id.0, state: word, reason };
        terminal::result(&serde_json::to_string(&line).unwrap_or_default())
    } else {
        let word = match &done.end {
            End::Over { state, .. } => state_word(*state),
            End::HandedBack => say!("run-due-handed-back"),
            End::Lost => say!("run-due-taken-over"),
        };
        terminal::result(&format!("#{id}  {word}: {}", retold(reason)))
    };
}
