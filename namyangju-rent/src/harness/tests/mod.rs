//! The rules of the machine, one test each, through `answer` alone.

mod robot;
mod rules;

pub(super) use robot::{Robot, submission_of};
