//! The answer to a claim of a checkpoint.

use chrono::{DateTime, Utc};

use crate::event::SliceRange;
use crate::projection::{Checkpoint, ClaimError};

/// The answer to a claim.
#[derive(Debug)]
pub(in crate::backend) enum ClaimAnswer {
    Claimed(Box<Checkpoint>),
    Not(NotClaimed),
}

impl ClaimAnswer {
    /// Returns the claimed checkpoint, or the error for the checkpoint `name`.
    pub(in crate::backend) fn of(self, name: &str) -> Result<Checkpoint, ClaimError> {
        match self {
            Self::Claimed(checkpoint) => Ok(*checkpoint),
            Self::Not(why) => Err(why.of(name)),
        }
    }
}

/// The reason why a checkpoint was not claimed.
#[derive(Debug)]
pub(in crate::backend) enum NotClaimed {
    Held { owner: String, until: DateTime<Utc> },
    Changed { found: String },
    Overlaps { slices: SliceRange, found: SliceRange },
}

impl NotClaimed {
    /// Returns the error for the checkpoint `name`.
    pub(in crate::backend) fn of(self, name: &str) -> ClaimError {
        let name = name.to_owned();
        match self {
            Self::Held { owner, until } => ClaimError::Held { name, owner, until },
            Self::Changed { found } => ClaimError::Changed { name, found },
            Self::Overlaps { slices, found } => ClaimError::Overlaps { name, slices, found },
        }
    }
}
