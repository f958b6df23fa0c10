//! The tokens of programs that use the API. Of a token only the hash comes in here.

use std::fmt;
use std::time::Duration;

use namyangju_rent::SeoulTime;

use super::sql::{Row, values};
use super::{Result, Store, StoreError, TokenHash, WebUser};

/// The most tokens of a user.
const MAX_TOKENS: i64 = 50;

/// A token that was used within this time is not written again.
const USED_STEP: Duration = Duration::from_secs(60);

/// What a token may be used for. None includes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TokenScope {
    /// Looking.
    Read,
    /// Making and changing bookings.
    Book,
    /// Accounts, applicants' data, tokens, settings and channels.
    Admin,
}

impl TokenScope {
    pub(crate) const ALL: [Self; 3] = [Self::Read, Self::Book, Self::Admin];

    /// As it is stored and typed.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Book => "book",
            Self::Admin => "admin",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A token, without its secret.
#[derive(Clone, Debug)]
pub(crate) struct TokenRow {
    pub(crate) id: i64,
    /// The name of its user.
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<TokenScope>,
    pub(crate) created_at: SeoulTime,
    /// To the minute.
    pub(crate) used_at: Option<SeoulTime>,
    pub(crate) ends_at: Option<SeoulTime>,
}

/// A token to be kept.
#[derive(Clone, Debug)]
pub(crate) struct NewToken<'a> {
    pub(crate) user: i64,
    pub(crate) token: TokenHash,
    pub(crate) name: &'a str,
    pub(crate) scopes: &'a [TokenScope],
    /// For how long; `None` is until it is removed.
    pub(crate) lasts: Option<Duration>,
}

fn token(row: &Row) -> Result<TokenRow> {
    Ok(TokenRow {
        id: row.int("id")?,
        user: row.text("user_name")?,
        name: row.text("name")?,
        scopes: row.text("scopes")?.split(' ').filter_map(TokenScope::parse).collect(),
        created_at: row.time("created_at")?,
        used_at: row.maybe_time("used_at")?,
        ends_at: row.maybe_time("ends_at")?,
    })
}

impl Store {
    /// Keeps a token.
    ///
    /// # Errors
    /// `Conflict` if the user has one of this name, or too many.
    pub(crate) async fn add_token(&self, new: &NewToken<'_>) -> Result<i64> {
        let mut tx = self.write().await?;
        let many = "SELECT COUNT(*) AS many FROM web_token WHERE user_id = $1";
        let many = tx.row(many, values![new.user]).await?.map_or(Ok(0), |row| row.int("many"))?;
        if many >= MAX_TOKENS {
            let why = format!("there are {MAX_TOKENS} tokens already: remove one first");
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        }
        let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        let scopes = scopes.join(" ");
        let sql = "INSERT INTO web_token (user_id, token, name, scopes, created_at, ends_at) \
             VALUES ($1, $2, $3, $4, (SELECT now FROM clock), (SELECT now FROM clock) + $5) \
             ON CONFLICT (user_id, name) DO NOTHING RETURNING id";
        let lasts = new.lasts.map(super::sql::micros);
        let values = values![new.user, &new.token[..], new.name, &scopes, lasts];
        let Some(row) = tx.row(sql, values).await? else {
            let why = format!("there is a token called `{}` already: give another name", new.name);
            return Err(tx.refuse(StoreError::Conflict(why)).await);
        };
        let id = row.int("id")?;
        tx.commit().await?;
        Ok(id)
    }

    /// The tokens of a user, of all for `None`, in the order in which they were made.
    pub(crate) async fn tokens(&self, user: Option<i64>) -> Result<Vec<TokenRow>> {
        let sql = "SELECT t.id, u.name AS user_name, t.name, t.scopes, t.created_at, t.used_at, t.ends_at \
             FROM web_token t JOIN web_user u ON u.id = t.user_id WHERE $1 IS NULL OR t.user_id = $1 ORDER BY t.id";
        self.rows(sql, values![user]).await?.iter().map(token).collect()
    }

    /// Removes a token of a user, of anybody for `None`; whether there was one.
    pub(crate) async fn remove_token(&self, id: i64, user: Option<i64>) -> Result<bool> {
        let sql = "DELETE FROM web_token WHERE id = $1 AND ($2 IS NULL OR user_id = $2)";
        Ok(self.run(sql, values![id, user]).await? == 1)
    }

    /// Whose a living token is, and what it may be used for; being used is noted.
    pub(crate) async fn token(&self, hash: &TokenHash) -> Result<Option<(WebUser, Vec<TokenScope>)>> {
        let sql = "SELECT t.id AS token_id, u.id, u.name, u.is_owner, t.scopes, \
             CAST(CASE WHEN t.used_at > (SELECT now FROM clock) - $2 THEN 0 ELSE 1 END AS BIGINT) AS stale \
             FROM web_token t JOIN web_user u ON u.id = t.user_id \
             WHERE t.token = $1 AND (t.ends_at IS NULL OR t.ends_at > (SELECT now FROM clock))";
        let Some(row) = self.row(sql, values![&hash[..], USED_STEP]).await? else { return Ok(None) };
        if row.int("stale")? == 1 {
            let sql = "UPDATE web_token SET used_at = (SELECT now FROM clock) WHERE id = $1";
            self.run(sql, values![row.int("token_id")?]).await?;
        }
        let scopes = row.text("scopes")?.split(' ').filter_map(TokenScope::parse).collect();
        Ok(Some((super::web::user(&row)?, scopes)))
    }

    /// Whether a token is alive; looking is no use of it.
    pub(crate) async fn is_token(&self, hash: &TokenHash) -> Result<bool> {
        let sql = "SELECT id FROM web_token WHERE token = $1 AND (ends_at IS NULL OR ends_at > (SELECT now FROM clock))";
        Ok(self.row(sql, values![&hash[..]]).await?.is_some())
    }
}
