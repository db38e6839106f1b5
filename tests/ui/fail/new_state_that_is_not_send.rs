//! A projection whose state cannot move to another thread.

use std::rc::Rc;

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Names(Rc<str>);

#[projection]
impl Names {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 = "placed".into();
    }
}

fn main() {}
