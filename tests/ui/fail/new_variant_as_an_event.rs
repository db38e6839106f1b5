//! A variant of an enum where a type belongs.

use eventsource::prelude::*;

enum Change {
    Placed,
}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Change::Placed)]
    fn placed(&mut self, _: &Change) {
        self.0 += 1;
    }
}

fn main() {}
