//! `settings` and `completions`, and the flags that stand for settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Args, Subcommand, ValueEnum};
use clap_complete::Shell;
use namyangju_rent::network::{OnBlock, Route, TlsBackend};

use crate::config::{Flags, language, listen, most_at_once, on_block, runner_name};
use crate::say::Language;
use crate::telemetry::logs::LogFormat;

/// Settings that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The settings file. Default: rent-runner/settings.toml in $XDG_CONFIG_HOME or ~/.config, if it exists.
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    config: Option<PathBuf>,

    /// The database: a path, or postgres://USER@HOST/NAME. Put its password into the settings file or
    /// RENT_DATABASE. Default: rent-runner/rent.db in $XDG_DATA_HOME or ~/.local/share.
    #[arg(long, global = true, value_name = "PATH|URL", help_heading = "Global options")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    database: Option<String>,

    /// The file with the key that passwords are sealed with. Default: rent-runner/key in $XDG_CONFIG_HOME or ~/.config.
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    key_file: Option<PathBuf>,

    /// The TLS implementation.
    #[cfg_attr(
        feature = "native-tls",
        doc = "Some old servers work only with the system's own library (native)."
    )]
    #[arg(long, global = true, value_name = "BACKEND", help_heading = "Global options")]
    tls: Option<Tls>,

    /// A PEM file with certificates to trust, in addition to the system's.
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    extra_ca: Option<PathBuf>,

    /// The User-Agent of every request. Default: the library's name and version.
    #[arg(long, global = true, value_name = "TEXT", help_heading = "Global options")]
    user_agent: Option<String>,

    /// How each line of stderr looks: a sentence (human), or a JSON document (json). Default: human; json for a log
    /// of steps (serve, run-due, -v) that does not go to a terminal.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", help_heading = "Global options")]
    log_format: Option<LogFormat>,

    /// The language that is spoken, in messages too: `ko` or `en`. Default: RENT_LANGUAGE, the settings file, or the
    /// locale; korean where none of them tells.
    #[arg(long, global = true, value_name = "NAME", value_parser = language, help_heading = "Global options")]
    language: Option<Language>,

    /// Write only errors, warnings and the log to stderr. Results are still printed.
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
}

impl Global {
    /// The settings that are given as flags.
    pub(crate) fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            database: self.database.clone(),
            key_file: self.key_file.clone(),
            tls: self.tls.map(Tls::backend),
            extra_ca: self.extra_ca.clone(),
            user_agent: self.user_agent.clone(),
            log_format: self.log_format,
            language: self.language,
            ..Flags::default()
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tls {
    /// rustls with ring.
    Rustls,
    /// The system's own library.
    #[cfg(feature = "native-tls")]
    Native,
}

impl Tls {
    fn backend(self) -> TlsBackend {
        match self {
            Self::Rustls => TlsBackend::Rustls,
            #[cfg(feature = "native-tls")]
            Self::Native => TlsBackend::Native,
        }
    }
}

/// The site of a command.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct At {
    /// The city: a built-in name (see `rent-runner sites`) or the path of a dialect. Default: RENT_SITE, the
    /// settings file, or namyangju.
    #[arg(long, value_name = "NAME|PATH")]
    site: Option<String>,

    /// The site's address, instead of the dialect's: for a rehearsal on a stand-in. Default: RENT_BASE_URL or the
    /// settings file.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

impl At {
    /// Whether a site is given.
    pub(crate) fn is_given(&self) -> bool {
        self.site.is_some() || self.base_url.is_some()
    }

    /// Copies these into the flags.
    pub(crate) fn apply_to(&self, flags: &mut Flags) {
        flags.site.clone_from(&self.site);
        flags.base_url.clone_from(&self.base_url);
    }
}

/// Settings of a runner.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RunnerArgs {
    /// The name of this runner, which `status` shows. Default: RENT_RUNNER, or this machine's name.
    #[arg(long, value_name = "NAME", value_parser = runner_name)]
    runner: Option<String>,

    /// The maximum number of bookings that the runner holds at a time, 1 to 1000. Default: 32.
    #[arg(long, value_name = "N", value_parser = most_at_once)]
    most_at_once: Option<u32>,

    /// Your own network route to the site: `direct`, `local:ADDRESS`, or a proxy as in socks5://127.0.0.1:1080;
    /// may be repeated. Put a proxy's password into the settings file or RENT_ROUTES, because every user of the
    /// machine can read arguments.
    #[arg(long, value_name = "ROUTE", action = ArgAction::Append)]
    route: Vec<Route>,

    /// What to do when the site blocks this client: `stop`, or `next-route`. Default: stop.
    #[arg(long, value_name = "WHAT", value_parser = on_block)]
    on_block: Option<OnBlock>,

    /// Serve metrics and health checks at this address, as in 127.0.0.1:9188.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen)]
    listen: Option<SocketAddr>,
}

impl RunnerArgs {
    /// Copies these into the flags.
    pub(crate) fn apply_to(&self, flags: &mut Flags) {
        flags.runner.clone_from(&self.runner);
        flags.most_at_once = self.most_at_once;
        flags.routes = Some(self.route.clone()).filter(|routes| !routes.is_empty());
        flags.on_block = self.on_block;
        flags.listen = self.listen;
    }
}

/// Show the settings and where each comes from.
///
/// A flag overrides the environment, the environment overrides the settings file, and the file overrides the
/// default.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner settings show
  rent-runner settings path
  rent-runner settings example > ~/.config/rent-runner/settings.toml")]
pub(crate) struct SettingsArgs {
    #[command(subcommand)]
    pub(crate) command: SettingsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    Show(SettingsShow),
    /// Print the path of the settings file, which need not exist.
    Path,
    /// Print a settings file with every key, commented out and explained.
    Example,
}

/// Show each setting, its value and its source; secrets are masked.
#[derive(Debug, Args)]
pub(crate) struct SettingsShow {
    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) at: At,
}

/// Write the manual pages of all commands into a folder.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner man ~/.local/share/man/man1
  rent-runner man . && man ./rent-runner-book.1")]
pub(crate) struct Man {
    /// The folder. It is made if it is not there; pages in it are replaced.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner completions bash > /etc/bash_completion.d/rent-runner
  rent-runner completions zsh > ~/.zfunc/_rent-runner
  rent-runner completions fish > ~/.config/fish/completions/rent-runner.fish
  source <(rent-runner completions bash --dynamic)      (in ~/.bashrc)")]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,

    /// A script that asks the program each time, and so completes the numbers of bookings and the names of accounts,
    /// applicants and courts as well. No site is asked.
    #[arg(long)]
    pub(crate) dynamic: bool,
}
