//! Where things are when nobody says: the folders of the XDG base directory specification.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Reads a variable of the environment.
pub(crate) type ReadVariable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The folder of this program below the base folders.
const FOLDER: &str = "rent-runner";

/// The longest name of a runner that is made from the machine's.
const MAX_NAME: usize = 64;

/// The settings file, and whether it has to be there: one that was asked for has to.
pub(crate) fn settings_file(flag: Option<&Path>, environment: ReadVariable<'_>) -> Option<(PathBuf, bool)> {
    if let Some(path) = flag {
        return Some((path.to_owned(), true));
    }
    if let Some(path) = environment("RENT_CONFIG").filter(|value| !value.is_empty()) {
        return Some((path.into(), true));
    }
    Some((config_folder(environment)?.join("settings.toml"), false))
}

/// The database file; `None` without a home.
pub(super) fn database(environment: ReadVariable<'_>) -> Option<PathBuf> {
    Some(base(environment, "XDG_DATA_HOME", ".local/share")?.join(FOLDER).join("rent.db"))
}

/// The key file; `None` without a home.
pub(super) fn key(environment: ReadVariable<'_>) -> Option<PathBuf> {
    Some(config_folder(environment)?.join("key"))
}

/// The name of this machine.
pub(super) fn runner(environment: ReadVariable<'_>) -> String {
    let from_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = from_kernel.or_else(|| environment("HOSTNAME")?.into_string().ok()).unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    if name.is_empty() { FOLDER.to_owned() } else { name }
}

fn config_folder(environment: ReadVariable<'_>) -> Option<PathBuf> {
    Some(base(environment, "XDG_CONFIG_HOME", ".config")?.join(FOLDER))
}

/// A base folder: relative ones are ignored, as the specification demands.
fn base(environment: ReadVariable<'_>, variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| Some(absolute("HOME")?.join(below_home)))
}
