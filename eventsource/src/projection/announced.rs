//! The aggregates that the events of a batch are about, so that what is kept of them is read at once.

use std::sync::Arc;

use uuid::Uuid;

use crate::event::RecordedEvent;

/// The aggregates that the events of a batch are about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Announced(Arc<Aggregates>);

/// Sorted.
#[derive(Debug, Default)]
struct Aggregates {
    /// Those that had events before the batch.
    older: Vec<Uuid>,
    /// Those whose first event is in the batch: there is seldom anything to be read of them.
    begun: Vec<Uuid>,
}

impl Announced {
    /// The aggregates of `events`.
    pub(super) fn of(events: &[Arc<RecordedEvent>]) -> Self {
        let mut streams: Vec<_> = events.iter().map(|event| (event.aggregate_id(), event.version())).collect();
        streams.sort_unstable();
        streams.dedup_by_key(|(id, _)| *id);
        let mut aggregates = Aggregates::default();
        for (id, version) in streams {
            let group = if version == 1 { &mut aggregates.begun } else { &mut aggregates.older };
            group.push(id);
        }
        Self(Arc::new(aggregates))
    }

    /// What is to be read where one of `ids` is: nothing of the batch where it is about none of them; the aggregates that
    /// had events before; and all where one that begins in the batch is asked for, since whoever does so asks for each.
    pub(crate) fn beside<'i>(&self, ids: impl Iterator<Item = &'i Uuid>) -> impl Iterator<Item = Uuid> {
        let Aggregates { older, begun } = &*self.0;
        let (mut with_older, mut with_begun) = (false, false);
        for id in ids {
            with_begun = with_begun || begun.binary_search(id).is_ok();
            with_older = with_older || with_begun || older.binary_search(id).is_ok();
        }
        let older: &[_] = if with_older { older } else { &[] };
        let begun: &[_] = if with_begun { begun } else { &[] };
        older.iter().chain(begun).copied()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::event::{NewEvent, Position, StreamId};

    #[test]
    fn what_begins_is_read_only_where_it_is_asked_for() {
        let id = Uuid::from_u128;
        let event = |(stream, version): (u128, u64)| {
            let new = NewEvent::raw("Changed", 1, "{}".to_owned());
            Arc::new(new.record(StreamId::new("Thing", id(stream)), version, Position::new(1), DateTime::UNIX_EPOCH))
        };
        let announced = Announced::of(&[(3, 1), (1, 7), (3, 2), (2, 1), (1, 8)].map(event));
        let beside = |ids: &[u128]| {
            let ids: Vec<_> = ids.iter().copied().map(id).collect();
            announced.beside(ids.iter()).map(|id| id.as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(beside(&[4]), []);
        assert_eq!(beside(&[1]), [1]);
        assert_eq!(beside(&[4, 1]), [1]);
        assert_eq!(beside(&[3]), [1, 2, 3]);
        assert_eq!(beside(&[1, 2]), [1, 2, 3]);
    }
}
