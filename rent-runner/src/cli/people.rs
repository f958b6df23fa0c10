//! `account` and `applicant`: who books, and what is applied with.

use clap::{Args, Subcommand};

use super::At;
use super::book::ApplicationArgs;

/// Keep accounts at sites: who logs in when a stored booking runs.
///
/// The password is sealed with the key of this machine (see `rent-runner settings show`) and never shown
/// again. Lose the key, and the passwords have to be entered anew.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner account add me --login tester1
  pass show court | rent-runner account add me --login tester1 --password-stdin
  rent-runner account check me
  rent-runner account list --json")]
pub(crate) struct Account {
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
    /// Seal everything anew with a new key.
    ///
    /// A key file is replaced by a new one; where the key comes from RENT_KEY or a command, the new one (32 bytes in
    /// base64) is read from RENT_NEW_KEY. A crash on the way leaves a store that one of the two keys opens.
    Rekey,
}

/// Add an account; nothing is sent.
///
/// The password comes from --password-stdin, from RENT_PASSWORD or from a prompt. Several accounts may be
/// kept, of one site or of several; each is one person's own.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner account add --login tester1
  rent-runner account add club --login tester1 --site cheonan
  rent-runner account add practice --login tester1 --base-url http://127.0.0.1:8099")]
pub(crate) struct AccountAdd {
    /// A short name for it. Default: the login name.
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
    /// A JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Log in once at the site, and keep the session for the next booking.
///
/// Ends with 4 if the site does not accept the account or its password. The session is sealed like the
/// password.
#[derive(Debug, Args)]
pub(crate) struct AccountName {
    /// The account's name, as `account list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Remove an account, and with it the stories of its finished bookings.
///
/// Bookings that are not over have to be cancelled first. At the site nothing changes.
#[derive(Debug, Args)]
pub(crate) struct AccountRemove {
    /// The account's name, as `account list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Replace the password that is kept, after it was changed at the site.
#[derive(Debug, Args)]
pub(crate) struct AccountPassword {
    /// The account's name, as `account list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Read the password from the first line of stdin.
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// Keep applicants' data under names, so that it is typed once.
///
/// It is sealed like the passwords. A booking takes a copy: changing it later changes no booking.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner applicant set club --club-name 가나다클럽 --head-count 4 \\
      --event-name 테니스 --purpose 운동 --tel 02-000-0000
  rent-runner applicant set club --head-count 6        (changes only that)
  rent-runner applicant show club")]
pub(crate) struct Applicant {
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

/// Add applicant's data, or change what is given of it.
///
/// New data needs --club-name, --head-count, --event-name and --purpose: the site demands them.
#[derive(Debug, Args)]
pub(crate) struct ApplicantSet {
    /// A short name for it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) application: ApplicationArgs,
}

/// List what is kept, names and numbers masked.
#[derive(Debug, Args)]
pub(crate) struct ApplicantList {
    /// A JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show all of it, names and numbers in full.
#[derive(Debug, Args)]
pub(crate) struct ApplicantShow {
    /// Its name, as `applicant list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// A JSON document instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Remove it; bookings keep their copy.
#[derive(Debug, Args)]
pub(crate) struct ApplicantRemove {
    /// Its name, as `applicant list` shows it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}
