//! How far the rebuild of an owner is.

use std::sync::Arc;

use crate::event::Position;
use crate::subscription::rebuild::tracked::{Outcome, Tracked};

/// The rebuild that an owner carries out.
#[derive(Debug)]
pub(super) enum Replay {
    None,
    /// In place, up to `target`.
    InPlace {
        target: Position,
        tracked: Arc<Tracked>,
    },
    /// Of the next generation. It is complete when the next generation serves, after the target.
    Next {
        target: Option<Position>,
        tracked: Arc<Tracked>,
    },
}

impl Replay {
    /// Returns the position up to which the log is replayed.
    pub(super) const fn target(&self) -> Option<Position> {
        match self {
            Self::None => None,
            Self::InPlace { target, .. } => Some(*target),
            Self::Next { target, .. } => *target,
        }
    }

    /// Returns the rebuild.
    pub(super) const fn tracked(&self) -> Option<&Arc<Tracked>> {
        match self {
            Self::None => None,
            Self::InPlace { tracked, .. } | Self::Next { tracked, .. } => Some(tracked),
        }
    }

    /// Notes that every event up to `position` is applied. Returns whether a rebuild in place is complete now.
    pub(super) fn move_to(&mut self, position: Position) -> bool {
        match self {
            Self::None => false,
            Self::Next { target, tracked } => {
                tracked.move_to(position);
                *target = target.filter(|target| position < *target);
                false
            }
            Self::InPlace { target, tracked } => {
                tracked.move_to(position);
                let is_complete = position >= *target;
                if is_complete {
                    tracked.end(Outcome::Done(position));
                    *self = Self::None;
                }
                is_complete
            }
        }
    }
}
