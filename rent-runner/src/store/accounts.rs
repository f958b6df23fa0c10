//! Accounts at sites, and the applicants' data that a person types once.

use namyangju_rent::SeoulTime;

use super::{Result, Sealed, Store};

/// An account at a site.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: i64,
    /// The name a person gives it; unique here. It is the login name unless another was given.
    pub(crate) name: String,
    /// A built-in dialect's name or a path.
    pub(crate) site: String,
    pub(crate) base_url: Option<String>,
    pub(crate) login: String,
    pub(crate) password: Sealed,
    /// The last session that was alive, as `SavedSession` JSON.
    pub(crate) session: Option<Sealed>,
    pub(crate) created_at: SeoulTime,
    /// When a login last worked.
    pub(crate) checked_at: Option<SeoulTime>,
    /// Bookings that are not over.
    pub(crate) open_bookings: u32,
}

/// An account to be added.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub(crate) name: String,
    pub(crate) site: String,
    pub(crate) base_url: Option<String>,
    pub(crate) login: String,
    pub(crate) password: Sealed,
}

/// An applicant's data under a name: `Application` as JSON, sealed (it holds names and numbers).
#[derive(Clone, Debug)]
pub(crate) struct Applicant {
    pub(crate) name: String,
    pub(crate) data: Sealed,
    pub(crate) changed_at: SeoulTime,
}

impl Store {
    /// # Errors
    /// `Conflict` if the name is taken, or the same login at the same site.
    pub(crate) async fn add_account(&self, account: &NewAccount) -> Result<i64> {
        todo!()
    }

    pub(crate) async fn accounts(&self) -> Result<Vec<Account>> {
        todo!()
    }

    /// # Errors
    /// `NotFound`, naming the accounts there are.
    pub(crate) async fn account(&self, name: &str) -> Result<Account> {
        todo!()
    }

    pub(crate) async fn set_password(&self, name: &str, password: &Sealed) -> Result<()> {
        todo!()
    }

    /// Keeps a session, or forgets it; with `checked` also that a login worked just now.
    pub(crate) async fn set_session(
        &self,
        account: i64,
        session: Option<&Sealed>,
        checked: bool,
    ) -> Result<()> {
        todo!()
    }

    /// Removes it with its finished bookings' stories.
    ///
    /// # Errors
    /// `Conflict` while bookings of it are not over.
    pub(crate) async fn remove_account(&self, name: &str) -> Result<()> {
        todo!()
    }

    /// Adds or replaces.
    pub(crate) async fn put_applicant(&self, name: &str, data: &Sealed) -> Result<()> {
        todo!()
    }

    pub(crate) async fn applicants(&self) -> Result<Vec<Applicant>> {
        todo!()
    }

    pub(crate) async fn applicant(&self, name: &str) -> Result<Applicant> {
        todo!()
    }

    pub(crate) async fn remove_applicant(&self, name: &str) -> Result<()> {
        todo!()
    }
}
