use std::sync::Arc;
use std::time::Duration;

use namyangju_rent::clock::Clock;
use namyangju_rent::harness::{
    Account, Fault, FaultKind, ManualClock, Settings, SiteStep, StandIn, StandInServer,
};
use namyangju_rent::{
    Application, Booking, Client, ClientBuilder, Credentials, Event, Report, Session, Site, Wish,
};

/// The day on which all tests play.
pub(crate) const NOW: &str = "2026-11-26 09:50:00";

pub(crate) struct Stage {
    pub(crate) server: StandInServer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) client: Client,
    pub(crate) account: Account,
    dialect: String,
}

impl Stage {
    pub(crate) async fn new(dialect: &str, settings: Settings) -> Self {
        Self::built(dialect, settings, |builder| builder).await
    }

    pub(crate) async fn built(
        dialect: &str,
        settings: Settings,
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Self {
        Self::of_site(Site::builtin(dialect).unwrap(), dialect, settings, change).await
    }

    /// A stage of a dialect of the test's own, made from that of Namyangju.
    pub(crate) async fn of(site: Site, settings: Settings) -> Self {
        Self::of_site(site, "namyangju", settings, |builder| builder).await
    }

    async fn of_site(
        site: Site,
        dialect: &str,
        settings: Settings,
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Self {
        Self::by_clock(ManualClock::new(NOW.parse().unwrap()), site, dialect, settings, change).await
    }

    /// A stage of Namyangju on a machine whose clock a time server keeps.
    pub(crate) async fn kept(settings: Settings) -> Self {
        let clock = ManualClock::new(NOW.parse().unwrap()).synchronised();
        let site = Site::builtin("namyangju").unwrap();
        Self::by_clock(clock, site, "namyangju", settings, |builder| builder).await
    }

    async fn by_clock(
        clock: ManualClock,
        site: Site,
        dialect: &str,
        settings: Settings,
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Self {
        let clock = Arc::new(clock);
        let stand_in = StandIn::new(&site, settings);
        let account = stand_in.accounts()[0].clone();
        let carrier: Arc<dyn Clock> = clock.clone();
        let server = StandInServer::start(stand_in, carrier).await.unwrap();
        let builder = Client::builder(server.site().unwrap()).clock(clock.clone());
        let client = change(builder).build().unwrap();
        Self { server, clock, client, account, dialect: dialect.to_owned() }
    }

    pub(crate) async fn with_fault(dialect: &str, step: SiteStep, nth: u32, kind: FaultKind) -> Self {
        let mut settings = Settings::default();
        settings.faults = vec![Fault { step, nth, kind }];
        // A fault that never answers must not hold the test up.
        Self::built(dialect, settings, |b| b.exchange_timeout(Duration::from_millis(300))).await
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::new(&self.account.id, &self.account.password)
    }

    pub(crate) async fn session(&self) -> Session {
        self.client.log_in(&self.credentials()).await.unwrap()
    }

    pub(crate) fn wish(&self) -> Wish {
        let (place, range) = match self.dialect.as_str() {
            "cheonan" => ("CHEONAN02/19/19", "14:00-17:00"),
            _ => ("NYJ06/07/103", "06:00-08:00"),
        };
        Wish {
            place: place.parse().unwrap(),
            date: "2026-12-05".parse().unwrap(),
            range: range.parse().unwrap(),
            purpose: Default::default(),
        }
    }

    pub(crate) fn booking(&self) -> Booking {
        Booking::new(self.client.clone(), self.credentials(), self.wish(), application())
    }

    pub(crate) async fn book(&self) -> Report {
        self.booking().run(|_| {}).await
    }

    pub(crate) async fn story(&self) -> (Report, Vec<Event>) {
        let mut events = Vec::new();
        let report = self.booking().run(|happened| events.push(happened.event.clone())).await;
        (report, events)
    }

    /// Gives the wish's slot to somebody else.
    pub(crate) fn take_slot(&self) {
        let wish = self.wish();
        assert!(self.server.with(|s| s.take(&wish.place, wish.date, wish.range, "라마바클럽")) > 0);
    }

    /// How many requests of a step arrived.
    pub(crate) fn count(&self, step: SiteStep) -> usize {
        self.server.arrivals().iter().filter(|a| a.step == step).count()
    }

    pub(crate) fn booked(&self) -> usize {
        self.server.with(|s| s.bookings().len())
    }
}

pub(crate) fn application() -> Application {
    Application::new("가나다클럽", 4_u16.try_into().unwrap(), "테니스", "운동")
}
