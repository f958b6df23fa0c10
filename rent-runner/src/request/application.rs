//! What is applied with: checked as it comes from a person, sealed as it goes into the store.
//!
//! A text that the site's character set cannot hold is told here, while there is time to change it.

use anyhow::{Context as _, Result};
use namyangju_rent::form_fields::{Charset, FormFields, LackingCharacter};
use namyangju_rent::{Application, Phone, nfc};
use secrecy::ExposeSecret as _;

use crate::bad_input::BadInput;
use crate::cli::ApplicationArgs;
use crate::say::say;
use crate::store;
use crate::vault::Vault;

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
                return Err(BadInput(say!("application-missing", options = missing.join(", "))).into());
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

/// A name a person gives to an account or to applicant's data.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    let name = nfc(name.trim());
    let fits = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        return Ok(name);
    }
    Err(BadInput(say!("bad-name")).into())
}

/// One line of text for the form, in composed form.
fn line(option: &str, text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.map(|text| nfc(text.trim())) else { return Ok(None) };
    if text.is_empty() {
        return Err(BadInput(say!("option-empty", option = option)).into());
    }
    if text.chars().any(char::is_control) {
        return Err(BadInput(say!("option-lines", option = option)).into());
    }
    Ok(Some(text))
}

/// What a site with this character set would not receive as it was typed, a sentence for each field. The field and the
/// characters are named, and nothing else of the text.
pub(crate) fn lacking(application: &Application, charset: Charset) -> Vec<String> {
    let fields: FormFields = [
        ("club-name", Some(&application.club_name)),
        ("event-name", Some(&application.event_name)),
        ("purpose", Some(&application.purpose)),
        ("applicant-name", application.applicant_name.as_ref()),
        ("discount", application.discount.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?.as_str())))
    .collect();
    let mut lines = Vec::new();
    for (field, characters) in by_field(fields.lacking(charset)) {
        let references: Vec<_> = characters.iter().map(|c| format!("&#{};", u32::from(*c))).collect();
        lines.push(say!(
            "lacking-in-charset",
            field = field,
            characters = quoted(&characters),
            charset = charset.name(),
            references = references.join(" ")
        ));
    }
    let rare = if charset == Charset::EUC_KR { fields.outside_ks_x_1001() } else { Vec::new() };
    for (field, characters) in by_field(rare) {
        lines.push(say!("lacking-in-ks", field = field, characters = quoted(&characters)));
    }
    lines
}

/// The characters of each field, each once.
fn by_field(found: Vec<LackingCharacter>) -> Vec<(String, Vec<char>)> {
    let mut fields: Vec<(String, Vec<char>)> = Vec::new();
    for LackingCharacter { field, character, .. } in found {
        match fields.iter_mut().find(|(known, _)| *known == field) {
            Some((_, characters)) if characters.contains(&character) => {}
            Some((_, characters)) => characters.push(character),
            None => fields.push((field, vec![character])),
        }
    }
    fields
}

fn quoted(characters: &[char]) -> String {
    characters.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ")
}

fn phone(option: &str, text: Option<&str>) -> Result<Option<Phone>> {
    Ok(text
        .map(str::parse::<Phone>)
        .transpose()
        .map_err(|_| BadInput(say!("bad-option-phone", option = option)))?)
}

/// Seals what a booking applies with.
pub(crate) fn seal(vault: &Vault, application: &Application) -> Result<store::Sealed> {
    Ok(vault.seal(store::SealPurpose::Applicant, &serde_json::to_vec(application)?)?)
}

/// Opens what a booking applies with.
pub(crate) fn unseal(vault: &Vault, sealed: &store::Sealed) -> Result<Application> {
    let plain = vault.unseal(store::SealPurpose::Applicant, sealed)?;
    // The error of the reader could quote what it has read.
    serde_json::from_slice(plain.expose_secret()).ok().context("the applicant's data cannot be read")
}
