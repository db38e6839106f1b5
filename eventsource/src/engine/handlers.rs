//! The handlers of an engine, by the stored names of their events.

use std::collections::HashMap;
use std::fmt;

use crate::event::DomainEvent;
use crate::store::EventFilter;

/// The handlers of an engine by stored name, each in the order of registration.
pub struct Handlers<H>(HashMap<&'static str, Vec<H>>);

impl<H: Clone> Handlers<H> {
    /// Registers `handler` for `E`, under its name and its aliases, after the existing handlers.
    pub(super) fn add<E: DomainEvent>(&mut self, handler: H) {
        for name in std::iter::once(&E::NAME).chain(E::ALIASES) {
            self.0.entry(name).or_default().push(handler.clone());
        }
    }
}

impl<H> Handlers<H> {
    /// Returns the handlers of the events that are stored as `name`; empty if there are none.
    pub(super) fn of(&self, name: &str) -> &[H] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns a filter for the events that have a handler.
    pub(super) fn filter(&self) -> EventFilter {
        EventFilter::types(self.0.keys().copied())
    }

    /// Returns the stored names that have a handler, sorted.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.0.keys().copied().collect();
        names.sort_unstable();
        names
    }
}

impl<H> Default for Handlers<H> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<H: Clone> Clone for Handlers<H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<H> fmt::Debug for Handlers<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
