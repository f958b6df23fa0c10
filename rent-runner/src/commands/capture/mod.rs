//! `capture`: a person's own recording of a visit, held against a dialect.

mod check;
mod dialect;

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::Result;
use namyangju_rent::har::{HarError, HarFile};

use crate::bad_input::BadInput;
use crate::cli::{CaptureArgs, CaptureCommand};
use crate::terminal;

/// Runs one of its commands.
pub(crate) async fn run(arguments: &CaptureArgs) -> Result<u8> {
    match &arguments.command {
        CaptureCommand::Check(arguments) => check::run(arguments),
        CaptureCommand::Dialect(arguments) => dialect::run(arguments).await,
    }
}

/// Reads a HAR file, as far as it can be read. What is wrong with it is among its notes.
fn read(path: &Path) -> Result<HarFile> {
    let wrong = |error: HarError| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        BadInput(format!("{}: {error}{cause}", path.display()))
    };
    if path == Path::new("-") {
        return Ok(HarFile::read(io::stdin().lock()).map_err(wrong)?);
    }
    let file =
        File::open(path).map_err(|error| BadInput(format!("{} cannot be read: {error}", path.display())))?;
    Ok(HarFile::read(file).map_err(wrong)?)
}

fn notes(notes: &[String]) {
    notes.iter().for_each(|note| terminal::note(note));
}
