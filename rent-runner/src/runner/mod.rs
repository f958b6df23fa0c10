//! The runner: claims stored bookings ahead of their openings, runs them, and writes what came of them.
//!
//! Several runners may share a store. Each looks for work by itself ([`Runner::tick`]); a lease says who has
//! a booking, and its fence, checked before each attempt, that nobody else may submit for it.

mod clients;
mod context;
mod identity;
mod job;
mod jumps;
mod ledger;
mod site_time;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::SeoulTime;
use namyangju_rent::clock::{Clock, SystemClock};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tracing::{error, info, warn};

pub(crate) use self::context::{Context, Observer};
pub(crate) use self::identity::Identity;
use self::job::Signal;
pub(crate) use self::job::{Done, End};
use self::jumps::Jumps;
use crate::store::{BookingId, Claimed, Claims, Filter, Lease, OpeningSource, RunnerPlaces, State};

/// Bookings are claimed so long before their opening: a minute more than the library takes to get ready.
pub(crate) const CLAIM_BEFORE: Duration = Duration::from_secs(660);

/// The most that are claimed at a time, so that several runners share the work.
const CLAIM_AT_A_TIME: u32 = 10;

/// How often the store is looked at while nothing is near, while something is, and while there is more to
/// claim.
const POLL_IDLE: Duration = Duration::from_secs(5);
const POLL_BUSY: Duration = Duration::from_secs(1);
const POLL_AGAIN: Duration = Duration::from_millis(100);

/// A look that takes longer is broken off: a database that hangs must not hold up a stop. What was claimed by a look
/// that is broken off is claimed again by the next.
const MAX_CLAIMED_PER_POLL: Duration = Duration::from_secs(10);

/// So many looks in a row may fail before a tick of cron that holds nothing gives up.
const MAX_FAILURES: u32 = 30;

/// An opening this close makes a runner look often: another may die, and its bookings are to be taken over.
const NEAR: Duration = Duration::from_secs(120);

/// How often leases are renewed, and others are told that this runner lives.
const RENEW_EVERY: Duration = Duration::from_secs(5);

/// How often the next booking is looked up, whose site the machine's clock is compared with.
const COMPARE_LOOK: Duration = Duration::from_secs(10);

/// Budgets of openings are kept so long after them.
const BUDGETS_LAST: Duration = Duration::from_secs(24 * 3600);

/// Why a booking is set aside.
const UNREADABLE: &str = "what is stored of it cannot be read: it was not written by this version of the program; look at \
                          your reservations on the site, and book by hand what is missing";

/// A runner at work.
pub(crate) struct Runner {
    context: Arc<Context>,
    jobs: JoinSet<Done>,
    held: HashMap<BookingId, Holding>,
    /// Bookings whose task broke off, and until when they rest: what breaks at once would break again.
    broken: HashMap<BookingId, Duration>,
    jumps: Jumps,
    renewed: Option<Duration>,
    /// The last look for a site to compare clocks with, and the comparison that is under way.
    compare_looked: Option<Duration>,
    comparing: Option<JoinHandle<()>>,
}

struct Holding {
    lease: Lease,
    account: i64,
    signals: watch::Sender<Signal>,
    task: tokio::task::Id,
}

/// How far a runner looks ahead, and whether it ends when nothing is left.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    /// Whatever opens soon, for ever.
    Daemon,
    /// What opens before an instant, and then the end.
    Before(SeoulTime),
}

impl Runner {
    /// A runner that others can see.
    pub(crate) async fn begin(context: Context) -> Result<Self> {
        context.store.begin_runner(&context.runner).await?;
        Ok(Self {
            context: Arc::new(context),
            jobs: JoinSet::new(),
            held: HashMap::new(),
            broken: HashMap::new(),
            jumps: Jumps::new(),
            renewed: None,
            compare_looked: None,
            comparing: None,
        })
    }

    /// Works until told to stop, or until its scope is done; `ended` hears of each booking.
    ///
    /// # Errors
    /// Only in a scope that ends: the store could not be looked at for long, and nothing is held.
    pub(crate) async fn run(
        &mut self,
        scope: Scope,
        mut stop: watch::Receiver<bool>,
        mut ended: impl FnMut(&Done),
    ) -> Result<()> {
        let mut failures = 0;
        loop {
            let looked = match tokio::time::timeout(MAX_CLAIMED_PER_POLL, self.tick(scope)).await {
                Ok(looked) => looked,
                Err(_) => Err(anyhow::anyhow!("the store does not answer")),
            };
            let ends = matches!(scope, Scope::Before(_)) && self.held.is_empty();
            let wait = match looked {
                Ok((0, _)) if ends => break,
                Ok((_, wait)) => {
                    failures = 0;
                    wait
                }
                // A tick that can do nothing has to end: the next one of cron tries again.
                Err(error) if ends && failures >= MAX_FAILURES => return Err(error),
                // What is held goes on by itself; its permits are asked for anew.
                Err(error) => {
                    failures += 1;
                    warn!(%error, "the store cannot be looked at");
                    POLL_BUSY
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                Some(done) = self.next_done() => ended(&done),
                () = SystemClock.sleep(wait) => {}
            }
        }
        self.hand_all_back(&mut ended).await;
        if let Err(error) = self.context.store.end_runner(&self.context.runner).await {
            warn!(%error, "others are not told that this runner ended");
        }
        Ok(())
    }

    /// One look at the store: renews what is held, takes over from the dead, claims what is near. Gives how
    /// many were claimed, and when to look again.
    async fn tick(&mut self, scope: Scope) -> Result<(usize, Duration)> {
        self.notice_jumps();
        let began = SystemClock.monotonic();
        if self.renewed.is_none_or(|at| began.saturating_sub(at) >= RENEW_EVERY) {
            self.renew().await?;
            if let Err(error) = self.release_dead().await {
                warn!(%error, "the other runners cannot be looked at");
            }
            self.renewed = Some(began);
        }
        self.compare_clocks(scope).await?;
        let ahead = self.context.times.furthest_ahead();
        let by_site =
            |local: SeoulTime| SeoulTime::from_unix_micros(local.unix_micros().saturating_add(ahead));
        let now = by_site(SystemClock.now());
        let opens_before = match scope {
            Scope::Daemon => now.plus(CLAIM_BEFORE),
            Scope::Before(instant) => by_site(instant),
        };
        let held = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
        let most = self.context.config.most_at_once.saturating_sub(held).min(CLAIM_AT_A_TIME);
        self.broken.retain(|_, until| *until > began);
        let running: Vec<_> = self.held.keys().chain(self.broken.keys()).copied().collect();
        let Context { store, runner, metrics, config, .. } = &*self.context;
        let places = RunnerPlaces { all: config.most_at_once, at_once: most };
        let Claims { claimed, unreadable, give_way } =
            store.claim_beside(runner, &running, opens_before, places, ledger::LEASE).await?;
        let many = claimed.len() + unreadable.len();
        if many > 0 || !self.held.is_empty() {
            self.context.clients.lock().await.forget_before(now.minus(BUDGETS_LAST));
        }
        metrics.planned(SystemClock.monotonic().saturating_sub(began), many);
        let near = claimed.iter().any(|claimed| claimed.booking.opens_at < now.plus(NEAR));
        claimed.into_iter().for_each(|claimed| self.start(claimed));
        for holding in give_way.iter().filter_map(|booking| self.held.get(booking)) {
            if *holding.signals.borrow() == Signal::Go {
                info!(booking = holding.lease.booking.0, "gives its place to another person's booking");
                let _ = holding.signals.send(Signal::HandBack);
            }
        }
        for lease in unreadable {
            self.set_aside(lease).await?;
        }
        self.context.metrics.running(self.held.len());
        let wait = if many == usize::try_from(most).unwrap_or_default() && many > 0 {
            POLL_AGAIN
        } else if near || self.is_comparing() || self.something_is_near(now).await? {
            POLL_BUSY
        } else {
            POLL_IDLE
        };
        Ok((many, wait))
    }

    /// Ends a booking that cannot be read, and tells so. If that fails, the next poll claims it again.
    async fn set_aside(&self, lease: Lease) -> Result<()> {
        error!(booking = lease.booking.0, "{UNREADABLE}");
        let message = self.context.notifier.unreadable(lease.booking, UNREADABLE);
        self.context.store.set_aside(lease, UNREADABLE, message.as_slice()).await?;
        self.context.notifier.wake();
        Ok(())
    }

    /// Compares the machine's clock with that of the site of the next booking, at the start and each hour. Nothing
    /// waits for it, but a scope that would end although its bookings may open by the site's clock.
    async fn compare_clocks(&mut self, scope: Scope) -> Result<()> {
        let now = SystemClock.monotonic();
        let looked = self.compare_looked.is_some_and(|at| now.saturating_sub(at) < COMPARE_LOOK);
        if looked || self.is_comparing() {
            return Ok(());
        }
        let first = self.compare_looked.replace(now).is_none();
        let states = vec![State::Waiting, State::Armed, State::Firing];
        let filter = Filter { states, most: Some(CLAIM_AT_A_TIME), ..Filter::default() };
        // One that cannot be read is named when it is claimed.
        let mut bookings = self.context.store.listed(&filter).await?.bookings.into_iter();
        let Some(next) = bookings.find(|booking| booking.opens != OpeningSource::Now) else { return Ok(()) };
        if !self.context.times.of(&clients::key(&next)).is_due() {
            return Ok(());
        }
        let outside = matches!(scope, Scope::Before(instant) if next.opens_at >= instant);
        let context = Arc::clone(&self.context);
        let comparing = tokio::spawn(async move {
            if let Err(error) = context.compare_clocks(&next).await {
                warn!(booking = next.id.0, "the site did not tell its time: {error:#}");
            }
        });
        if first && outside {
            let _ = comparing.await;
        } else {
            self.comparing = Some(comparing);
        }
        Ok(())
    }

    fn is_comparing(&self) -> bool {
        self.comparing.as_ref().is_some_and(|task| !task.is_finished())
    }

    async fn something_is_near(&self, now: SeoulTime) -> Result<bool> {
        let next = self.context.store.next_opening().await?;
        Ok(!self.held.is_empty() || next.is_some_and(|opens_at| opens_at < now.plus(NEAR)))
    }

    fn start(&mut self, claimed: Claimed) {
        let Claimed { booking, lease, .. } = &claimed;
        let (lease, account) = (*lease, booking.account_id);
        info!(booking = lease.booking.0, fence = lease.fence, opens_at = %booking.opens_at, "claimed");
        let (signals, heard) = watch::channel(Signal::Go);
        self.context.running_of(|accounts| *accounts.entry(account).or_default() += 1);
        let task = self.jobs.spawn(job::run(Arc::clone(&self.context), claimed, heard)).id();
        let left_over = self.held.insert(lease.booking, Holding { lease, account, signals, task });
        if let Some(left_over) = left_over {
            // Claimed anew before the old job was heard of: it has lost its lease.
            let _ = left_over.signals.send(Signal::Drop);
            self.count_down(left_over.account);
        }
    }

    fn count_down(&self, account: i64) {
        self.context.running_of(|accounts| {
            if let Some(many) = accounts.get_mut(&account) {
                *many = many.saturating_sub(1);
            }
        });
    }

    /// The next job that ends; `None` while there is none.
    async fn next_done(&mut self) -> Option<Done> {
        loop {
            match self.jobs.join_next().await? {
                Ok(done) => {
                    if self.held.get(&done.lease.booking).is_some_and(|holding| holding.lease == done.lease)
                        && let Some(holding) = self.held.remove(&done.lease.booking)
                    {
                        self.count_down(holding.account);
                    }
                    self.context.metrics.running(self.held.len());
                    return Some(done);
                }
                // Its lease is renewed no more, and the booking is claimed anew when it is over.
                Err(error) => {
                    let broken = self.held.iter().find(|(_, holding)| holding.task == error.id());
                    let broken = broken.map(|(booking, _)| *booking);
                    warn!(booking = broken.map(|booking| booking.0), %error, "a booking's task broke off");
                    if let Some(holding) = broken.and_then(|booking| self.held.remove(&booking)) {
                        self.count_down(holding.account);
                        let until = SystemClock.monotonic() + ledger::LEASE;
                        self.broken.insert(holding.lease.booking, until);
                    }
                    self.context.metrics.running(self.held.len());
                }
            }
        }
    }

    async fn renew(&mut self) -> Result<()> {
        let Context { store, runner, .. } = &*self.context;
        let running: Vec<_> = self.held.values().map(|holding| holding.lease).collect();
        let alive = store.renew_running(runner, &running, ledger::LEASE).await?;
        for (booking, holding) in &self.held {
            match alive.iter().find(|held| held.lease.booking == *booking) {
                Some(held) if held.lease == holding.lease => {
                    if held.cancel_asked {
                        let _ = holding.signals.send(Signal::Cancel);
                    }
                }
                _ => {
                    let _ = holding.signals.send(Signal::Drop);
                }
            }
        }
        Ok(())
    }

    /// Gives the leases of runners that were processes of this machine, and are no more, to whoever comes
    /// first: waiting for them to run out could cost the opening.
    async fn release_dead(&self) -> Result<()> {
        let Context { store, runner, .. } = &*self.context;
        for other in store.runners().await? {
            if other.holds > 0 && other.name != *runner && Identity::is_dead(&other.name) {
                warn!(
                    runner = Identity::name_of(&other.name),
                    holds = other.holds,
                    "a dead runner's bookings are released"
                );
                store.end_runner(&other.name).await?;
            }
        }
        Ok(())
    }

    /// A machine that slept has lost its timers and what it knew of the site's clock: every booking that
    /// has not sent an application begins anew.
    fn notice_jumps(&mut self) {
        let Some(jump) = self.jumps.check() else { return };
        let seconds = |micros: i64| micros / 1_000_000;
        if jump.slept != 0 {
            warn!(seconds = seconds(jump.slept), "the machine slept: what is claimed is prepared anew");
            self.context.metrics.clock_jumped(jump.slept);
            for holding in self.held.values() {
                let _ = holding.signals.send(Signal::HandBack);
            }
            // The leases may be over: ask before anything else.
            self.renewed = None;
        }
        if jump.stepped != 0 {
            warn!(seconds = seconds(jump.stepped), "the wall clock was set; bookings go by the site's clock");
            self.context.times.were_stepped(jump.stepped);
            self.compare_looked = None;
            self.context.metrics.clock_jumped(jump.stepped);
        }
    }

    async fn hand_all_back(&mut self, ended: &mut impl FnMut(&Done)) {
        for holding in self.held.values() {
            let _ = holding.signals.send(Signal::HandBack);
        }
        while let Some(done) = self.next_done().await {
            ended(&done);
        }
    }
}
