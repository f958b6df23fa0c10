//! The delaying path: how many round trips a client waits, counted on a hand-moved clock.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::robot::NOW;
use crate::clock::{Clock, SystemClock};
use crate::harness::*;
use crate::{Application, Booking, Client, Credentials, Site, Verdict, Wish};

const ONE_WAY: Duration = Duration::from_millis(20);

/// Turns in which everything on this thread comes to rest; loopback itself takes no time.
const TURNS: u8 = 60;

async fn at_rest() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

/// Moves the clock by one way whenever all is at rest, until the work is done; how often it had to.
async fn driven<T>(clock: &ManualClock, work: impl Future<Output = T>) -> (T, u32) {
    let mut ways = 0;
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return (done, ways),
            () = at_rest() => {
                assert!(ways < 40, "it never ends");
                clock.advance(ONE_WAY);
                ways += 1;
            }
        }
    }
}

/// Sends back what comes, one byte at a time.
async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut byte = [0];
    while stream.read_exact(&mut byte).await.is_ok() {
        if stream.write_all(&byte).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

async fn ping(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(b"x").await.unwrap();
    stream.flush().await.unwrap();
    let mut byte = [0];
    stream.read_exact(&mut byte).await.unwrap();
    assert_eq!(&byte, b"x");
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(NOW.parse().unwrap()))
}

async fn line_to(target: SocketAddr, clock: &Arc<ManualClock>) -> Line {
    Line::start(target, ONE_WAY, clock.clone()).await.unwrap()
}

async fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(echo(stream));
        }
    });
    address
}

#[tokio::test]
async fn a_fresh_connection_takes_a_round_trip_more() {
    let clock = clock();
    let line = line_to(echo_server().await, &clock).await;
    let (mut stream, ways) = driven(&clock, TcpStream::connect(line.address())).await;
    // What a client cannot see here: the connect itself.
    assert_eq!(ways, 0);
    let stream = stream.as_mut().unwrap();
    at_rest().await;
    assert_eq!(driven(&clock, ping(stream)).await.1, 4);
    assert_eq!(driven(&clock, ping(stream)).await.1, 2);
}

#[tokio::test]
async fn a_connection_that_was_opened_early_costs_nothing_more() {
    let clock = clock();
    let line = line_to(echo_server().await, &clock).await;
    for (early, ways) in [(1, 3), (2, 2), (50, 2)] {
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        at_rest().await;
        clock.advance(early * ONE_WAY);
        assert_eq!(driven(&clock, ping(&mut stream)).await.1, ways, "{early}");
    }
}

#[tokio::test]
async fn an_end_travels_as_long_as_a_byte() {
    let clock = clock();
    let line = line_to(echo_server().await, &clock).await;
    let mut stream = TcpStream::connect(line.address()).await.unwrap();
    driven(&clock, ping(&mut stream)).await;
    stream.shutdown().await.unwrap();
    let (read, ways) = driven(&clock, stream.read(&mut [0])).await;
    assert_eq!((read.unwrap(), ways), (0, 2));
    // A reset too.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let line = line_to(listener.local_addr().unwrap(), &clock).await;
    let mut stream = TcpStream::connect(line.address()).await.unwrap();
    let (mut site, _) = listener.accept().await.unwrap();
    stream.write_all(b"x").await.unwrap();
    driven(&clock, site.read_exact(&mut [0])).await.0.unwrap();
    site.set_zero_linger().unwrap();
    drop(site);
    let (read, ways) = driven(&clock, stream.read(&mut [0])).await;
    assert_eq!((read.unwrap_err().kind(), ways), (std::io::ErrorKind::ConnectionReset, 1));
}

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

#[tokio::test]
async fn tls_takes_its_own_round_trips() {
    let provider = || Arc::new(rustls::crypto::ring::default_provider());
    let versions: [(&'static SupportedProtocolVersion, u32); 2] =
        [(&rustls::version::TLS13, 1), (&rustls::version::TLS12, 2)];
    for (version, round_trips) in versions {
        let certificate = CertificateDer::from_pem_file(file("site.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(file("site.key")).unwrap();
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        // They would come when nobody waits for them, and move nothing but the count.
        config.send_tls13_tickets = 0;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            echo(acceptor.accept(stream).await.unwrap()).await;
        });
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file("ca.pem")).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let clock = clock();
        let line = line_to(address, &clock).await;
        let stream = TcpStream::connect(line.address()).await.unwrap();
        // Held back for an acknowledgement, the exchange would wait for real time.
        stream.set_nodelay(true).unwrap();
        at_rest().await;
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let exchange = async {
            let mut stream = connector.connect(name, stream).await.unwrap();
            ping(&mut stream).await;
            stream
        };
        let (mut stream, ways) = driven(&clock, exchange).await;
        // One round trip for TCP and one for the exchange.
        assert_eq!(ways, 2 * (2 + round_trips), "{version:?}");
        assert_eq!(driven(&clock, ping(&mut stream)).await.1, 2, "{version:?}");
    }
}

#[tokio::test]
async fn a_whole_booking_goes_through_it() {
    let stand_in = StandIn::new(&Site::builtin("namyangju").unwrap(), Settings::default());
    let server = StandInServer::start(stand_in, Arc::new(SystemClock)).await.unwrap();
    let line = Line::start(server.address(), Duration::from_millis(1), Arc::new(SystemClock)).await.unwrap();
    let site = server.with(|stand_in| stand_in.site(&line.base_url())).unwrap();
    let wish = Wish {
        place: "NYJ06/07/103".parse().unwrap(),
        date: SystemClock.now().date().plus_days(14),
        range: "06:00-08:00".parse().unwrap(),
        purpose: Default::default(),
    };
    let application = Application::new("테스트클럽", "4".parse().unwrap(), "테니스", "운동");
    let client = Client::builder(site).build().unwrap();
    let report =
        Booking::new(client, Credentials::new("tester1", "invented-1"), wish, application).run(|_| {});
    let report = report.await;
    assert!(matches!(report.verdict, Verdict::Reserved { receipt: Some(_), .. }), "{report:?}");
    assert_eq!(server.with(|stand_in| stand_in.bookings().len()), 1);
}

#[test]
fn a_line_on_its_own_thread_serves_any_runtime_and_ends_when_dropped() {
    let stand_in = StandIn::new(&Site::builtin("namyangju").unwrap(), Settings::default());
    let server = StandInServer::spawn(stand_in, Arc::new(SystemClock)).unwrap();
    let line = Line::spawn(server.address(), Duration::from_millis(1), Arc::new(SystemClock)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut stream = TcpStream::connect(line.address()).await.unwrap();
        let request = "GET /rent/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        assert!(bytes.starts_with(b"HTTP/1.1 200"));
    });
    let address = line.address();
    drop(line);
    assert!(std::net::TcpStream::connect(address).is_err());
}
