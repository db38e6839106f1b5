//! A projection of two events that are read from one stored name.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", aliases("Placed"))]
struct Shipped {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", aliases("sent"))]
struct Sent {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", aliases("posted", "sent"))]
struct Posted {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) {
        self.0 += 1;
    }
}

struct Sum(u64);

#[projection]
impl Sum {
    #[handles(Sent)]
    fn sent(&mut self, _: &Sent) {}

    #[handles(Posted)]
    fn posted(&mut self, _: &Posted) {
        self.0 += 1;
    }
}

fn main() {}
