//! What can go wrong with a store, said so that a person knows what to do.

use std::fmt;
use std::io;

use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use super::UnreadableBooking;

/// Why the store could not do what was asked. Nothing stored is changed by a call that fails.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// It cannot be opened or made: a folder that is not there, an unwritable path, a wrong address.
    /// `away` is a server that does not answer, or not yet: it may be starting, or the way to it.
    Open { store: String, why: String, away: bool },
    /// It was made by a newer version of this program.
    Newer { store: String, found: i64, known: i64 },
    /// Another process held it for longer than was waited.
    Locked { store: String },
    /// There is no room left on the disk.
    Full { store: String },
    /// The file is no database of ours, or is damaged.
    Damaged { store: String, why: String },
    /// The row of one booking cannot be understood; the others can be used.
    Unreadable(UnreadableBooking),
    /// There is no such account, booking or applicant.
    NotFound(String),
    /// It would contradict what is stored: a duplicate, too many of one day, a state that forbids it.
    Conflict(String),
    /// The database failed in another way; no value of a query is in the text.
    Failed { store: String, why: String },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { store, why, .. } => write!(f, "the store {store} cannot be opened: {why}"),
            Self::Newer { store, found, known } => write!(
                f,
                "the store {store} was made by a newer version of this program (its layout is {found}, this \
                 one knows {known}): install the newer version; nothing was changed"
            ),
            Self::Locked { store } => write!(
                f,
                "the store {store} is locked by another process: try again, and if it stays so, end the \
                 process that holds it"
            ),
            Self::Full { store } => write!(
                f,
                "the store {store} has no room left on its disk: make room and try again; what was stored \
                 before is still there"
            ),
            Self::Damaged { store, why } => write!(
                f,
                "the store {store} cannot be used: {why}; give another path, or put a backup in its place"
            ),
            Self::Unreadable(booking) => write!(f, "{booking}\n{}", booking.to_do()),
            Self::NotFound(what) | Self::Conflict(what) => f.write_str(what),
            Self::Failed { store, why } => write!(f, "the store {store} failed: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl StoreError {
    /// Whether waiting may mend it: the database is away, held or full. Whoever keeps a booking asks again then.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Locked { .. } | Self::Full { .. } | Self::Failed { .. } => true,
            Self::Newer { .. }
            | Self::Damaged { .. }
            | Self::Unreadable(_)
            | Self::NotFound(_)
            | Self::Conflict(_) => false,
        }
    }

    /// Whether its server is not there yet, as at a boot that starts both at once.
    pub(crate) fn is_away(&self) -> bool {
        matches!(self, Self::Open { away: true, .. })
    }

    /// What a failure of the driver means. `store` is the address without its password.
    pub(super) fn of(store: &str, error: sqlx::Error) -> Self {
        let store = store.to_owned();
        match error {
            sqlx::Error::Database(error) => {
                if let Some(error) = error.try_downcast_ref::<SqliteError>() {
                    return Self::of_sqlite(store, error);
                }
                match error.try_downcast_ref::<PgDatabaseError>() {
                    Some(error) => Self::of_postgres(store, error),
                    None => Self::Failed { store, why: "an unknown kind of error".to_owned() },
                }
            }
            sqlx::Error::Io(error) => Self::of_io(store, &error),
            sqlx::Error::Tls(error) => {
                Self::Open { store, why: format!("the encrypted connection: {error}"), away: false }
            }
            sqlx::Error::PoolTimedOut => {
                Self::Failed { store, why: "no connection was to be had in time".to_owned() }
            }
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Failed { store, why: "it was closed".to_owned() }
            }
            sqlx::Error::ColumnDecode { index, .. } => {
                Self::Damaged { store, why: format!("{index} holds a value of another kind") }
            }
            sqlx::Error::ColumnNotFound(name) => Self::Failed { store, why: format!("there is no {name}") },
            // The address is all that is configured, and it may hold a password.
            sqlx::Error::Configuration(_) => {
                Self::Open { store, why: "its address cannot be read".to_owned(), away: false }
            }
            sqlx::Error::Protocol(_) => {
                Self::Failed { store, why: "the server broke the protocol".to_owned() }
            }
            _ => Self::Failed { store, why: "an unexpected error of the database driver".to_owned() },
        }
    }

    fn of_io(store: String, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full { store },
            _ => Self::Open { store, why: format!("it cannot be reached: {error}"), away: true },
        }
    }

    fn of_sqlite(store: String, error: &SqliteError) -> Self {
        use sqlx::error::DatabaseError;
        // The low byte is the primary result code of SQLite; its messages hold no value.
        let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default() & 0xff;
        let why = error.message().to_owned();
        match code {
            5 | 6 => Self::Locked { store },
            8 => {
                let why = "it can only be read: check who owns the file".to_owned();
                Self::Open { store, why, away: false }
            }
            11 | 26 => Self::Damaged { store, why },
            13 => Self::Full { store },
            14 => Self::Open { store, why: format!("{why}: check the path and who owns it"), away: false },
            19 => Self::Conflict(format!("it contradicts what is stored: {why}")),
            _ => Self::Failed { store, why },
        }
    }

    fn of_postgres(store: String, error: &PgDatabaseError) -> Self {
        let code = error.code();
        match code {
            "53100" => return Self::Full { store },
            // A lock that was not to be had, a deadlock, a serialisation failure.
            "55P03" | "40P01" | "40001" => return Self::Locked { store },
            // It is starting, or has too many clients.
            "57P03" | "53300" => {
                return Self::Open { store, why: format!("{} ({code})", error.message()), away: true };
            }
            _ => {}
        }
        match code.get(..2).unwrap_or_default() {
            "28" | "3D" => Self::Open {
                store,
                why: format!("{}: check the user, password and database of its address", error.message()),
                away: false,
            },
            "23" => Self::Conflict(format!(
                "it contradicts what is stored: {}",
                error.constraint().or(error.table()).unwrap_or(code)
            )),
            // The messages of these classes name things of the layout and the server, never a value.
            "08" | "25" | "42" | "53" | "55" | "57" | "58" => {
                Self::Failed { store, why: format!("{} ({code})", error.message()) }
            }
            _ => Self::Failed { store, why: format!("error {code}") },
        }
    }
}
