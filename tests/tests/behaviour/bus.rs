//! The bus inside one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eventsource::bus::BusError;
use eventsource::prelude::*;
use eventsource_tests::domain::{Bumped, Noted};
use uuid::Uuid;

async fn events() -> Vec<Arc<RecordedEvent>> {
    let store = MemoryEventStore::new();
    for event in [NewEvent::of(&Bumped { by: 1 }), NewEvent::of(&Noted { text: "x".into() })] {
        let event = event.unwrap();
        let stream = StreamId::new(event.aggregate_type().unwrap().to_owned(), Uuid::now_v7());
        store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    }
    store.read_log(Position::START, &EventFilter::all(), PageLimit::events(10)).await.unwrap().events
}

#[tokio::test]
async fn one_subscribers_failure_does_not_reach_another() -> Result<(), BusError> {
    let bus = MemoryEventBus::new();
    let heard = Arc::new(AtomicUsize::new(0));
    let fails = bus.subscribe(EventFilter::all(), Arc::new(|_| async { Err("out of order".into()) })).await?;
    let panics = bus.subscribe(EventFilter::all(), Arc::new(|_| async { panic!("worse") })).await?;
    let counter = Arc::clone(&heard);
    let count = move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    };
    let counts = bus.subscribe(EventFilter::types(["Bumped"]), Arc::new(count)).await?;
    bus.publish(&events().await).await?;
    assert_eq!(heard.load(Ordering::SeqCst), 1, "it hears what passes its filter");
    drop(counts);
    bus.publish(&events().await).await?;
    assert_eq!(heard.load(Ordering::SeqCst), 1, "and nothing once its subscription is dropped");
    drop((fails, panics));
    Ok(())
}
