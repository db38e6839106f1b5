//! The commands of the bank. Each has a command id, so that a caller who got no answer can give it again.

use std::convert::Infallible;

use eventsource::aggregate::{ExecuteError, Executed, IntoEvents};
use eventsource::prelude::*;
use uuid::Uuid;

use crate::account::{Account, AccountError, MoneyWithdrawn};
use crate::transfer::{Transfer, TransferError};

type Answer<E> = Result<Executed, ExecuteError<E>>;

/// Accounts and transfers over one log. A clone is the same bank.
#[derive(Debug, Clone)]
pub struct Bank {
    accounts: AggregateRepository<Account>,
    transfers: AggregateRepository<Transfer>,
}

impl Bank {
    pub fn new(store: impl EventStore + Clone, notifier: impl Notifier + Clone) -> Self {
        Self {
            accounts: AggregateRepository::new(store.clone(), notifier.clone()),
            transfers: AggregateRepository::new(store, notifier),
        }
    }

    /// Opens an account. Its id is the command id as well: an account is opened once.
    pub async fn open(&self, account: Uuid, owner: &str) -> Answer<AccountError> {
        let command = Uuid::new_v5(&account, b"open");
        self.accounts.execute(account, |account| account.open(owner)).command_id(command).await
    }

    pub async fn deposit(&self, command: Uuid, account: Uuid, cents: u64) -> Answer<AccountError> {
        self.accounts.execute(account, |account| account.deposit(cents)).command_id(command).await
    }

    pub async fn withdraw(&self, command: Uuid, account: Uuid, cents: u64) -> Answer<AccountError> {
        self.accounts.execute(account, |account| account.withdraw(cents)).command_id(command).await
    }

    /// Withdraws what is there and closes the account, in one command of one or two events.
    pub async fn empty_and_close(&self, command: Uuid, account: Uuid) -> Answer<AccountError> {
        let decide = |account: &mut AggregateRoot<Account>| {
            let rest = account.balance();
            account.record((rest > 0).then_some(MoneyWithdrawn { cents: rest }));
            account.close()
        };
        self.accounts.execute(account, decide).command_id(command).await
    }

    /// Requests a transfer. The policy does the rest: wait for the end of the transfer in its read model.
    pub async fn transfer(&self, transfer: Uuid, from: Uuid, to: Uuid, cents: u64) -> Answer<TransferError> {
        let command = Uuid::new_v5(&transfer, b"request");
        self.transfers.execute(transfer, |transfer| transfer.request(from, to, cents)).command_id(command).await
    }

    /// One step of `transfer`, in an account.
    pub async fn account_step<D: IntoEvents<Account>>(
        &self,
        transfer: Uuid,
        step: Step,
        account: Uuid,
        mut decide: impl FnMut(&Account) -> D + Send,
    ) -> Answer<Infallible> {
        let decide = |account: &mut AggregateRoot<Account>| Ok(decide(account));
        self.accounts.execute(account, decide).command_id(step.command_id(transfer)).await
    }

    /// The last step of `transfer`.
    pub async fn end_step<D: IntoEvents<Transfer>>(
        &self,
        transfer: Uuid,
        mut decide: impl FnMut(&Transfer) -> D + Send,
    ) -> Answer<Infallible> {
        let decide = |transfer: &mut AggregateRoot<Transfer>| Ok(decide(transfer));
        self.transfers.execute(transfer, decide).command_id(Step::End.command_id(transfer)).await
    }
}

/// A step of a transfer. Each is one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Send,
    Receive,
    TakeBack,
    End,
}

impl Step {
    /// The id of the command. The same step of `transfer` has the same id each time.
    fn command_id(self, transfer: Uuid) -> Uuid {
        let name: &[u8] = match self {
            Self::Send => b"send",
            Self::Receive => b"receive",
            Self::TakeBack => b"take back",
            Self::End => b"end",
        };
        Uuid::new_v5(&transfer, name)
    }
}
