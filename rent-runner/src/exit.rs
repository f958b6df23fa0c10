//! What the program's end tells the shell.

use std::{fmt, io};

use namyangju_rent::{Error, GiveUp, Next, Outcome, Verdict};

use crate::bad_input::BadInput;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Reserved; or, for a command that books nothing, done.
pub(crate) const DONE: u8 = 0;
/// Something that should not happen.
pub(crate) const UNEXPECTED: u8 = 1;
/// Arguments that cannot be used; clap ends with the same code.
pub(crate) const BAD_INPUT: u8 = 2;
/// The site, or another server, could not be reached.
pub(crate) const NETWORK: u8 = 8;
/// No answer that tells, until the end.
pub(crate) const NO_CLEAR_ANSWER: u8 = 9;
/// The store or its key cannot be used, or not all of it.
pub(crate) const NO_STORE: u8 = 10;
/// The court is booked in our name, by an earlier run or by a person.
const ALREADY_BOOKED: u8 = 11;
/// Ended by Ctrl-C while nothing was under way: 128 and the number of the signal, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The word for a code, in an error for programs.
pub(crate) fn word(code: u8) -> &'static str {
    match code {
        DONE => "done",
        BAD_INPUT => "bad-input",
        3 => "lost",
        4 => "refused",
        5 => "blocked",
        6 => "needs-person",
        7 => "unconfirmed",
        NETWORK => "network",
        NO_CLEAR_ANSWER => "gave-up",
        NO_STORE => "store",
        ALREADY_BOOKED => "already-booked",
        INTERRUPTED => "interrupted",
        _ => "unexpected",
    }
}

/// An end that is no success, and has a code of its own.
#[derive(Debug)]
pub(crate) struct CodedFailure {
    code: u8,
    why: String,
}

impl CodedFailure {
    /// An end with this code, and the sentence for a person.
    pub(crate) fn new(code: u8, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

impl fmt::Display for CodedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for CodedFailure {}

/// The table that the help shows.
pub(crate) const TABLE: &str = "\
Exit codes:
  0    reserved (book, demo); done (the other commands)
  1    unexpected failure; or what `doctor` or `capture` looked at is wrong
  2    bad input: nothing was sent
  3    lost: somebody else has the time
  4    refused: by account, application or limit; another try would not help
  5    blocked: the site has shut this client out
  6    a person is needed: a human check, a waiting room, a site that moved
  7    unconfirmed: an application was sent and what became of it is not known
  8    network: the site could not be reached, or a test message did not arrive
  9    given up: not open, busy or without a clear answer until the end
  10   the store of bookings, or the key of its secrets, cannot be used
  11   already booked in our name, by the day list; no other choice was tried
  130  interrupted, with nothing under way";

/// The exit code of a booking's end.
pub(crate) fn exit_code(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Reserved { .. } => DONE,
        Verdict::AlreadyBooked => ALREADY_BOOKED,
        Verdict::Lost => 3,
        Verdict::Refused { .. } => 4,
        Verdict::Blocked => 5,
        Verdict::NeedsPerson { .. } => 6,
        Verdict::Unconfirmed => 7,
        Verdict::Unreachable { .. } => NETWORK,
        Verdict::GaveUp { .. } => NO_CLEAR_ANSWER,
        _ => UNEXPECTED,
    }
}

/// The verdict that a single failed step amounts to; `None` for a setting that cannot be used.
pub(crate) fn verdict_of(error: &Error) -> Option<Verdict> {
    let last = error.chain();
    Some(match error {
        Error::Setup(_) | Error::SavedSession(_) => return None,
        Error::NotSent { .. } | Error::Broken { .. } => Verdict::Unreachable { last },
        Error::Unconfirmed { .. } => Verdict::Unconfirmed,
        _ => match (error.next(), error.outcome()) {
            (_, Some(Outcome::Blocked)) => Verdict::Blocked,
            (Next::AskPerson, _) => Verdict::NeedsPerson { reason: last },
            (Next::Stop, _) => Verdict::Refused { reason: last },
            (Next::NextChoice, _) => Verdict::Lost,
            _ => Verdict::GaveUp { why: GiveUp::Unknown, last },
        },
    })
}

/// The exit code of a failure.
pub(crate) fn failure_code(error: &anyhow::Error) -> u8 {
    if let Some(error) = error.downcast_ref::<io::Error>()
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        // The reader has seen enough, as in `| head -1`.
        return DONE;
    }
    if let Some(failure) = error.downcast_ref::<CodedFailure>() {
        return failure.code;
    }
    if error.is::<BadInput>() {
        return BAD_INPUT;
    }
    if let Some(error) = error.downcast_ref::<StoreError>() {
        return match error {
            StoreError::NotFound(_) | StoreError::Conflict(_) => BAD_INPUT,
            _ => NO_STORE,
        };
    }
    if error.is::<VaultError>() {
        return NO_STORE;
    }
    match error.downcast_ref::<Error>() {
        Some(error) => verdict_of(error).as_ref().map_or(BAD_INPUT, exit_code),
        None => UNEXPECTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_a_code_of_its_own_and_the_help_lists_it() {
        let text = String::new;
        let verdicts = [
            Verdict::Reserved { receipt: None, shown: None },
            Verdict::Lost,
            Verdict::Refused { reason: text() },
            Verdict::Blocked,
            Verdict::NeedsPerson { reason: text() },
            Verdict::Unconfirmed,
            Verdict::Unreachable { last: text() },
            Verdict::GaveUp { why: GiveUp::Deadline, last: text() },
            Verdict::AlreadyBooked,
        ];
        let codes: Vec<u8> = verdicts.iter().map(exit_code).collect();
        assert_eq!(codes, [0, 3, 4, 5, 6, 7, 8, 9, 11]);
        for code in codes.into_iter().chain([UNEXPECTED, BAD_INPUT, NO_STORE, INTERRUPTED]) {
            assert!(TABLE.lines().any(|line| line.trim_start().starts_with(&format!("{code} "))), "{code}");
        }
    }

    #[test]
    fn what_the_store_refuses_is_bad_input_and_a_store_that_fails_is_not() {
        let code = |error: StoreError| failure_code(&error.into());
        assert_eq!(code(StoreError::NotFound("no account".into())), BAD_INPUT);
        assert_eq!(code(StoreError::Conflict("twice".into())), BAD_INPUT);
        assert_eq!(code(StoreError::Locked { store: "rent.db".into() }), NO_STORE);
        assert_eq!(failure_code(&VaultError::Missing { source: "key".into() }.into()), NO_STORE);
    }
}
