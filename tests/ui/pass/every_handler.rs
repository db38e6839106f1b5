//! Every kind of handler: async and not, payload and typed view, with and without a result, next to other items.

use std::fmt;

use eventsource::{DomainEvent, Event, HandlerError, Metadata, RecordedEvent, StreamId, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Cancelled {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Returned {}

/// An error of the program's own.
#[derive(Debug)]
struct Mine;

impl fmt::Display for Mine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mine")
    }
}

impl std::error::Error for Mine {}

struct Seen(u64);

#[projection]
impl Seen {
    const LIMIT: u64 = 3;

    #[handles(Placed)]
    async fn placed(&mut self, event: &Event<Placed>, _: &Metadata, _: &StreamId) -> Result<(), Mine> {
        std::future::ready(event.position()).await;
        self.add()
    }

    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped, _: &RecordedEvent) -> Result<(), HandlerError> {
        self.add()?;
        Ok(())
    }

    #[handles(Cancelled)]
    pub(crate) const fn cancelled(self: &mut Self, Cancelled {}: &Cancelled) {
        self.0 = 0;
    }

    #[handles(Returned)]
    #[inline]
    #[allow(clippy::unused_self)]
    fn returned<'a>(&'a self, _: &'a Event<Returned>) {}

    fn add(&mut self) -> Result<(), Mine> {
        if self.0 == Self::LIMIT { Err(Mine) } else { Ok(self.0 += 1) }
    }
}

fn main() {
    assert!(Seen(3).add().is_err());
}
