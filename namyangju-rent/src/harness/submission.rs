//! The applicant form, the submission and the landing page (protocol.md 4.5, 6 and 7).

use super::account::Account;
use super::courts::Court;
use super::pages::{self, FormPageParts, View};
use super::settings::{Gate, RefusalStyle, SubmitSuccess, Taken, Trace};
use super::stand_in::{Booked, Reply, SlotHolder, StandIn};
use super::steps::{notice, refresh};
use super::texts::known;
use super::visit::{OpenVisit, entry};
use super::wire::Request;
use crate::html::charset::FormFields;
use crate::site::dialect::FieldSource;
use crate::value::date::RentDate;
use crate::value::money::Won;
use crate::value::place::Place;
use crate::value::slot::{TimeNo, TimeRange};

/// The longest texts taken; the sites' own limits are unknown.
const MAX_NAME: usize = 50;
const MAX_REASON: usize = 200;

/// What a visitor has chosen: slots of one court on one day, in time order.
struct ChosenSlots<'a> {
    court: &'a Court,
    date: RentDate,
    slots: Vec<(TimeNo, TimeRange)>,
}

impl ChosenSlots<'_> {
    fn hours(&self) -> f64 {
        self.slots.iter().map(|(_, range)| f64::from(range.minutes()) / 60.0).sum()
    }

    fn price(&self) -> Won {
        let rounds = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        Won(self.court.price(self.date).0.saturating_mul(rounds))
    }

    /// What the session remembers of the visit to the form.
    fn trace(&self) -> String {
        let numbers: Vec<String> = self.slots.iter().map(|(number, _)| number.to_string()).collect();
        format!("{};{};{}", self.court.place, self.date.compact(), numbers.join(","))
    }
}

/// Why a choice or an application is not taken.
enum Rejection {
    /// One text for each wrong field, as the framework shows them.
    Fields(Vec<String>),
    /// One text on the error page.
    Text(String),
    Missing,
}

/// Why there is no applicant form.
enum NoForm {
    /// This answer says why.
    Reply(Reply),
    /// Somebody else has the slot.
    Taken,
    /// The day page comes first.
    DayNotSeen,
}

impl StandIn {
    fn show_rejection(&self, visit: &OpenVisit, rejection: Rejection) -> Reply {
        match rejection {
            Rejection::Fields(texts) => Reply::page(pages::message_page(&self.view(visit), &texts)),
            Rejection::Text(text) => self.refuse(visit, &text),
            Rejection::Missing => self.missing(visit),
        }
    }

    fn account_of(&self, visit: &OpenVisit) -> Option<&Account> {
        let id = visit.account_id()?;
        self.settings.accounts.iter().find(|account| account.id == id)
    }

    /// The first POST: from the day page to the applicant form.
    pub(super) fn form(&mut self, request: &Request, visit: &mut OpenVisit) -> Reply {
        if self.account_of(visit).is_none() {
            return self.refuse_anonymous(visit);
        }
        let fields = self.fields_of(request);
        let trace = match self.form_choice(&fields, visit) {
            Ok(choice) => choice.trace(),
            Err(NoForm::Reply(reply)) => return reply,
            Err(NoForm::Taken) => return self.slot_taken(visit),
            Err(NoForm::DayNotSeen) => return self.trace_missing(visit),
        };
        self.keep(visit, entry::TRACE, Some(&trace));
        let (Ok(choice), Some(account)) = (self.form_choice(&fields, visit), self.account_of(visit)) else {
            return self.missing(visit);
        };
        let group = self.day_field(&fields, "{group}").unwrap_or_default();
        let page = FormPageParts {
            court: choice.court,
            date: choice.date,
            purpose: self.purpose_of(group),
            slots: &choice.slots,
            account,
            sale: choice.price(),
        };
        let view = View { month: choice.date, ..self.view(visit) };
        Reply::page(pages::applicant_form(&view, &page))
    }

    /// The field of the first POST that has this template in the dialect.
    fn day_field<'f>(&'f self, fields: &'f FormFields, template: &str) -> Option<&'f str> {
        let named = self.site.dialect.day_post.fields.iter().find(|field| field.value == template)?;
        fields.first(&named.name)
    }

    /// The choice of a form POST, or why there is no form for it.
    fn form_choice(&self, fields: &FormFields, visit: &OpenVisit) -> Result<ChosenSlots<'_>, NoForm> {
        let slot_field = &self.site.dialect.day_post.slot_field;
        let numbers: Vec<&str> = fields.all(slot_field).filter(|number| !number.is_empty()).collect();
        let refused = |rejection| NoForm::Reply(self.show_rejection(visit, rejection));
        if numbers.is_empty() {
            return Err(refused(Rejection::Fields(vec![known::required(&self.settings.texts.slots_label)])));
        }
        let field = |template: &str| self.day_field(fields, template).unwrap_or_default();
        let date = RentDate::from_compact(field("{date}")).ok_or_else(|| refused(Rejection::Missing))?;
        let place = self
            .place_of(field("{comcd}"), field("{partcd}"), Some(field("{placecd}")))
            .ok_or_else(|| refused(Rejection::Missing))?;
        // The same day in parts must be the same day, however often it is there (4.5 rows 3-5 and 12).
        let parts = [
            ("{year}", format!("{:04}", date.year())),
            ("{month}", format!("{:02}", date.month())),
            ("{day}", format!("{:02}", date.day())),
        ];
        for named in &self.site.dialect.day_post.fields {
            let part = parts.iter().find(|(template, _)| *template == named.value);
            if part.is_some_and(|(_, value)| fields.first(&named.name).is_some_and(|sent| sent != value)) {
                return Err(refused(Rejection::Text(self.settings.texts.contradiction.clone())));
            }
        }
        let choice = self.choice(&place, date, &numbers).map_err(refused)?;
        let past = choice.slots.iter().any(|(_, range)| date.at(range.start()) <= visit.site_time);
        let closed = self.settings.gate != Gate::Submit && !self.is_open(date, visit.site_time);
        if past || closed {
            return Err(NoForm::Reply(self.not_open(visit)));
        }
        let day = format!("{place};{date}");
        if self.settings.form_needs_day && visit.session.get(entry::DAY) != Some(&day) {
            return Err(NoForm::DayNotSeen);
        }
        if self.check_is_due(&place, visit) {
            return Err(NoForm::Reply(self.refuse(visit, known::CHECK_NEEDED)));
        }
        if self.any_taken(&choice) {
            return Err(NoForm::Taken);
        }
        Ok(choice)
    }

    /// The slots of these numbers: of this court, one run, within its limits.
    fn choice(&self, place: &Place, date: RentDate, numbers: &[&str]) -> Result<ChosenSlots<'_>, Rejection> {
        let wrong = || Rejection::Text(self.settings.texts.wrong_slots.clone());
        let court = self.court(place).ok_or(Rejection::Missing)?;
        let mut slots = Vec::new();
        for number in numbers {
            let number: TimeNo = number
                .parse()
                .map_err(|_| Rejection::Fields(vec![known::numeric(&self.settings.texts.slots_label)]))?;
            slots.push((number, court.range_of(number).ok_or_else(wrong)?));
        }
        slots.sort_by_key(|(_, range)| range.start());
        let run = slots.iter().zip(slots.iter().skip(1)).all(|((_, a), (_, b))| a.end() == b.start());
        if !run {
            return Err(wrong());
        }
        let choice = ChosenSlots { court, date, slots };
        if choice.hours() > f64::from(self.settings.max_hours) {
            return Err(Rejection::Text(known::OVER_MAXIMUM.to_owned()));
        }
        if choice.hours() < f64::from(self.settings.min_hours) {
            return Err(Rejection::Text(known::under_minimum(self.settings.min_hours)));
        }
        Ok(choice)
    }

    fn any_taken(&self, choice: &ChosenSlots<'_>) -> bool {
        let place = &choice.court.place;
        choice.slots.iter().any(|(number, _)| self.holder(place, choice.date, *number).is_some())
    }

    fn slot_taken(&self, visit: &mut OpenVisit) -> Reply {
        let text = &self.settings.texts.taken;
        let style = match self.settings.taken {
            Taken::Page { bytes } => {
                let charset = self.site.charset();
                return Reply::page(pages::taken_page(&self.view(visit), text, bytes, charset));
            }
            Taken::Redirect => RefusalStyle::Redirect,
            Taken::Alert => RefusalStyle::Alert,
        };
        self.refuse_in(visit, style, text, notice::TAKEN)
    }

    /// The visit before this one is missing.
    fn trace_missing(&self, visit: &mut OpenVisit) -> Reply {
        let text = &self.settings.texts.trace_missing;
        self.refuse_in(visit, self.settings.trace_refusal, text, notice::TRACE)
    }

    /// The name of the application's field with this source.
    fn name_of(&self, source: FieldSource) -> Option<&str> {
        let fields = &self.site.dialect.application.fields;
        fields.iter().find(|field| field.from == source).map(|field| field.name.as_str())
    }

    /// The name of the application's field that falls back to this template.
    fn name_for<'s>(&'s self, template: &str, otherwise: &'s str) -> &'s str {
        let fields = &self.site.dialect.application.fields;
        let named = fields.iter().find(|field| field.fallback.as_deref() == Some(template));
        named.map_or(otherwise, |field| field.name.as_str())
    }

    /// The second POST: the application itself.
    pub(super) fn submit(&mut self, request: &Request, visit: &mut OpenVisit) -> Reply {
        let Some(account) = self.account_of(visit).map(|account| account.id.clone()) else {
            return self.refuse_anonymous(visit);
        };
        let fields = self.fields_of(request);
        let choice = match self.application(&fields) {
            Ok(choice) => choice,
            Err(rejection) => return self.show_rejection(visit, rejection),
        };
        let (place, date) = (choice.court.place.clone(), choice.date);
        if self.check_is_due(&place, visit) {
            return self.refuse(visit, known::CHECK_NEEDED);
        }
        let past = choice.slots.iter().any(|(_, range)| date.at(range.start()) <= visit.site_time);
        if past || !self.is_open(date, visit.site_time) {
            return self.not_open(visit);
        }
        let visited = visit.session.get(entry::TRACE);
        let traced = match self.settings.trace {
            Trace::SameSlots => visited == Some(&choice.trace()),
            Trace::AnyForm => visited.is_some(),
            Trace::Off => true,
        };
        if !traced {
            return self.trace_missing(visit);
        }
        if self.any_taken(&choice) {
            return self.slot_taken(visit);
        }
        let on_that_day = self.bookings.iter().filter(|b| b.account == account && b.date == date).count();
        if let Some(most) = self.settings.daily_limit.filter(|most| on_that_day >= usize::from(*most)) {
            return self.refuse(visit, &known::daily_limit(most));
        }
        let slots = choice.slots;
        let text = |source| self.name_of(source).and_then(|name| fields.first(name)).unwrap_or_default();
        let holder = SlotHolder {
            event: text(FieldSource::EventName).to_owned(),
            group: text(FieldSource::Club).to_owned(),
            member: self.settings.accounts.iter().find(|a| a.id == account).map(|a| a.name.clone()),
        };
        for (number, _) in &slots {
            self.hold(&place, date, *number, holder.clone());
        }
        self.last_receipt += 1 + self.seeded.below(9);
        let receipt = self.last_receipt.to_string();
        let at = visit.site_time;
        self.bookings.push(Booked { at, receipt: receipt.clone(), account, place, date, slots, fields });
        if visit.session.get(entry::TRACE).is_some() {
            self.keep(visit, entry::TRACE, None);
        }
        let landing = format!("{}{}/{receipt}", visit.site.printed_base(), self.settings.landing_path);
        match self.settings.submit_success {
            SubmitSuccess::Redirect => Reply::redirect(landing),
            SubmitSuccess::Script => Reply::page(pages::moved_page(&self.view(visit), &landing)),
            SubmitSuccess::Refresh => refresh(&landing),
        }
    }

    /// Checks the application's fields and reads its choice.
    fn application(&self, fields: &FormFields) -> Result<ChosenSlots<'_>, Rejection> {
        let texts = &self.settings.texts;
        let slot_name = self.name_of(FieldSource::Slots).unwrap_or_default();
        let numbers: Vec<&str> = fields.all(slot_name).filter(|number| !number.is_empty()).collect();
        let mut wrong = Vec::new();
        if numbers.is_empty() {
            wrong.push(known::required(&texts.slots_label));
        }
        let names = [
            self.name_for("{date}", "receipt_date"),
            self.name_for("{comcd}", "comcd"),
            self.name_for("{partcd}", "part_cd"),
            self.name_for("{placecd}", "place_cd"),
        ];
        let [date, centre, group, court] = names.map(|name| {
            let value = fields.first(name).unwrap_or_default();
            if value.is_empty() {
                wrong.push(known::required(texts.label(name)));
            }
            value
        });
        if !date.is_empty() && date.len() != 8 {
            wrong.push(known::exact_length(texts.label("receipt_date"), 8));
        } else if !date.bytes().all(|b| b.is_ascii_digit()) {
            wrong.push(known::numeric(texts.label("receipt_date")));
        }
        self.check_texts(fields, &mut wrong);
        if !wrong.is_empty() {
            return Err(Rejection::Fields(wrong));
        }
        let date = RentDate::from_compact(date).ok_or(Rejection::Missing)?;
        let place = self.place_of(centre, group, Some(court)).ok_or(Rejection::Missing)?;
        let choice = self.choice(&place, date, &numbers)?;
        let sent = |source| self.name_of(source).and_then(|name| fields.first(name));
        if self.settings.check_time_list
            && let Some(list) = sent(FieldSource::TimeList)
            && list != pages::time_list(choice.court, date, &choice.slots)
        {
            return Err(Rejection::Text(texts.contradiction.clone()));
        }
        if self.settings.check_amount && !self.amount_is_right(fields, &choice) {
            return Err(Rejection::Text(texts.wrong_amount.clone()));
        }
        Ok(choice)
    }

    /// The texts of a person, checked as the framework checks them (protocol.md 7.1).
    fn check_texts(&self, fields: &FormFields, wrong: &mut Vec<String>) {
        let texts = &self.settings.texts;
        let application = &self.site.dialect.application.fields;
        for field in application {
            let value = fields.first(&field.name).unwrap_or_default().trim();
            let label = texts.label(&field.name);
            let (required, numeric, longest) = match field.from {
                FieldSource::Applicant | FieldSource::Club | FieldSource::EventName => {
                    (true, false, MAX_NAME)
                }
                FieldSource::Purpose => (true, false, MAX_REASON),
                FieldSource::Mobile => (true, false, MAX_NAME),
                FieldSource::HeadCount => (true, true, MAX_NAME),
                FieldSource::Men | FieldSource::Women => (false, true, MAX_NAME),
                _ => continue,
            };
            // Parts that are all empty give a text of joints only.
            if value.chars().all(|c| c == '-') {
                if required {
                    wrong.push(known::required(label));
                }
            } else if numeric && !value.bytes().all(|b| b.is_ascii_digit()) {
                wrong.push(known::numeric(label));
            } else if value.chars().count() > longest {
                wrong.push(known::max_length(label, longest));
            }
        }
    }

    fn amount_is_right(&self, fields: &FormFields, choice: &ChosenSlots<'_>) -> bool {
        let sent = |source| self.name_of(source).and_then(|name| fields.first(name));
        let code = sent(FieldSource::Discount).unwrap_or_default();
        let discounts = &self.site.dialect.application.discounts;
        let percent = discounts.iter().find(|discount| discount.code == code).map_or(0, |d| d.percent);
        let pays = sent(FieldSource::Payment).and_then(|text| text.parse::<Won>().ok());
        let sale = fields.first("sale_amt").and_then(|text| text.parse::<Won>().ok());
        pays == Some(choice.price().less_percent(percent)) && sale == Some(choice.price())
    }

    /// The landing page of a receipt, for the account that has it.
    pub(super) fn landing(&self, path: &str, visit: &OpenVisit) -> Option<Reply> {
        let number = path.strip_prefix(self.settings.landing_path.as_str())?.strip_prefix('/')?;
        let booked = self.bookings.iter().find(|booked| booked.receipt == number)?;
        if visit.account_id() != Some(&booked.account) {
            return Some(self.refuse_anonymous(visit));
        }
        let heading = &self.settings.texts.received;
        Some(Reply::page(pages::receipt_page(&self.view(visit), heading, booked)))
    }
}
