//! The members, for the owner: who there is, invitations, who did what.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};

use crate::store::{LinkKind, WebUser};
use crate::web::action::{Action, audit};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::link::make_link;
use crate::web::doors::outside::Outside;
use crate::web::doors::session::SignedIn;
use crate::web::frame::{Frame, Reader};
use crate::web::state::Web;

/// How many lines of what was done are shown.
const MAX_AUDITS: u32 = 50;

/// A line of what was done.
struct AuditLine {
    at: String,
    user: String,
    address: String,
    what: String,
}

#[derive(Template)]
#[template(path = "club.html")]
struct ClubPage {
    frame: Frame,
    users: Vec<WebUser>,
    done: Vec<AuditLine>,
    invitation: Option<String>,
}

fn owner_only(signed_in: &SignedIn, reader: &Reader) -> Result<(), NoPage> {
    if signed_in.user.is_owner {
        return Ok(());
    }
    Err(NoPage::new(StatusCode::NOT_FOUND, reader.words.missing))
}

async fn page(web: &Web, signed_in: &SignedIn, reader: &Reader, invitation: Option<String>) -> Page {
    let done = web.store.audits(MAX_AUDITS).await?.into_iter().map(|row| AuditLine {
        at: row.at.to_string(),
        user: row.user,
        address: row.address,
        what: row.what,
    });
    let mut frame = reader.frame(reader.words.members, Some(signed_in));
    "/club".clone_into(&mut frame.path);
    Ok(html(&ClubPage { frame, users: web.store.web_users().await?, done: done.collect(), invitation }))
}

/// The members.
pub(in crate::web) async fn show(State(web): State<Arc<Web>>, signed_in: SignedIn, reader: Reader) -> Page {
    owner_only(&signed_in, &reader)?;
    page(&web, &signed_in, &reader, None).await
}

/// Makes a link for a member, which is shown once.
pub(in crate::web) async fn invite(
    State(web): State<Arc<Web>>,
    Extension(outside): Extension<Outside>,
    Action { signed_in, reader, peer, .. }: Action,
) -> Page {
    owner_only(&signed_in, &reader)?;
    let link = make_link(&web.store, LinkKind::Member).await?;
    audit(&web, &signed_in, &peer, "made an invitation").await?;
    page(&web, &signed_in, &reader, Some(format!("{}{}", outside.address(), link.as_str()))).await
}

/// Removes a member.
pub(in crate::web) async fn remove(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    Action { signed_in, reader, peer, .. }: Action,
) -> Page {
    owner_only(&signed_in, &reader)?;
    if web.store.remove_member(id).await? {
        audit(&web, &signed_in, &peer, &format!("removed member {id}")).await?;
    }
    Ok(Redirect::to("/club").into_response())
}
