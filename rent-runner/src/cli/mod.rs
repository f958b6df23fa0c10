//! The arguments, and the help that goes with them.

mod book;
mod doctor;
mod lists;
mod notify;
mod people;
mod serve;
mod settings;
mod stand_in;
mod stored;
mod values;

use clap::{ArgAction, Parser, Subcommand};

pub(crate) use book::{AimArgs, ApplicationArgs, Book};
pub(crate) use doctor::Doctor;
pub(crate) use lists::{ClockCheck, Places, Sites, Slots};
pub(crate) use notify::{Notify, NotifyCommand, NotifyTest};
pub(crate) use people::{
    Account, AccountAdd, AccountCommand, AccountName, AccountPassword, Applicant, ApplicantCommand,
    ApplicantSet,
};
pub(crate) use serve::{RunDue, Serve};
pub(crate) use settings::{At, Completions, Global, RunnerArgs, Settings, SettingsCommand, SettingsShow};
pub(crate) use stand_in::{Demo, StandInSite};
pub(crate) use stored::{
    Add, Calendar, Cancel, Clear, Edit, Export, Format, Import, List, Retry, Show, Status,
};
pub(crate) use values::{Choice, OpensAt, Pace};

use crate::exit;

const EXAMPLES: &str = "\
Examples:
  See the whole story on this machine, without any site:
    rent-runner demo

  A race against twenty others for one court, and a site whose clock is wrong:
    rent-runner demo --rivals 20 --latency 40ms
    rent-runner demo --skew -1.5s

  A site to practise on, and a booking on it from another terminal:
    rent-runner site --opens-in 30s
    echo invented-1 | rent-runner book --base-url http://127.0.0.1:8099 --account tester1 \\
        --password-stdin --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00 \\
        --club-name 가나다클럽 --head-count 4 --event-name 테니스 --purpose 운동

  At the opening, with a second choice, and safe against a crash:
    rent-runner book … --opens-at '2026-11-26 10:00:00' --journal court.jsonl \\
        --or 'NYJ06/07/103 2026-12-05 08:00-10:00'

  Kept for the opening, with the account and the applicant's data typed once:
    rent-runner account add me --login tester1
    rent-runner applicant set club --club-name 가나다클럽 --head-count 4 --event-name 테니스 --purpose 운동
    rent-runner add --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00
    rent-runner serve

  What is free on a day, as a table and for a program:
    rent-runner slots --place NYJ06/07/103 --date 2026-12-05 --free
    rent-runner slots --place NYJ06/07/103 --month 2026-12 --json

Environment:
  RENT_CONFIG     the settings file, instead of --config
  RENT_DATABASE, RENT_KEY_FILE, RENT_SITE, RENT_BASE_URL, RENT_TLS, RENT_EXTRA_CA, RENT_USER_AGENT,
  RENT_ROUTES     instead of the flags and keys of these names; `rent-runner settings example` explains all
  RENT_KEY        the key that passwords are sealed with: 32 bytes in base64
  RENT_ACCOUNT    instead of --account of `book`
  RENT_PASSWORD   the password, where neither --password-stdin nor a prompt is wanted
  RUST_LOG        what is traced to stderr, instead of -v
  RENT_LOG_FORMAT instead of --log-format
  NO_COLOR        no colours

Results go to stdout, everything else to stderr. All dates and times are those of Asia/Seoul.";

/// Books a public sports court in Namyangju and its sister cities.
///
/// One account, one application for one wish. Requests are few and paced; a human check is handed to
/// you and never solved; a block ends the run. Respect the site's terms of use.
#[derive(Debug, Parser)]
#[command(name = "rent-runner", version, max_term_width = 100, args_override_self = true)]
#[command(after_help = "`--help` shows examples and exit codes.")]
#[command(after_long_help = format!("{EXAMPLES}\n\n{}", exit::TABLE))]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    /// Trace the requests to stderr; twice for more. No body, cookie or name is traced.
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Site(StandInSite),
    Clock(ClockCheck),
    Book(Box<Book>),
    Slots(Slots),
    Places(Places),
    Sites(Sites),
    Account(Account),
    Applicant(Applicant),
    Add(Box<Add>),
    List(List),
    Status(Status),
    Show(Show),
    Edit(Box<Edit>),
    Cancel(Cancel),
    Retry(Retry),
    Import(Import),
    Export(Export),
    Calendar(Calendar),
    Serve(Serve),
    RunDue(RunDue),
    Settings(Settings),
    Notify(Notify),
    Doctor(Doctor),
    Completions(Completions),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_argument_takes_a_password() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let takes_value = argument.get_action().takes_values();
                assert!(!(takes_value && argument.get_id().as_str().contains("password")));
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
