//! Recognising the log: whether it still is the one that a checkpoint counts in, and holds what was read of it.

use crate::event::Position;
use crate::projection::Checkpoint;
use crate::store::{EventStore, LogId, LogMark, StoreError};

/// The last position that every checkpoint store holds. A SQL database keeps a start position beyond it as this one.
const LAST: Position = Position::new(i64::MAX.unsigned_abs());

/// What a checkpoint knows of its log.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Remembered {
    pub(super) log: Option<LogId>,
    pub(super) position: Position,
    /// An event that was read of the log.
    pub(super) mark: Option<LogMark>,
    /// Where the subscription starts without a checkpoint: a checkpoint that is still there has read nothing.
    pub(super) start: Position,
}

/// The log that is there, recognised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recognised {
    pub(super) log: LogId,
    /// The last event at or before the checkpoint that is known; `None` where nothing was read.
    pub(super) mark: Option<LogMark>,
}

/// The log that is there is not the one that the checkpoint counts in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LogLost {
    /// The log ends before the checkpoint.
    #[error("the log has gone back from position {from} to {to}: restore the read model too, or rebuild")]
    GoneBack { from: Position, to: Position },
    /// The log has grown since it went back: it holds another event than the one that was read, or none in its place.
    #[error(
        "the log has gone back from position {from} to before {mark}, and has grown again to {head}, with other events: \
         restore the read model too, or rebuild"
    )]
    Replaced { from: Position, mark: Position, head: Position },
    /// It is another log.
    #[error(
        "its checkpoint at position {position} belongs to the log {stored}, and this is another log, {found}: run the \
         subscription on its own log, or rebuild the read model from this one"
    )]
    Another { position: Position, stored: LogId, found: LogId },
}

impl Remembered {
    /// What `checkpoint` knows, of a subscription that starts at `start` without one.
    pub(super) const fn of(checkpoint: &Checkpoint, start: Position) -> Self {
        Self { log: checkpoint.log, position: checkpoint.position, mark: checkpoint.mark, start }
    }

    /// Compares what is remembered with the log in `store`.
    ///
    /// # Errors
    /// [`StoreError`] where the store fails. Inside: why it is not the same log.
    pub(super) async fn compare(&self, store: &dyn EventStore) -> Result<Result<Recognised, LogLost>, StoreError> {
        let Self { position, mark, .. } = *self;
        let log = store.log_id().await?;
        if let Some(stored) = self.log.filter(|stored| *stored != log) {
            return Ok(Err(LogLost::Another { position, stored, found: log }));
        }
        let is_held = match mark {
            Some(mark) => store.last_event(mark.position).await? == Some(mark),
            None => true,
        };
        let has_read_all = mark.is_some_and(|mark| mark.position >= position);
        let has_read_nothing =
            mark.is_none() && (position == Position::START || position.min(LAST) == self.start.min(LAST));
        if is_held && (has_read_all || has_read_nothing) {
            return Ok(Ok(Recognised { log, mark }));
        }
        let head = store.last_event(Position::new(u64::MAX)).await?.map_or(Position::START, |last| last.position);
        let from = mark.map_or(position, |mark| mark.position.max(position));
        Ok(match mark {
            _ if head < from => Err(LogLost::GoneBack { from, to: head }),
            Some(mark) if !is_held => Err(LogLost::Replaced { from, mark: mark.position, head }),
            _ => Ok(Recognised { log, mark: store.last_event(position).await? }),
        })
    }
}
