//! Queries for dead letters.

use uuid::Uuid;

use super::{DeadLetter, ErrorClass, LetterState};
use crate::event::Position;

/// Selects which dead letters of a subscription a [`LetterQuery`] returns.
///
/// ```
/// use eventsource::projection::{LetterFilter, LetterQuery};
///
/// assert_eq!(LetterQuery::dismissed().filter, LetterFilter::Dismissed);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LetterFilter {
    /// All letters.
    All,
    /// The letters behind which streams are parked: waiting and released ones.
    Parking,
    /// The letters that the subscription applies next, without being asked ([`LetterState::Released`]).
    Released,
    /// The letters that were dismissed, by an operator or by the policy *skip*.
    Dismissed,
    /// The letters whose last error had this class: waiting and dismissed ones. A released letter has not failed
    /// itself, so it is not among them. Stores scan the letters of the subscription.
    Failed(ErrorClass),
    /// The letter of the event with this id, in any state. Stores scan the letters of the subscription;
    /// [`DeadLetters::of_event`](crate::subscription::DeadLetters::of_event) uses an index instead.
    Event(Uuid),
}

impl LetterFilter {
    pub(super) fn matches(self, letter: &DeadLetter) -> bool {
        let is_released = matches!(letter.state, LetterState::Released);
        match self {
            Self::All => true,
            Self::Parking => letter.parks(),
            Self::Released => is_released,
            Self::Dismissed => !letter.parks(),
            Self::Failed(class) => !is_released && letter.class == class,
            Self::Event(id) => letter.event_id == id,
        }
    }
}

/// A query for one page of the dead letters of a subscription, ordered by position.
///
/// ```
/// use eventsource::Position;
/// use eventsource::projection::LetterQuery;
///
/// let first = LetterQuery::parking().limit(50);
/// let later = first.after(Position::new(117));
/// assert_eq!((later.after, later.limit), (Position::new(117), 50));
/// assert_eq!(first.next(&[]), None, "there is no page after an empty one");
/// ```
///
/// There is a constructor for each filter:
///
/// ```
/// use eventsource::projection::{ErrorClass, LetterFilter, LetterQuery};
///
/// assert_eq!(LetterQuery::all(), LetterQuery::new(LetterFilter::All));
/// assert_eq!(LetterQuery::released(), LetterQuery::new(LetterFilter::Released));
/// assert_eq!(LetterQuery::dismissed(), LetterQuery::new(LetterFilter::Dismissed));
/// assert_eq!(LetterQuery::failed(ErrorClass::Permanent).filter, LetterFilter::Failed(ErrorClass::Permanent));
/// assert_eq!(LetterQuery::event(uuid::Uuid::nil()).filter, LetterFilter::Event(uuid::Uuid::nil()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LetterQuery {
    /// Which letters.
    pub filter: LetterFilter,
    /// Only letters after this position; the start of the log by default.
    pub after: Position,
    /// The largest number of letters; 100 by default.
    pub limit: usize,
}

impl LetterQuery {
    /// Creates a query for the first 100 letters that match `filter`.
    #[must_use]
    pub const fn new(filter: LetterFilter) -> Self {
        Self { filter, after: Position::START, limit: 100 }
    }

    /// Creates a query for the first 100 letters.
    #[must_use]
    pub const fn all() -> Self {
        Self::new(LetterFilter::All)
    }

    /// Creates a query for the first 100 letters behind which streams are parked.
    #[must_use]
    pub const fn parking() -> Self {
        Self::new(LetterFilter::Parking)
    }

    /// Creates a query for the first 100 letters that the subscription applies next, without being asked.
    #[must_use]
    pub const fn released() -> Self {
        Self::new(LetterFilter::Released)
    }

    /// Creates a query for the first 100 letters that were dismissed, by an operator or by the policy *skip*.
    #[must_use]
    pub const fn dismissed() -> Self {
        Self::new(LetterFilter::Dismissed)
    }

    /// Creates a query for the first 100 letters whose last error had this class.
    #[must_use]
    pub const fn failed(class: ErrorClass) -> Self {
        Self::new(LetterFilter::Failed(class))
    }

    /// Creates a query for the letter of the event with this id.
    #[must_use]
    pub const fn event(id: Uuid) -> Self {
        Self::new(LetterFilter::Event(id))
    }

    /// Restricts the query to letters after `position`. The next page begins after the last letter of this page.
    #[must_use]
    pub const fn after(mut self, position: Position) -> Self {
        self.after = position;
        self
    }

    /// Sets the largest number of letters, 100 by default.
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Returns the query for the page after `page`, which answered this query; `None` if `page` was the last one.
    #[must_use]
    pub fn next(self, page: &[DeadLetter]) -> Option<Self> {
        let last = page.last().filter(|_| page.len() >= self.limit)?;
        Some(self.after(last.position))
    }
}
