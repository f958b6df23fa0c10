//! A one-time link: its reader becomes the owner, or a member. Opening it uses nothing up, because mail programs open links too.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;

use super::sign_in;
use crate::store::{LinkKind, StoreError};
use crate::web::answer::{NoPage, Page, html, ours};
use crate::web::doors::link::is_name;
use crate::web::doors::session::Peer;
use crate::web::doors::throttle::Who;
use crate::web::doors::{password, token};
use crate::web::form::Fields;
use crate::web::frame::{Frame, Reader};
use crate::web::state::Web;

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    frame: Frame,
    explanation: &'static str,
    action: String,
    name: String,
    wrong: Option<String>,
}

async fn page(web: &Web, reader: &Reader, link: &str, name: String, wrong: Option<String>) -> Page {
    let words = reader.words;
    let explanation = match web.store.link(&token::hash(link)).await? {
        Some(LinkKind::Member) => words.welcome_member,
        Some(LinkKind::Owner) if web.store.has_owner().await? => words.welcome_again,
        Some(LinkKind::Owner) => words.welcome_owner,
        None => return Err(NoPage::new(StatusCode::GONE, words.link_over)),
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut frame = reader.frame(words.welcome, None);
    // The path has the token, and the form that changes the language would carry it into the next page's address.
    frame.path = format!("/link/{link}");
    let page = LinkPage { frame, explanation, action: format!("/link/{link}"), name, wrong };
    Ok((status, html(&page)).into_response())
}

/// The form.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    reader: Reader,
    Path(link): Path<String>,
) -> Page {
    page(&web, &reader, &link, String::new(), None).await
}

/// Uses the link.
pub(in crate::web) async fn claim(
    State(web): State<Arc<Web>>,
    reader: Reader,
    peer: Peer,
    Path(link): Path<String>,
    fields: Fields,
) -> Page {
    ours(&fields, None, &reader)?;
    // A link that is over costs no hash, and one that is good is not held up by anybody's wrong passwords.
    if web.store.link(&token::hash(&link)).await?.is_none() {
        if web.throttle.take(&Who::address(peer.address)).is_err() {
            return Err(NoPage::new(StatusCode::TOO_MANY_REQUESTS, reader.words.too_many_tries));
        }
        return Err(NoPage::new(StatusCode::GONE, reader.words.link_over));
    }
    let name = fields.text("name").unwrap_or_default();
    let given = fields.raw("password").unwrap_or_default();
    if !is_name(&name) || password::check(given).is_err() {
        return page(&web, &reader, &link, name, Some(reader.words.password_rule.to_owned())).await;
    }
    let hash = password::hash(given.to_owned()).await?;
    match web.store.use_link(&token::hash(&link), &name, &hash).await {
        Ok(user) => {
            let what = if user.is_owner {
                "set the owner's name and password by a link"
            } else {
                "came in by an invitation"
            };
            web.store.audit(&user.name, &peer.address.to_string(), what).await?;
            let begun = sign_in::begin(&web, &peer, &user, &hash, "/").await?;
            begun.ok_or_else(|| NoPage::new(StatusCode::GONE, reader.words.link_over))
        }
        Err(StoreError::Conflict(_)) => {
            page(&web, &reader, &link, name, Some(reader.words.name_taken.to_owned())).await
        }
        Err(StoreError::NotFound(_)) => Err(NoPage::new(StatusCode::GONE, reader.words.link_over)),
        Err(error) => Err(error.into()),
    }
}
