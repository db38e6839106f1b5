//! Whose the tables of the projection's read models are: another subscription's are left alone.

use std::sync::Arc;

use super::{End, Runner};
use crate::projection::{CheckpointError, CheckpointStore, ProjectionKind, TableTaken};

impl<C: CheckpointStore> Runner<C> {
    /// Makes the subscription the owner of its tables. It does not run where another one owns one of them.
    pub(super) async fn own_tables(&mut self) -> Result<(), End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        if core.kind != ProjectionKind::Transactional || core.tables.is_empty() {
            return Ok(());
        }
        let taken = self.retry_until_up(|| async {
            let Some(owners) = checkpoints.owners() else { return Ok::<_, CheckpointError>(None) };
            owners.own(&core.name, &core.tables).await
        });
        taken.await?.map_or(Ok(()), |taken| Err(refused(&taken)))
    }

    /// The checkpoint is claimed: the tables that the projection declared before and does not any more are free. It is
    /// looked again whether its tables are its own, because another subscription may have started at the same time.
    pub(super) async fn settle_tables(&mut self) -> Result<(), End> {
        self.own_tables().await?;
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        if core.kind != ProjectionKind::Transactional {
            return Ok(());
        }
        self.retry_until_up(|| async {
            match checkpoints.owners() {
                Some(owners) => owners.disown_all_but(&core.name, &core.tables).await,
                None => Ok::<_, CheckpointError>(()),
            }
        })
        .await
    }

    /// Ends as fenced where another process owns the checkpoint by now: a table that is another one is that of the next
    /// generation then, and no fault of this process.
    pub(super) async fn check_owner(&mut self) -> Result<(), End> {
        if self.core.kind != ProjectionKind::Transactional {
            return Ok(());
        }
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let found = self.retry_until_up(|| checkpoints.load(&core.name)).await?;
        if found.is_some_and(|found| found.epoch == self.epoch) { Ok(()) } else { Err(self.lost()) }
    }
}

fn refused(taken: &TableTaken) -> End {
    let remedy = "give its read model another table (`#[read_model(table = \"…\")]`), or reset the other one";
    End::Refused(format!("{taken}: {remedy}").into())
}
