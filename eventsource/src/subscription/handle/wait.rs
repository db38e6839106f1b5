//! Waits until a subscription has reached a position.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::polls::Polls;
use crate::event::{EventFilter, Position};
use crate::store::{PageLimit, StoreError};
use crate::subscription::handle::subscription_control::SubscriptionControl;
use crate::subscription::inside::is_handler_of;
use crate::subscription::log::recognise::{Compared, Remembered};
use crate::subscription::state::progress::ProgressSnapshot;
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{StopReason, SubscriptionState, WaitError, WaitTarget};

/// A wait until a subscription has reached a position. Await it, or set a deadline first with [`within`](Wait::within).
///
/// Awaiting returns the position of the subscription. It fails with [`WaitError`], and does not hang, if the
/// subscription ends before it is there:
/// [`wait_for_passed`](crate::subscription::SubscriptionHandle::wait_for_passed) lists the errors.
///
/// **There is no deadline by default.** While the subscription waits for a store, is paused, is a standby or is
/// outdated, the wait goes on: set a deadline to limit it.
///
/// | wait | ends when the position is passed and | a dead letter at the position |
/// | --- | --- | --- |
/// | [`wait_for`](crate::subscription::SubscriptionHandle::wait_for) | the event there is applied, dismissed, skipped, or not handled by the projection | fails with [`WaitError::Held`] |
/// | [`wait_for_passed`](crate::subscription::SubscriptionHandle::wait_for_passed) | nothing else | accepted |
/// | [`caught_up`](crate::subscription::SubscriptionHandle::caught_up) | nothing else: the position is the end of the log at the time of the call | accepted |
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// # manager.start().await?;
/// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let placed = NewEvent::raw("OrderPlaced", 1, "{}");
/// # let events = vec![placed];
/// use std::time::Duration;
/// use eventsource::subscription::WaitError;
///
/// let appended = store.append(&stream, ExpectedVersion::Any, events).await?;
/// match orders.wait_for(&appended).within(Duration::from_secs(2)).await {
///     Ok(position) => println!("applied up to {position}"),
///     Err(WaitError::Held { letter, .. }) => println!("not applied: {letter}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "a wait does nothing until it is awaited"]
pub struct Wait {
    core: Arc<SubscriptionShared>,
    slot: Arc<dyn SubscriptionControl>,
    target: Target,
    deadline: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::subscription) enum Target {
    /// The end of the log at the time of the call.
    Head,
    /// The event there is passed, and is not held by a dead letter.
    Applied(WaitTarget),
    /// The event there is passed.
    Passed(WaitTarget),
}

impl Wait {
    pub(in crate::subscription) fn new(
        core: Arc<SubscriptionShared>,
        slot: Arc<dyn SubscriptionControl>,
        target: Target,
    ) -> Self {
        Self { core, slot, target, deadline: None }
    }

    /// Fails with [`WaitError::Deadline`] if the wait takes longer than `deadline`. The error contains the state and
    /// the position of the subscription.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// use std::time::Duration;
    ///
    /// orders.caught_up().within(Duration::from_secs(30)).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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

    /// Waits, and returns the position of the subscription.
    async fn reach(&self) -> Result<Position, WaitError> {
        let core = &*self.core;
        if is_handler_of(core.handler_id()) {
            return Err(WaitError::InsideHandler { subscription: core.name.clone() });
        }
        let mut progress = core.progress.listen();
        let target = match self.target {
            Target::Applied(target) | Target::Passed(target) => {
                self.check_target(target).await?;
                target.position()
            }
            Target::Head => core.log.head().await.map_err(|error| self.unread(error))?,
        };
        let mut polls = Polls::new(core.store.wake_ups());
        // Events that this process applies after the call are read after a check of the log.
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
            // `core` keeps the sender alive.
            tokio::select! {
                biased;
                _ = progress.changed() => {}
                () = polls.next(is_elsewhere) => {}
            }
        }
    }

    /// Fails if the target names another log than the one that the subscription reads.
    async fn check_target(&self, target: WaitTarget) -> Result<(), WaitError> {
        let core = &*self.core;
        let remembered = core.progress.snapshot().remembered.and_then(|remembered| remembered.log);
        let Some(expected) = target.log().filter(|log| Some(*log) != remembered) else { return Ok(()) };
        let found = core.store.log_id().await.map_err(|error| self.unread(error))?;
        if found == expected {
            return Ok(());
        }
        Err(WaitError::OtherLog { subscription: core.name.clone(), expected, found })
    }

    /// Decides whether the wait ends, if this process runs the subscription or no process does.
    fn judge(&self, now: &ProgressSnapshot, target: Position) -> Option<Result<Position, WaitError>> {
        if let Some(position) = now.position.filter(|position| now.is_recognised && *position >= target) {
            // After a full page there may be more events. The next page tells.
            let is_looking = matches!(self.target, Target::Head)
                && matches!(now.state, SubscriptionState::CatchingUp)
                && now.looked < Some(position);
            return (!is_looking).then_some(Ok(position));
        }
        let subscription = self.core.name.clone();
        let error = match &now.state {
            SubscriptionState::Idle => WaitError::NotStarted { subscription },
            SubscriptionState::Stopped { reason: StopReason::Restarting } => return None,
            SubscriptionState::Stopped { reason } => {
                WaitError::Stopped { subscription, position: now.position, reason: *reason }
            }
            SubscriptionState::Faulted { failure } => WaitError::Faulted { failure: Arc::clone(failure) },
            SubscriptionState::Refused { reason } => WaitError::Refused { subscription, reason: Arc::clone(reason) },
            SubscriptionState::FencedAgain { .. } => WaitError::Fenced { subscription, state: now.state.clone() },
            // No other process can apply events to this process's memory.
            SubscriptionState::Outdated { reason } if !self.core.facts.has_stored_checkpoint => {
                WaitError::Outdated { subscription, reason: Arc::clone(reason) }
            }
            _ => return None,
        };
        Some(Err(error))
    }

    /// Decides whether the wait ends, if another process runs the subscription, or none has taken it over yet. A
    /// checkpoint that cannot be read is read again later.
    async fn judge_owner(&self, now: &ProgressSnapshot, target: Position) -> Option<Result<Position, WaitError>> {
        let core = &*self.core;
        let stored = self.slot.stored().await.ok().flatten()?;
        // A reader here gets the restored state of a durable memory projection, which can be older than the stored one.
        let is_in_memory = core.facts.stores_state();
        let position = if is_in_memory { now.position } else { Some(stored.position) };
        let Some(position) = position.filter(|position| *position >= target) else {
            // A fenced or restarting process claims its checkpoint again soon. So does an outdated one, after newer code
            // has passed the event.
            let claims_again = now.state.is_aside() && !matches!(now.state, SubscriptionState::Standby { .. });
            let (subscription, state, position) = (core.name.clone(), now.state.clone(), now.position);
            return (is_in_memory && !claims_again).then_some(Err(WaitError::Standby {
                subscription,
                state,
                position,
            }));
        };
        let compared = Remembered::of(&stored, Position::START).compare(&*core.store).await.ok()?;
        Some(match compared {
            Compared::Same(_) => Ok(position),
            Compared::Lost(lost) => {
                Err(WaitError::Refused { subscription: core.name.clone(), reason: lost.to_string().into() })
            }
        })
    }

    /// Fails if the log is not the one in which the subscription has passed the position. Ignores a store that does not
    /// answer.
    async fn check_log(&self, now: &ProgressSnapshot) -> Result<(), WaitError> {
        let Some(remembered) = now.remembered else { return Ok(()) };
        match remembered.compare(&*self.core.store).await {
            Ok(Compared::Lost(lost)) => {
                Err(WaitError::Refused { subscription: self.core.name.clone(), reason: lost.to_string().into() })
            }
            Ok(Compared::Same(_)) | Err(_) => Ok(()),
        }
    }

    /// Fails if the event at `position`, which the subscription has passed, is a dead letter or waits behind one.
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
