//! `web`: who may come in at the page.

use std::time::Duration;

use anyhow::{Context as _, Result};
use namyangju_rent::nfc;

use crate::bad_input::BadInput;
use crate::cli::{TokenAdd, TokenCommand, TokenList, TokenRemove, WebArgs, WebCommand, WebLink, WebOwner};
use crate::config::Config;
use crate::documents::{NewTokenDocument, RemovedTokenDocument, TokensDocument, WebLinkDocument, stored};
use crate::say::say;
use crate::store::{LinkKind, TokenScope};
use crate::web::{make_link, make_token, set_owner};
use crate::{exit, terminal, web};

/// Runs one of the commands on the page.
pub(crate) async fn run(arguments: &WebArgs, config: &Config) -> Result<u8> {
    match &arguments.command {
        WebCommand::Link(arguments) => link(arguments, config).await,
        WebCommand::Owner(arguments) => owner(arguments, config).await,
        WebCommand::Token(arguments) => match &arguments.command {
            TokenCommand::Add(arguments) => add_token(arguments, config).await,
            TokenCommand::List(arguments) => list_tokens(arguments, config).await,
            TokenCommand::Remove(arguments) => remove_token(arguments, config).await,
        },
    }
}

/// Prints a link for the owner.
async fn link(arguments: &WebLink, config: &Config) -> Result<u8> {
    let at = arguments.at.clone().unwrap_or_else(|| web::own_address(config));
    let at = at.trim_end_matches('/');
    if !at.starts_with("http://") && !at.starts_with("https://") {
        return Err(BadInput(say!("web-bad-address")).into());
    }
    let store = super::open(config).await?;
    let has_owner = store.has_owner().await?;
    let address = format!("{at}{}", make_link(&store, LinkKind::Owner).await?.as_str());
    if arguments.json {
        terminal::json(&WebLinkDocument { link: &address, minutes: 15, has_owner })?;
    } else {
        terminal::result(&address)?;
    }
    terminal::note(&if has_owner { say!("web-link-again") } else { say!("web-link-first") });
    store.close().await;
    Ok(exit::DONE)
}

/// Sets the owner.
async fn owner(arguments: &WebOwner, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let name = nfc(arguments.name.trim());
    let prompt = say!("web-password", name = name);
    let password = terminal::password::ask(arguments.password_stdin, &prompt)?;
    set_owner(&store, &name, &password).await?;
    terminal::note(&say!("web-owner", name = name));
    store.close().await;
    Ok(exit::DONE)
}

/// Makes a token and prints it.
async fn add_token(arguments: &TokenAdd, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let users = store.web_users().await?;
    let user = match &arguments.user {
        Some(name) => users.into_iter().find(|user| user.name == nfc(name)),
        None => users.into_iter().find(|user| user.is_owner),
    };
    let user = user.ok_or_else(|| match &arguments.user {
        Some(name) => BadInput(say!("token-no-user", name = name)),
        None => BadInput(say!("token-no-owner")),
    })?;
    let mut scopes: Vec<TokenScope> = arguments.scope.iter().map(|word| word.0).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let name = nfc(arguments.name.trim());
    let lasts = arguments.days.map(|days| Duration::from_secs(24 * 3600 * u64::from(days)));
    let (id, token) = make_token(&store, user.id, &name, &scopes, lasts).await?;
    store.audit(&user.name, "-", &format!("made token {id} on the machine")).await?;
    if arguments.json {
        let rows = store.tokens(Some(user.id)).await?;
        let row = rows.iter().find(|row| row.id == id).context("the token was removed at once")?;
        terminal::json(&NewTokenDocument { token: &token, entry: stored::token(row) })?;
    } else {
        terminal::result(&token)?;
    }
    terminal::note(&say!("token-made", id = id, user = user.name));
    store.close().await;
    Ok(exit::DONE)
}

/// Lists the tokens.
async fn list_tokens(arguments: &TokenList, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let rows = store.tokens(None).await?;
    if arguments.json {
        terminal::json(&TokensDocument { tokens: rows.iter().map(stored::token).collect() })?;
    } else if rows.is_empty() {
        terminal::note(&say!("tokens-none"));
    } else {
        let at =
            |at: Option<namyangju_rent::SeoulTime>| at.map_or("-".to_owned(), |at| at.date().to_string());
        let rows = rows.iter().map(|row| {
            let scopes: Vec<_> = row.scopes.iter().map(|scope| scope.as_str()).collect();
            let number = row.id.to_string();
            vec![
                number,
                row.user.clone(),
                row.name.clone(),
                scopes.join(" "),
                at(row.used_at),
                at(row.ends_at),
            ]
        });
        let header = ["number", "user", "name", "scopes", "last used", "ends"];
        terminal::result(&terminal::table(&header, rows.collect()))?;
    }
    store.close().await;
    Ok(exit::DONE)
}

/// Removes a token.
async fn remove_token(arguments: &TokenRemove, config: &Config) -> Result<u8> {
    let store = super::open(config).await?;
    let id = arguments.id;
    if !store.remove_token(id, None).await? {
        return Err(BadInput(say!("token-unknown", id = id)).into());
    }
    if arguments.json {
        terminal::json(&RemovedTokenDocument { removed: id })?;
    } else {
        terminal::result(&say!("token-removed", id = id))?;
    }
    store.close().await;
    Ok(exit::DONE)
}
