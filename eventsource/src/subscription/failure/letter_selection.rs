//! Which dead letters are retried, and what came out of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Position, StreamId};
use crate::projection::{DeadLetter, LetterSearch};

/// The result of a retry or a dismissal.
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
/// let report = letters.retry_all().await?;
/// for letter in &report.left {
///     println!("failed again: {letter}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct RetryReport {
    /// How many letters were retried or dismissed. A letter that failed again counts.
    pub letters: u64,
    /// Whether the search finds more letters than one request takes: ask again. False for other requests.
    pub more_found: bool,
    /// How many events were applied: letters, and events that waited behind them.
    pub applied: u64,
    /// The letters that are left, at most [`RetryReport::MOST_LEFT`]. Their streams are still parked. Empty if
    /// everything was applied.
    pub left: Vec<DeadLetter>,
    /// Whether more letters are left than [`left`](Self::left) contains.
    pub more_left: bool,
}

impl RetryReport {
    /// How many letters [`left`](Self::left) contains at most.
    pub const MOST_LEFT: usize = 1_000;

    /// How many letters a request takes at most that names them by a search: 1,000.
    pub const MOST_AT_ONCE: usize = 1_000;
}

/// The dead letters that a call asked for.
///
/// ```
/// use eventsource::Position;
/// use eventsource::subscription::LetterSelection;
///
/// assert_eq!(LetterSelection::At(Position::new(42)).to_string(), "at position 42");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LetterSelection {
    /// All letters.
    All,
    /// The letter of the event at this position.
    At(Position),
    /// The letters of the events at these positions, one after the other. Positions that have no waiting letter are passed over.
    Positions(Vec<Position>),
    /// The letter behind which this stream is parked.
    Stream(StreamId),
    /// The letter of the event with this id.
    Event(Uuid),
    /// The first [`RetryReport::MOST_AT_ONCE`] waiting letters that a search finds, ordered by position.
    Matching(Box<LetterSearch>),
}

impl fmt::Display for LetterSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("at all"),
            Self::At(position) => write!(f, "at position {position}"),
            Self::Positions(positions) => {
                let positions = positions.iter().map(ToString::to_string).collect::<Vec<_>>();
                write!(f, "at the positions {}", positions.join(", "))
            }
            Self::Stream(stream) => write!(f, "of {stream}"),
            Self::Event(id) => write!(f, "of the event {id}"),
            Self::Matching(_) => f.write_str("that the search finds"),
        }
    }
}
