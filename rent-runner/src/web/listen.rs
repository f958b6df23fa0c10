//! Accepts connections, within limits: how many, how long a header may take, how large it may be.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::doors::tls::Certificate;
use super::state::TARGET;

/// How many connections are open at a time; more wait until one is closed. A process has about a thousand files and sockets,
/// and the bookings come first.
const MAX_CONNECTIONS: usize = 256;

/// How many of them one address has, so that one client does not take them all. A proxy is one address.
const MAX_OF_ADDRESS: usize = 192;

/// How long a client may leave an answer lying.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the head of a request may take; an idle connection is closed after as long.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// The most bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;

/// The most lines of a request's head.
const MAX_HEADERS: usize = 64;

/// How long open connections may take to end.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// The wait after a failed accept: the process has no file descriptor left, mostly.
const ACCEPT_GAP: Duration = Duration::from_millis(100);

/// Serves until told to stop.
pub(super) async fn run(
    listener: TcpListener,
    app: Router,
    certificate: Option<Certificate>,
    mut stopped: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let shares = Shares::default();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(share) = shares.take(peer.ip()) else { continue };
                let (app, stopped) = (app.clone(), stopped.clone());
                let acceptor = certificate.as_ref().map(Certificate::acceptor);
                tokio::spawn(async move {
                    accept(stream, peer, acceptor, app, stopped).await;
                    drop((share, place));
                });
            }
            Err(error) => {
                tracing::warn!(target: TARGET, %error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_GAP).await;
            }
        }
    }
    let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    // Who does not end in time is cut off with the runtime.
    let _ = tokio::time::timeout(LAST_ANSWERS, places.acquire_many(all)).await;
}

/// How many connections each address has.
#[derive(Clone, Debug, Default)]
struct Shares(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection of an address; dropped, it is no longer counted.
struct Share {
    shares: Shares,
    address: IpAddr,
}

impl Shares {
    fn take(&self, address: IpAddr) -> Option<Share> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let many = open.entry(address).or_default();
        if *many >= MAX_OF_ADDRESS {
            return None;
        }
        *many += 1;
        drop(open);
        Some(Share { shares: self.clone(), address })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut open = self.shares.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(many) = open.get_mut(&self.address) {
            *many -= 1;
            if *many == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// One connection, by TLS where there is a certificate.
async fn accept(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    app: Router,
    stopped: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL_TIMEOUT));
    let stream = Box::pin(stream);
    let Some(acceptor) = acceptor else { return connection(stream, peer, app, stopped).await };
    // One that speaks something else, or nothing, is as one whose head does not come.
    if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_TIMEOUT, acceptor.accept(stream)).await {
        connection(stream, peer, app, stopped).await;
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    app: Router,
    mut stopped: watch::Receiver<bool>,
) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut app = app.clone();
        let (mut head, body) = request.into_parts();
        head.extensions.insert(ConnectInfo(peer));
        async move {
            let request = Request::from_parts(head, axum::body::Body::new(body));
            Ok::<_, Infallible>(app.call(request).await.unwrap_or_else(|never| match never {}))
        }
    });
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS);
    let mut serving = std::pin::pin!(server.serve_connection(TokioIo::new(stream), service));
    // A browser that goes away in the middle of an answer is no error of ours.
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}
