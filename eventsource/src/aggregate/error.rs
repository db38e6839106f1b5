//! Errors of loading and saving aggregates.

use crate::event::{DecodeError, EncodeError, Position, RecordedEvent, StreamId};
use crate::store::{AppendError, StoreError};

/// An aggregate was not loaded or not saved. After a failed save, it still has its uncommitted events.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// use eventsource::{AggregateError, AppendError};
/// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct Opened {}
/// # #[derive(Default)]
/// # struct Account;
/// # #[aggregate]
/// # impl Account { #[applies(Opened)] fn opened(&mut self, _: &Opened) {} }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
/// let mut first = accounts.create_new(uuid::Uuid::now_v7());
/// let mut second = accounts.create_new(first.id());
/// first.record(Opened {});
/// second.record(Opened {});
/// accounts.save(&mut first).await?;
/// match accounts.save(&mut second).await {
///     Err(AggregateError::Append(AppendError::Conflict { .. })) => println!("load again, decide again, save again"),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), AggregateError>(())
/// # }).unwrap();
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AggregateError {
    /// The aggregate has no events. Create it with
    /// [`load_or_create`](crate::AggregateRepository::load_or_create) if that is not an error.
    #[error("{stream} does not exist")]
    NotFound {
        /// The stream of the aggregate.
        stream: StreamId,
    },
    /// The aggregate has fewer events than the requested version.
    #[error("{stream} has no version {wanted}: it is at version {actual}")]
    NoSuchVersion {
        /// The stream of the aggregate.
        stream: StreamId,
        /// The requested version.
        wanted: u64,
        /// The version of the aggregate.
        actual: u64,
    },
    /// The stream contains an event that the aggregate does not declare. Add a method with `#[applies]` for it.
    #[error(
        "{stream} contains the event `{event_type}` at position {position}, which its aggregate does not declare: \
         apply it in the `#[aggregate]` block, or add it to `type Events`"
    )]
    UndeclaredEvent {
        /// The stream of the aggregate.
        stream: StreamId,
        /// The stored name of the event.
        event_type: String,
        /// The position of the event in the log.
        position: Position,
    },
    /// A stored event cannot be decoded. A retry does not help: the inner error says what to change.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A recorded event cannot be encoded. A retry does not help: change the value, or the type of its field.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The append failed, most often because another writer has appended ([`AppendError::Conflict`]): load again,
    /// decide again, save again.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The store failed while it was read. A retry may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AggregateError {
    /// Creates the error for an event that its aggregate does not declare.
    pub(crate) fn undeclared(event: &RecordedEvent) -> Self {
        Self::UndeclaredEvent {
            stream: event.stream().clone(),
            event_type: event.event_type().to_owned(),
            position: event.position(),
        }
    }
}
