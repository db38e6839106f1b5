//! The end of a run: what goes wrong ends, one process is left, and comes to its end.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::subscription::{DeadLetterError, SubscriptionState, WaitError};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::account;
use super::projections::Subject;
use super::world::{LONG, World, is_fenced};

impl<S: Subject> World<S> {
    /// Ends the run: the stores work again, one process is left, and it catches up. Returns whether a letter is left.
    pub(super) async fn settle(&mut self) -> bool {
        for process in &self.processes {
            process.faults.switch_off();
        }
        // What a killed process had asked for before may still be done, and takes the checkpoint over.
        sleep(Duration::from_secs(40)).await;
        let cured = self.random.chance(0.5);
        if cured {
            self.mind.cure();
        }
        if self.processes.iter().all(|process| self.mind.is_old(process.number)) {
            // Old code never gets beyond an event of a newer version.
            let Some(process) = self.processes.last() else { return false };
            let _ = timeout(LONG, process.manager.stop()).await.expect("a stop ends");
            self.spawn_calm().await;
        }
        let newer = self.processes.iter().position(|process| !self.mind.is_old(process.number));
        let last = self.processes.len() - 1;
        self.processes.swap(newer.unwrap_or(last), last);
        while self.processes.len() > 1 {
            let stopped = self.processes.remove(0);
            let _ = timeout(LONG, stopped.manager.stop()).await.expect("a stop ends");
        }
        self.resume(0).await;
        self.start(0).await;
        let mut finished = false;
        // What a process that was killed had asked of the store may still be done, and fence the one that is left.
        for _ in 0..20 {
            self.settle_down().await;
            self.assert_not_fenced().await;
            finished = cured && self.finish_letters().await;
            if !is_fenced(&self.processes[0].handle.inspect().await.state) {
                break;
            }
            self.start(0).await;
        }
        let cured = finished;
        let process = &self.processes[0];
        let state = process.handle.inspect().await.state;
        assert!(
            matches!(state, SubscriptionState::Live | SubscriptionState::CatchingUp)
                || (matches!(state, SubscriptionState::Faulted { .. }) && self.rules.may_fault()),
            "it ended as {state:?}"
        );
        timeout(LONG, process.manager.stop()).await.expect("a stop ends").expect("everything is saved");
        account::check(self, cured).await
    }

    /// Starts the process that is left until it has caught up, or cannot.
    async fn settle_down(&mut self) {
        let mut faults = 0;
        loop {
            match self.arrive().await {
                Ok(()) => break,
                Err(WaitError::Faulted { failure }) => {
                    assert!(self.rules.may_fault(), "it faulted against the rules: {failure}");
                    faults += 1;
                    // Each start gives another event up, unless the policy is to stop.
                    if faults > 400 {
                        break;
                    }
                }
                Err(WaitError::Fenced { .. } | WaitError::Stopped { .. }) => self.assert_not_fenced().await,
                Err(error) => panic!("it came to nothing: {error}"),
            }
            self.start(0).await;
        }
    }

    /// Waits until the process that is left has caught up, and says so itself: it may have heard from the checkpoint
    /// alone how far another one was.
    async fn arrive(&self) -> Result<(), WaitError> {
        let handle = &self.processes[0].handle;
        let deadline = tokio::time::Instant::now() + LONG;
        loop {
            match handle.caught_up().within(LONG).await {
                // A standby of durable memory waits until the lease of an owner that is gone has run out.
                Ok(_) | Err(WaitError::Standby { .. }) => {}
                Err(error) => return Err(error),
            }
            match handle.inspect().await.state {
                SubscriptionState::Live
                | SubscriptionState::Faulted { .. }
                | SubscriptionState::FencedAgain { .. }
                | SubscriptionState::Stopped { .. } => return Ok(()),
                state => assert!(tokio::time::Instant::now() < deadline, "it stays {state:?}"),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// What can be cured is cured: every letter can be applied, except of an event that cannot be read. Says whether the
    /// subscription still runs, and did it.
    async fn finish_letters(&mut self) -> bool {
        let dead_letters = self.processes[0].handle.dead_letters();
        self.touched.extend((1..=self.streams).map(|n| StreamId::new("Thing", Uuid::from_u128(n.into()))));
        match timeout(LONG, dead_letters.retry_all()).await.expect("a retry ends") {
            Ok(retried) => {
                let unreadable = |letter: &eventsource::projection::DeadLetter| letter.event_type == "Moved";
                assert!(retried.left.iter().all(unreadable), "{:?}", retried.left);
                true
            }
            Err(DeadLetterError::NotRunning { .. }) => false,
            Err(error) => panic!("the retry was refused: {error}"),
        }
    }
}
