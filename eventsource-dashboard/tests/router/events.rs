//! The events of the log: its pages, their filters, and which subscriptions have applied an event.

use eventsource::prelude::*;
use serde_json::Value;

use crate::world::{HOSTILE, OrderPlaced, World, local};

impl World {
    /// Appends raw events to one stream, which no projection handles. The log has two events before them.
    async fn moved(&self, number: usize) {
        let stream = StreamId::new("Move", uuid::Uuid::now_v7());
        let events = (0..number).map(|_| NewEvent::raw("Moved", 1, "{}")).collect();
        self.store.append(&stream, ExpectedVersion::NoStream, events).await.unwrap();
    }

    async fn json(&self, path: &str) -> Value {
        let request = local("GET", path).header("accept", "application/json");
        serde_json::from_str(&self.send(request.body(axum::body::Body::empty()).unwrap()).await.body).unwrap()
    }

    async fn positions(&self, path: &str) -> Vec<u64> {
        let json = self.json(path).await;
        json["events"].as_array().unwrap().iter().map(|event| event["position"].as_u64().unwrap()).collect()
    }

    /// Returns the address of a link of the page; `None` if it has no such link.
    async fn link(&self, path: &str, text: &str) -> Option<String> {
        let page = self.get(path).await.body;
        let (before, _) = page.split_once(&format!("\">{text}</a>"))?;
        Some(before.rsplit_once("href=\"").unwrap().1.replace("&amp;", "&"))
    }
}

#[tokio::test]
async fn pages_of_events_go_back_and_forth_without_a_gap() {
    let world = World::new(|dashboard| dashboard).await;
    world.moved(118).await;
    let mut path = "/admin/events".to_owned();
    let mut pages = Vec::new();
    assert_eq!(world.link(&path, "Newer events").await, None, "it is the end of the log");
    loop {
        pages.push(world.positions(&path).await);
        match world.link(&path, "Older events").await {
            Some(older) => path = older,
            None => break,
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);
    assert_eq!(pages.concat(), (1..=120).rev().collect::<Vec<_>>());
    // And back: the pages begin where the oldest one ended.
    let mut seen = world.positions(&path).await;
    while let Some(newer) = world.link(&path, "Newer events").await {
        seen.splice(0..0, world.positions(&newer).await);
        path = newer;
    }
    assert_eq!(seen, (1..=120).rev().collect::<Vec<_>>());
    assert_eq!(world.link(&path, "Newest events").await.as_deref(), Some("/admin/events"));
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn events_are_filtered_by_type_aggregate_position_and_time() {
    let world = World::new(|dashboard| dashboard).await;
    world.moved(3).await;
    let stored = world.json("/admin/events").await["events"][2]["recorded_at"].as_str().unwrap().to_owned();
    let encoded = stored.replace('+', "%2B");
    let later = "2999-01-01T00:00";
    let all = vec![5, 4, 3, 2, 1];
    for (query, expected) in [
        ("".to_owned(), all.clone()),
        ("?kind=Moved".to_owned(), vec![5, 4, 3]),
        ("?aggregate=Order".to_owned(), vec![2, 1]),
        ("?position=4".to_owned(), vec![4, 3, 2, 1]),
        ("?position=4&kind=Moved".to_owned(), vec![4, 3]),
        ("?position=4&before=3".to_owned(), vec![2, 1]),
        ("?position=4&after=2".to_owned(), vec![4, 3]),
        ("?from=2000-01-01T00:00".to_owned(), all.clone()),
        (format!("?from={later}"), Vec::new()),
        (format!("?from={later}&after=2"), Vec::new()),
        ("?until=2000-01-01T00:00".to_owned(), Vec::new()),
        (format!("?until={later}"), all),
        // The three were stored together, at this time.
        (format!("?from={encoded}"), vec![5, 4, 3]),
        (format!("?until={encoded}"), vec![2, 1]),
        (format!("?from={encoded}&before=5"), vec![4, 3]),
        (format!("?until={encoded}&after=1"), vec![2]),
    ] {
        assert_eq!(world.positions(&format!("/admin/events{query}")).await, expected, "{query}");
    }
    let tail = |page: &str| page.contains("data-updates=\"/admin/updates?of=events") && page.contains("id=\"pause\"");
    for (query, is_tail) in [("", true), ("?kind=Moved", true), ("?position=4", false), ("?before=3", false)] {
        assert_eq!(tail(&world.get(&format!("/admin/events{query}")).await.body), is_tail, "{query}");
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn event_says_which_subscriptions_have_applied_it() {
    let world = World::new(|dashboard| dashboard).await;
    let failed = world.event.stream().clone();
    let event = NewEvent::of(&OrderPlaced { note: "behind".to_owned() }).unwrap();
    world.store.append(&failed, ExpectedVersion::Any, vec![event]).await.unwrap();
    let admin = eventsource::admin::ManagerAdmin::new(std::sync::Arc::clone(&world.manager));
    let within = std::time::Duration::from_secs(30);
    eventsource::admin::Admin::caught_up(&admin, "orders", within).await.unwrap();
    let letter = world.get("/admin/subscriptions/orders/letters/2").await.body;
    for part in ["Behind it: 1 event waits.", "the dead letter", "waits behind it"] {
        assert!(letter.contains(part), "{part}: {letter}");
    }
    world.manager.pause("orders").await.unwrap();
    let event = NewEvent::of(&OrderPlaced { note: HOSTILE.to_owned() }).unwrap();
    let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    world.store.append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
    world.moved(1).await;
    let ids: Vec<_> = world.json("/admin/events").await["events"].as_array().unwrap().clone();
    let path = |position: usize| format!("/admin/events/{}", ids[5 - position]["id"].as_str().unwrap());
    for (position, state, text) in [
        (1, "applied", " applied</td>"),
        (2, "dead_letter", "no: it is a <a href=\"/admin/subscriptions/orders/letters/2\">"),
        (3, "waits", "no: it waits behind a <a href=\"/admin/subscriptions/orders/letters/2\">"),
        (4, "not_yet", " not yet</td>"),
    ] {
        let json = world.json(&path(position)).await;
        assert_eq!(json["subscriptions"][0]["state"], state, "{position}: {json}");
        let page = world.get(&path(position)).await.body;
        assert!(page.contains(text), "{position}: {page}");
    }
    assert!(world.get(&path(5)).await.body.contains("No subscription handles its type."));
    world.manager.resume("orders").await.unwrap();
    world.post("/admin/subscriptions/orders/letters", "action=dismiss&position=2&reason=a+joke").await;
    let page = world.get(&path(2)).await.body;
    assert!(page.contains("never: it is a dismissed") && page.contains("a joke"), "{page}");
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn event_is_shown_as_this_program_reads_it() {
    let world = World::new(|dashboard| dashboard).await;
    let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    let stored = [
        NewEvent::raw("OrderPlaced", 1, r#"{"note": "spaces"}"#),
        NewEvent::raw("OrderPlaced", 1, r#"{"note": 7}"#),
        NewEvent::raw("Unheard", 3, "{}"),
    ];
    world.store.append(&stream, ExpectedVersion::NoStream, stored.to_vec()).await.unwrap();
    let events = world.json("/admin/events").await["events"].as_array().unwrap().clone();
    for (back, state, text) in [
        (0, "unknown", "This program has no type that reads `Unheard`, version 3."),
        (1, "failed", "It cannot be read as <code>"),
        (2, "read", "Payload as this program reads it"),
        (3, "read", "It reads the payload as it is stored."),
    ] {
        let path = format!("/admin/events/{}", events[back]["id"].as_str().unwrap());
        let json = world.json(&path).await;
        assert_eq!(json["decoded"]["state"], state, "{json}");
        let page = world.get(&path).await.body;
        assert!(page.contains(text) && !page.contains("spaces"), "{page}");
    }
    let read = world.json(&format!("/admin/events/{}", events[2]["id"].as_str().unwrap())).await;
    assert_eq!(read["decoded"]["payload"], r#"{"note":"(text, 6 characters)"}"#, "values are hidden");
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn subscription_shows_its_first_letters_and_its_last_operations() {
    let world = World::new(|dashboard| dashboard.operator(|_| "ada".to_owned())).await;
    let page = world.get("/admin/subscriptions/orders").await.body;
    for part in ["First dead letters", "No operator has asked for anything.", "/admin/subscriptions/orders/letters/2"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    world.post("/admin/subscriptions/orders/letters", "action=dismiss&position=2&reason=a+joke").await;
    let page = world.get("/admin/subscriptions/orders").await.body;
    assert!(!page.contains("First dead letters") && page.contains("All operations on it"), "{page}");
    assert!(page.contains("dismiss_letters") && page.contains("ada"), "{page}");
    let json = world.json("/admin/subscriptions/orders").await;
    assert_eq!(json["last_requests"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json["first_letters"], serde_json::json!([]));
    world.manager.stop().await.unwrap();
}
