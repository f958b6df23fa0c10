//! The routes of a client in use: which one the next request takes, and what is learned from how it went.

use std::sync::Mutex;
use std::time::Duration;

use crate::error::{NetworkError, NetworkErrorKind};
use crate::net::route::Route;
use crate::net::routes::Routes;
use crate::net::silence::{BurstSilence, SilenceJudge};
use crate::value::date::SeoulTime;

/// The routes of a client, shared by its sessions.
pub(crate) struct RoutePool(Mutex<JudgedRoutes>);

struct JudgedRoutes {
    routes: Routes,
    judge: Option<SilenceJudge>,
}

impl RoutePool {
    pub(crate) fn new(routes: Routes, silence: Option<BurstSilence>) -> Self {
        Self(Mutex::new(JudgedRoutes { routes, judge: silence.map(BurstSilence::judge) }))
    }

    /// Every route, whatever its state.
    pub(crate) fn all(&self) -> Vec<Route> {
        self.with(|routes| routes.iter().cloned().collect())
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Routes) -> T) -> T {
        act(&mut self.lock().routes)
    }

    /// The route for the next request; `None` if a block ends the day.
    ///
    /// Where all of them rest, the first is used all the same: resting is for the sake of a better
    /// route, and there is none.
    pub(crate) fn pick(&self, now: SeoulTime) -> Option<Route> {
        self.with(|routes| {
            if let Some(route) = routes.pick(now) {
                return Some(route.clone());
            }
            if routes.blocked_until(now).is_some() {
                return None;
            }
            routes.first_resting(now).cloned()
        })
    }

    /// What became of a request that was sent at a monotonic instant.
    pub(crate) fn went(&self, route: &Route, sent: Duration, now: SeoulTime, error: Option<&NetworkError>) {
        let mut state = self.lock();
        let Some(error) = error else {
            state.routes.worked(route);
            if let Some(judge) = &mut state.judge {
                judge.answered(sent);
            }
            return;
        };
        match error.kind() {
            NetworkErrorKind::Connect => state.routes.failed(route, now),
            NetworkErrorKind::Timeout => {
                let silenced = state.judge.as_mut().is_some_and(|judge| judge.timed_out(sent));
                if silenced {
                    state.routes.blocked(route, now);
                } else {
                    state.routes.failed(route, now);
                }
            }
            _ => {}
        }
    }

    /// Retires the route in use; tells whether another may be used at once.
    pub(crate) fn blocked(&self, now: SeoulTime) -> bool {
        let Some(route) = self.pick(now) else { return false };
        self.with(|routes| routes.blocked(&route, now).is_some())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, JudgedRoutes> {
        // Nothing in here can panic half-way, so a poisoned lock holds a whole state.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
