//! Loads several aggregates at the same time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use uuid::Uuid;

use super::{Aggregate, AggregateError, AggregateRepository, AggregateRoot};

/// The maximum number of concurrent loads.
const AT_ONCE: usize = 8;

impl<A: Aggregate> AggregateRepository<A> {
    /// Loads the aggregates `ids`. Returns them in the order of `ids`, with `None` for an aggregate without events.
    ///
    /// Up to 8 aggregates are loaded at the same time.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::{AggregateRepository, aggregate};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct Placed {}
    /// # #[derive(Default)]
    /// # struct Order { placed: bool }
    /// # #[aggregate]
    /// # impl Order {
    /// #     #[applies(Placed)] fn placed(&mut self, _: &Placed) { self.placed = true }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let orders = AggregateRepository::<Order>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let mut order = orders.create_new(uuid::Uuid::now_v7());
    /// order.record(Placed {});
    /// orders.save(&mut order).await?;
    ///
    /// let loaded = orders.load_many([order.id(), uuid::Uuid::now_v7()]).await?;
    /// assert!(loaded[0].as_ref().is_some_and(|order| order.placed));
    /// assert!(loaded[1].is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    /// The errors of [`load`](Self::load), except `NotFound`. If several loads fail, the first error in the order of
    /// `ids`.
    pub async fn load_many(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<Option<AggregateRoot<A>>>, AggregateError> {
        let ids: Vec<_> = ids.into_iter().collect();
        let mut loaded = Vec::with_capacity(ids.len());
        for ids in ids.chunks(AT_ONCE) {
            let mut loads: Vec<_> = ids.iter().map(|id| Load::Running(Box::pin(self.get_or_none(*id)))).collect();
            poll_fn(|context| {
                let mut pending = false;
                for load in &mut loads {
                    if let Load::Running(running) = load {
                        match running.as_mut().poll(context) {
                            Poll::Ready(done) => *load = Load::Done(done),
                            Poll::Pending => pending = true,
                        }
                    }
                }
                if pending { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
            for load in loads {
                if let Load::Done(done) = load {
                    loaded.push(done?);
                }
            }
        }
        Ok(loaded)
    }
}

type Loading<'a, A> = Pin<Box<dyn Future<Output = Loaded<A>> + Send + 'a>>;
type Loaded<A> = Result<Option<AggregateRoot<A>>, AggregateError>;

/// One of several concurrent loads.
enum Load<'a, A> {
    Running(Loading<'a, A>),
    Done(Loaded<A>),
}
