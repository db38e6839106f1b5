//! Waiting for a subscription to be somewhere.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::core::Core;
use super::inside::is_handler_of;
use super::progress::Snapshot;
use super::{SubscriptionState, WaitError};
use crate::event::Position;
use crate::projection::Kind;

/// A wait for a subscription to be somewhere. Await it, or give it a deadline first ([`Wait::within`]).
///
/// It ends with an error, and never hangs, when the subscription ends before it is there.
#[must_use = "a wait does nothing until it is awaited"]
#[derive(Debug)]
pub struct Wait {
    core: Arc<Core>,
    target: Target,
    deadline: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    /// The log's head at the time of the call.
    Head,
    Position(Position),
}

impl Wait {
    pub(super) const fn for_head(core: Arc<Core>) -> Self {
        Self { core, target: Target::Head, deadline: None }
    }

    pub(super) const fn for_position(core: Arc<Core>, position: Position) -> Self {
        Self { core, target: Target::Position(position), deadline: None }
    }

    /// Gives up after `deadline`, with [`WaitError::Deadline`].
    pub const fn within(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    async fn run(self) -> Result<Position, WaitError> {
        let Self { core, target, deadline } = self;
        let Some(deadline) = deadline else { return reach(&core, target).await };
        match tokio::time::timeout(deadline, reach(&core, target)).await {
            Ok(reached) => reached,
            Err(_) => {
                let (state, position) = (core.state().await, core.progress.snapshot().position);
                Err(WaitError::Deadline { subscription: core.name.clone(), deadline, state, position })
            }
        }
    }
}

impl IntoFuture for Wait {
    type Output = Result<Position, WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The position at which the subscription was found to be there.
async fn reach(core: &Core, target: Target) -> Result<Position, WaitError> {
    if is_handler_of(core) {
        return Err(WaitError::InsideHandler { subscription: core.name.clone() });
    }
    let mut progress = core.progress.listen();
    let target = match target {
        Target::Position(position) => position,
        Target::Head => head(core).await?,
    };
    loop {
        // The guard of the borrow must not live across the await.
        let verdict = judge(core, &progress.borrow_and_update(), target);
        if let Some(verdict) = verdict {
            return verdict;
        }
        // The sender lives in `core`.
        let _ = progress.changed().await;
    }
}

async fn head(core: &Core) -> Result<Position, WaitError> {
    core.store
        .head()
        .await
        .map_err(|source| WaitError::Store { subscription: core.name.clone(), source: Arc::new(source) })
}

fn judge(core: &Core, now: &Snapshot, target: Position) -> Option<Result<Position, WaitError>> {
    if let Some(position) = now.position.filter(|position| now.is_recognised && *position >= target) {
        return Some(Ok(position));
    }
    let subscription = core.name.clone();
    let error = match &now.state {
        SubscriptionState::Idle => WaitError::NotStarted { subscription },
        SubscriptionState::Stopped { reason } => {
            WaitError::Stopped { subscription, position: now.position, reason: *reason }
        }
        SubscriptionState::Faulted { failure } => WaitError::Faulted { failure: Arc::clone(failure) },
        SubscriptionState::Refused { reason } => WaitError::Refused { subscription, reason: Arc::clone(reason) },
        SubscriptionState::FencedAgain { .. } => WaitError::Fenced { subscription, state: now.state.clone() },
        // What this program cannot read never gets into its memory, whatever other processes do.
        SubscriptionState::Outdated { reason } if core.kind == Kind::Memory => {
            WaitError::Outdated { subscription, reason: Arc::clone(reason) }
        }
        _ => return None,
    };
    Some(Err(error))
}
