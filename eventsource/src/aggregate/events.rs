//! A tuple of event types as an aggregate's events.

use std::sync::Arc;

use super::{Aggregate, Applies};
use crate::event::{DecodeError, DomainEvent, Event, RecordedEvent, same};

/// A tuple of event types that the aggregate `A` applies, up to sixteen.
pub trait EventsOf<A> {
    /// Applies `event` to `aggregate`; `false` where it is none of these events.
    ///
    /// # Errors
    /// [`DecodeError`] where it is, and does not decode.
    fn apply(aggregate: &mut A, event: &Arc<RecordedEvent>) -> Result<bool, DecodeError>;

    /// The stored names of these events.
    const NAMES: &'static [&'static str];
}

/// Checked when the program is compiled: what an aggregate records, it can load again.
pub(super) const fn assert_declared<A: Aggregate, E: DomainEvent>() {
    let names = A::Events::NAMES;
    let mut declared = false;
    let mut i = 0;
    while i < names.len() {
        declared |= same(names[i], E::NAME);
        i += 1;
    }
    assert!(declared, "this event is not in `type Events` of the aggregate that records it: add it there");
}

/// Checked when the program is compiled: an aggregate records and applies its own events only.
pub(super) const fn assert_own<A: Aggregate, E: DomainEvent>() {
    assert!(
        same(A::TYPE, E::AGGREGATE),
        "an aggregate can only record its own events: `#[event(aggregate = …)]` of this event names another aggregate"
    );
}

macro_rules! events_of {
    ($($event:ident)+) => {
        impl<A: Aggregate $(+ Applies<$event>)+, $($event: DomainEvent),+> EventsOf<A> for ($($event,)+) {
            fn apply(aggregate: &mut A, event: &Arc<RecordedEvent>) -> Result<bool, DecodeError> {
                $(const { assert_own::<A, $event>() };)+
                match event.event_type() {
                    $(name if name == $event::NAME => aggregate.apply(&*Event::<$event>::decode(event)?),)+
                    _ => return Ok(false),
                }
                Ok(true)
            }

            const NAMES: &'static [&'static str] = &[$($event::NAME),+];
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
