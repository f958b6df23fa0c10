//! Which channels are told of what, and the loop that hands what is due to the outbox.
//!
//! Messages are stored together with what they tell, so that a crash loses none. This loop only takes them from the
//! store; `outbox.rs` sends them and decides what follows from a failure.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::{Report, SeoulTime};
use secrecy::SecretString;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::NotifySettings;
use super::channel::Channel;
use super::http::Failure;
use super::kakao::KakaoApp;
use super::keeper::Keeper;
use super::message::{Facts, Kind, Note};
use super::outbox::{Outbox, Patience};
use crate::bad_input::BadInput;
use crate::say::{Language, in_language, say};
use crate::store::{BookingId, Message, NewMessage, State, Store, StoreError, StoredBooking};
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;

/// How many messages are taken from the store at a time.
pub(super) const AT_A_TIME: u32 = 8;

/// How often the channels of the store are looked after.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How many bookings are remembered by their last alarm.
const MAX_ALARMS: usize = 1000;

/// Sends what waits in the store's outbox. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Notifier {
    shared: Arc<NotifierState>,
}

struct NotifierState {
    outbox: Arc<Outbox>,
    wake: Notify,
    /// The store did not answer the last time: this is logged once, not at every poll.
    store_failed: AtomicBool,
    /// The last alarm of each booking: preparation is tried each minute, and says the same each time.
    alarms: Mutex<HashMap<BookingId, String>>,
}

/// What was taken from the store.
#[derive(Default)]
struct Taken {
    took: usize,
    /// Some were put off, because too many of their channel are under way.
    crowded: bool,
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier")
            .field("channels", &self.shared.outbox.settings.channels)
            .finish_non_exhaustive()
    }
}

impl Notifier {
    /// # Errors
    /// If two channels have one name.
    pub(crate) fn new(settings: &NotifySettings) -> Result<Self> {
        Self::with(settings, Patience::default(), None)
    }

    /// The same, and each message that is sent or given up is counted.
    ///
    /// # Errors
    /// As [`Notifier::new`].
    pub(crate) fn counting(settings: &NotifySettings, metrics: Metrics) -> Result<Self> {
        Self::with(settings, Patience::default(), Some(metrics))
    }

    pub(super) fn with(
        settings: &NotifySettings,
        patience: Patience,
        metrics: Option<Metrics>,
    ) -> Result<Self> {
        let mut names = BTreeSet::new();
        for channel in &settings.channels {
            if !names.insert(channel.name.as_str()) {
                return Err(BadInput(format!(
                    "two channels of [[notify]] are called {}: give each its own `name`",
                    channel.name
                ))
                .into());
            }
        }
        Ok(Self {
            shared: Arc::new(NotifierState {
                outbox: Arc::new(Outbox::new(settings, patience, metrics)),
                wake: Notify::new(),
                store_failed: AtomicBool::new(false),
                alarms: Mutex::default(),
            }),
        })
    }

    /// The message of an alarm while a booking is prepared; `None` if no channel wants it, or if it is what
    /// the last alarm of this booking said.
    pub(crate) fn alarm(&self, booking: &StoredBooking, text: &str) -> Option<NewMessage> {
        let mut alarms = self.shared.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        if alarms.get(&booking.id).is_some_and(|last| last == text) {
            return None;
        }
        if alarms.len() >= MAX_ALARMS {
            alarms.clear();
        }
        alarms.insert(booking.id, text.to_owned());
        drop(alarms);
        self.message(booking, Kind::Alarm, self.wanting(Kind::Alarm), &Facts::of_alarm(booking, text))
    }

    /// The messages of a booking's end: a verdict; and for a block, a message of that kind to the channels
    /// that want those, which then get no verdict in addition. Nothing for one that a person cancelled, or
    /// that is not over.
    pub(crate) fn ended(
        &self,
        booking: &StoredBooking,
        state: State,
        reason: Option<&str>,
        report: Option<&Report>,
    ) -> Vec<NewMessage> {
        self.shared.alarms.lock().unwrap_or_else(PoisonError::into_inner).remove(&booking.id);
        if !state.is_over() || state == State::Cancelled {
            return Vec::new();
        }
        let facts = Facts::of_end(booking, state, reason, report);
        let blocked = if state == State::Blocked { self.wanting(Kind::Block) } else { Vec::new() };
        let mut told = self.wanting(Kind::Verdict);
        told.retain(|name| !blocked.contains(name));
        let block = self.message(booking, Kind::Block, blocked, &facts);
        let verdict = self.message(booking, Kind::Verdict, told, &facts);
        block.into_iter().chain(verdict).collect()
    }

    /// The message of a booking that was set aside, because what is stored of it cannot be read; `None` if no channel
    /// wants it.
    pub(crate) fn unreadable(&self, booking: BookingId, reason: &str) -> Option<NewMessage> {
        let channels = self.wanting(Kind::Verdict);
        (!channels.is_empty()).then(|| NewMessage {
            booking: Some(booking),
            kind: Kind::Verdict.as_str(),
            body: Facts::of_unreadable(reason).to_value(),
            channels,
        })
    }

    fn wanting(&self, kind: Kind) -> Vec<String> {
        let channels = self.shared.outbox.channels().into_iter();
        channels.filter(|channel| channel.wants(kind)).map(|channel| channel.name).collect()
    }

    fn message(
        &self,
        booking: &StoredBooking,
        kind: Kind,
        channels: Vec<String>,
        facts: &Facts,
    ) -> Option<NewMessage> {
        (!channels.is_empty()).then(|| NewMessage {
            booking: Some(booking.id),
            kind: kind.as_str(),
            body: facts.to_value(),
            channels,
        })
    }

    /// Says that something was put into the outbox, so that it leaves at once.
    pub(crate) fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// Sends what is due until told to stop, then waits for what is on its way.
    pub(crate) async fn run(&self, store: Store, mut stop: watch::Receiver<bool>) {
        let mut sending = JoinSet::new();
        let mut looked: Option<Instant> = None;
        while !*stop.borrow() {
            if looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
                looked = Some(Instant::now());
                let notifier = self.clone();
                sending.spawn(async move { notifier.look_after().await });
            }
            while sending.try_join_next().is_some() {}
            if self.take(&store, &mut sending).await.took > 0 {
                continue;
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = self.shared.wake.notified() => {}
                () = tokio::time::sleep(self.shared.outbox.patience.poll_every) => {}
            }
        }
        let last = Instant::now() + self.shared.outbox.patience.each.saturating_mul(2);
        while let Ok(Some(_)) = tokio::time::timeout_at(last, sending.join_next()).await {}
    }

    /// Sends what is due now, for at most `most`; gives how many still wait, or `None` if the store does not tell.
    pub(crate) async fn flush(&self, store: &Store, most: Duration) -> Option<u64> {
        let all = async {
            let mut sending = JoinSet::new();
            let mut crowded = false;
            loop {
                // All channels are under way before one is waited for: a dead one delays no other.
                let taken = self.take(store, &mut sending).await;
                crowded |= taken.crowded;
                if taken.took > 0 || sending.join_next().await.is_some() {
                    continue;
                }
                if !std::mem::take(&mut crowded) {
                    break;
                }
                tokio::time::sleep(self.shared.outbox.patience.poll_every).await;
            }
        };
        // What is cut off here is taken up again when its hold is over.
        let _ = tokio::time::timeout(most, all).await;
        store.messages_waiting().await.ok()
    }

    /// Takes what is due and starts to send it, each channel on its own.
    async fn take(&self, store: &Store, sending: &mut JoinSet<()>) -> Taken {
        let outbox = &self.shared.outbox;
        if outbox.channels().is_empty() {
            return Taken::default();
        }
        let taken = async {
            match store.messages_waiting().await? {
                0 => Ok(Vec::new()),
                _ => store.take_messages(AT_A_TIME, outbox.patience.hold).await,
            }
        };
        let taken = taken.await;
        let failed_before = self.shared.store_failed.swap(taken.is_err(), Ordering::Relaxed);
        let messages = match taken {
            Ok(messages) => messages,
            Err(error) => {
                if !failed_before {
                    tracing::warn!(%error, "the messages that wait cannot be read");
                }
                return Taken::default();
            }
        };
        let mut taken = Taken { took: messages.len(), crowded: false };
        let mut by_channel: Vec<(String, Vec<Message>)> = Vec::new();
        for message in messages {
            match by_channel.iter_mut().find(|(name, _)| *name == message.channel) {
                Some((_, batch)) => batch.push(message),
                None => by_channel.push((message.channel.clone(), vec![message])),
            }
        }
        for (name, messages) in by_channel {
            match outbox.batch(name, messages) {
                Ok(batch) => {
                    let (outbox, store) = (Arc::clone(outbox), store.clone());
                    sending.spawn(async move { outbox.send_batch(&store, batch).await });
                }
                Err(messages) => {
                    taken.crowded = true;
                    outbox.postpone(store, &messages, outbox.patience.poll_every).await;
                }
            }
        }
        taken
    }

    /// Sends one message that says it is a test to one channel at once, without the store.
    ///
    /// # Errors
    /// Why it did not arrive, without a secret.
    pub(crate) async fn test(&self, channel: &Channel, kind: Kind, at: SeoulTime) -> Result<(), String> {
        let note = Note { id: None, booking: None, kind, at, facts: Facts::of_test(kind, at) };
        self.send(channel, &note).await.map_err(|failure| failure.text)
    }

    /// Sends one message to one channel at once, without the store.
    pub(super) async fn send(&self, channel: &Channel, note: &Note) -> Result<(), Failure> {
        self.shared.outbox.send(channel, note).await
    }

    /// All channels: those of the settings, and those of the store it was given.
    pub(crate) fn channels(&self) -> Vec<Channel> {
        self.shared.outbox.channels()
    }

    /// Opens the channels that the store keeps: from then on they are told, and their tokens are renewed.
    pub(crate) async fn attach(&self, store: &Store, vault: &Vault) {
        self.attach_by(store, vault, Arc::new(SystemClock)).await;
    }

    /// The same by another clock.
    pub(super) async fn attach_by(&self, store: &Store, vault: &Vault, clock: Arc<dyn Clock>) {
        let outbox = &self.shared.outbox;
        let (store, vault, http) = (store.clone(), vault.clone(), Arc::clone(&outbox.http));
        outbox.keeper.get_or_init(|| Arc::new(Keeper { store, vault, http, clock }));
        outbox.look().await;
    }

    /// Takes the code that a person was given by KakaoTalk and keeps the channel in the store that was attached; gives
    /// until when it works by itself, if it is never used.
    ///
    /// # Errors
    /// A sentence in English, without a secret.
    pub(crate) async fn add_kakao(
        &self,
        name: &str,
        gets: &[Kind],
        app: KakaoApp,
        code: &SecretString,
    ) -> Result<SeoulTime, String> {
        let keeper = self.shared.outbox.keeper.get();
        let keeper = keeper.ok_or_else(|| in_language(Language::English, || say!("kakao-needs-runner")))?;
        let until = keeper.authorise(name, gets, app, code).await?;
        self.shared.outbox.look().await;
        Ok(until)
    }

    /// Looks after the channels of the store: which there are, whether they are renewed, and who is to hear that a person
    /// is needed. Each of that is told once, over the other channels if there are any.
    pub(super) async fn look_after(&self) {
        let outbox = &self.shared.outbox;
        let Some(keeper) = outbox.keeper.get() else { return };
        outbox.look().await;
        let told = async {
            for warned in keeper.look_after().await? {
                let mut channels = self.wanting(Kind::Alarm);
                if channels.iter().any(|name| *name != warned.channel) {
                    channels.retain(|name| *name != warned.channel);
                }
                if channels.is_empty() {
                    continue;
                }
                let (kind, body) = (Kind::Alarm.as_str(), warned.facts.to_value());
                let message = NewMessage { booking: None, kind, body, channels };
                if keeper.store.tell_once(&warned.what, &message).await? {
                    self.wake();
                }
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, "the channels of the store are looked after later");
        }
    }
}
