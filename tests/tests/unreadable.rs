//! Events that are stored and cannot be read are their own failure: the log, streams, lag and subscriptions go on.

use eventsource::prelude::*;
use eventsource::{DecodeError, Metadata, PageLimit};
use eventsource_tests::backend::{Backend, Postgres, Sql, Sqlite};
use eventsource_tests::wait::{DEADLINE, eventually};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Reading")]
struct Readable {
    n: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Reading")]
struct Elsewhere {
    n: u32,
}

#[derive(Debug, Clone, Default)]
struct Numbers(Vec<u32>);

#[projection(name = "numbers")]
impl Numbers {
    #[handles(Readable)]
    fn readable(&mut self, event: &Readable) {
        self.0.push(event.n);
    }
}

/// The same of events that are all in order.
#[derive(Debug, Clone, Default)]
struct Others(Vec<u32>);

#[projection(name = "others")]
impl Others {
    #[handles(Elsewhere)]
    fn elsewhere(&mut self, event: &Elsewhere) {
        self.0.push(event.n);
    }
}

#[derive(Debug, Default)]
struct Aggregated;

#[aggregate(name = "Reading")]
impl Aggregated {
    #[applies(Readable)]
    fn readable(&mut self, _: &Readable) {}

    #[applies(Elsewhere)]
    fn elsewhere(&mut self, _: &Elsewhere) {}
}

/// How the second event is damaged, and the expected error.
struct Damage {
    sql: &'static str,
    column: &'static str,
    raw: &'static str,
    /// Whether its type can still be read.
    keeps_type: bool,
}

const fn damage(sql: &'static str, column: &'static str, raw: &'static str) -> Damage {
    Damage { sql, column, raw, keeps_type: true }
}

/// 127 arrays, one in another, as an entry of metadata: the text can be stored, and not be read.
const DEEP: &str = concat!(
    "UPDATE eventsource_events SET metadata = '{\"tenant\":\"acme\",\"entries\":{\"deep\":",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "}}' WHERE position = 2"
);

const ON_BOTH: &[Damage] = &[
    damage(DEEP, "metadata", "{\"tenant\":\"acme\",\"entries\":{\"deep\":[["),
    damage("UPDATE eventsource_events SET metadata = '[1, 2]' WHERE position = 2", "metadata", "[1, 2]"),
    damage(
        "UPDATE eventsource_events SET metadata = '{\"tenant\":\"acme\",\"actor\":7}' WHERE position = 2",
        "metadata",
        ":7}",
    ),
    damage("UPDATE eventsource_events SET version = -1 WHERE position = 2", "version", ""),
    damage("UPDATE eventsource_events SET slice = 5000 WHERE position = 2", "slice", ""),
    damage("UPDATE eventsource_events SET slice = -1 WHERE position = 2", "slice", ""),
    damage("UPDATE eventsource_events SET schema_version = -1 WHERE position = 2", "schema_version", ""),
];

const ON_SQLITE: &[Damage] = &[
    damage("UPDATE eventsource_events SET metadata = 'nonsense' WHERE position = 2", "metadata", "nonsense"),
    damage("UPDATE eventsource_events SET aggregate_id = x'4142' WHERE position = 2", "aggregate_id", "AB"),
    damage("UPDATE eventsource_events SET event_id = x'43' WHERE position = 2", "event_id", "C"),
    damage(
        "UPDATE eventsource_events SET occurred_at = 9223372036854775807 WHERE position = 2",
        "occurred_at",
        "922337",
    ),
    damage(
        "UPDATE eventsource_events SET payload = CAST(x'7bff7d' AS TEXT) WHERE position = 2",
        "payload",
        "{\u{fffd}}",
    ),
    damage(
        "UPDATE eventsource_events SET aggregate_type = CAST(x'41ff' AS TEXT) WHERE position = 2",
        "aggregate_type",
        "A",
    ),
    Damage {
        sql: "UPDATE eventsource_events SET event_type = CAST(x'41ff' AS TEXT) WHERE position = 2",
        column: "event_type",
        raw: "A\u{fffd}",
        keeps_type: false,
    },
];

const ON_POSTGRES: &[Damage] = &[
    damage(
        "UPDATE eventsource_events SET occurred_at = 'infinity' WHERE position = 2",
        "occurred_at",
        "7fffffffffffffff",
    ),
    damage(
        "UPDATE eventsource_events SET recorded_at = '-infinity' WHERE position = 2",
        "recorded_at",
        "8000000000000000",
    ),
];

#[tokio::test]
async fn an_unreadable_event_stops_nothing_on_sqlite() {
    for damage in ON_BOTH.iter().chain(ON_SQLITE) {
        an_unreadable_event_stops_nothing(Sqlite::open().await, damage).await;
    }
}

#[tokio::test]
async fn an_unreadable_event_stops_nothing_on_postgres() {
    for damage in ON_BOTH.iter().chain(ON_POSTGRES) {
        an_unreadable_event_stops_nothing(Postgres::open().await, damage).await;
    }
}

async fn an_unreadable_event_stops_nothing<B: Sql>(backend: B, damage: &Damage) {
    let Damage { sql, column, raw, keeps_type } = damage;
    let store = backend.store();
    let streams: Vec<_> = (0..4).map(|_| StreamId::new("Reading", Uuid::now_v7())).collect();
    let of_acme = |event: NewEvent| event.with_metadata(Metadata::new().tenant("acme"));
    let append = async |at: usize, event: NewEvent| {
        store.append(&streams[at], ExpectedVersion::Any, vec![of_acme(event)]).await.unwrap().position()
    };
    for n in [0, 1, 2] {
        append(n as usize, NewEvent::of(&Readable { n }).unwrap()).await;
    }
    let last = append(3, NewEvent::of(&Elsewhere { n: 3 }).unwrap()).await;
    backend.execute(sql).await;

    // The log, alone and through filters, and a stream.
    for filter in [EventFilter::all(), EventFilter::all().tenant("acme")] {
        let page = store.read_log(Position::START, &filter, PageLimit::events(10)).await.unwrap();
        assert_eq!((page.events.len(), page.horizon), (4, last), "{sql}");
        let unreadable: Vec<_> = page.events.iter().filter_map(|event| event.unreadable()).collect();
        assert_eq!((unreadable.len(), unreadable[0].column), (1, *column), "{sql}");
        assert!(unreadable[0].raw.contains(raw), "{}", unreadable[0]);
        if *column == "metadata" && sql.contains("acme") {
            assert_eq!(page.events[1].metadata().get_tenant(), Some("acme"), "readers filter by it");
        }
    }
    let read = store.read_stream(&streams[2], ReadStream::forward()).await.unwrap();
    assert_eq!(Event::<Readable>::decode(&read[0]).unwrap().n, 2);
    let log = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(10)).await.unwrap().events;
    let decoded = Event::<Readable>::decode(&log[1]);
    assert!(matches!(decoded, Err(DecodeError::Unreadable { .. } | DecodeError::OtherEvent { .. })), "{sql}");
    assert_eq!(store.backlog(Position::START, 10).await.unwrap().events, 4);
    assert!(store.event_types_except(&[], Position::START, last, 10).await.unwrap().len() >= 2);
    let repository = AggregateRepository::<Aggregated>::new(store.clone(), MemoryEventBus::new());
    repository.load(streams[2].aggregate_id()).await.unwrap();
    if *column == "metadata" {
        let error = repository.load(streams[1].aggregate_id()).await.unwrap_err();
        assert!(error.to_string().contains("the column `metadata` cannot be read"), "{error}");
    }

    // Subscriptions: it fails in subscriptions that handle it, and in no other.
    let manager = backend.manager();
    let numbers = manager.subscribe(Numbers::default(), SubscriptionConfig::default()).await.unwrap();
    let others = manager.subscribe(Others::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    others.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(others.read().await.0, [3]);
    assert_eq!(others.inspect().await.dead_letters.unwrap(), 0);
    eventually("it is live and at the end", || async {
        let status = numbers.inspect().await;
        status.state.to_string() == "live" && status.lag.is_ok_and(|lag| lag.events == 0)
    })
    .await;
    assert_eq!(numbers.read().await.0, [0, 2], "{sql}");
    let letters = numbers.dead_letters().list().await.unwrap();
    assert_eq!(letters.len(), usize::from(*keeps_type), "{sql}");
    for letter in letters {
        let text = letter.errors.join(": ");
        assert!(text.contains(&format!("the column `{column}` cannot be read")), "{text}");
        assert!(text.contains(&raw.replace('"', "\\\"")), "the raw text: {text}");
    }
    // What comes later is applied as well.
    let later = append(2, NewEvent::of(&Readable { n: 4 }).unwrap()).await;
    numbers.wait_for(later).within(DEADLINE).await.unwrap();
    assert_eq!(numbers.read().await.0, [0, 2, 4]);
    manager.stop().await.unwrap();
}
