//! Books a public tennis court of Namyangju and its sister cities; the library does the booking,
//! this program reads arguments and prints.

// Until the parts are there.
#![allow(dead_code, unused, clippy::todo)]

mod book;
mod cli;
mod clock;
mod config;
mod demo;
mod doctor;
mod dry_run;
mod duration;
mod exit;
mod foreground;
mod journal;
mod live;
mod logs;
mod metrics;
mod notify;
mod output;
mod places;
mod settings;
mod site;
mod sites;
mod slots;
mod store;
mod story;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod testing;
mod vault;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is no reason to complain.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(exit::BAD_INPUT).into();
        }
    };
    match run(cli) {
        Ok(code) => code.into(),
        Err(error) => {
            let code = exit::failure_code(&error);
            if code != exit::DONE {
                output::note(&format!("rent-runner: {error:#}"));
            }
            code.into()
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<u8> {
    // Until the end, so that nothing of the log is lost.
    let _logs = logs::start(cli.verbose, cli.log_format);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Demo(arguments) => demo::run(&arguments, &cli.network).await,
            Command::Site(arguments) => site::run(&arguments).await,
            Command::Clock(arguments) => clock::run(&arguments, &cli.network).await,
            Command::Book(arguments) => book::run(&arguments, &cli.network).await,
            Command::Slots(arguments) => slots::run(&arguments, &cli.network).await,
            Command::Places(arguments) => places::run(&arguments, &cli.network).await,
            Command::Sites(arguments) => sites::run(&arguments),
        }
    })
}
