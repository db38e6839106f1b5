//! Failures: the event that failed, the last failure of a subscription, the letters that a retry selects, and restarts.

mod failed_event;
mod last_failure;
mod letter_selection;
pub(super) mod restarts;

pub use self::failed_event::Failure;
pub use self::last_failure::LastFailure;
pub use self::letter_selection::{LetterSelection, RetryReport};
