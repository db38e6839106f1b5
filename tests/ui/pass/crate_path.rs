//! The runtime crate under another path.

mod vendored {
    pub(crate) mod deep {
        pub(crate) use ::eventsource::*;
    }
}

mod eventsource {}

use serde::{Deserialize, Serialize};
use vendored::deep::{DomainEvent, projection};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", crate = crate::vendored::deep)]
struct Placed {}

struct Count(u64);

#[projection(crate = vendored::deep, version = 2)]
impl Count {
    #[vendored::deep::handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {
    let _ = Count(0);
}
