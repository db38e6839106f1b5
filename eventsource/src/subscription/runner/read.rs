//! Reads the log, one page ahead of the page that is applied.

use std::sync::Arc;

use super::{Context, End, Owner};
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::subscription::log::{Page, PendingPage};

/// A page that is read while the page before it is applied.
pub(super) struct Prefetched {
    after: Position,
    coming: PendingPage,
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Reads a page and applies it. Returns whether there may be more.
    pub(super) async fn step_log(&mut self) -> Result<bool, End> {
        let (begun, after) = (self.context.core.observers.now(), self.active.position);
        let mut page = self.next_page().await?;
        if let Some(begun) = begun {
            self.context.tell_page(after, &page, begun.elapsed());
        }
        self.follow_log(&page).await?;
        self.context.passed_from = self.context.passed_from.min(self.active.position);
        self.context.core.progress.look(self.active.position);
        let unknown = self.stop_before_unknown(&mut page).await?;
        self.active.end = page.end;
        if page.more && unknown.is_none() {
            self.prefetch(page.horizon).await;
        }
        if page.events().is_empty() {
            self.active.known_log.comes_to(page.mark_at(page.horizon));
            self.arrive(page.horizon, 0);
            self.save_passed_by_now().await?;
        } else if !self.apply_page(&page).await? {
            return Ok(true);
        }
        self.look_at_passed();
        // A memory projection that was emptied reaches the event again later.
        match unknown {
            Some(failure) if self.active.position >= page.horizon => Err(End::Faulted(failure)),
            _ => Ok(page.more),
        }
    }

    /// Begins to read the page after `after`.
    pub(super) async fn prefetch(&mut self, after: Position) {
        self.active.prefetched = Some(Prefetched { after, coming: self.context.reader.begin(after).await });
    }

    /// Returns the page after the runner's position.
    pub(super) async fn next_page(&mut self) -> Result<Page, End> {
        let (reader, after) = (Arc::clone(&self.context.reader), self.active.position);
        let prefetched = self.active.prefetched.take().filter(|page| page.after == after);
        // A page that could not be read ahead is read again below, until the store answers.
        if let Some(Prefetched { coming, .. }) = prefetched
            && let Some(page) = {
                let watch = self.context.watch();
                let arrival = reader.arrival(after, coming);
                self.context
                    .unless_stopped(watch.tell(|| format!("the page after position {after} has not come"), arrival))
                    .await?
            }
        {
            return Ok(page);
        }
        self.context.retry_until_up(|| reader.read(after)).await
    }
}

impl<C: CheckpointStore> Context<C> {
    /// Returns the end of the log.
    pub(super) async fn head(&mut self) -> Result<Position, End> {
        let store = Arc::clone(&self.core.store);
        self.retry_until_up(|| store.head()).await
    }
}
