//! Values that a person or the site writes, checked on entry: dates, times, places, amounts, an application.

pub(crate) mod application;
pub(crate) mod date;
pub(crate) mod micros;
pub(crate) mod money;
pub(crate) mod month;
pub(crate) mod place;
pub(crate) mod slot;
pub(crate) mod text;
