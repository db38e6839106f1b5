//! Payloads and names that try to steer the terminal.

use eventsource::prelude::*;
use eventsource::sqlx;
use eventsource_tests::backend::{Backend as _, Sql as _, Sqlite};
use uuid::Uuid;

use crate::program::{Ran, done};

/// Clears the screen, turns the text around, hides it, and has a C1 control and a NUL as JSON escapes.
const PAYLOAD: &str = "{\"a\":\"\u{202e}\u{200b}\u{9b}2J\u{7f}\",\"b\":\"\\u001b[2J\\u0000\"}";

fn assert_harmless(ran: &Ran) {
    for c in ran.out.chars().chain(ran.err.chars()).filter(|&c| c != '\n') {
        assert!(!c.is_control() && !"\u{202e}\u{200b}".contains(c), "{c:?} in {:.2000}", ran.out);
    }
}

#[tokio::test]
async fn hostile_text_is_printed_as_escapes() {
    let world = Sqlite::open().await;
    let (store, database) = (world.store(), world.arguments());
    let stream = StreamId::new("Evil\u{1b}[31m\u{202e}\n", Uuid::from_u128(7));
    let event = NewEvent::raw("Bad\u{1b}]0;title\u{7}\u{202e}", 1, PAYLOAD);
    let id = event.id().to_string();
    store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    let written = stream.to_string();
    for arguments in [
        &["events", "tail", "--no-follow"][..],
        &["events", "show", &id],
        &["events", "stream", &written],
        &["events", "types"],
        &["streams", stream.aggregate_type()],
    ] {
        assert_harmless(&done(&database, arguments).await);
        let mut as_json = vec!["--json"];
        as_json.extend(arguments);
        let ran = done(&database, &as_json).await;
        assert_harmless(&ran);
        assert_eq!(ran.json()["format"], 1, "{ran:?}");
    }
    let shown = done(&database, &["--json", "events", "show", &id]).await.json();
    let payload: serde_json::Value = serde_json::from_str(PAYLOAD).unwrap();
    assert_eq!((&shown["event"]["payload"], &shown["event"]["payload_format"]), (&payload, &"json".into()));
    for arguments in [&["events", "stream", &written][..], &["events", "tail", "--no-follow"]] {
        let shown = done(&database, &[&["--json"], arguments].concat()).await.json();
        let event = shown["events"].get(0).unwrap_or(&shown["event"]);
        assert_eq!(event["payload"], payload, "{arguments:?}");
    }
}

#[tokio::test]
async fn payload_that_is_large_or_not_json_is_shown() {
    let world = Sqlite::open().await;
    let (store, database) = (world.store(), world.arguments());
    let stream = StreamId::new("Large", Uuid::from_u128(7));
    let payload = format!("\"{}\"", "x".repeat(10 << 20));
    let (large, broken) = (NewEvent::raw("Large", 1, payload.clone()), NewEvent::raw("Broken", 1, "{}"));
    let (large_id, broken_id) = (large.id().to_string(), broken.id().to_string());
    store.append(&stream, ExpectedVersion::Any, vec![large, broken]).await.unwrap();
    let break_it = "UPDATE eventsource_events SET payload = 'not' || char(27) || 'json' WHERE event_type = 'Broken'";
    sqlx::raw_sql(break_it).execute(world.db.pool()).await.unwrap();
    let shown = done(&database, &["events", "show", &large_id]).await;
    assert!(shown.out.len() < 30_000 && shown.out.contains("The payload has 10485762 bytes"), "{:.500}", shown.out);
    let json = done(&database, &["--json", "events", "show", &large_id]).await.json();
    assert_eq!(json["event"]["payload"], "x".repeat(10 << 20));
    assert!(done(&database, &["events", "tail", "--no-follow"]).await.out.len() < 2_000);
    let shown = done(&database, &["events", "show", &broken_id]).await;
    assert_harmless(&shown);
    assert!(shown.out.contains("not\\u{1b}json"), "{shown:?}");
    let json = done(&database, &["--json", "events", "show", &broken_id]).await.json();
    assert_eq!(
        (&json["event"]["payload"], &json["event"]["payload_format"]),
        (&"not\u{1b}json".into(), &"text".into())
    );
}
