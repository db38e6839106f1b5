//! What a switch replaces, and when it changes nothing.

use super::world::{
    NAME, TABLES, TARGET, claim_next, count_next, generations, live, load, next_name, step_live, step_next, switch,
};
use crate::event::{Position, now};
use crate::projection::operations::Pause;
use crate::projection::{
    CheckpointStore, CheckpointUpdate, Claim, LetterChange, LetterQuery, Switch, Switched, UnitOfWork,
};
use crate::testing::contract::events::at;
use crate::testing::contract::letters::waiting;
use crate::testing::contract::read_models::batch::names;
use crate::testing::contract::violation::{ensure, ensure_eq};
use crate::testing::contract::{ReadModelFixture, Verdict};

pub(super) async fn a_switch_replaces_the_live_generation<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let before = live(fixture, "old", 5).await?;
    let next = claim_next(fixture, "new").await?;
    step_next(fixture, next.epoch, (Position::START, 7), "new").await?;
    let switched = switch(fixture, next.epoch, 7, |switch| switch).await?;
    ensure_eq!(switched, Switched::Yes { left: Vec::new() }, "the result of a switch");
    ensure_eq!(names(fixture).await?, ["new"], "the rows after a switch");
    ensure_eq!(load(fixture, &next_name()).await?, None, "the checkpoint of the next generation after it");
    let found = load(fixture, NAME).await?.map(|found| (found.position, found.fingerprint));
    ensure_eq!(found, Some((at(7), "new".to_owned())), "the position and the fingerprint of the live one after it");
    let owner = fixture.checkpoints().claim(&Claim::new(NAME, "new", Position::START)).await?;
    ensure!(owner.epoch > before.epoch, "the epoch went from {} over a switch to {}", before.epoch, owner.epoch);
    step_live(fixture, owner.epoch, (at(7), 8), "newer").await?;
    ensure_eq!(names(fixture).await?, ["new", "newer"], "the rows after a step of the next owner");
    // The subscription can be rebuilt again.
    claim_next(fixture, "new").await?;
    ensure_eq!(count_next(fixture).await?, 0, "the rows of the generation after a switch");
    Ok(())
}

pub(super) async fn a_switch_fences_the_owner_of_the_live_generation<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let before = live(fixture, "old", 5).await?;
    let next = claim_next(fixture, "new").await?;
    step_next(fixture, next.epoch, (Position::START, 7), "new").await?;
    switch(fixture, next.epoch, 7, |switch| switch).await?;
    for from in [5, 7] {
        let refused = step_live(fixture, before.epoch, (at(from), 8), "late").await;
        ensure!(refused.is_err(), "a step from {from} of the owner before a switch was committed");
    }
    ensure_eq!(names(fixture).await?, ["new"], "the rows after a step of the owner before a switch");
    Ok(())
}

pub(super) async fn a_switch_behind_the_live_generation_changes_nothing<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let before = live(fixture, "old", 7).await?;
    let next = claim_next(fixture, "new").await?;
    step_next(fixture, next.epoch, (Position::START, 5), "new").await?;
    let refused = switch(fixture, next.epoch, 5, |switch| switch).await?;
    ensure_eq!(refused, Switched::Behind(at(7)), "a switch to a generation that is behind");
    ensure_eq!(load(fixture, NAME).await?, Some(before), "the live checkpoint after it");
    ensure_eq!(names(fixture).await?, ["old"], "the rows after it");
    ensure_eq!(count_next(fixture).await?, 1, "the rows of the next generation after it");
    // The position of a log that is lost means nothing.
    let switched = switch(fixture, next.epoch, 5, Switch::at_any_position).await?;
    ensure!(matches!(switched, Switched::Yes { .. }), "a switch at any position: {switched:?}");
    ensure_eq!(names(fixture).await?, ["new"], "the rows after a switch at any position");
    Ok(())
}

pub(super) async fn a_switch_of_a_former_builder_changes_nothing<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let before = live(fixture, "old", 5).await?;
    let former = claim_next(fixture, "new").await?;
    step_next(fixture, former.epoch, (Position::START, 7), "new").await?;
    let builder = claim_next(fixture, "new").await?;
    for (epoch, position, what) in
        [(former.epoch, 7, "of a former builder"), (builder.epoch, 8, "at another position than its checkpoint")]
    {
        let refused = switch(fixture, epoch, position, |switch| switch).await?;
        ensure_eq!(refused, Switched::Fenced, "a switch {what}");
        ensure_eq!(load(fixture, NAME).await?, Some(before.clone()), "the live checkpoint after a switch {what}");
        ensure_eq!(names(fixture).await?, ["old"], "the rows after a switch {what}");
    }
    Ok(())
}

pub(super) async fn a_switch_replaces_only_the_fingerprint_that_it_names<F: ReadModelFixture>(fixture: &F) -> Verdict {
    live(fixture, "old", 5).await?;
    let next = claim_next(fixture, "new").await?;
    step_next(fixture, next.epoch, (Position::START, 7), "new").await?;
    let refused = switch(fixture, next.epoch, 7, |switch| switch.replacing("older")).await?;
    ensure_eq!(refused, Switched::Changed { found: "old".to_owned() }, "a switch that replaces another version");
    ensure_eq!(names(fixture).await?, ["old"], "the rows after it");
    let switched = switch(fixture, next.epoch, 7, |switch| switch.replacing("old")).await?;
    ensure!(matches!(switched, Switched::Yes { .. }), "a switch that replaces the live version: {switched:?}");
    ensure_eq!(names(fixture).await?, ["new"], "the rows after it");
    Ok(())
}

pub(super) async fn a_held_next_generation_is_not_switched<F: ReadModelFixture>(fixture: &F) -> Verdict {
    // A store without operations is never asked for a hold.
    let Some(operations) = fixture.checkpoints().operations() else { return Ok(()) };
    let before = live(fixture, "old", 5).await?;
    let (name, hold) = (next_name(), Pause::new("ada", "compare first", now()));
    let claim = Claim::new(&name, "new", Position::START).held(&hold);
    let next = generations(fixture)?.claim_next(&claim, at(TARGET), TABLES).await?;
    ensure_eq!(
        next.pause.map(|pause| (pause.by, pause.reason)),
        Some((hold.by.clone(), hold.reason.clone())),
        "the hold"
    );
    step_next(fixture, next.epoch, (Position::START, 7), "new").await?;
    let held = switch(fixture, next.epoch, 7, |switch| switch).await?;
    ensure_eq!(held, Switched::Held, "a switch to a held generation");
    ensure_eq!(load(fixture, NAME).await?, Some(before), "the live checkpoint after it");
    ensure_eq!(names(fixture).await?, ["old"], "the rows after it");
    ensure!(operations.resume(&name).await?, "there was no hold to remove");
    let switched = switch(fixture, next.epoch, 7, |switch| switch).await?;
    ensure!(matches!(switched, Switched::Yes { .. }), "a switch after the hold was removed: {switched:?}");
    // A hold ends with its generation.
    claim_next(fixture, "new").await?;
    operations.pause(&name, &hold).await?;
    generations(fixture)?.discard(NAME, TABLES).await?;
    let again = claim_next(fixture, "new").await?;
    ensure_eq!(again.pause, None, "the hold of the generation after a discarded one");
    Ok(())
}

pub(super) async fn letters_of_the_next_generation_replace_the_live_ones<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let before = live(fixture, "old", 5).await?;
    let keep = |name: &str, epoch, from, to, position| {
        let letters = vec![LetterChange::Keep(waiting(position, u128::from(position)))];
        CheckpointUpdate::new(name, epoch, at(from), at(to)).letters(letters)
    };
    fixture.checkpoints().begin().await?.commit(&keep(NAME, before.epoch, 5, 6, 4)).await?;
    let next = claim_next(fixture, "new").await?;
    let name = next_name();
    fixture.checkpoints().begin().await?.commit(&keep(&name, next.epoch, 0, 7, 2)).await?;
    let positions = async |name: &str| {
        let letters = fixture.checkpoints().dead_letters(name, LetterQuery::all()).await?;
        Ok::<_, crate::projection::CheckpointError>(
            letters.iter().map(|letter| letter.position.value()).collect::<Vec<_>>(),
        )
    };
    ensure_eq!(positions(NAME).await?, [4], "the live letters before the switch");
    switch(fixture, next.epoch, 7, |switch| switch).await?;
    ensure_eq!(positions(NAME).await?, [2], "the live letters after the switch");
    ensure_eq!(positions(&name).await?, Vec::<u64>::new(), "the letters of the next generation after the switch");
    Ok(())
}
