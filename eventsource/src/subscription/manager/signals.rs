//! Runs the subscriptions until a signal ends the process.

use std::future::Future;
use std::io;

use super::SubscriptionManager;
use crate::projection::CheckpointStore;
use crate::subscription::{ManagerError, StopReason, SubscriptionState};

/// A signal that ends a process.
///
/// ```
/// use eventsource::subscription::Signal;
///
/// assert_eq!(Signal::Terminate.to_string(), "SIGTERM");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// SIGINT, for example by Ctrl-C. The only signal on systems other than Unix.
    Interrupt,
    /// SIGTERM, for example by an orchestrator.
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
/// Use it in a program that stops more than its subscriptions. In the example a web server stops accepting requests and
/// answers the open ones, and then [`SubscriptionManager::run_until`] stops the subscriptions.
///
/// After the first call, these signals do not end the process any more. Each future ends with the first signal after
/// its own call: call it again to wait for a second signal. Dropping the future does not give the signals their effect
/// back. On systems other than Unix only Ctrl-C is heard.
///
/// # Errors
/// [`ManagerError::NoRuntime`] outside a tokio runtime; [`ManagerError::Signals`] in a runtime without `enable_io`.
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # use eventsource::prelude::*;
/// # let manager =
/// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # // This task runs after the example has begun to listen.
/// # tokio::spawn(async {
/// #     std::process::Command::new("sh").args(["-c", "kill -TERM $PPID"]).status().expect("`sh` runs");
/// # });
/// # async fn serve(end: impl std::future::Future<Output = ()>) -> std::io::Result<()> { end.await; Ok(()) }
/// use eventsource::subscription::shutdown_signal;
///
/// let signal = shutdown_signal()?;
/// // With axum: `axum::serve(listener, app).with_graceful_shutdown(…)`.
/// let server = serve(async move {
///     let signal = signal.await;
///     println!("{signal}: no new requests");
/// });
/// // The outer error is that of the manager, the inner one that of the server.
/// manager.run_until(server).await??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// An orchestrator sends SIGTERM once, and kills the process 30 s later. To stop in time, set a deadline:
///
/// ```
/// # #[cfg(unix)]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # use eventsource::prelude::*;
/// # let manager =
/// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # // This task runs after the example has begun to listen.
/// # tokio::spawn(async {
/// #     std::process::Command::new("sh").args(["-c", "kill -TERM $PPID"]).status().expect("`sh` runs");
/// # });
/// use std::time::Duration;
/// use eventsource::subscription::shutdown_signal;
///
/// let signal = shutdown_signal()?;
/// manager.start().await?;
/// println!("{}: stopping", signal.await); // or: serve requests until then
/// manager.stop_within(Duration::from_secs(20)).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub fn shutdown_signal() -> Result<impl Future<Output = Signal> + Send + 'static, ManagerError> {
    tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
    let mut signals = Signals::listen().map_err(|source| ManagerError::Signals { source })?;
    Ok(async move { signals.next().await })
}

/// The way in which [`SubscriptionManager::run_until_signal`] ended.
///
/// ```
/// # #[cfg(unix)]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # use eventsource::prelude::*;
/// # let manager =
/// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # // This task runs after the example has begun to listen.
/// # tokio::spawn(async {
/// #     std::process::Command::new("sh").args(["-c", "kill -TERM $PPID"]).status().expect("`sh` runs");
/// # });
/// use eventsource::subscription::Shutdown;
///
/// let exit_code = match manager.run_until_signal().await? {
///     Shutdown::Stopped { .. } => 0,
///     _ => 1,
/// };
/// # let _ = exit_code;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shutdown {
    /// A signal arrived. Every subscription has stopped, with its checkpoint saved.
    Stopped {
        /// The signal.
        signal: Signal,
    },
    /// A second signal arrived before every subscription had stopped. The others were cut off in the middle of a batch:
    /// their transactions are rolled back, and the next start applies these events again. An effects projection then
    /// repeats the effects of the batch.
    Forced {
        /// The first signal.
        signal: Signal,
        /// The second signal.
        second: Signal,
        /// The names of the subscriptions that were cut off.
        cut_off: Vec<String>,
    },
    /// No signal arrived, but no subscription runs any more. The status of each says why.
    NothingRuns,
}

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Starts every subscription, waits for SIGINT or SIGTERM, then stops every subscription like [`stop`](Self::stop).
    ///
    /// A second signal cuts off the subscriptions that have not stopped yet, like [`stop_within`](Self::stop_within).
    /// Without one the stop has no deadline. An orchestrator sends only one signal before it kills the process: use
    /// [`shutdown_signal`] and [`stop_within`](Self::stop_within) there.
    ///
    /// Also returns when no subscription runs any more, for example because each has faulted or the manager was stopped
    /// elsewhere. A manager without subscriptions waits until one is subscribed.
    ///
    /// After the first call, these signals do not end the process any more: let `main` return soon after this.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`stop`](Self::stop); [`ManagerError::Signals`] if the process cannot listen
    /// for signals, for example in a tokio runtime that was built without `enable_io`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(unix)]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::prelude::*;
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # // This task runs after the example has begun to listen.
    /// # tokio::spawn(async {
    /// #     std::process::Command::new("sh").args(["-c", "kill -TERM $PPID"]).status().expect("`sh` runs");
    /// # });
    /// use eventsource::subscription::Shutdown;
    ///
    /// match manager.run_until_signal().await? {
    ///     Shutdown::Stopped { signal } => println!("stopped by {signal}"),
    ///     end => return Err(format!("{end:?}").into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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
        tracing::warn!(signal = %second, ?cut_off, "a second signal: the subscriptions were cut off");
        Ok(Shutdown::Forced { signal, second, cut_off })
    }

    /// Waits until there are subscriptions and none of them runs.
    async fn nothing_runs(&self) {
        loop {
            let slots = self.all();
            let Some(running) = slots.iter().find(|slot| goes_on(&slot.core.progress.snapshot().state)) else {
                if slots.is_empty() {
                    tokio::time::sleep(NEWCOMERS).await;
                    continue;
                }
                return;
            };
            let mut progress = running.core.progress.listen();
            // The slot keeps the sender alive.
            let _ = progress.wait_for(|snapshot| !goes_on(&snapshot.state)).await;
        }
    }
}

/// Returns whether the subscription runs, or starts again at once.
const fn goes_on(state: &SubscriptionState) -> bool {
    state.is_running() || matches!(state, SubscriptionState::Stopped { reason: StopReason::Restarting })
}

/// How often a manager without subscriptions checks for new ones.
const NEWCOMERS: std::time::Duration = std::time::Duration::from_secs(1);

/// Listens for both signals.
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
        // Without an I/O driver tokio panics. There is no way to check for it first.
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
            tracing::error!(%error, "cannot listen for signals");
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
