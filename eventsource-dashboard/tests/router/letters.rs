//! Dead letters: groups, filters, and changes of many at once; and the tree of a correlation.

use axum::http::StatusCode;
use eventsource::prelude::*;
use eventsource_dashboard::{Access, Change};

use crate::world::{CORRELATION, HOSTILE, OrderPlaced, World};

const LETTERS: &str = "/admin/subscriptions/orders/letters";

impl World {
    /// Appends orders that become dead letters.
    async fn fail(&self, number: usize) {
        for _ in 0..number {
            let event = NewEvent::of(&OrderPlaced { note: HOSTILE.to_owned() }).unwrap();
            let stream = StreamId::new("Order", uuid::Uuid::now_v7());
            self.store.append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
        }
        let admin = eventsource::admin::ManagerAdmin::new(std::sync::Arc::clone(&self.manager));
        let within = std::time::Duration::from_secs(30);
        eventsource::admin::Admin::caught_up(&admin, "orders", within).await.unwrap();
    }
}

#[tokio::test]
async fn letters_are_grouped_and_filtered_by_the_address() {
    let world = World::new(|dashboard| dashboard).await;
    world.fail(2).await;
    let all = world.get(LETTERS).await.body;
    assert!(all.contains("3 dead letters, by error and event type"), "{all}");
    for (query, number) in
        [("?kind=OrderPlaced", 3), ("?error=cannot+read", 3), ("?error=other", 0), ("?kind=Other", 0)]
    {
        let page = world.get(&format!("{LETTERS}{query}")).await.body;
        assert_eq!(page.contains("No dead letter is found."), number == 0, "{query}: {page}");
    }
    let stream = format!("?stream=Order%2F{}", world.event.aggregate_id());
    assert!(world.get(&format!("{LETTERS}{stream}")).await.body.contains("1 dead letter, by error"));
    assert!(world.get(&format!("{LETTERS}?state=dismissed")).await.body.contains("No dead letter is found."));
    for wrong in ["?stream=Order", "?from=soon"] {
        assert_eq!(world.get(&format!("{LETTERS}{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn many_letters_are_dismissed_after_their_number_and_a_sample_are_shown() {
    let world = World::new(|dashboard| dashboard).await;
    world.fail(2).await;
    let confirm = world.get(&format!("{LETTERS}/confirm?action=dismiss&error=cannot")).await.body;
    for part in ["3 dead letters", "name=\"error\" value=\"cannot\"", "name=\"reason\" required", "The first of them"] {
        assert!(confirm.contains(part), "{part}: {confirm}");
    }
    let answer = world.post(LETTERS, "action=dismiss-found&error=cannot&reason=free").await;
    let request = world.get(answer.headers["location"].to_str().unwrap()).await.body;
    assert!(request.contains("done: 3 dead letters dismissed"), "{request}");
    assert!(world.get(LETTERS).await.body.contains("No dead letter is found."));
    assert!(world.get(&format!("{LETTERS}?state=dismissed")).await.body.contains("3 dead letters"));
    world.manager.stop().await.unwrap();
    let retries = Access::Only(vec![Change::RetryLetters]);
    let world = World::new(|dashboard| dashboard.access(move |_| retries.clone())).await;
    for (action, status) in [("retry", 200), ("dismiss", 403), ("other", 404)] {
        assert_eq!(world.get(&format!("{LETTERS}/confirm?action={action}")).await.status.as_u16(), status, "{action}");
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn correlated_events_are_a_tree_by_their_causes() {
    let world = World::new(|dashboard| dashboard).await;
    let caused = NewEvent::raw("OrderPaid", 1, "{}").with_metadata(Metadata::caused_by(&world.event));
    // It claims an event that does not exist as its cause.
    let orphan = Metadata::new().correlation_id(CORRELATION).causation_id(uuid::Uuid::from_u128(99));
    let orphan = NewEvent::raw("OrderLost", 1, "{}").with_metadata(orphan);
    let stream = StreamId::new("Payment", uuid::Uuid::now_v7());
    world.store.append(&stream, ExpectedVersion::NoStream, vec![caused, orphan]).await.unwrap();
    let page = world.get(&format!("/admin/correlations/{CORRELATION}")).await.body;
    assert!(page.contains("4 events in 3 streams"), "{page}");
    let tree = page.split("<ul class=\"tree\">").nth(1).unwrap();
    let (before, inner) = tree.split_once("<ul>").unwrap();
    assert_eq!(before.matches("<li").count(), 2, "{tree}");
    assert!(inner.contains("OrderPaid") && inner.contains(" later"), "{tree}");
    assert!(inner.split_once("</ul>").unwrap().1.contains("OrderLost"), "{tree}");
    let types = world.get("/admin/event-types").await.body;
    for part in ["OrderPlaced", "OrderPaid", "OrderLost"] {
        assert!(types.contains(part), "{part}: {types}");
    }
    let streams = world.get("/admin/streams?kind=Payment").await.body;
    assert!(streams.contains("1 stream, by type and id"), "{streams}");
    let open = world.get(&format!("/admin/streams?open=Payment/{}", stream.aggregate_id())).await;
    assert_eq!(open.status, StatusCode::SEE_OTHER, "{}", open.body);
    world.manager.stop().await.unwrap();
}
