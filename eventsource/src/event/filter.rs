//! Which events of the log a reader wants.

use std::collections::BTreeSet;

use super::{Name, RecordedEvent};

/// Which events of the log a reader wants. The parts are joined by "and"; a part that is not set lets all pass.
///
/// ```
/// use eventsource::EventFilter;
///
/// let filter = EventFilter::types(["OrderPlaced", "OrderShipped"]).tenant("acme");
/// assert_eq!(filter.event_types().unwrap().count(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    event_types: Option<BTreeSet<Name>>,
    aggregate_types: Option<BTreeSet<Name>>,
    tenant: Option<String>,
}

impl EventFilter {
    /// All events.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Events with one of these stored names. No names: no events.
    #[must_use]
    pub fn types<N: Into<Name>>(names: impl IntoIterator<Item = N>) -> Self {
        Self { event_types: Some(names.into_iter().map(Into::into).collect()), ..Self::default() }
    }

    /// Only events of aggregates of one of these types.
    #[must_use]
    pub fn aggregates<N: Into<Name>>(mut self, types: impl IntoIterator<Item = N>) -> Self {
        self.aggregate_types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Only events of this tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// The stored names wanted, sorted; `None` where all are.
    #[must_use]
    pub fn event_types(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.event_types.as_ref().map(|names| names.iter().map(AsRef::as_ref))
    }

    /// The types of aggregate wanted, sorted; `None` where all are.
    #[must_use]
    pub fn aggregate_types(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.aggregate_types.as_ref().map(|names| names.iter().map(AsRef::as_ref))
    }

    /// The tenant wanted; `None` where all are, and events without one.
    #[must_use]
    pub fn get_tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Whether `event` passes.
    #[must_use]
    pub fn matches(&self, event: &RecordedEvent) -> bool {
        fn wanted(names: Option<&BTreeSet<Name>>, name: &str) -> bool {
            names.is_none_or(|names| names.contains(name))
        }
        wanted(self.event_types.as_ref(), event.event_type())
            && wanted(self.aggregate_types.as_ref(), event.stream().aggregate_type())
            && self.tenant.as_deref().is_none_or(|tenant| event.metadata().get_tenant() == Some(tenant))
    }
}
