//! From what a person gave, by flags or in a file, to what is booked; everything is checked before anything is
//! sent.

mod application;
pub(crate) mod draft;
pub(crate) mod file;
mod site;
mod wishes;

pub(crate) use application::{application, lacking, seal, unseal};
pub(crate) use site::{client, client_by, is_here, site, site_at, site_of, site_of_account};
pub(crate) use wishes::{
    GIVE_UP_AFTER, PlannedOpening, advice, check_opening, opening, overlap, policy, too_few_requests, wishes,
};
