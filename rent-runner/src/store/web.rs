//! Who may use the page: users, their sessions, one-time links, known browsers, whose a booking is, who did what.
//!
//! Of every token only the hash comes in here, so a copy of the store lets nobody in.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use namyangju_rent::SeoulTime;

use super::creations::{Creation, note_creation};
use super::sql::{Row, Tx, values};
use super::{Applicant, BookingId, Result, Sealed, Store, StoreError};

/// The SHA-256 of a token.
pub(crate) type TokenHash = [u8; 32];

/// A session that was not used for so long is over.
const MAX_IDLE: Duration = Duration::from_secs(24 * 3600);

/// No session is older, however it is used.
const MAX_SESSION: Duration = Duration::from_secs(30 * 24 * 3600);

/// A session that was seen within this time is not written again.
const SEEN_STEP: Duration = Duration::from_secs(60);

/// How many browsers of a user are known at a time.
const MAX_BROWSERS: i64 = 20;

/// The most members that one store takes.
const MAX_MEMBERS: i64 = 100;

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebUser {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// The owner sees everybody's bookings, and invites.
    pub(crate) is_owner: bool,
}

impl WebUser {
    /// What the user's account or applicant's data of a name is called in the store. Names there are for all; a member's begin
    /// with the member's own, so that nobody learns from a refusal what others have.
    pub(crate) fn own_name(&self, name: &str) -> String {
        let own = format!("{}/", self.name);
        if self.is_owner || name.starts_with(&own) { name.to_owned() } else { own + name }
    }
}

/// What belongs to a user.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owned {
    Booking(BookingId),
}

/// Whom a one-time link lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkKind {
    /// Sets the owner's name and password.
    Owner,
    /// Makes a member.
    Member,
}

impl LinkKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Owner, Self::Member].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A session, for the list that its user sees.
#[derive(Clone, Debug)]
pub(crate) struct WebSessionRow {
    pub(crate) token: TokenHash,
    pub(crate) created_at: SeoulTime,
    pub(crate) seen_at: SeoulTime,
    pub(crate) address: String,
    pub(crate) browser: String,
}

/// An invitation that was not used yet.
#[derive(Clone, Debug)]
pub(crate) struct InvitationRow {
    pub(crate) token: TokenHash,
    pub(crate) ends_at: SeoulTime,
}

/// What a member has in the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemberThings {
    /// The bookings that are not over.
    pub(crate) open_bookings: Vec<BookingId>,
    /// The names of the accounts and of the applicants' data.
    pub(crate) accounts: Vec<String>,
    pub(crate) applicants: Vec<String>,
}

/// A line of what was done.
#[derive(Clone, Debug)]
pub(crate) struct AuditRow {
    pub(crate) at: SeoulTime,
    pub(crate) user: String,
    pub(crate) address: String,
    pub(crate) what: String,
}

pub(super) fn user(row: &Row) -> Result<WebUser> {
    Ok(WebUser { id: row.int("id")?, name: row.text("name")?, is_owner: row.flag("is_owner")? })
}

impl Store {
    pub(crate) async fn web_users(&self) -> Result<Vec<WebUser>> {
        let sql = "SELECT id, name, is_owner FROM web_user ORDER BY is_owner DESC, name";
        self.rows(sql, &[]).await?.iter().map(user).collect()
    }

    pub(crate) async fn has_owner(&self) -> Result<bool> {
        Ok(self.row("SELECT id FROM web_user WHERE is_owner = 1", &[]).await?.is_some())
    }

    /// A user and the password's hash, by the name.
    pub(crate) async fn web_user(&self, name: &str) -> Result<Option<(WebUser, String)>> {
        let sql = "SELECT id, name, is_owner, password FROM web_user WHERE name = $1";
        let row = self.row(sql, values![name]).await?;
        row.map(|row| Ok((user(&row)?, row.text("password")?))).transpose()
    }

    /// Keeps a link for so long. Links that are over are removed.
    pub(crate) async fn put_link(&self, token: &TokenHash, kind: LinkKind, lasts: Duration) -> Result<()> {
        let mut tx = self.write().await?;
        tx.run("DELETE FROM web_link WHERE ends_at < (SELECT now FROM clock)", &[]).await?;
        let sql = "INSERT INTO web_link (token, kind, ends_at) VALUES ($1, $2, (SELECT now FROM clock) + $3)";
        tx.run(sql, values![&token[..], kind.as_str(), lasts]).await?;
        tx.commit().await
    }

    /// What a link lets in, if it was not used and is not over.
    pub(crate) async fn link(&self, token: &TokenHash) -> Result<Option<LinkKind>> {
        let sql = "SELECT kind FROM web_link WHERE token = $1 AND ends_at > (SELECT now FROM clock)";
        let row = self.row(sql, values![&token[..]]).await?;
        Ok(row.map(|row| row.text("kind")).transpose()?.as_deref().and_then(LinkKind::parse))
    }

    /// Uses a link: makes its user, or sets the owner's name and password and ends the owner's sessions.
    ///
    /// # Errors
    /// `NotFound` if the link was used or is over, `Conflict` if the name is taken or there are too many members. The link
    /// is as before then.
    pub(crate) async fn use_link(&self, token: &TokenHash, name: &str, password: &str) -> Result<WebUser> {
        let mut tx = self.write().await?;
        let sql =
            "DELETE FROM web_link WHERE token = $1 AND ends_at > (SELECT now FROM clock) RETURNING kind";
        let row = tx.row(sql, values![&token[..]]).await?;
        let Some(kind) = row.map(|row| row.text("kind")).transpose()?.as_deref().and_then(LinkKind::parse)
        else {
            return Err(tx.refuse(StoreError::NotFound("the link was used, or is over".to_owned())).await);
        };
        let owner = tx.row("SELECT id FROM web_user WHERE is_owner = 1", &[]).await?;
        let owner = owner.map(|row| row.int("id")).transpose()?;
        let same = tx.row("SELECT id FROM web_user WHERE name = $1", values![name]).await?;
        let same = same.map(|row| row.int("id")).transpose()?;
        if same.is_some() && (kind == LinkKind::Member || same != owner) {
            return Err(tx.refuse(StoreError::Conflict("the name is taken".to_owned())).await);
        }
        let user = match (kind, owner) {
            (LinkKind::Owner, Some(id)) => {
                tx.run(
                    "UPDATE web_user SET name = $2, password = $3 WHERE id = $1",
                    values![id, name, password],
                )
                .await?;
                end_sessions(&mut tx, id).await?;
                end_links(&mut tx).await?;
                // Whoever made them may not be the owner any more.
                tx.run("DELETE FROM web_token WHERE user_id = $1", values![id]).await?;
                WebUser { id, name: name.to_owned(), is_owner: true }
            }
            _ => {
                let many = tx.row("SELECT COUNT(*) AS many FROM web_user", &[]).await?;
                if many.map_or(Ok(0), |row| row.int("many"))? > MAX_MEMBERS {
                    return Err(tx
                        .refuse(StoreError::Conflict("there are too many members".to_owned()))
                        .await);
                }
                let is_owner = kind == LinkKind::Owner;
                let sql = "INSERT INTO web_user (name, is_owner, password, created_at) \
                     VALUES ($1, $2, $3, (SELECT now FROM clock)) RETURNING id";
                let row = tx.row(sql, values![name, i64::from(is_owner), password]).await?;
                let id = row.ok_or_else(|| self.failed("a user got no number"))?.int("id")?;
                if is_owner {
                    end_links(&mut tx).await?;
                }
                WebUser { id, name: name.to_owned(), is_owner }
            }
        };
        tx.commit().await?;
        Ok(user)
    }

    /// The invitations that can still be used, the newest first.
    pub(crate) async fn invitations(&self) -> Result<Vec<InvitationRow>> {
        let sql = "SELECT token, ends_at FROM web_link WHERE kind = 'member' \
             AND ends_at > (SELECT now FROM clock) ORDER BY ends_at DESC";
        let rows = self.rows(sql, &[]).await?;
        rows.iter()
            .map(|row| {
                let token = row.bytes("token")?.try_into().unwrap_or_default();
                Ok(InvitationRow { token, ends_at: row.time("ends_at")? })
            })
            .collect()
    }

    /// Ends an invitation that was not used; `false` if there is none.
    pub(crate) async fn revoke_invitation(&self, token: &TokenHash) -> Result<bool> {
        let sql = "DELETE FROM web_link WHERE token = $1 AND kind = 'member'";
        Ok(self.run(sql, values![&token[..]]).await? == 1)
    }

    /// Sets another password, and ends every session of the user.
    pub(crate) async fn set_web_password(&self, user: i64, password: &str) -> Result<()> {
        let mut tx = self.write().await?;
        tx.run("UPDATE web_user SET password = $2 WHERE id = $1", values![user, password]).await?;
        end_sessions(&mut tx, user).await?;
        let owner = tx.row("SELECT id FROM web_user WHERE id = $1 AND is_owner = 1", values![user]).await?;
        if owner.is_some() {
            end_links(&mut tx).await?;
        }
        tx.commit().await
    }

    /// What a member has.
    pub(crate) async fn things_of(&self, user: i64) -> Result<MemberThings> {
        let bookings = "SELECT b.id FROM booking b JOIN web_booking w ON w.booking_id = b.id \
             WHERE w.user_id = $1 AND b.state IN ('waiting', 'armed', 'firing') ORDER BY b.id";
        let accounts = "SELECT a.name FROM account a JOIN web_account w ON w.account_id = a.id \
             WHERE w.user_id = $1 ORDER BY a.name";
        let applicants = "SELECT name FROM web_applicant WHERE user_id = $1 ORDER BY name";
        let open_bookings = self.rows(bookings, values![user]).await?;
        let names = |rows: Vec<Row>| rows.iter().map(|row| row.text("name")).collect::<Result<Vec<_>>>();
        Ok(MemberThings {
            open_bookings: open_bookings
                .iter()
                .map(|row| Ok(BookingId(row.int("id")?)))
                .collect::<Result<Vec<_>>>()?,
            accounts: names(self.rows(accounts, values![user]).await?)?,
            applicants: names(self.rows(applicants, values![user]).await?)?,
        })
    }

    /// Removes a member; the owner stays. What the member has becomes the owner's.
    pub(crate) async fn remove_member(&self, user: i64) -> Result<bool> {
        self.run("DELETE FROM web_user WHERE id = $1 AND is_owner = 0", values![user])
            .await
            .map(|many| many == 1)
    }

    /// Begins a session of a user whose password is still the one that was checked; `false` if it was changed meanwhile.
    /// Sessions that are over are removed.
    pub(crate) async fn begin_session(
        &self,
        token: &TokenHash,
        user: i64,
        password: &str,
        address: &str,
        browser: &str,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        let over = "DELETE FROM web_session WHERE seen_at < (SELECT now FROM clock) - $1 \
             OR created_at < (SELECT now FROM clock) - $2";
        tx.run(over, values![MAX_IDLE, MAX_SESSION]).await?;
        // Written first: a change of the password waits for this, or this for it.
        let sql =
            "UPDATE web_user SET signed_in_at = (SELECT now FROM clock) WHERE id = $1 AND password = $2";
        if tx.run(sql, values![user, password]).await? == 0 {
            return Ok(false);
        }
        let sql = "INSERT INTO web_session (token, user_id, created_at, seen_at, address, browser) \
             VALUES ($1, $2, (SELECT now FROM clock), (SELECT now FROM clock), $3, $4)";
        tx.run(sql, values![&token[..], user, address, browser]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Whose a living session is; being used keeps it alive.
    pub(crate) async fn session(&self, token: &TokenHash) -> Result<Option<WebUser>> {
        let Some((user, is_stale)) = self.look_at_session(token).await? else { return Ok(None) };
        if is_stale {
            let sql = "UPDATE web_session SET seen_at = (SELECT now FROM clock) WHERE token = $1";
            self.run(sql, values![&token[..]]).await?;
        }
        Ok(Some(user))
    }

    /// Whether a session is alive; looking keeps it no longer.
    pub(crate) async fn is_session(&self, token: &TokenHash) -> Result<bool> {
        Ok(self.look_at_session(token).await?.is_some())
    }

    async fn look_at_session(&self, token: &TokenHash) -> Result<Option<(WebUser, bool)>> {
        let sql = "SELECT u.id, u.name, u.is_owner, \
             CAST(CASE WHEN s.seen_at < (SELECT now FROM clock) - $4 THEN 1 ELSE 0 END AS BIGINT) AS stale \
             FROM web_session s JOIN web_user u ON u.id = s.user_id WHERE s.token = $1 \
             AND s.seen_at > (SELECT now FROM clock) - $2 AND s.created_at > (SELECT now FROM clock) - $3";
        let Some(row) = self.row(sql, values![&token[..], MAX_IDLE, MAX_SESSION, SEEN_STEP]).await? else {
            return Ok(None);
        };
        Ok(Some((user(&row)?, row.int("stale")? == 1)))
    }

    /// The living sessions of a user, the last seen first.
    pub(crate) async fn sessions(&self, user: i64) -> Result<Vec<WebSessionRow>> {
        let sql = "SELECT token, created_at, seen_at, address, browser FROM web_session WHERE user_id = $1 \
             AND seen_at > (SELECT now FROM clock) - $2 AND created_at > (SELECT now FROM clock) - $3 \
             ORDER BY seen_at DESC";
        let rows = self.rows(sql, values![user, MAX_IDLE, MAX_SESSION]).await?;
        rows.iter()
            .map(|row| {
                Ok(WebSessionRow {
                    token: row.bytes("token")?.try_into().unwrap_or_default(),
                    created_at: row.time("created_at")?,
                    seen_at: row.time("seen_at")?,
                    address: row.text("address")?,
                    browser: row.text("browser")?,
                })
            })
            .collect()
    }

    pub(crate) async fn end_session(&self, token: &TokenHash) -> Result<()> {
        self.run("DELETE FROM web_session WHERE token = $1", values![&token[..]]).await.map(|_| ())
    }

    pub(crate) async fn end_sessions_of(&self, user: i64) -> Result<()> {
        let mut tx = self.write().await?;
        end_sessions(&mut tx, user).await?;
        tx.commit().await
    }

    /// Keeps that a user signed in with a browser.
    pub(crate) async fn know_browser(&self, token: &TokenHash, user: i64) -> Result<()> {
        let mut tx = self.write().await?;
        let sql =
            "INSERT INTO web_browser (token, user_id, created_at) VALUES ($1, $2, (SELECT now FROM clock))";
        tx.run(sql, values![&token[..], user]).await?;
        let old = "DELETE FROM web_browser WHERE user_id = $1 AND token NOT IN \
             (SELECT token FROM web_browser WHERE user_id = $1 ORDER BY created_at DESC LIMIT $2)";
        tx.run(old, values![user, MAX_BROWSERS]).await?;
        tx.commit().await
    }

    pub(crate) async fn knows_browser(&self, token: &TokenHash, user: i64) -> Result<bool> {
        let sql = "SELECT user_id FROM web_browser WHERE token = $1 AND user_id = $2";
        Ok(self.row(sql, values![&token[..], user]).await?.is_some())
    }

    /// Notes whose something is.
    #[cfg(test)]
    pub(crate) async fn give(&self, what: Owned, user: i64) -> Result<()> {
        match what {
            Owned::Booking(id) => {
                let sql = "INSERT INTO web_booking (booking_id, user_id) VALUES ($1, $2)";
                self.run(sql, values![id.0, user]).await
            }
        }
        .map(|_| ())
    }

    /// Adds or replaces an applicant's data; `false` if the name is another user's. The owner of the page may change all.
    pub(crate) async fn put_applicant_of(&self, name: &str, data: &Sealed, user: &WebUser) -> Result<bool> {
        let mut tx = self.write().await?;
        let insert = "INSERT INTO applicant (name, data, changed_at) VALUES ($1, $2, (SELECT now FROM clock)) \
             ON CONFLICT (name) DO NOTHING";
        if tx.run(insert, values![name, data]).await? == 1 {
            tx.run("INSERT INTO web_applicant (name, user_id) VALUES ($1, $2)", values![name, user.id])
                .await?;
        } else {
            let update = "UPDATE applicant SET data = $2, changed_at = (SELECT now FROM clock) WHERE name = $1 \
                 AND ($3 = 1 OR name IN (SELECT name FROM web_applicant WHERE user_id = $4))";
            if tx.run(update, values![name, data, i64::from(user.is_owner), user.id]).await? == 0 {
                return Ok(false);
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The bookings of a user.
    pub(crate) async fn bookings_of(&self, user: i64) -> Result<HashSet<BookingId>> {
        let rows = self.rows("SELECT booking_id FROM web_booking WHERE user_id = $1", values![user]).await?;
        rows.iter().map(|row| Ok(BookingId(row.int("booking_id")?))).collect()
    }

    /// Adds an applicant's data of a user; `false` if the name is taken.
    pub(crate) async fn add_applicant(&self, name: &str, data: &Sealed, creation: &Creation) -> Result<bool> {
        let mut tx = self.write().await?;
        let insert = "INSERT INTO applicant (name, data, changed_at) VALUES ($1, $2, (SELECT now FROM clock)) \
             ON CONFLICT (name) DO NOTHING";
        if tx.run(insert, values![name, data]).await? == 0 {
            tx.commit().await?;
            return Ok(false);
        }
        let sql = "INSERT INTO web_applicant (name, user_id) VALUES ($1, $2)";
        tx.run(sql, values![name, creation.user]).await?;
        if let Err(again) = note_creation(&mut tx, creation, None).await {
            return Err(tx.refuse(again).await);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Replaces an applicant's data that nobody has changed since; `false` if somebody has, or removed it.
    pub(crate) async fn replace_applicant(&self, before: &Applicant, data: &Sealed) -> Result<bool> {
        // Two changes within a microsecond would have one time.
        let sql = "UPDATE applicant SET data = $2, \
             changed_at = CASE WHEN (SELECT now FROM clock) > $3 THEN (SELECT now FROM clock) ELSE $3 + 1 END \
             WHERE name = $1 AND changed_at = $3";
        Ok(self.run(sql, values![&before.name, data, before.changed_at]).await? == 1)
    }

    /// Whose something is; `None` is the owner's.
    pub(crate) async fn user_of(&self, what: Owned) -> Result<Option<i64>> {
        let row = match what {
            Owned::Booking(id) => {
                self.row("SELECT user_id FROM web_booking WHERE booking_id = $1", values![id.0]).await?
            }
        };
        row.map(|row| row.int("user_id")).transpose()
    }

    /// The user of each account that has one.
    pub(crate) async fn users_of_accounts(&self) -> Result<HashMap<i64, i64>> {
        let rows = self.rows("SELECT account_id, user_id FROM web_account", &[]).await?;
        rows.iter().map(|row| Ok((row.int("account_id")?, row.int("user_id")?))).collect()
    }

    /// The user of each applicant's data that has one.
    pub(crate) async fn users_of_applicants(&self) -> Result<HashMap<String, i64>> {
        let rows = self.rows("SELECT name, user_id FROM web_applicant", &[]).await?;
        rows.iter().map(|row| Ok((row.text("name")?, row.int("user_id")?))).collect()
    }

    /// Notes what was done, without a secret in it.
    pub(crate) async fn audit(&self, user: &str, address: &str, what: &str) -> Result<()> {
        let sql = "INSERT INTO web_audit (at, user_name, address, what) VALUES ((SELECT now FROM clock), $1, $2, $3)";
        self.run(sql, values![user, address, what]).await.map(|_| ())
    }

    /// What was done, the newest first.
    pub(crate) async fn audits(&self, most: u32) -> Result<Vec<AuditRow>> {
        let sql = "SELECT at, user_name, address, what FROM web_audit ORDER BY id DESC LIMIT $1";
        let rows = self.rows(sql, values![most]).await?;
        rows.iter()
            .map(|row| {
                Ok(AuditRow {
                    at: row.time("at")?,
                    user: row.text("user_name")?,
                    address: row.text("address")?,
                    what: row.text("what")?,
                })
            })
            .collect()
    }

    /// Changes with each change of a user's bookings, of all for `None`: what a page that shows them compares.
    pub(crate) async fn bookings_stamp(&self, user: Option<i64>) -> Result<String> {
        let sql = "SELECT COUNT(*) AS many, COALESCE(MAX(changed_at), 0) AS changed, \
             CAST(COALESCE(SUM(last_event), 0) AS BIGINT) AS events FROM booking \
             WHERE $1 IS NULL OR id IN (SELECT booking_id FROM web_booking WHERE user_id = $1)";
        let row = self.row(sql, values![user]).await?.ok_or_else(|| self.failed("it counted nothing"))?;
        Ok(format!("{}-{}-{}", row.int("many")?, row.int("changed")?, row.int("events")?))
    }

    /// The same of one booking.
    pub(crate) async fn booking_stamp(&self, id: BookingId) -> Result<Option<String>> {
        let sql = "SELECT changed_at, last_event FROM booking WHERE id = $1";
        let row = self.row(sql, values![id.0]).await?;
        row.as_ref().map(stamp).transpose()
    }
}

/// The stamp of a booking, by its row.
pub(super) fn stamp(row: &Row) -> Result<String> {
    Ok(format!("{}-{}", row.int("changed_at")?, row.int("last_event")?))
}

/// Ends every link that was not used: whoever made them may not be the owner any more.
async fn end_links(tx: &mut Tx<'_>) -> Result<()> {
    tx.run("DELETE FROM web_link", &[]).await.map(|_| ())
}

async fn end_sessions(tx: &mut Tx<'_>, user: i64) -> Result<()> {
    tx.run("DELETE FROM web_session WHERE user_id = $1", values![user]).await.map(|_| ())
}
