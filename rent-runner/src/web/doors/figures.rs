//! Who may read the figures and the health check, which ask for no sign-in.
//!
//! On this machine alone they are called by its address; another name is one that a foreign page has pointed here (see `hosts`).
//! Where other machines reach the server they can read the figures by its address anyway, and a monitoring system calls it by
//! names that nobody has told us, so there every name is answered. What a proxy hands on is a visitor's of the page: the figures
//! are not for those.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::hosts::{self, Hosts};
use super::outside;
use crate::config::DoorSettings;

/// Who may read the figures.
#[derive(Debug)]
pub(in crate::web) struct FigureReaders {
    pub(in crate::web) door: DoorSettings,
    /// The names that are answered; `None` is every name.
    pub(in crate::web) hosts: Option<Arc<Hosts>>,
}

/// Answers who may read them.
pub(in crate::web) async fn check(
    State(readers): State<Arc<FigureReaders>>,
    request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    if outside::is_forwarded(request.headers(), peer, &readers.door) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match &readers.hosts {
        Some(hosts) => hosts::check(State(Arc::clone(hosts)), request, next).await,
        None => next.run(request).await,
    }
}
