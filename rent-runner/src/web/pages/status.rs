//! How the store and its runners stand, and the settings in force.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use namyangju_rent::clock::{Clock as _, SystemClock};

use crate::config;
use crate::runner::Identity;
use crate::web::answer::{Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::state::Web;

/// How many messages that do not arrive are shown.
const MAX_SHOWN: u32 = 10;

/// A runner in the list.
struct RunnerLine {
    name: String,
    is_running: bool,
    seen: String,
    holds: u32,
}

/// A setting in force, and where it comes from.
struct SettingLine {
    name: String,
    value: String,
    source: String,
}

/// What is known of a site's clock.
struct SiteClockLine {
    site: String,
    learned: String,
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    frame: Frame,
    store: String,
    runners: Vec<RunnerLine>,
    failing: Vec<String>,
    clocks: Vec<SiteClockLine>,
    file: Option<String>,
    settings: Vec<SettingLine>,
}

/// The page; the settings are the owner's.
pub(in crate::web) async fn show(State(web): State<Arc<Web>>, signed_in: SignedIn, reader: Reader) -> Page {
    let now = SystemClock.now();
    let runners = web.store.runners().await?.into_iter().map(|runner| RunnerLine {
        name: Identity::name_of(&runner.name).to_owned(),
        is_running: runner.is_living(now),
        seen: runner.seen_at.to_string(),
        holds: runner.holds,
    });
    let failing = web.store.messages_failing(MAX_SHOWN).await?.into_iter().map(|message| {
        let error = message.last_error.unwrap_or_default();
        format!("{} → {}: {error}", message.kind, message.channel)
    });
    let clocks = web.store.site_clocks().await?.into_iter().map(|(site, facts)| SiteClockLine {
        site,
        learned: facts.learned_at.map(|at| at.to_string()).unwrap_or_default(),
    });
    let is_owner = signed_in.user.is_owner;
    let settings = config::rows(&web.config).into_iter().filter(|_| is_owner).map(|(name, value, source)| {
        let value = match value {
            serde_json::Value::Null => "-".to_owned(),
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        SettingLine { name: name.to_owned(), value, source: source.to_string() }
    });
    let mut frame = reader.frame(reader.words.status, Some(&signed_in));
    frame.live = Some("/live".to_owned());
    Ok(html(&StatusPage {
        frame,
        store: web.store.address().to_owned(),
        runners: runners.collect(),
        failing: if is_owner { failing.collect() } else { Vec::new() },
        clocks: clocks.collect(),
        file: web.config.file.as_ref().filter(|_| is_owner).map(|file| file.display().to_string()),
        settings: settings.collect(),
    }))
}
