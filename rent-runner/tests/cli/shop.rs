//! A store of its own for a test, with the commands on it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use super::support::{CLUB, Done, PASSWORD, date, finish, runner, start, wish};

/// A database and a key in a folder of their own.
pub(crate) struct Shop {
    pub(crate) folder: TempDir,
    pub(crate) database: String,
}

impl Shop {
    /// An empty one on SQLite.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("rent.db").to_str().unwrap().to_owned();
        Self { folder, database }
    }

    /// An empty one on this database.
    pub(crate) fn on(database: String) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database }
    }

    /// One with the account `me` at this address and the applicant's data `club`.
    pub(crate) fn furnish(self, base_url: &str) -> Self {
        let account = self.run(&[
            "account",
            "add",
            "me",
            "--login",
            "tester1",
            "--password-stdin",
            "--base-url",
            base_url,
        ]);
        assert_eq!(account.code, Some(0), "{account:?}");
        let applicant = self.run(
            &[
                &[
                    "applicant",
                    "set",
                    "club",
                    "--club-name",
                    CLUB,
                    "--head-count",
                    "4",
                    "--event-name",
                    "테니스",
                ][..],
                &["--purpose", "운동", "--tel", "02-000-0000", "--applicant-name", "홍길동"],
            ]
            .concat(),
        );
        assert_eq!(applicant.code, Some(0), "{applicant:?}");
        self
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    /// The arguments with those that name the store.
    pub(crate) fn arguments<S: AsRef<str>>(&self, arguments: &[S]) -> Vec<String> {
        let key = self.key().to_str().unwrap().to_owned();
        let mut all = vec!["--database".to_owned(), self.database.clone(), "--key-file".to_owned(), key];
        all.extend(arguments.iter().map(|argument| argument.as_ref().to_owned()));
        all
    }

    pub(crate) fn run<S: AsRef<str>>(&self, arguments: &[S]) -> Done {
        self.run_with(arguments, &format!("{PASSWORD}\n"))
    }

    pub(crate) fn run_with<S: AsRef<str>>(&self, arguments: &[S], stdin: &str) -> Done {
        finish(start(runner(&self.arguments(arguments)), stdin))
    }

    /// Runs what has to succeed.
    pub(crate) fn done<S: AsRef<str>>(&self, arguments: &[S]) -> Done {
        let done = self.run(arguments);
        assert_eq!(
            done.code,
            Some(0),
            "{:?} {done:?}",
            arguments.iter().map(AsRef::as_ref).collect::<Vec<_>>()
        );
        done
    }

    /// The document that a command prints.
    pub(crate) fn json<S: AsRef<str>>(&self, arguments: &[S]) -> Value {
        let mut arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        arguments.push("--json");
        serde_json::from_str(&self.done(&arguments).out).unwrap()
    }

    /// Runs what has to be refused, with nothing on stdout; gives stderr.
    pub(crate) fn refused<S: AsRef<str>>(&self, arguments: &[S]) -> String {
        let done = self.run(arguments);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{done:?}");
        done.err
    }

    /// Stores a booking on the usual day and gives its number.
    pub(crate) fn add(&self, more: &[&str]) -> String {
        self.done(&add(more)).out.trim().to_owned()
    }

    /// What is stored of all bookings.
    pub(crate) fn bookings(&self) -> Vec<Value> {
        self.json(&["list", "--all"])["bookings"].as_array().unwrap().clone()
    }

    /// Every byte that lies in the folder, the key's apart.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path != self.key() && path.is_file() {
                bytes.extend(fs::read(path).unwrap());
            }
        }
        bytes
    }
}

/// An `add` command that opens in an hour, and what comes after it.
pub(crate) fn add(more: &[&str]) -> Vec<String> {
    let date = date().to_string();
    let words = ["add"].into_iter().chain(wish(&date, more)).chain(more.iter().copied());
    let mut all: Vec<String> = words.map(str::to_owned).collect();
    if !more.contains(&"--opens-at") {
        all.extend(["--opens-at".to_owned(), opening()]);
    }
    all
}

/// An instant before the usual day, a whole second.
pub(crate) fn opening() -> String {
    format!("{} 10:00:00", date().plus_days(-3))
}

/// The text of a document is in a byte sequence.
pub(crate) fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
