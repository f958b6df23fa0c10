//! TLS of the server's own: a certificate and its key, read again when their files are replaced.
//!
//! A certificate lasts for some weeks and is renewed by a program of its own, which replaces two files, one after the other. So
//! the files are looked at with each connection, and what cannot be used is left where it lies: the pair before goes on.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::zeroize::Zeroizing;
use tokio_rustls::TlsAcceptor;

use crate::bad_input::BadInput;
use crate::config::DoorSettings;
use crate::system;
use crate::web::state::TARGET;

/// The most bytes of a file: a long chain has some ten thousand.
const MAX_FILE: u64 = 1024 * 1024;

/// A certificate and its key.
pub(in crate::web) struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    kept: Mutex<KeptPair>,
}

/// The pair that is used, and the files that were looked at last.
struct KeptPair {
    acceptor: TlsAcceptor,
    looked: FileStamps,
}

/// When each of the two files was written, and how long it is; `None` for one that is not there.
type FileStamps = [Option<(SystemTime, u64)>; 2];

impl Certificate {
    /// Reads what the settings name; `None` without a certificate.
    ///
    /// # Errors
    /// Bad input that says which file cannot be used, and why.
    pub(in crate::web) fn open(door: &DoorSettings) -> Result<Option<Self>, BadInput> {
        let (cert, key) = match (door.tls_cert.clone(), door.tls_key.clone()) {
            (Some(cert), Some(key)) => (cert, key),
            (None, None) => return Ok(None),
            (Some(_), None) => {
                return Err(BadInput("--tls-cert needs --tls-key: the key of the certificate".to_owned()));
            }
            (None, Some(_)) => {
                return Err(BadInput("--tls-key needs --tls-cert: the certificate of the key".to_owned()));
            }
        };
        let looked = stamps(&cert, &key);
        let kept = Mutex::new(KeptPair { acceptor: read(&cert, &key)?, looked });
        Ok(Some(Self { cert, key, kept }))
    }

    /// What the next connection is accepted with.
    pub(in crate::web) fn acceptor(&self) -> TlsAcceptor {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamps(&self.cert, &self.key);
        if now != kept.looked {
            kept.looked = now;
            match read(&self.cert, &self.key) {
                Ok(acceptor) => {
                    kept.acceptor = acceptor;
                    tracing::info!(target: TARGET, "the certificate was replaced");
                }
                Err(BadInput(why)) => {
                    tracing::error!(target: TARGET, why, "the certificate was not replaced: the one before goes on");
                }
            }
        }
        kept.acceptor.clone()
    }
}

fn stamps(cert: &Path, key: &Path) -> FileStamps {
    [cert, key].map(|path| {
        let about = fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    })
}

/// Reads a pair.
fn read(cert: &Path, key: &Path) -> Result<TlsAcceptor, BadInput> {
    let wrong = |path: &Path, why: &str| BadInput(format!("{}: {why}", path.display()));
    let text = bytes(cert)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|_| wrong(cert, "a certificate in it is not whole"))?;
    if chain.is_empty() {
        return Err(wrong(
            cert,
            "there is no certificate in it; it has to be a PEM file (BEGIN CERTIFICATE)",
        ));
    }
    let is_open = File::open(key).is_ok_and(|file| system::is_open_to_others(&file, key));
    if is_open {
        return Err(wrong(key, "others can read this key: chmod 600"));
    }
    let text = bytes(key)?;
    let private = PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        let is_sealed = text.windows(9).any(|part| part == b"ENCRYPTED");
        let why = match is_sealed {
            true => "the key is sealed by a passphrase: write it without one (openssl pkey -in KEY -out NEW)",
            false => "there is no key in it; it has to be a PEM file (BEGIN PRIVATE KEY)",
        };
        wrong(key, why)
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_no_client_auth())
        .and_then(|builder| builder.with_single_cert(chain, private));
    let mut config = config.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            wrong(key, &format!("it is not the key of the certificate in {}", cert.display()))
        }
        error => wrong(cert, &format!("it cannot be used: {error}")),
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, BadInput> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
    read.map_err(|error| BadInput(format!("{} cannot be read: {error}", path.display())))?;
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use rustls::pki_types::ServerName;
    use tempfile::TempDir;
    use tokio_rustls::TlsConnector;

    use super::*;

    /// A certificate and a key of the library's own tests.
    fn given(name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../namyangju-rent/tests/it/tls");
        fs::read_to_string(folder.join(name)).unwrap()
    }

    /// A folder with two files, and the settings that name them.
    fn pair(cert: &str, key: &str) -> (TempDir, DoorSettings) {
        let folder = tempfile::tempdir().unwrap();
        let (cert_path, key_path) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        fs::write(&cert_path, cert).unwrap();
        fs::write(&key_path, key).unwrap();
        fs::set_permissions(&key_path, fs::Permissions::from_mode(0o600)).unwrap();
        let door =
            DoorSettings { tls_cert: Some(cert_path), tls_key: Some(key_path), ..DoorSettings::default() };
        (folder, door)
    }

    /// How many certificates the server shows.
    async fn shown(certificate: &Certificate) -> usize {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let acceptor = certificate.acceptor();
        tokio::spawn(async move { acceptor.accept(theirs).await.map(|_| ()) });
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(given("ca.pem").as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = TlsConnector::from(Arc::new(client)).connect(name, ours).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap().len()
    }

    #[tokio::test]
    async fn a_pair_that_is_replaced_is_taken_and_one_that_cannot_be_used_is_not() {
        let (folder, door) = pair(&(given("site.pem") + &given("ca.pem")), &given("site.key"));
        let certificate = Certificate::open(&door).unwrap().unwrap();
        assert_eq!(shown(&certificate).await, 2);
        fs::write(folder.path().join("cert.pem"), "half of a cert").unwrap();
        assert_eq!(shown(&certificate).await, 2, "the pair before goes on");
        fs::write(folder.path().join("cert.pem"), given("site.pem")).unwrap();
        assert_eq!(shown(&certificate).await, 1);
        fs::remove_file(folder.path().join("key.pem")).unwrap();
        assert_eq!(shown(&certificate).await, 1);
    }

    #[test]
    fn what_is_wrong_with_a_pair_is_said() {
        let (cert, key) = (given("site.pem"), given("site.key"));
        let why = |cert: &str, key: &str| {
            let (_folder, door) = pair(cert, key);
            Certificate::open(&door).map(|_| ()).unwrap_err().0
        };
        assert!(why("", &key).contains("cert.pem: there is no certificate in it"));
        assert!(why(&key, &key).contains("cert.pem: there is no certificate in it"));
        assert!(why(&given("ca.pem"), &key).contains("key.pem: it is not the key of the certificate in"));
        assert!(why(&cert, &cert).contains("key.pem: there is no key in it"));
        let sealed = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(why(&cert, sealed).contains("sealed by a passphrase"));
        assert!(why("-----BEGIN CERTIFICATE-----\n%\n", &key).contains("not whole"));
        let (folder, door) = pair(&cert, &key);
        fs::set_permissions(folder.path().join("key.pem"), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Certificate::open(&door).map(|_| ()).unwrap_err().0.contains("others can read this key"));
        fs::remove_file(folder.path().join("cert.pem")).unwrap();
        assert!(Certificate::open(&door).map(|_| ()).unwrap_err().0.contains("cert.pem cannot be read"));
        assert!(Certificate::open(&DoorSettings::default()).unwrap().is_none());
        let alone = DoorSettings { tls_key: door.tls_key, ..DoorSettings::default() };
        assert!(Certificate::open(&alone).map(|_| ()).unwrap_err().0.contains("--tls-key needs --tls-cert"));
    }
}
