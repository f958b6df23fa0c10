//! The names under which this server may be called.
//!
//! A page of another site can point a name of its own at 127.0.0.1 and then read our pages as its own (DNS rebinding). Such a
//! request has that name in `Host`, so only our own names, and addresses, which nobody can point elsewhere, are answered.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Our own names.
#[derive(Debug)]
pub(in crate::web) struct Hosts(Vec<String>);

impl Hosts {
    pub(in crate::web) fn new(names: Vec<String>) -> Self {
        Self(names.into_iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    fn knows(&self, host: &str) -> bool {
        let name = name_of(host).to_ascii_lowercase();
        name == "localhost" || name.parse::<IpAddr>().is_ok() || self.0.contains(&name)
    }
}

/// The name of a `Host` header, without its port.
fn name_of(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((name, port)) if port.is_empty() || port.starts_with(':') => name,
            _ => "",
        };
    }
    host.split(':').next().unwrap_or_default()
}

/// Answers only what is meant for us.
pub(in crate::web) async fn check(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    if request.headers().get_all(HOST).iter().count() > 1 {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if hosts.knows(host) {
        return next.run(request).await;
    }
    let text = "This server does not answer under this name. Name it with --web-host if it is yours.\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_our_own_names_are_answered() {
        let hosts = Hosts::new(vec!["Club.Example".to_owned()]);
        for host in
            ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000", "192.0.2.7", "club.example:443"]
        {
            assert!(hosts.knows(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "club.example.evil.example",
            "[evil]",
            "[::1]evil",
            ":80",
        ] {
            assert!(!hosts.knows(host), "{host}");
        }
    }
}
