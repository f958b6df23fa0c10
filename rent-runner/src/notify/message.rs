//! What a message is about: its kind, and the facts that the texts are made from.

use clap::ValueEnum;
use namyangju_rent::{Place, RentDate, Report, SeoulTime, Site, TimeRange, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::{BookingId, Message, OpeningSource, State, StoredBooking};

/// The longest reason, in characters. An answer of the site may be longer than a reader wants.
const MAX_REASON: usize = 300;

/// The kinds of messages; a channel chooses among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A booking is not ready, and there is time to act.
    Alarm,
    /// A booking ended.
    Verdict,
    /// The site shut this client out.
    Block,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Alarm, Self::Verdict, Self::Block];

    /// As it is stored and typed.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Verdict => "verdict",
            Self::Block => "block",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a message tells that is about no booking's course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Notice {
    /// A channel ends unless a person authorises it again.
    ChannelEnds,
    /// A channel sends nothing until a person has done something.
    ChannelBroken,
}

/// The body of a stored message. It has no account, no login name and nothing of the applicant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    /// A built-in dialect's name; the path of another may hold a person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) site: Option<String>,
    pub(super) place: Option<Place>,
    /// What the court is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place_name: Option<String>,
    pub(super) date: Option<RentDate>,
    pub(super) time: Option<TimeRange>,
    /// Which of the choices, counted from 1, and how many there are.
    pub(super) choice: usize,
    pub(super) choices: usize,
    pub(super) state: Option<State>,
    /// The verdict's short name.
    pub(super) verdict: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) receipt: Option<String>,
    pub(super) opens_at: Option<SeoulTime>,
    pub(super) attempts: Option<usize>,
    pub(super) requests: Option<u32>,
    /// What is told besides bookings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notice: Option<Notice>,
    /// The channel that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<String>,
    /// Until when that channel works by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<SeoulTime>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) test: bool,
}

impl Facts {
    /// Of an alarm while a booking is prepared.
    pub(super) fn of_alarm(booking: &StoredBooking, text: &str) -> Self {
        Self { state: Some(booking.state), reason: Some(short(text)), ..Self::of(booking, booking.wish) }
    }

    /// Of a booking's end.
    pub(super) fn of_end(
        booking: &StoredBooking,
        state: State,
        reason: Option<&str>,
        report: Option<&Report>,
    ) -> Self {
        let verdict = report.map(|report| &report.verdict);
        let receipt = match verdict {
            Some(Verdict::Reserved { receipt, .. }) => receipt.as_ref(),
            _ => None,
        };
        Self {
            state: Some(state),
            verdict: verdict.and_then(word),
            reason: reason.map(short),
            receipt: receipt.or(booking.receipt.as_ref()).map(|receipt| receipt.number.clone()),
            attempts: report.map(|report| report.attempts.len()),
            requests: report.map(|report| report.requests),
            ..Self::of(booking, report.map_or(booking.wish, |report| report.wish))
        }
    }

    /// Of a booking that cannot be read: its number is all that is known.
    pub(super) fn of_unreadable(reason: &str) -> Self {
        Self { state: Some(State::NeedsPerson), reason: Some(short(reason)), ..Self::default() }
    }

    /// Of a channel that needs a person.
    pub(super) fn of_channel(notice: Notice, channel: &str, until: SeoulTime, problem: Option<&str>) -> Self {
        Self {
            notice: Some(notice),
            channel: Some(channel.to_owned()),
            until: Some(until),
            reason: problem.map(short),
            ..Self::default()
        }
    }

    fn of(booking: &StoredBooking, wish: usize) -> Self {
        let choice = booking.choices.get(wish);
        Self {
            site: Site::builtin_toml(&booking.site).map(|_| booking.site.clone()),
            place: choice.map(|choice| choice.place.clone()),
            place_name: choice.and_then(|choice| booking.names.get(&choice.place)).map(str::to_owned),
            date: choice.map(|choice| choice.date),
            time: choice.map(|choice| choice.range),
            choice: wish.saturating_add(1),
            choices: booking.choices.len(),
            opens_at: (booking.opens != OpeningSource::Now).then_some(booking.opens_at),
            ..Self::default()
        }
    }

    /// The court was ours before the booking began.
    pub(super) fn is_already_booked(&self) -> bool {
        self.verdict == word(&Verdict::AlreadyBooked)
    }

    /// Of a message that only shows that a channel works.
    pub(super) fn of_test(kind: Kind, now: SeoulTime) -> Self {
        Self {
            site: Some("namyangju".to_owned()),
            place: "NYJ06/07/103".parse().ok(),
            date: Some(now.date().plus_days(14)),
            time: "06:00-08:00".parse().ok(),
            choice: 1,
            choices: 1,
            state: Some(match kind {
                Kind::Alarm => State::Waiting,
                Kind::Verdict => State::Succeeded,
                Kind::Block => State::Blocked,
            }),
            receipt: (kind == Kind::Verdict).then(|| "0000".to_owned()),
            test: true,
            ..Self::default()
        }
    }

    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A message on its way to one channel.
#[derive(Clone, Debug)]
pub(super) struct Note {
    /// Its number in the outbox; a message that arrives twice has the same one.
    pub(super) id: Option<i64>,
    pub(super) booking: Option<BookingId>,
    pub(super) kind: Kind,
    pub(super) at: SeoulTime,
    pub(super) facts: Facts,
}

impl From<&Message> for Note {
    fn from(message: &Message) -> Self {
        Self {
            id: Some(message.id),
            booking: message.booking,
            kind: Kind::parse(&message.kind).unwrap_or(Kind::Verdict),
            at: message.created_at,
            // Facts that another version wrote are left out one and all; the number of the booking is there.
            facts: Facts::deserialize(&message.body).unwrap_or_default(),
        }
    }
}

/// The tag of a verdict, as a report has it.
fn word(verdict: &Verdict) -> Option<String> {
    let value = serde_json::to_value(verdict).ok()?;
    value.get("verdict")?.as_str().map(str::to_owned)
}

fn short(text: &str) -> String {
    super::secret::Redactor::default().clean(text, MAX_REASON)
}
