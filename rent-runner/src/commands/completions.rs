//! `completions`: the script for a shell.

use anyhow::Result;
use clap::CommandFactory as _;

use crate::cli::{Cli, Completions};
use crate::{exit, terminal};

/// Prints the completion script of a shell.
pub(crate) fn run(arguments: &Completions) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "rent-runner", &mut script);
    terminal::result(&String::from_utf8_lossy(&script))?;
    Ok(exit::DONE)
}
