mod away;
mod clocks;
mod ends;

use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{Account, Arrival, Settings, SiteStep, StandIn, StandInServer, Taken};
use namyangju_rent::{
    Application, Booking, Client, Credentials, Event, SeoulTime, Site, TimedEvent, Verdict, Wish,
};
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::watch;

use super::{Context, Done, End, Identity, Runner, Scope, ledger};
use crate::config::Config;
use crate::notify::Notifier;
use crate::store::{
    BookingId, Lease, LinkKind, NewAccount, NewBooking, OpeningSource, Owned, RetryPace, SealPurpose, State,
    Store,
};
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;

/// A stand-in, a store with one account, and what is needed to run its bookings.
struct Stage {
    server: StandInServer,
    store: Store,
    vault: Vault,
    config: Config,
    metrics: Metrics,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(None, change).await
    }

    /// The same with a database of its own.
    async fn on(database: Option<String>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        change(&mut settings);
        let stand_in = StandIn::new(&Site::builtin("namyangju").unwrap(), settings);
        let server = StandInServer::spawn(stand_in, Arc::new(SystemClock)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::of_a_test(folder.path());
        config.database = database.unwrap_or(config.database);
        let store = Store::open(&config.database).await.unwrap();
        let vault = Vault::open(&store, &config.key).await.unwrap();
        let stage = Self { server, store, vault, config, metrics: Metrics::new(), _folder: folder };
        stage.account("tester1", "invented-1").await;
        stage
    }

    async fn account(&self, login: &str, password: &str) {
        let password = self.vault.seal(SealPurpose::Password(login), password.as_bytes()).unwrap();
        let account = NewAccount {
            name: login.into(),
            site: "namyangju".into(),
            base_url: Some(self.server.base_url()),
            login: login.into(),
            password,
        };
        self.store.add_account(&account).await.unwrap();
    }

    fn wish(&self, range: &str) -> Wish {
        Wish {
            place: "NYJ06/07/103".parse().unwrap(),
            date: SystemClock.now().date().plus_days(14),
            range: range.parse().unwrap(),
            purpose: Default::default(),
        }
    }

    async fn booking(&self, opens: OpeningSource, opens_at: SeoulTime, choices: &[&str]) -> BookingId {
        let application = serde_json::to_vec(&application()).unwrap();
        let booking = NewBooking {
            account: "tester1".into(),
            choices: choices.iter().map(|range| self.wish(range)).collect(),
            application: self.vault.seal(SealPurpose::Applicant, &application).unwrap(),
            opens,
            opens_at,
            give_up_after: Duration::from_secs(5),
            lead: Duration::ZERO,
            clock_offset_micros: None,
            pace: RetryPace::Default,
            most_requests: None,
            note: None,
        };
        self.store.add_bookings(&[booking]).await.unwrap()[0]
    }

    async fn at_once(&self) -> BookingId {
        self.booking(OpeningSource::Now, SystemClock.now(), &["06:00-08:00", "08:00-10:00"]).await
    }

    fn context(&self, observer: Option<super::Observer>) -> Context {
        let (store, vault, config) = (self.store.clone(), self.vault.clone(), self.config.clone());
        let notifier = Notifier::new(&config.messages()).unwrap();
        Context::new(store, vault, config, notifier, self.metrics.clone(), observer)
    }

    /// A runner that works until nothing is left.
    async fn work(&self) -> Vec<Done> {
        self.work_until(SystemClock.now().plus(Duration::from_secs(1))).await
    }

    /// The same for what opens before an instant.
    async fn work_until(&self, before: SeoulTime) -> Vec<Done> {
        let (_stop, stopped) = watch::channel(false);
        let mut runner = Runner::begin(self.context(None)).await.unwrap();
        let mut ended = Vec::new();
        runner.run(Scope::Before(before), stopped, |done| ended.push(done.clone())).await.unwrap();
        ended
    }

    /// Somebody else claims it, as a runner that then dies.
    async fn claimed_by_another(&self) -> Lease {
        self.store.begin_runner("other").await.unwrap();
        let soon = SystemClock.now().plus(Duration::from_secs(3600));
        self.store.claim("other", soon, 1, Duration::from_secs(60)).await.unwrap()[0].lease
    }

    /// Questions for the site's time.
    fn looks_at_clock(&self) -> usize {
        self.server.arrivals().iter().filter(|arrival| arrival.method == "HEAD").count()
    }

    fn booked(&self) -> usize {
        self.server.with(|stand_in| stand_in.bookings().len())
    }

    fn count(&self, step: SiteStep) -> usize {
        self.server.arrivals().iter().filter(|arrival| arrival.step == step).count()
    }

    async fn state(&self, id: BookingId) -> (State, String) {
        let booking = self.store.booking(id).await.unwrap();
        (booking.state, booking.reason.unwrap_or_default())
    }
}

fn application() -> Application {
    Application::new("가나다클럽", "4".parse().unwrap(), "테니스", "운동")
}

#[tokio::test]
async fn a_booking_is_won_and_its_story_is_kept() {
    let stage = Stage::new(|_| {}).await;
    let id = stage.at_once().await;
    let ended = stage.work().await;
    assert!(
        matches!(&ended[..], [Done { end: End::Over { state: State::Succeeded, code: 0, .. }, .. }]),
        "{ended:?}"
    );
    let story = stage.store.story(id).await.unwrap();
    let receipt = stage.server.with(|stand_in| stand_in.bookings()[0].receipt.clone());
    assert_eq!(story.booking.receipt.unwrap().number, receipt);
    assert_eq!(story.booking.owner, None);
    assert_eq!(story.attempts.len(), 1);
    let names: Vec<String> = story
        .events
        .iter()
        .map(|row| serde_json::to_value(&row.event).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    // The intent, then the application itself.
    assert_eq!(names.iter().filter(|name| *name == "submitting").count(), 2, "{names:?}");
    assert_eq!(stage.work().await.len(), 0, "it is over");
    let account = stage.store.account("tester1").await.unwrap();
    assert!(account.session.is_some() && account.checked_at.is_some());
}

#[tokio::test]
async fn the_rounds_of_a_day_list_are_kept_and_told_at_once_where_time_is_short() {
    let stage = Stage::new(|_| {}).await;
    stage.at_once().await;
    stage.work().await;
    let account = stage.store.account("tester1").await.unwrap();
    let site = crate::request::site_of_account(&account).unwrap().base_url().to_string();
    let rounds = stage.store.rounds(&site, &stage.wish("06:00-08:00").place).await.unwrap();
    assert_eq!(rounds.len(), 1, "{rounds:?}");

    // A minute before the opening no list is read.
    let lists = stage.count(SiteStep::Schedule);
    let opens_at = SystemClock.now().plus(Duration::from_secs(60));
    let id = stage.booking(OpeningSource::Given, opens_at, &["15:00-17:00"]).await;
    let (stop, stopped) = watch::channel(false);
    let observer: super::Observer = Box::new(move |_, happened: &TimedEvent| {
        if matches!(happened.event, Event::Alarm { .. }) {
            let _ = stop.send(true);
        }
    });
    let mut runner = Runner::begin(stage.context(Some(observer))).await.unwrap();
    let scope = Scope::Before(opens_at.plus(Duration::from_secs(1)));
    runner.run(scope, stopped, |_| {}).await.unwrap();
    let story = stage.store.story(id).await.unwrap();
    let told: Vec<&str> = story
        .events
        .iter()
        .filter_map(|row| match &row.event {
            Event::Alarm { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert!(told.len() == 1 && told[0].contains("15:00-17:00 is no round of that day"), "{told:?}");
    assert!(told[0].contains("by a day list that was read at "), "{told:?}");
    assert_eq!(stage.count(SiteStep::Schedule), lists);
}

/// It is the one that opens first, and nothing else may wait for it: neither the comparison of the clocks, which looks at
/// it long before it is claimed, nor those that are claimed with it.
#[tokio::test]
async fn a_booking_that_cannot_be_read_is_told_and_holds_up_no_other() {
    let mut stage = Stage::new(|_| {}).await;
    stage.config.channels =
        vec![crate::testing::channel("name = 'phone'\nkind = 'ntfy'\ntopic = 'invented'").unwrap()];
    let opens_at = SystemClock.now().plus(Duration::from_secs(3600));
    let strange = stage.booking(OpeningSource::Given, opens_at, &["06:00-08:00"]).await;
    let sound =
        stage.booking(OpeningSource::Now, opens_at.plus(Duration::from_secs(1)), &["08:00-10:00"]).await;
    let damage = "UPDATE booking SET receipt = 'of a newer version' WHERE id = 1";
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&stage.config.database);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(damage).execute(&mut other).await.unwrap();

    let (_stop, stopped) = watch::channel(false);
    let mut runner = Runner::begin(stage.context(None)).await.unwrap();
    // Not near yet: nothing is claimed, and the look at the store succeeds all the same.
    runner.run(Scope::Before(SystemClock.now()), stopped.clone(), |_| {}).await.unwrap();
    assert_eq!(stage.store.counts().await.unwrap()[0], (State::Waiting, 2));
    runner.run(Scope::Before(opens_at.plus(Duration::from_secs(2))), stopped, |_| {}).await.unwrap();
    assert_eq!(stage.state(sound).await.0, State::Succeeded);
    let messages = stage.store.take_messages(10, Duration::ZERO).await.unwrap();
    let told = messages.iter().find(|message| message.booking == Some(strange)).expect("it is told");
    assert_eq!((told.kind.as_str(), &told.body["state"]), ("verdict", &"needs-person".into()));
    assert!(told.body["reason"].as_str().unwrap().contains("cannot be read"), "{told:?}");
}

/// How often a password arrived at the site.
fn passwords(stage: &Stage) -> usize {
    stage.server.arrivals().iter().filter(|a| a.step == SiteStep::Login && a.method == "POST").count()
}

#[tokio::test]
async fn a_refused_password_is_not_sent_again_before_a_person_has_seen_to_it() {
    let stage = Stage::new(|_| {}).await;
    let seal =
        |password: &str| stage.vault.seal(SealPurpose::Password("tester1"), password.as_bytes()).unwrap();
    stage.store.set_password("tester1", &seal("wrong")).await.unwrap();
    // Those that are claimed together share the refusal, and a later one is not tried at all.
    let now = async |range| stage.booking(OpeningSource::Now, SystemClock.now(), &[range]).await;
    let (first, second) = (now("06:00-08:00").await, now("08:00-10:00").await);
    let ended = stage.work().await;
    assert!(
        ended.iter().all(|done| matches!(&done.end, End::Over { code: 4, .. })) && ended.len() == 2,
        "{ended:?}"
    );
    for id in [first, second] {
        let (state, reason) = stage.state(id).await;
        assert!(matches!(state, State::Failed | State::NeedsPerson), "{state:?}");
        assert!(reason.contains("account password tester1"), "{reason}");
    }
    assert_eq!(passwords(&stage), 1);
    assert!(stage.store.account("tester1").await.unwrap().refused_at.is_some());

    let third = now("10:00-12:00").await;
    stage.work().await;
    let (state, reason) = stage.state(third).await;
    assert_eq!((state, passwords(&stage)), (State::NeedsPerson, 1), "{reason}");
    assert!(reason.contains("refused the login at"), "{reason}");

    // Another password is tried, and one that works clears the mark.
    stage.store.set_password("tester1", &seal("invented-1")).await.unwrap();
    assert_eq!(stage.store.account("tester1").await.unwrap().refused_at, None);
    let fourth = now("12:00-14:00").await;
    stage.work().await;
    assert_eq!((stage.state(fourth).await.0, passwords(&stage)), (State::Succeeded, 2));
}

#[tokio::test]
async fn what_another_runner_left_is_read_back_before_anything_is_sent() {
    for arrived in [true, false] {
        let stage = Stage::new(|_| {}).await;
        let id = stage.at_once().await;
        let lease = stage.claimed_by_another().await;
        let permit = stage.store.permit(lease, "other", 0, &[], ledger::LEASE).await.unwrap();
        assert!(permit.is_ok());
        if arrived {
            // The application reached the site, and its sender died before the answer.
            let client = Client::builder(stage.server.site().unwrap()).build().unwrap();
            let credentials = Credentials::new("tester1", "invented-1");
            let report =
                Booking::new(client, credentials, stage.wish("06:00-08:00"), application()).run(|_| {}).await;
            assert!(matches!(report.verdict, Verdict::Reserved { .. }));
            stage.server.with(StandIn::forget_arrivals);
        }
        stage.store.end_runner("other").await.unwrap();
        stage.work().await;
        let first = stage.server.arrivals().into_iter().map(|Arrival { step, .. }| step).next();
        assert_eq!(first, Some(SiteStep::Schedule));
        assert_eq!(stage.count(SiteStep::Submit), usize::from(!arrived));
        assert_eq!(stage.state(id).await.0, State::Succeeded, "{:?}", stage.state(id).await);
    }
}

#[tokio::test]
async fn a_booking_that_nobody_ran_is_missed_and_says_by_how_much() {
    let stage = Stage::new(|_| {}).await;
    let opened = SystemClock.now().minus(Duration::from_secs(65));
    let id = stage.booking(OpeningSource::Given, opened, &["06:00-08:00"]).await;
    stage.work().await;
    let (state, reason) = stage.state(id).await;
    assert_eq!(state, State::Failed);
    assert!(reason.starts_with("missed by 6") && reason.contains(" s: "), "{reason}");
    // The site was asked for its time, and for nothing else.
    assert_eq!((stage.server.arrivals().len(), stage.looks_at_clock()), (1, 1));
    // Inside the window a late start still runs.
    let opened = SystemClock.now().minus(Duration::from_secs(1));
    let id = stage.booking(OpeningSource::Given, opened, &["08:00-10:00"]).await;
    stage.work().await;
    assert_eq!(stage.state(id).await.0, State::Succeeded);
}

#[tokio::test]
async fn what_is_foreseen_is_stored_and_ends_a_booking_that_cannot_be_had() {
    let opens_at = SystemClock.now().plus(Duration::from_secs(300));
    let stage = Stage::new(|_| {}).await;
    let id = stage.booking(OpeningSource::Given, opens_at, &["07:00-09:00"]).await;
    stage.server.with(|s| s.set_opening(stage.wish("07:00-09:00").date, Some(opens_at)));
    let done = stage.work_until(opens_at.plus(Duration::from_secs(1))).await;
    assert_eq!(done.len(), 1);
    let (state, reason) = stage.state(id).await;
    assert_eq!(state, State::Failed);
    assert!(reason.contains("its rounds are 06:00-08:00, 08:00-10:00"), "{reason}");
    let story = stage.store.story(id).await.unwrap();
    let foreseen = story.events.iter().any(|row| match &row.event {
        Event::Alarm { foreseen: Some(foreseen), .. } => foreseen.choices.len() == 8,
        _ => false,
    });
    assert!(foreseen, "{story:?}");
    assert_eq!((stage.count(SiteStep::Submit), stage.booked()), (0, 0));
}

#[tokio::test]
async fn the_next_choice_is_tried_and_noted() {
    let stage = Stage::new(|settings| settings.taken = Taken::Alert).await;
    let id = stage.at_once().await;
    stage.server.with(|stand_in| {
        let wish = stage.wish("06:00-08:00");
        stand_in.take(&wish.place, wish.date, wish.range, "빠른클럽");
    });
    stage.work().await;
    let booking = stage.store.booking(id).await.unwrap();
    assert_eq!((booking.state, booking.wish, stage.booked()), (State::Succeeded, 1, 1));
}

#[tokio::test]
async fn a_refused_login_ends_it_with_the_reason() {
    let stage = Stage::new(|settings| settings.accounts = vec![Account::invented(7)]).await;
    let id = stage.at_once().await;
    let ended = stage.work().await;
    assert!(matches!(&ended[..], [Done { end: End::Over { code: 4, .. }, .. }]), "{ended:?}");
    let (state, reason) = stage.state(id).await;
    assert!(state == State::Failed && reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn a_setting_that_cannot_be_used_needs_a_person() {
    let stage = Stage::new(|_| {}).await;
    let password = stage.vault.seal(SealPurpose::Password("tester9"), b"invented-9").unwrap();
    let account = NewAccount {
        name: "tester9".into(),
        site: "/no/such/dialect.toml".into(),
        base_url: None,
        login: "tester9".into(),
        password,
    };
    stage.store.add_account(&account).await.unwrap();
    let id = stage.at_once().await;
    // The same booking for the other account.
    let mut booking = stage.store.booking(id).await.unwrap();
    stage.work().await;
    booking.choices = vec![stage.wish("10:00-12:00")];
    let new = NewBooking {
        account: "tester9".into(),
        choices: booking.choices,
        application: booking.application,
        opens: OpeningSource::Now,
        opens_at: SystemClock.now(),
        give_up_after: booking.give_up_after,
        lead: Duration::ZERO,
        clock_offset_micros: None,
        pace: RetryPace::Default,
        most_requests: None,
        note: None,
    };
    let id = stage.store.add_bookings(&[new]).await.unwrap()[0];
    stage.work().await;
    let (state, reason) = stage.state(id).await;
    assert!(state == State::NeedsPerson && reason.contains("/no/such/dialect.toml"), "{reason}");
}

/// A runner at work on a booking that opens in a while; ends it by `act`, and gives how it ended.
async fn interrupted(
    stage: &Stage,
    act: impl AsyncFnOnce(BookingId, &watch::Sender<bool>),
) -> (BookingId, Vec<Done>) {
    let opens_at = SystemClock.now().plus(Duration::from_secs(300));
    let id = stage.booking(OpeningSource::Given, opens_at, &["06:00-08:00"]).await;
    let (stop, stopped) = watch::channel(false);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let observer = move |_, _: &TimedEvent| {
        let _ = tell.send(());
    };
    let mut runner = Runner::begin(stage.context(Some(Box::new(observer)))).await.unwrap();
    let mut ended = Vec::new();
    let working = runner.run(Scope::Before(opens_at.plus(Duration::from_secs(1))), stopped, |done| {
        ended.push(done.clone());
    });
    let acting = async {
        told.recv().await;
        act(id, &stop).await;
    };
    tokio::join!(working, acting).0.unwrap();
    (id, ended)
}

#[tokio::test]
async fn a_runner_that_is_stopped_hands_back_what_it_holds() {
    let stage = Stage::new(|_| {}).await;
    let (id, ended) = interrupted(&stage, async |_, stop| {
        let _ = stop.send(true);
    })
    .await;
    assert!(matches!(&ended[..], [Done { end: End::HandedBack, .. }]), "{ended:?}");
    let booking = stage.store.booking(id).await.unwrap();
    assert_eq!((booking.state, booking.owner), (State::Waiting, None));
    let again = stage.claimed_by_another().await;
    assert_eq!(again.booking, id);
    assert_eq!(stage.count(SiteStep::Submit), 0);
}

#[tokio::test]
async fn a_person_can_cancel_what_a_runner_holds() {
    let stage = Stage::new(|_| {}).await;
    let (id, ended) = interrupted(&stage, async |id, _| {
        stage.store.cancel_booking(id).await.unwrap();
    })
    .await;
    assert!(matches!(&ended[..], [Done { end: End::Over { state: State::Cancelled, .. }, .. }]), "{ended:?}");
    assert_eq!(stage.state(id).await.0, State::Cancelled);
    assert_eq!(stage.count(SiteStep::Submit), 0);
}

#[tokio::test]
async fn a_lease_that_is_lost_ends_the_work_on_it() {
    let stage = Stage::new(|_| {}).await;
    let (id, ended) = interrupted(&stage, async |_, _| {
        let holder = Identity::own(&stage.config.runner).to_string();
        let soon = SystemClock.now().plus(Duration::from_secs(3600));
        for _ in 0..100 {
            // As if this runner had been away for longer than its lease; it may be the first to come back.
            stage.store.end_runner(&holder).await.unwrap();
            let claimed = stage.store.claim("other", soon, 1, Duration::from_secs(60)).await.unwrap();
            if !claimed.is_empty() {
                break;
            }
        }
    })
    .await;
    assert!(ended.iter().all(|done| done.end == End::Lost), "{ended:?}");
    assert!(stage.metrics.leases_lost() > 0);
    let booking = stage.store.booking(id).await.unwrap();
    assert_eq!(booking.owner.as_deref(), Some("other"));
    assert_eq!(stage.count(SiteStep::Submit), 0);
}

/// Each login ends the one before. The bookings find that out and go on with one session, one after another.
#[tokio::test]
async fn bookings_of_an_account_do_not_end_each_other_at_a_site_with_one_session() {
    let stage = Stage::new(|settings| settings.one_session = true).await;
    let opens_at = SystemClock.now().plus(Duration::from_secs(4));
    stage.server.with(|stand_in| stand_in.settings_mut().opening = Some(opens_at));
    let mut ids = Vec::new();
    for range in ["06:00-08:00", "08:00-10:00", "10:00-12:00", "12:00-14:00"] {
        ids.push(stage.booking(OpeningSource::Given, opens_at, &[range]).await);
    }
    let (_stop, stopped) = watch::channel(false);
    let mut runner = Runner::begin(stage.context(None)).await.unwrap();
    runner.run(Scope::Before(opens_at.plus(Duration::from_secs(1))), stopped, |_| {}).await.unwrap();
    for id in ids {
        let (state, reason) = stage.state(id).await;
        assert_eq!(state, State::Succeeded, "{id}: {reason}");
    }
    assert_eq!(stage.booked(), 4);
    assert!(stage.count(SiteStep::Login) <= 4 + 2, "{} logins", stage.count(SiteStep::Login));
}

#[tokio::test]
async fn a_person_with_many_bookings_makes_room_for_another() {
    let mut stage = Stage::new(|_| {}).await;
    stage.config.most_at_once = 2;
    stage.account("tester2", "invented-2").await;
    let opens_at = SystemClock.now().plus(Duration::from_secs(600));
    let first = stage.booking(OpeningSource::Given, opens_at, &["06:00-08:00"]).await;
    let second = stage.booking(OpeningSource::Given, opens_at, &["08:00-10:00"]).await;
    let mut runner = Runner::begin(stage.context(None)).await.unwrap();
    assert_eq!(runner.tick(Scope::Daemon).await.unwrap().0, 2);
    // A member of the club stores one, a moment later.
    let member = [7; 32];
    stage.store.put_link(&member, LinkKind::Member, Duration::from_secs(60)).await.unwrap();
    let user = stage.store.use_link(&member, "member", "no hash").await.unwrap();
    let third = stage.booking(OpeningSource::Given, opens_at, &["10:00-12:00"]).await;
    stage.store.give(Owned::Booking(third), user.id).await.unwrap();
    assert_eq!(runner.tick(Scope::Daemon).await.unwrap().0, 0, "both places are taken");
    let done = runner.next_done().await.unwrap();
    assert_eq!((done.lease.booking, done.end), (second, End::HandedBack));
    assert_eq!(runner.tick(Scope::Daemon).await.unwrap().0, 1);
    let mut held: Vec<_> = runner.held.keys().copied().collect();
    held.sort();
    assert_eq!(held, [first, third]);
    runner.hand_all_back(&mut |_| {}).await;
    assert_eq!(stage.store.booking(second).await.unwrap().state, State::Waiting);
}
