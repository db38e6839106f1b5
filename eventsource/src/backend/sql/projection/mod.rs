//! Code that the units of work on SQL databases share.

mod claim;
pub(in crate::backend) mod columns;
pub(in crate::backend) mod generations;
mod letters;
pub(in crate::backend) mod owners;
mod scope;
pub(in crate::backend) mod unit;
mod values;

use std::collections::BTreeMap;
use std::error::Error;

use uuid::Uuid;

pub(in crate::backend) use claim::NotClaimed;
pub(in crate::backend) use letters::{
    ForgetLetters, LetterRows, LetterStatement, change as change_letters, field as letter_field,
    forget as forget_letters,
};
pub(in crate::backend) use owners::TextRows;
pub(in crate::backend) use scope::SqlScope;
pub(in crate::backend) use values::{Value, bind_values};

use crate::backend::sql::store::{Action, Failure, unsigned, verdict::explained};
use crate::event::Position;
use crate::projection::{
    ChangesRefused, CheckpointError, CheckpointReset, CheckpointUpdate, CommitError, DeadLetter, LetterCounts,
};
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
    let (Some(position), Some(event_id)) = (position, event_id) else { return Ok(None) };
    let position = unsigned(position, &format!("the event that the checkpoint `{name}` knows"))?;
    Ok(Some(LogMark::new(Position::new(position), event_id)))
}

/// Serialises a dead letter as JSON. The number of held events has its own column.
pub(in crate::backend) fn letter_json(letter: &DeadLetter) -> Result<String, Failure> {
    serde_json::to_string(letter).map_err(|error| Failure::Database(sqlx::Error::Encode(Box::new(error))))
}

/// Parses the dead letter of the subscription `name` that is stored as `json`.
pub(in crate::backend) fn letter_from_json(name: &str, json: &str, held: i64) -> Result<DeadLetter, Failure> {
    let letter: DeadLetter =
        serde_json::from_str(json).map_err(|error| Failure::Corrupt(format!("a dead letter of `{name}`: {error}")))?;
    Ok(DeadLetter { subscription: name.to_owned(), held: unsigned(held, "what waits behind a dead letter")?, ..letter })
}

/// Returns how many letters wait and how many events wait behind them, by subscription. Subscriptions without letters
/// are left out.
pub(in crate::backend) fn letter_counts(
    rows: Vec<(String, i64, i64)>,
) -> Result<BTreeMap<String, LetterCounts>, Failure> {
    let count = |number| unsigned(number, "a number of dead letters");
    let counts = |(name, waiting, held)| {
        let waiting = usize::try_from(count(waiting)?).unwrap_or(usize::MAX);
        Ok((name, LetterCounts { waiting, held: count(held)? }))
    };
    rows.into_iter().filter(|(_, waiting, _)| *waiting > 0).map(counts).collect()
}
