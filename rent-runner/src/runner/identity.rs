//! Who a runner is, so that another one on the same machine can tell that it is dead without waiting for
//! its leases to run out.

use std::fmt;
use std::fs;

/// A runner: its name, and which process of which machine it is.
///
/// Written `court-pc@3f2a9c1d.4026531836.1234.88123`: the name, then the machine's boot, the namespace of its
/// process numbers, the process, and when that started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    name: String,
    process: Option<Process>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Process {
    boot: String,
    namespace: String,
    number: u32,
    /// In ticks since the boot: numbers are used again.
    started: u64,
}

impl Identity {
    /// This process, under a name.
    pub(crate) fn own(name: &str) -> Self {
        let name = name.replace(['@', '\n'], "-");
        Self { name, process: Process::of(std::process::id()) }
    }

    /// The name of an identity as it is written, for people.
    pub(crate) fn name_of(written: &str) -> &str {
        written.rsplit_once('@').map_or(written, |(name, _)| name)
    }

    /// Whether the runner that is written so was a process of this machine and is no more. `false` for one
    /// of another machine: only its leases tell.
    pub(crate) fn is_dead(written: &str) -> bool {
        let Some(process) = written.rsplit_once('@').and_then(|(_, process)| Process::read(process)) else {
            return false;
        };
        let Some(own) = Process::of(std::process::id()) else { return false };
        let here = (&process.boot, &process.namespace) == (&own.boot, &own.namespace);
        here && Process::of(process.number).as_ref() != Some(&process)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.process {
            Some(Process { boot, namespace, number, started }) => {
                write!(f, "@{boot}.{namespace}.{number}.{started}")
            }
            // Where processes cannot be told apart so, the instant of the start has to do.
            None => write!(f, "@{}", std::process::id()),
        }
    }
}

impl Process {
    /// What the system tells of a running process; `None` where it does not, or there is none.
    fn of(number: u32) -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        let namespace: String = namespace.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        // The program's name stands in brackets and may hold blanks; what follows does not.
        let (_, after) = stat.rsplit_once(") ")?;
        let mut fields = after.split(' ');
        if matches!(fields.next()?, "Z" | "X") {
            return None;
        }
        let started = fields.nth(18)?.parse().ok()?;
        Some(Self { boot: boot.chars().take(8).collect(), namespace, number, started })
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (boot, namespace) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let process = Self {
            boot,
            namespace,
            number: parts.next()?.parse().ok()?,
            started: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_machine_that_is_gone_is_dead() {
        let own = Identity::own("court@pc").to_string();
        assert_eq!(Identity::name_of(&own), "court-pc");
        assert!(!Identity::is_dead(&own), "{own}");
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let other = Identity { name: "b".into(), process: Process::of(child.id()) }.to_string();
        assert!(!Identity::is_dead(&other));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(Identity::is_dead(&other));
        // The same number, started at another time.
        let own_process = Process::of(std::process::id()).unwrap();
        let reused = Process { started: own_process.started + 1, ..own_process.clone() };
        assert!(Identity::is_dead(&Identity { name: "c".into(), process: Some(reused) }.to_string()));
        // Another machine, and names that are not ours.
        let elsewhere = Process { boot: "00000000".into(), number: 999_999_999, ..own_process };
        assert!(!Identity::is_dead(&Identity { name: "d".into(), process: Some(elsewhere) }.to_string()));
        for text in ["", "pc", "pc@", "pc@1.2.3", "pc@a.b.c.d", "pc@a.b.1.2.3"] {
            assert!(!Identity::is_dead(text), "{text}");
        }
    }
}
