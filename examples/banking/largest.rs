//! The largest transactions, by an engine that is assembled at run time.

use eventsource::engine::{Owned, ProjectionEngine, ProjectionStateStore};
use eventsource::prelude::*;
use uuid::Uuid;

use crate::account::{MoneyDeposited, MoneySent, MoneyWithdrawn};
use crate::statements::Movement;

/// How many transactions are kept.
const KEPT: usize = 5;

/// The largest deposits, withdrawals and transfers, the largest first; of equal ones the older first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Largest(pub Vec<Transaction>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    pub cents: u64,
    pub account: Uuid,
    pub movement: Movement,
    pub position: Position,
}

pub type LargestEngine = ProjectionEngine<Owned<Largest>>;

impl Largest {
    fn add<E>(&mut self, event: &Event<E>, movement: Movement, cents: u64) {
        let (account, position) = (event.aggregate_id(), event.position());
        let place = self.0.partition_point(|kept| kept.cents >= cents);
        self.0.insert(place, Transaction { cents, account, movement, position });
        self.0.truncate(KEPT);
    }
}

/// Returns the engine, whose progress is kept in `states`.
pub fn engine(states: impl ProjectionStateStore) -> LargestEngine {
    ProjectionEngine::new("largest-transactions", states)
        .with_state(Largest::default())
        .update::<MoneyDeposited>(|largest, event| largest.add(event, Movement::Deposit, event.cents))
        .update::<MoneyWithdrawn>(|largest, event| largest.add(event, Movement::Withdrawal, event.cents))
        .update::<MoneySent>(|largest, event| largest.add(event, Movement::Sent, event.cents))
}
