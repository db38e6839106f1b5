//! What belongs to a batch beside its transaction: what is known of its events, and what is written at its end.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::ChangesRefused;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use super::generation::OutsideGeneration;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use super::{HandlerError, Table};
use crate::event::{RecordedEvent, now};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Changes that are gathered while a batch runs and written at its end, such as those of read models.
pub(crate) trait Deferred: Any + Send + Sync {
    /// Writes what is gathered, into the batch's transaction.
    fn flush(&self) -> Boxed<'_, Result<(), ChangesRefused>>;

    /// The same, before somebody else may write what it has read: what is remembered is forgotten.
    fn hand_over(&self) -> Boxed<'_, Result<(), ChangesRefused>>;

    /// Shows everybody what was written, where no database does it.
    fn publish(&self) {}

    /// The unit of work has ended: whoever still holds what was lent has no use of it.
    fn close(&self);
}

/// The batch of a unit of work, beside its transaction.
#[derive(Default)]
pub(crate) struct Scope {
    aggregates: Arc<[Uuid]>,
    time: Option<DateTime<Utc>>,
    /// How many events the batch consists of.
    events: usize,
    deferred: Option<Arc<dyn Deferred>>,
    /// The tables whose next generation is being built.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    next: Option<Arc<[&'static Table]>>,
}

impl Scope {
    /// The next generation of `tables` is lent in their place, and nothing else.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn build_next(&mut self, tables: &[&'static Table]) {
        self.next = Some(tables.into());
    }

    /// Whether a next generation is being built.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) const fn builds_next(&self) -> bool {
        self.next.is_some()
    }

    /// Refuses a table that is not built beside the one that serves, where a next generation is being built.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn check_table(&self, table: &'static Table) -> Result<(), HandlerError> {
        match &self.next {
            Some(tables) if !tables.contains(&table) => Err(OutsideGeneration::table(table)),
            _ => Ok(()),
        }
    }

    /// Refuses the connection, where a next generation is being built.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn check_connection(&self) -> Result<(), HandlerError> {
        if self.builds_next() { Err(OutsideGeneration::connection()) } else { Ok(()) }
    }

    /// The batch consists of `events`.
    pub(crate) fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.events = events.len();
        let mut ids: Vec<_> = events.iter().map(|event| event.aggregate_id()).collect();
        ids.sort_unstable();
        ids.dedup();
        self.aggregates = ids.into();
    }

    /// `event` is handled next.
    pub(crate) fn begin_event(&mut self, event: &RecordedEvent) {
        self.time = Some(event.occurred_at());
    }

    /// Whether nothing was lent yet that gathers changes, or has read anything.
    #[cfg(feature = "sqlite")]
    pub(crate) const fn is_untouched(&self) -> bool {
        self.deferred.is_none()
    }

    /// Whether the batch consists of several events.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) const fn has_several_events(&self) -> bool {
        self.events > 1
    }

    /// The aggregates that the batch's events are about.
    pub(crate) fn aggregates(&self) -> &Arc<[Uuid]> {
        &self.aggregates
    }

    /// When the event occurred that is being handled; now, where none is.
    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.time.unwrap_or_else(now)
    }

    /// The changes that are gathered in a `T`.
    pub(crate) fn deferred<T: Deferred>(&self) -> Option<Arc<T>> {
        let any: Arc<dyn Any + Send + Sync> = self.deferred.clone()?;
        any.downcast().ok()
    }

    /// Gathers changes in `deferred` from now on.
    pub(crate) fn defer(&mut self, deferred: Arc<dyn Deferred>) {
        self.deferred = Some(deferred);
    }

    /// Writes what is gathered.
    pub(crate) async fn flush(&self) -> Result<(), ChangesRefused> {
        match &self.deferred {
            Some(deferred) => deferred.flush().await,
            None => Ok(()),
        }
    }

    /// Writes what is gathered, and forgets what was read.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "sqlite")),
        expect(dead_code, reason = "only a database lends its connection")
    )]
    pub(crate) async fn hand_over(&self) -> Result<(), ChangesRefused> {
        match &self.deferred {
            Some(deferred) => deferred.hand_over().await,
            None => Ok(()),
        }
    }

    /// Shows everybody what was written.
    pub(crate) fn publish(&self) {
        if let Some(deferred) = &self.deferred {
            deferred.publish();
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if let Some(deferred) = &self.deferred {
            deferred.close();
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("time", &self.time).finish_non_exhaustive()
    }
}
