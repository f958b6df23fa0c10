//! A look at a month of a court, which is kept for whoever plans a booking next.

use std::time::Duration;

use anyhow::Result;
use namyangju_rent::clock::{Clock as _, SystemClock};
use namyangju_rent::schedule::{EarlierRounds, Month};
use namyangju_rent::{Place, Site};

use super::{client, keep_rounds};
use crate::config::Config;
use crate::store::Store;

/// A look that is as fresh as this is not repeated.
const FRESH: Duration = Duration::from_secs(60);

/// Reads the list of a month of a court from the site once, as a visitor without a login, and keeps what it shows. A month that
/// was read within the last minute is not read again.
///
/// # Errors
/// The library's and the store's.
pub(crate) async fn look_at_month(
    store: &Store,
    config: &Config,
    site: &Site,
    place: &Place,
    month: Month,
) -> Result<()> {
    let base = site.base_url().as_str();
    if let Some(known) = store.month(base, place, month).await?
        && SystemClock.now().since(known.read_at) < FRESH
    {
        return Ok(());
    }
    let list = client(site.clone(), config)?.guest()?.day_list(place, month).await?;
    store.keep_month(base, place, month, &list).await?;
    keep_rounds(store, site, EarlierRounds::of(place, &list, SystemClock.now())).await;
    Ok(())
}
