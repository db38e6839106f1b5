//! The events that a read model lacks by intention: dead letters, what waits behind them, and dismissed events.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::event::{Position, RecordedEvent, StreamId};
use crate::projection::{CheckpointError, CheckpointStore, LetterQuery};

/// The most letters of a page.
const PAGE: usize = 1_000;

/// The dead letters of a subscription.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sifted {
    /// The streams that are parked, and the version from which on.
    parked: HashMap<StreamId, u64>,
    dismissed: BTreeSet<Position>,
}

impl Sifted {
    pub(super) async fn load<C: CheckpointStore>(checkpoints: &C, name: &str) -> Result<Self, CheckpointError> {
        let (mut sifted, mut next) = (Self::default(), Some(LetterQuery::all().limit(PAGE)));
        while let Some(query) = next {
            let page = checkpoints.dead_letters(name, query).await?;
            next = query.next(&page);
            for letter in page {
                if letter.parks() {
                    sifted.parked.insert(letter.stream, letter.version);
                } else {
                    sifted.dismissed.insert(letter.position);
                }
            }
        }
        Ok(sifted)
    }

    /// Removes the events that the read model lacks. Returns their number.
    pub(super) fn sift(&self, events: &mut Vec<Arc<RecordedEvent>>) -> u64 {
        let before = events.len();
        events.retain(|event| {
            let is_held = self.parked.get(event.stream()).is_some_and(|version| event.version() >= *version);
            !is_held && !self.dismissed.contains(&event.position())
        });
        (before - events.len()) as u64
    }
}
