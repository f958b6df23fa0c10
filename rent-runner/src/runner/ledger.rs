//! What a running booking leaves in the store: its events in order, and the intent before an application.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::page::Page;
use namyangju_rent::schedule::{DayList, EarlierRounds};
use namyangju_rent::{
    Client, Event, NotPermitted, Place, SavedSession, Session, Standing, TimedEvent, Watcher,
};
use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::context::Context;
use crate::say::{Language, in_language};
use crate::store::{Claimed, Denied, KeptPage, Learned, Lease, NewMessage, SealPurpose, State, StoreError};
use crate::words;

/// How long a lease lasts. A runner that dies is followed by another after that; one that lives renews it
/// four times as often, so that a database may be away for a while.
pub(super) const LEASE: Duration = Duration::from_secs(20);

/// A permit ends so long before its lease: a request takes its time, and clocks run unevenly.
const MARGIN: Duration = Duration::from_secs(5);

/// How long an answer to the question for a permit may take, and the gap after an error. A shot that is asked for
/// three seconds ahead is not late by one answer that is lost.
const ANSWER: Duration = Duration::from_millis(1_200);
pub(super) const ASK_GAP: Duration = Duration::from_millis(250);

/// How long events may take to be written: a permit waits for them, and it is asked for three seconds ahead.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// The permit of a shot is asked for so long before the opening, from which the time to try counts.
const ASKED_BEFORE: Duration = Duration::from_secs(3);

/// A store that was away for longer is worth an alarm, also where no permit waited for it.
const AWAY_TOLD: Duration = Duration::from_secs(5);

/// Events are written together if they come within this time.
const GATHER: Duration = Duration::from_millis(100);

/// The most of a page that is kept, and the most pages of one run.
const MAX_PAGE_BYTES: usize = 2 * 1024 * 1024;
const MAX_PAGES: usize = 20;

/// What a booking withdrew for, as [`Denied`] has it, or that the store was away until its time was over.
pub(super) const LEASE_LOST: &str = "another runner has taken the booking over";
pub(super) const CANCELLED: &str = "cancelled";
pub(super) const STORE_AWAY: &str = "the store of bookings was away until the time to try was over";

/// The follower of one claimed booking.
pub(super) struct Ledger {
    context: Arc<Context>,
    lease: Lease,
    /// How long a permit is asked for.
    patience: Duration,
    /// An alarm of this runner is told as one more event after it.
    last: Option<TimedEvent>,
    pub(super) pages: Vec<KeptPage>,
    pub(super) shared: Arc<LedgerState>,
}

/// What the job sees of a run while the run goes on.
pub(super) struct LedgerState {
    standing: Mutex<Standing>,
    pending: Mutex<Pending>,
    wake: Notify,
    /// Whoever takes events to write them holds it until they are written: they stay in order.
    turn: tokio::sync::Mutex<()>,
    over: AtomicBool,
    /// The site refused the login.
    refused: AtomicBool,
    /// A permit waits for the store, and will tell of it.
    permit_waits: AtomicBool,
    /// Since when the store has been away.
    away: Mutex<Option<Duration>>,
    /// The last alarm that was told of the booking, by an earlier runner too.
    alarm: Mutex<Option<String>>,
}

/// Events that are being written: back to the others if that is broken off.
struct TakenEvents<'s> {
    shared: &'s LedgerState,
    events: Vec<TimedEvent>,
}

impl TakenEvents<'_> {
    fn written(mut self) -> Vec<TimedEvent> {
        std::mem::take(&mut self.events)
    }
}

impl Drop for TakenEvents<'_> {
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
    /// What follows from events that are written, in order: done when the store has taken it.
    further: VecDeque<Further>,
}

/// What follows from an event that is written.
#[derive(Clone)]
enum Further {
    Of(Event),
    /// The message of an alarm, made once: the notifier gives it only once.
    Message(NewMessage),
    /// The rounds of a court, from a day list that the run read.
    Rounds(EarlierRounds),
}

impl Ledger {
    pub(super) fn new(context: Arc<Context>, claimed: &Claimed) -> Self {
        let standing = Standing::of(claimed.events.iter().map(|row| &row.event));
        let shared = LedgerState {
            standing: Mutex::new(standing),
            pending: Mutex::default(),
            wake: Notify::new(),
            turn: tokio::sync::Mutex::default(),
            over: AtomicBool::new(false),
            refused: AtomicBool::new(false),
            permit_waits: AtomicBool::new(false),
            away: Mutex::default(),
            alarm: Mutex::new(claimed.booking.reason.clone()),
        };
        let patience = claimed.booking.give_up_after + ASKED_BEFORE;
        let (lease, shared) = (claimed.lease, Arc::new(shared));
        Self { context, lease, patience, last: None, pages: Vec::new(), shared }
    }

    /// Asks until the store answers, or the time to try is over: as long as nothing has left, waiting costs nothing
    /// that giving up would not cost too.
    async fn ask(&mut self, wish: usize) -> Result<Duration, String> {
        let began = SystemClock.monotonic();
        let mut waits = false;
        loop {
            let why = match tokio::time::timeout(ANSWER, self.ask_once(wish)).await {
                Ok(Ok(Ok(left))) => {
                    if waits {
                        self.shared.permit_waits.store(false, Ordering::Relaxed);
                        self.shared.came_back();
                        self.tell_of_store(SystemClock.monotonic().saturating_sub(began));
                    }
                    return Ok(left.saturating_sub(MARGIN));
                }
                Ok(Ok(Err(Denied::LeaseLost))) => return Err(LEASE_LOST.to_owned()),
                Ok(Ok(Err(Denied::Cancelled))) => return Err(CANCELLED.to_owned()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the store does not answer".to_owned(),
            };
            waits = true;
            self.shared.permit_waits.store(true, Ordering::Relaxed);
            self.shared.is_away(self.lease, &why);
            if SystemClock.monotonic().saturating_sub(began) > self.patience {
                return Err(STORE_AWAY.to_owned());
            }
            SystemClock.sleep(ASK_GAP).await;
        }
    }

    async fn ask_once(&self, wish: usize) -> Result<Result<Duration, Denied>, StoreError> {
        let _turn = self.shared.turn.lock().await;
        let taken = self.shared.take_events();
        let Context { store, runner, .. } = &*self.context;
        let answer = store.permit(self.lease, runner, wish, &taken.events, LEASE).await?;
        if answer.is_ok() {
            let written = taken.written();
            self.shared
                .lock()
                .further
                .extend(written.into_iter().map(|happened| Further::Of(happened.event)));
            self.shared.wake.notify_one();
        }
        Ok(answer)
    }

    /// An alarm that the permit had to wait for the store.
    fn tell_of_store(&mut self, waited: Duration) {
        let Some(mut happened) = self.last.clone() else { return };
        let seconds = waited.as_secs().max(1);
        let text = format!("the store was away: the permit to apply came {seconds} s after it was asked for");
        (happened.at, happened.monotonic) = (SystemClock.now(), SystemClock.monotonic());
        happened.event = Event::alarm(text);
        self.on_event(&happened);
    }

    fn on_event(&mut self, happened: &TimedEvent) {
        self.shared.standing().on_event(&happened.event);
        self.context.on_event(self.lease.booking, happened);
        self.shared.lock().events.push(happened.clone());
        self.shared.wake.notify_one();
        self.last = Some(happened.clone());
    }
}

impl Watcher for &mut Ledger {
    fn on_event(&mut self, happened: &TimedEvent) {
        Ledger::on_event(self, happened);
    }

    async fn permit(&mut self, wish: usize) -> Result<Duration, NotPermitted> {
        self.ask(wish).await.map_err(NotPermitted::new)
    }

    fn unknown_page(&mut self, attempt: u32, page: &Page) {
        if self.pages.len() < MAX_PAGES {
            let body = page.body().get(..MAX_PAGE_BYTES).unwrap_or(page.body());
            match self.context.vault.seal(SealPurpose::Page, body) {
                Ok(body) => self.pages.push(KeptPage { attempt, address: page.url().to_string(), body }),
                Err(error) => warn!(booking = self.lease.booking.0, %error, "a page is not kept"),
            }
        }
    }

    fn day_list_read(&mut self, place: &Place, list: &DayList) {
        let rounds = EarlierRounds::of(place, list, SystemClock.now());
        self.shared.lock().further.extend(rounds.map(Further::Rounds));
        self.shared.wake.notify_one();
    }

    fn logged_in(&mut self, session: &Session) {
        self.shared.lock().session = session.save();
    }

    fn login_refused(&mut self) {
        self.shared.refused.store(true, Ordering::Relaxed);
    }
}

impl LedgerState {
    fn lock(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the booking stands by the events so far, those of earlier runs included.
    pub(super) fn standing(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_events(&self) -> TakenEvents<'_> {
        TakenEvents { shared: self, events: std::mem::take(&mut self.lock().events) }
    }

    /// The events that are not written yet, for whoever writes them with the booking's end.
    pub(super) fn rest(&self) -> Vec<TimedEvent> {
        std::mem::take(&mut self.lock().events)
    }

    /// Whether the site refused the login in this run.
    pub(super) fn was_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// The run is over: whoever writes its events beside it ends with those that are there.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// Notes that the store is away, and says so once.
    fn is_away(&self, lease: Lease, why: &str) {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        if away.is_none() {
            *away = Some(SystemClock.monotonic());
            error!(booking = lease.booking.0, "{why}: nothing is sent before the store is back");
        }
    }

    /// Notes that the store answers; gives how long it was away.
    fn came_back(&self) -> Option<Duration> {
        let since = self.away.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(SystemClock.monotonic().saturating_sub(since))
    }

    /// Writes what comes, until the run is over; `false` if the lease is lost.
    pub(super) async fn keep(&self, context: &Context, claimed: &Claimed, client: &Client) -> bool {
        loop {
            self.wake.notified().await;
            let over = self.over.load(Ordering::Relaxed);
            if !over {
                SystemClock.sleep(GATHER).await;
            }
            let why = match self.flush(context, claimed, client).await {
                Ok(false) => return false,
                Ok(true) if over => return true,
                Ok(true) => {
                    let away = self.came_back().filter(|away| *away > AWAY_TOLD);
                    if let Some(away) = away.filter(|_| !self.permit_waits.load(Ordering::Relaxed)) {
                        let text = format!("the store was away for {} s", away.as_secs());
                        self.lock().further.push_back(Further::Of(Event::alarm(text)));
                        self.wake.notify_one();
                    }
                    continue;
                }
                Err(error) => error.to_string(),
            };
            if over {
                // They are written with the booking's end.
                return true;
            }
            self.is_away(claimed.lease, &why);
            SystemClock.sleep(ASK_GAP).await;
            self.wake.notify_one();
        }
    }

    /// Writes what is there; `false` if the lease is lost.
    async fn flush(&self, context: &Context, claimed: &Claimed, client: &Client) -> Result<bool, StoreError> {
        Ok(in_time(context, self.write_events(context, claimed)).await?
            && in_time(context, self.write_further(context, claimed, client)).await?)
    }

    async fn write_events(&self, context: &Context, claimed: &Claimed) -> Result<bool, StoreError> {
        let _turn = self.turn.lock().await;
        let taken = self.take_events();
        if !context.store.record(claimed.lease, &context.runner, &taken.events).await? {
            return Ok(false);
        }
        let written = taken.written();
        self.lock().further.extend(written.into_iter().map(|happened| Further::Of(happened.event)));
        Ok(true)
    }

    /// What the events that are written mean beyond the story: kept until the store has taken it.
    async fn write_further(
        &self,
        context: &Context,
        claimed: &Claimed,
        client: &Client,
    ) -> Result<bool, StoreError> {
        loop {
            let Some(further) = self.lock().further.front().cloned() else { break };
            let done = match &further {
                Further::Of(Event::Alarm { text, .. }) => match self.message_of(context, claimed, text) {
                    Some(message) => {
                        self.lock().further.push_front(Further::Message(message));
                        continue;
                    }
                    None => context.store.note(claimed.lease, State::Waiting, Some(text)).await.map(|_| ()),
                },
                Further::Of(event) => learn_from(event, context, claimed, client).await,
                Further::Rounds(rounds) => {
                    context.store.keep_rounds(client.site().base_url().as_str(), rounds).await
                }
                Further::Message(message) => {
                    context.store.enqueue(message).await.map(|()| context.notifier.wake())
                }
            };
            match done {
                Err(error) if error.may_pass() => return Err(error),
                Err(error) => warn!(booking = claimed.lease.booking.0, %error, "not kept"),
                Ok(()) => {}
            }
            self.lock().further.pop_front();
        }
        let session = self.lock().session.take();
        if let Some(session) = session
            && let Err(error) = keep_session(&session, context, claimed).await
        {
            self.lock().session.get_or_insert(session);
            return Err(error);
        }
        Ok(true)
    }

    /// The message of an alarm that nobody was told yet. A restart prepares anew, and finds what the runner before
    /// it found and told.
    fn message_of(&self, context: &Context, claimed: &Claimed, text: &str) -> Option<NewMessage> {
        let mut told = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        if told.as_deref() == Some(text) {
            return None;
        }
        *told = Some(text.to_owned());
        context.notifier.alarm(&claimed.booking, text)
    }
}

async fn in_time(
    context: &Context,
    writing: impl Future<Output = Result<bool, StoreError>>,
) -> Result<bool, StoreError> {
    match tokio::time::timeout(WRITE_TIMEOUT, writing).await {
        Ok(written) => written,
        Err(_) => {
            let store = context.store.address().to_owned();
            Err(StoreError::Failed { store, why: "it does not answer in time".to_owned() })
        }
    }
}

/// What an event means beyond the story it is part of.
async fn learn_from(
    event: &Event,
    context: &Context,
    claimed: &Claimed,
    client: &Client,
) -> Result<(), StoreError> {
    let store = &context.store;
    let (booking, lease) = (&claimed.booking, claimed.lease);
    match event {
        Event::Armed { .. } => {
            store.note(lease, State::Armed, None).await?;
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
    match context.vault.seal(SealPurpose::Session(&booking.account), &json) {
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
        let text = in_language(Language::English, || words::in_words(&happened.event));
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
