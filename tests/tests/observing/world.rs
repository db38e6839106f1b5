//! A projection that refuses some bumps, and an observer that notes its calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use eventsource::prelude::*;
use eventsource::subscription::{
    AttemptFailed, BatchSeen, CommitSeen, LeaseSeen, LetterSeen, Observer, PageSeen, RebuildSeen, StateSeen,
};
use eventsource_tests::domain::Bumped;
use eventsource_tests::sums::SumRow;
use uuid::Uuid;

/// Sums of bumps. It refuses 13, until it is healed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    pub(crate) is_healed: Arc<AtomicBool>,
    /// While this is set, handlers wait.
    pub(crate) is_held: Arc<AtomicBool>,
}

#[projection(name = "sums", read_models(SumRow))]
impl Sums {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), HandlerError> {
        while self.is_held.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if event.by == 13 && !self.is_healed.load(Ordering::Relaxed) {
            return Err(HandlerError::permanent("not 13"));
        }
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + event.by, row.bumps + 1, event.position().value());
        Ok(sums.save(SumRow { digit, total, bumps, last }).await?)
    }
}

/// Appends a bump for each number to the stream `stream`.
pub(crate) async fn bump_in(store: &impl EventStore, stream: u128, numbers: &[u64]) -> Position {
    let events = numbers.iter().map(|by| NewEvent::of(&Bumped { by: *by }).unwrap()).collect();
    let stream = StreamId::new("Counter", Uuid::from_u128(stream));
    store.append(&stream, ExpectedVersion::Any, events).await.unwrap().position()
}

/// What an observer was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) pages: usize,
    pub(crate) page_events: usize,
    pub(crate) batches: usize,
    pub(crate) handled: usize,
    pub(crate) parked: usize,
    pub(crate) batch_failures: Vec<&'static str>,
    pub(crate) delays: Vec<Duration>,
    pub(crate) committed: usize,
    pub(crate) commit_failures: Vec<&'static str>,
    pub(crate) attempts: Vec<String>,
    pub(crate) letters: Vec<String>,
    pub(crate) states: Vec<String>,
    pub(crate) rebuild: Vec<String>,
    pub(crate) leases: Vec<String>,
}

/// Notes its calls.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Told>>);

impl Notes {
    pub(crate) fn told<T>(&self, look: impl FnOnce(&mut Told) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

impl Observer for Notes {
    fn page(&self, seen: &PageSeen<'_>) {
        self.told(|told| {
            told.pages += 1;
            told.page_events += seen.events;
        });
    }

    fn batch(&self, seen: &BatchSeen<'_>) {
        self.told(|told| {
            told.batches += 1;
            told.handled += seen.handled;
            told.parked += seen.parked;
            told.batch_failures.extend(seen.failure.map(|kind| kind.as_str()));
            told.delays.extend(seen.delay);
        });
    }

    fn commit(&self, seen: &CommitSeen<'_>) {
        self.told(|told| match seen.failure {
            None => told.committed += seen.events,
            Some(failure) => told.commit_failures.push(failure.as_str()),
        });
    }

    fn attempt_failed(&self, seen: &AttemptFailed<'_>) {
        let AttemptFailed { kind, position, event_type, error, .. } = seen;
        let text = format!("{} {position:?} {event_type:?} {error}", kind.as_str());
        self.told(|told| told.attempts.push(text));
    }

    fn letter(&self, seen: &LetterSeen<'_>) {
        let failure = seen.failure.map(|failure| failure.error.to_string());
        let text = format!("{:?} {} {} {failure:?}", seen.step, seen.position, seen.event_type);
        self.told(|told| told.letters.push(text));
    }

    fn state(&self, seen: &StateSeen<'_>) {
        self.told(|told| told.states.push(format!("{} -> {}", seen.from.name(), seen.to.name())));
    }

    fn rebuild(&self, seen: &RebuildSeen<'_>) {
        self.told(|told| {
            told.rebuild.push(format!("{:?} {:?} {} of {}", seen.kind, seen.step, seen.position, seen.target))
        });
    }

    fn lease(&self, seen: &LeaseSeen<'_>) {
        self.told(|told| told.leases.push(format!("{:?} {:?}", seen.generation, seen.step)));
    }
}
