//! What is asked for by `&` behind an alias, by a projection that does not say its kind.

use eventsource::{DomainEvent, Metadata, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Connection;

type Db = Connection;
type Meta = Metadata;

struct Rows;

#[projection]
impl Rows {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &Db) {}
}

struct Undecided;

#[projection]
impl Undecided {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &Meta) {}
}

fn main() {}
