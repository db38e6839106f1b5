//! Waits for the stored position of a subscription.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::AdminError;
use super::stored::Stored;
use super::view::SubscriptionView;
use crate::event::{EventFilter, Position};
use crate::projection::{Checkpoint, CheckpointStore};
use crate::store::PageLimit;
use crate::subscription::{WaitTarget, lost};

/// The times between two looks at a checkpoint: the first one, and the longest one.
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(1);

impl<C: CheckpointStore> Stored<C> {
    pub(super) async fn wait_for(
        &self,
        name: &str,
        target: WaitTarget,
        within: Duration,
    ) -> Result<Position, AdminError> {
        if let Some(expected) = target.log() {
            let found = self.log.log_id().await?;
            if found != expected {
                return Err(AdminError::OtherLog { subscription: name.to_owned(), expected, found });
            }
        }
        let passed = self.passed(name, target.position(), within).await?;
        self.check_held(name, target.position()).await?;
        Ok(passed)
    }

    pub(super) async fn caught_up(&self, name: &str, within: Duration) -> Result<Position, AdminError> {
        let head = self.log.head().await?;
        self.passed(name, head, within).await
    }

    /// Waits until the stored checkpoint is at `target` or after it.
    async fn passed(&self, name: &str, target: Position, within: Duration) -> Result<Position, AdminError> {
        let (deadline, mut wake_ups) = (Instant::now() + within, self.log.wake_ups());
        let mut delay = FIRST_DELAY;
        loop {
            let stored = self.checkpoints.load(name).await?;
            if let Some(stored) = stored.filter(|stored| stored.position >= target) {
                self.check_log(&stored).await?;
                return Ok(stored.position);
            }
            if Instant::now() >= deadline {
                return Err(self.behind(name, target, within).await?);
            }
            let look = async {
                match &mut wake_ups {
                    // The owner is woken too: it needs a moment.
                    Some(wake_ups) => tokio::select! {
                        () = wake_ups.wait() => FIRST_DELAY,
                        () = sleep(delay) => (delay * 2).min(LONGEST_DELAY),
                    },
                    None => {
                        sleep(delay).await;
                        (delay * 2).min(LONGEST_DELAY)
                    }
                }
            };
            if let Ok(next) = timeout_at(deadline, look).await {
                delay = next;
            }
        }
    }

    /// Fails if the log went back behind the checkpoint, or was replaced.
    async fn check_log(&self, stored: &Checkpoint) -> Result<(), AdminError> {
        match lost(stored, &*self.log).await? {
            Some(reason) => Err(AdminError::LogLost { subscription: stored.name.clone(), reason }),
            None => Ok(()),
        }
    }

    /// Fails if the stream of the event at `position` is held by a dead letter, and the projection handles the event.
    async fn check_held(&self, name: &str, position: Position) -> Result<(), AdminError> {
        let Some(before) = position.value().checked_sub(1).map(Position::new) else { return Ok(()) };
        let page = self.log.read_log(before, &EventFilter::all(), PageLimit::events(1)).await?;
        let Some(event) = page.events.first().filter(|event| event.position() == position) else { return Ok(()) };
        let parked = self.checkpoints.parked(name, std::slice::from_ref(event.stream())).await?.pop();
        let Some(letter) = parked.filter(|letter| letter.version <= event.version()) else { return Ok(()) };
        let handles = self.find(name).await?.handles;
        if handles.is_some_and(|types| !types.iter().any(|handled| handled == event.event_type())) {
            return Ok(());
        }
        Err(AdminError::Held { subscription: name.to_owned(), position, letter: Box::new(letter) })
    }

    /// Returns the error at the deadline.
    async fn behind(&self, name: &str, target: Position, waited: Duration) -> Result<AdminError, AdminError> {
        let view = match self.find(name).await {
            Err(unknown @ AdminError::UnknownSubscription { .. }) => return Ok(unknown),
            found => found?,
        };
        if view.updated_at.is_none() && view.kind == "memory" {
            return Ok(AdminError::InMemory { subscription: name.to_owned() });
        }
        let mut views = [view];
        self.count_behind(&mut views).await?;
        let [SubscriptionView { name: subscription, position, behind, state, owner, .. }] = views;
        let is_lease_over = owner.as_ref().is_some_and(|owner| owner.is_expired);
        let owner = owner.map(|owner| owner.manager);
        Ok(AdminError::Behind { subscription, target, waited, position, behind, state, owner, is_lease_over })
    }
}
