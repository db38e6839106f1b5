//! Observers that panic, and observers that ask the manager.

use std::sync::{Arc, OnceLock, Weak};

use eventsource::subscription::{BatchSeen, CommitSeen, LeaseSeen, Observer, PageSeen, StateSeen};
use eventsource_tests::backend::{Backend, Memory};
use eventsource_tests::wait::DEADLINE;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event as Traced, Level, Metadata as CallSite, Subscriber as Collector};

use crate::world::*;

/// Panics in each call.
struct Panicking;

impl Observer for Panicking {
    fn page(&self, _: &PageSeen<'_>) {
        panic!("page");
    }

    fn batch(&self, _: &BatchSeen<'_>) {
        panic!("batch");
    }

    fn commit(&self, _: &CommitSeen<'_>) {
        panic!("commit");
    }

    fn state(&self, _: &StateSeen<'_>) {
        panic!("state");
    }

    fn lease(&self, _: &LeaseSeen<'_>) {
        panic!("lease");
    }
}

/// Counts the errors that are logged.
#[derive(Clone, Default)]
struct Errors(Arc<std::sync::atomic::AtomicUsize>);

impl Collector for Errors {
    fn enabled(&self, site: &CallSite<'_>) -> bool {
        *site.level() == Level::ERROR && site.target() == "eventsource::panics"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn event(&self, _: &Traced<'_>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn panicking_observer_stops_neither_the_subscription_nor_other_observers() {
    let errors = Errors::default();
    let _collecting = tracing::subscriber::set_default(errors.clone());
    let (backend, notes, sums) = (Memory::open().await, Notes::default(), Sums::default());
    backend.ensure_tables(&sums).await;
    let manager = backend.manager().with_observer(Panicking).with_observer(notes.clone());
    let handle = manager.subscribe(sums, SubscriptionConfig::from_beginning().batch_size(2)).await.unwrap();
    bump_in(&backend.store(), 1, &[1, 2, 3, 4, 5]).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.snapshot().state.name(), "live");
    manager.stop().await.unwrap();
    notes.told(|told| assert_eq!((told.batches, told.handled), (3, 5), "{told:?}"));
    assert_eq!(errors.0.load(std::sync::atomic::Ordering::Relaxed), 1, "only the first panic is logged");
}

/// Asks the manager for its snapshots when a state changes.
#[derive(Default)]
struct Asking {
    manager: OnceLock<Weak<SubscriptionManager<MemoryCheckpoints>>>,
    answers: std::sync::Mutex<Vec<String>>,
}

impl Observer for Asking {
    fn state(&self, seen: &StateSeen<'_>) {
        let Some(manager) = self.manager.get().and_then(Weak::upgrade) else { return };
        let states = manager.snapshots().into_iter().map(|snapshot| snapshot.state.name());
        self.answers.lock().unwrap().extend(states.map(|state| format!("{}: {state}", seen.to.name())));
    }
}

#[tokio::test]
async fn observer_of_a_state_can_ask_the_manager_for_snapshots() {
    let (backend, asking, sums) = (Memory::open().await, Arc::new(Asking::default()), Sums::default());
    backend.ensure_tables(&sums).await;
    let manager = Arc::new(backend.manager().with_observer(Arc::clone(&asking)));
    asking.manager.set(Arc::downgrade(&manager)).unwrap();
    let handle = manager.subscribe(sums, SubscriptionConfig::from_beginning()).await.unwrap();
    bump_in(&backend.store(), 1, &[1]).await;
    tokio::time::timeout(DEADLINE, manager.start()).await.unwrap().unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    let answers = asking.answers.lock().unwrap().clone();
    assert_eq!(answers, ["catching up: catching up", "live: live", "stopped: stopped"]);
}
