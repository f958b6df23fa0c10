//! x
#![allow(missing_docs, dead_code)]
mod charset;
mod clock;
mod date;
mod dialect;
#[cfg(feature = "harness")]
pub mod harness;
mod money;
mod outcome;
mod page;
mod place;
mod site;
mod slot;

pub use charset::{Charset, CharsetError, FormFields};
pub use clock::{Clock, SystemClock};
pub use date::{DateError, RentDate, SeoulTime, TIME_ZONE};
pub use dialect::{NamedPlace, Purpose};
pub use money::{Won, WonError};
pub use outcome::{Invalid, Outcome, Receipt, Refusal};
pub use page::{Hop, HopKind, Page, Timing};
pub use place::{CentreCode, CourtCode, GroupCode, Place, PlaceError};
pub use site::{Opening, Site, SiteError};
pub use slot::{Round, SlotState, TimeError, TimeNo, TimeOfDay, TimeRange};
