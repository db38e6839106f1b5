//! The result of a save.

use crate::bus::BusError;
use crate::event::Position;
use crate::store::{AppendToken, LogId};

/// The result of a save.
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
/// let mut account = accounts.create_new(uuid::Uuid::now_v7());
/// account.record([Deposited { amount: 5 }, Deposited { amount: 7 }]);
/// let saved = accounts.save(&mut account).await?;
/// assert_eq!(saved.version, 2);
/// assert!(saved.publish_error.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Saved {
    /// The position of the last event of the aggregate. To read your own write, pass the whole result to
    /// [`SubscriptionHandle::wait_for`](crate::SubscriptionHandle::wait_for).
    pub position: Position,
    /// The log in which the position counts. `None` if nothing was stored, because there were no events.
    pub log: Option<LogId>,
    /// The version of the aggregate.
    pub version: u64,
    /// The error of the notifier, if the events were stored but not published. Subscriptions find them when they poll.
    pub publish_error: Option<BusError>,
}

impl Saved {
    /// Returns the log and the position as a token for a client that reads its own writes: see [`AppendToken`]. `None`
    /// if nothing was stored.
    #[must_use]
    pub fn token(&self) -> Option<AppendToken> {
        Some(AppendToken::new(self.log?, self.position))
    }
}
