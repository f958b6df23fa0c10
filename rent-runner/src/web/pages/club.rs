//! The members, for the owner: who there is, invitations, who leaves and what becomes of what they stored, who did what.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};

use crate::store::{LinkKind, MemberThings, StoreError, TokenHash, WebUser};
use crate::web::action::{Action, audit};
use crate::web::answer::{NoPage, Page, html};
use crate::web::doors::link::{INVITATION_LASTS, make_link};
use crate::web::doors::outside::Outside;
use crate::web::doors::session::SignedIn;
use crate::web::doors::token;
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

/// An invitation that was not used yet.
struct InvitationCard {
    /// The beginning of its token's hash.
    mark: String,
    made: String,
    ends: String,
}

#[derive(Template)]
#[template(path = "club.html")]
struct ClubPage {
    frame: Frame,
    users: Vec<WebUser>,
    done: Vec<AuditLine>,
    /// The address of one that was made just now.
    invitation: Option<String>,
    invitations: Vec<InvitationCard>,
}

#[derive(Template)]
#[template(path = "remove_member.html")]
struct RemoveMemberPage {
    frame: Frame,
    id: i64,
    things: MemberThings,
}

/// What a page says of what was done just now.
#[derive(Default)]
struct ClubNote {
    invitation: Option<String>,
    said: Option<String>,
}

fn owner_only(signed_in: &SignedIn, reader: &Reader) -> Result<(), NoPage> {
    if signed_in.user.is_owner {
        return Ok(());
    }
    Err(NoPage::new(StatusCode::NOT_FOUND, reader.words.missing))
}

/// What names an invitation in the list: nobody comes in with it.
fn mark(token: &TokenHash) -> String {
    token::hex(token).get(..16).unwrap_or_default().to_owned()
}

async fn page(web: &Web, signed_in: &SignedIn, reader: &Reader, note: ClubNote) -> Page {
    let done = web.store.audits(MAX_AUDITS).await?.into_iter().map(|row| AuditLine {
        at: row.at.to_string(),
        user: row.user,
        address: row.address,
        what: row.what,
    });
    let mut frame = reader.frame(reader.words.members, Some(signed_in));
    "/club".clone_into(&mut frame.path);
    frame.said = note.said;
    let invitations = web.store.invitations().await?.into_iter().map(|row| InvitationCard {
        mark: mark(&row.token),
        made: row.ends_at.minus(INVITATION_LASTS).to_string(),
        ends: row.ends_at.to_string(),
    });
    Ok(html(&ClubPage {
        frame,
        users: web.store.web_users().await?,
        done: done.collect(),
        invitation: note.invitation,
        invitations: invitations.collect(),
    }))
}

/// The members.
pub(in crate::web) async fn show(State(web): State<Arc<Web>>, signed_in: SignedIn, reader: Reader) -> Page {
    owner_only(&signed_in, &reader)?;
    page(&web, &signed_in, &reader, ClubNote::default()).await
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
    let invitation = Some(format!("{}{}", outside.address(), link.as_str()));
    page(&web, &signed_in, &reader, ClubNote { invitation, ..ClubNote::default() }).await
}

/// Ends an invitation that was not used.
pub(in crate::web) async fn revoke(
    State(web): State<Arc<Web>>,
    Action { signed_in, reader, peer, fields }: Action,
) -> Page {
    owner_only(&signed_in, &reader)?;
    let asked = fields.text("invitation").unwrap_or_default();
    let found = web.store.invitations().await?.into_iter().find(|row| mark(&row.token) == asked);
    if let Some(row) = found
        && web.store.revoke_invitation(&row.token).await?
    {
        audit(&web, &signed_in, &peer, "revoked an invitation").await?;
    }
    Ok(Redirect::to("/club").into_response())
}

/// Asks what becomes of what a member has stored.
pub(in crate::web) async fn leaving(
    State(web): State<Arc<Web>>,
    signed_in: SignedIn,
    reader: Reader,
    Path(id): Path<i64>,
) -> Page {
    owner_only(&signed_in, &reader)?;
    let users = web.store.web_users().await?;
    let Some(user) = users.into_iter().find(|user| user.id == id && !user.is_owner) else {
        return Err(NoPage::new(StatusCode::NOT_FOUND, reader.words.missing));
    };
    let title = format!("{}: {}", reader.words.remove, user.name);
    let frame = reader.frame(title, Some(&signed_in));
    Ok(html(&RemoveMemberPage { frame, id, things: web.store.things_of(id).await? }))
}

/// Removes a member. What is not to be cancelled or removed becomes the owner's.
pub(in crate::web) async fn remove(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    Action { signed_in, reader, peer, fields }: Action,
) -> Page {
    owner_only(&signed_in, &reader)?;
    let things = web.store.things_of(id).await?;
    // First the member, who could store more meanwhile.
    if !web.store.remove_member(id).await? {
        return Ok(Redirect::to("/club").into_response());
    }
    audit(&web, &signed_in, &peer, &format!("removed member {id}")).await?;
    let mut left = Vec::new();
    if fields.raw("bookings") == Some("cancel") {
        for id in things.open_bookings {
            match web.store.cancel_booking(id).await {
                Ok(_) => audit(&web, &signed_in, &peer, &format!("cancelled booking {id}")).await?,
                Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    if fields.raw("data") == Some("remove") {
        for name in things.applicants {
            match web.store.remove_applicant(&name).await {
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for name in things.accounts {
            match web.store.remove_account(&name).await {
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(StoreError::Conflict(_)) => left.push(name),
                Err(error) => return Err(error.into()),
            }
        }
        audit(&web, &signed_in, &peer, &format!("removed the accounts and data of member {id}")).await?;
    }
    if left.is_empty() {
        return Ok(Redirect::to("/club").into_response());
    }
    let said = Some(format!("{} {}", reader.words.accounts_left, left.join(", ")));
    page(&web, &signed_in, &reader, ClubNote { said, ..ClubNote::default() }).await
}
