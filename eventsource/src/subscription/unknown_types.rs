//! Warnings about event types that no code knows: one a type, when a subscription of the manager first passes it.
//!
//! ```text
//! a runner notes after each page what it has passed -> one task a manager asks the store, once a second at most
//!   -> a warning for each type that is new
//! ```
//!
//! Pages have only what a projection asks for, so that only the store can tell. It is not asked before events are
//! applied: a warning delays nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::catalogue::Catalogue;
use crate::event::Position;
use crate::store::{EventStore, StoreError, StoredType};

/// How often, at most, the store is asked.
const INTERVAL: Duration = Duration::from_secs(1);

/// How many types one question asks for.
const TYPES: usize = 100;

/// A part of the log: after the first position, up to the second one.
type Part = (Position, Position);

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub(super) struct Looked {
    passed: Option<Part>,
    looked: Option<Part>,
    warned: BTreeSet<String>,
    is_looking: bool,
    not_before: Option<Instant>,
}

impl Looked {
    fn pass(&mut self, part: Part) {
        if part.0 < part.1 {
            self.passed = Some(hull(self.passed, part));
        }
    }

    /// What was passed and not looked at; of two parts the earlier one.
    fn left(&self) -> Option<Part> {
        let (from, to) = self.passed?;
        match self.looked {
            None => Some((from, to)),
            Some((first, _)) if from < first => Some((from, first)),
            Some((_, last)) if last < to => Some((last, to)),
            Some(_) => None,
        }
    }

    fn look(&mut self, part: Part) {
        self.looked = Some(hull(self.looked, part));
    }
}

fn hull(known: Option<Part>, part: Part) -> Part {
    known.map_or(part, |known| (known.0.min(part.0), known.1.max(part.1)))
}

/// A task that looks at what was passed, and ends when all of it was looked at or when this is dropped.
pub(super) struct LookTask(JoinHandle<()>);

impl Drop for LookTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Catalogue {
    /// Notes that `subscription` has passed the events of `part`. Returns the task that looks at them, unless one does so
    /// already.
    pub(super) fn pass(
        self: &Arc<Self>,
        subscription: &str,
        store: &Arc<dyn EventStore>,
        part: Part,
    ) -> Option<LookTask> {
        let mut looked = self.looked();
        looked.pass(part);
        if looked.is_looking || looked.left().is_none() {
            return None;
        }
        looked.is_looking = true;
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
    async fn run(mut self, subscription: String, store: Arc<dyn EventStore>) {
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
                Err(error) => tracing::debug!(subscription, %error, "the store does not tell which types it holds"),
            }
        }
    }

    /// What is to be looked at next, and when.
    fn next(&mut self) -> Option<(Part, Option<Instant>)> {
        let mut looked = self.catalogue.looked();
        let next = looked.left().map(|part| (part, looked.not_before));
        if next.is_none() {
            looked.is_looking = false;
            self.is_over = true;
        }
        next
    }

    async fn ask(&self, store: &dyn EventStore, (after, to): Part) -> Result<Vec<StoredType>, StoreError> {
        let warned = self.catalogue.looked().warned.clone();
        self.catalogue.unknown_in(store, after, to, TYPES, &warned).await
    }
}

fn warn(subscription: &str, stored: &StoredType) {
    tracing::warn!(
        subscription, event_type = stored.name, position = %stored.first,
        "passed an event of a type that no code knows: link the crate that declares it (`use that_crate as _;`), \
         name it as an alias (`#[event(aliases(..))]`), or list it in the registry of the manager"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(from: u64, to: u64) -> Part {
        (Position::new(from), Position::new(to))
    }

    #[test]
    fn each_part_is_looked_at_once() {
        let mut looked = Looked::default();
        looked.pass(part(5, 5));
        assert_eq!(looked.left(), None, "nothing was passed");
        looked.pass(part(5, 9));
        assert_eq!(looked.left(), Some(part(5, 9)));
        looked.look(part(5, 9));
        assert_eq!(looked.left(), None);
        looked.pass(part(0, 12));
        assert_eq!(looked.left(), Some(part(0, 5)));
        looked.look(part(0, 5));
        assert_eq!(looked.left(), Some(part(9, 12)));
        looked.look(part(9, 12));
        assert_eq!(looked.left(), None);
    }
}
