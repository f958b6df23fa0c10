//! What each address does, up to the choice of slots.

use super::pages::{self, Challenge, DayPageParts, DaySlot, MonthPageParts, SlotLine, View};
use super::settings::{
    Anonymous, Gate, HumanCheck, LoginFailure, LoginSuccess, Missing, PrintedBase, RefusalStyle,
};
use super::stand_in::{Reply, StandIn};
use super::texts::known;
use super::visit::{OpenVisit, entry};
use super::wire::{Request, SiteStep};
use crate::html::charset::FormFields;
use crate::site::path::PathTemplate;
use crate::value::date::RentDate;
use crate::value::place::{CentreCode, CourtCode, GroupCode, Place};
use crate::value::slot::{Purpose, SlotState};

/// The notices that the message page can show, as the session names them.
pub(super) mod notice {
    pub(crate) const LOGIN_FAILED: &str = "login";
    pub(crate) const TAKEN: &str = "taken";
    pub(crate) const TRACE: &str = "trace";
}

impl StandIn {
    pub(super) fn respond(&mut self, request: &Request, visit: &mut OpenVisit, step: SiteStep) -> Reply {
        match step {
            SiteStep::Home => Reply::page(pages::home_page(&self.view(visit))),
            SiteStep::LoginPage => Reply::page(pages::login_page(&self.view(visit))),
            SiteStep::Login => self.login(request, visit),
            SiteStep::Schedule => self.schedule(request, visit),
            SiteStep::Day => self.day(request, visit),
            SiteStep::Form => self.form(request, visit),
            SiteStep::Submit => self.submit(request, visit),
            // Files never get here.
            SiteStep::Other | SiteStep::File | SiteStep::Any => self.other(request, visit),
        }
    }

    pub(super) fn view<'v>(&'v self, visit: &'v OpenVisit) -> View<'v> {
        View {
            site: &visit.site,
            courts: &self.courts,
            logged_in: visit.account_id().is_some(),
            meta_charset: self.settings.meta_charset,
            whole_addresses: self.settings.printed_base != PrintedBase::AsAsked,
            month: visit.site_time.date(),
        }
    }

    fn other(&mut self, request: &Request, visit: &mut OpenVisit) -> Reply {
        let Some(path) = self.path_within(request) else { return self.missing(visit) };
        let paths = &self.site.dialect.paths;
        let is = |template: &PathTemplate| template.read(path).is_some();
        if is(&paths.logout) {
            self.log_out(visit);
            return Reply::redirect(visit.site.url(&paths.home).into());
        }
        if is(&paths.message) {
            return self.message(visit);
        }
        if is(&paths.human_check) {
            return self.human_answer(request, visit);
        }
        self.landing(path, visit).unwrap_or_else(|| self.missing(visit))
    }

    /// A style sheet, a script or an image; `None` for every other path.
    pub(super) fn file(&self, path: &str) -> Option<Reply> {
        if path == pages::SCRIPT_PATH {
            let charset = self.site.charset().name().to_ascii_lowercase();
            let kind = if charset == "euc-kr" {
                "application/x-javascript; charset=euc-kr"
            } else {
                "application/x-javascript"
            };
            return Some(Reply { kind, ..Reply::page(pages::page_script(&self.site)) });
        }
        if path == pages::STYLE_PATH {
            return Some(Reply { kind: "text/css", ..Reply::page(pages::STYLE_FILE.to_owned()) });
        }
        let image = path.strip_prefix(pages::IMAGES_PATH)?.ends_with(".gif");
        image.then(|| Reply {
            kind: "image/gif",
            bytes: Some(pages::IMAGE_FILE),
            ..Reply::page(String::new())
        })
    }

    /// Protocol.md 4.1.
    fn login(&mut self, request: &Request, visit: &mut OpenVisit) -> Reply {
        let fields = self.fields_of(request);
        let dialect = &self.site.dialect;
        let field = |template: &str| {
            let named = dialect.login.fields.iter().find(|field| field.value == template);
            named.and_then(|field| fields.first(&field.name)).unwrap_or_default()
        };
        let constants = dialect
            .login
            .fields
            .iter()
            .filter(|field| !field.value.is_empty() && !field.value.starts_with('{'));
        let complete = constants.into_iter().all(|field| fields.first(&field.name) == Some(&field.value));
        let (id, password) = (field("{account}").to_owned(), field("{password}").to_owned());
        let known = self.settings.accounts.iter().any(|a| a.id == id && a.password == password);
        if !(complete && known && request.method == "POST") {
            let reply = match self.settings.login_failure {
                LoginFailure::Redirect => self.to_message(visit, notice::LOGIN_FAILED),
                LoginFailure::Refresh => {
                    self.keep(visit, entry::NOTICE, Some(notice::LOGIN_FAILED));
                    refresh(visit.site.url(&dialect.paths.message).as_str())
                }
                LoginFailure::Script => {
                    self.keep(visit, entry::NOTICE, Some(notice::LOGIN_FAILED));
                    let to = visit.site.url(&dialect.paths.message);
                    Reply::page(pages::moved_page(&self.view(visit), to.as_str()))
                }
                LoginFailure::MessagePage => Reply::page(pages::message_page(
                    &self.view(visit),
                    std::slice::from_ref(&self.settings.texts.login_failed),
                )),
            };
            // One line, the last (protocol.md 11).
            visit.lines.drain(..visit.lines.len().saturating_sub(1));
            return reply;
        }
        let home = String::from(visit.site.url(&dialect.paths.home));
        self.log_in(visit, &id);
        match self.settings.login_success {
            LoginSuccess::Page => Reply::page(pages::home_page(&self.view(visit))),
            LoginSuccess::Redirect => Reply::redirect(home),
            LoginSuccess::Refresh => refresh(&home),
            LoginSuccess::Script => Reply::page(pages::moved_page(&self.view(visit), &home)),
        }
    }

    /// Protocol.md 4.3.
    fn schedule(&mut self, request: &Request, visit: &mut OpenVisit) -> Reply {
        let path = self.path_within(request).unwrap_or_default();
        let Some(values) = self.site.dialect.paths.schedule.read(path) else { return self.missing(visit) };
        let value = |key: &str| values.get(key).copied().unwrap_or_default();
        // The day of the address is not looked at (protocol.md 4.3, I+).
        let month = date_of(value("year"), value("month"), "1");
        let place = self.place_of(value("comcd"), value("partcd"), values.get("placecd").copied());
        let (Some(month), Some(place)) = (month, place) else { return self.missing(visit) };
        let Some(court) = self.court(&place) else { return self.missing(visit) };
        let days = (0..i32::from(month.days_in_month())).map(|n| {
            let date = month.plus_days(n);
            let slots = court.rounds.iter().map(|slot| {
                let holder = self.holder(&place, date, slot.0);
                let (names, charset) = (self.settings.listed_names, self.site.charset());
                let (event, group) = holder.map_or_else(Default::default, |h| {
                    (h.event, names.print(&h.group, h.member.as_deref(), charset))
                });
                let state = self.state_of(court, date, *slot, visit.site_time);
                SlotLine { range: slot.1, state, event, group }
            });
            (date, slots.collect())
        });
        let page =
            MonthPageParts { place: &place, days: days.collect(), suffixes: self.settings.calendar_suffixes };
        let view = View { month, ..self.view(visit) };
        Reply::page(if value("view") == self.site.dialect.codes.view_day_list {
            pages::day_list_page(&view, &page)
        } else {
            pages::calendar_page(&view, &page)
        })
    }

    /// Protocol.md 4.4 and 5.3.
    fn day(&mut self, request: &Request, visit: &mut OpenVisit) -> Reply {
        let path = self.path_within(request).unwrap_or_default().to_owned();
        let Some(values) = self.site.dialect.paths.day.read(&path) else { return self.missing(visit) };
        let value = |key: &str| values.get(key).copied().unwrap_or_default();
        let date = date_of(value("year"), value("month"), value("day"));
        let place = self.place_of(value("comcd"), value("partcd"), values.get("placecd").copied());
        let purpose = self.purpose_of(value("group"));
        let (Some(date), Some(place)) = (date, place) else { return self.missing(visit) };
        if visit.account_id().is_none() && self.settings.anonymous != Anonymous::Readable {
            return self.refuse_anonymous(visit);
        }
        let past = date < visit.site_time.date();
        if past || self.settings.gate == Gate::Day && !self.is_open(date, visit.site_time) {
            return self.not_open(visit);
        }
        if self.settings.form_needs_day {
            self.keep(visit, entry::DAY, Some(&format!("{place};{date}")));
        }
        let challenge =
            self.check_is_due(&place, visit).then(|| (Challenge::new(&mut self.seeded), self.key.clone()));
        let Some(court) = self.court(&place) else { return self.missing(visit) };
        let slots = court.rounds.iter().map(|slot| {
            let state = self.state_of(court, date, *slot, visit.site_time);
            // Behind a later gate the boxes are there before the opening.
            let early = state == SlotState::NotShown && !self.is_open(date, visit.site_time);
            DaySlot { number: slot.0, range: slot.1, free: state == SlotState::Free || early }
        });
        let page = DayPageParts {
            place: &place,
            date,
            purpose,
            slots: slots.collect(),
            price: court.price(date),
            max_hours: self.settings.max_hours,
            min_hours: self.settings.min_hours,
            suffixes: self.settings.calendar_suffixes,
            challenge,
        };
        let view = View { month: date, ..self.view(visit) };
        Reply::page(pages::day_page(&view, &page))
    }

    /// The answer of the human check: JSON (protocol.md 5.4, S1).
    fn human_answer(&mut self, request: &Request, visit: &mut OpenVisit) -> Reply {
        let fields =
            FormFields::decode(&String::from_utf8_lossy(&request.body), crate::form_fields::Charset::UTF_8);
        let typed = fields.first("defaultReal").unwrap_or_default();
        let hash = fields.first("defaultRealHash").unwrap_or_default();
        let passed = !typed.is_empty() && Challenge::hash(typed, &self.key) == hash;
        let (message, state) = if passed {
            (&self.settings.texts.check_passed, "goodday")
        } else {
            (&self.settings.texts.check_failed, "wrong")
        };
        let text = serde_json::json!({ "msg": message, "stat": state }).to_string();
        if passed {
            self.keep(visit, entry::PERSON, Some("1"));
        }
        // JSON is UTF-8 whatever the pages are in, so what is not ASCII is escaped.
        let ascii = text.chars().fold(String::new(), |mut out, c| {
            if c.is_ascii() {
                out.push(c);
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            out
        });
        Reply { kind: "application/json", ..Reply::page(ascii) }
    }

    /// Whether the human check of the place stands between this visitor and its slots.
    pub(super) fn check_is_due(&self, place: &Place, visit: &OpenVisit) -> bool {
        let stands = match self.settings.human_check {
            HumanCheck::Everywhere => true,
            HumanCheck::Nowhere => false,
            HumanCheck::ByDialect => self.site.has_human_check(place),
        };
        stands && visit.session.get(entry::PERSON).is_none()
    }

    pub(super) fn refuse_anonymous(&self, visit: &OpenVisit) -> Reply {
        let view = self.view(visit);
        let text = &self.settings.texts.login_required;
        Reply::page(match self.settings.anonymous {
            Anonymous::Alert => pages::alert_page(&view, text, Some(&view.login_page())),
            Anonymous::Message | Anonymous::Readable => {
                pages::message_page(&view, std::slice::from_ref(text))
            }
        })
    }

    pub(super) fn not_open(&self, visit: &OpenVisit) -> Reply {
        self.refuse(visit, self.settings.not_open_text.as_deref().unwrap_or(known::NOT_OPEN))
    }

    /// The site's error page with this text.
    pub(super) fn refuse(&self, visit: &OpenVisit, text: &str) -> Reply {
        Reply::page(pages::error_page(&self.view(visit), text))
    }

    /// A refusal in one of its styles; `code` is what the message page knows it by.
    pub(super) fn refuse_in(
        &self,
        visit: &mut OpenVisit,
        style: RefusalStyle,
        text: &str,
        code: &str,
    ) -> Reply {
        match style {
            RefusalStyle::Page => self.refuse(visit, text),
            RefusalStyle::Redirect => self.to_message(visit, code),
            RefusalStyle::Alert => Reply::page(pages::alert_page(&self.view(visit), text, None)),
        }
    }

    pub(super) fn missing(&self, visit: &OpenVisit) -> Reply {
        let text = &self.settings.texts.missing;
        match self.settings.missing {
            Missing::NotFound => Reply { status: 404, ..Reply::page(pages::bare(404, text)) },
            Missing::ErrorPage => self.refuse(visit, text),
        }
    }

    fn to_message(&self, visit: &mut OpenVisit, code: &str) -> Reply {
        self.keep(visit, entry::NOTICE, Some(code));
        Reply::redirect(visit.site.url(&self.site.dialect.paths.message).into())
    }

    fn message(&self, visit: &mut OpenVisit) -> Reply {
        let texts = &self.settings.texts;
        let text = match visit.session.get(entry::NOTICE) {
            Some(notice::LOGIN_FAILED) => &texts.login_failed,
            Some(notice::TAKEN) => &texts.taken,
            Some(notice::TRACE) => &texts.trace_missing,
            _ => &texts.missing,
        };
        if visit.session.get(entry::NOTICE).is_some() {
            self.keep(visit, entry::NOTICE, None);
        }
        Reply::page(pages::message_page(&self.view(visit), std::slice::from_ref(text)))
    }

    /// The fields of a form body, in the dialect's character set.
    pub(super) fn fields_of(&self, request: &Request) -> FormFields {
        FormFields::decode(&String::from_utf8_lossy(&request.body), self.site.charset())
    }

    /// The place of three codes; without the last one the first of the group (protocol.md 4.3, I).
    pub(super) fn place_of(&self, centre: &str, group: &str, court: Option<&str>) -> Option<Place> {
        let centre: CentreCode = centre.parse().ok()?;
        let group: GroupCode = group.parse().ok()?;
        let court: Option<CourtCode> = court.map(str::parse).transpose().ok()?;
        let found = self.courts.iter().find(|known| {
            known.place.centre == centre
                && known.place.group == group
                && court.as_ref().is_none_or(|court| known.place.court == *court)
        })?;
        Some(found.place.clone())
    }

    pub(super) fn purpose_of(&self, code: &str) -> Purpose {
        if code == self.site.dialect.codes.events { Purpose::Events } else { Purpose::Sports }
    }
}

/// An answer that leads on by its `Refresh` header.
pub(super) fn refresh(to: &str) -> Reply {
    let mut reply = Reply::page(String::from("<html><head></head><body></body></html>"));
    reply.headers.push(("refresh", format!("0;url={to}")));
    reply
}

/// The date of three texts as an address has them.
pub(super) fn date_of(year: &str, month: &str, day: &str) -> Option<RentDate> {
    RentDate::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
