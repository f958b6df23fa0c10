//! Accounts at the reservation sites. A password goes in and never comes out.

use std::sync::Arc;

use axum::extract::{Path, State};
use namyangju_rent::{Error, nfc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::bookings::before;
use super::caller::{Caller, MayAdmin, MayRead};
use super::input::{ApiBody, GivenKey};
use super::output::{Answer, DoneAnswer, Made};
use super::problem::{Problem, ProblemKind};
use crate::documents::{AccountEntry, AccountsDocument, stored};
use crate::request;
use crate::store::{Account, SealPurpose, StoreError};
use crate::web::doors::throttle::Who;
use crate::web::own::{self, AccountInput};
use crate::web::state::Web;

/// The name of something.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(super) struct NamePath {
    /// Its name.
    #[schemars(length(min = 1))]
    pub(super) name: String,
}

/// An account to be added.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "it describes the body; the fields are read one by one")]
pub(super) struct NewAccountFields {
    /// The login name at the site.
    login: String,
    /// The password at the site. It is sealed, and no answer has it.
    password: String,
    /// A short name for the account; the login name if it is left out.
    name: Option<String>,
    /// A built-in city; that of the settings if it is left out.
    site: Option<String>,
    /// The site's address; that of the settings if it is left out. Only the owner may give it.
    base_url: Option<String>,
}

/// Another password of an account.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "it describes the body; the field is read by its name")]
pub(super) struct PasswordFields {
    /// The password at the site.
    password: String,
}

async fn one(web: &Web, caller: &Caller, name: &str) -> Result<Account, Problem> {
    let name = caller.user.own_name(&nfc(name));
    let found = own::accounts(web, &caller.user).await?.into_iter().find(|account| account.name == name);
    found.ok_or_else(|| Problem::missing("account"))
}

/// Lists them.
pub(super) async fn list(
    State(web): State<Arc<Web>>,
    MayRead(caller): MayRead,
) -> Result<Answer<AccountsDocument<'static>>, Problem> {
    Answer::json(&stored::accounts(&own::accounts(&web, &caller.user).await?))
}

/// Adds one; nothing is sent to the site.
pub(super) async fn add(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    key: GivenKey,
    body: ApiBody<NewAccountFields>,
) -> Result<Made<AccountEntry<'static>>, Problem> {
    let creation = key.creation(caller.user.id, &body);
    if let Some(kept) = before(&web, &creation).await? {
        if let Some(answer) = kept.answer {
            return Ok(Made::text(answer).replayed());
        }
        let made = own::accounts(&web, &caller.user).await?.into_iter().find(|one| Some(one.id) == kept.made);
        let made = made.ok_or_else(|| Problem::missing("account"))?;
        return Ok(Made::json(&stored::account_entry(&made))?.replayed());
    }
    let mut fields = body.reader();
    let login = fields.needed("login");
    let password = fields.secret("password");
    let (name, site) = (fields.text("name"), fields.text("site"));
    let base_url = fields.text("base_url");
    fields.finish()?;
    let given_url = base_url.is_some();
    // As the command has it: the address of the settings, unless another is given.
    let base_url = base_url.or_else(|| web.config.base_url.clone());
    if given_url && !caller.user.is_owner {
        return Err(Problem::field("base_url", "only the owner may give an address"));
    }
    let input = AccountInput { login, password, name, site, base_url };
    let new = own::new_account(&web, &caller.user, input)
        .map_err(|(field, error)| Problem::at(if field.is_empty() { "body" } else { field }, error))?;
    // Whoever tries many logins learns slowly that one is there.
    let tries = Who::SiteLogin(caller.user.id);
    if web.throttle.take(&tries).is_err() {
        return Err(Problem::new(ProblemKind::TooMany, "there were many accounts: wait a little"));
    }
    let id = match web.store.add_account_of(&new, Some(&creation)).await {
        // It names another's account.
        Err(StoreError::Conflict(_)) if !caller.user.is_owner => {
            return Err(Problem::new(ProblemKind::Conflict, "this account cannot be added"));
        }
        added => added?,
    };
    web.throttle.give_back(&tries);
    caller.audit(&web, &format!("added account {id}")).await?;
    let account = one(&web, &caller, &new.name).await?;
    let text = serde_json::to_string(&stored::account_entry(&account)).map_err(anyhow::Error::from)?;
    web.store.keep_answer(&creation, &text).await?;
    Ok(Made::text(text))
}

/// Logs in once at the site.
pub(super) async fn check(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    Path(NamePath { name }): Path<NamePath>,
) -> Result<Answer<AccountEntry<'static>>, Problem> {
    let account = one(&web, &caller, &name).await?;
    if let Err(wait) = web.throttle.take(&Who::SiteLogin(caller.user.id)) {
        let why =
            format!("wait {} s: many wrong passwords lock an account at the site", wait.as_secs().max(1));
        return Err(Problem::new(ProblemKind::TooMany, why));
    }
    if let Err(error) = request::check_login(&web.store, &web.vault, &web.config, &account).await {
        return Err(match error.downcast_ref::<Error>() {
            Some(Error::LoginRefused) => Problem::new(ProblemKind::Conflict, "the site refused the login"),
            _ => error.into(),
        });
    }
    Answer::json(&stored::account_entry(&one(&web, &caller, &account.name).await?))
}

/// Replaces the password.
pub(super) async fn password(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    Path(NamePath { name }): Path<NamePath>,
    body: ApiBody<PasswordFields>,
) -> Result<DoneAnswer, Problem> {
    let account = one(&web, &caller, &name).await?;
    let mut fields = body.reader();
    let password = fields.secret("password");
    fields.finish()?;
    let sealed = web.vault.seal(SealPurpose::Password(&account.name), password.as_bytes())?;
    web.store.set_password(&account.name, &sealed).await?;
    caller.audit(&web, &format!("changed the password of account {}", account.id)).await?;
    Ok(DoneAnswer)
}

/// Removes one, with its bookings that are over.
pub(super) async fn remove(
    State(web): State<Arc<Web>>,
    MayAdmin(caller): MayAdmin,
    Path(NamePath { name }): Path<NamePath>,
) -> Result<DoneAnswer, Problem> {
    let account = one(&web, &caller, &name).await?;
    web.store.remove_account(&account.name).await?;
    caller.audit(&web, &format!("removed account {}", account.id)).await?;
    Ok(DoneAnswer)
}
