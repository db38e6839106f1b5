//! A projection that is not handed over.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Default)]
struct Count(u64);

#[projection]
impl Count {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

fn subscribe(manager: &SubscriptionManager<MemoryCheckpoints>) {
    let count = std::sync::Arc::new(Count::default());
    drop(manager.subscribe(&*count, SubscriptionConfig::from_beginning()));
    drop(manager.subscribe(count, SubscriptionConfig::from_beginning()));
}

fn main() {
    let _ = subscribe;
}
