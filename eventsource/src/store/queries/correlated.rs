//! A page of correlated events.

use std::sync::Arc;

use crate::event::{Position, RecordedEvent};

/// A page of events with one correlation id. [`EventQueries::correlated`](super::EventQueries::correlated) returns it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::store::EventQueries;
/// use eventsource::{MemoryEventStore, Position};
///
/// let request = uuid::Uuid::now_v7();
/// let page = MemoryEventStore::new().correlated(request, Position::START, 100).await?;
/// if let Some(to) = page.unsearched_to {
///     println!("only the events after {to} were searched: create the correlation index to search all of them");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CorrelatedPage {
    /// The events, in position order. The next page begins after the last event of this one.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Whether the page ended at its limit, in events or in bytes. There can be more events.
    pub is_full: bool,
    /// The position up to which the log was not searched, because there is no correlation index: an event at or before
    /// it can be missing. `None` if everything after the position of the query was searched.
    pub unsearched_to: Option<Position>,
}

impl CorrelatedPage {
    /// The number of events, counted from the end of the log, that are searched if there is no correlation index:
    /// 10,000.
    pub const SEARCHED_WITHOUT_INDEX: usize = 10_000;

    /// Creates a page of `events`. `is_full` says whether the page ended at its limit. Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::CorrelatedPage;
    ///
    /// assert_eq!(CorrelatedPage::new(Vec::new(), false).unsearched_to, None);
    /// ```
    #[must_use]
    pub const fn new(events: Vec<Arc<RecordedEvent>>, is_full: bool) -> Self {
        Self { events, is_full, unsearched_to: None }
    }

    /// Sets [`unsearched_to`](Self::unsearched_to). Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Position;
    /// use eventsource::store::CorrelatedPage;
    ///
    /// let page = CorrelatedPage::new(Vec::new(), false).searched_after(Some(Position::new(7)));
    /// assert_eq!(page.unsearched_to, Some(Position::new(7)));
    /// ```
    #[must_use]
    pub const fn searched_after(mut self, position: Option<Position>) -> Self {
        self.unsearched_to = position;
        self
    }
}
