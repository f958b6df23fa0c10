//! The journal of a booking: each event as a line of JSON, on the disk before an application leaves,
//! so that a run after a crash reads the day list before it applies again.
//!
//! Before each attempt the intent to apply is written, as `submitting`, and is on the disk before anything leaves.
//! While it cannot be written (a full disk), no application leaves: a crash would forget it, and the next run would
//! book a second court. An attempt that ended before its application takes its intent back with its `answered`.
//!
//! A run locks its journal from the first read to its end. Without the lock, two processes with one journal
//! would each read that no application had left, and book two courts. The system releases the lock when the
//! process dies, so no crash leaves a journal that cannot be resumed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use namyangju_rent::clock::{Clock, SystemClock};
use namyangju_rent::{AnswerKind, Event, SeoulTime, Site, Standing, Step, TimedEvent, Wish};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bad_input::BadInput;
use crate::say::say;
use crate::{system, terminal};

/// A journal that is being written.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// How long the file is up to the end of its last whole line, in bytes.
    length: u64,
    failed: bool,
}

/// What an earlier run left in a journal.
#[derive(Debug)]
pub(crate) struct Past {
    /// What it was for.
    wishes: Vec<Wish>,
    /// All that happened, in all its runs.
    pub(crate) events: Vec<Event>,
}

impl Past {
    /// An application may have been accepted.
    pub(crate) fn is_open(&self) -> bool {
        Standing::of(&self.events).is_open()
    }
}

/// The line with which each run begins.
#[derive(Debug, Deserialize, Serialize)]
struct Begin {
    event: BeginTag,
    at: SeoulTime,
    site: String,
    wishes: Vec<Wish>,
    /// The process that writes this run, to name it to a second one; journals of earlier versions have none.
    #[serde(default)]
    process: Option<u32>,
}

#[derive(Debug, Deserialize, Serialize)]
enum BeginTag {
    #[serde(rename = "begin")]
    Begin,
}

/// An event that the journal adds to those of the run, as a [`TimedEvent`] is written.
#[derive(Debug, Serialize)]
struct OwnEvent {
    at: SeoulTime,
    monotonic_micros: u64,
    #[serde(flatten)]
    event: Event,
}

impl OwnEvent {
    fn now(event: Event) -> Self {
        let micros = SystemClock.monotonic().as_micros();
        Self { at: SystemClock.now(), monotonic_micros: u64::try_from(micros).unwrap_or(u64::MAX), event }
    }
}

/// Opens the journal that the arguments ask for, and reads what an earlier run left in it.
pub(crate) fn open(
    journal: Option<&Path>,
    resume: Option<&Path>,
    site: &Site,
    wishes: &[Wish],
) -> Result<(Option<Journal>, Option<Past>)> {
    let Some(path) = resume.or(journal) else { return Ok((None, None)) };
    if let (Some(journal), Some(resume)) = (journal, resume)
        && journal != resume
    {
        let why = say!("journal-resume");
        return Err(BadInput(why).into());
    }
    // With both arguments the same command can be started again and again.
    let mut file = open_file(path, journal.is_some())
        .map_err(|error| BadInput(say!("journal-unreadable", path = path.display(), error = error)))?;
    // A device has no end, or keeps nothing.
    if file.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(BadInput(say!("journal-no-file", path = path.display())).into());
    }
    lock(&mut file, path)?;
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|error| BadInput(say!("journal-unreadable", path = path.display(), error = error)))?;
    let past = if text.is_empty() {
        None
    } else {
        Some(read(&text).map_err(|why| BadInput(say!("journal-wrong", path = path.display(), why = why)))?)
    };
    if resume.is_none()
        && let Some((_, past)) = &past
        && past.is_open()
    {
        return Err(BadInput(say!("journal-doubtful", path = path.display())).into());
    }
    let past = match (resume, past) {
        (Some(_), Some((begun_at, past))) => {
            if begun_at != base(site) || wishes != past.wishes {
                return Err(BadInput(say!("journal-other", path = path.display())).into());
            }
            Some(past)
        }
        _ => None,
    };
    let is_cut = !text.is_empty() && !text.ends_with('\n');
    let journal = Journal::begin(path, file, is_cut, site, wishes)
        .map_err(|error| BadInput(say!("journal-unwritable", path = path.display(), error = error)))?;
    Ok((Some(journal), past))
}

fn open_file(path: &Path, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(create).append(true).read(true);
    system::owner_only(&mut options).open(path)
}

/// Locks the journal for this process, until the file is closed or the process dies.
///
/// # Errors
/// [`BadInput`] if another process has the lock, with its number if the journal tells it.
fn lock(file: &mut File, path: &Path) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            // On systems whose locks also forbid reading, the text stays empty and the number unknown.
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            let process =
                holder(&text).map(|process| say!("journal-process", process = process)).unwrap_or_default();
            Err(BadInput(say!("journal-in-use", path = path.display(), process = process)).into())
        }
        // The journal still serves a run after a crash. Only the second process is not kept away.
        Err(TryLockError::Error(error)) => {
            terminal::note(&say!("journal-not-locked", path = path.display(), error = error));
            Ok(())
        }
    }
}

/// The process that wrote the last run of a journal.
fn holder(text: &str) -> Option<u32> {
    text.lines().rev().find_map(|line| serde_json::from_str::<Begin>(line).ok())?.process
}

fn base(site: &Site) -> String {
    site.base_url().to_string()
}

/// Reads a journal: the site of its last run, and how its booking stands.
fn read(text: &str) -> Result<(String, Past), String> {
    let mut last: Option<(String, Vec<Wish>)> = None;
    let mut events = Vec::new();
    let mut torn: Option<usize> = None;
    for (number, line) in text.lines().enumerate() {
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        if let Ok(begin) = Begin::deserialize(&value) {
            // A later booking of something else has a story of its own.
            if last.as_ref().is_some_and(|(site, wishes)| *site != begin.site || *wishes != begin.wishes) {
                events.clear();
            }
            last = Some((begin.site, begin.wishes));
            torn = None;
            continue;
        }
        // A crash can cut only the last line of a run.
        if let Some(torn) = torn {
            return Err(say!("journal-torn", torn = torn));
        }
        if value.get("event").is_some_and(|event| event == "report") {
            continue;
        }
        match serde_json::from_str::<TimedEvent>(line) {
            Ok(happened) => events.push(happened.event),
            Err(_) => torn = Some(number + 1),
        }
    }
    let (site, wishes) = last.filter(|(_, wishes)| !wishes.is_empty()).ok_or(say!("journal-foreign"))?;
    Ok((site, Past { wishes, events }))
}

impl Journal {
    /// Writes the first line of a run. `is_cut` says that a crash has cut the last line of the file.
    fn begin(path: &Path, mut file: File, is_cut: bool, site: &Site, wishes: &[Wish]) -> io::Result<Self> {
        system::keep_to_owner(&file)?;
        let mut line = Vec::new();
        if is_cut {
            line.push(b'\n');
        }
        let begin = Begin {
            event: BeginTag::Begin,
            at: SystemClock.now(),
            site: base(site),
            wishes: wishes.to_vec(),
            process: Some(std::process::id()),
        };
        serde_json::to_writer(&mut line, &begin)?;
        line.push(b'\n');
        file.write_all(&line)?;
        file.sync_all()?;
        // The name of a new file is on the disk only when its folder is.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
        let length = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, length, failed: false })
    }

    /// Takes one event in.
    pub(crate) fn on_event(&mut self, happened: &TimedEvent) {
        // The intent of an application is on the disk already: its line costs no time at the opening.
        self.add(happened, false);
    }

    /// Writes the intent to apply. When it returns, that line is on the disk.
    ///
    /// # Errors
    /// A sentence, if it cannot be written: then no application may leave.
    pub(crate) fn intend(&mut self) -> Result<(), String> {
        let intent = OwnEvent::now(Event::Submitting);
        let written = self.write(&intent, true);
        self.failed &= written.is_err();
        written.map_err(|error| self.why(&error))
    }

    /// Takes the intent back, if there is one: the run was interrupted before an application left.
    pub(crate) fn take_back(&mut self) {
        let text = "interrupted before an application left".to_owned();
        let (step, answer) = (Step::Submit, AnswerKind::NotSent);
        self.add(&OwnEvent::now(Event::Answered { step, answer, text, receipt: None, exchange: None }), true);
    }

    /// Takes the report in.
    pub(crate) fn end(&mut self, report: &impl Serialize) {
        let mut value = serde_json::to_value(report).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            fields.insert("event".into(), "report".into());
        }
        self.add(&value, true);
    }

    fn add(&mut self, line: &impl Serialize, durable: bool) {
        // The booking goes on, as long as its intents can be written.
        if let Err(error) = self.write(line, durable)
            && !std::mem::replace(&mut self.failed, true)
        {
            terminal::error(&self.why(&error));
        }
    }

    fn write(&mut self, line: &impl Serialize, durable: bool) -> io::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        let written =
            self.file.write_all(&line).and_then(|()| if durable { self.file.sync_data() } else { Ok(()) });
        match written {
            Ok(()) => self.length += u64::try_from(line.len()).unwrap_or_default(),
            // A part of a line in the middle could not be read afterwards.
            Err(_) => self.file.set_len(self.length).unwrap_or_default(),
        }
        written
    }

    fn why(&self, error: &io::Error) -> String {
        say!("journal-unwritable", path = self.path.display(), error = error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str =
        r#"{"place":"NYJ06/07/103","date":"2026-12-05","range":"06:00-08:00","purpose":"sports"}"#;
    const B: &str =
        r#"{"place":"NYJ06/07/103","date":"2026-12-05","range":"08:00-10:00","purpose":"sports"}"#;
    const SUBMITTING: &str =
        r#"{"at":"2026-11-26T10:00:00.042+09:00","monotonic_micros":7,"event":"submitting"}"#;
    const NEXT: &str =
        r#"{"at":"2026-11-26T10:00:00.042+09:00","monotonic_micros":7,"event":"next-wish","wish":1}"#;
    const FIRED: &str =
        r#"{"at":"2026-11-26T10:00:00.042+09:00","monotonic_micros":7,"event":"fired","late_micros":12}"#;

    fn begin(wishes: &str) -> String {
        format!(
            r#"{{"event":"begin","at":"2026-11-26T09:50:00+09:00","site":"http://x/","wishes":[{wishes}]}}"#
        )
    }

    fn past(lines: &[&str]) -> Result<(usize, usize, bool), String> {
        read(&lines.join("\n")).map(|(_, past)| (past.wishes.len(), past.events.len(), past.is_open()))
    }

    #[test]
    fn a_crash_after_the_application_left_is_seen() {
        let both = begin(&format!("{A},{B}"));
        assert_eq!(past(&[&both, FIRED]), Ok((2, 1, false)));
        assert_eq!(past(&[&both, FIRED, SUBMITTING]), Ok((2, 2, true)));
        assert_eq!(past(&[&both, SUBMITTING, NEXT]), Ok((2, 2, false)));
        assert_eq!(past(&[&both, NEXT, SUBMITTING]), Ok((2, 2, true)));
        // A second run that got nowhere leaves it as it was.
        assert_eq!(past(&[&both, NEXT, SUBMITTING, &both, FIRED]), Ok((2, 3, true)));
        // A later booking of something else does not.
        assert_eq!(past(&[&begin(A), SUBMITTING, &begin(B)]), Ok((1, 0, false)));
    }

    #[test]
    fn a_cut_line_is_no_harm_where_a_run_ends() {
        let one = begin(A);
        assert_eq!(past(&[&one, FIRED, r#"{"at":"2026-"#]), Ok((1, 1, false)));
        assert_eq!(past(&[&one, r#"{"at":"2026-"#, &one, SUBMITTING]), Ok((1, 1, true)));
        assert_eq!(past(&[&one, r#"{"at":"2026-"#, SUBMITTING]), Err("line 2 cannot be read".to_owned()));
        assert!(past(&["hello"]).is_err() && past(&["{}", "[]"]).is_err());
    }
}
