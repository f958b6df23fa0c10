//! Whether anybody but this process's user can read a file, where mode bits alone do not tell.
//!
//! A service manager hands a secret over as root's file with mode 0440 and an access list that names the one user of
//! the service: the group's bits are then the list's mask, and no group can read it.

use std::fs::File;
#[cfg(unix)]
use std::path::Path;

/// Bits of a mode: any right of others, and any of the group.
#[cfg(unix)]
const OTHERS: u32 = 0o007;
#[cfg(unix)]
const GROUP: u32 = 0o070;

/// The folder in which systemd puts the credentials of a service. It is mounted for that service alone.
#[cfg(unix)]
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

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
