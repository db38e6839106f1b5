//! How far a dry run or a verification is.

use crate::event::Position;

/// How far a dry run or a verification is.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TrialProgress<'a> {
    /// The subscription whose handlers run.
    pub subscription: &'a str,
    /// The position after which it began.
    pub from: Position,
    /// The position that it has passed.
    pub at: Position,
    /// Where it ends.
    pub to: Position,
    /// How many events have failed.
    pub failed: u64,
}
