//! What a timeline shows, in sentences: the signs by which a person tells why a race was lost.
//!
//! Each names one thing that can be seen in the picture and how large it is. They stand in the order in which somebody
//! would ask: was the clock known, did the first request come in time, did the connection hold, was the site quick, what
//! was answered.

use namyangju_rent::clock::ClockEstimate;
use namyangju_rent::{AnswerKind, Event};

use super::labels::TimelineWords;
use super::{FromOpening, Request, RunStory, of_duration};

/// An error bar that is wider than this can cost a race, in microseconds.
const WIDE: i64 = 150_000;

/// A request that arrives later than this after the opening is late, its error bar taken off.
const LATE: i64 = 40_000;

/// A connection that took longer than this is worth a word.
const LONG_CONNECT: i64 = 15_000;

/// A site that works longer than this for a page is slow.
const SLOW: i64 = 400_000;

/// How much later than announced an opening is called late, its error bar taken off.
const OPENED_LATE: i64 = 100_000;

/// How late the machine itself may send.
const SENT_LATE: i64 = 10_000;

pub(super) fn of(
    story: &RunStory<'_>,
    estimate: Option<ClockEstimate>,
    requests: &[Request],
    path: i64,
    time: FromOpening,
    labels: &TimelineWords,
) -> Vec<String> {
    let mut signs = Vec::new();
    let error = estimate.map_or(0, |estimate| estimate.error_micros.saturating_abs());
    if story.opens_at.is_some() && !requests.is_empty() {
        match estimate {
            None if story.given_ahead_micros.is_none() => signs.push(labels.sign_no_clock.to_owned()),
            Some(estimate) if estimate.cached => signs.push(labels.sign_cached.to_owned()),
            Some(_) if error > WIDE => signs.push(labels.sized(labels.sign_wide, error)),
            _ => {}
        }
        signs.extend(first_arrival(story, requests, path, error, labels));
    }
    let anew = requests.iter().filter(|request| request.connect > LONG_CONNECT && request.sent > LATE);
    if let Some(slowest) = anew.max_by_key(|request| request.connect) {
        signs.push(labels.of_step(labels.sign_connect, slowest.step, slowest.connect));
    }
    let broken = requests.iter().filter(|request| is_broken(request.answer));
    if let Some(worst) = broken.max_by_key(|request| request.took.saturating_add(request.connect)) {
        let took = worst.took.saturating_add(worst.connect);
        signs.push(labels.of_step(labels.sign_nothing, worst.step, took));
    }
    let worked = |request: &Request| request.first_byte.map_or(0, |first| first.saturating_sub(path));
    if let Some(slowest) = requests.iter().max_by_key(|request| worked(request))
        && worked(slowest) > SLOW
    {
        signs.push(labels.of_step(labels.sign_slow, slowest.step, worked(slowest)));
    }
    if let Some(after) = story.opening.after
        && time.of_site(after).saturating_sub(error) > OPENED_LATE
    {
        signs.push(labels.sized(labels.sign_opened_late, time.of_site(after)));
    }
    signs.extend(answers(requests, labels));
    signs
}

/// Whether the first request met the opening.
fn first_arrival(
    story: &RunStory<'_>,
    requests: &[Request],
    path: i64,
    error: i64,
    labels: &TimelineWords,
) -> Option<String> {
    let first = requests.first()?;
    if first.took == 0 {
        return None;
    }
    let arrived = first.sent.saturating_add(path / 2);
    let held_up = story.events.iter().find_map(|(_, event)| match event {
        Event::Fired { late } if of_duration(*late) > SENT_LATE => Some(of_duration(*late)),
        _ => None,
    });
    if let Some(late) = held_up {
        return Some(labels.sized(labels.sign_sent_late, late));
    }
    if arrived.saturating_sub(error) > LATE {
        return Some(labels.sized(labels.sign_late, arrived));
    }
    let refused = first.answer == Some(AnswerKind::NotOpenYet);
    refused.then(|| labels.sized(labels.sign_early, arrived))
}

fn is_broken(answer: Option<AnswerKind>) -> bool {
    matches!(answer, Some(AnswerKind::Broken | AnswerKind::NotSent | AnswerKind::Unconfirmed))
}

/// What the site said that decided it: each kind once, with when it was said first.
fn answers(requests: &[Request], labels: &TimelineWords) -> Vec<String> {
    let mut told = Vec::new();
    let mut signs = Vec::new();
    for request in requests {
        let Some(answer) = request.answer else { continue };
        if is_broken(Some(answer)) || told.contains(&answer) {
            continue;
        }
        told.push(answer);
        signs.push(labels.answered(answer, request.ended()));
    }
    signs
}
