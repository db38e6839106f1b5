//! The balances, in memory: a new process folds them from the log.

use std::collections::BTreeMap;

use eventsource::prelude::*;
use uuid::Uuid;

use crate::account::{
    Account, AccountClosed, AccountOpened, MoneyDeposited, MoneyReceived, MoneyReturned, MoneySent, MoneyWithdrawn,
    ReceivingDeclined, SendingDeclined,
};

/// The balance of each account, in cents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balances {
    pub cents: BTreeMap<Uuid, i64>,
}

impl Balances {
    fn add(&mut self, account: Uuid, cents: i64) {
        *self.cents.entry(account).or_default() += cents;
    }
}

// A new event of the account does not compile until this projection handles or ignores it.
#[projection(name = "balances", exhaustive = Account, ignores(AccountClosed, SendingDeclined, ReceivingDeclined))]
impl Balances {
    #[handles(AccountOpened)]
    fn opened(&mut self, event: &Event<AccountOpened>) {
        self.add(event.aggregate_id(), 0);
    }

    #[handles(MoneyDeposited)]
    fn deposited(&mut self, event: &Event<MoneyDeposited>) {
        self.add(event.aggregate_id(), event.cents.cast_signed());
    }

    #[handles(MoneyWithdrawn)]
    fn withdrawn(&mut self, event: &Event<MoneyWithdrawn>) {
        self.add(event.aggregate_id(), -event.cents.cast_signed());
    }

    #[handles(MoneySent)]
    fn sent(&mut self, event: &Event<MoneySent>) {
        self.add(event.aggregate_id(), -event.cents.cast_signed());
    }

    #[handles(MoneyReceived)]
    fn received(&mut self, event: &Event<MoneyReceived>) {
        self.add(event.aggregate_id(), event.cents.cast_signed());
    }

    #[handles(MoneyReturned)]
    fn returned(&mut self, event: &Event<MoneyReturned>) {
        self.add(event.aggregate_id(), event.cents.cast_signed());
    }
}
