//! What a running booking leaves in the store: its events in order, and the intent before an application.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::page::Page;
use namyangju_rent::{Client, Event, NotPermitted, SavedSession, Session, Standing, TimedEvent, Watcher};
use tokio::sync::Notify;
use tracing::{info, warn};

use super::context::Context;
use crate::store::{Claimed, Denied, KeptPage, Learned, Lease, Purpose, State, StoreError};
use crate::words;

/// How long a lease lasts. A runner that dies is followed by another after that; one that lives renews it
/// four times as often, so that a database may be away for a while.
pub(super) const LEASE: Duration = Duration::from_secs(20);

/// A permit ends so long before its lease: a request takes its time, and clocks run unevenly.
const MARGIN: Duration = Duration::from_secs(5);

/// How often a database is asked for a permit, how long an answer may take, and the gap after an error. A shot
/// that is asked for three seconds ahead is not late by one answer that is lost.
const MAX_ASKS: u32 = 4;
const ANSWER: Duration = Duration::from_millis(1_200);
const ASK_GAP: Duration = Duration::from_millis(250);

/// Events are written together if they come within this time.
const GATHER: Duration = Duration::from_millis(100);

/// The most of a page that is kept, and the most pages of one run.
const MAX_PAGE_BYTES: usize = 2 * 1024 * 1024;
const MAX_PAGES: usize = 20;

/// The right that a booking withdrew for, as [`Denied`] has it, or that nobody could be asked.
pub(super) const LEASE_LOST: &str = "another runner has taken the booking over";
pub(super) const CANCELLED: &str = "cancelled";

/// The follower of one claimed booking.
pub(super) struct Ledger {
    context: Arc<Context>,
    lease: Lease,
    pub(super) pages: Vec<KeptPage>,
    pub(super) shared: Arc<Shared>,
}

/// What the job sees of a run while the run goes on.
pub(super) struct Shared {
    standing: Mutex<Standing>,
    pending: Mutex<Pending>,
    wake: Notify,
    /// Whoever takes events to write them holds it until they are written: they stay in order.
    turn: tokio::sync::Mutex<()>,
    over: AtomicBool,
}

/// Events that are being written: back to the others if that is broken off.
struct Taken<'s> {
    shared: &'s Shared,
    events: Vec<TimedEvent>,
}

impl Taken<'_> {
    fn written(mut self) -> Vec<TimedEvent> {
        std::mem::take(&mut self.events)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut pending = self.shared.lock();
        self.events.append(&mut pending.events);
        pending.events = std::mem::take(&mut self.events);
    }
}

#[derive(Default)]
struct Pending {
    events: Vec<TimedEvent>,
    session: Option<SavedSession>,
}

impl Ledger {
    pub(super) fn new(context: Arc<Context>, claimed: &Claimed) -> Self {
        let standing = Standing::of(claimed.events.iter().map(|row| &row.event));
        let shared = Shared {
            standing: Mutex::new(standing),
            pending: Mutex::default(),
            wake: Notify::new(),
            turn: tokio::sync::Mutex::default(),
            over: AtomicBool::new(false),
        };
        Self { context, lease: claimed.lease, pages: Vec::new(), shared: Arc::new(shared) }
    }

    async fn ask(&mut self, wish: usize) -> Result<Duration, String> {
        let _turn = self.shared.turn.lock().await;
        let taken = self.shared.take_events();
        let Context { store, runner, .. } = &*self.context;
        for ask in 1..=MAX_ASKS {
            let asked = store.permit(self.lease, runner, wish, &taken.events, LEASE);
            let answer = match tokio::time::timeout(ANSWER, asked).await {
                Ok(answer) => answer,
                Err(_) if ask < MAX_ASKS => continue,
                Err(_) => return Err("the store does not answer".to_owned()),
            };
            match answer {
                Ok(Ok(left)) => {
                    taken.written();
                    return Ok(left.saturating_sub(MARGIN));
                }
                Ok(Err(Denied::LeaseLost)) => return Err(LEASE_LOST.to_owned()),
                Ok(Err(Denied::Cancelled)) => return Err(CANCELLED.to_owned()),
                Err(error) if ask == MAX_ASKS => return Err(format!("the store cannot be asked: {error}")),
                Err(error) => {
                    warn!(booking = self.lease.booking.0, %error, "no permit yet");
                    SystemClock.sleep(ASK_GAP).await;
                }
            }
        }
        Err("the store cannot be asked".to_owned())
    }
}

impl Watcher for &mut Ledger {
    fn on_event(&mut self, happened: &TimedEvent) {
        self.shared.standing().on_event(&happened.event);
        self.context.on_event(self.lease.booking, happened);
        self.shared.lock().events.push(happened.clone());
        self.shared.wake.notify_one();
    }

    async fn permit(&mut self, wish: usize) -> Result<Duration, NotPermitted> {
        self.ask(wish).await.map_err(NotPermitted::new)
    }

    fn unknown_page(&mut self, attempt: u32, page: &Page) {
        if self.pages.len() < MAX_PAGES {
            let body = page.body().get(..MAX_PAGE_BYTES).unwrap_or(page.body());
            match self.context.vault.seal(Purpose::Page, body) {
                Ok(body) => self.pages.push(KeptPage { attempt, address: page.url().to_string(), body }),
                Err(error) => warn!(booking = self.lease.booking.0, %error, "a page is not kept"),
            }
        }
    }

    fn logged_in(&mut self, session: &Session) {
        self.shared.lock().session = session.save();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the booking stands by the events so far, those of earlier runs included.
    pub(super) fn standing(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_events(&self) -> Taken<'_> {
        Taken { shared: self, events: std::mem::take(&mut self.lock().events) }
    }

    /// The events that are not written yet, for whoever writes them with the booking's end.
    pub(super) fn rest(&self) -> Vec<TimedEvent> {
        std::mem::take(&mut self.lock().events)
    }

    /// The run is over: whoever writes its events beside it ends with those that are there.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// Writes what comes, until the run is over; `false` if the lease is lost.
    pub(super) async fn keep(&self, context: &Context, claimed: &Claimed, client: &Client) -> bool {
        loop {
            self.wake.notified().await;
            let over = self.over.load(Ordering::Relaxed);
            if !over {
                SystemClock.sleep(GATHER).await;
            }
            match self.flush(context, claimed, client).await {
                Ok(false) => return false,
                Ok(true) if over => return true,
                Ok(true) => {}
                Err(error) => {
                    warn!(booking = claimed.lease.booking.0, %error, "events are not written yet");
                    if over {
                        // They are written with the booking's end.
                        return true;
                    }
                    SystemClock.sleep(ASK_GAP).await;
                    self.wake.notify_one();
                }
            }
        }
    }

    /// Writes what is there; `false` if the lease is lost.
    async fn flush(&self, context: &Context, claimed: &Claimed, client: &Client) -> Result<bool, StoreError> {
        let _turn = self.turn.lock().await;
        let session = self.lock().session.take();
        let taken = self.take_events();
        let Context { store, runner, .. } = context;
        if !store.record(claimed.lease, runner, &taken.events).await? {
            return Ok(false);
        }
        for happened in taken.written() {
            learn_from(&happened.event, context, claimed, client).await?;
        }
        if let Some(session) = session {
            keep_session(&session, context, claimed).await?;
        }
        Ok(true)
    }
}

/// What an event means beyond the story it is part of.
async fn learn_from(
    event: &Event,
    context: &Context,
    claimed: &Claimed,
    client: &Client,
) -> Result<(), StoreError> {
    let Context { store, notifier, .. } = context;
    let (booking, lease) = (&claimed.booking, claimed.lease);
    match event {
        Event::Armed { .. } => {
            store.note(lease, State::Armed, None).await?;
        }
        Event::Alarm { text } => {
            store.note(lease, State::Waiting, Some(text)).await?;
            if let Some(message) = notifier.alarm(booking, text) {
                store.enqueue(&message).await?;
                notifier.wake();
            }
        }
        Event::Learned { from, slots } => {
            let Some(wish) = booking.choices.get(booking.wish).or(booking.choices.first()) else {
                return Ok(());
            };
            let at = SystemClock.now();
            let slots: Vec<_> = slots
                .iter()
                .map(|slot| Learned { range: slot.range, time_no: slot.time_no, from: *from, at })
                .collect();
            store.learn(client.site().base_url().as_str(), &wish.place, wish.purpose, &slots).await?;
        }
        _ => {}
    }
    Ok(())
}

async fn keep_session(
    session: &SavedSession,
    context: &Context,
    claimed: &Claimed,
) -> Result<(), StoreError> {
    let booking = &claimed.booking;
    let Ok(json) = serde_json::to_vec(session) else { return Ok(()) };
    match context.vault.seal(Purpose::Session(&booking.account), &json) {
        Ok(sealed) => context.store.set_session(booking.account_id, Some(&sealed), true).await,
        Err(error) => {
            info!(booking = booking.id.0, %error, "the session is not kept");
            Ok(())
        }
    }
}

impl Context {
    /// One event: to the log, to the figures, and to whoever else listens.
    fn on_event(&self, booking: crate::store::BookingId, happened: &TimedEvent) {
        let text = words::in_words(&happened.event);
        if matches!(happened.event, Event::Alarm { .. }) {
            warn!(target: "rent_runner::booking", booking = booking.0, "{text}");
        } else {
            info!(target: "rent_runner::booking", booking = booking.0, "{text}");
        }
        self.metrics.on_event(happened);
        if let Some(observer) = &self.observer {
            observer(booking, happened);
        }
    }
}
