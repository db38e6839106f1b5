//! An event whose derive was forgotten.

use eventsource::projection;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {}
