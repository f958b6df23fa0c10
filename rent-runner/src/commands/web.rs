//! `web`: who may come in at the page.

use anyhow::Result;
use namyangju_rent::nfc;

use crate::bad_input::BadInput;
use crate::cli::{WebArgs, WebCommand, WebLink, WebOwner};
use crate::config::Config;
use crate::documents::WebLinkDocument;
use crate::say::say;
use crate::store::LinkKind;
use crate::web::{make_link, set_owner};
use crate::{exit, terminal, web};

/// Runs one of the commands on the page.
pub(crate) async fn run(arguments: &WebArgs, config: &Config) -> Result<u8> {
    match &arguments.command {
        WebCommand::Link(arguments) => link(arguments, config).await,
        WebCommand::Owner(arguments) => owner(arguments, config).await,
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
