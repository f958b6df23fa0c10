//! One login at the site, to see whether an account's password works.

use anyhow::{Context as _, Result};
use namyangju_rent::{Credentials, Error};
use secrecy::ExposeSecret as _;

use super::{client, site_of_account};
use crate::config::Config;
use crate::store::{Account, SealPurpose, Store};
use crate::vault::Vault;

/// Logs in once, keeps the session, and gives the site's address. A refused login is kept as well, so that no runner sends the
/// password again.
///
/// # Errors
/// The library's, the store's, or the vault's.
pub(crate) async fn check_login(
    store: &Store,
    vault: &Vault,
    config: &Config,
    account: &Account,
) -> Result<String> {
    let plain = vault.unseal(SealPurpose::Password(&account.name), &account.password)?;
    let password =
        String::from_utf8(plain.expose_secret().clone()).ok().context("the password is not UTF-8")?;
    let credentials = Credentials::new(&account.login, password);
    let client = client(site_of_account(account)?, config)?;
    let session = match client.log_in(&credentials).await {
        Ok(session) => session,
        Err(error) => {
            if matches!(error, Error::LoginRefused) {
                store.login_refused(account.id).await?;
            }
            return Err(error.into());
        }
    };
    let saved = match session.save() {
        Some(saved) => Some(vault.seal(SealPurpose::Session(&account.name), &serde_json::to_vec(&saved)?)?),
        None => None,
    };
    store.set_session(account.id, saved.as_ref(), true).await?;
    Ok(client.site().base_url().to_string())
}
