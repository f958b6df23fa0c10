//! How the program is told to end: Ctrl-C, or the system.

/// Ends at Ctrl-C, or when the system asks the program to end.
///
/// It listens from the call on, not from the first time that it is polled: a stop that comes between is heard.
#[cfg(unix)]
pub(crate) fn interruption() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    async fn heard(listening: std::io::Result<Signal>) {
        match listening {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
        }
    }
}

/// Ends at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interruption() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
