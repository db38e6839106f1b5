//! Addresses and forms with a mistake: each answer is a page, or JSON, that names it.

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::Value;

use crate::world::{World, local};

/// An address, its status, and a part of what it says.
const MISTAKES: [(&str, u16, &str); 22] = [
    ("/nowhere", 404, "there is no such page"),
    ("/events/abc", 404, "`abc` is no id, which is written as 0192f0c1-"),
    ("/events/abc/payload", 404, "`abc` is no id"),
    ("/streams/x/not-a-uuid", 404, "`not-a-uuid` is no id"),
    ("/streams/x/not-a-uuid/steps", 404, "`not-a-uuid` is no id"),
    ("/correlations/zz", 404, "`zz` is no id"),
    ("/operations/zz", 404, "`zz` is no id"),
    ("/subscriptions/orders/letters/x", 404, "`x` is no position, which is a whole number"),
    ("/subscriptions/orders/letters/-1", 404, "`-1` is no position"),
    ("/subscriptions/orders/letters/99999999999999999999", 404, "is no position"),
    ("/subscriptions/orders/letters/18446744073709551615", 404, "no dead letter at position"),
    ("/subscriptions/orders/letters/0", 404, "no event has the position 0"),
    ("/subscriptions/%FF", 404, "UTF-8"),
    ("/streams/Order/00000000-0000-0000-0000-000000000001?after=x", 400, "after: invalid digit"),
    ("/streams/Order/00000000-0000-0000-0000-000000000001/steps?after=x", 400, "after: invalid digit"),
    ("/correlations/00000000-0000-0000-0000-000000000001?after=x", 400, "after: invalid digit"),
    ("/subscriptions/orders/letters?after=x", 400, "after: invalid digit"),
    ("/events?before=x", 400, "before: invalid digit"),
    ("/events?position=x", 422, "`x` is no position: write a whole number"),
    ("/events?from=soon", 422, "`soon` is no time"),
    ("/operations?before=x", 400, "before: "),
    ("/updates?of=other", 400, "unknown variant `other`"),
];

#[tokio::test]
async fn address_with_a_mistake_is_answered_with_a_page_that_names_it() {
    let world = World::new(|dashboard| dashboard).await;
    for (path, status, text) in MISTAKES {
        let path = format!("/admin{path}");
        let page = world.get(&path).await;
        assert_eq!(page.status.as_u16(), status, "{path}: {}", page.body);
        for part in ["<!DOCTYPE html>", "<nav", "role=\"alert\"", text] {
            assert!(page.body.contains(part), "{path}: {part}: {}", page.body);
        }
        let has_remedy = page.body.contains("; ") || text.contains("no dead letter") || status == 422;
        assert!(has_remedy, "{path}: {}", page.body);
        let json = json(&world, "GET", &path).await;
        assert_eq!(json.0.as_u16(), status, "{path}");
        assert!(json.1["error"].as_str().unwrap().contains(text), "{path}: {}", json.1);
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn hostile_part_of_an_address_is_escaped_in_the_answer() {
    let world = World::new(|dashboard| dashboard).await;
    for path in ["/admin/events/%3Cscript%3E", "/admin/events?before=%3Cscript%3E", "/admin/operations/%E2%80%AE"] {
        let page = world.get(path).await.body;
        assert!(!page.contains("<script>") && !page.contains('\u{202e}'), "{path}: {page}");
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn position_at_the_end_of_its_range_is_no_failure() {
    let world = World::new(|dashboard| dashboard).await;
    for path in [
        "/admin/events?before=18446744073709551615",
        "/admin/events?after=18446744073709551615",
        "/admin/events?position=18446744073709551615",
        "/admin/events?before=0",
        "/admin/events?position=0",
        "/admin/subscriptions/orders/letters?after=18446744073709551615",
        "/admin/correlations/00000000-0000-0000-0000-000000000001?after=18446744073709551615",
        "/admin/streams/Order/00000000-0000-0000-0000-000000000001?after=18446744073709551615",
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn form_and_method_that_are_wrong_are_answered_with_a_page() {
    let world = World::new(|dashboard| dashboard).await;
    let pause = "/admin/subscriptions/orders/pause";
    let letters = "/admin/subscriptions/orders/letters";
    let answer = world.post(letters, "action=retry&position=x").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(answer.body.contains("<nav") && answer.body.contains("the form cannot be read: "), "{}", answer.body);
    // A form that is not one.
    let request = local("POST", pause).header("sec-fetch-site", "same-origin").header("content-type", "text/plain");
    let answer = world.send(request.body(Body::from("reason=tea")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", answer.body);
    assert!(answer.body.contains("<nav"), "{}", answer.body);
    let answer = world.post("/admin/operations/zz/withdraw", "").await;
    assert_eq!((answer.status, answer.body.contains("`zz` is no id")), (StatusCode::NOT_FOUND, true));
    let answer = world.get(pause).await;
    assert_eq!((answer.status, answer.body.contains("<nav")), (StatusCode::METHOD_NOT_ALLOWED, true));
    let answer = world.post("/admin/events", "").await;
    assert_eq!((answer.status, answer.body.contains("<nav")), (StatusCode::METHOD_NOT_ALLOWED, true));
    assert_eq!(json(&world, "GET", pause).await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(world.manager.snapshot("orders").unwrap().state.name(), "live");
    world.manager.stop().await.unwrap();
}

async fn json(world: &World, method: &str, path: &str) -> (StatusCode, Value) {
    let request = local(method, path).header("accept", "application/json");
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    let json = serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}: {}", answer.body));
    (answer.status, json)
}
