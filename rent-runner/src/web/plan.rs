//! A booking that somebody is planning, as the address of a page.
//!
//! The steps of a new booking keep nothing on the server: what was chosen so far is the query of the address, so that the
//! back button, a second tab and a reload do what a person expects. A change of the plan is a form that is answered by
//! the address of the changed plan. The same plan edits a stored booking; it then has the booking's number, and when the
//! booking was last changed before somebody looked at it.

use namyangju_rent::schedule::Month;
use namyangju_rent::{Place, RentDate, SeoulTime, TimeRange, nfc};

use crate::bad_input::BadInput;
use crate::cli::{AskedPlace, Choice, OpensAt};
use crate::request::draft::Draft;
use crate::store::BookingId;

/// Where a booking is planned.
pub(super) const PATH: &str = "/bookings/new";

/// The most choices of a plan; groups of courts give more.
const MAX_CHOICES: usize = 24;

/// One choice, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PlannedChoice {
    pub(super) place: String,
    pub(super) date: String,
    pub(super) time: String,
}

impl PlannedChoice {
    /// As one text, which [`Self::of_text`] reads.
    pub(super) fn text(&self) -> String {
        format!("{} {} {}", self.place, self.date, self.time)
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut words = text.rsplitn(3, ' ');
        let (time, date, place) = (words.next()?, words.next()?, words.next()?);
        Some(Self { place: place.to_owned(), date: date.to_owned(), time: time.to_owned() })
    }

    /// The choice, if it is written as one.
    pub(super) fn choice(&self) -> Result<Choice, String> {
        Ok(Choice {
            place: self.place.parse::<AskedPlace>()?,
            date: self.date.parse::<RentDate>().map_err(|error| error.to_string())?,
            range: self.time.parse::<TimeRange>().map_err(|error| error.to_string())?,
        })
    }
}

/// How the opening is to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PlannedInstant {
    #[default]
    Rule,
    Given,
    Now,
    /// As it is stored; only of a booking that is edited.
    Keep,
}

impl PlannedInstant {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Rule, "rule"), (Self::Given, "given"), (Self::Now, "now"), (Self::Keep, "keep")];

    pub(super) fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or("rule", |(_, word)| word)
    }
}

/// The step that a plan has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlanStep {
    Court,
    Day,
    Time,
    Order,
}

/// A booking that somebody is planning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) account: String,
    pub(super) applicant: String,
    pub(super) choices: Vec<PlannedChoice>,
    pub(super) events: bool,
    pub(super) opening: PlannedInstant,
    /// As the browser's field for an instant gives it.
    pub(super) opens_at: String,
    pub(super) note: String,
    /// The booking that is edited.
    pub(super) edit: Option<BookingId>,
    /// When it was last changed before somebody looked at it, in microseconds.
    pub(super) seen: Option<i64>,
    /// The court of the next choice.
    pub(super) place: String,
    pub(super) month: Option<Month>,
    /// The day of the next choice.
    pub(super) date: Option<RentDate>,
    /// Another choice is wanted.
    pub(super) more: bool,
    /// What the courts are searched for.
    pub(super) search: String,
}

impl Plan {
    /// A plan of the query of an address, or of the fields of a form. What it does not know, it passes over.
    pub(super) fn of<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Self {
        let mut plan = Self::default();
        let mut typed: Vec<PlannedChoice> = Vec::new();
        for (name, value) in pairs {
            let value = nfc(value.trim());
            if value.contains('\0') {
                continue;
            }
            match name {
                "account" => plan.account = value,
                "applicant" => plan.applicant = value,
                "c" if plan.choices.len() < MAX_CHOICES => {
                    plan.choices.extend(PlannedChoice::of_text(&value));
                }
                "events" => plan.events = value == "1",
                "opening" => {
                    let known = PlannedInstant::ALL.into_iter().find(|(_, word)| *word == value);
                    plan.opening = known.map(|(opening, _)| opening).unwrap_or_default();
                }
                "opens_at" => plan.opens_at = value,
                "note" => plan.note = value,
                "edit" => plan.edit = value.parse().ok().map(BookingId),
                "seen" => plan.seen = value.parse().ok(),
                "place" => plan.place = value,
                "month" => plan.month = value.parse().ok(),
                "date" => plan.date = value.parse().ok(),
                "more" => plan.more = value == "1",
                "q" => plan.search = value,
                _ => type_in(&mut typed, name, value),
            }
        }
        let is_typed = |choice: &PlannedChoice| {
            ![&choice.place, &choice.date, &choice.time].iter().all(|t| t.is_empty())
        };
        plan.choices.extend(typed.into_iter().filter(is_typed));
        plan.choices.truncate(MAX_CHOICES);
        plan
    }

    pub(super) fn of_query(query: Option<&str>) -> Self {
        let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        Self::of(pairs.iter().map(|(name, value)| (&**name, &**value)))
    }

    /// Every field with something in it.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut fields: Vec<(&'static str, Option<String>)> =
            vec![("account", text(&self.account)), ("applicant", text(&self.applicant))];
        fields.extend(self.choices.iter().map(|choice| ("c", Some(choice.text()))));
        fields.extend([
            ("events", self.events.then(|| "1".to_owned())),
            ("opening", (self.opening != PlannedInstant::default()).then(|| self.opening.word().to_owned())),
            ("opens_at", text(&self.opens_at)),
            ("note", text(&self.note)),
            ("edit", self.edit.map(|id| id.to_string())),
            ("seen", self.seen.map(|seen| seen.to_string())),
            ("place", text(&self.place)),
            ("month", self.month.map(|month| month.to_string())),
            ("date", self.date.map(|date| date.to_string())),
            ("more", self.more.then(|| "1".to_owned())),
        ]);
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The same without one that the form has itself.
    pub(super) fn fields_without(&self, name: &str) -> Vec<(&'static str, String)> {
        let mut fields = self.fields();
        fields.retain(|(known, _)| *known != name);
        fields
    }

    /// The address of the plan.
    pub(super) fn href(&self) -> String {
        self.href_at(PATH)
    }

    pub(super) fn href_at(&self, path: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields()).finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    pub(super) fn step(&self) -> PlanStep {
        if self.place.is_empty() {
            if self.choices.is_empty() || self.more { PlanStep::Court } else { PlanStep::Order }
        } else if self.date.is_none() {
            PlanStep::Day
        } else {
            PlanStep::Time
        }
    }

    /// The plan with another court for the next choice.
    pub(super) fn at_court(&self, place: &Place) -> Self {
        Self { place: place.to_string(), date: None, ..self.clone() }
    }

    /// The plan without the choice that was begun.
    pub(super) fn settled(&self) -> Self {
        Self { place: String::new(), month: None, date: None, more: false, ..self.clone() }
    }

    /// When it opens, as it was asked for; `None` leaves the stored one.
    pub(super) fn opens_at(&self) -> Result<Option<OpensAt>, BadInput> {
        Ok(Some(match self.opening {
            PlannedInstant::Given => {
                // What a browser's own field for an instant gives: `2026-11-26T10:00`.
                let text = self.opens_at.replace('T', " ");
                let text = if text.len() == "2026-11-26 10:00".len() { format!("{text}:00") } else { text };
                OpensAt::Instant(text.parse::<SeoulTime>().map_err(BadInput::from)?)
            }
            PlannedInstant::Now => OpensAt::Now,
            PlannedInstant::Rule => OpensAt::Auto,
            PlannedInstant::Keep => return Ok(None),
        }))
    }

    /// The choices, the best first.
    pub(super) fn wanted(&self) -> Result<Vec<Choice>, BadInput> {
        let read = |(index, planned): (usize, &PlannedChoice)| {
            planned.choice().map_err(|why| BadInput(format!("{}: {why}", index + 1)))
        };
        self.choices.iter().enumerate().map(read).collect()
    }

    /// The booking that is planned.
    pub(super) fn draft(&self) -> Result<Draft, BadInput> {
        Ok(Draft {
            account: Some(self.account.clone()),
            applicant: Some(self.applicant.clone()),
            choices: self.wanted()?,
            events: self.events,
            opens_at: self.opens_at()?,
            note: Some(self.note.clone()),
            ..Draft::default()
        })
    }
}

/// Takes a field of a form in which each part of a choice is typed: `place1`, `date1`, `time1`.
fn type_in(typed: &mut Vec<PlannedChoice>, name: &str, value: String) {
    let part = ["place", "date", "time"].into_iter().find_map(|part| Some((part, name.strip_prefix(part)?)));
    let Some((part, Ok(number))) = part.map(|(part, number)| (part, number.parse::<usize>())) else { return };
    if !(1..=MAX_CHOICES).contains(&number) {
        return;
    }
    if typed.len() < number {
        typed.resize(number, PlannedChoice::default());
    }
    let Some(choice) = typed.get_mut(number - 1) else { return };
    match part {
        "place" => choice.place = value,
        "date" => choice.date = value,
        _ => choice.time = value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_comes_back_from_its_address() {
        let choice = |text: &str| PlannedChoice::of_text(text).unwrap();
        let plan = Plan {
            account: "me & you".to_owned(),
            applicant: "가나다클럽".to_owned(),
            choices: vec![
                choice("체육공원2호 1코트 2026-12-05 06:00-08:00"),
                choice("NYJ06/07/* 2026-12-05 08:00-10:00"),
            ],
            events: true,
            opening: PlannedInstant::Given,
            opens_at: "2026-11-26T10:00".to_owned(),
            note: "\"><b>".to_owned(),
            edit: Some(BookingId(3)),
            seen: Some(17),
            place: "NYJ06/07/103".to_owned(),
            month: "2026-12".parse().ok(),
            date: "2026-12-05".parse().ok(),
            more: true,
            search: String::new(),
        };
        let href = plan.href();
        let query = href.split_once('?').unwrap().1;
        assert_eq!(Plan::of_query(Some(query)), plan);
        assert_eq!(plan.choices[0].place, "체육공원2호 1코트");
        assert_eq!(plan.draft().unwrap().choices.len(), 2);
        assert_eq!(Plan::default().href(), PATH);
    }

    #[test]
    fn the_step_is_the_first_that_is_missing() {
        let step = |query: &str| Plan::of_query(Some(query)).step();
        assert_eq!(step(""), PlanStep::Court);
        assert_eq!(step("place=NYJ06/07/103"), PlanStep::Day);
        assert_eq!(step("place=NYJ06/07/103&date=2026-12-05"), PlanStep::Time);
        assert_eq!(step("c=NYJ06/07/103+2026-12-05+06:00-08:00"), PlanStep::Order);
        assert_eq!(step("c=NYJ06/07/103+2026-12-05+06:00-08:00&more=1"), PlanStep::Court);
    }

    #[test]
    fn typed_choices_are_taken_and_nonsense_is_passed_over() {
        let plan =
            Plan::of_query(Some("place2=b&date2=2026-12-06&time2=06:00-08:00&place1=a&date1=x&time1=y"));
        assert_eq!(plan.choices.len(), 2);
        assert_eq!((plan.choices[0].place.as_str(), plan.choices[1].place.as_str()), ("a", "b"));
        assert!(plan.draft().is_err());
        let nonsense =
            Plan::of_query(Some("place0=a&place99999999999=b&place25=c&c=x&edit=y&month=z&a%00=b&note=%00"));
        assert_eq!(nonsense, Plan::default());
        let many = "c=NYJ06/07/103+2026-12-05+06:00-08:00&".repeat(100);
        assert_eq!(Plan::of_query(Some(&many)).choices.len(), MAX_CHOICES);
    }
}
