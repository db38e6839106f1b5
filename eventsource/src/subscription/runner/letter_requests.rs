//! Begins to serve a request for letters: finds them, and dismisses or retries them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::observed::ToldLetter;
use super::retrying::Scope;
use super::{End, Owner};
use crate::event::Position;
use crate::projection::{
    CheckpointStore, DeadLetter, LetterChange, LetterKey, LetterPage, LetterQuery, LetterSearch, LetterStanding,
    LetterState,
};
use crate::subscription::observer::LetterStep;
use crate::subscription::requests::{Answered, Reply};
use crate::subscription::{DeadLetterError, LetterSelection, RetryReport};

/// How many letters are dismissed in one transaction.
const DISMISSED_TOGETHER: usize = 100;

impl<C: CheckpointStore> Owner<'_, C> {
    /// Begins to retry the requested letters. Answers at once if there is no such letter.
    pub(super) async fn begin_retry(&mut self, which: LetterSelection, answer: Reply<Answered>) -> Result<(), End> {
        let mut report = RetryReport::default();
        let scope = match &which {
            LetterSelection::All => {
                Some(Scope::All { after: Position::START, until: self.active.high_water, failed: BTreeSet::new() })
            }
            LetterSelection::Matching(search) => {
                let (letters, more_found) = self.letters_found(search).await?;
                report.more_found = more_found;
                Some(Scope::streams(letters.into_iter().map(|letter| letter.stream)))
            }
            one => self.one_letter(one).await?.map(|letter| Scope::streams([letter.stream])),
        };
        match scope {
            Some(scope) => self.begin_scope(scope, Some(answer), report),
            None => answer.send(Err(self.no_such_letter(&which))),
        }
        Ok(())
    }

    /// Dismisses the requested letters, and begins to apply the events behind them.
    pub(super) async fn dismiss(
        &mut self,
        which: LetterSelection,
        reason: &str,
        answer: Reply<Answered>,
    ) -> Result<(), End> {
        let mut report = RetryReport::default();
        let letters = match &which {
            LetterSelection::Matching(search) => {
                let (letters, more_found) = self.letters_found(search).await?;
                report.more_found = more_found;
                letters
            }
            one => match self.one_letter(one).await? {
                Some(letter) => vec![letter],
                None => {
                    answer.send(Err(self.no_such_letter(&which)));
                    return Ok(());
                }
            },
        };
        let mut streams = Vec::new();
        for letters in letters.chunks(DISMISSED_TOGETHER) {
            let mut changes = Vec::new();
            for letter in letters {
                let next = self.first_behind(letter).await?;
                changes.push(LetterChange::Dismiss(letter.clone().dismissed(reason)));
                if let Some(event) = next {
                    changes.push(LetterChange::Keep(self.next_letter(letter, &event)));
                    streams.push(letter.stream.clone());
                }
            }
            self.learn_letters(letters);
            self.save(self.active.position, changes).await?;
            for letter in letters {
                self.context.tell_letter(&ToldLetter {
                    step: LetterStep::Dismissed,
                    position: letter.position,
                    event_type: &letter.event_type,
                    failure: None,
                });
            }
            report.letters += letters.len() as u64;
        }
        self.begin_scope(Scope::streams(streams), Some(answer), report);
        Ok(())
    }

    /// Returns the letter that `which` names, if it parks a stream.
    async fn one_letter(&mut self, which: &LetterSelection) -> Result<Option<DeadLetter>, End> {
        match which {
            LetterSelection::At(position) => self.letter_at(*position).await,
            LetterSelection::Stream(stream) => self.letter_of(stream).await,
            LetterSelection::Event(id) => {
                let found = self.page_of_parked(LetterQuery::event(*id).limit(1)).await?;
                Ok(found.into_iter().find(DeadLetter::parks))
            }
            LetterSelection::All | LetterSelection::Positions(_) | LetterSelection::Matching(_) => Ok(None),
        }
    }

    /// Returns the first waiting letters that `search` finds, at most as many as a request takes, and whether there are
    /// more.
    async fn letters_found(&mut self, search: &LetterSearch) -> Result<(Vec<DeadLetter>, bool), End> {
        if search.standing == Some(LetterStanding::Dismissed) {
            return Ok((Vec::new(), false));
        }
        let mut search = search.clone().waiting();
        search.subscription = Some(self.context.core.name.clone());
        let is_wanted = |letter: &DeadLetter| letter.state == LetterState::Waiting && search.matches(letter);
        let mut letters = Vec::new();
        let mut next = None;
        loop {
            let page = self.page_found(&search, next.as_ref()).await?;
            letters.extend(page.letters.into_iter().filter(is_wanted));
            next = page.next;
            if next.is_none() || letters.len() > RetryReport::MOST_AT_ONCE {
                break;
            }
            self.context.poll_control().await?;
        }
        let more_found = letters.len() > RetryReport::MOST_AT_ONCE;
        letters.truncate(RetryReport::MOST_AT_ONCE);
        Ok((letters, more_found))
    }

    async fn page_found(&mut self, search: &LetterSearch, after: Option<&LetterKey>) -> Result<LetterPage, End> {
        if self.active.parked.knows_all() {
            let all = self.active.parked.page(LetterQuery::parking().limit(usize::MAX));
            return Ok(LetterPage::new(all, usize::MAX, None));
        }
        let checkpoints = Arc::clone(&self.context.checkpoints);
        self.context.retry_until_up(|| checkpoints.find_letters(search, after, LetterPage::MOST)).await
    }

    fn no_such_letter(&self, which: &LetterSelection) -> DeadLetterError {
        DeadLetterError::Unknown { subscription: self.context.core.name.clone(), which: which.clone() }
    }
}
