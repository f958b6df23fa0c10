//! Visits to stand-ins, recorded and read again.

mod checked;
mod files;
mod hostile;
mod learnt;
mod person;
