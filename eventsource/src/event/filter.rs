//! Which events of the log a reader wants.

use super::name_set::NameSet;
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
    event_types: Option<NameSet>,
    aggregate_types: Option<NameSet>,
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
        self.event_types.as_ref().map(NameSet::iter)
    }

    /// The types of aggregate wanted, sorted; `None` where all are.
    #[must_use]
    pub fn aggregate_types(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.aggregate_types.as_ref().map(NameSet::iter)
    }

    /// The tenant wanted; `None` where all are, and events without one.
    #[must_use]
    pub fn get_tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Returns the filter for what passes this one and is of `tenant`.
    ///
    /// # Errors
    /// The tenant that this filter asks for, if it is another one: no event would pass.
    pub(crate) fn of_tenant(self, tenant: &str) -> Result<Self, String> {
        match self.tenant {
            Some(own) if own != tenant => Err(own),
            _ => Ok(self.tenant(tenant)),
        }
    }

    /// Whether `event` passes.
    #[must_use]
    pub fn matches(&self, event: &RecordedEvent) -> bool {
        fn wanted(names: Option<&NameSet>, name: &str) -> bool {
            names.is_none_or(|names| names.contains(name))
        }
        wanted(self.event_types.as_ref(), event.event_type())
            && wanted(self.aggregate_types.as_ref(), event.stream().aggregate_type())
            && self.tenant.as_deref().is_none_or(|tenant| event.metadata().get_tenant() == Some(tenant))
    }

    /// Whether whatever passes `other` passes this one too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        fn all(these: Option<&NameSet>, those: Option<&NameSet>) -> bool {
            these.is_none_or(|these| those.is_some_and(|those| those.is_subset(these)))
        }
        all(self.event_types.as_ref(), other.event_types.as_ref())
            && all(self.aggregate_types.as_ref(), other.aggregate_types.as_ref())
            && (self.tenant.is_none() || self.tenant == other.tenant)
    }

    /// What passes this one or `other`; `None` where no filter lets exactly that pass.
    pub(crate) fn or(&self, other: &Self) -> Option<Self> {
        fn either(these: Option<&NameSet>, those: Option<&NameSet>) -> Option<NameSet> {
            these.zip(those).map(|(these, those)| these.union(those))
        }
        if self.covers(other) {
            return Some(self.clone());
        }
        if other.covers(self) {
            return Some(other.clone());
        }
        if self.tenant != other.tenant {
            return None;
        }
        let tenant = self.tenant.clone();
        if self.aggregate_types == other.aggregate_types {
            let event_types = either(self.event_types.as_ref(), other.event_types.as_ref());
            Some(Self { event_types, aggregate_types: self.aggregate_types.clone(), tenant })
        } else if self.event_types == other.event_types {
            let aggregate_types = either(self.aggregate_types.as_ref(), other.aggregate_types.as_ref());
            Some(Self { event_types: self.event_types.clone(), aggregate_types, tenant })
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Metadata, NewEvent, Position, StreamId, now};

    fn filters() -> Vec<EventFilter> {
        let types: [Option<&[&'static str]>; 5] = [None, Some(&[]), Some(&["A"]), Some(&["B"]), Some(&["A", "B"])];
        let mut filters = Vec::new();
        for types in types {
            for aggregates in [None, Some(["X"]), Some(["Y"])] {
                for tenant in [None, Some("acme"), Some("other")] {
                    let types = types.map(|types| types.iter().map(|name| Name::from(*name)).collect());
                    let aggregate_types = aggregates.map(|types| types.into_iter().map(Name::from).collect());
                    let tenant = tenant.map(ToOwned::to_owned);
                    filters.push(EventFilter { event_types: types, aggregate_types, tenant });
                }
            }
        }
        filters
    }

    fn events() -> Vec<RecordedEvent> {
        let mut events = Vec::new();
        for event_type in ["A", "B", "C"] {
            for aggregate in ["X", "Y", "Z"] {
                for tenant in [None, Some("acme"), Some("other")] {
                    let stream = StreamId::new(aggregate, uuid::Uuid::nil());
                    let mut event = NewEvent::raw(event_type, 1, "{}");
                    if let Some(tenant) = tenant {
                        event = event.with_metadata(Metadata::default().tenant(tenant));
                    }
                    events.push(event.record(stream, 1, Position::START, now()));
                }
            }
        }
        events
    }

    #[test]
    fn a_filter_covers_another_only_where_it_lets_all_pass_that_the_other_does() {
        let (filters, events) = (filters(), events());
        for (one, other) in filters.iter().flat_map(|one| filters.iter().map(move |other| (one, other))) {
            let by_events = events.iter().all(|event| one.matches(event) || !other.matches(event));
            assert!(by_events || !one.covers(other), "{one:?} {other:?}");
            // What lets nothing pass is covered by all, which is not always seen.
            let is_empty = other.event_types().is_some_and(|names| names.len() == 0);
            assert!(one.covers(other) || is_empty || !by_events, "{one:?} {other:?}");
        }
    }

    #[test]
    fn joined_filters_pass_exactly_their_union() {
        let (filters, events) = (filters(), events());
        let mut joined = 0;
        for (one, other) in filters.iter().flat_map(|one| filters.iter().map(move |other| (one, other))) {
            let Some(either) = one.or(other) else { continue };
            joined += 1;
            for event in &events {
                assert_eq!(either.matches(event), one.matches(event) || other.matches(event), "{one:?} {other:?}");
            }
            assert!(either.covers(one) && either.covers(other));
        }
        assert!(joined > filters.len());
    }
}
