//! From arguments to values that the library takes; everything is checked before anything is sent.

pub(crate) mod draft;
pub(crate) mod file;

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::{
    Application, ApplicationError, Client, Clock, Phone, Policy, Purpose, SeoulTime, Site, SystemClock, Wish,
};
use secrecy::ExposeSecret as _;

use crate::bad_input::BadInput;
use crate::cli::{AimArgs, ApplicationArgs, Choice, OpensAt, Pace};
use crate::config::Config;
use crate::store;
use crate::vault::Vault;

/// How long a booking is tried, unless it is told otherwise.
pub(crate) const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 60);

/// A dialect by its built-in name or its path.
pub(crate) fn site(name: &str) -> Result<Site> {
    if Site::builtin_toml(name).is_none() {
        let path = Path::new(name);
        let meant_as_path = name.contains(['/', '\\']) || name.ends_with(".toml") || path.is_file();
        if meant_as_path {
            let text = std::fs::read_to_string(path)
                .map_err(|error| BadInput(format!("the dialect {name} cannot be read: {error}")))?;
            return Ok(Site::from_toml(&text).map_err(|error| BadInput(format!("{name}: {error}")))?);
        }
    }
    Ok(Site::builtin(name).map_err(BadInput::from)?)
}

/// A dialect by its name or path, at another address if one is given.
pub(crate) fn site_at(site: &str, base_url: Option<&str>) -> Result<Site> {
    let site = self::site(site)?;
    Ok(match base_url {
        Some(base) => site.with_base_url(base).map_err(BadInput::from)?,
        None => site,
    })
}

/// The site of the settings.
pub(crate) fn site_of(config: &Config) -> Result<Site> {
    site_at(&config.site, config.base_url.as_deref())
}

/// The site of an account.
pub(crate) fn site_of_account(account: &store::Account) -> Result<Site> {
    site_at(&account.site, account.base_url.as_deref())
}

/// A client with the settings.
pub(crate) fn client(site: Site, config: &Config) -> Result<Client> {
    let mut builder = Client::builder(site).routes(config.routes());
    if let Some(tls) = config.tls {
        builder = builder.tls(tls);
    }
    if let Some(path) = &config.extra_ca {
        builder = builder.extra_ca(path);
    }
    if let Some(user_agent) = &config.user_agent {
        builder = builder.user_agent(user_agent);
    }
    Ok(builder.build()?)
}

/// Whether the site is on this machine.
pub(crate) fn is_here(site: &Site) -> bool {
    let host = site.base_url().host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What is wished for, the best first, if it is not over and no two are the same.
pub(crate) fn wishes(choices: &[Choice], events: bool) -> Result<Vec<Wish>> {
    let purpose = if events { Purpose::Events } else { Purpose::Sports };
    let now = SystemClock.now();
    let mut wishes: Vec<Wish> = Vec::new();
    for choice in choices {
        let Choice { place, date, range } = choice.clone();
        if date < now.date() {
            return Err(BadInput(ApplicationError::Past(date, now.date()).to_string()).into());
        }
        if date.at(range.end()) <= now {
            return Err(BadInput(format!("{date} {range} is over: it is {now}")).into());
        }
        let wish = Wish { place, date, range, purpose };
        for (index, other) in wishes.iter().enumerate() {
            if *other == wish {
                return Err(BadInput(format!("{choice} is wished for twice")).into());
            }
            if overlap(other, &wish) {
                let other = other.range;
                return Err(BadInput(format!("{choice} overlaps choice {}, {other}", index + 1)).into());
            }
        }
        wishes.push(wish);
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
pub(crate) struct Opens {
    pub(crate) at: SeoulTime,
    pub(crate) how: store::Opens,
    /// The confidence mark of the dialect's rule, if it is by that.
    pub(crate) confidence: Option<String>,
}

/// The opening instant that was asked for, of the first wish.
pub(crate) fn opening(asked: OpensAt, site: &Site, wish: &Wish) -> Result<Opens> {
    match asked {
        OpensAt::Now => Ok(Opens { at: SystemClock.now(), how: store::Opens::Now, confidence: None }),
        OpensAt::Instant(at) => Ok(Opens { at, how: store::Opens::Given, confidence: None }),
        OpensAt::Auto => match site.opening(&wish.place, wish.date) {
            Some(opening) => {
                Ok(Opens { at: opening.at, how: store::Opens::Rule, confidence: Some(opening.confidence) })
            }
            None => Err(BadInput(format!(
                "the dialect of {} has no opening rule for {}: give the announced instant to --opens-at",
                site.name(),
                wish.place
            ))
            .into()),
        },
    }
}

/// Whether there is still time to try, and each wish begins after the opening.
pub(crate) fn check_opening(opens: &Opens, give_up_after: Duration, wishes: &[Wish]) -> Result<()> {
    if opens.how != store::Opens::Now && opens.at.plus(give_up_after) <= SystemClock.now() {
        return Err(BadInput(format!(
            "it opened at {}, and the time to try is over: leave --opens-at out, or say `now`, to book at once",
            opens.at
        ))
        .into());
    }
    let late = wishes.iter().enumerate().find(|(_, wish)| opens.at >= wish.date.at(wish.range.start()));
    match late {
        Some((0, _)) => Err(BadInput(format!("it would open at {}, after the time itself", opens.at)).into()),
        Some((index, _)) => {
            let (at, choice) = (opens.at, index + 1);
            Err(BadInput(format!("it would open at {at}, after the time of choice {choice} itself")).into())
        }
        None => Ok(()),
    }
}

/// What a person should know of a booking before anything is sent.
pub(crate) fn advice(site: &Site, wishes: &[Wish], opens: Option<&Opens>) -> Vec<String> {
    let mut lines = Vec::new();
    if !is_here(site) {
        lines.push(format!(
            "{} is not on this machine: respect its terms of use; apply only for yourself and with true data.",
            site.base_url()
        ));
    }
    let mut places: Vec<_> = wishes.iter().map(|wish| &wish.place).collect();
    places.dedup();
    for place in places {
        if site.has_human_check(place) {
            lines.push(format!(
                "A human check is known to stand before the form of {place}: expect to be sent to a browser \
                 (exit code 6)."
            ));
        }
    }
    if let Some(Opens { at, confidence: Some(confidence), .. }) = opens {
        lines.push(format!(
            "The opening instant is {at} by the rule of the dialect (confidence {confidence}{}): compare it \
             with the city's announcement, which comes first.",
            meaning(confidence)
        ));
    }
    lines
}

/// What a confidence mark of the dialects says.
fn meaning(mark: &str) -> &'static str {
    match mark {
        "?" => ", a guess",
        "I" => ", weakly inferred",
        "I+" => ", inferred",
        "S1" => ", seen once",
        _ => "",
    }
}

/// How often to try, and until when.
pub(crate) fn policy(aim: &AimArgs) -> Policy {
    let policy = match aim.policy.unwrap_or_default() {
        Pace::Default => Policy::new(),
        Pace::Original => Policy::original(),
    };
    let policy = policy.give_up_after(aim.give_up_after.unwrap_or(GIVE_UP_AFTER));
    match aim.most_requests {
        Some(most) => policy.most_requests(most),
        None => policy,
    }
}

/// What to apply with: what is given, else what `kept` has. Messages name the argument and never repeat
/// what a person is called.
pub(crate) fn application(given: &ApplicationArgs, kept: Option<Application>) -> Result<Application> {
    let club_name = line("--club-name", given.club_name.as_deref())?;
    let event_name = line("--event-name", given.event_name.as_deref())?;
    let purpose = line("--purpose", given.purpose.as_deref())?;
    let mut application = match kept {
        Some(mut kept) => {
            kept.club_name = club_name.unwrap_or(kept.club_name);
            kept.head_count = given.head_count.unwrap_or(kept.head_count);
            kept.event_name = event_name.unwrap_or(kept.event_name);
            kept.purpose = purpose.unwrap_or(kept.purpose);
            kept
        }
        None => {
            let missing: Vec<_> = [
                ("--club-name", club_name.is_none()),
                ("--head-count", given.head_count.is_none()),
                ("--event-name", event_name.is_none()),
                ("--purpose", purpose.is_none()),
            ]
            .into_iter()
            .filter_map(|(option, missing)| missing.then_some(option))
            .collect();
            let (Some(club), Some(count), Some(event), Some(purpose)) =
                (club_name, given.head_count, event_name, purpose)
            else {
                return Err(
                    BadInput(format!("{} is missing: the site demands it", missing.join(", "))).into()
                );
            };
            Application::new(club, count, event, purpose)
        }
    };
    if let Some(telephone) = phone("--tel", given.tel.as_deref())? {
        application.telephone = Some(telephone);
    }
    if let Some(mobile) = phone("--mobile", given.mobile.as_deref())? {
        application.mobile = Some(mobile);
    }
    if let Some(name) = line("--applicant-name", given.applicant_name.as_deref())? {
        application.applicant_name = Some(name);
    }
    if let Some(code) = line("--discount", given.discount.as_deref())? {
        application.discount = Some(code);
    }
    Ok(application)
}

/// Seals what a booking applies with.
pub(crate) fn seal(vault: &Vault, application: &Application) -> Result<store::Sealed> {
    Ok(vault.seal(store::Purpose::Applicant, &serde_json::to_vec(application)?)?)
}

/// Opens what a booking applies with.
pub(crate) fn unseal(vault: &Vault, sealed: &store::Sealed) -> Result<Application> {
    let plain = vault.unseal(store::Purpose::Applicant, sealed)?;
    // The error of the reader could quote what it has read.
    serde_json::from_slice(plain.expose_secret()).ok().context("the applicant's data cannot be read")
}

/// The names of what there is, for an error.
pub(crate) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// One line of text for the form.
fn line(option: &str, text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.map(str::trim) else { return Ok(None) };
    if text.is_empty() {
        return Err(BadInput(format!("{option} is empty: the site demands it")).into());
    }
    if text.chars().any(char::is_control) {
        return Err(BadInput(format!("{option} is more than one line, or has a control character")).into());
    }
    Ok(Some(text.to_owned()))
}

fn phone(option: &str, text: Option<&str>) -> Result<Option<Phone>> {
    Ok(text.map(str::parse::<Phone>).transpose().map_err(|_| {
        BadInput(format!("{option} is no phone number: write it as 010-0000-0000 or 02-000-0000"))
    })?)
}
