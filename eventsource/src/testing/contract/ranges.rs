//! Ranges of slices: each range of a subscription has a checkpoint and a lease of its own.

use std::sync::Arc;
use std::time::Duration;

use super::events::at;
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{Position, SliceRange};
use crate::projection::{
    CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, ClaimError, CommitError, Lease, UnitOfWork,
};

const START: Position = Position::START;

fn range(first: u16, last: u16) -> Result<SliceRange, Violation> {
    SliceRange::new(first, last).ok_or_else(|| Violation::new(format_args!("{first}-{last} is no range of slices")))
}

fn halves() -> Result<[SliceRange; 2], Violation> {
    Ok([range(0, 511)?, range(512, 1_023)?])
}

pub(super) async fn two_ranges_of_a_subscription_are_two_checkpoints<C: CheckpointStore>(store: &C) -> Verdict {
    let [low, high] = halves()?;
    let first = store.claim(&Claim::new("orders", "v1", at(3)).slices(low)).await?;
    let second = store.claim(&Claim::new("orders", "v1", at(5)).slices(high)).await?;
    store.claim(&Claim::new("payments", "v1", at(9))).await?;
    ensure_eq!((first.position, second.position), (at(3), at(5)), "the positions of two new checkpoints");
    ensure_eq!((&*first.name, first.slices), ("orders", low), "the checkpoint of the first range");
    ensure_eq!((&*second.name, second.slices), ("orders", high), "the checkpoint of the second range");

    let step = CheckpointUpdate::new("orders", first.epoch, at(3), at(7)).slices(low);
    store.begin().await?.commit(&step).await?;
    let wrong = CheckpointUpdate::new("orders", first.epoch, at(5), at(8)).slices(high);
    let fenced = store.begin().await?.commit(&wrong).await;
    ensure!(matches!(fenced, Err(CommitError::Fenced { .. })), "the owner of one range moved another: {fenced:?}");
    let of_all = CheckpointUpdate::new("orders", second.epoch, at(5), at(8));
    let fenced = store.begin().await?.commit(&of_all).await;
    ensure!(matches!(fenced, Err(CommitError::Fenced { .. })), "the owner of a range moved all slices: {fenced:?}");

    for (slices, position) in [(low, at(7)), (high, at(5))] {
        let stored = store.load_slices("orders", slices).await?;
        ensure_eq!(stored.map(|stored| (stored.slices, stored.position)), Some((slices, position)), "of {slices}");
    }
    ensure_eq!(store.load("orders").await?, None, "a checkpoint of all slices, which was never claimed");
    ensure_eq!(store.load_slices("orders", range(0, 255)?).await?, None, "a range that was never claimed");
    let listed: Vec<_> = store.list().await?.into_iter().map(|found| (found.name, found.slices)).collect();
    let expected = [("orders", low), ("orders", high), ("payments", SliceRange::ALL)];
    ensure_eq!(listed, expected.map(|(name, slices)| (name.to_owned(), slices)), "all checkpoints");
    Ok(())
}

pub(super) async fn an_epoch_is_given_once_in_a_subscription<C: CheckpointStore>(store: &C) -> Verdict {
    let [low, high] = halves()?;
    let mut last = 0;
    for (n, slices) in [low, high, low, SliceRange::ALL, high, low, SliceRange::ALL, high].into_iter().enumerate() {
        let claimed = store.claim(&Claim::new("orders", "v1", START).slices(slices)).await?;
        ensure!(claimed.epoch > last, "claim {n}, of {slices}, got the epoch {} after {last}", claimed.epoch);
        last = claimed.epoch;
        if n == 4 {
            store.begin().await?.clear(&CheckpointReset::new("orders")).await?;
        }
    }
    let other = store.claim(&Claim::new("payments", "v1", START).slices(low)).await?;
    ensure_eq!(other.epoch, 1, "the first epoch of another subscription");
    Ok(())
}

pub(super) async fn a_claim_of_a_part_fences_the_owner_of_all_slices<C: CheckpointStore>(store: &C) -> Verdict {
    let all = store.claim(&Claim::new("orders", "v1", START)).await?;
    let [low, _] = halves()?;
    store.claim(&Claim::new("orders", "v1", START).slices(low)).await?;
    let fenced = store.begin().await?.commit(&CheckpointUpdate::new("orders", all.epoch, START, at(1))).await;
    ensure!(matches!(fenced, Err(CommitError::Fenced { .. })), "the owner of all slices goes on: {fenced:?}");
    Ok(())
}

pub(super) async fn ranges_that_overlap_are_refused<C: CheckpointStore>(store: &C) -> Verdict {
    let [low, high] = halves()?;
    let claim = |slices| Claim::new("orders", "v1", START).slices(slices);
    store.claim(&claim(low)).await?;
    let before = store.list().await?;
    for (first, last) in [(0, 255), (0, 600), (256, 767), (511, 512), (100, 200), (511, 1_023)] {
        let wanted = range(first, last)?;
        match store.claim(&claim(wanted)).await {
            Err(ClaimError::Overlaps { name, slices, found }) => {
                ensure_eq!((&*name, slices, found), ("orders", wanted, low), "the ranges that the refusal names");
            }
            answer => ensure!(false, "a claim of {wanted} next to {low} returned {answer:?}"),
        }
        ensure_eq!(store.list().await?, before, "all checkpoints after a claim of {wanted}, which was refused");
    }
    for allowed in [low, high, SliceRange::ALL, low] {
        store.claim(&claim(allowed)).await?;
    }
    store.claim(&Claim::new("payments", "v1", START).slices(range(0, 255)?)).await?;
    Ok(())
}

pub(super) async fn two_ranges_have_leases_of_their_own<C: CheckpointStore>(store: &Arc<C>) -> Verdict {
    const LONG: Duration = Duration::from_secs(600);
    let [low, high] = halves()?;
    let claim = async |slices, owner: &'static str| {
        store.claim(&Claim::new("orders", "v1", START).slices(slices).under(Lease::new(owner, LONG))).await
    };
    let first = claim(low, "one").await?;
    let second = claim(high, "two").await?;
    let refused = async |slices, owner, holder: &str| match claim(slices, owner).await {
        Err(ClaimError::Held { owner, .. }) if owner == holder => Ok(()),
        claimed => Err(Violation::new(format_args!("`{holder}` owns {slices}, and a claim got {claimed:?}"))),
    };
    refused(low, "two", "one").await?;
    refused(high, "one", "two").await?;
    // A refused claim leaves both owners as they were.
    for (slices, owned) in [(low, &first), (high, &second)] {
        let step = CheckpointUpdate::new("orders", owned.epoch, START, at(1)).slices(slices);
        store.begin().await?.commit(&step).await?;
    }
    ensure!(store.renew("orders", first.epoch, Duration::ZERO).await?, "the lease of a range was not given up");
    refused(high, "one", "two").await?;
    let taken = claim(low, "two").await?;
    ensure_eq!(taken.position, at(1), "the position of the range that was taken over");
    ensure!(!store.renew("orders", first.epoch, LONG).await?, "a former owner renewed the lease of a range");
    ensure!(store.renew("orders", second.epoch, LONG).await?, "the owner of the other range lost its lease");
    Ok(())
}
