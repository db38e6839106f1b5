//! The part of a batch that is not its transaction: what is known about its events, and the rows that its repositories
//! write at its end.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::event::{RecordedEvent, now};
use crate::projection::ChangesRefused;
use crate::read_model::port::WriteTables;
use crate::read_model::session::RepositorySession;

/// The part of a unit of work that is not its transaction.
#[derive(Default)]
pub(in crate::backend) struct Scope {
    aggregates: Arc<[Uuid]>,
    time: Option<DateTime<Utc>>,
    session: Option<Arc<RepositorySession>>,
}

impl Scope {
    /// Notes the events of the batch.
    pub(in crate::backend) fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        let mut ids: Vec<_> = events.iter().map(|event| event.aggregate_id()).collect();
        ids.sort_unstable();
        ids.dedup();
        self.aggregates = ids.into();
    }

    /// Notes the event that is handled next.
    pub(in crate::backend) fn begin_event(&mut self, event: &RecordedEvent) {
        self.time = Some(event.occurred_at());
    }

    /// Returns when the current event occurred; now, if there is none.
    pub(in crate::backend) fn time(&self) -> DateTime<Utc> {
        self.time.unwrap_or_else(now)
    }

    /// Returns the session of the batch's repositories, if there is one.
    pub(in crate::backend) fn session(&self) -> Option<Arc<RepositorySession>> {
        let session = self.session.as_ref()?;
        session.set_aggregates(&self.aggregates);
        Some(Arc::clone(session))
    }

    /// Creates the session of the batch's repositories, which write to `tables`.
    pub(in crate::backend) fn open_session(&mut self, tables: Box<dyn WriteTables>) -> Arc<RepositorySession> {
        let session = Arc::new(RepositorySession::new(tables));
        session.set_aggregates(&self.aggregates);
        self.session = Some(Arc::clone(&session));
        session
    }

    /// Writes the changes of the repositories.
    pub(in crate::backend) async fn flush(&self) -> Result<(), ChangesRefused> {
        match &self.session {
            Some(session) => session.flush().await,
            None => Ok(()),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            session.close();
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("time", &self.time).finish_non_exhaustive()
    }
}
