//! Older versions newest first, and one that becomes the next only perhaps.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct PaidV1 {}

#[derive(Deserialize)]
struct PaidV2 {}

impl From<PaidV1> for PaidV2 {
    fn from(_: PaidV1) -> Self {
        Self {}
    }
}

impl From<PaidV2> for Paid {
    fn from(_: PaidV2) -> Self {
        Self {}
    }
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 3, from(PaidV2, PaidV1))]
struct Paid {}

#[derive(Deserialize)]
struct SentV1 {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2, from(SentV1))]
struct Sent {}

impl TryFrom<SentV1> for Sent {
    type Error = String;

    fn try_from(_: SentV1) -> Result<Self, String> {
        Ok(Self {})
    }
}

fn main() {}
