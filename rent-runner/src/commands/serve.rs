//! `serve`: a runner at work on the store, as a daemon.
//!
//! A machine that boots starts the daemon and the database's server at once, and the server is often later. The daemon
//! waits for it, and says so in its log and to whoever asks for its health; whatever a person has to mend ends it.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock as _, SystemClock};
use tokio::sync::watch;

use crate::cli::Serve;
use crate::config::Config;
use crate::notify::Notifier;
use crate::runner::{Context, Runner, Scope};
use crate::say::{retold, say};
use crate::store::{Filter, LinkKind, State, Store, StoreError};
use crate::system;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::scrape::StoreAccess;
use crate::vault::Vault;
use crate::web::{self, WebSettings};
use crate::{commands, exit, terminal};

/// How long messages that wait are tried to be sent before the program ends.
const LAST_MESSAGES: Duration = Duration::from_secs(20);

/// How long the bookings wait for the page at the start.
const PAGE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the first wait for the store's server is, and the longest: each is twice the one before. A server that is
/// back is met well within the minutes in which a booking is prepared.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// Works until Ctrl-C or a request to terminate.
pub(crate) async fn run(arguments: &Serve, config: Config) -> Result<u8> {
    let (stop, stopped) = watch::channel(false);
    // Heard from here on: a stop while the store is opened is a stop as well.
    let interruption = system::interruption();
    tokio::spawn(async move {
        interruption.await;
        terminal::note(&say!("serve-stopping"));
        let _ = stop.send(true);
    });
    let metrics = Metrics::new();
    let notifier = Notifier::counting(&config.messages(), metrics.clone())?;
    let (access, seen) = watch::channel(StoreAccess::Waiting("it is being opened".to_owned()));
    let listening = match listens(arguments, &config) {
        Some(settings) => Some(web::start(settings, &config, &metrics, seen, stopped.clone()).await?),
        None => None,
    };
    let Some((store, vault)) = open(&config, &access, stopped.clone()).await? else {
        return Ok(exit::DONE);
    };
    access.send_replace(StoreAccess::Open(store.clone()));
    let listening = match listening {
        Some(web::Listening { address, ready }) => {
            // A page that is late is told all the same.
            let _ = tokio::time::timeout(PAGE_TIMEOUT, ready).await;
            Some(address)
        }
        None => None,
    };
    introduce(&config, &store, listening, !arguments.no_web).await?;
    notifier.attach(&store, &vault).await;
    let messages = send_messages(&notifier, &store, &stopped);
    let context = Context::new(store.clone(), vault, config, notifier.clone(), metrics, None);
    let mut runner = Runner::begin(context).await?;
    runner.run(Scope::Daemon, stopped, |_| {}).await?;
    // The loop of messages ends with the order to stop; what waits then is sent by the last flush.
    let _ = messages.await;
    leave(&store, &notifier).await;
    store.close().await;
    Ok(exit::DONE)
}

/// Where the server listens; with neither a page nor an address there is none.
fn listens(arguments: &Serve, config: &Config) -> Option<WebSettings> {
    if arguments.no_web && config.listen.is_none() {
        return None;
    }
    Some(WebSettings {
        listen: config.listen.unwrap_or(web::DEFAULT_LISTEN),
        any_port: config.listen.is_none(),
        pages: !arguments.no_web,
    })
}

/// Opens the store and its vault as soon as the store's server is there; `None` if told to stop before.
async fn open(
    config: &Config,
    access: &watch::Sender<StoreAccess>,
    mut stopped: watch::Receiver<bool>,
) -> Result<Option<(Store, Vault)>> {
    let mut pause = FIRST_PAUSE;
    loop {
        let opened = async {
            let store = commands::open(config).await?;
            let vault = commands::open_vault(&store, config).await?;
            anyhow::Ok((store, vault))
        };
        let error = match opened.await {
            Ok(opened) => return Ok(Some(opened)),
            Err(error) => error,
        };
        if !error.downcast_ref::<StoreError>().is_some_and(StoreError::is_away) {
            return Err(error);
        }
        terminal::warning(&say!(
            "serve-retry",
            error = format_args!("{:#}", error),
            seconds = pause.as_secs_f32()
        ));
        access.send_replace(StoreAccess::Waiting(format!("{error:#}")));
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return Ok(None),
            () = SystemClock.sleep(pause) => {}
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// A line of what it works with.
fn introduced(name: &str, text: &str) {
    terminal::note(&terminal::beside(name, text));
}

async fn introduce(
    config: &Config,
    store: &Store,
    listening: Option<SocketAddr>,
    has_pages: bool,
) -> Result<()> {
    introduced("store", store.address());
    introduced("key", &retold(&config.key.name()));
    introduced("runner", &config.runner);
    if let Some(address) = listening {
        if has_pages {
            introduced("page", &page(config, store, address).await?);
        }
        introduced("metrics", &format!("{}://{address}/metrics", config.door.scheme()));
    }
    let open = vec![State::Waiting, State::Armed, State::Firing];
    let waiting: u64 =
        store.counts().await?.iter().filter(|(state, _)| open.contains(state)).map(|(_, many)| many).sum();
    let first = Filter { states: open, most: Some(1), ..Filter::default() };
    let first = store.listed(&first).await?;
    commands::name_unreadable(&first.unreadable);
    let next = match first.bookings.first() {
        Some(booking) => say!("serve-waiting-next", waiting = waiting, next = booking.opens_at),
        None if waiting > 0 => say!("serve-waiting", waiting = waiting),
        None => say!("serve-none"),
    };
    introduced("bookings", &next);
    terminal::note(&say!("serve-ctrl-c"));
    Ok(())
}

/// The page's address; for an owner who was not there yet, the one-time link. A log is no place for it, so it stands only on a
/// terminal.
async fn page(config: &Config, store: &Store, address: SocketAddr) -> Result<String> {
    let at = format!("{}://{address}{}", config.door.scheme(), config.door.base_path.as_str());
    if store.has_owner().await? {
        return Ok(format!("{at}/"));
    }
    if !io::stderr().is_terminal() {
        return Ok(say!("serve-page", at = at));
    }
    let link = web::make_link(store, LinkKind::Owner).await?;
    Ok(say!("serve-link", at = at, link = link.as_str()))
}

/// Sends messages as they come, beside everything else.
pub(super) fn send_messages(
    notifier: &Notifier,
    store: &Store,
    stopped: &watch::Receiver<bool>,
) -> tokio::task::JoinHandle<()> {
    let (notifier, store, stopped) = (notifier.clone(), store.clone(), stopped.clone());
    tokio::spawn(async move { notifier.run(store, stopped).await })
}

pub(super) async fn leave(store: &Store, notifier: &Notifier) {
    match notifier.flush(store, LAST_MESSAGES).await {
        Some(0) => {}
        Some(left) => terminal::note(&say!("serve-messages-left", left = left)),
        None => terminal::note(&say!("serve-messages-unknown")),
    }
}
