//! What the projections of the benchmarks make of the orders, and what they have to come to.

use std::collections::HashMap;

use eventsource::prelude::*;
use uuid::Uuid;

use crate::domain::{Change, Fact, OrderCancelled, OrderPlaced, OrderShipped};

/// The state of the projections in memory, of the library and of the plain loops alike.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    /// So many orders were placed.
    pub placed: u64,
    /// So many were shipped.
    pub shipped: u64,
    /// So many were cancelled.
    pub cancelled: u64,
    /// What all of them cost.
    pub revenue: f64,
    /// What was read next to it, so that no field is decoded for nothing.
    pub letters: usize,
}

#[projection(name = "totals")]
impl Totals {
    /// An order was placed.
    #[handles(OrderPlaced)]
    pub fn placed(&mut self, event: &OrderPlaced) {
        self.placed += 1;
        self.revenue += event.total_amount;
        self.letters += event.customer_name.len() + event.order_number.len();
    }

    /// An order was shipped.
    #[handles(OrderShipped)]
    pub fn shipped(&mut self, event: &OrderShipped) {
        self.shipped += 1;
        self.letters += event.carrier.len() + event.tracking_number.len();
    }

    /// An order was cancelled.
    #[handles(OrderCancelled)]
    pub fn cancelled(&mut self, event: &OrderCancelled) {
        self.cancelled += 1;
        self.letters += event.reason.len();
    }
}

impl Totals {
    /// What `facts` come to.
    pub fn of<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Self {
        let mut totals = Self::default();
        facts.into_iter().for_each(|fact| totals.add(fact));
        totals
    }

    /// Adds a fact.
    pub fn add(&mut self, fact: &Fact) {
        match &fact.change {
            Change::Placed(event) => self.placed(event),
            Change::Shipped(event) => self.shipped(event),
            Change::Cancelled(event) => self.cancelled(event),
        }
    }

    /// The plain loop's match: adds the event of this name with this payload.
    pub fn decode(&mut self, event_type: &str, payload: &str) {
        match event_type {
            OrderPlaced::NAME => self.placed(&serde_json::from_str(payload).unwrap()),
            OrderShipped::NAME => self.shipped(&serde_json::from_str(payload).unwrap()),
            OrderCancelled::NAME => self.cancelled(&serde_json::from_str(payload).unwrap()),
            _ => {}
        }
    }
}

/// What a table of orders holds: how many there are by status, and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// How many orders there are with each status.
    pub by_status: HashMap<String, i64>,
    /// What all of them cost, in cents.
    pub cents: i64,
}

impl Summary {
    /// What `facts` come to.
    pub fn of<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Self {
        let (mut orders, mut cents) = (HashMap::<Uuid, &str>::new(), 0.0);
        for fact in facts {
            let status = match &fact.change {
                Change::Placed(event) => {
                    cents += event.total_amount * 100.0;
                    "placed"
                }
                Change::Shipped(_) => "shipped",
                Change::Cancelled(_) => "cancelled",
            };
            orders.insert(fact.order, status);
        }
        let mut by_status = HashMap::new();
        for status in orders.into_values() {
            *by_status.entry(status.to_owned()).or_default() += 1;
        }
        Self { by_status, cents: cents.round() as i64 }
    }

    /// From rows of status, number of orders, and sum.
    pub fn from_rows(rows: impl IntoIterator<Item = (String, i64, f64)>) -> Self {
        let (mut by_status, mut cents) = (HashMap::new(), 0.0);
        for (status, count, sum) in rows {
            cents += sum * 100.0;
            by_status.insert(status, count);
        }
        Self { by_status, cents: cents.round() as i64 }
    }
}
