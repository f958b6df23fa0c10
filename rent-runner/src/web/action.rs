//! What somebody who has signed in asks to be changed, from a form of ours. A page that changes something takes this, and so cannot
//! forget to look where the form comes from.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::{IntoResponse as _, Response};

use super::answer::ours;
use super::doors::session::{Peer, SignedIn};
use super::form::Fields;
use super::frame::Reader;
use super::state::Web;
use crate::store;

/// A form of ours, and who sent it.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) signed_in: SignedIn,
    pub(super) reader: Reader,
    pub(super) peer: Peer,
    pub(super) fields: Fields,
}

impl FromRequest<Arc<Web>> for Action {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let signed_in = SignedIn::from_request_parts(&mut parts, web).await?;
        let Ok(reader) = Reader::from_request_parts(&mut parts, web).await;
        let Ok(peer) = Peer::from_request_parts(&mut parts, web).await;
        let fields = Fields::from_request(Request::from_parts(parts, body), web).await?;
        ours(&fields, Some(&signed_in.csrf), &reader).map_err(|refused| refused.into_response())?;
        Ok(Self { signed_in, reader, peer, fields })
    }
}

/// Notes what was done, and by whom.
pub(super) async fn audit(web: &Web, signed_in: &SignedIn, peer: &Peer, what: &str) -> store::Result<()> {
    web.store.audit(&signed_in.user.name, &peer.address.to_string(), what).await
}
