//! Live updates: what an open page receives, and when its stream ends.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use eventsource::testing::faults::{Fault, Point};
use eventsource_dashboard::Access;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::world::{World, local};

const DEADLINE: Duration = Duration::from_secs(30);

/// The stream of an open page.
struct Open {
    body: Body,
}

impl Open {
    async fn of(world: &World, query: &str) -> Self {
        let request = local("GET", &format!("/admin/updates?{query}")).body(Body::empty()).unwrap();
        let answer = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{query}");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { body: answer.into_body() }
    }

    /// Returns the next message. `None`: the stream has ended.
    async fn next(&mut self) -> Option<Value> {
        let next = async {
            loop {
                let frame = self.body.frame().await?.unwrap();
                let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
                if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
                    return Some(serde_json::from_str(data).unwrap());
                }
            }
        };
        tokio::time::timeout(DEADLINE, next).await.expect("a message or the end of the stream")
    }

    /// Returns the first message that fits.
    async fn find(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await.expect("the stream goes on");
            if fits(&message) {
                return message;
            }
        }
    }
}

fn ids(message: &Value) -> Vec<&str> {
    message["parts"].as_array().unwrap().iter().map(|part| part["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn open_page_receives_the_parts_that_change_and_is_told_of_states() {
    let world = World::new(|dashboard| dashboard).await;
    for (query, parts) in [
        ("of=overview", vec!["head", "needs", "caption", "rows", "trouble"]),
        (
            "of=subscription&name=orders",
            vec!["state", "facts", "actions", "processes", "ended", "chart", "letters", "requests", "trouble"],
        ),
        ("of=letters", vec!["rows", "trouble"]),
        ("of=events&kind=OrderPlaced", vec!["caption", "rows", "others", "trouble"]),
    ] {
        let first = Open::of(&world, query).await.next().await.unwrap();
        assert_eq!(ids(&first), parts, "{query}");
    }
    let mut overview = Open::of(&world, "of=overview").await;
    assert_eq!(overview.next().await.unwrap()["said"], "");
    world.post("/admin/subscriptions/orders/pause", "reason=tea").await;
    let paused = overview.find(|message| message["said"] != "").await;
    assert_eq!(paused["said"], "orders is paused.");
    assert!(ids(&paused).contains(&"r0-state") && !ids(&paused).contains(&"rows"), "{paused}");
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn request_is_shown_until_it_has_ended() {
    let world = World::new(|dashboard| dashboard).await;
    let answer = world.post("/admin/subscriptions/orders/pause", "reason=tea").await;
    let id = answer.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let mut request = Open::of(&world, &format!("of=operation&id={id}")).await;
    let done = request.find(|message| message.to_string().contains("done")).await;
    assert_eq!(ids(&done)[0], "request");
    let mut unknown = Open::of(&world, "of=operation&id=00000000-0000-0000-0000-000000000000").await;
    assert_eq!(unknown.next().await, None, "the page is gone");
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let mut updates = None;
    let world = World::new(|dashboard| {
        updates = Some(dashboard.live_updates());
        dashboard
    })
    .await;
    let mut open = vec![Open::of(&world, "of=overview").await, Open::of(&world, "of=letters").await];
    for stream in &mut open {
        stream.next().await.unwrap();
    }
    updates.unwrap().end();
    open.push(Open::of(&world, "of=overview").await);
    for stream in &mut open {
        while stream.next().await.is_some() {}
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn last_sample_is_shown_with_its_age_while_the_database_does_not_answer() {
    for fault in [Fault::Fail, Fault::Delay(Duration::from_secs(600))] {
        let world = World::new(|dashboard| dashboard).await;
        world.faults.next(Point::Head, fault, usize::MAX);
        world.faults.next(Point::Backlog, fault, usize::MAX);
        let status = world.get("/admin").await.status;
        assert!(matches!(status.as_u16(), 502 | 504), "there is no sample yet: {status}");
        world.faults.switch_off();
        let mut open = Open::of(&world, "of=overview").await;
        open.next().await.unwrap();
        world.faults.next(Point::Head, fault, usize::MAX);
        world.faults.next(Point::Backlog, fault, usize::MAX);
        let trouble = open.find(|message| message["said"] != "").await;
        assert_eq!(trouble["said"], "The database does not answer.");
        for path in ["/admin", "/admin/letters", "/admin/subscriptions/orders"] {
            let page = world.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.body.contains("The database does not answer: this is what was known at"), "{path}");
            assert!(page.body.contains("orders"), "{path}");
        }
        world.faults.switch_off();
        assert_eq!(open.find(|message| message["said"] != "").await["said"], "The database answers again.");
        assert!(!world.get("/admin").await.body.contains("does not answer"));
        world.manager.stop().await.unwrap();
    }
}

#[tokio::test]
async fn stream_is_only_for_browsers_that_may_see_the_page() {
    let world = World::new(|dashboard| dashboard.access(|_| Access::Deny)).await;
    assert_eq!(world.get("/admin/updates?of=overview").await.status, StatusCode::FORBIDDEN);
    world.manager.stop().await.unwrap();
    let world = World::new(|dashboard| dashboard).await;
    let answer = world.get("/admin/updates?of=other").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn last_hour_is_drawn_and_said() {
    let world = World::new(|dashboard| dashboard).await;
    let overview = world.get("/admin").await.body;
    assert!(overview.contains("Behind in the last hour") && overview.contains("caught up"), "{overview}");
    // Each interval of 10 s has one point: a curve needs two of them.
    let view = world.get("/admin/subscriptions/orders").await.body;
    assert!(view.contains("<h2>Last hour</h2>") && view.contains("no curve yet"), "{view}");
    let request = local("GET", "/admin/subscriptions/orders").header("accept", "application/json");
    let answer = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&json["history"][0]["head"], &json["history"][0]["position"]), (&2.into(), &2.into()), "{json}");
    world.manager.stop().await.unwrap();
}
