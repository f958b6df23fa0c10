//! Which site, and a client for it.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::{Client, Site};

use crate::bad_input::BadInput;
use crate::config::Config;
use crate::say::say;
use crate::store;

/// A dialect by its built-in name or its path.
pub(crate) fn site(name: &str) -> Result<Site> {
    if Site::builtin_toml(name).is_none() {
        let path = Path::new(name);
        let meant_as_path = name.contains(['/', '\\']) || name.ends_with(".toml") || path.is_file();
        if meant_as_path {
            let text = std::fs::read_to_string(path)
                .map_err(|error| BadInput(say!("dialect-unreadable", name = name, error = error)))?;
            return Ok(Site::from_toml(&text).map_err(|error| BadInput(format!("{name}: {error}")))?);
        }
    }
    Ok(Site::builtin(name).map_err(BadInput::from)?)
}

/// A dialect by its name or path, at another address if one is given.
pub(crate) fn site_at(site: &str, base_url: Option<&str>) -> Result<Site> {
    let site = self::site(site)?;
    Ok(match base_url {
        Some(base) => site.with_base_url(base).map_err(BadInput::from)?,
        None => site,
    })
}

/// The site of the settings.
pub(crate) fn site_of(config: &Config) -> Result<Site> {
    site_at(&config.site, config.base_url.as_deref())
}

/// The site of an account.
pub(crate) fn site_of_account(account: &store::Account) -> Result<Site> {
    site_at(&account.site, account.base_url.as_deref())
}

/// A client with the settings.
pub(crate) fn client(site: Site, config: &Config) -> Result<Client> {
    client_by(site, config, Arc::new(SystemClock))
}

/// The same by another clock than the system's.
pub(crate) fn client_by(site: Site, config: &Config, clock: Arc<dyn Clock>) -> Result<Client> {
    let mut builder = Client::builder(site).clock(clock).routes(config.routes());
    if let Some(tls) = config.tls {
        builder = builder.tls(tls);
    }
    if let Some(path) = &config.extra_ca {
        builder = builder.extra_ca(path);
    }
    if let Some(user_agent) = &config.user_agent {
        builder = builder.user_agent(user_agent);
    }
    Ok(builder.build()?)
}

/// Whether the site is on this machine.
pub(crate) fn is_here(site: &Site) -> bool {
    let host = site.base_url().host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
