//! The queue before the site's scripts: who runs when, computed and not waited for.
//!
//! A site at its opening is a queue. With a limited number of workers the competitors decide when our
//! script begins, and the time it reads as it runs decides whether the day is open. So that the machine
//! stays free of timers, the whole plan of a request is computed as it arrives: requests arrive in order
//! and the rules of each are read a fixed time after its script began, so nobody who comes later can change it.

use std::collections::VecDeque;
use std::time::Duration;

use super::settings::{Crowd, Rival, Settings};
use super::web_server::{ScriptClock, WebServer};
use crate::value::date::SeoulTime;

/// The most requests of a crowd that are kept; more could never be answered in the time of a test.
const MAX_CROWD: u32 = 1_000_000;

/// What one script does when, on the carrier's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// A worker takes the request.
    pub(super) begins: SeoulTime,
    /// The script asks for the time.
    pub(super) reads: SeoulTime,
    /// The script is done and the worker free.
    pub(super) ends: SeoulTime,
}

/// The workers: when each of them is free again.
#[derive(Clone, Debug, Default)]
pub(super) struct Workers(Vec<SeoulTime>);

impl Workers {
    /// Takes a request that arrives now into the queue. Its script takes `longer` than others do.
    pub(super) fn plan(&mut self, server: &WebServer, arrives: SeoulTime, longer: Duration) -> Plan {
        let holds = server.script_time.saturating_add(longer);
        let begins = match server.workers {
            None => arrives,
            Some(count) => {
                self.0.resize(usize::from(count.max(1)), SeoulTime::from_unix_micros(i64::MIN));
                let free = self.0.iter_mut().min();
                let begins = free.as_deref().map_or(arrives, |free| arrives.max(*free));
                if let Some(free) = free {
                    *free = begins.plus(holds);
                }
                begins
            }
        };
        let reads = match server.script_clock {
            ScriptClock::Beginning => begins,
            ScriptClock::End => begins.plus(server.script_time),
        };
        Plan { begins, reads, ends: begins.plus(holds) }
    }
}

/// Everybody else who asks the site: competitors, and people who only fill the queue.
#[derive(Debug)]
pub(super) struct Others {
    /// In order of their arrival on the site's clock; a competitor or one of the crowd.
    coming: VecDeque<(SeoulTime, Option<Rival>)>,
    /// Competitors with a plan, in the order in which their scripts read the clock (the carrier's).
    planned: VecDeque<(SeoulTime, Rival)>,
}

impl Others {
    pub(super) fn new(settings: &Settings) -> Self {
        let rivals = settings.rivals.iter().map(|rival| (rival.at, Some(rival.clone())));
        let crowd = settings.crowds.iter().flat_map(arrivals).map(|at| (at, None));
        let mut coming: Vec<_> = rivals.chain(crowd).collect();
        coming.sort_by_key(|(at, _)| *at);
        Self { coming: coming.into(), planned: VecDeque::new() }
    }

    /// The next one who has arrived by this instant of the site's clock.
    pub(super) fn next_by(&mut self, site_time: SeoulTime) -> Option<(SeoulTime, Option<Rival>)> {
        self.coming.front().is_some_and(|(at, _)| *at <= site_time).then(|| self.coming.pop_front())?
    }

    pub(super) fn planned(&mut self, reads: SeoulTime, rival: Rival) {
        self.planned.push_back((reads, rival));
    }

    /// The next competitor whose script has read the clock by this instant of the carrier's.
    pub(super) fn acting_by(&mut self, now: SeoulTime) -> Option<Rival> {
        let due = self.planned.front().is_some_and(|(reads, _)| *reads <= now);
        due.then(|| self.planned.pop_front())?.map(|(_, rival)| rival)
    }
}

/// The arrivals of a crowd, evenly spread.
fn arrivals(crowd: &Crowd) -> impl Iterator<Item = SeoulTime> {
    let count = crowd.requests.min(MAX_CROWD);
    let gap = crowd.within.checked_div(count).unwrap_or_default();
    let from = crowd.from;
    (0..count).map(move |n| from.plus(gap.saturating_mul(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> SeoulTime {
        SeoulTime::from_unix_micros(1_700_000_000_000_000 + millis * 1_000)
    }

    fn server(script_millis: u64, workers: Option<u16>) -> WebServer {
        WebServer { script_time: Duration::from_millis(script_millis), workers, ..WebServer::default() }
    }

    #[test]
    fn who_comes_first_is_served_first() {
        let (server, mut workers) = (server(100, Some(2)), Workers::default());
        let mut begins = |millis| workers.plan(&server, at(millis), Duration::ZERO).begins;
        assert_eq!([begins(0), begins(10), begins(20), begins(30)], [at(0), at(10), at(100), at(110)]);
        assert_eq!(begins(500), at(500));
    }

    #[test]
    fn a_long_script_holds_its_worker() {
        let (server, mut workers) = (server(100, Some(1)), Workers::default());
        let slow = workers.plan(&server, at(0), Duration::from_millis(900));
        assert_eq!((slow.reads, slow.ends), (at(0), at(1_000)));
        assert_eq!(workers.plan(&server, at(1), Duration::ZERO).begins, at(1_000));
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        let (mut server, mut workers) = (server(100, None), Workers::default());
        server.script_clock = ScriptClock::End;
        for _ in 0..3 {
            let plan = workers.plan(&server, at(5), Duration::ZERO);
            assert_eq!(plan, Plan { begins: at(5), reads: at(105), ends: at(105) });
        }
    }

    #[test]
    fn a_crowd_is_spread_evenly() {
        let crowd = Crowd { from: at(0), requests: 4, within: Duration::from_secs(1) };
        assert_eq!(arrivals(&crowd).collect::<Vec<_>>(), [at(0), at(250), at(500), at(750)]);
        assert_eq!(arrivals(&Crowd { requests: 0, ..crowd }).count(), 0);
    }
}
