//! Accounts at sites, and the applicants' data that a person types once.

use namyangju_rent::{SeoulTime, nfc};

use super::creations::{Creation, note_creation};
use super::sql::{Row, Sql, Tx, values};
use super::{Result, Sealed, Store, StoreError};

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
    /// When the site refused its login, if that is the last that is known: the password is not sent again before a
    /// person has given another, or seen it work.
    pub(crate) refused_at: Option<SeoulTime>,
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

/// How an account is read.
const ACCOUNT: &str = "SELECT a.id, a.name, a.site, a.base_url, a.login, a.password, a.session, \
     a.created_at, a.checked_at, a.refused_at, (SELECT COUNT(*) FROM booking b WHERE b.account_id = a.id \
     AND b.state IN ('waiting', 'armed', 'firing')) AS open_bookings \
     FROM account a WHERE $1 IS NULL OR a.name = $1 ORDER BY a.name";

fn account(row: &Row) -> Result<Account> {
    Ok(Account {
        id: row.int("id")?,
        name: row.text("name")?,
        site: row.text("site")?,
        base_url: row.maybe_text("base_url")?,
        login: row.text("login")?,
        password: row.sealed("password")?,
        session: row.maybe_bytes("session")?.map(Sealed),
        created_at: row.time("created_at")?,
        checked_at: row.maybe_time("checked_at")?,
        refused_at: row.maybe_time("refused_at")?,
        open_bookings: row.number("open_bookings")?,
    })
}

fn applicant(row: &Row) -> Result<Applicant> {
    Ok(Applicant { name: row.text("name")?, data: row.sealed("data")?, changed_at: row.time("changed_at")? })
}

/// Says what there is instead of a name that is not there.
fn not_found(kind: &str, name: &str, there: &[Row]) -> Result<StoreError> {
    let there = there.iter().map(|row| row.text("name")).collect::<Result<Vec<_>>>()?;
    Ok(StoreError::NotFound(match there.as_slice() {
        [] => format!("there is no {kind} `{name}`, and no other yet"),
        there => format!("there is no {kind} `{name}`; there is {}", there.join(", ")),
    }))
}

/// The same for an account.
pub(super) async fn no_account(tx: &mut Tx<'_>, name: &str) -> Result<StoreError> {
    not_found("account", name, &tx.rows("SELECT name FROM account ORDER BY name", &[]).await?)
}

impl Store {
    /// # Errors
    /// `Conflict` if the name is taken, or the same login at the same site.
    pub(crate) async fn add_account(&self, account: &NewAccount) -> Result<i64> {
        self.add_account_of(account, None).await
    }

    /// The same for a user of the page.
    pub(crate) async fn add_account_of(
        &self,
        account: &NewAccount,
        creation: Option<&Creation>,
    ) -> Result<i64> {
        let mut tx = self.write().await?;
        let taken = "SELECT name FROM account WHERE name = $1 \
             OR (site = $2 AND COALESCE(base_url, '') = COALESCE($3, '') AND login = $4) \
             ORDER BY CASE WHEN name = $1 THEN 0 ELSE 1 END";
        let NewAccount { name, site, base_url, login, password } = account;
        if let Some(row) = tx.row(taken, values![name, site, base_url, login]).await? {
            let other = row.text("name")?;
            let why = if other == *name {
                format!("there is an account `{name}` already: give another name, or remove it first")
            } else {
                format!("the account `{other}` has the same login at the same site already")
            };
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        }
        let insert = "INSERT INTO account (name, site, base_url, login, password, created_at) \
             VALUES ($1, $2, $3, $4, $5, (SELECT now FROM clock)) RETURNING id";
        let row = tx.row(insert, values![name, site, base_url, login, password]).await?;
        let id = row.ok_or_else(|| self.failed("an account got no number"))?.int("id")?;
        if let Some(creation) = creation {
            let sql = "INSERT INTO web_account (account_id, user_id) VALUES ($1, $2)";
            tx.run(sql, values![id, creation.user]).await?;
            if let Err(again) = note_creation(&mut tx, creation, Some(id)).await {
                return Err(tx.refuse(again).await);
            }
        }
        tx.commit().await?;
        Ok(id)
    }

    /// All, in order of their names.
    pub(crate) async fn accounts(&self) -> Result<Vec<Account>> {
        self.rows(ACCOUNT, values![None::<&str>]).await?.iter().map(account).collect()
    }

    /// # Errors
    /// `NotFound`, naming the accounts there are.
    pub(crate) async fn account(&self, name: &str) -> Result<Account> {
        let name = &nfc(name);
        match self.row(ACCOUNT, values![name]).await? {
            Some(row) => account(&row),
            None => Err(no_account(&mut self.read().await?, name).await?),
        }
    }

    /// Changes the name, the login and the password of an account, and forgets its session.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if the name is taken, or another account has the login at the site.
    pub(crate) async fn change_account(
        &self,
        id: i64,
        name: &str,
        login: &str,
        password: &Sealed,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let taken = "SELECT o.name FROM account a JOIN account o ON o.id <> a.id AND (o.name = $2 \
             OR (o.site = a.site AND COALESCE(o.base_url, '') = COALESCE(a.base_url, '') AND o.login = $3)) \
             WHERE a.id = $1";
        if let Some(row) = tx.row(taken, values![id, name, login]).await? {
            let why = format!("the account `{}` has this name, or this login at the site", row.text("name")?);
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        }
        let sql = "UPDATE account SET name = $2, login = $3, password = $4, session = NULL, checked_at = NULL, \
             refused_at = NULL WHERE id = $1";
        if tx.run(sql, values![id, name, login, password]).await? == 0 {
            return Err(tx.refuse(StoreError::NotFound("the account was removed".to_owned())).await);
        }
        tx.commit().await
    }

    /// Keeps another password, and forgets the session of the one before.
    pub(crate) async fn set_password(&self, name: &str, password: &Sealed) -> Result<()> {
        let name = &nfc(name);
        let mut tx = self.write().await?;
        let sql = "UPDATE account SET password = $2, session = NULL, checked_at = NULL, refused_at = NULL \
             WHERE name = $1";
        if tx.run(sql, values![name, password]).await? == 0 {
            return Err(no_account(&mut tx, name).await?);
        }
        tx.commit().await
    }

    /// Keeps a session, or forgets it; with `checked` also that a login worked just now.
    pub(crate) async fn set_session(
        &self,
        account: i64,
        session: Option<&Sealed>,
        checked: bool,
    ) -> Result<()> {
        let sql = "UPDATE account SET session = $2, \
             checked_at = CASE WHEN $3 = 1 THEN (SELECT now FROM clock) ELSE checked_at END, \
             refused_at = CASE WHEN $3 = 1 THEN NULL ELSE refused_at END WHERE id = $1";
        match self.run(sql, values![account, session, i64::from(checked)]).await? {
            0 => Err(StoreError::NotFound("the account was removed".to_owned())),
            _ => Ok(()),
        }
    }

    /// Keeps that the site refused the login just now, and forgets the session.
    pub(crate) async fn login_refused(&self, account: i64) -> Result<()> {
        let sql = "UPDATE account SET session = NULL, refused_at = (SELECT now FROM clock) WHERE id = $1";
        self.run(sql, values![account]).await.map(|_| ())
    }

    /// Removes it with its finished bookings' stories.
    ///
    /// # Errors
    /// `Conflict` while bookings of it are not over.
    pub(crate) async fn remove_account(&self, name: &str) -> Result<()> {
        let name = &nfc(name);
        let mut tx = self.write().await?;
        let lock = Sql::Each {
            sqlite: "SELECT id FROM account WHERE name = $1",
            postgres: "SELECT id FROM account WHERE name = $1 FOR UPDATE",
        };
        let Some(row) = tx.row(lock, values![name]).await? else {
            return Err(no_account(&mut tx, name).await?);
        };
        let id = row.int("id")?;
        let open = "SELECT id FROM booking WHERE account_id = $1 \
             AND state IN ('waiting', 'armed', 'firing') ORDER BY id";
        let open = tx.rows(open, values![id]).await?;
        if !open.is_empty() {
            let numbers =
                open.iter().map(|row| Ok(row.int("id")?.to_string())).collect::<Result<Vec<_>>>()?;
            let why = format!(
                "the account `{name}` has bookings that are not over ({}): cancel them first",
                numbers.join(", ")
            );
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        }
        tx.run("DELETE FROM account WHERE id = $1", values![id]).await?;
        tx.commit().await
    }

    /// Adds or replaces.
    pub(crate) async fn put_applicant(&self, name: &str, data: &Sealed) -> Result<()> {
        let sql = "INSERT INTO applicant (name, data, changed_at) VALUES ($1, $2, (SELECT now FROM clock)) \
             ON CONFLICT (name) DO UPDATE SET data = excluded.data, changed_at = excluded.changed_at";
        self.run(sql, values![name, data]).await.map(|_| ())
    }

    /// All, in order of their names.
    pub(crate) async fn applicants(&self) -> Result<Vec<Applicant>> {
        let sql = "SELECT name, data, changed_at FROM applicant ORDER BY name";
        self.rows(sql, &[]).await?.iter().map(applicant).collect()
    }

    /// # Errors
    /// `NotFound`, naming those there are.
    pub(crate) async fn applicant(&self, name: &str) -> Result<Applicant> {
        let name = &nfc(name);
        let sql = "SELECT name, data, changed_at FROM applicant WHERE name = $1";
        match self.row(sql, values![name]).await? {
            Some(row) => applicant(&row),
            None => Err(self.no_applicant(name).await?),
        }
    }

    /// # Errors
    /// `NotFound`, naming those there are.
    pub(crate) async fn remove_applicant(&self, name: &str) -> Result<()> {
        let name = &nfc(name);
        match self.run("DELETE FROM applicant WHERE name = $1", values![name]).await? {
            0 => Err(self.no_applicant(name).await?),
            _ => Ok(()),
        }
    }

    async fn no_applicant(&self, name: &str) -> Result<StoreError> {
        not_found("applicant", name, &self.rows("SELECT name FROM applicant ORDER BY name", &[]).await?)
    }
}
