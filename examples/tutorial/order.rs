//! The write side: an order, what can happen to it, and what it refuses.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderPlaced {
    pub customer_name: String,
    pub total_amount: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderShipped {
    pub tracking_number: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderCancelled {
    pub reason: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub enum Status {
    #[default]
    New,
    Placed,
    Shipped,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OrderError {
    #[error("order already placed")]
    AlreadyPlaced,
    #[error("order must be placed to ship")]
    MustBePlacedToShip,
    #[error("cannot cancel this order")]
    CannotCancel,
}

/// The state by which an order decides: its status is all it needs.
#[derive(Debug, Default)]
pub struct Order {
    status: Status,
}

#[aggregate]
impl Order {
    pub fn place(&self, customer_name: &str, total_amount: f64) -> Result<OrderPlaced, OrderError> {
        match self.status {
            Status::New => Ok(OrderPlaced { customer_name: customer_name.into(), total_amount }),
            _ => Err(OrderError::AlreadyPlaced),
        }
    }

    pub fn ship(&self, tracking_number: &str) -> Result<OrderShipped, OrderError> {
        match self.status {
            Status::Placed => Ok(OrderShipped { tracking_number: tracking_number.into() }),
            _ => Err(OrderError::MustBePlacedToShip),
        }
    }

    pub fn cancel(&self, reason: &str) -> Result<OrderCancelled, OrderError> {
        match self.status {
            Status::Placed => Ok(OrderCancelled { reason: reason.into() }),
            _ => Err(OrderError::CannotCancel),
        }
    }

    #[applies(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.status = Status::Placed;
    }

    #[applies(OrderShipped)]
    fn shipped(&mut self, _: &OrderShipped) {
        self.status = Status::Shipped;
    }

    #[applies(OrderCancelled)]
    fn cancelled(&mut self, _: &OrderCancelled) {
        self.status = Status::Cancelled;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(status: Status) -> Order {
        Order { status }
    }

    #[test]
    fn an_order_is_placed_once() {
        assert!(order(Status::New).place("Alice", 1.0).is_ok());
        for status in [Status::Placed, Status::Shipped, Status::Cancelled] {
            assert_eq!(order(status).place("Alice", 1.0).unwrap_err(), OrderError::AlreadyPlaced);
        }
    }

    #[test]
    fn only_a_placed_order_ships() {
        assert!(order(Status::Placed).ship("TRACK-001").is_ok());
        for status in [Status::New, Status::Shipped, Status::Cancelled] {
            assert_eq!(order(status).ship("TRACK-001").unwrap_err(), OrderError::MustBePlacedToShip);
        }
    }

    #[test]
    fn only_a_placed_order_is_cancelled() {
        assert!(order(Status::Placed).cancel("changed my mind").is_ok());
        for status in [Status::New, Status::Shipped, Status::Cancelled] {
            assert_eq!(order(status).cancel("changed my mind").unwrap_err(), OrderError::CannotCancel);
        }
    }
}
