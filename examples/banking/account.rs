//! An account: the events of its life, and what it decides. It answers each step of a transfer with an event, also when
//! it declines, so that the answer is stored and never changes.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The largest amount of one deposit, in cents.
pub const LARGEST_DEPOSIT: u64 = 1_000_000_000_000;

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account")]
pub struct AccountOpened {
    pub owner: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account")]
pub struct AccountClosed {}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account")]
pub struct MoneyDeposited {
    pub cents: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account")]
pub struct MoneyWithdrawn {
    pub cents: u64,
}

/// The money of a transfer has left this account. It is under way until the other account has it, or this one has it back.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account")]
pub struct MoneySent {
    pub transfer: Uuid,
    pub to: Uuid,
    pub cents: u64,
}

/// This account does not pay the transfer. No money has moved.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account")]
pub struct SendingDeclined {
    pub transfer: Uuid,
    pub reason: Reason,
}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account")]
pub struct MoneyReceived {
    pub transfer: Uuid,
    pub from: Uuid,
    pub cents: u64,
}

/// This account does not take the money, which is still under way.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account")]
pub struct ReceivingDeclined {
    pub transfer: Uuid,
    pub from: Uuid,
    pub cents: u64,
    pub reason: Reason,
}

/// The money of a transfer that the other account has declined is back.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Account")]
pub struct MoneyReturned {
    pub transfer: Uuid,
    pub cents: u64,
    pub reason: Reason,
}

/// Why an account declines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Reason {
    #[error("there is no such account")]
    NoSuchAccount,
    #[error("the account is closed")]
    Closed,
    #[error("there is not enough money")]
    NotEnoughMoney,
}

/// Why an account refuses a command of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error(transparent)]
    Declined(#[from] Reason),
    #[error("the account exists already")]
    Exists,
    #[error("an amount must be from 0.01 to 10,000,000,000.00")]
    Amount,
    #[error("the account is not empty: withdraw or transfer the money first")]
    NotEmpty,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Status {
    #[default]
    Missing,
    Open,
    Closed,
}

/// The state by which an account decides.
#[derive(Debug, Default)]
pub struct Account {
    status: Status,
    balance: u64,
}

#[aggregate]
impl Account {
    pub fn open(&self, owner: &str) -> Result<AccountOpened, AccountError> {
        match self.status {
            Status::Missing => Ok(AccountOpened { owner: owner.to_owned() }),
            Status::Open | Status::Closed => Err(AccountError::Exists),
        }
    }

    pub fn deposit(&self, cents: u64) -> Result<MoneyDeposited, AccountError> {
        self.check_open()?;
        check_amount(cents)?;
        Ok(MoneyDeposited { cents })
    }

    pub fn withdraw(&self, cents: u64) -> Result<MoneyWithdrawn, AccountError> {
        check_amount(cents)?;
        self.check_covers(cents)?;
        Ok(MoneyWithdrawn { cents })
    }

    pub fn close(&self) -> Result<AccountClosed, AccountError> {
        self.check_open()?;
        if self.balance > 0 { Err(AccountError::NotEmpty) } else { Ok(AccountClosed {}) }
    }

    pub fn send(&self, transfer: Uuid, to: Uuid, cents: u64) -> Result<MoneySent, SendingDeclined> {
        match self.check_covers(cents) {
            Ok(()) => Ok(MoneySent { transfer, to, cents }),
            Err(reason) => Err(SendingDeclined { transfer, reason }),
        }
    }

    pub fn receive(&self, transfer: Uuid, from: Uuid, cents: u64) -> Result<MoneyReceived, ReceivingDeclined> {
        match self.check_open() {
            Ok(()) => Ok(MoneyReceived { transfer, from, cents }),
            Err(reason) => Err(ReceivingDeclined { transfer, from, cents, reason }),
        }
    }

    /// Never declined: the money has no other place. An account that was closed meanwhile is open again.
    pub fn take_back(&self, transfer: Uuid, cents: u64, reason: Reason) -> MoneyReturned {
        MoneyReturned { transfer, cents, reason }
    }

    /// The balance, in cents.
    pub fn balance(&self) -> u64 {
        self.balance
    }

    fn check_open(&self) -> Result<(), Reason> {
        match self.status {
            Status::Missing => Err(Reason::NoSuchAccount),
            Status::Open => Ok(()),
            Status::Closed => Err(Reason::Closed),
        }
    }

    fn check_covers(&self, cents: u64) -> Result<(), Reason> {
        self.check_open()?;
        if self.balance < cents { Err(Reason::NotEnoughMoney) } else { Ok(()) }
    }

    #[applies(AccountOpened)]
    fn opened(&mut self, _: &AccountOpened) {
        self.status = Status::Open;
    }

    #[applies(AccountClosed)]
    fn closed(&mut self, _: &AccountClosed) {
        self.status = Status::Closed;
    }

    #[applies(MoneyDeposited)]
    fn deposited(&mut self, event: &MoneyDeposited) {
        self.balance += event.cents;
    }

    #[applies(MoneyWithdrawn)]
    fn withdrawn(&mut self, event: &MoneyWithdrawn) {
        self.balance -= event.cents;
    }

    #[applies(MoneySent)]
    fn sent(&mut self, event: &MoneySent) {
        self.balance -= event.cents;
    }

    #[applies(SendingDeclined)]
    fn sending_declined(&mut self, _: &SendingDeclined) {}

    #[applies(MoneyReceived)]
    fn received(&mut self, event: &MoneyReceived) {
        self.balance += event.cents;
    }

    #[applies(ReceivingDeclined)]
    fn receiving_declined(&mut self, _: &ReceivingDeclined) {}

    #[applies(MoneyReturned)]
    fn returned(&mut self, event: &MoneyReturned) {
        self.balance += event.cents;
        self.status = Status::Open;
    }
}

fn check_amount(cents: u64) -> Result<(), AccountError> {
    if (1..=LARGEST_DEPOSIT).contains(&cents) { Ok(()) } else { Err(AccountError::Amount) }
}
