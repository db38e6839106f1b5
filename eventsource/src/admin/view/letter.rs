//! A dead letter, as an operator sees it.

use serde::{Deserialize, Serialize};

use super::EventView;
use crate::projection::DeadLetter;

/// A dead letter with its event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LetterView {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The letter: its errors, its attempts, and how many events wait behind it.
    pub letter: DeadLetter,
    /// The event that could not be applied. `None` if the log does not have it any more.
    pub event: Option<EventView>,
}
