//! Which store a command works on, where a person may think of another one.
//!
//! The default store lies in a home. Whoever runs a command with `sudo`, or as another user than the daemon, gets a second,
//! empty store without having asked for one, and wonders where the bookings are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Config, Source};
use crate::say::say;
use crate::store::Store;
use crate::terminal;

/// Where the systemd unit in `packaging/` keeps its store, below the root.
const DAEMON: &str = "var/lib/rent-runner/rent.db";

/// Where a user's own store is, below the home.
const OWN: &str = ".local/share/rent-runner/rent.db";

/// The path of a database that is a file.
pub(super) fn file_of(address: &str) -> Option<PathBuf> {
    match address.strip_prefix("sqlite:") {
        Some(path) => Some(path.strip_prefix("//").unwrap_or(path).into()),
        None => (!address.contains("://")).then(|| address.into()),
    }
}

/// Warns of a store that is elsewhere, if this one was not asked for by name and holds nothing.
pub(super) async fn warn_of_others(config: &Config, store: &Store) -> crate::store::Result<()> {
    if *config.sources.of("database") != Source::Default {
        return Ok(());
    }
    let Some(other) = elsewhere(Path::new("/"), &config.database, std::env::var("SUDO_USER").ok().as_deref())
    else {
        return Ok(());
    };
    if store.accounts().await?.is_empty() {
        terminal::warning(&say!("which-store", empty = store.address(), other = other.display()));
    }
    Ok(())
}

/// The store of the daemon, or of the user who called `sudo`, if it is another one than this.
fn elsewhere(root: &Path, own: &str, sudo_user: Option<&str>) -> Option<PathBuf> {
    let users = sudo_user.and_then(|user| home_of(root, user)).map(|home| root.join(home).join(OWN));
    let own = Path::new(own).canonicalize().ok();
    [Some(root.join(DAEMON)), users].into_iter().flatten().find(|other| {
        let is_there = match fs::metadata(other) {
            Ok(found) => found.is_file(),
            // The folder of a service with a user of its own is closed to all others.
            Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
        };
        is_there && (own.is_none() || other.canonicalize().ok() != own)
    })
}

/// The home of a user, without its leading slash.
fn home_of(root: &Path, user: &str) -> Option<PathBuf> {
    let users = fs::read_to_string(root.join("etc/passwd")).ok()?;
    let mut homes = users.lines().filter_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == user).then(|| fields.nth(4).map(str::to_owned)).flatten()
    });
    Some(homes.next()?.trim_start_matches('/').into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_has_a_path() {
        for (address, path) in [
            ("/var/lib/rent.db", Some("/var/lib/rent.db")),
            ("sqlite:rent.db", Some("rent.db")),
            ("sqlite://rent.db", Some("rent.db")),
            ("postgres://rent@host/rent", None),
        ] {
            assert_eq!(file_of(address).as_deref(), path.map(Path::new), "{address}");
        }
    }

    #[test]
    fn the_daemons_store_and_that_of_the_caller_of_sudo_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let make = |path: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            path
        };
        make("etc/passwd");
        fs::write(
            root.join("etc/passwd"),
            "root:x:0:0:r:/root:/bin/sh\ntester1:x:9:9::/home/tester1:/bin/sh\n",
        )
        .unwrap();
        let own = make("root/.local/share/rent-runner/rent.db");
        let of = |sudo_user| elsewhere(root, own.to_str().unwrap(), sudo_user);
        assert_eq!(of(Some("tester1")), None);
        let users = make("home/tester1/.local/share/rent-runner/rent.db");
        assert_eq!(of(Some("tester1")), Some(users));
        assert_eq!(of(None), None);
        assert_eq!(of(Some("root")), None, "it is this one");
        // As systemd has it for a user of the service's own: behind a folder that is closed to others.
        let private = make("var/lib/private/rent-runner/rent.db");
        std::os::unix::fs::symlink("private/rent-runner", root.join("var/lib/rent-runner")).unwrap();
        assert_eq!(of(Some("tester1")), Some(root.join(DAEMON)));
        assert_eq!(elsewhere(root, private.to_str().unwrap(), None), None, "it is this one");
    }
}
