//! Read models in memory, with real transactions.

mod tables;
mod transaction;

use std::sync::Arc;

use self::tables::Shared;
use self::transaction::Transaction;
use super::session::RepositorySession;
use super::{ReadModel, ReadModelError, ReadRepository, Repository};
use crate::projection::{HandlerError, Inject, MemoryCheckpoints, MemoryUnit, Subscriber};

/// The read models that projections keep beside [`MemoryCheckpoints`], forgotten with the last clone of these.
///
/// Tables are made when they are first written. One batch writes at a time; what it changes is seen by others when it
/// commits, all at once, and a batch that fails leaves nothing.
#[derive(Debug, Clone)]
pub struct MemoryReadModels {
    shared: Arc<Shared>,
}

impl MemoryReadModels {
    /// The read models beside `checkpoints`.
    #[must_use]
    pub fn new(checkpoints: &MemoryCheckpoints) -> Self {
        Self { shared: checkpoints.attached().get() }
    }

    /// Creates what is missing of the tables that `projection` declares (`#[projection(read_models(…))]`), with their
    /// indexes. A table that is there stays as it is: where it has other columns than the model, another version of the
    /// projection built it, which may serve from it still, and what happens to it is what
    /// [`SubscriptionConfig::on_change`](crate::SubscriptionConfig::on_change) says. So a program starts in this order,
    /// whatever its version: ensure the tables, subscribe, start.
    ///
    /// In memory a table is made when it is first written; this is here so that a program reads alike on every backend.
    ///
    /// # Errors
    /// None in memory.
    pub async fn ensure_tables<P: Subscriber>(&self, projection: &P) -> Result<(), ReadModelError> {
        let _ = projection;
        Ok(())
    }

    /// The rows of `M`, as they are committed.
    #[must_use]
    pub fn repository<M: ReadModel>(&self) -> ReadRepository<M> {
        ReadRepository::new(Arc::<Shared>::clone(&self.shared))
    }
}

impl<M: ReadModel> Inject<MemoryUnit> for Repository<M> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut MemoryUnit) -> Result<Box<Self>, HandlerError> {
        let session = match unit.scope().deferred::<RepositorySession>() {
            Some(session) => session,
            None => {
                let transaction = Transaction::begin(unit.checkpoints().attached().get()).await;
                let session = Arc::new(RepositorySession::new(Box::new(transaction)));
                unit.scope().defer(Arc::<RepositorySession>::clone(&session));
                session
            }
        };
        session.set_aggregates(unit.scope().aggregates());
        Ok(Box::new(Self::new(session, unit.scope().time())))
    }
}
