//! The state machine: what the site remembers, and the way from a request to an answer.
//!
//! It is pure so that a test needs neither a socket nor a clock. What a server does by waiting (a queue, a
//! script, a delay) is a plan here: [`StandIn::answer`] decides for the instant at which the script will read
//! the clock, and says how long the answer is to be held back.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::account::Account;
use super::connections::{self, Connection};
use super::courts::{self, Court};
use super::pages;
use super::recording::Recording;
use super::scripts::{Others, Plan, Workers};
use super::seeded::{Seeded, share_of};
use super::settings::{
    BlockKind, ContentType, Delay, Framing, PrintedBase, Settings, WaitingRoom, WaitingRoomStyle,
};
use super::swamp::Trouble;
use super::texts::known;
use super::visit::{OpenVisit, clock_line};
use super::web_server::HeadRequests;
use super::wire::{Answer, Arrival, Came, Fault, FaultKind, Request, SiteStep, WireFault};
use crate::har::HarFile;
use crate::html::charset::{Charset, FormFields};
use crate::outcome::Refusal;
use crate::site::Site;
use crate::site::error::SiteError;
use crate::value::date::{RentDate, SeoulTime};
use crate::value::place::Place;
use crate::value::slot::{SlotState, TimeNo, TimeRange};

/// The query word of the redirect loop.
const LOOP_WORD: &str = "standin_loop=";

/// Makes the draws of a swamped site other numbers than the slots and sessions of the same seed.
const LUCK: u64 = 0x5157_414D_5000_0001;

/// The stand-in site: its rules as one plain state machine, without a server and without a clock.
///
/// ```
/// use namyangju_rent::Site;
/// use namyangju_rent::harness::{Request, Settings, StandIn};
///
/// let site = Site::builtin("namyangju").expect("compiled in");
/// let mut stand_in = StandIn::new(&site, Settings::default());
/// let now = "2026-11-22 10:00:00".parse()?;
/// let answer = stand_in.answer(&Request::get("/rent/member/login"), now);
/// assert_eq!(answer.status, 200);
/// assert_eq!(stand_in.arrivals().len(), 1);
/// # Ok::<(), namyangju_rent::DateError>(())
/// ```
pub struct StandIn {
    pub(super) site: Site,
    pub(super) settings: Settings,
    pub(super) courts: Arc<[Court]>,
    pub(super) seeded: Seeded,
    jitter: Seeded,
    /// The secret behind every cookie; a new one ends every session.
    pub(super) key: String,
    holders: BTreeMap<(Place, RentDate, TimeNo), Option<SlotHolder>>,
    others: Others,
    workers: Workers,
    /// The session of the latest login of each account.
    pub(super) sessions_of_accounts: BTreeMap<String, String>,
    /// The latest of `Settings::sessions_end` that has come.
    sessions_ended_at: Option<SeoulTime>,
    /// The draws of `Settings::swamp`.
    luck: Seeded,
    pub(super) connections: connections::Log,
    pub(super) bookings: Vec<Booked>,
    arrivals: Vec<Arrival>,
    counts: BTreeMap<SiteStep, u32>,
    peers: BTreeMap<IpAddr, Peer>,
    date_shown: Option<SeoulTime>,
    pub(super) last_receipt: u64,
    recording: Option<Recording>,
}

/// One reservation the stand-in has taken.
///
/// `Debug` does not show the application, which holds a name and a phone number.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Booked {
    /// When, on the site's clock.
    pub at: SeoulTime,
    /// The receipt number.
    pub receipt: String,
    /// The account that booked.
    pub account: String,
    /// The court.
    pub place: Place,
    /// The day of use.
    pub date: RentDate,
    /// The slots, in time order.
    pub slots: Vec<(TimeNo, TimeRange)>,
    /// All fields of the submission, in the order they came.
    pub fields: FormFields,
}

impl fmt::Debug for Booked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Booked")
            .field("at", &self.at)
            .field("receipt", &self.receipt)
            .field("account", &self.account)
            .field("place", &self.place)
            .field("date", &self.date)
            .field("slots", &self.slots)
            .field("fields", &self.fields)
            .finish()
    }
}

/// Who has a slot, as the day list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SlotHolder {
    pub(super) event: String,
    pub(super) group: String,
    /// The name in the account of a member of the stand-in.
    pub(super) member: Option<String>,
}

#[derive(Default)]
struct Peer {
    recent: VecDeque<SeoulTime>,
    shut_out_until: Option<SeoulTime>,
}

/// What the machine has decided, before it becomes bytes.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// The body, where it is not text.
    pub(super) bytes: Option<&'static [u8]>,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub(super) fn page(text: String) -> Self {
        Self { status: 200, kind: "text/html", text, bytes: None, headers: Vec::new() }
    }

    pub(super) fn redirect(to: String) -> Self {
        Self { status: 302, headers: vec![("location", to)], ..Self::page(String::new()) }
    }

    fn bare(status: u16, text: &str) -> Self {
        Self { status, ..Self::page(pages::bare(status, text)) }
    }
}

impl StandIn {
    /// A stand-in for the city of this dialect.
    pub fn new(site: &Site, settings: Settings) -> Self {
        let mut seeded = Seeded::new(settings.seed);
        let mut courts = courts::table(site, settings.round_hours, seeded.next());
        courts.extend(settings.extra_courts.iter().cloned());
        let (others, luck) = (Others::new(&settings), Seeded::new(settings.seed ^ LUCK));
        Self {
            site: site.clone(),
            courts: courts.into(),
            key: seeded.hex(32),
            jitter: Seeded::new(seeded.next()),
            last_receipt: 1_000_000 + seeded.below(900_000),
            seeded,
            settings,
            holders: BTreeMap::new(),
            others,
            workers: Workers::default(),
            sessions_of_accounts: BTreeMap::new(),
            sessions_ended_at: None,
            luck,
            connections: connections::Log::default(),
            bookings: Vec::new(),
            arrivals: Vec::new(),
            counts: BTreeMap::new(),
            peers: BTreeMap::new(),
            date_shown: None,
            recording: None,
        }
    }

    /// Records every exchange from now on; what was recorded before is forgotten.
    pub fn record(&mut self) {
        self.recording = Some(Recording::default());
    }

    /// What was recorded so far, as a browser would have saved it. It holds cookies and bodies: passwords too.
    pub fn recording(&self) -> HarFile {
        self.recording.as_ref().map(Recording::file).unwrap_or_default()
    }

    /// The dialect at this base address, with the stand-in's own texts added, so that a client
    /// recognises its pages.
    ///
    /// # Errors
    /// [`SiteError::BaseUrl`] if it is not a base address.
    pub fn site(&self, base_url: &str) -> Result<Site, SiteError> {
        let texts = &self.settings.texts;
        let known: [(&str, Refusal); 10] = [
            (&texts.taken, Refusal::SlotTaken),
            (&texts.trace_missing, Refusal::TraceMissing),
            (&texts.login_required, Refusal::LoggedOut),
            (&texts.login_failed, Refusal::LoggedOut),
            (&texts.blocked, Refusal::Blocked),
            (&texts.busy, Refusal::Busy),
            (&texts.wrong_slots, Refusal::Invalid),
            (&texts.contradiction, Refusal::Invalid),
            (&texts.wrong_amount, Refusal::Invalid),
            (known::CHECK_NEEDED, Refusal::HumanCheck),
        ];
        let mut site = self.site.clone().with_base_url(base_url)?;
        for (text, refusal) in known {
            site = site.with_refusal_text(text, refusal);
        }
        if let Some(text) = &self.settings.not_open_text {
            site = site.with_refusal_text(text, Refusal::NotOpenYet);
        }
        Ok(site)
    }

    /// Every request so far, in the order of their answers.
    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// Every connection so far, in the order they were opened. Only a [`StandInServer`](super::StandInServer)
    /// has connections.
    pub fn connections(&self) -> &[Connection] {
        self.connections.entries()
    }

    /// Forgets the requests so far and the connections that are closed, for long runs.
    pub fn forget_arrivals(&mut self) {
        self.arrivals.clear();
        self.connections.forget_closed();
    }

    /// Every reservation taken so far, in order.
    pub fn bookings(&self) -> &[Booked] {
        &self.bookings
    }

    /// The members who can log in.
    pub fn accounts(&self) -> &[Account] {
        &self.settings.accounts
    }

    /// The courts and their slots.
    pub fn places(&self) -> &[Court] {
        &self.courts
    }

    /// How it behaves.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes how it behaves from now on; courts, competitors and the seed stay as they were.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Gives every slot that touches the stretch to `by`, also those that are booked. Returns their number.
    pub fn take(&mut self, place: &Place, date: RentDate, range: TimeRange, by: &str) -> usize {
        let holder =
            SlotHolder { event: self.settings.texts.rival_event.clone(), group: by.to_owned(), member: None };
        self.set_holder(place, date, range, Some(holder))
    }

    /// Frees every slot that touches the stretch. Says how many there are.
    pub fn release(&mut self, place: &Place, date: RentDate, range: TimeRange) -> usize {
        self.set_holder(place, date, range, None)
    }

    /// Whether somebody has the slot.
    pub fn is_taken(&self, place: &Place, date: RentDate, number: TimeNo) -> bool {
        self.holder(place, date, number).is_some()
    }

    /// Ends every session: the next request with an old cookie is anonymous.
    pub fn end_sessions(&mut self) {
        self.key = self.seeded.hex(32);
    }

    /// Sets when a date opens, on the site's clock; `None` is the default instant again.
    pub fn set_opening(&mut self, date: RentDate, at: Option<SeoulTime>) {
        match at {
            Some(at) => self.settings.openings.insert(date, at),
            None => self.settings.openings.remove(&date),
        };
    }

    /// The site's clock at an instant of the carrier's.
    pub fn site_time(&self, now: SeoulTime) -> SeoulTime {
        let skew = Duration::from_millis(self.settings.clock_skew_millis.unsigned_abs());
        if self.settings.clock_skew_millis < 0 { now.minus(skew) } else { now.plus(skew) }
    }

    /// The carrier's clock at an instant of the site's.
    fn carrier_time(&self, site_time: SeoulTime) -> SeoulTime {
        let skew = Duration::from_millis(self.settings.clock_skew_millis.unsigned_abs());
        if self.settings.clock_skew_millis < 0 { site_time.plus(skew) } else { site_time.minus(skew) }
    }

    /// How long the next request takes to reach the site: the carrier waits for this time before it asks.
    pub fn there_delay(&mut self) -> Duration {
        self.draw(self.settings.there)
    }

    /// How long the handshakes of a new connection take, `now` on the carrier's clock.
    pub(super) fn handshakes(&self, now: SeoulTime) -> Duration {
        if self.settings.handshakes_from.is_some_and(|from| self.site_time(now) < from) {
            return Duration::ZERO;
        }
        let round_trip = self.settings.there.base.saturating_add(self.settings.back.base);
        round_trip.saturating_mul(self.settings.handshake_round_trips.into())
    }

    /// The answer to one request that reaches the site at `now`. Call it in the order of the arrivals.
    ///
    /// The answer holds for the instant at which the request's script reads the clock, which a queue and a
    /// script time put later than `now`; [`Answer::back_delay`] says when it may leave.
    pub fn answer(&mut self, request: &Request, now: SeoulTime) -> Answer {
        self.answer_to(request, Came::at(now))
    }

    pub(super) fn answer_to(&mut self, request: &Request, came: Came) -> Answer {
        let now = came.whole;
        let site_time = self.site_time(now);
        self.queue_others(site_time);
        let site = self.site_seen_by(request);
        let step = self.step_of(request);
        let fault = self.fault_at(step);
        let trouble = self.trouble(step, site_time);
        let turned = self.turned_away(request, now, site_time, fault.as_ref(), trouble, &site);
        let needs_script = turned.is_none() && step != SiteStep::File;
        let longer = trouble.map_or(Duration::ZERO, Trouble::longer);
        let plan = needs_script.then(|| self.workers.plan(&self.settings.web_server, now, longer));
        self.let_rivals_act(plan.map_or(now, |plan| plan.reads));
        let mut visit = None;
        let (reply, wire) = match (turned, plan) {
            (Some(turned), _) => turned,
            (None, Some(plan)) => {
                let (reply, mut opened) = self.run_script(request, site, step, plan, fault.as_ref());
                let sent = match trouble {
                    Some(Trouble::TimedOut(_)) => {
                        // The gateway's own page knows no cookies.
                        opened.lines.clear();
                        (Some(Reply::bare(504, &self.settings.texts.busy)), None)
                    }
                    Some(Trouble::ResetAfter) => (None, Some(WireFault::ResetUnanswered)),
                    _ => (Some(reply), None),
                };
                visit = Some(opened);
                sent
            }
            (None, None) => {
                let file = self.path_within(request).and_then(|path| self.file(path));
                (Some(file.unwrap_or_else(|| Reply::bare(404, &self.settings.texts.missing))), None)
            }
        };
        let leaves = plan.map_or(now, |plan| plan.ends);
        let mut answer = match reply {
            Some(reply) => self.finish(reply, visit.as_ref(), request, (came, leaves), fault.as_ref()),
            None => silent(),
        };
        answer.fault = answer.fault.or(wire);
        // Later still, if a fault asks for it.
        let left = leaves.plus(answer.back_delay);
        answer.back_delay = left.since(now);
        let back = self.draw(self.settings.back);
        answer.back_delay = answer.back_delay.saturating_add(back);
        let unanswered =
            matches!(answer.fault, Some(WireFault::Close | WireFault::Silence | WireFault::ResetUnanswered));
        if self.recording.is_some() {
            let seen_by = self.site_seen_by(request);
            if let Some(recording) = &mut self.recording {
                recording.add(request, &answer, &seen_by, now);
            }
        }
        self.arrivals.push(Arrival {
            connection: came.connection,
            nth: came.nth,
            at: now,
            site_time,
            began: plan.map(|plan| plan.begins),
            decided: plan.map(|plan| plan.reads),
            left: (!unanswered).then_some(left),
            peer: request.peer,
            session: visit.as_ref().and_then(|v| v.session.id.get(..8)).map(str::to_owned),
            account: visit.as_ref().and_then(OpenVisit::account_id).map(str::to_owned),
            method: request.method.clone(),
            path: request.path().to_owned(),
            body: request.body.clone(),
            status: if unanswered { 0 } else { answer.status },
            step,
        });
        answer
    }

    /// The site's own program: everything in it happens at the instant at which the script reads the clock.
    fn run_script(
        &mut self,
        request: &Request,
        site: Site,
        step: SiteStep,
        plan: Plan,
        fault: Option<&FaultKind>,
    ) -> (Reply, OpenVisit) {
        let reads = self.site_time(plan.reads);
        let ended = self.settings.sessions_end.iter().copied().filter(|at| *at <= reads).max();
        if ended > self.sessions_ended_at {
            self.sessions_ended_at = ended;
            self.end_sessions();
        }
        let expire = fault == Some(&FaultKind::ExpireSession);
        let mut visit = self.open_visit(request, site, reads, expire);
        let mut reply = self.respond(request, &mut visit, step);
        let guarded = WaitingRoom { before: step, style: WaitingRoomStyle::Guarded };
        if self.settings.waiting_room == Some(guarded) {
            reply.text = reply.text.replacen("</head>", pages::GUARDED_HEAD, 1);
        }
        (reply, visit)
    }

    /// What happens to a request of a swamped site, beside a good answer.
    fn trouble(&mut self, step: SiteStep, site_time: SeoulTime) -> Option<Trouble> {
        let swamp = self.settings.swamp.filter(|swamp| (swamp.from..swamp.until).contains(&site_time))?;
        if step == SiteStep::File { None } else { swamp.draw(&mut self.luck) }
    }

    /// The dialect at the address the visitor used, as far as the request tells it.
    fn site_seen_by(&self, request: &Request) -> Site {
        let own = self.site.base_url();
        let asked = match request.header("host") {
            Some(host) if own.host_str() != host.split(':').next() || own.port().is_some() => {
                let asked = self.site.clone().with_base_url(&format!("http://{host}"));
                asked.unwrap_or_else(|_| self.site.clone())
            }
            _ => self.site.clone(),
        };
        let mut base = asked.base_url().clone();
        let changed = match self.settings.printed_base {
            PrintedBase::AsAsked => return asked,
            PrintedBase::Https => base.set_scheme("https"),
            PrintedBase::Port(port) => base.set_port(Some(port)),
            PrintedBase::WithoutPort => base.set_port(None),
        };
        let printed = changed.ok().and_then(|()| asked.clone().with_base_url(base.as_str()).ok());
        printed.unwrap_or(asked)
    }

    fn step_of(&self, request: &Request) -> SiteStep {
        let paths = &self.site.dialect.paths;
        let Some(path) = self.path_within(request) else { return SiteStep::Other };
        if self.file(path).is_some() {
            return SiteStep::File;
        }
        let steps = [
            (&paths.home, SiteStep::Home),
            (&paths.login_page, SiteStep::LoginPage),
            (&paths.login, SiteStep::Login),
            (&paths.schedule, SiteStep::Schedule),
            (&paths.day, SiteStep::Day),
            (&paths.form, SiteStep::Form),
            (&paths.submit, SiteStep::Submit),
        ];
        steps
            .iter()
            .find(|(template, _)| template.read(path).is_some())
            .map_or(SiteStep::Other, |(_, step)| *step)
    }

    /// Whether the site has anything at this path; receipts and pictures count without being looked up.
    #[cfg(feature = "wiremock")]
    pub(super) fn knows(&self, path: &str) -> bool {
        let request = Request::get(path);
        let Some(within) = self.path_within(&request) else { return false };
        let paths = &self.site.dialect.paths;
        let landing = within.strip_prefix(self.settings.landing_path.as_str());
        self.step_of(&request) != SiteStep::Other
            || [&paths.logout, &paths.message, &paths.human_check].iter().any(|p| p.read(within).is_some())
            || within.starts_with(pages::IMAGES_PATH)
            || landing
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    }

    /// The path after the dialect's prefix; the prefix alone is the home page.
    pub(super) fn path_within<'r>(&self, request: &'r Request) -> Option<&'r str> {
        match request.path().strip_prefix(self.site.dialect.address.prefix.as_str())? {
            "" => Some("/"),
            path => path.starts_with('/').then_some(path),
        }
    }

    /// The scripted fault for this request, if it is the n-th of its step.
    fn fault_at(&mut self, step: SiteStep) -> Option<FaultKind> {
        for counted in [step, SiteStep::Any] {
            let count = self.counts.entry(counted).or_default();
            *count = count.saturating_add(1);
        }
        let hits = |fault: &&Fault| {
            (fault.step == step || fault.step == SiteStep::Any)
                && self.counts.get(&fault.step).is_some_and(|count| *count == fault.nth)
        };
        self.settings.faults.iter().find(hits).map(|fault| fault.kind.clone())
    }

    /// What comes before the site's own program: blocks, overload, and faults that keep a request
    /// from it. `None` lets the request in.
    fn turned_away(
        &mut self,
        request: &Request,
        now: SeoulTime,
        site_time: SeoulTime,
        fault: Option<&FaultKind>,
        trouble: Option<Trouble>,
        site: &Site,
    ) -> Option<(Option<Reply>, Option<WireFault>)> {
        if let Some(kind) = self.shut_out(request.peer, now) {
            let text = self.settings.texts.blocked.clone();
            return Some(match kind {
                BlockKind::Forbidden => (Some(Reply::bare(403, &text)), None),
                BlockKind::Page => (Some(Reply { status: 200, ..Reply::bare(403, &text) }), None),
                BlockKind::Silence => (None, Some(WireFault::Silence)),
            });
        }
        let here = format!("{}{}", site.base_url().as_str().trim_end_matches('/'), request.path());
        let looped = request.query().and_then(|query| query.strip_prefix(LOOP_WORD));
        match fault {
            Some(FaultKind::DropBefore) => return Some((None, Some(WireFault::Close))),
            Some(FaultKind::Silence) => return Some((None, Some(WireFault::Silence))),
            Some(FaultKind::Status(status)) => {
                let status = if (100..=599).contains(status) { *status } else { 500 };
                return Some((Some(Reply::bare(status.max(200), "")), None));
            }
            Some(FaultKind::RedirectTo(to)) => return Some((Some(Reply::redirect(to.clone())), None)),
            Some(FaultKind::RedirectLoop) => {
                return Some((Some(Reply::redirect(format!("{here}?{LOOP_WORD}1"))), None));
            }
            _ => {}
        }
        if let Some(round) = looped {
            let next = round.parse::<u32>().unwrap_or_default().wrapping_add(1);
            return Some((Some(Reply::redirect(format!("{here}?{LOOP_WORD}{next}"))), None));
        }
        if request.method == "HEAD" {
            match self.settings.web_server.head {
                HeadRequests::Served => {}
                HeadRequests::Status(status) => {
                    let mut reply = Reply::bare(status.clamp(200, 599), "");
                    if status == 405 {
                        reply.headers.push(("allow", "GET, POST".to_owned()));
                    }
                    return Some((Some(reply), None));
                }
                HeadRequests::Closed => return Some((None, Some(WireFault::Close))),
            }
        }
        if let Some(room) = self.settings.waiting_room.filter(|room| room.before == self.step_of(request))
            && let Some(reply) = waiting_room(room.style)
        {
            return Some((Some(reply), None));
        }
        match trouble {
            Some(Trouble::Error(status)) => {
                return Some((Some(Reply::bare(status, &self.settings.texts.busy)), None));
            }
            Some(Trouble::ResetBefore) => return Some((None, Some(WireFault::ResetUnanswered))),
            _ => {}
        }
        let busy = self.settings.busy.iter().find(|busy| (busy.from..busy.until).contains(&site_time))?;
        let mut reply = Reply::bare(busy.status.clamp(200, 599), &self.settings.texts.busy);
        reply.headers.extend(busy.retry_after.map(|seconds| ("retry-after", seconds.to_string())));
        Some((Some(reply), None))
    }

    /// Whether this address is shut out now; counts the request.
    fn shut_out(&mut self, peer: IpAddr, now: SeoulTime) -> Option<BlockKind> {
        let rule = self.settings.block?;
        let peer = self.peers.entry(peer).or_default();
        if peer.shut_out_until.is_some_and(|until| now < until) {
            return Some(rule.kind);
        }
        peer.shut_out_until = None;
        peer.recent.push_back(now);
        while peer.recent.front().is_some_and(|first| now.since(*first) >= rule.within) {
            peer.recent.pop_front();
        }
        if peer.recent.len() <= usize::try_from(rule.requests).unwrap_or(usize::MAX) {
            return None;
        }
        peer.recent.clear();
        peer.shut_out_until = Some(now.plus(rule.lasts));
        Some(rule.kind)
    }

    fn draw(&mut self, delay: Delay) -> Duration {
        let most = u64::try_from(delay.jitter.as_micros()).unwrap_or(u64::MAX);
        delay.base.saturating_add(Duration::from_micros(self.jitter.below(most.saturating_add(1))))
    }

    /// Bytes and headers for a reply.
    fn finish(
        &mut self,
        reply: Reply,
        visit: Option<&OpenVisit>,
        request: &Request,
        (came, leaves): (Came, SeoulTime),
        fault: Option<&FaultKind>,
    ) -> Answer {
        let own = self.site.charset();
        let charset = if fault == Some(&FaultKind::Utf8) { Charset::UTF_8 } else { own };
        let encoded = || charset.encode(&reply.text).into_owned();
        let mut body = reply.bytes.map_or_else(encoded, <[u8]>::to_vec);
        if charset != own && reply.bytes.is_none() {
            // The page must not contradict its header.
            let label = format!("charset={}", own.name().to_ascii_lowercase());
            body = charset.encode(&reply.text.replacen(&label, "charset=utf-8", 1)).into_owned();
        }
        let mut status = reply.status;
        match fault {
            Some(FaultKind::Body(bytes)) => (body, status) = (bytes.clone(), 200),
            Some(FaultKind::Truncate(length)) => body.truncate(*length),
            _ => {}
        }
        let label = match &self.settings.content_type {
            _ if reply.bytes.is_some() => None,
            _ if charset != own => Some("utf-8".to_owned()),
            ContentType::NoCharset => None,
            ContentType::Dialect => Some(own.name().to_ascii_lowercase()),
            ContentType::Label(label) => Some(label.clone()),
        };
        let kind = label.map_or(reply.kind.to_owned(), |label| format!("{}; charset={label}", reply.kind));
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        let mut push = |name: &str, value: &str| headers.push((name.to_owned(), value.as_bytes().to_vec()));
        let stamped = self.settings.web_server.date.shown(self.site_time(came.line), self.site_time(leaves));
        push("date", &self.date_header(stamped));
        if let Some(name) = &self.settings.web_server.name {
            push("server", name);
        }
        push("content-type", &kind);
        for line in visit.map(|visit| visit.lines.as_slice()).unwrap_or_default() {
            push("set-cookie", line);
        }
        if let (Some(kind), Some(visit)) = (self.settings.clock_cookie, visit) {
            push("set-cookie", &clock_line(kind, visit.site_time));
        }
        if status == reply.status {
            for (name, value) in &reply.headers {
                push(name, value);
            }
        }
        for (name, value) in self.settings.web_server.keep_alive.lines(came.nth) {
            push(name, &value);
        }
        let accepts = request.header("accept-encoding").is_some_and(|value| value.contains("gzip"));
        if self.settings.gzip && accepts {
            body = gzip(&body);
            push("content-encoding", "gzip");
        }
        let wire = match fault {
            Some(FaultKind::LoseAnswer) => Some(WireFault::Close),
            Some(FaultKind::Reset) => Some(WireFault::Reset { after: body.len() / 2 }),
            Some(FaultKind::WrongLength) => Some(WireFault::WrongLength { declared: body.len() + 64 }),
            _ => None,
        };
        let chunked = self.settings.framing == Framing::Chunked && wire.is_none();
        let declared = match wire {
            Some(WireFault::WrongLength { declared }) => declared,
            _ => body.len(),
        };
        if !chunked {
            push("content-length", &declared.to_string());
        }
        if request.method == "HEAD" {
            body.clear();
        }
        let late = if let Some(FaultKind::Late(late)) = fault { *late } else { Duration::ZERO };
        Answer { status, headers, body, chunked, fault: wire, back_delay: late }
    }

    /// The site's clock in whole seconds, from a cache if there is one.
    fn date_header(&mut self, site_time: SeoulTime) -> String {
        let shown = match (self.settings.date_cached, self.date_shown) {
            (Some(kept), Some(shown)) if site_time >= shown && site_time.since(shown) < kept => shown,
            _ => site_time,
        };
        self.date_shown = Some(shown);
        let seconds = u64::try_from(shown.unix_seconds()).unwrap_or_default();
        // The last second that a date header can hold.
        const LAST: u64 = 253_402_300_799;
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.min(LAST)));
        httpdate::fmt_http_date(time.unwrap_or(SystemTime::UNIX_EPOCH))
    }

    /// Everybody else who has arrived by now queues for a worker.
    fn queue_others(&mut self, site_time: SeoulTime) {
        while let Some((at, rival)) = self.others.next_by(site_time) {
            let arrives = self.carrier_time(at);
            let plan = self.workers.plan(&self.settings.web_server, arrives, Duration::ZERO);
            if let Some(rival) = rival {
                self.others.planned(plan.reads, rival);
            }
        }
    }

    /// The scripts of the competitors run whose turn was before this instant of the carrier's clock.
    fn let_rivals_act(&mut self, now: SeoulTime) {
        while let Some(rival) = self.others.acting_by(now) {
            let Some(court) = self.court(&rival.place) else { continue };
            let numbers: Vec<TimeNo> = court.touched(rival.range).map(|(number, _)| number).collect();
            for number in numbers {
                if self.holder(&rival.place, rival.date, number).is_none() {
                    let texts = &self.settings.texts;
                    let holder = SlotHolder {
                        event: texts.rival_event.clone(),
                        group: texts.rival_club.clone(),
                        member: None,
                    };
                    self.hold(&rival.place, rival.date, number, holder);
                }
            }
        }
    }

    pub(super) fn hold(&mut self, place: &Place, date: RentDate, number: TimeNo, holder: SlotHolder) {
        self.holders.insert((place.clone(), date, number), Some(holder));
    }

    fn set_holder(
        &mut self,
        place: &Place,
        date: RentDate,
        range: TimeRange,
        holder: Option<SlotHolder>,
    ) -> usize {
        let Some(court) = self.court(place) else { return 0 };
        let numbers: Vec<TimeNo> = court.touched(range).map(|(number, _)| number).collect();
        for number in &numbers {
            self.holders.insert((place.clone(), date, *number), holder.clone());
        }
        numbers.len()
    }

    pub(super) fn court(&self, place: &Place) -> Option<&Court> {
        self.courts.iter().find(|court| court.place == *place)
    }

    /// Who has the slot: somebody by name, or one of the strangers of `booked_share`.
    pub(super) fn holder(&self, place: &Place, date: RentDate, number: TimeNo) -> Option<SlotHolder> {
        if let Some(holder) = self.holders.get(&(place.clone(), date, number)) {
            return holder.clone();
        }
        let share = self.settings.booked_share;
        let taken = share > 0.0 && share_of(self.settings.seed, &format!("{place}|{date}|{number}")) < share;
        let texts = &self.settings.texts;
        taken.then(|| SlotHolder {
            event: texts.rival_event.clone(),
            group: texts.rival_club.clone(),
            member: None,
        })
    }

    /// Whether reservations for the date are taken at this instant of the site's clock.
    pub(super) fn is_open(&self, date: RentDate, site_time: SeoulTime) -> bool {
        let opening = self.settings.openings.get(&date).copied().or(self.settings.opening);
        opening.is_none_or(|opening| site_time >= opening)
    }

    pub(super) fn state_of(
        &self,
        court: &Court,
        date: RentDate,
        slot: (TimeNo, TimeRange),
        site_time: SeoulTime,
    ) -> SlotState {
        if self.holder(&court.place, date, slot.0).is_some() {
            SlotState::Booked
        } else if let Some(marked) = self.settings.marked_days.get(&date) {
            *marked
        } else if !self.is_open(date, site_time) || date.at(slot.1.start()) <= site_time {
            SlotState::NotShown
        } else {
            SlotState::Free
        }
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandIn")
            .field("site", &self.site)
            .field("courts", &self.courts.len())
            .field("arrivals", &self.arrivals.len())
            .field("bookings", &self.bookings.len())
            .finish_non_exhaustive()
    }
}

/// The bytes in gzip's wrapping, stored: a client has to unpack them, and the stand-in spends no time on
/// packing. Writing to memory cannot fail.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    let written = encoder.write_all(bytes);
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}

/// What stands in place of the site's page; `None` where the page itself comes.
fn waiting_room(style: WaitingRoomStyle) -> Option<Reply> {
    Some(match style {
        WaitingRoomStyle::Page => Reply::page(pages::WAITING_PAGE.to_owned()),
        WaitingRoomStyle::Script => Reply::page(pages::WAITING_SCRIPT.to_owned()),
        WaitingRoomStyle::Redirect => Reply::redirect("/netfunnel/block.html".to_owned()),
        WaitingRoomStyle::RedirectElsewhere => {
            Reply::redirect("https://nf.invalid/NetFunnel/block.html?key=1".to_owned())
        }
        WaitingRoomStyle::Guarded => return None,
    })
}

fn silent() -> Answer {
    Answer {
        status: 0,
        headers: Vec::new(),
        body: Vec::new(),
        chunked: false,
        fault: None,
        back_delay: Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::gzip;

    #[test]
    fn what_is_wrapped_is_stored() {
        assert_eq!(gzip(b"").len(), 10 + 5 + 8);
        let wrapped = gzip(&[7; 70_000]);
        assert_eq!(wrapped.get(..4), Some([0x1F, 0x8B, 8, 0].as_slice()));
        assert!(wrapped.len() > 70_000, "{}", wrapped.len());
    }
}
