//! The stand-in on a real socket of this machine, with every fault for real.
//!
//! The machine decides and plans; whatever needs a socket is here: holding answers back, breaking off in the
//! middle, closing silent connections, and the log of connections. All waiting is by the clock that the server
//! was given, so that a test may move it by hand.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::connections::{ClosedBy, Connection};
use super::stand_in::StandIn;
use super::wire::{Answer, Arrival, Came, Request, WireFault};
use crate::clock::{Clock, SystemClock};
use crate::site::Site;
use crate::site::error::SiteError;

/// The largest request body taken; the site's forms have about a thousand bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// A running stand-in. It ends when it is dropped.
///
/// ```
/// use namyangju_rent::harness::{Settings, StandIn, StandInServer};
/// use namyangju_rent::Site;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// // Where time plays no part in a test, no clock is needed.
/// let site = Site::builtin("cheonan").expect("compiled in");
/// let server = StandInServer::without_clock(StandIn::new(&site, Settings::default())).await?;
/// assert!(server.base_url().starts_with("http://127.0.0.1:"));
/// assert_eq!(server.site()?.name(), "cheonan");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StandInServer {
    shared: Arc<ServerState>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    runs_in: RunsIn,
}

enum RunsIn {
    Task(JoinHandle<()>),
    Thread(Option<std::thread::JoinHandle<()>>),
}

struct ServerState {
    stand_in: Mutex<StandIn>,
    clock: Arc<dyn Clock>,
}

impl ServerState {
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

    /// Starts it as [`StandInServer::start`] does, for a test in which time plays no part: it goes by the clock of the
    /// system, as a client without a clock of its own does.
    ///
    /// # Errors
    /// What the system says when no port can be had.
    pub async fn without_clock(stand_in: StandIn) -> io::Result<Self> {
        Self::start(stand_in, Arc::new(SystemClock)).await
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
        let shared = Arc::new(ServerState::new(stand_in, clock));
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
        let shared = Arc::new(ServerState::new(stand_in, clock));
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
        usize::try_from(self.with(|stand_in| stand_in.connections.opened())).unwrap_or(usize::MAX)
    }

    /// A copy of the log of connections.
    pub fn connection_log(&self) -> Vec<Connection> {
        self.with(|stand_in| stand_in.connections().to_vec())
    }

    /// Takes no more connections, lets the answers under way end, and closes. Gives the log of connections, in
    /// which all of them are closed.
    pub async fn stop(mut self) -> Vec<Connection> {
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
        self.connection_log()
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

impl ServerState {
    fn new(stand_in: StandIn, clock: Arc<dyn Clock>) -> Self {
        Self { stand_in: Mutex::new(stand_in), clock }
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

async fn serve(listener: TcpListener, shared: Arc<ServerState>, stopped: watch::Receiver<bool>) {
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
        let _ = stream.set_nodelay(true);
        let number = shared.with(|stand_in| stand_in.connections.open(peer.ip(), shared.clock.now()));
        let opened = Open::new(number, shared.clock.monotonic());
        open.spawn(connection(stream, peer.ip(), Arc::clone(&shared), opened, stopped.clone()));
    }
    while open.join_next().await.is_some() {}
}

/// What the requests of one connection and its time-out share.
struct Open {
    number: u64,
    opened: Duration,
    /// Since when nothing is being answered (monotonic), and whether anything ever was; `None` while it is.
    idle: watch::Sender<Option<Idle>>,
    /// Why the server will have closed it, if it is the server.
    reason: Mutex<Option<ClosedBy>>,
    /// Ends in a reset.
    reset: Arc<AtomicBool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Idle {
    since: Duration,
    answered: bool,
}

impl Open {
    fn new(number: u64, opened: Duration) -> Self {
        let idle = watch::Sender::new(Some(Idle { since: opened, answered: false }));
        Self { number, opened, idle, reason: Mutex::new(None), reset: Arc::default() }
    }

    fn because(&self, reason: ClosedBy) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }

    fn closed_by(&self) -> ClosedBy {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or(ClosedBy::Client)
    }
}

async fn connection(
    stream: TcpStream,
    peer: IpAddr,
    shared: Arc<ServerState>,
    open: Open,
    stopped: watch::Receiver<bool>,
) {
    let open = Arc::new(open);
    carry(stream, peer, &shared, &open, stopped).await;
    let (at, by) = (shared.clock.now(), open.closed_by());
    shared.with(|stand_in| stand_in.connections.close(open.number, at, by));
}

/// Answers what comes on a connection until it ends; then the socket is closed.
async fn carry(
    stream: TcpStream,
    peer: IpAddr,
    shared: &Arc<ServerState>,
    open: &Arc<Open>,
    mut stopped: watch::Receiver<bool>,
) {
    let socket = Socket { stream, reset: Arc::clone(&open.reset) };
    let silence = stopped.clone();
    let service = service_fn(|request| {
        open.idle.send_replace(None);
        exchange(request, peer, Arc::clone(shared), Arc::clone(open), silence.clone())
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(socket), service);
    tokio::pin!(connection);
    // An error here is a fault that was asked for, or a client that went away.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        () = silent_for_too_long(shared, open) => {
            open.because(ClosedBy::IdleTimeout);
            return;
        }
        _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    open.because(ClosedBy::Stop);
    let _ = connection.await;
}

/// Ends when nothing came for longer than the web server keeps a silent connection.
async fn silent_for_too_long(shared: &ServerState, open: &Open) {
    let mut changes = open.idle.subscribe();
    loop {
        let idle = *changes.borrow_and_update();
        let kept = shared.with(|stand_in| stand_in.settings().web_server.keep_alive);
        let limit = idle.and_then(|idle| if idle.answered { kept.idle } else { kept.first_request });
        let changed = match (idle, limit) {
            (Some(idle), Some(limit)) => tokio::select! {
                changed = changes.changed() => changed,
                () = shared.clock.alarm(idle.since.saturating_add(limit)) => {
                    if *open.idle.borrow() == Some(idle) {
                        return;
                    }
                    continue;
                }
            },
            _ => changes.changed().await,
        };
        if changed.is_err() {
            return;
        }
    }
}

async fn exchange(
    incoming: hyper::Request<Incoming>,
    peer: IpAddr,
    shared: Arc<ServerState>,
    open: Arc<Open>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<hyper::Response<AnswerBody>> {
    let nth = shared.with(|stand_in| stand_in.connections.request(open.number));
    let begun = shared.clock.monotonic();
    let (head, body) = incoming.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(io::Error::other)?;
    let body_took = shared.clock.monotonic().saturating_sub(begun);
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
    let mut there = shared.with(StandIn::there_delay);
    if nth == 1 {
        // The handshakes would end then; what came earlier would not have left the client yet.
        let ready =
            open.opened.saturating_add(shared.with(|stand_in| stand_in.handshakes(shared.clock.now())));
        there = there.saturating_add(ready.saturating_sub(shared.clock.monotonic()));
    }
    if !there.is_zero() {
        shared.clock.sleep(there).await;
    }
    let whole = shared.clock.now();
    let came = Came { line: whole.minus(body_took), whole, connection: open.number, nth };
    let answer = shared.with(|stand_in| stand_in.answer_to(&request, came));
    if !answer.back_delay.is_zero() {
        shared.clock.sleep(answer.back_delay).await;
    }
    if answer.fault.is_some() {
        open.because(ClosedBy::Fault);
    } else if answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        open.because(ClosedBy::LastRequest);
    }
    match answer.fault {
        Some(WireFault::Close) => return Err(closed()),
        Some(WireFault::Silence) => {
            let _ = stopped.wait_for(|stop| *stop).await;
            return Err(closed());
        }
        Some(WireFault::ResetUnanswered) => {
            open.reset.store(true, Ordering::Relaxed);
            return Err(closed());
        }
        Some(WireFault::Reset { .. }) => open.reset.store(true, Ordering::Relaxed),
        Some(WireFault::WrongLength { .. }) | None => {}
    }
    response(answer, Answering { shared, open })
}

/// While this lives an answer is on its way; afterwards the connection is idle.
struct Answering {
    shared: Arc<ServerState>,
    open: Arc<Open>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        let since = self.shared.clock.monotonic();
        self.open.idle.send_replace(Some(Idle { since, answered: true }));
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "a fault that was asked for")
}

fn response(answer: Answer, answering: Answering) -> io::Result<hyper::Response<AnswerBody>> {
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value.as_slice());
    }
    let mut bytes = Bytes::from(answer.body);
    let mut body = AnswerBody { chunks: VecDeque::new(), turns: 0, abort: false, _answering: answering };
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

/// A body that can break off. It never says its length: only the header may.
struct AnswerBody {
    chunks: VecDeque<Bytes>,
    turns: u8,
    abort: bool,
    _answering: Answering,
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
