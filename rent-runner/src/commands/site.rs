//! `site`: the stand-in site on a port of this machine, until Ctrl-C.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::harness::{
    Arrival, Court, Delay, HumanCheck, Settings, SiteStep, StandIn, StandInServer,
};
use namyangju_rent::{Client, Site};

use crate::bad_input::BadInput;
use crate::cli::StandInSite;
use crate::say::say;
use crate::words::counted;
use crate::{exit, terminal};
use crate::{request, system};

/// How often new requests are printed.
const POLL_EVERY: Duration = Duration::from_millis(200);

/// How far ahead the example books.
const DAYS_AHEAD: i32 = 14;

/// Serves until Ctrl-C.
pub(crate) async fn run(arguments: &StandInSite) -> Result<u8> {
    let address = arguments.listen;
    if !address.ip().is_loopback() && !arguments.beyond_loopback {
        return Err(BadInput(say!("site-beyond-loopback", address = address)).into());
    }
    let dialect = request::site(&arguments.site)?;
    let front = front_path(&dialect).await?;
    let stand_in = StandIn::new(&dialect, behaviour(arguments));
    let server = StandInServer::spawn_on(address, arguments.beyond_loopback, stand_in, Arc::new(SystemClock))
        .with_context(|| say!("site-cannot-listen", address = address))?;
    // Before anybody is told how to end it.
    let interruption = system::interruption();
    terminal::result(&introduction(&server, &dialect, &front, arguments)?)?;
    let requests = log_until(&server, interruption).await;
    let bookings = server.with(|stand_in| stand_in.bookings().len());
    server.stop().await;
    terminal::note(&format!(
        "\n{}",
        say!(
            "site-ended",
            requests = counted(requests, "request"),
            bookings = counted(u32::try_from(bookings).unwrap_or(u32::MAX), "booking")
        )
    ));
    Ok(exit::DONE)
}

fn behaviour(arguments: &StandInSite) -> Settings {
    let mut settings = Settings::default();
    settings.opening = match (arguments.opens_at, arguments.opens_in) {
        (Some(at), _) => Some(at),
        (None, Some(wait)) => Some(SystemClock.now().plus(wait)),
        (None, None) => None,
    };
    settings.booked_share = arguments.booked;
    settings.web_server = arguments.web_server.behaviour();
    settings.there = Delay { base: arguments.latency / 2, jitter: Duration::ZERO };
    settings.back = settings.there;
    if arguments.human_check {
        settings.human_check = HumanCheck::Everywhere;
    }
    settings
}

/// What a person needs to use it.
fn introduction(
    server: &StandInServer,
    dialect: &Site,
    front: &str,
    arguments: &StandInSite,
) -> Result<String> {
    let (courts, settings, accounts) = server.with(|stand_in| {
        (stand_in.places().to_vec(), stand_in.settings().clone(), stand_in.accounts().to_vec())
    });
    let account = accounts.first().context("the stand-in has no account")?;
    let base = reachable(server);
    let mut text = format!("{}\n{}\n\n", say!("site-title", city = dialect.title()), say!("site-invented"));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{}", terminal::beside(name, &value));
    };
    line("address", format!("{base}{front}"));
    line("account", say!("site-account", id = account.id, password = account.password));
    line("opening", settings.opening.map_or_else(|| say!("site-open-already"), |at| at.to_string()));
    text.push('\n');
    text.push_str(&places(&courts, dialect, arguments.human_check));
    text.push_str("\n\n");
    let example = courts.iter().find(|court| !dialect.has_human_check(&court.place)).or(courts.first());
    if let Some(court) = example
        && let Some((_, range)) = court.rounds.first()
    {
        let date = SystemClock.now().date().plus_days(DAYS_AHEAD);
        let _ = write!(
            text,
            "{}\n\
             \x20 echo {} | rent-runner book --site {} \\\n\
             \x20     --base-url {base} --account {} --password-stdin \\\n\
             \x20     --place {} --date {date} --time {range} \\\n\
             \x20     --club-name 가나다클럽 --head-count 4 --event-name 테니스 --purpose 운동 \\\n\
             \x20     --tel 02-000-0000\n\n",
            say!("site-book-on-it"),
            account.password,
            shell_word(&arguments.site),
            account.id,
            court.place,
        );
    }
    text.push_str(&say!("site-ctrl-c"));
    Ok(text)
}

/// The base address; a server on all addresses is reached on the loopback one.
fn reachable(server: &StandInServer) -> String {
    let address = server.address();
    match address.ip() {
        ip if !ip.is_unspecified() => server.base_url(),
        IpAddr::V4(_) => format!("http://127.0.0.1:{}", address.port()),
        IpAddr::V6(_) => format!("http://[::1]:{}", address.port()),
    }
}

/// The path of the front page. The library keeps it to itself, so a guest's first request to a second
/// stand-in tells it.
async fn front_path(dialect: &Site) -> Result<String> {
    let stand_in = StandIn::new(dialect, Settings::default());
    let server = StandInServer::spawn(stand_in, Arc::new(SystemClock))?;
    // Whatever the menus hold, the request for the front page was sent.
    let _ = Client::builder(server.site()?).build()?.guest()?.menu(None).await;
    let path = server.arrivals().into_iter().find(|arrival| arrival.step == SiteStep::Home).map(|a| a.path);
    server.stop().await;
    Ok(path.unwrap_or_default())
}

fn places(courts: &[Court], dialect: &Site, human_check: bool) -> String {
    let checked = |court: &Court| human_check || dialect.has_human_check(&court.place);
    let row = |court: &Court| {
        let rounds = match (court.rounds.first(), court.rounds.last()) {
            (Some((_, first)), Some((_, last))) => {
                say!(
                    "site-rounds",
                    number = court.rounds.len(),
                    minutes = first.minutes(),
                    from = first.start(),
                    to = last.end()
                )
            }
            _ => say!("none"),
        };
        let mut name = format!("{} › {} › {}", court.centre_name, court.group_name, court.name);
        if checked(court) {
            name.push_str(&say!("site-human-check"));
        }
        let won = format!("{} / {}", court.weekday.with_comma(), court.weekend.with_comma());
        vec![court.place.to_string(), name, rounds, won]
    };
    let header = ["place", "name", "rounds", "won, week / weekend"];
    terminal::table(&header, courts.iter().map(row).collect())
}

/// A word as a shell takes it.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Prints each request as it comes; says how many there were.
async fn log_until(server: &StandInServer, interruption: impl Future<Output = ()>) -> u32 {
    let mut requests: u32 = 0;
    let mut print_new = || {
        let new = server.with(|stand_in| {
            let new = stand_in.arrivals().to_vec();
            stand_in.forget_arrivals();
            new
        });
        for arrival in &new {
            requests = requests.saturating_add(1);
            terminal::note(&line(arrival));
        }
    };
    tokio::pin!(interruption);
    loop {
        tokio::select! {
            () = &mut interruption => break,
            () = SystemClock.sleep(POLL_EVERY) => print_new(),
        }
    }
    print_new();
    requests
}

fn line(arrival: &Arrival) -> String {
    format!(
        "{}  {:<4} {}  {}  {}",
        arrival.at.time_text(),
        arrival.method,
        arrival.path,
        arrival.status,
        arrival.account.as_deref().unwrap_or("-")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_blanks_is_one_word() {
        assert_eq!(shell_word("./my-city.toml"), "./my-city.toml");
        assert_eq!(shell_word("my city's.toml"), r"'my city'\''s.toml'");
    }
}
