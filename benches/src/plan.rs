//! What a client is told to do: one line of JSON, the same for every client whatever it is written in, and
//! what it says of itself at its end.

use std::sync::Arc;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Account, Settings, StandIn};
use namyangju_rent::{RentDate, Site};
use serde::{Deserialize, Serialize};

use crate::{Failure, usage};

/// What one client does in one run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Plan {
    /// The stand-in, without a path.
    pub base_url: String,
    /// How many bookings are under way at a time.
    #[serde(default = "one")]
    pub at_once: usize,
    /// How long the client stays as it is at the end, so that its memory can be read.
    #[serde(default)]
    pub linger_ms: u64,
    /// Which way, for a client that knows several.
    #[serde(default)]
    pub way: String,
    /// What is booked, in order.
    pub bookings: Vec<Task>,
    /// What is written into the form.
    #[serde(default)]
    pub application: Texts,
    /// Set for a race: there is one booking then.
    #[serde(default)]
    pub race: Option<Race>,
}

fn one() -> usize {
    1
}

/// One booking.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Task {
    /// The login name.
    pub account: String,
    /// Its password.
    pub password: String,
    /// The centre's code.
    pub comcd: String,
    /// The group's code.
    pub partcd: String,
    /// The court's code.
    pub placecd: String,
    /// `2026-12-05`.
    pub date: String,
    /// `06:00`.
    pub start: String,
    /// `08:00`.
    pub end: String,
    /// The slot's number, for clients that have it in a table of their own.
    pub time_no: String,
}

impl Task {
    /// The date without its joints, as the site's fields have it.
    pub fn compact_date(&self) -> String {
        self.date.replace('-', "")
    }

    /// The address path of the day's page.
    pub fn day_path(&self) -> String {
        let day = self.date.replace('-', "/");
        format!("/rent/rent/reservation/index/{day}/1/{}/{}/{}/Y", self.comcd, self.partcd, self.placecd)
    }

    /// The address path of the month's day list.
    pub fn day_list_path(&self) -> String {
        let day = self.date.replace('-', "/");
        format!("/rent/rent/application/index/{day}/2/{}/{}/{}", self.comcd, self.partcd, self.placecd)
    }

    /// The slot's time as the pages write it.
    pub fn shown_time(&self) -> String {
        format!("{} ~ {}", self.start, self.end)
    }
}

/// The invented texts of an application.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Texts {
    /// The club's name.
    pub club_name: String,
    /// The head count.
    pub group_count: String,
    /// The event's name.
    pub playname: String,
    /// The purpose of use.
    pub reason: String,
}

impl Default for Texts {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            club_name: text("가나다클럽"),
            group_count: text("4"),
            playname: text("테니스"),
            reason: text("운동"),
        }
    }
}

/// A race for the plan's booking.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Race {
    /// The announced instant, on the site's clock, in milliseconds since 1970.
    pub opens_unix_ms: i64,
    /// How long after it the client has to end by itself.
    pub for_ms: u64,
}

/// What a client prints at its end.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Said {
    /// How many bookings it believes to have made.
    pub done: usize,
    /// How long each took by its own clock.
    pub ms: Vec<f64>,
    /// Its own largest resident memory, where it can tell.
    #[serde(default)]
    pub peak_rss_kib: Option<u64>,
    /// What failed, if something did.
    #[serde(default)]
    pub errors: Vec<String>,
    /// What it is built of.
    #[serde(default)]
    pub versions: String,
}

impl Plan {
    /// The plan on this program's command line.
    ///
    /// # Errors
    /// If there is none, or it is no plan.
    pub fn from_arguments() -> Result<Self, Failure> {
        let text = std::env::args().nth(1).ok_or("give a plan as JSON: see benches/README.md")?;
        Ok(serde_json::from_str(&text)?)
    }

    /// A plan of so many bookings of different slots in the next month, each by an account of its own,
    /// spread over the courts so that no day list grows much.
    ///
    /// # Errors
    /// If the stand-in has not so many slots.
    pub fn of(count: usize) -> Result<Self, Failure> {
        let month = next_month(SystemClock.now().date());
        let stand_in = StandIn::new(&Site::builtin("namyangju")?, Settings::default());
        let courts = stand_in.places();
        let days = days_of(month);
        let mut bookings = Vec::with_capacity(count);
        for n in 0..count {
            let court = courts.get(n % courts.len()).ok_or("no courts")?;
            let rest = n / courts.len();
            let date = month.plus_days(i32::try_from(rest % days)?);
            let (number, range) = court.rounds.get(rest / days).ok_or("more bookings than slots")?;
            let account = Account::invented(u32::try_from(n)? + 1);
            bookings.push(Task {
                account: account.id,
                password: account.password,
                comcd: court.place.centre.to_string(),
                partcd: court.place.group.to_string(),
                placecd: court.place.court.to_string(),
                date: date.to_string(),
                start: range.start().to_string(),
                end: range.end().to_string(),
                time_no: number.to_string(),
            });
        }
        Ok(Self {
            base_url: String::new(),
            at_once: 1,
            linger_ms: 0,
            way: String::new(),
            bookings,
            application: Texts::default(),
            race: None,
        })
    }
}

impl Said {
    /// Waits as the plan says, then prints this.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn print(mut self, plan: &Plan) -> Result<(), Failure> {
        std::thread::sleep(std::time::Duration::from_millis(plan.linger_ms));
        self.peak_rss_kib = usage::peak_kib("self");
        println!("{}", serde_json::to_string(&self)?);
        Ok(())
    }

    /// Adds how one booking went.
    pub fn add(&mut self, took: std::time::Duration, result: Result<(), Failure>) {
        match result {
            Ok(()) => {
                self.done += 1;
                self.ms.push(took.as_secs_f64() * 1_000.0);
            }
            Err(error) => self.errors.push(error.to_string()),
        }
    }
}

/// Makes the plan's bookings, as many at a time as it says.
///
/// # Errors
/// If a task panicked.
pub async fn work<F, B>(plan: &Arc<Plan>, versions: &str, book: F) -> Result<Said, Failure>
where
    F: Fn(Arc<Plan>, usize) -> B,
    B: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let mut said = Said { versions: versions.to_owned(), ..Said::default() };
    let mut under_way = tokio::task::JoinSet::new();
    let mut next = 0;
    while next < plan.bookings.len() || !under_way.is_empty() {
        while next < plan.bookings.len() && under_way.len() < plan.at_once.max(1) {
            let booking = book(Arc::clone(plan), next);
            under_way.spawn(async move {
                let began = std::time::Instant::now();
                let result = booking.await;
                (began.elapsed(), result)
            });
            next += 1;
        }
        if let Some(ended) = under_way.join_next().await {
            let (took, result) = ended?;
            said.add(took, result);
        }
    }
    Ok(said)
}

fn next_month(today: RentDate) -> RentDate {
    let mut day = today;
    while day.month() == today.month() {
        day = day.plus_days(1);
    }
    day
}

fn days_of(first: RentDate) -> usize {
    (0..31).filter(|n| first.plus_days(*n).month() == first.month()).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_slot_and_no_account_comes_twice() {
        let plan = Plan::of(1_000).unwrap();
        let slots: BTreeSet<_> = plan.bookings.iter().map(|b| (&b.placecd, &b.date, &b.start)).collect();
        let accounts: BTreeSet<_> = plan.bookings.iter().map(|b| &b.account).collect();
        assert_eq!((slots.len(), accounts.len()), (1_000, 1_000));
        assert!(Plan::of(100_000).is_err());
    }
}
