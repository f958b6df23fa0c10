//! `backup`: the whole store in one file.

use std::path::Path;

use anyhow::Result;
use namyangju_rent::clock::{Clock as _, SystemClock};
use tempfile::NamedTempFile;

use super::backup_file::BackupWriter;
use super::which_store;
use crate::bad_input::BadInput;
use crate::cli::Backup;
use crate::config::Config;
use crate::say::say;
use crate::store::Copied;
use crate::vault::{SealedKey, Vault};
use crate::words::{counted, many};
use crate::{exit, terminal};

/// The shortest passphrase: whoever has the file may try for years.
const MIN_PASSPHRASE: usize = 10;

/// Writes the file, whole or not at all.
pub(crate) async fn run(arguments: &Backup, config: &Config) -> Result<u8> {
    if let Some(path) = which_store::file_of(&config.database).filter(|path| !path.exists()) {
        return Err(BadInput(say!("backup-no-store", store = path.display())).into());
    }
    let store = super::open(config).await?;
    let key = match arguments.with_key {
        true => Some(sealed_key(arguments, &super::open_vault(&store, config).await?)?),
        false => None,
    };
    if let Some(runner) = super::living_runner(&store).await? {
        terminal::warning(&say!("backup-runner", runner = runner));
    }
    let path = arguments.file.as_path();
    let unwritable =
        |error: std::io::Error| BadInput(say!("cannot-be-written", path = path.display(), error = error));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // It can be read by its owner alone from the beginning.
    let draft = NamedTempFile::new_in(folder).map_err(unwritable)?;
    let (draft, beside) = draft.into_parts();
    let layout = store.version().await?;
    let made_at = String::from(SystemClock.now());
    let mut writer = BackupWriter::begin(draft, layout, made_at, key).map_err(unwritable)?;
    let (mut table, mut rows) = (String::new(), Rows::default());
    let copied = store.copy_out(|part| {
        match &part {
            Copied::Table { table: name, .. } => table.clone_from(name),
            Copied::Row(_) => rows.count(&table),
            Copied::LastNumber { .. } => {}
        }
        writer.part(&part)
    });
    copied.await?.map_err(unwritable)?;
    writer.end().and_then(|file| file.sync_all()).map_err(unwritable)?;
    beside.persist(path).map_err(|error| unwritable(error.error))?;
    let key = match arguments.with_key {
        true => say!("backup-with-key"),
        false => say!("backup-without-key"),
    };
    terminal::note(&say!("backup-wrote", rows = rows.in_words(), path = path.display(), key = key));
    store.close().await;
    Ok(exit::DONE)
}

fn sealed_key(arguments: &Backup, vault: &Vault) -> Result<SealedKey> {
    let passphrase =
        terminal::password::ask_passphrase(arguments.passphrase_stdin, &say!("backup-passphrase"))?;
    if passphrase.chars().count() < MIN_PASSPHRASE {
        let why = say!("backup-short", least = MIN_PASSPHRASE);
        return Err(BadInput(why).into());
    }
    if terminal::password::passphrase_is_typed(arguments.passphrase_stdin)
        && terminal::password::ask_passphrase(false, &say!("backup-again"))? != passphrase
    {
        return Err(BadInput(say!("backup-differ")).into());
    }
    Ok(vault.seal_key(&passphrase)?)
}

/// How much of what people know was copied.
#[derive(Debug, Default)]
pub(super) struct Rows {
    accounts: u64,
    applicants: u64,
    bookings: u64,
}

impl Rows {
    /// Counts a row of a table.
    pub(super) fn count(&mut self, table: &str) {
        match table {
            "account" => self.accounts += 1,
            "applicant" => self.applicants += 1,
            "booking" => self.bookings += 1,
            _ => {}
        }
    }

    pub(super) fn in_words(&self) -> String {
        let number =
            |count: u64, noun: &str| counted(many(usize::try_from(count).unwrap_or(usize::MAX)), noun);
        say!(
            "backup-rows",
            accounts = number(self.accounts, "account"),
            applicants = number(self.applicants, "applicant"),
            bookings = number(self.bookings, "booking")
        )
    }
}
