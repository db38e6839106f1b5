//! A row for each transfer, which tells how far it is and how it ended.

use std::fmt;

use eventsource::ColumnType;
use eventsource::prelude::*;
use uuid::Uuid;

use crate::account::{MoneySent, Reason};
use crate::transfer::{TransferCompleted, TransferRefunded, TransferRefused, TransferRequested};

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "transfers")]
pub struct TransferRow {
    #[read_model(id)]
    pub id: Uuid,
    /// The position of the request in the log.
    pub requested_at: u64,
    pub sender: Uuid,
    pub receiver: Uuid,
    pub cents: i64,
    #[read_model(index)]
    pub status: TransferStatus,
    /// Why it was refused or refunded.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub enum TransferStatus {
    Requested,
    /// The money has left the sender.
    UnderWay,
    Completed,
    Refused,
    Refunded,
}

impl fmt::Display for TransferStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Requested => "requested",
            Self::UnderWay => "under way",
            Self::Completed => "completed",
            Self::Refused => "refused",
            Self::Refunded => "refunded",
        })
    }
}

pub struct Transfers;

type Rows = Repository<TransferRow>;
type Done = Result<(), ReadModelError>;

#[projection(name = "transfers", read_models(TransferRow))]
impl Transfers {
    #[handles(TransferRequested)]
    async fn requested(&self, event: &Event<TransferRequested>, rows: &mut Rows) -> Done {
        let row = TransferRow {
            id: event.aggregate_id(),
            requested_at: event.position().value(),
            sender: event.from,
            receiver: event.to,
            cents: event.cents.cast_signed(),
            status: TransferStatus::Requested,
            reason: None,
        };
        rows.save(row).await
    }

    #[handles(MoneySent)]
    async fn sent(&self, event: &MoneySent, rows: &mut Rows) -> Done {
        set(rows, event.transfer, TransferStatus::UnderWay, None).await
    }

    #[handles(TransferCompleted)]
    async fn completed(&self, event: &Event<TransferCompleted>, rows: &mut Rows) -> Done {
        set(rows, event.aggregate_id(), TransferStatus::Completed, None).await
    }

    #[handles(TransferRefused)]
    async fn refused(&self, event: &Event<TransferRefused>, rows: &mut Rows) -> Done {
        set(rows, event.aggregate_id(), TransferStatus::Refused, Some(event.reason)).await
    }

    #[handles(TransferRefunded)]
    async fn refunded(&self, event: &Event<TransferRefunded>, rows: &mut Rows) -> Done {
        set(rows, event.aggregate_id(), TransferStatus::Refunded, Some(event.reason)).await
    }
}

async fn set(rows: &mut Rows, transfer: Uuid, status: TransferStatus, reason: Option<Reason>) -> Done {
    let Some(mut row) = rows.get(transfer).await? else { return Ok(()) };
    row.status = status;
    row.reason = reason.map(|reason| reason.to_string());
    rows.save(row).await
}
