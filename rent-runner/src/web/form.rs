//! What a form sends: its fields, of bounded size, in bounded time, from our own page.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Redirect, Response};
use namyangju_rent::nfc;

use super::doors::origin::Origin;
use super::doors::session;
use super::state::Web;

/// The most bytes of a form: ours have a few hundred.
const MAX_BODY: usize = 64 * 1024;

/// How long a form may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The name of the field with the token.
pub(super) const TOKEN: &str = "csrf";

/// The fields of a form, in their order.
#[derive(Debug)]
pub(super) struct Fields {
    fields: Vec<(String, String)>,
    /// Whether the browser said that the form is ours.
    is_own: bool,
}

impl Fields {
    /// The text of a field, in composed form and without blanks around it; `None` if it is empty or not there.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = nfc(self.raw(name)?.trim());
        (!text.is_empty() && !text.contains('\0')).then_some(text)
    }

    /// A field as it was typed: a password.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The fields, in their order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether the form is one of ours, as the browser or the form's token says.
    pub(super) fn is_ours(&self, token: Option<&str>) -> bool {
        self.is_own || token.is_some_and(|token| self.raw(TOKEN) == Some(token))
    }
}

impl FromRequest<Arc<Web>> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let is_form = request.headers().get(CONTENT_TYPE).is_some_and(|kind| {
            kind.to_str().is_ok_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
        });
        if !is_form {
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "This takes a form.\n").into_response());
        }
        let is_own = Origin::of(request.headers()) == Origin::Own;
        // Whoever signs in has no session, or one that is over.
        let is_entrance = ["/sign-in", "/language"].contains(&request.uri().path())
            || request.uri().path().starts_with("/link/");
        let session = session::token_of(request.headers()).filter(|_| !is_entrance);
        let body = whole(request.into_body(), BODY_TIMEOUT).await?;
        // A session may have ended while the form came.
        if let Some(session) = session
            && matches!(web.store.is_session(&session).await, Ok(false))
        {
            return Err(Redirect::to("/sign-in").into_response());
        }
        let fields = form_urlencoded::parse(&body).into_owned().collect();
        Ok(Self { fields, is_own })
    }
}

/// The body of a request, if it is not too large and comes in time.
async fn whole(body: Body, within: Duration) -> Result<Bytes, Response> {
    match tokio::time::timeout(within, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err((StatusCode::PAYLOAD_TOO_LARGE, "The form is too large.\n").into_response()),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "The form did not come.\n").into_response()),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt as _, stream};

    use super::*;

    #[tokio::test]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let begun = stream::iter([Ok::<_, Infallible>("name=x&")]).chain(stream::pending());
        let refused = whole(Body::from_stream(begun), Duration::from_millis(10)).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::REQUEST_TIMEOUT);
        let endless = stream::repeat_with(|| Ok::<_, Infallible>(vec![b'x'; 1024]));
        let refused = whole(Body::from_stream(endless), BODY_TIMEOUT).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(whole(Body::from("name=x"), BODY_TIMEOUT).await.unwrap(), "name=x");
    }
}
