//! What is wished for and when it opens, and what a person should know of both.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::{ApplicationError, Place, Policy, Purpose, SeoulTime, Site, Wish};

use super::courts::CourtBook;
use super::is_here;
use crate::bad_input::BadInput;
use crate::cli::{AimArgs, AskedPlace, Choice, OpensAt, PolicyName};
use crate::say::say;
use crate::store;
use crate::words::duration;

/// How long a booking is tried, unless it is told otherwise.
pub(crate) const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 60);

/// The most choices that groups of courts and several times may give: each that is lost takes three requests or so.
const MAX_CHOICES: usize = 24;

/// What is wished for, the best first, if it is not over and no two are the same. A group of courts becomes a wish for
/// each of its courts that is not wished for yet.
pub(crate) fn wishes(choices: &[Choice], events: bool, courts: &CourtBook) -> Result<Vec<Wish>> {
    let purpose = if events { Purpose::Events } else { Purpose::Sports };
    let now = SystemClock.now();
    let mut wishes: Vec<Wish> = Vec::new();
    let mut all: Vec<(Place, bool, &Choice)> = Vec::new();
    for choice in choices {
        let is_group = matches!(choice.place, AskedPlace::Group(..) | AskedPlace::NamedGroup(_));
        all.extend(courts.find(&choice.place)?.into_iter().map(|place| (place, is_group, choice)));
    }
    if all.len() > choices.len() && all.len() > MAX_CHOICES {
        let many = all.len();
        return Err(BadInput(say!("too-many-choices", many = many, most = MAX_CHOICES)).into());
    }
    for (place, is_group, choice) in all {
        let (date, range) = (choice.date, choice.range);
        if date < now.date() {
            return Err(BadInput::from(ApplicationError::Past(date, now.date())).into());
        }
        if date.at(range.end()) <= now {
            return Err(BadInput(say!("time-over", date = date, range = range, now = now)).into());
        }
        let wish = Wish { place, date, range, purpose };
        for (index, other) in wishes.iter().enumerate() {
            if *other == wish && is_group {
                break;
            }
            if *other == wish {
                return Err(BadInput(say!("choice-twice", choice = choice)).into());
            }
            if overlap(other, &wish) {
                let other = other.range;
                return Err(BadInput(say!(
                    "choice-overlaps",
                    choice = choice,
                    number = index + 1,
                    other = other
                ))
                .into());
            }
        }
        if !wishes.contains(&wish) {
            wishes.push(wish);
        }
    }
    Ok(wishes)
}

/// Whether two wishes cannot both be had.
pub(crate) fn overlap(one: &Wish, other: &Wish) -> bool {
    let same_day = (&one.place, one.date) == (&other.place, other.date);
    same_day && one.range.start() < other.range.end() && other.range.start() < one.range.end()
}

/// When a booking opens, and how that is known.
#[derive(Clone, Debug)]
pub(crate) struct PlannedOpening {
    pub(crate) at: SeoulTime,
    pub(crate) how: store::OpeningSource,
    /// The confidence mark of the dialect's rule, if it is by that.
    pub(crate) confidence: Option<String>,
}

/// The opening instant that was asked for, of the first wish.
pub(crate) fn opening(asked: OpensAt, site: &Site, wish: &Wish) -> Result<PlannedOpening> {
    match asked {
        OpensAt::Now => {
            Ok(PlannedOpening { at: SystemClock.now(), how: store::OpeningSource::Now, confidence: None })
        }
        OpensAt::Instant(at) => Ok(PlannedOpening { at, how: store::OpeningSource::Given, confidence: None }),
        OpensAt::Auto => match site.opening(&wish.place, wish.date) {
            Some(opening) => Ok(PlannedOpening {
                at: opening.at,
                how: store::OpeningSource::Rule,
                confidence: Some(opening.confidence),
            }),
            None => Err(BadInput(say!("no-rule", site = site.name(), place = wish.place)).into()),
        },
    }
}

/// Whether there is still time to try, and each wish begins after the opening.
pub(crate) fn check_opening(opens: &PlannedOpening, give_up_after: Duration, wishes: &[Wish]) -> Result<()> {
    if opens.how != store::OpeningSource::Now && opens.at.plus(give_up_after) <= SystemClock.now() {
        return Err(BadInput(say!("opened-too-long-ago", at = opens.at)).into());
    }
    let late = wishes.iter().enumerate().find(|(_, wish)| opens.at >= wish.date.at(wish.range.start()));
    match late {
        Some((0, _)) => Err(BadInput(say!("opens-after-first", at = opens.at)).into()),
        Some((index, _)) => {
            let (at, choice) = (opens.at, index + 1);
            Err(BadInput(say!("opens-after-choice", at = at, choice = choice)).into())
        }
        None => Ok(()),
    }
}

/// What a person should know of a booking before anything is sent.
pub(crate) fn advice(site: &Site, wishes: &[Wish], opens: Option<&PlannedOpening>) -> Vec<String> {
    let mut lines = Vec::new();
    if !is_here(site) {
        lines.push(say!("advice-terms", site = site.base_url()));
    }
    let mut places: Vec<_> = wishes.iter().map(|wish| &wish.place).collect();
    places.dedup();
    for place in places {
        if site.has_human_check(place) {
            lines.push(say!("advice-human-check", place = place));
        }
    }
    if let Some(PlannedOpening { at, confidence: Some(confidence), .. }) = opens {
        lines.push(say!("advice-opening", at = at, confidence = confidence, meaning = meaning(confidence)));
    }
    lines
}

/// What a confidence mark of the dialects says.
fn meaning(mark: &str) -> String {
    match mark {
        "?" => say!("meaning-guess"),
        "I" => say!("meaning-weak"),
        "I+" => say!("meaning-inferred"),
        "S1" => say!("meaning-seen"),
        _ => String::new(),
    }
}

/// How often to try, and until when.
pub(crate) fn policy(aim: &AimArgs) -> Policy {
    let policy = match aim.policy.unwrap_or_default() {
        PolicyName::Default => Policy::new(),
        PolicyName::Original => Policy::original(),
    };
    let policy = policy.with_give_up_after(aim.give_up_after.unwrap_or(GIVE_UP_AFTER));
    match aim.most_requests {
        Some(most) => policy.with_max_requests(most),
        None => policy,
    }
}

/// A shorter time to try is not worth to be named.
const SHORTEST_TRY: u64 = 10;

/// What a person should know of a limit of requests that does not last until the end at the pace of a late opening. The
/// run does not end by it: its attempts are further apart.
pub(crate) fn too_few_requests(aim: &AimArgs) -> Vec<String> {
    let (policy, usual) = (policy(aim), policy(&AimArgs { most_requests: None, ..aim.clone() }));
    let (most, until) = (policy.max_requests(), policy.give_up_after());
    let needed = |seconds| usual.with_give_up_after(Duration::from_secs(seconds)).requests_needed();
    let Some(most) = aim.most_requests.filter(|_| most < usual.requests_needed()) else {
        return Vec::new();
    };
    // The longest time, in whole seconds, for which they last.
    let (mut lasts, mut too_long) = (0, until.as_secs().saturating_add(1));
    while too_long - lasts > 1 {
        let middle = lasts.midpoint(too_long);
        if needed(middle) <= most { lasts = middle } else { too_long = middle }
    }
    let or = match lasts {
        ..SHORTEST_TRY => String::new(),
        _ => say!("advice-give-up", time = duration::text(Duration::from_secs(lasts))),
    };
    let (tried, takes) = (duration::text(until), usual.requests_needed());
    vec![say!("advice-requests", most = most, tried = tried), say!("advice-usual", takes = takes, or = or)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aim(most: Option<u32>, minutes: u64) -> AimArgs {
        let give_up_after = Some(Duration::from_secs(minutes * 60));
        AimArgs { most_requests: most, give_up_after, ..AimArgs::default() }
    }

    #[test]
    fn a_budget_that_may_not_last_is_said_with_what_would() {
        for minutes in [1, 5, 60] {
            let enough = policy(&aim(None, minutes)).requests_needed();
            assert!(too_few_requests(&aim(None, minutes)).is_empty());
            assert!(too_few_requests(&aim(Some(enough), minutes)).is_empty());
            let said = too_few_requests(&aim(Some(enough - 1), minutes)).join(" ");
            assert!(said.contains(&format!("--most-requests {enough}")), "{said}");
            // What is named lasts, and a little more does not.
            let named = said.split("--give-up-after ").nth(1).unwrap().trim_end_matches('.');
            let named = duration::parse(named).unwrap();
            let needed = |time| policy(&aim(None, 5)).with_give_up_after(time).requests_needed();
            assert!(needed(named) < enough && needed(named + Duration::from_secs(1)) >= enough, "{said}");
            assert!(too_few_requests(&aim(Some(enough - 1), minutes)).iter().all(|line| line.len() <= 80));
        }
        let said = too_few_requests(&aim(Some(13), 300)).join(" ");
        assert!(!said.contains("--give-up-after"), "{said}");
        let original = AimArgs { policy: Some(PolicyName::Original), ..aim(Some(300), 5) };
        assert!(!too_few_requests(&original).is_empty());
    }
}
