//! The operator's routes as a list: which one is next, their rests and their retirement. Pure: it takes
//! instants and yields routes; nothing here connects or reads a clock.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::net::route::Route;
use crate::value::date::SeoulTime;
use crate::value::slot::TimeOfDay;

/// How long a route rests after its first failure, in seconds of the wall clock. Each further failure
/// doubles it. Our own choice: twice the time that connecting may take.
const FIRST_REST: Duration = Duration::from_secs(10);

/// The longest rest of a route. Our own choice: a run is over five minutes after the opening, and the
/// next one should try the route again.
const MAX_REST: Duration = Duration::from_secs(600);

/// What follows a block answer of the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OnBlock {
    /// The booking ends as blocked, and no route is given out until the next 00:00 Asia/Seoul.
    #[default]
    End,
    /// The next route is used. The budget of requests does not grow with it.
    NextRoute,
}

/// The operator's routes in the order in which they are preferred, each with its state.
///
/// A route that fails rests, ten seconds at first and twice as long after each further failure, up to
/// ten minutes; a success forgets that. A route whose address the site blocks is retired until the next
/// 00:00 Asia/Seoul. With [`OnBlock::End`], the default, one retired route stops all of them: the site
/// has said no to this operator.
///
/// The instants are the wall clock's, because they are saved and shown. If the clock steps back, no rest
/// becomes longer than ten minutes and no retirement longer than to the next 00:00 of the clock as it is
/// then; if it steps forward, both may end early.
///
/// ```
/// use namyangju_rent::network::{OnBlock, Route, Routes};
/// use namyangju_rent::SeoulTime;
///
/// let now: SeoulTime = "2026-11-26 10:00:00".parse()?;
/// let second: Route = "local:192.0.2.1".parse()?;
/// let mut routes = Routes::new([Route::Direct, second.clone()]);
/// routes.failed(&Route::Direct, now);
/// assert_eq!(routes.pick(now), Some(&second));
/// routes.blocked(&second, now);
/// assert_eq!(routes.pick(now), None);
/// assert_eq!(routes.blocked_until(now), Some("2026-11-27 00:00:00".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Routes {
    entries: Vec<ListedRoute>,
    on_block: OnBlock,
}

#[derive(Clone, Debug)]
struct ListedRoute {
    route: Route,
    rests: Rests,
}

/// What is known of one route. Both instants may have passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rests {
    /// Failures since the last success.
    #[serde(default)]
    failures: u32,
    #[serde(default)]
    resting_until: Option<SeoulTime>,
    #[serde(default)]
    retired_until: Option<SeoulTime>,
}

/// Whether a route can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
#[non_exhaustive]
pub enum RouteState {
    /// It can be used.
    Ready,
    /// It did not connect or gave no answer in time.
    Resting {
        /// When it is ready again.
        until: SeoulTime,
    },
    /// The site blocked it.
    Retired {
        /// When it is ready again: 00:00 Asia/Seoul.
        until: SeoulTime,
    },
}

/// A route and its state, for people: a proxy's user and password are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RouteStatus {
    /// The route as [`Route`] displays itself.
    pub route: String,
    /// Its state.
    #[serde(flatten)]
    pub state: RouteState,
    /// How often it failed since it last worked.
    pub failures: u32,
}

/// The states of some routes, to be written to a file or a database and restored. It holds no password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRoutes {
    routes: Vec<SavedRoute>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SavedRoute {
    route: String,
    #[serde(flatten)]
    rests: Rests,
}

/// The first 00:00 Asia/Seoul after an instant: strictly after, so that it is a day later at 00:00
/// itself. At the end of the calendar, the last instant that can be written.
fn next_midnight(now: SeoulTime) -> SeoulTime {
    const END_OF_DAY: u16 = 24 * 60;
    let midnight = TimeOfDay::from_minutes(END_OF_DAY).map(|end| now.date().at(end));
    midnight.filter(|midnight| *midnight > now).unwrap_or_else(|| now.plus(Duration::from_secs(86_400)))
}

impl Rests {
    /// The state at `now`, whatever the clock has done since.
    fn state(&self, now: SeoulTime) -> RouteState {
        if let Some(until) = self.retired_until.filter(|until| *until > now) {
            return RouteState::Retired { until: until.min(next_midnight(now)) };
        }
        match self.resting_until.filter(|until| *until > now) {
            Some(until) => RouteState::Resting { until: until.min(now.plus(MAX_REST)) },
            None => RouteState::Ready,
        }
    }

    /// Drops what has passed and shortens what a step of the clock has made too long, for good.
    fn settle(&mut self, now: SeoulTime) {
        let bounded = |until: Option<SeoulTime>, most: SeoulTime| {
            until.filter(|until| *until > now).map(|until| until.min(most))
        };
        self.retired_until = bounded(self.retired_until, next_midnight(now));
        self.resting_until = bounded(self.resting_until, now.plus(MAX_REST));
    }

    /// When it is ready again; `None` if it is.
    fn until(&self, now: SeoulTime) -> Option<SeoulTime> {
        let mut settled = *self;
        settled.settle(now);
        settled.retired_until.max(settled.resting_until)
    }
}

impl Default for Routes {
    /// The direct route alone.
    fn default() -> Self {
        Self::new([Route::Direct])
    }
}

impl Routes {
    /// These routes, in this order, all ready. A route that is in the list twice, or twice with
    /// different passwords, counts once. An empty list has no route to give: it is not the direct one.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Self {
        let mut entries: Vec<ListedRoute> = Vec::new();
        for route in routes {
            if !entries.iter().any(|entry| entry.route.same_way(&route)) {
                entries.push(ListedRoute { route, rests: Rests::default() });
            }
        }
        Self { entries, on_block: OnBlock::default() }
    }

    /// What follows a block answer. Default: [`OnBlock::End`].
    #[must_use]
    pub fn with_on_block(mut self, on_block: OnBlock) -> Self {
        self.on_block = on_block;
        self
    }

    /// What follows a block answer.
    pub fn on_block(&self) -> OnBlock {
        self.on_block
    }

    /// The routes in order, whatever their state.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.entries.iter().map(|entry| &entry.route)
    }

    /// The first route that can be used; `None` if all rest or are retired, if there is none, or if a
    /// block has ended the day (see [`Routes::blocked_until`]).
    pub fn pick(&mut self, now: SeoulTime) -> Option<&Route> {
        for entry in &mut self.entries {
            entry.rests.settle(now);
        }
        if self.blocked_until(now).is_some() {
            return None;
        }
        let ready = |entry: &&ListedRoute| entry.rests.state(now) == RouteState::Ready;
        self.entries.iter().find(ready).map(|entry| &entry.route)
    }

    /// Of the routes that rest, the one that is ready first.
    pub(crate) fn first_resting(&self, now: SeoulTime) -> Option<&Route> {
        let resting = self.entries.iter().filter_map(|entry| match entry.rests.state(now) {
            RouteState::Resting { until } => Some((until, &entry.route)),
            _ => None,
        });
        resting.min_by_key(|(until, _)| *until).map(|(_, route)| route)
    }

    /// A route did not connect, or gave no answer in time: it rests.
    ///
    /// A failure while it already rests is that of a request which was still on its way (sessions share
    /// the routes), and does not lengthen the rest. A route that is not in the list is ignored, here
    /// and below.
    pub fn failed(&mut self, route: &Route, now: SeoulTime) {
        let Some(rests) = self.rests_of(route) else { return };
        rests.settle(now);
        if rests.resting_until.is_none() {
            let doubled = FIRST_REST.saturating_mul(2_u32.saturating_pow(rests.failures)).min(MAX_REST);
            rests.resting_until = Some(now.plus(doubled));
            rests.failures = rests.failures.saturating_add(1);
        }
    }

    /// A route brought an answer: its failures are forgotten. A retired route stays retired; the answer
    /// is that of a request which was still on its way.
    pub fn worked(&mut self, route: &Route) {
        if let Some(rests) = self.rests_of(route) {
            rests.failures = 0;
            rests.resting_until = None;
        }
    }

    /// The site blocked a route: it is retired until the next 00:00 Asia/Seoul. Gives the route to go on
    /// with; `None`, and the booking is over as blocked, unless the operator chose
    /// [`OnBlock::NextRoute`] and another route can be used at once.
    pub fn blocked(&mut self, route: &Route, now: SeoulTime) -> Option<&Route> {
        if let Some(rests) = self.rests_of(route) {
            rests.retired_until = Some(next_midnight(now));
        }
        self.pick(now)
    }

    /// Until when a block leaves no route at all: one retired route is enough with [`OnBlock::End`], all
    /// of them must be with [`OnBlock::NextRoute`]. `None` if no block stands in the way.
    pub fn blocked_until(&self, now: SeoulTime) -> Option<SeoulTime> {
        let retired = |entry: &ListedRoute| match entry.rests.state(now) {
            RouteState::Retired { until } => Some(until),
            _ => None,
        };
        let retired: Vec<SeoulTime> = self.entries.iter().filter_map(retired).collect();
        match self.on_block {
            OnBlock::End => retired.into_iter().max(),
            OnBlock::NextRoute if retired.len() < self.entries.len() => None,
            OnBlock::NextRoute => retired.into_iter().min(),
        }
    }

    /// Makes every route ready: for the operator's hand, when the cause is known and gone.
    pub fn reset(&mut self) {
        for entry in &mut self.entries {
            entry.rests = Rests::default();
        }
    }

    /// The next instant at which [`Routes::pick`] may have more to give than now; `None` if every route
    /// is ready.
    pub fn next_change(&self, now: SeoulTime) -> Option<SeoulTime> {
        self.blocked_until(now)
            .or_else(|| self.entries.iter().filter_map(|entry| entry.rests.until(now)).min())
    }

    /// Every route and its state, for people.
    pub fn states(&self, now: SeoulTime) -> Vec<RouteStatus> {
        let status = |entry: &ListedRoute| RouteStatus {
            route: entry.route.to_string(),
            state: entry.rests.state(now),
            failures: entry.rests.failures,
        };
        self.entries.iter().map(status).collect()
    }

    /// The states, to be kept over a restart.
    pub fn save(&self) -> SavedRoutes {
        let saved = |entry: &ListedRoute| SavedRoute { route: entry.route.saved_name(), rests: entry.rests };
        SavedRoutes { routes: self.entries.iter().map(saved).collect() }
    }

    /// Takes saved states over. The list stays the configured one: a saved route that is no longer in
    /// it is dropped, and a route that was not saved is ready. A proxy with a new password is the same
    /// route, with another user it is another one.
    pub fn restore(&mut self, saved: &SavedRoutes) {
        for entry in &mut self.entries {
            let name = entry.route.saved_name();
            let known = saved.routes.iter().find(|saved| saved.route == name);
            entry.rests = known.map(|saved| saved.rests).unwrap_or_default();
        }
    }

    fn rests_of(&mut self, route: &Route) -> Option<&mut Rests> {
        self.entries.iter_mut().find(|entry| entry.route.same_way(route)).map(|entry| &mut entry.rests)
    }
}

impl fmt::Display for RouteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Resting { until } => write!(f, "resting until {until}"),
            Self::Retired { until } => write!(f, "blocked by the site, retired until {until}"),
        }
    }
}

impl fmt::Display for RouteStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.route, self.state)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn t(text: &str) -> SeoulTime {
        text.parse().unwrap()
    }

    fn route(text: &str) -> Route {
        text.parse().unwrap()
    }

    fn now() -> SeoulTime {
        t("2026-11-26 10:00:00")
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn three(on_block: OnBlock) -> Routes {
        let list = ["direct", "local:192.0.2.1", "socks5h://user:secret@proxy.example:1080"];
        Routes::new(list.map(route)).with_on_block(on_block)
    }

    #[test]
    fn nothing_for_people_or_for_the_state_holds_a_login() {
        let mut routes = three(OnBlock::End);
        routes.failed(&route("socks5h://user:secret@proxy.example:1080"), now());
        let states = routes.states(now());
        let lines: Vec<String> = states.iter().map(ToString::to_string).collect();
        let all = format!(
            "{routes:?} {:#?} {states:?} {lines:?} {} {} {:?}",
            routes.iter().collect::<Vec<_>>(),
            serde_json::to_string(&states).unwrap(),
            serde_json::to_string(&routes.save()).unwrap(),
            routes.save(),
        );
        assert!(!all.contains("secret") && !all.contains("user"), "{all}");
        assert_eq!(
            lines[2],
            "socks5h://***@proxy.example:1080: resting until 2026-11-26 10:00:10.000 Asia/Seoul"
        );
        let Route::Proxy(proxy) = route("http://user:secret@h:1") else { panic!("a proxy") };
        assert_eq!(format!("{proxy:?} {proxy}"), "ProxyAddress(http://***@h:1) http://***@h:1");
        assert_eq!((proxy.scheme().word(), proxy.host(), proxy.port()), ("http", "h", 1));
    }

    #[test]
    fn a_failed_route_rests_and_the_next_is_used() {
        let mut routes = three(OnBlock::End);
        assert_eq!(routes.pick(now()), Some(&Route::Direct));
        assert_eq!(routes.next_change(now()), None);
        routes.failed(&Route::Direct, now());
        assert_eq!(routes.pick(now()), Some(&route("local:192.0.2.1")));
        routes.failed(&route("local:192.0.2.1"), now().plus(secs(3)));
        let third = routes.pick(now().plus(secs(3))).cloned().unwrap();
        assert!(matches!(third, Route::Proxy(_)));
        routes.failed(&third, now().plus(secs(4)));
        assert_eq!(routes.pick(now().plus(secs(4))), None);
        assert_eq!(routes.blocked_until(now().plus(secs(4))), None);
        assert_eq!(routes.next_change(now().plus(secs(4))), Some(now().plus(FIRST_REST)));
        assert_eq!(routes.pick(now().plus(FIRST_REST)), Some(&Route::Direct));
    }

    #[test]
    fn rests_double_up_to_ten_minutes_and_a_success_forgets_them() {
        let mut routes = Routes::default();
        let mut at = now();
        let mut rests = Vec::new();
        for _ in 0..40 {
            routes.failed(&Route::Direct, at);
            // A second session fails on the same route: one cause, one rest.
            routes.failed(&Route::Direct, at.plus(secs(1)));
            let next = routes.next_change(at).unwrap();
            rests.push(next.since(at).as_secs());
            assert_eq!(routes.pick(next.minus(secs(1))), None);
            at = next;
            assert_eq!(routes.pick(at), Some(&Route::Direct));
        }
        assert_eq!(rests[..8], [10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(rests[39], 600);
        routes.worked(&Route::Direct);
        routes.failed(&Route::Direct, at);
        assert_eq!(routes.next_change(at), Some(at.plus(FIRST_REST)));
        routes.worked(&Route::Direct);
        assert_eq!(routes.states(at)[0].to_string(), "direct: ready");
    }

    #[test]
    fn a_block_ends_the_day_by_default() {
        let mut routes = three(OnBlock::default());
        assert_eq!(routes.blocked(&Route::Direct, now()), None);
        assert_eq!(routes.pick(now()), None);
        let midnight = t("2026-11-27 00:00:00");
        assert_eq!(routes.blocked_until(now()), Some(midnight));
        assert_eq!(routes.next_change(now()), Some(midnight));
        let before = midnight.minus(Duration::from_micros(1));
        // A late answer or failure on it changes nothing.
        routes.worked(&Route::Direct);
        routes.failed(&Route::Direct, now());
        assert_eq!(routes.pick(before), None);
        assert_eq!(routes.states(before)[1].state, RouteState::Ready);
        assert_eq!(routes.pick(midnight), Some(&Route::Direct));
        assert_eq!(routes.blocked_until(midnight), None);
    }

    #[test]
    fn going_on_after_a_block_is_the_operators_choice() {
        let mut routes = three(OnBlock::NextRoute);
        let second = routes.blocked(&Route::Direct, now()).cloned().unwrap();
        assert_eq!(second, route("local:192.0.2.1"));
        assert_eq!(routes.blocked_until(now()), None);
        let third = routes.blocked(&second, now()).cloned().unwrap();
        assert_eq!(routes.blocked(&third, now()), None);
        assert_eq!(routes.blocked_until(now()), Some(t("2026-11-27 00:00:00")));
        assert!(routes.states(now()).iter().all(|s| matches!(s.state, RouteState::Retired { .. })));
        routes.reset();
        assert_eq!(routes.pick(now()), Some(&Route::Direct));
        assert_eq!(routes.next_change(now()), None);
        let json = serde_json::to_string(&[OnBlock::End, OnBlock::NextRoute]).unwrap();
        assert_eq!(json, "[\"end\",\"next-route\"]");
    }

    #[test]
    fn an_empty_list_has_nothing_to_give() {
        for on_block in [OnBlock::End, OnBlock::NextRoute] {
            let mut routes = Routes::new([]).with_on_block(on_block);
            routes.failed(&Route::Direct, now());
            assert_eq!(routes.blocked(&Route::Direct, now()), None);
            assert_eq!(routes.pick(now()), None);
            assert_eq!(routes.save(), SavedRoutes::default());
            assert_eq!((routes.next_change(now()), routes.blocked_until(now())), (None, None));
        }
        assert_eq!(Routes::default().iter().collect::<Vec<_>>(), [&Route::Direct]);
    }

    #[test]
    fn a_day_begins_at_midnight_in_seoul() {
        for (at, midnight) in [
            ("2026-11-26T14:59:59.999999Z", "2026-11-27 00:00:00"),
            ("2026-11-26T15:00:00Z", "2026-11-28 00:00:00"),
            ("2026-11-27 00:00:00", "2026-11-28 00:00:00"),
            ("2026-11-26 23:59:59", "2026-11-27 00:00:00"),
            ("2026-12-31 08:00:00", "2027-01-01 00:00:00"),
            ("2028-02-28 08:00:00", "2028-02-29 00:00:00"),
        ] {
            assert_eq!(next_midnight(t(at)), t(midnight), "{at}");
        }
        let end = SeoulTime::from_unix_micros(i64::MAX);
        assert_eq!(next_midnight(end), end);
        assert!(next_midnight(SeoulTime::from_unix_micros(i64::MIN)) > SeoulTime::from_unix_micros(i64::MIN));
    }

    #[test]
    fn a_clock_that_steps_back_makes_nothing_longer() {
        let mut routes = three(OnBlock::NextRoute);
        let (next_month, second) = (t("2026-12-26 10:00:00"), route("local:192.0.2.1"));
        routes.blocked(&Route::Direct, next_month);
        routes.failed(&second, next_month);
        assert!(matches!(routes.pick(now()), Some(Route::Proxy(_))));
        let states = routes.states(now());
        assert_eq!(states[0].state, RouteState::Retired { until: t("2026-11-27 00:00:00") });
        assert_eq!(states[1].state, RouteState::Resting { until: now().plus(MAX_REST) });
        assert_eq!(routes.next_change(now()), Some(now().plus(MAX_REST)));
        assert_eq!(routes.pick(now().plus(MAX_REST)), Some(&second));
        assert_eq!(routes.pick(t("2026-11-27 00:00:00")), Some(&Route::Direct));
        // What was over stays over when the clock steps back once more.
        assert_eq!(routes.pick(now()), Some(&Route::Direct));
    }

    #[test]
    fn a_clock_that_steps_forward_ends_them() {
        let mut routes = three(OnBlock::End);
        routes.blocked(&Route::Direct, now());
        assert_eq!(routes.pick(now().plus(secs(86_400))), Some(&Route::Direct));
    }

    #[test]
    fn states_come_back_for_the_routes_that_are_still_configured() {
        let mut routes = three(OnBlock::NextRoute);
        let proxy = route("socks5h://user:secret@proxy.example:1080");
        routes.blocked(&proxy, now());
        routes.failed(&route("local:192.0.2.1"), now());
        let json = serde_json::to_string(&routes.save()).unwrap();
        let saved: SavedRoutes = serde_json::from_str(&json).unwrap();
        assert_eq!(saved, routes.save());

        let mut same = three(OnBlock::NextRoute);
        same.restore(&saved);
        assert_eq!(same.states(now()), routes.states(now()));
        let other = [
            "local:192.0.2.7",
            "socks5h://user:another-password@proxy.example:1080",
            "socks5h://another-user:secret@proxy.example:1080",
        ];
        let mut other = Routes::new(other.map(route)).with_on_block(OnBlock::NextRoute);
        other.failed(&route("local:192.0.2.7"), now());
        other.restore(&saved);
        let ready: Vec<bool> = other.states(now()).iter().map(|s| s.state == RouteState::Ready).collect();
        assert_eq!(ready, [true, false, true]);
        let old: SavedRoutes = serde_json::from_str(r#"{"routes":[{"route":"direct"}]}"#).unwrap();
        same.restore(&old);
        assert_eq!(same.pick(now()), Some(&Route::Direct));
    }

    #[test]
    fn a_route_counts_once() {
        let list = ["direct", "http://u:a@h:1", "DIRECT", "http://u:b@h:1", "http://v:a@h:1"];
        assert_eq!(Routes::new(list.map(route)).iter().count(), 3);
    }

    proptest! {
        #[test]
        fn pick_gives_the_first_ready_route_and_no_other(
            next_route in any::<bool>(),
            steps in prop::collection::vec((0_usize..3, 0_u8..4, -100_000_i64..100_000), 1..80),
        ) {
            let mut routes = three(if next_route { OnBlock::NextRoute } else { OnBlock::End });
            let list: Vec<Route> = routes.iter().cloned().collect();
            let mut micros = now().unix_micros();
            for (which, what, seconds) in steps {
                // Mostly small steps, so that rests are met as well as midnights; the clock goes back too.
                micros += if seconds % 3 == 0 { seconds } else { seconds.rem_euclid(700) } * 1_000_000;
                let now = SeoulTime::from_unix_micros(micros);
                match what {
                    0 => routes.failed(&list[which], now),
                    1 => routes.worked(&list[which]),
                    2 => drop(routes.blocked(&list[which], now).cloned()),
                    _ => {}
                }
                let picked = routes.pick(now).cloned();
                let states = routes.states(now);
                let ready = states.iter().position(|s| s.state == RouteState::Ready);
                let stopped = !next_route && states.iter().any(|s| matches!(s.state, RouteState::Retired { .. }));
                prop_assert_eq!(&picked, &ready.filter(|_| !stopped).map(|at| list[at].clone()));
                for status in &states {
                    match status.state {
                        RouteState::Resting { until } => {
                            prop_assert!(now < until && until.since(now) <= MAX_REST);
                        }
                        RouteState::Retired { until } => {
                            prop_assert!(now < until && until == next_midnight(now));
                        }
                        RouteState::Ready => {}
                    }
                }
                let next = routes.next_change(now);
                prop_assert!(next.is_none_or(|next| next > now));
                if picked.is_none() {
                    // Waiting until then is enough.
                    prop_assert!(routes.clone().pick(next.unwrap()).is_some());
                }
            }
        }

        #[test]
        fn the_next_midnight_is_later_and_within_a_day(micros in 600_000_000_000_000_i64..7_000_000_000_000_000) {
            let now = SeoulTime::from_unix_micros(micros);
            let midnight = next_midnight(now);
            prop_assert!(midnight > now && midnight.since(now) <= secs(86_400));
            prop_assert_eq!(midnight.time_text(), "00:00:00.000");
        }
    }
}
