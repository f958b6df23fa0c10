//! How far a site's clock is ahead of this machine's, asked of the site.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Probe, SiteClock};
use namyangju_rent::{Client, Error, Guest, Next};

use crate::say::retold;
use crate::terminal;

/// The end of each wait that is spun, because timers are late by up to two milliseconds.
const SPIN: Duration = Duration::from_micros(2_500);

/// Sends probes until another would not help, `most` at most, and calls `on_probe` after each. Gives what ended them, if it
/// was an error.
///
/// # Errors
/// Those of `on_probe`.
pub(crate) async fn measure(
    client: &Client,
    guest: &Guest,
    site: &mut SiteClock,
    most: usize,
    mut on_probe: impl FnMut(&SiteClock, &Probe) -> Result<()>,
) -> Result<Option<Error>> {
    while site.probes().len() < most && site.wants_more() {
        wait_until(client, site.aim(client.clock().monotonic())).await;
        match guest.probe_clock().await {
            Ok(Some(probe)) => {
                site.add(probe);
                on_probe(site, &probe)?;
            }
            Ok(None) => break,
            // Nothing is known yet, or the site wants to be left alone: that is all there is to tell.
            Err(error) if site.probes().is_empty() || error.next() == Next::Stop => {
                return Ok(Some(error));
            }
            Err(error) => {
                terminal::note(&retold(&error.chain()));
                break;
            }
        }
    }
    Ok(None)
}

async fn wait_until(client: &Client, at: Duration) {
    let clock = client.clock();
    let wait = at.saturating_sub(clock.monotonic() + SPIN);
    if !wait.is_zero() {
        clock.sleep(wait).await;
    }
    clock.spin_until(at);
}
