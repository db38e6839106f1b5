//! Running until the process is told to end.

use std::future::Future;
use std::io;

use super::SubscriptionManager;
use crate::projection::CheckpointStore;
use crate::subscription::ManagerError;

/// What tells a process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// SIGINT, by Ctrl-C for example. The only one that there is on other systems than Unix.
    Interrupt,
    /// SIGTERM: whoever runs the service wants it to end.
    Terminate,
}

impl std::fmt::Display for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        })
    }
}

/// Listens for SIGINT and SIGTERM from this call on, and returns a future that ends with the first of them.
///
/// It is for a program that stops more than its subscriptions. Here a web server stops to accept requests and answers those
/// that it has, and then the subscriptions stop, with [`SubscriptionManager::run_until`]:
///
/// ```no_run
/// # async fn serve(_: impl std::future::Future<Output = ()>) -> std::io::Result<()> { Ok(()) }
/// # async fn example(manager: eventsource::SubscriptionManager<eventsource::MemoryCheckpoints>) -> Result<(), Box<dyn std::error::Error>> {
/// use eventsource::subscription::shutdown_signal;
///
/// let signal = shutdown_signal()?;
/// // With axum: `axum::serve(listener, app).with_graceful_shutdown(…)`.
/// let server = serve(async move {
///     let signal = signal.await;
///     println!("{signal}: no new requests");
/// });
/// manager.run_until(server).await??;
/// # Ok(())
/// # }
/// ```
///
/// From the first call on, the process does not end by these signals on its own any more. Each future ends with the first
/// signal after the call that made it: a second call hears a second signal.
///
/// # Errors
/// [`ManagerError::NoRuntime`] outside of a tokio runtime; [`ManagerError::Signals`] in a runtime without `enable_io`.
pub fn shutdown_signal() -> Result<impl Future<Output = Signal> + Send + 'static, ManagerError> {
    tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
    let mut signals = Signals::listen().map_err(|source| ManagerError::Signals { source })?;
    Ok(async move { signals.next().await })
}

/// How a run until a signal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shutdown {
    /// By this signal: everything has stopped, with its checkpoint saved.
    Stopped {
        /// The signal.
        signal: Signal,
    },
    /// A second signal came before everything had stopped: the rest was cut off in the middle of a batch. What that did in
    /// a transaction is undone, and the next start repeats it.
    Forced {
        /// The first signal.
        signal: Signal,
        /// The second one.
        second: Signal,
        /// The subscriptions that were cut off, by name.
        cut_off: Vec<String>,
    },
    /// Without a signal: there were subscriptions, and none of them runs any more. Each says in its status why.
    NothingRuns,
}

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Runs as a service does: starts every subscription, waits until the process is told to end (SIGINT or SIGTERM), and
    /// stops them as [`stop`](Self::stop) does. A second signal ends that: what has not stopped by then is cut off, as
    /// [`stop_within`](Self::stop_within) does.
    ///
    /// Returns as well when no subscription runs any more: each has faulted, for example, or somebody else has stopped the
    /// manager. A manager without subscriptions waits for them.
    ///
    /// ```no_run
    /// # async fn example(manager: eventsource::SubscriptionManager<eventsource::MemoryCheckpoints>) -> Result<(), Box<dyn std::error::Error>> {
    /// use eventsource::subscription::Shutdown;
    ///
    /// match manager.run_until_signal().await? {
    ///     Shutdown::Stopped { signal } => println!("stopped by {signal}"),
    ///     end => return Err(format!("{end:?}").into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// From the first call on, the process does not end by these signals on its own any more: that is how tokio hears of
    /// them. End soon after this returns.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`stop`](Self::stop); [`ManagerError::Signals`] where signals cannot be heard,
    /// such as in a tokio runtime that was built without `enable_io`.
    pub async fn run_until_signal(&self) -> Result<Shutdown, ManagerError> {
        tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
        let mut signals = Signals::listen().map_err(|source| ManagerError::Signals { source })?;
        self.start().await?;
        let signal = tokio::select! {
            biased;
            signal = signals.next() => signal,
            () = self.nothing_runs() => {
                self.stop().await?;
                return Ok(Shutdown::NothingRuns);
            }
        };
        tracing::info!(%signal, "stopping");
        let second = tokio::select! {
            biased;
            stopped = self.stop() => return stopped.map(|()| Shutdown::Stopped { signal }),
            second = signals.next() => second,
        };
        let cut_off = self.cut_off().await;
        tracing::warn!(signal = %second, ?cut_off, "stopped by force");
        Ok(Shutdown::Forced { signal, second, cut_off })
    }

    /// Returns when there are subscriptions and none of them runs.
    async fn nothing_runs(&self) {
        loop {
            let slots = self.all();
            let Some(running) = slots.iter().find(|slot| slot.core.is_running()) else {
                if slots.is_empty() {
                    tokio::time::sleep(NEWCOMERS).await;
                    continue;
                }
                return;
            };
            let mut progress = running.core.progress.listen();
            // The sender lives in the slot.
            let _ = progress.wait_for(|snapshot| !snapshot.state.is_running()).await;
        }
    }
}

/// How often a manager without subscriptions looks whether there are some.
const NEWCOMERS: std::time::Duration = std::time::Duration::from_secs(1);

/// The signals, from now on.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // Without a driver tokio panics, and there is no way to ask for it beforehand.
        let listen =
            || Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? });
        std::panic::catch_unwind(listen).unwrap_or_else(|_| {
            Err(io::Error::other("the tokio runtime was built without `enable_io`, or without `enable_all`"))
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) -> Signal {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "signals cannot be heard");
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
