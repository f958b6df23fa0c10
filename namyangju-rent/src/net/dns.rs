//! Name look-ups that are remembered: the system's resolver is asked once, not for each connection.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::clock::Clock;

/// How long an answer is used before the resolver is asked again.
const FRESH: Duration = Duration::from_secs(300);

type LookupError = Box<dyn std::error::Error + Send + Sync>;
type LookingUp = Pin<Box<dyn Future<Output = Result<Vec<SocketAddr>, LookupError>> + Send>>;
type Lookup = dyn Fn(String) -> LookingUp + Send + Sync;

/// A resolver with a memory of five minutes, which falls back on the last good answer.
#[derive(Clone)]
pub(crate) struct DnsCache(Arc<CachedLookup>);

struct CachedLookup {
    clock: Arc<dyn Clock>,
    lookup: Box<Lookup>,
    known: Mutex<HashMap<String, (Duration, Vec<SocketAddr>)>>,
}

impl DnsCache {
    /// Asks the system.
    pub(crate) fn system(clock: Arc<dyn Clock>) -> Self {
        Self::with_lookup(clock, |host| {
            Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.collect()) })
        })
    }

    fn with_lookup<F>(clock: Arc<dyn Clock>, lookup: F) -> Self
    where
        F: Fn(String) -> LookingUp + Send + Sync + 'static,
    {
        Self(Arc::new(CachedLookup { clock, lookup: Box::new(lookup), known: Mutex::new(HashMap::new()) }))
    }

    pub(crate) async fn look_up(self, host: String) -> Result<Vec<SocketAddr>, LookupError> {
        let now = self.0.clock.monotonic();
        let held = self.0.known.lock().ok().and_then(|known| known.get(&host).cloned());
        if let Some((at, addresses)) = &held
            && now.saturating_sub(*at) < FRESH
        {
            return Ok(addresses.clone());
        }
        match (self.0.lookup)(host.clone()).await {
            Ok(addresses) => {
                if let Ok(mut known) = self.0.known.lock() {
                    known.insert(host, (now, addresses.clone()));
                }
                Ok(addresses)
            }
            Err(error) => held.map(|(_, addresses)| addresses).ok_or(error),
        }
    }
}

impl Resolve for DnsCache {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let addresses = names.look_up(name.as_str().to_owned()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::harness::ManualClock;

    #[tokio::test]
    async fn one_look_up_serves_five_minutes_and_the_last_good_answer_serves_on() {
        let clock = Arc::new(ManualClock::new("2026-11-26 09:50:00".parse().unwrap()));
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let names = DnsCache::with_lookup(clock.clone(), move |_| {
            let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                if first {
                    Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))])
                } else {
                    Err("no name server".into())
                }
            })
        });
        for _ in 0..5 {
            assert_eq!(names.clone().look_up("site.test".into()).await.unwrap().len(), 1);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        clock.advance(FRESH);
        assert_eq!(names.clone().look_up("site.test".into()).await.unwrap().len(), 1);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert!(names.look_up("other.test".into()).await.is_err());
    }
}
