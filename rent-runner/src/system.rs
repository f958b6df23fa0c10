//! What differs between systems: who may read a file, how the program is told to end, a child's group of processes.
//!
//! No other file of this program calls what only one system has (tests/directions.rs looks), so that what another
//! system needs is seen here at once.
//!
//! Windows has no modes. A new file there takes over the access list of its folder, and the folders that this program
//! chooses lie in the user's profile, which is closed to other users apart from administrators. So nothing is set and
//! nothing is checked: whoever puts the key elsewhere sees to its rights.
//!
//! On Linux a service manager hands a secret over as root's file with mode 0440 and an access list that names the one
//! user of the service: the group's bits are then the list's mask, and no group can read it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
#[cfg(unix)]
use std::path::Path;
use std::process::Command;

/// Bits of a mode: any right of others, and any of the group.
#[cfg(unix)]
const OTHERS: u32 = 0o007;
#[cfg(unix)]
const GROUP: u32 = 0o070;

/// The folder in which systemd puts the credentials of a service. It is mounted for that service alone.
#[cfg(unix)]
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Ends at Ctrl-C, or when the system asks the program to end.
///
/// It listens from the call on, not from the first time that it is polled: a stop that comes between is heard.
#[cfg(unix)]
pub(crate) fn interruption() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    async fn heard(listening: std::io::Result<Signal>) {
        match listening {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
        }
    }
}

/// Ends at Ctrl-C or Ctrl-Break, when the window of the program is closed, and when the system shuts down.
///
/// It listens from the call on. After a closed window Windows waits some five seconds and then ends the program: what was
/// begun is taken up again at the next start, as after a crash.
#[cfg(windows)]
pub(crate) fn interruption() -> impl Future<Output = ()> + Send {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    macro_rules! heard {
        ($listening:ident) => {
            async {
                match $listening {
                    Ok(mut signal) => {
                        signal.recv().await;
                    }
                    Err(_) => std::future::pending().await,
                }
            }
        };
    }
    let (interrupt, stop, close, shutdown) = (ctrl_c(), ctrl_break(), ctrl_close(), ctrl_shutdown());
    async move {
        tokio::select! {
            () = heard!(interrupt) => {}
            () = heard!(stop) => {}
            () = heard!(close) => {}
            () = heard!(shutdown) => {}
        }
    }
}

/// Lets a file that is about to be made be read and written by its owner only (mode 0600).
pub(crate) fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Closes folders that are about to be made to all but their owner (mode 0700).
pub(crate) fn owner_only_folder(builder: &mut DirBuilder) -> &mut DirBuilder {
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
    builder
}

/// Takes a file that is there already away from all but its owner (mode 0600).
///
/// # Errors
/// What the file system says.
#[cfg_attr(not(unix), allow(clippy::unnecessary_wraps, reason = "there are no modes to set"))]
pub(crate) fn keep_to_owner(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Keeps the keys that a person presses from reaching a command that this program starts: it gets a group of processes
/// of its own.
pub(crate) fn own_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// Whether others than its owner and this user can read or write a file. `false` on a system without modes.
#[cfg(unix)]
pub(crate) fn is_open_to_others(file: &File, path: &Path) -> bool {
    let credentials = std::env::var_os(CREDENTIALS);
    is_open(file, path, credentials.as_deref().map(Path::new))
}

#[cfg(not(unix))]
pub(crate) fn is_open_to_others(_: &File, _: &std::path::Path) -> bool {
    false
}

#[cfg(unix)]
fn is_open(file: &File, path: &Path, credentials: Option<&Path>) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(about) = file.metadata() else { return true };
    let mode = about.permissions().mode();
    if mode & OTHERS != 0 {
        return true;
    }
    if mode & GROUP == 0 {
        return false;
    }
    let is_credential = || {
        let (folder, path) = (credentials?.canonicalize().ok()?, path.canonicalize().ok()?);
        Some(path.starts_with(folder))
    };
    // Nobody writes a credential, its service apart from root cannot either.
    let can_be_read_only = mode & GROUP == 0o040;
    !(can_be_read_only && is_credential() == Some(true) || is_for_this_user_alone(file))
}

/// Whether the access list of a file names no group, and no user but this process's.
#[cfg(target_os = "linux")]
fn is_for_this_user_alone(file: &File) -> bool {
    let mut list = [0; 1024];
    let Ok(length) = rustix::fs::fgetxattr(file, "system.posix_acl_access", &mut list) else { return false };
    list.get(..length).is_some_and(|list| names_only(list, rustix::process::geteuid().as_raw()))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_for_this_user_alone(_: &File) -> bool {
    false
}

/// Reads an access list as Linux keeps it (version 2, little-endian: tag, rights, number of each entry). `false` for
/// what cannot be read.
#[cfg(target_os = "linux")]
fn names_only(list: &[u8], user: u32) -> bool {
    const VERSION: [u8; 4] = [2, 0, 0, 0];
    const OWNER: u16 = 0x01;
    const NAMED_USER: u16 = 0x02;
    const MASK: u16 = 0x10;
    let Some(entries) = list.strip_prefix(&VERSION) else { return false };
    let (entries, []) = entries.as_chunks::<8>() else { return false };
    let entries = entries.iter().map(|&[t0, t1, r0, r1, n0, n1, n2, n3]| {
        (u16::from_le_bytes([t0, t1]), u16::from_le_bytes([r0, r1]), u32::from_le_bytes([n0, n1, n2, n3]))
    });
    let entries: Vec<_> = entries.collect();
    let mask = entries.iter().find(|(tag, ..)| *tag == MASK).map_or(0o7, |(_, rights, _)| *rights);
    entries.iter().all(|(tag, rights, number)| match *tag {
        OWNER | MASK => true,
        NAMED_USER if *number == user => true,
        _ => rights & mask == 0,
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::fs::XattrFlags;

    use super::*;

    /// An access list: the owner reads, then these entries of tag, rights and number.
    fn list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut list = vec![2, 0, 0, 0];
        for (tag, rights, number) in [(1, 4, u32::MAX)].iter().chain(entries) {
            list.extend(tag.to_le_bytes());
            list.extend(rights.to_le_bytes());
            list.extend(number.to_le_bytes());
        }
        list
    }

    #[test]
    fn an_access_list_may_name_this_user_and_nobody_else() {
        let (group, mask, others) = ((4, 0, u32::MAX), (0x10, 4, u32::MAX), (0x20, 0, u32::MAX));
        let with = |entry| list(&[entry, group, mask, others]);
        assert!(names_only(&with((2, 4, 61_184)), 61_184));
        assert!(!names_only(&with((2, 4, 61_185)), 61_184));
        assert!(!names_only(&with((8, 4, 61_184)), 61_184), "a named group");
        assert!(!names_only(&list(&[(2, 4, 7), (4, 4, u32::MAX), mask, others]), 7), "the file's own group");
        assert!(!names_only(&list(&[(2, 4, 7), group, mask, (0x20, 4, u32::MAX)]), 7), "everybody");
        assert!(
            names_only(&list(&[(8, 2, 9), (4, 2, u32::MAX), mask, others]), 7),
            "what the mask takes away"
        );
        for nonsense in [&b""[..], b"\x02\0\0\0\x01", b"\x01\0\0\0"] {
            assert!(!names_only(nonsense, 7));
        }
    }

    #[test]
    fn a_file_of_root_that_a_list_opens_to_this_user_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "").unwrap();
        let file = File::open(&path).unwrap();
        let at_mode = |mode| {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            is_open(&file, &path, None)
        };
        let modes = [0o600, 0o400, 0o440, 0o604, 0o640];
        assert_eq!(modes.map(at_mode), [false, false, true, true, true]);
        for (user, open) in [(rustix::process::geteuid().as_raw(), false), (12_345, true)] {
            fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
            let list = list(&[(2, 4, user), (4, 0, u32::MAX), (0x10, 4, u32::MAX), (0x20, 0, u32::MAX)]);
            let set = rustix::fs::fsetxattr(&file, "system.posix_acl_access", &list, XattrFlags::empty());
            if set.is_err() {
                eprintln!("skipped: the file system of {} keeps no access lists", folder.path().display());
                return;
            }
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o440, "the mask is shown");
            assert_eq!(is_open(&file, &path, None), open, "{user}");
        }
    }

    #[test]
    fn a_credential_of_the_service_manager_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "").unwrap();
        let file = File::open(&path).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        for (mode, credentials, open) in [
            (0o440, folder.path(), false),
            (0o440, elsewhere.path(), true),
            (0o444, folder.path(), true),
            (0o460, folder.path(), true),
        ] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_open(&file, &path, Some(credentials)), open, "{mode:o}");
        }
    }
}
