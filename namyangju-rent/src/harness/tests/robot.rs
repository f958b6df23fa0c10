//! A visitor for tests: keeps the last cookie, reads forms as a browser would.

use std::time::Duration;

use scraper::{Html, Selector};

use crate::harness::{Answer, ClockCookie, Request, Settings, StandIn};
use crate::html::charset::FormFields;
use crate::site::Site;
use crate::value::date::SeoulTime;
use crate::{Place, RentDate};

pub(crate) const PLACE: &str = "NYJ06/07/103";
pub(crate) const DATE: &str = "2026-12-05";
pub(crate) const NOW: &str = "2026-11-26 10:00:00";

pub(crate) struct Robot {
    pub(crate) stand_in: StandIn,
    pub(crate) now: SeoulTime,
    pub(crate) cookie: Option<String>,
    pub(crate) agent: &'static str,
}

impl Robot {
    pub(crate) fn new(settings: Settings) -> Self {
        Self::at("namyangju", settings)
    }

    pub(crate) fn at(city: &str, settings: Settings) -> Self {
        Self {
            stand_in: StandIn::new(&Site::builtin(city).unwrap(), settings),
            now: NOW.parse().unwrap(),
            cookie: None,
            agent: "stand-in tests",
        }
    }

    pub(crate) fn logged_in(settings: Settings) -> Self {
        let mut robot = Self::new(settings);
        robot.log_in();
        robot
    }

    pub(crate) fn later(&mut self, seconds: u64) -> &mut Self {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self
    }

    pub(crate) fn send(&mut self, request: Request) -> Answer {
        let mut request = request.with_header("user-agent", self.agent);
        if let Some(cookie) = &self.cookie {
            request = request.with_header("cookie", cookie);
        }
        let answer = self.stand_in.answer(&request, self.now);
        // The cookie that tells the time is no session.
        let clock = format!("{}=", ClockCookie::NAME);
        if let Some(line) = answer.set_cookies().iter().rfind(|line| !line.starts_with(&clock)) {
            let pair = line.split(';').next().unwrap();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        answer
    }

    pub(crate) fn get(&mut self, url: &str) -> Answer {
        self.send(Request::get(url))
    }

    pub(crate) fn site(&self) -> Site {
        self.stand_in.site.clone()
    }

    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.stand_in.site.dialect.address.prefix)
    }

    pub(crate) fn log_in(&mut self) -> Answer {
        let (path, body) =
            (self.path("/member/process"), "process_check=login&memid=tester1&mempw=invented-1&ret_url=");
        self.send(Request::post(&path, body))
    }

    pub(crate) fn day(&mut self, place: &str) -> Answer {
        let (place, date): (Place, RentDate) = (place.parse().unwrap(), DATE.parse().unwrap());
        let url = self.site().day_url(&place, date, crate::Purpose::Sports);
        self.get(url.path())
    }

    pub(crate) fn post(&mut self, path: &str, fields: &FormFields) -> Answer {
        let body = fields.encode(self.stand_in.site.charset());
        self.send(Request::post(path, body))
    }

    /// The day's page, its boxes of these rounds ticked, and the applicant form for them.
    pub(crate) fn form(&mut self, place: &str, rounds: &[usize]) -> Answer {
        let day = self.day(place);
        let (action, mut fields) = self.read_form(&day);
        let page = Html::parse_document(&self.text(&day));
        for round in rounds {
            let selector = Selector::parse(&format!("input.select_check#select_{round}")).unwrap();
            let input = page.select(&selector).next().expect("the round is free");
            fields.push(input.attr("name").unwrap(), input.attr("value").unwrap());
        }
        self.post(&action, &fields)
    }

    pub(crate) fn text(&self, answer: &Answer) -> String {
        self.stand_in.site.charset().decode(&answer.body).into_owned()
    }

    /// The action and the successful controls of `form#reservation_form`, in document order.
    pub(crate) fn read_form(&self, answer: &Answer) -> (String, FormFields) {
        let page = Html::parse_document(&self.text(answer));
        let form = page.select(&Selector::parse("form#reservation_form").unwrap()).next();
        let form = form.unwrap_or_else(|| panic!("no form in {}", self.text(answer)));
        let mut fields = FormFields::new();
        for control in form.select(&Selector::parse("input[name], select[name]").unwrap()) {
            let name = control.attr("name").unwrap();
            match (control.value().name(), control.attr("type")) {
                ("select", _) => {
                    let option = control.select(&Selector::parse("option").unwrap()).next().unwrap();
                    fields.push(name, option.attr("value").unwrap());
                }
                (_, Some("checkbox")) => {}
                _ => fields.push(name, control.attr("value").unwrap_or_default()),
            }
        }
        (form.attr("action").unwrap().to_owned(), fields)
    }

    pub(crate) fn submit(&mut self, form: &Answer) -> Answer {
        let (action, fields) = self.read_form(form);
        self.post(&action, &submission_of(fields))
    }
}

/// The form's fields with a person's own filled in.
pub(crate) fn submission_of(fields: FormFields) -> FormFields {
    let own = |name: &str, value: &str| match name {
        "club_name" => "테스트클럽".to_owned(),
        "group_count" => "4".to_owned(),
        "playname" => "테니스".to_owned(),
        "reason" => "운동".to_owned(),
        _ => value.to_owned(),
    };
    fields.iter().map(|(name, value)| (name.to_owned(), own(name, value))).collect()
}
