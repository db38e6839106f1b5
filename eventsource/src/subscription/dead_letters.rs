//! The dead letters of a subscription: list them, retry them, dismiss them.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::requests::{Answered, Reply, Request, answer, answered};
use super::subscription_shared::SubscriptionShared;
use super::supervised::Operations;
use super::{InsideHandler, SubscriptionState};
use crate::event::{Position, StreamId};
use crate::projection::{CheckpointError, DeadLetter, LetterQuery};
use crate::store::StoreError;

/// The dead letters of a subscription.
///
/// Retrying and dismissing is done by the subscription's own runner, between two batches, in the same unit of work as
/// everything else: nothing is applied twice, and nothing races it. So the subscription has to run.
#[derive(Clone)]
pub struct DeadLetters {
    core: Arc<SubscriptionShared>,
    slot: Arc<dyn Operations>,
}

/// What a retry, or what followed a dismissal, came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RetryReport {
    /// How many events were applied: letters, and what had waited behind them.
    pub applied: u64,
    /// The letters behind which the streams are parked now, at most [`RetryReport::MOST_LEFT`] of them; none where all was
    /// applied.
    pub left: Vec<DeadLetter>,
    /// Whether there are more of them.
    pub more_left: bool,
}

impl RetryReport {
    /// How many letters [`left`](Self::left) contains at most.
    pub const MOST_LEFT: usize = 1_000;
}

/// The dead letters that a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LetterSelection {
    /// All letters.
    All,
    /// The letter of the event at this position.
    At(Position),
    /// The letter behind which this stream is parked.
    Stream(StreamId),
    /// The letter of the event with this id.
    Event(Uuid),
}

impl fmt::Display for LetterSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("at all"),
            Self::At(position) => write!(f, "at position {position}"),
            Self::Stream(stream) => write!(f, "of {stream}"),
            Self::Event(id) => write!(f, "of the event {id}"),
        }
    }
}

/// Why nothing was done about a dead letter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeadLetterError {
    /// There is no such letter that waits.
    #[error("`{subscription}` has no dead letter {which} that waits: `list()` says which it has")]
    Unknown {
        /// The name of the subscription.
        subscription: String,
        /// The letters that were asked for.
        which: LetterSelection,
    },
    /// The subscription does not run, or ended before it came to it.
    #[error(
        "the dead letters of `{subscription}` are retried by the subscription itself, which is {state}: start or resume it"
    )]
    NotRunning {
        /// The name of the subscription.
        subscription: String,
        /// What it is doing.
        state: SubscriptionState,
    },
    /// A handler of the subscription asked, which the subscription waits for.
    #[error(transparent)]
    InsideHandler(#[from] InsideHandler),
    /// The event store failed while it looked for the event of a letter.
    #[error("the event of a dead letter of `{subscription}` cannot be looked up")]
    Log {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: StoreError,
    },
    /// The store did not delete all letters that it was to forget.
    #[error("the dismissed letters of `{subscription}` cannot be forgotten: try again, what was deleted stays deleted")]
    Forget {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: CheckpointError,
    },
    /// The store failed.
    #[error("the dead letters of `{subscription}` cannot be read: {source}")]
    Store {
        /// The name of the subscription.
        subscription: String,
        /// Why.
        source: CheckpointError,
    },
}

impl DeadLetters {
    pub(super) fn new(core: Arc<SubscriptionShared>, slot: Arc<dyn Operations>) -> Self {
        Self { core, slot }
    }

    /// Returns all letters that wait, by position: one for each stream that is parked. They are read page by page, and
    /// are all in memory then: where there may be many, use [`page`](Self::page).
    ///
    /// # Errors
    /// [`DeadLetterError::Store`]
    pub async fn list(&self) -> Result<Vec<DeadLetter>, DeadLetterError> {
        self.all(LetterQuery::parking()).await
    }

    /// Returns all letters that were dismissed, or skipped by policy, by position, as [`list`](Self::list) does. A reset or
    /// rebuild forgets them.
    ///
    /// # Errors
    /// [`DeadLetterError::Store`]
    pub async fn dismissed(&self) -> Result<Vec<DeadLetter>, DeadLetterError> {
        self.all(LetterQuery::dismissed()).await
    }

    /// Returns one page of letters, by position.
    ///
    /// ```no_run
    /// use eventsource::projection::LetterQuery;
    /// # async fn example(letters: eventsource::subscription::DeadLetters) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut next = Some(LetterQuery::parking().limit(50));
    /// while let Some(query) = next {
    ///     let page = letters.page(query).await?;
    ///     for letter in &page {
    ///         println!("{letter}");
    ///     }
    ///     next = query.next(&page);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`DeadLetterError::Store`]
    pub async fn page(&self, query: LetterQuery) -> Result<Vec<DeadLetter>, DeadLetterError> {
        self.slot.letters(query).await.map_err(|source| self.unread(source))
    }

    /// Returns the letter of the event at `position`, whether it waits or was dismissed. It is looked up by its key.
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`], [`DeadLetterError::Store`]
    pub async fn get(&self, position: Position) -> Result<DeadLetter, DeadLetterError> {
        let found = self.slot.letter(position).await.map_err(|source| self.unread(source))?;
        found.ok_or_else(|| DeadLetterError::Unknown {
            subscription: self.core.name.clone(),
            which: LetterSelection::At(position),
        })
    }

    /// Returns the letter of the event with this id, whether it waits or was dismissed. The event is looked up in the log,
    /// and the letter by its position.
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`], [`DeadLetterError::Store`], [`DeadLetterError::Log`]
    pub async fn of_event(&self, id: Uuid) -> Result<DeadLetter, DeadLetterError> {
        let found = self.core.store.event(id).await;
        let found = found.map_err(|source| DeadLetterError::Log { subscription: self.core.name.clone(), source })?;
        let letter = match found {
            Some(event) => self.slot.letter(event.position()).await.map_err(|source| self.unread(source))?,
            None => None,
        };
        // The letter may be of another event, where the log was replaced.
        letter.filter(|letter| letter.event_id == id).ok_or_else(|| DeadLetterError::Unknown {
            subscription: self.core.name.clone(),
            which: LetterSelection::Event(id),
        })
    }

    /// Deletes the letters that were dismissed, or skipped by policy, before `before`, and returns their number. Letters
    /// that wait stay, whatever their age. The subscription need not run.
    ///
    /// A letter is the record of a dismissal. A projection with its state in memory also reads there which events it is not
    /// handed again when it replays the log: an event whose letter is gone is handed to it again, and may fail again.
    ///
    /// ```no_run
    /// # async fn example(letters: eventsource::subscription::DeadLetters) -> Result<(), Box<dyn std::error::Error>> {
    /// let forgotten = letters.forget_dismissed(chrono::Utc::now() - chrono::TimeDelta::days(90)).await?;
    /// println!("{forgotten} letters forgotten");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`DeadLetterError::Forget`] if the store fails; some of the letters may be deleted then.
    pub async fn forget_dismissed(&self, before: DateTime<Utc>) -> Result<u64, DeadLetterError> {
        let forgotten = self.slot.forget_dismissed(before).await;
        forgotten.map_err(|source| DeadLetterError::Forget { subscription: self.core.name.clone(), source })
    }

    async fn all(&self, query: LetterQuery) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let (mut letters, mut next) = (Vec::new(), Some(query.limit(1_000)));
        while let Some(query) = next {
            let page = self.page(query).await?;
            next = query.next(&page);
            letters.extend(page);
        }
        Ok(letters)
    }

    fn unread(&self, source: CheckpointError) -> DeadLetterError {
        DeadLetterError::Store { subscription: self.core.name.clone(), source }
    }

    /// Applies the event of the letter at `position`, and then what waits behind it, in order. Where one of them fails,
    /// after its retries, it is the letter from then on. A pause meanwhile holds it up, and the answer, until the resume.
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`], [`DeadLetterError::NotRunning`]
    pub async fn retry(&self, position: Position) -> Result<RetryReport, DeadLetterError> {
        self.ask(|answer| Request::Retry { which: LetterSelection::At(position), answer }).await
    }

    /// Applies the event of the letter of `stream`, and what waits behind it: see [`retry`](Self::retry).
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`], [`DeadLetterError::NotRunning`]
    pub async fn retry_stream(&self, stream: &StreamId) -> Result<RetryReport, DeadLetterError> {
        self.ask(|answer| Request::Retry { which: LetterSelection::Stream(stream.clone()), answer }).await
    }

    /// Retries every letter that waits, by position, each with what waits behind it.
    ///
    /// Letters are retried in batches as large as those of the subscription
    /// ([`batch_size`](super::SubscriptionConfig::batch_size), [`batch_bytes`](super::SubscriptionConfig::batch_bytes)), each
    /// in one transaction. After each batch new events have their turn, and the state is
    /// [`RetryingLetters`](SubscriptionState::RetryingLetters) meanwhile. An event that fails is retried alone, stays a letter
    /// where it fails again, and does not hold the others up. Letters of other requests wait until this one is answered.
    ///
    /// # Errors
    /// [`DeadLetterError::NotRunning`]
    pub async fn retry_all(&self) -> Result<RetryReport, DeadLetterError> {
        self.ask(|answer| Request::Retry { which: LetterSelection::All, answer }).await
    }

    /// Gives the event of the letter at `position` up for good, for `reason`, and applies what waits behind it.
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`], [`DeadLetterError::NotRunning`]
    pub async fn dismiss(&self, position: Position, reason: impl Into<String>) -> Result<RetryReport, DeadLetterError> {
        let reason = reason.into();
        self.ask(|answer| Request::Dismiss { position, reason, answer }).await
    }

    /// Asks the runner, which answers between two batches.
    async fn ask(&self, request: impl FnOnce(Reply<Answered>) -> Request) -> Answered {
        self.core.refuse_handler("retry or dismiss dead letters")?;
        let (answer, asked) = answer();
        self.core.requests.add(request(answer));
        answered(&self.core, asked)
            .await
            .unwrap_or_else(|state| Err(DeadLetterError::NotRunning { subscription: self.core.name.clone(), state }))
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters").field("subscription", &self.core.name).finish_non_exhaustive()
    }
}
