//! A running `serve` with a folder of its own, a stand-in site, and clients that keep cookies as a browser does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use namyangju_rent::Site;
use namyangju_rent::clock::SystemClock;
use namyangju_rent::harness::{Settings, StandIn, StandInServer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

pub(crate) const OWNER: &str = "시험주인";
pub(crate) const PASSWORD: &str = "invented-owner-1";
/// The stand-in's account.
pub(crate) const LOGIN: &str = "tester1";
pub(crate) const SITE_PASSWORD: &str = "invented-1";

/// What the log says of a page that tried what its policy forbids.
pub(crate) const VIOLATION: &str = "a page tried what its policy forbids";

/// How long a test waits for what must happen before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A runner with its page.
pub(crate) struct World {
    folder: tempfile::TempDir,
    /// The address of the store.
    database: String,
    child: Child,
    address: String,
    pub(crate) site: StandInServer,
    /// Whether a test reports what no page of ours does.
    pub(crate) expects_reports: bool,
}

impl World {
    /// Starts a runner whose page listens on a free port.
    pub(crate) fn new() -> Self {
        Self::with(&["--listen", "127.0.0.1:0"])
    }

    pub(crate) fn with(flags: &[&str]) -> Self {
        Self::on(None, flags)
    }

    /// The same on another store than a file of its own.
    pub(crate) fn on(database: Option<String>, flags: &[&str]) -> Self {
        let stand_in = StandIn::new(&Site::builtin("namyangju").unwrap(), Settings::default());
        let site = StandInServer::spawn(stand_in, Arc::new(SystemClock)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let database = database.unwrap_or_else(|| folder.path().join("rent.db").display().to_string());
        let child = start(&folder, &database, &site, flags);
        let address = address(&folder);
        Self { folder, database, child, address, site, expects_reports: false }
    }

    /// Asserts that no browser has reported a page that tried what its policy forbids.
    fn assert_no_violation(&self) {
        assert!(self.expects_reports || !self.log().contains(VIOLATION), "{}", self.log());
    }

    /// The store, for what only time changes.
    pub(crate) async fn sql(&self, sql: &'static str) {
        let options = SqliteConnectOptions::new().filename(&self.database);
        let mut store = options.connect().await.unwrap();
        sqlx::query(sql).execute(&mut store).await.unwrap();
        store.close().await.unwrap();
    }

    /// Kills the runner at once and starts another on the same store and the same port.
    pub(crate) fn kill_and_start_again(&mut self) {
        self.assert_no_violation();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let listen = self.address.strip_prefix("http://").unwrap().to_owned();
        self.child = start(&self.folder, &self.database, &self.site, &["--listen", &listen]);
        assert_eq!(address(&self.folder), self.address);
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// What the runner wrote to stderr since its last start.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Another command on the same store; its stdout.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let output = command(&self.folder, &self.database, &self.site, arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The path of a fresh link for the owner.
    pub(crate) fn link(&self) -> String {
        let link = self.command(&["web", "link", "--at", &self.address]);
        link.trim().strip_prefix(&self.address).unwrap().to_owned()
    }

    pub(crate) fn visitor(&self) -> Visitor {
        // The authority of the library's own tests, for the worlds that have TLS; no other is trusted.
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(tls_file("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = tls.unwrap().with_root_certificates(roots).with_no_client_auth();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let client = client.tls_backend_preconfigured(tls);
        // A runner that was killed leaves dead connections behind.
        let client = client.pool_max_idle_per_host(0);
        Visitor {
            client: client.build().unwrap(),
            address: self.address.clone(),
            cookies: BTreeMap::new(),
            proxy: Vec::new(),
        }
    }

    /// A member whom the owner has invited.
    pub(crate) async fn member(&self, owner: &mut Visitor, name: &str) -> Visitor {
        let link = self.invitation(owner).await;
        let mut member = self.visitor();
        let claimed = member.post(&link, &[("name", name), ("password", "invented-member-1")]).await;
        assert_eq!(claimed.status, 303, "{}", claimed.text);
        member
    }

    /// The path of a fresh invitation.
    pub(crate) async fn invitation(&self, owner: &mut Visitor) -> String {
        let invited = owner.post("/club/invite", &[]).await.text;
        let address = invited.split("<code>").nth(1).unwrap().split('<').next().unwrap();
        address.strip_prefix(&self.address).unwrap().to_owned()
    }

    /// A visitor who has claimed the page.
    pub(crate) async fn owner(&self) -> Visitor {
        let mut owner = self.visitor();
        let link = self.link();
        let answer = owner.post(&link, &[("name", OWNER), ("password", PASSWORD)]).await;
        assert_eq!((answer.status, answer.location.as_deref()), (303, Some("/")), "{}", answer.text);
        owner
    }

    /// An owner with an account and an applicant's data.
    pub(crate) async fn furnished(&self) -> Visitor {
        let mut owner = self.owner().await;
        owner.furnish("me", "club", self).await;
        owner
    }

    /// The address of the stand-in site.
    pub(crate) fn base_url(&self) -> String {
        self.site.base_url().to_owned()
    }
}

/// A certificate or key of the library's own tests: for 127.0.0.1.
pub(crate) fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../namyangju-rent/tests/it/tls").join(name)
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            self.assert_no_violation();
        }
    }
}

fn command(folder: &tempfile::TempDir, database: &str, site: &StandInServer, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rent-runner"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["RENT_", "XDG_", "RUST_LOG", "COLUMNS"].iter().any(|start| name.starts_with(start)) {
            command.env_remove(&*name);
        }
    }
    command
        .env("HOME", "/nowhere")
        .env("LC_ALL", "en_US.UTF-8")
        .env("RENT_DATABASE", database)
        .env("RENT_KEY_FILE", folder.path().join("key"));
    command.env("RENT_BASE_URL", site.base_url()).args(arguments).stdin(Stdio::null());
    command
}

fn start(folder: &tempfile::TempDir, database: &str, site: &StandInServer, flags: &[&str]) -> Child {
    let log = fs::File::create(folder.path().join("log")).unwrap();
    let arguments: Vec<&str> =
        ["serve", "--log-format", "human"].into_iter().chain(flags.iter().copied()).collect();
    command(folder, database, site, &arguments).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// Waits for the address that the runner tells.
fn address(folder: &tempfile::TempDir) -> String {
    let began = Instant::now();
    loop {
        let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        if let Some(line) = log.lines().find(|line| line.contains("/metrics")) {
            let at = line.find("http").unwrap();
            return line[at..].trim_end().trim_end_matches("/metrics").to_owned();
        }
        assert!(began.elapsed() < PATIENCE, "the page never came: {log}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// An answer, as a visitor has it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

/// A browser without a screen.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    client: reqwest::Client,
    address: String,
    pub(crate) cookies: BTreeMap<String, String>,
    /// What a proxy between adds to each request.
    pub(crate) proxy: Vec<(&'static str, String)>,
}

impl Visitor {
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.address));
        self.send(request).await
    }

    /// Sends a form as our own page does, with the token of its forms left out: the browser says where it comes from.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, fields, &[("sec-fetch-site", "same-origin")]).await
    }

    pub(crate) async fn post_with(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        lines: &[(&str, &str)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self.client.post(format!("{}{path}", self.address));
        request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Sends what a test has made, with the visitor's cookies, and keeps those of the answer.
    pub(crate) async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header("accept-language", "ko");
        for (name, value) in &self.proxy {
            request = request.header(*name, value);
        }
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let answer = request.send().await.unwrap();
        for line in answer.headers().get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let headers = answer.headers().clone();
        let location = headers.get("location").map(|location| location.to_str().unwrap().to_owned());
        Answer { status: answer.status().as_u16(), location, headers, text: answer.text().await.unwrap() }
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// An account and an applicant's data.
    pub(crate) async fn furnish(&mut self, account: &str, applicant: &str, world: &World) {
        let base_url = world.base_url();
        let fields = [
            ("site", "namyangju"),
            ("login", if account == "me" { LOGIN } else { account }),
            ("password", SITE_PASSWORD),
            ("name", account),
            ("base_url", &base_url),
        ];
        let added = self.post("/accounts", &fields).await;
        assert_eq!(added.status, 303, "{}", added.text);
        let fields = [
            ("name", applicant),
            ("club_name", "가나다클럽"),
            ("head_count", "4"),
            ("event_name", "테니스"),
            ("purpose", "운동"),
            ("mobile", "010-0000-0000"),
        ];
        let added = self.post("/applicants", &fields).await;
        assert_eq!(added.status, 303, "{}", added.text);
    }

    /// Stores a booking that has its opening far ahead; gives its path.
    pub(crate) async fn store(&mut self, account: &str, applicant: &str, time: &str) -> String {
        let stored = self.post("/bookings/new", &later(account, applicant, time)).await;
        assert_eq!(stored.status, 303, "{}", stored.text);
        stored.location.unwrap()
    }
}

/// The fields of a booking whose opening is a month ahead.
pub(crate) fn later<'a>(account: &'a str, applicant: &'a str, time: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("account", account),
        ("applicant", applicant),
        ("place1", "NYJ06/07/103"),
        ("date1", "2099-12-05"),
        ("time1", time),
        ("opening", "given"),
        ("opens_at", "2099-11-26T10:00:00"),
        ("step", "store"),
    ]
}
