//! The read side: a row for each order, and the projection that keeps it.

use eventsource::prelude::*;
use uuid::Uuid;

use crate::order::{OrderCancelled, OrderPlaced, OrderShipped};

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "order_summary")]
pub struct OrderRow {
    #[read_model(id)]
    pub id: Uuid,
    pub order_number: String,
    pub customer_name: String,
    pub total_amount: f64,
    #[read_model(index)]
    pub status: String,
    pub tracking_number: Option<String>,
}

/// It owns its read model: a reset empties it.
pub struct OrderRows;

#[projection(name = "order-rows", read_models(OrderRow))]
impl OrderRows {
    #[handles(OrderPlaced)]
    async fn placed(
        &self,
        event: &Event<OrderPlaced>,
        orders: &mut Repository<OrderRow>,
    ) -> Result<(), ReadModelError> {
        let id = event.aggregate_id();
        let order = OrderRow {
            id,
            order_number: order_number(id),
            customer_name: event.customer_name.clone(),
            total_amount: event.total_amount,
            status: "placed".to_owned(),
            tracking_number: None,
        };
        orders.save(order).await
    }

    #[handles(OrderShipped)]
    async fn shipped(
        &self,
        event: &Event<OrderShipped>,
        orders: &mut Repository<OrderRow>,
    ) -> Result<(), ReadModelError> {
        let Some(mut order) = orders.get(event.aggregate_id()).await? else { return Ok(()) };
        order.status = "shipped".to_owned();
        order.tracking_number = Some(event.tracking_number.clone());
        orders.save(order).await
    }

    #[handles(OrderCancelled)]
    async fn cancelled(
        &self,
        event: &Event<OrderCancelled>,
        orders: &mut Repository<OrderRow>,
    ) -> Result<(), ReadModelError> {
        orders.soft_delete(event.aggregate_id()).await?;
        Ok(())
    }
}

/// `ORD-` and the first 8 digits of the id.
fn order_number(id: Uuid) -> String {
    format!("ORD-{}", &id.simple().to_string()[..8].to_uppercase())
}
