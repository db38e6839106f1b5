//! A page of the dead letters that a search finds.

use serde::{Deserialize, Serialize};

use crate::event::Position;
use crate::projection::DeadLetter;

/// The key by which dead letters are ordered: the name of the subscription, compared by its bytes, then the position.
///
/// ```
/// use eventsource::Position;
/// use eventsource::projection::LetterKey;
///
/// let key = LetterKey::new("orders", Position::new(7));
/// assert!(key < LetterKey::new("orders", Position::new(8)));
/// assert!(key < LetterKey::new("payments", Position::START));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LetterKey {
    /// The name of the subscription.
    pub subscription: String,
    /// The position of the event in the log.
    pub position: Position,
}

impl LetterKey {
    /// Creates a key.
    #[must_use]
    pub fn new(subscription: impl Into<String>, position: Position) -> Self {
        Self { subscription: subscription.into(), position }
    }

    /// Returns the key of `letter`.
    #[must_use]
    pub fn of(letter: &DeadLetter) -> Self {
        Self::new(&*letter.subscription, letter.position)
    }
}

/// A page of the dead letters that a search finds, ordered by their keys.
///
/// A page can have fewer letters than its limit, even none, although more follow: one request looks at a bounded number
/// of letters. Ask again with [`next`](Self::next) until it is `None`.
///
/// ```
/// use eventsource::projection::LetterPage;
///
/// let page = LetterPage::default();
/// assert!(page.letters.is_empty() && page.next.is_none(), "nothing was found, and nothing follows");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LetterPage {
    /// The letters.
    pub letters: Vec<DeadLetter>,
    /// The key after which the next page begins; `None` if no letter follows.
    pub next: Option<LetterKey>,
}

impl LetterPage {
    /// The largest number of letters in a page: 200. A larger limit counts as this one.
    pub const MOST: usize = 200;

    /// Returns `limit` as a number from 1 to [`MOST`](Self::MOST).
    pub(crate) fn limit(limit: usize) -> usize {
        limit.clamp(1, Self::MOST)
    }

    /// Creates the page of the first `limit` of `letters`. `next` is where the search has stopped, if it has.
    pub(crate) fn new(mut letters: Vec<DeadLetter>, limit: usize, next: Option<LetterKey>) -> Self {
        if letters.len() <= limit {
            return Self { letters, next };
        }
        letters.truncate(limit);
        let next = letters.last().map(LetterKey::of);
        Self { letters, next }
    }
}
