//! The stand-in on a real socket of this machine, with every fault for real.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::stand_in::StandIn;
use super::wire::{Answer, Arrival, Request, WireFault};
use crate::clock::Clock;
use crate::site::Site;
use crate::site::error::SiteError;

/// The largest request body taken; the site's forms have about a thousand bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// A running stand-in. It ends when it is dropped.
///
/// ```
/// use namyangju_rent::harness::{Settings, StandIn, StandInServer};
/// use namyangju_rent::{Site, SystemClock};
/// use std::sync::Arc;
///
/// let site = Site::builtin("cheonan").expect("compiled in");
/// let stand_in = StandIn::new(&site, Settings::default());
/// let server = StandInServer::spawn(stand_in, Arc::new(SystemClock))?;
/// assert!(server.base_url().starts_with("http://127.0.0.1:"));
/// assert_eq!(server.site()?.name(), "cheonan");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StandInServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    runs_in: RunsIn,
}

enum RunsIn {
    Task(JoinHandle<()>),
    Thread(Option<std::thread::JoinHandle<()>>),
}

struct Shared {
    stand_in: Mutex<StandIn>,
    clock: Arc<dyn Clock>,
    connections: AtomicUsize,
}

impl Shared {
    fn with<T>(&self, look: impl FnOnce(&mut StandIn) -> T) -> T {
        look(&mut self.stand_in.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl StandInServer {
    /// Starts it on a free port of 127.0.0.1, in the runtime this is called from.
    ///
    /// # Errors
    /// What the system says when no port can be had.
    pub async fn start(stand_in: StandIn, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::start_on((Ipv4Addr::LOCALHOST, 0).into(), false, stand_in, clock).await
    }

    /// Starts it on an address of choice. Other machines can reach it only if `beyond_loopback` is
    /// true: it has invented people with known passwords, and anybody could turn it into a nuisance.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] for an address that other machines can reach without
    /// `beyond_loopback`; else what the system says.
    pub async fn start_on(
        address: SocketAddr,
        beyond_loopback: bool,
        stand_in: StandIn,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        check_address(address, beyond_loopback)?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared::new(stand_in, clock));
        let task = tokio::spawn(serve(listener, Arc::clone(&shared), stopped));
        Ok(Self { shared, address, stop, runs_in: RunsIn::Task(task) })
    }

    /// Starts it on a free port of 127.0.0.1, on a thread and in a runtime of its own. Dropping it waits
    /// for that thread.
    ///
    /// # Errors
    /// What the system says when no thread or port can be had.
    pub fn spawn(stand_in: StandIn, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::spawn_on((Ipv4Addr::LOCALHOST, 0).into(), false, stand_in, clock)
    }

    /// As [`StandInServer::spawn`], on an address of choice.
    ///
    /// # Errors
    /// As [`StandInServer::start_on`].
    pub fn spawn_on(
        address: SocketAddr,
        beyond_loopback: bool,
        stand_in: StandIn,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        check_address(address, beyond_loopback)?;
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared::new(stand_in, clock));
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("stand-in".to_owned()).spawn(move || {
            runtime.block_on(async move {
                match TcpListener::from_std(listener) {
                    Ok(listener) => serve(listener, served, stopped).await,
                    Err(error) => tracing::error!(%error, "the stand-in cannot listen"),
                }
            });
        })?;
        Ok(Self { shared, address, stop, runs_in: RunsIn::Thread(Some(thread)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base address, for example `http://127.0.0.1:40123`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The dialect at this server's address, with the stand-in's own texts in it.
    ///
    /// # Errors
    /// [`SiteError::BaseUrl`] if the address cannot stand in one.
    pub fn site(&self) -> Result<Site, SiteError> {
        self.with(|stand_in| stand_in.site(&self.base_url()))
    }

    /// Looks into the machine, or changes it. No request is answered meanwhile.
    pub fn with<T>(&self, look: impl FnOnce(&mut StandIn) -> T) -> T {
        self.shared.with(look)
    }

    /// A copy of every request so far.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.with(|stand_in| stand_in.arrivals().to_vec())
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Takes no more connections, lets the answers under way end, and closes.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        match &mut self.runs_in {
            RunsIn::Task(task) => {
                let _ = task.await;
            }
            RunsIn::Thread(thread) => {
                let (done, ended) = oneshot::channel();
                if let Some(thread) = thread.take() {
                    // Joined elsewhere, so that this runtime goes on.
                    std::thread::spawn(move || {
                        let _ = thread.join();
                        let _ = done.send(());
                    });
                    let _ = ended.await;
                }
            }
        }
    }
}

impl Drop for StandInServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let RunsIn::Thread(thread) = &mut self.runs_in
            && let Some(thread) = thread.take()
        {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for StandInServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandInServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Shared {
    fn new(stand_in: StandIn, clock: Arc<dyn Clock>) -> Self {
        Self { stand_in: Mutex::new(stand_in), clock, connections: AtomicUsize::new(0) }
    }
}

fn check_address(address: SocketAddr, beyond_loopback: bool) -> io::Result<()> {
    if beyond_loopback || address.ip().is_loopback() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!(
            "{address} can be reached from other machines: the stand-in listens on 127.0.0.1 unless told otherwise"
        ),
    ))
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, stopped: watch::Receiver<bool>) {
    let mut open = JoinSet::new();
    let mut stop = stopped.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
        };
        // A failed accept is one visitor's misfortune.
        let Ok((stream, peer)) = accepted else { continue };
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let _ = stream.set_nodelay(true);
        open.spawn(connection(stream, peer.ip(), Arc::clone(&shared), stopped.clone()));
    }
    while open.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    peer: IpAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let reset = Arc::new(AtomicBool::new(false));
    let socket = Socket { stream, reset: Arc::clone(&reset) };
    let silence = stopped.clone();
    let service = service_fn(move |request| {
        let (shared, reset, silence) = (Arc::clone(&shared), Arc::clone(&reset), silence.clone());
        async move { exchange(request, peer, &shared, &reset, silence).await }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(socket), service);
    tokio::pin!(connection);
    // An error here is a fault that was asked for, or a client that went away.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn exchange(
    incoming: hyper::Request<Incoming>,
    peer: IpAddr,
    shared: &Shared,
    reset: &AtomicBool,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<hyper::Response<AnswerBody>> {
    let (head, body) = incoming.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(io::Error::other)?;
    let request = Request {
        method: head.method.as_str().to_owned(),
        target: head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: body.to_bytes().to_vec(),
        peer,
    };
    let there = shared.with(StandIn::there_delay);
    if !there.is_zero() {
        shared.clock.sleep(there).await;
    }
    let answer = shared.with(|stand_in| stand_in.answer(&request, shared.clock.now()));
    if !answer.back_delay.is_zero() {
        shared.clock.sleep(answer.back_delay).await;
    }
    match answer.fault {
        Some(WireFault::Close) => return Err(closed()),
        Some(WireFault::Silence) => {
            let _ = stopped.wait_for(|stop| *stop).await;
            return Err(closed());
        }
        Some(WireFault::Reset { .. }) => reset.store(true, Ordering::Relaxed),
        Some(WireFault::WrongLength { .. }) | None => {}
    }
    response(answer)
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "a fault that was asked for")
}

fn response(answer: Answer) -> io::Result<hyper::Response<AnswerBody>> {
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value.as_slice());
    }
    let mut bytes = Bytes::from(answer.body);
    let mut body = AnswerBody { chunks: VecDeque::new(), turns: 0, abort: false };
    match answer.fault {
        Some(WireFault::Reset { after }) => {
            bytes.truncate(after);
            (body.turns, body.abort) = (FLUSH_TURNS, true);
        }
        Some(WireFault::WrongLength { .. }) => body.turns = FLUSH_TURNS,
        _ => {}
    }
    if answer.chunked {
        const CHUNK: usize = 8192;
        while bytes.len() > CHUNK {
            body.chunks.push_back(bytes.split_to(CHUNK));
        }
    }
    if !bytes.is_empty() {
        body.chunks.push_back(bytes);
    }
    response.body(body).map_err(io::Error::other)
}

/// Turns that the connection gets to flush what it has before a body breaks off.
const FLUSH_TURNS: u8 = 3;

/// A body that can break off. It never says its length: the header does, or nobody.
struct AnswerBody {
    chunks: VecDeque<Bytes>,
    turns: u8,
    abort: bool,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(chunk) = self.chunks.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        if self.turns > 0 {
            self.turns -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.abort.then(|| Err(closed())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// A socket that can end in a reset instead of a close.
struct Socket {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::Relaxed) {
            // No orderly end: the drop resets.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
