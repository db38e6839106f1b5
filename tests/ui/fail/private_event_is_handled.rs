//! An event that is private where it is declared, and a projection elsewhere that handles it.

use eventsource::prelude::*;

mod orders {
    use eventsource::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Order")]
    struct OrderPlaced {}
}

struct Count(u64);

#[projection]
impl Count {
    #[handles(orders::OrderPlaced)]
    fn placed(&mut self, _: &Event<orders::OrderPlaced>) {
        self.0 += 1;
    }
}

fn main() {}
