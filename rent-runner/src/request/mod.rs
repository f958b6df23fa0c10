//! From what a person gave, by flags or in a file, to what is booked; everything is checked before anything is
//! sent.

mod again;
mod application;
mod check_login;
pub(crate) mod courts;
pub(crate) mod draft;
mod earlier;
mod edit;
pub(crate) mod file;
mod look;
pub(crate) mod menus;
mod site;
mod site_clock;
mod slots;
mod wishes;

pub(crate) use again::again;
pub(crate) use application::{application, checked_name, lacking, seal, unseal};
pub(crate) use check_login::check_login;
pub(crate) use earlier::{earlier_looks, fresh_rounds, is_fresh, keep_rounds};
pub(crate) use edit::{Edited, edited};
pub(crate) use look::look_at_month;
pub(crate) use site::{client, client_by, is_here, site, site_at, site_of, site_of_account};
pub(crate) use site_clock::measure;
pub(crate) use slots::{asked_court, in_list, slots};
pub(crate) use wishes::{
    GIVE_UP_AFTER, PlannedOpening, advice, check_opening, opening, overlap, policy, too_few_requests, wishes,
};
