//! Visits to stand-ins, recorded and read again.

mod checked;
mod files;
mod learnt;
mod person;
