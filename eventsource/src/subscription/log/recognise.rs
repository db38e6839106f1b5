//! Checks that the log is the one that a checkpoint belongs to, and that it still contains the events that were read
//! ([a log never goes back unnoticed](crate::guarantees#a-log-never-goes-back-unnoticed)).

use crate::event::Position;
use crate::projection::Checkpoint;
use crate::store::{EventLog, LogId, LogMark, StoreError};

/// The largest position that every checkpoint store holds. A SQL database stores a larger start position as this one.
const LAST: Position = Position::new(i64::MAX.unsigned_abs());

/// What a checkpoint stores of its log.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::subscription) struct Remembered {
    pub(in crate::subscription) log: Option<LogId>,
    pub(in crate::subscription) position: Position,
    /// An event that was read from the log.
    pub(in crate::subscription) mark: Option<LogMark>,
    /// Where the subscription starts without a checkpoint. At this position, nothing was read yet.
    pub(in crate::subscription) start: Position,
}

/// The log, after the check.
#[derive(Debug, Clone, Copy)]
pub(in crate::subscription) struct Recognised {
    pub(in crate::subscription) log: LogId,
    /// The last known event at or before the checkpoint; `None` if nothing was read.
    pub(in crate::subscription) mark: Option<LogMark>,
}

/// The log, compared with what a checkpoint stores.
#[derive(Debug)]
pub(in crate::subscription) enum Compared {
    Same(Recognised),
    Lost(LogLost),
}

/// The log is not the one that the checkpoint belongs to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::subscription) enum LogLost {
    /// The log ends before the checkpoint.
    #[error("the log has gone back from position {from} to {to}: restore the read model too, or rebuild")]
    GoneBack { from: Position, to: Position },
    /// The log went back and grew again. It contains another event than the one that was read, or none in its place.
    #[error(
        "the log has gone back from position {from} to before {mark}, and has grown again to {head}, with other events: \
         restore the read model too, or rebuild"
    )]
    Replaced { from: Position, mark: Position, head: Position },
    /// The store contains another log.
    #[error(
        "its checkpoint at position {position} belongs to the log {stored}, and this is another log, {found}: run the \
         subscription on its own log, or rebuild the read model from this one"
    )]
    Another { position: Position, stored: LogId, found: LogId },
}

impl Remembered {
    /// Returns what `checkpoint` stores of its log.
    pub(in crate::subscription) const fn of(checkpoint: &Checkpoint, start: Position) -> Self {
        Self { log: checkpoint.log, position: checkpoint.position, mark: checkpoint.mark, start }
    }

    /// Compares this with the log in `store`.
    pub(in crate::subscription) async fn compare(&self, store: &dyn EventLog) -> Result<Compared, StoreError> {
        let Self { position, mark, .. } = *self;
        let log = store.log_id().await?;
        if let Some(stored) = self.log.filter(|stored| *stored != log) {
            return Ok(Compared::Lost(LogLost::Another { position, stored, found: log }));
        }
        let is_held = match mark {
            Some(mark) => store.last_event(mark.position).await? == Some(mark),
            None => true,
        };
        let has_read_all = mark.is_some_and(|mark| mark.position >= position);
        let has_read_nothing =
            mark.is_none() && (position == Position::START || position.min(LAST) == self.start.min(LAST));
        if is_held && (has_read_all || has_read_nothing) {
            return Ok(Compared::Same(Recognised { log, mark }));
        }
        let head = store.last_event(Position::new(u64::MAX)).await?.map_or(Position::START, |last| last.position);
        let from = mark.map_or(position, |mark| mark.position.max(position));
        Ok(match mark {
            _ if head < from => Compared::Lost(LogLost::GoneBack { from, to: head }),
            Some(mark) if !is_held => Compared::Lost(LogLost::Replaced { from, mark: mark.position, head }),
            _ => Compared::Same(Recognised { log, mark: store.last_event(position).await? }),
        })
    }
}

/// Returns why the log is not the one that the checkpoint belongs to; `None` if it is.
///
/// # Errors
/// Those of the log: the check can be repeated.
pub(crate) async fn lost(checkpoint: &Checkpoint, store: &dyn EventLog) -> Result<Option<String>, StoreError> {
    Ok(match Remembered::of(checkpoint, Position::START).compare(store).await? {
        Compared::Same(_) => None,
        Compared::Lost(lost) => Some(lost.to_string()),
    })
}
