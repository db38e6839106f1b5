//! What the units of work on SQL databases share.

use super::Advance;
use crate::store::sql::Action;

/// Why a unit has no connection to lend, or cannot commit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotLent {
    #[error("only a transactional subscriber is lent a connection; this one's unit of work has no transaction")]
    Detached,
    #[error("the batch's connection is lent already: a handler can ask for it once, and must give it back")]
    Twice,
    #[error("the batch has ended, and lends nothing any more")]
    Ended,
}

/// What a unit does to the checkpoint.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Advance(&'a Advance),
    Clear(&'a str),
}

impl<'a> Change<'a> {
    pub(super) fn action(self) -> Action<'a> {
        match self {
            Self::Advance(step) => Action::Commit(&step.name),
            Self::Clear(name) => Action::Clear(name),
        }
    }
}
