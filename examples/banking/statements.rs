//! Statements as rows: each account with its balance, and a line for each movement of its money.

use std::fmt;

use eventsource::ColumnType;
use eventsource::prelude::*;
use uuid::Uuid;

use crate::account::{
    AccountClosed, AccountOpened, MoneyDeposited, MoneyReceived, MoneyReturned, MoneySent, MoneyWithdrawn,
};

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "accounts")]
pub struct AccountRow {
    #[read_model(id)]
    pub id: Uuid,
    pub owner: String,
    pub balance: i64,
    pub is_open: bool,
    /// How many lines the statement has.
    pub lines: u64,
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "statement_lines")]
pub struct StatementLine {
    /// The id of the event.
    #[read_model(id)]
    pub id: Uuid,
    #[read_model(index)]
    pub account: Uuid,
    /// From 1.
    pub number: u64,
    pub movement: Movement,
    /// Positive where money comes, negative where it goes.
    pub cents: i64,
    pub balance_after: i64,
    pub transfer: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub enum Movement {
    Deposit,
    Withdrawal,
    Sent,
    Received,
    Returned,
}

impl fmt::Display for Movement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Returned => "returned",
        })
    }
}

pub struct Statements;

type Accounts = Repository<AccountRow>;
type Lines = Repository<StatementLine>;
type Done = Result<(), ReadModelError>;

#[projection(name = "statements", read_models(AccountRow, StatementLine))]
impl Statements {
    #[handles(AccountOpened)]
    async fn opened(&self, event: &Event<AccountOpened>, accounts: &mut Accounts) -> Done {
        let owner = event.owner.clone();
        accounts.save(AccountRow { id: event.aggregate_id(), owner, balance: 0, is_open: true, lines: 0 }).await
    }

    #[handles(AccountClosed)]
    async fn closed(&self, event: &Event<AccountClosed>, accounts: &mut Accounts) -> Done {
        let Some(mut account) = accounts.get(event.aggregate_id()).await? else { return Ok(()) };
        account.is_open = false;
        accounts.save(account).await
    }

    #[handles(MoneyDeposited)]
    async fn deposited(&self, event: &Event<MoneyDeposited>, accounts: &mut Accounts, lines: &mut Lines) -> Done {
        book(event, Movement::Deposit, event.cents, None, accounts, lines).await
    }

    #[handles(MoneyWithdrawn)]
    async fn withdrawn(&self, event: &Event<MoneyWithdrawn>, accounts: &mut Accounts, lines: &mut Lines) -> Done {
        book(event, Movement::Withdrawal, event.cents, None, accounts, lines).await
    }

    #[handles(MoneySent)]
    async fn sent(&self, event: &Event<MoneySent>, accounts: &mut Accounts, lines: &mut Lines) -> Done {
        book(event, Movement::Sent, event.cents, Some(event.transfer), accounts, lines).await
    }

    #[handles(MoneyReceived)]
    async fn received(&self, event: &Event<MoneyReceived>, accounts: &mut Accounts, lines: &mut Lines) -> Done {
        book(event, Movement::Received, event.cents, Some(event.transfer), accounts, lines).await
    }

    #[handles(MoneyReturned)]
    async fn returned(&self, event: &Event<MoneyReturned>, accounts: &mut Accounts, lines: &mut Lines) -> Done {
        book(event, Movement::Returned, event.cents, Some(event.transfer), accounts, lines).await
    }
}

/// Adds a line to the statement of the event's account, and changes the balance.
async fn book<E>(
    event: &Event<E>,
    movement: Movement,
    cents: u64,
    transfer: Option<Uuid>,
    accounts: &mut Accounts,
    lines: &mut Lines,
) -> Done {
    let Some(mut account) = accounts.get(event.aggregate_id()).await? else { return Ok(()) };
    let cents = match movement {
        Movement::Deposit | Movement::Received | Movement::Returned => cents.cast_signed(),
        Movement::Withdrawal | Movement::Sent => -cents.cast_signed(),
    };
    account.balance += cents;
    account.lines += 1;
    // An account that was closed is open again when money comes back.
    account.is_open |= movement == Movement::Returned;
    let line = StatementLine {
        id: event.id(),
        account: account.id,
        number: account.lines,
        movement,
        cents,
        balance_after: account.balance,
        transfer,
    };
    accounts.save(account).await?;
    lines.save(line).await
}
