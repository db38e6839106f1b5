//! Waits in this process.

use std::time::Duration;

use super::Parts;
use crate::admin::AdminError;
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::subscription::{Lag, WaitError, WaitTarget};

impl<C: CheckpointStore> Parts<C> {
    /// Waits until the subscription has applied the event at `target`; without one, until it is at the end of the log.
    pub(super) async fn wait_here(
        &self,
        name: &str,
        target: Option<WaitTarget>,
        within: Duration,
    ) -> Result<Position, AdminError> {
        let subscription = name.to_owned();
        let unknown = || AdminError::UnknownSubscription { subscription: name.to_owned(), known: Vec::new() };
        let wait = self.manager.wait(name, target).map_err(|_| unknown())?;
        match wait.within(within).await {
            Ok(position) => Ok(position),
            Err(WaitError::Held { position, letter, .. }) => Err(AdminError::Held { subscription, position, letter }),
            Err(WaitError::OtherLog { expected, found, .. }) => {
                Err(AdminError::OtherLog { subscription, expected, found })
            }
            Err(WaitError::Deadline { state, position, .. }) => {
                let position = position.unwrap_or(Position::START);
                let log = &self.database.stored().log;
                let behind = log.backlog(position, Lag::MOST + 1).await?.events;
                let target = match target {
                    Some(target) => target.position(),
                    None => log.head().await?,
                };
                let (state, owner) = (state.name().to_owned(), Some(self.manager.owner_name().to_owned()));
                let (waited, is_lease_over) = (within, false);
                Err(AdminError::Behind { subscription, target, waited, position, behind, state, owner, is_lease_over })
            }
            Err(other) => Err(other.into()),
        }
    }
}
