//! Who calls, and what for: a token with scopes, or the session of the page.

use std::sync::Arc;

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::Method;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::problem::{Problem, ProblemKind};
use crate::store::{TokenHash, TokenScope, WebUser};
use crate::web::doors::origin::Origin;
use crate::web::doors::session::{Peer, SignedIn};
use crate::web::doors::token;
use crate::web::state::{TARGET, Web};

/// The name of the token in the OpenAPI document.
pub(super) const TOKEN: &str = "token";

/// The name of the session in the OpenAPI document.
pub(super) const SESSION: &str = "session";

/// What a caller is known by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Credential {
    Session(TokenHash),
    Token(TokenHash),
}

impl Credential {
    /// Whether it still lets in; a store that does not answer lets in nobody.
    pub(super) async fn is_alive(self, web: &Web) -> bool {
        let alive = match self {
            Self::Session(hash) => web.store.is_session(&hash).await,
            Self::Token(hash) => web.store.is_token(&hash).await,
        };
        matches!(alive, Ok(true))
    }
}

/// Somebody who may ask.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) user: WebUser,
    pub(super) credential: Credential,
    /// A session of the page has all of them.
    pub(super) scopes: Vec<TokenScope>,
    address: String,
}

impl Caller {
    async fn of(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Problem> {
        let Ok(peer) = Peer::from_request_parts(parts, web).await;
        let address = peer.address.to_string();
        if let Some(line) = parts.headers.get(AUTHORIZATION) {
            let given = line.to_str().ok().and_then(|line| line.split_once(' '));
            let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let hash = given.map(|(_, given)| token::hash(given.trim()));
            let found = match &hash {
                Some(hash) => web.store.token(hash).await?,
                None => None,
            };
            let (Some(hash), Some((user, scopes))) = (hash, found) else {
                // The form of a failed sign-in, for programs that ban addresses.
                tracing::warn!(target: TARGET, address = %peer.address, "sign-in failed");
                let why = "the token is unknown, was removed, or is over";
                return Err(Problem::new(ProblemKind::Unauthorized, why));
            };
            return Ok(Self { user, credential: Credential::Token(hash), scopes, address });
        }
        let signed_in = <SignedIn as OptionalFromRequestParts<_>>::from_request_parts(parts, web).await;
        let signed_in =
            signed_in.map_err(|_| Problem::new(ProblemKind::Store, "the store does not answer"))?;
        let Some(signed_in) = signed_in else {
            let why = "send a token, as in `Authorization: Bearer …`, or sign in at the page";
            return Err(Problem::new(ProblemKind::Unauthorized, why));
        };
        let changes = ![Method::GET, Method::HEAD].contains(&parts.method);
        if changes && Origin::of(&parts.headers) != Origin::Own {
            let why = "a request with the page's cookie has to say that it comes from our own page: a program uses a token";
            return Err(Problem::new(ProblemKind::Foreign, why));
        }
        let credential = Credential::Session(signed_in.session());
        Ok(Self { user: signed_in.user, credential, scopes: TokenScope::ALL.to_vec(), address })
    }

    async fn with(parts: &mut Parts, web: &Arc<Web>, scope: TokenScope) -> Result<Self, Problem> {
        let caller = Self::of(parts, web).await?;
        if caller.may(scope) {
            return Ok(caller);
        }
        Err(Problem::new(ProblemKind::Scope, format!("this needs a token with the scope `{scope}`")))
    }

    /// Whether the scopes are enough.
    pub(super) fn may(&self, scope: TokenScope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Refuses what only the owner may see.
    pub(super) fn owner_only(&self) -> Result<(), Problem> {
        if self.user.is_owner {
            return Ok(());
        }
        Err(Problem::new(ProblemKind::OwnerOnly, "only the owner of the page may see or do this"))
    }

    /// Whose bookings: `None` is everybody's.
    pub(super) fn only(&self) -> Option<i64> {
        (!self.user.is_owner).then_some(self.user.id)
    }

    /// Notes what was done.
    pub(super) async fn audit(&self, web: &Web, what: &str) -> Result<(), Problem> {
        Ok(web.store.audit(&self.user.name, &self.address, &format!("{what} by the API")).await?)
    }
}

/// A caller for each scope: what takes one of these cannot forget to ask for it, and the document says what it asks for.
macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident: $scope:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(super) struct $name(pub(super) Caller);

        impl FromRequestParts<Arc<Web>> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Problem> {
                Caller::with(parts, web, TokenScope::$scope).await.map(Self)
            }
        }

        impl OperationInput for $name {
            fn operation_input(_: &mut GenContext, operation: &mut Operation) {
                let scope = TokenScope::$scope.as_str().to_owned();
                operation.security = vec![
                    [(TOKEN.to_owned(), vec![scope])].into_iter().collect(),
                    [(SESSION.to_owned(), Vec::new())].into_iter().collect(),
                ];
            }
        }
    )*};
}

scopes! {
    /// Somebody who may look.
    MayRead: Read;
    /// Somebody who may make and change bookings.
    MayBook: Book;
    /// Somebody who may change accounts and applicants' data, and see what is personal.
    MayAdmin: Admin;
}
