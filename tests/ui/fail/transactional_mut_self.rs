//! A field that is changed inside of a transaction.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

struct Conn;

struct Rows(u64);

#[projection]
impl Rows {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Conn) {}

    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) {
        self.0 += 1;
    }

    #[truncate]
    fn truncate(self: &mut Self) {
        self.0 = 0;
    }
}

fn main() {}
