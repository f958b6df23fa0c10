//! The accounts at the reservation sites. A password goes in and never comes out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use namyangju_rent::{Error, Site};
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::request::{self, site_of_account};
use crate::store::{Account, Creation, SealPurpose, StoreError};
use crate::web::action::{Action, audit};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::session::SignedIn;
use crate::web::doors::throttle::Who;
use crate::web::frame::{Frame, Reader};
use crate::web::own::{self, AccountInput};
use crate::web::state::Web;

/// An account in the list.
struct AccountCard {
    id: i64,
    name: String,
    login: String,
    site: String,
    last_login: String,
    is_refused: bool,
    open_bookings: u32,
}

/// A city to choose.
struct City {
    name: &'static str,
    title: String,
    is_default: bool,
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    frame: Frame,
    accounts: Vec<AccountCard>,
    cities: Vec<City>,
    base_url: String,
    wrong: Option<String>,
    login: String,
    name: String,
}

/// The accounts that somebody may use.
pub(super) async fn visible(web: &Web, signed_in: &SignedIn) -> Result<Vec<Account>, NoPage> {
    Ok(own::accounts(web, &signed_in.user).await?)
}

async fn one(web: &Web, signed_in: &SignedIn, id: i64) -> Result<Account, NoPage> {
    let found = visible(web, signed_in).await?.into_iter().find(|account| account.id == id);
    found.ok_or_else(|| NoPage::new(StatusCode::NOT_FOUND, "there is no such account"))
}

fn cities(web: &Web) -> Vec<City> {
    Site::builtin_names()
        .filter_map(|name| {
            let title = Site::builtin(name).ok()?.title().to_owned();
            Some(City { name, title, is_default: name == web.config.site })
        })
        .collect()
}

/// What the page says, and what was typed into its form.
#[derive(Default)]
struct AccountsNote {
    said: Option<String>,
    wrong: Option<String>,
    login: String,
    name: String,
}

async fn page(web: &Web, signed_in: &SignedIn, reader: &Reader, note: AccountsNote) -> Page {
    let words = reader.words;
    let row = |account: Account| {
        let site = site_of_account(&account).map_or(account.site.clone(), |site| site.title().to_owned());
        let last_login = match (account.refused_at, account.checked_at) {
            (Some(at), _) => format!("{} ({at})", words.refused),
            (None, Some(at)) => at.to_string(),
            (None, None) => words.never.to_owned(),
        };
        AccountCard {
            id: account.id,
            site: account.base_url.map_or(site.clone(), |url| format!("{site} ({url})")),
            name: account.name,
            login: account.login,
            last_login,
            is_refused: account.refused_at.is_some(),
            open_bookings: account.open_bookings,
        }
    };
    let status = if note.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut frame = reader.frame(words.accounts, Some(signed_in));
    "/accounts".clone_into(&mut frame.path);
    frame.said = note.said;
    let page = AccountsPage {
        frame,
        accounts: visible(web, signed_in).await?.into_iter().map(row).collect(),
        cities: cities(web),
        base_url: web.config.base_url.clone().unwrap_or_default(),
        wrong: note.wrong,
        login: note.login,
        name: note.name,
    };
    Ok((status, html(&page)).into_response())
}

/// The list and the form.
pub(in crate::web) async fn show(State(web): State<Arc<Web>>, signed_in: SignedIn, reader: Reader) -> Page {
    page(&web, &signed_in, &reader, AccountsNote::default()).await
}

/// Adds one.
pub(in crate::web) async fn add(
    State(web): State<Arc<Web>>,
    Action { signed_in, reader, peer, fields }: Action,
) -> Page {
    let login = fields.text("login").unwrap_or_default();
    let name = fields.text("name");
    let input = AccountInput {
        login: login.clone(),
        password: fields.raw("password").unwrap_or_default().to_owned(),
        name: name.clone(),
        site: fields.text("site"),
        base_url: fields.text("base_url"),
    };
    match own::new_account(&web, &signed_in.user, input) {
        Ok(account) => {
            let again = |wrong| {
                let name = name.clone().unwrap_or_default();
                AccountsNote { wrong: Some(wrong), login: login.clone(), name, said: None }
            };
            // Whoever tries many logins learns slowly that one is there.
            let tries = Who::SiteLogin(signed_in.user.id);
            if web.throttle.take(&tries).is_err() {
                let note = again(reader.words.too_many_tries.to_owned());
                return page(&web, &signed_in, &reader, note).await;
            }
            let creation = Creation { user: signed_in.user.id, key: None };
            let id = match web.store.add_account_of(&account, Some(&creation)).await {
                Ok(id) => id,
                Err(StoreError::Conflict(why)) => {
                    // It names another's account.
                    let is_told = signed_in.user.is_owner;
                    let note = again(if is_told { why } else { reader.words.cannot_add_account.to_owned() });
                    return page(&web, &signed_in, &reader, note).await;
                }
                Err(error) => return Err(error.into()),
            };
            web.throttle.give_back(&tries);
            let what = format!("added account {id}");
            audit(&web, &signed_in, &peer, &what).await?;
            Ok(Redirect::to("/accounts").into_response())
        }
        Err((_, error)) => {
            let wrong = Some(format!("{error:#}"));
            let note = AccountsNote { wrong, login, name: name.unwrap_or_default(), said: None };
            page(&web, &signed_in, &reader, note).await
        }
    }
}

/// Logs in once at the site.
pub(in crate::web) async fn check(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    Action { signed_in, reader, .. }: Action,
) -> Page {
    let account = one(&web, &signed_in, id).await?;
    if web.throttle.take(&Who::SiteLogin(signed_in.user.id)).is_err() {
        let wrong = Some(reader.words.too_many_tries.to_owned());
        return page(&web, &signed_in, &reader, AccountsNote { wrong, ..AccountsNote::default() }).await;
    }
    let note = match request::check_login(&web.store, &web.vault, &web.config, &account).await {
        Ok(_) => AccountsNote {
            said: Some(format!("{}: {}", account.name, reader.words.login_works)),
            ..AccountsNote::default()
        },
        Err(error) => {
            let why = match error.downcast_ref::<Error>() {
                Some(Error::LoginRefused) => reader.words.refused.to_owned(),
                _ => format!("{error:#}"),
            };
            AccountsNote { wrong: Some(format!("{}: {why}", account.name)), ..AccountsNote::default() }
        }
    };
    page(&web, &signed_in, &reader, note).await
}

/// Changes the name, the login or the password; what is left empty stays.
pub(in crate::web) async fn change(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    Action { signed_in, reader, peer, fields }: Action,
) -> Page {
    let account = one(&web, &signed_in, id).await?;
    let given = fields.raw("password").filter(|given| !given.is_empty());
    let login = fields.text("login").unwrap_or_else(|| account.login.clone());
    let name = fields
        .text("name")
        .map(|name| request::checked_name(&name).map(|name| signed_in.user.own_name(&name)));
    let name = match name {
        Some(Ok(name)) => name,
        Some(Err(error)) => {
            let wrong = Some(format!("{error:#}"));
            return page(&web, &signed_in, &reader, AccountsNote { wrong, ..AccountsNote::default() }).await;
        }
        None => account.name.clone(),
    };
    if given.is_none() && login == account.login && name == account.name {
        return Ok(Redirect::to("/accounts").into_response());
    }
    // The seal holds the name.
    let plain = match given {
        Some(given) => SecretSlice::from(given.as_bytes().to_vec()),
        None => {
            let plain = web.vault.unseal(SealPurpose::Password(&account.name), &account.password);
            SecretSlice::from(plain.map_err(anyhow::Error::from)?.expose_secret().to_vec())
        }
    };
    let sealed =
        web.vault.seal(SealPurpose::Password(&name), plain.expose_secret()).map_err(anyhow::Error::from)?;
    match web.store.change_account(id, &name, &login, &sealed).await {
        Ok(()) => {}
        Err(StoreError::Conflict(why)) => {
            // It names another's account.
            let why = if signed_in.user.is_owner { why } else { reader.words.cannot_add_account.to_owned() };
            let note = AccountsNote { wrong: Some(why), ..AccountsNote::default() };
            return page(&web, &signed_in, &reader, note).await;
        }
        Err(error) => return Err(error.into()),
    }
    let what = match given {
        Some(_) => format!("changed the password of account {id}"),
        None => format!("changed account {id}"),
    };
    audit(&web, &signed_in, &peer, &what).await?;
    Ok(Redirect::to("/accounts").into_response())
}

/// Removes it.
pub(in crate::web) async fn remove(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    Action { signed_in, reader, peer, .. }: Action,
) -> Page {
    let account = one(&web, &signed_in, id).await?;
    match web.store.remove_account(&account.name).await {
        Ok(()) => {
            audit(&web, &signed_in, &peer, &format!("removed account {id}")).await?;
            Ok(Redirect::to("/accounts").into_response())
        }
        Err(error) => {
            page(
                &web,
                &signed_in,
                &reader,
                AccountsNote { wrong: Some(error.to_string()), ..AccountsNote::default() },
            )
            .await
        }
    }
}
