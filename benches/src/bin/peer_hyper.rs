//! The floor with hyper alone: one connection for each booking, and nothing between it and the socket.
//!
//!     peer_hyper PLAN

use std::sync::Arc;

use benches::Failure;
use benches::by_hand::{Answer, Ask, Reader, Wire, book};
use benches::plan::{Plan, work};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

struct Line {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Line {
    async fn connect(base: &str) -> Result<Self, Failure> {
        let host = base.strip_prefix("http://").ok_or("not http")?.to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host })
    }
}

impl Wire for Line {
    async fn exchange(&mut self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let mut request = hyper::Request::builder()
            .method(if ask.body.is_some() { "POST" } else { "GET" })
            .uri(ask.target)
            .header("host", &self.host)
            .header("user-agent", "bare-hyper/1")
            .header("accept", "*/*");
        if ask.body.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        if !ask.cookie.is_empty() {
            request = request.header("cookie", ask.cookie);
        }
        let body = Full::new(Bytes::from(ask.body.unwrap_or_default().to_owned()));
        self.sender.ready().await?;
        let response = self.sender.send_request(request.body(body)?).await?;
        let (head, body) = response.into_parts();
        let text = |value: &hyper::header::HeaderValue| value.to_str().ok().map(str::to_owned);
        let cookie = head.headers.get_all("set-cookie").iter().next_back().and_then(text);
        Ok(Answer {
            status: head.status.as_u16(),
            cookie: cookie.and_then(|line| line.split(';').next().map(str::to_owned)),
            location: head.headers.get("location").and_then(text),
            body: body.collect().await?.to_bytes().to_vec(),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let plan = Arc::new(Plan::from_arguments()?);
    let said = work(&plan, "hyper 1", |plan, index| async move {
        let task = plan.bookings.get(index).ok_or("no such booking")?;
        book(&mut Line::connect(&plan.base_url).await?, &plan, task, Reader::Search).await
    });
    said.await?.print(&plan)
}
