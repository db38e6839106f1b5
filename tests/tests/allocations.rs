//! A page is a few allocations, however many events it has: nothing is boxed or collected event by event.

#![allow(clippy::unwrap_used)]

use allocation_counter::measure;
use eventsource::prelude::*;
use eventsource_tests::domain::Bumped;
use uuid::Uuid;

/// Events whose decoding allocates nothing, handled by a projection that allocates nothing.
#[derive(Debug, Clone, Default)]
struct Sum(u64);

#[projection(name = "sum")]
impl Sum {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Event<Bumped>) {
        self.0 += event.by;
    }
}

/// Allocations of a catch-up over so many pages of 1,000 events.
fn allocations(pages: usize) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let store = MemoryEventStore::new();
    let (manager, sum) = runtime.block_on(async {
        let events = (0..pages * 1_000).map(|_| NewEvent::of(&Bumped { by: 1 }).unwrap()).collect();
        store.append(&StreamId::new("Counter", Uuid::from_u128(1)), ExpectedVersion::Any, events).await.unwrap();
        let manager = SubscriptionManager::new(store, MemoryEventBus::new(), MemoryCheckpoints::new());
        let config = SubscriptionConfig::default().batch_size(1_000);
        let sum = manager.subscribe(Sum::default(), config).await.unwrap();
        (manager, sum)
    });
    // One thread: all that is allocated meanwhile is counted.
    let counted = measure(|| {
        runtime.block_on(async {
            manager.start().await.unwrap();
            sum.caught_up().await.unwrap();
        });
    });
    runtime.block_on(async {
        assert_eq!(sum.read().await.0, pages as u64 * 1_000);
        manager.stop().await.unwrap();
    });
    counted.count_total
}

#[test]
fn a_page_is_a_few_allocations() {
    let (few, many) = (allocations(10), allocations(30));
    let page = (many - few) as f64 / 20.0;
    println!("{few} allocations for 10 pages, {many} for 30: {page} a page of 1,000 events");
    assert!(page <= 20.0, "{page} allocations a page");
}
