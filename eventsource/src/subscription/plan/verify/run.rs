//! Builds a read model again in a trial, and compares it with the live one at one position.
//!
//! ```text
//! apply the log up to the live checkpoint -> look at the live rows and their checkpoint at one time -> if the owner has
//! gone on, apply the rest and look again -> at the same position: compare
//! ```
//!
//! The look is short, so that the database need not keep that time. If the owner is too fast to be met, the last look is
//! kept while the rest is applied.

use tokio::time::Instant;

use super::sifted::Sifted;
use super::{VerifyError, VerifyReport};
use crate::event::{Position, now};
use crate::projection::{Checkpoint, CheckpointError, CheckpointStore, Trials};
use crate::subscription::config::StartFrom;
use crate::subscription::log::recognise::lost;
use crate::subscription::plan::TrialProgress;
use crate::subscription::plan::look::{Part, Planner};
use crate::subscription::plan::trial_run::{DESCRIBED, Ended, TrialRun};
use crate::subscription::subscription_shared::SubscriptionShared;

/// How often it looks before it keeps the look.
const LOOKS: u32 = 5;

/// A read model that is being compared.
struct Verification<'p, C: CheckpointStore> {
    planner: &'p Planner<C>,
    part: &'p Part<C>,
    trials: &'p dyn Trials<C::Unit>,
    run: TrialRun<'p, C>,
    sifted: Sifted,
    start: Position,
    at: Position,
    left_out: u64,
    progress: &'p (dyn Fn(&TrialProgress<'_>) + Send + Sync),
}

impl<C: CheckpointStore> Planner<C> {
    /// Compares the read model of the subscription `name` with its log.
    pub(in crate::subscription) async fn verify(
        &self,
        name: &str,
        progress: &(dyn Fn(&TrialProgress<'_>) + Send + Sync),
    ) -> Result<VerifyReport, VerifyError> {
        let begun = Instant::now();
        let part = self.parts.iter().find(|part| part.core.name == name).ok_or_else(|| VerifyError::Unknown {
            subscription: name.to_owned(),
            known: self.parts.iter().map(|part| part.core.name.clone()).collect(),
        })?;
        let core = &*part.core;
        let start = start(core)?;
        let none = "the checkpoint store cannot apply events without a change (`CheckpointStore::trials`)";
        let trials = self.checkpoints.trials().ok_or_else(|| refused(core, none))?;
        let found = self.checkpoints.load(name).await?;
        let found = found.ok_or_else(|| refused(core, "it has no checkpoint, so it has applied no event"))?;
        check(core, &found)?;
        if let Some(reason) = lost(&found, &*self.store).await? {
            return Err(refused(core, reason));
        }
        let sifted = Sifted::load(&*self.checkpoints, name).await?;
        let run = TrialRun::begin(part, &*self.checkpoints).await.map_err(|ended| ended_early(core, ended))?;
        let at = start.min(found.position);
        let mut verification =
            Verification { planner: self, part, trials, run, sifted, start: at, at, left_out: 0, progress };
        verification.meet(found.position).await?;
        verification.compare(begun).await
    }
}

impl<C: CheckpointStore> Verification<'_, C> {
    /// Applies the log until the trial and the live rows are at one position.
    async fn meet(&mut self, found: Position) -> Result<(), VerifyError> {
        self.apply_to(found).await?;
        for look in 1.. {
            let core = &*self.part.core;
            let live = self.trials.look(&mut self.run.unit, &core.name).await?;
            let (subscription, position) = (core.name.clone(), self.at);
            let changed = |what| VerifyError::Changed { subscription, position, what };
            let Some(live) = live else { return Err(changed("it was reset")) };
            check(core, &live)?;
            if live.position < self.at {
                return Err(changed("it was rebuilt"));
            }
            if live.position == self.at {
                return Ok(());
            }
            let is_kept = look >= LOOKS;
            if !is_kept {
                self.trials.look_away(&mut self.run.unit);
            }
            self.apply_to(live.position).await?;
            if is_kept {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Applies the events up to `to`, without those that the read model lacks by intention.
    async fn apply_to(&mut self, to: Position) -> Result<(), VerifyError> {
        let core = &*self.part.core;
        while self.at < to {
            let (mut events, passed) = self.planner.page(self.part, self.at, to).await?;
            self.left_out += self.sifted.sift(&mut events);
            self.run.apply(&events).await.map_err(|ended| ended_early(core, ended))?;
            self.at = passed;
            let (from, at, failed) = (self.start, self.at, self.run.tally.failed);
            (self.progress)(&TrialProgress { subscription: &core.name, from, at, to, failed });
        }
        Ok(())
    }

    async fn compare(mut self, begun: Instant) -> Result<VerifyReport, VerifyError> {
        let core = &*self.part.core;
        let mut tables = Vec::with_capacity(core.tables.len());
        for table in &core.tables {
            match self.trials.compare(&mut self.run.unit, table, DESCRIBED).await {
                Ok(compared) => tables.push(compared),
                Err(CheckpointError::Refused { reason, .. }) => return Err(refused(core, &*reason)),
                Err(error) => return Err(error.into()),
            }
        }
        if Sifted::load(&*self.planner.checkpoints, &core.name).await? != self.sifted {
            let (subscription, what) = (core.name.clone(), "its dead letters have changed");
            return Err(VerifyError::Changed { subscription, position: self.at, what });
        }
        let tally = std::mem::take(&mut self.run.tally);
        Ok(VerifyReport {
            format: 1,
            at: now(),
            subscription: core.name.clone(),
            position: self.at,
            applied: tally.applied,
            left_out: self.left_out,
            // Behind an event that has failed, the events of its stream were not applied.
            failed: tally.failed,
            failures: tally.failures,
            tables,
            seconds: begun.elapsed().as_secs_f64(),
        })
    }
}

fn refused(core: &SubscriptionShared, reason: impl Into<String>) -> VerifyError {
    VerifyError::Refused { subscription: core.name.clone(), reason: reason.into() }
}

fn ended_early(core: &SubscriptionShared, ended: Ended) -> VerifyError {
    match ended {
        Ended::NotTried(reason) | Ended::CutShort(reason) => refused(core, reason),
        Ended::Failed(error) => VerifyError::Database(error),
    }
}

/// Returns the position after which the read model has applied the log.
fn start(core: &SubscriptionShared) -> Result<Position, VerifyError> {
    if !core.facts.is_transactional || core.tables.is_empty() {
        let reason = "its projection declares no read models (`#[projection(read_models(…))]`)";
        return Err(refused(core, reason));
    }
    match core.config.start {
        StartFrom::Beginning => Ok(Position::START),
        StartFrom::After(position) => Ok(position),
        StartFrom::End => Err(refused(core, "it started at the end of the log, and that position is not stored")),
    }
}

/// Fails if another version of the projection has made the read model.
fn check(core: &SubscriptionShared, found: &Checkpoint) -> Result<(), VerifyError> {
    match found.fingerprint == core.fingerprint {
        true => Ok(()),
        false => Err(refused(
            core,
            format!(
                "another version of the projection has made it: `{}`, and this is `{}`",
                found.fingerprint, core.fingerprint
            ),
        )),
    }
}
