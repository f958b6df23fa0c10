//! What the site says, and how it behaves: texts of refusals, who is logged in, cookies, answers to forms, its clock.

use std::sync::Arc;

use scraper::{ElementRef, Selector};

use super::Learner;
use super::draft::{FindingKind, quoted, remark};
use super::seen::{SeenExchange, applicant_form};
use crate::capture::exchange::SeenStep;
use crate::har::HarEntry;
use crate::html::attr;
use crate::html::text::{is_shown, text_of};
use crate::page::HopKind;
use crate::pages::reading::Reading;
use crate::pages::schedule::{read_calendar, read_day_list};
use crate::value::place::{CentreCode, GroupCode};

/// The longest text of a site that becomes a rule.
const MAX_TEXT: usize = 120;

impl Learner<'_> {
    /// The cookie that carries the session.
    pub(super) fn cookie(&mut self) {
        let Some(login) = self.at(self.booking.login) else { return };
        let Some(answer) = login.exchange.first() else { return };
        let rules = self.known.dialect.session_cookie.clone();
        let lines: Vec<&str> = answer.response_lines("set-cookie").collect();
        let name_of = |line: &str| line.split_once('=').map(|(name, _)| name.trim().to_owned());
        let sent_later = |name: &str| {
            let later = self.all.iter().filter(|seen| seen.nth() > login.nth());
            let mut lines = later.filter_map(|seen| seen.exchange.first()?.request_header("cookie"));
            lines.any(|line| line.split(';').any(|pair| pair.trim().starts_with(&format!("{name}="))))
        };
        let mut names: Vec<String> =
            lines.iter().filter_map(|line| name_of(line)).filter(|name| sent_later(name)).collect();
        names.dedup();
        let set = |name: &str| lines.iter().filter(|line| name_of(line).as_deref() == Some(name)).count();
        names.sort_by_key(|name| std::cmp::Reverse(set(name)));
        names.dedup();
        let nth = answer.nth;
        let Some(name) = names.first().cloned() else {
            let text = "the file has no cookies, so the name of the session's cookie is not seen: save it with sensitive data, or write the name into `session_cookie.names`".to_owned();
            self.draft.find("session_cookie.names", FindingKind::NotSeen, "", None, Some(nth), text);
            return;
        };
        let was = rules.names.first().map_or("", String::as_str);
        match rules.names.contains(&name) {
            true => self.draft.confirm("session_cookie.names", &name, nth),
            false => {
                let all: Vec<String> = names.iter().take(1).map(|name| quoted(name)).collect();
                self.draft.change("session_cookie.names", format!("[{}]", all.join(", ")), &name, was, nth);
            }
        }
        if names.len() > 1 {
            let text = format!(
                "the login sets {} cookies that come back; `{name}` is taken for the session's",
                names.len()
            );
            self.draft.find("session_cookie.names", FindingKind::Ambiguous, &name, None, Some(nth), text);
        }
        let number = |draft: &mut super::Draft, key: &str, is: u64, was: u64| {
            let key = format!("session_cookie.{key}");
            match is == was {
                true => draft.confirm(&key, &is.to_string(), nth),
                false => draft.change(&key, is.to_string(), &is.to_string(), &was.to_string(), nth),
            }
        };
        number(&mut self.draft, "lines_at_login", set(&name).min(255) as u64, rules.lines_at_login.into());
        let age = lines.iter().filter(|line| name_of(line).as_deref() == Some(name.as_str())).rev().find_map(
            |line| {
                let mut parts = line.split(';').map(str::trim);
                parts.find_map(|part| part.to_ascii_lowercase().strip_prefix("max-age=").map(str::to_owned))
            },
        );
        if let Some(age) = age.and_then(|age| age.parse::<u32>().ok()).filter(|age| *age > 0) {
            number(&mut self.draft, "lifetime_seconds", age.into(), rules.lifetime_seconds.into());
        }
    }

    /// The words of the header that tell whether somebody is logged in.
    pub(super) fn header_texts(&mut self) {
        let Some(login) = self.booking.login else { return };
        let markers = self.known.dialect.markers.clone();
        let links = &markers.header_links;
        let texts = |seen: &SeenExchange<'_>| -> Vec<(String, Option<String>)> {
            let Some(document) = &seen.document else { return Vec::new() };
            let link = |element: ElementRef<'_>| {
                let href = element.descendent_elements().find_map(|e| attr(e, "href")).map(str::to_owned);
                (text_of(element), href)
            };
            links.select(document).take(50).map(link).collect()
        };
        let before: Vec<&SeenExchange<'_>> = self.all.iter().take(login).collect();
        let after: Vec<&SeenExchange<'_>> =
            self.all.iter().skip(login).filter(|seen| !texts(seen).is_empty()).collect();
        let of = |list: &[&SeenExchange<'_>]| -> Vec<(String, Option<String>, usize)> {
            let mut out: Vec<(String, Option<String>, usize)> = Vec::new();
            for seen in list {
                for (text, href) in texts(seen) {
                    if !text.is_empty() && out.iter().all(|(known, ..)| *known != text) {
                        out.push((text, href, seen.nth()));
                    }
                }
            }
            out
        };
        let (before, after) = (of(&before), of(&after));
        let only = |one: &[(String, Option<String>, usize)], other: &[(String, Option<String>, usize)]| {
            let mut all = one.iter().filter(|(text, ..)| other.iter().all(|(o, ..)| o != text));
            // More than one word that changes at the login cannot be told apart.
            all.next().cloned().filter(|_| all.next().is_none())
        };
        for (key, found, known) in [
            ("logged_in_text", only(&after, &before), &markers.logged_in_text),
            ("logged_out_text", only(&before, &after), &markers.logged_out_text),
        ] {
            let has = |list: &[(String, Option<String>, usize)]| {
                list.iter().find(|(text, ..)| text.contains(known.as_str())).map(|(_, _, nth)| *nth)
            };
            let own = if key == "logged_in_text" { has(&after) } else { has(&before) };
            let path = format!("markers.{key}");
            match (own, found) {
                (Some(nth), _) => self.draft.confirm(&path, known, nth),
                (None, Some((text, href, nth))) => {
                    self.draft.text(&path, &text, known, nth);
                    let markers = &mut Arc::make_mut(&mut self.site.dialect).markers;
                    match key {
                        "logged_in_text" => markers.logged_in_text.clone_from(&text),
                        _ => markers.logged_out_text.clone_from(&text),
                    }
                    let _ = href;
                }
                (None, None) if !after.is_empty() => {
                    let text =
                        format!("no word of the header changes with the login, so `{key}` is not known");
                    self.draft.find(&path, FindingKind::NotSeen, "", None, None, text);
                }
                (None, None) => {}
            }
        }
        let text = self.site.dialect.markers.logged_in_text.clone();
        let logout = after.iter().find(|(shown, ..)| shown.contains(&text)).cloned();
        if let Some((_, Some(href), nth)) = logout
            && let Ok(url) = self.site.base_url().join(&href)
        {
            let path = url.path().to_owned();
            self.learn_path("logout", &path, nth, |paths, path| paths.logout = path);
        }
    }

    /// What refusals say, and what they mean by what came before and after them.
    pub(super) fn refusals(&mut self) {
        let refused: Vec<(usize, String, Option<&'static str>)> = self
            .all
            .iter()
            .enumerate()
            .filter_map(|(at, seen)| {
                let (text, place) = self.refusal_text(at, seen)?;
                Some((at, text, place))
            })
            .collect();
        for (at, text, place) in refused {
            let Some(seen) = self.all.get(at) else { continue };
            let nth = seen.nth();
            let known = self
                .known
                .dialect
                .answers
                .iter()
                .find(|rule| rule.text.as_deref().is_some_and(|t| text.contains(t)));
            if let Some(rule) = known {
                let known = rule.text.clone().unwrap_or_default();
                self.draft.known_text(&known);
                self.draft.find(
                    "answers",
                    FindingKind::Confirmed,
                    &known,
                    None,
                    Some(nth),
                    format!("the refusal `{known}` is known"),
                );
                continue;
            }
            let means = self.meaning(at, seen);
            let place = place.map(|place| format!("at = {}\n", quoted(place))).unwrap_or_default();
            match means {
                Some(means) => {
                    self.draft.answer(format!(
                        "[[answers]]\nmeans = {}   # seen in capture (entry {nth}); the meaning is by what came before and after\n{place}text = {}",
                        quoted(means),
                        quoted(&text)
                    ));
                    let says = format!("`{text}` means {means}");
                    self.draft.find("answers", FindingKind::Added, &text, None, Some(nth), says);
                }
                None if self.booking.failed_logins.contains(&at) => {
                    // A login that fails is told by its page; its words are not needed.
                    self.draft.answer(format!(
                        "# seen in capture (entry {nth}), after a wrong password: {}",
                        quoted(&remark(&text))
                    ));
                }
                None => {
                    self.draft.answer(format!(
                        "# seen in capture (entry {nth}); what it means is not known. Choose one of \"slot-taken\", \"not-open-yet\",\n\
                         # \"logged-out\", \"trace-missing\", \"invalid\", \"limit-reached\", \"blocked\" or \"busy\":\n\
                         # [[answers]]\n# means = \"\"\n# text = {}",
                        quoted(&remark(&text))
                    ));
                    let says = format!("what `{text}` means is not known: the file has the choices");
                    self.draft.find("answers", FindingKind::Ambiguous, &text, None, Some(nth), says);
                }
            }
        }
    }

    /// The text of a page that is a refusal, and the selector that it stands at.
    fn refusal_text(&self, at: usize, seen: &SeenExchange<'_>) -> Option<(String, Option<&'static str>)> {
        if seen.boxes().is_some() || applicant_form(seen).is_some() {
            return None;
        }
        let is_step = seen.sent.is_some() || self.is_day(seen) || seen.exchange.step == SeenStep::Message;
        if !is_step || Some(at) == self.booking.login {
            return None;
        }
        let page = seen.exchange.page(&self.site)?;
        let short = |text: &String| !text.is_empty() && text.chars().count() <= MAX_TEXT;
        for (selector, place) in [(".error", ".error"), (".message p", ".message p")] {
            let Ok(selector) = Selector::parse(selector) else { continue };
            let shown =
                seen.document.as_ref()?.select(&selector).take(20).filter(|element| is_shown(*element));
            if let Some(text) = shown.map(text_of).find(short) {
                return Some((text, Some(place)));
            }
        }
        page.alerts().iter().map(|alert| crate::html::text::fold(alert)).find(short).map(|text| (text, None))
    }

    fn is_day(&self, seen: &SeenExchange<'_>) -> bool {
        self.within(seen.path()).is_some_and(|path| {
            let day = &self.site.dialect.paths.day;
            day.read(path).is_some_and(|values| values.contains_key("comcd"))
        })
    }

    /// What a refusal means, where the rest of the visit tells.
    fn meaning(&self, at: usize, seen: &SeenExchange<'_>) -> Option<&'static str> {
        let logged_in = self.booking.login.is_none_or(|login| login < at);
        if self.is_day(seen) && seen.sent.is_none() {
            let opened = self
                .booking
                .days
                .iter()
                .any(|day| *day > at && self.all.get(*day).is_some_and(|d| d.path() == seen.path()));
            return match (opened, logged_in) {
                (true, true) => Some("not-open-yet"),
                (true, false) => Some("logged-out"),
                _ => None,
            };
        }
        if self.booking.refused_forms.contains(&at) && logged_in {
            return self.day_between(at).then_some("trace-missing");
        }
        None
    }

    /// Whether the day's page was visited between a refused form and the one that was given, and not before.
    fn day_between(&self, refused: usize) -> bool {
        let Some(form) = self.booking.form else { return false };
        let since = self.booking.login.unwrap_or_default();
        let days = &self.booking.days;
        let before = days.iter().any(|day| (since..refused).contains(day));
        let between = days.iter().any(|day| (refused..form).contains(day));
        between && !before
    }

    /// How the site answers, where a client copes with every answer.
    pub(super) fn habits(&mut self) {
        let answers = [
            ("login_answer", self.booking.login, "page"),
            ("submit_answer", self.booking.submit, "redirect"),
        ];
        for (key, at, usual) in answers {
            let Some(seen) = self.at(at) else { continue };
            if let Some(style) = self.style_of(seen) {
                self.draft.habit(key, quoted(style), style, usual, seen.nth());
            }
        }
        if let Some(submit) = self.at(self.booking.submit)
            && submit.exchange.hops.len() > 1
            && let Some(within) = self.within(submit.end()).map(str::to_owned)
            && let Some((landing, _)) = within.trim_end_matches('/').rsplit_once('/')
        {
            let landing = landing.trim_end_matches('/');
            self.draft.habit("landing", quoted(landing), landing, "/rent/complete/index", submit.nth());
        }
        self.needs_day();
        let header = self.all.iter().find_map(|seen| {
            let entry = seen.exchange.last().filter(|e| e.media_type().as_deref() == Some("text/html"))?;
            Some((entry.response_header("content-type")?.to_owned(), entry.nth))
        });
        if let Some((header, nth)) = header {
            let label = header
                .to_ascii_lowercase()
                .find("charset=")
                .and_then(|at| header.get(at + 8..))
                .unwrap_or_default();
            let label = label.trim().trim_matches('"').to_owned();
            self.draft.habit("content_type", quoted(&label), &label, "", nth);
        }
        let keep = self.all.iter().find_map(|seen| {
            let entry = seen.exchange.last()?;
            let value = entry.response_header("keep-alive")?;
            let seconds = value.split(',').find_map(|part| part.trim().strip_prefix("timeout="))?;
            Some((seconds.trim().parse::<u32>().ok()?, entry.nth))
        });
        match keep {
            Some((seconds, nth)) => {
                self.draft.habit("keep_alive_seconds", seconds.to_string(), &seconds.to_string(), "", nth);
            }
            None => self.draft.habit_comment("keep_alive_seconds: not seen in capture".to_owned()),
        }
    }

    /// How a form that was taken was answered.
    fn style_of(&self, seen: &SeenExchange<'_>) -> Option<&'static str> {
        let first = seen.exchange.first()?;
        if first.location().is_some() {
            return Some("redirect");
        }
        if first.response_header("refresh").is_some() {
            return Some("refresh");
        }
        if seen.exchange.hops.len() > 1 {
            let page = seen.exchange.page(&self.site);
            let by_script =
                page.is_none_or(|page| page.hops().iter().all(|hop| hop.kind != HopKind::Refresh));
            return Some(if by_script { "script" } else { "refresh" });
        }
        first.body_bytes(self.charset).map(|_| "page")
    }

    /// Whether the form demands the page of the day before it.
    fn needs_day(&mut self) {
        let form = self.at(self.booking.form).map(SeenExchange::nth);
        if let Some(refused) = self.booking.refused_forms.iter().copied().find(|at| self.day_between(*at)) {
            let nth = self.all.get(refused).map_or(0, SeenExchange::nth);
            self.draft.habit("form_needs_day", "true".to_owned(), "true", "false", nth);
            return;
        }
        let given_without = self.booking.form.is_some_and(|form| {
            let since = self.booking.login.unwrap_or_default();
            !self.booking.days.iter().any(|day| (since..form).contains(day))
        });
        if let (true, Some(nth)) = (given_without, form) {
            self.draft.habit("form_needs_day", "false".to_owned(), "false", "false", nth);
            return;
        }
        let keeps = self.booking.days.iter().filter_map(|at| self.all.get(*at)?.exchange.last());
        let renewed = |entry: &&HarEntry| entry.response_header("set-cookie").is_some();
        let hint = match keeps.clone().find(renewed) {
            Some(entry) => format!(
                "form_needs_day: ambiguous. The day's page sets a cookie (entry {}), so the site may remember that it was visited",
                entry.nth
            ),
            None => "form_needs_day: not seen in capture. The browser visited the day's page before the form, as people do".to_owned(),
        };
        self.draft.habit_comment(hint);
    }

    /// Files that the web server answers by itself, and how the pages are dated.
    pub(super) fn clock(&mut self) {
        let files = self.all.iter().filter(|seen| seen.exchange.step == SeenStep::File);
        let mut found: Vec<(&str, usize, bool)> = Vec::new();
        for seen in files {
            let Some(entry) = seen.exchange.last().filter(|entry| entry.status == 200 && !entry.from_cache)
            else {
                continue;
            };
            let plain = entry.url.query().is_none()
                && entry.response_header("date").is_some()
                && entry.response_header("set-cookie").is_none();
            let unchanged =
                entry.response_header("last-modified").is_some() || entry.response_header("etag").is_some();
            if plain && found.iter().all(|(path, ..)| *path != entry.url.path()) {
                found.push((entry.url.path(), entry.nth, unchanged));
            }
        }
        found.sort_by_key(|(_, nth, unchanged)| (!unchanged, *nth));
        if let Some((path, nth, _)) = found.first() {
            self.draft
                .add_line("clock", format!("file = {}   # seen in capture (entry {nth})", quoted(path)));
            let text = format!("`{path}` is answered without a script, and can be asked for the time");
            self.draft.find("clock.file", FindingKind::Confirmed, path, None, Some(*nth), text);
        }
        for (path, nth, _) in found.iter().skip(1).take(5) {
            self.draft.add_line(
                "clock",
                format!("# file = {}   # seen in capture (entry {nth}) as well", quoted(path)),
            );
        }
        let dated = self
            .all
            .iter()
            .any(|seen| seen.exchange.last().is_some_and(|e| e.response_header("date").is_some()));
        if !dated {
            let text = "no answer of the capture has a `Date`, so the site's clock cannot be measured by it"
                .to_owned();
            self.draft.find("clock", FindingKind::NotSeen, "Date", None, None, text);
        }
        let server = self
            .all
            .iter()
            .find_map(|seen| Some((seen.exchange.last()?.response_header("server")?, seen.nth())));
        if let Some((server, nth)) = server {
            self.draft.add_line(
                "clock",
                format!("# the web server calls itself {} (entry {nth})", quoted(&remark(server))),
            );
        }
        let stamp = self.all.iter().find_map(|seen| {
            let entry = seen.exchange.first()?;
            let both = |line: &&str| {
                let line = line.to_ascii_lowercase();
                line.contains("expires=") && line.contains("max-age=") && !line.contains("max-age=0")
            };
            let line = entry.response_lines("set-cookie").find(both)?;
            Some((line.split_once('=')?.0.trim().to_owned(), entry.nth))
        });
        if let Some((name, nth)) = stamp {
            self.draft.add_line(
                "clock",
                format!("# the cookie {} has both `expires` and `Max-Age` (entry {nth}): a run reads the application's time from it", quoted(&name)),
            );
        }
        self.views();
    }

    /// The codes of the calendar and of the day list.
    fn views(&mut self) {
        let codes = self.known.dialect.codes.clone();
        for seen in self.all {
            let (Some(document), Some(path)) = (&seen.document, self.within(seen.path())) else { continue };
            let values = self.site.dialect.paths.schedule.read(path);
            let Some(view) = values.and_then(|values| values.get("view").map(|view| (*view).to_owned()))
            else {
                continue;
            };
            if read_day_list(&self.known.dialect, document).is_some() {
                self.draft.text("codes.view_day_list", &view, &codes.view_day_list, seen.nth());
            } else if read_calendar(&self.known, document).is_some() {
                self.draft.text("codes.view_calendar", &view, &codes.view_calendar, seen.nth());
            }
        }
    }

    /// The number at the end of the address of a submission.
    pub(super) fn receipt(&mut self) {
        let Some(submit) = self.at(self.booking.submit).filter(|seen| seen.exchange.hops.len() > 1) else {
            return;
        };
        let number = submit.end().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        if number.is_empty() || !number.bytes().any(|b| b.is_ascii_digit()) {
            let text = "the address that the submission ended at has no receipt number".to_owned();
            self.draft.find("receipt", FindingKind::NotSeen, "", None, Some(submit.nth()), text);
            return;
        }
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        let known = self.known.dialect.receipt.digits_only;
        match digits || !known {
            true => self.draft.confirm("receipt.digits_only", &known.to_string(), submit.nth()),
            false => {
                self.draft.change("receipt.digits_only", "false".to_owned(), "false", "true", submit.nth())
            }
        }
    }

    /// A human check, and a waiting room.
    pub(super) fn checks(&mut self) {
        let found = self.all.iter().find_map(|seen| {
            let page = seen.exchange.page(&self.site)?;
            let reading = Reading::new(&self.site, &page);
            reading.asks_human().then(|| seen.nth())
        });
        let value = |key: &str| self.values.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        // Codes that are none cannot be written.
        let centre = value("{comcd}").filter(|code| code.parse::<CentreCode>().is_ok()).map(quoted);
        let group = value("{partcd}").filter(|code| code.parse::<GroupCode>().is_ok()).map(quoted);
        match (found, centre, group) {
            (Some(nth), Some(centre), Some(group)) => {
                self.draft.table(format!(
                    "[[human_check]]   # seen in capture (entry {nth})\ncomcd = {centre}\npartcd = {group}"
                ));
                let text =
                    "the place asks for a human check: an unattended booking cannot be made there".to_owned();
                self.draft.find("human_check", FindingKind::Added, "human check", None, Some(nth), text);
            }
            (Some(nth), ..) => {
                let text =
                    "a page asks for a human check, and the capture does not show of which place".to_owned();
                self.draft.find("human_check", FindingKind::Ambiguous, "human check", None, Some(nth), text);
            }
            (None, ..) => self.draft.habit_comment("human check: not seen in capture".to_owned()),
        }
        let rooms = self.all.iter().find_map(|seen| {
            let page = seen.exchange.page(&self.site)?;
            Reading::new(&self.site, &page).is_waiting_room().then(|| seen.nth())
        });
        match rooms {
            Some(nth) => {
                let text =
                    "a page carries the marks of a waiting room (NetFUNNEL), which are known".to_owned();
                self.draft.find(
                    "waiting_room",
                    FindingKind::Confirmed,
                    "waiting room",
                    None,
                    Some(nth),
                    text,
                );
            }
            None => self.draft.habit_comment("waiting room: not seen in capture".to_owned()),
        }
    }
}
