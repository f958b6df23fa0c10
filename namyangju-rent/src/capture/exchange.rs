//! The exchanges of a capture in the order of the visit: each request with the redirects behind it, and the step it is.
//!
//! A browser writes an entry for each hop. The library reads a chain of hops as one answer, and so does everything that
//! compares a capture with it.

use std::collections::BTreeSet;

use serde::Serialize;
use url::Url;

use crate::error::Step;
use crate::har::{HarEntry, HarFile};
use crate::harness::Capture;
use crate::html::charset::FormFields;
use crate::net::redirect::onward;
use crate::page::Page;
use crate::site::Site;
use crate::site::path::PathTemplate;

/// The most hops that are followed, as in the client.
const MAX_HOPS: usize = 10;

/// How many entries after a redirect are searched for the page it leads to. Browsers ask for it at once.
const LOOK_AHEAD: usize = 500;

/// What an exchange of a capture is for, by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SeenStep {
    /// The home page.
    Home,
    /// The page of the login form.
    LoginPage,
    /// The login.
    Login,
    /// The logout.
    Logout,
    /// A month's calendar or day list.
    Schedule,
    /// The page of a day.
    Day,
    /// The applicant form.
    Form,
    /// The submission.
    Submit,
    /// The page of a message.
    Message,
    /// The answer to a human check. Nothing of it is read.
    HumanCheck,
    /// A style sheet, a script, an image.
    File,
    /// A page of the site that the dialect does not know.
    Other,
}

impl std::fmt::Display for SeenStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Home => "home",
            Self::LoginPage => "login page",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Schedule => "schedule",
            Self::Day => "day",
            Self::Form => "form",
            Self::Submit => "submission",
            Self::Message => "message",
            Self::HumanCheck => "human check",
            Self::File => "file",
            Self::Other => "other page",
        })
    }
}

impl SeenStep {
    /// The step whose reader reads its answer.
    pub(crate) fn read_as(self) -> Option<Step> {
        Some(match self {
            Self::Home | Self::LoginPage | Self::Message => Step::Home,
            Self::Login => Step::Login,
            Self::Schedule => Step::Schedule,
            Self::Day => Step::Day,
            Self::Form => Step::Form,
            Self::Submit => Step::Submit,
            Self::Logout | Self::HumanCheck | Self::File | Self::Other => return None,
        })
    }

    /// What an address is for.
    pub(crate) fn of(site: &Site, entry: &HarEntry, url: &Url) -> Self {
        let Some(path) = site.path_of(url) else { return Self::of_kind(entry) };
        let path = if path.is_empty() { "/" } else { path };
        let paths = &site.dialect.paths;
        let is = |template: &PathTemplate| template.read(path).is_some();
        let steps = [
            (&paths.login, Self::Login),
            (&paths.form, Self::Form),
            (&paths.submit, Self::Submit),
            (&paths.home, Self::Home),
            (&paths.login_page, Self::LoginPage),
            (&paths.logout, Self::Logout),
            (&paths.message, Self::Message),
            (&paths.human_check, Self::HumanCheck),
            (&paths.schedule, Self::Schedule),
            (&paths.day, Self::Day),
        ];
        let known = steps.iter().find(|(template, _)| is(template)).map(|(_, step)| *step);
        known.unwrap_or_else(|| Self::of_kind(entry))
    }

    fn of_kind(entry: &HarEntry) -> Self {
        let kind = entry.media_type().unwrap_or_default();
        let ending = entry.url.path().rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let files = ["css", "js", "png", "gif", "jpg", "jpeg", "ico", "svg", "woff", "woff2", "ttf"];
        let is_file = kind.starts_with("image/")
            || kind.starts_with("font/")
            || kind.contains("css")
            || kind.contains("javascript")
            || files.contains(&ending.as_str());
        if is_file { Self::File } else { Self::Other }
    }
}

/// One request of a visit and where it ended.
#[derive(Clone)]
pub(crate) struct CaptureExchange<'f> {
    pub(crate) step: SeenStep,
    /// The entries: the request, and each hop that its answer led to. Never empty.
    pub(crate) hops: Vec<&'f HarEntry>,
}

impl<'f> CaptureExchange<'f> {
    pub(crate) fn first(&self) -> Option<&'f HarEntry> {
        self.hops.first().copied()
    }

    pub(crate) fn last(&self) -> Option<&'f HarEntry> {
        self.hops.last().copied()
    }

    /// What was sent with the request, in the site's character set.
    pub(crate) fn sent(&self, site: &Site) -> Option<FormFields> {
        self.first().filter(|entry| entry.method == "POST")?.sent_fields(site.charset())
    }

    /// The answer at the end of the hops, as a capture of this step.
    pub(crate) fn capture(&self, site: &Site, step: Step) -> Option<Capture> {
        let (first, last) = (self.first()?, self.last()?);
        let url = site.at_own_base(&last.url)?;
        let body = match last.body_bytes(site.charset()) {
            Some(body) => body,
            None if last.location().is_some() => Vec::new(),
            None => return None,
        };
        let mut capture = Capture::new(step, url, body);
        capture.status = last.status;
        capture.headers = last.response_headers.clone();
        capture.posted_to =
            (first.method == "POST").then(|| site.at_own_base(&first.url)).flatten().map(String::from);
        Some(capture)
    }

    /// The page at the end of the hops.
    pub(crate) fn page(&self, site: &Site) -> Option<Page> {
        self.capture(site, Step::Submit)?.page(site).ok()
    }
}

/// The exchanges with a site, in the order of the file. `site` is the dialect at the base of the capture.
pub(crate) fn exchanges<'f>(site: &Site, file: &'f HarFile) -> Vec<CaptureExchange<'f>> {
    let mut used = BTreeSet::new();
    let mut found = Vec::new();
    for (at, entry) in file.entries.iter().enumerate() {
        let Some(url) = site.at_own_base(&entry.url) else { continue };
        if used.contains(&at) || entry.status == 0 {
            continue;
        }
        let mut hops = vec![entry];
        let mut last = (at, entry);
        while let Some(target) = leads_to(site, last.1).filter(|_| hops.len() < MAX_HOPS) {
            let next =
                file.entries.iter().enumerate().skip(last.0 + 1).take(LOOK_AHEAD).find(|(at, next)| {
                    !used.contains(at)
                        && next.status != 0
                        && next.method == "GET"
                        && same_address(&next.url, &target)
                });
            let Some(next) = next else { break };
            used.insert(next.0);
            hops.push(next.1);
            last = next;
        }
        found.push(CaptureExchange { step: SeenStep::of(site, entry, &url), hops });
    }
    found
}

fn same_address(a: &Url, b: &Url) -> bool {
    a.host_str() == b.host_str() && a.path() == b.path() && a.query() == b.query()
}

/// Where an answer sends the browser on: by its status, or by a page that does nothing else.
pub(crate) fn leads_to(site: &Site, entry: &HarEntry) -> Option<Url> {
    if let Some(to) = entry.location() {
        return Some(to);
    }
    let headers = entry
        .response_headers
        .iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
        .collect();
    let body = entry.body_bytes(site.charset()).unwrap_or_default();
    let charset = entry.charset(site.charset());
    let url = site.at_own_base(&entry.url)?;
    onward(site, &url, entry.status, &headers, &body, charset, &mut Vec::new())?.target.ok()
}

/// The base address that a capture is of: that of the most pages and forms.
pub(crate) fn base_of(file: &HarFile) -> Option<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for entry in &file.entries {
        let is_page = entry.media_type().is_some_and(|kind| kind == "text/html");
        // A form that was sent tells more than any page: advertisements are pages too.
        let weight =
            usize::from(is_page) + if entry.method == "POST" && entry.sent.is_some() { 2 } else { 0 };
        if weight == 0 || !matches!(entry.url.scheme(), "http" | "https") {
            continue;
        }
        let base = entry.url.origin().ascii_serialization();
        match counts.iter_mut().find(|(known, _)| *known == base) {
            Some((_, count)) => *count += weight,
            None => counts.push((base, weight)),
        }
    }
    // The first of the largest: the one that was visited first.
    let most = counts.iter().map(|(_, count)| *count).max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(base, _)| base)
}
