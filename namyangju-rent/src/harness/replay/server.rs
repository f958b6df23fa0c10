//! A replay on a socket of this machine.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::recorded::{Replay, ReplayedRequest};
use crate::harness::wire::Request;

/// The largest request body taken, as at the stand-in.
const MAX_BODY_BYTES: usize = 1 << 20;

/// A [`Replay`] on a free port of 127.0.0.1. It ends when it is dropped.
pub struct ReplayServer {
    replay: Arc<Mutex<Replay>>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl ReplayServer {
    /// Starts it in the runtime this is called from.
    ///
    /// # Errors
    /// What the system says when no port can be had.
    pub async fn start(replay: Replay) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let replay = Arc::new(Mutex::new(replay));
        let task = tokio::spawn(serve(listener, Arc::clone(&replay)));
        Ok(Self { replay, address, task })
    }

    /// Its base address, for example `http://127.0.0.1:40123`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, and the entry that answered each.
    pub fn asked(&self) -> Vec<ReplayedRequest> {
        self.replay.lock().unwrap_or_else(PoisonError::into_inner).asked().to_vec()
    }
}

impl Drop for ReplayServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for ReplayServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayServer").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn serve(listener: TcpListener, replay: Arc<Mutex<Replay>>) {
    // Dropped with this task, and the connections with it.
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
        };
        let Ok((stream, peer)) = accepted else { continue };
        let replay = Arc::clone(&replay);
        open.spawn(async move {
            let service = service_fn(move |request| exchange(request, peer.ip(), Arc::clone(&replay)));
            let http = hyper::server::conn::http1::Builder::new();
            // A visitor that goes away is no failure.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn exchange(
    incoming: hyper::Request<Incoming>,
    peer: IpAddr,
    replay: Arc<Mutex<Replay>>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = incoming.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await;
    let mut request =
        Request::new(head.method.as_str(), head.uri.path_and_query().map_or("/", |target| target.as_str()))
            .from_peer(peer);
    let headers = head.headers.iter();
    request.headers = headers.map(|(n, v)| (n.as_str().to_owned(), v.as_bytes().to_vec())).collect();
    request.body = body.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let answer = replay.lock().unwrap_or_else(PoisonError::into_inner).answer(&request);
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        // What a capture has and HTTP has not is left out.
        let name = hyper::header::HeaderName::try_from(name.as_str());
        let value = hyper::header::HeaderValue::from_bytes(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            response = response.header(name, value);
        }
    }
    Ok(response.body(Full::from(answer.body)).unwrap_or_default())
}
