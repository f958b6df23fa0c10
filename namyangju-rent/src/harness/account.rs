//! The people of the stand-in. All of them are invented.

use std::fmt;

/// A member who can log in. All values are invented; `Debug` shows the login name only.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The login name.
    pub id: String,
    /// The password.
    pub password: String,
    /// The name the applicant form is prefilled with.
    pub name: String,
    /// The mobile number it is prefilled with, parts joined by `-`.
    pub mobile: String,
    /// The member's registered team; `0` if there is none.
    pub team: u32,
}

impl Account {
    /// The n-th invented account: `tester1` with the password `invented-1`, and so on.
    pub fn invented(n: u32) -> Self {
        Self {
            id: format!("tester{n}"),
            password: format!("invented-{n}"),
            name: "홍길동".to_owned(),
            mobile: format!("010-0000-{:04}", n % 10_000),
            team: 100 + n % 900,
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id).finish_non_exhaustive()
    }
}
