//! Code that the units of work on SQL databases share.

mod claim;
pub(in crate::backend) mod columns;
pub(in crate::backend) mod generations;
pub(in crate::backend) mod letter_pages;
mod letters;
pub(in crate::backend) mod operations;
pub(in crate::backend) mod owners;
mod request_rows;
pub(in crate::backend) mod rows;
mod scope;
pub(in crate::backend) mod search;
pub(in crate::backend) mod search_statements;
mod statements;
mod trials;
pub(in crate::backend) mod unit;

use std::error::Error;

use uuid::Uuid;

pub(in crate::backend) use claim::{ClaimAnswer, NotClaimed};
pub(in crate::backend) use letters::{ForgetLetters, change as change_letters, forget as forget_letters};
pub(in crate::backend) use scope::SqlScope;
pub(in crate::backend) use search_statements::{SearchStatements, Shelf};
pub(in crate::backend) use statements::{CheckpointDatabase, LetterStatements};

use crate::backend::sql::store::{Action, Failure, unsigned, verdict::explained};
use crate::event::Position;
use crate::projection::{ChangesRefused, CheckpointError, CheckpointReset, CheckpointUpdate, CommitError};
use crate::store::LogMark;

/// The reason why a unit has no connection to give, or cannot commit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotLent {
    #[error("only a transactional projection has a connection; the unit of work of this one has no transaction")]
    Detached,
    #[error("the batch's connection is in use already: a handler can ask for it once, and must give it back")]
    Twice,
    #[error("the batch has ended, so its connection is gone")]
    Ended,
}

impl CheckpointError {
    /// Returns the error of a failure inside a transaction, where nothing is retried.
    pub(crate) fn failed(action: Action<'_>, failure: Failure) -> Self {
        match failure {
            Failure::Database(error) => Self::Failed { action: action.to_string(), source: explained(error) },
            Failure::Corrupt(what) => Self::Corrupt { what },
        }
    }
}

/// Returns `error`, its cause, and so on.
pub(in crate::backend) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Returns what helps against the error of sqlx that is `error` or one of its causes.
pub(in crate::backend) fn remedy(error: &(dyn Error + 'static)) -> Option<&'static str> {
    causes(error).find_map(|cause| crate::backend::sql::store::verdict::remedy(cause.downcast_ref()?))
}

/// A change to the checkpoint.
#[derive(Clone, Copy)]
pub(in crate::backend) enum Change<'a> {
    Update(&'a CheckpointUpdate),
    Reset(&'a CheckpointReset),
}

impl<'a> Change<'a> {
    pub(in crate::backend) fn action(self) -> Action<'a> {
        match self {
            Self::Update(step) => Action::Commit(&step.name),
            Self::Reset(clear) => Action::Clear(&clear.name),
        }
    }
}

impl CommitError {
    /// Creates the error of changes that could not be written because of an outage.
    pub(in crate::backend) fn undone(action: Action<'_>, refused: ChangesRefused) -> Self {
        CheckpointError::Failed { action: action.to_string(), source: Box::new(refused) }.into()
    }
}

/// Returns the event by which the checkpoint `name` recognises its log; `None` if the position or the id is missing.
pub(in crate::backend) fn mark(
    name: &str,
    position: Option<i64>,
    event_id: Option<Uuid>,
) -> Result<Option<LogMark>, Failure> {
    let Some(position) = position else { return Ok(None) };
    let event_id = event_id.ok_or_else(|| Failure::Corrupt(format!("the event that the checkpoint `{name}` knows")))?;
    let position = unsigned(position, &format!("the event that the checkpoint `{name}` knows"))?;
    Ok(Some(LogMark::new(Position::new(position), event_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_of_a_checkpoint_without_an_id_is_corrupt() {
        assert!(matches!(mark("orders", None, Some(Uuid::nil())), Ok(None)));
        assert!(matches!(mark("orders", Some(7), Some(Uuid::nil())), Ok(Some(_))));
        assert!(matches!(mark("orders", Some(7), None), Err(Failure::Corrupt(_))));
    }
}
