//! The events of an aggregate, as a tuple of their types.

use std::sync::Arc;

use super::{Aggregate, Applies, EventsOf};
use crate::event::{DecodeError, DomainEvent, Event, EventDescriptor, RecordedEvent, same};

/// Checks at compile time that the aggregate declares the event. Otherwise it could record the event, but not load it.
pub(super) const fn assert_declared<A: Aggregate, E: DomainEvent>() {
    let events = A::Events::EVENTS;
    let mut declared = false;
    let mut i = 0;
    while i < events.len() {
        declared |= same(events[i].name(), E::NAME);
        i += 1;
    }
    assert!(declared, "this event is not declared by the aggregate that records it: add it to `type Events`");
}

/// Checks at compile time that the event belongs to the aggregate.
pub(super) const fn assert_own<A: Aggregate, E: DomainEvent>() {
    assert!(
        same(A::TYPE, E::AGGREGATE),
        "an aggregate can only record its own events: `#[event(aggregate = …)]` of this event names another aggregate"
    );
}

/// Returns whether `event` has a stored name of `E`.
fn is_called<E: DomainEvent>(event: &RecordedEvent) -> bool {
    event.event_type() == E::NAME || E::ALIASES.contains(&event.event_type())
}

macro_rules! events_of {
    ($($event:ident)+) => {
        impl<A: Aggregate $(+ Applies<$event>)+, $($event: DomainEvent),+> EventsOf<A> for ($($event,)+) {
            fn apply(aggregate: &mut A, event: &Arc<RecordedEvent>) -> Result<bool, DecodeError> {
                $(const { assert_own::<A, $event>() };)+
                $(if is_called::<$event>(event) {
                    aggregate.apply(&*Event::<$event>::decode(event)?);
                    return Ok(true);
                })+
                Ok(false)
            }

            const EVENTS: &'static [&'static EventDescriptor] = &[$(&$event::DESCRIPTOR),+];
        }
    };
}

events_of!(E1);
events_of!(E1 E2);
events_of!(E1 E2 E3);
events_of!(E1 E2 E3 E4);
events_of!(E1 E2 E3 E4 E5);
events_of!(E1 E2 E3 E4 E5 E6);
events_of!(E1 E2 E3 E4 E5 E6 E7);
events_of!(E1 E2 E3 E4 E5 E6 E7 E8);
events_of!(E1 E2 E3 E4 E5 E6 E7 E8 E9);
events_of!(E1 E2 E3 E4 E5 E6 E7 E8 E9 E10);
events_of!(E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11);
events_of!(E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12);
events_of!(E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12 E13);
events_of!(E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12 E13 E14);
events_of!(E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12 E13 E14 E15);
events_of!(E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12 E13 E14 E15 E16);
