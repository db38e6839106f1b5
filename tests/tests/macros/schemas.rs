//! The shapes of stored events, and the file that holds them.

use std::collections::{BTreeMap, HashMap};
use std::panic::catch_unwind;

use chrono::{DateTime, NaiveDate, Utc};
use eventsource::event::Shape;
use eventsource::testing::schemas::assert_in;
use eventsource::{DomainEvent, Registry, assert_event_schemas};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct Line {
    article: String,
    #[serde(rename = "n")]
    count: u32,
}

#[derive(Serialize, Deserialize)]
enum Payment {
    Cash,
    Card { number: String },
    Voucher(u64),
}

#[derive(Serialize, Deserialize)]
enum Size {
    Small,
    Large,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(u64),
    Text(String),
}

#[derive(Serialize, Deserialize)]
struct Node {
    children: Vec<Node>,
}

#[derive(Serialize, Deserialize)]
struct Wrapped(u64);

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Shape")]
#[serde(rename_all = "camelCase")]
struct Everything {
    order_id: Uuid,
    at: DateTime<Utc>,
    day: Option<NaiveDate>,
    lines: Vec<Line>,
    payment: Payment,
    size: Size,
    loose: Loose,
    tree: Node,
    wrapped: Wrapped,
    tags: BTreeMap<String, bool>,
    by_id: HashMap<Uuid, Line>,
    pair: (i32, i32),
    #[serde(skip)]
    _skipped: u8,
}

#[test]
fn a_shape_is_what_serde_reads() {
    let expected = "\
at: string
byId{}.article: string
byId{}.n: u32
day?: string
lines[].article: string
lines[].n: u32
loose: any
orderId: string
pair[2]: i32
payment: Cash
payment::Card.number: string
payment::Voucher: u64
size: Small | Large
tags{}: bool
tree.children[]: Node again
wrapped: u64
";
    let shape = Everything::DESCRIPTOR.shape();
    assert_eq!(shape.to_string(), expected);
    assert_eq!(shape.fingerprint(), Shape::of::<Everything>().fingerprint());
    assert_ne!(shape.fingerprint(), Shape::of::<Line>().fingerprint());
    assert_eq!(Shape::of::<()>().to_string(), "(event): null\n");
}

mod first {
    use super::*;

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Shape", name = "thing")]
    pub(super) struct Thing {
        gone: u32,
        kind: u32,
    }
}

mod changed {
    use super::*;

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Shape", name = "thing")]
    pub(super) struct Thing {
        kind: String,
        new: bool,
        maybe: Option<bool>,
    }
}

mod raised {
    use super::*;

    #[derive(Deserialize)]
    pub(super) struct ThingV1 {
        #[expect(dead_code)]
        gone: u32,
        kind: u32,
    }

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Shape", name = "thing", version = 2, from(ThingV1))]
    pub(super) struct Thing {
        kind: String,
    }

    impl From<ThingV1> for Thing {
        fn from(old: ThingV1) -> Self {
            Self { kind: old.kind.to_string() }
        }
    }
}

mod wrongly_raised {
    use super::*;

    #[derive(Deserialize)]
    pub(super) struct ThingV1 {}

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Shape", name = "thing", version = 2, from(ThingV1))]
    pub(super) struct Thing {}

    impl From<ThingV1> for Thing {
        fn from(_: ThingV1) -> Self {
            Self {}
        }
    }
}

/// What the assertion says about `registry`, against the file of the first shapes.
fn said(registry: Registry) -> String {
    let result = catch_unwind(|| assert_in(env!("CARGO_MANIFEST_DIR"), "fixtures/event_schemas.txt", &registry));
    result.err().and_then(|panic| panic.downcast::<String>().ok()).map(|text| *text).unwrap_or_default()
}

#[test]
fn a_shape_does_not_change_unnoticed() {
    assert_event_schemas!("fixtures/event_schemas.txt", &Registry::of([first::Thing::DESCRIPTOR]));
    let text = said(Registry::of([changed::Thing::DESCRIPTOR]));
    for part in [
        "`thing` (version 1): field `gone` (u32) is gone; give it version 2, and its old shape a type of its own",
        "field `kind` was u32 and is string; give it version 2",
        "field `new` (bool) is added; stored events lack it: accept it if it has a `#[serde(default)]`",
        "field `maybe?` (bool) is added; stored events without it are read all the same",
        "EVENTSOURCE_SCHEMAS=accept",
    ] {
        assert!(text.contains(part), "{part}\nin {text}");
    }
}

#[test]
fn a_new_version_is_new_and_the_old_one_is_held_to_what_is_stored() {
    let text = said(Registry::of([raised::Thing::DESCRIPTOR]));
    assert!(text.contains("`thing` (version 2) is new") && !text.contains("version 1"), "{text}");
    let text = said(Registry::of([wrongly_raised::Thing::DESCRIPTOR]));
    let part =
        "`thing` (version 1): field `gone` (u32) is gone; the type of an old version stays as its events are stored";
    assert!(text.contains(part), "{text}");
    let text = said(Registry::of([]));
    assert!(text.contains("`thing` (version 1) is in the file, but no event of the program reads it"), "{text}");
}
