//! A payload that another program has changed to what is not JSON.

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource_dashboard::Payloads;
use eventsource_tests::backend::{Postgres, Sql, Sqlite};
use eventsource_tests::domain::bump;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::DEADLINE;

use crate::page::Page;

on_both! {
    payload_that_is_not_json_is_shown_as_text_and_said
}

async fn payload_that_is_not_json_is_shown_as_text_and_said<B: Sql>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    world.ensure_tables(&BumpSums).await;
    bump(&world.store(), [1, 2, 3]).await;
    world.execute("UPDATE eventsource_events SET payload = '<b>by: 2</b> & more' WHERE position = 2").await;
    let manager = world.manager();
    let sums = manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    sums.wait_for_passed(Position::new(3)).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    let id = world.store().read_log(Position::new(1), &EventFilter::all(), PageLimit::events(1)).await.unwrap();
    let id = id.events[0].id();
    let paths = [
        format!("/events/{id}"),
        "/streams/Counter/00000000-0000-0000-0000-000000000001".to_owned(),
        "/subscriptions/bump-sums/letters/2".to_owned(),
    ];
    let (shown, masked) = (Page::with(&world, |page| page.payloads(Payloads::Shown)), Page::on(&world));
    for path in &paths {
        let answer = shown.get(path).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
        for part in ["The payload is not JSON", "It is shown as text.", "&lt;b&gt;by: 2&lt;/b&gt; &amp; more"] {
            assert!(answer.body.contains(part), "{path}: {part}: {}", answer.body);
        }
        let answer = masked.get(path).await;
        for part in ["The payload is not JSON", "(not JSON, 19 bytes)"] {
            assert!(answer.body.contains(part), "{path}: {part}: {}", answer.body);
        }
        let json = masked.json(path).await.to_string();
        assert!(json.contains("(not JSON, 19 bytes)"), "{path}: {json}");
    }
    // The error of the letter can quote the payload, as every error can.
    for path in &paths[..2] {
        assert!(!masked.get(path).await.body.contains("by: 2"), "{path}");
    }
    assert!(shown.json(&paths[0]).await["payload"] == "<b>by: 2</b> & more");
}
