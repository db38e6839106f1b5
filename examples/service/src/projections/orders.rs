//! A row for each order, for `GET /orders`. Rows and checkpoint are written in one transaction: exactly once.

use eventsource::ColumnType;
use eventsource::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::order::{OrderCancelled, OrderPaid, OrderPlaced};

#[derive(Debug, Clone, PartialEq, Serialize, ReadModel)]
#[read_model(table = "orders")]
pub struct OrderRow {
    #[read_model(id)]
    pub id: Uuid,
    pub customer: String,
    pub total_cents: u64,
    pub status: OrderStatus,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// The position of its first event in the log: the list of orders is sorted by it.
    #[read_model(index)]
    pub placed_at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ColumnType)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    Placed,
    Paid,
    Cancelled,
}

pub struct OrderRows;

type Rows = Repository<OrderRow>;
type Done = Result<(), ReadModelError>;

#[projection(name = "orders", read_models(OrderRow))]
impl OrderRows {
    #[handles(OrderPlaced)]
    async fn placed(&self, event: &Event<OrderPlaced>, rows: &mut Rows) -> Done {
        let row = OrderRow {
            id: event.aggregate_id(),
            customer: event.customer.clone(),
            total_cents: event.total_cents,
            status: OrderStatus::Placed,
            reason: None,
            placed_at: event.position().value(),
        };
        rows.save(row).await
    }

    #[handles(OrderPaid)]
    async fn paid(&self, event: &Event<OrderPaid>, rows: &mut Rows) -> Done {
        set(rows, event.aggregate_id(), OrderStatus::Paid, None).await
    }

    #[handles(OrderCancelled)]
    async fn cancelled(&self, event: &Event<OrderCancelled>, rows: &mut Rows) -> Done {
        set(rows, event.aggregate_id(), OrderStatus::Cancelled, Some(&event.reason)).await
    }
}

async fn set(rows: &mut Rows, id: Uuid, status: OrderStatus, reason: Option<&String>) -> Done {
    let Some(mut row) = rows.get(id).await? else { return Ok(()) };
    row.status = status;
    row.reason = reason.cloned();
    rows.save(row).await
}
