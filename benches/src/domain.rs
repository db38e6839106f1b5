//! The domain of the benchmarks: orders that are placed, shipped or cancelled, drawn from a seed.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The type of the aggregates.
pub const ORDER: &str = "Order";

/// An order was placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderPlaced {
    /// Who ordered.
    pub customer_id: Uuid,
    /// Their name.
    pub customer_name: String,
    /// What people call the order.
    pub order_number: String,
    /// What it costs.
    pub total_amount: f64,
}

/// An order was shipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderShipped {
    /// From where.
    pub warehouse_id: Uuid,
    /// By whom.
    pub carrier: String,
    /// Under which number.
    pub tracking_number: String,
}

/// An order was cancelled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderCancelled {
    /// By whom.
    pub cancelled_by: Uuid,
    /// Why.
    pub reason: String,
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It was placed.
    Placed(OrderPlaced),
    /// It was shipped.
    Shipped(OrderShipped),
    /// It was cancelled.
    Cancelled(OrderCancelled),
}

/// What happened to which order.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The order.
    pub order: Uuid,
    /// The version that its stream has before: 0 or 1.
    pub before: u64,
    /// What happened.
    pub change: Change,
}

impl Fact {
    /// The stored name of the event.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self.change {
            Change::Placed(_) => OrderPlaced::NAME,
            Change::Shipped(_) => OrderShipped::NAME,
            Change::Cancelled(_) => OrderCancelled::NAME,
        }
    }

    /// The payload, as the plain loops write it.
    #[must_use]
    pub fn payload(&self) -> String {
        match &self.change {
            Change::Placed(event) => serde_json::to_string(event),
            Change::Shipped(event) => serde_json::to_string(event),
            Change::Cancelled(event) => serde_json::to_string(event),
        }
        .unwrap()
    }

    /// The event as the library takes it.
    #[must_use]
    pub fn new_event(&self) -> NewEvent {
        match &self.change {
            Change::Placed(event) => NewEvent::of(event),
            Change::Shipped(event) => NewEvent::of(event),
            Change::Cancelled(event) => NewEvent::of(event),
        }
        .unwrap()
    }
}

/// So many facts in the order in which they happened: 60 % placed, 30 % shipped, 10 % cancelled, each order shipped or
/// cancelled once at most. The same each time.
#[derive(Debug)]
pub struct Orders {
    random: fastrand::Rng,
    left: usize,
    placed: u64,
    open: Vec<Uuid>,
}

impl Orders {
    /// `count` of them.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { random: fastrand::Rng::with_seed(6), left: count, placed: 0, open: Vec::new() }
    }

    fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random.u128(..).to_be_bytes()).into_uuid()
    }

    fn place(&mut self) -> Fact {
        let (order, customer_id) = (self.uuid(), self.uuid());
        self.placed += 1;
        self.open.push(order);
        let cents = self.random.u32(100..100_000);
        let placed = OrderPlaced {
            customer_id,
            customer_name: format!("Customer {:06} of Springfield", self.random.u32(..1_000_000)),
            order_number: format!("ORD-{:010}", self.placed),
            total_amount: f64::from(cents) / 100.0,
        };
        Fact { order, before: 0, change: Change::Placed(placed) }
    }

    fn end(&mut self, cancelled: bool) -> Fact {
        let order = self.open.swap_remove(self.random.usize(..self.open.len()));
        let other = self.uuid();
        let change = if cancelled {
            let reason = "the customer has found the same thing elsewhere, cheaper, and in blue".to_owned();
            Change::Cancelled(OrderCancelled { cancelled_by: other, reason })
        } else {
            let tracking_number = format!("1Z{:018}", self.random.u64(..1_000_000_000_000_000_000));
            Change::Shipped(OrderShipped {
                warehouse_id: other,
                carrier: "United Carriers of Springfield".to_owned(),
                tracking_number,
            })
        };
        Fact { order, before: 1, change }
    }
}

impl Iterator for Orders {
    type Item = Fact;

    fn next(&mut self) -> Option<Fact> {
        self.left = self.left.checked_sub(1)?;
        Some(match self.random.u8(..10) {
            6..9 if !self.open.is_empty() => self.end(false),
            9 if !self.open.is_empty() => self.end(true),
            _ => self.place(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixture_is_the_one_that_the_tables_speak_of() {
        let facts: Vec<_> = Orders::new(10_000).collect();
        assert_eq!(facts, Orders::new(10_000).collect::<Vec<_>>());
        let count = |name| facts.iter().filter(|fact| fact.event_type() == name).count();
        assert!((5_800..6_200).contains(&count(OrderPlaced::NAME)), "{}", count(OrderPlaced::NAME));
        assert!((2_800..3_200).contains(&count(OrderShipped::NAME)), "{}", count(OrderShipped::NAME));
        let bytes = facts.iter().map(|fact| fact.payload().len()).sum::<usize>() / facts.len();
        assert!((140..160).contains(&bytes), "{bytes} bytes a payload");
        assert!(facts.iter().all(|fact| fact.new_event().payload() == fact.payload()));
    }
}
