//! The dependencies between events, aggregates, projections and read models, as a drawing and as data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::aggregate::AggregateDescriptor;
use crate::event::EventDescriptor;
use crate::projection::ProjectionDescriptor;

/// The dependencies between the events, aggregates, projections and read models of a [`Registry`](super::Registry).
///
/// A projection has the read models that it declares, or for which its handlers take a repository. Tables that its
/// handlers write with their own SQL are missing. Subscribers and aggregates without a macro are not in the registry.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::projection::Projection;
/// use eventsource::{DomainEvent, Registry, projection};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderNoteAdded {}
///
/// struct Revenue(u64);
///
/// #[projection]
/// impl Revenue {
///     #[handles(OrderPlaced)]
///     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
/// }
///
/// let events = [OrderPlaced::DESCRIPTOR, OrderNoteAdded::DESCRIPTOR];
/// let registry = Registry::of(events).with_projections([Revenue::DESCRIPTOR]);
/// let unhandled: Vec<_> = registry.topology().unhandled().iter().map(|event| event.name()).collect();
/// assert_eq!(unhandled, ["OrderNoteAdded"]);
/// println!("{}", registry.topology().mermaid());
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Topology<'r> {
    registered: &'r [EventDescriptor],
    aggregates: &'r [AggregateDescriptor],
    projections: &'r [ProjectionDescriptor],
}

impl<'r> Topology<'r> {
    pub(super) const fn of(
        registered: &'r [EventDescriptor],
        aggregates: &'r [AggregateDescriptor],
        projections: &'r [ProjectionDescriptor],
    ) -> Self {
        Self { registered, aggregates, projections }
    }

    /// Returns the events that no projection handles.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    ///
    /// let registry = Registry::of([OrderPlaced::DESCRIPTOR]);
    /// assert_eq!(registry.topology().unhandled()[0].name(), "OrderPlaced");
    /// # }
    /// ```
    #[must_use]
    pub fn unhandled(&self) -> Vec<&'r EventDescriptor> {
        self.events().into_values().filter(|event| self.handlers(event).is_empty()).collect()
    }

    /// Returns the events that no projection handles and no aggregate declares. The program does not use them.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    ///
    /// // Neither a projection nor an aggregate of this registry uses it.
    /// let registry = Registry::of([OrderPlaced::DESCRIPTOR]);
    /// assert_eq!(registry.topology().unused()[0].name(), "OrderPlaced");
    /// # }
    /// ```
    #[must_use]
    pub fn unused(&self) -> Vec<&'r EventDescriptor> {
        self.unhandled().into_iter().filter(|event| self.declarers(event).is_empty()).collect()
    }

    /// Returns the topology as a Mermaid flowchart of events (grouped by aggregate), projections and read models.
    ///
    /// Events that no projection handles are marked `not handled`, and unused events are marked `not used`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    ///
    /// let registry = Registry::of([OrderPlaced::DESCRIPTOR]);
    /// assert!(registry.topology().mermaid().starts_with("flowchart LR"));
    /// # }
    /// ```
    #[must_use]
    pub fn mermaid(&self) -> String {
        let events = self.events();
        let mut text = "flowchart LR\n".to_owned();
        let aggregates: BTreeSet<_> = events.values().map(|event| event.aggregate()).collect();
        for (at, aggregate) in aggregates.into_iter().enumerate() {
            let _ = writeln!(text, "    subgraph a{at}[\"{}\"]", escaped(aggregate));
            for (at, event) in events.values().enumerate().filter(|(_, event)| event.aggregate() == aggregate) {
                let (note, class) = match self.mark(event) {
                    Some("unused") => ("<br/>not used", ":::unused"),
                    Some(_) => ("<br/>not handled", ":::unhandled"),
                    None => ("", ""),
                };
                let version = if event.version() == 1 { String::new() } else { format!(" v{}", event.version()) };
                let _ = writeln!(text, "        e{at}[\"{}{version}{note}\"]{class}", escaped(event.name()));
            }
            text.push_str("    end\n");
        }
        let tables = self.tables();
        for (at, projection) in self.projections.iter().enumerate() {
            let _ = writeln!(text, "    p{at}([\"{}<br/>{}\"])", escaped(projection.name()), projection.kind());
        }
        for (at, table) in tables.iter().enumerate() {
            let _ = writeln!(text, "    r{at}[(\"{}\")]", escaped(table));
        }
        for (at, projection) in self.projections.iter().enumerate() {
            for event in projection.events() {
                let from = events.keys().position(|key| *key == key_of(event)).unwrap_or_default();
                let _ = writeln!(text, "    e{from} --> p{at}");
            }
            for table in projection.read_models() {
                let to = tables.iter().position(|own| *own == table).unwrap_or_default();
                let _ = writeln!(text, "    p{at} --> r{to}");
            }
        }
        text.push_str(
            "    classDef unhandled stroke-dasharray: 4 4\n    classDef unused fill:#ddd,stroke-dasharray: 4 4\n",
        );
        text
    }

    /// Returns the topology as JSON: `events`, `aggregates`, `projections` and `read_models`, each a list of objects.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::Registry;
    ///
    /// let registry = Registry::of([OrderPlaced::DESCRIPTOR]);
    /// assert_eq!(registry.topology().json()["events"][0]["name"], "OrderPlaced");
    /// # }
    /// ```
    #[must_use]
    pub fn json(&self) -> Value {
        let events = self.events().into_values().map(|event| {
            json!({
                "name": event.name(), "version": event.version(), "aggregate": event.aggregate(),
                "aliases": event.aliases(), "type": event.rust_type(), "place": event.place(),
                "declared_by": self.declarers(event), "handled_by": self.handlers(event), "mark": self.mark(event),
            })
        });
        let aggregates = self.aggregates.iter().map(|aggregate| {
            json!({ "name": aggregate.name(), "type": aggregate.rust_type(), "events": names(aggregate.events()) })
        });
        let projections = self.projections.iter().map(|projection| {
            json!({
                "name": projection.name(), "version": projection.version(), "kind": projection.kind().to_string(),
                "type": projection.rust_type(), "handles": names(projection.events()),
                "read_models": projection.read_models(),
            })
        });
        let read_models = self.tables().into_iter().map(|table| {
            let writers = self.projections.iter().filter(|projection| projection.read_models().contains(&table));
            json!({ "table": table, "written_by": writers.map(|projection| projection.name()).collect::<Vec<_>>() })
        });
        json!({
            "events": events.collect::<Vec<_>>(), "aggregates": aggregates.collect::<Vec<_>>(),
            "projections": projections.collect::<Vec<_>>(), "read_models": read_models.collect::<Vec<_>>(),
        })
    }

    pub(super) const fn projections(&self) -> &'r [ProjectionDescriptor] {
        self.projections
    }

    /// Returns every event, including the events that only an aggregate or a projection names.
    pub(super) fn events(&self) -> BTreeMap<(&'static str, u32), &'r EventDescriptor> {
        let declared = self.aggregates.iter().flat_map(|aggregate| aggregate.events().iter().copied());
        let handled = self.projections.iter().flat_map(|projection| projection.events().iter().copied());
        let all = declared.chain(handled).chain(self.registered);
        all.map(|event| (key_of(event), event)).collect()
    }

    pub(super) fn tables(&self) -> BTreeSet<&'static str> {
        self.projections.iter().flat_map(|projection| projection.read_models()).collect()
    }

    /// Returns the names of the projections that handle `event`.
    pub(super) fn handlers(&self, event: &EventDescriptor) -> Vec<&'static str> {
        let handles = |events: &[&EventDescriptor]| events.iter().any(|own| own.name() == event.name());
        let by = self.projections.iter().filter(|projection| handles(projection.events()));
        by.map(|projection| projection.name()).collect()
    }

    /// Returns the names of the aggregates that declare `event`.
    fn declarers(&self, event: &EventDescriptor) -> Vec<&'static str> {
        let declares = |events: &[&EventDescriptor]| events.iter().any(|own| own.name() == event.name());
        let by = self.aggregates.iter().filter(|aggregate| declares(aggregate.events()));
        by.map(|aggregate| aggregate.name()).collect()
    }

    /// Returns the mark of an event that no projection handles.
    fn mark(&self, event: &EventDescriptor) -> Option<&'static str> {
        match (self.handlers(event).is_empty(), self.declarers(event).is_empty()) {
            (true, true) => Some("unused"),
            (true, false) => Some("unhandled"),
            (false, _) => None,
        }
    }
}

fn key_of(event: &EventDescriptor) -> (&'static str, u32) {
    (event.name(), event.version())
}

fn names(events: &[&EventDescriptor]) -> Vec<&'static str> {
    events.iter().map(|event| event.name()).collect()
}

/// Escapes `text` for quotes in Mermaid.
fn escaped(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
