//! The page of a stream: the stepper, and the difference of a version to the one before it.

use axum::body::Body;
use axum::http::StatusCode;
use eventsource::admin::DatabaseAdmin;
use eventsource::prelude::*;
use eventsource_dashboard::{Dashboard, Payloads};
use tower::ServiceExt as _;

use crate::world::{HOSTILE, OrderPlaced, World, local};

/// Appends orders to one stream, and returns its path. The second one fails.
async fn stream(world: &World) -> String {
    let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    let mut events: Vec<_> =
        ["a", HOSTILE, "b"].map(|note| NewEvent::of(&OrderPlaced { note: note.to_owned() }).unwrap()).into();
    events.push(NewEvent::raw("Forgotten", 1, "{}"));
    world.store.append(&stream, ExpectedVersion::NoStream, events).await.unwrap();
    format!("/admin/streams/Order/{}", stream.aggregate_id())
}

#[tokio::test]
async fn stepper_shows_the_state_before_and_after_each_event_and_changes_nothing() {
    let world = World::new(|dashboard| dashboard.payloads(Payloads::Shown)).await;
    let stream = stream(&world).await;
    let page = world.get(&stream).await.body;
    assert!(page.contains("<option value=\"orders\">") && page.contains(&format!("{stream}/steps")), "{page}");
    let steps = world.get(&format!("{stream}/steps?projection=orders")).await;
    assert_eq!(steps.status, StatusCode::OK, "{}", steps.body);
    let parts =
        ["handled", "failed", "passed over", "Nothing was changed.", "What version 3 has changed", "cannot read"];
    for part in parts {
        assert!(steps.body.contains(part), "{part}: {}", steps.body);
    }
    assert_eq!(steps.body.matches("<script").count(), 0, "{}", steps.body);
    let later = world.get(&format!("{stream}/steps?projection=orders&after=2")).await.body;
    assert!(later.contains("After version 2") && later.contains("1 earlier event failed"), "{later}");
    // The projection has applied the two orders at the start and two of these, and nothing else.
    let view = world.get("/admin/subscriptions/orders").await.body;
    assert!(view.contains("position") || view.contains("Position"), "{view}");
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn steps_are_masked_unless_payloads_are_shown() {
    for (payloads, has_values) in [(Payloads::Masked, false), (Payloads::Shown, true)] {
        let world = World::new(|dashboard| dashboard.payloads(payloads)).await;
        let path = format!("{}/steps?projection=orders", stream(&world).await);
        let request = local("GET", &path).header("accept", "application/json").body(Body::empty()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&world.send(request).await.body).unwrap();
        let after = &json["steps"][0]["changes"]["after"];
        assert_eq!((&json["format"], &json["steps"][1]["outcome"]), (&1.into(), &"failed".into()), "{json}");
        assert_eq!(after.is_object() && after.to_string().contains('1'), has_values, "{json}");
        assert_eq!(json["steps"][3]["outcome"], "passed_over");
        world.manager.stop().await.unwrap();
    }
}

#[tokio::test]
async fn stepper_says_why_there_are_no_steps() {
    let world = World::new(|dashboard| dashboard).await;
    let stream = stream(&world).await;
    for (query, status, text) in [
        ("projection=none", 404, "there is no subscription `none`"),
        ("projection=orders&after=20000", 422, "at most 10000"),
        ("", 404, "there is no subscription"),
    ] {
        let answer = world.get(&format!("{stream}/steps?{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.body);
        assert!(answer.body.contains(text), "{query}: {}", answer.body);
    }
    // A page on the database alone has no code.
    let admin = DatabaseAdmin::new(MemoryCheckpoints::new(), world.store.clone());
    let router = axum::Router::new().nest("/admin", Dashboard::new(admin).router());
    let request = local("GET", &format!("{stream}/steps?projection=orders")).body(Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn version_is_compared_with_the_one_before_it() {
    let world = World::new(|dashboard| dashboard.payloads(Payloads::Shown)).await;
    let stream = stream(&world).await;
    let page = world.get(&stream).await.body;
    assert!(page.contains("Compared with version 1") && page.contains("Compared with version 2"), "{page}");
    assert!(page.contains("Fields of version 2 that differ from version 1"), "{page}");
    // The first version of a later page, too.
    let later = world.get(&format!("{stream}?after=2")).await.body;
    assert!(later.contains("Compared with version 2") && !later.contains("Compared with version 1"), "{later}");
    assert!(!later.contains("version 2</h2>") && later.contains("version 3</h2>"), "{later}");
    let request = local("GET", &stream).header("accept", "application/json").body(Body::empty()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&world.send(request).await.body).unwrap();
    assert_eq!(json["changes"][0]["fields"][0]["path"], "note", "{json}");
    world.manager.stop().await.unwrap();
}
