//! The applicant form: read from its page, filled with an application, turned into the body that a
//! browser would send.
//!
//! The page's own order rules, for that is what a browser sends; the dialect's wire order says where
//! the fields go that the page lacks.

use std::fmt;

use scraper::Html;

use crate::html::charset::FormFields;
use crate::html::controls::{Control, ControlKind, controls, form_of};
use crate::pages::day::{Choice, DayPage};
use crate::pages::time_list::TimeList;
use crate::site::Site;
use crate::site::dialect::{ApplicationField, ApplicationPost, FieldSource};
use crate::value::application::{Application, ApplicationError};
use crate::value::money::Won;
use crate::value::place::shortened;
use crate::value::text::nfc;

/// The applicant form of a page, with what it was opened for.
#[derive(Clone)]
pub(crate) struct FormPage {
    controls: Vec<Control>,
    sale: Option<Won>,
    day: DayPage,
    choice: Choice,
}

/// The controls of the page's applicant form, with the names they have on the wire.
fn application_controls(site: &Site, document: &Html) -> Option<Vec<Control>> {
    let landmark = site.dialect.markers.application.select(document).next()?;
    let form = form_of(document, landmark).unwrap_or_else(|| document.root_element());
    let mut all = controls(form);
    for control in all.iter_mut().filter(|control| control.name.is_empty()) {
        // Scripts of the site know some fields by id alone; on the wire they have that name.
        let known = site.dialect.application.fields.iter().find(|f| bare(&f.name) == control.id);
        if let Some(field) = known {
            control.sent = control.kind != ControlKind::Tick;
            control.name = field.name.clone();
        }
    }
    Some(all)
}

/// What a browser would send of the page's applicant form as it stands.
#[cfg(feature = "harness")]
pub(crate) fn sent_fields(site: &Site, document: &Html) -> Option<FormFields> {
    let controls = application_controls(site, document)?;
    Some(controls.into_iter().filter(|c| c.sent).map(|c| (c.name, c.value)).collect())
}

/// A body ready to be sent, field by field.
#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) fields: FormFields,
    /// Whether the field at the same position is personal.
    private: Vec<bool>,
}

impl fmt::Debug for FormPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormPage({} controls)", self.controls.len())
    }
}

impl FormPage {
    /// Reads the form; `None` if the page has none.
    ///
    /// # Errors
    /// What is wrong with it, if it is the form of other slots.
    pub(crate) fn read(
        site: &Site,
        document: &Html,
        day: &DayPage,
        choice: &Choice,
    ) -> Option<Result<Self, String>> {
        let controls = application_controls(site, document)?;
        let sale = site
            .dialect
            .markers
            .sale_amount
            .select(document)
            .find_map(|element| element.attr("value")?.parse().ok());
        let page = Self { controls, sale, day: day.clone(), choice: choice.clone() };
        Some(page.agrees(&site.dialect.application).map(|()| page))
    }

    /// Whether the form speaks of the slots it was opened for.
    fn agrees(&self, post: &ApplicationPost) -> Result<(), String> {
        for field in &post.fields {
            let values: Vec<&str> = self.values(&field.name).collect();
            match field.from {
                FieldSource::Slots if !values.is_empty() => {
                    let ours: Vec<String> = self.choice.slots.iter().map(|s| s.time_no.to_string()).collect();
                    let mut theirs: Vec<&str> = values.iter().map(|v| v.trim()).collect();
                    let mut sorted: Vec<&str> = ours.iter().map(String::as_str).collect();
                    theirs.sort_unstable();
                    sorted.sort_unstable();
                    if theirs != sorted {
                        let theirs = shortened(&values.join(", "));
                        return Err(format!("its `{}` is {theirs}, not {}", field.name, ours.join(", ")));
                    }
                }
                FieldSource::TimeList if post.check_time_list => {
                    for value in values.iter().filter(|value| !value.trim().is_empty()) {
                        let list: TimeList =
                            value.parse().map_err(|error| format!("its `{}`: {error}", field.name))?;
                        list.agrees(&self.choice)
                            .map_err(|error| format!("its `{}`: {error}", field.name))?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The values a browser would send for a name as the page stands.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.controls.iter().filter(move |c| c.sent && c.name == name).map(|c| c.value.as_str())
    }

    /// The name of the account's member, as the page has it before it is filled.
    pub(crate) fn member(&self, post: &ApplicationPost) -> Option<&str> {
        let field = post.fields.iter().find(|field| field.from == FieldSource::Applicant)?;
        let control = self.controls.iter().find(|c| c.sent && c.name == field.name)?;
        Some(control.value.trim()).filter(|name| !name.is_empty())
    }

    /// The hire price, where the page tells.
    #[cfg(feature = "harness")]
    pub(crate) fn sale(&self) -> Option<Won> {
        self.sale
    }

    /// The codes and labels of the discount groups offered.
    pub(crate) fn discounts(&self, post: &ApplicationPost) -> Vec<(String, String)> {
        post.fields
            .iter()
            .filter(|field| field.from == FieldSource::Discount)
            .flat_map(|field| self.controls.iter().filter(move |c| c.name == field.name))
            .flat_map(|control| control.options.iter().cloned())
            .collect()
    }

    /// The amount to pay for an application, where the page tells.
    pub(crate) fn payment(
        &self,
        post: &ApplicationPost,
        application: &Application,
    ) -> Result<Option<Won>, ApplicationError> {
        let text = match self.discounted(post, application)? {
            Some(won) => return Ok(Some(won)),
            None => post
                .fields
                .iter()
                .find(|f| f.from == FieldSource::Payment)
                .and_then(|f| self.values(&f.name).next()),
        };
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// The payment that a discount other than the page's own leads to.
    fn discounted(
        &self,
        post: &ApplicationPost,
        application: &Application,
    ) -> Result<Option<Won>, ApplicationError> {
        let Some(code) = &application.discount else { return Ok(None) };
        let field = post.fields.iter().find(|field| field.from == FieldSource::Discount);
        if field.is_some_and(|field| {
            self.values(&field.name).all(|value| value == code) && self.values(&field.name).next().is_some()
        }) {
            return Ok(None);
        }
        let offered = self.discounts(post);
        if offered.iter().all(|(value, _)| value != code) {
            let offered = offered
                .iter()
                .map(|(value, label)| format!("{value} ({label})"))
                .collect::<Vec<_>>()
                .join(", ");
            let offered = if offered.is_empty() { "none".to_owned() } else { offered };
            return Err(ApplicationError::NoSuchDiscount { code: code.clone(), offered });
        }
        let percent = post.discounts.iter().find(|known| known.code == *code).map(|known| known.percent);
        match (percent, self.sale) {
            (Some(percent), Some(sale)) => Ok(Some(sale.less_percent(percent))),
            _ => Err(ApplicationError::UnknownDiscount(code.clone())),
        }
    }

    /// The body of the submission.
    ///
    /// # Errors
    /// [`ApplicationError`] with the field's name if the site would refuse it.
    pub(crate) fn fill(&self, site: &Site, application: &Application) -> Result<Body, ApplicationError> {
        let post = &site.dialect.application;
        let mut entries: Vec<BodyField> = Vec::new();
        // What the page holds, in the page's order, with our values in the fields that are ours.
        for control in &self.controls {
            let Some(field) = post.fields.iter().find(|field| field.name == control.name) else {
                let unwanted = !control.sent
                    || !post.extra_fields
                    || post.not_sent.iter().any(|name| *name == control.name || *name == control.id);
                if !unwanted {
                    // An unknown field may hold personal data.
                    entries.push(BodyField::new(control.name.clone(), control.value.clone(), true));
                }
                continue;
            };
            if control.sent {
                let value =
                    self.own_value(post, field, application)?.unwrap_or_else(|| control.value.clone());
                entries.push(BodyField::new(field.name.clone(), value, field.from.is_private()));
            }
        }
        // What the page lacks, where the wire order has it.
        for (index, field) in post.fields.iter().enumerate() {
            if entries.iter().any(|entry| entry.name == field.name) || self.is_switched_off(field) {
                continue;
            }
            let values = match field.from {
                FieldSource::Slots => self.choice.slots.iter().map(|slot| slot.time_no.to_string()).collect(),
                _ => match self.own_value(post, field, application)? {
                    Some(value) => vec![value],
                    None => field.fallback.iter().map(|template| self.day.expand(site, template)).collect(),
                },
            };
            let before = post.fields.get(..index).unwrap_or_default();
            let at = before
                .iter()
                .rev()
                .find_map(|earlier| entries.iter().rposition(|entry| entry.name == earlier.name))
                .map_or(0, |position| position + 1);
            let new = values
                .into_iter()
                .map(|value| BodyField::new(field.name.clone(), value, field.from.is_private()));
            entries.splice(at..at, new);
        }
        self.demand(post, &entries)?;
        let private = entries.iter().map(|entry| entry.private).collect();
        Ok(Body { fields: entries.into_iter().map(|entry| (entry.name, entry.value)).collect(), private })
    }

    /// A field that the page has and that a browser would not send as it stands.
    fn is_switched_off(&self, field: &ApplicationField) -> bool {
        field.from == FieldSource::Page && self.controls.iter().any(|c| c.name == field.name && !c.sent)
    }

    /// Our value for a field; `None` leaves it to the page.
    fn own_value(
        &self,
        post: &ApplicationPost,
        field: &ApplicationField,
        application: &Application,
    ) -> Result<Option<String>, ApplicationError> {
        let count = |count: Option<u16>| count.map(|n| n.to_string());
        let phone = |phone: &Option<crate::value::application::Phone>| match phone {
            Some(phone) => Some(phone.to_wire()),
            None => self.joined(field),
        };
        let value = match field.from {
            FieldSource::Page | FieldSource::Slots | FieldSource::TimeList => None,
            FieldSource::Discount => application.discount.clone(),
            FieldSource::Payment => self.discounted(post, application)?.map(Won::with_comma),
            FieldSource::Applicant => application.applicant_name.clone(),
            FieldSource::Club => Some(application.club_name.clone()),
            FieldSource::Telephone => phone(&application.telephone),
            FieldSource::Mobile => phone(&application.mobile),
            FieldSource::HeadCount => Some(application.head_count.to_string()),
            FieldSource::Men => count(application.men),
            FieldSource::Women => count(application.women),
            FieldSource::EventName => Some(application.event_name.clone()),
            FieldSource::Purpose => Some(application.purpose.clone()),
        };
        // The fields of an application are public: one that was set by hand may be decomposed.
        Ok(value.map(|value| nfc(&value)))
    }

    /// The parts of a number joined by `-`, as the page's script does it: empty parts give `--`.
    fn joined(&self, field: &ApplicationField) -> Option<String> {
        let part = |name: &String| self.controls.iter().find(|c| c.id == *name || c.name == *name);
        if !field.parts.iter().any(|name| part(name).is_some()) {
            return None;
        }
        let parts: Vec<&str> =
            field.parts.iter().map(|name| part(name).map(|c| c.value.trim()).unwrap_or_default()).collect();
        Some(parts.join("-"))
    }

    /// The texts that the site demands (protocol.md 6, 7).
    fn demand(&self, post: &ApplicationPost, entries: &[BodyField]) -> Result<(), ApplicationError> {
        for field in &post.fields {
            let demanded = matches!(
                field.from,
                FieldSource::Applicant | FieldSource::Club | FieldSource::EventName | FieldSource::Purpose
            );
            let given =
                entries.iter().any(|entry| entry.name == field.name && !entry.value.trim().is_empty());
            if demanded && !given {
                return Err(ApplicationError::Empty(field.name.clone()));
            }
        }
        if self.choice.slots.is_empty() {
            return Err(ApplicationError::NoSlot);
        }
        Ok(())
    }
}

impl FieldSource {
    fn is_private(self) -> bool {
        matches!(self, Self::Applicant | Self::Club | Self::Telephone | Self::Mobile)
    }
}

struct BodyField {
    name: String,
    value: String,
    private: bool,
}

impl BodyField {
    fn new(name: String, value: String, private: bool) -> Self {
        Self { name, value, private }
    }
}

impl Body {
    /// The fields with the personal ones masked.
    pub(crate) fn masked(&self) -> Vec<(String, String)> {
        self.fields
            .iter()
            .zip(&self.private)
            .map(|((name, value), private)| {
                let shown = if *private && !value.is_empty() { "***" } else { value };
                (name.to_owned(), shown.to_owned())
            })
            .collect()
    }
}

/// A field's name without the brackets of a repeated one: what its id would be.
fn bare(name: &str) -> &str {
    name.strip_suffix("[]").unwrap_or(name)
}
