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

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
struct ConnectionTimeouts {
    /// To take what was written of an answer.
    stall: Duration,
    /// To send the head of a request; an idle connection is closed after as long. By TLS also for the handshake.
    head: Duration,
}

const TIMEOUTS: ConnectionTimeouts =
    ConnectionTimeouts { stall: Duration::from_secs(30), head: Duration::from_secs(15) };

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
                    accept(stream, peer, acceptor, app, stopped, TIMEOUTS).await;
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
    timeouts: ConnectionTimeouts,
) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(timeouts.stall));
    let stream = Box::pin(stream);
    let Some(acceptor) = acceptor else { return connection(stream, peer, app, stopped, timeouts).await };
    // One that speaks something else, or nothing, is as one whose head does not come.
    if let Ok(Ok(stream)) = tokio::time::timeout(timeouts.head, acceptor.accept(stream)).await {
        connection(stream, peer, app, stopped, timeouts).await;
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    app: Router,
    mut stopped: watch::Receiver<bool>,
    timeouts: ConnectionTimeouts,
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
        .header_read_timeout(timeouts.head)
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use axum::routing::get;

    use super::*;

    /// How long a connection that is not cut off is waited for.
    const FOREVER: Duration = Duration::from_secs(20);

    const SHORT: Duration = Duration::from_millis(20);

    /// A client that sends this and then does nothing; gives it with the server's end of its connection, and what tells the
    /// server to stop.
    async fn client(sends: &[u8]) -> (std::net::TcpStream, TcpStream, SocketAddr, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        client.write_all(sends).unwrap();
        (client, stream, peer, watch::channel(false).0)
    }

    #[tokio::test]
    async fn who_takes_no_answer_is_cut_off() {
        // More than the system keeps for both ends.
        let app = Router::new().route("/", get(|| async { vec![b'x'; 64 * 1024 * 1024] }));
        let (client, stream, peer, stop) = client(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let timeouts = ConnectionTimeouts { stall: SHORT, head: FOREVER * 10 };
        let served = accept(stream, peer, None, app, stop.subscribe(), timeouts);
        assert!(tokio::time::timeout(FOREVER, served).await.is_ok(), "it is still waited for");
        drop(client);
    }

    #[tokio::test]
    async fn who_sends_no_head_is_cut_off() {
        for sends in [&b""[..], b"GET / HTTP/1.1\r\nhost: local"] {
            let (client, stream, peer, stop) = client(sends).await;
            let timeouts = ConnectionTimeouts { stall: FOREVER * 10, head: SHORT };
            let served = accept(stream, peer, None, Router::new(), stop.subscribe(), timeouts);
            assert!(tokio::time::timeout(FOREVER, served).await.is_ok(), "it is still waited for");
            drop(client);
        }
    }

    #[test]
    fn an_address_has_its_share_of_the_connections() {
        let shares = Shares::default();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let mut open: Vec<_> = (0..MAX_OF_ADDRESS).map(|_| shares.take(one).unwrap()).collect();
        assert!(shares.take(one).is_none() && shares.take(other).is_some());
        open.pop();
        assert!(shares.take(one).is_some());
    }
}
