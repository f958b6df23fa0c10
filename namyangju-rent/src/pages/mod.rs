//! Reading: from the bytes of an answer to what it says, and from a choice to the fields that are sent. Nothing here
//! waits or sends.

pub(crate) mod day;
pub(crate) mod files;
pub(crate) mod form;
pub(crate) mod reading;
pub(crate) mod schedule;
pub(crate) mod time_list;
