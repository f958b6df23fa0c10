//! What is seen, one view a file.

pub(super) mod accounts;
pub(super) mod applicants;
pub(super) mod booking;
pub(super) mod booking_log;
pub(super) mod bookings;
pub(super) mod channels;
pub(super) mod club;
pub(super) mod first_steps;
pub(super) mod kept_page;
pub(super) mod language;
pub(super) mod link;
pub(super) mod me;
pub(super) mod missing;
pub(super) mod new_booking;
pub(super) mod practice;
pub(super) mod sign_in;
pub(super) mod status;
