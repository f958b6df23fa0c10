//! From arguments to values that the library takes; everything is checked before anything is sent.

use std::io::{self, BufRead, IsTerminal, Read};
use std::net::IpAddr;
use std::path::Path;

use anyhow::Result;
use namyangju_rent::{
    Application, ApplicationError, Client, Clock, Phone, Policy, Purpose, SeoulTime, Site, SystemClock, Wish,
};

use crate::cli::{At, Book, Choice, Network, OpensAt, Pace};
use crate::exit::BadInput;

/// The environment variable for the password.
const PASSWORD_VARIABLE: &str = "RENT_PASSWORD";

/// The most of stdin that is read for a password.
const LONGEST_PASSWORD: u64 = 4096;

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

/// The site of `--site` and `--base-url`.
pub(crate) fn site_at(at: &At) -> Result<Site> {
    site_of(&at.site, at.base_url.as_deref())
}

/// A dialect, perhaps at another address than its own.
pub(crate) fn site_of(name: &str, base_url: Option<&str>) -> Result<Site> {
    let site = site(name)?;
    Ok(match base_url {
        Some(base) => site.with_base_url(base).map_err(BadInput::from)?,
        None => site,
    })
}

/// A client with the settings of the command line.
pub(crate) fn client(site: Site, network: &Network) -> Result<Client> {
    let mut builder = Client::builder(site);
    if let Some(tls) = network.tls() {
        builder = builder.tls(tls);
    }
    if let Some(path) = &network.extra_ca {
        builder = builder.extra_ca(path);
    }
    if let Some(user_agent) = &network.user_agent {
        if user_agent.trim().is_empty() || !user_agent.chars().all(|c| matches!(c, ' '..='~')) {
            let why = "--user-agent is no header value: write one line of ASCII";
            return Err(BadInput(why.to_owned()).into());
        }
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

/// What is wished for, the best first, if it is not over.
pub(crate) fn wishes(arguments: &Book) -> Result<Vec<Wish>> {
    let first = Choice { place: arguments.place.clone(), date: arguments.date, range: arguments.time };
    let mut wishes: Vec<Wish> = Vec::new();
    for choice in std::iter::once(&first).chain(&arguments.or) {
        let wish = wish(choice, arguments.events)?;
        if wishes.contains(&wish) {
            return Err(BadInput(format!("{choice} is wished for twice")).into());
        }
        wishes.push(wish);
    }
    Ok(wishes)
}

fn wish(choice: &Choice, events: bool) -> Result<Wish> {
    let now = SystemClock.now();
    let Choice { place, date, range } = choice.clone();
    if date < now.date() {
        return Err(BadInput(ApplicationError::Past(date, now.date()).to_string()).into());
    }
    if date.at(range.end()) <= now {
        let now = now.to_string();
        return Err(BadInput(format!("{date} {range} is over: it is {now}")).into());
    }
    let purpose = if events { Purpose::Events } else { Purpose::Sports };
    Ok(Wish { place, date, range, purpose })
}

/// When a booking opens, and how that is known.
#[derive(Clone, Debug)]
pub(crate) struct Opens {
    pub(crate) at: SeoulTime,
    /// The confidence mark of the dialect's rule; `None` if a person gave the instant.
    pub(crate) confidence: Option<String>,
}

/// The instant to wait for, if one was asked for.
pub(crate) fn opens(arguments: &Book, site: &Site, wish: &Wish) -> Result<Option<Opens>> {
    let opens = match arguments.opens_at {
        None => return Ok(None),
        Some(OpensAt::Instant(at)) => Opens { at, confidence: None },
        Some(OpensAt::Auto) => match site.opening(&wish.place, wish.date) {
            Some(opening) => Opens { at: opening.at, confidence: Some(opening.confidence) },
            None => {
                return Err(BadInput(format!(
                    "the dialect of {} has no opening rule for {}: give the announced instant to --opens-at",
                    site.name(),
                    wish.place
                ))
                .into());
            }
        },
    };
    if opens.at.plus(arguments.give_up_after) <= SystemClock.now() {
        return Err(BadInput(format!(
            "it opened at {}, and the time to try is over: leave --opens-at out to book at once",
            opens.at
        ))
        .into());
    }
    if opens.at >= wish.date.at(wish.range.start()) {
        return Err(BadInput(format!("it would open at {}, after the time itself", opens.at)).into());
    }
    Ok(Some(opens))
}

/// How often to try, and until when.
pub(crate) fn policy(arguments: &Book) -> Policy {
    let policy = match arguments.policy {
        Pace::Default => Policy::new(),
        Pace::Original => Policy::original(),
    };
    let policy = policy.give_up_after(arguments.give_up_after);
    match arguments.most_requests {
        Some(most) => policy.most_requests(most),
        None => policy,
    }
}

/// What to apply with. Messages name the argument and never repeat what a person is called.
pub(crate) fn application(arguments: &Book) -> Result<Application> {
    let text = |option: &str, text: &str| -> Result<String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadInput(format!("{option} is empty: the site demands it")).into());
        }
        if text.chars().any(char::is_control) {
            return Err(
                BadInput(format!("{option} is more than one line, or has a control character")).into()
            );
        }
        Ok(text.to_owned())
    };
    let phone = |option: &str, text: &Option<String>| -> Result<Option<Phone>> {
        let parsed = text.as_ref().map(|text| text.parse::<Phone>()).transpose();
        Ok(parsed.map_err(|_| {
            BadInput(format!("{option} is no phone number: write it as 010-0000-0000 or 02-000-0000"))
        })?)
    };
    let mut application = Application::new(
        text("--club-name", &arguments.club_name)?,
        arguments.head_count,
        text("--event-name", &arguments.event_name)?,
        text("--purpose", &arguments.purpose)?,
    );
    application.telephone = phone("--tel", &arguments.tel)?;
    application.mobile = phone("--mobile", &arguments.mobile)?;
    application.applicant_name =
        arguments.applicant_name.as_ref().map(|name| text("--applicant-name", name)).transpose()?;
    application.discount = arguments.discount.clone();
    Ok(application)
}

/// The password: from stdin if so asked, else from the environment, else from a person.
pub(crate) fn password(from_stdin: bool, prompt: &str) -> Result<String> {
    let password = if from_stdin {
        first_line_of_stdin()?
    } else if let Some(value) = std::env::var_os(PASSWORD_VARIABLE) {
        value.into_string().map_err(|_| BadInput(format!("{PASSWORD_VARIABLE} is not UTF-8")))?
    } else if io::stdin().is_terminal() {
        rpassword::prompt_password(prompt)?
    } else {
        return Err(BadInput(format!(
            "no password: use --password-stdin or {PASSWORD_VARIABLE}, or run it in a terminal to be asked"
        ))
        .into());
    };
    if password.is_empty() {
        return Err(BadInput("the password is empty".to_owned()).into());
    }
    Ok(password)
}

fn first_line_of_stdin() -> Result<String> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .take(LONGEST_PASSWORD)
        .read_line(&mut line)
        .map_err(|error| BadInput(format!("the password cannot be read from stdin: {error}")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
