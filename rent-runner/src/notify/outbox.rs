//! The sending side of the outbox: each message stands for itself, and each channel for itself.
//!
//! What waits behind a message must not depend on it. A message that a server refuses for good is given up alone.
//! One that fails for a passing reason is tried again later, while those behind it are sent. When the channel takes
//! nothing (no line, a server that asks for rest), what waits for it is put off, and that counts as no try: else a
//! message could be given up without having been sent once. A channel has one message on its way at a time and a
//! bounded number of batches, so a dead one takes no room from the others.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::channel::{Channel, Target};
use super::http::{Failure, Http, Means};
use super::keeper::Keeper;
use super::message::Note;
use super::secret::{Secret, address};
use super::telegram::Telegram;
use super::text::Text;
use super::{NotifySettings, chat, push, webhook};
use crate::say::{Language, in_language, say};
use crate::store::{Message, Store};
use crate::telemetry::metrics::Metrics;

/// A message is given up after this many tries: then some three hours have passed.
const MAX_TRIES: u32 = 8;

/// How many batches of one channel may be under way: one is being sent, the others wait for it.
const MAX_BATCHES: usize = 4;

/// The times of sending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How often the store is polled for messages that no wake-up announced.
    pub(super) poll_every: Duration,
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
            poll_every: Duration::from_secs(3),
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

/// Sends messages and keeps what became of them.
pub(super) struct Outbox {
    pub(super) settings: NotifySettings,
    pub(super) patience: Patience,
    pub(super) http: Arc<Http>,
    /// The channels of the store, once it is open.
    pub(super) keeper: OnceLock<Arc<Keeper>>,
    stored: Mutex<Vec<Channel>>,
    metrics: Option<Metrics>,
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
}

/// What is known of one channel while this process runs.
struct Lane {
    room: Arc<Semaphore>,
    /// Held while a batch is sent.
    turn: tokio::sync::Mutex<Turn>,
}

#[derive(Default)]
struct Turn {
    /// The channel is left alone until then.
    rests_until: Option<Instant>,
    /// The id that a Telegram chat has now, if the one of the settings is gone.
    moved_to: Option<String>,
    /// Which recipients of a mail have it, while others of that message are tried again. A restart forgets this, and
    /// the mail comes twice, with one `Message-ID`.
    delivered: HashMap<i64, BTreeSet<usize>>,
}

/// A batch of messages of one channel that has room there.
pub(super) struct Batch {
    lane: Arc<Lane>,
    channel: String,
    messages: Vec<Message>,
    taken: Instant,
    _room: OwnedSemaphorePermit,
}

impl Outbox {
    pub(super) fn new(settings: &NotifySettings, patience: Patience, metrics: Option<Metrics>) -> Self {
        Self {
            settings: settings.clone(),
            patience,
            http: Arc::new(Http::new(settings.extra_ca.clone(), patience.each)),
            keeper: OnceLock::new(),
            stored: Mutex::default(),
            metrics,
            lanes: Mutex::default(),
        }
    }

    /// All channels: those of the settings, and those that the store had at the last look.
    pub(super) fn channels(&self) -> Vec<Channel> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        self.settings.channels.iter().chain(stored.iter()).cloned().collect()
    }

    /// Looks which channels the store has now. One with the name of a channel of the settings is passed by.
    pub(super) async fn look(&self) {
        let Some(keeper) = self.keeper.get() else { return };
        match keeper.channels().await {
            Ok(mut channels) => {
                channels.retain(|stored| self.settings.channels.iter().all(|own| own.name != stored.name));
                *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = channels;
            }
            Err(error) => tracing::warn!(%error, "the channels of the store cannot be read"),
        }
    }

    fn lane(&self, channel: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            Arc::new(Lane {
                room: Arc::new(Semaphore::new(MAX_BATCHES)),
                turn: tokio::sync::Mutex::default(),
            })
        };
        Arc::clone(lanes.entry(channel.to_owned()).or_insert_with(new))
    }

    /// A batch of messages of one channel; the messages come back if too many batches of it are under way.
    pub(super) fn batch(&self, channel: String, messages: Vec<Message>) -> Result<Batch, Vec<Message>> {
        let lane = self.lane(&channel);
        match Arc::clone(&lane.room).try_acquire_owned() {
            Ok(room) => Ok(Batch { lane, channel, messages, taken: Instant::now(), _room: room }),
            Err(_) => Err(messages),
        }
    }

    /// Puts messages off that were not tried.
    pub(super) async fn postpone(&self, store: &Store, messages: &[Message], wait: Duration) {
        for message in messages {
            if let Err(error) = store.message_postponed(message.id, wait).await {
                // It is taken again when its hold is over.
                tracing::warn!(id = message.id, %error, "a message cannot be put off");
            }
        }
    }

    /// Sends a batch. Messages that were tried less often go first, so that one whose tries all time out does not
    /// keep back the others of its channel.
    pub(super) async fn send_batch(&self, store: &Store, mut batch: Batch) {
        batch.messages.sort_by_key(|message| (message.tries, message.id));
        let mut turn = batch.lane.turn.lock().await;
        let channel = self.channels().into_iter().find(|channel| channel.name == batch.channel);
        for message in &batch.messages {
            // Another runner may take it when the hold is over: half of it is left for one try.
            if batch.taken.elapsed() > self.patience.hold / 2 {
                return;
            }
            let rest = turn.rests_until.map(|until| until.saturating_duration_since(Instant::now()));
            if let Some(rest) = rest.filter(|rest| !rest.is_zero()) {
                self.postpone(store, std::slice::from_ref(message), rest).await;
                continue;
            }
            let result = match &channel {
                Some(channel) => self.deliver(channel, &Note::from(message), &mut turn).await,
                None => Err(Failure::later(format!(
                    "the settings of this runner have no channel called {}",
                    batch.channel
                ))),
            };
            if let Err(Failure { means: Means::ChannelDown, after, .. }) = &result {
                let least = self.patience.back_off.first().copied().unwrap_or_default();
                turn.rests_until = Some(Instant::now() + after.map_or(least, |after| after.max(least)));
            }
            if !self.keep(store, message, &result).await {
                turn.delivered.remove(&message.id);
            }
        }
    }

    /// Keeps what became of a message; gives whether it may be tried again.
    async fn keep(&self, store: &Store, message: &Message, result: &Result<(), Failure>) -> bool {
        let Message { id, channel, kind, .. } = message;
        let tries = message.tries.saturating_add(1);
        let (kept, again) = match result {
            Ok(()) => {
                tracing::info!(id, channel, kind, tries, "message sent");
                (store.message_sent(*id).await, false)
            }
            Err(Failure { text, means, after, .. }) => {
                let wait = match means {
                    Means::Never => None,
                    Means::Later | Means::ChannelDown => self.patience.after(tries, *after),
                };
                match wait {
                    Some(wait) => {
                        tracing::warn!(id, channel, kind, tries, error = text, ?wait, "message not sent");
                        (store.message_failed(*id, text, Some(wait)).await, true)
                    }
                    None => {
                        tracing::error!(id, channel, kind, tries, error = text, "message given up");
                        (store.message_failed(*id, &format!("given up: {text}"), None).await, false)
                    }
                }
            }
        };
        if let Err(error) = &kept {
            tracing::error!(id, channel, %error, "what became of a message cannot be kept: it may be sent twice");
        }
        if let Some(metrics) = &self.metrics {
            metrics.message(channel, result.is_ok());
        }
        again || kept.is_err()
    }

    /// Sends one message to one channel at once, without the store.
    pub(super) async fn send(&self, channel: &Channel, note: &Note) -> Result<(), Failure> {
        let lane = self.lane(&channel.name);
        let mut turn = lane.turn.lock().await;
        self.deliver(channel, note, &mut turn).await
    }

    async fn deliver(&self, channel: &Channel, note: &Note, turn: &mut Turn) -> Result<(), Failure> {
        let text = Text::new(note, self.settings.language);
        let url =
            |secret: &Secret| address(secret.read()?.expose_secret()).map_err(|why| format!("`url` {why}"));
        let post = match &channel.target {
            Target::Webhook(secret) => webhook::request(url(secret)?, note, &text),
            Target::Slack(secret) => chat::slack(url(secret)?, &text),
            Target::Discord(secret) => chat::discord(url(secret)?, &text),
            Target::Telegram(telegram) => return self.telegram(channel, telegram, &text, turn).await,
            Target::Ntfy(ntfy) => ntfy.request(note, &text)?,
            Target::Apprise(secret) => push::apprise(url(secret)?, note, &text),
            Target::Pushover(pushover) => pushover.request(note, &text)?,
            Target::Bark(bark) => bark.request(note, &text)?,
            Target::Kakao => {
                let Some(keeper) = self.keeper.get() else {
                    let why = in_language(Language::English, || say!("kakao-needs-runner"));
                    return Err(Failure::later(why));
                };
                return keeper.send(&channel.name, note, &text).await;
            }
            Target::Email(email) => {
                let ca = self.settings.extra_ca.clone();
                let mut once = BTreeSet::new();
                let delivered = note.id.map_or(&mut once, |id| turn.delivered.entry(id).or_default());
                return email.send(note, &text, ca, self.patience.each, delivered).await;
            }
        };
        self.http.send(&post).await
    }

    /// A group that becomes a supergroup has a new id: it is used from then on, and told in the chat itself. The log
    /// says only that it changed, since an id of a chat is private.
    async fn telegram(
        &self,
        channel: &Channel,
        telegram: &Telegram,
        text: &Text,
        turn: &mut Turn,
    ) -> Result<(), Failure> {
        let chat = turn.moved_to.as_ref().unwrap_or(&telegram.chat);
        let result = self.http.send(&telegram.request(&text.whole(), chat)?).await;
        let Err(Failure { moved_to: Some(moved_to), .. }) = result else { return result };
        let told = format!("{}\n{}", text.whole(), Text::new_chat(&moved_to, self.settings.language));
        let result = self.http.send(&telegram.request(&told, &moved_to)?).await;
        if result.is_ok() {
            let channel = &channel.name;
            tracing::warn!(
                channel,
                "the chat has a new id: the message tells it, put it into the settings as `chat-id`"
            );
            turn.moved_to = Some(moved_to);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::notifier::AT_A_TIME;

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
