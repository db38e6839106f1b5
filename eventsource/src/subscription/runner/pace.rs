//! The pace of the runner: it obeys the control, waits for new events, and waits until an outage is over.
//!
//! If several things have happened, it handles them in a fixed order, the control first, so that a run can be repeated.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::inbox::{Message, Waiting};
use super::{Context, End, Owner};
use crate::backoff::Backoff;
use crate::causes::with_causes;
use crate::projection::CheckpointStore;
use crate::subscription::state::progress::Interruption;
use crate::subscription::subscription_shared::Control;

/// The least time between two saves of a checkpoint that only skips events.
const PASS_INTERVAL: Duration = Duration::from_secs(1);

/// The delays between two attempts to reach a store that does not answer.
const OUTAGE: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));

impl<C: CheckpointStore> Context<C> {
    /// Obeys the command between two batches: ends at a stop, waits during a pause. Ends if the lease is lost in the
    /// pause.
    pub(super) async fn poll_control(&mut self) -> Result<(), End> {
        loop {
            match self.inbox.obey() {
                (Control::Stop(reason), _) => return Err(End::Stopped(reason)),
                (Control::Pause, _) => {
                    self.reader.suspend();
                    self.core.progress.interrupt(Interruption::Paused);
                    if let Message::LeaseLost = self.inbox.receive(Waiting::Paused, None, None).await {
                        return Err(self.lost());
                    }
                }
                (Control::Run, was_paused) => {
                    if was_paused {
                        self.core.progress.resume();
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
            reason = self.inbox.stopped() => Err(End::Stopped(reason)),
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
                        self.core.progress.resume();
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
        self.inbox.receive(Waiting::Delay, None, Some(Instant::now() + delay)).await;
        self.poll_control().await
    }

    /// Waits before a store is asked again that has failed `failures` times, and reports the reason as the state
    /// ([contained failure](crate::guarantees#contained-failure)).
    pub(super) async fn outage(&mut self, reason: String, failures: u32) -> Result<(), End> {
        tracing::warn!(subscription = self.core.name, reason, failures, "waiting for a store");
        self.core.wait_for_store(reason.into());
        self.delay(OUTAGE.delay(failures, self.core.chance.draw())).await
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Saves a checkpoint that only skips events, at most once a second.
    pub(super) async fn save_passed_by_now(&mut self) -> Result<(), End> {
        if self.has_unsaved() && self.active.saved_at.elapsed() >= PASS_INTERVAL {
            self.save_passed().await?;
        }
        Ok(())
    }

    /// Waits at the end of the log until there may be new events: for a wake-up, a request or the poll interval
    /// ([wake-ups carry no data](crate::guarantees#wake-ups-carry-no-data)).
    pub(super) async fn idle(&mut self, most: Duration) -> Result<(), End> {
        self.save_passed_by_now().await?;
        let mut until = Instant::now() + self.context.core.config.poll_interval.min(most);
        if self.has_unsaved() {
            until = until.min(self.active.saved_at + PASS_INTERVAL);
        }
        match self.context.inbox.receive(Waiting::Idle, self.active.next.as_mut(), Some(until)).await {
            Message::LeaseLost => Err(self.context.lost()),
            Message::Builder(asked) => self.serve_asked(asked).await,
            Message::Command | Message::Request | Message::WakeUp | Message::Due => Ok(()),
        }
    }
}
