//! The floor with reqwest alone; `way` is `search` or `parser` (see `benches::by_hand`).
//!
//!     peer_reqwest PLAN
//!
//! A client for each booking, as ours: one connection that is kept.

use std::sync::Arc;

use benches::Failure;
use benches::by_hand::{Answer, Ask, Reader, Wire, book};
use benches::plan::{Plan, work};

struct Line {
    http: reqwest::Client,
    base: String,
}

impl Line {
    fn new(base: &str) -> Result<Self, Failure> {
        // Without a provider of TLS reqwest panics, and on loopback there is no TLS.
        let tls =
            rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
        let http = reqwest::Client::builder()
            .user_agent("bare-reqwest/1")
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .no_proxy()
            .tls_backend_preconfigured(tls)
            .build()?;
        Ok(Self { http, base: base.to_owned() })
    }
}

impl Wire for Line {
    async fn exchange(&mut self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let address = format!("{}{}", self.base, ask.target);
        let mut request = match ask.body {
            Some(body) => self
                .http
                .post(address)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.to_owned()),
            None => self.http.get(address),
        };
        if !ask.cookie.is_empty() {
            request = request.header("cookie", ask.cookie);
        }
        let response = request.send().await?;
        let text = |value: &reqwest::header::HeaderValue| value.to_str().ok().map(str::to_owned);
        let cookie = response.headers().get_all("set-cookie").iter().next_back().and_then(text);
        Ok(Answer {
            status: response.status().as_u16(),
            cookie: cookie.and_then(|line| line.split(';').next().map(str::to_owned)),
            location: response.headers().get("location").and_then(text),
            body: response.bytes().await?.to_vec(),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let plan = Arc::new(Plan::from_arguments()?);
    let reader = if plan.way == "parser" { Reader::Parser } else { Reader::Search };
    let said = work(&plan, "reqwest 0.13", |plan, index| async move {
        let task = plan.bookings.get(index).ok_or("no such booking")?;
        book(&mut Line::new(&plan.base_url)?, &plan, task, reader).await
    });
    said.await?.print(&plan)
}
