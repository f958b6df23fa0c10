//! The sites: TLS, that they can be reached, and their clocks; one request to each.

use anyhow::Result;
use namyangju_rent::clock::SiteClock;
use namyangju_rent::network::TlsBackend;
use namyangju_rent::{Error, Next, Site};

use super::Findings;
use crate::config::Config;
use crate::words::{duration, millis};
use crate::{request, terminal};

/// A site's clock that is this far from ours in seconds is remarkable: bookings measure it, people do not.
const FAR_OFF: i64 = 2;

/// Every TLS implementation that is built in, and its name in the settings.
const BACKENDS: &[(&str, TlsBackend)] = &[
    ("rustls", TlsBackend::Rustls),
    #[cfg(feature = "native-tls")]
    ("native", TlsBackend::Native),
];

/// What to do about a site that cannot be reached. `tls` helps only where there is a choice.
const NOT_REACHED: &str = if cfg!(feature = "native-tls") {
    "look at the network, the address, and for TLS at `tls` and `extra-ca`"
} else {
    "look at the network, the address, and for TLS at `extra-ca`"
};

/// Asks each site once; `sites` are dialects, by name or path, and other addresses than their own.
pub(super) async fn all(
    findings: &mut Findings,
    config: &Config,
    sites: &[(String, Option<String>)],
) -> Result<()> {
    let mut asked: Vec<String> = Vec::new();
    for (name, base_url) in sites {
        let site = request::site_at(name, base_url.as_deref());
        let site = match site {
            Ok(site) => site,
            Err(error) => {
                findings.failed("site", format!("{error:#}"), "correct the account's site")?;
                continue;
            }
        };
        let address = site.base_url().to_string();
        if !asked.contains(&address) {
            asked.push(address);
            one(findings, config, &site).await?;
        }
    }
    if asked.is_empty() {
        findings.ok("site", "no site was asked: no account is stored, and --site was not given")?;
    }
    Ok(())
}

async fn one(findings: &mut Findings, config: &Config, site: &Site) -> Result<()> {
    const WHAT: &str = "site";
    let is_tls = site.base_url().scheme() == "https";
    let wanted = config.tls.or_else(TlsBackend::default_backend);
    let mut backends: Vec<_> = BACKENDS.iter().collect();
    backends.sort_by_key(|(_, backend)| Some(*backend) != wanted);
    let mut clients = Vec::new();
    for (name, backend) in backends {
        let config = Config { tls: Some(*backend), ..config.clone() };
        match request::client(site.clone(), &config) {
            Ok(client) => clients.push((*name, client)),
            Err(error) => {
                let to_do = "the system's certificates (ca-certificates), or `extra-ca`, cannot be used";
                findings.failed("tls", format!("{name}: {error:#}"), to_do)?;
            }
        }
        if !is_tls {
            break;
        }
    }
    if is_tls && !clients.is_empty() {
        let names: Vec<_> = clients.iter().map(|(name, _)| *name).collect();
        findings.ok("tls", format!("ready: {}", names.join(", ")))?;
    }
    terminal::note(&format!("asking {} for its head, once", site.home_url()));
    let mut first_error = None;
    for (name, client) in &clients {
        // A connection that fails carries no request, so that the next implementation may try.
        match client.guest()?.probe_clock().await {
            Err(error @ Error::NotSent { .. }) => {
                first_error.get_or_insert(error);
            }
            Err(error) => return refused(findings, site, &error),
            Ok(probe) => {
                if first_error.is_some() {
                    findings.warning(
                        "tls",
                        format!("{} speaks only with {name}", site.base_url()),
                        format!("set `tls = \"{name}\"`"),
                    )?;
                }
                let ahead = probe.and_then(|probe| {
                    let mut clock = SiteClock::new();
                    clock.add(probe);
                    let estimate = clock.estimate(client.clock().now(), client.clock().monotonic())?;
                    Some((estimate.ahead_micros, estimate.path))
                });
                let Some((ahead, path)) = ahead else {
                    return findings.warning(
                        WHAT,
                        format!("{} answers without a date", site.base_url()),
                        "give --clock-offset to bookings, because its clock cannot be measured",
                    );
                };
                findings.ok(WHAT, format!("{} answers, {} there and back", site.base_url(), millis(path)))?;
                let (seconds, side) = (ahead.abs() as f64 / 1e6, duration::side_of(ahead));
                let text = format!("the site is {seconds:.1} s {side} this machine, ± 1 s");
                return if ahead.abs() > FAR_OFF * 1_000_000 {
                    let to_do = "set this machine's clock; bookings measure the site's clock and use that";
                    findings.warning("clock", text, to_do)
                } else {
                    findings.ok("clock", text)
                };
            }
        }
    }
    match first_error {
        Some(error) => findings.failed(WHAT, format!("{}: {}", site.base_url(), error.chain()), NOT_REACHED),
        None => Ok(()),
    }
}

fn refused(findings: &mut Findings, site: &Site, error: &Error) -> Result<()> {
    let text = format!("{}: {}", site.base_url(), error.chain());
    match error.next() {
        Next::Stop => findings.failed("site", text, "do not use the site today, and ask its operator"),
        _ => findings.warning("site", text, "try again in some minutes"),
    }
}
