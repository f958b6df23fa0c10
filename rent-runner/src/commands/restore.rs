//! `restore`: a backup into a store of any kind.

use std::path::Path;

use anyhow::Result;
use namyangju_rent::SeoulTime;

use super::backup::Rows;
use super::backup_file::{BackupHead, BackupReader};
use crate::bad_input::BadInput;
use crate::cli::Restore;
use crate::config::Config;
use crate::say::{retold, say};
use crate::store::{Copied, Sealed, Store, StoreError};
use crate::vault::{KeySource, Vault};
use crate::{exit, terminal};

/// What reading the whole file told.
struct Looked {
    head: BackupHead,
    rows: Rows,
    /// What tells whether a key is the right one; `None` if nothing is sealed in the store.
    check: Option<Sealed>,
}

/// Reads the file whole, then puts it into the store, all of it or nothing.
pub(crate) async fn run(arguments: &Restore, config: &Config) -> Result<u8> {
    let path = arguments.file.as_path();
    let looked = look(path)?;
    let vault = match &looked.head.key {
        Some(key) => {
            let prompt = say!("restore-passphrase");
            let passphrase = terminal::password::ask_passphrase(arguments.passphrase_stdin, &prompt)?;
            let opened = Vault::of_sealed_key(key, &passphrase)?;
            let vault = opened.ok_or_else(|| BadInput(say!("restore-wrong-passphrase")))?;
            if looked.check.as_ref().is_some_and(|check| !vault.opens(check)) {
                return Err(broken(path, &say!("restore-other-key")).into());
            }
            Some(vault)
        }
        None => None,
    };
    if vault.is_none()
        && let Some(check) = &looked.check
        && Vault::is_key_of(&config.key, check).await? == Some(false)
    {
        let why = say!("restore-not-the-key", path = retold(&config.key.name()));
        return Err(BadInput(why).into());
    }
    let store = super::open(config).await?;
    let known = store.version().await?;
    if looked.head.layout > known {
        let why = say!("restore-layout", found = looked.head.layout, known = known);
        return Err(broken(path, &say!("restore-install", why = why, version = looked.head.program)).into());
    }
    let made = match &vault {
        Some(vault) => vault.put_key(&config.key).await?,
        None => false,
    };
    let filled = fill(&store, path, arguments.replace).await;
    if filled.is_err()
        && made
        && let KeySource::File(key) = &config.key
    {
        let _ = std::fs::remove_file(key);
    }
    filled?;
    let made_at = &looked.head.made_at;
    let made_at = made_at.parse::<SeoulTime>().map_or_else(|_| made_at.clone(), |at| at.to_string());
    terminal::note(&say!(
        "restore-done",
        path = path.display(),
        rows = looked.rows.in_words(),
        of = made_at,
        store = store.address()
    ));
    tell_of_key(&looked, config, made).await?;
    store.close().await;
    Ok(exit::DONE)
}

/// The second reading, part by part into the store.
async fn fill(store: &Store, path: &Path, replace: bool) -> Result<()> {
    let (mut reader, _) = BackupReader::open(path)?;
    match store.copy_in(replace, || reader.next()).await {
        Ok(read) => read.map_err(|error| broken(path, &error.to_string()).into()),
        Err(StoreError::Damaged { why, .. }) => Err(broken(path, &why).into()),
        Err(error) => Err(error.into()),
    }
}

/// The first reading: that it is whole.
fn look(path: &Path) -> Result<Looked, BadInput> {
    let (mut reader, head) = BackupReader::open(path)?;
    let (mut table, mut columns, mut rows, mut check) = (String::new(), Vec::new(), Rows::default(), None);
    while let Some(part) = reader.next().map_err(|error| broken(path, &error.to_string()))? {
        match part {
            Copied::Table { table: name, columns: named } => (table, columns) = (name, named),
            Copied::Row(row) => {
                rows.count(&table);
                let at = columns.iter().position(|column| column == "sealed_check");
                if let (Some(at), "vault") = (at, table.as_str()) {
                    check = row.get(at).and_then(|cell| cell.bytes()).map(Sealed);
                }
            }
            Copied::LastNumber { .. } => {}
        }
    }
    Ok(Looked { head, rows, check })
}

fn broken(path: &Path, why: &str) -> BadInput {
    BadInput(say!("restore-nothing", path = path.display(), why = why))
}

/// Whether the secrets can be read from here.
async fn tell_of_key(looked: &Looked, config: &Config, made: bool) -> Result<()> {
    let Some(check) = &looked.check else { return Ok(()) };
    let name = config.key.name();
    match Vault::is_key_of(&config.key, check).await? {
        Some(true) if made => terminal::note(&say!("restore-key-put", name = name)),
        Some(true) => terminal::note(&say!("restore-key-opens", name = name)),
        _ => terminal::warning(&say!("restore-key-missing", name = name)),
    }
    Ok(())
}
