//! Waiting for a subscription to be somewhere.

use std::fmt;
use std::future::{Future, IntoFuture, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::inside::is_handler_of;
use super::progress::ProgressSnapshot;
use super::recognise::Remembered;
use super::subscription_shared::SubscriptionShared;
use super::supervised::Operations;
use super::{SubscriptionState, WaitError};
use crate::event::{EventFilter, Position};
use crate::projection::ProjectionKind;
use crate::store::{PageLimit, StoreError, WakeUpReceiver};

/// A wait for a subscription to be somewhere. Await it, or give it a deadline first ([`Wait::within`]).
///
/// It ends with an error, and never hangs, when the subscription ends before it is there.
#[must_use = "a wait does nothing until it is awaited"]
pub struct Wait {
    core: Arc<SubscriptionShared>,
    slot: Arc<dyn Operations>,
    target: Target,
    deadline: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// The log's head at the time of the call.
    Head,
    /// The event there is passed, and does not wait behind a dead letter.
    Applied(Position),
    /// The event there is passed.
    Passed(Position),
}

impl Wait {
    pub(super) fn new(core: Arc<SubscriptionShared>, slot: Arc<dyn Operations>, target: Target) -> Self {
        Self { core, slot, target, deadline: None }
    }

    /// Gives up after `deadline`, with [`WaitError::Deadline`].
    pub const fn within(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    async fn run(self) -> Result<Position, WaitError> {
        let Some(deadline) = self.deadline else { return self.reach().await };
        match tokio::time::timeout(deadline, self.reach()).await {
            Ok(reached) => reached,
            Err(_) => {
                let (state, position) = (self.core.state().await, self.core.progress.snapshot().position);
                Err(WaitError::Deadline { subscription: self.core.name.clone(), deadline, state, position })
            }
        }
    }

    /// The position at which the subscription was found to be there.
    async fn reach(&self) -> Result<Position, WaitError> {
        let core = &*self.core;
        if is_handler_of(core) {
            return Err(WaitError::InsideHandler { subscription: core.name.clone() });
        }
        let mut progress = core.progress.listen();
        let target = match self.target {
            Target::Applied(position) | Target::Passed(position) => position,
            Target::Head => core.log.head().await.map_err(|error| self.unread(error))?,
        };
        let mut polls = Polls::new(core.store.wake_ups());
        // What this process has applied since the call, it has read after it compared the log with what it knew.
        let mut is_read_since = false;
        loop {
            let now = progress.borrow_and_update().clone();
            let is_elsewhere = core.runs_elsewhere(&now.state);
            let verdict = if is_elsewhere { self.judge_owner(&now, target).await } else { self.judge(&now, target) };
            match verdict {
                None => {}
                Some(Err(error)) => return Err(error),
                Some(Ok(position)) => {
                    if !is_elsewhere && !is_read_since {
                        self.check_log(&now).await?;
                    }
                    return self.check_letters(&now, target).await.map(|()| position);
                }
            }
            is_read_since = true;
            // The sender lives in `core`.
            tokio::select! {
                biased;
                _ = progress.changed() => {}
                () = polls.next(is_elsewhere) => {}
            }
        }
    }

    /// What becomes of the wait, where this process runs the subscription or no process does.
    fn judge(&self, now: &ProgressSnapshot, target: Position) -> Option<Result<Position, WaitError>> {
        if let Some(position) = now.position.filter(|position| now.is_recognised && *position >= target) {
            // After a full page there may be more, and the state says so until the log was looked into once more.
            let is_looking = matches!(self.target, Target::Head)
                && matches!(now.state, SubscriptionState::CatchingUp)
                && now.looked < Some(position);
            return (!is_looking).then_some(Ok(position));
        }
        let subscription = self.core.name.clone();
        let error = match &now.state {
            SubscriptionState::Idle => WaitError::NotStarted { subscription },
            SubscriptionState::Stopped { reason } => {
                WaitError::Stopped { subscription, position: now.position, reason: *reason }
            }
            SubscriptionState::Faulted { failure } => WaitError::Faulted { failure: Arc::clone(failure) },
            SubscriptionState::Refused { reason } => WaitError::Refused { subscription, reason: Arc::clone(reason) },
            SubscriptionState::FencedAgain { .. } => WaitError::Fenced { subscription, state: now.state.clone() },
            // What this program cannot read never gets into its memory, whatever other processes do.
            SubscriptionState::Outdated { reason } if self.core.kind == ProjectionKind::Memory => {
                WaitError::Outdated { subscription, reason: Arc::clone(reason) }
            }
            _ => return None,
        };
        Some(Err(error))
    }

    /// What becomes of the wait, where another process runs the subscription, or no process has taken it over yet. Where the
    /// checkpoint cannot be read, it is read again.
    async fn judge_owner(&self, now: &ProgressSnapshot, target: Position) -> Option<Result<Position, WaitError>> {
        let core = &*self.core;
        let stored = self.slot.stored().await.ok().flatten()?;
        // What can be read of durable memory here is the state that was restored, and not what is stored by now.
        let is_in_memory = core.kind == ProjectionKind::DurableMemory;
        let position = if is_in_memory { now.position } else { Some(stored.position) };
        let Some(position) = position.filter(|position| *position >= target) else {
            // A process that was fenced claims its checkpoint again in a moment, and so does one with older code, once the
            // newer code has passed the event that the older code cannot read.
            let claims_again =
                matches!(now.state, SubscriptionState::Fenced { .. } | SubscriptionState::Outdated { .. });
            let (subscription, state, position) = (core.name.clone(), now.state.clone(), now.position);
            return (is_in_memory && !claims_again).then_some(Err(WaitError::Standby {
                subscription,
                state,
                position,
            }));
        };
        let compared = Remembered::of(&stored, Position::START).compare(&*core.store).await.ok()?;
        Some(match compared {
            Ok(_) => Ok(position),
            Err(lost) => Err(WaitError::Refused { subscription: core.name.clone(), reason: lost.to_string().into() }),
        })
    }

    /// Fails where the log is not the one any more in which the subscription has passed the position. A store that does
    /// not answer says nothing of that.
    async fn check_log(&self, now: &ProgressSnapshot) -> Result<(), WaitError> {
        let Some(remembered) = now.remembered else { return Ok(()) };
        match remembered.compare(&*self.core.store).await {
            Ok(Err(lost)) => {
                Err(WaitError::Refused { subscription: self.core.name.clone(), reason: lost.to_string().into() })
            }
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Fails where the event at `position`, which the subscription has passed, waits behind a dead letter or is one.
    async fn check_letters(&self, now: &ProgressSnapshot, position: Position) -> Result<(), WaitError> {
        let core = &*self.core;
        let is_elsewhere = core.runs_elsewhere(&now.state);
        let before = match self.target {
            Target::Applied(_) if now.letters.waiting > 0 || is_elsewhere => position.value().checked_sub(1),
            _ => None,
        };
        let Some(before) = before.map(Position::new) else { return Ok(()) };
        let page = core
            .store
            .read_log(before, &EventFilter::all(), PageLimit::events(1))
            .await
            .map_err(|error| self.unread(error))?;
        let event = page.events.first().filter(|event| event.position() == position && core.filter.matches(event));
        let Some(event) = event else { return Ok(()) };
        let subscription = core.name.clone();
        match self.slot.parked(event.stream()).await {
            Ok(Some(letter)) if letter.version <= event.version() => {
                Err(WaitError::Held { subscription, position, letter: Box::new(letter) })
            }
            Ok(_) => Ok(()),
            Err(error) => Err(WaitError::DeadLetters { subscription, position, source: Arc::new(error) }),
        }
    }

    fn unread(&self, source: StoreError) -> WaitError {
        WaitError::Store { subscription: self.core.name.clone(), source: Arc::new(source) }
    }
}

/// When a stored checkpoint is read again, by a caller that waits for another process to move it.
struct Polls {
    /// An append: the owner is about to move it.
    wake_up: Option<WakeUpReceiver>,
    delay: Duration,
}

impl Polls {
    const SHORTEST: Duration = Duration::from_millis(20);
    const LONGEST: Duration = Duration::from_millis(200);

    const fn new(wake_up: Option<WakeUpReceiver>) -> Self {
        Self { wake_up, delay: Self::SHORTEST }
    }

    /// Returns when the checkpoint is to be read again; never where it `is` not `polled`.
    async fn next(&mut self, is_polled: bool) {
        if !is_polled {
            return pending().await;
        }
        let appended = async {
            match &mut self.wake_up {
                Some(wake_up) => wake_up.wait().await,
                None => pending().await,
            }
        };
        self.delay = tokio::select! {
            () = appended => Self::SHORTEST,
            () = sleep(self.delay) => (self.delay * 2).min(Self::LONGEST),
        };
    }
}

impl IntoFuture for Wait {
    type Output = Result<Position, WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { core, target, deadline, slot: _ } = self;
        let mut wait = f.debug_struct("Wait");
        wait.field("subscription", &core.name).field("target", target).field("deadline", deadline).finish()
    }
}
