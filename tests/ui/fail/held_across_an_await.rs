//! A guard that is held across an await, in a handler and in a truncate hook.

use std::rc::Rc;
use std::sync::Mutex;

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(Mutex<u64>);

#[projection(memory)]
impl Count {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed) {
        let mut count = self.0.lock().unwrap();
        std::future::ready(()).await;
        *count += 1;
    }

    #[truncate]
    async fn truncate(&self) {
        let none = Rc::new(0);
        std::future::ready(()).await;
        drop(none);
    }
}

fn main() {}
