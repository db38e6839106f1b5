//! Checks at each claim and with each page that the log is the one that was read so far
//! ([a log never goes back unnoticed](crate::guarantees#a-log-never-goes-back-unnoticed)).
//!
//! A page contains the event before it. If that is the last event that the runner knows, the log is the same. Otherwise
//! the store is asked for the event that the runner knows.

use std::sync::Arc;

use super::{End, Runner};
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::store::{LogId, LogMark};
use crate::subscription::log::Page;
use crate::subscription::rebuilds::Outcome;
use crate::subscription::recognise::Remembered;
use crate::subscription::requests::Request;
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{RebuildKind, SubscriptionState};

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

impl<C: CheckpointStore> Runner<C> {
    /// Returns the identity of the log.
    pub(super) async fn log_id(&mut self) -> Result<LogId, End> {
        let store = Arc::clone(&self.core.store);
        self.retry_until_up(|| store.log_id()).await
    }

    /// Compares the log with what is `remembered`, before it is read. Ends the subscription if it is another log.
    pub(super) async fn recognise(&mut self, remembered: Remembered) -> Result<(), End> {
        let store = Arc::clone(&self.core.store);
        match self.retry_until_up(|| remembered.compare(&*store)).await? {
            Ok(found) => {
                self.known_log = KnownLog { id: Some(found.log), mark: found.mark, ahead: None };
                self.core.progress.remember(self.known_log.remembered(self.position, self.start));
                self.delivery.recognised(self, found);
                Ok(())
            }
            Err(lost) => {
                self.core.progress.doubt_log();
                Err(End::LogLost(lost.to_string().into()))
            }
        }
    }

    /// Checks that `page`, which follows the runner's position, belongs to the log that was read so far.
    pub(super) async fn follow_log(&mut self, page: &Page) -> Result<(), End> {
        let mark = self.known_log.mark;
        if mark.is_none() || page.before == mark {
            return Ok(());
        }
        self.recognise(self.known_log.remembered(self.position, self.start)).await
    }

    /// The log is not the one of the claimed checkpoint. Continues only if a rebuild was requested, or a side-by-side
    /// rebuild is under way: both read the present log from its start.
    pub(super) async fn rebuild_from_other_log(&mut self, reason: Arc<str>) -> Result<(), End> {
        while let Some(request) = self.core.requests.take() {
            match request {
                Request::Rebuild { kind, answer } => {
                    let begun = self.rebuild(kind).await?;
                    let is_begun = begun.is_ok();
                    answer.send(begun);
                    if is_begun && kind == RebuildKind::InPlace {
                        return Ok(());
                    }
                }
                Request::CancelNext { answer } => {
                    self.drop_next(Outcome::Cancelled).await?;
                    answer.send(());
                }
                // Dropping the request tells its caller that the subscription does not run.
                Request::Retry { .. } | Request::Dismiss { .. } => {}
            }
        }
        self.resume_next().await?;
        let Some(tracked) = self.core.rebuilds.unfinished().filter(|_| self.next.is_some()) else {
            return Err(End::LogLost(reason));
        };
        let because = Arc::clone(&reason);
        let waiting = move |_: &SubscriptionShared| {
            let reason = format!("{because}; the next generation is being built, and serves when it is complete");
            SubscriptionState::Waiting { reason: reason.into() }
        };
        match self.wait_for_next(&tracked, waiting).await? {
            Outcome::Done(_) => self.claim().await,
            Outcome::Failed(failed) => Err(End::LogLost(format!("{reason}; the rebuild has failed: {failed}").into())),
            _ => Err(End::LogLost(reason)),
        }
    }
}
