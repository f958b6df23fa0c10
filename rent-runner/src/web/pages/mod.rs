//! What is seen, one view a file.

pub(super) mod accounts;
pub(super) mod applicants;
pub(super) mod booking;
pub(super) mod booking_log;
pub(super) mod bookings;
pub(super) mod channels;
pub(super) mod club;
mod court_step;
mod day_step;
pub(super) mod edit_booking;
pub(super) mod first_steps;
pub(super) mod kept_page;
pub(super) mod language;
pub(super) mod link;
pub(super) mod me;
pub(super) mod missing;
pub(super) mod new_booking;
mod order_step;
mod planning;
pub(super) mod practice;
pub(super) mod repeat;
pub(super) mod sign_in;
pub(super) mod status;
