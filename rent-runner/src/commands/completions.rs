//! `completions`: the script for a shell.

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use clap_complete::env::Shells;

use super::complete::VARIABLE;
use crate::cli::{Cli, Completions};
use crate::say::say;
use crate::{exit, terminal};

const PROGRAM: &str = "rent-runner";

/// Prints the completion script of a shell.
pub(crate) fn run(arguments: &Completions) -> Result<u8> {
    let mut script = Vec::new();
    if arguments.dynamic {
        let shell = arguments.shell.to_string();
        let shells = Shells::builtins();
        let shell = shells.completer(&shell).with_context(|| say!("completions-none", shell = shell))?;
        shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    } else {
        clap_complete::generate(arguments.shell, &mut Cli::command(), PROGRAM, &mut script);
    }
    terminal::result(&String::from_utf8_lossy(&script))?;
    Ok(exit::DONE)
}
