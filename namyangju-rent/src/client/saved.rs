//! A session in a file, so that a restart need not log in again.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::error::Error;
use crate::net::cookies::CookieJar;
use crate::site::Site;
use crate::value::date::SeoulTime;

/// The layout of the file; a newer one is refused.
const VERSION: u32 = 1;

/// A live session as data. It lets its reader act as the member: keep it like a password.
///
/// Serialises to JSON. [`SavedSession::write`] makes a file that only its owner can read.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SavedSession {
    version: u32,
    site: String,
    base_url: String,
    user_agent: String,
    pub(crate) account: String,
    /// When it was saved.
    pub saved_at: SeoulTime,
    cookies: serde_json::Value,
}

impl SavedSession {
    pub(crate) fn new(
        site: &Site,
        user_agent: &str,
        account: &str,
        jar: &CookieJar,
        clock: &dyn Clock,
    ) -> Option<Self> {
        let saved_at = clock.now();
        Some(Self {
            version: VERSION,
            site: site.name().to_owned(),
            base_url: site.base_url().to_string(),
            user_agent: user_agent.to_owned(),
            account: account.to_owned(),
            saved_at,
            cookies: jar.save(saved_at, clock.monotonic())?,
        })
    }

    pub(crate) fn cookies_for(
        &self,
        site: &Site,
        user_agent: &str,
        clock: &dyn Clock,
    ) -> Result<CookieJar, Error> {
        let wrong = |text: String| Err(Error::SavedSession(text));
        if self.version != VERSION {
            return wrong(format!("it has layout {}, this program reads {VERSION}", self.version));
        }
        if self.base_url != site.base_url().as_str() || self.site != site.name() {
            return wrong(format!(
                "it is of {} at {}, not of {} at {}",
                self.site,
                self.base_url,
                site.name(),
                site.base_url()
            ));
        }
        if self.user_agent != user_agent {
            return wrong(
                "it was made with another User-Agent, and the site binds a session to it".to_owned(),
            );
        }
        CookieJar::load(&self.cookies, clock.now(), clock.monotonic()).map_err(Error::SavedSession)
    }

    /// Writes the file as JSON, readable by its owner only (mode 0600), in one step: a reader sees
    /// the old file or the new one.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().ok_or_else(|| io::Error::other("the path has no file name"))?;
        let partial = folder.join(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
        let written = fs::remove_file(&partial).or(Ok(())).and_then(|()| {
            let mut file = owner_only().open(&partial)?;
            serde_json::to_writer(&mut file, self)?;
            file.flush()?;
            file.sync_all()?;
            fs::rename(&partial, path)
        });
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written
    }

    /// Reads a file back.
    ///
    /// # Errors
    /// [`Error::SavedSession`] if there is no such file or it is none of ours.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |error: &dyn fmt::Display| Error::SavedSession(format!("{}: {error}", path.display()));
        let bytes = fs::read(path).map_err(|error| wrong(&error))?;
        // The parser's own message may quote what it read, which is a secret here.
        serde_json::from_slice(&bytes).map_err(|error| {
            wrong(&format!("no saved session (line {}, column {})", error.line(), error.column()))
        })
    }
}

fn owner_only() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

impl fmt::Debug for SavedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SavedSession({}, {})", self.site, self.saved_at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::SystemClock;

    fn saved() -> SavedSession {
        let jar = CookieJar::default();
        let site = Site::builtin("namyangju").unwrap();
        let line = b"ci_session=invented-secret; path=/".as_slice();
        jar.receive(site.base_url(), [line].into_iter(), 0, Duration::ZERO);
        SavedSession::new(&site, "agent/1", "honggildong", &jar, &SystemClock).unwrap()
    }

    #[test]
    fn a_file_is_its_owners_alone_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        fs::write(&path, "old").unwrap();
        saved().write(&path).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no partial file is left");
        let back = SavedSession::read(&path).unwrap();
        let site = Site::builtin("namyangju").unwrap();
        assert_eq!(back.cookies_for(&site, "agent/1", &SystemClock).unwrap().len(), 1);
        assert!(!format!("{back:?}").contains("invented-secret"));
    }

    #[test]
    fn a_session_of_another_site_or_agent_is_refused() {
        let site = Site::builtin("namyangju").unwrap();
        let error = |site: &Site, agent: &str, saved: SavedSession| {
            saved.cookies_for(site, agent, &SystemClock).err().unwrap().to_string()
        };
        assert!(error(&site, "agent/2", saved()).contains("User-Agent"));
        assert!(
            error(&site.clone().with_base_url("http://127.0.0.1:1").unwrap(), "agent/1", saved())
                .contains("127.0.0.1")
        );
        assert!(error(&Site::builtin("cheonan").unwrap(), "agent/1", saved()).contains("cheonan"));
        let newer = SavedSession { version: 2, ..saved() };
        assert!(error(&site, "agent/1", newer).contains("layout 2"));
    }

    #[test]
    fn what_is_no_saved_session_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        for text in ["", "{}", "[1,2]", "{\"version\":1}"] {
            fs::write(&path, text).unwrap();
            assert!(SavedSession::read(&path).unwrap_err().to_string().contains("session.json"), "{text}");
        }
        assert!(SavedSession::read(&folder.path().join("none")).is_err());
        assert!(saved().write(&folder.path().join("no/such/folder")).is_err());
    }
}
