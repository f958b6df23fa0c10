//! One's own sign-in: the browsers that are signed in, and the password.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Redirect};

use crate::cli::MAX_TOKEN_DAYS;
use crate::store::TokenScope;
use crate::web::action::{Action, audit};
use crate::web::answer::{Page, html};
use crate::web::doors::session::{self, SignedIn};
use crate::web::doors::throttle::Who;
use crate::web::doors::{password, token};
use crate::web::frame::{Frame, Reader};
use crate::web::state::Web;

/// A browser that is signed in.
struct Browser {
    since: String,
    seen: String,
    address: String,
    browser: String,
    is_this: bool,
}

/// A token of a program.
struct TokenLine {
    id: i64,
    name: String,
    scopes: String,
    used: String,
    ends: Option<String>,
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    frame: Frame,
    browsers: Vec<Browser>,
    tokens: Vec<TokenLine>,
    /// A token that was made just now.
    made: Option<String>,
    wrong: Option<&'static str>,
}

async fn page(web: &Web, signed_in: &SignedIn, reader: &Reader, wrong: Option<&'static str>) -> Page {
    page_with(web, signed_in, reader, wrong, None).await
}

async fn page_with(
    web: &Web,
    signed_in: &SignedIn,
    reader: &Reader,
    wrong: Option<&'static str>,
    made: Option<String>,
) -> Page {
    let tokens = web.store.tokens(Some(signed_in.user.id)).await?.into_iter().map(|row| {
        let scopes: Vec<_> = row.scopes.iter().map(|scope| scope.as_str()).collect();
        TokenLine {
            id: row.id,
            name: row.name,
            scopes: scopes.join(", "),
            used: row.used_at.map_or_else(|| reader.words.never.to_owned(), |at| at.to_string()),
            ends: row.ends_at.map(|at| at.to_string()),
        }
    });
    let this = signed_in.session();
    let browsers = web.store.sessions(signed_in.user.id).await?;
    let browsers = browsers.into_iter().map(|row| Browser {
        since: row.created_at.to_string(),
        seen: row.seen_at.to_string(),
        address: row.address,
        browser: row.browser,
        is_this: row.token == this,
    });
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut frame = reader.frame(reader.words.me, Some(signed_in));
    "/me".clone_into(&mut frame.path);
    Ok((status, html(&MePage { frame, browsers: browsers.collect(), tokens: tokens.collect(), made, wrong }))
        .into_response())
}

/// The sessions.
pub(in crate::web) async fn show(State(web): State<Arc<Web>>, signed_in: SignedIn, reader: Reader) -> Page {
    page(&web, &signed_in, &reader, None).await
}

/// Sets another password; every session ends.
pub(in crate::web) async fn password(
    State(web): State<Arc<Web>>,
    Action { signed_in, reader, peer, fields }: Action,
) -> Page {
    let new = fields.raw("new").unwrap_or_default().to_owned();
    if password::check(&new).is_err() {
        return page(&web, &signed_in, &reader, Some(reader.words.password_rule)).await;
    }
    // Whoever sits at a browser that was left open guesses no faster than at the sign-in.
    if web.throttle.take(&Who::OwnPassword(signed_in.user.id)).is_err() {
        return page(&web, &signed_in, &reader, Some(reader.words.too_many_tries)).await;
    }
    let old = fields.raw("old").unwrap_or_default().to_owned();
    let hash = web.store.web_user(&signed_in.user.name).await?.map(|(_, hash)| hash);
    if password::fits(old, hash).await? != Some(true) {
        return page(&web, &signed_in, &reader, Some(reader.words.wrong_sign_in)).await;
    }
    web.throttle.give_back(&Who::OwnPassword(signed_in.user.id));
    let hash = password::hash(new).await?;
    web.store.set_web_password(signed_in.user.id, &hash).await?;
    audit(&web, &signed_in, &peer, "changed the own password").await?;
    Ok(([(SET_COOKIE, session::end())], Redirect::to("/sign-in")).into_response())
}

/// Makes a token, which is shown once. It asks for the password: a browser that was left open makes no key that stays.
pub(in crate::web) async fn make_token(
    State(web): State<Arc<Web>>,
    Action { signed_in, reader, peer, fields }: Action,
) -> Page {
    let user = &signed_in.user;
    if web.throttle.take(&Who::OwnPassword(user.id)).is_err() {
        return page(&web, &signed_in, &reader, Some(reader.words.too_many_tries)).await;
    }
    let given = fields.raw("old").unwrap_or_default().to_owned();
    let hash = web.store.web_user(&user.name).await?.map(|(_, hash)| hash);
    if password::fits(given, hash).await? != Some(true) {
        return page(&web, &signed_in, &reader, Some(reader.words.wrong_sign_in)).await;
    }
    web.throttle.give_back(&Who::OwnPassword(user.id));
    let scopes: Vec<_> =
        TokenScope::ALL.into_iter().filter(|scope| fields.raw(scope.as_str()).is_some()).collect();
    let days = fields.text("days").map(|days| days.parse::<u32>());
    let lasts = match days {
        None => None,
        Some(Ok(days @ 1..=MAX_TOKEN_DAYS)) => Some(Duration::from_secs(24 * 3600 * u64::from(days))),
        Some(_) => return page(&web, &signed_in, &reader, Some(reader.words.token_refused)).await,
    };
    let name = fields.text("name").unwrap_or_default();
    let made = token::make(&web.store, user.id, &name, &scopes, lasts).await;
    let Ok((id, made)) = made else {
        return page(&web, &signed_in, &reader, Some(reader.words.token_refused)).await;
    };
    audit(&web, &signed_in, &peer, &format!("made token {id}")).await?;
    page_with(&web, &signed_in, &reader, None, Some(made)).await
}

/// Removes a token.
pub(in crate::web) async fn remove_token(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    Action { signed_in, peer, .. }: Action,
) -> Page {
    if web.store.remove_token(id, Some(signed_in.user.id)).await? {
        audit(&web, &signed_in, &peer, &format!("removed token {id}")).await?;
    }
    Ok(Redirect::to("/me").into_response())
}

/// Ends all sessions.
pub(in crate::web) async fn end_all(
    State(web): State<Arc<Web>>,
    Action { signed_in, peer, .. }: Action,
) -> Page {
    web.store.end_sessions_of(signed_in.user.id).await?;
    audit(&web, &signed_in, &peer, "signed out everywhere").await?;
    Ok(([(SET_COOKIE, session::end())], Redirect::to("/sign-in")).into_response())
}
