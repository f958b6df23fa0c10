//! `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;

/// Write the whole store into one file.
///
/// The file has the accounts, the applicants' data, the bookings with their stories, the messages that wait, and what was
/// learnt of the sites. Passwords, sessions, applicants' data and kept pages stay sealed: without the key of this
/// store nobody reads them, and the key is not in the file unless you ask for it. The file is replaced whole, or not
/// at all, and only you can read it. Names of accounts and your notes stand in it as they are.
///
/// To move to another machine: stop the runner, `backup`, carry the file over, `restore`. Never let both machines run:
/// two stores know nothing of each other, and each would apply.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner backup rent.backup
  rent-runner backup move.backup --with-key
  rent-runner restore move.backup
  RENT_DATABASE=postgres://rent@db.example/rent rent-runner restore move.backup")]
pub(crate) struct Backup {
    /// The file to write.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Put the key of the store into the file, sealed by a passphrase of at least 10 characters. You are asked for the
    /// passphrase, unless RENT_PASSPHRASE has it.
    #[arg(long)]
    pub(crate) with_key: bool,

    /// Read the passphrase from the first line of stdin.
    #[arg(long, requires = "with_key")]
    pub(crate) passphrase_stdin: bool,
}

/// Put a backup into an empty store.
///
/// The store may be of another kind than the one that the backup is from: SQLite or PostgreSQL. The file is read whole
/// before anything is changed, and one that is cut or damaged is refused. If the key is in the file, it is put
/// where the settings say that the key is; otherwise bring the key of the old store there yourself.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  rent-runner restore rent.backup
  rent-runner --database new.db --key-file new.key restore move.backup
  rent-runner restore rent.backup --replace")]
pub(crate) struct Restore {
    /// The file that `backup` wrote.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Put it into a store that is not empty: all that is in there is lost.
    #[arg(long)]
    pub(crate) replace: bool,

    /// Read the passphrase of the key from the first line of stdin.
    #[arg(long)]
    pub(crate) passphrase_stdin: bool,
}
