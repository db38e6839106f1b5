//! The part of a batch that is not its transaction: what is known about its events, and the rows that its repositories
//! write at its end.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::{RecordedEvent, now};
use crate::projection::ChangesRefused;
use crate::read_model::session::RepositorySession;
use crate::read_model::tables::WriteTables;
use crate::read_model::{ReadModel, Repository};

/// The repositories of one batch: what a unit of work has in addition to its transaction, to give repositories to
/// handlers.
///
/// A unit of work has one scope. It passes the batch and each event to the scope, gives handlers repositories from it,
/// and calls [`flush`](Self::flush) before it commits. A drop of the scope ends all its repositories.
///
/// ```
/// use std::sync::Arc;
///
/// use eventsource::projection::{Inject, UnitOfWork};
/// use eventsource::read_model::port::{RepositoryScope, WriteTables};
/// use eventsource::{HandlerError, ReadModel, RecordedEvent, Repository};
/// # use eventsource::projection::{CheckpointReset, CheckpointUpdate, CommitError};
///
/// # struct MyTransaction;
/// # impl MyTransaction { fn tables(&self) -> Box<dyn WriteTables> { unimplemented!() } }
/// /// A unit of work on a database of your own.
/// struct MyUnit {
///     transaction: MyTransaction,
///     scope: RepositoryScope,
/// }
///
/// impl<M: ReadModel> Inject<MyUnit> for Repository<M> {
///     type Guard = Box<Self>;
///
///     async fn inject(unit: &mut MyUnit) -> Result<Box<Self>, HandlerError> {
///         let MyUnit { transaction, scope } = unit;
///         Ok(Box::new(scope.repository(|| transaction.tables())))
///     }
/// }
///
/// impl UnitOfWork for MyUnit {
///     async fn commit(self, update: &CheckpointUpdate) -> Result<(), CommitError> {
///         self.scope.flush().await?;
///         // … moves the checkpoint, and commits the transaction
/// #       unimplemented!()
///     }
///
///     fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
///         self.scope.begin_batch(events);
///     }
///
///     fn begin_event(&mut self, event: &RecordedEvent) {
///         self.scope.begin_event(event);
///     }
/// #
/// #   async fn clear(self, _: &CheckpointReset) -> Result<(), CommitError> { unimplemented!() }
/// #   async fn rollback(self) {}
/// }
/// ```
#[derive(Default)]
pub struct RepositoryScope {
    aggregates: Arc<[Uuid]>,
    time: Option<DateTime<Utc>>,
    session: Option<Arc<RepositorySession>>,
}

impl RepositoryScope {
    /// Notes the events of the batch. A repository reads the rows of their aggregates in one call.
    pub fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        let mut ids: Vec<_> = events.iter().map(|event| event.aggregate_id()).collect();
        ids.sort_unstable();
        ids.dedup();
        self.aggregates = ids.into();
    }

    /// Notes the event that is handled next. Its time is the time of the rows that its handler writes.
    pub fn begin_event(&mut self, event: &RecordedEvent) {
        self.time = Some(event.occurred_at());
    }

    /// Returns a repository for the handler of the current event. The first one calls `tables`, which opens the tables
    /// in the transaction of the batch; all later ones share its rows.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::read_model::port::{RepositoryScope, WriteTables};
    /// # use eventsource::{ReadModel, Repository};
    /// fn give<M: ReadModel>(scope: &mut RepositoryScope, tables: Box<dyn WriteTables>) -> Repository<M> {
    ///     scope.repository(|| tables)
    /// }
    /// ```
    pub fn repository<M: ReadModel>(&mut self, tables: impl FnOnce() -> Box<dyn WriteTables>) -> Repository<M> {
        let session = match self.session() {
            Some(session) => session,
            None => self.open_session(tables()),
        };
        Repository::new(session, self.time())
    }

    /// Returns when the current event occurred; now, if there is none.
    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.time.unwrap_or_else(now)
    }

    /// Returns the session of the batch's repositories, if there is one.
    pub(crate) fn session(&self) -> Option<Arc<RepositorySession>> {
        let session = self.session.as_ref()?;
        session.set_aggregates(&self.aggregates);
        Some(Arc::clone(session))
    }

    /// Creates the session of the batch's repositories, which write to `tables`.
    pub(crate) fn open_session(&mut self, tables: Box<dyn WriteTables>) -> Arc<RepositorySession> {
        let session = Arc::new(RepositorySession::new(tables));
        session.set_aggregates(&self.aggregates);
        self.session = Some(Arc::clone(&session));
        session
    }

    /// Writes the changes of the repositories into the transaction of the batch. Call it before the commit.
    ///
    /// # Errors
    /// [`ChangesRefused`] if a change was refused: roll the transaction back.
    pub async fn flush(&self) -> Result<(), ChangesRefused> {
        match &self.session {
            Some(session) => session.flush().await,
            None => Ok(()),
        }
    }
}

impl Drop for RepositoryScope {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            session.close();
        }
    }
}

impl fmt::Debug for RepositoryScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepositoryScope").field("time", &self.time).finish_non_exhaustive()
    }
}
