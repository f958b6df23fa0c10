//! `applicant`: what is applied with, under names.

use anyhow::Result;

use super::{open, open_vault, show};
use crate::cli::{ApplicantArgs, ApplicantCommand, ApplicantSet};
use crate::config::Config;
use crate::documents::{ApplicantDocument, ApplicantsDocument, MaskedApplicant, stored};
use crate::exit;
use crate::request::{self, checked_name, seal, unseal};
use crate::say::say;
use crate::store::StoreError;
use crate::terminal;

/// Runs one of the commands on applicants' data.
pub(crate) async fn run(arguments: &ApplicantArgs, config: &Config) -> Result<u8> {
    match &arguments.command {
        ApplicantCommand::Set(arguments) => set(arguments, config).await?,
        ApplicantCommand::List(arguments) => list(arguments.json, config).await?,
        ApplicantCommand::Show(arguments) => {
            let store = open(config).await?;
            let kept = store.applicant(&arguments.name).await?;
            let application = unseal(&open_vault(&store, config).await?, &kept.data)?;
            if arguments.json {
                terminal::json(&ApplicantDocument { name: &kept.name, application: &application })?;
            } else {
                let rows = show::applicant(&application).into_iter();
                let rows = rows.map(|(name, value)| vec![name.to_owned(), value]).collect();
                terminal::result(&terminal::table(&["applicant", &kept.name], rows))?;
            }
            store.close().await;
        }
        ApplicantCommand::Remove(arguments) => {
            let store = open(config).await?;
            store.remove_applicant(&arguments.name).await?;
            terminal::note(&say!("applicant-removed", name = arguments.name));
            store.close().await;
        }
    }
    Ok(exit::DONE)
}

async fn set(arguments: &ApplicantSet, config: &Config) -> Result<()> {
    let name = checked_name(&arguments.name)?;
    let store = open(config).await?;
    let kept = match store.applicant(&name).await {
        Ok(kept) => Some(kept),
        Err(StoreError::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    // A mistake in the arguments should not make a key.
    if kept.is_none() {
        request::application(&arguments.application, None)?;
    }
    let vault = open_vault(&store, config).await?;
    let before = kept.map(|kept| unseal(&vault, &kept.data)).transpose()?;
    let is_new = before.is_none();
    let application = request::application(&arguments.application, before)?;
    let accounts = store.accounts().await?;
    let mut sites: Vec<_> =
        accounts.iter().filter_map(|account| request::site_of_account(account).ok()).collect();
    if sites.is_empty() {
        sites.extend(request::site_of(config).ok());
    }
    let mut notes: Vec<_> =
        sites.iter().flat_map(|site| request::lacking(&application, site.charset())).collect();
    notes.dedup();
    notes.iter().for_each(|line| terminal::note(line));
    store.put_applicant(&name, &seal(&vault, &application)?).await?;
    terminal::note(&if is_new {
        say!("applicant-added", name = name)
    } else {
        say!("applicant-changed", name = name)
    });
    store.close().await;
    Ok(())
}

async fn list(as_json: bool, config: &Config) -> Result<()> {
    let store = open(config).await?;
    let kept = store.applicants().await?;
    if kept.is_empty() && !as_json {
        terminal::note(&say!("applicants-none"));
        store.close().await;
        return Ok(());
    }
    let mut values: Vec<MaskedApplicant> = Vec::new();
    if !kept.is_empty() {
        let vault = open_vault(&store, config).await?;
        for kept in kept {
            let application = unseal(&vault, &kept.data)?;
            values.push(stored::masked(kept.name, kept.changed_at, &application));
        }
    }
    if as_json {
        terminal::json(&ApplicantsDocument { applicants: values })?;
    } else {
        let header = ["name", "club", "people", "event", "purpose", "applicant", "telephone", "mobile"];
        let given = |text: Option<&'static str>| text.unwrap_or("-").to_owned();
        let rows = values.into_iter().map(|value| {
            vec![
                value.name,
                value.club_name.to_owned(),
                value.head_count.to_string(),
                value.event_name,
                value.purpose,
                given(value.applicant_name),
                given(value.telephone),
                given(value.mobile),
            ]
        });
        terminal::result(&terminal::table(&header, rows.collect()))?;
    }
    store.close().await;
    Ok(())
}
