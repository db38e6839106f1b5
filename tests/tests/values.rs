//! Stored means readable: whatever is accepted is read back equal, or refused at the call with the path of the value.

use std::collections::{BTreeMap, HashMap};

use eventsource::prelude::*;
use eventsource::{AppendError, Inject, PageLimit, ReadModel, Unstorable};
use eventsource_tests::backend::{Backend, Memory, Postgres, Sqlite};
use eventsource_tests::wait::{DEADLINE, eventually};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The same test on every backend.
macro_rules! on_every_backend {
    ($($test:ident)*) => {$(
        mod $test {
            use super::*;

            #[tokio::test]
            async fn memory() {
                super::$test(&Memory::open().await).await;
            }

            #[tokio::test]
            async fn sqlite() {
                super::$test(&Sqlite::open().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$test(&Postgres::open().await).await;
            }
        }
    )*};
}

on_every_backend! {
    arbitrary_events_come_back_or_are_refused
    arbitrary_rows_come_back_or_are_refused
    a_state_that_cannot_be_stored_is_told_with_its_path
    a_subscription_with_a_name_that_cannot_be_stored_is_refused
    stream_read_as_a_whole_equals_its_pages
}

/// A type with whatever serde does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Node {
    Unit,
    Number(f64),
    Maybe(Option<Option<f32>>),
    Wide(u128),
    Keys(HashMap<i32, Node>),
    List(Vec<Node>),
    Named {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        items: Vec<u8>,
        text: String,
    },
    Flat {
        id: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    },
    Any(Value),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Thing", name = "ValueNoted")]
struct Noted {
    node: Node,
}

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "notes")]
struct Note {
    #[read_model(id)]
    id: i64,
    #[read_model(json)]
    node: Node,
    value: Value,
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(6, 30, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    });
    // Around the limit, which is 127.
    (nested, prop_oneof![Just(0), 0..140_usize])
        .prop_map(|(inner, levels)| (0..levels).fold(inner, |inner, _| Value::from(vec![inner])))
}

fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Unit),
        any::<f64>().prop_map(Node::Number),
        prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-0.0)].prop_map(Node::Number),
        any::<Option<Option<f32>>>().prop_map(Node::Maybe),
        any::<u128>().prop_map(Node::Wide),
        (prop::collection::vec(any::<u8>(), 0..2), any::<String>())
            .prop_map(|(items, text)| Node::Named { items, text }),
        (any::<u8>(), prop::collection::btree_map("id|a|b", values(), 0..3))
            .prop_map(|(id, rest)| Node::Flat { id, rest }),
        values().prop_map(Node::Any),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Node::List),
            prop::collection::hash_map(any::<i32>(), inner, 0..4).prop_map(Node::Keys),
        ]
    })
}

/// So many of what `strategy` makes.
fn some<T: std::fmt::Debug>(count: usize, strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Both accepted and refused values must occur, or the test shows nothing.
fn assert_mixed(accepted: usize, refused: usize) {
    assert!(accepted > 50 && refused > 50, "{accepted} accepted, {refused} refused");
}

async fn arbitrary_events_come_back_or_are_refused<B: Backend>(backend: &B) {
    let store = backend.store();
    let (mut accepted, mut refused) = (0, 0);
    for (node, entry) in some(400, (nodes(), values())) {
        let event = Noted { node };
        let metadata = Metadata::new().entry("entry", &entry);
        let new = match NewEvent::of(&event) {
            Ok(new) => new.with_metadata(metadata.clone()),
            Err(error) => {
                assert!(error.value.path.starts_with("payload.node"), "{error}");
                refused += 1;
                continue;
            }
        };
        let stream = StreamId::new("Thing", Uuid::now_v7());
        let before = store.head().await.unwrap();
        match store.append(&stream, ExpectedVersion::NoStream, vec![new]).await {
            Ok(_) => accepted += 1,
            Err(AppendError::Unstorable { value, .. }) => {
                assert!(value.path.starts_with("metadata.entry"), "{value}");
                assert_eq!(store.head().await.unwrap(), before);
                refused += 1;
                continue;
            }
            Err(error) => panic!("{error}"),
        }
        let page = store.read_log(before, &EventFilter::all(), PageLimit::events(10)).await.unwrap();
        let read = store.read_stream(&stream, ReadStream::forward()).await.unwrap();
        assert_eq!(page.events, read);
        assert_eq!(*Event::<Noted>::decode(&read[0]).unwrap(), event);
        assert_eq!(read[0].metadata(), &metadata);
        assert_eq!(read[0].metadata().get_entry("entry"), Some(&entry));
    }
    assert_mixed(accepted, refused);
}

/// Saves what it is told.
struct Notes(Vec<Note>);

#[projection(name = "notes", read_models(Note))]
impl Notes {
    #[handles(Noted)]
    async fn noted(&self, _: &Noted, rows: &mut Repository<Note>) -> Result<(), HandlerError> {
        for note in &self.0 {
            match rows.save(note).await {
                Ok(()) => {}
                Err(error) => assert!(error.to_string().contains("could not be read back"), "{error}"),
            }
        }
        Ok(())
    }
}

async fn arbitrary_rows_come_back_or_are_refused<B: Backend>(backend: &B)
where
    Repository<Note>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    backend.create_table::<Note>().await;
    let notes = (1..).zip(some(400, (nodes(), values())));
    let notes: Vec<_> = notes.map(|(id, (node, value))| Note { id, node, value }).collect();
    let manager = backend.manager();
    let handle = manager.subscribe(Notes(notes.clone()), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    let stream = StreamId::new("Thing", Uuid::now_v7());
    let event = NewEvent::of(&Noted { node: Node::Unit }).unwrap();
    let appended = backend.store().append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap();
    handle.wait_for(appended.position()).within(DEADLINE).await.unwrap();
    assert_eq!(handle.inspect().await.dead_letters.unwrap(), 0);
    let rows = backend.rows::<Note>();
    let mut accepted = 0;
    for note in &notes {
        let Some(found) = rows.get(note.id).await.unwrap() else { continue };
        assert_eq!(found, *note);
        accepted += 1;
    }
    assert_mixed(accepted, notes.len() - accepted);
    manager.stop().await.unwrap();
}

/// The mean of what was noted, which is NaN before the first number.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Means {
    means: HashMap<String, f64>,
}

#[projection(name = "means", snapshot)]
impl Means {
    #[handles(Noted)]
    fn noted(&mut self, event: &Noted) {
        let mean = if let Node::Number(number) = event.node { number } else { f64::NAN };
        self.means.insert("all".to_owned(), mean);
    }
}

async fn a_state_that_cannot_be_stored_is_told_with_its_path<B: Backend>(backend: &B) {
    let (store, checkpoints) = (backend.store(), backend.checkpoints());
    let manager = backend.manager();
    let config = SubscriptionConfig::default().snapshot_every(1);
    let handle = manager.subscribe(Means::default(), config).await.unwrap();
    manager.start().await.unwrap();
    let append = async |node| {
        let event = NewEvent::of(&Noted { node }).unwrap();
        let stream = StreamId::new("Thing", Uuid::now_v7());
        let position = store.append(&stream, ExpectedVersion::NoStream, vec![event]).await.unwrap().position();
        handle.wait_for(position).within(DEADLINE).await.unwrap();
        position
    };
    append(Node::Unit).await;
    eventually("the state is refused", || async {
        let error = handle.inspect().await.last_error;
        error.is_some_and(|error| error.contains("state.means.all: NaN cannot be stored"))
    })
    .await;
    assert!(checkpoints.snapshot("means").await.unwrap().is_none());
    let position = append(Node::Number(1.5)).await;
    eventually("the state is stored", || async {
        checkpoints.snapshot("means").await.unwrap().is_some_and(|stored| stored.position == position)
    })
    .await;
    let stored = checkpoints.snapshot("means").await.unwrap().unwrap();
    assert_eq!(stored.state, br#"{"means":{"all":1.5}}"#);
    manager.stop().await.unwrap();
}

async fn a_subscription_with_a_name_that_cannot_be_stored_is_refused<B: Backend>(backend: &B) {
    let manager = backend.manager();
    let named = |name: &str| SubscriptionConfig::default().name(name);
    for name in ["\0", "a\0b"] {
        let refused = manager.subscribe(Means::default(), named(name)).await.unwrap_err();
        assert!(refused.to_string().contains("the character NUL"), "{refused}");
    }
    manager.subscribe(Means::default(), named(&"é".repeat(127))).await.unwrap();
    manager.start().await.unwrap();
    manager.stop().await.unwrap();
}

/// An event whose `encode` is written by hand is checked as well.
/// Events of 20 kB are among the small ones: the databases read them apart.
async fn stream_read_as_a_whole_equals_its_pages<B: Backend>(backend: &B) {
    let (store, stream) = (backend.store(), StreamId::new("Note", Uuid::now_v7()));
    let text = |n: usize| "x".repeat(if n.is_multiple_of(100) { 20_000 } else { 10 });
    let events = (0..1_300).map(|n| NewEvent::raw("Noted", 1, format!(r#"{{"n":{n},"text":"{}"}}"#, text(n))));
    store.append(&stream, ExpectedVersion::NoStream, events.collect()).await.unwrap();
    let forward = ReadStream::forward();
    for (read, count) in
        [(forward, 1_300), (ReadStream::backward(), 1_300), (forward.from(5).to(1_204), 1_200), (forward.limit(7), 7)]
    {
        let whole = store.read_stream(&stream, read).await.unwrap();
        let page = store.read_stream_page(&stream, read, PageLimit::events(usize::MAX)).await.unwrap();
        assert_eq!((whole.len(), page.is_full), (count, false));
        assert_eq!(whole, page.events);
    }
    let (mut paged, mut is_full) = (Vec::new(), true);
    while is_full {
        let from = paged.len() as u64 + 1;
        let page = store.read_stream_page(&stream, forward.from(from), PageLimit::events(64)).await.unwrap();
        is_full = page.is_full;
        paged.extend(page.events);
    }
    assert_eq!(paged, store.read_stream(&stream, forward).await.unwrap());
}

#[test]
fn an_event_encoded_by_hand_is_checked() {
    struct ByHand(&'static str);
    impl DomainEvent for ByHand {
        const NAME: &'static str = "ByHand";
        const VERSION: u32 = 1;
        const AGGREGATE: &'static str = "Thing";
        const DESCRIPTOR: eventsource::EventDescriptor =
            eventsource::EventDescriptor::of::<Self>("ByHand", (file!(), line!()), ("tests", "0"));

        fn encode(&self) -> Result<String, Unstorable> {
            Ok(self.0.to_owned())
        }

        fn decode(_: &str) -> Result<Self, serde_json::Error> {
            Ok(Self(""))
        }
    }
    NewEvent::of(&ByHand("[1]")).unwrap();
    let error = NewEvent::of(&ByHand("[NaN]")).unwrap_err();
    assert!(error.to_string().contains("payload[0]: the text is not JSON"), "{error}");
}
