//! Checks that the subscription owns the tables of its read models.

use std::sync::Arc;

use super::{Context, End, Owner};
use crate::projection::{CheckpointError, CheckpointStore, TableTaken};

impl<C: CheckpointStore> Context<C> {
    /// Makes the subscription the owner of its tables. Ends it if another subscription owns one of them.
    pub(super) async fn own_tables(&mut self) -> Result<(), End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        if !core.facts.is_transactional || core.tables.is_empty() {
            return Ok(());
        }
        let taken = self.retry_until_up(|| async {
            let Some(owners) = checkpoints.owners() else { return Ok::<_, CheckpointError>(None) };
            owners.own(&core.name, &core.tables).await
        });
        taken.await?.map_or(Ok(()), |taken| Err(refused(&taken)))
    }

    /// After the claim: releases the tables that the projection does not declare any more. Checks its own tables again,
    /// because another subscription may have started at the same time.
    pub(super) async fn settle_tables(&mut self) -> Result<(), End> {
        self.own_tables().await?;
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        if !core.facts.is_transactional {
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
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Ends as fenced if another process owns the checkpoint by now. Then a missing table belongs to the next
    /// generation, and is not an error of this process.
    pub(super) async fn check_owner(&mut self) -> Result<(), End> {
        if !self.context.core.facts.is_transactional {
            return Ok(());
        }
        let (core, checkpoints) = (Arc::clone(&self.context.core), Arc::clone(&self.context.checkpoints));
        let found = self.context.retry_until_up(|| checkpoints.load(&core.name)).await?;
        if found.is_some_and(|found| found.epoch == self.active.epoch) { Ok(()) } else { Err(self.context.lost()) }
    }
}

fn refused(taken: &TableTaken) -> End {
    let remedy = "give its read model another table (`#[read_model(table = \"…\")]`), or reset the other one";
    End::Refused(format!("{taken}: {remedy}").into())
}
