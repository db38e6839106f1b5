//! Two versions of a projection, as a rolling deployment runs them next to each other.

use eventsource::prelude::*;

use crate::domain::Bumped;

/// The row of version 1.
#[derive(Debug, Clone, PartialEq, Eq, ReadModel)]
#[read_model(table = "bump_digits")]
pub struct FirstRow {
    /// The last digit of numbers.
    #[read_model(id)]
    pub digit: u64,
    /// Their sum.
    pub total: u64,
    /// How many they are. Version 2 drops it.
    pub bumps: u64,
}

/// The row of version 2.
#[derive(Debug, Clone, PartialEq, Eq, ReadModel)]
#[read_model(table = "bump_digits")]
pub struct SecondRow {
    /// The last digit of numbers.
    #[read_model(id)]
    pub digit: u64,
    /// Their sum.
    pub total: u64,
    /// Twice their sum. Version 2 adds it.
    pub double: u64,
}

/// What both versions have.
#[derive(Debug, Clone, PartialEq, Eq, ReadModel)]
#[read_model(table = "bump_digits")]
pub struct SharedRow {
    /// The last digit of numbers.
    #[read_model(id)]
    pub digit: u64,
    /// Their sum.
    pub total: u64,
}

/// Version 1.
#[derive(Debug)]
pub struct First;

#[projection(name = "bump-digits", version = 1, read_models(FirstRow))]
impl First {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, digits: &mut Repository<FirstRow>) -> Result<(), ReadModelError> {
        let digit = event.by % 10;
        let row = digits.get(digit).await?.unwrap_or(FirstRow { digit, total: 0, bumps: 0 });
        digits.save(FirstRow { digit, total: row.total + event.by, bumps: row.bumps + 1 }).await
    }
}

/// The number that version 2 takes 200 ms to handle, so that a test can look at its rebuild.
pub const SLOW: u64 = 4_000;

/// Version 2.
#[derive(Debug)]
pub struct Second;

#[projection(name = "bump-digits", version = 2, read_models(SecondRow))]
impl Second {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, digits: &mut Repository<SecondRow>) -> Result<(), ReadModelError> {
        if event.by == SLOW {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        let digit = event.by % 10;
        let row = digits.get(digit).await?.unwrap_or(SecondRow { digit, total: 0, double: 0 });
        let total = row.total + event.by;
        digits.save(SecondRow { digit, total, double: 2 * total }).await
    }
}
