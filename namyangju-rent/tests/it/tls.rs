//! Real TLS on loopback. `tls/` holds an authority and a site certificate made for this test with
//! openssl, valid for a hundred years; the authority's key was thrown away.

use std::path::Path;
use std::sync::Arc;

use namyangju_rent::network::{NetworkErrorKind, TlsBackend};
use namyangju_rent::{Client, Error, Site};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::stage::Stage;

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

/// Takes TLS off in front of a stand-in; gives its own address.
async fn in_front_of(stage: &Stage) -> String {
    let certificate = CertificateDer::from_pem_file(file("site.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("site.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (acceptor, upstream) = (TlsAcceptor::from(Arc::new(config)), stage.server.address());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for _ in 0..32 {
            let Ok((stream, _)) = listener.accept().await else { return };
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut visitor) = acceptor.accept(stream).await else { return };
                let Ok(mut site) = TcpStream::connect(upstream).await else { return };
                let _ = tokio::io::copy_bidirectional(&mut visitor, &mut site).await;
            });
        }
    });
    format!("https://{address}")
}

/// The authority as a Windows editor saves it.
fn with_byte_order_mark() -> tempfile::NamedTempFile {
    let marked = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&marked, [b"\xef\xbb\xbf", &std::fs::read(file("ca.pem")).unwrap()[..]].concat()).unwrap();
    marked
}

fn backends() -> Vec<TlsBackend> {
    vec![
        TlsBackend::Rustls,
        #[cfg(feature = "native-tls")]
        TlsBackend::Native,
    ]
}

#[tokio::test]
async fn a_certificate_is_believed_only_with_its_authority() {
    for backend in backends() {
        let stage = Stage::new("namyangju", Default::default()).await;
        let base_url = in_front_of(&stage).await;
        let site = Site::builtin("namyangju").unwrap().with_base_url(&base_url).unwrap();
        let builder = || Client::builder(site.clone()).clock(stage.clock.clone()).tls(backend);

        let trusting = builder().extra_ca(file("ca.pem")).build().unwrap();
        let session = trusting.log_in(&stage.credentials()).await.unwrap();
        let wish = stage.wish();
        assert!(session.day_list(&wish.place, wish.date).await.is_ok(), "{backend:?}");

        let marked = with_byte_order_mark();
        let trusting = builder().extra_ca(marked.path()).build().unwrap();
        assert!(trusting.log_in(&stage.credentials()).await.is_ok(), "{backend:?}");

        let before = stage.server.arrivals().len();
        let doubting = builder().build().unwrap();
        let error = doubting.log_in(&stage.credentials()).await.unwrap_err();
        let Error::NotSent { source, .. } = &error else { panic!("{backend:?}: {error}") };
        assert_eq!(source.kind(), NetworkErrorKind::Connect, "{backend:?}");
        assert!(
            error.chain().to_lowercase().contains("certificate") || error.chain().contains("issuer"),
            "{}",
            error.chain()
        );
        assert_eq!(stage.server.arrivals().len(), before, "{backend:?}: no password left");
    }
}
