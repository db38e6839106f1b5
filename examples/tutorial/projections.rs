//! The read side: three projections of the same events, in memory.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use eventsource::prelude::*;
use uuid::Uuid;

use crate::order::{Order, OrderCancelled, OrderPlaced, OrderShipped};

/// How many orders there are, by status, and what they were worth when they were placed.
#[derive(Clone, Default)]
pub struct OrderSummary {
    status_of: HashMap<Uuid, &'static str>,
    pub revenue: f64,
}

impl OrderSummary {
    pub fn total(&self) -> usize {
        self.status_of.len()
    }

    pub fn with_status(&self, status: &str) -> usize {
        self.status_of.values().filter(|own| **own == status).count()
    }
}

// A new event of the order would not compile until this projection handles or ignores it.
#[projection(name = "order-summary", exhaustive = Order)]
impl OrderSummary {
    #[handles(OrderPlaced)]
    fn placed(&mut self, event: &Event<OrderPlaced>) {
        self.status_of.insert(event.aggregate_id(), "placed");
        self.revenue += event.total_amount;
    }

    #[handles(OrderShipped)]
    fn shipped(&mut self, event: &Event<OrderShipped>) {
        self.status_of.insert(event.aggregate_id(), "shipped");
    }

    #[handles(OrderCancelled)]
    fn cancelled(&mut self, event: &Event<OrderCancelled>) {
        self.status_of.insert(event.aggregate_id(), "cancelled");
    }

    #[truncate]
    fn truncate(&mut self) {
        *self = Self::default();
    }
}

/// How many orders each customer has placed, and what they spent.
#[derive(Clone, Default)]
pub struct CustomerStatistics {
    customers: BTreeMap<String, (u64, f64)>,
}

impl CustomerStatistics {
    /// The customers who spent most: name, orders, spend.
    pub fn top(&self, limit: usize) -> Vec<(&str, u64, f64)> {
        let mut top: Vec<_> = self.customers.iter().map(|(name, (orders, spend))| (&**name, *orders, *spend)).collect();
        top.sort_by(|a, b| b.2.total_cmp(&a.2));
        top.truncate(limit);
        top
    }
}

#[projection(name = "customer-statistics")]
impl CustomerStatistics {
    #[handles(OrderPlaced)]
    fn placed(&mut self, event: &OrderPlaced) {
        let (orders, spend) = self.customers.entry(event.customer_name.clone()).or_default();
        *orders += 1;
        *spend += event.total_amount;
    }
}

/// Revenue by the day, in UTC, on which the order was placed.
#[derive(Clone, Default)]
pub struct DailyRevenue {
    pub days: BTreeMap<NaiveDate, f64>,
}

#[projection(name = "daily-revenue")]
impl DailyRevenue {
    #[handles(OrderPlaced)]
    fn placed(&mut self, event: &Event<OrderPlaced>) {
        *self.days.entry(event.occurred_at().date_naive()).or_default() += event.total_amount;
    }
}
