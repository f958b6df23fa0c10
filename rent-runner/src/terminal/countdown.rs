//! What a person sees while a booking waits: a line that changes in place, or a line now and then.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use namyangju_rent::clock::{Clock, ClockEstimate, SystemClock};
use namyangju_rent::{Budget, Event, SeoulTime};
use tokio::time::MissedTickBehavior;

use super::layout;
use super::story::Story;
use crate::say::say;
use crate::words::{error_bar, millis};

/// Four times a second: more than a person reads, and nothing for a machine.
const TICK: Duration = Duration::from_millis(250);

/// From here on nothing may disturb the shot.
const QUIET_BEFORE: Duration = Duration::from_secs(2);

/// Without a terminal: a line when so much is left, and at each whole hour.
const MARKS: [u64; 11] = [1_800, 600, 300, 240, 180, 120, 60, 30, 15, 10, 5];

/// What the waiting line tells.
#[derive(Debug)]
pub(crate) struct Countdown {
    opens_at: SeoulTime,
    budget: Budget,
    state: Mutex<CountdownState>,
}

#[derive(Debug, Default)]
struct CountdownState {
    given_micros: Option<i64>,
    clock: Option<ClockEstimate>,
    session: LoginState,
}

#[derive(Clone, Copy, Debug, Default)]
enum LoginState {
    #[default]
    NotYet,
    LoggedIn,
    Alarm,
}

impl Countdown {
    /// Of a booking that opens then, with the clock's offset if it was given.
    pub(crate) fn new(opens_at: SeoulTime, budget: Budget, given_micros: Option<i64>) -> Self {
        Self {
            opens_at,
            budget,
            state: Mutex::new(CountdownState { given_micros, ..CountdownState::default() }),
        }
    }

    /// Takes an event in.
    pub(crate) fn on_event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::LoggedIn => state.session = LoginState::LoggedIn,
            Event::Alarm { .. } => state.session = LoginState::Alarm,
            Event::ClockRead { estimate } => state.clock = Some(*estimate),
            _ => {}
        }
    }

    /// Shows it until shortly before the instant, and then nothing any more.
    pub(crate) async fn show(&self, story: &Story) -> Infallible {
        if !story.is_for_a_person() {
            return std::future::pending().await;
        }
        let in_place = story.is_live();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = self.left().as_secs();
        loop {
            ticks.tick().await;
            let left = self.left();
            if left < QUIET_BEFORE {
                break;
            }
            if in_place {
                // One column stays free: a line that fills its last column is broken by some terminals.
                let columns = layout::error_columns().map(|columns| columns.saturating_sub(1));
                story.live(Some(self.fitting(left, columns)));
            } else if mark_between(left.as_secs(), told) {
                told = left.as_secs();
                story.aside(&self.fitting(left, None));
            }
        }
        story.live(None);
        std::future::pending().await
    }

    fn left(&self) -> Duration {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = state.given_micros.or(state.clock.map(|clock| clock.ahead_micros)).unwrap_or_default();
        let site = SeoulTime::from_unix_micros(SystemClock.now().unix_micros().saturating_add(ahead));
        self.opens_at.since(site)
    }

    /// The line in at most this many columns: the longest form that fits, or the shortest one cut.
    fn fitting(&self, left: Duration, columns: Option<usize>) -> String {
        let [whole, forms @ ..] = self.forms(left);
        let Some(columns) = columns else { return whole };
        let mut shortest = &whole;
        for form in std::iter::once(&whole).chain(&forms) {
            if layout::width(form) <= columns {
                return form.clone();
            }
            shortest = form;
        }
        layout::cut(shortest, columns)
    }

    /// The line in words, and ever shorter. The time and the session come first: they tell whether a person has to act.
    fn forms(&self, left: Duration) -> [String; 4] {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (clock, shortly) = match (state.given_micros, &state.clock) {
            (Some(given), _) => (
                say!("countdown-clock-given", offset = signed(given)),
                say!("countdown-clock-given-short", offset = signed(given)),
            ),
            (None, Some(clock)) if clock.cached => {
                (say!("countdown-clock-cached"), say!("countdown-clock-cached-short"))
            }
            (None, Some(clock)) => {
                let (ahead, bar) = (signed(clock.ahead_micros), error_bar(clock));
                (
                    say!("countdown-clock", ahead = ahead, bar = bar),
                    say!("countdown-clock-short", ahead = ahead, bar = bar),
                )
            }
            (None, None) => (say!("countdown-clock-unread"), say!("countdown-clock-unread-short")),
        };
        let session = match state.session {
            LoginState::NotYet => say!("countdown-not-logged-in"),
            LoginState::LoggedIn => say!("countdown-logged-in"),
            LoginState::Alarm => say!("countdown-alarm"),
        };
        let used = self.budget.used();
        let all = used.saturating_add(self.budget.left());
        let left = countdown(left);
        [
            say!("countdown-whole", left = left, clock = clock, session = session, used = used, all = all),
            say!(
                "countdown-shorter",
                left = left,
                session = session,
                shortly = shortly,
                used = used,
                all = all
            ),
            say!("countdown-short", left = left, session = session, shortly = shortly),
            say!("countdown-shortest", left = left, session = session),
        ]
    }
}

/// Whether a mark lies from `left` up to, but not at, the last `told`.
fn mark_between(left: u64, told: u64) -> bool {
    let marks = MARKS.iter().copied().any(|mark| (left..told).contains(&mark));
    marks || left >= 3_600 && left.div_ceil(3_600) < told.div_ceil(3_600)
}

fn signed(micros: i64) -> String {
    let sign = if micros < 0 { '-' } else { '+' };
    format!("{sign}{}", millis(Duration::from_micros(micros.unsigned_abs())))
}

fn countdown(left: Duration) -> String {
    let seconds = left.as_secs();
    let (days, hours, minutes, seconds) =
        (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match days {
        0 => format!("{hours}:{minutes:02}:{seconds:02}"),
        days => {
            let time = format!("{hours}:{minutes:02}:{seconds:02}");
            say!("countdown-days", days = days, time = time)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_time_clock_session_and_budget() {
        let countdown = Countdown::new(SystemClock.now(), Budget::new(200), None);
        let at = |left| countdown.fitting(left, None);
        assert_eq!(
            at(Duration::from_secs(272)),
            "opens in 0:04:32  |  site clock not read yet  |  not logged in yet  |  0 of 200 requests"
        );
        countdown.on_event(&Event::LoggedIn);
        assert!(at(Duration::from_secs(90_000)).starts_with("opens in 1 d 1:00:00  |"));
        assert!(at(Duration::ZERO).contains("|  logged in  |"));
        countdown.on_event(&Event::alarm("login"));
        assert!(at(Duration::ZERO).contains("ALARM"));
        let given = Countdown::new(SystemClock.now(), Budget::new(1), Some(-1_500_000));
        assert!(given.fitting(Duration::ZERO, None).contains("site clock -1500.0 ms as given"));
    }

    #[test]
    fn the_line_fits_the_terminal_and_keeps_what_a_person_acts_on() {
        let countdown = Countdown::new(SystemClock.now(), Budget::new(200), None);
        let estimate = serde_json::json!({
            "ahead_micros": -1_500_250, "error_micros": 12_100, "path_micros": 40_000, "probes": 8, "cached": false
        });
        let estimate = serde_json::from_value(estimate).unwrap();
        countdown.on_event(&Event::ClockRead { estimate });
        countdown.on_event(&Event::alarm("login"));
        let left = Duration::from_secs(90_000);
        for columns in 20..=140 {
            let line = countdown.fitting(left, Some(columns));
            assert!(layout::width(&line) <= columns, "{columns} {line}");
            assert!(columns < 44 || line.contains("ALARM"), "{columns} {line}");
        }
        let at = |columns| countdown.fitting(left, Some(columns));
        assert!(at(80).ends_with("ALARM, see above | clock -1500.2 ms ± 12.1 ms"), "{}", at(80));
        assert!(at(90).ends_with("± 12.1 ms | 0/200 requests"), "{}", at(90));
    }

    #[test]
    fn a_log_gets_a_line_at_each_mark_once() {
        let mut told = 7_300;
        let mut lines = Vec::new();
        for left in (2..7_300).rev() {
            if mark_between(left, told) {
                (told, _) = (left, lines.push(left));
            }
        }
        assert_eq!(lines, [7_200, 3_600, 1_800, 600, 300, 240, 180, 120, 60, 30, 15, 10, 5]);
    }
}
