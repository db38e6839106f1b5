//! Makes a plan: compares each subscription with its checkpoint, as a start does.

use std::sync::Arc;

use super::look::Planner;
use super::{
    Estimate, Estimates, FingerprintChange, Plan, PlanError, PlannedAction, PlannedSubscription, StoredOnly, types,
};
use crate::event::{Position, now};
use crate::projection::generation::next_checkpoint;
use crate::projection::operations::StoredReport;
use crate::projection::{Checkpoint, CheckpointError, CheckpointStore, MissingTable};
use crate::subscription::config::{OnChange, StartFrom};
use crate::subscription::error::{RebuildError, SubscribeError};
use crate::subscription::log::recognise::lost;
use crate::subscription::subscription_shared::SubscriptionShared;

/// The [name](crate::SubscriptionState::name) of the state, as reports store it.
const FAULTED: &str = "faulted";

impl<C: CheckpointStore> Planner<C> {
    /// Compares the program with the database.
    pub(in crate::subscription) async fn plan(&self, estimates: Estimates) -> Result<Plan, PlanError> {
        let head = self.store.head().await?;
        let stored = self.checkpoints.list().await?;
        let missing = match self.checkpoints.owners() {
            Some(owners) => owners.missing().await?,
            None => Vec::new(),
        };
        let reports = match self.checkpoints.operations() {
            Some(operations) => operations.reports().await?,
            None => Vec::new(),
        };
        let cores: Vec<_> = self.parts.iter().map(|part| Arc::clone(&part.core)).collect();
        let mut subscriptions = Vec::with_capacity(cores.len());
        for core in &cores {
            let found = stored.iter().find(|found| found.name == core.name && found.slices.is_all());
            let mut planned = self.planned(core, found, head).await?;
            if planned.action == (PlannedAction::Continue {}) {
                planned.missing_tables = missing_tables(&core.name, &missing);
                planned.failure = last_failure(&core.name, &reports);
            }
            if estimates == Estimates::Sampled && !matches!(planned.action, PlannedAction::Refuse { .. }) {
                planned.estimate = Estimate::by_reading(&*self.store, &core.filter, planned.from, head).await?;
            }
            subscriptions.push(planned);
        }
        let unknown_types = types::unknown(&self.catalogue, &*self.store, head).await?;
        let unhandled_types = types::unhandled(&cores, &*self.store, head, &unknown_types).await?;
        let is_of_code = |found: &Checkpoint| {
            cores.iter().any(|core| core.name == found.name || next_checkpoint(&core.name) == found.name)
        };
        let stored_only = stored.iter().filter(|found| !is_of_code(found)).map(stored_only).collect();
        Ok(Plan { format: 1, at: now(), head, subscriptions, stored_only, unknown_types, unhandled_types })
    }

    async fn planned(
        &self,
        core: &SubscriptionShared,
        found: Option<&Checkpoint>,
        head: Position,
    ) -> Result<PlannedSubscription, PlanError> {
        // A memory projection has no checkpoint, also if an earlier version of another kind has left one.
        let found = found.filter(|_| core.facts.has_stored_checkpoint);
        let action = self.action(core, found).await?;
        let start = match core.config.start {
            StartFrom::Beginning => Position::START,
            StartFrom::After(position) => position,
            StartFrom::End => head,
        };
        let from = match &action {
            PlannedAction::Continue {} => found.map_or(start, |found| found.position),
            _ => start,
        };
        let change = found.filter(|found| found.fingerprint != core.fingerprint);
        let change =
            change.map(|found| FingerprintChange::between(&core.projection.0, &found.fingerprint, &core.fingerprint));
        Ok(PlannedSubscription {
            name: core.name.clone(),
            kind: core.kind.to_string(),
            guarantee: core.kind.guarantee(),
            action,
            fingerprint: core.fingerprint.clone(),
            change,
            position: found.map(|found| found.position),
            from,
            owner: found.and_then(owner),
            pause: found.and_then(|found| found.pause.clone()),
            tables: core.tables.iter().map(|table| table.name.to_owned()).collect(),
            missing_tables: Vec::new(),
            failure: None,
            estimate: None,
        })
    }

    async fn action(&self, core: &SubscriptionShared, found: Option<&Checkpoint>) -> Result<PlannedAction, PlanError> {
        if let Some(refused) = self.table_taken(core).await? {
            return Ok(refuse(&refused));
        }
        if !core.facts.has_stored_checkpoint {
            return Ok(PlannedAction::Replay {});
        }
        let Some(found) = found else { return Ok(PlannedAction::Start {}) };
        let subscription = core.name.clone();
        if let Some(stored) = core.newer_version(&found.fingerprint) {
            return Ok(refuse(&SubscribeError::OlderVersion { subscription, stored, version: core.projection.1 }));
        }
        if found.fingerprint != core.fingerprint {
            return self.changed(core, found).await;
        }
        if core.config.require_fresh {
            return Ok(refuse(&SubscribeError::CheckpointExists { subscription, position: found.position }));
        }
        Ok(match lost(found, &*self.store).await? {
            Some(reason) => PlannedAction::Refuse { reason },
            None => PlannedAction::Continue {},
        })
    }

    /// Returns what happens to a projection that has changed.
    async fn changed(&self, core: &SubscriptionShared, found: &Checkpoint) -> Result<PlannedAction, PlanError> {
        let subscription = core.name.clone();
        if core.facts.stores_state() {
            return Ok(match core.config.start {
                StartFrom::End => refuse(&RebuildError::StartsAtEnd { subscription }),
                _ => PlannedAction::Replay {},
            });
        }
        if core.config.on_change == OnChange::Refuse {
            let (stored, current) = (found.fingerprint.clone(), core.fingerprint.clone());
            return Ok(refuse(&SubscribeError::Changed { subscription, stored, current }));
        }
        if core.config.require_fresh {
            return Ok(refuse(&SubscribeError::CheckpointExists { subscription, position: found.position }));
        }
        if core.config.start == StartFrom::End {
            return Ok(refuse(&RebuildError::StartsAtEnd { subscription }));
        }
        if core.config.on_change == OnChange::Rebuild {
            if core.has_truncate_hook == Some(false) {
                return Ok(refuse(&RebuildError::NoTruncateHook { subscription }));
            }
            return Ok(PlannedAction::RebuildInPlace {});
        }
        if !core.facts.is_transactional || core.tables.is_empty() {
            return Ok(refuse(&RebuildError::NoReadModels { subscription }));
        }
        let Some(generations) = self.checkpoints.generations() else {
            return Ok(refuse(&RebuildError::NoGenerations { subscription }));
        };
        match generations.check(&core.tables).await {
            Ok(()) => Ok(PlannedAction::RebuildSideBySide {}),
            Err(CheckpointError::Refused { reason, .. }) => Ok(refuse(&RebuildError::Failed { subscription, reason })),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the refusal of a subscription whose table another one owns.
    async fn table_taken(&self, core: &SubscriptionShared) -> Result<Option<SubscribeError>, PlanError> {
        let Some(owners) = self.checkpoints.owners() else { return Ok(None) };
        if !core.facts.is_transactional || core.tables.is_empty() {
            return Ok(None);
        }
        let taken = owners.taken(&core.name, &core.tables).await?;
        Ok(taken.map(|taken| SubscribeError::TableTaken { subscription: core.name.clone(), taken }))
    }
}

fn refuse(reason: &dyn std::error::Error) -> PlannedAction {
    PlannedAction::Refuse { reason: reason.to_string() }
}

fn missing_tables(name: &str, missing: &[MissingTable]) -> Vec<String> {
    missing.iter().filter(|missing| missing.subscription == name).map(|missing| missing.table.clone()).collect()
}

/// Returns why the subscription is faulted, if the latest report says that it is.
fn last_failure(name: &str, reports: &[StoredReport]) -> Option<String> {
    let reports = reports.iter().filter(|stored| stored.report.subscription == name);
    let latest = &reports.max_by_key(|stored| stored.at)?.report;
    let is_faulted = latest.state == FAULTED;
    is_faulted.then(|| latest.reason.clone().or_else(|| latest.failure.clone()).unwrap_or_default())
}

/// Returns the owner of a lease that has not ended, by the clock of this process.
fn owner(found: &Checkpoint) -> Option<String> {
    found.lease.as_ref().filter(|lease| lease.until > now()).map(|lease| lease.owner.clone())
}

fn stored_only(found: &Checkpoint) -> StoredOnly {
    StoredOnly {
        name: found.name.clone(),
        position: found.position,
        fingerprint: found.fingerprint.clone(),
        updated_at: found.updated_at,
        owner: owner(found),
    }
}
