//! The stand-in site.

mod account;
mod clock;
mod cookie;
mod courts;
mod gzip;
mod pages;
mod seeded;
mod server;
mod settings;
mod stand_in;
mod steps;
mod submission;
mod texts;
mod visit;
mod wire;

pub use account::Account;
pub use clock::ManualClock;
pub use courts::Court;
pub use server::StandInServer;
pub use settings::{
    Anonymous, BlockKind, BlockRule, BusyWindow, ContentType, CookieLife, Delay, Framing, Gate, HumanCheck,
    LoginFailure, LoginSuccess, Missing, RefusalStyle, Rival, Settings, SubmitSuccess, TAKEN_PAGE_BYTES,
    Taken, Trace,
};
pub use stand_in::{Booked, StandIn};
pub use texts::Texts;
pub use wire::{Answer, Arrival, Fault, FaultKind, Request, Step, WireFault};

#[cfg(test)]
mod tests;
