//! Ledgers, in which each command is booked: what a process that is killed while it executes commands works on.

use std::collections::BTreeMap;
use std::convert::Infallible;

use eventsource::aggregate::{ExecuteError, SnapshotPolicy, SnapshotStore};
use eventsource::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A part of a command.
#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Ledger")]
pub struct Booked {
    /// The number of the command.
    pub command: u64,
}

/// How many parts of each command are booked.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// By the number of the command.
    pub parts: BTreeMap<u64, u64>,
}

#[eventsource::aggregate]
impl Ledger {
    #[applies(Booked)]
    fn booked(&mut self, event: &Booked) {
        *self.parts.entry(event.command).or_default() += 1;
    }
}

/// How many commands a round has.
pub const COMMANDS: u64 = 120;

/// The ledgers of a round.
pub fn ids(round: u64) -> [Uuid; 3] {
    [0, 1, 2].map(|ledger| Uuid::from_u128(u128::from(round) << 64 | 0xA000 | ledger))
}

/// The ledger that a command is booked in.
pub fn ledger(round: u64, command: u64) -> Uuid {
    ids(round)[(command % 3) as usize]
}

/// The id of a command. Neighbours have neighbouring ids.
pub fn command_id(round: u64, command: u64) -> Uuid {
    Uuid::from_u128(u128::from(round) << 64 | 0xC000_0000 | u128::from(command))
}

/// How many parts a command has.
pub const fn parts(command: u64) -> u64 {
    command / 3 % 3 + 1
}

/// The ledgers in `store`, with snapshots.
pub fn ledgers(store: impl EventStore, snapshots: impl SnapshotStore) -> AggregateRepository<Ledger> {
    AggregateRepository::new(store, MemoryEventBus::new()).with_snapshots(snapshots, SnapshotPolicy::every(7))
}

/// Executes all commands of a round, by four tasks at once.
///
/// # Errors
/// The first error of a command.
pub async fn execute_all(ledgers: &AggregateRepository<Ledger>, round: u64) -> Result<(), ExecuteError<Infallible>> {
    let tasks = (0..4).map(|task| {
        let ledgers = ledgers.clone();
        tokio::spawn(async move {
            for command in (0..COMMANDS).filter(|command| command % 4 == task) {
                let book = |_: &mut AggregateRoot<Ledger>| {
                    Ok::<_, Infallible>((0..parts(command)).map(|_| Booked { command }).collect::<Vec<_>>())
                };
                let id = command_id(round, command);
                ledgers.execute(ledger(round, command), book).command_id(id).await?;
            }
            Ok::<_, ExecuteError<Infallible>>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no command panics")?;
    }
    Ok(())
}
