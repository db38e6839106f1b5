//! A receiver of the bus in memory: a bounded queue, and a task that empties it while it holds events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::BusSubscriber;
use crate::causes::WithCauses;
use crate::event::{EventFilter, RecordedEvent};
use crate::panics;

/// A receiver: its filter, its subscriber and its queue.
pub(super) struct Receiver {
    filter: EventFilter,
    subscriber: Arc<dyn BusSubscriber>,
    queue: Mutex<Queue>,
    /// The number of events that have left the queue: received, failed or dropped.
    done: watch::Sender<u64>,
}

struct Queue {
    capacity: usize,
    events: VecDeque<Arc<RecordedEvent>>,
    /// The number of events that were put into the queue.
    pushed: u64,
    /// The number of dropped events before the first of `events` that the subscriber does not know about yet.
    missed: u64,
    delivery: Delivery,
}

/// Whether a task empties the queue.
#[derive(PartialEq)]
enum Delivery {
    Idle,
    Running,
    /// The subscription was dropped.
    Ended,
}

/// What the task does next.
enum Next {
    ReportMissed(u64),
    Receive(Arc<RecordedEvent>),
    Nothing,
}

/// Sets the delivery to idle if its task is cancelled, such as with its Tokio runtime. The next publish then starts
/// another task.
struct Running {
    receiver: Arc<Receiver>,
    is_done: bool,
}

/// Counts an event as gone from the queue when it was received or its delivery was cancelled.
struct Leaves<'a>(&'a Receiver);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.done.send_modify(|done| *done = done.saturating_add(1));
    }
}

impl Receiver {
    pub(super) fn new(filter: EventFilter, subscriber: Arc<dyn BusSubscriber>, capacity: usize) -> Self {
        let queue = Queue { capacity, events: VecDeque::new(), pushed: 0, missed: 0, delivery: Delivery::Idle };
        Self { filter, subscriber, queue: Mutex::new(queue), done: watch::Sender::new(0) }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues the events that match the filter, and starts the delivery if it does not run. Drops the oldest events if
    /// the queue is full.
    pub(super) fn push(self: &Arc<Self>, events: &[Arc<RecordedEvent>], runtime: &Handle) {
        let mut queue = self.queue();
        if queue.delivery == Delivery::Ended {
            return;
        }
        let mut dropped = 0;
        for event in events.iter().filter(|event| self.filter.matches(event)) {
            if queue.events.len() >= queue.capacity && queue.events.pop_front().is_some() {
                dropped += 1;
            }
            queue.events.push_back(Arc::clone(event));
            queue.pushed += 1;
        }
        if dropped > 0 {
            if queue.missed == 0 {
                let (capacity, last) = (queue.capacity, events.last().map(|event| event.position().value()));
                tracing::warn!(
                    capacity,
                    last,
                    "a subscriber of the event bus is too slow: its oldest events are dropped"
                );
            }
            queue.missed += dropped;
            self.done.send_modify(|done| *done = done.saturating_add(dropped));
        }
        if queue.delivery == Delivery::Idle && !queue.events.is_empty() {
            queue.delivery = Delivery::Running;
            // A runtime that shuts down drops the task at once, and its drop takes this lock.
            drop(queue);
            let running = Running { receiver: Arc::clone(self), is_done: false };
            drop(runtime.spawn(running.deliver()));
        }
    }

    /// Ends the subscription, and discards the queue.
    pub(super) fn end(&self) {
        let mut queue = self.queue();
        queue.delivery = Delivery::Ended;
        queue.events.clear();
        self.done.send_replace(u64::MAX);
    }

    /// Waits until all events that were queued before the call have left the queue.
    pub(super) async fn delivered(&self) {
        let pushed = self.queue().pushed;
        // The sender lives as long as `self`.
        let _ = self.done.subscribe().wait_for(|done| *done >= pushed).await;
    }

    fn next(&self) -> Next {
        let mut queue = self.queue();
        if queue.missed > 0 && queue.delivery != Delivery::Ended {
            return Next::ReportMissed(std::mem::take(&mut queue.missed));
        }
        match queue.events.pop_front() {
            Some(event) => Next::Receive(event),
            None => {
                if queue.delivery == Delivery::Running {
                    queue.delivery = Delivery::Idle;
                }
                Next::Nothing
            }
        }
    }

    async fn receive(&self, event: Arc<RecordedEvent>) {
        let _leaves = Leaves(self);
        let (event_type, position) = (event.event_type().to_owned(), event.position());
        match panics::catch(async { self.subscriber.receive(event).await }).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(event_type, %position, error = %WithCauses(&*error), "a subscriber of the event bus failed");
            }
            Err(panic) => {
                let panic = panics::message(&*panic);
                tracing::warn!(event_type, %position, panic, "a subscriber of the event bus panicked");
            }
        }
    }

    async fn report_missed(&self, missed: u64) {
        if let Err(panic) = panics::catch(async { self.subscriber.missed(missed).await }).await {
            let panic = panics::message(&*panic);
            tracing::warn!(missed, panic, "a subscriber of the event bus panicked");
        }
    }
}

impl Running {
    async fn deliver(mut self) {
        loop {
            match self.receiver.next() {
                Next::ReportMissed(missed) => self.receiver.report_missed(missed).await,
                Next::Receive(event) => self.receiver.receive(event).await,
                Next::Nothing => {
                    self.is_done = true;
                    return;
                }
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let mut queue = self.receiver.queue();
        if queue.delivery == Delivery::Running {
            queue.delivery = Delivery::Idle;
        }
    }
}
