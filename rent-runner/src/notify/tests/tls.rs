//! Real TLS on loopback, with the authority and the certificate of the library's own tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::server::Server;
use super::{channel, config, impatient, mail, note};
use crate::notify::NotifySettings;
use crate::notify::notifier::Notifier;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../namyangju-rent/tests/it/tls").join(name)
}

/// Takes TLS off in front of a server. With `starttls` it speaks SMTP in the clear first, until it is asked
/// to turn to TLS.
async fn in_front_of(upstream: SocketAddr, starttls: bool) -> SocketAddr {
    let certificate = CertificateDer::from_pem_file(file("site.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("site.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for _ in 0..8 {
            let (stream, _) = listener.accept().await.unwrap();
            // One after the other is enough here.
            let _ = relay(&acceptor, stream, upstream, starttls).await;
        }
    });
    address
}

async fn relay(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    upstream: SocketAddr,
    starttls: bool,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if starttls {
        stream.write_all(b"220 test ESMTP\r\n").await?;
        let mut line = String::new();
        while !line.starts_with("STARTTLS") {
            line.clear();
            stream.read_line(&mut line).await?;
            let answer =
                if line.starts_with("EHLO") { "250-test\r\n250 STARTTLS\r\n" } else { "220 go on\r\n" };
            stream.write_all(answer.as_bytes()).await?;
        }
    }
    let mut visitor = acceptor.accept(stream).await?;
    let mut server = BufReader::new(TcpStream::connect(upstream).await?);
    if starttls {
        // The greeting was given already.
        server.read_line(&mut String::new()).await?;
    }
    tokio::io::copy_bidirectional(&mut visitor, &mut server).await.map(|_| ())
}

/// The authority as a Windows editor saves it.
fn with_byte_order_mark() -> tempfile::NamedTempFile {
    let marked = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&marked, [b"\xef\xbb\xbf", &std::fs::read(file("ca.pem")).unwrap()[..]].concat()).unwrap();
    marked
}

async fn send(table: &str, extra_ca: Option<PathBuf>) -> Result<(), String> {
    let settings = NotifySettings { extra_ca, ..config(vec![channel(table).unwrap()]) };
    let notifier = Notifier::with(&settings, impatient(), None).unwrap();
    notifier.send(&notifier.channels()[0], &note()).await.map_err(|failure| failure.text)
}

#[tokio::test]
async fn a_webhook_over_https_is_believed_only_with_its_authority() {
    let server = Server::start([]).await;
    let upstream = server.base.trim_start_matches("http://").parse().unwrap();
    let address = in_front_of(upstream, false).await;
    let table = format!("name = 'a'\nkind = 'webhook'\nurl = 'https://{address}/secret-1'");
    send(&table, Some(file("ca.pem"))).await.unwrap();
    server.only();
    let why = send(&table, None).await.unwrap_err();
    assert!(!why.contains("secret-1") && !why.contains("127.0.0.1"), "{why}");
    server.only();
    send(&table, Some(with_byte_order_mark().path().into())).await.unwrap();
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_mail_goes_over_tls_from_the_start_or_after_starttls() {
    for (tls, starttls) in [("tls", false), ("starttls", true)] {
        let (port, heard) = mail::server(None).await;
        let address = in_front_of(([127, 0, 0, 1], port).into(), starttls).await;
        let table = format!(
            "name = 'mail'\nkind = 'email'\nhost = '127.0.0.1'\nport = {}\ntls = '{tls}'\nuser = 'tester1'\n\
             password = 'invented-1'\nfrom = 'a@example.org'\nto = 'b@example.org'",
            address.port()
        );
        let why = send(&table, None).await.unwrap_err();
        assert!(why.contains("certificate") && !why.contains("127.0.0.1"), "{tls}: {why}");
        send(&table, Some(with_byte_order_mark().path().into())).await.unwrap();
        let heard = heard.await.unwrap();
        assert!(heard.contains("AUTH PLAIN") && heard.contains("RCPT TO:<b@example.org>"), "{tls}: {heard}");
    }
}
