//! What a program created under a key of its own, so that a request which is sent twice makes one booking.
//!
//! The key is written in one transaction with what is created, also if the program is killed between that and its answer.

use std::time::Duration;

use super::sql::{Tx, values};
use super::{Result, Store, StoreError};

/// How long an answer is kept for a request that is sent again.
const CREATION_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Who creates something, and under which key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Creation {
    pub(crate) user: i64,
    pub(crate) key: Option<CreationKey>,
}

/// The key that a program gave a request which creates something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CreationKey {
    /// The hash of the key and of the path that it was sent to.
    pub(crate) key: [u8; 32],
    /// The hash of the key and of the body.
    pub(crate) body: [u8; 32],
}

/// What was created under a key.
#[derive(Clone, Debug)]
pub(crate) struct KeptCreation {
    pub(crate) body: [u8; 32],
    /// The number of what was made.
    pub(crate) made: Option<i64>,
    /// The answer, unless the program ended before it could be kept.
    pub(crate) answer: Option<String>,
}

/// Notes in a transaction what it made, and under which key.
///
/// # Errors
/// `Conflict` if the key was used already: whoever sent the same request at the same time was faster.
pub(super) async fn note_creation(tx: &mut Tx<'_>, creation: &Creation, made: Option<i64>) -> Result<()> {
    let Some(CreationKey { key, body }) = creation.key else { return Ok(()) };
    let old = "DELETE FROM web_creation WHERE at < (SELECT now FROM clock) - $1";
    tx.run(old, values![CREATION_KEPT]).await?;
    let sql = "INSERT INTO web_creation (user_id, key, body, made, at) \
         VALUES ($1, $2, $3, $4, (SELECT now FROM clock)) ON CONFLICT (user_id, key) DO NOTHING";
    match tx.run(sql, values![creation.user, &key[..], &body[..], made]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict("the same request is being answered: send it again".to_owned())),
    }
}

impl Store {
    /// What a user created under a key within the last day.
    pub(crate) async fn creation(&self, user: i64, key: &[u8; 32]) -> Result<Option<KeptCreation>> {
        let sql = "SELECT body, made, answer FROM web_creation WHERE user_id = $1 AND key = $2 \
             AND at > (SELECT now FROM clock) - $3";
        let row = self.row(sql, values![user, &key[..], CREATION_KEPT]).await?;
        row.map(|row| {
            Ok(KeptCreation {
                body: row.bytes("body")?.try_into().unwrap_or_default(),
                made: row.maybe_int("made")?,
                answer: row.maybe_text("answer")?,
            })
        })
        .transpose()
    }

    /// Keeps the answer to what was created under a key.
    pub(crate) async fn keep_answer(&self, creation: &Creation, answer: &str) -> Result<()> {
        let Some(key) = creation.key else { return Ok(()) };
        let sql = "UPDATE web_creation SET answer = $3 WHERE user_id = $1 AND key = $2";
        self.run(sql, values![creation.user, &key.key[..], answer]).await.map(|_| ())
    }
}
