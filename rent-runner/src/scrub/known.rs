//! What the store knows of people, for the scrubber.

use anyhow::Result;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::Scrubber;
use crate::config::Config;
use crate::request;
use crate::store::{BookingId, Filter, SealPurpose, Store};
use crate::vault::Vault;

/// The most bookings that are looked at for what is private, beside the one that is asked for: the last ones.
const MAX_BOOKINGS: u32 = 2_000;

/// What the store knows of people.
///
/// # Errors
/// If the key does not open, or something cannot be read: then the scrubber knows too little.
pub(crate) async fn of_the_store(
    scrubber: &mut Scrubber,
    config: &Config,
    store: &Store,
    booking: Option<i64>,
) -> Result<()> {
    let vault = match store.vault().await? {
        // Opened only where something is sealed: looking makes no key.
        Some(_) => Some(Vault::open(store, &config.key).await?),
        None => None,
    };
    for account in store.accounts().await? {
        scrubber.add(&account.name, "account");
        scrubber.add(&account.login, "login");
        let Some(vault) = &vault else { continue };
        let password = vault.unseal(SealPurpose::Password(&account.name), &account.password)?;
        scrubber.add(&String::from_utf8_lossy(password.expose_secret()), "password");
        if let Some(session) = &account.session
            && let Ok(session) = vault.unseal(SealPurpose::Session(&account.name), session)
            && let Ok(session) = serde_json::from_slice::<Value>(session.expose_secret())
        {
            cookies(scrubber, &session);
        }
    }
    if let Some(vault) = &vault {
        for applicant in store.applicants().await? {
            scrubber.add(&applicant.name, "applicant");
            of_application(scrubber, &request::unseal(vault, &applicant.data)?);
        }
    }
    let all = Filter { most: Some(MAX_BOOKINGS), last: true, ..Filter::default() };
    let mut bookings = store.bookings(&all).await?;
    if let Some(id) = booking {
        bookings.extend(store.booking(BookingId(id)).await.ok());
    }
    for booking in bookings {
        if let Some(vault) = &vault {
            of_application(scrubber, &request::unseal(vault, &booking.application)?);
        }
        if let Some(note) = &booking.note {
            scrubber.add(note, "note");
        }
        if let Some(receipt) = &booking.receipt {
            scrubber.add(&receipt.number, "receipt");
        }
    }
    Ok(())
}

fn of_application(scrubber: &mut Scrubber, application: &namyangju_rent::Application) {
    scrubber.add(&application.club_name, "club");
    scrubber.add(&application.event_name, "event");
    scrubber.add(&application.purpose, "purpose");
    if let Some(name) = &application.applicant_name {
        scrubber.add(name, "name");
    }
    for phone in [&application.telephone, &application.mobile].into_iter().flatten() {
        scrubber.add(&phone.to_wire(), "phone");
    }
    if let Some(discount) = &application.discount {
        scrubber.add(discount, "discount");
    }
}

/// Every text of a saved session that may be a cookie's value, or the line that set it.
fn cookies(scrubber: &mut Scrubber, value: &Value) {
    match value {
        // The site's own name and address are in it too, and are not private.
        Value::String(text) if text.contains("://") || namyangju_rent::Site::builtin_toml(text).is_some() => {
        }
        Value::String(text) => {
            for part in text.split([';', '=', ' ']).filter(|part| part.len() >= 8) {
                scrubber.add(part, "cookie");
            }
        }
        Value::Array(values) => values.iter().for_each(|value| cookies(scrubber, value)),
        Value::Object(fields) => fields.values().for_each(|value| cookies(scrubber, value)),
        _ => {}
    }
}
