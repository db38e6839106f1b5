//! The subscriptions of this process, and what is done with them here.

use uuid::Uuid;

use super::Parts;
use crate::admin::{Admin as _, AdminError, Asked, Overview, SubscriptionView};
use crate::event::{Position, now};
use crate::projection::operations::Answer;
use crate::projection::{CheckpointStore, Finding};
use crate::store::StoredType;
use crate::subscription::{Action, Supervised};

/// How many unknown types are listed.
const MOST_UNKNOWN: usize = 20;

impl<C: CheckpointStore> Parts<C> {
    /// Returns the subscription, if this process runs it.
    pub(super) fn here(&self, name: &str) -> Option<Supervised> {
        self.manager.supervised_one(name).filter(|found| found.is_here || found.is_in_memory)
    }

    /// Returns the error for a name that is neither stored nor one of this process.
    fn unknown(&self, name: &str, mut known: Vec<String>) -> AdminError {
        known.extend(self.manager.supervised().into_iter().map(|found| found.snapshot.name));
        known.sort_unstable();
        known.dedup();
        known.truncate(20);
        AdminError::UnknownSubscription { subscription: name.to_owned(), known }
    }

    /// Whether this process has the subscription, also if it does not run it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.manager.supervised_one(name).is_some()
    }

    pub(super) fn is_in_memory(&self, name: &str) -> bool {
        self.manager.supervised_one(name).is_some_and(|found| found.is_in_memory)
    }

    pub(super) async fn overview(&self) -> Result<Overview, AdminError> {
        let show = |subscriptions: &mut Vec<SubscriptionView>| {
            for found in self.manager.supervised() {
                let name = &found.snapshot.name;
                let index = match subscriptions.binary_search_by(|view| view.name.cmp(name)) {
                    Ok(index) => index,
                    Err(index) => {
                        subscriptions.insert(index, SubscriptionView::new(name));
                        index
                    }
                };
                if let Some(view) = subscriptions.get_mut(index) {
                    show(view, found);
                }
            }
        };
        self.database.stored().overview(show).await
    }

    pub(super) async fn subscription(&self, name: &str) -> Result<SubscriptionView, AdminError> {
        let mut view = match (self.database.subscription(name).await, self.here(name)) {
            (Err(AdminError::UnknownSubscription { .. }), Some(_)) => SubscriptionView::new(name),
            (Err(AdminError::UnknownSubscription { known, .. }), None) => return Err(self.unknown(name, known)),
            (found, _) => found?,
        };
        if let Some(found) = self.here(name) {
            let counted_at = view.position;
            show(&mut view, found);
            if view.position != counted_at || view.updated_at.is_none() {
                self.database.stored().count_behind(std::slice::from_mut(&mut view)).await?;
            }
        }
        Ok(view)
    }

    /// Looks for events that this program does not know.
    pub(super) async fn unknown_types(&self) -> Result<Vec<Finding>, AdminError> {
        let unknown = self.manager.unknown_types(MOST_UNKNOWN).await?;
        let of_type = |found: StoredType| {
            let (name, first) = (found.name, found.first);
            Finding::warning(
                format!(
                    "this program does not know the event type `{name}`, which is stored first at position {first}"
                ),
                "no subscription of this program can decode it: it was written by a newer program, or its type was removed",
                "deploy the program that knows it, or declare the type",
            )
        };
        Ok(unknown.into_iter().map(of_type).collect())
    }

    /// Carries out a request to a projection in the memory of this process, and records it.
    pub(super) async fn do_here(&self, name: &str, action: Action, asked: &Asked) -> Result<Uuid, AdminError> {
        let operations = self.database.stored().operations()?;
        let request = asked.request(name, &action);
        let by = self.manager.owner_name();
        operations.ask(&request).await?;
        operations.take(request.id, by, 0, now()).await?;
        let performed = self.manager.perform(name, action, &request).await;
        let answer = performed.unwrap_or_else(|unknown| Answer::Refused(unknown.to_string()));
        operations.answer(request.id, by, 0, &answer, now()).await?;
        Ok(request.id)
    }
}

/// Shows the subscription as it is now, if this process runs it.
fn show(view: &mut SubscriptionView, found: Supervised) {
    let Supervised { snapshot, kind, handles, fingerprint, is_here, is_in_memory } = found;
    if !is_here && !is_in_memory {
        return;
    }
    view.state = snapshot.state.name().to_owned();
    view.reason = snapshot.pause_reason.as_deref().map(str::to_owned).or_else(|| snapshot.state.reason());
    view.failure = snapshot.last_failure.map(|failure| failure.error.to_string());
    view.guarantee = snapshot.guarantee.to_string();
    (view.kind, view.handles) = (kind, handles);
    view.handled = snapshot.events_handled;
    view.rate = snapshot.events_per_second;
    if is_in_memory {
        view.fingerprint = fingerprint;
        view.position = snapshot.position.unwrap_or(Position::START);
        view.letters = snapshot.dead_letters.unwrap_or_default() as u64;
        view.held = snapshot.events_held.unwrap_or_default();
    }
}
