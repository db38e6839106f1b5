//! Checks at each claim and with each page that the log is the one that was read so far
//! ([a log never goes back unnoticed](crate::guarantees#a-log-never-goes-back-unnoticed)).
//!
//! A page contains the event before it. If that is the last event that the runner knows, the log is the same. Otherwise
//! the store is asked for the event that the runner knows.

use std::sync::Arc;

use super::{Context, End, Owner};
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::store::{LogId, LogMark};
use crate::subscription::log::Page;
use crate::subscription::log::recognise::{Compared, Remembered};

/// What the runner knows of the log.
#[derive(Debug, Default)]
pub(super) struct KnownLog {
    id: Option<LogId>,
    /// The last event that the runner has passed.
    mark: Option<LogMark>,
    /// The last event of the batch that is being applied.
    ahead: Option<LogMark>,
}

impl KnownLog {
    /// Returns the last known event at or before `to`.
    pub(super) fn mark_at(&self, to: Position) -> Option<LogMark> {
        let known = self.ahead.into_iter().chain(self.mark).filter(|mark| mark.position <= to);
        known.max_by_key(|mark| mark.position)
    }

    /// Returns what a subscription at `position`, which started at `start`, knows of its log.
    pub(super) const fn remembered(&self, position: Position, start: Position) -> Remembered {
        Remembered { log: self.id, position, mark: self.mark, start }
    }

    /// Notes the last event of the batch that is being applied.
    pub(super) const fn comes_to(&mut self, ahead: Option<LogMark>) {
        self.ahead = ahead;
    }

    /// Notes that everything up to `position` is passed. Returns the last known event.
    pub(super) fn pass(&mut self, position: Position) -> Option<LogMark> {
        if let Some(passed) = self.mark_at(position)
            && self.mark.is_none_or(|mark| mark.position < passed.position)
        {
            self.mark = Some(passed);
        }
        self.mark
    }
}

impl<C: CheckpointStore> Context<C> {
    /// Returns the identity of the log.
    pub(super) async fn log_id(&mut self) -> Result<LogId, End> {
        let store = Arc::clone(&self.core.store);
        self.retry_until_up(|| store.log_id()).await
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Compares the log with what is `remembered`, before it is read. Ends the subscription if it is another log.
    pub(super) async fn recognise(&mut self, remembered: Remembered) -> Result<(), End> {
        let store = Arc::clone(&self.context.core.store);
        match self.context.retry_until_up(|| remembered.compare(&*store)).await? {
            Compared::Same(found) => {
                self.active.known_log = KnownLog { id: Some(found.log), mark: found.mark, ahead: None };
                self.context
                    .core
                    .progress
                    .remember(self.active.known_log.remembered(self.active.position, self.context.start));
                self.context.delivery.recognised(&self.context.core, found);
                Ok(())
            }
            Compared::Lost(lost) => {
                self.context.core.progress.doubt_log();
                Err(End::LogLost(lost.to_string().into()))
            }
        }
    }

    /// Checks that `page`, which follows the runner's position, belongs to the log that was read so far.
    pub(super) async fn follow_log(&mut self, page: &Page) -> Result<(), End> {
        let mark = self.active.known_log.mark;
        if mark.is_none() || page.before == mark {
            return Ok(());
        }
        self.recognise(self.active.known_log.remembered(self.active.position, self.context.start)).await
    }
}
