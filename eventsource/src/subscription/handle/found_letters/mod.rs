//! Searches the dead letters of a subscription, and retries or dismisses those that are found.

use super::dead_letters::DeadLetters;
use crate::event::Position;
use crate::projection::{LetterGroups, LetterKey, LetterPage, LetterSearch, WholeLetter};
use crate::subscription::requests::Request;
use crate::subscription::{DeadLetterError, LetterSelection, RetryReport};

impl DeadLetters {
    /// Returns the first `limit` letters after the key `after` that `search` finds, ordered by position. `limit` is 1 to
    /// [`LetterPage::MOST`] (200). The subscription that the search names is replaced by this one.
    ///
    /// # Errors
    /// [`DeadLetterError::Store`] if the checkpoint store fails: ask again.
    #[doc = concat!(include_str!("begin.md"), include_str!("find.md"))]
    pub async fn find(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPage, DeadLetterError> {
        let found = self.slot.find_letters(&self.search(search), after, limit).await;
        found.map_err(|source| self.unread(source))
    }

    /// Counts the letters that `search` finds, by the first line of their error and their event type. Counting stops
    /// after 10,000 letters: see [`LetterGroups`].
    ///
    /// # Errors
    /// [`DeadLetterError::Store`] if the checkpoint store fails: ask again.
    #[doc = concat!(include_str!("begin.md"), include_str!("groups.md"))]
    pub async fn groups(&self, search: &LetterSearch) -> Result<LetterGroups, DeadLetterError> {
        self.slot.letter_groups(&self.search(search)).await.map_err(|source| self.unread(source))
    }

    /// Returns the letter at `position`, in any state, with its event.
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`] if there is none; [`DeadLetterError::Store`] and [`DeadLetterError::Log`] if a store
    /// fails: ask again.
    #[doc = concat!(include_str!("begin.md"), include_str!("whole.md"))]
    pub async fn whole(&self, position: Position) -> Result<WholeLetter, DeadLetterError> {
        let letter = self.get(position).await?;
        let whole = WholeLetter::read(letter, &*self.core.store).await;
        whole.map_err(|source| DeadLetterError::Log { subscription: self.core.name.clone(), source })
    }

    /// Retries the first 1,000 waiting letters that `search` finds ([`RetryReport::MOST_AT_ONCE`]), ordered by position,
    /// each with the events that wait behind it: see [`retry_all`](Self::retry_all). [`RetryReport::more_found`] says
    /// whether there are more.
    ///
    /// A search for dismissed letters retries none. It is no error if nothing is found.
    ///
    /// # Errors
    /// Those of [`retry_all`](Self::retry_all).
    #[doc = concat!(include_str!("begin.md"), include_str!("retry_matching.md"))]
    pub async fn retry_matching(&self, search: &LetterSearch) -> Result<RetryReport, DeadLetterError> {
        let which = LetterSelection::Matching(Box::new(self.search(search)));
        self.ask(|answer| Request::Retry { which, answer }).await
    }

    /// Dismisses the first 1,000 waiting letters that `search` finds ([`RetryReport::MOST_AT_ONCE`]), ordered by position,
    /// for `reason`, and applies the events that wait behind them: see [`dismiss`](Self::dismiss).
    /// [`RetryReport::more_found`] says whether there are more.
    ///
    /// 100 letters are dismissed in one transaction. If the process ends half-way, the rest still waits: ask again.
    ///
    /// # Errors
    /// [`DeadLetterError::NotRunning`] if the subscription does not run in this process: start or resume it, or ask the
    /// owner; [`DeadLetterError::InsideHandler`] in a handler of the subscription.
    #[doc = concat!(include_str!("begin.md"), include_str!("dismiss_matching.md"))]
    pub async fn dismiss_matching(
        &self,
        search: &LetterSearch,
        reason: impl Into<String>,
    ) -> Result<RetryReport, DeadLetterError> {
        let (which, reason) = (LetterSelection::Matching(Box::new(self.search(search))), reason.into());
        self.ask(|answer| Request::Dismiss { which, reason, answer }).await
    }

    /// Returns `search` among the letters of this subscription.
    fn search(&self, search: &LetterSearch) -> LetterSearch {
        LetterSearch { subscription: Some(self.core.name.clone()), ..search.clone() }
    }
}
