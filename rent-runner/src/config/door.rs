//! How the page is reached from outside: its path, its names, the proxies before it, its certificate.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// How the page is reached from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct DoorSettings {
    /// The path that the pages have before their own.
    pub(crate) base_path: BasePath,
    /// Names under which the page may be called, in lower case.
    pub(crate) hosts: Vec<String>,
    /// From whom `X-Forwarded-…` is believed.
    pub(crate) trusted_proxies: Vec<ProxyNetwork>,
    /// A PEM file with the certificate, and those between it and its authority; given with `tls_key` or not at all.
    pub(crate) tls_cert: Option<PathBuf>,
    /// A PEM file with the certificate's key.
    pub(crate) tls_key: Option<PathBuf>,
}

impl DoorSettings {
    /// Whether an address is that of a proxy which is believed.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.has(address))
    }

    /// `https` with a certificate of its own, else `http`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls_cert.is_some() { "https" } else { "http" }
    }
}

/// What the command line gives of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct DoorFlags {
    pub(crate) base_path: Option<BasePath>,
    pub(crate) hosts: Option<Vec<String>>,
    pub(crate) trusted_proxies: Option<Vec<ProxyNetwork>>,
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
}

/// The longest base path, in bytes.
const MAX_PATH: usize = 100;

/// A path below which the pages are: empty for the root, else `/rent` or `/club/rent`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BasePath(String);

impl BasePath {
    /// Without a slash at its end, so that a page's own path follows it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BasePath {
    type Err = String;

    /// Takes letters, digits and `-._~`: what stands in an address, a cookie and a page as it is.
    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let is_part = |part: &str| {
            !part.is_empty()
                && ![".", ".."].contains(&part)
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c))
        };
        let parts = path.strip_prefix('/').map(|rest| rest.split('/').all(is_part));
        if path.len() > MAX_PATH || !(path.is_empty() || parts == Some(true)) {
            return Err("write a path of letters, digits and -._~, as in /rent".to_owned());
        }
        Ok(Self(path.to_owned()))
    }
}

/// Addresses of proxies: one, or a network as in `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProxyNetwork {
    address: IpAddr,
    /// How many bits of it count.
    bits: u32,
}

impl ProxyNetwork {
    /// Whether an address belongs to it. An IPv4 address that is written as one of IPv6 is the same.
    fn has(&self, address: IpAddr) -> bool {
        let same = |one: u128, two: u128, width: u32| {
            let rest = width.saturating_sub(self.bits);
            one.checked_shr(rest).unwrap_or(0) == two.checked_shr(rest).unwrap_or(0)
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same(own.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

impl FromStr for ProxyNetwork {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write an address or a network, as in 127.0.0.1 or 10.0.0.0/8".to_owned();
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse::<u32>).map_err(|_| wrong())?;
        if bits > width {
            return Err(wrong());
        }
        Ok(Self { address: address.to_canonical(), bits })
    }
}

impl fmt::Display for ProxyNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        let has = |network: &str, address: &str| {
            network.parse::<ProxyNetwork>().unwrap().has(address.parse().unwrap())
        };
        for (network, address, expected) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
        ] {
            assert_eq!(has(network, address), expected, "{network} {address}");
        }
        for wrong in ["", "proxy", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0.0:80"] {
            assert!(wrong.parse::<ProxyNetwork>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_base_path_is_what_stands_in_an_address_as_it_is() {
        let read = |text: &str| text.parse::<BasePath>().map(|path| path.as_str().to_owned()).ok();
        for (text, path) in [
            ("", ""),
            ("/", ""),
            ("/rent", "/rent"),
            ("/club/rent/", "/club/rent"),
            ("/a-b_c.d~1", "/a-b_c.d~1"),
        ] {
            assert_eq!(read(text).as_deref(), Some(path), "{text}");
        }
        let long = format!("/{}", "a".repeat(100));
        for text in
            ["rent", "//rent", "/rent//x", "/../x", "/a b", "/a\"b", "/a;b", "/가", "/a?b", "/a%2f", &long]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
