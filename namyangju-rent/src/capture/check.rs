//! Whether the library understands a recorded visit, and would have sent what the browser sent.
//!
//! Nobody on this project has seen the live sites. A person's own recording of one visit shows whether a dialect is right
//! before the morning on which it has to be: each page is read by the client's own readers, and each form that the browser
//! sent is made again by the library from the same data and compared field by field.

use serde::Serialize;

use super::compare::{DifferenceKind, FieldDifference, compare, foreign_bytes};
use super::exchange::{CaptureExchange, SeenStep, base_of, exchanges};
use crate::error::Step;
use crate::har::{HarFile, SavedBody};
use crate::harness::{Capture, ReplayError, Told, choice_in, replay};
use crate::html::charset::FormFields;
use crate::outcome::Outcome;
use crate::pages::day::{Choice, DayPage};
use crate::pages::form::FormPage;
use crate::pages::reading::Reading;
use crate::site::Site;
use crate::site::dialect::FieldSource;
use crate::value::application::Application;
use crate::value::slot::Purpose;

/// How to save a file with cookies, for people.
pub const HOW_TO_SAVE_COOKIES: &str = "the file has no cookies. Chrome and Edge leave them out unless you allow it: in the \
     developer tools open Settings, Preferences, Network, tick \"Allow to generate HAR with sensitive data\", and save with \
     \"Export HAR (with sensitive data)\". Everything else is read without them";

/// What a capture tells of a dialect.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CheckReport {
    /// The dialect that it was held against.
    pub site: String,
    /// The base address of the capture; null if it holds no page.
    pub base_url: Option<String>,
    /// The program that wrote the file.
    pub recorded_by: Option<String>,
    /// How many entries the file has, of any site.
    pub entries: usize,
    /// Whether the file holds cookies.
    pub has_cookies: bool,
    /// The exchanges with the site, in the order of the visit; without style sheets, scripts and images.
    pub exchanges: Vec<CheckedExchange>,
    /// How many files (style sheets, scripts, images) of the site are in the capture.
    pub files: usize,
    /// What is to be said of the file as a whole, in sentences.
    #[cfg_attr(feature = "schema", schemars(extend("x-stability" = "wording")))]
    pub notes: Vec<String>,
}

/// One exchange of a capture, checked.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CheckedExchange {
    /// The entry of the file, counted from 1.
    pub entry: usize,
    /// The step of a booking that it is, by its address.
    pub step: SeenStep,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The status of its last hop.
    pub status: u16,
    /// How well it is understood.
    pub verdict: Understanding,
    /// What the library's reader makes of the answer.
    #[cfg_attr(feature = "schema", schemars(extend("x-stability" = "wording")))]
    pub says: String,
    /// Where the form that was sent differs from the library's.
    pub differences: Vec<FieldDifference>,
    /// The recorded length of the body, in bytes; null if the file does not tell.
    pub recorded_bytes: Option<u64>,
    /// Its length when the saved text is put back into the site's character set; null if it was not saved.
    pub made_bytes: Option<u64>,
}

/// How well an exchange is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Understanding {
    /// The answer is read, and the library would have sent the same.
    Understood,
    /// The answer is read, and what differs in the form makes no difference to a site.
    HarmlessDifferences,
    /// The answer was not saved, so only what was sent could be compared.
    NotSaved,
    /// The answer is read, and the form differs.
    Differences,
    /// The dialect does not know the page or its answer.
    Unknown,
}

impl std::fmt::Display for Understanding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Understood => "understood",
            Self::HarmlessDifferences => "harmless differences",
            Self::NotSaved => "body not saved",
            Self::Differences => "differences",
            Self::Unknown => "unknown",
        })
    }
}

impl CheckReport {
    /// Whether something was read, and nothing of it is unknown or differs.
    pub fn is_understood(&self) -> bool {
        let is = |verdicts: &[Understanding]| self.exchanges.iter().any(|e| verdicts.contains(&e.verdict));
        is(&[Understanding::Understood, Understanding::HarmlessDifferences])
            && !is(&[Understanding::Differences, Understanding::Unknown])
    }
}

/// Holds a capture against a dialect. The base address is the capture's own, so that a visit to a stand-in can be checked.
pub fn check(site: &Site, file: &HarFile) -> CheckReport {
    let base = base_of(file);
    let at_base = base.as_deref().and_then(|base| site.clone().with_base_url(base).ok());
    let mut report = CheckReport {
        site: site.name().to_owned(),
        base_url: base.clone(),
        recorded_by: file.creator.clone(),
        entries: file.entries.len(),
        has_cookies: file.has_cookies(),
        exchanges: Vec::new(),
        files: 0,
        notes: file.notes.clone(),
    };
    let Some(here) = at_base else {
        report.notes.push("the file holds no page of any site".to_owned());
        return report;
    };
    if here.base_url().origin() != site.base_url().origin() {
        report.notes.push(format!(
            "the capture is of {}, and the dialect is of {}",
            here.base_url().as_str().trim_end_matches('/'),
            site.base_url().as_str().trim_end_matches('/')
        ));
    }
    if !report.has_cookies {
        report.notes.push(HOW_TO_SAVE_COOKIES.to_owned());
    }
    let mut context = VisitContext::default();
    for exchange in exchanges(&here, file) {
        match exchange.step {
            SeenStep::File => report.files += 1,
            _ => report.exchanges.extend(checked(&here, &exchange, &mut context)),
        }
    }
    let known = report.exchanges.iter().filter(|e| e.step != SeenStep::Other).count();
    if known == 0 {
        report
            .notes
            .push(format!("no address of the capture is one that the dialect `{}` knows", site.name()));
    } else if !report.exchanges.iter().any(|e| e.step == SeenStep::Submit) {
        report.notes.push("no application was sent in this capture, so its answer is not seen".to_owned());
    }
    report
}

/// What the pages before an exchange told.
#[derive(Default)]
struct VisitContext {
    days: Vec<DayPage>,
    /// The page of the last applicant form: its exchange's capture.
    form: Option<Capture>,
}

fn checked(
    site: &Site,
    exchange: &CaptureExchange<'_>,
    context: &mut VisitContext,
) -> Option<CheckedExchange> {
    let (first, last) = (exchange.first()?, exchange.last()?);
    let made = last.body_bytes(site.charset()).map(|bytes| bytes.len() as u64);
    let mut this = CheckedExchange {
        entry: first.nth,
        step: exchange.step,
        method: first.method.clone(),
        path: first.url.path().to_owned(),
        status: last.status,
        verdict: Understanding::Understood,
        says: String::new(),
        differences: Vec::new(),
        recorded_bytes: last.size.filter(|size| *size > 0),
        made_bytes: made,
    };
    if let Some(sent) = exchange.sent(site) {
        this.differences = sent_differences(site, exchange, &sent, context);
        let text = first.sent_text().unwrap_or_default();
        this.differences.extend(foreign_bytes(&text, site.charset()));
    }
    let (read, says) = answer(site, exchange, context);
    this.says = says;
    this.verdict = match (read, this.differences.iter().any(|d| !d.harmless), this.differences.is_empty()) {
        (Some(false), ..) => Understanding::Unknown,
        (_, true, _) => Understanding::Differences,
        (None, ..) => Understanding::NotSaved,
        (Some(true), false, false) => Understanding::HarmlessDifferences,
        (Some(true), false, true) => Understanding::Understood,
    };
    if let (SavedBody::Text(text), Some(recorded), Some(made)) =
        (&last.body, this.recorded_bytes, this.made_bytes)
    {
        if recorded != made {
            this.says.push_str(&format!("; {made} bytes when encoded again, {recorded} were recorded"));
        }
        if text.contains('\u{FFFD}') {
            this.says.push_str("; the browser could not decode all of it");
        }
    }
    Some(this)
}

/// What the reader of the step makes of the answer: whether it is understood (`None`: it was not saved), and in words.
fn answer(site: &Site, exchange: &CaptureExchange<'_>, context: &mut VisitContext) -> (Option<bool>, String) {
    let Some(step) = exchange.step.read_as() else {
        return match exchange.step {
            SeenStep::Logout => (Some(true), "logged out".to_owned()),
            SeenStep::HumanCheck => (Some(true), "a human check: it is left to people".to_owned()),
            _ => (Some(false), "no address of the dialect".to_owned()),
        };
    };
    let Some(mut capture) = exchange.capture(site, step) else {
        return (None, "its body was not saved".to_owned());
    };
    if exchange.step == SeenStep::Message {
        return message(site, exchange);
    }
    if step == Step::Submit
        && let Some(choice) = exchange.sent(site).and_then(|sent| choice_in(&capture, site, &sent).ok())
    {
        capture.place = Some(choice.place);
        capture.date = Some(choice.date);
        capture.slots = choice.slots.iter().map(|slot| (slot.time_no, slot.range)).collect();
    }
    let told = match replay(site, &capture) {
        Ok(told) => told,
        Err(ReplayError::Redirected { to }) => {
            return (None, format!("it leads on to {to}, and that page is not in the file"));
        }
        Err(error) => return (Some(false), error.to_string()),
    };
    let says = match &told {
        Told::Calendar(calendar) => format!("a calendar of {} days", calendar.days.len()),
        Told::DayList(list) => format!("a day list of {} slots", list.slots.len()),
        Told::Menu(menu) => format!("menus: {} centres", menu.centres.len()),
        Told::Day(day) => format!("{} slots, {} can be chosen", day.rows.len(), day.free.len()),
        Told::Form { slots, names, .. } => {
            let ranges: Vec<String> = slots.iter().map(|slot| slot.range.to_string()).collect();
            format!("the form for {}, {} fields", ranges.join(", "), names.len())
        }
        Told::Outcome(Outcome::Unknown(_)) => "a page that the dialect does not describe".to_owned(),
        // Its number is the person's own.
        Told::Outcome(Outcome::Reserved(_)) => "reserved, with a receipt number".to_owned(),
        Told::Outcome(outcome) => outcome.to_string(),
        Told::LoggedIn(Some(true)) => "logged in".to_owned(),
        Told::LoggedIn(Some(false)) => "not logged in".to_owned(),
        Told::LoggedIn(None) => "it does not show whether somebody is logged in".to_owned(),
    };
    let understood = !matches!(&told, Told::Outcome(Outcome::Unknown(_)) | Told::LoggedIn(None));
    match told {
        Told::Day(day) => context.days.push(day),
        Told::Form { .. } => context.form = Some(capture),
        _ => {}
    }
    (Some(understood), says)
}

fn message(site: &Site, exchange: &CaptureExchange<'_>) -> (Option<bool>, String) {
    let Some(page) = exchange.page(site) else { return (None, "its body was not saved".to_owned()) };
    match Reading::new(site, &page).refusal(false) {
        Outcome::Unknown(_) => (Some(false), "a message that the dialect does not describe".to_owned()),
        outcome => (Some(true), outcome.to_string()),
    }
}

/// Where a form that was sent differs from the one that the library would have sent.
fn sent_differences(
    site: &Site,
    exchange: &CaptureExchange<'_>,
    sent: &FormFields,
    context: &VisitContext,
) -> Vec<FieldDifference> {
    let ours = match exchange.step {
        SeenStep::Login => Some(our_login(site, sent)),
        SeenStep::Form => our_day_post(site, sent, context),
        SeenStep::Submit => our_application(site, sent, context),
        _ => None,
    };
    match ours {
        Some(ours) => compare(sent, &ours),
        None if exchange.step == SeenStep::Submit => by_names(site, sent),
        None => Vec::new(),
    }
}

/// Where an application cannot be made again, because the page before it or a field is missing: the names alone.
fn by_names(site: &Site, sent: &FormFields) -> Vec<FieldDifference> {
    let known = &site.dialect.application.fields;
    let expected = known.iter().filter(|field| {
        let by_person = !matches!(field.from, FieldSource::Page | FieldSource::Men | FieldSource::Women);
        by_person || sent.first(&field.name).is_some()
    });
    let value = |name: &str| sent.first(name).unwrap_or("?").to_owned();
    let ours: FormFields = expected.map(|field| (field.name.clone(), value(&field.name))).collect();
    let mut found = compare(sent, &ours);
    found.retain(|difference| matches!(difference.kind, DifferenceKind::Extra | DifferenceKind::Missing));
    found
}

/// The login that the library would send, with the account and the password that were typed.
fn our_login(site: &Site, sent: &FormFields) -> FormFields {
    let fields = site.dialect.login.fields.iter().map(|field| {
        let typed = || sent.first(&field.name).unwrap_or_default();
        let value = if field.value.starts_with('{') { typed() } else { field.value.as_str() };
        (field.name.as_str(), value)
    });
    fields.collect()
}

/// The first POST that the library would send from the page of that day.
fn our_day_post(site: &Site, sent: &FormFields, context: &VisitContext) -> Option<FormFields> {
    let post = &site.dialect.day_post;
    let named = |template: &str| {
        let field = post.fields.iter().find(|field| field.value == template)?;
        sent.first(&field.name)
    };
    let numbers: Vec<_> = sent.all(&post.slot_field).filter_map(|text| text.parse().ok()).collect();
    let of_day = |day: &&DayPage| {
        named("{date}").is_none_or(|date| day.date.compact() == date)
            && named("{placecd}").is_none_or(|court| day.place.court.to_string() == court)
    };
    let day = context.days.iter().rev().find(of_day)?;
    let slots = day.free.iter().filter(|slot| numbers.contains(&slot.time_no)).copied().collect();
    let choice = Choice { place: day.place.clone(), date: day.date, slots };
    day.post(site, &choice).ok()
}

/// The application that the library would send from the page of that form, for the data that the browser sent.
fn our_application(site: &Site, sent: &FormFields, context: &VisitContext) -> Option<FormFields> {
    let form = context.form.as_ref()?;
    let choice = choice_in(&Capture::new(Step::Submit, "", ""), site, sent).ok()?;
    let page = form.page(site).ok()?;
    let reading = Reading::new(site, &page);
    let group = field_of(site, sent, |field| field.fallback.as_deref() == Some("{group}"));
    let purpose =
        if group == Some(site.dialect.codes.events.as_str()) { Purpose::Events } else { Purpose::Sports };
    let day = DayPage::of_slots(choice.place.clone(), choice.date, purpose, choice.slots.clone());
    let form = FormPage::read(site, &reading.document, &day, &choice)?.ok()?;
    let application = application_in(site, sent)?;
    Some(form.fill(site, &application).ok()?.fields)
}

fn field_of<'f>(
    site: &Site,
    sent: &'f FormFields,
    is: impl Fn(&crate::site::dialect::ApplicationField) -> bool,
) -> Option<&'f str> {
    let field = site.dialect.application.fields.iter().find(|field| is(field))?;
    let value = sent.iter().find(|(name, _)| *name == field.name)?;
    Some(value.1)
}

/// The application whose data a form holds; `None` if it lacks what every application has.
pub(crate) fn application_in(site: &Site, sent: &FormFields) -> Option<Application> {
    let text = |source: FieldSource| field_of(site, sent, |field| field.from == source);
    let some = |source| text(source).filter(|value| !value.trim().is_empty());
    let mut application = Application::new(
        text(FieldSource::Club)?,
        text(FieldSource::HeadCount)?.trim().parse().ok()?,
        text(FieldSource::EventName).unwrap_or_default(),
        text(FieldSource::Purpose).unwrap_or_default(),
    );
    application.applicant_name = some(FieldSource::Applicant).map(str::to_owned);
    application.telephone = some(FieldSource::Telephone).and_then(|phone| phone.parse().ok());
    application.mobile = some(FieldSource::Mobile).and_then(|phone| phone.parse().ok());
    application.men = some(FieldSource::Men).and_then(|count| count.parse().ok());
    application.women = some(FieldSource::Women).and_then(|count| count.parse().ok());
    application.discount = some(FieldSource::Discount).map(str::to_owned);
    Some(application)
}
