//! The figures of this process: counters and histograms.
//!
//! Nothing here is personal, and every label has few values: a booking, an account or an address is none.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use namyangju_rent::{Event, Report, TimedEvent};
use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::store::State;

/// Labels that come from outside have at most so many values; the rest is `other`.
const MAX_VALUES: usize = 64;

pub(super) type Label = [(&'static str, String); 1];
type Labels = [(&'static str, String); 2];
type Histograms = Family<Label, Histogram, fn() -> Histogram>;

/// The figures of one process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(super) figures: Arc<Figures>,
}

pub(super) struct Figures {
    pub(super) registry: Registry,
    seen: Mutex<BTreeSet<(&'static str, String)>>,
    answers: Family<Label, Counter>,
    first_byte: Histograms,
    page: Histograms,
    late: Histogram,
    clock_error: Histogram,
    clock_ahead: Measured,
    alarms: Counter,
    submissions: Counter,
    ended: Family<Label, Counter>,
    requests: Counter,
    planning: Histogram,
    claimed: Counter,
    running: Gauge,
    leases_lost: Counter,
    clock_jumps: Histograms,
    messages: Family<Labels, Counter>,
}

/// A gauge without a value until something was measured: a nought would say that the site's clock is right.
#[derive(Clone, Debug, Default)]
struct Measured(Arc<Mutex<Option<f64>>>);

impl Measured {
    fn set(&self, value: f64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }
}

impl EncodeMetric for Measured {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(value) => encoder.encode_gauge(&value),
            None => Ok(()),
        }
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

/// From a millisecond to half a minute: answers of a site.
fn answer_times() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 15))
}

/// From ten microseconds to a third of a second: how exactly a request left.
fn fine_times() -> Histogram {
    Histogram::new([0.000_01, 0.000_03, 0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3])
}

/// From half a second to some hours: how far a clock jumps.
fn jumps() -> Histogram {
    Histogram::new(exponential_buckets(0.5, 4.0, 8))
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut figures = Figures {
            registry: Registry::with_prefix("rent"),
            seen: Mutex::default(),
            answers: Family::default(),
            first_byte: Family::new_with_constructor(answer_times),
            page: Family::new_with_constructor(answer_times),
            late: fine_times(),
            clock_error: Histogram::new(exponential_buckets(0.000_5, 2.0, 12)),
            clock_ahead: Measured::default(),
            alarms: Counter::default(),
            submissions: Counter::default(),
            ended: Family::default(),
            requests: Counter::default(),
            planning: answer_times(),
            claimed: Counter::default(),
            running: Gauge::default(),
            leases_lost: Counter::default(),
            clock_jumps: Family::new_with_constructor(jumps),
            messages: Family::default(),
        };
        figures.register();
        Self { figures: Arc::new(figures) }
    }

    /// One event of a booking: attempts, first-byte times, lateness of shots, clock error, alarms.
    pub(crate) fn on_event(&self, happened: &TimedEvent) {
        let figures = &self.figures;
        match &happened.event {
            Event::Alarm { .. } => {
                figures.alarms.inc();
            }
            Event::ClockRead { estimate } => {
                figures.clock_error.observe(seconds_of_micros(estimate.error_micros));
                figures.clock_ahead.set(seconds_of_micros(estimate.ahead_micros));
            }
            Event::Fired { late } => figures.late.observe(late.as_secs_f64()),
            Event::Submitting => {
                figures.submissions.inc();
            }
            Event::Visited { step, first_byte, took, .. } => {
                let step = [("step", word(step))];
                figures.first_byte.get_or_create(&step).observe(first_byte.as_secs_f64());
                figures.page.get_or_create(&step).observe(took.as_secs_f64());
            }
            Event::Answered { answer, .. } => {
                figures.answers.get_or_create(&[("outcome", answer.as_str().to_owned())]).inc();
            }
            _ => {}
        }
    }

    /// A booking ended.
    pub(crate) fn ended(&self, state: State, report: Option<&Report>) {
        self.figures.ended.get_or_create(&[("state", state.as_str().to_owned())]).inc();
        if let Some(report) = report {
            self.figures.requests.inc_by(u64::from(report.requests));
        }
    }

    /// One round of planning: how long it took, and how many bookings it claimed.
    pub(crate) fn planned(&self, took: Duration, claimed: usize) {
        self.figures.planning.observe(took.as_secs_f64());
        self.figures.claimed.inc_by(u64::try_from(claimed).unwrap_or(u64::MAX));
    }

    /// How many bookings this process runs.
    pub(crate) fn running(&self, many: usize) {
        self.figures.running.set(i64::try_from(many).unwrap_or(i64::MAX));
    }

    /// A lease was lost to another runner.
    pub(crate) fn lease_lost(&self) {
        self.figures.leases_lost.inc();
    }

    /// How often that was so.
    #[cfg(test)]
    pub(crate) fn leases_lost(&self) -> u64 {
        self.figures.leases_lost.get()
    }

    /// The machine slept, or its wall clock stepped, by so much (the sign is the direction).
    pub(crate) fn clock_jumped(&self, micros: i64) {
        let direction = if micros < 0 { "backward" } else { "forward" };
        let jumps = self.figures.clock_jumps.get_or_create(&[("direction", direction.to_owned())]);
        jumps.observe(Duration::from_micros(micros.unsigned_abs()).as_secs_f64());
    }

    /// One try to send a message.
    pub(crate) fn message(&self, channel: &str, sent: bool) {
        let result = if sent { "sent" } else { "failed" };
        let channel = self.bounded("channel", channel);
        self.figures.messages.get_or_create(&[("channel", channel), ("result", result.to_owned())]).inc();
    }

    /// The value of a label that comes from outside, or `other` when there are too many.
    fn bounded(&self, label: &'static str, value: &str) -> String {
        let mut seen = self.figures.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = (label, value.to_owned());
        if seen.contains(&entry) {
            return entry.1;
        }
        if seen.iter().filter(|(known, _)| *known == label).count() >= MAX_VALUES {
            return "other".to_owned();
        }
        seen.insert(entry.clone());
        entry.1
    }
}

impl Figures {
    fn register(&mut self) {
        let registry = &mut self.registry;
        let seconds = || Unit::Seconds;
        let version = env!("CARGO_PKG_VERSION");
        registry.register("build", "The version of this program", Info::new([("version", version)]));
        registry.register(
            "answers",
            "Attempts at a reservation that were answered, or broke, by outcome",
            self.answers.clone(),
        );
        registry.register_with_unit(
            "first_byte",
            "From a request to the head of the site's answer, by page",
            seconds(),
            self.first_byte.clone(),
        );
        registry.register_with_unit(
            "page",
            "From a request to the whole answer, by page",
            seconds(),
            self.page.clone(),
        );
        registry.register_with_unit(
            "shot_late",
            "How long after its planned instant the first request of an opening left",
            seconds(),
            self.late.clone(),
        );
        registry.register_with_unit(
            "site_clock_error",
            "Half of the interval that is left for the site's clock, at each measurement",
            seconds(),
            self.clock_error.clone(),
        );
        registry.register_with_unit(
            "site_clock_ahead",
            "How far the site's clock was ahead of this machine's at the last measurement",
            seconds(),
            self.clock_ahead.clone(),
        );
        registry.register(
            "alarms",
            "Times that something was not ready before an opening",
            self.alarms.clone(),
        );
        registry.register("submissions", "Applications that left", self.submissions.clone());
        registry.register("bookings_ended", "Bookings that ended, by state", self.ended.clone());
        registry.register(
            "requests",
            "Requests that ended bookings had sent to sites",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "planning",
            "How long a round of planning took",
            seconds(),
            self.planning.clone(),
        );
        registry.register("bookings_claimed", "Bookings that this process claimed", self.claimed.clone());
        registry.register("bookings_running", "Bookings that this process runs", self.running.clone());
        registry.register(
            "leases_lost",
            "Leases that went to another runner while this one ran the booking",
            self.leases_lost.clone(),
        );
        registry.register_with_unit(
            "clock_jump",
            "By how much the wall clock jumped, or the machine slept",
            seconds(),
            self.clock_jumps.clone(),
        );
        registry.register(
            "messages",
            "Tries to send a message, by channel and result",
            self.messages.clone(),
        );
    }
}

fn seconds_of_micros(micros: i64) -> f64 {
    micros as f64 / 1_000_000.0
}

/// The short name of a step, as JSON has it.
fn word(step: &impl serde::Serialize) -> String {
    match serde_json::to_value(step) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "other".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::net::SocketAddr;

    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::watch;

    use super::*;
    use crate::store::NewMessage;
    use crate::store::Store;
    use crate::store::{Sealed, VaultRow};
    use crate::telemetry::scrape::{OPEN_METRICS, StoreAccess};
    use crate::testing::stored;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{Connection, SqliteConnection};

    /// Serves the figures until told to stop.
    async fn serve(metrics: &Metrics, store: Store, mut stop: watch::Receiver<bool>) -> SocketAddr {
        let access = watch::channel(StoreAccess::Open(store)).1;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = metrics.routes(access);
        tokio::spawn(async move {
            let stopped = async move {
                let _ = stop.wait_for(|stop| *stop).await;
            };
            axum::serve(listener, app).with_graceful_shutdown(stopped).await.unwrap();
        });
        address
    }

    fn happened(event: Value) -> TimedEvent {
        let mut value = json!({ "at": "2026-11-26 10:00:00", "monotonic_micros": 7 });
        value.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        serde_json::from_value(value).unwrap()
    }

    /// The head and the body of an answer.
    async fn ask(address: SocketAddr, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// The samples, after a look at the rules of the format.
    fn samples(text: &str) -> BTreeMap<String, f64> {
        let mut samples = BTreeMap::new();
        let mut families: BTreeSet<String> = BTreeSet::new();
        let (mut family, mut kind) = (String::new(), String::new());
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.last(), Some(&"# EOF"));
        for line in &lines[..lines.len() - 1] {
            if let Some(about) = line.strip_prefix("# ") {
                let words: Vec<_> = about.splitn(3, ' ').collect();
                match words[0] {
                    "HELP" => {
                        family = words[1].to_owned();
                        assert!(families.insert(family.clone()), "twice: {line}");
                    }
                    "TYPE" => kind = words[2].to_owned(),
                    "UNIT" => assert!(family.ends_with(words[2]), "{line}"),
                    _ => panic!("{line}"),
                }
                assert_eq!(words[1], family, "{line}");
                continue;
            }
            let (name, value) = line.rsplit_once(' ').expect(line);
            let base = name.split('{').next().unwrap();
            let suffix = base.strip_prefix(&family).expect(line);
            let allowed: &[&str] = match kind.as_str() {
                "counter" => &["_total"],
                "gauge" => &[""],
                "info" => &["_info"],
                "histogram" => &["_bucket", "_sum", "_count"],
                other => panic!("{other}: {line}"),
            };
            assert!(family.starts_with("rent_") && allowed.contains(&suffix), "{line}");
            assert!(samples.insert(name.to_owned(), value.parse().expect(line)).is_none(), "twice: {line}");
        }
        samples
    }

    #[tokio::test]
    async fn a_scrape_tells_what_happened_and_what_is_stored() {
        let (_folder, store, _) = stored(None, "2026-11-26 10:00:00".parse().unwrap()).await;
        let message = NewMessage {
            booking: None,
            kind: "verdict",
            body: json!({}),
            channels: vec!["a".into(), "b".into()],
        };
        store.enqueue(&message).await.unwrap();
        store.begin_runner("tester").await.unwrap();
        let metrics = Metrics::new();
        for event in [
            json!({ "event": "alarm", "text": "홍길동" }),
            json!({ "event": "fired", "late_micros": 20 }),
            json!({ "event": "visited", "step": "form", "first_byte_micros": 30_000, "took_micros": 40_000 }),
            json!({ "event": "submitting" }),
            json!({ "event": "answered", "step": "submit", "name": "slot-taken", "text": "홍길동" }),
            json!({ "event": "clock-read", "estimate": {
                "ahead_micros": -1_500_000, "error_micros": 2_000, "path_micros": 9, "probes": 3, "cached": false
            } }),
        ] {
            metrics.on_event(&happened(event));
        }
        metrics.ended(State::Failed, None);
        metrics.planned(Duration::from_millis(3), 2);
        metrics.running(1);
        metrics.lease_lost();
        metrics.clock_jumped(-90_000_000);
        metrics.message("phone", true);
        metrics.message("phone", false);
        let (_stop, stopped) = watch::channel(false);
        let address = serve(&metrics, store, stopped).await;
        let (head, text) = ask(address, "/metrics").await;
        assert!(head.starts_with("HTTP/1.1 200") && head.contains(OPEN_METRICS), "{head}");
        assert!(!text.contains("홍길동") && !text.contains("tester"), "{text}");
        let samples = samples(&text);
        for (name, value) in [
            ("rent_alarms_total", 1.0),
            ("rent_answers_total{outcome=\"slot-taken\"}", 1.0),
            ("rent_first_byte_seconds_sum{step=\"form\"}", 0.03),
            ("rent_page_seconds_count{step=\"form\"}", 1.0),
            ("rent_shot_late_seconds_bucket{le=\"0.00003\"}", 1.0),
            ("rent_shot_late_seconds_bucket{le=\"0.00001\"}", 0.0),
            ("rent_site_clock_error_seconds_sum", 0.002),
            ("rent_site_clock_ahead_seconds", -1.5),
            ("rent_submissions_total", 1.0),
            ("rent_bookings_ended_total{state=\"failed\"}", 1.0),
            ("rent_planning_seconds_sum", 0.003),
            ("rent_bookings_claimed_total", 2.0),
            ("rent_bookings_running", 1.0),
            ("rent_leases_lost_total", 1.0),
            ("rent_clock_jump_seconds_sum{direction=\"backward\"}", 90.0),
            ("rent_messages_total{channel=\"phone\",result=\"sent\"}", 1.0),
            ("rent_bookings{state=\"waiting\"}", 1.0),
            ("rent_bookings{state=\"needs-person\"}", 0.0),
            ("rent_messages_waiting", 2.0),
            ("rent_runners", 1.0),
            ("rent_store_up", 1.0),
            ("rent_log_lines_dropped_total", 0.0),
        ] {
            assert_eq!(samples.get(name), Some(&value), "{name}: {text}");
        }
        assert!(samples.keys().any(|name| name.starts_with("rent_build_info{version=")));
    }

    #[tokio::test]
    async fn nothing_is_said_of_a_clock_before_it_was_measured() {
        let (_folder, store, _) = stored(None, "2026-11-26 10:00:00".parse().unwrap()).await;
        let metrics = Metrics::new();
        let (_stop, stopped) = watch::channel(false);
        let address = serve(&metrics, store, stopped).await;
        let (_, text) = ask(address, "/metrics").await;
        assert!(!samples(&text).keys().any(|name| name.starts_with("rent_site_clock_ahead")), "{text}");
        metrics.on_event(&happened(json!({ "event": "clock-read", "estimate": {
            "ahead_micros": 250_000, "error_micros": 2_000, "path_micros": 9, "probes": 3, "cached": false
        } })));
        let (_, text) = ask(address, "/metrics").await;
        assert_eq!(samples(&text).get("rent_site_clock_ahead_seconds"), Some(&0.25), "{text}");
    }

    #[tokio::test]
    async fn health_is_that_the_store_answers() {
        let (_folder, store, _) = stored(None, "2026-11-26 10:00:00".parse().unwrap()).await;
        let metrics = Metrics::new();
        let (stop, stopped) = watch::channel(false);
        let address = serve(&metrics, store.clone(), stopped).await;
        let (head, text) = ask(address, "/healthz").await;
        assert!(head.starts_with("HTTP/1.1 200") && text == "ok\n", "{head} {text}");
        assert!(ask(address, "/else").await.0.starts_with("HTTP/1.1 404"));

        store.close().await;
        let (head, text) = ask(address, "/healthz").await;
        assert!(
            head.starts_with("HTTP/1.1 503") && text.contains("the store does not answer"),
            "{head} {text}"
        );
        let (head, text) = ask(address, "/metrics").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let samples = samples(&text);
        assert_eq!(samples.get("rent_store_up"), Some(&0.0));
        assert!(!samples.contains_key("rent_runners"));

        stop.send(true).unwrap();
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_store_that_can_only_be_read_is_not_healthy() {
        let (folder, store, _) = stored(None, "2026-11-26 10:00:00".parse().unwrap()).await;
        store.set_vault(&VaultRow { check: Sealed(b"sealed check".to_vec()) }).await.unwrap();
        let (_stop, stopped) = watch::channel(false);
        let address = serve(&Metrics::new(), store.clone(), stopped).await;
        assert_eq!(ask(address, "/healthz").await.1, "ok\n");
        let options = SqliteConnectOptions::new().filename(folder.path().join("rent.db"));
        let mut other = SqliteConnection::connect_with(&options).await.unwrap();
        let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON vault BEGIN SELECT RAISE(FAIL, 'no room'); END";
        sqlx::query(refuse).execute(&mut other).await.unwrap();
        let (head, text) = ask(address, "/healthz").await;
        assert!(head.starts_with("HTTP/1.1 503") && text.contains("no room"), "{head} {text}");
        sqlx::query("DROP TRIGGER refuse").execute(&mut other).await.unwrap();
        assert_eq!(ask(address, "/healthz").await.1, "ok\n");
    }

    #[test]
    fn labels_from_outside_are_few() {
        let metrics = Metrics::new();
        for number in 0..1000 {
            metrics.message(&format!("channel {number}"), true);
        }
        assert_eq!(metrics.bounded("channel", "channel 5"), "channel 5");
        assert_eq!(metrics.bounded("channel", "channel 900"), "other");
        assert_eq!(metrics.bounded("outcome", "reserved"), "reserved");
    }
}
