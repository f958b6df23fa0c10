//! `capture`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Read a browser's recording of a visit: check and learn a dialect.
///
/// A browser saves a visit as a HAR file: developer tools, Network, "Preserve log" ticked, then "Export HAR".
/// THE FILE HOLDS YOUR PASSWORD AND YOUR LOGIN: hand it to nobody, and log out at the site afterwards. Nothing is sent
/// anywhere by these commands, and the site is not asked.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner capture check visit.har --site namyangju
  rent-runner capture dialect visit.har -o my-city.toml
  rent-runner capture check visit.har --site-file my-city.toml --json

docs/capturing.md says how each browser saves the file.")]
pub(crate) struct CaptureArgs {
    #[command(subcommand)]
    pub(crate) command: CaptureCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaptureCommand {
    Check(CaptureCheck),
    Dialect(CaptureDialect),
}

/// Check whether a recorded visit is understood.
///
/// The pages are read by the library's own readers, and each form that the browser sent is compared, field by field, with
/// the one that the library would send for the same data. No value of a field is shown.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner capture check visit.har
  rent-runner capture check visit.har --site cheonan
  rent-runner capture check visit.har --json | jq '.exchanges[] | .verdict'

The exit code is 0 if everything is understood, 1 if anything is not, and 2 if
the file is no HAR file.")]
pub(crate) struct CaptureCheck {
    /// The HAR file; `-` is stdin.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The city whose dialect the visit is held against.
    #[arg(long, value_name = "NAME", default_value = "namyangju")]
    pub(crate) site: String,

    /// A dialect file instead.
    #[arg(long, value_name = "FILE", conflicts_with = "site")]
    pub(crate) site_file: Option<PathBuf>,

    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write the dialect that fits a recorded visit.
///
/// The file begins with the built-in dialect that is nearest, and each of its lines says whether the recording shows it.
/// Before it is written, the recorded booking is made again with it on this machine, and a booking at a stand-in that
/// looks as the file says: a file that does not pass is not written.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner capture dialect visit.har -o my-city.toml
  rent-runner capture dialect visit.har --name my-city > my-city.toml
  rent-runner capture dialect visit.har --json | jq '.learnt.findings[]'
  rent-runner site --site my-city.toml

The exit code is 0 if the file was proven, 1 if it was not, and 2 if nothing
can be learnt from the recording.")]
pub(crate) struct CaptureDialect {
    /// The HAR file; `-` is stdin.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Write the dialect into this file, and print what differs. Without it the dialect is printed.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// The short name of the new dialect. Default: that of the nearest one.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Write the file also if it does not pass: to correct it by hand.
    #[arg(long)]
    pub(crate) unproven: bool,

    /// Print a JSON document instead: what was found, the proof, and the dialect.
    #[arg(long)]
    pub(crate) json: bool,
}
