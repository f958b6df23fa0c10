//! A PostgreSQL server of the tests' own: one for the test process, without a port, and an empty database for
//! each test. The store's tests take this file in too.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

/// How long the server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends the server and removes its folder once the test process is gone, however it went: the other end of
/// this shell's input closes with it.
const KEEPER: &str = r#"folder=$1; shift
"$@" >"$folder/log" 2>&1 & server=$!
read -r _
kill -QUIT "$server"; wait "$server"; cd /; rm -rf "$folder""#;

struct Server {
    folder: PathBuf,
    /// Holds the input of the keeper.
    _keeper: Child,
}

/// The address of a new, empty database; `None` where there is no PostgreSQL to be started, which is a failure
/// where `CI` is set.
pub(crate) fn database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(start).as_ref()?;
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    server.execute(format!("CREATE DATABASE {name}"));
    Some(server.address(&name))
}

fn start() -> Option<Server> {
    let (Some(initdb), Some(postgres)) = (program("initdb"), program("postgres")) else {
        assert!(std::env::var_os("CI").is_none(), "PostgreSQL's initdb and postgres are not there");
        eprintln!("skipped: PostgreSQL's initdb and postgres are not there");
        return None;
    };
    let folder = std::env::temp_dir().join(format!("rent-postgres-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
    // The server refuses to run as root.
    let user = (folder.metadata().unwrap().uid() == 0).then(|| postgres_user().unwrap());
    let mut init = Command::new(initdb);
    init.args(["-D", "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"]);
    init.args(["--no-sync", "--no-instructions"]).current_dir(&folder).stdin(Stdio::null());
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "sh"]).arg(&folder).arg(postgres).args(["-D", "data", "-k"]).arg(&folder);
    for setting in ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=300"] {
        keeper.args(["-c", setting]);
    }
    keeper.current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((uid, gid)) = user {
        chown(&folder, Some(uid), Some(gid)).unwrap();
        init.uid(uid).gid(gid);
        keeper.uid(uid).gid(gid);
    }
    let made = init.output().unwrap();
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    // The whole group of the terminal gets Ctrl-C; the keeper has to outlive the tests.
    let keeper = keeper.process_group(0).spawn().unwrap();
    let server = Server { folder, _keeper: keeper };
    server.execute("SELECT 1".to_owned());
    Some(server)
}

impl Server {
    fn address(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.display())
    }

    /// Runs one statement, as soon as the server takes it.
    fn execute(&self, sql: String) {
        let address = self.address("postgres");
        let log = self.folder.join("log");
        // A runtime of its own: the caller may be in one.
        let done = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let begin = Instant::now();
            loop {
                let done = runtime.block_on(async {
                    let mut connection = PgConnection::connect(&address).await?;
                    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.as_str())).execute(&mut connection).await?;
                    connection.close().await
                });
                match done {
                    Err(error) if begin.elapsed() > PATIENCE => {
                        let log = std::fs::read_to_string(&log).unwrap_or_default();
                        return Err(format!("{error}\n{log}"));
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(10)),
                    Ok(()) => return Ok(()),
                }
            }
        });
        done.join().unwrap().unwrap();
    }
}

/// A program on the path, or where Debian has it: of the highest version.
fn program(name: &str) -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&on_path).map(|folder| folder.join(name));
    on_path.chain(debian(name)).find(|path| path.is_file())
}

fn debian(name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |folder: OsString| folder.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|entry| version(entry.ok()?.file_name())).max()?;
    Some(Path::new("/usr/lib/postgresql").join(newest.to_string()).join("bin").join(name))
}

/// The numbers of the user and group that the package made.
fn postgres_user() -> io::Result<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd")?;
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let number = |text: &str| text.parse().map_err(io::Error::other);
    for user in fields {
        if let ["postgres", _, uid, gid, ..] = user.as_slice() {
            return Ok((number(uid)?, number(gid)?));
        }
    }
    Err(io::Error::other("there is no user `postgres` to run the server as"))
}
