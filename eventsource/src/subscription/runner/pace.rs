//! The pace of the runner: it obeys the control, waits for new events, and waits until an outage is over.
//!
//! If several things have happened, it handles them in a fixed order, the control first, so that a run can be repeated.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::claim::Heartbeat;
use super::control::{hold_requested, stop_requested};
use super::shadow::ShadowBuild;
use super::{End, Runner};
use crate::backoff::Backoff;
use crate::causes::with_causes;
use crate::projection::CheckpointStore;
use crate::subscription::SubscriptionState;
use crate::subscription::subscription_shared::Control;

/// The least time between two saves of a checkpoint that only skips events.
const PASS_INTERVAL: Duration = Duration::from_secs(1);

/// The delays between two attempts to reach a store that does not answer.
const OUTAGE: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));

impl<C: CheckpointStore> Runner<C> {
    /// Obeys the control between two batches: ends at a stop, waits during a pause. Ends if the lease is lost in the
    /// pause.
    pub(super) async fn poll_control(&mut self) -> Result<(), End> {
        loop {
            let control = *self.control.borrow_and_update();
            match control {
                Control::Stop(reason) => return Err(End::Stopped(reason)),
                Control::Pause => {
                    self.reader.suspend();
                    self.tell_next(Control::Pause);
                    self.core.progress.set_state(SubscriptionState::Paused);
                    tokio::select! {
                        biased;
                        _ = self.control.changed() => {}
                        () = Heartbeat::lost(&mut self.heartbeat) => return Err(self.lost()),
                    }
                }
                Control::Run => {
                    if matches!(self.core.progress.snapshot().state, SubscriptionState::Paused) {
                        self.core.progress.set_state(self.working());
                        self.tell_next(Control::Run);
                    }
                    return Ok(());
                }
            }
        }
    }

    pub(super) fn lost(&self) -> End {
        End::Fenced(format!("the checkpoint of `{}` was taken over by another runner", self.core.name).into())
    }

    /// Runs `work`, and drops it at a stop. Only for work that may be dropped half-way.
    pub(super) async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Result<T, End> {
        tokio::select! {
            biased;
            reason = stop_requested(&mut self.control) => Err(End::Stopped(reason)),
            done = work => Ok(done),
        }
    }

    /// Asks a store until it answers. Only for calls that may be dropped half-way.
    pub(super) async fn retry_until_up<T, E, F>(&mut self, question: impl Fn() -> F) -> Result<T, End>
    where
        E: Error + 'static,
        F: Future<Output = Result<T, E>>,
    {
        let mut failures = 0;
        loop {
            let watch = self.watch();
            let answer = watch.tell(|| "the store has not answered a question".to_owned(), question());
            match self.unless_stopped(answer).await? {
                Ok(answer) => {
                    if failures > 0 {
                        self.core.progress.set_state(self.working());
                    }
                    return Ok(answer);
                }
                Err(error) => {
                    failures += 1;
                    self.outage(with_causes(&error), failures).await?;
                }
            }
        }
    }

    /// Waits for `delay`. Obeys a stop or a pause at once.
    pub(super) async fn delay(&mut self, delay: Duration) -> Result<(), End> {
        self.reader.suspend();
        tokio::select! {
            biased;
            () = hold_requested(&mut self.control) => {}
            () = sleep(delay) => {}
        }
        self.poll_control().await
    }

    /// Saves a checkpoint that only skips events, at most once a second.
    pub(super) async fn save_passed_by_now(&mut self) -> Result<(), End> {
        if self.has_unsaved() && self.saved_at.elapsed() >= PASS_INTERVAL {
            self.save_passed().await?;
        }
        Ok(())
    }

    /// Waits at the end of the log until there may be new events: for a wake-up, a request or the poll interval
    /// ([wake-ups carry no data](crate::guarantees#wake-ups-carry-no-data)).
    pub(super) async fn idle(&mut self) -> Result<(), End> {
        self.save_passed_by_now().await?;
        let poll_at = Instant::now() + self.core.config.poll_interval;
        let save_at = if self.has_unsaved() { (self.saved_at + PASS_INTERVAL).min(poll_at) } else { poll_at };
        let store_wake_up = async {
            match &mut self.store_wake_up {
                Some(wake_up) => wake_up.wait().await,
                None => std::future::pending().await,
            }
        };
        let asked = tokio::select! {
            biased;
            () = hold_requested(&mut self.control) => None,
            () = Heartbeat::lost(&mut self.heartbeat) => return Err(self.lost()),
            () = self.core.requests.waiting() => None,
            asked = ShadowBuild::asks(&mut self.next) => Some(asked),
            () = store_wake_up => None,
            () = self.bus_wake_up.wait() => None,
            () = sleep_until(save_at) => None,
        };
        match asked {
            Some(asked) => self.serve_asked(asked).await,
            None => Ok(()),
        }
    }

    /// Waits before a store is asked again that has failed `failures` times, and reports the reason as the state
    /// ([contained failure](crate::guarantees#contained-failure)).
    pub(super) async fn outage(&mut self, reason: String, failures: u32) -> Result<(), End> {
        tracing::warn!(subscription = self.core.name, reason, failures, "waiting for a store");
        let reason: Arc<str> = reason.into();
        if let Some(building) = &self.building {
            building.live.progress.note(Arc::clone(&reason));
        }
        self.core.progress.fail(Arc::clone(&reason), SubscriptionState::Waiting { reason });
        self.delay(OUTAGE.delay(failures, self.core.chance.draw())).await
    }
}
