//! What a manager reports about its subscriptions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::event::now;
use crate::projection::operations::{Operations, SubscriptionReport};
use crate::projection::{CheckpointError, CheckpointStore};
use crate::subscription::SubscriptionSnapshot;
use crate::subscription::manager::supervised::SupervisedSubscription;

/// The time after which a report is stored again although it has not changed.
const REFRESH: Duration = Duration::from_secs(10);

/// What was reported last, and when, by subscription.
#[derive(Default)]
pub(super) struct Reports(HashMap<String, (SubscriptionReport, Instant)>);

impl Reports {
    /// Reports the subscriptions that say something new, or whose last report is old.
    pub(super) async fn store<C: CheckpointStore>(
        &mut self,
        operations: &dyn Operations,
        manager: &str,
        slots: &[Arc<SupervisedSubscription<C>>],
    ) -> Result<(), CheckpointError> {
        let reports: Vec<_> = slots.iter().map(|slot| report(slot)).filter(|report| self.is_new(report)).collect();
        if reports.is_empty() {
            return Ok(());
        }
        operations.report(manager, &reports, now()).await?;
        let at = Instant::now();
        self.0.extend(reports.into_iter().map(|report| (report.subscription.clone(), (report, at))));
        Ok(())
    }

    fn is_new(&self, report: &SubscriptionReport) -> bool {
        let Some((last, at)) = self.0.get(&report.subscription) else { return true };
        let says = |report: &SubscriptionReport| (report.state.clone(), report.reason.clone(), report.failure.clone());
        at.elapsed() >= REFRESH || says(last) != says(report)
    }
}

/// Returns the report about a subscription.
fn report<C: CheckpointStore>(slot: &SupervisedSubscription<C>) -> SubscriptionReport {
    let core = &slot.core;
    let snapshot = SubscriptionSnapshot::of(core);
    let mut report = SubscriptionReport::new(&*core.name, snapshot.state.name());
    report.kind = core.kind.to_string();
    report.guarantee = snapshot.guarantee.to_string();
    report.reason = snapshot.pause_reason.as_deref().map(str::to_owned).or_else(|| snapshot.state.reason());
    report.failure = snapshot.last_failure.map(|failure| failure.error.to_string());
    report.handled = snapshot.events_handled;
    report.rate = snapshot.events_per_second;
    report.fingerprint.clone_from(&core.fingerprint);
    report.handles = core.filter.event_types().map(|types| types.map(str::to_owned).collect());
    report
}
