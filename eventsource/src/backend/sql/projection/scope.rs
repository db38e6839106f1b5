//! The part of a batch in a SQL database that is not its transaction: which handlers had the connection, and whether
//! the next generation of read models is built.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::backend::sql::read_model::Generation;
use crate::event::RecordedEvent;
use crate::projection::{ChangesRefused, HandlerError, NotSetUp, Table};
use crate::read_model::scope::RepositoryScope;
use crate::read_model::session::RepositorySession;
use crate::read_model::tables::WriteTables;

/// The part of a unit of work that is not its transaction.
#[derive(Debug, Default)]
pub(in crate::backend) struct SqlScope {
    scope: RepositoryScope,
    /// The number of events of the batch.
    events: usize,
    /// The number of events whose handlers had the connection.
    lent: usize,
    /// The generation that handlers write.
    generation: Generation,
    /// The tables that handlers may write; `None` for all.
    only: Option<Vec<&'static Table>>,
}

impl SqlScope {
    /// Creates the scope of a batch whose handlers write to the next generation of `tables`, and to nothing else.
    pub(in crate::backend) fn of_next(tables: &[&'static Table]) -> Self {
        Self { generation: Generation::Next, only: Some(tables.to_vec()), ..Self::default() }
    }

    /// Creates the scope of a trial, whose handlers write to tables of its own, and to nothing else.
    pub(in crate::backend) fn of_trial(tables: &[&'static Table]) -> Self {
        Self { generation: Generation::Trial, only: Some(tables.to_vec()), ..Self::default() }
    }

    /// Forgets what repositories have read and not written.
    pub(in crate::backend) fn forget_rows(&mut self) {
        self.scope = RepositoryScope::default();
    }

    pub(in crate::backend) fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.events = events.len();
        self.scope.begin_batch(events);
    }

    pub(in crate::backend) fn begin_event(&mut self, event: &RecordedEvent) {
        self.scope.begin_event(event);
    }

    /// Returns when the current event occurred; now, if there is none.
    pub(in crate::backend) fn time(&self) -> DateTime<Utc> {
        self.scope.time()
    }

    /// Returns whether the batch has several events.
    pub(in crate::backend) const fn has_several_events(&self) -> bool {
        self.events > 1
    }

    /// Returns whether the handlers of several events had the connection.
    pub(in crate::backend) const fn is_shared(&self) -> bool {
        self.lent > 1
    }

    /// Returns whether no repository was given out yet.
    pub(in crate::backend) fn is_untouched(&self) -> bool {
        self.scope.session().is_none()
    }

    /// Prepares for a handler that gets the connection. The changes of repositories are written, because the connection
    /// must see them, and what they have read is forgotten, because the handler may change it.
    pub(in crate::backend) async fn lend_connection(&mut self) -> Result<(), HandlerError> {
        if let Some(session) = self.scope.session() {
            session.hand_over().await?;
        }
        self.lent += 1;
        Ok(())
    }

    /// Returns the session of the batch's repositories, and creates it if there is none: over the tables that `tables`
    /// returns for the generation that the batch writes.
    pub(in crate::backend) fn session(
        &mut self,
        tables: impl FnOnce(Generation) -> Box<dyn WriteTables>,
    ) -> Arc<RepositorySession> {
        let generation = self.generation;
        match self.scope.session() {
            Some(session) => session,
            None => self.scope.open_session(tables(generation)),
        }
    }

    /// Refuses a table that is not part of the generation.
    pub(in crate::backend) fn check_table(&self, table: &'static Table) -> Result<(), HandlerError> {
        match &self.only {
            Some(tables) if !tables.contains(&table) => {
                let what = format!("the table `{}`, which the projection does not declare,", table.name);
                Err(self.outside(what))
            }
            _ => Ok(()),
        }
    }

    /// Refuses the connection, except for the generation that readers see.
    pub(in crate::backend) fn check_connection(&self) -> Result<(), HandlerError> {
        match &self.only {
            Some(_) => Err(self.outside("a projection whose handlers write through a connection".to_owned())),
            None => Ok(()),
        }
    }

    /// Returns the error of a handler that uses what is not part of the generation.
    fn outside(&self, what: String) -> HandlerError {
        HandlerError::permanent(match self.generation {
            Generation::Trial => OutsideGeneration::Trial { what, source: NotSetUp },
            _ => OutsideGeneration::Next { what, source: NotSetUp },
        })
    }

    /// Writes the changes of the repositories.
    pub(in crate::backend) async fn flush(&self) -> Result<(), ChangesRefused> {
        self.scope.flush().await
    }
}

/// A handler used something that is not part of the generation that it writes.
#[derive(Debug, thiserror::Error)]
enum OutsideGeneration {
    #[error(
        "{what} cannot be rebuilt side by side: declare every read model that the projection writes \
         (`#[projection(read_models(…))]`) and write through repositories only, or rebuild it in place"
    )]
    Next { what: String, source: NotSetUp },
    #[error(
        "{what} cannot be tried without a change: declare every read model that the projection writes \
         (`#[projection(read_models(…))]`) and write through repositories only"
    )]
    Trial { what: String, source: NotSetUp },
}
