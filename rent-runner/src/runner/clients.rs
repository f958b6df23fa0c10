//! The clients of a runner: one for each site, with what is heavy and the routes' states; one for each
//! account on top of it; and the budgets that all bookings of an account share.

use std::collections::HashMap;

use anyhow::Result;
use namyangju_rent::limits::MAX_REQUESTS_PER_RUN;
use namyangju_rent::{Budget, Client, SeoulTime};

use crate::config::Config;
use crate::request;
use crate::store::{Booking, Store};

/// Which site: the dialect and the address that replaces its own.
type SiteKey = (String, Option<String>);

/// All clients of one runner.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    sites: HashMap<SiteKey, Client>,
    accounts: HashMap<i64, Client>,
    budgets: HashMap<(i64, SeoulTime), Budget>,
}

impl Clients {
    /// The client for a booking: that of its account, with the budget of its opening.
    ///
    /// # Errors
    /// If the dialect cannot be read, or the client cannot be set up.
    pub(crate) async fn of(&mut self, booking: &Booking, config: &Config, store: &Store) -> Result<Client> {
        let client = match self.accounts.get(&booking.account_id) {
            Some(client) => client.clone(),
            None => {
                let client = self.of_site(booking, config, store).await?.for_account();
                self.accounts.insert(booking.account_id, client.clone());
                client
            }
        };
        let budget = self
            .budgets
            .entry((booking.account_id, booking.opens_at))
            .or_insert_with(|| Budget::new(MAX_REQUESTS_PER_RUN));
        Ok(client.with_budget(budget.clone()))
    }

    async fn of_site(&mut self, booking: &Booking, config: &Config, store: &Store) -> Result<Client> {
        let key = (booking.site.clone(), booking.base_url.clone());
        if let Some(client) = self.sites.get(&key) {
            return Ok(client.clone());
        }
        let site = request::site_at(&booking.site, booking.base_url.as_deref())?;
        let client = request::client(site, config)?;
        if let Some(saved) = store.routes(client.site().base_url().as_str()).await? {
            client.restore_routes(&saved);
        }
        self.sites.insert(key, client.clone());
        Ok(client)
    }

    /// Forgets the budgets of openings that are long over.
    pub(crate) fn forget_before(&mut self, instant: SeoulTime) {
        self.budgets.retain(|(_, opens_at), _| *opens_at >= instant);
    }
}
