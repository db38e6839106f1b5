//! Operations drawn from a seed: the same seed gives the same operations under the same command ids, so that a process
//! that starts again repeats them and changes nothing.

use eventsource::aggregate::{ExecuteError, Executed};
use eventsource::prelude::*;
use futures_util::{StreamExt as _, TryStreamExt as _};
use uuid::Uuid;

use crate::account::{MoneyDeposited, MoneyWithdrawn};
use crate::bank::Bank;
use crate::branch::Result;

/// How many accounts are opened. Transfers also go to one that does not exist.
const ACCOUNTS: u64 = 6;

/// In cents.
const FIRST_DEPOSIT: u64 = 50_000;

/// How many operations are executed at the same time.
const AT_ONCE: usize = 4;

/// Random numbers from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub operations: u64,
}

/// What the operations of a plan have done, by their answers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// The cents that were deposited, less those that were withdrawn.
    pub money: i64,
    pub transfers: usize,
}

impl Plan {
    /// Opens the accounts and executes the operations, all of which may have been executed before.
    pub async fn run(self, bank: &Bank) -> Result<Answers> {
        let mut money = 0;
        for number in 0..ACCOUNTS {
            let account = self.account(number);
            accepted(bank.open(account, &format!("customer {number}")).await)?;
            let first = accepted(bank.deposit(self.id("first deposit", number), account, FIRST_DEPOSIT).await)?;
            money += first.map_or(Ok(0), |first| self::money(&first))?;
        }
        let begun = Answers { money, transfers: 0 };
        let operations = (0..self.operations).map(|number| self.execute(bank, number));
        let answers = futures_util::stream::iter(operations).buffer_unordered(AT_ONCE);
        let add = |sum: Answers, one: Answers| async move {
            Ok(Answers { money: sum.money + one.money, transfers: sum.transfers + one.transfers })
        };
        answers.try_fold(begun, add).await
    }

    async fn execute(self, bank: &Bank, number: u64) -> Result<Answers> {
        let mut random = Random(self.seed.wrapping_mul(1_000_003).wrapping_add(number));
        let command = self.id("operation", number);
        let account = self.account(random.below(ACCOUNTS));
        let other = self.account(random.below(ACCOUNTS + 1));
        let cents = 1 + random.below(30_000);
        let kind = random.below(100);
        let executed = match kind {
            0..15 => accepted(bank.deposit(command, account, cents).await)?,
            15..28 => accepted(bank.withdraw(command, account, cents).await)?,
            28 => accepted(bank.empty_and_close(command, account).await)?,
            _ => accepted(bank.transfer(command, account, other, cents).await)?,
        };
        let transfers = usize::from(kind > 28 && executed.is_some());
        Ok(Answers { money: executed.map_or(Ok(0), |executed| money(&executed))?, transfers })
    }

    fn account(self, number: u64) -> Uuid {
        self.id("account", number)
    }

    fn id(self, kind: &str, number: u64) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{} {kind} {number}", self.seed).as_bytes())
    }
}

/// `None` where the command was refused.
fn accepted<E>(answer: std::result::Result<Executed, ExecuteError<E>>) -> Result<Option<Executed>>
where
    ExecuteError<E>: std::error::Error + Send + Sync + 'static,
{
    match answer {
        Ok(executed) => Ok(Some(executed)),
        Err(ExecuteError::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The money that came into the bank with the command.
fn money(executed: &Executed) -> Result<i64> {
    let mut money = 0;
    for event in &executed.events {
        match event.event_type() {
            MoneyDeposited::NAME => money += Event::<MoneyDeposited>::decode(event)?.cents.cast_signed(),
            MoneyWithdrawn::NAME => money -= Event::<MoneyWithdrawn>::decode(event)?.cents.cast_signed(),
            _ => {}
        }
    }
    Ok(money)
}
