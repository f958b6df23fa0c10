//! Visits to stand-ins, recorded and read again.

mod checked;
mod learnt;
mod person;
