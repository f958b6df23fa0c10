//! One's own sign-in: the browsers that are signed in, and the password.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Redirect};

use crate::web::action::{Action, audit};
use crate::web::answer::{Page, html};
use crate::web::doors::password;
use crate::web::doors::session::{self, SignedIn};
use crate::web::doors::throttle::Who;
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

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    frame: Frame,
    browsers: Vec<Browser>,
    wrong: Option<&'static str>,
}

async fn page(web: &Web, signed_in: &SignedIn, reader: &Reader, wrong: Option<&'static str>) -> Page {
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
    Ok((status, html(&MePage { frame, browsers: browsers.collect(), wrong })).into_response())
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

/// Ends all sessions.
pub(in crate::web) async fn end_all(
    State(web): State<Arc<Web>>,
    Action { signed_in, peer, .. }: Action,
) -> Page {
    web.store.end_sessions_of(signed_in.user.id).await?;
    audit(&web, &signed_in, &peer, "signed out everywhere").await?;
    Ok(([(SET_COOKIE, session::end())], Redirect::to("/sign-in")).into_response())
}
