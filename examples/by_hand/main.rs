//! A subscriber without macros: the same traits, implemented by hand.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use eventsource::prelude::*;
use uuid::Uuid;

/// How many orders were placed.
#[derive(Clone, Default)]
struct OrderCount(u64);

impl Subscriber for OrderCount {
    const KIND: ProjectionKind = ProjectionKind::Memory;

    fn name(&self) -> Cow<'static, str> {
        "order-count".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        EventFilter::types(["OrderPlaced"])
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for OrderCount {
    async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        println!("{} at position {}", event.event_type(), event.position());
        self.0 += 1;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let count = manager.subscribe(OrderCount::default(), SubscriptionConfig::from_beginning()).await?;
    manager.start().await?;

    let order = StreamId::new("Order", Uuid::now_v7());
    let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderShipped", 1, "{}")];
    let appended = store.append(&order, ExpectedVersion::NoStream, events).await?;

    count.wait_for(&appended).await?;
    println!("orders placed: {}", count.read().await.0);
    manager.stop().await?;
    Ok(())
}
