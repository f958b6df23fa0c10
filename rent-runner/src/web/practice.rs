//! Practice: the whole story of a booking on a stand-in inside this process, for somebody who has no account yet.
//!
//! Nothing of it can touch what is real, because nothing is shared: each has a stand-in, a folder with a store and a key,
//! and a runner on a thread of its own, and no messages, routes or dialect of the settings. A person has one, all together
//! [`MAX_PRACTICES`]; each ends by itself after [`LASTS`], and takes its folder along.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::harness::{Account, Delay, Settings, StandIn, StandInServer};
use namyangju_rent::{Application, HeadCount, Site, Wish};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::config::Config;
use crate::notify::Notifier;
use crate::request::courts;
use crate::runner::{Context, Runner, Scope};
use crate::store::{
    self, BookingHistory, BookingId, NewAccount, NewBooking, OpeningSource, RetryPace, SealPurpose, Store,
    StoreError,
};
use crate::telemetry::metrics::Metrics;
use crate::vault::{KeySource, Vault};

/// What these lines of the log are filed under.
const TARGET: &str = "rent_runner::web::practice";

/// How many practices there are at a time, of all users.
const MAX_PRACTICES: usize = 3;

/// How long one is kept.
const LASTS: Duration = Duration::from_secs(10 * 60);

/// How far ahead the opening is: time for a measurement of the site's clock by a probe a second, and no more than a person
/// waits for.
const OPENS_IN: Duration = Duration::from_secs(20);

/// How far ahead the booked day is.
const DAYS_AHEAD: i32 = 14;

/// The way to the stand-in, one way.
const ONE_WAY: Duration = Duration::from_millis(8);

/// The city whose dialect is practised where the settings have one of their own.
const USUAL_CITY: &str = "namyangju";

/// The practices that are under way, by user.
#[derive(Clone, Debug, Default)]
pub(super) struct Practices(Arc<Mutex<HashMap<i64, Running>>>);

/// One of them, as its page sees it.
#[derive(Clone, Debug)]
pub(super) struct Practice {
    store: Store,
    id: BookingId,
}

#[derive(Debug)]
struct Running {
    practice: Practice,
    /// Ends it; dropped, it ends too.
    stop: watch::Sender<bool>,
}

/// Whether one began.
pub(super) enum Begun {
    Yes,
    TooMany,
}

impl Practice {
    /// All that happened so far; `None` when it was removed meanwhile.
    pub(super) async fn history(&self) -> store::Result<Option<BookingHistory>> {
        let mut history = match self.store.story(self.id).await {
            Err(StoreError::NotFound(_)) => return Ok(None),
            history => history?,
        };
        courts::give_names(&self.store, [&mut history.booking]).await;
        Ok(Some(history))
    }

    /// What changes with each event.
    pub(super) async fn stamp(&self) -> store::Result<Option<String>> {
        self.store.booking_stamp(self.id).await
    }
}

impl Practices {
    fn all(&self) -> MutexGuard<'_, HashMap<i64, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The practice of a user.
    pub(super) fn of(&self, user: i64) -> Option<Practice> {
        self.all().get(&user).map(|running| running.practice.clone())
    }

    /// Ends a user's practice and removes it.
    pub(super) fn end(&self, user: i64) {
        if let Some(running) = self.all().remove(&user) {
            let _ = running.stop.send(true);
        }
    }

    /// Begins one. A user's practice that is not over goes on instead; one that is over makes room.
    ///
    /// # Errors
    /// If this machine gives no folder, port or thread.
    pub(super) async fn begin(
        &self,
        user: i64,
        config: &Config,
        stopped: watch::Receiver<bool>,
    ) -> Result<Begun> {
        if let Some(practice) = self.of(user) {
            let is_over = practice.history().await?.is_none_or(|history| history.booking.state.is_over());
            if !is_over {
                return Ok(Begun::Yes);
            }
            self.end(user);
        }
        if self.all().len() >= MAX_PRACTICES {
            return Ok(Begun::TooMany);
        }
        let stage = PracticeStage::build(config).await?;
        let practice = Practice { store: stage.store.clone(), id: stage.id };
        let (stop, ended) = watch::channel(false);
        // Two clicks at once: the one that came first stays, and this stage is gone with its folder.
        {
            let mut all = self.all();
            if all.contains_key(&user) || all.len() >= MAX_PRACTICES {
                return Ok(if all.contains_key(&user) { Begun::Yes } else { Begun::TooMany });
            }
            all.insert(user, Running { practice, stop });
        }
        let practices = self.clone();
        let id = stage.folder.path().to_owned();
        let spawned = std::thread::Builder::new().name("practice".to_owned()).spawn(move || {
            // Its lines would read like those of a booking of the store.
            let quiet = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::default());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let played = runtime
                .map_err(anyhow::Error::from)
                .and_then(|runtime| runtime.block_on(stage.play(ended, stopped)));
            drop(quiet);
            if let Err(error) = played {
                tracing::warn!(target: TARGET, error = format!("{error:#}"), "a practice broke off");
            }
            // Another may have begun since this one was ended.
            practices
                .all()
                .retain(|_, running| !running.practice.store.address().contains(&*id.to_string_lossy()));
        });
        if let Err(error) = spawned {
            self.end(user);
            return Err(error).context("the thread of the practice cannot be started");
        }
        Ok(Begun::Yes)
    }
}

/// A stand-in and a store with an account and a booking at it.
struct PracticeStage {
    // In the order in which they are to be dropped.
    store: Store,
    server: StandInServer,
    folder: TempDir,
    config: Config,
    vault: Vault,
    id: BookingId,
}

impl PracticeStage {
    async fn build(config: &Config) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder can be made")?;
        let site = if Site::builtin_toml(&config.site).is_some() { config.site.as_str() } else { USUAL_CITY };
        let dialect = Site::builtin(site)?;
        let opening = SystemClock.now().plus(OPENS_IN);
        let date = opening.date().plus_days(DAYS_AHEAD);
        let courts = StandIn::new(&dialect, Settings::default()).places().to_vec();
        let court = courts.iter().find(|court| !dialect.has_human_check(&court.place)).or(courts.first());
        let court = court.context("the stand-in has no court")?;
        let (_, range) = court.rounds.first().copied().context("the stand-in's court has no rounds")?;
        let wish = Wish { place: court.place.clone(), date, range, purpose: Default::default() };
        let mut settings = Settings::default();
        settings.openings.insert(date, opening);
        settings.there = Delay { base: ONE_WAY, jitter: Duration::ZERO };
        settings.back = settings.there;
        let server = StandInServer::spawn(StandIn::new(&dialect, settings), Arc::new(SystemClock))
            .context("the stand-in cannot start")?;
        let config = Config {
            database: folder.path().join("practice.db").display().to_string(),
            key: KeySource::File(folder.path().join("key")),
            site: site.to_owned(),
            base_url: None,
            tls: None,
            extra_ca: None,
            routes: Vec::new(),
            channels: Vec::new(),
            runner: "practice".to_owned(),
            most_at_once: 1,
            ..config.clone()
        };
        let store = Store::open(&config.database).await?;
        let vault = Vault::open(&store, &config.key).await?;
        let account = Account::invented(1);
        let name = "연습 (practice)";
        let new = NewAccount {
            name: name.to_owned(),
            site: site.to_owned(),
            base_url: Some(server.base_url()),
            login: account.id.clone(),
            password: vault.seal(SealPurpose::Password(name), account.password.as_bytes())?,
        };
        store.add_account(&new).await?;
        let application = Application::new("연습클럽", HeadCount::try_from(4)?, "테니스", "운동");
        let new = NewBooking {
            account: name.to_owned(),
            choices: vec![wish],
            application: vault.seal(SealPurpose::Applicant, &serde_json::to_vec(&application)?)?,
            opens: OpeningSource::Given,
            opens_at: opening,
            give_up_after: Duration::from_secs(60),
            lead: Duration::ZERO,
            clock_offset_micros: None,
            pace: RetryPace::Default,
            most_requests: None,
            note: None,
        };
        let id = store.add_bookings(&[new]).await?.first().copied().context("nothing was stored")?;
        Ok(Self { store, server, folder, config, vault, id })
    }

    /// Runs the booking, then waits for the end of the practice.
    async fn play(self, mut ended: watch::Receiver<bool>, mut stopped: watch::Receiver<bool>) -> Result<()> {
        let Self { store: seen, server, folder, config, vault, id: _ } = self;
        // The page looks by a handle of its own, in the runtime of the page.
        let store = Store::open(&config.database).await?;
        let notifier = Notifier::new(&config.messages())?;
        let context = Context::new(store.clone(), vault, config, notifier, Metrics::new(), None);
        let scope = Scope::Before(SystemClock.now().plus(OPENS_IN * 2));
        let (tell, told) = watch::channel(false);
        let both = async {
            let over = async {
                tokio::select! {
                    // An error here is a sender that is gone: the practice was removed.
                    _ = ended.wait_for(|end| *end) => {}
                    _ = stopped.wait_for(|stop| *stop) => {}
                    () = SystemClock.sleep(LASTS) => {}
                }
            };
            over.await;
            let _ = tell.send(true);
        };
        let run = async {
            let mut runner = Runner::begin(context).await?;
            runner.run(scope, told, |_| {}).await
        };
        let ((), run) = tokio::join!(both, run);
        store.close().await;
        seen.close().await;
        drop((server, folder));
        run
    }
}
