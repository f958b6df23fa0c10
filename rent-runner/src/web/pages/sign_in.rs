//! Signing in and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};

use crate::store::WebUser;
use crate::web::action::Action;
use crate::web::answer::{NoPage, Page, html, ours, own_path};
use crate::web::doors::session::{self, Peer};
use crate::web::doors::throttle::Who;
use crate::web::doors::{password, token};
use crate::web::form::Fields;
use crate::web::frame::{Frame, Reader};
use crate::web::state::{TARGET, Web};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    has_owner: bool,
    name: String,
    next: String,
    wrong: Option<&'static str>,
}

/// The form.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Page {
    let query = query.unwrap_or_default();
    let next = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next");
    let next = own_path(next.as_ref().map(|(_, path)| path.as_ref())).to_owned();
    Ok(html(&SignInPage {
        frame: reader.frame(reader.words.sign_in, None),
        has_owner: web.store.has_owner().await?,
        name: String::new(),
        next,
        wrong: None,
    }))
}

/// Signs in.
pub(in crate::web) async fn enter(
    State(web): State<Arc<Web>>,
    reader: Reader,
    peer: Peer,
    fields: Fields,
) -> Page {
    ours(&fields, None, &reader)?;
    let name = fields.text("name").unwrap_or_default();
    let next = own_path(fields.raw("next")).to_owned();
    let again = |status, wrong| {
        let page = SignInPage {
            frame: reader.frame(reader.words.sign_in, None),
            has_owner: true,
            name: name.clone(),
            next: next.clone(),
            wrong: Some(wrong),
        };
        (status, html(&page)).into_response()
    };
    let known = web.store.web_user(&name).await?;
    let who = who(&web, &peer, known.as_ref().map(|(user, _)| user)).await?;
    // Beside the address, the account: somebody with many addresses guesses no faster. A known browser is exempt.
    let of_account = known.as_ref().filter(|_| !matches!(who, Who::KnownBrowser(_)));
    let of_account = of_account.map(|(user, _)| Who::Account(user.id));
    let taken = web
        .throttle
        .take(&who)
        .and_then(|()| of_account.as_ref().map_or(Ok(()), |who| web.throttle.take(who)));
    if let Err(wait) = taken {
        tracing::warn!(target: TARGET, address = %peer.address, "sign-in refused: too many tries");
        let wait = wait.as_secs().max(1).to_string();
        let page = again(StatusCode::TOO_MANY_REQUESTS, reader.words.too_many_tries);
        return Ok(([(RETRY_AFTER, wait)], page).into_response());
    }
    let given = fields.raw("password").unwrap_or_default().to_owned();
    let (user, hash) = known.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
    let Some(fits) = password::fits(given, hash.clone()).await? else {
        return Ok(again(StatusCode::SERVICE_UNAVAILABLE, reader.words.too_many_tries));
    };
    let Some(user) = user.filter(|_| fits) else {
        // One form for programs that ban addresses. The name is left out: people type passwords into its field.
        tracing::warn!(target: TARGET, address = %peer.address, "sign-in failed");
        return Ok(again(StatusCode::UNAUTHORIZED, reader.words.wrong_sign_in));
    };
    web.throttle.give_back(&who);
    match begin(&web, &peer, &user, &hash.unwrap_or_default(), &next).await? {
        Some(answer) => Ok(answer),
        None => Ok(again(StatusCode::UNAUTHORIZED, reader.words.wrong_sign_in)),
    }
}

/// Whose tries a sign-in takes: a browser that the user has used before has its own.
async fn who(web: &Web, peer: &Peer, user: Option<&WebUser>) -> Result<Who, NoPage> {
    if let (Some(user), Some(browser)) = (user, &peer.known)
        && web.store.knows_browser(&token::hash(browser), user.id).await?
    {
        return Ok(Who::KnownBrowser(token::hash(browser)));
    }
    Ok(Who::address(peer.address))
}

/// Begins a new session in place of the one before, and goes on; `None` if the password was changed meanwhile.
pub(super) async fn begin(
    web: &Web,
    peer: &Peer,
    user: &WebUser,
    hash: &str,
    next: &str,
) -> Result<Option<Response>, NoPage> {
    let session = token::new().map_err(anyhow::Error::from)?;
    let address = peer.address.to_string();
    if !web.store.begin_session(&token::hash(&session), user.id, hash, &address, &peer.browser).await? {
        return Ok(None);
    }
    if let Some(before) = &peer.session {
        web.store.end_session(before).await?;
    }
    let known = match &peer.known {
        Some(browser) => web.store.knows_browser(&token::hash(browser), user.id).await?,
        None => false,
    };
    let browser = if known { None } else { Some(token::new().map_err(anyhow::Error::from)?) };
    if let Some(browser) = &browser {
        web.store.know_browser(&token::hash(browser), user.id).await?;
    }
    web.store.audit(&user.name, &address, "signed in").await?;
    let cookies = session::begin(&session, browser.as_deref());
    let cookies = cookies.into_iter().map(|line| (axum::http::header::SET_COOKIE, line));
    Ok(Some((AppendHeaders(cookies.collect::<Vec<_>>()), Redirect::to(next)).into_response()))
}

/// Signs out.
pub(in crate::web) async fn leave(
    State(web): State<Arc<Web>>,
    Action { signed_in, .. }: Action,
) -> Result<Response, NoPage> {
    web.store.end_session(&signed_in.session()).await?;
    Ok(([(axum::http::header::SET_COOKIE, session::end())], Redirect::to("/sign-in")).into_response())
}
