//! Requests, pauses and reports in memory.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::MemoryCheckpoints;
use crate::projection::CheckpointError;
use crate::projection::operations::{
    Answer, NewRequest, Operations, Pause, RequestQuery, RequestState, StoredReport, StoredRequest, SubscriptionReport,
};
use crate::store::WakeUpReceiver;

/// What is stored.
#[derive(Debug, Default)]
pub(super) struct Stored {
    requests: BTreeMap<Uuid, StoredRequest>,
    /// By subscription and manager.
    reports: BTreeMap<(String, String), StoredReport>,
}

impl Stored {
    /// Changes the state of the request, if it is stored and `may` allows it. Returns whether it was changed.
    fn change(&mut self, id: Uuid, may: impl FnOnce(&StoredRequest) -> bool, state: RequestState) -> bool {
        let Some(stored) = self.requests.get_mut(&id).filter(|stored| may(stored)) else { return false };
        stored.state = state;
        true
    }
}

impl MemoryCheckpoints {
    fn stored_operations(&self) -> MutexGuard<'_, Stored> {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state of a request as [`Stored::change`], and announces it.
    fn change(&self, id: Uuid, may: impl FnOnce(&StoredRequest) -> bool, state: RequestState) -> bool {
        let changed = self.stored_operations().change(id, may, state);
        if changed {
            self.announced.wake();
        }
        changed
    }
}

/// Removes what `is_old` holds for, and returns how many were removed.
fn forget<K: Ord, V>(map: &mut BTreeMap<K, V>, is_old: impl Fn(&V) -> bool) -> u64 {
    let before = map.len();
    map.retain(|_, value| !is_old(value));
    (before - map.len()) as u64
}

#[async_trait]
impl Operations for MemoryCheckpoints {
    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        Some(self.announced.listen())
    }

    async fn ask(&self, request: &NewRequest) -> Result<(), CheckpointError> {
        let mut stored = self.stored_operations();
        stored.requests.entry(request.id).or_insert_with(|| StoredRequest::waiting(request.clone()));
        self.announced.wake();
        Ok(())
    }

    async fn request(&self, id: Uuid) -> Result<Option<StoredRequest>, CheckpointError> {
        Ok(self.stored_operations().requests.get(&id).cloned())
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<StoredRequest>, CheckpointError> {
        let stored = self.stored_operations();
        let latest = stored.requests.values().rev();
        let is_wanted = |found: &&StoredRequest| {
            query.before.is_none_or(|before| found.request.id < before)
                && query.subscription.as_ref().is_none_or(|name| *name == found.request.subscription)
                && (query.subscription.is_none()
                    || query.action.as_ref().is_none_or(|action| *action == found.request.action))
        };
        Ok(latest.filter(is_wanted).take(query.limit).cloned().collect())
    }

    async fn open_requests(&self, subscriptions: &[&str]) -> Result<Vec<StoredRequest>, CheckpointError> {
        let stored = self.stored_operations();
        let is_wanted =
            |found: &&StoredRequest| found.state.is_open() && subscriptions.contains(&&*found.request.subscription);
        Ok(stored.requests.values().filter(is_wanted).cloned().collect())
    }

    async fn take(&self, id: Uuid, by: &str, epoch: u64, now: DateTime<Utc>) -> Result<bool, CheckpointError> {
        let taken = RequestState::Taken { by: by.to_owned(), epoch, at: now };
        Ok(self.stored_operations().change(id, |stored| stored.may_be_taken(epoch, now), taken))
    }

    async fn answer(
        &self,
        id: Uuid,
        by: &str,
        epoch: u64,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<bool, CheckpointError> {
        let is_taken = |stored: &StoredRequest| matches!(&stored.state, RequestState::Taken { by: taker, epoch: taken, .. } if taker == by && *taken == epoch);
        Ok(self.change(id, is_taken, answer.clone().state(by, now)))
    }

    async fn withdraw(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, CheckpointError> {
        let waits = |stored: &StoredRequest| stored.state == RequestState::Waiting;
        Ok(self.change(id, waits, RequestState::Withdrawn { at: now }))
    }

    async fn expire(&self, now: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let mut stored = self.stored_operations();
        let has_expired =
            |found: &&mut StoredRequest| found.state == RequestState::Waiting && found.request.expires_at <= now;
        let expired = stored.requests.values_mut().filter(has_expired);
        Ok(expired.map(|found| found.state = RequestState::Expired { at: now }).count() as u64)
    }

    async fn forget_requests(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let is_kept =
            |found: &StoredRequest| found.request.action == "skip" && matches!(found.state, RequestState::Done { .. });
        let is_old = |found: &StoredRequest| found.state.ended_at().is_some_and(|at| at < before) && !is_kept(found);
        Ok(forget(&mut self.stored_operations().requests, is_old))
    }

    async fn pause(&self, subscription: &str, pause: &Pause) -> Result<(), CheckpointError> {
        self.subscriptions().entry(subscription.to_owned()).or_default().set_pause(Some(pause.clone()));
        self.announced.wake();
        Ok(())
    }

    async fn resume(&self, subscription: &str) -> Result<bool, CheckpointError> {
        let removed = self.subscriptions().get_mut(subscription).and_then(|stored| stored.set_pause(None));
        self.announced.wake();
        Ok(removed.is_some())
    }

    async fn pauses(&self) -> Result<BTreeMap<String, Pause>, CheckpointError> {
        let subscriptions = self.subscriptions();
        let paused = subscriptions.iter().filter_map(|(name, stored)| Some((name.clone(), stored.pause()?.clone())));
        Ok(paused.collect())
    }

    async fn report(
        &self,
        manager: &str,
        reports: &[SubscriptionReport],
        now: DateTime<Utc>,
    ) -> Result<(), CheckpointError> {
        let mut stored = self.stored_operations();
        for report in reports {
            let key = (report.subscription.clone(), manager.to_owned());
            stored.reports.insert(key, StoredReport::new(manager, report.clone(), now));
        }
        Ok(())
    }

    async fn reports(&self) -> Result<Vec<StoredReport>, CheckpointError> {
        Ok(self.stored_operations().reports.values().cloned().collect())
    }

    async fn forget_reports_of(&self, subscription: &str) -> Result<u64, CheckpointError> {
        let is_of = |found: &StoredReport| found.report.subscription == subscription;
        Ok(forget(&mut self.stored_operations().reports, is_of))
    }

    async fn forget_reports(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        Ok(forget(&mut self.stored_operations().reports, |found| found.at < before))
    }
}
