//! The session cookie of CodeIgniter 2 without a database (protocol.md 4.2, I+).
//!
//! All data of the session travel in the cookie: a PHP-serialized array, then the md5 of it and a
//! secret key. The site keeps nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;

use md5::{Digest, Md5};

/// Characters of the User-Agent that are kept (protocol.md 4.2).
const AGENT_CHARACTERS: usize = 120;

/// What one visitor's cookie holds.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SessionData {
    pub(crate) id: String,
    pub(crate) ip: String,
    pub(crate) agent: String,
    /// Unix seconds on the site's clock.
    pub(crate) last_activity: i64,
    /// What the site keeps beside CodeIgniter's own five entries.
    pub(crate) data: BTreeMap<String, String>,
}

impl SessionData {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.data.get(key).map(String::as_str)
    }

    /// The cookie's value: serialized, sealed and percent-encoded as PHP does it.
    pub(crate) fn to_cookie(&self, key: &str) -> String {
        let mut entries: Vec<(&str, Php<'_>)> = vec![
            ("session_id", Php::Text(&self.id)),
            ("ip_address", Php::Text(&self.ip)),
            ("user_agent", Php::Text(&self.agent)),
            ("last_activity", Php::Number(self.last_activity)),
            ("user_data", Php::Text("")),
        ];
        entries.extend(self.data.iter().map(|(name, value)| (name.as_str(), Php::Text(value))));
        let mut plain = format!("a:{}:{{", entries.len());
        for (name, value) in entries {
            let _ = write!(plain, "s:{}:\"{name}\";", name.len());
            let _ = match value {
                Php::Text(text) => write!(plain, "s:{}:\"{text}\";", text.len()),
                Php::Number(number) => write!(plain, "i:{number};"),
            };
        }
        plain.push('}');
        let seal = md5_hex(&[plain.as_bytes(), key.as_bytes()]);
        form_urlencoded::byte_serialize(format!("{plain}{seal}").as_bytes()).collect()
    }

    /// Reads a cookie's value; `None` if it was not sealed with this key.
    pub(crate) fn from_cookie(value: &str, key: &str) -> Option<Self> {
        let plus = value.replace('+', " ");
        let decoded = percent_encoding::percent_decode_str(&plus).decode_utf8().ok()?;
        let (plain, seal) = decoded.split_at_checked(decoded.len().checked_sub(32)?)?;
        if md5_hex(&[plain.as_bytes(), key.as_bytes()]) != seal {
            return None;
        }
        let mut entries = read_array(plain)?;
        let mut take = |name: &str| entries.remove(name);
        let session = Self {
            id: take("session_id")?,
            ip: take("ip_address")?,
            agent: take("user_agent")?,
            last_activity: take("last_activity")?.parse().ok()?,
            data: BTreeMap::new(),
        };
        take("user_data");
        Some(Self { data: entries, ..session })
    }
}

impl fmt::Debug for SessionData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionData").field("keys", &self.data.keys()).finish_non_exhaustive()
    }
}

enum Php<'a> {
    Text(&'a str),
    Number(i64),
}

/// The part of a User-Agent a session is bound to.
pub(crate) fn bound_agent(agent: &str) -> String {
    agent.chars().take(AGENT_CHARACTERS).collect()
}

/// The md5 of the parts one after the other, as 32 hexadecimal digits.
pub(crate) fn md5_hex(parts: &[&[u8]]) -> String {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads `a:2:{s:1:"a";s:1:"b";…}` of texts and whole numbers.
fn read_array(text: &str) -> Option<BTreeMap<String, String>> {
    let (count, mut rest) = text.strip_prefix("a:")?.split_once(":{")?;
    let count: usize = count.parse().ok()?;
    let mut entries = BTreeMap::new();
    while entries.len() < count {
        let (name, after) = read_value(rest)?;
        let (value, after) = read_value(after)?;
        entries.insert(name.to_owned(), value.to_owned()).is_none().then_some(())?;
        rest = after;
    }
    (rest == "}").then_some(entries)
}

fn read_value(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("i:") {
        return rest.split_once(';');
    }
    let (length, rest) = text.strip_prefix("s:")?.split_once(":\"")?;
    let (value, rest) = rest.split_at_checked(length.parse().ok()?)?;
    Some((value, rest.strip_prefix("\";")?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn session() -> SessionData {
        SessionData {
            id: "0".repeat(32),
            ip: "127.0.0.1".into(),
            agent: "x \"quoted\"; agent".into(),
            last_activity: 1_700_000_000,
            data: [("memid".to_owned(), "테스트".to_owned())].into(),
        }
    }

    #[test]
    fn a_sealed_cookie_comes_back_and_only_with_its_key() {
        let cookie = session().to_cookie("key");
        assert!(cookie.starts_with("a%3A6%3A%7Bs%3A10%3A%22session_id%22%3Bs%3A32%3A%22"), "{cookie}");
        assert_eq!(SessionData::from_cookie(&cookie, "key"), Some(session()));
        assert_eq!(SessionData::from_cookie(&cookie, "other"), None);
        assert_eq!(SessionData::from_cookie(&cookie.replace("127", "128"), "key"), None);
    }

    #[test]
    fn md5_is_md5() {
        assert_eq!(md5_hex(&[b"ab", b"c"]), "900150983cd24fb0d6963f7d28e17f72");
    }

    proptest! {
        #[test]
        fn no_cookie_is_too_odd_to_read(value in any::<String>()) {
            prop_assert_eq!(SessionData::from_cookie(&value, "key"), None);
            let _ = read_array(&value);
        }
    }
}
