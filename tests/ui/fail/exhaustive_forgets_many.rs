//! More events than a message has room for: the first ones are named, the others counted.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

macro_rules! order {
    ($($event:ident $method:ident)*) => {
        $(
            #[derive(Serialize, Deserialize, DomainEvent)]
            #[event(aggregate = "Order")]
            struct $event {}
        )*

        #[aggregate]
        impl Order {
            $(
                #[applies($event)]
                fn $method(&mut self, _: &$event) {}
            )*
        }
    };
}

#[derive(Default)]
struct Order;

order!(Placed placed Paid paid Packed packed Sent sent Lost lost Found found Received received Returned returned Closed closed);

struct Count(u64);

#[projection(exhaustive = Order)]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {}
