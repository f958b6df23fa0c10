//! A person with a browser, as far as a stand-in can tell: follows redirects, keeps cookies, sends forms as the page has
//! them. The stand-in records.

use std::collections::BTreeMap;
use std::time::Duration;

use scraper::{Html, Selector};
use url::Url;

use super::super::exchange::leads_to;
use crate::har::{HarEntry, HarFile, SavedBody};
use crate::harness::{Request, Settings, StandIn};
use crate::html::charset::FormFields;
use crate::html::controls::{Control, controls};
use crate::site::Site;
use crate::site::dialect::FieldSource;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::place::Place;
use crate::value::slot::Purpose;

/// What the person does beside the booking.
#[derive(Clone, Copy, Default)]
pub(crate) struct Detours {
    /// Asks for the day before it opens.
    pub(crate) too_early: bool,
    /// Opens the form without the day's page, as from an old tab.
    pub(crate) old_tab: bool,
    /// Mistypes the password once.
    pub(crate) mistyped: bool,
    /// Looks only, and sends no application.
    pub(crate) no_submission: bool,
    /// Somebody else takes the slot while the form is filled.
    pub(crate) rival: bool,
    /// Goes straight to the day: no home page, no lists.
    pub(crate) in_a_hurry: bool,
}

pub(crate) struct Person<'s> {
    stand_in: &'s mut StandIn,
    site: Site,
    cookies: BTreeMap<String, String>,
    now: SeoulTime,
    pub(crate) page: String,
}

impl<'s> Person<'s> {
    pub(crate) fn new(stand_in: &'s mut StandIn, base: &str, now: SeoulTime) -> Self {
        let site = stand_in.site(base).unwrap();
        stand_in.record();
        Self { stand_in, site, cookies: BTreeMap::new(), now, page: String::new() }
    }

    fn ask(&mut self, method: &str, url: &Url, body: Option<String>) {
        let (mut method, mut url, mut body) = (method.to_owned(), url.clone(), body);
        for _ in 0..5 {
            self.now = self.now.plus(Duration::from_millis(900));
            let host = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
            let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
            let mut request = Request::new(&method, &target)
                .with_header("host", &host)
                .with_header("user-agent", "Mozilla/5.0 (invented)")
                .with_header("accept-encoding", "gzip, deflate");
            if !self.cookies.is_empty() {
                let pairs: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
                request = request.with_header("cookie", &pairs.join("; "));
            }
            if let Some(body) = body.take() {
                request = request.with_header("content-type", "application/x-www-form-urlencoded");
                request.body = body.into_bytes();
            }
            let answer = self.stand_in.answer(&request, self.now);
            for line in answer.set_cookies() {
                let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
                match value.is_empty() {
                    true => self.cookies.remove(name),
                    false => self.cookies.insert(name.to_owned(), value.to_owned()),
                };
            }
            let entry: HarEntry = self.stand_in.recording().entries.pop().unwrap();
            if let SavedBody::Text(text) = &entry.body {
                self.page = text.clone();
            }
            let Some(to) = leads_to(&self.site, &entry) else { return };
            (method, url) = ("GET".to_owned(), to);
        }
    }

    pub(crate) fn get(&mut self, url: Url) {
        self.ask("GET", &url, None);
    }

    pub(crate) fn post(&mut self, url: &Url, fields: &FormFields) {
        let body = fields.encode(self.site.charset());
        self.ask("POST", url, Some(body));
    }

    /// Sends the form of the page at hand with the id, changed by `fill`.
    fn send(&mut self, id: &str, url: &Url, fill: impl Fn(&mut Control), more: &[(&str, &str)]) {
        let fields: FormFields = {
            let document = Html::parse_document(&self.page);
            let form = document.select(&Selector::parse(&format!("form#{id}")).unwrap()).next();
            let form = form.unwrap_or_else(|| panic!("no form {id} in {}", self.page));
            let mut all = controls(form);
            all.iter_mut().for_each(fill);
            let sent =
                all.into_iter().filter(|control| control.sent).map(|control| (control.name, control.value));
            let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            sent.chain(more).collect()
        };
        self.post(url, &fields);
    }
}

/// The court and the day of every recorded visit.
pub(crate) fn day_of(stand_in: &StandIn) -> (Place, RentDate) {
    (stand_in.places()[0].place.clone(), "2026-12-05".parse().unwrap())
}

/// Records one visit, from the home page to the receipt, on 2026-11-26 around ten.
pub(crate) fn visit(site: &Site, settings: Settings, base: &str, detours: Detours) -> HarFile {
    let mut settings = settings;
    if detours.too_early {
        settings.opening = Some("2026-11-26 10:00:00".parse().unwrap());
    }
    let mut stand_in = StandIn::new(site, settings);
    visited(&mut stand_in, base, detours);
    stand_in.recording()
}

/// The same on a stand-in of the caller's.
pub(crate) fn visited(stand_in: &mut StandIn, base: &str, detours: Detours) {
    let (place, date) = day_of(stand_in);
    let account = stand_in.accounts()[0].clone();
    let mut person = Person::new(stand_in, base, "2026-11-26 09:50:00".parse().unwrap());
    let site = person.site.clone();
    let (paths, codes) = (&site.dialect.paths, &site.dialect.codes);
    let named = |source| {
        let field = site.dialect.application.fields.iter().find(|field| field.from == source);
        field.map(|field| field.name.clone()).unwrap_or_default()
    };
    let login_name = |template: &str| {
        let field = site.dialect.login.fields.iter().find(|field| field.value == template).unwrap();
        field.name.clone()
    };

    if !detours.in_a_hurry {
        person.get(site.url(&paths.home));
    }
    person.get(site.base_url().join(&format!("{}/css/standin.css", site.dialect.address.prefix)).unwrap());
    let passwords = [detours.mistyped.then_some("wrong-one"), Some(account.password.as_str())];
    for password in passwords.into_iter().flatten() {
        person.get(site.url(&paths.login_page));
        let (id_name, password_name) = (login_name("{account}"), login_name("{password}"));
        let fill = |control: &mut Control| {
            if control.name == id_name {
                control.value = account.id.clone();
            } else if control.name == password_name {
                control.value = password.to_owned();
            }
        };
        person.send("login_form", &site.url(&paths.login), fill, &[("x", "31"), ("y", "7")]);
    }
    if !detours.in_a_hurry {
        person.get(site.schedule_url(&place, date, &codes.view_calendar));
        person.get(site.schedule_url(&place, date, &codes.view_day_list));
    }

    let day = site.day_url(&place, date, Purpose::Sports);
    let form_url = site.url(&paths.form);
    if detours.too_early {
        person.get(day.clone());
        person.now = "2026-11-26 10:00:00".parse().unwrap();
    }
    if detours.old_tab {
        // The form of a day that was open in a tab since before the login.
        let number = person.stand_in.places()[0].rounds[1].0;
        let page = crate::pages::day::DayPage::of_slots(place.clone(), date, Purpose::Sports, Vec::new());
        let slots = vec![crate::pages::day::Slot { time_no: number, range: "08:00-10:00".parse().unwrap() }];
        let choice = crate::pages::day::Choice { place: place.clone(), date, slots };
        let fields = page.post(&site, &choice).unwrap();
        person.post(&form_url, &fields);
    }
    person.get(day);
    let first_box =
        |control: &mut Control| control.sent |= control.id == "select_2" || control.id == "select_events_2";
    person.send("reservation_form", &form_url, first_box, &[]);
    if detours.no_submission {
        return;
    }
    let typed = [
        (named(FieldSource::Club), "가나다클럽"),
        (named(FieldSource::HeadCount), "4"),
        (named(FieldSource::EventName), "테니스"),
        (named(FieldSource::Purpose), "운동"),
    ];
    let fill = |control: &mut Control| {
        if let Some((_, value)) = typed.iter().find(|(name, _)| *name == control.name) {
            control.value = (*value).to_owned();
        }
    };
    if detours.rival {
        let range = person.stand_in.places()[0].rounds[1].1;
        person.stand_in.take(&place, date, range, "빠른클럽");
    }
    person.send("reservation_form", &site.url(&paths.submit), fill, &[]);
    if detours.in_a_hurry {
        return;
    }
    person.get(site.schedule_url(&place, date, &codes.view_day_list));
}
