//! `account`: who logs in at which site.

use anyhow::Result;

use super::{open, open_vault, settings};
use crate::bad_input::BadInput;
use crate::cli::{AccountAdd, AccountArgs, AccountCommand, AccountName, AccountPassword};
use crate::config::{Config, Flags};
use crate::documents::stored;
use crate::exit;
use crate::request::{self, checked_name, site_of_account};
use crate::say::say;
use crate::store::{NewAccount, SealPurpose};
use crate::vault::Vault;
use crate::{terminal, words};

/// Runs one of the commands on accounts.
pub(crate) async fn run(arguments: &AccountArgs, mut flags: Flags) -> Result<u8> {
    if let AccountCommand::Add(arguments) = &arguments.command {
        arguments.at.apply_to(&mut flags);
    }
    let config = settings(&flags)?;
    match &arguments.command {
        AccountCommand::Add(arguments) => add(arguments, &config).await?,
        AccountCommand::List(arguments) => list(arguments.json, &config).await?,
        AccountCommand::Check(arguments) => check(arguments, &config).await?,
        AccountCommand::Remove(arguments) => {
            let store = open(&config).await?;
            store.remove_account(&arguments.name).await?;
            terminal::note(&say!("account-removed", name = arguments.name));
            store.close().await;
        }
        AccountCommand::Password(arguments) => password(arguments, &config).await?,
        AccountCommand::Rekey => rekey(&config).await?,
    }
    Ok(exit::DONE)
}

async fn add(arguments: &AccountAdd, config: &Config) -> Result<()> {
    let login = arguments.login.trim();
    if login.is_empty() || login.chars().any(char::is_control) {
        return Err(BadInput(say!("account-bad-login")).into());
    }
    let name = checked_name(arguments.name.as_deref().unwrap_or(login))?;
    let site = request::site_of(config)?;
    let store = open(config).await?;
    // Before a person types a password for nothing.
    if store.accounts().await?.iter().any(|account| account.name == name) {
        let why = say!("account-exists", name = name);
        return Err(BadInput(why).into());
    }
    let prompt = say!("account-password", login = login, site = site.title());
    let password = terminal::password::ask(arguments.password_stdin, &prompt)?;
    let vault = open_vault(&store, config).await?;
    let account = NewAccount {
        site: absolute(&config.site),
        base_url: config.base_url.clone(),
        login: login.to_owned(),
        password: vault.seal(SealPurpose::Password(&name), password.as_bytes())?,
        name,
    };
    store.add_account(&account).await?;
    terminal::note(&say!("account-added", name = account.name, site = site.base_url(), again = account.name));
    store.close().await;
    Ok(())
}

/// A site for every folder from which a runner may start.
fn absolute(site: &str) -> String {
    if namyangju_rent::Site::builtin_toml(site).is_some() {
        return site.to_owned();
    }
    std::path::absolute(site).map_or_else(|_| site.to_owned(), |path| path.display().to_string())
}

async fn list(as_json: bool, config: &Config) -> Result<()> {
    let store = open(config).await?;
    let accounts = store.accounts().await?;
    if as_json {
        terminal::json(&stored::accounts(&accounts))?;
    } else if accounts.is_empty() {
        terminal::note(&say!("accounts-none"));
    } else {
        let rows = accounts.into_iter().map(|account| {
            let site = account
                .base_url
                .map_or(account.site.clone(), |url| say!("account-site", site = account.site, url = url));
            let checked = match (account.refused_at, account.checked_at) {
                (Some(at), _) => say!("account-refused", at = at),
                (None, Some(at)) => at.to_string(),
                (None, None) => say!("never"),
            };
            vec![account.name, account.login, site, account.open_bookings.to_string(), checked]
        });
        let header = ["name", "login", "site", "bookings not over", "last login"];
        terminal::result(&terminal::table(&header, rows.collect()))?;
    }
    store.close().await;
    Ok(())
}

async fn check(arguments: &AccountName, config: &Config) -> Result<()> {
    let store = open(config).await?;
    let account = store.account(&arguments.name).await?;
    let vault = open_vault(&store, config).await?;
    match request::check_login(&store, &vault, config, &account).await {
        Ok(address) => terminal::result(&say!("account-works", name = account.name, address = address))?,
        Err(error) => {
            if matches!(error.downcast_ref(), Some(namyangju_rent::Error::LoginRefused)) {
                terminal::note(&words::login_held(&account.name));
            }
            return Err(error);
        }
    }
    store.close().await;
    Ok(())
}

async fn password(arguments: &AccountPassword, config: &Config) -> Result<()> {
    let store = open(config).await?;
    let account = store.account(&arguments.name).await?;
    let site = site_of_account(&account)?;
    let prompt = say!("account-new-password", login = account.login, site = site.title());
    let password = terminal::password::ask(arguments.password_stdin, &prompt)?;
    let vault = open_vault(&store, config).await?;
    store
        .set_password(&account.name, &vault.seal(SealPurpose::Password(&account.name), password.as_bytes())?)
        .await?;
    terminal::note(&say!("account-replaced", name = account.name));
    store.close().await;
    Ok(())
}

async fn rekey(config: &Config) -> Result<()> {
    let store = open(config).await?;
    let sealed = Vault::rekey(&store, &config.key).await?;
    terminal::note(&say!("account-rekeyed", sealed = sealed));
    store.close().await;
    Ok(())
}
