//! Observers: called by the runners of a manager when something has happened, once for each batch at most.

mod failure_kind;
mod guarded;
mod port;
mod recent;
mod seen;
mod seen_life;

pub use self::failure_kind::{CommitFailure, FailureKind};
pub(in crate::subscription) use self::guarded::{Observers, RebuildObservers};
pub use self::port::Observer;
pub use self::recent::{Recent, RecentInterval};
pub use self::seen::{AttemptFailed, BatchSeen, BatchSource, CommitSeen, LetterSeen, LetterStep, PageSeen};
pub use self::seen_life::{
    Generation, LeaseSeen, LeaseStep, RebuildSeen, RebuildStep, RequestAction, RequestSeen, StateSeen,
};
