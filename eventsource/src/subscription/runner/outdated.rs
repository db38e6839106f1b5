//! A program that is older than what it reads: an event with a newer schema version, or a read model of a higher
//! version of the projection.
//!
//! That is not a failure of a handler. The subscription stops before the event, releases its lease, and claims the
//! checkpoint again only after another process, with newer code, has moved it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Context, End};
use crate::aggregate::AggregateError;
use crate::event::{DecodeError, Position};
use crate::projection::{CheckpointStore, HandlerError, LetterState};

/// A subscription that is fenced twice in this time faults.
const FENCED_TWICE_WITHIN: Duration = Duration::from_secs(60);

/// The longest pause of a fenced or outdated runner.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What the program is too old for.
#[derive(Debug, Clone)]
pub(super) struct Outdated {
    /// What is newer, both versions, and what to do.
    pub(super) reason: Arc<str>,
    pub(super) obstacle: Obstacle,
}

/// What another process must pass before the checkpoint is claimed again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Obstacle {
    /// The event at this position, next after the checkpoint.
    Event(Position),
    /// The event at this position, a released letter.
    Letter(Position),
    /// A checkpoint of a higher version of the projection.
    Version,
}

/// Returns the cause of `error` that says that an event has a newer schema version than the program knows.
fn newer(error: &HandlerError) -> Option<&DecodeError> {
    error.causes().find_map(|cause| as_decode_error(cause).filter(|error| error.is_newer()))
}

fn as_decode_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e DecodeError> {
    match error.downcast_ref() {
        // A transparent error: its `source` skips the decode error.
        Some(AggregateError::Decode(error)) => Some(error),
        _ => error.downcast_ref(),
    }
}

impl Outdated {
    /// Returns why the program is too old for `obstacle`, if `error` says so.
    pub(super) fn of(error: &HandlerError, obstacle: Obstacle) -> Option<Self> {
        let reason = newer(error)?;
        let reason = match obstacle {
            Obstacle::Event(position) => format!(
                "{reason}; the subscription has stopped before position {position} and released its lease, and continues when \
                 another process has passed it"
            ),
            Obstacle::Version => reason.to_string(),
            Obstacle::Letter(position) => format!(
                "{reason}; the event at position {position} follows a dead letter, and the subscription has released its \
                 lease and continues when another process has applied it"
            ),
        };
        Some(Self { reason: reason.into(), obstacle })
    }
}

impl<C: CheckpointStore> Context<C> {
    /// Returns the pause of a fenced or outdated runner: one lease, at most 10 s.
    pub(super) fn pause(&self) -> Duration {
        self.core.config.lease.min(LONGEST_PAUSE)
    }

    /// Notes that the runner was fenced. Returns whether it was fenced before, within a minute.
    pub(super) fn is_fenced_again(&mut self) -> bool {
        let before = self.fenced_at.replace(Instant::now());
        before.is_some_and(|before| before.elapsed() < FENCED_TWICE_WITHIN)
    }

    /// Waits until another process has passed the obstacle. The checkpoint was at `left_at`. Fails if the runner must
    /// end first.
    pub(super) async fn wait_for_newer(&mut self, outdated: &Outdated, left_at: Position) -> Result<(), End> {
        loop {
            self.delay(self.pause()).await?;
            if self.core.facts.has_stored_checkpoint && self.is_moved(outdated.obstacle, left_at).await? {
                return Ok(());
            }
            self.core.progress.note(Arc::clone(&outdated.reason));
        }
    }

    async fn is_moved(&mut self, obstacle: Obstacle, left_at: Position) -> Result<bool, End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        Ok(match obstacle {
            Obstacle::Event(_) => {
                let found = self.retry_until_up(|| checkpoints.load(&core.name)).await?;
                found.is_none_or(|found| found.position != left_at || found.fingerprint != core.fingerprint)
            }
            Obstacle::Version => {
                let found = self.retry_until_up(|| checkpoints.load(&core.name)).await?;
                found.is_none_or(|found| core.newer_version(&found.fingerprint).is_none())
            }
            Obstacle::Letter(position) => {
                let letter = self.retry_until_up(|| checkpoints.dead_letter(&core.name, position)).await?;
                letter.is_none_or(|letter| letter.state != LetterState::Released)
            }
        })
    }
}
