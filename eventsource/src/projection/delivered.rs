//! Where the events of a batch come from.

/// Where the events of a batch come from: see
/// [`EventSubscriber::begin_batch`](super::EventSubscriber::begin_batch).
///
/// ```
/// use eventsource::projection::Delivered;
///
/// assert_ne!(Delivered::Log, Delivered::Letters);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivered {
    /// From the log, in its order.
    Log,
    /// From dead letters that are retried, with the events that waited behind them. They are before events that were
    /// handled.
    Letters,
}
