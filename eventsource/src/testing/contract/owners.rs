//! The contract of the owners of tables: one subscription owns a table.

use std::time::Duration;

use super::events::at;
use super::letters::waiting;
use super::listed::{dispatch, names};
use super::violation::{ensure, ensure_eq};
use super::{ContractRow, Verdict, Violation};
use crate::event::Position;
use crate::projection::{
    CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, ColumnDef, ColumnKind, HandedOver, Lease, LetterChange,
    LetterQuery, Table, TableOwners, TableTaken, UnitOfWork,
};
use crate::read_model::ReadModel;

/// The cases of the contract of the owners of tables, handed to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __table_owner_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_table_has_one_owner
            names_that_differ_in_case_are_one_table
            a_refused_request_owns_no_table
            tables_that_are_not_declared_any_more_are_released
            a_reset_releases_the_tables
            a_subscription_moves_to_another_name
            a_move_onto_a_checkpoint_changes_nothing
            a_move_of_a_subscription_that_runs_changes_nothing
        }
    };
}

/// The names of the cases of the contract of the owners of tables, for [`run_on_table_owners`].
///
/// ```
/// use eventsource::testing::contract::TABLE_OWNER_CASES;
///
/// assert!(TABLE_OWNER_CASES.contains(&"a_table_has_one_owner"));
/// ```
pub const TABLE_OWNER_CASES: &[&str] = crate::__table_owner_cases!([names]);

/// Runs the case `name` of the contract of the owners of tables on a fresh, empty checkpoint store that has
/// [`owners`](CheckpointStore::owners). [`table_owner_contract!`](crate::table_owner_contract) creates a test for each
/// case.
///
/// ```
/// use eventsource::MemoryCheckpoints;
/// use eventsource::testing::contract::{TABLE_OWNER_CASES, run_on_table_owners};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// run_on_table_owners(TABLE_OWNER_CASES[0], &MemoryCheckpoints::new()).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the store breaks the contract or has no owners, or there is no such case.
pub async fn run_on_table_owners<C: CheckpointStore>(name: &str, store: &C) -> Result<(), Violation> {
    crate::__table_owner_cases!([dispatch] name store)
}

const ROWS: &Table = ContractRow::TABLE;

const COLUMNS: &[ColumnDef] = &[ColumnDef::new("id", "id", ColumnKind::I64, false)];

const LINES: &Table = &Table::new("contract_lines", COLUMNS, 0);

/// The same name as that of `LINES`, except for the case.
const LINES_IN_CAPITALS: &Table = &Table::new("Contract_Lines", COLUMNS, 0);

fn owners<C: CheckpointStore>(store: &C) -> Result<&dyn TableOwners, Violation> {
    store.owners().ok_or_else(|| Violation::new("the checkpoint store has no owners of tables"))
}

/// Makes `name` the owner of `tables`, as a start does: it owns them and claims its checkpoint.
async fn start<C: CheckpointStore>(store: &C, name: &str, tables: &[&'static Table]) -> Verdict {
    ensure_eq!(owners(store)?.own(name, tables).await?, None, "why `{name}` does not own its tables");
    store.claim(&Claim::new(name, &format!("{name} v1"), Position::START)).await?;
    Ok(())
}

fn owned(table: &Table, owner: &str) -> Option<TableTaken> {
    Some(TableTaken::Owned { table: table.name.to_owned(), owner: owner.to_owned() })
}

async fn a_table_has_one_owner<C: CheckpointStore>(store: &C) -> Verdict {
    start(store, "orders", &[ROWS]).await?;
    start(store, "orders", &[ROWS]).await?;
    start(store, "lines", &[LINES]).await?;
    for (name, table, owner) in [("reports", ROWS, "orders"), ("orders", LINES, "lines")] {
        let taken = owners(store)?.own(name, &[table]).await?;
        ensure_eq!(taken, owned(table, owner), "why `{name}` does not own the table of `{owner}`");
    }
    ensure_eq!(owners(store)?.own("orders", &[ROWS]).await?, None, "why the owner does not own its table");
    Ok(())
}

async fn names_that_differ_in_case_are_one_table<C: CheckpointStore>(store: &C) -> Verdict {
    start(store, "lines", &[LINES]).await?;
    let taken = owners(store)?.own("reports", &[LINES_IN_CAPITALS]).await?;
    let differs = matches!(
        &taken,
        Some(TableTaken::DiffersByCase { table, other, owner })
            if (&**table, &**other, &**owner) == (LINES_IN_CAPITALS.name, LINES.name, "lines")
    );
    ensure!(differs, "the owner of a table whose name differs in case: {taken:?}");
    Ok(())
}

async fn a_refused_request_owns_no_table<C: CheckpointStore>(store: &C) -> Verdict {
    start(store, "orders", &[ROWS]).await?;
    let taken = owners(store)?.own("reports", &[LINES, ROWS]).await?;
    ensure_eq!(taken, owned(ROWS, "orders"), "why `reports` does not own both tables");
    start(store, "lines", &[LINES]).await
}

async fn tables_that_are_not_declared_any_more_are_released<C: CheckpointStore>(store: &C) -> Verdict {
    start(store, "orders", &[ROWS, LINES]).await?;
    owners(store)?.disown_all_but("orders", &[ROWS]).await?;
    owners(store)?.disown_all_but("reports", &[]).await?;
    start(store, "lines", &[LINES]).await?;
    ensure_eq!(owners(store)?.own("reports", &[ROWS]).await?, owned(ROWS, "orders"), "why `reports` owns no table");
    Ok(())
}

async fn a_reset_releases_the_tables<C: CheckpointStore>(store: &C) -> Verdict {
    start(store, "orders", &[ROWS]).await?;
    store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
    start(store, "reports", &[ROWS]).await?;
    // A checkpoint that is being rebuilt is in use.
    let rebuild = CheckpointReset::new("reports").rebuild_to(at(7));
    store.begin().await?.clear(&rebuild).await?;
    let taken = owners(store)?.own("orders", &[ROWS]).await?;
    ensure_eq!(taken, owned(ROWS, "reports"), "why `orders` does not own the table of a rebuild");
    Ok(())
}

async fn a_subscription_moves_to_another_name<C: CheckpointStore>(store: &C) -> Verdict {
    start(store, "orders", &[ROWS]).await?;
    let before = store.load("orders").await?.ok_or_else(|| Violation::new("the claimed checkpoint is gone"))?;
    let letters = vec![LetterChange::Keep(waiting(3, 3))];
    let step = CheckpointUpdate::new("orders", before.epoch, Position::START, at(5)).letters(letters);
    store.begin().await?.commit(&step).await?;
    ensure_eq!(owners(store)?.hand_over("orders", "order-rows").await?, HandedOver::Yes, "the result of a move");
    ensure_eq!(store.load("orders").await?, None, "the checkpoint under the former name");
    let moved = store.load("order-rows").await?.map(|moved| (moved.position, moved.fingerprint));
    ensure_eq!(moved, Some((at(5), "order-rows v1".to_owned())), "the position and the fingerprint under the new name");
    let letters = store.dead_letters("order-rows", LetterQuery::all()).await?;
    let letters: Vec<_> = letters.into_iter().map(|letter| (letter.subscription, letter.position)).collect();
    ensure_eq!(letters, [("order-rows".to_owned(), at(3))], "the letters under the new name");
    ensure_eq!(store.dead_letters("orders", LetterQuery::all()).await?, Vec::new(), "those under the former name");
    ensure_eq!(owners(store)?.own("orders", &[ROWS]).await?, owned(ROWS, "order-rows"), "the owner after a move");
    // Neither name gets an epoch again.
    let refused = store.begin().await?.commit(&CheckpointUpdate::new("order-rows", before.epoch, at(5), at(6))).await;
    ensure!(refused.is_err(), "a step of the owner before a move was committed");
    for name in ["orders", "order-rows"] {
        let claimed = store.claim(&Claim::new(name, "v1", Position::START)).await?;
        ensure!(claimed.epoch > before.epoch, "the epoch of `{name}` went from {} to {}", before.epoch, claimed.epoch);
    }
    Ok(())
}

async fn a_move_onto_a_checkpoint_changes_nothing<C: CheckpointStore>(store: &C) -> Verdict {
    start(store, "orders", &[ROWS]).await?;
    start(store, "lines", &[LINES]).await?;
    let before = store.list().await?;
    for (from, to, expected) in
        [("orders", "lines", HandedOver::Exists), ("reports", "order-rows", HandedOver::Missing)]
    {
        ensure_eq!(owners(store)?.hand_over(from, to).await?, expected, "a move from `{from}` to `{to}`");
        ensure_eq!(store.list().await?, before, "all checkpoints after it");
    }
    ensure_eq!(owners(store)?.own("reports", &[ROWS]).await?, owned(ROWS, "orders"), "the owner after it");
    Ok(())
}

async fn a_move_of_a_subscription_that_runs_changes_nothing<C: CheckpointStore>(store: &C) -> Verdict {
    let lease = Lease::new("one", Duration::from_secs(600));
    let claimed = store.claim(&Claim::new("orders", "v1", Position::START).under(lease)).await?;
    let refused = owners(store)?.hand_over("orders", "order-rows").await?;
    ensure_eq!(refused, HandedOver::Held { owner: "one".to_owned() }, "a move of a subscription that runs");
    ensure_eq!(store.load("orders").await?, Some(claimed.clone()), "its checkpoint after it");
    store.renew("orders", claimed.epoch, Duration::ZERO).await?;
    let moved = owners(store)?.hand_over("orders", "order-rows").await?;
    ensure_eq!(moved, HandedOver::Yes, "a move after it has released its lease");
    Ok(())
}
