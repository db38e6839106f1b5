//! The contract of leases on checkpoints: as long as an owner keeps its lease, no other owner that asks for one gets
//! the checkpoint.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::listed::{dispatch, names};
use super::ranges::two_ranges_have_leases_of_their_own;
use super::steps::a_fenced_step_leaves_the_lease;
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{Position, now};
use crate::projection::{
    Checkpoint, CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, ClaimError, Lease, UnitOfWork,
};

/// The cases of the contract of leases, handed to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __lease_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_lease_keeps_other_owners_out
            an_owner_claims_again_under_its_own_lease
            a_lease_of_one_checkpoint_holds_no_other
            a_claim_without_a_lease_takes_over
            a_lease_that_was_given_up_is_free_at_once
            a_lease_that_is_not_renewed_runs_out
            a_renewal_extends_the_lease
            a_step_extends_the_lease
            a_fenced_step_leaves_the_lease
            a_renewal_by_a_former_owner_changes_nothing
            a_renewal_without_a_checkpoint_is_refused
            claims_at_the_same_time_have_one_winner
            two_ranges_have_leases_of_their_own
        }
    };
}

/// The names of the cases of the contract of leases, for [`run_on_leases`].
///
/// ```
/// use eventsource::testing::contract::LEASE_CASES;
///
/// assert!(LEASE_CASES.contains(&"claims_at_the_same_time_have_one_winner"));
/// ```
pub const LEASE_CASES: &[&str] = crate::__lease_cases!([names]);

/// Runs the case `name` of the contract of leases on a fresh, empty checkpoint store.
/// [`lease_contract!`](crate::lease_contract) creates a test for each case.
///
/// ```
/// use std::sync::Arc;
///
/// use eventsource::MemoryCheckpoints;
/// use eventsource::testing::contract::{LEASE_CASES, run_on_leases};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// run_on_leases(LEASE_CASES[0], &Arc::new(MemoryCheckpoints::new())).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the store breaks the contract, or there is no such case.
pub async fn run_on_leases<C: CheckpointStore>(name: &str, store: &Arc<C>) -> Result<(), Violation> {
    crate::__lease_cases!([dispatch] name store)
}

/// A lease that outlives any case.
const LONG: Duration = Duration::from_secs(600);

/// A lease that has run out soon.
const SHORT: Duration = Duration::from_millis(100);

/// How long a case waits for a lease to run out.
const DEADLINE: Duration = Duration::from_secs(30);

const START: Position = Position::START;

async fn claim<C: CheckpointStore>(store: &C, owner: &str, time: Duration) -> Result<Checkpoint, ClaimError> {
    store.claim(&Claim::new("orders", "v1", START).under(Lease::new(owner, time))).await
}

/// Checks that `other` does not get the checkpoint, because `owner` holds it, and that nothing changes.
async fn held<C: CheckpointStore>(store: &C, owner: &str, other: &str) -> Verdict {
    let before = store.load("orders").await?;
    match claim(store, other, LONG).await {
        Err(ClaimError::Held { name, owner: holder, until }) => {
            ensure_eq!((&*name, &*holder), ("orders", owner), "the checkpoint and the owner that the refusal names");
            ensure!(until > now(), "the lease is held until {until}, which has passed");
        }
        answer => ensure!(false, "`{other}` claimed what `{owner}` holds, and got {answer:?}"),
    }
    ensure_eq!(store.load("orders").await?, before, "the checkpoint after a claim that was refused");
    Ok(())
}

async fn a_lease_keeps_other_owners_out<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let claimed = claim(&**store, "one", LONG).await?;
    held(&**store, "one", "two").await?;
    held(&**store, "one", "three").await?;
    // The owner is not disturbed.
    store.begin().await?.commit(&CheckpointUpdate::new("orders", claimed.epoch, START, Position::new(1))).await?;
    held(&**store, "one", "two").await
}

async fn an_owner_claims_again_under_its_own_lease<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let first = claim(&**store, "one", LONG).await?;
    let again = claim(&**store, "one", LONG).await?;
    ensure!(again.epoch > first.epoch, "the epoch went from {} to {}", first.epoch, again.epoch);
    held(&**store, "one", "two").await
}

async fn a_lease_of_one_checkpoint_holds_no_other<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    claim(&**store, "one", LONG).await?;
    let other = Claim::new("customers", "v1", START).under(Lease::new("two", LONG));
    store.claim(&other).await?;
    held(&**store, "one", "two").await
}

async fn a_claim_without_a_lease_takes_over<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let first = claim(&**store, "one", LONG).await?;
    let taken = store.claim(&Claim::new("orders", "v1", START)).await?;
    ensure!(taken.epoch > first.epoch, "the epoch went from {} to {}", first.epoch, taken.epoch);
    // It left no lease behind.
    claim(&**store, "two", LONG).await?;
    held(&**store, "two", "one").await
}

async fn a_lease_that_was_given_up_is_free_at_once<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let first = claim(&**store, "one", LONG).await?;
    ensure!(store.renew("orders", first.epoch, Duration::ZERO).await?, "the owner could not give its lease up");
    claim(&**store, "two", LONG).await?;
    held(&**store, "two", "one").await
}

async fn a_lease_that_is_not_renewed_runs_out<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let first = claim(&**store, "one", SHORT).await?;
    let begun = Instant::now();
    let second = loop {
        match claim(&**store, "two", SHORT).await {
            Ok(claimed) => break claimed,
            Err(ClaimError::Held { .. }) => {
                ensure!(begun.elapsed() < DEADLINE, "a lease of {SHORT:?} holds after {DEADLINE:?}");
                sleep(Duration::from_millis(5)).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    ensure!(second.epoch > first.epoch, "the epoch went from {} to {}", first.epoch, second.epoch);
    Ok(())
}

/// Waits until the lease has run out for which the owner asked first.
async fn outlive_the_first_lease() {
    sleep(SHORT * 3).await;
}

async fn a_renewal_extends_the_lease<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let claimed = claim(&**store, "one", SHORT).await?;
    ensure!(store.renew("orders", claimed.epoch, LONG).await?, "the owner could not renew its lease");
    outlive_the_first_lease().await;
    held(&**store, "one", "two").await
}

async fn a_step_extends_the_lease<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let claimed = claim(&**store, "one", SHORT).await?;
    let step = CheckpointUpdate::new("orders", claimed.epoch, START, Position::new(1)).lease(Some(LONG));
    store.begin().await?.commit(&step).await?;
    outlive_the_first_lease().await;
    held(&**store, "one", "two").await?;
    for (from, time) in [(1, None), (2, Some(Duration::ZERO))] {
        let step = CheckpointUpdate::new("orders", claimed.epoch, Position::new(from), Position::new(from + 1));
        store.begin().await?.commit(&step.lease(time)).await?;
        held(&**store, "one", "two").await?;
    }
    Ok(())
}

async fn a_renewal_by_a_former_owner_changes_nothing<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let old = claim(&**store, "one", LONG).await?;
    store.claim(&Claim::new("orders", "v1", START)).await?;
    claim(&**store, "two", LONG).await?;
    for time in [LONG, Duration::ZERO] {
        ensure!(!store.renew("orders", old.epoch, time).await?, "a former owner renewed a lease for {time:?}");
        held(&**store, "two", "one").await?;
    }
    Ok(())
}

async fn a_renewal_without_a_checkpoint_is_refused<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    ensure!(!store.renew("orders", 1, LONG).await?, "a lease of a checkpoint was renewed that was never claimed");
    let claimed = claim(&**store, "one", LONG).await?;
    store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
    ensure!(!store.renew("orders", claimed.epoch, LONG).await?, "a lease of a checkpoint was renewed that was reset");
    // A reset frees it.
    claim(&**store, "two", LONG).await?;
    held(&**store, "two", "one").await
}

async fn claims_at_the_same_time_have_one_winner<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    let claims = (0..8).map(|n| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let owner = format!("owner {n}");
            (claim(&*store, &owner, LONG).await, owner)
        })
    });
    let (mut winners, mut holders) = (Vec::new(), Vec::new());
    for answer in claims.collect::<Vec<_>>() {
        match answer.await? {
            (Ok(_), owner) => winners.push(owner),
            (Err(ClaimError::Held { owner, .. }), _) => holders.push(owner),
            (Err(error), _) => return Err(error.into()),
        }
    }
    ensure_eq!(winners.len(), 1, "owners that claimed at the same time and got the checkpoint");
    ensure!(holders.iter().all(|holder| *holder == winners[0]), "{winners:?} holds it, and not {holders:?}");
    Ok(())
}
