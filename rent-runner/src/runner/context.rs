//! What the jobs of a runner share, and how many of each account it runs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::TimedEvent;
use namyangju_rent::clock::{Clock, SystemClock};
use tracing::{info, warn};

use super::clients::{self, Clients};
use super::identity::Identity;
use super::site_time::{self, SiteTimes};
use crate::config::Config;
use crate::notify::Notifier;
use crate::store::{BookingId, NewMessage, Store, StoreError, StoredBooking};
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;

/// How long the store is waited for to take the alarm of a wrong clock; it goes on being tried beside the work.
const TELL_TIMEOUT: Duration = Duration::from_secs(2);
const TELL_GAP: Duration = Duration::from_millis(250);

/// Whoever else listens to the events of all bookings.
pub(crate) type Observer = Box<dyn Fn(BookingId, &TimedEvent) + Send + Sync>;

/// What all jobs of a runner share.
pub(crate) struct Context {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) config: Config,
    pub(crate) notifier: Notifier,
    pub(crate) metrics: Metrics,
    pub(crate) observer: Option<Observer>,
    /// Its identity, as the store has it.
    pub(super) runner: String,
    pub(super) clients: tokio::sync::Mutex<Clients>,
    pub(super) times: SiteTimes,
    /// How many bookings of each account run here.
    accounts: Mutex<HashMap<i64, usize>>,
}

impl Context {
    pub(crate) fn new(
        store: Store,
        vault: Vault,
        config: Config,
        notifier: Notifier,
        metrics: Metrics,
        observer: Option<Observer>,
    ) -> Self {
        let runner = Identity::own(&config.runner).to_string();
        Self {
            store,
            vault,
            config,
            notifier,
            metrics,
            observer,
            runner,
            clients: tokio::sync::Mutex::default(),
            times: SiteTimes::default(),
            accounts: Mutex::default(),
        }
    }

    /// Compares the machine's clock with that of a booking's site, by one request.
    ///
    /// # Errors
    /// If the site cannot be asked.
    pub(super) async fn compare_clocks(&self, booking: &StoredBooking) -> Result<()> {
        let Self { store, config, times, clients, notifier, .. } = self;
        let client = clients.lock().await.of_site(booking, config, store, times).await?;
        let time = times.of(&clients::key(booking));
        let Some((before, ahead)) = time.compare(&client).await? else { return Ok(()) };
        if time.ahead() == 0 {
            if before != 0 {
                info!("the clock of this machine agrees with that of the site again");
            }
            return Ok(());
        }
        let text = site_time::in_words(ahead);
        let mut message = None;
        if (ahead - before).abs() > site_time::MINUTE {
            warn!(booking = booking.id.0, "{text}");
            // An earlier runner may have told it.
            let told = booking.reason.as_deref() == Some(&text);
            message = notifier.alarm(booking, &text).filter(|_| !told);
        }
        let (store, notifier, id) = (store.clone(), notifier.clone(), booking.id);
        let telling = tokio::spawn(async move {
            if let Err(error) = tell(&store, &notifier, id, message, &text).await {
                warn!(booking = id.0, %error, "not told");
            }
        });
        // It goes on while the store is away; nothing else waits for that.
        let _ = tokio::time::timeout(TELL_TIMEOUT, telling).await;
        Ok(())
    }

    /// Whether a booking is the only one of its account that runs here: it may use the saved session, which
    /// the site would make several wait for.
    pub(super) fn first_of(&self, account: i64) -> bool {
        self.running_of(|accounts| accounts.get(&account).copied()) == Some(1)
    }

    pub(super) fn running_of<T>(&self, act: impl FnOnce(&mut HashMap<i64, usize>) -> T) -> T {
        act(&mut self.accounts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Queues the message of an alarm as soon as the store takes it, and notes the alarm as told only then: if the process
/// ends before, the next runner tells it.
async fn tell(
    store: &Store,
    notifier: &Notifier,
    id: BookingId,
    message: Option<NewMessage>,
    text: &str,
) -> Result<(), StoreError> {
    if let Some(message) = message {
        loop {
            match store.enqueue(&message).await {
                Err(error) if error.may_pass() => SystemClock.sleep(TELL_GAP).await,
                queued => break queued?,
            }
        }
        notifier.wake();
    }
    store.warn_of(id, text).await
}
