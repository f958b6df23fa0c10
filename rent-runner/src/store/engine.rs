//! Which database, how it is opened, and its migrations.

use std::time::Duration;

use namyangju_rent::SeoulTime;

use super::{Result, Sealed};

/// An open store. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Store {}

/// What the store keeps of the vault: a text sealed with its key, to tell a wrong key at once.
#[derive(Clone, Debug)]
pub(crate) struct VaultRow {
    pub(crate) check: Sealed,
}

impl Store {
    /// Opens a store, makes it on first use and migrates it. `address` is a path, `sqlite:PATH`, or
    /// `postgres://…`; its password is never shown.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        todo!()
    }

    /// Whether this call made it.
    pub(crate) fn is_new(&self) -> bool {
        todo!()
    }

    /// Its address for people: a path, or the server and database without the password.
    pub(crate) fn address(&self) -> &str {
        todo!()
    }

    /// Whether several machines may share it.
    pub(crate) fn is_shared(&self) -> bool {
        todo!()
    }

    /// The database's own clock, and how long asking took.
    pub(crate) async fn now(&self) -> Result<(SeoulTime, Duration)> {
        todo!()
    }

    /// The version of the layout, for `doctor`.
    pub(crate) async fn version(&self) -> Result<i64> {
        todo!()
    }

    pub(crate) async fn vault(&self) -> Result<Option<VaultRow>> {
        todo!()
    }

    /// Sets it where there is none; `false` if another process was faster.
    pub(crate) async fn set_vault(&self, row: &VaultRow) -> Result<bool> {
        todo!()
    }

    /// Seals everything anew in one transaction, with a new check. Waiting bookings may be leased: their
    /// runners go on with what they hold in memory.
    pub(crate) async fn reseal(
        &self,
        check: &Sealed,
        seal: impl FnMut(&Sealed) -> std::result::Result<Sealed, String> + Send,
    ) -> Result<u64> {
        todo!()
    }

    /// Waits for what is written and closes.
    pub(crate) async fn close(&self) {
        todo!()
    }
}
