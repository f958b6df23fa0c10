//! The steps of somebody who has just come in: what is there, what is next, and a way around them. They are shown while no
//! booking is stored.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Redirect};

use super::{accounts, applicants};
use crate::web::action::Action;
use crate::web::answer::{NoPage, Page};
use crate::web::doors::session::{self, SignedIn};
use crate::web::state::Web;

/// The cookie of a browser that wants no steps.
const SKIPPED: &str = "rent_steps";

/// How long that is remembered, in seconds.
const SKIPPED_FOR: u64 = 30 * 24 * 3600;

/// What is there already.
pub(super) struct FirstSteps {
    pub(super) has_account: bool,
    pub(super) has_applicant: bool,
}

impl FirstSteps {
    /// What is there; `None` for a browser in which they were skipped.
    pub(super) async fn of(
        web: &Web,
        signed_in: &SignedIn,
        headers: &HeaderMap,
    ) -> Result<Option<Self>, NoPage> {
        if session::cookie(headers, SKIPPED).is_some() {
            return Ok(None);
        }
        let has_account = !accounts::visible(web, signed_in).await?.is_empty();
        let has_applicant = !applicants::visible(web, signed_in).await?.is_empty();
        Ok(Some(Self { has_account, has_applicant }))
    }
}

/// Hides the steps in this browser.
pub(in crate::web) async fn skip(State(_): State<Arc<Web>>, _: Action) -> Page {
    Ok(([(SET_COOKIE, session::set_cookie(SKIPPED, "skip", SKIPPED_FOR))], Redirect::to("/")).into_response())
}
