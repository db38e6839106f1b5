//! Group commit: concurrent appends of one process are stored together in one commit.
//!
//! A single append begins at once, in the task of its caller. Appends that arrive while it runs wait in a queue. A task
//! of its own stores the queued appends, one batch after the other, until the queue is empty. So a caller that is
//! cancelled or not polled blocks no other caller. If that task ends with its runtime, each waiting caller appends
//! alone.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::append::{Append, Outcome};

/// The limits of one commit, in appends, events and bytes. A larger append gets its own commit.
const MOST_APPENDS: usize = 100;
const MOST_EVENTS: usize = 1_000;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The answer to a queued append.
#[derive(Debug)]
pub(crate) enum CommitAnswer {
    /// It is stored, or refused.
    Done(Outcome),
    /// It was not stored. Its caller appends it alone, and gets its own answer.
    Alone,
    /// It may be stored: the task that stores it has ended without an answer.
    Unknown,
    /// Its deadline passed while it was queued. It was not stored.
    Late,
}

/// The queue of waiting appends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<QueueState>>);

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Waiting>,
    next: u64,
    /// Whether a caller appends alone.
    alone: bool,
    /// Whether a task stores the queued appends.
    led: bool,
}

/// An append in the queue or in a batch. If it is dropped without an answer, the answer is [`CommitAnswer::Unknown`].
#[derive(Debug)]
pub(crate) struct Waiting {
    number: u64,
    pub(crate) append: Arc<Append>,
    /// The end of the time in the queue; `None` if it is not limited.
    until: Option<Instant>,
    pub(crate) answer: oneshot::Sender<CommitAnswer>,
}

/// How an append begins.
#[derive(Debug)]
pub(crate) enum Entry {
    /// At once, in the task of its caller.
    Alone(Alone),
    /// In the queue. If there is a lead, the caller must spawn a task with it.
    Queued(Ticket, Option<Lead>),
}

/// A guard: its owner appends alone.
#[derive(Debug)]
pub(crate) struct Alone(Queue);

/// A place in the queue. Dropping it withdraws the append.
#[derive(Debug)]
pub(crate) struct Ticket {
    queue: Queue,
    number: u64,
    answer: oneshot::Receiver<CommitAnswer>,
}

/// The right to take queued appends. One task at a time has it.
#[derive(Debug)]
pub(crate) struct Lead(Option<Queue>);

impl Queue {
    /// Begins an append. It waits in the queue until the deadline `until` at most.
    pub(crate) fn enter(&self, append: &Arc<Append>, until: Option<Instant>) -> Entry {
        let mut state = self.state();
        if !state.alone && !state.led {
            state.alone = true;
            return Entry::Alone(Alone(self.clone()));
        }
        let (sender, answer) = oneshot::channel();
        let number = state.next;
        state.next += 1;
        state.waiting.push_back(Waiting { number, append: Arc::clone(append), until, answer: sender });
        let lead = (!state.led).then(|| Lead(Some(self.clone())));
        state.led = true;
        Entry::Queued(Ticket { queue: self.clone(), number, answer }, lead)
    }

    /// Removes an append from the queue. Returns whether it was still there.
    fn withdraw(&self, number: u64) -> bool {
        let mut state = self.state();
        let at = state.waiting.iter().position(|waiting| waiting.number == number);
        at.and_then(|at| state.waiting.remove(at)).is_some()
    }

    // A poisoned lock is fine: no code panics between two related changes.
    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Waits for the answer. Withdraws the append if it has waited in the queue for `patience`.
    pub(crate) async fn answer(mut self, patience: Option<Duration>) -> CommitAnswer {
        if let Some(patience) = patience {
            match tokio::time::timeout(patience, &mut self.answer).await {
                Ok(answer) => return answer.unwrap_or(CommitAnswer::Unknown),
                Err(_) if self.queue.withdraw(self.number) => return CommitAnswer::Late,
                // It is being stored: wait for the answer.
                Err(_) => {}
            }
        }
        (&mut self.answer).await.unwrap_or(CommitAnswer::Unknown)
    }
}

impl Waiting {
    /// Returns whether its time in the queue is over.
    pub(crate) fn is_late(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    pub(crate) fn answer(self, answer: CommitAnswer) {
        // A cancelled caller needs no answer.
        let _ = self.answer.send(answer);
    }
}

impl Lead {
    /// Yields once, so that callers with a new append (such as callers that were just answered) can queue it. Returns
    /// whether an append waits. If none does, the lead ends.
    pub(crate) async fn gather(&mut self) -> bool {
        tokio::task::yield_now().await;
        let Some(queue) = &self.0 else { return false };
        let mut state = queue.state();
        if !state.waiting.is_empty() {
            return true;
        }
        state.led = false;
        drop(state);
        self.0 = None;
        false
    }

    /// Takes the next batch, in the order of arrival. It is empty if all callers have withdrawn. With `apart`, a batch
    /// has at most one append to each stream, and later ones stay in the queue. An append whose deadline has passed is
    /// answered instead.
    pub(crate) fn take(&self, apart: bool) -> Vec<Waiting> {
        let mut late = Vec::new();
        let batch = self.change(|queued| {
            let (mut batch, mut events, mut bytes) = (Vec::new(), 0, 0);
            let mut streams = HashSet::new();
            let mut left = VecDeque::new();
            let now = Instant::now();
            while let Some(waiting) = queued.pop_front() {
                if waiting.is_late(now) {
                    late.push(waiting);
                    continue;
                }
                let more = waiting.append.events.len();
                let more_bytes = waiting.append.size();
                let fits = batch.is_empty()
                    || (batch.len() < MOST_APPENDS && events + more <= MOST_EVENTS && bytes + more_bytes <= MOST_BYTES);
                if !fits {
                    left.push_back(waiting);
                    break;
                }
                if apart && !streams.insert(waiting.append.stream.clone()) {
                    left.push_back(waiting);
                    continue;
                }
                events += more;
                bytes += more_bytes;
                batch.push(waiting);
            }
            left.append(queued);
            *queued = left;
            batch
        });
        late.into_iter().for_each(|waiting| waiting.answer(CommitAnswer::Late));
        batch.unwrap_or_default()
    }

    /// Changes the appends that wait, in their order; `None` if the lead has ended.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut VecDeque<Waiting>) -> T) -> Option<T> {
        let queue = self.0.as_ref()?;
        Some(change(&mut queue.state().waiting))
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.0.state().alone = false;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.queue.withdraw(self.number);
    }
}

/// If the lead is dropped early, for example by a shutdown of its runtime, all waiting callers append alone.
impl Drop for Lead {
    fn drop(&mut self) {
        let Some(queue) = self.0.take() else { return };
        let mut state = queue.state();
        state.led = false;
        let left = std::mem::take(&mut state.waiting);
        drop(state);
        left.into_iter().for_each(|waiting| waiting.answer(CommitAnswer::Alone));
    }
}
