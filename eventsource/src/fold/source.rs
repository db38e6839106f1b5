//! The events of a fold, page by page.

use std::sync::Arc;

use super::{Bound, Scope};
use crate::event::{EventFilter, Position, RecordedEvent, StreamId};
use crate::store::{EventLog, PAGE_BYTES, PageLimit, ReadStream, StoreError};

/// Reads the events of a fold page by page, up to the end of the log when the fold began.
pub(super) struct Source<'a> {
    log: &'a dyn EventLog,
    from: From,
    after: Option<Bound>,
    until: Option<Bound>,
    /// The last position that is read.
    last: Position,
    page: PageLimit,
    /// The position up to which the log is read.
    pub(super) position: Position,
    is_at_end: bool,
}

/// The source of the events.
enum From {
    /// The log, read with the filter `read`; then the events that match `scope` are kept.
    Log { read: EventFilter, scope: EventFilter },
    /// A stream, from the version `next` on.
    Stream { stream: StreamId, next: u64 },
}

impl<'a> Source<'a> {
    /// Creates the source of the events of `scope` between the two bounds. It may leave out events that do not match
    /// `wanted`.
    pub(super) async fn new(
        log: &'a dyn EventLog,
        scope: Scope,
        [after, until]: [Option<Bound>; 2],
        wanted: &EventFilter,
        page: usize,
    ) -> Result<Self, StoreError> {
        let head = log.head().await?;
        let last = match until {
            Some(Bound::Position(last)) => last.min(head),
            _ => head,
        };
        let from = match scope {
            Scope::Stream(stream) => From::Stream { stream, next: 1 },
            Scope::Filter(scope) => {
                // The store evaluates only one of the two filters: the narrower one, as far as that is known.
                let read = if wanted.covers(&scope) { &scope } else { wanted };
                From::Log { read: read.clone(), scope }
            }
        };
        let page = PageLimit::events(page).within_bytes(PAGE_BYTES);
        let position = after.map_or(Position::START, Bound::position);
        Ok(Self { log, from, after, until, last, page, position, is_at_end: position >= last })
    }

    /// Returns the next page, which may be empty; `None` after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Arc<RecordedEvent>>>, StoreError> {
        if self.is_at_end {
            return Ok(None);
        }
        let (mut events, is_full) = match &mut self.from {
            From::Log { read, scope } => {
                let mut page = self.log.read_log(self.position, read, self.page).await?;
                page.events.retain(|event| scope.matches(event));
                self.position = page.horizon.min(self.last);
                (page.events, page.is_full)
            }
            From::Stream { stream, next } => {
                let read = ReadStream::forward().from(*next);
                let page = self.log.read_stream_page(stream, read, self.page).await?;
                if let Some(event) = page.events.last() {
                    *next = event.version() + 1;
                    self.position = event.position().min(self.last);
                }
                (page.events, page.is_full)
            }
        };
        self.is_at_end = !is_full || self.position >= self.last;
        let (after, until, last) = (self.after, self.until, self.last);
        events.retain(|event| {
            let is_after = after.is_none_or(|after| !after.includes(event));
            is_after && event.position() <= last && until.is_none_or(|until| until.includes(event))
        });
        Ok(Some(events))
    }
}
