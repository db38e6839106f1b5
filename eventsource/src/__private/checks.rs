//! Checks at compile time, and their error messages.

use super::text::Text;
use crate::aggregate::{Aggregate, EventsOf};
use crate::event::{EventDescriptor, same};
use crate::projection::FromEvent;

type Events<'e> = &'e [&'static EventDescriptor];

/// Fails to compile if a handler takes both a connection and a parameter that holds changes.
#[allow(clippy::panic)]
#[track_caller]
pub const fn assert_apart(asked: &[(bool, bool)]) {
    let (mut connection, mut changes, mut at) = (false, false, 0);
    while at < asked.len() {
        connection |= asked[at].0;
        changes |= asked[at].1;
        at += 1;
    }
    if connection && changes {
        panic!(
            "a handler asks for a connection and for a repository: the connection would not see what the repository \
             holds until the end of the batch. Ask for the repository alone, or for the connection in a handler of its own"
        );
    }
}

/// Fails to compile if a handler takes a pool. `parameter` is the type of the parameter as written.
#[track_caller]
pub const fn assert_no_pool(pool_of: Option<&str>, parameter: &str) {
    if let Some(connection) = pool_of {
        Text::new()
            .push("a handler cannot ask for `")
            .push(parameter)
            .push("`, because the connections of a pool are not part of the batch's transaction: write `&mut ")
            .push(connection)
            .push("`")
            .fail();
    }
}

/// Compiles only for a part of the event.
pub const fn read_off<T: FromEvent>() {}

/// Fails to compile with `reason`, after all parameters of a projection are known to be parts of the event.
#[allow(clippy::panic)]
#[track_caller]
pub const fn refuse_undecided(_: &[()], reason: &str) {
    panic!("{}", reason)
}

/// Fails to compile if two of `events` have the same stored name: two methods for one event, one of them through a type
/// alias, or two events with the same name.
#[track_caller]
pub const fn assert_distinct(events: Events<'_>) {
    let mut later = 1;
    while later < events.len() {
        let mut earlier = 0;
        while earlier < later {
            if same(events[earlier].rust_type(), events[later].rust_type()) {
                Text::new()
                    .push("two methods of this projection handle `")
                    .push(short(events[later]))
                    .push("`, one of them through an alias of the type: keep one of them")
                    .fail();
            }
            earlier += 1;
        }
        later += 1;
    }
    assert_named_apart(events);
}

/// Fails to compile if two different events of `events` have the same stored name.
#[track_caller]
pub const fn assert_named_apart(events: Events<'_>) {
    let mut later = 1;
    while later < events.len() {
        let mut earlier = 0;
        while earlier < later {
            let (first, second) = (events[earlier], events[later]);
            if same(first.rust_type(), second.rust_type()) {
                earlier += 1;
                continue;
            }
            if same(first.name(), second.name()) {
                Text::new()
                    .push("`")
                    .push(first.rust_type())
                    .push("` and `")
                    .push(second.rust_type())
                    .push("` are different events, and both are stored as `")
                    .push(second.name())
                    .push("`: give one of them another name, `#[event(name = \"…\")]`")
                    .fail();
            }
            let clash = clash(first, second);
            if !clash.is_empty() {
                Text::new()
                    .push("`")
                    .push(short(first))
                    .push("` and `")
                    .push(short(second))
                    .push("` are both read from events that are stored as `")
                    .push(clash)
                    .push("`: take the alias off one of them")
                    .fail();
            }
            earlier += 1;
        }
        later += 1;
    }
}

/// Returns a stored name that both events read, or an empty text.
const fn clash(a: &EventDescriptor, b: &EventDescriptor) -> &'static str {
    let mut i = 0;
    while i <= a.aliases().len() {
        let name = if i == 0 { a.name() } else { a.aliases()[i - 1] };
        let mut j = 0;
        while j <= b.aliases().len() {
            if same(name, if j == 0 { b.name() } else { b.aliases()[j - 1] }) {
                return name;
            }
            j += 1;
        }
        i += 1;
    }
    ""
}

/// Returns the events that `A` declares.
#[must_use]
pub const fn declared_by<A: Aggregate>() -> Events<'static> {
    <A::Events as EventsOf<A>>::EVENTS
}

/// Fails to compile if an aggregate applies an event of another aggregate.
#[track_caller]
pub const fn assert_own_event(event: &EventDescriptor, aggregate: &str) {
    if !same(event.aggregate(), aggregate) {
        Text::new()
            .push("an aggregate applies its own events: `")
            .push(short(event))
            .push("` says `#[event(aggregate = \"")
            .push(event.aggregate())
            .push("\")]`, and this aggregate is stored as `")
            .push(aggregate)
            .push("`; give the aggregate that name, `#[aggregate(name = \"…\")]`, or the event the other")
            .fail();
    }
}

/// Fails to compile if an exhaustive projection handles an event that none of its aggregates declares.
#[track_caller]
pub const fn assert_declared(event: &EventDescriptor, declared: &[Events<'_>], aggregates: &str) {
    if !is_declared(event, declared) {
        Text::new()
            .push("this projection is exhaustive over ")
            .push(aggregates)
            .push(", which does not declare `")
            .push(short(event))
            .push("`: add the aggregate that does, `exhaustive(…, ")
            .push(event.aggregate())
            .push(")`, or handle the event in a projection of its own")
            .fail();
    }
}

/// Fails to compile if the projection ignores an event that it handles, that it ignores twice, or that none of its
/// aggregates declares.
#[track_caller]
pub const fn assert_ignorable(
    at: usize,
    ignored: Events<'_>,
    handled: Events<'_>,
    declared: &[Events<'_>],
    aggregates: &str,
) {
    let event = ignored[at];
    if contains(handled, event) {
        Text::new().push("`").push(short(event)).push("` is handled and ignored: keep one of the two").fail();
    }
    if contains(ignored.split_at(at).0, event) {
        Text::new().push("`").push(short(event)).push("` is ignored twice: keep one of them").fail();
    }
    if !is_declared(event, declared) {
        Text::new()
            .push("`")
            .push(short(event))
            .push("` is not an event of ")
            .push(aggregates)
            .push(", so there is nothing to ignore: remove it")
            .fail();
    }
}

/// The number of missing events that the message names.
const NAMED: usize = 6;

/// Fails to compile if an event of the aggregates is neither handled nor ignored. The message names the first ones and
/// counts the others.
#[track_caller]
pub const fn assert_exhaustive(
    projection: &str,
    aggregates: &str,
    declared: &[Events<'_>],
    handled: Events<'_>,
    ignored: Events<'_>,
) {
    let mut missing = Text::new();
    let (mut first, mut count) = ("", 0);
    let mut aggregate = 0;
    while aggregate < declared.len() {
        let mut at = 0;
        while at < declared[aggregate].len() {
            let event = declared[aggregate][at];
            if !contains(handled, event) && !contains(ignored, event) {
                if count < NAMED {
                    missing = missing.push(if count == 0 { "`" } else { ", `" }).push(short(event)).push("`");
                }
                first = if count == 0 { short(event) } else { first };
                count += 1;
            }
            at += 1;
        }
        aggregate += 1;
    }
    if count > NAMED {
        missing = missing.push(" and ").push_number(count - NAMED).push(" more");
    }
    if count > 0 {
        Text::new()
            .push("the projection `")
            .push(projection)
            .push("` is exhaustive over ")
            .push(aggregates)
            .push(" and does not decide about ")
            .push(missing.as_str())
            .push(": handle it in a method, `#[handles(")
            .push(first)
            .push(")]`, or leave it out by name, `ignores(")
            .push(first)
            .push(")`")
            .fail();
    }
}

const fn is_declared(event: &EventDescriptor, declared: &[Events<'_>]) -> bool {
    let mut at = 0;
    while at < declared.len() {
        if contains(declared[at], event) {
            return true;
        }
        at += 1;
    }
    false
}

const fn contains(events: Events<'_>, event: &EventDescriptor) -> bool {
    let mut at = 0;
    while at < events.len() {
        if same(events[at].name(), event.name()) {
            return true;
        }
        at += 1;
    }
    false
}

/// Returns the name of the event type without its path.
const fn short(event: &EventDescriptor) -> &'static str {
    let path = event.rust_type();
    let mut at = path.len();
    while at > 0 && path.as_bytes()[at - 1] != b':' {
        at -= 1;
    }
    path.split_at(at).1
}
