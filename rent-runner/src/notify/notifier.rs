//! The outbox: which channels are told of what, and sending what waits until it has arrived.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::{Report, SeoulTime};
use secrecy::ExposeSecret;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::channel::{Channel, Target};
use super::http::{Failure, Http};
use super::message::{Facts, Kind, Note};
use super::secret::address;
use super::text::Text;
use super::{Settings, chat, webhook};
use crate::bad_input::BadInput;
use crate::store::{Booking, BookingId, Message, NewMessage, State, Store};
use crate::telemetry::metrics::Metrics;

/// How many messages are taken from the store at a time.
const AT_A_TIME: u32 = 8;

/// How many may be on their way, so that a dead channel cannot fill the memory.
const MAX_IN_FLIGHT: usize = 32;

/// A message is given up after so many tries: then some three hours have passed.
const MAX_TRIES: u32 = 8;

/// So many bookings are remembered by their last alarm.
const MAX_ALARMS: usize = 1000;

/// The times that sending goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How often the store is asked for messages that nobody announced.
    pub(super) look_every: Duration,
    /// How long one try may take.
    pub(super) each: Duration,
    /// How long taken messages are kept from other runners: longer than a batch can take.
    pub(super) hold: Duration,
    /// How long to wait after the first, second… try; the last one repeats.
    pub(super) back_off: [Duration; 5],
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(3),
            each: Duration::from_secs(10),
            hold: Duration::from_secs(120),
            back_off: [5, 30, 120, 600, 3600].map(Duration::from_secs),
        }
    }
}

impl Patience {
    /// How long to wait after this many tries; `None` is the end.
    fn after(&self, tries: u32, asked: Option<Duration>) -> Option<Duration> {
        if tries >= MAX_TRIES {
            return None;
        }
        let step = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = self.back_off.get(step).or(self.back_off.last()).copied().unwrap_or_default();
        Some(asked.map_or(wait, |asked| asked.max(wait)))
    }
}

/// Sends what waits in the store's outbox. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Notifier {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    patience: Patience,
    http: Http,
    metrics: Option<Metrics>,
    wake: Notify,
    /// The store did not answer the last time: it is said once, not every few seconds.
    store_failed: AtomicBool,
    /// The last alarm of each booking: preparation is tried each minute, and says the same each time.
    alarms: Mutex<HashMap<BookingId, String>>,
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("channels", &self.shared.settings.channels).finish_non_exhaustive()
    }
}

impl Notifier {
    /// # Errors
    /// If two channels have one name.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        Self::with(settings, Patience::default(), None)
    }

    /// The same, and each message that is sent or given up is counted.
    ///
    /// # Errors
    /// As [`Notifier::new`].
    pub(crate) fn counting(settings: &Settings, metrics: Metrics) -> Result<Self> {
        Self::with(settings, Patience::default(), Some(metrics))
    }

    pub(super) fn with(settings: &Settings, patience: Patience, metrics: Option<Metrics>) -> Result<Self> {
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
            shared: Arc::new(Shared {
                settings: settings.clone(),
                patience,
                http: Http::new(settings.extra_ca.clone(), patience.each),
                metrics,
                wake: Notify::new(),
                store_failed: AtomicBool::new(false),
                alarms: Mutex::default(),
            }),
        })
    }

    /// The message of an alarm while a booking is prepared; `None` if no channel wants it, or if it is what
    /// the last alarm of this booking said.
    pub(crate) fn alarm(&self, booking: &Booking, text: &str) -> Option<NewMessage> {
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
    /// that want those, which then get no verdict beside it. Nothing for one that a person cancelled, or
    /// that is not over.
    pub(crate) fn ended(
        &self,
        booking: &Booking,
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

    fn wanting(&self, kind: Kind) -> Vec<String> {
        let channels = self.shared.settings.channels.iter();
        channels.filter(|channel| channel.wants(kind)).map(|channel| channel.name.clone()).collect()
    }

    fn message(
        &self,
        booking: &Booking,
        kind: Kind,
        channels: Vec<String>,
        facts: &Facts,
    ) -> Option<NewMessage> {
        (!channels.is_empty()).then(|| NewMessage {
            booking: Some(booking.id),
            kind: kind.word(),
            body: facts.to_value(),
            channels,
        })
    }

    /// Says that something was put into the outbox, so that it leaves at once.
    pub(crate) fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// Sends what is due, again and again, until told to stop; then waits for what is on its way.
    pub(crate) async fn run(&self, store: Store, mut stop: watch::Receiver<bool>) {
        let mut sending = JoinSet::new();
        while !*stop.borrow() {
            while sending.try_join_next().is_some() {}
            let mut took = 0;
            if !self.shared.settings.channels.is_empty() && sending.len() < MAX_IN_FLIGHT {
                took = self.take(&store, &mut sending).await;
            }
            if took > 0 {
                continue;
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = self.shared.wake.notified() => {}
                () = tokio::time::sleep(self.shared.patience.look_every) => {}
            }
        }
        let last = Instant::now() + self.shared.patience.each.saturating_mul(2);
        while let Ok(Some(_)) = tokio::time::timeout_at(last, sending.join_next()).await {}
    }

    /// Sends what is due now, for so long at most; gives how many still wait.
    pub(crate) async fn flush(&self, store: &Store, most: Duration) -> u64 {
        let all = async {
            let mut sending = JoinSet::new();
            while !self.shared.settings.channels.is_empty() && self.take(store, &mut sending).await > 0 {
                while sending.join_next().await.is_some() {}
            }
        };
        // What is cut off here is taken up again when its hold is over.
        let _ = tokio::time::timeout(most, all).await;
        store.messages_waiting().await.unwrap_or_default()
    }

    /// Takes what is due and starts to send it, each channel on its own; gives how many.
    async fn take(&self, store: &Store, sending: &mut JoinSet<()>) -> usize {
        let patience = self.shared.patience;
        let taken = async {
            match store.messages_waiting().await? {
                0 => Ok(Vec::new()),
                _ => store.take_messages(AT_A_TIME, patience.hold).await,
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
                return 0;
            }
        };
        let took = messages.len();
        let mut by_channel: Vec<(String, Vec<Message>)> = Vec::new();
        for message in messages {
            match by_channel.iter_mut().find(|(name, _)| *name == message.channel) {
                Some((_, batch)) => batch.push(message),
                None => by_channel.push((message.channel.clone(), vec![message])),
            }
        }
        for (name, batch) in by_channel {
            let (shared, store) = (Arc::clone(&self.shared), store.clone());
            sending.spawn(async move { shared.send_batch(&store, &name, batch).await });
        }
        took
    }

    /// Sends one message that says it is a test to one channel at once, beside the outbox.
    ///
    /// # Errors
    /// Why it did not arrive, without a secret.
    pub(crate) async fn test(&self, channel: &Channel, kind: Kind, at: SeoulTime) -> Result<(), String> {
        let note = Note { id: None, booking: None, kind, at, facts: Facts::of_test(kind, at) };
        self.send(channel, &note).await.map_err(|failure| failure.text)
    }

    /// Sends one message to one channel at once, beside the outbox.
    pub(super) async fn send(&self, channel: &Channel, note: &Note) -> Result<(), Failure> {
        self.shared.send(channel, note).await
    }

    pub(crate) fn channels(&self) -> &[Channel] {
        &self.shared.settings.channels
    }
}

impl Shared {
    /// Sends messages of one channel in their order. After a failure the rest is not tried: it would wait
    /// for the same dead server once more.
    async fn send_batch(&self, store: &Store, name: &str, batch: Vec<Message>) {
        let channel = self.settings.channels.iter().find(|channel| channel.name == name);
        let mut failed: Option<Failure> = None;
        for message in batch {
            let result = match (channel, &failed) {
                (_, Some(failure)) => Err(failure.clone()),
                (None, None) => {
                    Err(Failure::from(format!("the settings of this runner have no channel called {name}")))
                }
                (Some(channel), None) => self.send(channel, &Note::from(&message)).await,
            };
            self.keep(store, &message, &result).await;
            failed = result.err();
        }
    }

    /// Keeps what became of a message.
    async fn keep(&self, store: &Store, message: &Message, result: &Result<(), Failure>) {
        let Message { id, channel, kind, .. } = message;
        let tries = message.tries.saturating_add(1);
        let kept = match result {
            Ok(()) => {
                tracing::info!(id, channel, kind, tries, "message sent");
                store.message_sent(*id).await
            }
            Err(Failure { text, after }) => {
                let wait = self.patience.after(tries, *after);
                match wait {
                    Some(wait) => {
                        tracing::warn!(id, channel, kind, tries, error = text, ?wait, "message not sent");
                    }
                    None => tracing::error!(id, channel, kind, tries, error = text, "message given up"),
                }
                store.message_failed(*id, text, wait).await
            }
        };
        if let Err(error) = kept {
            tracing::error!(id, channel, %error, "what became of a message cannot be kept: it may be sent twice");
        }
        if let Some(metrics) = &self.metrics {
            metrics.message(channel, result.is_ok());
        }
    }

    async fn send(&self, channel: &Channel, note: &Note) -> Result<(), Failure> {
        let text = Text::new(note, self.settings.language);
        let url = |secret: &super::secret::Secret| {
            address(secret.read()?.expose_secret()).map_err(|why| format!("`url` {why}"))
        };
        let post = match &channel.target {
            Target::Webhook(secret) => webhook::request(url(secret)?, note, &text),
            Target::Slack(secret) => chat::slack(url(secret)?, &text),
            Target::Discord(secret) => chat::discord(url(secret)?, &text),
            Target::Telegram(telegram) => telegram.request(&text)?,
            Target::Ntfy(ntfy) => ntfy.request(note, &text)?,
            Target::Email(email) => {
                return email.send(note, &text, self.settings.extra_ca.clone(), self.patience.each).await;
            }
        };
        self.http.send(&post).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_and_the_servers_own_wish_counts() {
        let patience = Patience::default();
        let waits: Vec<_> =
            (1..=MAX_TRIES).map(|tries| patience.after(tries, None).map(|wait| wait.as_secs())).collect();
        let hour = Some(3600);
        assert_eq!(waits, [Some(5), Some(30), Some(120), Some(600), hour, hour, hour, None]);
        assert_eq!(patience.after(1, Some(Duration::from_secs(77))), Some(Duration::from_secs(77)));
        assert_eq!(patience.after(1, Some(Duration::ZERO)), Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_batch_ends_before_others_may_take_it() {
        let patience = Patience::default();
        assert!(patience.each.saturating_mul(AT_A_TIME) < patience.hold);
    }
}
