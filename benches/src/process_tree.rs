//! What a program and everything it starts cost: processor time, and memory as PSS (shared pages divided among
//! those who share them).
//!
//! Where cgroup v2 is writable (as root, in most containers), the tree is a cgroup of its own: the kernel counts
//! its time exactly, and no descendant gets away. Elsewhere the tree is followed over parents, and time is the
//! sum of what was last seen of each process, in ticks of 10 ms: a little less than the truth.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::usage::pss_kib;

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How often a tree without a cgroup is looked at for its time.
const FOLLOW_EVERY: Duration = Duration::from_millis(20);

/// Ticks of `/proc/PID/stat` a second; the same on every Linux that is not configured otherwise.
const TICKS: f64 = 100.0;

/// How long what is left of a tree has to end.
const GRACE: Duration = Duration::from_secs(5);

/// What a tree did cost.
#[derive(Clone, Debug)]
pub struct Cost {
    /// User and system time of all processes, in seconds.
    pub cpu_seconds: f64,
    /// The largest sum of PSS that was seen, if memory was looked at.
    pub peak_pss_kib: u64,
    /// The most processes that were seen at a time.
    pub processes: usize,
    /// What it printed.
    pub output: String,
    /// Whether it ended by itself, and well.
    pub ended_well: bool,
    /// The start, in microseconds since 1970.
    pub started_at: i64,
}

/// What is looked at while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing that disturbs.
    TimeOnly,
    /// Memory too: reading it stops a large process for milliseconds.
    Memory,
}

/// A running tree.
#[derive(Debug)]
pub struct Tree {
    child: Child,
    group: Option<Group>,
    started: Instant,
    started_at: i64,
    watcher: std::thread::JoinHandle<Watched>,
    ended: Arc<AtomicBool>,
    reader: std::thread::JoinHandle<String>,
}

#[derive(Debug, Default)]
struct Watched {
    peak_pss_kib: u64,
    processes: usize,
    ticks: BTreeMap<u32, u64>,
}

impl Tree {
    /// Starts a program; its error output goes where ours goes.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(program: &Path, arguments: &[String], look: Look) -> Result<Self, Failure> {
        let group = Group::make();
        let mut command = match &group {
            // A shell enters the group and becomes the program: nothing of ours runs in between.
            Some(group) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", "echo $$ > \"$0\"/cgroup.procs && exec \"$@\""]).arg(&group.0).arg(program);
                shell
            }
            None => Command::new(program),
        };
        let (started, started_at) = (Instant::now(), now_micros());
        let mut child = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut output = child.stdout.take().ok_or("no output")?;
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = std::io::Read::read_to_string(&mut output, &mut text);
            text
        });
        let ended = Arc::new(AtomicBool::new(false));
        let (root, group_path) = (child.id(), group.as_ref().map(|group| group.0.clone()));
        let stop = Arc::clone(&ended);
        let watcher = std::thread::spawn(move || watch(root, group_path.as_deref(), look, &stop));
        Ok(Self { child, group, started, started_at, watcher, ended, reader })
    }

    /// Waits for its end, for so long; then it is ended, with all it started.
    ///
    /// # Errors
    /// What the system says.
    pub fn finish(mut self, at_most: Duration) -> Result<Cost, Failure> {
        let mut status = None;
        while status.is_none() && self.started.elapsed() < at_most {
            status = self.child.try_wait()?;
            if status.is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        if status.is_none() {
            self.end_all();
        }
        // Helpers of a browser may outlive it for a moment, and are a part of its cost.
        let since = Instant::now();
        while !self.members().is_empty() && since.elapsed() < GRACE {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.end_all();
        self.child.wait()?;
        self.ended.store(true, Ordering::Relaxed);
        let watched = self.watcher.join().map_err(|_| "the watcher panicked")?;
        let output = self.reader.join().map_err(|_| "the reader panicked")?;
        let by_ticks = || watched.ticks.values().sum::<u64>() as f64 / TICKS;
        Ok(Cost {
            cpu_seconds: self.group.as_ref().and_then(Group::cpu_seconds).unwrap_or_else(by_ticks),
            peak_pss_kib: watched.peak_pss_kib,
            processes: watched.processes,
            output,
            ended_well: status.is_some_and(|status| status.success()),
            started_at: self.started_at,
        })
    }

    fn members(&self) -> Vec<u32> {
        members(self.child.id(), self.group.as_ref().map(|group| group.0.as_path()))
    }

    /// Ends what is left, process by process: all of them were started by this tree's program.
    fn end_all(&mut self) {
        for pid in self.members() {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status();
        }
    }
}

/// Whether time is counted by the kernel for the whole tree, for the head of a report.
pub fn counted_by() -> &'static str {
    match Group::make() {
        Some(_) => "cpu.stat of a cgroup of the tree",
        None => "/proc/PID/stat of every process seen",
    }
}

fn watch(root: u32, group: Option<&Path>, look: Look, stop: &AtomicBool) -> Watched {
    let mut watched = Watched::default();
    while !stop.load(Ordering::Relaxed) {
        if group.is_some() && look == Look::TimeOnly {
            std::thread::sleep(FOLLOW_EVERY);
            continue;
        }
        let members = members(root, group);
        watched.processes = watched.processes.max(members.len());
        if look == Look::Memory {
            watched.peak_pss_kib =
                watched.peak_pss_kib.max(members.iter().filter_map(|pid| pss_kib(&pid.to_string())).sum());
        }
        if group.is_none() {
            for pid in &members {
                if let Some(ticks) = Stat::of(*pid).map(|stat| stat.ticks) {
                    watched.ticks.insert(*pid, ticks);
                }
            }
        }
        std::thread::sleep(if look == Look::Memory { LOOK_EVERY } else { FOLLOW_EVERY });
    }
    watched
}

/// All living processes of a tree.
fn members(root: u32, group: Option<&Path>) -> Vec<u32> {
    if let Some(group) = group {
        let listed = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
        let alive = |pid: &u32| Stat::of(*pid).is_some_and(|stat| stat.alive);
        return listed.lines().filter_map(|line| line.parse().ok()).filter(alive).collect();
    }
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if let Some((pid, stat)) = pid.and_then(|pid| Stat::of(pid).map(|stat| (pid, stat)))
            && stat.alive
        {
            parents.insert(pid, stat.parent);
        }
    }
    let descends = |pid: u32| {
        let mut at = pid;
        // A chain of parents is short; a bound keeps a race with the kernel harmless.
        for _ in 0..64 {
            if at == root {
                return true;
            }
            match parents.get(&at) {
                Some(parent) => at = *parent,
                None => return false,
            }
        }
        false
    };
    parents.keys().copied().filter(|pid| descends(*pid)).collect()
}

struct Stat {
    parent: u32,
    alive: bool,
    ticks: u64,
}

impl Stat {
    /// Fields 3, 4 and 14 to 17 of `/proc/PID/stat`; the name before them may hold blanks.
    fn of(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
        Some(Self {
            alive: !matches!(*fields.first()?, "Z" | "X"),
            parent: u32::try_from(number(1)?).ok()?,
            ticks: number(11)? + number(12)?,
        })
    }
}

/// A cgroup of our own, taken away again when it is dropped.
#[derive(Debug)]
struct Group(PathBuf);

impl Group {
    fn make() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(Path::new);
        let root = roots.into_iter().find(|root| root.join("cgroup.procs").exists())?;
        let path = root.join(format!("benches-{}-{number}", std::process::id()));
        fs::create_dir(&path).ok()?;
        let group = Self(path);
        let procs = fs::OpenOptions::new().append(true).open(group.0.join("cgroup.procs"));
        (procs.is_ok() && group.cpu_seconds().is_some()).then_some(group)
    }

    fn cpu_seconds(&self) -> Option<f64> {
        let text = fs::read_to_string(self.0.join("cpu.stat")).ok()?;
        let micros: u64 = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?.parse().ok()?;
        Some(micros as f64 / 1e6)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A process that has just ended may still be listed for a moment.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// This machine's clock, in microseconds since 1970.
pub fn now_micros() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_counts_its_grandchildren() {
        let script = "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done'";
        let arguments = ["-c".to_owned(), script.to_owned()];
        let tree = Tree::start(Path::new("/bin/sh"), &arguments, Look::Memory).unwrap();
        let cost = tree.finish(Duration::from_secs(60)).unwrap();
        assert!(cost.ended_well);
        assert_eq!(cost.output, "done\n");
        assert!(cost.cpu_seconds > 0.01 && cost.peak_pss_kib > 50, "{cost:?}");
    }

    #[test]
    fn a_tree_that_does_not_end_is_ended() {
        let arguments = ["-c".to_owned(), "sleep 60 & sleep 60".to_owned()];
        let tree = Tree::start(Path::new("/bin/sh"), &arguments, Look::TimeOnly).unwrap();
        let pids = tree.members();
        let cost = tree.finish(Duration::from_millis(200)).unwrap();
        assert!(!cost.ended_well);
        assert!(pids.iter().all(|pid| Stat::of(*pid).is_none_or(|stat| !stat.alive)));
    }
}
