//! `serve` and `run-due`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Subcommand};

use super::RunnerArgs;
use super::values::{ScopeWord, token_days, token_number};
use crate::config::{BasePath, DoorFlags, Flags, ProxyNetwork, host};
use crate::exit;
use crate::words::duration;

/// Run stored bookings as a daemon.
///
/// The daemon makes the store and the key on first use and says where. It claims each booking eleven minutes
/// before its opening, prepares it, sends the first request on the site's own clock, tries until the booking's
/// time to try is over, reads the result back from the site, and keeps the story for `show`. Several runners
/// may share one PostgreSQL; if a runner dies, another takes its bookings over. Before each attempt the store
/// confirms that this runner still holds the booking, and records the intent to apply. After a crash the site's
/// day list is read first, so that a second application is never sent.
///
/// A database that does not answer yet is waited for, as at a boot that starts both at once.
///
/// On Ctrl-C or SIGTERM it waits for the answers to what was sent, and releases all other bookings.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner serve
  rent-runner serve --listen 127.0.0.1:9188 --log-format json
  RENT_DATABASE=postgres://rent@db.example/rent rent-runner serve

The log goes to stderr. The folder packaging/ has a systemd unit and a container file.")]
pub(crate) struct Serve {
    #[command(flatten)]
    runner: RunnerArgs,

    /// Serve no page. With --listen there are still metrics and health checks.
    #[arg(long, help_heading = "Page")]
    pub(crate) no_web: bool,

    #[command(flatten)]
    door: DoorArgs,
}

impl Serve {
    /// Copies the settings of the runner and of its page into the flags.
    pub(crate) fn apply_to(&self, flags: &mut Flags) {
        self.runner.apply_to(flags);
        flags.door = self.door.flags();
    }
}

/// How the page is reached from outside.
#[derive(Debug, Args)]
struct DoorArgs {
    /// A name under which the page may be called, as in rent.example.org; may be repeated. Addresses and `localhost` need
    /// no name.
    #[arg(long, value_name = "NAME", action = ArgAction::Append, value_parser = host, help_heading = "Page")]
    web_host: Vec<String>,

    /// The path under which a proxy has the page, as in /rent. The proxy hands the path on whole. Default: the root.
    #[arg(long, value_name = "PATH", help_heading = "Page")]
    base_path: Option<BasePath>,

    /// A proxy before the page, as an address or a network (10.0.0.0/8); may be repeated. From these alone
    /// X-Forwarded-For, -Proto, -Host and -Prefix are believed.
    #[arg(long, value_name = "ADDRESS", action = ArgAction::Append, help_heading = "Page")]
    trusted_proxy: Vec<ProxyNetwork>,

    /// Serve the page by TLS with this certificate: a PEM file, with the certificates between it and its authority. A
    /// file that is replaced is read again.
    #[arg(long, value_name = "FILE", help_heading = "Page")]
    tls_cert: Option<PathBuf>,

    /// The key of the certificate: a PEM file that only this user can read.
    #[arg(long, value_name = "FILE", help_heading = "Page")]
    tls_key: Option<PathBuf>,
}

impl DoorArgs {
    fn flags(&self) -> DoorFlags {
        DoorFlags {
            base_path: self.base_path.clone(),
            hosts: Some(self.web_host.clone()).filter(|hosts| !hosts.is_empty()),
            trusted_proxies: Some(self.trusted_proxy.clone()).filter(|networks| !networks.is_empty()),
            tls_cert: self.tls_cert.clone(),
            tls_key: self.tls_key.clone(),
        }
    }
}

/// Let people in at the page that `serve` has.
#[derive(Debug, Args)]
pub(crate) struct WebArgs {
    #[command(subcommand)]
    pub(crate) command: WebCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebCommand {
    Link(WebLink),
    Owner(WebOwner),
    Token(WebToken),
}

/// Manage the tokens with which programs use the API of the page.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner web token add phone --scope read --scope book
  rent-runner web token list
  rent-runner web token remove 3")]
pub(crate) struct WebToken {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    Add(TokenAdd),
    List(TokenList),
    Remove(TokenRemove),
}

/// Make a token and print it, once.
///
/// Only its hash is stored. A token sees and does what its user may, within its scopes: `read` looks, `book` makes and
/// changes bookings, `admin` is accounts, applicants' data, settings and channels. No scope includes another.
#[derive(Debug, Args)]
pub(crate) struct TokenAdd {
    /// What to call it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// What it may be used for; may be repeated.
    #[arg(long, value_name = "read|book|admin", required = true, action = ArgAction::Append)]
    pub(crate) scope: Vec<ScopeWord>,

    /// The user of the page whose token it is. Default: the owner.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// For how many days it is good, 1 to 3650. Default: until it is removed.
    #[arg(long, value_name = "N", value_parser = token_days)]
    pub(crate) days: Option<u32>,

    /// Print a JSON document instead of the token.
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the tokens of all users, without their secrets.
#[derive(Debug, Args)]
pub(crate) struct TokenList {
    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Remove a token: what uses it is out at once.
#[derive(Debug, Args)]
pub(crate) struct TokenRemove {
    /// The token's number, as `web token list` shows it.
    #[arg(value_name = "NUMBER", value_parser = token_number)]
    pub(crate) id: i64,

    /// Print a JSON document instead of a sentence.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Set the owner's name and password here, without a browser.
///
/// This is for a page that other machines reach: it is closed until it has an owner. All sessions of the owner end.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner web owner 주인
  pass show rent-page | rent-runner web owner 주인 --password-stdin")]
pub(crate) struct WebOwner {
    /// The owner's name at the page.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Read the password from the first line of stdin.
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// Print a one-time address at which the owner sets a name and a password.
///
/// It can be used once, within 15 minutes. Used again later, it sets them anew and ends all sessions of the owner: this
/// is the way back in for an owner who forgot the password.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner web link
  rent-runner web link --at https://rent.example.org")]
pub(crate) struct WebLink {
    /// The page's address, as the browser has it. Default: what the settings say of the page, else
    /// http://127.0.0.1:9187.
    #[arg(long, value_name = "URL")]
    pub(crate) at: Option<String>,

    /// Print a JSON document instead of the address.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Run the bookings that open before the next cron tick, then end.
///
/// Each booking is run exactly on time. Several of these may run at once, also next to `serve`: a lease says which
/// runner holds a booking. If nothing opens before the next tick, the command ends at once.
#[derive(Debug, Args)]
#[command(after_long_help = format!("\
Examples:
  */5 * * * *  /usr/local/bin/rent-runner run-due
  */30 * * * *  /usr/local/bin/rent-runner run-due --every 30m 2>>rent.log

A line for each booking goes to stdout. The exit code is that of the first booking that was not won.

{}", exit::TABLE))]
pub(crate) struct RunDue {
    /// The time between two ticks.
    #[arg(long, value_parser = duration::parse, default_value = "5m", value_name = "DURATION")]
    pub(crate) every: Duration,

    /// Print a line of JSON for each booking that ends.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) runner: RunnerArgs,
}
