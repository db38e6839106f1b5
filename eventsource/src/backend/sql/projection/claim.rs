//! Why a checkpoint was not claimed.

use chrono::{DateTime, Utc};

use crate::event::SliceRange;
use crate::projection::ClaimError;

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
