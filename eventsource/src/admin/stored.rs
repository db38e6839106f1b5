//! What is read from the stores of checkpoints and events.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::AdminError;
use super::view::{FORMAT, ManagerView, Overview, OwnerView, SkippedView, SubscriptionView};
use crate::event::{Position, SliceRange, now};
use crate::projection::generation::{NEXT_CHECKPOINT, is_reserved, next_checkpoint};
use crate::projection::operations::{Operations, Pause, RequestQuery, StoredReport};
use crate::projection::{Checkpoint, CheckpointStore, LetterCounts};
use crate::store::EventLog;
use crate::subscription::Lag;

/// The time after which a manager that has not reported is silent: three times the time between two reports.
const SILENT_AFTER: TimeDelta = TimeDelta::seconds(30);

/// How many skipped ranges are shown.
const MOST_SKIPPED: usize = 200;

/// The stores of one database.
pub(super) struct Stored<C> {
    pub(super) checkpoints: Arc<C>,
    pub(super) log: Arc<dyn EventLog>,
}

impl<C: CheckpointStore> Stored<C> {
    pub(super) fn operations(&self) -> Result<&dyn Operations, AdminError> {
        self.checkpoints.operations().ok_or(AdminError::Unsupported)
    }

    /// Returns all subscriptions. `show` changes what is shown before the events behind them are counted.
    pub(super) async fn overview(
        &self,
        show: impl FnOnce(&mut Vec<SubscriptionView>) + Send,
    ) -> Result<Overview, AdminError> {
        let checkpoints = self.checkpoints.list().await?;
        let reports = match self.checkpoints.operations() {
            Some(operations) => operations.reports().await?,
            None => Vec::new(),
        };
        let mut subscriptions = subscriptions(checkpoints, reports);
        self.count_letters(&mut subscriptions).await?;
        show(&mut subscriptions);
        self.count_behind(&mut subscriptions).await?;
        let head = self.log.head().await?;
        let stalled_by = self.log.stalled_by().await?.map(|stall| stall.to_string());
        Ok(Overview { format: FORMAT, at: now(), head, stalled_by, subscriptions })
    }

    /// Returns one subscription, without its counts.
    pub(super) async fn find(&self, name: &str) -> Result<SubscriptionView, AdminError> {
        let mut checkpoints = Vec::new();
        for name in [name, &*next_checkpoint(name)] {
            checkpoints.extend(self.checkpoints.load(name).await?);
        }
        let reports = match self.checkpoints.operations() {
            Some(operations) => operations.reports_of(name).await?,
            None => Vec::new(),
        };
        match subscriptions(checkpoints, reports).into_iter().find(|found| found.name == name) {
            Some(found) => Ok(found),
            None => Err(AdminError::UnknownSubscription { subscription: name.to_owned(), known: self.names().await? }),
        }
    }

    /// Returns the names of the first 20 subscriptions.
    async fn names(&self) -> Result<Vec<String>, AdminError> {
        let mut names: Vec<_> = self.checkpoints.list().await?.into_iter().map(|stored| stored.name).collect();
        if let Some(operations) = self.checkpoints.operations() {
            names.extend(operations.reports().await?.into_iter().map(|stored| stored.report.subscription));
        }
        names.retain(|name| !is_reserved(name));
        names.sort_unstable();
        names.dedup();
        names.truncate(20);
        Ok(names)
    }

    pub(super) async fn subscription(&self, name: &str) -> Result<SubscriptionView, AdminError> {
        let mut found = [self.find(name).await?];
        self.count_letters(&mut found).await?;
        self.count_behind(&mut found).await?;
        let [mut found] = found;
        if let Some(operations) = self.checkpoints.operations() {
            let query = RequestQuery::latest(MOST_SKIPPED).for_action(name, "skip");
            found.skipped = operations.requests(&query).await?.into_iter().filter_map(SkippedView::of).collect();
        }
        Ok(found)
    }

    async fn count_letters(&self, subscriptions: &mut [SubscriptionView]) -> Result<(), AdminError> {
        let names: Vec<_> = subscriptions.iter().map(|found| found.name.clone()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let mut counts = self.checkpoints.letter_counts(&names).await?;
        for found in subscriptions {
            let LetterCounts { waiting, held } = counts.remove(&found.name).unwrap_or_default();
            (found.letters, found.held) = (waiting as u64, held);
        }
        Ok(())
    }

    pub(super) async fn count_behind(&self, subscriptions: &mut [SubscriptionView]) -> Result<(), AdminError> {
        let mut positions: Vec<_> = subscriptions.iter().map(|found| found.position).collect();
        positions.sort_unstable();
        positions.dedup();
        let backlogs = self.log.backlogs(&positions, Lag::MOST + 1).await?;
        let backlogs: BTreeMap<_, _> = positions.into_iter().zip(backlogs).collect();
        for found in subscriptions {
            let backlog = backlogs.get(&found.position).copied().unwrap_or_default();
            let oldest = backlog.oldest.filter(|_| backlog.events > 0);
            found.behind = backlog.events;
            found.behind_seconds =
                oldest.map_or(0.0, |oldest| (now() - oldest).to_std().unwrap_or_default().as_secs_f64());
        }
        Ok(())
    }
}

/// Joins checkpoints and reports, by the name of the subscription.
fn subscriptions(checkpoints: Vec<Checkpoint>, reports: Vec<StoredReport>) -> Vec<SubscriptionView> {
    let mut next: BTreeMap<String, (Position, Option<Pause>)> = BTreeMap::new();
    let mut found: BTreeMap<String, SubscriptionView> = BTreeMap::new();
    for checkpoint in checkpoints {
        match checkpoint.name.strip_suffix(NEXT_CHECKPOINT) {
            Some(live) => drop(next.insert(live.to_owned(), (checkpoint.position, checkpoint.pause))),
            None if checkpoint.slices == SliceRange::ALL => {
                found.insert(checkpoint.name.clone(), of_checkpoint(checkpoint));
            }
            None => {}
        }
    }
    for report in reports {
        let name = report.report.subscription.clone();
        let view = found.entry(name.clone()).or_insert_with(|| SubscriptionView::new(&name));
        add_report(view, report);
    }
    for (name, view) in &mut found {
        if let Some((position, hold)) = next.remove(name) {
            (view.next_generation, view.hold) = (Some(position), hold);
        }
        set_state(view);
    }
    found.into_values().collect()
}

fn of_checkpoint(checkpoint: Checkpoint) -> SubscriptionView {
    let now = now();
    SubscriptionView {
        position: checkpoint.position,
        pause: checkpoint.pause,
        rebuild_to: checkpoint.rebuild_to,
        owner: checkpoint.lease.map(|lease| OwnerView {
            manager: lease.owner,
            until: lease.until,
            is_expired: lease.until <= now,
        }),
        fingerprint: checkpoint.fingerprint,
        updated_at: Some(checkpoint.updated_at),
        ..SubscriptionView::new(&checkpoint.name)
    }
}

fn add_report(view: &mut SubscriptionView, stored: StoredReport) {
    let StoredReport { manager, report, at } = stored;
    let is_owner = view.owner.as_ref().is_some_and(|owner| owner.manager == manager);
    let is_silent = now() - at > SILENT_AFTER;
    // The report of the owner counts; without an owner, the latest one.
    if is_owner || view.managers.iter().all(|other| other.at <= at && !is_owner_of(view, &other.manager)) {
        view.kind = report.kind;
        view.guarantee = report.guarantee;
        view.failure = report.failure;
        view.handled = report.handled;
        view.rate = if is_silent || report.state == "stopped" { 0.0 } else { report.rate };
        view.handles = report.handles;
    }
    let (state, reason, fingerprint) = (report.state, report.reason, report.fingerprint);
    view.managers.push(ManagerView { manager, state, reason, fingerprint, at, is_silent });
}

fn is_owner_of(view: &SubscriptionView, manager: &str) -> bool {
    view.owner.as_ref().is_some_and(|owner| owner.manager == manager)
}

/// Derives the state from the reports: what the owner says; otherwise the latest report of a manager that speaks.
fn set_state(view: &mut SubscriptionView) {
    let speaks = |manager: &&ManagerView| !manager.is_silent;
    let owner = view.owner.as_ref().filter(|owner| !owner.is_expired);
    let by_owner = owner.and_then(|owner| view.managers.iter().find(|manager| manager.manager == owner.manager));
    let latest = view.managers.iter().filter(speaks).max_by_key(|manager| manager.at);
    let (state, reason) = match (by_owner, latest, owner) {
        (Some(manager), ..) | (None, Some(manager), _) => (manager.state.clone(), manager.reason.clone()),
        (None, None, Some(_)) => ("running".to_owned(), None),
        (None, None, None) => ("not running".to_owned(), None),
    };
    (view.state, view.reason) = (state, reason);
}
