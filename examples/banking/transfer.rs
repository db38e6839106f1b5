//! A transfer: what was asked for, and how it ended. The money itself moves in the accounts.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::account::Reason;

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Transfer")]
pub struct TransferRequested {
    pub from: Uuid,
    pub to: Uuid,
    pub cents: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Transfer")]
pub struct TransferCompleted {}

/// The sender did not pay: no money has moved.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Transfer")]
pub struct TransferRefused {
    pub reason: Reason,
}

/// The receiver did not take the money: the sender has it back.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Transfer")]
pub struct TransferRefunded {
    pub reason: Reason,
}

/// Why a transfer cannot be requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    #[error("the transfer was requested before")]
    Requested,
    #[error("the amount of a transfer must be at least 0.01")]
    Nothing,
    #[error("a transfer needs two different accounts")]
    SameAccount,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Status {
    #[default]
    New,
    UnderWay,
    Ended,
}

/// The state by which a transfer decides: it is requested once, and ends once.
#[derive(Debug, Default)]
pub struct Transfer {
    status: Status,
}

#[aggregate]
impl Transfer {
    pub fn request(&self, from: Uuid, to: Uuid, cents: u64) -> Result<TransferRequested, TransferError> {
        if self.status != Status::New {
            return Err(TransferError::Requested);
        }
        if cents == 0 {
            return Err(TransferError::Nothing);
        }
        if from == to {
            return Err(TransferError::SameAccount);
        }
        Ok(TransferRequested { from, to, cents })
    }

    pub fn complete(&self) -> Option<TransferCompleted> {
        self.is_under_way().then_some(TransferCompleted {})
    }

    pub fn refuse(&self, reason: Reason) -> Option<TransferRefused> {
        self.is_under_way().then_some(TransferRefused { reason })
    }

    pub fn refund(&self, reason: Reason) -> Option<TransferRefunded> {
        self.is_under_way().then_some(TransferRefunded { reason })
    }

    fn is_under_way(&self) -> bool {
        self.status == Status::UnderWay
    }

    #[applies(TransferRequested)]
    fn requested(&mut self, _: &TransferRequested) {
        self.status = Status::UnderWay;
    }

    #[applies(TransferCompleted)]
    fn completed(&mut self, _: &TransferCompleted) {
        self.status = Status::Ended;
    }

    #[applies(TransferRefused)]
    fn refused(&mut self, _: &TransferRefused) {
        self.status = Status::Ended;
    }

    #[applies(TransferRefunded)]
    fn refunded(&mut self, _: &TransferRefunded) {
        self.status = Status::Ended;
    }
}
