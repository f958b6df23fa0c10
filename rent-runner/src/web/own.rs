//! What belongs to a user of the page: the owner has everything, a member what the member made.

use namyangju_rent::Site;

use super::state::Web;
use crate::bad_input::BadInput;
use crate::request::{self, checked_name};
use crate::say::say;
use crate::store::{Account, Applicant, BookingId, NewAccount, Owned, Result, SealPurpose, WebUser};

/// An account as a person or a program gives it.
pub(super) struct AccountInput {
    pub(super) login: String,
    pub(super) password: String,
    pub(super) name: Option<String>,
    /// A built-in city; that of the settings if none is given.
    pub(super) site: Option<String>,
    /// Another address than the city's, if the owner gives it.
    pub(super) base_url: Option<String>,
}

/// The accounts that somebody may use.
pub(super) async fn accounts(web: &Web, user: &WebUser) -> Result<Vec<Account>> {
    let users = web.store.users_of_accounts().await?;
    let mut accounts = web.store.accounts().await?;
    accounts.retain(|account| user.is_owner || users.get(&account.id) == Some(&user.id));
    Ok(accounts)
}

/// The applicants' data that somebody may use.
pub(super) async fn applicants(web: &Web, user: &WebUser) -> Result<Vec<Applicant>> {
    let users = web.store.users_of_applicants().await?;
    let mut kept = web.store.applicants().await?;
    kept.retain(|kept| user.is_owner || users.get(&kept.name) == Some(&user.id));
    Ok(kept)
}

/// The stamp of a booking that somebody may see; `None` also if there is no such booking.
pub(super) async fn stamp(web: &Web, user: &WebUser, id: BookingId) -> Result<Option<String>> {
    let is_own = user.is_owner || web.store.user_of(Owned::Booking(id)).await? == Some(user.id);
    if is_own { web.store.booking_stamp(id).await } else { Ok(None) }
}

/// Checks a new account, and seals its password.
///
/// # Errors
/// What is wrong, with the name of the field if it is one of them.
pub(super) fn new_account(
    web: &Web,
    user: &WebUser,
    input: AccountInput,
) -> std::result::Result<NewAccount, (&'static str, anyhow::Error)> {
    let AccountInput { login, password, name, site, base_url } = input;
    let wrong = |field, why: String| Err((field, BadInput(why).into()));
    if login.is_empty() || login.chars().any(char::is_control) {
        return wrong("login", say!("web-login-empty"));
    }
    if password.is_empty() {
        return wrong("password", say!("web-password-empty"));
    }
    let name = checked_name(name.as_deref().unwrap_or(&login)).map_err(|error| ("name", error))?;
    let name = user.own_name(&name);
    let site = site.unwrap_or_else(|| web.config.site.clone());
    if site != web.config.site && !Site::builtin_names().any(|known| known == site) {
        return wrong("site", say!("web-no-city"));
    }
    // Where the runner connects to is the owner's to say.
    let base_url = if user.is_owner { base_url } else { web.config.base_url.clone() };
    request::site_at(&site, base_url.as_deref()).map_err(|error| ("base_url", error))?;
    let password = web.vault.seal(SealPurpose::Password(&name), password.as_bytes());
    let password = password.map_err(|error| ("", anyhow::Error::from(error)))?;
    Ok(NewAccount { site, base_url, login, password, name })
}
