//! Reading the log: pages, filters, the horizon, the head, the backlog.

use super::events::{event, events, for_tenant, log, order};
use super::filled_log::FilledLog;
use super::violation::ensure_eq;
use super::{Verdict, Violation};
use crate::event::{NewEvent, Position, StreamId};
use crate::store::{Backlog, EventFilter, PageLimit, StoredType};

/// Appends 4 types of events × 3 types of aggregates × 3 tenants (one of them none), three times. The payload says
/// which.
async fn every_combination(filled: &FilledLog) -> Result<Vec<[&'static str; 3]>, Violation> {
    let mut all = Vec::new();
    for _ in 0..3 {
        for event_type in ["Placed", "Shipped", "it's", "Cancelled"] {
            for aggregate_type in ["Order", "Customer", "Invoice"] {
                for tenant in ["", "acme", "it's"] {
                    let event = NewEvent::raw(event_type, 1, format!("{:?}", [event_type, aggregate_type, tenant]));
                    let event = if tenant.is_empty() { event } else { for_tenant(tenant, event) };
                    let stream = StreamId::new(aggregate_type, order().aggregate_id());
                    filled.append(&stream, vec![event]).await?;
                    all.push([event_type, aggregate_type, tenant]);
                }
            }
        }
    }
    Ok(all)
}

async fn reads<'a>(
    filled: &FilledLog,
    filter: EventFilter,
    expected: impl Iterator<Item = &'a [&'static str; 3]>,
) -> Verdict {
    let expected: Vec<_> = expected.map(|parts| format!("{parts:?}")).collect();
    for limit in [1, 7, 1_000] {
        ensure_eq!(log(&**filled, &filter, limit).await?, expected, "the log in pages of {limit} through {filter:?}");
    }
    Ok(())
}

pub(super) async fn the_log_reads_in_pages(filled: FilledLog) -> Verdict {
    let all = every_combination(&filled).await?;
    reads(&filled, EventFilter::all(), all.iter()).await
}

pub(super) async fn a_filter_by_event_type_is_applied(filled: FilledLog) -> Verdict {
    let all = every_combination(&filled).await?;
    for types in [&["Shipped"][..], &["Placed", "Cancelled"], &["it's", "Unknown"], &["placed"], &[]] {
        let filter = EventFilter::types(types.iter().copied());
        reads(&filled, filter, all.iter().filter(|[own, ..]| types.contains(own))).await?;
    }
    Ok(())
}

pub(super) async fn a_filter_by_aggregate_type_is_applied(filled: FilledLog) -> Verdict {
    let all = every_combination(&filled).await?;
    for types in [&["Order"][..], &["Customer", "Invoice", "Unknown"], &["order"], &[]] {
        let filter = EventFilter::all().aggregates(types.iter().copied());
        reads(&filled, filter, all.iter().filter(|[_, own, _]| types.contains(own))).await?;
    }
    Ok(())
}

pub(super) async fn a_filter_by_tenant_is_applied(filled: FilledLog) -> Verdict {
    let all = every_combination(&filled).await?;
    for tenant in ["acme", "it's", "unknown"] {
        reads(&filled, EventFilter::all().tenant(tenant), all.iter().filter(|[.., own]| *own == tenant)).await?;
    }
    Ok(())
}

pub(super) async fn the_parts_of_a_filter_are_joined(filled: FilledLog) -> Verdict {
    let all = every_combination(&filled).await?;
    let types = ["Placed", "Shipped"];
    let of_types = || all.iter().filter(|[own, ..]| types.contains(own));
    let filter = EventFilter::types(types).aggregates(["Order"]);
    reads(&filled, filter.clone(), of_types().filter(|[_, own, _]| *own == "Order")).await?;
    let of_tenant = of_types().filter(|[_, own, tenant]| *own == "Order" && *tenant == "acme");
    reads(&filled, filter.tenant("acme"), of_tenant).await?;
    let filter = EventFilter::types(types).tenant("acme");
    reads(&filled, filter, of_types().filter(|[.., tenant]| *tenant == "acme")).await?;
    let filter = EventFilter::all().aggregates(["Invoice", "Order"]).tenant("it's");
    reads(&filled, filter, all.iter().filter(|[_, own, tenant]| *own != "Customer" && *tenant == "it's")).await
}

pub(super) async fn a_filter_may_be_long(filled: FilledLog) -> Verdict {
    let all = every_combination(&filled).await?;
    let names = |prefix: &'static str| (0..40_000).map(move |n| format!("{prefix}{n}"));
    let types = names("Type").chain(["Placed".to_owned(), "it's".to_owned()]);
    let of_types = || all.iter().filter(|[own, ..]| ["Placed", "it's"].contains(own));
    let filter = EventFilter::types(types);
    reads(&filled, filter.clone(), of_types()).await?;
    let filter = filter.aggregates(names("Aggregate").chain(["Order".to_owned()])).tenant("acme");
    reads(&filled, filter, of_types().filter(|[_, own, tenant]| *own == "Order" && *tenant == "acme")).await
}

pub(super) async fn the_horizon_tells_how_far_was_searched(filled: FilledLog) -> Verdict {
    let empty = filled.read_log(Position::START, &EventFilter::all(), PageLimit::events(10)).await?;
    ensure_eq!((empty.events.len(), empty.horizon), (0, Position::START), "the page of an empty log");

    let batch = vec![event("A"), event("B"), event("A"), event("B"), event("B")];
    let positions: Vec<_> = filled.append(&order(), batch).await?.positions().collect();
    let [_, second_b, third, _, head] = positions[..] else {
        return Err(Violation::new("an append of 5 events gave another number of positions"));
    };
    let a = EventFilter::types(["A"]);
    let full = filled.read_log(Position::START, &a, PageLimit::events(2)).await?;
    ensure_eq!((full.events.len(), full.horizon), (2, third), "a full page: its last event is the horizon");
    let rest = filled.read_log(Position::START, &a, PageLimit::events(3)).await?;
    ensure_eq!((rest.events.len(), rest.horizon), (2, head), "a page that is not full was searched to the head");
    let none = filled.read_log(third, &a, PageLimit::events(1)).await?;
    ensure_eq!((none.events.len(), none.horizon), (0, head), "an empty page was searched to the head");
    let nothing = filled.read_log(Position::START, &EventFilter::types::<&str>([]), PageLimit::events(1)).await?;
    ensure_eq!((nothing.events.len(), nothing.horizon), (0, head), "a filter that no event matches");
    let at_head = filled.read_log(head, &EventFilter::all(), PageLimit::events(1)).await?;
    ensure_eq!((at_head.events.len(), at_head.horizon), (0, head), "a page after the head");
    let least = filled.read_log(second_b, &EventFilter::all(), PageLimit::events(0)).await?;
    ensure_eq!((least.events.len(), least.horizon), (1, third), "the limit is at least 1");
    Ok(())
}

pub(super) async fn the_head_is_the_last_position(filled: FilledLog) -> Verdict {
    ensure_eq!(filled.head().await?, Position::START, "the head of an empty log");
    for _ in 0..3 {
        let appended = filled.append(&order(), events(2)).await?;
        ensure_eq!(filled.head().await?, appended.position(), "the head after an append");
    }
    Ok(())
}

pub(super) async fn the_backlog_counts_all_events(filled: FilledLog) -> Verdict {
    let most = u64::MAX;
    ensure_eq!(filled.backlog(Position::START, most).await?, Backlog::default(), "the backlog of an empty log");
    let mut all = Vec::new();
    for count in 1..=4 {
        all.extend_from_slice(filled.append(&order(), events(count)).await?.events());
    }
    let mut after = Position::START;
    for (passed, event) in all.iter().enumerate() {
        let expected = Backlog { events: (all.len() - passed) as u64, oldest: Some(event.recorded_at()) };
        ensure_eq!(filled.backlog(after, most).await?, expected, "the backlog after {after}");
        let bounded = Backlog { events: expected.events.min(3), ..expected };
        ensure_eq!(filled.backlog(after, 3).await?, bounded, "the backlog after {after}, counted up to 3");
        after = event.position();
    }
    ensure_eq!(filled.backlog(after, most).await?, Backlog::default(), "the backlog at the head");
    let beyond = Position::new(most);
    ensure_eq!(filled.backlog(beyond, most).await?, Backlog::default(), "the backlog beyond the head");
    ensure_eq!(filled.backlogs(&[], most).await?, [], "the backlogs of no position");
    // In no order, and one of them twice.
    let asked = [after, Position::START, beyond, all[4].position(), Position::START];
    let mut expected = Vec::new();
    for after in asked {
        expected.push(filled.backlog(after, 7).await?);
    }
    ensure_eq!(filled.backlogs(&asked, 7).await?, expected, "the backlogs of several positions");
    Ok(())
}

pub(super) async fn types_that_are_not_known_are_found(filled: FilledLog) -> Verdict {
    let all = Position::new(u64::MAX);
    ensure_eq!(filled.event_types_except(&[], Position::START, all, 10).await?, [], "the types in an empty log");
    // Names whose order of positions differs from the alphabetical order, and names with special characters.
    let names = ["b", "it's", "B", "", "b", "%", "a", "é", "it's", "a\"b"];
    let batch = names.iter().map(|name| NewEvent::raw(*name, 1, "{}")).collect();
    let at: Vec<_> = filled.append(&order(), batch).await?.positions().collect();
    let (Some(&first), Some(&fifth), Some(&last)) = (at.first(), at.get(4), at.last()) else {
        return Err(Violation::new("an append of 10 events gave another number of positions"));
    };
    let expected = |known: &[&str], after: Position, to: Position, limit: usize| {
        let mut found: Vec<StoredType> = Vec::new();
        for (&name, &position) in names.iter().zip(&at) {
            let is_new = !known.contains(&name) && !found.iter().any(|found| found.name == name);
            if is_new && position > after && position <= to && found.len() < limit {
                found.push(StoredType::new(name, position));
            }
        }
        found
    };
    for known in [&[][..], &["b"], &["a", "b", "B", "it's", "%", "é", "", "a\"b"], &["A", "it", "unheard of"]] {
        for (after, to) in [(Position::START, all), (first, all), (first, fifth), (fifth, last), (last, all)] {
            for limit in [1, 3, 100] {
                let found = filled.event_types_except(known, after, to, limit).await?;
                let wanted = expected(known, after, to, limit);
                ensure_eq!(found, wanted, "at most {limit} types except {known:?} after {after} up to {to}");
            }
        }
    }
    Ok(())
}
