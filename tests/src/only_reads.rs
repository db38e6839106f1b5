//! A log that only reads, such as a topic of a broker would be.

use async_trait::async_trait;
use eventsource::store::{Backlog, LogId, LogMark, LogPage, StoreError};
use eventsource::{EventFilter, EventLog, PageLimit, Position};

/// The log of a store, with nothing but what [`EventLog`] requires. All look-ups are scans, and nothing wakes a reader.
#[derive(Debug, Clone)]
pub struct OnlyReads<S>(pub S);

#[async_trait]
impl<S: EventLog> EventLog for OnlyReads<S> {
    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        self.0.read_log(after, filter, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.0.head().await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        self.0.log_id().await
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        self.0.last_event(to).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        self.0.backlog(after, limit).await
    }
}
