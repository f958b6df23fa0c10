//! The sites: TLS, that they can be reached, and their clocks; one request to each.

use anyhow::Result;
use namyangju_rent::clock::SiteClock;
use namyangju_rent::network::TlsBackend;
use namyangju_rent::{Error, Next, Site};

use super::Findings;
use crate::config::Config;
use crate::say::{retold, say};
use crate::words::millis;
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
fn not_reached() -> String {
    match cfg!(feature = "native-tls") {
        true => say!("doctor-look-at-network-tls"),
        false => say!("doctor-look-at-network"),
    }
}

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
                findings.failed("site", retold(&format!("{error:#}")), say!("doctor-correct-site"))?;
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
        findings.ok("site", say!("doctor-no-site"))?;
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
                let to_do = say!("doctor-certificates");
                findings.failed("tls", format!("{name}: {}", retold(&format!("{error:#}"))), to_do)?;
            }
        }
        if !is_tls {
            break;
        }
    }
    if is_tls && !clients.is_empty() {
        let names: Vec<_> = clients.iter().map(|(name, _)| *name).collect();
        findings.ok("tls", say!("doctor-tls-ready", names = names.join(", ")))?;
    }
    terminal::note(&say!("doctor-asking", site = site.home_url()));
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
                        say!("doctor-tls-only", site = site.base_url(), name = name),
                        say!("doctor-set-tls", name = name),
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
                        say!("doctor-no-date", site = site.base_url()),
                        say!("doctor-give-offset"),
                    );
                };
                findings.ok(WHAT, say!("doctor-answers", site = site.base_url(), path = millis(path)))?;
                let seconds = format!("{:.1}", ahead.abs() as f64 / 1e6);
                let text = match ahead < 0 {
                    true => say!("doctor-site-behind", seconds = seconds),
                    false => say!("doctor-site-ahead", seconds = seconds),
                };
                return if ahead.abs() > FAR_OFF * 1_000_000 {
                    let to_do = say!("doctor-set-clock");
                    findings.warning("clock", text, to_do)
                } else {
                    findings.ok("clock", text)
                };
            }
        }
    }
    match first_error {
        Some(error) => {
            findings.failed(WHAT, format!("{}: {}", site.base_url(), retold(&error.chain())), not_reached())
        }
        None => Ok(()),
    }
}

fn refused(findings: &mut Findings, site: &Site, error: &Error) -> Result<()> {
    let text = format!("{}: {}", site.base_url(), retold(&error.chain()));
    match error.next() {
        Next::Stop => findings.failed("site", text, say!("doctor-leave-alone")),
        _ => findings.warning("site", text, say!("doctor-try-later")),
    }
}
