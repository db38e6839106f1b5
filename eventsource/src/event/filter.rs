//! Filters of the log.

use super::name_set::NameSet;
use super::{Name, RecordedEvent};

/// Selects events of the log by type, aggregate type and tenant.
///
/// An event must match every part that is set. A part that is not set matches every event. The store applies the
/// filter.
///
/// ```
/// use eventsource::EventFilter;
///
/// let filter = EventFilter::types(["OrderPlaced", "OrderShipped"]).aggregates(["Order"]).tenant("acme");
/// assert_eq!(filter.event_types().unwrap().collect::<Vec<_>>(), ["OrderPlaced", "OrderShipped"]);
/// assert_eq!(filter.aggregate_types().unwrap().collect::<Vec<_>>(), ["Order"]);
/// assert_eq!(filter.get_tenant(), Some("acme"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    event_types: Option<NameSet>,
    aggregate_types: Option<NameSet>,
    tenant: Option<String>,
}

impl EventFilter {
    /// Creates a filter that matches every event.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventFilter, EventLog, EventStore, PageLimit, Position};
    ///
    /// let page = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(100)).await?;
    /// assert_eq!(page.events.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Creates a filter that matches events with one of these stored names. Without names it matches no event.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventFilter, EventLog, EventStore, PageLimit, Position};
    ///
    /// let paid = EventFilter::types(["OrderPaid"]);
    /// assert_eq!(store.read_log(Position::START, &paid, PageLimit::events(100)).await?.events.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn types<N: Into<Name>>(names: impl IntoIterator<Item = N>) -> Self {
        Self { event_types: Some(names.into_iter().map(Into::into).collect()), ..Self::default() }
    }

    /// Limits the filter to aggregates of one of these types. Without types it matches no event.
    ///
    /// # Examples
    /// ```
    /// use eventsource::EventFilter;
    ///
    /// let orders_and_invoices = EventFilter::all().aggregates(["Order", "Invoice"]);
    /// assert!(orders_and_invoices.event_types().is_none());
    /// ```
    #[must_use]
    pub fn aggregates<N: Into<Name>>(mut self, types: impl IntoIterator<Item = N>) -> Self {
        self.aggregate_types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Limits the filter to events of this tenant ([`Metadata::tenant`](super::Metadata::tenant)).
    ///
    /// # Examples
    /// ```
    /// use eventsource::EventFilter;
    ///
    /// assert_eq!(EventFilter::all().tenant("acme").get_tenant(), Some("acme"));
    /// ```
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Returns the stored names that match, sorted; `None` if every name matches.
    #[must_use]
    pub fn event_types(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.event_types.as_ref().map(NameSet::iter)
    }

    /// Returns the aggregate types that match, sorted; `None` if every type matches.
    #[must_use]
    pub fn aggregate_types(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.aggregate_types.as_ref().map(NameSet::iter)
    }

    /// Returns the tenant that matches; `None` if events of every tenant and without a tenant match.
    #[must_use]
    pub fn get_tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Limits the filter to events of `tenant`.
    ///
    /// # Errors
    /// The tenant of this filter, if it is another one: no event would match.
    pub(crate) fn of_tenant(self, tenant: &str) -> Result<Self, String> {
        match self.tenant {
            Some(own) if own != tenant => Err(own),
            _ => Ok(self.tenant(tenant)),
        }
    }

    /// Returns whether `event` matches.
    ///
    /// ```
    /// use eventsource::event::now;
    /// use eventsource::{EventFilter, NewEvent, Position, StreamId};
    /// use uuid::Uuid;
    ///
    /// let stream = StreamId::new("Order", Uuid::now_v7());
    /// let event = NewEvent::raw("OrderPlaced", 1, "{}").record(stream, 1, Position::new(1), now());
    /// assert!(EventFilter::types(["OrderPlaced"]).aggregates(["Order"]).matches(&event));
    /// assert!(!EventFilter::all().tenant("acme").matches(&event));
    /// ```
    #[must_use]
    pub fn matches(&self, event: &RecordedEvent) -> bool {
        fn wanted(names: Option<&NameSet>, name: &str) -> bool {
            names.is_none_or(|names| names.contains(name))
        }
        wanted(self.event_types.as_ref(), event.event_type())
            && wanted(self.aggregate_types.as_ref(), event.stream().aggregate_type())
            && self.tenant.as_deref().is_none_or(|tenant| event.metadata().get_tenant() == Some(tenant))
    }

    /// Returns whether every event that matches `other` matches this filter too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        fn all(these: Option<&NameSet>, those: Option<&NameSet>) -> bool {
            these.is_none_or(|these| those.is_some_and(|those| those.is_subset(these)))
        }
        all(self.event_types.as_ref(), other.event_types.as_ref())
            && all(self.aggregate_types.as_ref(), other.aggregate_types.as_ref())
            && (self.tenant.is_none() || self.tenant == other.tenant)
    }

    /// Returns the filter that matches exactly the events of this filter and of `other`; `None` if there is no such
    /// filter.
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
    fn covers_is_true_only_when_every_event_of_the_other_matches() {
        let (filters, events) = (filters(), events());
        for (one, other) in filters.iter().flat_map(|one| filters.iter().map(move |other| (one, other))) {
            let by_events = events.iter().all(|event| one.matches(event) || !other.matches(event));
            assert!(by_events || !one.covers(other), "{one:?} {other:?}");
            // A filter that matches nothing is covered by every filter. `covers` does not always find that.
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
