//! The code of a program: what it subscribes, and what it serves.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use eventsource::subscription::{Backend, ManagerBuilder, SubscriptionManager};

use crate::database::{Database, sealed};
use crate::stop::Stop;

/// An error of the code of a program.
pub(crate) type CodeError = Box<dyn Error + Send + Sync>;

/// The manager of a program on the database `D`.
type Manager<D> = SubscriptionManager<<D as Backend>::Checkpoints>;

type Running = Pin<Box<dyn Future<Output = Result<(), CodeError>> + Send>>;
type Subscribe<D> = dyn Fn(D, Arc<Manager<D>>) -> Running + Send + Sync;
type Prepare<D> = dyn Fn(D) -> Running + Send + Sync;
type Serve<D> = dyn Fn(D, Arc<Manager<D>>, Stop) -> Running + Send + Sync;
type Open<D> = dyn Fn(<D as sealed::Open>::Options) -> <D as sealed::Open>::Options + Send + Sync;
type Build<D> =
    dyn Fn(ManagerBuilder<<D as Backend>::Checkpoints>) -> ManagerBuilder<<D as Backend>::Checkpoints> + Send + Sync;

/// The code of a program on the database `D`: its projections, and what it serves next to them. [`App`](crate::App) takes it.
///
/// ```no_run
/// use std::process::ExitCode;
/// use std::sync::Arc;
///
/// use eventsource::SubscriptionManager;
/// use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase};
/// use eventsource::subscription::{SubscribeError, SubscriptionConfig};
/// use eventsource_cli::{App, Code};
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # fn orders() -> ProjectionEngine<eventsource::engine::Owned<u64>> { ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0) }
///
/// async fn subscribe(_: SqliteDatabase, manager: Arc<SubscriptionManager<SqliteCheckpoints>>) -> Result<(), SubscribeError> {
///     manager.subscribe(orders(), SubscriptionConfig::from_beginning()).await?;
///     Ok(())
/// }
///
/// #[tokio::main]
/// async fn main() -> ExitCode {
///     App::new("shop").sqlite(Code::new(subscribe)).run().await
/// }
/// ```
pub struct Code<D: Database> {
    pub(crate) subscribe: Box<Subscribe<D>>,
    pub(crate) prepare: Option<Box<Prepare<D>>>,
    pub(crate) serve: Option<Box<Serve<D>>>,
    pub(crate) open: Option<Box<Open<D>>>,
    pub(crate) build: Option<Box<Build<D>>>,
}

impl<D: Database> Code<D> {
    /// Creates it from a function that subscribes all projections of the program to a manager. The tables of read models are
    /// created in [`prepare`](Self::prepare): without them, a subscription that `run` starts is `faulted`. It must not change the
    /// database, and start nothing: commands that only look call it too. For them, a SQLite file refuses writes.
    #[must_use]
    pub fn new<F, E>(subscribe: impl Fn(D, Arc<Manager<D>>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<CodeError>,
    {
        let subscribe = move |db, manager| running(subscribe(db, manager));
        Self { subscribe: Box::new(subscribe), prepare: None, serve: None, open: None, build: None }
    }

    /// Sets what `run` does before it subscribes the projections, such as `ensure_tables`. Only `run` calls it. By default
    /// it does nothing.
    #[must_use]
    pub fn prepare<F, E>(self, prepare: impl Fn(D) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<CodeError>,
    {
        Self { prepare: Some(Box::new(move |db| running(prepare(db)))), ..self }
    }

    /// Sets what `run` does next to the subscriptions, such as an HTTP server. `run` ends when it ends, and it must end
    /// soon after [`Stop::requested`]. By default `run` only runs the subscriptions.
    #[must_use]
    pub fn serve<F, E>(self, serve: impl Fn(D, Arc<Manager<D>>, Stop) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<CodeError>,
    {
        Self { serve: Some(Box::new(move |db, manager, stop| running(serve(db, manager, stop)))), ..self }
    }

    /// Changes the options with which the database is opened, such as its number of connections. By default they are those
    /// of `--database`, `--schema` and `--timeout`. A command that only looks opens the database read-only in any case.
    #[must_use]
    pub fn options(self, change: impl Fn(D::Options) -> D::Options + Send + Sync + 'static) -> Self {
        Self { open: Some(Box::new(change)), ..self }
    }

    /// Changes the manager before the projections are subscribed, such as its registry or its observers. By default it is
    /// [`SubscriptionManager::on`] the database.
    #[must_use]
    pub fn manager(
        self,
        build: impl Fn(ManagerBuilder<D::Checkpoints>) -> ManagerBuilder<D::Checkpoints> + Send + Sync + 'static,
    ) -> Self {
        Self { build: Some(Box::new(build)), ..self }
    }
}

/// Boxes a future, and its error.
fn running<F, E>(future: F) -> Running
where
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<CodeError>,
{
    Box::pin(async move { future.await.map_err(Into::into) })
}

impl<D: Database> fmt::Debug for Code<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").field("serves", &self.serve.is_some()).finish_non_exhaustive()
    }
}
