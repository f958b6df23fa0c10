//! One-time links: how the owner comes in first, and how members are invited.

use std::fmt;
use std::time::Duration;

use anyhow::Result;

use super::{password, token};
use crate::bad_input::BadInput;
use crate::say::say;
use crate::store::{LinkKind, Store};

/// How long a link can be used.
pub(in crate::web) const LASTS: Duration = Duration::from_secs(15 * 60);

/// How long an invitation can be used: members do not sit beside the owner.
pub(in crate::web) const INVITATION_LASTS: Duration = Duration::from_secs(3 * 24 * 3600);

/// The path of a link, with its token. `Debug` does not show it.
pub(crate) struct LinkPath(String);

impl LinkPath {
    /// The path, without what the page's address has before it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkPath")
    }
}

/// The longest name of a user, in characters.
const MAX_NAME: usize = 40;

/// Whether somebody may be called so.
pub(in crate::web) fn is_name(name: &str) -> bool {
    // Letters that are not seen, or turn what follows around, make two names look the same.
    let hidden = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{ad}'
                    | '\u{34f}'
                    | '\u{61c}'
                    | '\u{115f}'
                    | '\u{1160}'
                    | '\u{17b4}'
                    | '\u{17b5}'
                    | '\u{180e}'
            )
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}')
            || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
    };
    (1..=MAX_NAME).contains(&name.chars().count()) && !name.contains(hidden)
}

/// Sets the owner's name and password, as a link does.
///
/// # Errors
/// Bad input for a name or a password that does not fit, and the store's.
pub(crate) async fn set_owner(store: &Store, name: &str, password: &str) -> Result<()> {
    if !is_name(name) {
        return Err(BadInput(say!("web-name", most = MAX_NAME)).into());
    }
    password::check(password)?;
    let hash = password::hash(password.to_owned()).await?;
    let token = token::hash(&token::new()?);
    store.put_link(&token, LinkKind::Owner, LASTS).await?;
    store.use_link(&token, name, &hash).await?;
    Ok(())
}

/// Makes a link and keeps its hash.
pub(crate) async fn make_link(store: &Store, kind: LinkKind) -> Result<LinkPath> {
    let token = token::new()?;
    let lasts = if kind == LinkKind::Owner { LASTS } else { INVITATION_LASTS };
    store.put_link(&token::hash(&token), kind, lasts).await?;
    Ok(LinkPath(format!("/link/{token}")))
}
