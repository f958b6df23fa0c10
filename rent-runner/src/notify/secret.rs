//! What must not be shown: where a secret comes from, which addresses are taken, and how both are kept out
//! of texts.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::PathBuf;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// How much of a secret's file is read, in bytes.
const MAX_SECRET: u64 = 4096;

/// Shorter parts of an address are no secrets, and would be found in any text.
const MIN_PART: usize = 4;

/// Where a secret is. It is read each time it is needed, so that a new one is taken without a restart.
#[derive(Clone)]
pub(super) enum Secret {
    InPlace(SecretString),
    File(PathBuf),
    Environment(String),
}

impl Secret {
    /// The secret itself: one line without blanks around it.
    ///
    /// # Errors
    /// A sentence that names the file or the variable.
    pub(super) fn read(&self) -> Result<SecretString, String> {
        let (text, place) = match self {
            Self::InPlace(text) => return Ok(text.clone()),
            Self::File(path) => {
                let place = format!("the file {}", path.display());
                let mut text = String::new();
                File::open(path)
                    .and_then(|file| file.take(MAX_SECRET).read_to_string(&mut text))
                    .map_err(|error| format!("{place} cannot be read: {error}"))?;
                // Windows editors put a byte order mark before the text.
                (text.trim_start_matches('\u{feff}').to_owned(), place)
            }
            Self::Environment(name) => {
                let place = format!("the environment variable {name}");
                match std::env::var(name) {
                    Ok(text) => (text, place),
                    Err(std::env::VarError::NotPresent) => return Err(format!("{place} is not set")),
                    Err(_) => return Err(format!("{place} is not UTF-8")),
                }
            }
        };
        match text.lines().next().map(str::trim) {
            Some(line) if !line.is_empty() => Ok(SecretString::from(line)),
            _ => Err(format!("{place} is empty")),
        }
    }

    pub(super) fn is_in_place(&self) -> bool {
        matches!(self, Self::InPlace(_))
    }
}

/// Reads an address that a message may be sent to. The error never repeats it.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let url: Url =
        text.trim().parse().map_err(|_| "is no address: write one that begins with https://".to_owned())?;
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => Ok(url),
        ("http", Some(host)) if is_loopback(host) => Ok(url),
        ("http", Some(_)) => Err("is plain http, over which everybody on the way could read it: write \
                                  https:// (http:// is taken for this machine only)"
            .to_owned()),
        _ => Err("is neither https:// nor, on this machine, http://".to_owned()),
    }
}

/// Whether a host of an address or of a mail server is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Replaces private texts (addresses, tokens, chats) before an error is kept or shown.
#[derive(Default)]
pub(super) struct Redactor(Vec<String>);

impl Redactor {
    pub(super) fn add(&mut self, secret: &str) {
        if secret.len() >= MIN_PART {
            self.0.push(secret.to_owned());
        }
    }

    /// The host, the path and each part of it, the query, and the names before the host.
    pub(super) fn add_address(&mut self, url: &Url) {
        self.add(url.as_str());
        self.add(url.path());
        self.add(url.query().unwrap_or_default());
        self.add(url.host_str().unwrap_or_default());
        self.add(url.username());
        self.add(url.password().unwrap_or_default());
        for part in url.path_segments().into_iter().flatten() {
            self.add(part);
        }
    }

    /// The text in one line, cut to `longest` characters, with `***` for what must not be repeated.
    pub(super) fn clean(&self, text: &str, longest: usize) -> String {
        let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut parts: Vec<&str> = self.0.iter().map(String::as_str).collect();
        parts.sort_unstable_by_key(|part| std::cmp::Reverse(part.len()));
        for part in parts {
            text = text.replace(part, "***");
        }
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        if text.chars().count() <= longest {
            return text;
        }
        text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
    }

    pub(super) fn add_secret(&mut self, secret: &SecretString) {
        self.add(secret.expose_secret());
    }
}

/// A text of the settings file that no error repeats: serde's own errors quote what they found.
pub(super) struct Hidden(pub(super) String);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = Hidden;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Hidden, E> {
                Ok(Hidden(text.to_owned()))
            }

            // As a chat's number is written.
            fn visit_i64<E: Error>(self, number: i64) -> Result<Hidden, E> {
                Ok(Hidden(number.to_string()))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Hidden, E> {
                Err(E::custom("write it as a text in quotes"))
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Hidden, E> {
                Err(E::custom("write it as a text in quotes"))
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_of_this_machine() {
        for good in [
            "https://hooks.example/T0/B0/invented",
            "http://127.0.0.1:8080/x",
            "http://localhost/x",
            "http://[::1]:80/",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in
            ["http://hooks.example/invented", "ftp://hooks.example/invented", "invented", "", "mailto:x@y"]
        {
            let why = address(bad).unwrap_err();
            assert!(!why.contains("invented") && !why.contains("hooks"), "{bad}: {why}");
        }
        assert!(address("http://hooks.example/").unwrap_err().contains("plain http"));
    }

    #[test]
    fn a_text_repeats_no_secret_and_stays_short() {
        let mut redactor = Redactor::default();
        redactor.add_address(
            &"https://tester:pass-word@hooks.example/services/T000/invented?key=value".parse().unwrap(),
        );
        redactor.add_secret(&"bot-token".into());
        let text =
            "no route to hooks.example: POST\n/services/T000/invented?key=value with bot-token, pass-word";
        let clean = redactor.clean(text, 200);
        for secret in ["hooks", "invented", "key=value", "bot-token", "pass-word", "\n", "T000"] {
            assert!(!clean.contains(secret), "{secret}: {clean}");
        }
        assert!(clean.starts_with("no route to ***: POST"), "{clean}");
        assert_eq!(redactor.clean("가나다라마바사", 4), "가나다…");
        assert_eq!(Redactor::default().clean("a\u{1b}[2Kb", 9), "a[2Kb");
    }

    #[test]
    fn a_secret_is_the_first_line_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let secret = Secret::File(path.clone());
        assert!(secret.read().unwrap_err().contains("cannot be read"));
        std::fs::write(&path, " \n").unwrap();
        assert!(secret.read().unwrap_err().contains("is empty"));
        std::fs::write(&path, " invented-token \nmore\n").unwrap();
        assert_eq!(secret.read().unwrap().expose_secret(), "invented-token");
        std::fs::write(&path, "\u{feff}invented-token\r\n").unwrap();
        assert_eq!(secret.read().unwrap().expose_secret(), "invented-token");
        let missing = Secret::Environment("RENT_TEST_NOT_SET".into()).read().unwrap_err();
        assert_eq!(missing, "the environment variable RENT_TEST_NOT_SET is not set");
    }
}
