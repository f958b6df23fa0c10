//! The arguments, and the help that goes with them.

mod backup;
mod book;
mod capture;
mod doctor;
mod help;
mod lists;
mod notify;
mod people;
mod serve;
mod settings;
mod stand_in;
mod stored;
mod values;
mod wrong;

use clap::{ArgAction, Parser, Subcommand};

pub(crate) use backup::{Backup, Restore};
pub(crate) use book::{AimArgs, ApplicationArgs, Book};
pub(crate) use capture::{CaptureArgs, CaptureCheck, CaptureCommand, CaptureDialect};
pub(crate) use doctor::Doctor;
pub(crate) use help::in_korean;
pub(crate) use lists::{ClockCheck, Places, Sites, Slots};
pub(crate) use notify::{AddKakao, Notify, NotifyAdd, NotifyCommand, NotifyList, NotifyRemove, NotifyTest};
pub(crate) use people::{
    AccountAdd, AccountArgs, AccountCommand, AccountName, AccountPassword, ApplicantArgs, ApplicantCommand,
    ApplicantSet,
};
pub(crate) use serve::{
    RunDue, Serve, TokenAdd, TokenCommand, TokenList, TokenRemove, WebArgs, WebCommand, WebLink, WebOwner,
};
pub(crate) use settings::{
    At, Completions, Global, Man, RunnerArgs, SettingsArgs, SettingsCommand, SettingsShow,
};
pub(crate) use stand_in::{Demo, StandInSite};
pub(crate) use stored::{
    Add, Calendar, Cancel, Clear, Edit, Export, Format, Import, List, Retry, Show, Status,
};
pub(crate) use values::{AskedPlace, Choice, MAX_TOKEN_DAYS, OpensAt, PolicyName};
pub(crate) use wrong::in_words as wrong_arguments;

use crate::exit;

const EXAMPLES: &str = "\
Examples:
  See a whole booking on this machine, without any site:
    rent-runner demo

  A race against twenty others for one court, and a site whose clock is wrong:
    rent-runner demo --rivals 20 --latency 40ms
    rent-runner demo --skew -1.5s

  A site to practise on, and a booking on it from another terminal:
    rent-runner site --opens-in 30s
    echo invented-1 | rent-runner book --base-url http://127.0.0.1:8099 \\
        --account tester1 --password-stdin \\
        --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00 \\
        --club-name 가나다클럽 --head-count 4 --event-name 테니스 --purpose 운동

  A booking at the opening, with a second choice, safe against a crash:
    rent-runner book … --opens-at '2026-11-26 10:00:00' --journal court.jsonl \\
        --or 'NYJ06/07/103 2026-12-05 08:00-10:00'

  A stored booking, with the account and the applicant's data typed once:
    rent-runner account add me --login tester1
    rent-runner applicant set club --club-name 가나다클럽 --head-count 4 \\
        --event-name 테니스 --purpose 운동
    rent-runner add --place NYJ06/07/103 --date 2026-12-05 --time 06:00-08:00
    rent-runner serve

  The free times of a day as a table, and a month for a program:
    rent-runner slots --place NYJ06/07/103 --date 2026-12-05 --free
    rent-runner slots --place NYJ06/07/103 --month 2026-12 --json

Environment:
  RENT_CONFIG       the settings file, instead of --config
  RENT_DATABASE, RENT_KEY_FILE, RENT_SITE, RENT_BASE_URL, RENT_TLS,
  RENT_EXTRA_CA, RENT_USER_AGENT, RENT_ROUTES, RENT_ON_BLOCK, RENT_RUNNER,
  RENT_MOST_AT_ONCE, RENT_LISTEN, RENT_BASE_PATH, RENT_WEB_HOSTS,
  RENT_TRUSTED_PROXIES, RENT_TLS_CERT, RENT_TLS_KEY, RENT_LANGUAGE,
  RENT_LOG_FORMAT
                    instead of the flags of these names; see
                    `rent-runner settings example`
  RENT_KEY          the key that passwords are sealed with: 32 bytes in base64
  RENT_KEY_COMMAND  a command that prints this key
  RENT_ACCOUNT      instead of --account of `book`
  RENT_PASSWORD     the password, instead of --password-stdin or the prompt
  RENT_PASSPHRASE   the passphrase of a backup's key, in the same way
  RUST_LOG          the filter of the log, instead of -v
  NO_COLOR          no colours

Results go to stdout, everything else to stderr. All dates and times are in Asia/Seoul.";

/// Books a public sports court in Namyangju and its sister cities.
///
/// You book with your own account, one application for one wish. The program sends few requests, at a limited
/// pace. It hands a human check to you and never solves it, and it stops when the site blocks it. Respect the
/// site's terms of use.
#[derive(Debug, Parser)]
#[command(name = "rent-runner", version, max_term_width = 100, args_override_self = true)]
#[command(after_help = "`--help` shows examples and exit codes.")]
#[command(after_long_help = format!("{EXAMPLES}\n\n{}", exit::TABLE))]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    /// Log the requests to stderr; -vv logs more. No body, cookie or name is logged.
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
    Capture(CaptureArgs),
    Account(AccountArgs),
    Applicant(ApplicantArgs),
    Add(Box<Add>),
    List(List),
    Status(Status),
    Show(Show),
    Edit(Box<Edit>),
    Cancel(Cancel),
    Retry(Retry),
    Import(Import),
    Export(Export),
    Backup(Backup),
    Restore(Restore),
    Calendar(Calendar),
    Serve(Serve),
    RunDue(RunDue),
    Web(WebArgs),
    Settings(SettingsArgs),
    Notify(Notify),
    Doctor(Doctor),
    Completions(Completions),
    Man(Man),
    /// Print the JSON Schemas of what `--json` prints, by command.
    #[command(hide = true)]
    Schema,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    /// Columns of a terminal; Korean letters take two.
    fn width(line: &str) -> usize {
        line.chars().map(|c| if ('\u{1100}'..'\u{ff00}').contains(&c) && c != '…' { 2 } else { 1 }).sum()
    }

    #[test]
    fn examples_fit_eighty_columns_so_that_they_can_be_copied() {
        fn wide(command: &clap::Command) -> Vec<String> {
            let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            // Prose is wrapped; a wrapped example cannot be copied.
            let examples = help.lines().filter(|line| line.starts_with(' '));
            let lines = examples.filter(|line| width(line) > 80).map(str::to_owned);
            lines.chain(command.get_subcommands().flat_map(wide)).collect()
        }
        assert_eq!(wide(&Cli::command()), Vec::<String>::new());
    }

    #[test]
    fn the_first_line_of_each_command_fits_eighty_columns() {
        let summary = |command: &clap::Command| command.get_about().map(ToString::to_string);
        for text in Cli::command().get_subcommands().filter_map(summary) {
            assert!(width(&text) <= 65, "{text}");
        }
    }

    #[test]
    fn what_prints_a_table_or_a_report_can_print_json() {
        fn without(command: &clap::Command, path: &str) -> Vec<String> {
            let of_subcommands = command
                .get_subcommands()
                .flat_map(|command| without(command, format!("{path} {}", command.get_name()).trim_start()));
            let has_json = command.get_arguments().any(|argument| argument.get_id() == "json");
            let own = (!has_json && !command.has_subcommands()).then(|| path.to_owned());
            own.into_iter().chain(of_subcommands).collect()
        }
        // These write a file, change something and say so, or run until they are stopped.
        let others = [
            "site",
            "account add",
            "account check",
            "account remove",
            "account password",
            "account rekey",
            "applicant set",
            "applicant remove",
            "export",
            "backup",
            "restore",
            "calendar",
            "serve",
            "web owner",
            "settings path",
            "settings example",
            "notify add kakao",
            "notify remove",
            "completions",
            "man",
            "schema",
        ];
        assert_eq!(without(&Cli::command(), ""), others);
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
