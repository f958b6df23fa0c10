//! Books a public tennis court of Namyangju and its sister cities; the library does the booking,
//! this program reads arguments and prints.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod bad_input;
mod cli;
mod commands;
mod config;
mod documents;
mod exit;
mod foreground;
mod notify;
mod request;
mod runner;
mod say;
mod scrub;
mod store;
mod system;
mod telemetry;
mod terminal;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod testing;
mod timeline;
mod vault;
mod web;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};
use tokio::runtime::Builder;

use crate::cli::{Cli, Command};
use crate::commands::{settings, settings_at, settings_of};
use crate::config::Config;
use crate::documents::{ErrorDocument, ErrorEntry};
use crate::say::Language;
use crate::telemetry::logs;

fn main() -> ExitCode {
    commands::complete::answer();
    let is_for_a_program = asks_for_json(std::env::args_os()) || logs::asks_for_json(std::env::args_os());
    say::choose(std::env::args_os(), is_for_a_program);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return bad_arguments(&in_the_language(error)),
    };
    match run(cli) {
        Ok(code) => code.into(),
        Err(error) => {
            let code = exit::failure_code(&error);
            if code != exit::DONE {
                let message = format!("{error:#}");
                terminal::error(&say::retold(&message));
                error_document(code, message);
            }
            code.into()
        }
    }
}

/// The error for a program, if it asked for JSON.
fn error_document(code: u8, message: String) {
    if asks_for_json(std::env::args_os()) {
        let error = ErrorEntry { code, kind: exit::word(code), message };
        // If nobody reads it any more, the exit code is all there is to tell.
        let _ = terminal::result(&serde_json::to_string(&ErrorDocument { error }).unwrap_or_default());
    }
}

/// Whether `--json` is among the arguments: they may be what is wrong, so nobody has read them.
fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// Help that was asked for, in the language in effect; any other error as it is.
fn in_the_language(error: clap::Error) -> clap::Error {
    let is_help =
        matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    if !is_help || say::current() == Language::English {
        return error;
    }
    // The same arguments ask for the same help.
    cli::in_korean(Cli::command()).try_get_matches_from(std::env::args_os()).err().unwrap_or(error)
}

/// Help that was asked for, or what is wrong with the arguments: as JSON where the log is.
fn bad_arguments(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(exit::BAD_INPUT);
    if error.use_stderr() {
        let text = error.render().to_string();
        error_document(code, text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned());
    }
    if error.use_stderr() && logs::asks_for_json(std::env::args_os()) {
        terminal::set_json_lines(true);
        let text = error.render().to_string();
        terminal::error(text.strip_prefix("error: ").unwrap_or(&text));
    } else if let Some(text) = cli::wrong_arguments(error) {
        terminal::error(&text);
    } else {
        // A closed pipe is no reason to complain.
        let _ = error.print();
    }
    code.into()
}

fn run(cli: Cli) -> anyhow::Result<u8> {
    let flags = cli.global.flags();
    terminal::set_quiet(cli.global.quiet);
    let by_default = match cli.command {
        Command::Serve(_) | Command::RunDue(_) => logs::STEPS,
        _ => logs::ERRORS,
    };
    // Until the end, so that nothing of the log is lost.
    let _logs = logs::start(cli.verbose, flags.log_format, by_default);
    // One thread also for many bookings: their shots leave closer together than from two that spin (benches/RESULTS.md).
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Web(arguments) => commands::web::run(&arguments, &settings(&flags)?).await,
            Command::Demo(arguments) => commands::demo::run(&arguments, &Config::of_flags(&flags)?).await,
            Command::Site(arguments) => commands::site::run(&arguments).await,
            Command::Clock(arguments) => {
                commands::clock::run(&arguments, &settings_at(flags, &arguments.at)?).await
            }
            Command::Book(arguments) => {
                commands::book::run(&arguments, &settings_at(flags, &arguments.at)?).await
            }
            Command::Slots(arguments) => {
                commands::slots::run(&arguments, &settings_at(flags, &arguments.at)?).await
            }
            Command::Places(arguments) => {
                commands::places::run(&arguments, &settings_at(flags, &arguments.at)?).await
            }
            Command::Sites(arguments) => commands::sites::run(&arguments),
            Command::Capture(arguments) => commands::capture::run(&arguments).await,
            Command::Account(arguments) => commands::accounts::run(&arguments, flags).await,
            Command::Applicant(arguments) => commands::applicants::run(&arguments, &settings(&flags)?).await,
            Command::Add(arguments) => commands::add::run(&arguments, &settings(&flags)?).await,
            Command::List(arguments) => commands::list::run(&arguments, &settings(&flags)?).await,
            Command::Status(arguments) => commands::status::run(&arguments, &settings(&flags)?).await,
            Command::Show(arguments) => commands::show::run(&arguments, &settings(&flags)?).await,
            Command::Edit(arguments) => commands::edit::run(&arguments, &settings(&flags)?).await,
            Command::Cancel(arguments) => commands::cancel::run(&arguments, &settings(&flags)?).await,
            Command::Retry(arguments) => commands::retry::run(&arguments, &settings(&flags)?).await,
            Command::Import(arguments) => commands::import::run(&arguments, &settings(&flags)?).await,
            Command::Export(arguments) => commands::export::run(&arguments, &settings(&flags)?).await,
            Command::Backup(arguments) => commands::backup::run(&arguments, &settings(&flags)?).await,
            Command::Restore(arguments) => commands::restore::run(&arguments, &settings(&flags)?).await,
            Command::Calendar(arguments) => commands::calendar::run(&arguments, &settings(&flags)?).await,
            Command::Serve(arguments) => {
                let config = settings_of(flags, |flags| arguments.apply_to(flags))?;
                commands::serve::run(&arguments, config).await
            }
            Command::RunDue(arguments) => {
                let config = settings_of(flags, |flags| arguments.runner.apply_to(flags))?;
                commands::run_due::run(config, arguments.every, arguments.json).await
            }
            Command::Settings(arguments) => commands::settings::run(&arguments, flags),
            Command::Notify(arguments) => commands::notify::run(&arguments, &settings(&flags)?).await,
            Command::Doctor(arguments) => commands::doctor::run(&arguments, flags).await,
            Command::Completions(arguments) => commands::completions::run(&arguments),
            Command::Man(arguments) => commands::man::run(&arguments),
            Command::Schema => commands::schema::run(),
        }
    })
}
