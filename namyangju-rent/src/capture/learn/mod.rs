//! The dialect that fits a capture.
//!
//! The pages and forms of the capture are told apart by what they are made of (`seen.rs`), the fields of its forms by what
//! was sent in them (`fields.rs`), and what differs from the nearest built-in dialect becomes a file (`draft.rs`) in which
//! every line says whether the capture shows it. A file that only looks right is worth nothing: [`prove`](super::prove())
//! books with it from the capture itself.

mod draft;
mod fields;
mod pages;
mod seen;
mod texts;

use std::sync::Arc;

use serde::Serialize;
use url::Url;

pub use draft::{DialectFinding, FindingKind};

use self::draft::{Draft, quoted, remark};
use self::fields::{KnownValues, SeenField, assign, seen_fields};
pub(crate) use self::seen::{SeenBooking, SeenExchange};
use self::seen::{SeenForm, applicant_form};
use crate::capture::compare::is_click;
use crate::capture::exchange::{base_of, exchanges};
use crate::har::HarFile;
use crate::html::charset::{Charset, FormFields};
use crate::html::controls::ControlKind;
use crate::site::Site;
use crate::site::dialect::{ApplicationField, FieldSource, ValueField};
use crate::site::path::PathTemplate;
use crate::value::date::RentDate;

/// A dialect learnt from a capture.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LearntDialect {
    /// The built-in dialect that it begins with.
    pub nearest: String,
    /// The base address of the capture.
    pub base_url: String,
    /// What the capture tells, changes first.
    pub findings: Vec<DialectFinding>,
    /// The dialect file.
    pub toml: String,
    /// What is to be said of the capture as a whole, in sentences.
    #[cfg_attr(feature = "schema", schemars(extend("x-stability" = "wording")))]
    pub notes: Vec<String>,
}

impl LearntDialect {
    /// What differs from the nearest built-in dialect.
    pub fn differences(&self) -> impl Iterator<Item = &DialectFinding> {
        self.findings.iter().filter(|f| matches!(f.kind, FindingKind::Changed | FindingKind::Added))
    }
}

/// Why no dialect can be learnt from a capture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// It has no page of any site.
    #[error("the capture has no page of any site")]
    NoSite,
    /// It has neither a login, nor a day's page, nor a form.
    #[error(
        "the capture of {base} shows neither a login, nor the page of a day, nor an application: record a visit from \
         the login to the form (with \"Preserve log\" ticked), and save it whole"
    )]
    NoBooking {
        /// The base address with the most pages.
        base: String,
    },
    /// The file that was written is no dialect: a mistake of this library.
    #[error("the dialect that was learnt cannot be read: {0}")]
    Written(String),
}

/// Learns the dialect of a capture: what differs from the nearest built-in dialect, with the entries that show it.
/// `name` is the short name of the new dialect; without one it keeps the built-in's.
///
/// # Errors
/// [`LearnError`] if there is nothing to learn from.
pub fn learn(file: &HarFile, name: Option<&str>) -> Result<LearntDialect, LearnError> {
    let base = base_of(file).ok_or(LearnError::NoSite)?;
    let builtins: Vec<(&'static str, Site)> = Site::builtin_names()
        .filter_map(|name| Some((name, Site::builtin(name).ok()?.with_base_url(&base).ok()?)))
        .collect();
    let (_, any) = builtins.first().ok_or(LearnError::NoSite)?;
    let charset = charset_of(file, any.charset());
    let all: Vec<SeenExchange<'_>> =
        exchanges(any, file).into_iter().map(|exchange| SeenExchange::new(exchange, charset)).collect();
    let passwords: Vec<&str> = builtins
        .iter()
        .flat_map(|(_, site)| site.dialect.login.fields.iter())
        .filter(|field| field.value == "{password}")
        .map(|field| field.name.as_str())
        .collect();
    let booking = SeenBooking::find(&all, &passwords);
    if booking.login.is_none() && booking.days.is_empty() && booking.form.is_none() {
        return Err(LearnError::NoBooking { base });
    }
    let at_home =
        |name: &str| Site::builtin(name).is_ok_and(|s| s.base_url().origin().ascii_serialization() == base);
    let likeness =
        |(name, site): &&(&str, Site)| likeness(site, &all, &booking) + 5 * usize::from(at_home(name));
    let nearest = builtins.iter().rev().max_by_key(likeness).cloned();
    let (nearest_name, nearest) = nearest.ok_or(LearnError::NoSite)?;
    let mut learner = Learner {
        site: nearest.clone(),
        known: nearest,
        all: &all,
        booking: &booking,
        charset,
        draft: Draft::default(),
        values: KnownValues::new(),
        slots: Vec::new(),
    };
    learner.run(&base, name, nearest_name);
    let mut notes = file.notes.clone();
    if !file.has_cookies() {
        notes.push(crate::capture::check::HOW_TO_SAVE_COOKIES.to_owned());
    }
    if booking.submit.is_none() {
        notes.push(
            "no application was sent in this capture: its fields, its answer and the receipt are not seen"
                .to_owned(),
        );
    }
    let when = all.first().and_then(|seen| seen.exchange.first()?.started);
    let head = format!(
        "# A dialect written from a capture of {}{}, beginning with the built-in `{nearest_name}`.\n#\n\
         # \"seen in capture\": the recorded pages and forms show it. \"not seen in capture\": they do not, and the line is the\n\
         # built-in's, with its own evidence behind it. Where the capture shows more than one reading, the choices are remarks.\n",
        remark(&base),
        when.map(|when| format!(" on {}", when.date())).unwrap_or_default(),
    );
    let toml = learner.draft.written(Site::builtin_toml(nearest_name).unwrap_or_default(), &head);
    Site::from_toml(&toml).map_err(|error| LearnError::Written(error.to_string()))?;
    let mut findings = learner.draft.findings;
    findings.sort_by_key(|finding| finding.kind);
    Ok(LearntDialect { nearest: nearest_name.to_owned(), base_url: base, findings, toml, notes })
}

/// The character set of the most pages.
fn charset_of(file: &HarFile, fallback: Charset) -> Charset {
    let mut counts: Vec<(Charset, usize)> = Vec::new();
    for entry in
        file.entries.iter().filter(|entry| entry.media_type().is_some_and(|kind| kind == "text/html"))
    {
        let charset = entry.charset(fallback);
        match counts.iter_mut().find(|(known, _)| *known == charset) {
            Some((_, count)) => *count += 1,
            None => counts.push((charset, 1)),
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(fallback, |(charset, _)| charset)
}

/// How much of a dialect is in the capture: names of fields, and paths.
fn likeness(site: &Site, all: &[SeenExchange<'_>], booking: &SeenBooking) -> usize {
    let dialect = &site.dialect;
    let sent = |at: Option<usize>| at.and_then(|at| all.get(at)?.sent.as_ref());
    let named = |fields: Option<&FormFields>, name: &str| {
        usize::from(fields.is_some_and(|f| f.first(name).is_some()))
    };
    let mut score = 0;
    for field in &dialect.login.fields {
        score += named(sent(booking.login), &field.name);
    }
    for field in &dialect.application.fields {
        score += named(sent(booking.submit), &field.name);
    }
    for (at, path) in [
        (booking.login, &dialect.paths.login),
        (booking.form, &dialect.paths.form),
        (booking.submit, &dialect.paths.submit),
    ] {
        let seen = at.and_then(|at| all.get(at)).map(SeenExchange::path);
        score += 3 * usize::from(seen.is_some_and(|seen| seen.ends_with(&path.render(|_| None))));
    }
    score
}

/// What is known while a dialect is learnt.
struct Learner<'c> {
    /// The nearest built-in dialect at the base of the capture, with what was learnt of its addresses.
    site: Site,
    /// The same without.
    known: Site,
    all: &'c [SeenExchange<'c>],
    booking: &'c SeenBooking,
    charset: Charset,
    draft: Draft,
    /// What stands in fields that echo the booking.
    values: KnownValues,
    /// The numbers of the slots that were chosen.
    slots: Vec<String>,
}

impl<'c> Learner<'c> {
    fn at(&self, at: Option<usize>) -> Option<&'c SeenExchange<'c>> {
        self.all.get(at?)
    }

    fn run(&mut self, base: &str, name: Option<&str>, nearest: &str) {
        if let Some(name) = name.filter(|name| *name != nearest) {
            self.draft.set("name", quoted(name));
        }
        let (site, first) = (self.known.clone(), self.all.first().map_or(0, SeenExchange::nth));
        let printed = Site::builtin(nearest).map(|site| site.base_url().origin().ascii_serialization());
        self.draft.text("address.base", base, &printed.unwrap_or_default(), first);
        self.draft.text("charset", self.charset.name(), site.charset().name(), first);
        self.prefix();
        self.paths();
        self.day_values();
        self.login();
        self.cookie();
        self.day_post();
        self.application();
        self.markers();
        self.states();
        self.header_texts();
        self.refusals();
        self.habits();
        self.clock();
        self.receipt();
        self.place();
        self.checks();
    }

    /// The part of the address before the site's own paths: what most of the known paths leave over.
    fn prefix(&mut self) {
        let paths = &self.known.dialect.paths;
        let mut found: Vec<(String, usize, usize)> = Vec::new();
        let mut add = |prefix: &str, nth: usize| {
            let prefix = prefix.trim_end_matches('/');
            match found.iter_mut().find(|(known, ..)| known == prefix) {
                Some((_, count, _)) => *count += 1,
                None => found.push((prefix.to_owned(), 1, nth)),
            }
        };
        for (at, path) in [
            (self.booking.login, &paths.login),
            (self.booking.login_page, &paths.login_page),
            (self.booking.form, &paths.form),
            (self.booking.submit, &paths.submit),
        ] {
            let Some(seen) = self.at(at) else { continue };
            if let Some(prefix) = seen.path().strip_suffix(&path.render(|_| None)) {
                add(prefix, seen.nth());
            }
        }
        for seen in self.all {
            if let Some(prefix) = [&paths.day, &paths.schedule].iter().find_map(|t| before(t, seen.path())) {
                add(&prefix, seen.nth());
            }
        }
        let Some((prefix, _, nth)) = found.iter().rev().max_by_key(|(_, count, _)| *count) else { return };
        self.draft.text("address.prefix", prefix, &self.known.dialect.address.prefix, *nth);
        Arc::make_mut(&mut self.site.dialect).address.prefix = prefix.clone();
    }

    /// The path of an exchange within the site.
    fn within<'p>(&self, path: &'p str) -> Option<&'p str> {
        let within = path.strip_prefix(self.site.dialect.address.prefix.as_str())?;
        match within {
            "" => Some("/"),
            within => within.starts_with('/').then_some(within),
        }
    }

    fn learn_path(
        &mut self,
        key: &str,
        path: &str,
        nth: usize,
        put: fn(&mut crate::site::dialect::SitePaths, PathTemplate),
    ) {
        let Some(within) = self.within(path).map(str::to_owned) else { return };
        // What cannot be written as a path of a dialect is left as it was.
        let Ok(template) = PathTemplate::try_from(within.clone()) else { return };
        let was = {
            let paths = &self.known.dialect.paths;
            let known = match key {
                "home" => &paths.home,
                "login_page" => &paths.login_page,
                "login" => &paths.login,
                "logout" => &paths.logout,
                "message" => &paths.message,
                "form" => &paths.form,
                _ => &paths.submit,
            };
            known.render(|_| None)
        };
        self.draft.text(&format!("paths.{key}"), &within, &was, nth);
        put(&mut Arc::make_mut(&mut self.site.dialect).paths, template);
    }

    fn paths(&mut self) {
        let booking = self.booking;
        let end_of_login = self.at(booking.login).filter(|login| login.exchange.hops.len() > 1);
        if let Some(login) = end_of_login {
            self.learn_path("home", login.end(), login.nth(), |paths, path| paths.home = path);
        } else if let Some(home) = self.all.iter().find(|seen| self.within(seen.path()) == Some("/")) {
            self.learn_path("home", home.path(), home.nth(), |paths, path| paths.home = path);
        }
        if let Some(seen) = self.at(booking.login_page) {
            self.learn_path("login_page", seen.path(), seen.nth(), |paths, path| paths.login_page = path);
        }
        if let Some(seen) = self.at(booking.login) {
            self.learn_path("login", seen.path(), seen.nth(), |paths, path| paths.login = path);
        }
        if let Some(seen) = self.at(booking.form) {
            self.learn_path("form", seen.path(), seen.nth(), |paths, path| paths.form = path);
        }
        if let Some(seen) = self.at(booking.submit) {
            self.learn_path("submit", seen.path(), seen.nth(), |paths, path| paths.submit = path);
        }
        let refused = booking.failed_logins.iter().chain(&booking.refused_forms);
        let message = refused.filter_map(|at| self.all.get(*at)).find(|seen| seen.end() != seen.path());
        if let Some(seen) = message {
            self.learn_path("message", seen.end(), seen.nth(), |paths, path| paths.message = path);
        }
        self.templates();
    }

    /// The addresses with a date and a place in them.
    fn templates(&mut self) {
        let day =
            self.booking.days.iter().filter_map(|at| self.all.get(*at)).find(|seen| seen.sent.is_none());
        if let Some(seen) = day
            && let Some(within) = self.within(seen.path()).map(str::to_owned)
        {
            let known = self.known.dialect.paths.day.clone();
            match known.read(&within) {
                Some(_) => self.draft.confirm("paths.day", &within, seen.nth()),
                None => {
                    let keys = ["year", "month", "day", "is_list", "comcd", "partcd", "placecd", "group"];
                    if let Some(text) = templated(&within, &keys)
                        && let Ok(template) = PathTemplate::try_from(text.clone())
                    {
                        self.draft.change("paths.day", quoted(&text), &text, "another path", seen.nth());
                        Arc::make_mut(&mut self.site.dialect).paths.day = template;
                    }
                }
            }
        }
        let days = &self.booking.days;
        let months: Vec<&SeenExchange<'_>> = self
            .all
            .iter()
            .enumerate()
            .filter(|(at, seen)| !days.contains(at) && seen.sent.is_none() && seen.document.is_some())
            .map(|(_, seen)| seen)
            .collect();
        let known = self.known.dialect.paths.schedule.clone();
        let fits = |seen: &&&SeenExchange<'_>| {
            self.within(seen.path())
                .is_some_and(|path| known.read(path).is_some_and(|values| values.contains_key("comcd")))
        };
        if let Some(seen) = months.iter().find(fits) {
            let (path, nth) = (seen.path().to_owned(), seen.nth());
            self.draft.confirm("paths.schedule", &path, nth);
            return;
        }
        let keys = ["year", "month", "day", "view", "comcd", "partcd", "placecd"];
        // A page of a day that was refused has the address of a day.
        let of_day = |path: &str| self.site.dialect.paths.day.begins(path);
        let found = months.iter().find_map(|seen| {
            let within = self.within(seen.path()).filter(|path| !of_day(path))?;
            Some((templated(within, &keys)?, seen.nth()))
        });
        if let Some((text, nth)) = found
            && let Ok(template) = PathTemplate::try_from(text.clone())
        {
            self.draft.change("paths.schedule", quoted(&text), &text, "another path", nth);
            Arc::make_mut(&mut self.site.dialect).paths.schedule = template;
        }
    }

    /// What the booking at hand has in its fields: the day, the place, the slots.
    fn day_values(&mut self) {
        let mut days = self.booking.days.iter().filter_map(|at| self.all.get(*at));
        let day = days.rfind(|seen| {
            self.booking.form.is_none_or(|form| seen.nth() < self.at(Some(form)).map_or(0, SeenExchange::nth))
        });
        let site = self.site.clone();
        let mut values: Vec<(String, String)> = Vec::new();
        if let Some(seen) = day {
            let read = self.within(seen.path()).and_then(|path| site.dialect.paths.day.read(path));
            values.extend(
                read.into_iter().flatten().map(|(key, value)| (format!("{{{key}}}"), value.to_owned())),
            );
        }
        let of = |values: &[(String, String)], key: &str| {
            values.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone())
        };
        let date = [of(&values, "{year}"), of(&values, "{month}"), of(&values, "{day}")];
        if let [Some(year), Some(month), Some(day)] = date
            && let Ok(date) = format!("{year}-{month:0>2}-{day:0>2}").parse::<RentDate>()
        {
            values.push(("{date}".to_owned(), date.compact()));
        }
        for (key, code) in [("codes.is_list", "{is_list}"), ("codes.sports", "{group}")] {
            let known = &site.dialect.codes;
            let known = if code == "{group}" { &known.sports } else { &known.is_list };
            if let (Some(value), Some(seen)) = (of(&values, code), day)
                && value != site.dialect.codes.events
            {
                self.draft.text(key, &value, known, seen.nth());
            }
        }
        // The base as the page prints it, which may have a port or another scheme.
        let prefix = &site.dialect.address.prefix;
        let is_base = |value: &str| {
            Url::parse(value).is_ok_and(|url| {
                url.host_str() == site.base_url().host_str() && url.path().trim_end_matches('/') == prefix
            })
        };
        let sent = self.at(self.booking.form).and_then(|seen| seen.sent.as_ref());
        let bases: Vec<String> = sent
            .into_iter()
            .flat_map(FormFields::iter)
            .map(|(_, v)| v.to_owned())
            .filter(|v| is_base(v))
            .collect();
        values.push(("{base}".to_owned(), bases.first().cloned().unwrap_or_else(|| site.printed_base())));
        if let Some(secure) = bases.get(1) {
            let port = Url::parse(secure)
                .ok()
                .and_then(|_| secure.split("://").nth(1)?.split('/').next()?.split_once(':'));
            let port = port.map(|(_, port)| format!(":{port}")).filter(|_| site.base_url().port().is_none());
            let seen = self.at(self.booking.form).map_or(0, SeenExchange::nth);
            if site.base_url().port().is_none() {
                self.draft.text(
                    "address.secure_port",
                    &port.unwrap_or_default(),
                    &site.dialect.address.secure_port,
                    seen,
                );
            }
            values.push(("{secure_base}".to_owned(), secure.clone()));
        } else {
            values.push(("{secure_base}".to_owned(), site.printed_secure_base()));
        }
        self.values = values;
        if let (Some(sent), Some((name, boxes))) = (sent, day.and_then(SeenExchange::boxes)) {
            self.slots =
                sent.all(name).filter(|value| boxes.iter().any(|b| b == value)).map(str::to_owned).collect();
        }
    }

    /// The fields of the login.
    fn login(&mut self) {
        let Some(seen) = self.at(self.booking.login) else { return };
        let Some(sent) = &seen.sent else { return };
        let known = self.known.dialect.login.fields.clone();
        let form = self
            .at(self.booking.login_page)
            .and_then(|page| page.forms.iter().find(|form| form.password.is_some()));
        let fields: Vec<SeenField> =
            seen_fields(sent, form).into_iter().filter(|field| !is_click(&field.name)).collect();
        let password = form.and_then(|form| form.password.as_deref());
        let value_of = |field: &SeenField| -> Option<String> {
            let same = known.iter().find(|k| k.name == field.name).map(|k| k.value.clone());
            let typed =
                field.kind == Some(ControlKind::Text) && field.before.as_deref().is_none_or(str::is_empty);
            match same {
                Some(template) if template.starts_with('{') => Some(template),
                _ if password == Some(field.name.as_str()) => Some("{password}".to_owned()),
                _ if typed && field.values.first().is_some_and(|v| !v.is_empty()) => {
                    Some("{account}".to_owned())
                }
                // A template cannot be meant by a site, and cannot be written as a constant.
                _ if field.values.first().is_some_and(|v| is_template(v)) => None,
                // A value that the page has, or that nobody typed.
                _ if field.kind.is_some() || field.values.first().is_some_and(String::is_empty) => {
                    field.values.first().cloned()
                }
                Some(same) => Some(same),
                None => None,
            }
        };
        let mut new: Vec<ValueField> = Vec::new();
        for field in &fields {
            match value_of(field) {
                Some(value) => new.push(ValueField { name: field.name.clone(), value, page: false }),
                None => {
                    let text = format!(
                        "the login sent `{}`, and without the login page in the capture its meaning is not known: it may be the account, the password or a constant",
                        field.name
                    );
                    self.draft.find(
                        "login.fields",
                        FindingKind::Ambiguous,
                        &field.name,
                        None,
                        Some(seen.nth()),
                        text,
                    );
                }
            }
        }
        let has = |template: &str| new.iter().any(|field| field.value == template);
        if !has("{account}") || !has("{password}") {
            let text = "the capture does not show which fields are the account and the password: record the login page too".to_owned();
            self.draft.find("login.fields", FindingKind::NotSeen, "login", None, Some(seen.nth()), text);
            return;
        }
        let names = |fields: &[ValueField]| {
            fields.iter().map(|f| (f.name.clone(), f.value.clone())).collect::<Vec<_>>()
        };
        self.named("login.fields", &names(&known), &names(&new), seen.nth());
        let lines: Vec<String> = new
            .iter()
            .map(|field| {
                format!(
                    "    {{ name = {}, value = {} }},   # seen in capture",
                    quoted(&field.name),
                    quoted(&field.value)
                )
            })
            .collect();
        self.draft.set("login.fields", format!("[\n{}\n]", lines.join("\n")));
        Arc::make_mut(&mut self.site.dialect).login.fields = new;
    }

    /// Names the fields of a form that were renamed, added, dropped or moved: pairs of name and meaning.
    fn named(&mut self, key: &str, known: &[(String, String)], new: &[(String, String)], nth: usize) {
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for (at, (name, meaning)) in new.iter().enumerate() {
            let free = |to: &usize| pairs.iter().all(|(_, taken)| taken != to);
            let by = |is: &dyn Fn(&(String, String)) -> bool| {
                (0..known.len()).find(|to| free(to) && known.get(*to).is_some_and(is))
            };
            let same = by(&|(n, _)| n == name);
            let renamed =
                || by(&|(n, m)| m == meaning && !m.is_empty() && new.iter().all(|(other, _)| other != n));
            if let Some(to) = same.or_else(renamed) {
                pairs.push((at, to));
            }
        }
        for (at, (name, meaning)) in new.iter().enumerate() {
            let was = pairs.iter().find(|(a, _)| *a == at).and_then(|(_, to)| known.get(*to));
            match was {
                Some((was, _)) if was == name => {}
                Some((was, _)) => self.draft.find(
                    key,
                    FindingKind::Changed,
                    name,
                    Some(was),
                    Some(nth),
                    format!("the field `{was}` is called `{name}` here"),
                ),
                None => {
                    let what = if meaning.is_empty() { String::new() } else { format!(" ({meaning})") };
                    let text = format!("the field `{name}`{what} is sent as well");
                    self.draft.find(key, FindingKind::Added, name, None, Some(nth), text);
                }
            }
        }
        for (to, (name, _)) in known.iter().enumerate() {
            if pairs.iter().all(|(_, taken)| *taken != to) {
                let text = format!("the field `{name}` is not sent here");
                self.draft.find(key, FindingKind::Changed, "", Some(name), Some(nth), text);
            }
        }
        let order: Vec<usize> = pairs.iter().map(|(_, to)| *to).collect();
        if order.windows(2).any(|pair| matches!(pair, [a, b] if a > b)) {
            let is: Vec<&str> = new.iter().map(|(name, _)| name.as_str()).collect();
            let text = "the fields are sent in another order".to_owned();
            self.draft.find(
                &format!("{key} (order)"),
                FindingKind::Changed,
                &is.join(" "),
                None,
                Some(nth),
                text,
            );
        }
        if pairs.len() == known.len()
            && known.len() == new.len()
            && known.iter().zip(new).all(|(k, n)| k.0 == n.0)
        {
            self.draft.confirm(key, &format!("{} fields", new.len()), nth);
        }
    }

    /// The first POST: from the day to the form.
    fn day_post(&mut self) {
        let Some(seen) = self.at(self.booking.form) else { return };
        let (Some(sent), Some(day)) = (&seen.sent, self.booking.days.last().and_then(|at| self.all.get(*at)))
        else {
            return;
        };
        let Some((slot_field, _)) = day.boxes() else { return };
        self.draft.text(
            "day_post.slot_field",
            slot_field,
            &self.known.dialect.day_post.slot_field,
            seen.nth(),
        );
        let form = day.forms.iter().find(|form| form.boxes.is_some());
        let fields: Vec<SeenField> = seen_fields(sent, form)
            .into_iter()
            .filter(|field| field.name != *slot_field && !is_click(&field.name))
            .collect();
        let known = self.known.dialect.day_post.fields.clone();
        let as_application: Vec<ApplicationField> = known
            .iter()
            .map(|field| ApplicationField {
                name: field.name.clone(),
                from: FieldSource::Page,
                parts: Vec::new(),
                fallback: Some(field.value.clone()),
            })
            .collect();
        let found = assign(&fields, &as_application, &[], &self.values);
        let mut new: Vec<ValueField> = Vec::new();
        for (field, to) in fields.iter().zip(found) {
            let value = field.values.first().cloned().unwrap_or_default();
            let template = self
                .values
                .iter()
                .find(|(_, known)| *known == value && value.len() > 3)
                .map(|(t, _)| t.clone());
            new.push(match (to.and_then(|to| known.get(to)), template) {
                (Some(known), _) => ValueField { name: field.name.clone(), ..known.clone() },
                (None, Some(template)) => {
                    ValueField { name: field.name.clone(), value: template, page: false }
                }
                (None, None) => ValueField { name: field.name.clone(), value, page: true },
            });
        }
        let names = |fields: &[ValueField]| {
            fields.iter().map(|f| (f.name.clone(), f.value.clone())).collect::<Vec<_>>()
        };
        self.named("day_post.fields", &names(&known), &names(&new), seen.nth());
        let lines: Vec<String> = new
            .iter()
            .map(|field| {
                let page = if field.page { ", page = true" } else { "" };
                format!(
                    "    {{ name = {}, value = {}{page} }},   # seen in capture",
                    quoted(&field.name),
                    quoted(&field.value)
                )
            })
            .collect();
        self.draft.set("day_post.fields", format!("[\n{}\n]", lines.join("\n")));
        let dialect = Arc::make_mut(&mut self.site.dialect);
        dialect.day_post.fields = new;
        slot_field.clone_into(&mut dialect.day_post.slot_field);
    }

    /// The second POST: the application.
    fn application(&mut self) {
        let Some(seen) = self.at(self.booking.submit) else { return };
        let page = self.at(self.booking.form);
        let form = page.and_then(|page| applicant_form(page));
        let Some(sent) = &seen.sent else { return };
        let fields: Vec<SeenField> =
            seen_fields(sent, form).into_iter().filter(|field| !is_click(&field.name)).collect();
        let known = self.known.dialect.application.fields.clone();
        let found = assign(&fields, &known, &self.slots, &self.values);
        let mut new: Vec<ApplicationField> = Vec::new();
        let mut lines = Vec::new();
        for (field, to) in fields.iter().zip(&found) {
            let mut entry = match to.and_then(|to| known.get(to)) {
                Some(known) => ApplicationField { name: field.name.clone(), ..known.clone() },
                None => ApplicationField {
                    name: field.name.clone(),
                    from: FieldSource::Page,
                    parts: Vec::new(),
                    fallback: None,
                },
            };
            if !entry.parts.is_empty() {
                entry.parts = parts_of(form, &entry.parts, field);
            }
            let typed = to.is_none()
                && field.kind == Some(ControlKind::Text)
                && field.before.as_deref() != field.values.first().map(String::as_str);
            if typed {
                let text = format!(
                    "a person typed into `{}`, and what it is for is not known: it is sent as the page has it",
                    field.name
                );
                self.draft.find(
                    "application.fields",
                    FindingKind::Ambiguous,
                    &field.name,
                    None,
                    Some(seen.nth()),
                    text,
                );
                lines.push(format!(
                    "    # a person typed into the next one ({}): from = \"club\", \"event-name\", \"purpose\" or \"head-count\"?",
                    remark(&field.label)
                ));
            }
            lines.push(format!("    {},   # seen in capture", field_toml(&entry)));
            new.push(entry);
        }
        for (to, field) in known.iter().enumerate().filter(|(to, _)| !found.contains(&Some(*to))) {
            let needed =
                [FieldSource::Slots, FieldSource::Club, FieldSource::HeadCount].contains(&field.from);
            let off = if needed && new.iter().all(|f| f.from != field.from) { "" } else { "# " };
            lines.push(format!("    {off}{},   # not seen in capture", field_toml(field)));
            let _ = to;
        }
        let meaning = |field: &ApplicationField| match field.from {
            FieldSource::Page => field.fallback.clone().unwrap_or_default(),
            from => format!("{from:?}"),
        };
        let names = |fields: &[ApplicationField]| {
            fields.iter().map(|f| (f.name.clone(), meaning(f))).collect::<Vec<_>>()
        };
        // Fields that have no meaning of their own are the same by their place.
        let mut renamed = names(&new);
        let mut before = names(&known);
        for ((field, to), renamed) in fields.iter().zip(&found).zip(&mut renamed) {
            if let Some(before) = to.and_then(|to| before.get_mut(to))
                && before.1.is_empty()
                && before.0 != field.name
            {
                before.1 = format!("like {}", before.0);
                renamed.1.clone_from(&before.1);
            }
        }
        self.named("application.fields", &before, &renamed, seen.nth());
        self.draft.set("application.fields", format!("[\n{}\n]", lines.join("\n")));
        self.not_sent(seen, form, sent);
        Arc::make_mut(&mut self.site.dialect).application.fields = new;
    }

    /// Controls of the form that a browser would send, and did not: the page's script took them out.
    fn not_sent(&mut self, seen: &SeenExchange<'_>, form: Option<&SeenForm>, sent: &FormFields) {
        let Some(form) = form else { return };
        let mut list = self.known.dialect.application.not_sent.clone();
        let known: Vec<String> = list.clone();
        for control in form.controls.iter().filter(|control| control.sent && !control.name.is_empty()) {
            if sent.first(&control.name).is_none() && !list.contains(&control.name) {
                list.push(control.name.clone());
                let text = format!("the page has `{}`, and the browser did not send it", control.name);
                self.draft.find(
                    "application.not_sent",
                    FindingKind::Added,
                    &control.name,
                    None,
                    Some(seen.nth()),
                    text,
                );
            }
        }
        // What was sent is no longer among what is not sent.
        list.retain(|name| sent.first(name).is_none());
        if list != known {
            let names: Vec<String> = list.iter().map(|name| quoted(name)).collect();
            self.draft.set("application.not_sent", format!("[{}]", names.join(", ")));
        }
    }
}

/// What stands before a template in a path, if the path ends as the template does.
fn before(template: &PathTemplate, path: &str) -> Option<String> {
    let starts = path.match_indices('/').map(|(at, _)| at);
    let fits = |at: &usize| {
        let rest = path.get(*at..).unwrap_or_default();
        template.read(rest).is_some_and(|values| {
            values.get("year").is_some_and(|year| is_year(year)) && values.contains_key("comcd")
        })
    };
    starts.into_iter().find(fits).and_then(|at| path.get(..at)).map(str::to_owned)
}

/// Whether a value would be read as a template of the dialect.
fn is_template(value: &str) -> bool {
    value.starts_with('{') && value.ends_with('}')
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.starts_with("20") && text.bytes().all(|b| b.is_ascii_digit())
}

/// A path with the places of `keys` in it, from its year on.
fn templated(path: &str, keys: &[&str]) -> Option<String> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let year = parts.iter().position(|part| is_year(part))?;
    let values = parts.get(year..)?;
    let number = |at: usize| {
        values.get(at).is_some_and(|v| !v.is_empty() && v.len() <= 2 && v.bytes().all(|b| b.is_ascii_digit()))
    };
    if !number(1) || !number(2) || values.len() > keys.len() || values.len() + 3 < keys.len() {
        return None;
    }
    let plain = parts.get(..year)?.iter().map(|part| format!("/{part}"));
    Some(plain.chain(keys.iter().map(|key| format!("/{{{key}}}"))).collect())
}

/// The controls that a number is joined from.
fn parts_of(form: Option<&SeenForm>, known: &[String], field: &SeenField) -> Vec<String> {
    let Some(form) = form else { return known.to_vec() };
    let has = |id: &String| form.controls.iter().any(|control| control.id == *id || control.name == *id);
    if known.iter().any(has) {
        return known.to_vec();
    }
    // Controls without a name right before the field, as many as the number has parts.
    let at = form.controls.iter().position(|c| c.name == field.name).unwrap_or_default();
    let before = form.controls.get(..at).unwrap_or_default().iter().rev();
    let mut ids: Vec<String> =
        before.take_while(|c| c.name.is_empty() && !c.id.is_empty()).take(3).map(|c| c.id.clone()).collect();
    ids.reverse();
    if ids.len() == known.len() { ids } else { known.to_vec() }
}

fn field_toml(field: &ApplicationField) -> String {
    let from = match field.from {
        FieldSource::Page => "page",
        FieldSource::Slots => "slots",
        FieldSource::Discount => "discount",
        FieldSource::Payment => "payment",
        FieldSource::Applicant => "applicant",
        FieldSource::Club => "club",
        FieldSource::Telephone => "telephone",
        FieldSource::Mobile => "mobile",
        FieldSource::HeadCount => "head-count",
        FieldSource::Men => "men",
        FieldSource::Women => "women",
        FieldSource::EventName => "event-name",
        FieldSource::Purpose => "purpose",
        FieldSource::TimeList => "time-list",
    };
    let parts: Vec<String> = field.parts.iter().map(|part| quoted(part)).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(", parts = [{}]", parts.join(", ")) };
    let fallback = field.fallback.as_ref().map(|f| format!(", fallback = {}", quoted(f))).unwrap_or_default();
    format!("{{ name = {}, from = \"{from}\"{parts}{fallback} }}", quoted(&field.name))
}
