//! Wrong passwords are slowed down, and nobody is locked out by them.
//!
//! Each address has a few tries, which come back with time. A browser in which the user has signed in before has tries of its
//! own, so an attacker at the same address (a proxy, this machine) does not keep the owner out. All that is kept is in memory and
//! bounded.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use namyangju_rent::clock::{Clock as _, SystemClock};

use crate::store::TokenHash;

/// How many wrong passwords in a row are free.
const FREE_TRIES: f64 = 5.0;

/// How long one try takes to come back.
const COMES_BACK: Duration = Duration::from_secs(20);

/// How many addresses are remembered; when there are more, all are forgotten but the newest.
const MAX_KEPT: usize = 10_000;

/// Whose tries are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::web) enum Who {
    /// An address; of IPv6 the network that one customer has.
    Address(IpAddr),
    /// A browser in which the user has signed in before.
    KnownBrowser(TokenHash),
    /// An account, from browsers that are not known.
    Account(i64),
    /// The present password, asked for a change.
    OwnPassword(i64),
    /// Logins at the site that a user asks for.
    SiteLogin(i64),
    /// Looks at the site that a user asks for.
    SiteLook(i64),
}

impl Who {
    pub(in crate::web) fn address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            address => address,
        })
    }
}

/// The tries that are left.
#[derive(Debug, Default)]
pub(in crate::web) struct Throttle(Mutex<HashMap<Who, Tries>>);

#[derive(Clone, Copy, Debug)]
struct Tries {
    used: f64,
    at: Duration,
}

impl Throttle {
    /// Takes a try; gives how long to wait where there is none.
    pub(in crate::web) fn take(&self, who: &Who) -> Result<(), Duration> {
        self.take_at(who, SystemClock.monotonic())
    }

    fn take_at(&self, who: &Who, now: Duration) -> Result<(), Duration> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT && !kept.contains_key(who) {
            kept.retain(|_, tries| now.saturating_sub(tries.at) < COMES_BACK);
            if kept.len() >= MAX_KEPT {
                kept.retain(|who, _| !matches!(who, Who::Address(_)));
            }
        }
        let tries = kept.entry(who.clone()).or_insert(Tries { used: 0.0, at: now });
        let back = now.saturating_sub(tries.at).as_secs_f64() / COMES_BACK.as_secs_f64();
        tries.used = (tries.used - back).max(0.0);
        tries.at = now;
        // An account has more than an address: one person mistypes at home, on the phone and at work.
        let free = if matches!(who, Who::Account(_)) { 4.0 * FREE_TRIES } else { FREE_TRIES };
        if tries.used + 1.0 > free {
            return Err(COMES_BACK.mul_f64((tries.used + 1.0 - free).min(1.0)));
        }
        tries.used += 1.0;
        Ok(())
    }

    /// Gives the try back: the password was right. Those before it stay used, or a right password would pay for guesses at
    /// another's.
    pub(in crate::web) fn give_back(&self, who: &Who) {
        if let Some(tries) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(who) {
            tries.used = (tries.used - 1.0).max(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_run_out_and_come_back() {
        let throttle = Throttle::default();
        let who = Who::address("192.0.2.1".parse().unwrap());
        let at = |seconds| throttle.take_at(&who, Duration::from_secs(seconds));
        assert!((0..5).all(|_| at(100).is_ok()));
        assert_eq!(at(100), Err(Duration::from_secs(20)));
        assert_eq!(at(110), Err(Duration::from_secs(10)));
        assert_eq!(at(120), Ok(()));
        assert!(at(120).is_err());
        throttle.give_back(&who);
        assert_eq!(at(120), Ok(()));
        assert!(at(120).is_err(), "one right password pays for one try");
    }

    #[test]
    fn ten_thousand_tries_of_an_address_leave_a_known_browser_its_own() {
        let throttle = Throttle::default();
        let attacker = Who::address("127.0.0.1".parse().unwrap());
        let through = (0..10_000).filter(|_| throttle.take_at(&attacker, Duration::ZERO).is_ok()).count();
        assert_eq!(through, 5);
        assert_eq!(throttle.take_at(&Who::KnownBrowser([1; 32]), Duration::ZERO), Ok(()));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..30_000_u32 {
            let _ = throttle.take_at(&Who::address(std::net::Ipv4Addr::from(n).into()), Duration::ZERO);
        }
        assert!(throttle.0.lock().unwrap().len() <= MAX_KEPT);
    }

    #[test]
    fn a_network_of_ipv6_is_one() {
        let who = |text: &str| Who::address(text.parse().unwrap());
        assert_eq!(who("2001:db8:1:2:3::4"), who("2001:db8:1:2:ffff::1"));
        assert_ne!(who("2001:db8:1:2::1"), who("2001:db8:1:3::1"));
        assert_eq!(who("::ffff:192.0.2.1"), who("192.0.2.1"));
    }
}
