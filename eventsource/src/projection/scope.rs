//! The part of a batch that is not its transaction: what is known about its events, and what is written at its end.

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

/// Changes that are collected while a batch runs and written at its end, such as those of read models.
pub(crate) trait Deferred: Any + Send + Sync {
    /// Writes the collected changes into the transaction of the batch.
    fn flush(&self) -> Boxed<'_, Result<(), ChangesRefused>>;

    /// As [`flush`](Self::flush), and forgets what was read: a handler that gets the connection may change it.
    fn hand_over(&self) -> Boxed<'_, Result<(), ChangesRefused>>;

    /// Makes the written changes visible to readers, if no database does that.
    fn publish(&self) {}

    /// Ends the access: the unit of work has ended.
    fn close(&self);
}

/// The part of a unit of work that is not its transaction.
#[derive(Default)]
pub(crate) struct Scope {
    aggregates: Arc<[Uuid]>,
    time: Option<DateTime<Utc>>,
    /// The number of events of the batch.
    events: usize,
    deferred: Option<Arc<dyn Deferred>>,
    /// The tables whose next generation is being built.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    next: Option<Arc<[&'static Table]>>,
}

impl Scope {
    /// Gives handlers the next generation of `tables` instead of them, and nothing else.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn build_next(&mut self, tables: &[&'static Table]) {
        self.next = Some(tables.into());
    }

    /// Returns whether a next generation is being built.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) const fn builds_next(&self) -> bool {
        self.next.is_some()
    }

    /// Refuses a table that is not part of the next generation that is being built.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn check_table(&self, table: &'static Table) -> Result<(), HandlerError> {
        match &self.next {
            Some(tables) if !tables.contains(&table) => Err(OutsideGeneration::table(table)),
            _ => Ok(()),
        }
    }

    /// Refuses the connection if a next generation is being built.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn check_connection(&self) -> Result<(), HandlerError> {
        if self.builds_next() { Err(OutsideGeneration::connection()) } else { Ok(()) }
    }

    /// Notes the events of the batch.
    pub(crate) fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.events = events.len();
        let mut ids: Vec<_> = events.iter().map(|event| event.aggregate_id()).collect();
        ids.sort_unstable();
        ids.dedup();
        self.aggregates = ids.into();
    }

    /// Notes the event that is handled next.
    pub(crate) fn begin_event(&mut self, event: &RecordedEvent) {
        self.time = Some(event.occurred_at());
    }

    /// Returns whether no repository was given out yet.
    #[cfg(feature = "sqlite")]
    pub(crate) const fn is_untouched(&self) -> bool {
        self.deferred.is_none()
    }

    /// Returns whether the batch has several events.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) const fn has_several_events(&self) -> bool {
        self.events > 1
    }

    /// Returns the ids of the aggregates of the batch's events.
    pub(crate) fn aggregates(&self) -> &Arc<[Uuid]> {
        &self.aggregates
    }

    /// Returns when the current event occurred; now, if there is none.
    pub(crate) fn time(&self) -> DateTime<Utc> {
        self.time.unwrap_or_else(now)
    }

    /// Returns the collected changes, if they are a `T`.
    pub(crate) fn deferred<T: Deferred>(&self) -> Option<Arc<T>> {
        let any: Arc<dyn Any + Send + Sync> = self.deferred.clone()?;
        any.downcast().ok()
    }

    /// Collects changes in `deferred` from now on.
    pub(crate) fn defer(&mut self, deferred: Arc<dyn Deferred>) {
        self.deferred = Some(deferred);
    }

    /// Writes the collected changes.
    pub(crate) async fn flush(&self) -> Result<(), ChangesRefused> {
        match &self.deferred {
            Some(deferred) => deferred.flush().await,
            None => Ok(()),
        }
    }

    /// Writes the collected changes, and forgets what was read.
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

    /// Makes the written changes visible to readers.
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
