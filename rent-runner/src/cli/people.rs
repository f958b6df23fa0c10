//! `account` and `applicant`: who books, and what is applied with.

use clap::{Args, Subcommand};

use super::At;
use super::book::ApplicationArgs;

/// Manage the accounts that stored bookings log in with.
///
/// The password is sealed with the key of this machine (see `rent-runner settings show`) and never shown
/// again. If you lose the key, you have to enter the passwords again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner account add me --login tester1
  pass show court | rent-runner account add me --login tester1 --password-stdin
  rent-runner account check me
  rent-runner account list --json")]
pub(crate) struct AccountArgs {
    #[command(subcommand)]
    pub(crate) command: AccountCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    Add(AccountAdd),
    List(AccountList),
    Check(AccountName),
    Remove(AccountRemove),
    Password(AccountPassword),
    /// Replace the key, and seal all secrets with the new one.
    ///
    /// A key file is replaced by a new one. Where the key comes from RENT_KEY or a command, the new key (32 bytes in
    /// base64) is read from RENT_NEW_KEY. After a crash one of the two keys opens the store.
    Rekey,
}

/// Add an account; nothing is sent.
///
/// The password comes from --password-stdin, from RENT_PASSWORD or from a prompt. You may add several
/// accounts, at one site or at several. Each account belongs to one person.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner account add --login tester1
  rent-runner account add club --login tester1 --site cheonan
  rent-runner account add practice --login tester1 \\
      --base-url http://127.0.0.1:8099")]
pub(crate) struct AccountAdd {
    /// A short name for the account. Default: the login name.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// The login name at the site.
    #[arg(long, value_name = "ID")]
    pub(crate) login: String,

    /// Read the password from the first line of stdin.
    #[arg(long)]
    pub(crate) password_stdin: bool,

    #[command(flatten)]
    pub(crate) at: At,
}

/// List the accounts.
#[derive(Debug, Args)]
pub(crate) struct AccountList {
    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Log in at the site once, and keep the session for the next booking.
///
/// The exit code is 4 if the site does not accept the account or its password. The session is sealed like
/// the password.
#[derive(Debug, Args)]
pub(crate) struct AccountName {
    /// The account's name, as `account list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Remove an account, and its finished bookings with it.
///
/// Cancel its other bookings first. Nothing changes at the site.
#[derive(Debug, Args)]
pub(crate) struct AccountRemove {
    /// The account's name, as `account list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Replace the stored password, after you changed it at the site.
#[derive(Debug, Args)]
pub(crate) struct AccountPassword {
    /// The account's name, as `account list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Read the password from the first line of stdin.
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// Manage the applicants' data that bookings are filled in with.
///
/// The data is sealed like the passwords. A booking keeps its own copy, which later changes do not touch.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner applicant set club --club-name 가나다클럽 --head-count 4 \\
      --event-name 테니스 --purpose 운동 --tel 02-000-0000
  rent-runner applicant set club --head-count 6        (changes only this field)
  rent-runner applicant show club")]
pub(crate) struct ApplicantArgs {
    #[command(subcommand)]
    pub(crate) command: ApplicantCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApplicantCommand {
    Set(ApplicantSet),
    List(ApplicantList),
    Show(ApplicantShow),
    Remove(ApplicantRemove),
}

/// Add an applicant's data, or change some fields of it.
///
/// New data needs --club-name, --head-count, --event-name and --purpose, which the site requires.
#[derive(Debug, Args)]
pub(crate) struct ApplicantSet {
    /// A short name for the data.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) application: ApplicationArgs,
}

/// List all applicants' data, with names and phone numbers masked.
#[derive(Debug, Args)]
pub(crate) struct ApplicantList {
    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show an applicant's data, with names and phone numbers in full.
#[derive(Debug, Args)]
pub(crate) struct ApplicantShow {
    /// The name of the data, as `applicant list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Print a JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Remove an applicant's data. Bookings keep their copy.
#[derive(Debug, Args)]
pub(crate) struct ApplicantRemove {
    /// The name of the data, as `applicant list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}
