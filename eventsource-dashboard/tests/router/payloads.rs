//! Payloads that are large, one line, or have a NUL character; and events of a tenant.

use axum::http::StatusCode;
use eventsource::prelude::*;
use eventsource_dashboard::Payloads;

use crate::world::World;

/// The most bytes of a page.
const MOST: usize = 1 << 20;

#[tokio::test]
async fn large_payload_is_cut_on_the_page_and_whole_in_the_file() {
    let large = format!(r#"{{"note":"{}","end":1}}"#, "é".repeat(5 << 20));
    let many = format!("[{}0]", "{\"a\":1},".repeat(20_000));
    let payloads = [(large, true), (many, true), (r#"{"a":"b\u0000c"}"#.to_owned(), false)];
    for shown in [Payloads::Shown, Payloads::Masked] {
        let world = World::new(|dashboard| dashboard.payloads(shown)).await;
        let stream = StreamId::new("Huge", uuid::Uuid::now_v7());
        for (payload, is_cut) in &payloads {
            let event = NewEvent::raw("Huge", 1, payload.clone());
            let appended = world.store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
            let id = appended.events()[0].id();
            let page = world.get(&format!("/admin/events/{id}")).await;
            assert_eq!((page.status, page.body.len() < MOST), (StatusCode::OK, true), "{} bytes", page.body.len());
            assert!(!page.body.contains('\0'));
            let file = world.get(&format!("/admin/events/{id}/payload")).await;
            if shown == Payloads::Masked {
                assert_eq!(file.status, StatusCode::FORBIDDEN);
                continue;
            }
            assert_eq!(page.body.contains("bytes more)"), *is_cut, "{} bytes", payload.len());
            assert!(file.body == *payload, "{} bytes of {}", file.body.len(), payload.len());
            let name = format!("attachment; filename=\"event-{id}.txt\"");
            assert_eq!(file.headers["content-disposition"], *name);
        }
        let page = world.get(&format!("/admin/streams/Huge/{}", stream.aggregate_id())).await;
        assert!(page.status.is_success() && page.body.len() < MOST, "{} bytes", page.body.len());
        // A page has as many events as fit: the others follow, compared with the large one before them.
        let rest = world.get(&format!("/admin/streams/Huge/{}?after=1", stream.aggregate_id())).await;
        assert!(rest.body.contains("version 2</h2>") && rest.body.contains("Compared with version 1"), "{}", rest.body);
        assert_eq!(rest.body.contains("b\\u0000c"), shown == Payloads::Shown);
        for path in ["/admin/events?kind=Huge", "/admin/streams?kind=Huge"] {
            assert!(world.get(path).await.status.is_success(), "{path}");
        }
        world.manager.stop().await.unwrap();
    }
}

#[tokio::test]
async fn events_are_found_by_their_tenant() {
    let world = World::new(|dashboard| dashboard).await;
    let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    let event = NewEvent::raw("Moved", 1, "{}").with_metadata(Metadata::new().tenant("acme & sons"));
    world.store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    let page = world.get("/admin/events?tenant=acme+%26+sons").await.body;
    assert!(page.contains("1 event, the latest first") && page.contains("Moved"), "{page}");
    assert!(page.contains("value=\"acme &amp; sons\""), "{page}");
    assert!(world.get("/admin/events?tenant=other").await.body.contains("0 events, the latest first"));
    world.manager.stop().await.unwrap();
}
