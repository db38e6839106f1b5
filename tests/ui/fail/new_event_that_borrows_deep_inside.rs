//! References inside of other types.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderNoted {
    note: Option<&'static str>,
    bytes: &'static [u8],
}

fn main() {}
