//! The ledger of the audit: it follows every cent through the log and notes what must not be.

use std::collections::BTreeMap;

use eventsource::prelude::*;
use uuid::Uuid;

use crate::account::{MoneyDeposited, MoneyReceived, MoneyReturned, MoneySent, MoneyWithdrawn};
use crate::balances::Balances;
use crate::transfer::{TransferCompleted, TransferRefunded, TransferRefused, TransferRequested};

/// Where the money is: in accounts, or under way between them.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub deposited: i64,
    pub withdrawn: i64,
    /// The money of transfers that has left the sender and has not arrived, in cents.
    pub under_way: BTreeMap<Uuid, u64>,
    /// The transfers that have not ended.
    pub unfinished: BTreeMap<Uuid, Position>,
    /// What must not be: money that arrives twice, from nowhere or in part, and ends that contradict the accounts.
    pub faults: Vec<String>,
    moves: BTreeMap<Uuid, Move>,
    pub ended: usize,
}

/// What the accounts say about the money of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Sent,
    Received,
    Returned,
}

impl Ledger {
    pub fn money_under_way(&self) -> i64 {
        self.under_way.values().map(|cents| cents.cast_signed()).sum()
    }

    /// Compares the money in `balances` and under way with what was deposited and withdrawn.
    pub fn check_total(&self, balances: &Balances) -> Result<i64, String> {
        let total = balances.cents.values().sum::<i64>() + self.money_under_way();
        let expected = self.deposited - self.withdrawn;
        if total == expected { Ok(total) } else { Err(format!("the total is {total} cents instead of {expected}")) }
    }

    fn arrive(&mut self, transfer: Uuid, cents: u64, how: Move) {
        match self.under_way.remove(&transfer) {
            Some(sent) if sent == cents => {}
            Some(sent) => self.faults.push(format!("transfer {transfer}: {sent} cents left, {cents} arrived")),
            None => self.faults.push(format!("transfer {transfer}: {cents} cents arrived that were not under way")),
        }
        self.moves.insert(transfer, how);
    }

    fn end(&mut self, transfer: Uuid, end: &str, expected: Option<Move>) {
        if self.unfinished.remove(&transfer).is_none() {
            self.faults.push(format!("transfer {transfer}: {end}, but it was not under way"));
        }
        let found = self.moves.remove(&transfer);
        if found != expected {
            self.faults.push(format!("transfer {transfer}: {end}, but its money is {found:?}"));
        }
        self.ended += 1;
    }
}

#[projection(name = "ledger")]
impl Ledger {
    #[handles(MoneyDeposited)]
    fn deposited(&mut self, event: &MoneyDeposited) {
        self.deposited += event.cents.cast_signed();
    }

    #[handles(MoneyWithdrawn)]
    fn withdrawn(&mut self, event: &MoneyWithdrawn) {
        self.withdrawn += event.cents.cast_signed();
    }

    #[handles(TransferRequested)]
    fn requested(&mut self, event: &Event<TransferRequested>) {
        self.unfinished.insert(event.aggregate_id(), event.position());
    }

    #[handles(MoneySent)]
    fn sent(&mut self, event: &MoneySent) {
        let is_new = self.moves.insert(event.transfer, Move::Sent).is_none();
        if !is_new || !self.unfinished.contains_key(&event.transfer) {
            self.faults.push(format!("transfer {}: sent twice, or after its end", event.transfer));
        }
        *self.under_way.entry(event.transfer).or_default() += event.cents;
    }

    #[handles(MoneyReceived)]
    fn received(&mut self, event: &MoneyReceived) {
        self.arrive(event.transfer, event.cents, Move::Received);
    }

    #[handles(MoneyReturned)]
    fn returned(&mut self, event: &MoneyReturned) {
        self.arrive(event.transfer, event.cents, Move::Returned);
    }

    #[handles(TransferCompleted)]
    fn completed(&mut self, event: &Event<TransferCompleted>) {
        self.end(event.aggregate_id(), "completed", Some(Move::Received));
    }

    #[handles(TransferRefused)]
    fn refused(&mut self, event: &Event<TransferRefused>) {
        self.end(event.aggregate_id(), "refused", None);
    }

    #[handles(TransferRefunded)]
    fn refunded(&mut self, event: &Event<TransferRefunded>) {
        self.end(event.aggregate_id(), "refunded", Some(Move::Returned));
    }
}
