//! Appends of one process that wait for each other, to be stored together in one commit.
//!
//! An append that comes alone is its caller's: it begins at once, and nobody waits for it. Those that come meanwhile
//! queue, and a task of their own stores what has queued, a batch at a time, until there is nothing left. So a caller who
//! goes away, or who is not polled, stops nobody; and where the task ends with its runtime, everybody goes on alone.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::append::{Append, Outcome};

/// How many appends, how many events and how many bytes go into one commit at most. An append of more goes by itself.
const MOST_APPENDS: usize = 100;
const MOST_EVENTS: usize = 1_000;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// What becomes of an append that has queued.
#[derive(Debug)]
pub(crate) enum CommitAnswer {
    /// It is stored at these places, or refused.
    Done(Outcome),
    /// It was not stored: its caller appends it alone, which gives it an answer of its own.
    Alone,
    /// It may be stored: whoever was to say so is gone.
    Unknown,
    /// Its time was up before its turn came.
    Late,
}

/// The appends that wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<QueueState>>);

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Waiting>,
    next: u64,
    /// Whether somebody appends alone, and whether there is a task that appends for those who wait.
    alone: bool,
    led: bool,
}

/// An append in the queue, or in a batch. Dropping it without an answer is one: nobody knows.
#[derive(Debug)]
pub(crate) struct Waiting {
    number: u64,
    pub(crate) append: Arc<Append>,
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "appends to PostgreSQL wait without a deadline"))]
    until: Option<Instant>,
    answer: oneshot::Sender<CommitAnswer>,
}

/// How an append begins.
#[derive(Debug)]
pub(crate) enum Entry {
    /// At once, by its caller.
    Alone(Alone),
    /// In the queue. Where there is a lead, the caller sees to it that somebody takes it.
    Queued(Ticket, Option<Lead>),
}

/// Held by who appends alone.
#[derive(Debug)]
pub(crate) struct Alone(Queue);

/// A place in the queue, which is given up by dropping it.
#[derive(Debug)]
pub(crate) struct Ticket {
    queue: Queue,
    number: u64,
    answer: oneshot::Receiver<CommitAnswer>,
}

/// The right to take what waits, held by one task at a time.
#[derive(Debug)]
pub(crate) struct Lead(Option<Queue>);

impl Queue {
    /// Begins an append, which does not wait in the queue for longer than `until`.
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

    /// Whether it was still in the queue.
    fn withdraw(&self, number: u64) -> bool {
        let mut state = self.state();
        let at = state.waiting.iter().position(|waiting| waiting.number == number);
        at.and_then(|at| state.waiting.remove(at)).is_some()
    }

    // What the lock guards is whole at every moment.
    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// What became of the append, which is withdrawn when it has waited in the queue for as long as `patience`.
    pub(crate) async fn answer(mut self, patience: Option<Duration>) -> CommitAnswer {
        if let Some(patience) = patience {
            match tokio::time::timeout(patience, &mut self.answer).await {
                Ok(answer) => return answer.unwrap_or(CommitAnswer::Unknown),
                Err(_) if self.queue.withdraw(self.number) => return CommitAnswer::Late,
                // It is being stored: that is waited for.
                Err(_) => {}
            }
        }
        (&mut self.answer).await.unwrap_or(CommitAnswer::Unknown)
    }
}

impl Waiting {
    pub(crate) fn answer(self, answer: CommitAnswer) {
        // Who has gone away needs none.
        let _ = self.answer.send(answer);
    }
}

impl Lead {
    /// Lets those come who are about to, such as who has just been answered, and says whether somebody waits. Where
    /// nobody does, the lead is at its end.
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

    /// What is to be stored next, in the order in which it came: nothing where all have gone. With `apart`, a batch has
    /// one append to a stream, and later ones to it stay in the queue.
    pub(crate) fn take(&self, apart: bool) -> Vec<Waiting> {
        let (mut batch, mut events, mut bytes) = (Vec::new(), 0, 0);
        let Some(queue) = &self.0 else { return batch };
        let mut state = queue.state();
        let mut streams = HashSet::new();
        let mut left = VecDeque::new();
        while let Some(waiting) = state.waiting.pop_front() {
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
        left.append(&mut state.waiting);
        state.waiting = left;
        batch
    }

    /// Puts a batch back, of which nothing was stored, before all others. Whose time is up is told so.
    #[cfg(feature = "sqlite")]
    pub(crate) fn put_back(&self, batch: Vec<Waiting>) {
        let Some(queue) = &self.0 else { return };
        let now = Instant::now();
        let mut late = Vec::new();
        let mut state = queue.state();
        for waiting in batch.into_iter().rev().filter(|waiting| !waiting.answer.is_closed()) {
            match waiting.until {
                Some(until) if until <= now => late.push(waiting),
                _ => state.waiting.push_front(waiting),
            }
        }
        drop(state);
        late.into_iter().for_each(|waiting| waiting.answer(CommitAnswer::Late));
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

/// Before its end, as where its runtime is shut down: nobody waits for somebody who is gone.
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
