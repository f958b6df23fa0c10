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
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::SeoulTime;
use namyangju_rent::clock::{Clock, SystemClock};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

pub(crate) use self::context::{Context, Observer};
pub(crate) use self::identity::Identity;
use self::job::Order;
pub(crate) use self::job::{Done, End};
use self::jumps::Jumps;
use crate::store::{BookingId, Claimed, Lease};

/// Bookings are claimed so long before their opening: a minute more than the library takes to get ready.
pub(crate) const CLAIM_BEFORE: Duration = Duration::from_secs(660);

/// The most that are claimed at a time, so that several runners share the work.
const CLAIM_AT_A_TIME: u32 = 10;

/// How often the store is looked at while nothing is near, while something is, and while there is more to
/// claim.
const LOOK_SELDOM: Duration = Duration::from_secs(5);
const LOOK_OFTEN: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A look that takes longer is broken off: a database that hangs must not hold up a stop. What was claimed by a look
/// that is broken off can be claimed again when its lease is over.
const MAX_CLAIMED_PER_POLL: Duration = Duration::from_secs(10);

/// So many looks in a row may fail before a tick of cron that holds nothing gives up.
const MAX_FAILURES: u32 = 30;

/// An opening this close makes a runner look often: another may die, and its bookings are to be taken over.
const NEAR: Duration = Duration::from_secs(120);

/// How often leases are renewed, and others are told that this runner lives.
const RENEW_EVERY: Duration = Duration::from_secs(5);

/// Budgets of openings are kept so long after them.
const BUDGETS_LAST: Duration = Duration::from_secs(24 * 3600);

/// A runner at work.
pub(crate) struct Runner {
    context: Arc<Context>,
    jobs: JoinSet<Done>,
    held: HashMap<BookingId, Holding>,
    jumps: Jumps,
    renewed: Option<Duration>,
}

struct Holding {
    lease: Lease,
    account: i64,
    orders: watch::Sender<Order>,
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
            jumps: Jumps::new(),
            renewed: None,
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
                    LOOK_OFTEN
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
            self.release_dead().await?;
            self.renewed = Some(began);
        }
        let now = SystemClock.now();
        let opens_before = match scope {
            Scope::Daemon => now.plus(CLAIM_BEFORE),
            Scope::Before(instant) => instant,
        };
        let held = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
        let most = self.context.config.most_at_once.saturating_sub(held).min(CLAIM_AT_A_TIME);
        let Context { store, runner, metrics, .. } = &*self.context;
        let claimed = match most {
            0 => Vec::new(),
            most => store.claim(runner, opens_before, most, ledger::LEASE).await?,
        };
        let many = claimed.len();
        if many > 0 || !self.held.is_empty() {
            self.context.clients.lock().await.forget_before(now.minus(BUDGETS_LAST));
        }
        metrics.planned(SystemClock.monotonic().saturating_sub(began), many);
        let near = claimed.iter().any(|claimed| claimed.booking.opens_at < now.plus(NEAR));
        claimed.into_iter().for_each(|claimed| self.start(claimed));
        self.context.metrics.running(self.held.len());
        let wait = if many == usize::try_from(most).unwrap_or_default() && many > 0 {
            LOOK_AGAIN
        } else if near || self.something_is_near(now).await? {
            LOOK_OFTEN
        } else {
            LOOK_SELDOM
        };
        Ok((many, wait))
    }

    async fn something_is_near(&self, now: SeoulTime) -> Result<bool> {
        let next = self.context.store.next_opening().await?;
        Ok(!self.held.is_empty() || next.is_some_and(|opens_at| opens_at < now.plus(NEAR)))
    }

    fn start(&mut self, claimed: Claimed) {
        let Claimed { booking, lease, .. } = &claimed;
        let (lease, account) = (*lease, booking.account_id);
        info!(booking = lease.booking.0, fence = lease.fence, opens_at = %booking.opens_at, "claimed");
        let (orders, heard) = watch::channel(Order::Go);
        self.context.running_of(|accounts| *accounts.entry(account).or_default() += 1);
        let left_over = self.held.insert(lease.booking, Holding { lease, account, orders });
        if let Some(left_over) = left_over {
            // Claimed anew before the old job was heard of: it has lost its lease.
            let _ = left_over.orders.send(Order::Drop);
            self.count_down(left_over.account);
        }
        self.jobs.spawn(job::run(Arc::clone(&self.context), claimed, heard));
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
                // Its lease runs out, and the booking is claimed anew.
                Err(error) => warn!(%error, "a booking's task broke off"),
            }
        }
    }

    async fn renew(&mut self) -> Result<()> {
        let Context { store, runner, .. } = &*self.context;
        let alive = store.renew(runner, ledger::LEASE).await?;
        for (booking, holding) in &self.held {
            match alive.iter().find(|held| held.lease.booking == *booking) {
                Some(held) if held.lease == holding.lease => {
                    if held.cancel_asked {
                        let _ = holding.orders.send(Order::Cancel);
                    }
                }
                _ => {
                    let _ = holding.orders.send(Order::Drop);
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
        let Some(jump) = self.jumps.look() else { return };
        let seconds = |micros: i64| micros / 1_000_000;
        if jump.slept != 0 {
            warn!(seconds = seconds(jump.slept), "the machine slept: what is claimed is prepared anew");
            self.context.metrics.clock_jumped(jump.slept);
            for holding in self.held.values() {
                let _ = holding.orders.send(Order::HandBack);
            }
            // The leases may be over: ask before anything else.
            self.renewed = None;
        }
        if jump.stepped != 0 {
            warn!(seconds = seconds(jump.stepped), "the wall clock was set; bookings go by the site's clock");
            self.context.metrics.clock_jumped(jump.stepped);
        }
    }

    async fn hand_all_back(&mut self, ended: &mut impl FnMut(&Done)) {
        for holding in self.held.values() {
            let _ = holding.orders.send(Order::HandBack);
        }
        while let Some(done) = self.next_done().await {
            ended(&done);
        }
    }
}
