//! What was learned of a site: time numbers, true opening instants, the state of the routes.

use namyangju_rent::{OpeningBracket, Place, Purpose, RentDate, SavedRoutes, SeoulTime, TimeNo, TimeRange};

use super::{Result, Store};

/// The number of a court's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Learned {
    pub(crate) range: TimeRange,
    pub(crate) time_no: TimeNo,
    /// The open day it was read from.
    pub(crate) from: RentDate,
    pub(crate) at: SeoulTime,
}

/// Between which instants a day was seen to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpeningRow {
    pub(crate) place: Place,
    pub(crate) date: RentDate,
    /// The instant that was announced or computed.
    pub(crate) expected: SeoulTime,
    pub(crate) bracket: OpeningBracket,
}

impl Store {
    /// Keeps the numbers of a court's slots; those of the same time are replaced. `site` is the base URL.
    pub(crate) async fn learn(
        &self,
        site: &str,
        place: &Place,
        purpose: Purpose,
        slots: &[Learned],
    ) -> Result<()> {
        todo!()
    }

    pub(crate) async fn learned(&self, site: &str, place: &Place, purpose: Purpose) -> Result<Vec<Learned>> {
        todo!()
    }

    /// The brackets that were seen, the newest first.
    pub(crate) async fn openings(&self, site: &str, most: u32) -> Result<Vec<OpeningRow>> {
        todo!()
    }

    pub(crate) async fn save_routes(&self, site: &str, routes: &SavedRoutes) -> Result<()> {
        todo!()
    }

    pub(crate) async fn routes(&self, site: &str) -> Result<Option<SavedRoutes>> {
        todo!()
    }
}
