//! The states of a runner, and every change of them.
//!
//! ```text
//! claiming -> active | standby | replaced (the next generation is built first) | other log
//! active -> claiming (it has emptied or replaced its own checkpoint)
//! other log (a rebuild has begun, or the next generation serves) -> claiming
//! standby | replaced | fenced | outdated -> as claiming, after a wait
//! all of them -> fenced | outdated | ended
//! ```
//!
//! The public state follows from the state in [`State::public`], and is published after each change.

use std::sync::Arc;

use super::change::Replaced;
use super::claim::{Claimed, Held};
use super::close::Closed;
use super::exit::{Ended, Exit};
use super::outdated::Outdated;
use super::resume::Resume;
use super::{Active, Context, End};
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::store::LogId;
use crate::subscription::erased::ErasedSubscriber;
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{StopReason, SubscriptionState};

/// The task of one subscription.
pub(in crate::subscription) struct Runner<C: CheckpointStore> {
    context: Context<C>,
    state: State,
}

enum State {
    /// It claims the checkpoint, and continues with this.
    Claiming(Resume),
    /// Another process owns the checkpoint, of the log with this id.
    Standby {
        held: Held,
        log: LogId,
        resume: Resume,
    },
    /// The projection has changed. Its present version is being built side by side, and another version serves.
    Replaced(Replaced),
    /// It owns a checkpoint of another log.
    OtherLog {
        active: Box<Active>,
        reason: Arc<str>,
    },
    /// It owns the checkpoint, and applies events.
    Active(Box<Active>),
    /// It has lost the checkpoint.
    Fenced {
        reason: Arc<str>,
    },
    /// The program is too old. The checkpoint was at this position.
    Outdated {
        outdated: Outdated,
        left_at: Position,
    },
    Ended(Ended),
}

impl<C: CheckpointStore> Runner<C> {
    pub(in crate::subscription) fn new(
        core: Arc<SubscriptionShared>,
        checkpoints: Arc<C>,
        subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    ) -> Self {
        core.progress.doubt_log();
        let context = Context::new(core, checkpoints, subscriber);
        Self { context, state: State::Claiming(Resume::default()) }.published()
    }

    /// Runs until something ends the subscription.
    pub(in crate::subscription) async fn run(mut self) -> Ended {
        loop {
            match self.state {
                State::Ended(ended) => return ended,
                _ => self = self.step().await,
            }
        }
    }

    /// Stays in the present state until it is left.
    async fn step(self) -> Self {
        let Self { mut context, state } = self;
        let at = &mut context;
        let state = match state {
            State::Claiming(resume) => at.claim(None, resume).await,
            State::Standby { log, resume, .. } => match at.wait_as_standby().await {
                Ok(()) => at.claim(Some(log), resume).await,
                Err(end) => at.after(end.into()),
            },
            State::Replaced(replaced) => match at.wait_for_replacement(replaced).await {
                Ok(()) => at.claim(None, Resume::default()).await,
                Err(end) => at.after(end.into()),
            },
            State::OtherLog { mut active, reason } => {
                let Err(end) = at.owner(&mut active).wait_for_present_log(reason).await;
                at.leave(active, end).await
            }
            State::Active(mut active) => {
                let Err(end) = at.owner(&mut active).work().await;
                at.leave(active, end).await
            }
            State::Fenced { .. } => match at.delay(at.pause()).await {
                Ok(()) => at.claim(None, Resume::default()).await,
                Err(end) => at.after(end.into()),
            },
            State::Outdated { outdated, left_at } => match at.wait_for_newer(&outdated, left_at).await {
                Ok(()) => at.claim(None, Resume::default()).await,
                Err(end) => at.after(end.into()),
            },
            State::Ended(ended) => State::Ended(ended),
        };
        Self { context, state }.published()
    }

    /// Publishes the state.
    fn published(self) -> Self {
        let core = &self.context.core;
        if let State::Ended(_) = self.state {
            // Their callers read the state after that.
            core.requests.clear();
        }
        core.progress.show(self.state.public());
        self
    }
}

impl<C: CheckpointStore> Context<C> {
    /// Claims the checkpoint of the log with the id `log`, which is asked for if it is not known.
    async fn claim(&mut self, log: Option<LogId>, resume: Resume) -> State {
        let delivery = self.delivery;
        let claimed = match log {
            Some(_) => Ok(()),
            None => self.find_start().await,
        };
        let claimed = match claimed {
            Ok(()) => delivery.claim(self, log, &resume).await,
            Err(end) => Err(end),
        };
        match claimed {
            Ok(Claimed::Owned(mut active, remembered)) => {
                match self.owner(&mut active).start(remembered, resume).await {
                    Ok(()) => State::Active(active),
                    Err(End::LogLost(reason)) => State::OtherLog { active, reason },
                    Err(end) => self.leave(active, end).await,
                }
            }
            Ok(Claimed::Held { held, log: found }) => {
                if log.is_none() {
                    tracing::info!(subscription = self.core.name, owner = %held.owner, "standing by");
                }
                match self.follow_owner().await {
                    Ok(()) => State::Standby { held, log: found, resume },
                    Err(end) => self.after(end.into()),
                }
            }
            Ok(Claimed::Changed(mut active, stored)) => {
                let Err(end) = self.owner(&mut active).empty_changed(&stored, resume).await;
                self.leave(active, end).await
            }
            Ok(Claimed::Replaced(replaced)) => State::Replaced(replaced),
            Err(end) => self.after(end.into()),
        }
    }

    /// Ends the ownership of the checkpoint.
    async fn leave(&mut self, mut active: Box<Active>, end: End) -> State {
        let closed = self.owner(&mut active).close(end).await;
        self.after(closed)
    }

    /// Returns the state after the end of another one.
    fn after(&mut self, Closed { end, saved, position, stored }: Closed) -> State {
        let core = Arc::clone(&self.core);
        let subscription = &core.name;
        let exit = match end {
            End::Reclaim(resume) => return State::Claiming(*resume),
            End::Fenced(reason) if !self.is_fenced_again() => {
                let pause = self.pause();
                tracing::warn!(subscription, %reason, ?pause, "fenced: it stands by again after a pause");
                self.core.progress.note(Arc::clone(&reason));
                return State::Fenced { reason };
            }
            End::Outdated(outdated) => {
                let (reason, pause) = (&outdated.reason, self.pause());
                tracing::error!(subscription, %reason, ?pause, "outdated: it checks again after a pause");
                self.core.progress.note(Arc::clone(reason));
                return State::Outdated { outdated, left_at: stored };
            }
            End::Fenced(reason) => Exit::FencedAgain(reason),
            End::Stopped(reason) => {
                tracing::info!(subscription, %position, %reason, "stopped");
                Exit::Stopped(reason)
            }
            // Only the builder of a next generation ends so.
            End::Serves => Exit::Stopped(StopReason::ManagerStopped),
            End::Faulted(failure) => {
                tracing::error!(subscription, position = %failure.position, %failure, "faulted");
                match self.core.next_restart(&failure) {
                    Some(next) => Exit::Restarting(failure, next),
                    None => Exit::Faulted(failure),
                }
            }
            End::Refused(reason) | End::LogLost(reason) => {
                tracing::error!(subscription, %reason, "refused");
                Exit::Refused(reason)
            }
        };
        if let Some(failure) = exit.failure() {
            self.core.progress.note(failure);
        }
        if let Exit::FencedAgain(_) = exit {
            tracing::error!(subscription, reason = exit.public_state().reason(), "faulted");
        }
        State::Ended(Ended { exit, saved })
    }
}

impl State {
    /// Returns the public state.
    fn public(&self) -> SubscriptionState {
        match self {
            Self::Claiming(_) | Self::OtherLog { .. } => SubscriptionState::CatchingUp,
            Self::Standby { held, .. } => {
                SubscriptionState::Standby { owner: Arc::clone(&held.owner), until: held.until }
            }
            Self::Replaced(replaced) => replaced.public_state(),
            Self::Active(active) => active.public_state(),
            Self::Fenced { reason } => SubscriptionState::Fenced { reason: Arc::clone(reason) },
            Self::Outdated { outdated, .. } => SubscriptionState::Outdated { reason: Arc::clone(&outdated.reason) },
            Self::Ended(ended) => ended.exit.public_state(),
        }
    }
}
