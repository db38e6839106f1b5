//! Reading your own write: by what a write returned, and by its token.

use std::time::Duration;

use eventsource::WaitError;
use eventsource::engine::{MemoryProjectionStates, Owned, ProjectionEngine};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
use eventsource::store::{AppendToken, AppendTokenError, Appended, LogId, StreamAppend};
use eventsource_tests::domain::Bumped;
use eventsource_tests::wait::DEADLINE;
use uuid::Uuid;

#[derive(Default)]
struct Counter;

impl Aggregate for Counter {
    const TYPE: &'static str = "Counter";
    type Events = (Bumped,);
}

impl Applies<Bumped> for Counter {
    fn apply(&mut self, _: &Bumped) {}
}

async fn bumped(store: &impl EventStore, by: u64) -> Appended {
    let stream = StreamId::new("Counter", Uuid::now_v7());
    store.append(&stream, ExpectedVersion::Any, vec![NewEvent::of(&Bumped { by }).unwrap()]).await.unwrap()
}

fn sum() -> ProjectionEngine<Owned<u64>> {
    ProjectionEngine::new("sum", MemoryProjectionStates::new())
        .with_state(0)
        .update::<Bumped>(|sum, event| *sum += event.by)
}

async fn in_memory() -> SqliteDatabase {
    SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await.unwrap()
}

#[tokio::test]
async fn wait_for_what_a_write_returned_reads_it() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let handle = manager.subscribe(sum(), SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    let read = async || handle.with(|sum| *sum.state()).await;

    let appended = bumped(&store, 1).await;
    assert_eq!(appended.log(), store.log_id().await.unwrap());
    handle.wait_for(&appended).within(DEADLINE).await.unwrap();
    assert_eq!(read().await, 1);

    let counters = AggregateRepository::<Counter>::new(store.clone(), MemoryEventBus::new());
    let mut counter = counters.create_new(Uuid::now_v7());
    assert_eq!(counters.save(&mut counter).await.unwrap().token(), None, "nothing was stored");
    counter.record(Bumped { by: 2 });
    let saved = counters.save(&mut counter).await.unwrap();
    handle.wait_for(&saved).within(DEADLINE).await.unwrap();
    assert_eq!(read().await, 3);

    let command = Uuid::now_v7();
    let bump = |_: &mut AggregateRoot<Counter>| Ok::<_, std::convert::Infallible>(Bumped { by: 4 });
    let executed = counters.execute(counter.id(), bump).command_id(command).await.unwrap();
    handle.wait_for(&executed).within(DEADLINE).await.unwrap();
    assert_eq!(read().await, 7);
    let repeated = counters.execute(counter.id(), bump).command_id(command).await.unwrap();
    assert!(repeated.is_repeated && repeated.token().is_some());
    assert_eq!(repeated.token(), executed.token());

    let two = [5, 6].map(|by| {
        let events = vec![NewEvent::of(&Bumped { by }).unwrap()];
        StreamAppend::new(StreamId::new("Counter", Uuid::now_v7()), ExpectedVersion::NoStream, events)
    });
    let tokens: Vec<_> = store.append_all(two.into()).await.unwrap().iter().map(Appended::token).collect();
    let latest = tokens[0].latest(tokens[1]).unwrap();
    handle.wait_for(latest).within(DEADLINE).await.unwrap();
    assert_eq!(read().await, 18);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn token_of_another_database_is_refused() {
    let (own, other) = (in_memory().await, in_memory().await);
    let manager = SubscriptionManager::on(&own);
    let handle = manager.subscribe(sum(), SubscriptionConfig::from_beginning()).await.unwrap();
    let foreign = bumped(&other.event_store(), 7).await;
    // Before and after the subscription knows its log, and although its own log has the position.
    for started in [false, true] {
        if started {
            let appended = bumped(&own.event_store(), 1).await;
            assert_eq!(appended.position(), foreign.position());
            manager.start().await.unwrap();
            handle.wait_for(&appended).within(DEADLINE).await.unwrap();
        }
        for passed in [false, true] {
            let token: AppendToken = foreign.token().to_string().parse().unwrap();
            let wait = if passed { handle.wait_for_passed(token) } else { handle.wait_for(token) };
            match wait.within(Duration::from_secs(5)).await.unwrap_err() {
                WaitError::OtherLog { subscription, expected, found } => {
                    assert_eq!((&*subscription, expected), ("sum", foreign.log()));
                    assert_eq!(found, own.event_store().log_id().await.unwrap());
                }
                other => panic!("{other}"),
            }
        }
    }
    manager.stop().await.unwrap();
}

#[test]
fn token_as_text_fits_a_header_and_comes_back() {
    for position in [0, 1, 42, u64::MAX] {
        let token = AppendToken::new(LogId::generate(), Position::new(position));
        let text = token.to_string();
        assert!(text.len() <= 60 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{text}");
        assert_eq!(text.parse(), Ok(token));
        let json = serde_json::to_string(&token).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<AppendToken>(&json).unwrap(), token);
    }
}

#[test]
fn text_that_is_no_token_is_refused() {
    let token = AppendToken::new(LogId::generate(), Position::new(7)).to_string();
    let (log, _) = token.trim_start_matches("1.").split_once('.').unwrap();
    let hyphens = Uuid::parse_str(log).unwrap().to_string();
    for text in [
        "",
        "7",
        "1",
        "1.",
        "1.7",
        &format!("1.{log}"),
        &format!("1.{log}."),
        &format!("1.{log}.+7"),
        &format!("1.{log}.-7"),
        &format!("1.{log}.7.8"),
        &format!("1.{log}.18446744073709551616"),
        &format!("1.{hyphens}.7"),
        &format!("1.{}.7", &log[1..]),
        &format!(" {token}"),
        &format!("{token} "),
        &format!("v1.{log}.7"),
        &format!(".{log}.7"),
    ] {
        assert_eq!(text.parse::<AppendToken>(), Err(AppendTokenError::Malformed), "{text}");
    }
    let newer = format!("2.{log}.7").parse::<AppendToken>();
    assert_eq!(newer, Err(AppendTokenError::UnknownVersion { version: "2".into() }));
}
