//! The contract of checkpoint stores.

use super::checkpoint_logs::{a_checkpoint_keeps_its_log, a_step_keeps_an_event_of_the_log, load};
use super::events::at;
use super::letter_search::{
    found_letters_are_counted_by_their_error, found_letters_are_read_in_pages, letters_are_found_by_their_conditions,
};
use super::letters::{
    a_letter_is_found_by_its_position, dismissed_letters_are_forgotten_by_their_age, letters_are_counted,
    letters_are_found_by_event_and_by_class, letters_are_read_in_pages, letters_change_as_a_step_says,
    parked_streams_are_found_by_their_keys,
};
use super::listed::{dispatch, names};
use super::ranges::{
    a_claim_of_a_part_fences_the_owner_of_all_slices, an_epoch_is_given_once_in_a_subscription,
    ranges_that_overlap_are_refused, two_ranges_of_a_subscription_are_two_checkpoints,
};
use super::steps::{a_snapshot_is_that_of_the_last_step_with_one, a_step_is_whole};
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{Position, now};
use crate::projection::{
    Checkpoint, CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, ClaimError, CommitError, UnitOfWork,
};

/// Passes the cases of the checkpoint store's contract to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __checkpoint_store_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            an_unknown_checkpoint_is_none
            a_claim_makes_a_checkpoint_at_the_start
            a_claim_raises_the_epoch_and_keeps_the_position
            a_claim_spares_a_projection_that_has_changed
            a_commit_moves_the_checkpoint
            a_detached_commit_moves_the_checkpoint
            a_step_from_another_position_is_fenced
            a_step_of_another_epoch_is_fenced
            a_rollback_moves_nothing
            a_reset_keeps_the_epoch_growing
            a_clear_by_an_owner_that_was_replaced_changes_nothing
            a_cleared_checkpoint_knows_up_to_where_it_is_rebuilt
            a_checkpoint_keeps_its_log
            a_step_keeps_an_event_of_the_log
            a_snapshot_is_that_of_the_last_step_with_one
            a_step_is_whole
            checkpoints_are_listed_by_name
            two_ranges_of_a_subscription_are_two_checkpoints
            an_epoch_is_given_once_in_a_subscription
            a_claim_of_a_part_fences_the_owner_of_all_slices
            ranges_that_overlap_are_refused
            letters_are_read_in_pages
            a_letter_is_found_by_its_position
            parked_streams_are_found_by_their_keys
            letters_change_as_a_step_says
            letters_are_counted
            letters_are_found_by_event_and_by_class
            dismissed_letters_are_forgotten_by_their_age
            letters_are_found_by_their_conditions
            found_letters_are_read_in_pages
            found_letters_are_counted_by_their_error
        }
    };
}

/// The names of the cases of the checkpoint store's contract, for [`run_on_checkpoints`].
///
/// ```
/// use eventsource::testing::contract::CHECKPOINT_CASES;
///
/// assert!(CHECKPOINT_CASES.contains(&"letters_are_found_by_event_and_by_class"));
/// ```
pub const CHECKPOINT_CASES: &[&str] = crate::__checkpoint_store_cases!([names]);

/// Runs the case `name` of the checkpoint store's contract on a fresh, empty store.
/// [`checkpoint_store_contract!`](crate::checkpoint_store_contract) creates a test for each case.
///
/// ```
/// use eventsource::MemoryCheckpoints;
/// use eventsource::testing::contract::{CHECKPOINT_CASES, run_on_checkpoints};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// run_on_checkpoints(CHECKPOINT_CASES[0], &MemoryCheckpoints::new()).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the store breaks the contract, or there is no such case.
pub async fn run_on_checkpoints<C: CheckpointStore>(name: &str, store: &C) -> Result<(), Violation> {
    crate::__checkpoint_store_cases!([dispatch] name store)
}

const START: Position = Position::START;

async fn advance<C: CheckpointStore>(store: &C, epoch: u64, from: u64, to: u64) -> Result<(), CommitError> {
    store.begin().await?.commit(&CheckpointUpdate::new("orders", epoch, at(from), at(to))).await
}

async fn an_unknown_checkpoint_is_none<C: CheckpointStore>(store: &C) -> Verdict {
    ensure_eq!(store.load("orders").await?, None, "a checkpoint that was never claimed");
    ensure_eq!(store.list().await?, Vec::new(), "all checkpoints of a fresh store");
    store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
    ensure_eq!(store.load("orders").await?, None, "a checkpoint that was cleared before it was claimed");
    let refused = advance(store, 1, 0, 1).await;
    ensure!(
        matches!(refused, Err(CommitError::Fenced { found: None, .. })),
        "a step without a checkpoint: {refused:?}"
    );
    ensure_eq!(store.load("orders").await?, None, "a checkpoint after a step without one");
    Ok(())
}

async fn a_claim_makes_a_checkpoint_at_the_start<C: CheckpointStore>(store: &C) -> Verdict {
    let before = now();
    let claimed = store.claim(&Claim::new("orders", "orders v1", at(41))).await?;
    ensure_eq!((&*claimed.name, claimed.position), ("orders", at(41)), "the checkpoint claimed");
    ensure_eq!(claimed.fingerprint, "orders v1", "its fingerprint");
    ensure!(claimed.updated_at >= before, "it was claimed at {}, before {before}", claimed.updated_at);
    ensure_eq!(load(store, "orders").await?, claimed, "the loaded checkpoint is the claimed one");
    Ok(())
}

async fn a_claim_raises_the_epoch_and_keeps_the_position<C: CheckpointStore>(store: &C) -> Verdict {
    let first = store.claim(&Claim::new("orders", "v1", START)).await?;
    advance(store, first.epoch, 0, 7).await?;
    let second = store.claim(&Claim::new("orders", "v2", at(3))).await?;
    ensure!(second.epoch > first.epoch, "the epoch went from {} to {}", first.epoch, second.epoch);
    ensure_eq!(second.position, at(7), "the position: a start is used only if there is no checkpoint");
    ensure_eq!(second.fingerprint, "v2", "the fingerprint");
    Ok(())
}

async fn a_claim_spares_a_projection_that_has_changed<C: CheckpointStore>(store: &C) -> Verdict {
    let claim = |fingerprint| Claim::new("orders", fingerprint, START).unless_changed();
    let first = store.claim(&claim("one")).await?;
    let again = store.claim(&claim("one")).await?;
    ensure_eq!(again.epoch, first.epoch + 1, "the epoch of a second claim with the same fingerprint");
    let refused = store.claim(&claim("two")).await;
    let is_changed = matches!(&refused, Err(ClaimError::Changed { found, .. }) if found == "one");
    ensure!(is_changed, "a claim with another fingerprint that must be unchanged returned {refused:?}");
    ensure_eq!(load(store, "orders").await?.epoch, again.epoch, "the epoch after a refused claim");
    store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
    let reset = store.claim(&claim("two")).await?;
    ensure_eq!(reset.fingerprint, "two", "the fingerprint of a claim after a reset");
    Ok(())
}

async fn a_commit_moves_the_checkpoint<C: CheckpointStore>(store: &C) -> Verdict {
    let claimed = store.claim(&Claim::new("orders", "v1", START)).await?;
    let other = store.claim(&Claim::new("customers", "v1", START)).await?;
    for (from, to) in [(0, 5), (5, 6), (6, 6), (6, 1_000)] {
        advance(store, claimed.epoch, from, to).await?;
        let loaded = load(store, "orders").await?;
        ensure_eq!((loaded.position, loaded.epoch), (at(to), claimed.epoch), "after a step from {from}");
        ensure!(loaded.updated_at >= claimed.updated_at, "the time of the checkpoint goes back");
    }
    ensure_eq!(load(store, "customers").await?, other, "another checkpoint");
    Ok(())
}

async fn a_detached_commit_moves_the_checkpoint<C: CheckpointStore>(store: &C) -> Verdict {
    let claimed = store.claim(&Claim::new("orders", "v1", START)).await?;
    let unit = store.detached();
    // It holds nothing open, so that other units can work meanwhile.
    let customers = store.claim(&Claim::new("customers", "v1", START)).await?;
    store.begin().await?.commit(&CheckpointUpdate::new("customers", customers.epoch, START, at(2))).await?;
    unit.commit(&CheckpointUpdate::new("orders", claimed.epoch, START, at(9))).await?;
    ensure_eq!(load(store, "orders").await?.position, at(9), "the position after a detached commit");
    let refused = store.detached().commit(&CheckpointUpdate::new("orders", claimed.epoch, START, at(10))).await;
    ensure!(matches!(refused, Err(CommitError::Fenced { .. })), "a detached step from another position: {refused:?}");
    store.detached().clear(&CheckpointReset::new("orders")).await?;
    ensure_eq!(store.load("orders").await?, None, "a checkpoint cleared by a detached unit");
    Ok(())
}

/// Checks that the step was fenced, that the error names it and the found checkpoint, and that nothing was changed.
async fn fenced<C: CheckpointStore>(store: &C, refused: Result<(), CommitError>, left: &Checkpoint) -> Verdict {
    match refused {
        Err(CommitError::Fenced { step, found }) => {
            ensure_eq!(step.name, left.name, "the step named");
            ensure_eq!(found.as_deref(), Some(left), "the checkpoint found");
        }
        other => ensure!(false, "a step of another owner returned {other:?}"),
    }
    ensure_eq!(&load(store, &left.name).await?, left, "the checkpoint after a fenced step");
    Ok(())
}

async fn a_step_from_another_position_is_fenced<C: CheckpointStore>(store: &C) -> Verdict {
    let epoch = store.claim(&Claim::new("orders", "v1", START)).await?.epoch;
    advance(store, epoch, 0, 5).await?;
    let left = load(store, "orders").await?;
    for from in [0, 4, 6, u64::MAX] {
        fenced(store, advance(store, epoch, from, 9).await, &left).await?;
    }
    Ok(())
}

async fn a_step_of_another_epoch_is_fenced<C: CheckpointStore>(store: &C) -> Verdict {
    let old = store.claim(&Claim::new("orders", "v1", START)).await?;
    let unit = store.detached();
    let new = store.claim(&Claim::new("orders", "v1", START)).await?;
    fenced(store, unit.commit(&CheckpointUpdate::new("orders", old.epoch, START, at(1))).await, &new).await?;
    fenced(store, advance(store, old.epoch, 0, 1).await, &new).await?;
    fenced(store, advance(store, u64::MAX, 0, 1).await, &new).await?;
    advance(store, new.epoch, 0, 1).await?;
    Ok(())
}

async fn a_rollback_moves_nothing<C: CheckpointStore>(store: &C) -> Verdict {
    let claimed = store.claim(&Claim::new("orders", "v1", START)).await?;
    store.begin().await?.rollback().await;
    drop(store.begin().await?);
    drop(store.detached());
    ensure_eq!(load(store, "orders").await?, claimed, "the checkpoint after a rollback");
    // The next unit is not blocked.
    advance(store, claimed.epoch, 0, 1).await?;
    Ok(())
}

async fn a_reset_keeps_the_epoch_growing<C: CheckpointStore>(store: &C) -> Verdict {
    let old = store.claim(&Claim::new("orders", "v1", START)).await?;
    advance(store, old.epoch, 0, 5).await?;
    store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
    ensure_eq!(store.load("orders").await?, None, "a checkpoint that was reset");
    ensure_eq!(store.list().await?, Vec::new(), "all checkpoints, after the only one was reset");
    for from in [0, 5] {
        let refused = advance(store, old.epoch, from, 6).await;
        ensure!(matches!(refused, Err(CommitError::Fenced { found: None, .. })), "a step after a reset: {refused:?}");
    }
    let new = store.claim(&Claim::new("orders", "v1", at(2))).await?;
    ensure_eq!(new.position, at(2), "the position at which it starts again");
    ensure!(new.epoch > old.epoch, "the epoch went from {} over a reset to {}", old.epoch, new.epoch);
    fenced(store, advance(store, old.epoch, 2, 6).await, &new).await
}

async fn a_clear_by_an_owner_that_was_replaced_changes_nothing<C: CheckpointStore>(store: &C) -> Verdict {
    let old = store.claim(&Claim::new("orders", "v1", START)).await?;
    let new = store.claim(&Claim::new("orders", "v1", START)).await?;
    for unit in [store.begin().await?, store.detached()] {
        let refused = unit.clear(&CheckpointReset::new("orders").owned_since(old.epoch)).await;
        ensure!(matches!(refused, Err(CommitError::NotOwned { .. })), "a clear by a former owner: {refused:?}");
        ensure_eq!(load(store, "orders").await?, new, "the checkpoint after it");
    }
    store.begin().await?.clear(&CheckpointReset::new("orders").owned_since(new.epoch)).await?;
    ensure_eq!(store.load("orders").await?, None, "a checkpoint that its owner cleared");
    let refused = store.begin().await?.clear(&CheckpointReset::new("orders").owned_since(new.epoch + 1)).await;
    ensure!(matches!(refused, Err(CommitError::NotOwned { .. })), "a clear of a cleared checkpoint: {refused:?}");
    Ok(())
}

async fn a_cleared_checkpoint_knows_up_to_where_it_is_rebuilt<C: CheckpointStore>(store: &C) -> Verdict {
    let first = store.claim(&Claim::new("orders", "v1", START)).await?;
    ensure_eq!(first.rebuild_to, None, "the target without a rebuild");
    store.begin().await?.clear(&CheckpointReset::new("orders").owned_since(first.epoch).rebuild_to(at(7))).await?;
    ensure_eq!(store.load("orders").await?, None, "a checkpoint that was cleared to be rebuilt");
    for step in [(0, 3), (3, 6)] {
        let claimed = store.claim(&Claim::new("orders", "v1", START)).await?;
        ensure_eq!(claimed.rebuild_to, Some(at(7)), "each claim continues the rebuild");
        advance(store, claimed.epoch, step.0, step.1).await?;
    }
    let last = store.claim(&Claim::new("orders", "v1", START)).await?;
    advance(store, last.epoch, 6, 7).await?;
    ensure_eq!(load(store, "orders").await?.rebuild_to, None, "the target after it was reached");
    Ok(())
}

async fn checkpoints_are_listed_by_name<C: CheckpointStore>(store: &C) -> Verdict {
    let mut expected = Vec::new();
    for name in ["orders", "Orders", "it's", "größe", "a", ""] {
        expected.push(store.claim(&Claim::new(name, "v1", START)).await?);
    }
    expected.sort_by(|a, b| a.name.cmp(&b.name));
    ensure_eq!(store.list().await?, expected, "all checkpoints");
    Ok(())
}
