//! Who may come in, one policy a file.

pub(super) mod figures;
pub(super) mod finish;
pub(super) mod hosts;
pub(super) mod link;
pub(super) mod origin;
pub(super) mod outside;
pub(super) mod password;
pub(super) mod policy;
pub(super) mod session;
pub(super) mod throttle;
pub(super) mod tls;
pub(super) mod token;
pub(super) mod unclaimed;
