//! What a message says, in the language of its channel.

use std::fmt::Write as _;

use namyangju_rent::{SeoulTime, Site};

use super::message::{Facts, Kind, Note, Notice};
use crate::say::{self, Language, in_language, retold, say};
use crate::store::State;
use crate::words::{counted, many};

/// A title in one line, and a body of a few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) title: String,
    pub(super) body: String,
}

impl Text {
    pub(super) fn new(note: &Note, language: Language) -> Self {
        in_language(language, || Self::of(note))
    }

    fn of(note: &Note) -> Self {
        let facts = &note.facts;
        let mut title = head(note);
        if facts.test {
            title.insert_str(0, &say!("message-test-mark"));
        }
        let names = Names::of(facts);
        let when = when(facts);
        let what = [names.court.as_deref().or(names.code.as_deref()), when.as_deref()];
        let what: Vec<&str> = what.into_iter().flatten().collect();
        if !what.is_empty() {
            let _ = write!(title, ": {}", what.join(" "));
        }
        Self { title, body: body(note, &names, when.as_deref()) }
    }

    /// A line that tells the members of a chat its new id.
    pub(super) fn new_chat(id: &str, language: Language) -> String {
        in_language(language, || say!("to-do-new-chat", id = id))
    }

    /// Both, for channels that know no title.
    pub(super) fn whole(&self) -> String {
        format!("{}\n{}", self.title, self.body)
    }
}

/// What a place is called, as far as the built-in dialect knows.
struct Names {
    city: Option<String>,
    court: Option<String>,
    code: Option<String>,
}

impl Names {
    fn of(facts: &Facts) -> Self {
        let site = facts.site.as_ref().and_then(|name| Site::builtin(name).ok());
        let court = facts.place.as_ref().zip(site.as_ref()).and_then(|(place, site)| {
            site.known_places().iter().find(|known| known.place == *place).map(|known| known.name.clone())
        });
        let court = facts.place_name.clone().or(court);
        Self {
            city: site.map(|site| site.title().to_owned()),
            court,
            code: facts.place.as_ref().map(ToString::to_string),
        }
    }
}

fn head(note: &Note) -> String {
    match note.facts.notice {
        Some(Notice::ChannelEnds) => return say!("head-channel-ends"),
        Some(Notice::ChannelBroken) => return say!("head-channel-broken"),
        None => {}
    }
    if note.kind == Kind::Alarm {
        return say!("head-alarm");
    }
    match note.facts.state {
        Some(State::Succeeded) if note.facts.is_already_booked() => say!("head-already-booked"),
        Some(State::Succeeded) => say!("head-succeeded"),
        Some(State::Failed) => say!("head-failed"),
        Some(State::Unconfirmed) => say!("head-unconfirmed"),
        Some(State::Blocked) => say!("head-blocked"),
        Some(State::NeedsPerson) => say!("head-needs-person"),
        _ => say!("head-other"),
    }
}

fn when(facts: &Facts) -> Option<String> {
    let date = facts.date?;
    Some(facts.time.map_or_else(|| say::day(date), |time| say::day_and_time(date, time)))
}

fn body(note: &Note, names: &Names, when: Option<&str>) -> String {
    let facts = &note.facts;
    let mut lines: Vec<String> = Vec::new();
    let mut add = |label: String, text: String| lines.push(format!("{label}: {text}"));
    if facts.test {
        add(say!("label-test"), say!("message-test"));
    }
    let place: Vec<&str> = [&names.city, &names.court].into_iter().flatten().map(String::as_str).collect();
    if let Some(code) = &names.code {
        let place = if place.is_empty() { code.clone() } else { format!("{} ({code})", place.join(" ")) };
        add(say!("label-place"), place);
    }
    if let Some(when) = when {
        add(say!("label-time"), when.to_owned());
    }
    if facts.choices > 1 {
        let choice = say!("message-choice", choice = facts.choice, choices = facts.choices);
        add(say!("label-choice"), choice);
    }
    if let Some(receipt) = &facts.receipt {
        add(say!("label-receipt"), receipt.clone());
    }
    if let Some(reason) = reason(facts) {
        add(say!("label-reason"), reason);
    }
    if let Some(opens_at) = facts.opens_at {
        add(say!("label-opening"), instant(opens_at));
    }
    if let Some(channel) = &facts.channel {
        add(say!("label-channel"), channel.clone());
    }
    if let Some(until) = facts.until {
        add(say!("label-until"), instant(until));
    }
    if let (Some(attempts), Some(requests)) = (facts.attempts, facts.requests) {
        let (attempts, requests) = (counted(many(attempts), "attempt"), counted(requests, "request"));
        add(say!("label-effort"), say!("message-effort", attempts = attempts, requests = requests));
    }
    if !facts.test
        && let Some(next) = next(note)
    {
        add(say!("label-to-do"), next);
    }
    let at = instant(note.at);
    lines.push(note.booking.map_or_else(|| at.clone(), |id| say!("message-booking", id = id, at = at)));
    lines.join("\n")
}

/// Why it ended so, in the reader's language; what has no words in it follows the verdict's.
fn reason(facts: &Facts) -> Option<String> {
    let reason = facts.reason.as_deref();
    let told = reason.map(retold);
    if say::current() == Language::English || told.as_deref() != reason {
        return told;
    }
    let plain = match facts.verdict.as_deref() {
        Some("already-booked") => say!("verdict-already-booked"),
        Some("lost") => say!("verdict-lost"),
        Some("refused") => say!("verdict-refused"),
        Some("blocked") => say!("verdict-blocked"),
        Some("needs-person") => say!("verdict-needs-person"),
        Some("unconfirmed") => say!("verdict-unconfirmed"),
        Some("gave-up") => say!("verdict-gave-up"),
        Some("unreachable") => say!("verdict-unreachable"),
        _ => return told,
    };
    Some(told.map_or_else(|| plain.clone(), |told| format!("{plain} ({told})")))
}

fn next(note: &Note) -> Option<String> {
    if matches!(note.facts.notice, Some(Notice::ChannelEnds | Notice::ChannelBroken)) {
        let name = note.facts.channel.as_deref().unwrap_or("kakao");
        return Some(say!("to-do-channel", name = name));
    }
    if note.kind == Kind::Alarm {
        return Some(say!("to-do-alarm"));
    }
    Some(match note.facts.state? {
        State::Succeeded if note.facts.receipt.is_some() => say!("to-do-receipt"),
        State::Succeeded if note.facts.is_already_booked() => say!("to-do-already-booked"),
        State::Succeeded => say!("to-do-no-receipt"),
        State::Failed => say!("to-do-failed"),
        State::Unconfirmed => say!("to-do-unconfirmed"),
        State::Blocked => say!("to-do-blocked"),
        State::NeedsPerson => say!("to-do-needs-person"),
        _ => return None,
    })
}

/// An instant without a fraction that says nothing.
fn instant(at: SeoulTime) -> String {
    at.to_string().replace(".000 ", " ")
}
