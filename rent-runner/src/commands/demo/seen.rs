//! What the site saw of a demo, by its own log and books.

use std::collections::BTreeMap;
use std::time::Duration;

use namyangju_rent::SeoulTime;
use namyangju_rent::harness::{Arrival, Booked, SiteStep};
use serde_json::json;

use crate::say::{heading, say};
use crate::words::millis;

/// A word for a step of the stand-in's log.
fn word(step: SiteStep) -> &'static str {
    match step {
        SiteStep::Home => "home page",
        SiteStep::LoginPage => "login page",
        SiteStep::Login => "login",
        SiteStep::Schedule => "day list",
        SiteStep::Day => "day page",
        SiteStep::Form => "form",
        SiteStep::Submit => "submission",
        _ => "other pages",
    }
}

/// The same for a person.
fn step(step: SiteStep) -> String {
    match step {
        // In a table it is what a person logs in with.
        SiteStep::Login => say!("step-login"),
        step => heading(word(step)),
    }
}

/// How many requests of each step there are, in the order of a booking.
fn counts<'a>(arrivals: impl IntoIterator<Item = &'a Arrival>) -> Counts {
    let mut counts = Counts::default();
    for arrival in arrivals {
        match arrival.method.as_str() {
            "HEAD" => counts.probes += 1,
            _ => *counts.steps.entry(arrival.step).or_insert(0) += 1,
        }
    }
    counts
}

#[derive(Debug, Default)]
struct Counts {
    probes: u32,
    steps: BTreeMap<SiteStep, u32>,
}

impl Counts {
    fn words(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let probes = (self.probes > 0).then_some(("clock probe", self.probes));
        self.steps.iter().map(|(step, number)| (word(*step), *number)).chain(probes)
    }

    fn text(&self) -> String {
        let probes = (self.probes > 0).then(|| (heading("clock probe"), self.probes));
        let steps = self.steps.iter().map(|(at, number)| (step(*at), *number));
        let words: Vec<_> = steps.chain(probes).map(|(step, number)| format!("{step} {number}")).collect();
        if words.is_empty() { say!("none") } else { words.join(", ") }
    }
}

/// What the site saw, by its own log and books.
pub(super) struct SiteRecord {
    pub(super) arrivals: Vec<Arrival>,
    pub(super) booked: Vec<Booked>,
    pub(super) opening: SeoulTime,
    /// When the first attempt began; `None` if no opening was waited for.
    pub(super) shot: Option<SeoulTime>,
    pub(super) first_rival: Option<SeoulTime>,
}

impl SiteRecord {
    /// The request that was meant to meet the opening.
    fn first_shot(&self) -> Option<&Arrival> {
        // The last probe of the clock comes after the attempt has begun.
        let mut sent = self.arrivals.iter().filter(|arrival| arrival.method != "HEAD");
        sent.find(|arrival| self.shot.is_some_and(|shot| arrival.at >= shot))
    }

    /// Microseconds from the opening to an instant, both on the site's clock.
    fn after_opening(&self, at: SeoulTime) -> i64 {
        at.unix_micros().saturating_sub(self.opening.unix_micros())
    }

    pub(super) fn for_a_program(&self) -> serde_json::Value {
        let by_step: BTreeMap<_, _> =
            counts(&self.arrivals).words().map(|(word, n)| (word.replace(' ', "-"), n)).collect();
        let bookings: Vec<_> = self
            .booked
            .iter()
            .map(|b| {
                let times: Vec<_> = b.slots.iter().map(|(_, range)| range).collect();
                json!({ "receipt": b.receipt, "at": b.at, "place": b.place, "date": b.date, "times": times })
            })
            .collect();
        let after = self.arrivals.iter().filter(|arrival| arrival.site_time >= self.opening).count();
        json!({
            "opening": self.opening,
            "requests": self.arrivals.len(),
            "requests_after_opening": after,
            "first_arrival_micros": self.first_shot().map(|shot| self.after_opening(shot.site_time)),
            "first_rival_micros": self.first_rival.map(|at| self.after_opening(at)),
            "by_step": by_step,
            "bookings": bookings,
        })
    }

    /// The receipt, the count of requests and what is booked: lines, each with its heading.
    pub(super) fn for_a_person(&self, receipt: Option<&str>) -> Vec<(&'static str, String)> {
        let mut lines = vec![("receipt", receipt.map_or_else(|| say!("none"), str::to_owned))];
        let all = self.arrivals.len();
        if self.shot.is_some() {
            let (after, before): (Vec<_>, Vec<_>) =
                self.arrivals.iter().partition(|arrival| arrival.site_time >= self.opening);
            lines.push(("requests", say!("demo-requests", all = all)));
            for (side, arrivals) in [("  before", before), ("  after", after)] {
                lines.push((side, format!("{}: {}", arrivals.len(), counts(arrivals).text())));
            }
        } else {
            let steps = counts(&self.arrivals).text();
            lines.push(("requests", say!("demo-requests-by-step", all = all, steps = steps)));
        }
        if let Some(shot) = self.first_shot() {
            let after = distance(self.after_opening(shot.site_time));
            lines.push(("arrival", say!("demo-arrival", step = step(shot.step), distance = after)));
        }
        if let Some(sent) = self.arrivals.iter().rfind(|arrival| arrival.step == SiteStep::Submit) {
            let after = distance(self.after_opening(sent.site_time));
            lines.push(("speed", say!("demo-speed", distance = after)));
        }
        if let Some(rival) = self.first_rival {
            let after = distance(self.after_opening(rival));
            lines.push(("race", say!("demo-rival", distance = after)));
        }
        if self.booked.is_empty() {
            lines.push(("booked", say!("demo-nothing-booked")));
        }
        for b in &self.booked {
            let times: Vec<_> = b.slots.iter().map(|(_, range)| range.to_string()).collect();
            let booked = say!(
                "demo-booked",
                place = b.place,
                date = b.date,
                times = times.join(" "),
                account = b.account,
                receipt = b.receipt
            );
            lines.push(("booked", booked));
        }
        lines
    }
}

fn distance(micros: i64) -> String {
    let size = millis(Duration::from_micros(micros.unsigned_abs()));
    match micros < 0 {
        true => say!("demo-before", size = size),
        false => say!("demo-after", size = size),
    }
}
