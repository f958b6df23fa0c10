//! Captures: a person's own recording of a visit, held against a dialect.
//!
//! [`check()`] reads a HAR file with the client's own readers and says what of it the dialect understands.
//!
//! ```
//! use namyangju_rent::capture::check;
//! use namyangju_rent::har::HarFile;
//! use namyangju_rent::harness::{Request, Settings, StandIn};
//! use namyangju_rent::Site;
//!
//! // The stand-in records a visit as a browser would.
//! let site = Site::builtin("namyangju")?;
//! let mut stand_in = StandIn::new(&site, Settings::default());
//! stand_in.record();
//! stand_in.answer(&Request::get("/rent/"), "2026-11-26 09:00:00".parse()?);
//! let file = HarFile::read(stand_in.recording().to_json().as_bytes())?;
//!
//! let report = check(&site, &file);
//! assert_eq!(report.exchanges[0].says, "not logged in");
//! assert!(report.is_understood());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod compare;
mod exchange;
mod learn;
mod prove;

pub use check::{CheckReport, CheckedExchange, HOW_TO_SAVE_COOKIES, Understanding, check};
pub use compare::{DifferenceKind, FieldDifference};
pub use exchange::SeenStep;
pub use learn::{DialectFinding, FindingKind, LearnError, LearntDialect, learn};
pub use prove::{Proof, ProofStep, prove};

#[cfg(test)]
mod tests;
