//! One claimed booking, from the claim to what is written of its end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::report::OpeningBracket;
use namyangju_rent::schedule::{Slot, SlotState};
use namyangju_rent::{
    Application, Booking, Client, Credentials, GiveUp, Place, Policy, Report, SavedSession, SeoulTime,
    Standing, Verdict,
};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::clients::{self, or_without};
use super::context::Context;
use super::ledger::{self, Ledger, LedgerState};
use crate::exit;
use crate::request::{courts, fresh_rounds, is_fresh};
use crate::say::{Language, in_language};
use crate::store::{
    self, BookingEnd, Claimed, Lease, OpeningSource, RetryPace, SealPurpose, State, StoreError,
};
use crate::words;

/// An application that is under way may end, when the runner is told to stop.
const GRACE: Duration = Duration::from_secs(20);

/// How many earlier openings of its site a booking is told: those of the last months, also where each had several
/// bookings.
const EARLIER_OPENINGS: u32 = 20;

/// How long the store may take to give what a booking starts from, the site's clock included, or to take its end.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(30);
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the store may take to tell what the courts of a booking are called.
const NAMES_TIMEOUT: Duration = Duration::from_secs(1);

/// How often an end is tried to be written that the store refuses for a reason that time does not mend.
const MAX_REFUSALS: u32 = 60;

/// How often the refusal of a login is tried to be kept.
const MAX_TRIES: u32 = 60;

/// The gap between two tries to write an end: it is what people wait for.
const TRY_GAP: Duration = Duration::from_millis(500);

/// What a job is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Go,
    /// A person cancels the booking.
    Cancel,
    /// The booking goes back to the store as it stands, to be claimed anew.
    HandBack,
    /// Another runner has it.
    Drop,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) lease: Lease,
    pub(crate) end: End,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The booking is over.
    Over { state: State, reason: Option<String>, code: u8 },
    /// It can be claimed by anybody.
    HandedBack,
    /// Somebody else has it, or will.
    Lost,
}

/// Runs a claimed booking.
pub(super) async fn run(
    context: Arc<Context>,
    claimed: Claimed,
    mut signals: watch::Receiver<Signal>,
) -> Done {
    let mut claimed = claimed;
    // Only its messages speak of the names: a store that does not answer is not waited for.
    let named = courts::give_names(&context.store, [&mut claimed.booking]);
    let _ = tokio::time::timeout(NAMES_TIMEOUT, named).await;
    let (lease, claimed) = (claimed.lease, Arc::new(claimed));
    let end = match begin(&context, &claimed, &mut signals).await {
        Ok(Start::Run(job)) => job.run(&mut signals).await,
        Ok(Start::Over(ending, code)) => {
            write_end(&context, lease, Vec::new(), *ending, code, &mut signals).await
        }
        Ok(Start::Left(end)) => end,
        Err(error) => {
            // A key, a dialect or a setting is not as it should be: nothing that waiting mends.
            let reason = format!("{error:#}");
            let ending = short_ending(&context, &claimed, State::NeedsPerson, reason);
            write_end(&context, lease, Vec::new(), ending, exit::BAD_INPUT, &mut signals).await
        }
    };
    if let End::Over { state, reason, .. } = &end {
        let reason = reason.as_deref().unwrap_or_default();
        info!(booking = lease.booking.0, state = state.as_str(), "{reason}");
    }
    Done { lease, end }
}

/// Begins a booking, as soon as the store gives what it needs for that.
async fn begin<'c>(
    context: &'c Arc<Context>,
    claimed: &'c Arc<Claimed>,
    signals: &mut watch::Receiver<Signal>,
) -> Result<Start<'c>> {
    let mut said = false;
    loop {
        let why = match tokio::time::timeout(BEGIN_TIMEOUT, Job::begin(context, claimed)).await {
            Ok(Err(error)) if may_pass(&error) => format!("{error:#}"),
            Ok(begun) => return begun,
            Err(_) => "the store does not answer".to_owned(),
        };
        if !said {
            error!(booking = claimed.lease.booking.0, "{why}: the booking begins when the store is back");
            said = true;
        }
        tokio::select! {
            () = SystemClock.sleep(ledger::ASK_GAP) => {}
            signal = next_signal(signals) => {
                let handed_back = signal != Signal::Drop
                    && matches!(context.store.hand_back(claimed.lease).await, Ok(true));
                return Ok(Start::Left(if handed_back { End::HandedBack } else { End::Lost }));
            }
        }
    }
}

/// Whether an error is one of the store that waiting may mend.
fn may_pass(error: &anyhow::Error) -> bool {
    error.downcast_ref::<StoreError>().is_some_and(StoreError::may_pass)
}

struct Job<'c> {
    context: &'c Arc<Context>,
    claimed: &'c Arc<Claimed>,
    client: Client,
    booking: Booking,
}

enum Start<'c> {
    Run(Box<Job<'c>>),
    /// There is nothing to run.
    Over(Box<BookingEnd>, u8),
    /// The runner was told to stop before it began.
    Left(End),
}

impl<'c> Job<'c> {
    async fn begin(context: &'c Arc<Context>, claimed: &'c Arc<Claimed>) -> Result<Start<'c>> {
        let stored = &claimed.booking;
        let open = Standing::of(claimed.events.iter().map(|row| &row.event)).is_open();
        if stored.cancel_asked && !open {
            let ending = short_ending(context, claimed, State::Cancelled, ledger::CANCELLED.to_owned());
            return Ok(Start::Over(Box::new(ending), exit::INTERRUPTED));
        }
        if !open && let Some(reason) = missed_by_site(context, stored).await {
            let ending = short_ending(context, claimed, State::Failed, reason);
            return Ok(Start::Over(Box::new(ending), exit::NO_CLEAR_ANSWER));
        }
        let account = context.store.account(&stored.account).await?;
        if let Some(at) = account.refused_at.filter(|_| !open) {
            let held = in_language(Language::English, || words::login_held(&account.name));
            let reason = format!("the site refused the login at {at}: {held}, and `retry` then");
            let ending = short_ending(context, claimed, State::NeedsPerson, reason);
            let code = exit::exit_code(&Verdict::Refused { reason: String::new() });
            return Ok(Start::Over(Box::new(ending), code));
        }
        let client =
            context.clients.lock().await.of(stored, &context.config, &context.store, &context.times).await?;
        if let Some(at) = account.checked_at {
            client.forget_refused_login(at);
        }
        let booking = library_booking(context, claimed, client.clone()).await?;
        Ok(Start::Run(Box::new(Self { context, claimed, client, booking })))
    }

    async fn run(self, signals: &mut watch::Receiver<Signal>) -> End {
        let Self { context, claimed, client, booking } = self;
        let mut ledger = Ledger::new(Arc::clone(context), claimed);
        let shared = Arc::clone(&ledger.shared);
        // A task of its own: what it has begun to write is not broken off when the run ends.
        let mut keeper = tokio::spawn({
            let (shared, context, client) = (Arc::clone(&shared), Arc::clone(context), client.clone());
            let claimed = Arc::clone(claimed);
            async move { shared.keep(&context, &claimed, &client).await }
        });
        let ended = {
            let running = booking.run_watched(&mut ledger);
            tokio::pin!(running);
            tokio::select! {
                report = &mut running => Ok(report),
                // It ends by itself only when the lease is lost.
                _ = &mut keeper => return lost(context, claimed.lease),
                signal = next_signal(signals) => match signal {
                    Signal::Drop => Err(signal),
                    // What has left should be answered before anybody leaves.
                    signal if shared.standing().is_open() => {
                        tokio::time::timeout(GRACE, &mut running).await.map_err(|_| signal)
                    }
                    signal => Err(signal),
                },
            }
        };
        shared.end();
        if !keeper.await.unwrap_or(true) || ended.as_ref().is_err_and(|signal| *signal == Signal::Drop) {
            return lost(context, claimed.lease);
        }
        match ended {
            Ok(report) => {
                let pages = std::mem::take(&mut ledger.pages);
                self::report(context, claimed, &client, &shared, pages, &report, signals).await
            }
            Err(signal) => withdraw(context, claimed, &shared, signal, signals).await,
        }
    }
}

async fn next_signal(signals: &mut watch::Receiver<Signal>) -> Signal {
    match signals.wait_for(|signal| *signal != Signal::Go).await {
        Ok(signal) => *signal,
        // Nobody is left to give orders.
        Err(_) => Signal::HandBack,
    }
}

fn lost(context: &Context, lease: Lease) -> End {
    context.metrics.lease_lost();
    warn!(booking = lease.booking.0, "{}", ledger::LEASE_LOST);
    End::Lost
}

/// Why a booking is too late to be tried, by the time of its site; `None` if it is not. The machine's clock alone does
/// not end a booking: the site is asked first.
async fn missed_by_site(context: &Context, stored: &store::StoredBooking) -> Option<String> {
    let time = context.times.of(&clients::key(stored));
    missed(stored, time.now())?;
    let asked = context.compare_clocks(stored).await;
    let reason = missed(stored, time.now())?;
    Some(match asked {
        Ok(()) => reason,
        Err(error) => {
            format!("{reason} (by the clock of this machine: the site did not tell its time: {error:#})")
        }
    })
}

/// Why a booking is too late to be tried; `None` if it is not.
pub(super) fn missed(stored: &store::StoredBooking, now: SeoulTime) -> Option<String> {
    let over = stored.opens_at.plus(stored.give_up_after);
    (stored.opens != OpeningSource::Now && now > over).then(|| {
        format!(
            "missed by {} s: no runner was at work while it was open, from {} for {} s",
            now.since(over).as_secs().max(1),
            stored.opens_at,
            stored.give_up_after.as_secs()
        )
    })
}

/// The library's booking, with all that is known of it.
async fn library_booking(context: &Context, claimed: &Claimed, client: Client) -> Result<Booking> {
    let Context { store, vault, .. } = context;
    let stored = &claimed.booking;
    let account = store.account(&stored.account).await?;
    let password = vault
        .unseal(SealPurpose::Password(&account.name), &account.password)
        .with_context(|| format!("the password of the account {} cannot be opened", account.name))?;
    let password = std::str::from_utf8(password.expose_secret()).context("a password is not UTF-8")?;
    let credentials = Credentials::new(&account.login, password);
    let data = vault.unseal(SealPurpose::Applicant, &stored.application).context("the applicant's data")?;
    // The parser's own message may quote what it read.
    let application: Application = serde_json::from_slice(data.expose_secret()).map_err(|error| {
        anyhow::anyhow!("the applicant's data cannot be read (column {})", error.column())
    })?;
    let site = client.site().base_url().to_string();
    let mut choices = stored.choices.iter().cloned();
    let first = choices.next().context("the booking has no choice")?;
    let mut booking = choices.fold(Booking::new(client, credentials, first, application), Booking::or);
    let policy = match stored.pace {
        RetryPace::Default => Policy::new(),
        RetryPace::Original => Policy::original(),
    };
    let policy = policy.with_give_up_after(stored.give_up_after);
    let policy = stored.most_requests.map_or(policy, |most| policy.with_max_requests(most));
    booking = booking.policy(policy).lead(stored.lead);
    if stored.opens != OpeningSource::Now {
        booking = booking.opens_at(stored.opens_at);
    }
    if let Some(ahead) = stored.clock_offset_micros {
        booking = booking.clock_offset_micros(ahead);
    }
    let session = account.session.and_then(|sealed| {
        let json = vault.unseal(SealPurpose::Session(&account.name), &sealed).ok()?;
        serde_json::from_slice::<SavedSession>(json.expose_secret()).ok()
    });
    if let Some(session) = session.filter(|_| context.first_of(account.id)) {
        booking = booking.session(session);
    }
    let mut asked = Vec::new();
    let mut courts: Vec<&Place> = stored.choices.iter().map(|wish| &wish.place).collect();
    courts.dedup();
    for court in courts {
        // Advice only: no booking waits for it.
        booking = booking.rounds_before(fresh_rounds(store, &site, court).await.unwrap_or_default());
    }
    for wish in &stored.choices {
        if asked.contains(&(&wish.place, wish.purpose)) {
            continue;
        }
        asked.push((&wish.place, wish.purpose));
        let known = or_without(store.learned(&site, &wish.place, wish.purpose).await)?.unwrap_or_default();
        let slots: Vec<Slot> = known
            .iter()
            .filter(|learned| is_fresh(learned.at, SystemClock.now()))
            .map(|learned| Slot { time_no: learned.time_no, range: learned.range })
            .collect();
        if !slots.is_empty() {
            booking = booking.known_slots(wish.place.clone(), wish.purpose, slots);
        }
    }
    if let Some(facts) = or_without(store.site_clock(&site).await)?.flatten() {
        booking = booking.learnt_before(facts);
    }
    let openings = or_without(store.openings(&site, EARLIER_OPENINGS).await)?.unwrap_or_default();
    booking = booking.opened_before(openings.iter().map(|row| row.bracket.against(row.expected)));
    let login = context.clients.lock().await.login_of(stored.account_id);
    booking = booking.shared_login(login);
    Ok(booking.resume(claimed.events.iter().map(|row| &row.event)))
}

/// Writes the end of a run.
async fn report(
    context: &Arc<Context>,
    claimed: &Claimed,
    client: &Client,
    shared: &LedgerState,
    pages: Vec<store::KeptPage>,
    report: &Report,
    signals: &mut watch::Receiver<Signal>,
) -> End {
    let site = client.site().base_url().as_str();
    let routes = client.save_routes();
    match tokio::time::timeout(END_TIMEOUT, context.store.save_routes(site, &routes)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(%error, "the states of the routes are not kept"),
        Err(_) => warn!("the states of the routes are not kept: the store does not answer"),
    }
    if let Some(facts) = report.learnt {
        match tokio::time::timeout(END_TIMEOUT, context.store.learn_clock(site, facts)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "what was learnt of the site's clock is not kept"),
            Err(_) => warn!("what was learnt of the site's clock is not kept: the store does not answer"),
        }
    }
    if let Verdict::Withdrawn { reason } = &report.verdict {
        return match reason.as_str() {
            ledger::LEASE_LOST => lost(context, claimed.lease),
            ledger::CANCELLED => withdraw(context, claimed, shared, Signal::Cancel, signals).await,
            ledger::STORE_AWAY => {
                let unconfirmed = shared.standing().is_doubtful();
                let state = if unconfirmed { State::Unconfirmed } else { State::Failed };
                let ending = short_ending(context, claimed, state, reason.clone());
                write_end(context, claimed.lease, shared.rest(), ending, exit::NO_CLEAR_ANSWER, signals).await
            }
            _ => withdraw(context, claimed, shared, Signal::HandBack, signals).await,
        };
    }
    let (state, mut reason) = verdict(report);
    if shared.was_refused() {
        keep_refusal(context, claimed).await;
        let held = in_language(Language::English, || words::login_held(&claimed.booking.account));
        reason = format!("{reason}: {held}");
    }
    let mut rest = serde_json::to_value(report).unwrap_or_default();
    if let Value::Object(fields) = &mut rest {
        fields.remove("attempts");
    }
    let (receipt, shown) = match &report.verdict {
        Verdict::Reserved { receipt, shown } => (receipt.clone(), *shown),
        Verdict::AlreadyBooked => (None, Some(SlotState::Booked)),
        _ => (None, None),
    };
    // Nothing was announced for a booking that begins at once.
    let opening = match claimed.booking.opens {
        OpeningSource::Now => OpeningBracket::default(),
        OpeningSource::Given | OpeningSource::Rule => report.opening,
    };
    let booking =
        store::StoredBooking { receipt: receipt.clone(), wish: report.wish, ..claimed.booking.clone() };
    let ending = BookingEnd {
        state,
        reason: Some(reason.clone()),
        wish: report.wish,
        receipt,
        shown,
        attempts: report.attempts.clone(),
        pages,
        site: site.to_owned(),
        opening,
        report: rest,
        messages: context.notifier.ended(&booking, state, Some(&reason), Some(report)),
    };
    context.metrics.ended(state, Some(report));
    let code = exit::exit_code(&report.verdict);
    write_end(context, claimed.lease, shared.rest(), ending, code, signals).await
}

/// Keeps the refused login, so that no other booking of the account sends the same password.
async fn keep_refusal(context: &Context, claimed: &Claimed) {
    for attempt in 1..=MAX_TRIES {
        match context.store.login_refused(claimed.booking.account_id).await {
            Ok(()) => return,
            Err(error) if attempt == MAX_TRIES => {
                error!(booking = claimed.booking.id.0, %error, "the refused login is not kept");
            }
            Err(_) => SystemClock.sleep(TRY_GAP).await,
        }
    }
}

/// What a verdict is for the store, and in words: in English, which a reader's language is made from.
pub(super) fn verdict(report: &Report) -> (State, String) {
    let sentence = in_language(Language::English, || words::verdict_sentence(&report.verdict));
    match &report.verdict {
        // Whoever asks "have we got the court?" gets the true answer; the reason says by whom.
        Verdict::Reserved { .. } | Verdict::AlreadyBooked => (State::Succeeded, sentence),
        Verdict::Unconfirmed => (State::Unconfirmed, sentence),
        Verdict::Blocked => (State::Blocked, sentence),
        Verdict::NeedsPerson { .. } => (State::NeedsPerson, sentence),
        Verdict::GaveUp { why: GiveUp::Deadline, last } if report.attempts.is_empty() => {
            (State::Failed, format!("missed: {last}"))
        }
        _ => (State::Failed, sentence),
    }
}

/// Ends a booking that a person cancelled, or gives it back.
async fn withdraw(
    context: &Arc<Context>,
    claimed: &Claimed,
    shared: &LedgerState,
    signal: Signal,
    signals: &mut watch::Receiver<Signal>,
) -> End {
    if signal == Signal::Cancel && !shared.standing().is_open() {
        let ending = short_ending(context, claimed, State::Cancelled, ledger::CANCELLED.to_owned());
        return write_end(context, claimed.lease, shared.rest(), ending, exit::INTERRUPTED, signals).await;
    }
    let Context { store, runner, .. } = &**context;
    let rest = shared.rest();
    let kept = async {
        match store.record(claimed.lease, runner, &rest).await {
            Ok(true) => store.hand_back(claimed.lease).await,
            other => other,
        }
    };
    // Where it cannot be written, the next claim of this runner takes it, or that of another when the lease is over;
    // what was not written is read back from the site.
    match tokio::time::timeout(END_TIMEOUT, kept).await {
        Ok(Ok(true)) => return End::HandedBack,
        Ok(Ok(false)) => {}
        Ok(Err(error)) => warn!(booking = claimed.lease.booking.0, %error, "not handed back"),
        Err(_) => warn!(booking = claimed.lease.booking.0, "not handed back: the store does not answer"),
    }
    End::Lost
}

fn short_ending(context: &Context, claimed: &Claimed, state: State, reason: String) -> BookingEnd {
    context.metrics.ended(state, None);
    let messages = context.notifier.ended(&claimed.booking, state, Some(&reason), None);
    BookingEnd {
        state,
        reason: Some(reason),
        wish: claimed.booking.wish,
        receipt: None,
        shown: None,
        attempts: Vec::new(),
        pages: Vec::new(),
        site: String::new(),
        opening: OpeningBracket::default(),
        report: Value::Null,
        messages,
    }
}

/// How long an end is tried to be written.
#[derive(Debug, Default)]
pub(super) struct EndPatience {
    refused: u32,
    stop_at: Option<Duration>,
}

impl EndPatience {
    /// Whether the try that has just failed was the last: the store refused too often for a reason that time does not mend,
    /// or the runner has been told to stop for a while.
    pub(super) fn is_over_after(&mut self, may_pass: bool, is_stopped: bool, now: Duration) -> bool {
        self.refused += u32::from(!may_pass);
        if is_stopped {
            self.stop_at.get_or_insert(now + GRACE);
        }
        self.refused >= MAX_REFUSALS || self.stop_at.is_some_and(|stop_at| now >= stop_at)
    }
}

/// Whether a job is told to stop, or nobody is left to tell it anything.
pub(super) fn is_stopped(signals: &watch::Receiver<Signal>) -> bool {
    signals.has_changed().is_err() || matches!(*signals.borrow(), Signal::HandBack | Signal::Drop)
}

/// Writes an end, as soon as the store takes it: it is what the whole run was for. Only a runner that is told to stop
/// gives it up, after a while.
async fn write_end(
    context: &Context,
    lease: Lease,
    events: Vec<namyangju_rent::TimedEvent>,
    ending: BookingEnd,
    code: u8,
    signals: &mut watch::Receiver<Signal>,
) -> End {
    let Context { store, runner, .. } = context;
    let receipt = ending.receipt.as_ref().map_or("none", |receipt| receipt.number.as_str());
    let (mut failed, mut patience) = (false, EndPatience::default());
    loop {
        let finishing = store.finish(lease, runner, &events, &ending);
        let (why, may_pass) = match tokio::time::timeout(END_TIMEOUT, finishing).await {
            Ok(Ok(written)) => {
                // The answer to an earlier try may have been lost on its way.
                if written || failed && is_written(context, lease, ending.state).await {
                    return End::Over { state: ending.state, reason: ending.reason, code };
                }
                warn!(booking = lease.booking.0, state = ending.state.as_str(), receipt, "not written");
                return lost(context, lease);
            }
            Ok(Err(error)) => (error.to_string(), error.may_pass()),
            Err(_) => ("the store does not answer".to_owned(), true),
        };
        if !failed {
            error!(
                booking = lease.booking.0,
                state = ending.state.as_str(),
                receipt,
                "{why}: the end is not written yet"
            );
        }
        failed = true;
        if patience.is_over_after(may_pass, is_stopped(signals), SystemClock.monotonic()) {
            // Nobody can be told but the log; the next runner reads the truth back from the site.
            error!(
                booking = lease.booking.0,
                state = ending.state.as_str(),
                receipt,
                "{why}: the end is not written"
            );
            return End::Lost;
        }
        SystemClock.sleep(TRY_GAP).await;
    }
}

async fn is_written(context: &Context, lease: Lease, state: State) -> bool {
    context.store.booking(lease.booking).await.is_ok_and(|booking| booking.state == state)
}
