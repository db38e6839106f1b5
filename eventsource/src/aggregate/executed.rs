//! The result of a command.

use std::sync::Arc;

use crate::bus::BusError;
use crate::event::{Position, RecordedEvent};
use crate::store::{AppendToken, LogId};

/// The result of a command. [`AggregateRepository::execute`](super::AggregateRepository::execute) returns it.
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
/// let command = |account: &mut AggregateRoot<Account>| {
///     account.record(Deposited { amount: 5 });
///     Ok::<_, std::convert::Infallible>(Deposited { amount: 7 })
/// };
/// let executed = accounts.execute(uuid::Uuid::now_v7(), command).await?;
/// assert_eq!((executed.version, executed.events.len(), executed.is_repeated), (2, 2, false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Executed {
    /// The version of the aggregate after the command.
    pub version: u64,
    /// The position of the last event of the aggregate. To read your own write, pass the whole result to
    /// [`SubscriptionHandle::wait_for`](crate::SubscriptionHandle::wait_for).
    pub position: Position,
    /// The log in which the position counts. `None` if nothing was stored, because there were no events.
    pub log: Option<LogId>,
    /// The stored events of the command. Empty if it recorded no events.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Whether the command was executed before with the same command id. Then this is the result of the first
    /// execution.
    pub is_repeated: bool,
    /// The error of the notifier, if the events were stored but not published. Subscriptions find them when they poll.
    pub publish_error: Option<BusError>,
}

impl Executed {
    /// Returns the result of a command that has stored these events.
    pub(super) fn repeated(log: LogId, events: Vec<Arc<RecordedEvent>>) -> Option<Self> {
        let last = events.last()?;
        let (version, position) = (last.version(), last.position());
        Some(Self { version, position, log: Some(log), events, is_repeated: true, publish_error: None })
    }

    /// Returns the log and the position as a token for a client that reads its own writes: see [`AppendToken`]. `None`
    /// if nothing was stored.
    #[must_use]
    pub fn token(&self) -> Option<AppendToken> {
        Some(AppendToken::new(self.log?, self.position))
    }
}
