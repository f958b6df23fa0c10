//! The clients of a runner: one for each site, with what is heavy and the routes' states; one for each
//! account on top of it; and the budgets that all bookings of an account share.

use std::collections::HashMap;

use anyhow::Result;
use namyangju_rent::{Budget, Client, Policy, SeoulTime, SharedLogin};
use tracing::warn;

use super::site_time::{SiteKey, SiteTimes};
use crate::config::Config;
use crate::request;
use crate::store::{self, Store, StoredBooking};

pub(super) fn key(booking: &StoredBooking) -> SiteKey {
    (booking.site.clone(), booking.base_url.clone())
}

/// All clients of one runner.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    sites: HashMap<SiteKey, Client>,
    accounts: HashMap<i64, Client>,
    /// What the bookings of an account know of each other's logins.
    logins: HashMap<i64, SharedLogin>,
    budgets: HashMap<(i64, SeoulTime), Budget>,
}

impl Clients {
    /// The client for a booking: that of its account, with the budget of its opening.
    ///
    /// # Errors
    /// If the dialect cannot be read, or the client cannot be set up.
    pub(super) async fn of(
        &mut self,
        booking: &StoredBooking,
        config: &Config,
        store: &Store,
        times: &SiteTimes,
    ) -> Result<Client> {
        let client = match self.accounts.get(&booking.account_id) {
            Some(client) => client.clone(),
            None => {
                let client = self.of_site(booking, config, store, times).await?.for_account();
                self.accounts.insert(booking.account_id, client.clone());
                client
            }
        };
        let budget = self.budgets.entry((booking.account_id, booking.opens_at)).or_insert_with(|| {
            Budget::new(Policy::new().with_give_up_after(booking.give_up_after).request_ceiling())
        });
        Ok(client.with_budget(budget.clone()))
    }

    /// The client of a booking's site, for what is not of an account.
    ///
    /// # Errors
    /// As [`Clients::of`].
    pub(super) async fn of_site(
        &mut self,
        booking: &StoredBooking,
        config: &Config,
        store: &Store,
        times: &SiteTimes,
    ) -> Result<Client> {
        let key = key(booking);
        if let Some(client) = self.sites.get(&key) {
            return Ok(client.clone());
        }
        let site = request::site_at(&booking.site, booking.base_url.as_deref())?;
        let client = request::client_by(site, config, times.of(&key))?;
        let saved = store.routes(client.site().base_url().as_str()).await;
        if let Some(saved) = or_without(saved)?.flatten() {
            client.restore_routes(&saved);
        }
        self.sites.insert(key, client.clone());
        Ok(client)
    }

    /// What the bookings of an account share of their logins.
    pub(super) fn login_of(&mut self, account: i64) -> SharedLogin {
        self.logins.entry(account).or_default().clone()
    }

    /// Forgets the budgets of openings that are long over.
    pub(crate) fn forget_before(&mut self, instant: SeoulTime) {
        self.budgets.retain(|(_, opens_at), _| *opens_at >= instant);
    }
}

/// What a booking can do without: only a store that may answer later is waited for.
pub(super) fn or_without<T>(found: store::Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.may_pass() => Err(error.into()),
        Err(error) => {
            warn!(%error, "a booking goes on without it");
            Ok(None)
        }
    }
}
