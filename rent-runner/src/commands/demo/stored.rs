//! `demo --stored`: the same through a store, a vault and a runner, as `serve` works.

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::TimedEvent;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::Account;
use serde_json::json;

use super::{Play, Played, application};
use crate::commands::{self, run_due};
use crate::config::Config;
use crate::exit;
use crate::runner::{End, Scope};
use crate::say::{retold, say};
use crate::store::{BookingHistory, Filter, NewAccount, NewBooking, OpeningSource, RetryPace, SealPurpose};
use crate::terminal::booking::state_word;
use crate::vault::KeySource;

/// Plays it in a folder that is gone afterwards.
pub(super) async fn run(play: Play<'_>) -> Result<Played> {
    let Play { arguments, config, server, story, wish, opening, stage } = play;
    let folder = tempfile::tempdir().context("no temporary folder can be made")?;
    let database = folder.path().join("rent.db");
    let config = Config {
        database: database.display().to_string(),
        key: KeySource::File(folder.path().join("key")),
        runner: "demo".to_owned(),
        ..config.clone()
    };
    let store = commands::open(&config).await?;
    let vault = commands::open_vault(&store, &config).await?;
    let account = Account::invented(1);
    let sealed = vault.seal(SealPurpose::Password(&account.id), account.password.as_bytes())?;
    let new = NewAccount {
        name: account.id.clone(),
        site: arguments.site.clone(),
        base_url: Some(server.base_url()),
        login: account.id.clone(),
        password: sealed,
    };
    store.add_account(&new).await?;
    story.aside(&say!("demo-stored-account", account = account.id));
    let (opens, opens_at) = match arguments.opens_in().is_zero() {
        true => (OpeningSource::Now, SystemClock.now()),
        false => (OpeningSource::Given, opening),
    };
    let new = NewBooking {
        account: account.id.clone(),
        choices: vec![wish.clone()],
        application: vault.seal(SealPurpose::Applicant, &serde_json::to_vec(&application()?)?)?,
        opens,
        opens_at,
        give_up_after: arguments.give_up_after,
        lead: Duration::ZERO,
        clock_offset_micros: None,
        pace: RetryPace::Default,
        most_requests: None,
        note: None,
    };
    let id = store
        .add_bookings(std::slice::from_ref(&new))
        .await?
        .first()
        .copied()
        .context("nothing was stored")?;
    story.aside(&say!("demo-stored-booking", id = id));

    let (told, acted) = (Arc::clone(story), Arc::clone(stage));
    let observer = move |_, happened: &TimedEvent| {
        acted.lock().unwrap_or_else(PoisonError::into_inner).act(happened);
        told.event(happened);
    };
    let scope = Scope::Before(opens_at.plus(Duration::from_secs(1)));
    let mut state = None;
    let code = run_due::work_off(config, &store, vault, scope, Some(Box::new(observer)), |done| {
        if let End::Over { state: over, reason, .. } = &done.end {
            let reason = retold(reason.as_deref().unwrap_or_default());
            story.aside(&say!("demo-stored-end", state = state_word(*over), reason = reason));
            state = Some(*over);
        }
    })
    .await?;
    let kept = store.story(id).await?;
    let summary = summary(&kept, &database, &account.password);
    let report = json!({ "booking": id, "state": kept.booking.state, "reason": kept.booking.reason });
    let receipt = kept.booking.receipt.map(|receipt| receipt.number);
    let listed = store.bookings(&Filter::default()).await?.len();
    anyhow::ensure!(listed == 1, "the store lists {listed} bookings instead of one");
    store.close().await;
    Ok(Played {
        ending: None,
        report,
        code: if state.is_some() { code } else { exit::INTERRUPTED },
        receipt,
        summary,
    })
}

/// What the store kept: lines, each with its heading.
fn summary(kept: &BookingHistory, database: &Path, password: &str) -> Vec<(&'static str, String)> {
    let holds = |path: &Path| {
        std::fs::read(path)
            .is_ok_and(|bytes| bytes.windows(password.len()).any(|part| part == password.as_bytes()))
    };
    let write_ahead = database.with_extension("db-wal");
    let found = holds(database) || holds(&write_ahead);
    let events = say!("demo-kept", events = kept.events.len(), attempts = kept.attempts.len());
    let secrets = if found { say!("demo-secret-readable") } else { say!("demo-secret-sealed") };
    vec![("state", state_word(kept.booking.state)), ("kept", events), ("secrets", secrets)]
}
