//! The topology: what is drawn, what is listed, and what is marked.

use eventsource::prelude::*;
use eventsource::projection::Projection;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Box")]
struct Packed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Box", version = 2, from(..))]
struct Opened {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Shelf")]
struct Dusted {}

#[derive(ReadModel)]
#[read_model(table = "boxes")]
struct BoxRow {
    #[read_model(id)]
    id: u64,
}

struct Boxes;

#[projection(name = "the \"boxes\"", version = 3)]
impl Boxes {
    #[handles(Packed)]
    fn packed(&self, _: &Packed, _: &mut Repository<BoxRow>) {}

    #[handles(Opened)]
    fn opened(&self, _: &Opened, _: &mut Repository<BoxRow>) {}
}

struct Packs<T>(T);

#[projection(memory)]
impl<T: Send + Sync + 'static> Packs<T> {
    #[handles(Packed)]
    fn packed(&self, _: &Packed) {}

    #[cfg(any())]
    #[handles(NoSuchEvent)]
    fn never(&self, _: &NoSuchEvent) {}
}

#[derive(Default)]
struct Shelf;

#[aggregate]
impl Shelf {
    #[applies(Dusted)]
    fn dusted(&mut self, _: &Dusted) {}
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Box")]
struct Forgotten {}

fn registry() -> Registry {
    let shelf = Registry::global().aggregates().filter(|aggregate| aggregate.name() == "Shelf").copied();
    Registry::of([Packed::DESCRIPTOR, Opened::DESCRIPTOR, Forgotten::DESCRIPTOR])
        .with_projections([Packs::<u8>::DESCRIPTOR, Boxes::DESCRIPTOR])
        .with_aggregates(shelf)
}

#[test]
fn mermaid() {
    let _ = AggregateRoot::<Shelf>::new(uuid::Uuid::nil());
    assert_eq!(
        registry().topology().mermaid(),
        r#"flowchart LR
    subgraph a0["Box"]
        e1["Forgotten<br/>not used"]:::unused
        e2["Opened v2"]
        e3["Packed"]
    end
    subgraph a1["Shelf"]
        e0["Dusted<br/>not handled"]:::unhandled
    end
    p0(["Packs<br/>memory"])
    p1(["the #quot;boxes#quot;<br/>transactional"])
    r0[("boxes")]
    e3 --> p0
    e3 --> p1
    e2 --> p1
    p1 --> r0
    classDef unhandled stroke-dasharray: 4 4
    classDef unused fill:#ddd,stroke-dasharray: 4 4
"#
    );
}

#[test]
fn as_json() {
    let json = registry().topology().json();
    assert_eq!(json["read_models"], json!([{ "table": "boxes", "written_by": ["the \"boxes\""] }]));
    assert_eq!(
        json["projections"][0],
        json!({ "name": "Packs", "version": 1, "kind": "memory", "type": "macros::topology::Packs",
                "handles": ["Packed"], "read_models": [] })
    );
    let marks: Vec<_> =
        json["events"].as_array().unwrap().iter().map(|event| (&event["name"], &event["mark"])).collect();
    assert_eq!(
        json!(marks),
        json!([["Dusted", "unhandled"], ["Forgotten", "unused"], ["Opened", null], ["Packed", null]])
    );
    assert_eq!(json["events"][3]["handled_by"], json!(["Packs", "the \"boxes\""]));
}

#[test]
fn the_global_registry_lists_what_is_linked() {
    let registry = Registry::global();
    let boxes = registry.projections().find(|projection| projection.name() == "the \"boxes\"").unwrap();
    assert_eq!((boxes.version(), boxes.kind(), boxes.read_models()), (3, ProjectionKind::Transactional, vec!["boxes"]));
    assert!(registry.aggregates().any(|aggregate| aggregate.rust_type() == "macros::topology::Shelf"));
    assert!(registry.topology().unused().iter().any(|event| event.name() == "Forgotten"));
}
