//! An order: its events, and the rules by which it decides on commands.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

/// The longest name of a customer and the longest reason of a cancellation, in characters.
pub const LONGEST_TEXT: usize = 200;
/// The largest total of an order, in cents.
pub const LARGEST_TOTAL: u64 = 100_000_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderPlaced {
    pub customer: String,
    pub total_cents: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderPaid {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderCancelled {
    pub reason: String,
}

/// The reason why an order refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    #[error("the order was not placed")]
    Missing,
    #[error("the order was placed already")]
    AlreadyPlaced,
    #[error("the order is paid")]
    Paid,
    #[error("the order is cancelled")]
    Cancelled,
    #[error("`{field}` must have 1 to {LONGEST_TEXT} characters, and no control characters")]
    Text { field: &'static str },
    #[error("`total_cents` must be from 1 to {LARGEST_TOTAL}")]
    Total,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Missing,
    Placed,
    Paid,
    Cancelled,
}

/// The state by which an order decides. It is loaded from its events.
#[derive(Debug, Default)]
pub struct Order {
    state: State,
}

#[aggregate]
impl Order {
    pub fn place(&self, customer: &str, total_cents: u64) -> Result<OrderPlaced, OrderError> {
        if !matches!(self.state, State::Missing) {
            return Err(OrderError::AlreadyPlaced);
        }
        check_text("customer", customer)?;
        if !(1..=LARGEST_TOTAL).contains(&total_cents) {
            return Err(OrderError::Total);
        }
        Ok(OrderPlaced { customer: customer.to_owned(), total_cents })
    }

    /// Only an order that was not cancelled can be paid, and only once.
    pub fn pay(&self) -> Result<OrderPaid, OrderError> {
        self.check_open()?;
        Ok(OrderPaid {})
    }

    /// Only an order that was not paid can be cancelled.
    pub fn cancel(&self, reason: &str) -> Result<OrderCancelled, OrderError> {
        self.check_open()?;
        check_text("reason", reason)?;
        Ok(OrderCancelled { reason: reason.to_owned() })
    }

    fn check_open(&self) -> Result<(), OrderError> {
        match self.state {
            State::Missing => Err(OrderError::Missing),
            State::Placed => Ok(()),
            State::Paid => Err(OrderError::Paid),
            State::Cancelled => Err(OrderError::Cancelled),
        }
    }

    #[applies(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.state = State::Placed;
    }

    #[applies(OrderPaid)]
    fn paid(&mut self, _: &OrderPaid) {
        self.state = State::Paid;
    }

    #[applies(OrderCancelled)]
    fn cancelled(&mut self, _: &OrderCancelled) {
        self.state = State::Cancelled;
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), OrderError> {
    let length = text.chars().count();
    let is_printable = !text.trim().is_empty() && !text.chars().any(char::is_control);
    if is_printable && length <= LONGEST_TEXT { Ok(()) } else { Err(OrderError::Text { field }) }
}
