//! Finds out which aggregates are stored.

use uuid::Uuid;

use super::{Aggregate, AggregateError, AggregateRepository};
use crate::event::StreamId;
use crate::store::{ReadStream, StoreError, StoredStream};

impl<A: Aggregate> AggregateRepository<A> {
    /// Returns whether the aggregate `id` has events.
    ///
    /// # Errors
    /// [`AggregateError::Store`] if the store fails. It can be retried.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::aggregate::*;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Default, serde::Serialize, serde::Deserialize)]
    /// # struct Account { balance: u64 }
    /// # #[aggregate]
    /// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// assert!(!accounts.exists(uuid::Uuid::now_v7()).await?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn exists(&self, id: Uuid) -> Result<bool, AggregateError> {
        let stream = StreamId::new(A::TYPE, id);
        Ok(!self.store.read_stream(&stream, ReadStream::forward().limit(1)).await?.is_empty())
    }

    /// Returns up to `limit` stored aggregates of this type with their versions, ordered by id.
    ///
    /// Pass `None` for the first page, and the last id of a page for the next one. An empty page ends the list.
    ///
    /// # Errors
    /// The [errors of a read](crate::EventLog#errors-of-a-read).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::aggregate::*;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Default, serde::Serialize, serde::Deserialize)]
    /// # struct Account { balance: u64 }
    /// # #[aggregate]
    /// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let mut after = None;
    /// loop {
    ///     let page = accounts.list(after, 100).await?;
    ///     for account in &page {
    ///         println!("{} has {} events", account.stream, account.version);
    ///     }
    ///     let Some(last) = page.last() else { break };
    ///     after = Some(last.stream.aggregate_id());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn list(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<StoredStream>, StoreError> {
        self.store.streams(A::TYPE, after, limit).await
    }
}
