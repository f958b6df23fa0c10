//! A network path on loopback: a proxy that delays.
//!
//! On loopback everything arrives at once, and then a dead connection costs nothing; on a real path it costs two
//! or three round trips. A [`Line`] stands between a client and any server and delays every byte by a fixed time
//! one way, so that TLS handshakes take their round trips without anything being modelled: 1 with TLS 1.3, 2 with
//! TLS 1.2.
//!
//! **What a client sees and what it does not.** The system accepts a connection by itself, so a `connect` to the
//! line ends at once: no program that is not the kernel can delay it (a full backlog would, but by the seconds of
//! a SYN's repetition). The handshake is made up for: a connection's first bytes leave the client's end of the
//! line one round trip after the connection was accepted, or later if they come later. So the first request
//! arrives when it would on a real path, and a connection that was opened early enough costs nothing; but a
//! client that measures its connect measures nothing. (A SOCKS or CONNECT proxy could delay its own greeting, but
//! then the client has to be told of a proxy and behaves differently.) The server sees the connection open at
//! once, two one-way times before a real one would. Neither bandwidth nor loss nor segment sizes are modelled.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;

/// The most bytes that travel as one event.
const PIECE: usize = 64 * 1024;

/// A delaying path to a server. It ends, and its connections with it, when it is dropped.
///
/// All waiting is by [`Clock::alarm`]: with a clock that is moved by hand nothing travels until the test moves it.
///
/// ```
/// use namyangju_rent::clock::SystemClock;
/// use namyangju_rent::harness::{Line, Settings, StandIn, StandInServer};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// let site = namyangju_rent::Site::builtin("namyangju").expect("compiled in");
/// let stand_in = StandIn::new(&site, Settings::default());
/// let server = StandInServer::spawn(stand_in, Arc::new(SystemClock))?;
/// let line = Line::spawn(server.address(), Duration::from_millis(20), Arc::new(SystemClock))?;
/// let site = server.with(|stand_in| stand_in.site(&line.base_url()))?;
/// # assert_eq!(site.base_url().port(), Some(line.address().port()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Line {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Line {
    /// A line from a free port of 127.0.0.1 to `target`, in the runtime this is called from.
    ///
    /// # Errors
    /// What the system says when no port can be had.
    pub async fn start(target: SocketAddr, one_way: Duration, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(carry(listener, Path { target, one_way, clock }, stopped));
        Ok(Self { address, stop, thread: None })
    }

    /// As [`Line::start`], on a thread and in a runtime of its own.
    ///
    /// # Errors
    /// What the system says when no thread or port can be had.
    pub fn spawn(target: SocketAddr, one_way: Duration, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("line".to_owned()).spawn(move || {
            runtime.block_on(async move {
                match TcpListener::from_std(listener) {
                    Ok(listener) => carry(listener, Path { target, one_way, clock }, stopped).await,
                    Err(error) => tracing::error!(%error, "the line cannot listen"),
                }
            });
        })?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// The client's end.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address of a site without TLS at the other end, for example `http://127.0.0.1:40123`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("address", &self.address).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Path {
    target: SocketAddr,
    one_way: Duration,
    clock: Arc<dyn Clock>,
}

/// What is seen at one end of a connection and repeated at the other.
enum TcpEvent {
    Bytes(Vec<u8>),
    /// The sender has closed its direction.
    End,
    /// The sender has reset the connection.
    Reset,
}

async fn carry(listener: TcpListener, path: Path, mut stopped: watch::Receiver<bool>) {
    // Dropping the set ends the connections.
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => return,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
        };
        let Ok((client, _)) = accepted else { continue };
        open.spawn(join(client, path.clone()));
    }
}

async fn join(client: TcpStream, path: Path) {
    let handshake_ends = path.clock.monotonic().saturating_add(path.one_way.saturating_mul(2));
    let Ok(site) = TcpStream::connect(path.target).await else {
        let _ = client.set_zero_linger();
        return;
    };
    let _ = (client.set_nodelay(true), site.set_nodelay(true));
    let ((from_client, to_client), (from_site, to_site)) = (client.into_split(), site.into_split());
    let up = travel(from_client, to_site, &path, handshake_ends);
    let down = travel(from_site, to_client, &path, Duration::ZERO);
    tokio::pin!(up, down);
    let (end, other_is_up) = tokio::select! {
        end = &mut up => (end, false),
        end = &mut down => (end, true),
    };
    // A reset ends both directions: dropping them closes the sockets.
    match (end, other_is_up) {
        (End::Reset, _) => return,
        (End::Closed, true) => up.await,
        (End::Closed, false) => down.await,
    };
}

/// How a direction ended.
enum End {
    Closed,
    Reset,
}

/// Carries one direction; nothing leaves before `earliest`.
async fn travel(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, path: &Path, earliest: Duration) -> End {
    let (sent, mut arriving) = mpsc::unbounded_channel();
    let send = async move {
        loop {
            let event = read(&mut from).await;
            let over = !matches!(event, TcpEvent::Bytes(_));
            let due = path.clock.monotonic().max(earliest).saturating_add(path.one_way);
            if sent.send((due, event)).is_err() || over {
                return;
            }
        }
    };
    let receive = async move {
        while let Some((due, event)) = arriving.recv().await {
            if due > path.clock.monotonic() {
                path.clock.alarm(due).await;
            }
            let written = match event {
                TcpEvent::Bytes(bytes) => to.write_all(&bytes).await,
                TcpEvent::End => to.shutdown().await,
                TcpEvent::Reset => {
                    let _ = to.as_ref().set_zero_linger();
                    // Dropped otherwise, it would send an orderly end first.
                    to.forget();
                    return End::Reset;
                }
            };
            if written.is_err() {
                break;
            }
        }
        End::Closed
    };
    tokio::join!(send, receive).1
}

/// The next event; bytes are everything that is there.
async fn read(from: &mut OwnedReadHalf) -> TcpEvent {
    let mut bytes = Vec::with_capacity(2048);
    match from.read_buf(&mut bytes).await {
        Ok(0) => return TcpEvent::End,
        Ok(_) => {}
        Err(_) => return TcpEvent::Reset,
    }
    while bytes.len() < PIECE {
        bytes.reserve(PIECE / 4);
        match from.try_read_buf(&mut bytes) {
            Ok(1..) => {}
            // Its end or its error comes again, and is an event of its own.
            Ok(0) | Err(_) => break,
        }
    }
    TcpEvent::Bytes(bytes)
}
