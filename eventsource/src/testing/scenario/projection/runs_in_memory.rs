//! Which projections can be tested in memory.

use crate::backend::memory::MemoryUnit;
use crate::projection::{EventSubscriber, Projection};

/// A projection that [`projection`](super::projection) can test: `#[projection]` made it, and its handlers ask only for
/// what memory provides. Every such projection implements it, and nothing else does.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # use eventsource::testing;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Debug, Default)]
/// # struct Revenue(u64);
/// # #[projection]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, order: &OrderPlaced) -> Result<(), HandlerError> {
/// #         self.0 = self.0.checked_add(order.total).ok_or_else(|| HandlerError::permanent("too much"))?;
/// #         Ok(())
/// #     }
/// # }
/// /// A check for any projection in memory.
/// fn handles_an_order<P: testing::RunsInMemory + Default>()
/// where
///     P: eventsource::projection::Handles<OrderPlaced, 0>,
/// {
///     testing::projection(P::default()).when(OrderPlaced { total: 7 }).then(|_| {});
/// }
/// handles_an_order::<Revenue>();
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be tested in memory",
    label = "not a projection, or it asks for a database connection, which memory does not lend",
    note = "test it on a database: subscribe it to a manager on a SQLite database in memory, as the documentation of `testing::projection` shows",
    note = "or ask for `&mut Repository<…>` in place of the connection, which is lent in memory too"
)]
pub trait RunsInMemory: Projection + EventSubscriber<MemoryUnit> {}

#[diagnostic::do_not_recommend]
impl<P: Projection + EventSubscriber<MemoryUnit>> RunsInMemory for P {}
