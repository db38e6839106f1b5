//! Plans a batch of letters: its events, their order, and the changes of their letters.

use std::sync::Arc;

use super::letter_item::Item;
use super::retrying::{Retrying, Scope};
use super::{End, Owner};
use crate::event::{Position, StreamId};
use crate::projection::{CheckpointStore, DeadLetter, LetterChange, LetterQuery, LetterState};
use crate::store::{PageLimit, Room};

/// A batch that is being planned.
struct Plan {
    items: Vec<Item>,
    room: Room,
    reach: usize,
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Returns the events of the next batch, and whether it is the last batch.
    pub(super) async fn plan_batch(&mut self) -> Result<(Vec<Item>, bool), End> {
        self.forget_known_letters();
        let released = self.released().await?;
        let Some(retrying) = &self.active.retrying else { return Ok((Vec::new(), true)) };
        let limit = PageLimit::events(retrying.size).within_bytes(self.context.core.config.page_limit().bytes);
        let mut plan = Plan { items: Vec::new(), room: Room::new(limit), reach: retrying.reach };
        let (mut next, until) = match &retrying.scope {
            Scope::Streams { streams, .. } => {
                let (some, all) = (retrying.size.max(1), streams.len());
                let streams: Vec<_> = streams.iter().take(some).cloned().collect();
                return self.plan_streams(&streams, some >= all, plan).await;
            }
            Scope::Released => (None, Position::START),
            Scope::All { after, until, .. } => {
                (Some(LetterQuery::parking().after(*after).limit(retrying.size.min(1_000))), *until)
            }
        };
        // The rest of a stream that the last batch has begun comes first.
        if let Some(letter) = released
            && !self.plan_stream(letter, &mut plan).await?
        {
            return Ok((plan.items, false));
        }
        while let Some(query) = next {
            let page = self.page_of_parked(query).await?;
            next = query.next(&page);
            for letter in page {
                if letter.position > until {
                    return Ok((plan.items, true));
                }
                if self.is_retried(&letter) && !self.plan_stream(letter, &mut plan).await? {
                    return Ok((plan.items, false));
                }
            }
        }
        Ok((plan.items, true))
    }

    /// Returns the events of the letters of `streams`. `is_rest` is whether these are all streams.
    async fn plan_streams(
        &mut self,
        streams: &[StreamId],
        is_rest: bool,
        mut plan: Plan,
    ) -> Result<(Vec<Item>, bool), End> {
        for stream in streams {
            let planned = plan.items.len();
            if let Some(letter) = self.letter_of(stream).await?
                && !self.plan_stream(letter, &mut plan).await?
            {
                return Ok((plan.items, false));
            }
            if plan.items.len() == planned
                && let Some(retrying) = &mut self.active.retrying
            {
                retrying.drop_stream(stream);
            }
        }
        Ok((plan.items, is_rest))
    }

    /// Whether a letter of a page must be retried.
    fn is_retried(&self, letter: &DeadLetter) -> bool {
        let has_failed = |retrying: &Retrying| match &retrying.scope {
            Scope::All { failed, .. } => failed.contains(&letter.position),
            Scope::Streams { .. } | Scope::Released => false,
        };
        letter.state == LetterState::Waiting && !self.active.retrying.as_ref().is_some_and(has_failed)
    }

    /// Adds the event of `letter` and the events behind it. Returns whether there was room for all of them.
    async fn plan_stream(&mut self, letter: DeadLetter, plan: &mut Plan) -> Result<bool, End> {
        self.context.poll_control().await?;
        let (mut events, mut next) = (Vec::new(), None);
        let Plan { room, reach, .. } = &mut *plan;
        self.look_at_waiting(&letter.stream, letter.version, |event| {
            let was_tried = event.version() == letter.version && letter.state == LetterState::Waiting;
            if (was_tried || *reach > 0) && room.admits(event.size()) {
                *reach -= usize::from(!was_tried);
                events.push(Arc::clone(event));
                return true;
            }
            next = Some(Arc::clone(event));
            false
        })
        .await?;
        if events.is_empty() && next.is_none() {
            // The projection does not handle the events of this stream any more.
            self.save(self.active.position, vec![LetterChange::Release { stream: letter.stream }]).await?;
            return Ok(true);
        }
        let found_room = next.is_none();
        let mut before = letter;
        let mut letters: Vec<_> = Vec::with_capacity(events.len());
        for event in events.iter().chain(&next) {
            if event.version() > before.version {
                before = self.next_letter(&before, event);
            }
            letters.push(before.clone());
        }
        let mut letters = letters.into_iter().peekable();
        for event in events {
            let Some(letter) = letters.next() else { break };
            let after = match letters.peek() {
                Some(next) => LetterChange::Keep(next.clone()),
                None => LetterChange::Release { stream: letter.stream.clone() },
            };
            plan.items.push(Item { letter, event, after });
        }
        Ok(found_room)
    }
}
