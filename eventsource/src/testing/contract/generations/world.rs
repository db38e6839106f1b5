//! A subscription with a live generation and a next one.

use crate::event::Position;
use crate::projection::generation::next_checkpoint;
use crate::projection::{
    Checkpoint, CheckpointStore, CheckpointUpdate, Claim, CommitError, Generations, Switch, Switched, UnitOfWork,
};
use crate::read_model::{Query, ReadModel, Table};
use crate::testing::contract::events::at;
use crate::testing::contract::read_models::Unit;
use crate::testing::contract::read_models::row::row;
use crate::testing::contract::{ContractRow, ReadModelFixture, Violation};

/// The subscription.
pub(super) const NAME: &str = "contract-rows";

pub(super) const TABLES: &[&Table] = &[ContractRow::TABLE];

/// The target of the rebuild.
pub(super) const TARGET: u64 = 9;

/// Returns the name of the checkpoint of the next generation.
pub(super) fn next_name() -> String {
    next_checkpoint(NAME)
}

/// Returns the generations of the store.
pub(super) fn generations<F: ReadModelFixture>(fixture: &F) -> Result<&dyn Generations<Unit<F>>, Violation> {
    let generations = fixture.checkpoints().generations();
    generations.ok_or_else(|| Violation::new("the checkpoint store has no generations"))
}

pub(super) async fn load<F: ReadModelFixture>(fixture: &F, name: &str) -> Result<Option<Checkpoint>, Violation> {
    Ok(fixture.checkpoints().load(name).await?)
}

/// Claims the live checkpoint and applies events up to `to`, which write the row `name`.
pub(super) async fn live<F: ReadModelFixture>(fixture: &F, name: &str, to: u64) -> Result<Checkpoint, Violation> {
    let claimed = fixture.checkpoints().claim(&Claim::new(NAME, "old", Position::START)).await?;
    step_live(fixture, claimed.epoch, (claimed.position, to), name).await?;
    Ok(fixture.checkpoints().load(NAME).await?.unwrap_or(claimed))
}

/// Moves the live checkpoint and saves the row `name`.
pub(super) async fn step_live<F: ReadModelFixture>(
    fixture: &F,
    epoch: u64,
    (from, to): (Position, u64),
    name: &str,
) -> Result<(), Violation> {
    let unit = fixture.checkpoints().begin().await?;
    Ok(write::<F>(unit, &CheckpointUpdate::new(NAME, epoch, from, at(to)), name).await?)
}

/// Claims the checkpoint of the next generation.
pub(super) async fn claim_next<F: ReadModelFixture>(fixture: &F, fingerprint: &str) -> Result<Checkpoint, Violation> {
    let name = next_name();
    let claim = Claim::new(&name, fingerprint, Position::START);
    Ok(generations(fixture)?.claim_next(&claim, at(TARGET), TABLES).await?)
}

/// Moves the checkpoint of the next generation and saves the row `name` in it.
pub(super) async fn step_next<F: ReadModelFixture>(
    fixture: &F,
    epoch: u64,
    (from, to): (Position, u64),
    name: &str,
) -> Result<(), Violation> {
    let unit = generations(fixture)?.begin_next(TABLES).await?;
    Ok(write::<F>(unit, &CheckpointUpdate::new(next_name(), epoch, from, at(to)), name).await?)
}

async fn write<F: ReadModelFixture>(mut unit: Unit<F>, step: &CheckpointUpdate, name: &str) -> Result<(), CommitError> {
    let written = match F::lend(&mut unit).await {
        Ok(mut rows) => rows.save(row(u128::from(step.to.value()), name, 1)).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match written {
        Ok(()) => unit.commit(step).await,
        Err(reason) => {
            unit.rollback().await;
            Err(crate::projection::ChangesRefused::new(std::io::Error::other(reason)).into())
        }
    }
}

/// Returns how many rows the next generation has.
pub(super) async fn count_next<F: ReadModelFixture>(fixture: &F) -> Result<u64, Violation> {
    let mut unit = generations(fixture)?.begin_next(TABLES).await?;
    let rows = F::lend(&mut unit).await.map_err(Violation::new)?;
    let count = rows.count(Query::all()).await?;
    drop(rows);
    unit.rollback().await;
    Ok(count)
}

/// Replaces the live generation by the next one, which its builder left at `position`.
pub(super) async fn switch<F: ReadModelFixture>(
    fixture: &F,
    epoch: u64,
    position: u64,
    with: impl FnOnce(Switch) -> Switch + Send,
) -> Result<Switched, Violation> {
    let switch = with(Switch::new(NAME, epoch, at(position), TABLES));
    Ok(generations(fixture)?.switch(&switch).await?)
}
