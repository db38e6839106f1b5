//! Registers the handlers of an engine, and its hooks.

use std::sync::Arc;

use super::state::{Call, sealed};
use super::{AsyncHandler, EngineState, External, Handler, Owned, ProjectionEngine, UpdateHandler};
use crate::event::{DomainEvent, Event};
use crate::projection::HandlerOutput;

impl ProjectionEngine<External> {
    /// Registers `handler` for the events of the type `E`, after the existing handlers of `E`.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// let engine = ProjectionEngine::new("audit", MemoryProjectionStates::new())
    ///     .on::<MoneyDeposited>(|event| match event.cents {
    ///         0 => Err(HandlerError::permanent("a deposit of nothing")),
    ///         _ => Ok(()),
    ///     });
    /// # let _ = engine;
    /// # }
    /// ```
    #[must_use]
    pub fn on<E: DomainEvent>(self, handler: impl Handler<E>) -> Self {
        self.handled_by::<E>(Call::Sync(Arc::new(move |event| handler(&Event::decode(event)?).into_result())))
    }

    /// Registers the async `handler` for the events of the type `E`, after the existing handlers of `E`.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct AccountCreated { owner: String }
    /// # async fn send(to: &str) -> std::io::Result<()> { let _ = to; Ok(()) }
    /// let engine = ProjectionEngine::new("welcome-mails", MemoryProjectionStates::new())
    ///     .on_async(async |event: Event<AccountCreated>| send(&event.owner).await);
    /// # let _ = engine;
    /// # }
    /// ```
    #[must_use]
    pub fn on_async<E: DomainEvent>(self, handler: impl AsyncHandler<E>) -> Self {
        self.handled_by::<E>(Call::Async(Arc::new(move |event| match Event::decode(event) {
            Ok(event) => {
                let work = handler(event);
                Box::pin(async move { work.await.into_result() })
            }
            Err(error) => Box::pin(std::future::ready(Err(error.into()))),
        })))
    }
}

impl<T: Clone + Send + Sync + 'static> ProjectionEngine<Owned<T>> {
    /// Registers `handler` for the events of the type `E`, after the existing handlers of `E`. It must change only the
    /// state of the engine: after a failure the engine may call it again for events that it has applied.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// let engine = ProjectionEngine::new("total", MemoryProjectionStates::new())
    ///     .with_state(0_u64)
    ///     .update(|total: &mut u64, event: &Event<MoneyDeposited>| -> Result<(), HandlerError> {
    ///         *total = total.checked_add(event.cents).ok_or_else(|| HandlerError::permanent("too much money"))?;
    ///         Ok(())
    ///     });
    /// # let _ = engine;
    /// # }
    /// ```
    #[must_use]
    pub fn update<E: DomainEvent>(self, handler: impl UpdateHandler<T, E>) -> Self {
        self.handled_by::<E>(Arc::new(move |state, event| handler(state, &Event::decode(event)?).into_result()))
    }
}

impl<S: EngineState> ProjectionEngine<S> {
    fn handled_by<E: DomainEvent>(mut self, handler: <S as sealed::State>::Handler) -> Self {
        Arc::make_mut(&mut self.handlers).add::<E>(handler);
        self
    }

    /// Registers `hook`, which must empty what the handlers have written. It runs before a replay, and when the
    /// subscription of the engine is reset or rebuilt. Hooks run in the order of registration. The state of an engine
    /// needs no hook.
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// let total = Arc::new(AtomicU64::new(0));
    /// let (add, empty) = (Arc::clone(&total), Arc::clone(&total));
    /// let mut engine = ProjectionEngine::new("total", MemoryProjectionStates::new())
    ///     .on::<MoneyDeposited>(move |event| {
    ///         add.fetch_add(event.cents, Ordering::Relaxed);
    ///     })
    ///     .on_truncate(move || empty.store(0, Ordering::Relaxed));
    /// # let account = StreamId::new("Account", uuid::Uuid::nil());
    /// # let store = MemoryEventStore::new();
    /// # let [first, second] = [MoneyDeposited { cents: 500 }, MoneyDeposited { cents: 20 }];
    /// # let deposits = vec![NewEvent::of(&first)?, NewEvent::of(&second)?];
    /// # let appended = store.append(&account, ExpectedVersion::Any, deposits).await?;
    /// engine.replay_log(&store).await?;
    /// engine.replay_log(&store).await?; // the hook empties the total first
    /// assert_eq!(total.load(Ordering::Relaxed), 520);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn on_truncate<R: HandlerOutput>(mut self, hook: impl Fn() -> R + Send + Sync + 'static) -> Self {
        self.hooks.push(Arc::new(move || hook().into_result()));
        self
    }
}
