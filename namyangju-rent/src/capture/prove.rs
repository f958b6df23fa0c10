//! Whether a dialect file works: the capture itself is booked with it, and a stand-in that is dressed by it.
//!
//! A file that was learnt can be wrong in a way that no comparison shows. So before it is handed to a person, the client
//! makes the recorded booking again with it: against the recorded pages, on loopback, with what it would send compared with
//! what the browser sent. Nothing reaches the real site.

use std::sync::Arc;

use serde::Serialize;

use super::check::application_in;
use super::compare::{FieldDifference, compare};
use super::exchange::{base_of, exchanges};
use super::learn::{SeenBooking, SeenExchange};
use crate::booking::Booking;
use crate::booking::event::Wish;
use crate::booking::report::Verdict;
use crate::client::Client;
use crate::client::login::Credentials;
use crate::error::Error;
use crate::har::HarFile;
use crate::harness::{HumanCheck, ManualClock, Replay, ReplayServer, Settings, StandIn, StandInServer};
use crate::html::charset::FormFields;
use crate::outcome::Outcome;
use crate::site::Site;
use crate::value::application::Application;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::place::Place;
use crate::value::slot::{Purpose, TimeNo};

/// What became of a booking with a dialect file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Proof {
    /// How far the recorded booking could be made again.
    pub reached: ProofStep,
    /// Whether the capture has more than was reached.
    pub whole: bool,
    /// Where what was sent differs from what the browser sent.
    pub differences: Vec<FieldDifference>,
    /// Whether a booking at a stand-in that is dressed by the file was confirmed.
    pub stand_in: bool,
    /// What happened, in sentences.
    #[cfg_attr(feature = "schema", schemars(extend("x-stability" = "wording")))]
    pub says: Vec<String>,
}

/// The steps of a booking that is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProofStep {
    /// Not even the login.
    Nothing,
    /// The login.
    Login,
    /// The page of the day.
    Day,
    /// The applicant form.
    Form,
    /// The submission, with a receipt.
    Receipt,
}

impl Proof {
    /// Whether everything that the capture has could be done again, and the stand-in took the booking.
    pub fn holds(&self) -> bool {
        self.whole && self.stand_in && self.differences.iter().all(|difference| difference.harmless)
    }
}

/// Books with a dialect file what the capture shows, on loopback.
///
/// # Errors
/// What the system says when no port can be had, or why the file is no dialect.
pub async fn prove(toml: &str, file: &HarFile) -> Result<Proof, Box<dyn std::error::Error + Send + Sync>> {
    let site = Site::from_toml(toml)?;
    let base = base_of(file).unwrap_or_default();
    let plan = ProofPlan::new(&site.clone().with_base_url(&base)?, file);
    let mut proof = Proof {
        reached: ProofStep::Nothing,
        whole: false,
        differences: Vec::new(),
        stand_in: false,
        says: Vec::new(),
    };
    let replay = ReplayServer::start(Replay::new(&plan.file, &base)).await?;
    let clock = Arc::new(ManualClock::new(plan.at));
    let client = Client::builder(site.clone().with_base_url(&replay.base_url())?).clock(clock).build()?;
    match again(&client, &plan, &mut proof).await {
        Ok(()) => {}
        Err(error) => {
            proof.says.push(format!("the recorded visit could not be made again: {}", error.chain()))
        }
    }
    proof.whole = proof.reached >= plan.furthest;
    compare_sent(&site, &replay, &plan, &mut proof);
    on_stand_in(&site, &plan, &mut proof).await?;
    Ok(proof)
}

/// What is booked again, and from which entries.
struct ProofPlan {
    /// The visit that worked: without refusals and failed logins.
    file: HarFile,
    at: SeoulTime,
    furthest: ProofStep,
    place: Option<Place>,
    date: Option<RentDate>,
    purpose: Purpose,
    slots: Vec<TimeNo>,
    application: Option<Application>,
    /// What the browser sent: login, form, submission.
    sent: Vec<(String, FormFields)>,
}

impl ProofPlan {
    fn new(site: &Site, file: &HarFile) -> Self {
        let charset = site.charset();
        let all: Vec<SeenExchange<'_>> =
            exchanges(site, file).into_iter().map(|exchange| SeenExchange::new(exchange, charset)).collect();
        let passwords = site.dialect.login.fields.iter().filter(|field| field.value == "{password}");
        let passwords: Vec<&str> = passwords.map(|field| field.name.as_str()).collect();
        let booking = SeenBooking::find(&all, &passwords);
        let at = |at: Option<usize>| at.and_then(|at| all.get(at));
        let day = booking
            .days
            .iter()
            .rev()
            .filter_map(|at| all.get(*at))
            .find(|seen| at(booking.form).is_none_or(|form| seen.nth() < form.nth()));
        // A day that was refused before it opened is not the visit that worked.
        let is_refused = |(at, seen): (usize, &SeenExchange<'_>)| {
            let early_day = day.is_some_and(|day| day.path() == seen.path()) && seen.boxes().is_none();
            booking.failed_logins.contains(&at) || booking.refused_forms.contains(&at) || early_day
        };
        let left_out: Vec<usize> = all
            .iter()
            .enumerate()
            .filter(|found| is_refused((found.0, found.1)))
            .flat_map(|(_, seen)| seen.exchange.hops.iter().map(|hop| hop.nth))
            .collect();
        let mut kept = file.clone();
        kept.entries.retain(|entry| !left_out.contains(&entry.nth));
        let values = day.and_then(|day| {
            let url = site.at_own_base(&day.exchange.first()?.url)?;
            let values = site.dialect.paths.day.read(site.path_of(&url)?)?;
            Some(
                values.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect::<Vec<_>>(),
            )
        });
        let value = |key: &str| {
            values
                .iter()
                .flatten()
                .find(|(known, _)| known == key)
                .map(|(_, value)| value.as_str())
                .unwrap_or_default()
        };
        let place = format!("{}/{}/{}", value("comcd"), value("partcd"), value("placecd")).parse().ok();
        let date = format!("{}-{}-{}", value("year"), value("month"), value("day")).parse().ok();
        let events = value("group") == site.dialect.codes.events;
        let form = at(booking.form).and_then(|seen| seen.sent.as_ref());
        let slots = form.into_iter().flat_map(|sent| {
            let numbers: Vec<_> = sent.all(&site.dialect.day_post.slot_field).map(str::to_owned).collect();
            numbers
        });
        let submit = at(booking.submit).and_then(|seen| seen.sent.as_ref());
        let invented = || Some(Application::new("가나다클럽", "4".parse().ok()?, "테니스", "운동"));
        let paths = [at(booking.login), at(booking.form), at(booking.submit)];
        let sent =
            paths.into_iter().flatten().filter_map(|seen| Some((seen.path().to_owned(), seen.sent.clone()?)));
        let started = day.or(at(booking.login)).and_then(|seen| seen.exchange.first()?.started);
        Self {
            at: started.unwrap_or_else(|| SeoulTime::from(std::time::SystemTime::UNIX_EPOCH)),
            furthest: match (booking.submit, booking.form, day, booking.login) {
                (Some(_), ..) => ProofStep::Receipt,
                (None, Some(_), ..) => ProofStep::Form,
                (None, None, Some(_), _) => ProofStep::Day,
                (None, None, None, Some(_)) => ProofStep::Login,
                (None, None, None, None) => ProofStep::Nothing,
            },
            place,
            date,
            purpose: if events { Purpose::Events } else { Purpose::Sports },
            slots: slots.filter_map(|number| number.parse().ok()).collect(),
            application: submit.and_then(|sent| application_in(site, sent)).or_else(invented),
            sent: sent.collect(),
            file: kept,
        }
    }
}

/// The recorded booking, step by step.
async fn again(client: &Client, plan: &ProofPlan, proof: &mut Proof) -> Result<(), Error> {
    if plan.furthest == ProofStep::Nothing {
        return Ok(());
    }
    // The replay takes any account.
    let session = client.log_in(&Credentials::new("tester1", "invented-1")).await?;
    proof.reached = ProofStep::Login;
    let (Some(place), Some(date)) = (&plan.place, plan.date) else { return Ok(()) };
    if plan.furthest == ProofStep::Login {
        return Ok(());
    }
    let day = session.open_day(place, date, plan.purpose).await?;
    proof.reached = ProofStep::Day;
    if plan.furthest == ProofStep::Day {
        return Ok(());
    }
    let form = day.open_form_for(&plan.slots).await?;
    proof.reached = ProofStep::Form;
    if plan.furthest == ProofStep::Form {
        return Ok(());
    }
    let Some(application) = &plan.application else { return Ok(()) };
    let submitted = form.fill(application)?.submit().await?;
    match submitted.outcome {
        Outcome::Reserved(_) => proof.reached = ProofStep::Receipt,
        outcome => proof.says.push(format!("the answer to the recorded application is read as: {outcome}")),
    }
    Ok(())
}

/// What the client sent to the replay, beside what the browser sent.
fn compare_sent(site: &Site, replay: &ReplayServer, plan: &ProofPlan, proof: &mut Proof) {
    for asked in replay.asked().iter().filter(|asked| asked.method == "POST") {
        let path = asked.target.split('?').next().unwrap_or_default();
        let Some((_, browser)) = plan.sent.iter().find(|(sent_to, _)| sent_to == path) else { continue };
        let ours = FormFields::decode(&String::from_utf8_lossy(&asked.body), site.charset());
        let is_login = path.ends_with(&site.dialect.paths.login.render(|_| None));
        // The account is invented, so only the names can be compared.
        let mut found = compare(browser, &ours);
        if is_login {
            found.retain(|difference| difference.kind != super::compare::DifferenceKind::Value);
        }
        proof.differences.extend(found);
    }
    let misses = replay.asked().into_iter().filter(|asked| asked.entry.is_none());
    for miss in misses.filter(|miss| miss.method != "HEAD") {
        proof.says.push(format!("nothing was recorded for {} {}", miss.method, miss.target));
    }
}

/// A booking at a stand-in that looks as the file says.
async fn on_stand_in(
    site: &Site,
    plan: &ProofPlan,
    proof: &mut Proof,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut settings = Settings::dressed_as(site);
    // People pass human checks, and this is no person.
    settings.human_check = HumanCheck::Nowhere;
    let clock = Arc::new(ManualClock::new(plan.at));
    let stand_in = StandIn::new(site, settings);
    let account = stand_in.accounts().first().cloned();
    let court = stand_in
        .places()
        .iter()
        .find(|court| Some(&court.place) == plan.place.as_ref())
        .or(stand_in.places().first())
        .cloned();
    let (Some(account), Some(court), Some(mut application)) = (account, court, plan.application.clone())
    else {
        return Ok(());
    };
    let Some((_, range)) = court.rounds.get(1).copied() else { return Ok(()) };
    let server = StandInServer::start(stand_in, clock.clone()).await?;
    let client = Client::builder(server.site()?).clock(clock).build()?;
    let date = plan.at.date().plus_days(10);
    let wish = Wish { place: court.place, date, range, purpose: plan.purpose };
    // A discount is the real site's, and the stand-in's prices are not.
    application.discount = None;
    let booking = Booking::new(client, Credentials::new(account.id, account.password), wish, application);
    let report = booking.run(|_| {}).await;
    proof.stand_in = matches!(report.verdict, Verdict::Reserved { .. });
    if !proof.stand_in {
        proof
            .says
            .push(format!("a booking at a stand-in dressed by the file ended as: {:?}", report.verdict));
    }
    Ok(())
}
