//! A daemon whose database comes later, as at a boot that starts both at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::process::{Child, ChildStderr};

use super::postgres;
use super::shop::Shop;
use super::support::{interrupt, nobody, runner, start};

/// What a request for a path is answered with.
fn ask(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Reads lines until one has this text.
fn read_until(err: &mut BufReader<ChildStderr>, text: &str) -> String {
    let mut read = String::new();
    while !read.contains(text) {
        assert_ne!(err.read_line(&mut read).unwrap(), 0, "{read}");
    }
    read
}

/// A daemon on a server that is reached by a folder which is not there yet; its address for checks, and that folder.
struct Late {
    child: Child,
    err: BufReader<ChildStderr>,
    address: String,
    shop: Shop,
    real: String,
}

impl Late {
    fn start() -> Option<Self> {
        let database = postgres::database()?;
        let (server, real) = database.split_once("?host=").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let later = folder.path().join("later").display().to_string();
        let shop = Shop { folder, database: format!("{server}?host={later}") };
        let address = nobody().replace("http://", "");
        let mut child = start(runner(&shop.arguments(&["serve", "--listen", &address])), "");
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let said = read_until(&mut err, "the next try is in");
        assert!(said.contains("cannot be reached"), "{said}");
        Some(Self { child, err, address, shop, real: real.to_owned() })
    }
}

#[test]
fn a_daemon_waits_for_its_database_and_says_so() {
    let Some(mut late) = Late::start() else { return };
    let health = ask(&late.address, "/healthz");
    assert!(health.contains(" 503 ") && health.contains("waiting for the store"), "{health}");
    assert!(ask(&late.address, "/metrics").contains("rent_store_up 0\n"));
    symlink(&late.real, late.shop.folder.path().join("later")).unwrap();
    read_until(&mut late.err, "Ctrl-C ends it");
    let health = ask(&late.address, "/healthz");
    assert!(health.contains(" 200 "), "{health}");
    assert!(ask(&late.address, "/metrics").contains("rent_store_up 1\n"));
    interrupt(&late.child);
    assert!(late.child.wait().unwrap().success());
}

#[test]
fn a_daemon_that_waits_can_be_stopped() {
    let Some(mut late) = Late::start() else { return };
    interrupt(&late.child);
    assert!(late.child.wait().unwrap().success());
}

#[test]
fn what_a_person_has_to_mend_ends_a_daemon_at_once() {
    let Some(database) = postgres::database() else { return };
    let shop = Shop::on(database.replace("/test_", "/absent_"));
    let done = shop.run(&["serve"]);
    assert!(done.code == Some(10) && done.err.contains("does not exist"), "{done:?}");
    let shop = Shop::on("/proc/no/rent.db".to_owned());
    assert_eq!(shop.run(&["serve"]).code, Some(10));
}
