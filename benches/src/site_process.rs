//! The stand-in in a process of its own, so that its work is not counted as a client's: a measuring program
//! starts itself again with `--stand-in`, asks that process for its log, and ends it by closing its input.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use namyangju_rent::clock::SystemClock;
use namyangju_rent::harness::{Account, Arrival, Delay, Settings, SiteStep, StandIn, StandInServer};
use namyangju_rent::{SeoulTime, Site};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;

/// The word that makes a measuring program the stand-in.
const WORD: &str = "--stand-in";

/// How the stand-in behaves.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Behaviour {
    /// Of slot numbers, sessions and jitter.
    pub seed: u64,
    /// How many invented accounts can log in.
    pub accounts: u32,
    /// The round trip in microseconds, half each way.
    #[serde(default)]
    pub round_trip_micros: u64,
    /// How much of each way is drawn anew for every request: 0.25 is a quarter up or down.
    #[serde(default)]
    pub jitter: f64,
    /// What its clock is ahead of this machine's.
    #[serde(default)]
    pub skew_millis: i64,
    /// When one date opens, on its clock, in microseconds since 1970; the others are open.
    #[serde(default)]
    pub opening: Option<(String, i64)>,
    /// Whether clients go through a relay that counts bytes.
    #[serde(default)]
    pub counts_bytes: bool,
}

/// What the stand-in saw.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Log {
    /// Every request, in the order of the answers.
    pub requests: Vec<Seen>,
    /// Every reservation, in order.
    pub bookings: Vec<Made>,
    /// Bytes from the clients, and to them, headers included, if they were counted.
    pub bytes: (u64, u64),
    /// How many connections were opened.
    pub connections: u64,
}

/// One request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Seen {
    /// When, on this machine's clock, in microseconds since 1970.
    pub at: i64,
    /// The same on the site's clock.
    pub site_time: i64,
    /// The account it was answered for.
    pub account: Option<String>,
    /// The method.
    pub method: String,
    /// The step, in small letters.
    pub step: String,
    /// The path.
    pub path: String,
    /// The status answered.
    pub status: u16,
}

/// One reservation.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Made {
    /// When, on the site's clock, in microseconds since 1970.
    pub site_time: i64,
    /// Whose.
    pub account: String,
    /// `NYJ06/07/103`.
    pub place: String,
    /// `2026-12-05`.
    pub date: String,
    /// `06:00-08:00`, for each slot.
    pub slots: Vec<String>,
    /// What was written into the form.
    pub texts: BTreeMap<String, String>,
}

/// A running stand-in. It ends when this is dropped.
#[derive(Debug)]
pub struct SiteProcess {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    base_url: String,
}

impl SiteProcess {
    /// Starts this very program as a stand-in; it has to call [`serve_if_asked`] first of all.
    ///
    /// # Errors
    /// What the system says, or what the other process did not say.
    pub fn start(behaviour: &Behaviour) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(WORD)
            .arg(serde_json::to_string(behaviour)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take().ok_or("no output")?);
        let mut site = Self { child, input, output: BufReader::new(output), base_url: String::new() };
        site.base_url = site.line()?;
        Ok(site)
    }

    /// Where clients find it.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What it saw so far.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn log(&mut self) -> Result<Log, Failure> {
        self.ask("log")?;
        Ok(serde_json::from_str(&self.line()?)?)
    }

    /// How many reservations it took so far.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn booked(&mut self) -> Result<usize, Failure> {
        self.ask("booked")?;
        Ok(self.line()?.parse()?)
    }

    fn ask(&mut self, word: &str) -> Result<(), Failure> {
        let input = self.input.as_mut().ok_or("the stand-in is ending")?;
        writeln!(input, "{word}")?;
        Ok(input.flush()?)
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        match self.output.read_line(&mut line)? {
            0 => Err("the stand-in's process ended".into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}

impl Drop for SiteProcess {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// Is the stand-in until its input ends, if that is what this process was started for; says whether it was.
///
/// # Errors
/// If no port can be had, or the behaviour makes no sense.
pub fn serve_if_asked() -> Result<bool, Failure> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(WORD) {
        return Ok(false);
    }
    let behaviour: Behaviour = serde_json::from_str(&arguments.next().ok_or("no behaviour")?)?;
    let stand_in = StandIn::new(&Site::builtin("namyangju")?, settings(&behaviour)?);
    let server = StandInServer::spawn(stand_in, Arc::new(SystemClock))?;
    let relay = behaviour.counts_bytes.then(|| Relay::start(&server)).transpose()?;
    let base_url = relay.as_ref().map_or_else(|| server.base_url(), |relay| relay.base_url.clone());
    let mut output = std::io::stdout().lock();
    writeln!(output, "{base_url}")?;
    output.flush()?;
    for line in std::io::stdin().lines() {
        match line?.as_str() {
            "booked" => writeln!(output, "{}", server.with(|s| s.bookings().len()))?,
            _ => writeln!(output, "{}", serde_json::to_string(&log(&server, relay.as_ref()))?)?,
        }
        output.flush()?;
    }
    Ok(true)
}

fn settings(behaviour: &Behaviour) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    settings.seed = behaviour.seed.max(1);
    settings.clock_skew_millis = behaviour.skew_millis;
    settings.accounts = (1..=behaviour.accounts.max(1)).map(Account::invented).collect();
    let half = Duration::from_micros(behaviour.round_trip_micros / 2);
    let delay =
        Delay { base: half.mul_f64(1.0 - behaviour.jitter), jitter: half.mul_f64(2.0 * behaviour.jitter) };
    (settings.there, settings.back) = (delay, delay);
    if let Some((date, micros)) = &behaviour.opening {
        settings.openings.insert(date.parse()?, SeoulTime::from_unix_micros(*micros));
    }
    Ok(settings)
}

fn log(server: &StandInServer, relay: Option<&Relay>) -> Log {
    let made = server.with(|stand_in| {
        let bookings = stand_in.bookings().iter().map(|booked| Made {
            site_time: booked.at.unix_micros(),
            account: booked.account.clone(),
            place: booked.place.to_string(),
            date: booked.date.to_string(),
            slots: booked.slots.iter().map(|(_, range)| range.to_string()).collect(),
            texts: ["club_name", "group_count", "playname", "reason", "hp"]
                .map(|name| (name.to_owned(), booked.fields.first(name).unwrap_or_default().to_owned()))
                .into(),
        });
        bookings.collect()
    });
    Log {
        requests: server.arrivals().iter().map(seen).collect(),
        bookings: made,
        bytes: relay.map_or((0, 0), Relay::bytes),
        connections: server.connections() as u64,
    }
}

fn seen(arrival: &Arrival) -> Seen {
    let step = match arrival.step {
        SiteStep::Home => "home",
        SiteStep::LoginPage => "login page",
        SiteStep::Login => "login",
        SiteStep::Schedule => "schedule",
        SiteStep::Day => "day",
        SiteStep::Form => "form",
        SiteStep::Submit => "submit",
        _ => "other",
    };
    Seen {
        at: arrival.at.unix_micros(),
        site_time: arrival.site_time.unix_micros(),
        account: arrival.account.clone(),
        method: arrival.method.clone(),
        step: step.to_owned(),
        path: arrival.path.clone(),
        status: arrival.status,
    }
}

/// Passes connections on and counts what goes through.
struct Relay {
    base_url: String,
    counts: Arc<[AtomicU64; 2]>,
}

impl Relay {
    fn start(server: &StandInServer) -> Result<Self, Failure> {
        let target = server.address();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let counts: Arc<[AtomicU64; 2]> = Arc::default();
        let counted = Arc::clone(&counts);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            let served: Result<(), Failure> = runtime.block_on(async move {
                let listener = TcpListener::from_std(listener)?;
                loop {
                    let (client, _) = listener.accept().await?;
                    tokio::spawn(pass_on(client, TcpStream::connect(target).await?, Arc::clone(&counted)));
                }
            });
            if let Err(error) = served {
                eprintln!("the relay ended: {error}");
            }
        });
        Ok(Self { base_url, counts })
    }

    fn bytes(&self) -> (u64, u64) {
        let [up, down] = &*self.counts;
        (up.load(Ordering::Relaxed), down.load(Ordering::Relaxed))
    }
}

async fn pass_on(client: TcpStream, site: TcpStream, counts: Arc<[AtomicU64; 2]>) {
    let _ = (client.set_nodelay(true), site.set_nodelay(true));
    let ((from_client, to_client), (from_site, to_site)) = (client.into_split(), site.into_split());
    let [up, down] = &*counts;
    tokio::join!(copy(from_client, to_site, up), copy(from_site, to_client, down));
}

async fn copy(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    count: &AtomicU64,
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        count.fetch_add(read as u64, Ordering::Relaxed);
        if to.write_all(part).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
