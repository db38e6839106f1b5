//! What a request about dead letters fails with.

use super::InsideHandler;
use crate::projection::CheckpointError;
use crate::store::StoreError;
use crate::subscription::{LetterSelection, SubscriptionState};

/// The reason why a dead letter was not listed, retried, dismissed or deleted.
///
/// ```
/// # use eventsource::prelude::*;
/// # #[derive(Clone)] struct Orders(u32);
/// # impl Subscriber for Orders {
/// #     const KIND: eventsource::ProjectionKind = eventsource::ProjectionKind::Memory;
/// #     fn name(&self) -> std::borrow::Cow<'static, str> { "orders".into() }
/// #     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderRefunded"]) }
/// # }
/// # impl<U: UnitOfWork> EventSubscriber<U> for Orders {
/// #     async fn handle(&mut self, _: &std::sync::Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
/// #         self.0 += 1;
/// #         if self.0 == 1 { Err(HandlerError::permanent("no price")) } else { Ok(()) }
/// #     }
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = manager.subscribe(Orders(0), SubscriptionConfig::from_beginning()).await?;
/// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let refunded = NewEvent::raw("OrderRefunded", 1, "{}");
/// # store.append(&stream, ExpectedVersion::Any, vec![refunded]).await?;
/// # manager.start().await?;
/// # orders.caught_up().await?;
/// # let letters = orders.dead_letters();
/// use eventsource::subscription::DeadLetterError;
///
/// match letters.retry_all().await {
///     Ok(report) => println!("{} applied", report.applied),
///     Err(DeadLetterError::NotRunning { state, .. }) => println!("start or resume the subscription: it is {state}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeadLetterError {
    /// There is no such letter, or it does not wait any more. [`DeadLetters::list`](crate::subscription::DeadLetters::list) returns those that wait.
    #[error("`{subscription}` has no waiting dead letter {which}: `list()` returns those that it has")]
    Unknown {
        /// The name of the subscription.
        subscription: String,
        /// The letters that were asked for.
        which: LetterSelection,
    },
    /// The subscription does not run in this process, or ended before it served the request. Nothing was changed.
    ///
    /// If the state is `Standby`, ask the process that it names. Otherwise start or resume the subscription, and ask
    /// again.
    #[error(
        "`{subscription}` cannot retry or dismiss its dead letters, because it is {state}: start or resume it, or \
         ask the process that owns it"
    )]
    NotRunning {
        /// The name of the subscription.
        subscription: String,
        /// Its state.
        state: SubscriptionState,
    },
    /// A handler of the subscription asked. The subscription waits for the handler, so it could never answer.
    #[error(transparent)]
    InsideHandler(#[from] InsideHandler),
    /// The event store failed while it looked for the event of a letter. Ask again.
    #[error("the event of a dead letter of `{subscription}` cannot be looked up")]
    Log {
        /// The name of the subscription.
        subscription: String,
        /// The error of the event store.
        source: StoreError,
    },
    /// The checkpoint store failed before it had deleted all letters. Ask again.
    #[error("the dismissed letters of `{subscription}` cannot be deleted: try again, what was deleted stays deleted")]
    Forget {
        /// The name of the subscription.
        subscription: String,
        /// The error of the checkpoint store.
        source: CheckpointError,
    },
    /// The checkpoint store failed while it was asked for letters. Ask again.
    #[error("the dead letters of `{subscription}` cannot be read")]
    Store {
        /// The name of the subscription.
        subscription: String,
        /// The error of the store.
        source: CheckpointError,
    },
}
