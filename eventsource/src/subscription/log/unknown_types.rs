//! Warns of unknown event types: once for each type, when a subscription of the manager first passes an event of it.
//!
//! ```text
//! a runner notes after each page what it has passed -> one task for each manager asks the store, once a second at most
//!   -> a warning for each new type
//! ```
//!
//! A page contains only the events that a projection handles, so the store must be asked. It is asked after the events
//! are applied, so that a warning delays nothing.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::causes::with_causes;
use crate::store::{EventLog, StoreError, StoredType};
use crate::subscription::log::catalogue::Catalogue;
use crate::subscription::log::looked::{Looked, Part};

/// The least time between two queries of the store.
const INTERVAL: Duration = Duration::from_secs(1);

/// The largest number of types in one query.
const TYPES: usize = 100;

/// A task that searches the passed parts of the log. It ends when all of them are searched, or when this is dropped.
pub(in crate::subscription) struct LookTask(JoinHandle<()>);

impl Drop for LookTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Catalogue {
    /// Notes that `subscription` has passed the events of `part`. Starts a task that searches them, unless one runs.
    pub(in crate::subscription) fn pass(
        self: &Arc<Self>,
        subscription: &str,
        store: &Arc<dyn EventLog>,
        part: Part,
    ) -> Option<LookTask> {
        let mut looked = self.looked();
        looked.pass(part);
        if looked.is_looking || looked.left().is_none() {
            return None;
        }
        looked.is_looking = true;
        // A runtime that shuts down drops the task at once, and its drop takes this lock.
        drop(looked);
        let look = Look { catalogue: Arc::clone(self), is_over: false };
        let (subscription, store) = (subscription.to_owned(), Arc::clone(store));
        Some(LookTask(tokio::spawn(look.run(subscription, store))))
    }

    fn looked(&self) -> MutexGuard<'_, Looked> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Look {
    catalogue: Arc<Catalogue>,
    is_over: bool,
}

impl Drop for Look {
    fn drop(&mut self) {
        if !self.is_over {
            self.catalogue.looked().is_looking = false;
        }
    }
}

impl Look {
    async fn run(mut self, subscription: String, store: Arc<dyn EventLog>) {
        while let Some((part, not_before)) = self.next() {
            if let Some(not_before) = not_before {
                sleep_until(not_before).await;
            }
            let found = self.ask(&*store, part).await;
            let mut looked = self.catalogue.looked();
            looked.not_before = Some(Instant::now() + INTERVAL);
            match found {
                Ok(found) => {
                    if found.len() < TYPES {
                        looked.look(part);
                    }
                    for stored in found {
                        warn(&subscription, &stored);
                        looked.warned.insert(stored.name);
                    }
                }
                Err(error) => {
                    let error = with_causes(&error);
                    tracing::debug!(subscription, error, "the event store cannot search for unknown types");
                }
            }
        }
    }

    /// Returns the next part to search, and the earliest time for it.
    fn next(&mut self) -> Option<(Part, Option<Instant>)> {
        let mut looked = self.catalogue.looked();
        let next = looked.left().map(|part| (part, looked.not_before));
        if next.is_none() {
            looked.is_looking = false;
            self.is_over = true;
        }
        next
    }

    async fn ask(&self, store: &dyn EventLog, (after, to): Part) -> Result<Vec<StoredType>, StoreError> {
        let warned = self.catalogue.looked().warned.clone();
        self.catalogue.unknown_in(store, after, to, TYPES, &warned).await
    }
}

fn warn(subscription: &str, stored: &StoredType) {
    tracing::warn!(
        subscription, event_type = stored.name, position = %stored.first,
        "passed an event of an unknown type: link the crate that declares it (`use that_crate as _;`), \
         name it as an alias (`#[event(aliases(..))]`), or list it in the registry of the manager"
    );
}
