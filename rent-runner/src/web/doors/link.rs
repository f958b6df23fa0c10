//! One-time links: how the owner comes in first, and how members are invited.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;

use super::token;
use crate::store::{LinkKind, Store};

/// How long a link can be used.
pub(in crate::web) const LASTS: Duration = Duration::from_secs(15 * 60);

/// How long an invitation can be used: members do not sit beside the owner.
pub(in crate::web) const INVITATION_LASTS: Duration = Duration::from_secs(3 * 24 * 3600);

/// The path of a link, with its token. `Debug` does not show it.
pub(crate) struct LinkPath(String);

impl LinkPath {
    /// The whole address at a server.
    pub(crate) fn at(&self, server: SocketAddr) -> String {
        format!("http://{server}{}", self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkPath")
    }
}

/// Makes a link and keeps its hash.
pub(crate) async fn make_link(store: &Store, kind: LinkKind) -> Result<LinkPath> {
    let token = token::new()?;
    let lasts = if kind == LinkKind::Owner { LASTS } else { INVITATION_LASTS };
    store.put_link(&token::hash(&token), kind, lasts).await?;
    Ok(LinkPath(format!("/link/{token}")))
}
