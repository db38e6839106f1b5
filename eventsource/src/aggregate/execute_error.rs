//! Errors of commands.

use uuid::Uuid;

use super::AggregateError;
use crate::event::StreamId;
use crate::store::{AppendError, StoreError};

/// A command was not executed. See [`AggregateRepository::execute`](super::AggregateRepository::execute) for an
/// example.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Default)]
/// # struct Account { balance: u64 }
/// # #[aggregate]
/// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
/// use eventsource::aggregate::ExecuteError;
///
/// let refused = accounts.execute(uuid::Uuid::now_v7(), |_| Err::<Deposited, _>("the bank is closed")).await;
/// match refused {
///     Err(ExecuteError::Refused(reason)) => assert_eq!(reason, "the bank is closed"),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E> {
    /// The closure has refused the command with this error.
    #[error("{0}")]
    Refused(E),
    /// Every attempt ended in a conflict with another writer. Execute the command again, or allow more attempts with
    /// [`Execute::retry`](super::Execute::retry).
    #[error(
        "{stream}: each of {attempts} attempts ended in a conflict with another writer; execute the command again, or \
         allow more attempts with `Execute::retry`"
    )]
    Contended {
        /// The stream of the aggregate.
        stream: StreamId,
        /// The number of attempts.
        attempts: u32,
        /// The error of the last attempt.
        source: AppendError,
    },
    /// A command with this id was executed on another aggregate. Give each command its own id.
    #[error(
        "the command {command_id} was executed on {found}, and cannot be executed on {stream} too: give each command \
         its own id"
    )]
    CommandUsed {
        /// The id of the command.
        command_id: Uuid,
        /// The stream of the aggregate on which the command was to be executed.
        stream: StreamId,
        /// The stream that contains the events of the command.
        found: StreamId,
    },
    /// The aggregate was not loaded or not saved. The inner error says whether a retry helps.
    #[error(transparent)]
    Aggregate(#[from] AggregateError),
}

impl<E> From<StoreError> for ExecuteError<E> {
    fn from(error: StoreError) -> Self {
        Self::Aggregate(error.into())
    }
}
