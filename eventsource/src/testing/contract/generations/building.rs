//! What a builder of a next generation finds, and what readers see meanwhile.

use std::time::Duration;

use super::world::{
    NAME, TABLES, TARGET, claim_next, count_next, generations, live, load, next_name, step_live, step_next,
};
use crate::event::Position;
use crate::projection::{CheckpointStore, CheckpointUpdate, Claim, ClaimError, Lease, UnitOfWork};
use crate::testing::contract::events::at;
use crate::testing::contract::read_models::batch::names;
use crate::testing::contract::violation::{ensure, ensure_eq};
use crate::testing::contract::{ReadModelFixture, Verdict};

pub(super) async fn a_next_generation_begins_empty<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let before = live(fixture, "old", 5).await?;
    generations(fixture)?.check(TABLES).await?;
    let next = claim_next(fixture, "new").await?;
    ensure_eq!(next.name, next_name(), "the name of the checkpoint of the next generation");
    ensure_eq!((next.position, next.rebuild_to), (Position::START, Some(at(TARGET))), "where it begins and ends");
    ensure_eq!(next.fingerprint, "new", "its fingerprint");
    ensure_eq!(load(fixture, &next_name()).await?, Some(next), "the loaded checkpoint is the claimed one");
    ensure_eq!(count_next(fixture).await?, 0, "the rows of a next generation that begins");
    ensure_eq!(load(fixture, NAME).await?, Some(before), "the live checkpoint");
    ensure_eq!(names(fixture).await?, ["old"], "the live rows");
    Ok(())
}

pub(super) async fn a_next_generation_is_hidden_until_the_switch<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let before = live(fixture, "old", 5).await?;
    let next = claim_next(fixture, "new").await?;
    step_next(fixture, next.epoch, (Position::START, 3), "new").await?;
    ensure_eq!(names(fixture).await?, ["old"], "the rows that readers see after a step of the next generation");
    ensure_eq!(load(fixture, NAME).await?, Some(before.clone()), "the live checkpoint after it");
    // The live generation continues.
    step_live(fixture, before.epoch, (at(5), 6), "older").await?;
    ensure_eq!(names(fixture).await?, ["old", "older"], "the rows after a step of the live generation");
    ensure_eq!(count_next(fixture).await?, 1, "the rows of the next generation after it");
    let position = load(fixture, &next_name()).await?.map(|next| next.position);
    ensure_eq!(position, Some(at(3)), "the position of the next generation");
    Ok(())
}

pub(super) async fn a_claim_continues_the_next_generation<F: ReadModelFixture>(fixture: &F) -> Verdict {
    live(fixture, "old", 5).await?;
    let first = claim_next(fixture, "new").await?;
    step_next(fixture, first.epoch, (Position::START, 3), "new").await?;
    let again = claim_next(fixture, "new").await?;
    ensure!(again.epoch > first.epoch, "the epoch went from {} to {}", first.epoch, again.epoch);
    ensure_eq!((again.position, again.rebuild_to), (at(3), Some(at(TARGET))), "where the next builder continues");
    ensure_eq!(count_next(fixture).await?, 1, "the rows that it finds");
    let refused = step_next(fixture, first.epoch, (at(3), 4), "late").await;
    ensure!(refused.is_err(), "a step of the former builder was committed");
    ensure_eq!(count_next(fixture).await?, 1, "the rows after a step of the former builder");
    Ok(())
}

pub(super) async fn a_changed_projection_begins_the_next_generation_again<F: ReadModelFixture>(fixture: &F) -> Verdict {
    live(fixture, "old", 5).await?;
    let first = claim_next(fixture, "new").await?;
    step_next(fixture, first.epoch, (Position::START, 3), "new").await?;
    let changed = claim_next(fixture, "newer").await?;
    ensure!(changed.epoch > first.epoch, "the epoch went from {} to {}", first.epoch, changed.epoch);
    ensure_eq!((changed.position, &*changed.fingerprint), (Position::START, "newer"), "what another version claims");
    ensure_eq!(count_next(fixture).await?, 0, "the rows that it finds");
    ensure_eq!(names(fixture).await?, ["old"], "the live rows");
    Ok(())
}

pub(super) async fn a_lease_keeps_other_builders_out<F: ReadModelFixture>(fixture: &F) -> Verdict {
    live(fixture, "old", 5).await?;
    let name = next_name();
    let claim = |owner| Claim::new(&name, "new", Position::START).under(Lease::new(owner, Duration::from_secs(600)));
    let first = generations(fixture)?.claim_next(&claim("one"), at(TARGET), TABLES).await?;
    step_next(fixture, first.epoch, (Position::START, 3), "new").await?;
    let refused = generations(fixture)?.claim_next(&claim("two"), at(TARGET), TABLES).await;
    let is_held = matches!(&refused, Err(ClaimError::Held { owner, .. }) if owner == "one");
    ensure!(is_held, "a claim of a next generation that another process builds: {refused:?}");
    // The builder is not disturbed.
    step_next(fixture, first.epoch, (at(3), 4), "newer").await?;
    ensure_eq!(count_next(fixture).await?, 2, "the rows of its owner");
    Ok(())
}

pub(super) async fn a_claim_of_another_owner_than_the_live_one_changes_nothing<F: ReadModelFixture>(
    fixture: &F,
) -> Verdict {
    let lease = |owner| Lease::new(owner, Duration::from_secs(600));
    let old = Claim::new(NAME, "old", Position::START);
    fixture.checkpoints().claim(&old.clone().under(lease("one"))).await?;
    let name = next_name();
    let next = |owner| Claim::new(&name, "new", Position::START).under(lease(owner));
    let refused = generations(fixture)?.claim_next(&next("two").live_owned_by("two"), at(TARGET), TABLES).await;
    let is_held = matches!(&refused, Err(ClaimError::Held { owner, .. }) if owner == "one");
    ensure!(is_held, "a claim next to a live generation that another process owns: {refused:?}");
    ensure_eq!(load(fixture, &name).await?, None, "the checkpoint of a next generation that was not claimed");
    // The owner, and any process where the live generation has no owner.
    generations(fixture)?.claim_next(&next("one").live_owned_by("one"), at(TARGET), TABLES).await?;
    generations(fixture)?.discard(NAME, TABLES).await?;
    fixture.checkpoints().claim(&old).await?;
    generations(fixture)?.claim_next(&next("two").live_owned_by("two"), at(TARGET), TABLES).await?;
    Ok(())
}

pub(super) async fn a_discarded_generation_leaves_nothing<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let before = live(fixture, "old", 5).await?;
    generations(fixture)?.discard(NAME, TABLES).await?;
    let next = claim_next(fixture, "new").await?;
    step_next(fixture, next.epoch, (Position::START, 3), "new").await?;
    generations(fixture)?.discard(NAME, TABLES).await?;
    ensure_eq!(load(fixture, &next_name()).await?, None, "the checkpoint of a generation that was discarded");
    ensure_eq!(load(fixture, NAME).await?, Some(before), "the live checkpoint after it");
    ensure_eq!(names(fixture).await?, ["old"], "the live rows after it");
    let again = claim_next(fixture, "new").await?;
    ensure_eq!(again.position, Position::START, "the position of the generation after it");
    ensure!(again.epoch > next.epoch, "the epoch went from {} to {}", next.epoch, again.epoch);
    ensure_eq!(count_next(fixture).await?, 0, "the rows of the generation after it");
    Ok(())
}

pub(super) async fn a_table_of_the_same_shape_keeps_its_rows<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let before = live(fixture, "old", 5).await?;
    let mut unit = fixture.checkpoints().begin().await?;
    let left = generations(fixture)?.reshape(&mut unit, TABLES).await?;
    ensure_eq!(left, Vec::<String>::new(), "what was not created again for a table of the same shape");
    unit.commit(&CheckpointUpdate::new(NAME, before.epoch, at(5), at(6))).await?;
    ensure_eq!(names(fixture).await?, ["old"], "the rows of a table of the same shape");
    Ok(())
}
