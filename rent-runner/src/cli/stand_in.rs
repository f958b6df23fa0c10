//! `demo` and `site`: the stand-in site on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use namyangju_rent::SeoulTime;
use namyangju_rent::harness::{KeepAlive, WebServer};

use super::values::whole_number;
use crate::config::listen;
use crate::say::say;
use crate::words::duration;

/// Show a whole booking on this machine, on a stand-in site.
///
/// The command starts the stand-in on a free port, books one time when its day opens, and shows each step as
/// it happens: the time of day in Asia/Seoul, the time from the opening, and what was done. Other days are open
/// already, so that the numbers of the slots can be learned. The exit code is 0 only if the time is reserved.
/// Each flag shows one way in which a booking can go.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner demo
  rent-runner demo --rivals 20 --latency 40ms
  rent-runner demo --server nginx --script-time 120ms
  rent-runner demo --skew 1500ms
  rent-runner demo --expired-session --site cheonan
  rent-runner demo --busy=2s
  rent-runner demo --stored
  rent-runner demo --taken; echo $?")]
pub(crate) struct Demo {
    /// The time until the opening; 0 is open already. Default: 12s; 15s with --rivals, --skew, --latency or
    /// --script-time, where the site's clock has to be measured well.
    #[arg(long, value_parser = duration::parse, value_name = "DURATION")]
    opens_in: Option<Duration>,

    /// The city to imitate: a built-in name or the path of a dialect.
    #[arg(long, default_value = "namyangju", value_name = "NAME|PATH")]
    pub(crate) site: String,

    /// Another club books the time a moment earlier: lost (3).
    #[arg(long)]
    pub(crate) taken: bool,

    /// The site ends all sessions just before the opening: logged in again, reserved (0).
    #[arg(long)]
    pub(crate) expired_session: bool,

    /// The site asks for a human check before the form: a person is needed (6).
    #[arg(long)]
    pub(crate) human_check: bool,

    /// A waiting room (NetFUNNEL) stands before the form: a person is needed (6).
    #[arg(long)]
    pub(crate) waiting_room: bool,

    /// The day does not open at the announced instant: given up (9).
    #[arg(long)]
    pub(crate) not_open: bool,

    /// The site is overloaded from the opening on: given up (9). With a duration, only for that time: reserved
    /// late (0).
    #[arg(long, value_parser = duration::parse, value_name = "DURATION", require_equals = true, num_args = 0..=1)]
    pub(crate) busy: Option<Option<Duration>>,

    /// The connection breaks before the answer to the application: read back, reserved without a receipt (0).
    #[arg(long)]
    pub(crate) lose_answer: bool,

    /// The site blocks this client: blocked (5).
    #[arg(long)]
    pub(crate) blocked: bool,

    /// A race against this many programs that want the same time. Each asks every 500 ms, at a moment of its
    /// own, and needs three requests: reserved (0) or lost (3).
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = rivals)]
    pub(crate) rivals: u16,

    /// The round-trip time to the site.
    #[arg(long, value_parser = duration::parse, default_value = "0", value_name = "DURATION")]
    pub(crate) latency: Duration,

    #[command(flatten)]
    pub(crate) web_server: WebServerFlags,

    /// Set the site's clock ahead of this machine's by this much, as in 1500ms or -1.5s. The booking has to
    /// find out.
    #[arg(long, value_parser = duration::parse_offset, default_value = "0", value_name = "OFFSET")]
    #[arg(allow_hyphen_values = true)]
    pub(crate) skew: i64,

    /// The dates in the site's answers come from a cache that renews them every ten seconds.
    #[arg(long)]
    pub(crate) cached_date: bool,

    /// Stop trying this long after the opening.
    #[arg(long, value_parser = duration::parse, default_value = "5s", value_name = "DURATION")]
    pub(crate) give_up_after: Duration,

    /// Book through a store and a runner of its own, as `serve` does: with a sealed password, a stored booking, a
    /// lease, and the intent that is recorded before the application.
    #[arg(long)]
    pub(crate) stored: bool,

    /// Print each event as a line of JSON, and the report as the last line.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Demo {
    /// How long until the opening.
    pub(crate) fn opens_in(&self) -> Duration {
        let in_earnest = self.rivals > 0
            || self.skew != 0
            || !(self.latency.is_zero() && self.web_server.script_time.is_zero());
        self.opens_in.unwrap_or(Duration::from_secs(if in_earnest { 15 } else { 12 }))
    }
}

/// Serve the stand-in site, for rehearsals and for a browser.
///
/// The stand-in serves the pages of a reservation site with invented members, in the city's own character
/// set, until Ctrl-C. You can use it in a browser, and `rent-runner book` can book on it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner site
  rent-runner site --opens-in 1m --booked 0.3 --latency 40ms
  rent-runner site --server apache --script-time 80ms --keep-alive 5s
  rent-runner site --site cheonan --opens-at '2026-11-26 10:00:00' \\
      --listen 127.0.0.1:9000")]
pub(crate) struct StandInSite {
    /// The address to listen at; port 0 takes any free port.
    #[arg(long, default_value = "127.0.0.1:8099", value_name = "ADDRESS:PORT", value_parser = listen)]
    pub(crate) listen: SocketAddr,

    /// Allow an address that other machines can reach. Everyone there can log in and book.
    #[arg(long)]
    pub(crate) beyond_loopback: bool,

    /// The city to imitate: a built-in name or the path of a dialect.
    #[arg(long, env = "RENT_SITE", default_value = "namyangju", value_name = "NAME|PATH")]
    pub(crate) site: String,

    /// The time until reservations open. Default: open already.
    #[arg(long, value_parser = duration::parse, value_name = "DURATION")]
    pub(crate) opens_in: Option<Duration>,

    /// When reservations open, in Asia/Seoul, as in `2026-11-26 10:00:00`.
    #[arg(long, value_name = "INSTANT", conflicts_with = "opens_in")]
    pub(crate) opens_at: Option<SeoulTime>,

    /// The share of times that are booked from the start, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = share, value_name = "SHARE")]
    pub(crate) booked: f64,

    /// The round-trip time to the site.
    #[arg(long, value_parser = duration::parse, default_value = "0", value_name = "DURATION")]
    pub(crate) latency: Duration,

    #[command(flatten)]
    pub(crate) web_server: WebServerFlags,

    /// Ask for a human check before every form, not only at the courts that are known to have one.
    #[arg(long)]
    pub(crate) human_check: bool,
}

/// How the stand-in's web server behaves.
#[derive(Debug, Args)]
pub(crate) struct WebServerFlags {
    /// The web server to imitate, with its defaults. apache dates each answer when the request arrives, and
    /// closes an idle connection after 5 s; nginx dates it when the answer leaves, and closes an idle connection
    /// after 75 s. Default: dates as apache does, and closes no connection.
    #[arg(long, value_enum, value_name = "NAME")]
    server: Option<Server>,

    /// The time that the site works on each page before it answers. Images and style sheets come at once.
    #[arg(long, value_parser = duration::parse, default_value = "0", value_name = "DURATION")]
    script_time: Duration,

    /// The time after which the site closes an idle connection; `off` closes it after each answer.
    #[arg(long, value_parser = keep_alive, value_name = "DURATION|off")]
    keep_alive: Option<Kept>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Server {
    Apache,
    Nginx,
}

#[derive(Clone, Copy, Debug)]
enum Kept {
    For(Duration),
    Off,
}

impl WebServerFlags {
    pub(crate) fn behaviour(&self) -> WebServer {
        let mut server = match self.server {
            Some(Server::Apache) => WebServer::apache(),
            Some(Server::Nginx) => WebServer::nginx(),
            None => WebServer::default(),
        };
        server.script_time = self.script_time;
        match self.keep_alive {
            Some(Kept::Off) => server.keep_alive = KeepAlive::off(),
            Some(Kept::For(idle)) => server.keep_alive.idle = Some(idle),
            None => {}
        }
        server
    }
}

fn keep_alive(text: &str) -> Result<Kept, String> {
    if text == "off" {
        return Ok(Kept::Off);
    }
    duration::parse(text).map(Kept::For).map_err(|_| say!("write-duration-or-off"))
}

fn rivals(text: &str) -> Result<u16, String> {
    whole_number(text, 0..=1000)
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(say!("write-share")),
    }
}
