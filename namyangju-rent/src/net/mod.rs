//! Sending: the line to the site, its routes, cookies, TLS and pace. Nothing here reads what a page says, only where it
//! sends the visitor on.

pub(crate) mod cookies;
pub(crate) mod dns;
pub(crate) mod line;
mod own_stamp;
pub(crate) mod pace;
pub(crate) mod redirect;
pub(crate) mod route;
pub(crate) mod route_pool;
pub(crate) mod routes;
pub(crate) mod shared;
pub(crate) mod silence;
pub(crate) mod tls;
pub(crate) mod transport;
