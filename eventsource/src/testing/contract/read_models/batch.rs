//! The batches of the cases: a unit of work, and the step of a checkpoint of its own.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::row::{ContractRow, id};
use super::{ReadModelFixture, Unit};
use crate::event::{Position, RecordedEvent, RecordedParts, StreamId};
use crate::projection::{CheckpointStore, CheckpointUpdate, Claim, CommitError, UnitOfWork};
use crate::read_model::{Query, Repository};
use crate::testing::contract::Violation;

/// A unit of work, and the step that its commit takes.
pub(super) struct Batch<F: ReadModelFixture> {
    unit: Unit<F>,
    pub(super) step: CheckpointUpdate,
}

impl<F: ReadModelFixture> Batch<F> {
    pub(super) async fn begin(fixture: &F) -> Result<Self, Violation> {
        let name = Uuid::now_v7().to_string();
        let epoch = fixture.checkpoints().claim(&Claim::new(&name, "v1", Position::START)).await?.epoch;
        let step = CheckpointUpdate::new(name, epoch, Position::START, Position::new(1));
        Ok(Self { unit: fixture.checkpoints().begin().await?, step })
    }

    pub(super) async fn lend(&mut self) -> Result<Box<Repository<ContractRow>>, Violation> {
        F::lend(&mut self.unit).await.map_err(Violation::new)
    }

    /// The event that is handled next occurred at `time`.
    pub(super) fn at(&mut self, time: DateTime<Utc>) {
        let stream = (StreamId::new("Contract", id(1)), 1);
        let parts = RecordedParts::new(Uuid::now_v7(), Position::new(1), stream, "Happened", "{}", time);
        self.unit.begin_event(&RecordedEvent::from(parts));
    }

    pub(super) fn into_unit(self) -> Unit<F> {
        self.unit
    }

    pub(super) async fn commit(self) -> Result<(), CommitError> {
        self.unit.commit(&self.step).await
    }

    pub(super) async fn rollback(self) {
        self.unit.rollback().await;
    }
}

/// Commits `rows`.
pub(super) async fn save<F: ReadModelFixture>(
    fixture: &F,
    rows: impl IntoIterator<Item = ContractRow> + Send,
) -> Result<(), Violation> {
    let rows: Vec<_> = rows.into_iter().collect();
    let mut batch = Batch::begin(fixture).await?;
    batch.lend().await?.save_many(rows).await?;
    Ok(batch.commit().await?)
}

/// The names of all rows that are committed and not deleted, in order.
pub(in crate::testing::contract) async fn names<F: ReadModelFixture>(fixture: &F) -> Result<Vec<String>, Violation> {
    let rows = fixture.rows().find(Query::all().order_by(ContractRow::NAME.asc())).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}
