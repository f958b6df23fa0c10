//! What the machine itself must bring: a settings file nobody else reads, a clock, open files, room.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use namyangju_rent::SeoulTime;
use namyangju_rent::clock::{Clock, SystemClock};

use super::Findings;
use crate::config::Config;
use crate::say::{retold, say};
use crate::system;

/// A runner holds a handful for each booking, and the database its own.
const MIN_FILES: u64 = 256;

/// Less room than this is soon gone, in kibibytes.
const LITTLE_ROOM: u64 = 200 * 1024;
const NO_ROOM: u64 = 10 * 1024;

/// The settings file, and what is to be said of it.
pub(super) fn settings(findings: &mut Findings, config: &Config) -> Result<()> {
    const WHAT: &str = "settings";
    match &config.file {
        Some(path) => findings.ok(WHAT, say!("doctor-settings-read", path = path.display()))?,
        None => findings.ok(WHAT, say!("doctor-no-settings"))?,
    }
    for warning in &config.warnings {
        // They end with what to do.
        let warning = &retold(warning);
        let otherwise = say!("doctor-correct-settings");
        let (text, to_do) = warning.rsplit_once(": ").unwrap_or((warning, &otherwise));
        findings.warning(WHAT, text, to_do)?;
    }
    Ok(())
}

/// Whether other users can read a file.
pub(super) fn is_open_to_others(path: &Path) -> bool {
    std::fs::File::open(path).is_ok_and(|file| system::is_open_to_others(&file, path))
}

/// This machine's wall clock, and that it knows Seoul.
pub(super) fn clock(findings: &mut Findings) -> Result<()> {
    const WHAT: &str = "clock";
    if SystemClock.is_synchronised() {
        findings.ok(WHAT, say!("doctor-clock-kept", now = SystemClock.now()))?;
    } else {
        findings.warning(
            WHAT,
            say!("doctor-clock-not-kept", now = SystemClock.now()),
            say!("doctor-clock-keep"),
        )?;
    }
    let new_year: Option<SeoulTime> = "2027-01-01T00:00:00Z".parse().ok();
    match new_year.map(|instant| instant.to_string()) {
        Some(text) if text.starts_with("2027-01-01 09:00:00") => findings.ok("zone", say!("doctor-zone")),
        _ => findings.failed("zone", say!("doctor-zone-wrong"), say!("doctor-reinstall")),
    }
}

/// How many files the process may open.
pub(super) fn files(findings: &mut Findings) -> Result<()> {
    // Other systems have no such file, and no such limit worth a word.
    let Ok(limits) = std::fs::read_to_string("/proc/self/limits") else { return Ok(()) };
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3)).and_then(|word| word.parse::<u64>().ok());
    match soft {
        Some(few) if few < MIN_FILES => findings.warning(
            "files",
            say!("doctor-few-files", few = few),
            say!("doctor-raise-files", least = MIN_FILES),
        ),
        Some(many) => findings.ok("files", say!("doctor-files", many = many)),
        None => Ok(()),
    }
}

/// The room on the disk of a folder, where `df` is there to tell.
pub(super) fn room(findings: &mut Findings, folder: &Path) -> Result<()> {
    let asked = Command::new("df").arg("-Pk").arg(folder).output();
    let Some(left) = asked.ok().and_then(|answer| kibibytes_left(&String::from_utf8_lossy(&answer.stdout)))
    else {
        return Ok(());
    };
    let text = say!("doctor-room", left = left / 1024, folder = folder.display());
    if left < NO_ROOM {
        findings.failed("disk", text, say!("doctor-make-room"))
    } else if left < LITTLE_ROOM {
        findings.warning("disk", text, say!("doctor-make-room"))
    } else {
        findings.ok("disk", text)
    }
}

/// The fourth column of the second line.
fn kibibytes_left(answer: &str) -> Option<u64> {
    answer.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_the_fourth_column() {
        let answer = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 100 40 60 40% /\n";
        assert_eq!(kibibytes_left(answer), Some(60));
        for nonsense in ["", "one line", "a\nb c d e"] {
            assert_eq!(kibibytes_left(nonsense), None);
        }
    }
}
