//! The signals that end a process in order.

/// Waits for SIGINT or SIGTERM (Ctrl-C elsewhere). They are caught from this call on, not only once it is awaited.
#[cfg(unix)]
pub(crate) fn ended() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let both = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        // If they cannot be caught, the operating system ends the process by itself.
        let (Ok(mut interrupt), Ok(mut terminate)) = both else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn ended() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
